"""What the example company sells: its invoices as they should have been entered."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from app.example.dice import Dice
from app.example.facts import GBP, USD, Customer, Invoice, Part
from app.example.office import entered_late, entered_soon, working_day
from ledger.calendar import Month
from ledger.money import Currency

SEASON: Final = (70, 85, 120, 140, 145, 130, 110, 95, 90, 80, 70, 65)
"""A month's sales in percent of a usual month's, from January on."""

SALES_STOP_DAYS: Final = 60
"""A customer that stopped paying is sold nothing after so many days."""

BACK_DATED_PER_MILLE: Final = 30
SPLIT_PER_MILLE: Final = 70
SPLIT_MINOR_MIN: Final = 250_000
"""Only larger invoices are paid in instalments."""

RATES: Final = {USD: (10_850, 150), GBP: (8_600, 80)}
"""Ten-thousandths of a currency for a euro at first, and how far a month moves them."""

RATE_SCALE: Final = -4
INSTALMENT_DAYS: Final = 30


@dataclass(frozen=True, slots=True)
class Sale:
    """An invoice, for whom, and the day it is entered."""

    customer: Customer
    invoice: Invoice
    entered_on: date


class Sales:
    """Makes the invoices of each month."""

    def __init__(
        self, dice: Dice, customers: Sequence[Customer], months: Sequence[Month]
    ) -> None:
        """Fix the rates that foreign invoices are booked at."""
        self._dice = dice
        self._customers = customers
        self._months = months
        self._rates = booked_rates(dice, months)
        self._last_reference = 4_000

    def all(self) -> Iterator[Sale]:
        """Yield every sale, month by month."""
        for month in self._months:
            for customer in self._customers:
                for _ in range(self._count(customer, month)):
                    sale = self._sale(customer, month)
                    if _is_served(customer, sale.invoice.issued_on):
                        yield sale

    def _count(self, customer: Customer, month: Month) -> int:
        twelfths = customer.sales_a_year * SEASON[month.number - 1]
        whole, rest = divmod(twelfths, 1_200)
        return whole + (self._dice.below(1_200) < rest)

    def _sale(self, customer: Customer, month: Month) -> Sale:
        dice = self._dice
        issued_on = self._day(month)
        minor = customer.size * dice.between(35, 190) + dice.below(100)
        self._last_reference += dice.between(1, 4)
        entered = entered_soon
        if dice.chance(BACK_DATED_PER_MILLE):
            entered = entered_late
        draft = Invoice(
            customer=customer.number,
            currency=customer.currency,
            issued_on=issued_on,
            parts=(),
            reference=f"PO-{self._last_reference}",
            rate=self._rates.get((customer.currency, month)),
        )
        return Sale(
            customer, self._dated(draft, customer, minor), entered(dice, issued_on)
        )

    def _day(self, month: Month) -> date:
        day = working_day(
            month.first_on + timedelta(days=self._dice.below(month.day_count))
        )
        return day if Month.of(day) == month else day - timedelta(days=3)

    def _dated(self, draft: Invoice, customer: Customer, minor: int) -> Invoice:
        """Give an invoice its due date, or terms, or neither, or instalments."""
        dice, terms = self._dice, customer.terms
        if minor >= SPLIT_MINOR_MIN and dice.chance(SPLIT_PER_MILLE):
            count = dice.between(2, 3)
            return replace(draft, parts=_instalments(draft.issued_on, minor, count))
        match dice.weighted({"due date": 80, "own terms": 12, "neither": 8}):
            case "due date":
                due_on = terms.due_on(draft.issued_on)
                return replace(draft, parts=(Part(due_on, minor),))
            case "own terms":
                return replace(draft, terms=terms, parts=(Part(None, minor),))
            case _:
                return replace(draft, parts=(Part(None, minor),))


def booked_rates(
    dice: Dice, months: Sequence[Month]
) -> Mapping[tuple[Currency, Month], Decimal]:
    """Return the rate of each foreign currency in each month; it wanders."""
    rates: dict[tuple[Currency, Month], Decimal] = {}
    for code, (begin, step) in RATES.items():
        level = begin
        for month in months:
            rates[code, month] = Decimal(level).scaleb(RATE_SCALE)
            level += dice.between(-step, step)
    return rates


def _instalments(issued_on: date, minor: int, count: int) -> tuple[Part, ...]:
    share = minor // count
    return tuple(
        Part(
            issued_on + timedelta(days=INSTALMENT_DAYS * (index + 1)),
            share if index else minor - share * (count - 1),
        )
        for index in range(count)
    )


def _is_served(customer: Customer, issued_on: date) -> bool:
    if issued_on < customer.since_on:
        return False
    stopped_on = customer.stopped_on
    return stopped_on is None or (issued_on - stopped_on).days <= SALES_STOP_DAYS
