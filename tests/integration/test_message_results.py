"""What messages came to is counted from what became of them and of their items."""

from datetime import timedelta

from ledger.records import DocumentKind
from ledger.reminders import (
    Letter,
    LetterOrigin,
    Message,
    MessageId,
    MessageState,
    ReplyKind,
)
from ledger.store import letters, message_results, messages
from ledger.store.message_results import StepResult
from ledger.testing import Books, a_claim, a_debtor, a_document
from tests.integration.reminding import A_DAY, AN_HOUR, a_message, an_item, released


def sent(books: Books, number: str, state: MessageState) -> MessageId:
    """Send a message about an invoice of a debtor of the same number."""
    mandate = released(books)
    message: Message = a_message(books, an_item(books, f"I{number}"), debtor=number)
    with books.database.tenant(books.tenant.scope) as session:
        made = messages.queue(
            session,
            message,
            mandate_id=mandate.id,
            decision_id=None,
            decided_at=AN_HOUR,
        )
        assert made is not None
        for one in (MessageState.SENDING, MessageState.SENT):
            messages.mark(session, made, one, at=AN_HOUR, by="test")
        if state is MessageState.BOUNCED:
            messages.mark(session, made, state, at=AN_HOUR, by="test")
    return made


def answered(books: Books, message_id: MessageId, kind: ReplyKind) -> None:
    """Let a letter come that answers a message."""
    with books.database.tenant(books.tenant.scope) as session:
        letters.add(
            session,
            Letter(
                origin=LetterOrigin.MAILBOX,
                mail_id=f"<{message_id}@debtor.example>",
                received_at=AN_HOUR,
                sender="a@debtor.example",
                recipient="b@client.example",
                subject="Re",
                text="",
                message_id=message_id,
                kind=kind,
            ),
            AN_HOUR,
        )


def paid(books: Books, number: str, days: int) -> None:
    """Pay an invoice in full so many days after the message."""
    invoice = a_document(f"I{number}", "100", A_DAY - timedelta(days=60), debtor=number)
    on = A_DAY + timedelta(days=days)
    payment = a_document(
        f"P{number}", "100", on, kind=DocumentKind.PAYMENT, debtor=number
    )
    books.land(payment, claims=[a_claim(invoice, payment, "100", on)])


def test_each_outcome_is_counted_once(books: Books) -> None:
    """Five went: one came back, two were answered, two were paid within the week."""
    numbers = ("1", "2", "3", "4", "5")
    books.land(
        *(
            a_document(f"I{one}", "100", A_DAY - timedelta(days=60), debtor=one)
            for one in numbers
        ),
        debtors=[a_debtor(one) for one in numbers],
    )
    found = {
        one: sent(books, one, MessageState.BOUNCED if one == "5" else MessageState.SENT)
        for one in numbers
    }
    answered(books, found["1"], ReplyKind.OTHER)
    answered(books, found["2"], ReplyKind.DISPUTE)
    answered(books, found["3"], ReplyKind.OUT_OF_OFFICE)
    paid(books, "1", 0)
    paid(books, "2", 7)
    paid(books, "3", 8)
    with books.database.tenant(books.tenant.scope) as session:
        (result,) = message_results.load(session, from_on=A_DAY, to_on=A_DAY)
        before = message_results.load(
            session,
            from_on=A_DAY - timedelta(days=9),
            to_on=A_DAY - timedelta(days=1),
        )
    assert result == StepResult(
        cadence="default",
        step="first",
        template="overdue",
        sent=5,
        bounced=1,
        replied=2,
        paid=2,
    )
    assert before == []
