"""What messages came to is counted from what became of them and of their items."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

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
from ledger.testing import Books, a_claim, a_debtor, a_document, in_instalments
from tests.integration.reminding import (
    A_DAY,
    AN_HOUR,
    a_message,
    an_item,
    released,
)

LATER = A_DAY + timedelta(days=60)


def sent(
    books: Books, number: str, state: MessageState = MessageState.SENT, *parts: int
) -> MessageId:
    """Send a message about an invoice of a debtor of the same number, or parts of it.

    A part below zero is only listed.
    """
    mandate = released(books)
    item = an_item(books, f"I{number}")
    items = [
        replace(item, part=abs(part), step=item.step if part > 0 else "")
        for part in parts
    ] or [item]
    message: Message = a_message(books, *items, debtor=number)
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
        (result,) = message_results.load(
            session, from_on=A_DAY, to_on=A_DAY, today=LATER
        )
        before = message_results.load(
            session,
            from_on=A_DAY - timedelta(days=9),
            to_on=A_DAY - timedelta(days=1),
            today=LATER,
        )
    assert result == StepResult(
        cadence="default",
        step="first",
        template="overdue",
        sent=5,
        bounced=1,
        replied=2,
        too_early=0,
        paid=2,
    )
    assert before == []


def came_to(books: Books, today: date = LATER) -> list[tuple[int, int, int]]:
    """Return how many went, are too new, and were paid, by step and text."""
    with books.database.tenant(books.tenant.scope) as session:
        return [
            (one.sent, one.too_early, one.paid)
            for one in message_results.load(
                session, from_on=A_DAY, to_on=A_DAY, today=today
            )
        ]


@pytest.mark.parametrize(
    ("parts", "amount", "days", "is_paid"),
    [
        ((1,), "100", 3, True),
        ((1, 2), "100", 3, False),
        ((1, -2), "100", 3, True),
        ((2,), "100", 3, False),
        ((1, 2), "200", 7, True),
        ((1,), "100", 8, False),
        ((1,), "99", 3, False),
        ((1,), "100", -3, False),
    ],
)
def test_instalments_count_by_themselves(
    books: Books, parts: tuple[int, ...], amount: str, days: int, *, is_paid: bool
) -> None:
    """An instalment is paid once all up to it are, though the invoice is open still."""
    invoice = in_instalments(
        a_document("I1", "300", A_DAY - timedelta(days=60), debtor="1"),
        *((A_DAY - timedelta(days=30 - n), "100") for n in range(3)),
    )
    on = A_DAY + timedelta(days=days)
    payment = a_document("P1", amount, on, kind=DocumentKind.PAYMENT, debtor="1")
    books.land(invoice, debtors=[a_debtor("1")])
    sent(books, "1", MessageState.SENT, *parts)
    books.land(payment, claims=[a_claim(invoice, payment, amount, on)])

    assert came_to(books) == [(1, 0, int(is_paid))]


@pytest.mark.parametrize(("days", "early"), [(0, 1), (7, 1), (8, 0)])
def test_until_its_week_is_over_nobody_can_say(
    books: Books, days: int, early: int
) -> None:
    """A message paid at once counts as paid only when its seven days are over."""
    invoice = a_document("I1", "100", A_DAY - timedelta(days=60), debtor="1")
    books.land(invoice, debtors=[a_debtor("1")])
    sent(books, "1")
    paid(books, "1", 0)

    assert came_to(books, A_DAY + timedelta(days=days)) == [(1, early, 1 - early)]


def test_a_copy_is_paid_when_what_it_lists_is(books: Books) -> None:
    """A message that takes no step, as a copy does, is not paid by naming nothing."""
    invoice = a_document("I1", "100", A_DAY - timedelta(days=60), debtor="1")
    books.land(invoice, debtors=[a_debtor("1")])
    sent(books, "1", MessageState.SENT, 0)

    assert came_to(books) == [(1, 0, 0)]
    paid(books, "1", 2)
    assert came_to(books) == [(1, 0, 1)]
