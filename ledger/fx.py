"""Foreign currency: rates with their dates, conversion, and the differences they make.

The document's currency is the truth; other currencies are for reports. A rate is units
of a currency for one unit of another, and each figure says which rate of which date.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Protocol

from ledger.errors import RequestError
from ledger.figures import quotient
from ledger.money import EXACT, Currency, Money


class NoRateError(RequestError):
    """No rate is known for a currency on or before a date."""

    def __init__(self, currency: Currency, on: date) -> None:
        """Name the currency and the date."""
        super().__init__(
            f"No exchange rate of {currency} is known on or before {on.isoformat()}.",
            remedy="Ask for the figures in the documents' own currency.",
        )


@dataclass(frozen=True, slots=True)
class Rate:
    """An exchange rate and the day it was published.

    Attributes:
        per: How many units of `currency` one unit of `home` is worth.
    """

    home: Currency
    currency: Currency
    per: Decimal
    quoted_on: date
    source: str


class RateSource(Protocol):
    """Where reporting rates come from."""

    def rate(self, *, home: Currency, currency: Currency, on: date) -> Rate:
        """Return the rate of a day, or of the last day before it that has one.

        Raises:
            NoRateError: There is none.
        """
        ...


def convert(amount: Decimal, rate: Rate) -> Decimal:
    """Return an amount of the rate's currency in home currency, unrounded."""
    return quotient(amount, rate.per)


def total_in_home(
    amounts: Mapping[Currency, Decimal], rates: Mapping[Currency, Rate]
) -> Decimal:
    """Return the sum of amounts of several currencies in home currency, unrounded."""
    total = Decimal(0)
    for currency, amount in amounts.items():
        total = EXACT.add(total, convert(amount, rates[currency]))
    return total


def posted(amount: Money, rate: Rate) -> Money:
    """Return what a foreign amount is posted at: home currency, rounded once."""
    return Money(convert(amount.amount, rate), rate.home).rounded()


def unrealised(amount: Money, *, booked: Rate, closing: Rate) -> Money:
    """Return the difference of an open foreign amount at two rates, gain positive.

    IAS 21: a monetary item is reported at the closing rate. The difference is that of
    the two rounded amounts.
    """
    return posted(amount, closing) - posted(amount, booked)


def realised(amount: Money, *, booked: Rate, paid: Rate) -> Money:
    """Return the difference when a foreign amount is paid, gain positive.

    What was shown as unrealised before is reversed: the whole difference is realised.
    """
    return posted(amount, paid) - posted(amount, booked)


def within_tolerance(open_amount: Money, tolerance: Money, rate: Rate | None) -> bool:
    """Say whether an open amount is too small to speak of.

    The tolerance is converted into the document's currency, unrounded, so that amounts
    are compared in the currency they are owed in and never across currencies.

    Args:
        open_amount: What is owed, in the document's currency.
        tolerance: The limit, in home currency; an amount equal to it is within.
        rate: The last published rate; None where both currencies are the same.
    """
    if rate is None:
        return open_amount <= tolerance
    limit = EXACT.multiply(tolerance.amount, rate.per)
    return open_amount <= Money(limit, open_amount.currency)
