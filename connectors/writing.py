"""What a connector offers that can write to its books: look, write, read again.

Three things can be written about a document or a debtor's account: a note, which is
appended; a payment, which is appended; a field, which is set. What is appended carries
the write-back's key, by which it is found again. Nothing here decides whether something
is to be written: `sync.push` does.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum, auto
from typing import Any, Final, Protocol, runtime_checkable

from connectors.contract import Capability
from connectors.faults import (
    NotFoundError,
    RefusedError,
    RescheduleError,
    TimedOutError,
    TooManyCallsError,
    UnreachableError,
    UntrustedServerError,
)
from ledger.errors import (
    AccessDeniedError,
    ConfigurationError,
    CredentialError,
    InvariantError,
    RetryableError,
)
from ledger.ids import SourceId
from ledger.outbox import WriteKind
from ledger.records import DocumentRef


class Part(StrEnum):
    """What of a write-back is written by itself."""

    NOTE = auto()
    """Words, appended."""
    PAYMENT = auto()
    """Money received, appended."""
    FIELD = auto()
    """A value, set in place of another."""


FIELDS: Final[Mapping[WriteKind, Capability]] = {
    WriteKind.PROMISE: Capability.WRITE_PROMISE_DATE,
    WriteKind.DISPUTE: Capability.WRITE_DISPUTE,
    WriteKind.STAGE: Capability.WRITE_STATUS_FIELD,
}
"""What books must have for a kind to be more than a note."""

Value = Mapping[str, Any]
"""What a field holds: what JSON can hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is to be written, in the terms of the books.

    Attributes:
        key: Our correlation id, which stands in what is appended.
        document: What it is about; None for the debtor's account.
        number: The document's number, as persons know it.
        debtor: The debtor's key.
        content: As the kind says.
        stages: Where the debtor's documents stand, all of them, for a stage.
    """

    key: str
    kind: WriteKind
    document: DocumentRef | None
    number: str
    debtor: SourceId
    content: Mapping[str, Any]
    stages: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The words, in one line."""
        return " ".join(str(self.content.get("text", "")).split())

    def note(self, length_max: int) -> str:
        """Return the words and the key, never longer, the key always whole."""
        mark = f" [{self.key}]"
        words, room = self.text, length_max - len(mark)
        if len(words) > room:
            words = f"{words[: room - 1].rstrip()}…"
        return words + mark

    def day(self, name: str) -> date | None:
        """Return a date of the content, or None where it has none."""
        found = self.content.get(name)
        return None if not found else date.fromisoformat(str(found))


@dataclass(frozen=True, slots=True)
class Written:
    """It was accepted.

    Attributes:
        remote_id: The key that the books gave it; empty where they give none.
    """

    remote_id: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """What was looked for is there.

    Attributes:
        differs: How it is not what was meant; empty where it is.
        taken_back: Whether somebody took it back since.
    """

    remote_id: str
    differs: str = ""
    taken_back: bool = False


class Unsearchable(StrEnum):
    """The books cannot be asked whether something was written."""

    UNSEARCHABLE = auto()


class RefusalReason(StrEnum):
    """Why books refuse something for good."""

    LOCKED_PERIOD = auto()
    """The day lies in a period that is closed."""
    SETTLED = auto()
    """Something settles the document already, so that it cannot be edited."""
    PAID = auto()
    """Less is open than was to be paid."""
    VOIDED = auto()
    """The document does not count any more."""
    IN_BATCH = auto()
    """It is part of a batch, and stands or falls with it."""
    NOT_SET_UP = auto()
    """Something must be named first, as an account for payments."""
    OTHER = auto()
    """The books' own words say why."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """The books refuse it for good.

    Attributes:
        words: What they said themselves.
    """

    reason: RefusalReason
    words: str


@dataclass(frozen=True, slots=True)
class Gone:
    """What it is about is not in the books any more."""

    words: str


Outcome = Written | Refusal | Gone


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A field of the books, as it stands and as it is wanted.

    Attributes:
        name: What it is called here.
        now: What it holds.
        wanted: What it is to hold.
        empty: What it holds where nobody has set anything.
        is_ours: Whether nobody else sets it, so that no change is a person's.
        mark: By which the books know that it was not changed since it was read.
    """

    name: str
    now: Value
    wanted: Value
    empty: Value
    is_ours: bool = False
    mark: Any = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class NoField:
    """There is no field to set, and why."""

    words: str


class ChangedMeanwhileError(RetryableError):
    """The books did not set a field, as it was changed since it was read."""

    def __init__(self, name: str) -> None:
        """Name the field."""
        super().__init__(
            f"{name} was changed in the books while it was to be written.",
            remedy="It is looked at again by itself.",
        )


class Writer(Protocol):
    """Writes to one organisation's books.

    Each call may raise what a call over the network raises; what the books refuse is an
    outcome.
    """

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What it can write."""
        ...

    @property
    def time_limit_s(self) -> float:
        """How long after a write began it may still reach the books."""
        ...

    def find(self, order: Order, part: Part) -> Found | Gone | Unsearchable | None:
        """Look for what was appended, by its key."""
        ...

    def append(self, order: Order, part: Part) -> Outcome:
        """Write a note or a payment. It is sent once: nothing tries it again."""
        ...

    def fields(self, orders: Sequence[Order]) -> Mapping[str, Field | NoField | Gone]:
        """Read the fields that orders are about; by the orders' keys."""
        ...

    def put(self, order: Order, field: Field) -> Outcome:
        """Set a field, where the books allow it only while it is as it was read."""
        ...


@runtime_checkable
class BatchWriter(Protocol):
    """Writes many at once, and the same ones again to the same effect."""

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What it can write."""
        ...

    def write(self, batch: str, orders: Sequence[tuple[Order, frozenset[Part]]]) -> str:
        """Write a batch whole, in place of an earlier one of its name; say where."""
        ...


@runtime_checkable
class Writable(Protocol):
    """A connector that can write."""

    def writer(self, settings: Mapping[str, Any]) -> Writer | BatchWriter:
        """Return what writes to its books.

        Args:
            settings: What the client chose for writing, as an account for payments.
        """
        ...


def may_have_happened(error: Exception) -> bool:
    """Say whether a write that failed so may have been carried out.

    It was not where nothing was sent, or the books said that they did not take it.
    """
    match error:
        case CredentialError() | AccessDeniedError() | TooManyCallsError():
            return False
        case RefusedError() | NotFoundError() | ChangedMeanwhileError():
            return False
        case ConfigurationError() | InvariantError() | UntrustedServerError():
            return False
        case RescheduleError() | UnreachableError() | TimedOutError():
            return error.was_sent
        case _:
            return True
