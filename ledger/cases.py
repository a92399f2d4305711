"""Cases: what was handed to third-party collection, and how it stands there."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum, auto
from typing import Any, NewType

from ledger.ids import DebtorId, DocumentId
from ledger.money import Currency

CaseId = NewType("CaseId", int)


class CaseState(StrEnum):
    """Where a case is; `outsourced_ar.collecting.cases` says which follows which."""

    DRAFT = auto()
    """Proposed; the client has not approved it, or its packet is not complete."""
    SUBMITTED = auto()
    """Placed: handed over, and first-party contact has ended. The agency has not
    answered yet."""
    ACCEPTED = auto()
    REJECTED = auto()
    """The agency will not take it, with its reason."""
    ASSIGNED = auto()
    ACTIVE = auto()
    PROMISED = auto()
    ON_PLAN = auto()
    DISPUTED = auto()
    AWAITING_CLIENT = auto()
    ON_HOLD = auto()
    EVALUATION = auto()
    LEGAL_ADVICE = auto()
    LEGAL_APPROVED = auto()
    IN_COURT = auto()
    JUDGMENT = auto()
    ENFORCEMENT = auto()
    INSOLVENCY = auto()
    CLOSED = auto()
    WITHDRAWN = auto()
    """Taken back by the client."""

    @property
    def is_over(self) -> bool:
        """Whether the agency does nothing about it any more."""
        return self in {CaseState.REJECTED, CaseState.CLOSED, CaseState.WITHDRAWN}

    @property
    def is_placed(self) -> bool:
        """Whether it is with the agency, so that nobody else may speak of it."""
        return self is not CaseState.DRAFT and not self.is_over


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseItem:
    """An item of a case, as it was placed.

    Attributes:
        part: The instalment, from 1; 0 for a whole document.
        placed_minor: What was open of it, and not disputed.
        removed_on: From when on it is no longer part of the case.
    """

    document_id: DocumentId
    part: int = 0
    number: str
    placed_minor: int
    removed_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A debtor's items of a currency, handed to an agency.

    Attributes:
        reference: Ours, unique in the tenant; the agency gets it with the case.
        agency: The key of the agency it is with.
        agency_reference: Theirs, once they have said it.
        reason: Why it was rejected, closed or withdrawn.
        details: What its state says more: terms, links, the approval.
    """

    id: CaseId | None = None
    reference: str
    agency: str
    agency_reference: str = ""
    debtor_id: DebtorId
    currency: Currency
    items: tuple[CaseItem, ...]
    state: CaseState
    reason: str = ""
    opened_on: date
    placed_at: datetime | None = None
    ended_on: date | None = None
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseEvent:
    """A change of a case: what was said, by whom, counting from which day.

    Attributes:
        key: The sender's own key of what it said, so that it is taken in once.
    """

    known_at: datetime
    effective_on: date
    kind: str
    state: CaseState
    by: str
    key: str
    details: Mapping[str, Any] = field(default_factory=dict)


class BasisKind(StrEnum):
    """What a file proves of a claim."""

    CONTRACT = auto()
    DELIVERY = auto()
    """That goods or work arrived."""
    ORDER = auto()
    OTHER = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimFile:
    """A file that proves a claim; packets that hold any of its documents enclose it.

    Attributes:
        name: As its file was called.
        sha256: Of its content, in hexadecimal.
    """

    debtor_id: DebtorId
    document_ids: tuple[DocumentId, ...]
    kind: BasisKind
    name: str
    media_type: str
    content: bytes
    sha256: str
    added_at: datetime
    added_by: str


class PaidTo(StrEnum):
    """Where a debtor's money of a case arrived."""

    CLIENT = auto()
    """In the client's books; the agency is told."""
    AGENCY = auto()
    """With the agency, which settles it with the client."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CasePayment:
    """Money that came in on a case.

    Attributes:
        key: The sender's own key of the payment, so that it counts once.
        commission_minor: What the agency is due of it by the agreed rates.
        told_at: When the agency was told of one that the client received.
        settlement: The settlement that listed it, once one did.
    """

    key: str
    paid_on: date
    paid_to: PaidTo
    amount_minor: int
    commission_minor: int
    told_at: datetime | None = None
    settlement: str = ""
