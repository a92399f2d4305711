"""What the agency demands of a debtor, on a creditor's behalf, beyond its open items.

A demand holds figures, days and the agency's own reference. Of the creditor the agency
is told the name; there is no field in which an address or an account of it could stand.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum, auto
from typing import NewType

from ledger.errors import InvariantError

CreditorName = NewType("CreditorName", str)
"""The one thing of the creditor that the agency's messages may show."""


class PayTo(StrEnum):
    """Where the mandate lets a debtor pay."""

    AGENCY = auto()
    """To the agency's own account."""
    CREDITOR = auto()
    """To the account on the creditor's invoice, which the message does not repeat."""


class BadDemandError(InvariantError):
    """A demand does not hold together."""

    def __init__(self, what: str) -> None:
        """Say what is wrong."""
        super().__init__(f"A demand cannot be written: {what}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """What an agency's message needs to know besides the debtor's items.

    Attributes:
        pay_by: The date certain until which payment is asked for.
        pay_to: Where to pay, as the mandate has it.
        interest_minor: Late-payment interest that is demanded; 0 where none is.
        compensation_minor: Compensation for recovery costs that is demanded.
        case_reference: The agency's own number of the case; empty before placement.
        legal_paragraphs: Keys of the paragraphs that the debtor's country prescribes.
    """

    pay_by: date
    pay_to: PayTo = PayTo.AGENCY
    interest_minor: int = 0
    compensation_minor: int = 0
    case_reference: str = ""
    legal_paragraphs: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse amounts below nothing.

        Raises:
            BadDemandError: Interest or compensation is negative.
        """
        if self.interest_minor < 0 or self.compensation_minor < 0:
            raise BadDemandError("interest or compensation is negative")

    @property
    def extra_minor(self) -> int:
        """What is demanded beyond the open items."""
        return self.interest_minor + self.compensation_minor
