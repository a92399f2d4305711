"""How a call ended stops the reminders, in the transaction that finishes the task."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from ledger.errors import RequestError
from ledger.ids import DebtorId
from ledger.reminders import (
    Channel,
    Letter,
    LetterOrigin,
    MessageState,
    ReplyKind,
    Stop,
    StopItem,
    StopKind,
    Task,
    TaskId,
    TaskKind,
)
from ledger.store import letters, messages, stops, tasks
from ledger.store.tasks import UnknownTaskError
from ledger.testing import EUR, Books, a_document
from outsourced_ar.known.facts import Silence
from outsourced_ar.stops.finishing import Told, finish
from outsourced_ar.stops.stopping import enter
from tests.integration.reminding import (
    A_DAY,
    AN_HOUR,
    a_customer,
    a_message,
    a_night,
    an_item,
    debtor_key,
    decided,
    document_key,
    released,
    said,
)

LATE = A_DAY - timedelta(days=40)


@pytest.fixture
def called(books: Books) -> TaskId:
    """A call about two invoices that a person is asked to make."""
    books.land(
        *(a_document(one, "100", LATE) for one in ("I1", "I2", "I3")),
        debtors=[a_customer()],
    )
    mandate = released(books)
    message = a_message(
        books, an_item(books, "I1"), an_item(books, "I2"), channel=Channel.CALL
    )
    with books.database.tenant(books.tenant.scope) as session:
        made = messages.queue(
            session,
            message,
            mandate_id=mandate.id,
            decision_id=None,
            decided_at=AN_HOUR,
        )
        assert made is not None
        for state in (MessageState.SENDING, MessageState.SENT):
            messages.mark(session, made, state, at=AN_HOUR, by="test")
        return tasks.ask(
            session,
            Task(
                kind=TaskKind.CALL,
                key="call",
                debtor_id=debtor_key(books),
                message_id=made,
                title="Call",
                due_on=A_DAY,
            ),
            AN_HOUR,
        )


def done(books: Books, one: TaskId, outcome: str, **told: Any) -> None:  # noqa: ANN401
    """Finish a task."""
    with books.database.tenant(books.tenant.scope) as session:
        finish(
            session,
            one,
            outcome,
            replace(Told(), **told),
            at=AN_HOUR,
            today=A_DAY,
            by="Ada",
        )


def entered(books: Books) -> list[Stop]:
    """Return all stops."""
    with books.database.question(books.tenant.scope) as session:
        return stops.load_all(session)


def open_tasks(books: Books) -> list[TaskKind]:
    """Return what is left to do."""
    with books.database.question(books.tenant.scope) as session:
        return [one.kind for one in tasks.open_tasks(session)]


def test_a_promise_on_the_phone_stops_what_it_was_about(
    books: Books, called: TaskId
) -> None:
    """The two invoices of the call stay silent until the day; the third does not."""
    due_on = A_DAY + timedelta(days=20)
    done(books, called, "promise", due_on=due_on, amount_minor=200_00)

    [stop] = entered(books)
    assert (stop.kind, stop.due_on, stop.recorded_by) == (
        StopKind.PROMISE,
        due_on,
        "Ada",
    )
    assert (stop.amount_minor, stop.currency) == (200_00, EUR)
    assert {one.document_id for one in stop.items} == {
        document_key(books, "I1"),
        document_key(books, "I2"),
    }
    assert open_tasks(books) == []
    a_night(books, A_DAY + timedelta(days=7))
    spoken_of = [item.number for item in said(books)[-1].items]
    assert spoken_of == ["I3"]


def test_a_debtor_who_says_it_has_paid_is_left_alone(
    books: Books, called: TaskId
) -> None:
    """It is on hold for ten days, in which the payment must be seen."""
    done(books, called, "paid", items=())

    [stop] = entered(books)
    assert (stop.kind, stop.ends_on) == (StopKind.HOLD, A_DAY + timedelta(days=10))
    a_night(books, A_DAY + timedelta(days=7))
    assert {one.reason for one in decided(books)} == {Silence.ON_HOLD}


def test_a_disputed_part_is_not_asked_for(books: Books, called: TaskId) -> None:
    """Of a dispute of 40.00 with its reason the rest stays due."""
    item = StopItem(document_id=document_key(books, "I1"))
    done(books, called, "dispute", items=(item,), amount_minor=40_00, reason="PRICE")

    [stop] = entered(books)
    assert stop.kind is StopKind.DISPUTE
    assert [(one.document_id, one.amount_minor) for one in stop.items] == [
        (item.document_id, 40_00)
    ]
    a_night(books, A_DAY + timedelta(days=7))
    asked_for = {item.number: item.open_minor for item in said(books)[-1].items}
    assert asked_for == {"I1": 60_00, "I2": 100_00, "I3": 100_00}


@pytest.mark.parametrize(
    ("outcome", "told", "words"),
    [
        ("promise", {}, "needs the day"),
        ("dispute", {"items": ()}, "needs its reason"),
        ("dispute", {"reason": "PRICE"}, "several invoices"),
        ("no_answer", {"due_on": A_DAY}, "not with no_answer"),
        ("promisse", {}, "does not end with 'promisse'"),
    ],
)
def test_what_is_not_enough_leaves_the_task_open(
    books: Books, called: TaskId, outcome: str, told: dict[str, object], words: str
) -> None:
    """Nothing is entered by halves: the task stays, and no stop is made."""
    with pytest.raises(RequestError, match=words):
        done(books, called, outcome, **told)

    assert entered(books) == []
    assert open_tasks(books) == [TaskKind.CALL]


def test_a_task_that_is_done_enters_no_second_promise(
    books: Books, called: TaskId
) -> None:
    """Two persons finish the same call: the second is told so, and adds nothing."""
    done(books, called, "promise", due_on=A_DAY)
    with pytest.raises(UnknownTaskError):
        done(books, called, "promise", due_on=A_DAY)

    assert len(entered(books)) == 1


def test_no_outcome_and_nobody_there_stop_nothing(books: Books, called: TaskId) -> None:
    """Where nobody answered the reminders go on."""
    done(books, called, "no_answer")

    assert entered(books) == []
    assert open_tasks(books) == []


def test_the_promise_of_a_letter_is_not_entered_twice(books: Books) -> None:
    """A mail that was read as a promise entered it; its task does not enter another."""
    books.land(a_document("I1", "100", LATE), debtors=[a_customer()])
    debtor_id: DebtorId = debtor_key(books)
    with books.database.tenant(books.tenant.scope) as session:
        letter = letters.add(
            session,
            Letter(
                origin=LetterOrigin.MAILBOX,
                mail_id="<p@debtor.example>",
                received_at=AN_HOUR,
                sender="a@debtor.example",
                recipient="b@client.example",
                subject="Re",
                text="",
                debtor_id=debtor_id,
                kind=ReplyKind.PROMISE,
            ),
            AN_HOUR,
        )
        promise = Stop(
            kind=StopKind.PROMISE,
            debtor_id=debtor_id,
            begins_on=A_DAY,
            due_on=A_DAY,
            recorded_by="reply",
            letter_id=letter,
        )
        enter(session, promise, AN_HOUR)
        asked = Task(
            kind=TaskKind.REPLY,
            key="letter",
            debtor_id=debtor_id,
            letter_id=letter,
            title="Answer",
            due_on=A_DAY,
        )
        one = tasks.ask(session, asked, AN_HOUR)
    with pytest.raises(RequestError, match="stands already"):
        done(books, one, "promise", due_on=A_DAY + timedelta(days=30))
    done(books, one, "promise")

    assert len(entered(books)) == 1
    assert open_tasks(books) == []
