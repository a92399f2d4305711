"""What a sync run did, step by step, as values that are stored and shown."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum, auto
from typing import Any

from ledger.money import Currency, from_minor
from ledger.records import Batch, ListedItem, Totals
from ledger.store.connections import RunState
from ledger.store.pages import PageLanded
from ledger.store.snapshots import Differing

SHOWN_MAX = 5
"""So many items that differ are named in a line."""


class StepState(StrEnum):
    """How a step ended."""

    READ = auto()
    """It was read to its end."""
    SKIPPED = auto()
    """There was nothing to do; the note says why."""
    STOPPED = auto()
    """It waits for a person's word; the note says for what."""
    FAILED = auto()
    """It could not be read; the note says why."""


@dataclass(slots=True)
class Sums:
    """Amounts of one currency as read and as posted."""

    exact: Decimal = Decimal(0)
    posted_minor: int = 0
    rounded_count: int = 0

    def add(self, totals: Totals) -> None:
        """Take in a page's totals."""
        self.exact += totals.exact
        self.posted_minor += totals.posted_minor
        self.rounded_count += totals.rounded_count

    def text(self, code: Currency) -> str:
        """Return what was posted, and what was read where that is another sum."""
        posted = f"{from_minor(self.posted_minor, code):,} {code}"
        if not self.rounded_count:
            return posted
        return (
            f"{self.exact.normalize():,f} {code} as read, {posted} as posted "
            f"({self.rounded_count} rows had more decimals and were rounded half up)"
        )

    def as_json(self) -> dict[str, Any]:
        """Return what JSON can hold."""
        return {
            "exact": str(self.exact),
            "posted_minor": self.posted_minor,
            "rounded_count": self.rounded_count,
        }

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> "Sums":
        """Read what `as_json` wrote."""
        return cls(Decimal(body["exact"]), body["posted_minor"], body["rounded_count"])


@dataclass(slots=True)
class Tally:
    """What a reading of one resource came to, over all its pages."""

    rows: int = 0
    landed: int = 0
    quarantined: int = 0
    ignored: dict[str, int] = field(default_factory=dict)
    sums: dict[Currency, Sums] = field(default_factory=dict)

    def add(self, batch: Batch) -> None:
        """Take in a page."""
        self.rows += batch.row_count
        self.landed += batch.landed_count
        self.quarantined += len(batch.problems)
        for reason, count in batch.ignored.items():
            self.ignored[reason] = self.ignored.get(reason, 0) + count
        for code, totals in batch.totals.items():
            self.sums.setdefault(code, Sums()).add(totals)

    def as_json(self) -> dict[str, Any]:
        """Return what JSON can hold."""
        return {
            "rows": self.rows,
            "landed": self.landed,
            "quarantined": self.quarantined,
            "ignored": self.ignored,
            "sums": {code: sums.as_json() for code, sums in self.sums.items()},
        }

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> "Tally":
        """Read what `as_json` wrote."""
        return cls(
            rows=body["rows"],
            landed=body["landed"],
            quarantined=body["quarantined"],
            ignored=dict(body["ignored"]),
            sums={
                Currency(code): Sums.from_json(sums)
                for code, sums in body["sums"].items()
            },
        )


@dataclass(slots=True)
class StepResult:
    """What one step did.

    Attributes:
        new: Records that were not known.
        changed: Records that were known otherwise.
        same: Records that were known so.
        closed: Open items that a complete list no longer named.
        voided: Documents that complete exports no longer named.
        unclaimed: Allocations that complete exports no longer made.
        tally: The whole reading, pages of an earlier, cut-off run included.
    """

    resource: str
    label: str
    state: StepState = StepState.READ
    note: str = ""
    new: int = 0
    changed: int = 0
    same: int = 0
    closed: int = 0
    voided: int = 0
    unclaimed: int = 0
    tally: Tally = field(default_factory=Tally)

    @property
    def moved(self) -> int:
        """How many records the step put, changed or took away."""
        gone = self.closed + self.voided + self.unclaimed
        return self.new + self.changed + gone

    def add(self, batch: Batch, landed: PageLanded) -> None:
        """Take in what became of a page's own records, not of what they mention."""
        self.tally.add(batch)
        if batch.documents:
            part = landed.documents
        elif batch.claims:
            part = landed.claims
        elif batch.row_count:
            part = landed.debtors
        else:
            return
        self.new += part.new
        self.changed += part.changed
        self.same += part.same

    def as_json(self) -> dict[str, Any]:
        """Return what JSON can hold."""
        return {
            "resource": self.resource,
            "label": self.label,
            "state": str(self.state),
            "note": self.note,
            "new": self.new,
            "changed": self.changed,
            "same": self.same,
            "closed": self.closed,
            "voided": self.voided,
            "unclaimed": self.unclaimed,
            **self.tally.as_json(),
        }


@dataclass(slots=True)
class OpenItems:
    """How the books' open items compare with the ledger's.

    Attributes:
        listed: How many items the books hold open.
        differed: How many of either side differed before anything was read again.
        reread: How many documents were read again.
        gone: How many of those the books no longer have.
        left: What differs still.
        items: The books' list as it was read last.
    """

    listed: int = 0
    differed: int = 0
    reread: int = 0
    gone: int = 0
    left: list[Differing] = field(default_factory=list)
    items: tuple[ListedItem, ...] = ()

    @property
    def text(self) -> str:
        """What was found, in words."""
        if not self.differed:
            return f"{self.listed} open in the books, each as in the ledger"
        parts = [f"{self.listed} open in the books, {self.differed} differed"]
        parts.append(f"{self.reread} read again")
        if self.gone:
            parts.append(f"{self.gone} no longer there")
        if self.left:
            shown = "; ".join(_named(one) for one in self.left[:SHOWN_MAX])
            more = len(self.left) - SHOWN_MAX
            rest = f" and {more} more" if more > 0 else ""
            parts.append(f"{len(self.left)} differ still: {shown}{rest}")
        return ", ".join(parts)

    def as_json(self) -> dict[str, Any]:
        """Return what JSON can hold."""
        return {
            "listed": self.listed,
            "differed": self.differed,
            "reread": self.reread,
            "gone": self.gone,
            "left": [_named(one) for one in self.left],
        }


def _named(one: Differing) -> str:
    def amount(minor: int | None) -> str:
        return "closed" if minor is None else str(from_minor(minor, one.currency))

    return (
        f"{one.ref.kind} {one.ref.source_id} ({one.currency}: "
        f"{amount(one.theirs_minor)} in the books, {amount(one.ours_minor)} here)"
    )


@dataclass(slots=True)
class RunResult:
    """What a run did.

    Attributes:
        waiting: Claims that wait for a document which is not there.
        problems: Open problems of the connection after the run.
        open_items: How the books' list of open items compared, where they have one.
    """

    connection: str
    state: RunState = RunState.COMPLETED
    steps: list[StepResult] = field(default_factory=list)
    waiting: int = 0
    problems: int = 0
    open_items: OpenItems | None = None

    @property
    def is_clean(self) -> bool:
        """Whether everything was read and nothing is left for a person."""
        if self.open_items is not None and self.open_items.left:
            return False
        return self.state is RunState.COMPLETED and not self.problems

    @property
    def message(self) -> str:
        """What went wrong, all steps together, each fault once."""
        return "\n".join(
            dict.fromkeys(
                step.note
                for step in self.steps
                if step.state in {StepState.FAILED, StepState.STOPPED}
            )
        )

    def as_json(self) -> dict[str, Any]:
        """Return what JSON can hold."""
        return {
            "connection": self.connection,
            "state": str(self.state),
            "steps": [step.as_json() for step in self.steps],
            "waiting": self.waiting,
            "problems": self.problems,
            "open_items": None
            if self.open_items is None
            else self.open_items.as_json(),
        }
