"""What every connector is to the rest: steps, pages to land, totals to prove by.

A connector looks at its source and says which steps a sync must take, in order. A step
reads one resource page by page, or names all that a complete list holds. Pages stay
undecoded until the sync asks, so that reading, mapping and landing can be told apart.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum, auto
from typing import Any, Protocol, runtime_checkable

from ledger.ids import SourceId
from ledger.proof import ControlTotals
from ledger.records import Batch, DocumentKind, DocumentRef, ListedItem
from ledger.revaluation import HomeControl

Position = Mapping[str, Any]
"""How far a resource is read: what JSON can hold, and only its connector reads."""


class Capability(StrEnum):
    """What a connector can do; what it can't is shown, never faked."""

    INCREMENTAL = auto()
    """Unchanged data is not read again."""
    SEES_DELETES = auto()
    """A deletion is told, or follows from a complete list."""
    HOME_AMOUNTS = auto()
    """Amounts come in home currency as booked, too."""
    OPEN_ITEM_SNAPSHOT = auto()
    """All open items can be named at once."""
    AR_CONTROL_BALANCE = auto()
    """The books' own receivables total can be read."""
    AGEING_REPORT = auto()
    """The books' own balances by debtor can be read."""
    PDF = auto()
    """An invoice can be had as the PDF that the debtor got."""
    WRITE_NOTE = auto()
    """A note can be written back."""
    WRITE_PROMISE_DATE = auto()
    """A document has a field for the day its payment is expected."""
    WRITE_DISPUTE = auto()
    """A document has a field that stops the books' own reminders of it."""
    WRITE_STATUS_FIELD = auto()
    """A debtor or document has a field for where it stands."""
    WRITE_PAYMENT = auto()
    """A payment can be written back."""
    WRITE_IDEMPOTENT = auto()
    """A write repeated at once under its key is carried out once."""
    CONDITIONAL_UPDATE = auto()
    """A field is written only while it is as it was read."""
    REPORTS_LOCK_DATE = auto()
    """The day up to which the books are closed can be read."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How much of a resource is read: rows or records done, and in all if known."""

    done: int
    total: int | None


@dataclass(frozen=True, slots=True)
class Page:
    """One page: where it leads, and how to decode it.

    Attributes:
        position: The cursor once the page has landed.
        progress: How far that is.
        decode: Turns the page into records.
        is_last: Whether the resource is read to its end with it.
    """

    position: Position
    progress: Progress
    decode: Callable[[], Batch]
    is_last: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """All that a complete list names.

    Attributes:
        documents: The documents' keys.
        kinds: The kinds of document the list is complete for.
        open_only: Whether it lists open items, so that what is missing is closed;
            else it lists all, and what is missing was deleted.
        claims: The allocations' keys, where the list is complete for those; None where
            it says nothing of them.
        limit_percent: How much a person must allow before it goes.
        doubts: Returns why nothing can be concluded from absence, or an empty string;
            asked once everything was named.
        claim_doubts: The same of the claims alone.
    """

    documents: Callable[[], Iterator[DocumentRef]]
    kinds: frozenset[DocumentKind]
    open_only: bool
    limit_percent: int
    claims: Callable[[], Iterator[SourceId]] | None = None
    doubts: Callable[[], str] = str
    claim_doubts: Callable[[], str] = str


class Step(Protocol):
    """One thing a sync does for a connection."""

    @property
    def resource(self) -> str:
        """The key of its cursor."""
        ...

    @property
    def label(self) -> str:
        """What to call it to a person."""
        ...

    @property
    def dated_on(self) -> date | None:
        """The day its data stand for, where the source says; else the business day."""
        ...

    @property
    def skipped(self) -> str:
        """Why there is nothing to do, or an empty string."""
        ...

    @property
    def resumes(self) -> bool:
        """Whether it goes on where its cursor stands, an earlier run cut off."""
        ...

    def named(self) -> Named | None:
        """Return what a complete list names, to be settled before its pages land."""
        ...

    def pages(self) -> Iterator[Page]:
        """Yield the pages not read yet."""
        ...


@dataclass(frozen=True, slots=True)
class Reread:
    """Single documents as the books hold them now.

    Attributes:
        decode: Turns them into records.
        gone: Documents that were asked for and are not there.
        resource: The step that reads such documents, under which their problems are
            known; empty where several do.
    """

    decode: Callable[[], Batch]
    gone: tuple[DocumentRef, ...] = ()
    resource: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """All items the books hold open now, and a way to read single ones again.

    Attributes:
        kinds: The kinds of document the list is complete for.
        items: Reads the list.
        reread: Reads documents by their keys, in as few calls as the system allows.
        limit_percent: How much of what the ledger holds open the list may leave out
            before a person must allow it.
    """

    kinds: frozenset[DocumentKind]
    items: Callable[[], Iterator[ListedItem]]
    reread: Callable[[Sequence[DocumentRef]], Iterator[Reread]]
    limit_percent: int = 20


class Connector(Protocol):
    """Reads one organisation in one accounting system."""

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What it can do."""
        ...

    def check(self) -> Sequence[str]:
        """Return what was found, a line each.

        Raises:
            SourceError: Nothing can be read.
        """
        ...

    def steps(self, cursors: Mapping[str, Position], *, full: bool) -> Iterator[Step]:
        """Yield what a sync must do, in order.

        Args:
            cursors: How far each resource was read.
            full: Whether to read everything again.
        """
        ...

    def snapshot(self) -> Snapshot | None:
        """Return how to list and reread open items, or None where that cannot be."""
        ...

    def control_totals(self) -> ControlTotals | None:
        """Return the books' own totals, or None where they give none."""
        ...

    def home_control(self, on: date) -> HomeControl | None:
        """Return the receivables account in home currency, at the end of a day.

        None where the books keep it in each document's own currency, or not at all.
        """
        ...


@runtime_checkable
class InvoiceCopies(Protocol):
    """A connector whose system gives invoices as PDF: `Capability.PDF` says so."""

    def invoice_pdf(self, ref: DocumentRef) -> bytes | None:
        """Return an invoice as PDF; None where the books have none of it.

        Raises:
            DuebridgeError: It could not be had; the class says what to do.
        """
        ...
