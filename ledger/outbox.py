"""What the books are to be told: write-backs, each with a key of its own.

A write-back is entered with the decision it tells of, in one transaction, and delivered
later. Whatever is written remotely carries its key, so that it can be looked for.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum, auto
from typing import Any, Final, NewType

from ledger.ids import ConnectionId, DebtorId, DocumentId

WriteBackId = NewType("WriteBackId", int)

WRITING_CONNECTORS: Final = frozenset({"files", "tryton", "xero"})
"""Connectors that can write anything back; what each can, its capabilities say."""


class WriteKind(StrEnum):
    """What is told."""

    NOTE = auto()
    """`text`: what happened; appended to the document, or to the debtor."""
    PROMISE = auto()
    """`promised_on` (None takes it back), `amount_minor`, `currency`, `text`."""
    DISPUTE = auto()
    """`is_open`, `status`, `reason`, `amount_minor`, `currency`, `text`."""
    STAGE = auto()
    """`stage`: where the item stands, as `final_demand` or `third_party`; `text`."""
    PLAN = auto()
    """`status` of a payment plan, `next_due_on`, `text`."""
    PAYMENT = auto()
    """`paid_on`, `amount_minor`, `currency`, `reference`, `text`."""


class WriteState(StrEnum):
    """How far a write-back is."""

    WAITING = auto()
    """To be written, from `not_before` on."""
    WRITING = auto()
    """Handed over, and not known to have been written."""
    UNKNOWN = auto()
    """Its answer was lost; it is looked for before anything else is done."""
    WRITTEN = auto()
    """Written, read back and found as meant."""
    NOTE_ONLY = auto()
    """The books refused the field; the note stands."""
    REFUSED = auto()
    """The books refused it for good: the period is locked, the invoice is paid."""
    CONFLICT = auto()
    """Somebody changed the field since it was read; theirs stands."""
    PARKED = auto()
    """Nobody can know whether it was written; a person must say."""
    GONE = auto()
    """What it is about is not in the books any more."""
    DISCARDED = auto()
    """A person said that it need not be written."""

    @property
    def is_over(self) -> bool:
        """Whether nothing more is done about it by itself."""
        return self not in {
            WriteState.WAITING,
            WriteState.WRITING,
            WriteState.UNKNOWN,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteBack:
    """Something to tell the books.

    Attributes:
        key: Our correlation id, unique in the tenant; it stands in what is written.
            The same decision makes the same key, so it is entered once.
        connection_id: Whose books.
        document_id: What it is about; None for the debtor's account.
        subject: What it tells of, as `stop:12` or `case:3`.
        content: As its kind says; what JSON can hold, dates as ISO 8601.
        expected: What a structured field is taken to hold before; empty where that is
            not known yet. Another value is a person's, and stays.
    """

    id: WriteBackId | None = None
    kind: WriteKind
    key: str
    connection_id: ConnectionId
    debtor_id: DebtorId
    document_id: DocumentId | None = None
    subject: str
    content: Mapping[str, Any]
    expected: Mapping[str, Any] = field(default_factory=dict)
    state: WriteState = WriteState.WAITING
    remote_id: str = ""
    words: str = ""
    """What became of it, with the system's own words."""
    attempts: int = 0
    not_before: datetime | None = None
    made_at: datetime | None = None
    changed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteBackEvent:
    """What was tried of a write-back, and what came of it."""

    at: datetime
    state: WriteState
    by: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedThere:
    """What we wrote, and somebody changed in the books since.

    Attributes:
        field: What it is called, as `expected_on` or `blocked`; `payment` for money.
        ours: What we wrote.
        there: What stands there now; None where it was taken back.
        is_taken_back: Whether nothing of ours is left there.
    """

    write_back: WriteBack
    field: str
    ours: Mapping[str, Any]
    there: Mapping[str, Any] | None
    found_at: datetime
    is_taken_back: bool = True
