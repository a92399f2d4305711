"""One tenant that reads a double's books, and what its ledger holds of them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from connectors.contract import Connector, Progress
from connectors.doubles import Double, Standing
from ledger.ids import DocumentId
from ledger.records import Side
from ledger.store import balances, keys, problems, verification
from ledger.store.connections import RunState
from ledger.store.session import Database
from ledger.testing import Books, NoRates
from sync.pull import Sync
from sync.result import RunResult

LATE: Final = date(2099, 12, 31)
AN_HOUR: Final = timedelta(hours=1)
A_DAY: Final = timedelta(days=1)
"""Longer than the longest wait that a double asks for."""

TWO_SENTENCES: Final = re.compile(r".+[.:!] \S.+\.$", re.DOTALL)

Held = Mapping[DocumentId, Standing]
"""What is open by document; credits below zero."""


@dataclass(slots=True)
class ProductClock:
    """The product's clock: that of the books, or ahead of it."""

    double: Double
    ahead: timedelta = timedelta()

    def now(self) -> datetime:
        """Return the instant."""
        return self.double.clock.now + self.ahead

    def today(self, zone: ZoneInfo) -> date:
        """Return its day."""
        return self.now().astimezone(zone).date()


@dataclass(slots=True)
class Case:
    """A tenant of its own and the books it reads."""

    double: Double
    books: Books
    clock: ProductClock = field(init=False)

    def __post_init__(self) -> None:
        """Tell the time by the books."""
        self.clock = ProductClock(self.double)

    @classmethod
    def of(cls, double: Double, database: Database) -> "Case":
        """Let a new tenant read books."""
        return cls(double, Books.open(database))

    def another(self) -> "Case":
        """Let one more tenant read the same books."""
        return Case.of(self.double, self.books.database)

    def connector(self) -> Connector:
        """Return a new connector, as a new process would."""
        return self.double.connector(self.books, self.clock)

    def sync(
        self,
        *,
        later: timedelta = AN_HOUR,
        full: bool = False,
        connector: Connector | None = None,
    ) -> RunResult:
        """Run a sync, so much later than what went before."""
        self.double.clock.advance(later.total_seconds())

        def landed(label: str, progress: Progress) -> None:
            del label, progress
            self.double.landed()

        return Sync(
            database=self.books.database,
            tenant=self.books.tenant,
            connection=self.books.connection,
            connector=connector or self.connector(),
            clock=self.clock,
            rates=NoRates(),
            full=full,
            watch=landed,
        ).run()

    def ours(self, known_at: datetime | None = None) -> Held:
        """Return what the ledger holds open; its figures equal its facts."""
        found: dict[DocumentId, Standing] = {}
        with self.books.ask(LATE, known_at) as asked:
            if known_at is None:
                verification.statements(asked.session)
            for one in balances.load_items(asked.session, asked.known, as_of=LATE):
                before = found.get(one.document_id)
                minor = one.open_minor + (before.open_minor if before else 0)
                found[one.document_id] = Standing(one.currency, minor, one.issued_on)
        return found

    def theirs(self) -> Held:
        """Return what the books hold open, in the ledger's keys."""
        key = self.books.connection.id
        return {
            keys.document_id(key, ref): Standing(
                one.currency,
                one.open_minor if ref.kind.side is Side.DEBIT else -one.open_minor,
                one.issued_on,
            )
            for ref, one in self.double.truth().items()
        }

    def problem_refs(self) -> list[str | None]:
        """Return the keys of what is in quarantine."""
        with self.books.database.tenant(self.books.tenant.scope) as session:
            return [one.problem.source_ref for one in problems.load_open(session)]

    def must_be_whole(self, result: RunResult, *, listed: bool = False) -> None:
        """Refuse a run that did not end in the books' own balances.

        Args:
            result: The run's.
            listed: Whether the list of open items was needed to get there.
        """
        assert result.state is RunState.COMPLETED, result.message
        assert self.ours() == self.theirs()
        assert result.waiting == 0
        assert result.is_clean, result.as_json()
        if result.open_items is not None and not listed:
            assert result.open_items.differed == 0, result.open_items.text

    def must_say_why(self, result: RunResult) -> None:
        """Refuse a run that did not fail, or does not say what to do."""
        assert result.state in {RunState.FAILED, RunState.STOPPED}
        assert result.message
        for line in result.message.splitlines():
            assert TWO_SENTENCES.match(line), f"It does not say what to do: {line}"


def moved(result: RunResult) -> int:
    """Return how many records a run put, changed or took away."""
    return sum(step.moved for step in result.steps)


def spread(count: int, places: int) -> list[int]:
    """Return so many places in a run of calls: the first, the last, and between."""
    return sorted({round(n * (count - 1) / (places - 1)) for n in range(places)})
