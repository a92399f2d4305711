"""What every agency is to the rest: it takes a packet, and says how a case stands.

An agency is asked through this port alone, whether it is a folder or a service. What it
says comes as notices, each with the agency's own key, so that one said twice, or again
after a crash, counts once.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum, auto
from typing import Any, Protocol

from ledger.cases import CaseState
from ledger.money import Currency
from ledger.reminders import Attachment


@dataclass(frozen=True, slots=True, kw_only=True)
class Handover:
    """A case as it is handed over.

    Attributes:
        reference: Ours; an agency that has it already makes no second case.
        packet: The claim as its JSON says it, whole.
        files: The packet's PDF and JSON, invoice copies, correspondence.
    """

    reference: str
    packet: Mapping[str, Any]
    files: Sequence[Attachment] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What an agency would say of a case, before it is placed.

    Attributes:
        is_accepted: Whether it would take it.
        reasons: Why not, or what is missing.
        terms: Its price and conditions, in words by name.
    """

    is_accepted: bool
    reasons: tuple[str, ...] = ()
    terms: Mapping[str, str] = field(default_factory=dict)


class Answer(StrEnum):
    """What became of a handover."""

    TAKEN = auto()
    """It is there, under the agency's reference."""
    REFUSED = auto()
    """It will not be taken; `words` say why."""
    WAITS = auto()
    """It is there and waits for the client, as for a contract to be signed."""
    LATER = auto()
    """Try again later: nothing was taken."""
    UNKNOWN = auto()
    """The answer was lost; look for our reference before anything else."""
    DOUBT = auto()
    """It may be there, and only a person can find out; it is not told again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """An agency's answer to a handover.

    Attributes:
        link: Where the client must sign or answer, if it waits for that.
    """

    answer: Answer
    agency_reference: str = ""
    words: str = ""
    link: str = ""


class NoticeKind(StrEnum):
    """What an agency says."""

    STATE = auto()
    PAYMENT = auto()
    """Money that the agency received."""
    SETTLEMENT = auto()
    """What it pays the client, line by line."""
    MESSAGE = auto()
    """Words for a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SettlementLine:
    """A line of a settlement; amounts in minor units, commission as a cost."""

    reference: str
    payment_key: str
    amount_minor: int
    commission_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What an agency said of a case.

    Attributes:
        key: The agency's own key of it.
        reference: Our reference of the case; empty on a settlement of several.
        state: With a STATE.
        amount_minor: With a PAYMENT.
        settlement: The agency's reference of a SETTLEMENT, with its `lines`.
    """

    key: str
    kind: NoticeKind
    reference: str
    on: date
    state: CaseState | None = None
    reason: str = ""
    words: str = ""
    currency: Currency | None = None
    amount_minor: int = 0
    settlement: str = ""
    lines: tuple[SettlementLine, ...] = ()
    details: Mapping[str, Any] = field(default_factory=dict)


class Agency(Protocol):
    """An agency that takes cases."""

    @property
    def key(self) -> str:
        """Its short name, unique among the tenant's."""
        ...

    def preview(self, handover: Handover) -> Preview:
        """Say whether it would take a case, without making one.

        Raises:
            SourceError: It cannot be reached.
        """
        ...

    def place(self, handover: Handover) -> Receipt:
        """Hand a case over; one that is there already is answered with its receipt."""
        ...

    def find(self, reference: str) -> Receipt | None:
        """Look for a case by our reference; None where the agency has none.

        Raises:
            SourceError: It cannot be reached, so nothing is known.
        """
        ...

    def recall(self, reference: str, agency_reference: str, reason: str) -> Receipt:
        """Tell the agency to stop, at once."""
        ...

    def tell_payment(
        self,
        reference: str,
        agency_reference: str,
        *,
        key: str,
        paid_on: date,
        currency: Currency,
        amount_minor: int,
    ) -> Receipt:
        """Tell the agency that the client was paid; the same key counts once."""
        ...

    def notices(self, position: Mapping[str, Any]) -> "Notices":
        """Return what it said since a position, and where to go on."""
        ...


@dataclass(frozen=True, slots=True)
class Notices:
    """What an agency said, and the position behind it.

    Attributes:
        unreadable: What could not be understood: its name and why, for a person.
    """

    notices: tuple[Notice, ...]
    position: Mapping[str, Any]
    unreadable: tuple[tuple[str, str], ...] = ()
