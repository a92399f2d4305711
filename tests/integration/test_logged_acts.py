"""What people and the product do is in the event log, with the act itself."""

from ledger.events import Event
from ledger.reminders import (
    Channel,
    Letter,
    LetterOrigin,
    Message,
    MessageId,
    MessageState,
    Mode,
    Task,
    TaskKind,
)
from ledger.store import (
    audit,
    identities,
    letters,
    mandates,
    messages,
    rulebooks,
    tasks,
)
from ledger.testing import AN_INSTANT, Books, a_debtor, a_document
from tests.integration.reminding import (
    A_DAY,
    AN_HOUR,
    a_message,
    an_identity,
    debtor_key,
    document_key,
    released,
)


def log_of(books: Books, kind: str | None = None) -> list[Event]:
    """Return what is in the log, and see that the chain holds."""
    with books.database.question(books.tenant.scope) as session:
        assert audit.verify(session).fault is None
        return [one.event for one in audit.listing(session, kind=kind)]


def queued(books: Books, message: Message) -> MessageId:
    """Put a message into the outbox."""
    books.land(a_document("I1", "100", A_DAY), debtors=[a_debtor()])
    mandate = released(books)
    with books.database.tenant(books.tenant.scope) as session:
        made = messages.queue(
            session,
            message,
            mandate_id=mandate.id,
            decision_id=None,
            decided_at=AN_HOUR,
        )
    assert made is not None
    return made


def test_s01_a_message_that_went_is_logged_with_its_mandate(books: Books) -> None:
    """S01: each message that was sent is in the audit log with the mandate id."""
    one = queued(books, a_message(books))
    with books.database.tenant(books.tenant.scope) as session:
        for state in (MessageState.SENDING, MessageState.SENT):
            messages.mark(session, one, state, at=AN_HOUR, by="delivery")
        mandate = mandates.load_last(session)
    assert mandate is not None
    [sent] = log_of(books, "message")
    assert (sent.kind, sent.by, sent.subject) == (
        "message.sent",
        "delivery",
        f"message:{one}",
    )
    assert sent.details["mandate_id"] == mandate.id
    assert sent.debtor_id == debtor_key(books)
    assert sent.document_ids == (document_key(books, "I1"),)
    assert "ada@debtor.example" not in str(sent)


def test_a_call_is_logged_once_a_person_made_it(books: Books) -> None:
    """A call that is handed to a person says nothing to the debtor yet."""
    one = queued(books, a_message(books, channel=Channel.CALL))
    with books.database.tenant(books.tenant.scope) as session:
        for state in (MessageState.SENDING, MessageState.SENT):
            messages.mark(session, one, state, at=AN_HOUR, by="night")
        task = tasks.ask(
            session,
            Task(kind=TaskKind.CALL, key="k", title="Call", due_on=A_DAY),
            AN_HOUR,
        )
        tasks.done(session, task, at=AN_HOUR, by="Ada", outcome="no_answer")
    assert log_of(books, "message") == []
    [done] = log_of(books, "task")
    assert (done.by, done.details) == ("Ada", {"kind": "call", "outcome": "no_answer"})


def test_releases_and_withdrawals_are_logged(books: Books) -> None:
    """Who released a message, and that it was withdrawn, stands in the log."""
    one = queued(books, a_message(books, state=MessageState.PLANNED))
    with books.database.tenant(books.tenant.scope) as session:
        assert messages.release(session, by="Ada", at=AN_HOUR) == [one]
    with books.database.tenant(books.tenant.scope) as session:
        messages.mark(session, one, MessageState.CANCELLED, at=AN_HOUR, by="Bob")
    said = [(event.kind, event.by) for event in log_of(books, "message")]
    assert said == [("message.released", "Ada"), ("message.cancelled", "Bob")]


def test_mandates_rules_and_identities_are_logged(books: Books) -> None:
    """Each change of what is allowed, by which rules and in whose name is there."""
    released(books, Mode.APPROVE)
    with books.database.tenant(books.tenant.scope) as session:
        rulebooks.save(
            session, kind="policy", name="own", body="x", by="Ada", at=AN_HOUR
        )
        identities.save(session, an_identity(), AN_HOUR, by="Ada")
    assert [event.kind for event in log_of(books)] == [
        "mandate.given",
        "rules.saved",
        "identity.saved",
    ]
    with books.database.tenant(books.tenant.scope) as session:
        identities.save(session, an_identity(), AN_HOUR, by="Ada")
        rulebooks.save(
            session, kind="policy", name="own", body="x", by="Ada", at=AN_HOUR
        )
    assert len(log_of(books)) == 3


def test_an_answered_letter_is_logged(books: Books) -> None:
    """Who answered a letter stands in the log, and the words can be erased."""
    with books.database.tenant(books.tenant.scope) as session:
        one = letters.add(
            session,
            Letter(
                origin=LetterOrigin.ENTERED,
                mail_id="<a@b>",
                received_at=AN_INSTANT,
                sender="bob@debtor.example",
                recipient="",
                subject="",
                text="",
                is_open=True,
            ),
            AN_INSTANT,
        )
        assert one is not None
        letters.answer(session, one, at=AN_HOUR, by="Ada", note="Told Bob.")
    [answered] = log_of(books, "letter")
    assert (answered.by, answered.personal) == ("Ada", {"note": "Told Bob."})
