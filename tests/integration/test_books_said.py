"""There and back: a stop is written to the books, changed there, and followed here."""

from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from ledger.calendar import FixedClock
from ledger.outbox import WriteState
from ledger.reminders import StopId
from ledger.stop_states import is_over
from ledger.store import written_back
from ledger.testing import Books
from sync.push import PushResult
from tests.integration.reminding import A_DAY, night_clock
from tests.integration.stopped import Desk
from tests.memory_writer import MemoryWriter
from tests.writing import Outgoing


@dataclass(slots=True)
class Round:
    """A debtor's stops, and books in memory that are told of them."""

    desk: Desk
    writer: MemoryWriter = field(default_factory=MemoryWriter)
    days: int = 0

    def push(self) -> PushResult:
        """Write what is due, the evening of a day, each time a day later."""
        self.days += 1
        at = night_clock(A_DAY + timedelta(days=self.days)).now()
        return Outgoing(self.desk.books, FixedClock(at)).push(self.writer)

    def judge(self) -> None:
        """Let the clock of stops look, the day after the last push."""
        self.days += 1
        self.desk.clock(A_DAY + timedelta(days=self.days))

    def states(self) -> list[WriteState]:
        """Return the states of all write-backs, the oldest first."""
        books = self.desk.books
        with books.database.tenant(books.tenant.scope) as session:
            found = written_back.listing(session)
        return [one.write_back.state for one in reversed(found)]

    def is_over(self, one: StopId) -> bool:
        """Say whether a stop is over."""
        return is_over(self.desk.stop(one))


@pytest.fixture
def there(books: Books) -> Round:
    """Two invoices of a debtor, both overdue."""
    return Round(Desk(books))


def test_a_dispute_that_was_closed_there_is_closed_here(there: Round) -> None:
    """Its block was let go in the books: it ends, once, and they are told of that."""
    one = there.desk.dispute("I1")
    there.push()
    assert there.writer.held["I1"] == "yes"
    there.writer.held["I1"] = None
    assert there.push().changed_there == 1
    assert not there.is_over(one)
    there.judge()
    assert there.is_over(one)
    assert there.push().changed_there == 0
    assert there.states() == [WriteState.WRITTEN] * 2
    assert there.writer.held["I1"] is None


def test_one_that_was_let_go_in_part_is_a_person_s(there: Round) -> None:
    """Neither what we wrote nor nothing: it stands, and somebody is asked."""
    one = there.desk.dispute("I1")
    there.push()
    there.writer.held["I1"] = "some"
    there.push()
    there.judge()
    assert not there.is_over(one)
    assert "What was written back was changed in the books" in there.desk.asked()


def test_a_day_that_was_moved_there_is_a_person_s(there: Round) -> None:
    """A promise stands as it was given; what the books say is put before a person."""
    due_on = A_DAY + timedelta(days=20)
    one = there.desk.promise("I1", due_on=due_on)
    there.push()
    assert there.writer.held["I1"] == due_on.isoformat()
    there.writer.held["I1"] = (due_on + timedelta(days=9)).isoformat()
    there.push()
    there.judge()
    assert there.desk.stop(one).due_on == due_on
    assert "A promised date was changed in the books" in there.desk.asked()
