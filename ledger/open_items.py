"""What is still owed on a document at a date, as known at an instant.

This is the definition, written plainly over the facts; `ledger/store/balances.py`
answers the same question over a million documents and is tested against it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum, auto

from ledger.ids import DebtorId, DocumentId
from ledger.money import Currency
from ledger.records import (
    AllocationKind,
    Document,
    DocumentKind,
    DueRule,
    Instalment,
    Side,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One state of a document and how long the ledger held it for true."""

    document: Document
    known_at: datetime
    superseded_at: datetime | None = None

    def holds_at(self, known_at: datetime | None) -> bool:
        """Say whether this was the state known at an instant; None means now."""
        if known_at is None:
            return self.superseded_at is None
        return self.known_at <= known_at and (
            self.superseded_at is None or self.superseded_at > known_at
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One dated change of one document's balance; a reversal is negative."""

    kind: AllocationKind
    minor: int
    effective_on: date
    known_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenItem:
    """What is left of a document, or of one of its instalments.

    Attributes:
        part: The instalment's number from 1; 0 for a whole document.
        open_minor: Positive when the debtor owes it, negative in the debtor's favour.
        disputed_minor: How much of it is disputed.
    """

    document_id: DocumentId
    debtor_id: DebtorId
    kind: DocumentKind
    number: str
    part: int
    currency: Currency
    total_minor: int
    open_minor: int
    disputed_minor: int
    issued_on: date
    due_on: date
    due_rule: DueRule
    reference: str | None

    @property
    def is_credit(self) -> bool:
        """Whether it stands in the debtor's favour: a credit, or an overpaid debit."""
        return self.open_minor < 0 or self.kind.side is Side.CREDIT

    def days_overdue(self, as_of: date) -> int:
        """Return days since the due date; negative before it."""
        return (as_of - self.due_on).days


class Settlement(StrEnum):
    """How a document stands, derived from its balance and what settled it."""

    OPEN = auto()
    """Nothing was applied."""
    PART_PAID = auto()
    """Something was applied, something is left."""
    PAID = auto()
    """Nothing is left; money settled the most of it."""
    CREDITED = auto()
    """Nothing is left; credit notes settled the most of it."""
    WRITTEN_OFF = auto()
    """Nothing is left; most of it was given up."""
    OFFSET = auto()
    """Nothing is left; other entries settled the most of it."""
    CLOSED = auto()
    """Nothing is left; the books' open-item list gave no reason."""
    VOID = auto()
    """It was cancelled."""


OUTCOMES = {
    AllocationKind.VOID: Settlement.VOID,
    AllocationKind.PAYMENT: Settlement.PAID,
    AllocationKind.CREDIT_NOTE: Settlement.CREDITED,
    AllocationKind.WRITE_OFF: Settlement.WRITTEN_OFF,
    AllocationKind.OFFSET: Settlement.OFFSET,
    AllocationKind.BALANCE_CHANGE: Settlement.CLOSED,
    AllocationKind.CLOSED_IN_BOOKS: Settlement.CLOSED,
}
"""What a document is called by what settled the most of it; ties go to the first."""


def version_at(
    versions: Iterable[Version], known_at: datetime | None
) -> Document | None:
    """Return the state of a document known at an instant, or None before the first."""
    for version in versions:
        if version.holds_at(known_at):
            return version.document
    return None


def open_minor(
    document: Document,
    entries: Iterable[Entry],
    as_of: date,
    known_at: datetime | None = None,
) -> int:
    """Return the total less what was applied on or before a date.

    Negative when more was applied than the total; zero before the document's date.
    """
    if document.issued_on > as_of:
        return 0
    return document.total_minor - sum(
        entry.minor for entry in _counted(entries, as_of, known_at)
    )


def open_instalments(
    instalments: Sequence[Instalment], settled_minor: int
) -> list[int]:
    """Return what is open of each instalment: what came in fills the earliest first.

    A settled amount below zero rests on the first instalment.
    """
    left = settled_minor
    result = []
    for instalment in instalments:
        used = min(left, instalment.amount_minor)
        result.append(instalment.amount_minor - used)
        left = max(left - used, 0)
    return result


def settlement(
    document: Document,
    entries: Iterable[Entry],
    as_of: date,
    known_at: datetime | None = None,
) -> Settlement:
    """Return how a document stands at a date."""
    counted = _counted(entries, as_of, known_at)
    by_outcome = dict.fromkeys(OUTCOMES.values(), 0)
    for entry in counted:
        by_outcome[OUTCOMES[entry.kind]] += entry.minor
    applied = sum(by_outcome.values())
    if document.voided_on is not None and document.voided_on <= as_of:
        return Settlement.VOID
    if not counted:
        return Settlement.OPEN
    if applied < document.total_minor:
        return Settlement.PART_PAID if applied > 0 else Settlement.OPEN
    return max(by_outcome, key=lambda outcome: by_outcome[outcome])


def side_of(item: OpenItem) -> Side:
    """Return on which side an item counts, an overpaid debit being a credit."""
    return Side.CREDIT if item.is_credit else Side.DEBIT


def _counted(
    entries: Iterable[Entry], as_of: date, known_at: datetime | None
) -> list[Entry]:
    return [
        entry
        for entry in entries
        if entry.effective_on <= as_of
        and (known_at is None or entry.known_at <= known_at)
    ]
