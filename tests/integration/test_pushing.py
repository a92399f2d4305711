"""Pushing write-backs: what is handed over, looked for, left, parked and told."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import pytest

from connectors.contract import Capability
from connectors.faults import (
    CutOffError,
    ReconnectError,
    RescheduleError,
    TimedOutError,
    TooManyCallsError,
    UnreachableError,
)
from connectors.writing import Gone, Part, Refusal, RefusalReason, Written
from ledger.calendar import FixedClock
from ledger.outbox import WriteBackId, WriteKind, WriteState
from ledger.store import written_back
from ledger.store.write_backs import WriteBackStateError
from ledger.testing import Books, a_debtor, a_document
from sync.delivery import TRIES_MAX
from sync.push import FAULTS_MAX, Push, PushBusyError, PushResult, exclusive
from tests.memory_writer import MemoryWriter
from tests.writing import ALL, Outgoing

NIGHT = datetime(2026, 3, 10, 2, 0, tzinfo=UTC)
INVOICES = 6


@dataclass(slots=True)
class World:
    """Books in memory, and what they are told."""

    books: Books
    writer: MemoryWriter = field(default_factory=MemoryWriter)
    now: datetime = NIGHT

    @property
    def out(self) -> Outgoing:
        """Its write-backs, now."""
        return Outgoing(self.books, FixedClock(self.now))

    def push(self, allowed: frozenset[Part] = ALL) -> PushResult:
        """Write what is due."""
        return self.out.push(self.writer, allowed)

    def later(self, **more: float) -> None:
        """Let time pass."""
        self.now += timedelta(**more)

    def state(self, one: WriteBackId) -> WriteState:
        """Return how far a write-back is."""
        return self.out.state(one)

    def written(self, one: WriteBackId) -> list[Part]:
        """Return what of a write-back was appended, as often as it was."""
        key = self.out.load(one).write_back.key
        return [part for found, part in self.writer.appended if found == key]


@pytest.fixture
def world(books: Books) -> World:
    """Books with a few invoices."""
    day = date(2026, 1, 5)
    books.land(
        *(a_document(f"I-{n}", "100.00", day, day) for n in range(1, INVOICES + 1)),
        debtors=[a_debtor("D1")],
    )
    return World(books)


def pay(world: World, number: str = "I-1") -> WriteBackId:
    """Enter a payment."""
    return world.out.payment(number, 10_00, "2026-03-09")


def test_it_is_noted_before_it_is_written(world: World) -> None:
    """Handed over, then written, then looked for; and each step is kept."""
    one = pay(world)
    assert world.push().states == {WriteState.WRITTEN: 1}
    assert world.writer.calls == [
        "find payment",
        "append payment",
        "find payment",
        "append note",
        "find note",
    ]
    assert world.out.states(one)[:2] == [WriteState.WRITING, WriteState.WAITING]
    assert world.out.states(one)[-1] is WriteState.WRITTEN
    assert world.out.load(one).write_back.attempts == 2
    assert world.push().states == {}


@pytest.mark.parametrize("happens", [True, False])
def test_a_lost_answer_is_looked_for_when_it_can_be_known(
    world: World, *, happens: bool
) -> None:
    """Not before the call's time and a minute have passed; and it is there once."""
    one = world.out.tell(WriteKind.NOTE, "I-1", {})
    world.writer.fail(TimedOutError("books.example", "answer", 60), happens=happens)
    world.push()
    assert world.state(one) is WriteState.UNKNOWN
    world.later(seconds=world.writer.time_limit_s + 59)
    world.writer.calls.clear()
    assert world.push().states == {}
    assert not world.writer.calls
    world.later(seconds=2)
    world.push()
    looks = ["find note"] if happens else ["find note", "find note", "append note"]
    assert world.writer.calls == [*looks, "find note"]
    assert world.state(one) is WriteState.WRITTEN
    assert world.written(one) == [Part.NOTE]


def test_what_cannot_be_asked_is_parked(world: World) -> None:
    """Cut off at books that nobody can search: a person says whether it is there."""
    world.writer.searchable = False
    one = world.out.tell(WriteKind.NOTE, "I-1", {})
    world.writer.fail(CutOffError("books.example", "closed"))
    world.push()
    world.later(hours=1)
    for _ in range(3):
        world.push()
        world.later(days=1)
    assert world.state(one) is WriteState.PARKED
    assert not world.written(one)
    (task,) = world.out.tasks()
    assert "2026-03-10 02:00:00 UTC" in task.details["words"]
    with world.books.database.tenant(world.books.tenant.scope) as session:
        written_back.retry(session, one, at=world.now, by="Mara")
    world.push()
    assert world.state(one) is WriteState.WRITTEN
    assert world.written(one) == [Part.NOTE]


def test_unsearchable_books_take_what_goes_well(world: World) -> None:
    """Where nothing went wrong nobody has to look."""
    world.writer.searchable = False
    one = pay(world)
    world.push()
    assert world.state(one) is WriteState.WRITTEN


def test_what_never_left_is_tried_again(world: World) -> None:
    """No connection: the row waits, longer each time, and is no unknown."""
    one = world.out.tell(WriteKind.NOTE, "I-1", {})
    waits = []
    for _ in range(4):
        world.writer.fail(UnreachableError("books.example", "refused"))
        world.push()
        assert world.state(one) is WriteState.WAITING
        not_before = world.out.load(one).write_back.not_before
        assert not_before is not None
        waits.append(not_before - world.now)
        world.now = not_before
    assert waits == sorted(set(waits))
    world.push()
    assert world.state(one) is WriteState.WRITTEN


def test_after_many_tries_a_person_is_asked(world: World) -> None:
    """It does not go on for ever, and the last words are kept."""
    one = world.out.tell(WriteKind.NOTE, "I-1", {})
    for _ in range(TRIES_MAX):
        world.writer.fail(TooManyCallsError("books.example", retry_after_s=5))
        world.push()
        world.later(days=2)
    assert world.state(one) is WriteState.PARKED
    assert "takes no more calls" in world.out.words(one)
    assert len(world.out.tasks()) == 1


def test_a_refusal_is_kept_with_its_words(world: World) -> None:
    """Money that the books refuse for good: no retry, a task, and the note goes."""
    one = pay(world)
    world.writer.fail(Refusal(RefusalReason.LOCKED_PERIOD, "Period 2026-03 is shut."))
    world.push()
    assert world.state(one) is WriteState.REFUSED
    assert world.out.words(one) == "Period 2026-03 is shut."
    assert world.written(one) == [Part.NOTE]
    assert len(world.out.tasks()) == 1
    world.later(days=30)
    assert world.push().states == {}


def test_a_refused_field_leaves_the_note(world: World) -> None:
    """The note stands, and the state says so."""
    one = world.out.promise("I-1", "2026-04-01")
    world.writer.answers = [
        (Written(), True),
        (Refusal(RefusalReason.SETTLED, "Part paid."), False),
    ]
    world.push()
    assert world.state(one) is WriteState.NOTE_ONLY
    assert world.written(one) == [Part.NOTE]
    assert not world.out.tasks()


def test_a_person_s_value_stays(world: World) -> None:
    """It holds neither what we expect nor what we wrote: theirs; the note goes."""
    world.writer.held["I-1"] = "2026-06-01"
    one = world.out.promise("I-1", "2026-04-01")
    world.push()
    assert world.state(one) is WriteState.CONFLICT
    assert world.writer.held["I-1"] == "2026-06-01"
    assert world.written(one) == [Part.NOTE]


def test_what_was_expected_may_be_replaced(world: World) -> None:
    """The decision knew what stood there: then that is no person's later word."""
    world.writer.held["I-1"] = "2026-06-01"
    one = world.out.tell(
        WriteKind.PROMISE,
        "I-1",
        {"promised_on": "2026-04-01"},
        expected={"value": "2026-06-01"},
    )
    world.push()
    assert world.state(one) is WriteState.WRITTEN
    assert world.writer.held["I-1"] == "2026-04-01"


def test_the_same_value_set_by_a_person_is_not_ours(world: World) -> None:
    """A block that stood before us is not let go when our dispute ends."""
    world.writer.held["I-1"] = "yes"
    world.out.dispute("I-1")
    world.push()
    ended = world.out.dispute("I-1", is_open=False)
    world.push()
    assert world.state(ended) is WriteState.CONFLICT
    assert world.writer.held["I-1"] == "yes"


def test_a_field_whose_answer_was_lost_is_ours(world: World) -> None:
    """It was handed over and is there: so it may be taken back."""
    world.out.dispute("I-1")
    world.writer.answers = [
        (Written(), True),
        (CutOffError("books.example", "closed"), True),
    ]
    world.push()
    world.later(hours=1)
    world.push()
    ended = world.out.dispute("I-1", is_open=False)
    world.push()
    assert world.state(ended) is WriteState.WRITTEN
    assert world.writer.held["I-1"] is None


def test_what_is_decided_first_is_written_first(world: World) -> None:
    """While one of a document is unknown, the next of it waits; others do not."""
    first = world.out.dispute("I-1")
    second = world.out.dispute("I-1", is_open=False)
    other = world.out.dispute("I-2")
    world.writer.fail(CutOffError("books.example", "closed"))
    world.push()
    assert world.state(first) is WriteState.UNKNOWN
    assert world.state(second) is WriteState.WAITING
    assert world.out.load(second).write_back.attempts == 0
    assert world.state(other) is WriteState.WRITTEN
    world.later(hours=1)
    world.push()
    assert world.state(first) is world.state(second) is WriteState.WRITTEN
    assert world.writer.held["I-1"] is None


def test_one_fault_of_our_own_stops_no_other(world: World) -> None:
    """A bug in one write-back is kept as such; the others are written."""
    ones = [world.out.tell(WriteKind.NOTE, f"I-{n}", {}) for n in (1, 2, 3)]
    world.writer.fail(ZeroDivisionError("a bug"))
    kept: list[Exception] = []

    def keep(error: Exception) -> str:
        kept.append(error)
        return "It is in the log."

    Push(
        database=world.books.database,
        tenant=world.books.tenant,
        connection=world.books.connection,
        writer=world.writer,
        clock=FixedClock(world.now),
        allowed=ALL,
        keep=keep,
    ).run()
    assert [world.state(one) for one in ones] == [
        WriteState.UNKNOWN,
        WriteState.WRITTEN,
        WriteState.WRITTEN,
    ]
    assert "ZeroDivisionError" in world.out.words(ones[0])
    assert len(kept) == 1


def test_books_that_fail_again_and_again_are_left_in_peace(world: World) -> None:
    """After so many failures in a row the run ends."""
    for number in range(1, INVOICES + 1):
        world.out.tell(WriteKind.NOTE, f"I-{number}", {})
        world.writer.fail(CutOffError("books.example", "closed"))
    result = world.push()
    assert result.states == {WriteState.UNKNOWN: FAULTS_MAX}
    assert isinstance(result.error, CutOffError)


def test_a_limit_ends_the_run_until_it_says(world: World) -> None:
    """What was not taken waits until the books say so; the rest is not even tried."""
    ones = [world.out.tell(WriteKind.NOTE, f"I-{n}", {}) for n in (1, 2)]
    until = world.now + timedelta(hours=18)
    world.writer.fail(RescheduleError("books.example", until, 18 * 3600))
    world.push()
    assert world.out.load(ones[0]).write_back.not_before == until
    assert [world.state(one) for one in ones] == [WriteState.WAITING] * 2
    assert world.out.load(ones[1]).write_back.attempts == 0


def test_a_server_that_failed_may_have_written(world: World) -> None:
    """A failure with a long wait is no refusal: it is looked for."""
    one = world.out.tell(WriteKind.NOTE, "I-1", {})
    until = world.now + timedelta(hours=3)
    error = RescheduleError("books.example", until, 3 * 3600, was_sent=True)
    world.writer.fail(error, happens=True)
    world.push()
    assert world.state(one) is WriteState.UNKNOWN
    world.later(hours=4)
    world.push()
    assert world.written(one) == [Part.NOTE]


def test_the_owner_is_told_once(world: World) -> None:
    """A consent that ended is one task, however many nights; it closes by itself."""
    one = world.out.tell(WriteKind.NOTE, "I-1", {})
    for _ in range(3):
        world.writer.fail(ReconnectError("The books", "invalid_grant"))
        world.push()
        world.later(days=1)
    (task,) = world.out.tasks()
    assert "invalid_grant" in task.title
    world.push()
    assert world.state(one) is WriteState.WRITTEN
    assert not world.out.tasks()


def test_what_is_gone_is_a_tombstone(world: World) -> None:
    """Nothing more is asked about it."""
    one = world.out.promise("I-1", "2026-04-01")
    world.writer.fail(Gone("It was deleted."))
    world.push()
    assert world.state(one) is WriteState.GONE
    assert world.out.words(one) == "It was deleted."
    world.later(days=1)
    world.writer.calls.clear()
    world.push()
    assert not world.writer.calls


def test_what_the_books_took_and_do_not_show_is_written_again(world: World) -> None:
    """An answer that lied: it is looked for once more, and then it is written."""
    one = world.out.tell(WriteKind.NOTE, "I-1", {})
    world.writer.fail(Written())
    world.push()
    assert world.state(one) is WriteState.WAITING
    world.later(hours=1)
    world.push()
    assert world.state(one) is WriteState.WRITTEN
    assert world.written(one) == [Part.NOTE]


def test_what_is_not_as_meant_is_parked(world: World) -> None:
    """A payment of another amount under our key is a person's to judge."""
    one = pay(world)
    world.writer.differs = "9.00 instead of 10.00."
    world.push()
    assert world.state(one) is WriteState.PARKED
    assert "9.00 instead of 10.00" in world.out.words(one)


def test_a_failing_look_does_not_write(world: World) -> None:
    """As long as nobody can look, nothing is written again."""
    one = world.out.tell(WriteKind.NOTE, "I-1", {})
    world.writer.fail(CutOffError("books.example", "closed"), happens=True)
    world.push()
    for _ in range(3):
        world.later(days=2)
        world.writer.looks = [CutOffError("books.example", "closed")]
        world.push()
        assert world.state(one) is WriteState.UNKNOWN
    world.later(days=2)
    world.push()
    assert world.state(one) is WriteState.WRITTEN
    assert world.written(one) == [Part.NOTE]


def test_what_books_cannot_do_is_a_note(world: World) -> None:
    """Without a field for it, the note is all there is to write."""
    world.writer.can = frozenset({Capability.WRITE_NOTE})
    ones = [world.out.promise("I-1", "2026-04-01"), pay(world, "I-2")]
    world.push()
    assert [world.state(one) for one in ones] == [WriteState.WRITTEN] * 2
    assert [world.written(one) for one in ones] == [[Part.NOTE], [Part.NOTE]]
    assert "put" not in world.writer.calls


def test_only_one_process_writes_to_a_connection(world: World) -> None:
    """A second one says so, and writes nothing."""
    world.out.tell(WriteKind.NOTE, "I-1", {})
    with (
        exclusive(world.books.database, world.books.connection),
        pytest.raises(PushBusyError),
    ):
        world.push()
    assert not world.writer.calls


def test_a_person_discards(world: World) -> None:
    """What need not be written is not, and what is written cannot be discarded."""
    left, went = (world.out.tell(WriteKind.NOTE, f"I-{n}", {}) for n in (1, 2))
    with world.books.database.tenant(world.books.tenant.scope) as session:
        written_back.discard(session, left, at=world.now, by="Mara", words="No need.")
    world.push()
    assert world.state(left) is WriteState.DISCARDED
    assert not world.written(left)
    with (
        world.books.database.tenant(world.books.tenant.scope) as session,
        pytest.raises(WriteBackStateError),
    ):
        written_back.discard(session, went, at=world.now, by="Mara", words="")


def test_what_is_handed_over_cannot_be_discarded(world: World) -> None:
    """It may reach the books any moment, so a person must wait until that is known."""
    one = world.out.tell(WriteKind.NOTE, "I-1", {})
    world.writer.fail(SystemExit(), happens=True)
    with pytest.raises(SystemExit):
        world.push()
    assert world.state(one) is WriteState.WRITING
    with (
        world.books.database.tenant(world.books.tenant.scope) as session,
        pytest.raises(WriteBackStateError),
    ):
        written_back.discard(session, one, at=world.now, by="Mara", words="")
    world.later(hours=1)
    world.push()
    assert world.written(one) == [Part.NOTE]


def test_what_was_changed_there_is_told_until_it_is_taken_in(world: World) -> None:
    """A dispute that somebody closed in the books; each night it is looked at."""
    one = world.out.dispute("I-1")
    world.push()
    world.writer.held["I-1"] = None
    world.later(days=1)
    assert world.push().changed_there == 1
    with world.books.database.tenant(world.books.tenant.scope) as session:
        (found,) = written_back.changed_there(session)
        assert (found.write_back.id, found.ours, found.there) == (
            one,
            {"value": "yes"},
            {"value": None},
        )
        assert found.is_taken_back
        written_back.take_in(session, [one])
        assert not written_back.changed_there(session)


def test_another_value_there_is_not_taken_back(world: World) -> None:
    """A day that somebody moved still stands; it was not emptied."""
    world.out.promise("I-1", "2026-04-01")
    world.push()
    world.writer.held["I-1"] = "2026-05-01"
    world.push()
    with world.books.database.tenant(world.books.tenant.scope) as session:
        (found,) = written_back.changed_there(session)
    assert found.there == {"value": "2026-05-01"}
    assert not found.is_taken_back


def test_an_old_value_is_not_looked_at(world: World) -> None:
    """Only what was written last stands; a field that was emptied does not."""
    world.out.dispute("I-1")
    world.out.dispute("I-1", is_open=False)
    world.push()
    world.writer.held["I-1"] = "yes"
    assert world.push().changed_there == 0
