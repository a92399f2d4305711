"""What of a client's contract a night's decisions ask about."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum, auto

from ledger.money import Currency
from outsourced_ar.known.demand import PayTo


class Approval(StrEnum):
    """Whether a person says yes before anything is said or done in an agency's name."""

    ALWAYS = auto()
    NEVER = auto()
    ABOVE = auto()
    """From an amount on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalation:
    """Whether the agency may speak, and how; by default it may not.

    Attributes:
        is_contracted: Whether more than reminders is.
        demand_days: The days a final demand gives at least.
        identities: Keys of the agencies' identities that there are.
    """

    is_contracted: bool = False
    approval: Approval = Approval.ALWAYS
    approval_above: Mapping[Currency, int] = field(default_factory=dict)
    demand_days: int = 10
    pay_to: PayTo = PayTo.AGENCY
    identities: frozenset[str] = frozenset()

    def needs_approval(self, currency: Currency, minor: int) -> bool:
        """Say whether a person says yes first; of an unnamed currency always."""
        if self.approval is Approval.ABOVE:
            return minor > self.approval_above.get(currency, -1)
        return self.approval is Approval.ALWAYS
