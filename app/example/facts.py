"""What the example company's books hold: customers, invoices, credits, allocations.

Amounts are whole cents or pence; every currency here has two decimals.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Final

from ledger.calendar import Terms
from ledger.money import Currency

EUR: Final = Currency("EUR")
USD: Final = Currency("USD")
GBP: Final = Currency("GBP")


class Behaviour(StrEnum):
    """How a customer pays."""

    EARLY = "early"
    """Before the due date."""
    PROMPT = "on time"
    """About the due date."""
    SLOW = "slow"
    """Some weeks after it."""
    VERY_SLOW = "very slow"
    """Some months after it."""
    STOPPED = "stopped paying"
    """On time until a day, and not at all after it."""


class CreditKind(StrEnum):
    """What lowers what a customer owes; the value begins the document's number."""

    PAYMENT = "ZE"
    """Money came in."""
    CREDIT_NOTE = "GS"
    """A sale was taken back."""
    WRITE_OFF = "AB"
    """A debt was given up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """A shop or a wholesaler that buys parts.

    Attributes:
        since_on: The day its account was opened.
        stopped_on: The day after which it pays nothing any more.
        pays_in_runs: Whether it pays several invoices with one payment.
        sales_a_year: How many invoices it gets.
        size: A usual invoice, in whole units of its currency.
    """

    number: str
    name: str
    country: str
    email: str
    currency: Currency
    terms: Terms
    behaviour: Behaviour
    since_on: date
    stopped_on: date | None
    pays_in_runs: bool
    sales_a_year: int
    size: int


@dataclass(frozen=True, slots=True)
class Part:
    """An instalment of an invoice, or all of it; without a due date terms give it."""

    due_on: date | None
    minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Invoice:
    """An invoice in one of its states.

    Attributes:
        terms: Its own payment terms; without any the customer's hold.
        rate: The rate it was booked at, units of its currency for one euro.
    """

    customer: str
    currency: Currency
    issued_on: date
    parts: tuple[Part, ...]
    reference: str
    terms: Terms | None = None
    rate: Decimal | None = None
    voided_on: date | None = None
    disputed_minor: int = 0

    @property
    def minor(self) -> int:
        """The total."""
        return sum(part.minor for part in self.parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Credit:
    """A payment, a credit note or a write-off."""

    kind: CreditKind
    customer: str
    currency: Currency
    dated_on: date
    minor: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocation:
    """Part of a credit applied to an invoice; both by their keys in the journals."""

    credit: int
    invoice: int
    minor: int
    applied_on: date
