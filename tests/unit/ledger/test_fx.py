"""Foreign currency: conversion, and the differences that rates make."""

from datetime import date
from decimal import Decimal

import pytest

from ledger.errors import RequestError
from ledger.fx import (
    NoRateError,
    Rate,
    convert,
    posted,
    realised,
    total_in_home,
    unrealised,
    within_tolerance,
)
from ledger.money import Currency, CurrencyMismatchError, Money

EUR, USD = Currency("EUR"), Currency("USD")
JPY, KWD = Currency("JPY"), Currency("KWD")
OPEN = Money(Decimal(11000), USD)


def per_euro(rate: str, code: Currency = USD, on: date = date(2026, 6, 30)) -> Rate:
    """Make a rate: so many units of a currency for one euro."""
    return Rate(EUR, code, Decimal(rate), on, "a test")


BOOKED, CLOSING, PAID = per_euro("1.1000"), per_euro("1.0800"), per_euro("1.0500")


def test_the_worked_example() -> None:
    """11,000 dollars gain 185.19 by the closing date and 476.19 when they are paid."""
    assert posted(OPEN, BOOKED) == Money(Decimal("10000.00"), EUR)
    assert posted(OPEN, CLOSING) == Money(Decimal("10185.19"), EUR)
    assert unrealised(OPEN, booked=BOOKED, closing=CLOSING).amount == Decimal("185.19")
    assert posted(OPEN, PAID) == Money(Decimal("10476.19"), EUR)
    assert realised(OPEN, booked=BOOKED, paid=PAID).amount == Decimal("476.19")


def test_a_weaker_foreign_currency_is_a_loss() -> None:
    """More foreign units for one of home make a receivable worth less."""
    dear = per_euro("1.2500")
    assert realised(OPEN, booked=BOOKED, paid=dear).amount == Decimal("-1200.00")


def test_the_difference_is_that_of_two_rounded_amounts() -> None:
    """Both amounts are rounded before they are subtracted."""
    # 3.333… and 1.666…: 3.33 less 1.67, while the difference itself rounds to 1.67.
    amount = Money(Decimal(10), USD)
    gained = unrealised(amount, booked=per_euro("6"), closing=per_euro("3"))
    assert gained.amount == Decimal("1.66")


def test_conversion_rounds_nothing() -> None:
    """A converted amount has many more digits than a cent."""
    assert convert(Decimal(10), per_euro("3")) > Decimal("3.3333333333333333")


def test_amounts_of_several_currencies_add_up_at_their_rates() -> None:
    """A sum in home currency is rounded after adding, not before."""
    rates = {USD: per_euro("3"), JPY: per_euro("3", JPY), EUR: per_euro("1", EUR)}
    amounts = {USD: Decimal(1), JPY: Decimal(1), EUR: Decimal("0.01")}
    total = total_in_home(amounts, rates)
    assert Money(total, EUR).rounded().amount == Decimal("0.68")


def test_what_is_posted_has_the_home_currency_s_decimals() -> None:
    """A posted amount is rounded half up to the home currency's minor unit."""
    in_yen = Rate(JPY, EUR, Decimal("0.006"), date(2026, 6, 30), "a test")
    assert posted(Money(Decimal("0.009"), EUR), in_yen) == Money(Decimal(2), JPY)


@pytest.mark.parametrize(
    ("yen", "small"), [("500", True), ("1600", True), ("1601", False)]
)
def test_a_tolerance_is_converted_into_the_document_s_currency(
    yen: str, *, small: bool
) -> None:
    """Ten euros at 160 forgive 1,600 yen and not one more."""
    owed, limit = Money(Decimal(yen), JPY), Money(Decimal(10), EUR)
    assert within_tolerance(owed, limit, per_euro("160", JPY)) is small


def test_a_converted_tolerance_is_not_rounded() -> None:
    """A limit of a third of a minor unit is a third, not none and not one."""
    limit, rate = Money(Decimal("0.01"), EUR), per_euro("160.5", JPY)
    assert within_tolerance(Money(Decimal("1.605"), JPY), limit, rate)
    assert not within_tolerance(Money(Decimal("1.606"), JPY), limit, rate)


def test_a_tolerance_in_the_same_currency_needs_no_rate() -> None:
    """Equal to the limit is within it."""
    limit = Money(Decimal(10), EUR)
    assert within_tolerance(Money(Decimal(10), EUR), limit, None)
    assert not within_tolerance(Money(Decimal("10.01"), EUR), limit, None)


def test_a_tolerance_never_compares_two_currencies() -> None:
    """Without a rate, amounts of two currencies are not compared."""
    with pytest.raises(CurrencyMismatchError):
        within_tolerance(Money(Decimal(5), JPY), Money(Decimal(10), EUR), None)


def test_a_missing_rate_names_currency_and_date() -> None:
    """Who asks for a rate that is not there learns which."""
    error = NoRateError(KWD, date(2026, 6, 30))
    assert isinstance(error, RequestError)
    assert "KWD" in error.message
    assert "2026-06-30" in error.message
