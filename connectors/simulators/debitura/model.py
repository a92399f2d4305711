"""What the simulated service keeps of a case."""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from connectors.simulators.debitura.replies import Fields

SIGNING: Final = "Pending contract signing"
INTERNAL: Final = "Pending Verification Internal"
VERIFYING: Final = "Pending Verification"
NEEDS_INFO: Final = "More Info Required"
QUOTING: Final = "Collecting Quotes"
QUOTED: Final = "Pending Quote Selection"
ACTIVE: Final = "Active"
PAUSED: Final = "Paused"
CLOSED: Final = "Closed"
PAID: Final = "Paid"
NO_PAYMENT: Final = "Pre-Legal Exhausted – No Payment"  # noqa: RUF001 - the vendor's


@dataclass(slots=True, kw_only=True)
class Paid:
    """A payment as the service has it."""

    id: str
    at: datetime
    changed_at: datetime
    on: date
    amount: Decimal
    recipient: str
    method: str


@dataclass(slots=True, kw_only=True)
class Said:
    """A message in a case's chat."""

    id: str
    at: datetime
    role: int
    message: str
    sender: str = ""


@dataclass(slots=True, kw_only=True)
class Uploaded:
    """A file of a case."""

    id: str
    at: datetime
    name: str
    description: str
    document_type: str
    content: bytes


@dataclass(slots=True, kw_only=True)
class SimCase:
    """A case; `asked` is the request that made it."""

    id: str
    reference: str
    at: datetime
    changed_at: datetime
    asked: Fields
    lifecycle: str
    begun_at: datetime | None = None
    ended_at: datetime | None = None
    close_code: str | None = None
    dispute: str | None = None
    phase: str | None = None
    fees: Decimal = Decimal(0)
    missing: list[str] = field(default_factory=list)
    payments: list[Paid] = field(default_factory=list)
    chats: list[Said] = field(default_factory=list)
    files: list[Uploaded] = field(default_factory=list)
    timeline: list[Fields] = field(default_factory=list)

    @property
    def amount(self) -> Decimal:
        """The principal."""
        return Decimal(self.asked["amountToRecover"])

    @property
    def remainder(self) -> Decimal:
        """What is left of the principal and its fees."""
        paid = sum((one.amount for one in self.payments), Decimal(0))
        return max(self.amount + self.fees - paid, Decimal(0))

    @property
    def is_test(self) -> bool:
        """Whether it was made as a test."""
        return bool(self.asked.get("isTest"))


@dataclass(slots=True, kw_only=True)
class Subscription:
    """Somebody who is to be told of events."""

    id: str
    at: datetime
    url: str
    events: list[str]
    secret: str
    is_test: bool


@dataclass(slots=True, kw_only=True)
class Logged:
    """An event in the log, with how its delivery went."""

    id: str
    at: datetime
    subscription: Subscription
    case_id: str
    kind: str
    payload: bytes
    attempts: int = 0
    delivered_at: datetime | None = None
    code: int | None = None
