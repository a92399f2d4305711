"""Money: exact amounts of one currency."""

from decimal import Decimal
from typing import cast

import pytest

from ledger.errors import InvariantError
from ledger.money import (
    Currency,
    CurrencyMismatchError,
    Money,
    UnknownCurrencyError,
    currency,
    exponent,
    from_minor,
    round_half_up,
    to_minor,
)

EUR, USD = Currency("EUR"), Currency("USD")
JPY, KWD = Currency("JPY"), Currency("KWD")


@pytest.mark.parametrize(
    "amount", [0.1, 1, True, "1", None, Decimal("NaN"), Decimal("Infinity")]
)
def test_only_a_finite_decimal_is_money(amount: object) -> None:
    """A float, an integer, a text and what is not a number are refused."""
    with pytest.raises(InvariantError):
        Money(cast("Decimal", amount), EUR)


def test_two_currencies_never_meet() -> None:
    """Adding, subtracting and comparing amounts of two currencies raises."""
    euros, dollars = Money(Decimal(1), EUR), Money(Decimal(1), USD)
    with pytest.raises(CurrencyMismatchError):
        euros + dollars
    with pytest.raises(CurrencyMismatchError):
        euros - dollars
    with pytest.raises(CurrencyMismatchError):
        assert euros < dollars
    with pytest.raises(CurrencyMismatchError):
        assert euros <= dollars
    assert euros != dollars


def test_tenths_add_up() -> None:
    """A tenth and two tenths are three tenths."""
    total = Money(Decimal("0.1"), EUR) + Money(Decimal("0.2"), EUR)
    assert total == Money(Decimal("0.3"), EUR)
    assert total.minor == 30


def test_sums_keep_every_digit() -> None:
    """A sum of a very large and a very small amount loses nothing."""
    large, small = Money(Decimal(10) ** 30, EUR), Money(Decimal("1e-20"), EUR)
    assert (large + small) - large == small


def test_a_negative_is_the_other_way_round() -> None:
    """Money and its negative add up to nothing."""
    amount = Money(Decimal("12.34"), EUR)
    assert (amount + -amount).minor == 0


@pytest.mark.parametrize(("code", "decimals"), [(EUR, 2), (JPY, 0), (KWD, 3)])
def test_each_currency_has_its_own_minor_unit(code: Currency, decimals: int) -> None:
    """The euro has two decimals, the yen none, the dinar three."""
    assert exponent(code) == decimals
    assert to_minor(Decimal(5), code) == 5 * 10**decimals
    assert from_minor(5 * 10**decimals, code) == Decimal(5)


def test_minor_units_show_the_currency_s_decimals() -> None:
    """Minor units are written with as many decimals as the currency has."""
    shown = [str(from_minor(1200, code)) for code in (EUR, JPY, KWD)]
    assert shown == ["12.00", "1200", "1.200"]
    assert str(Money.from_minor(-5, KWD)) == "-0.005 KWD"


@pytest.mark.parametrize(
    ("amount", "code", "minor"),
    [
        ("0.005", EUR, 1),
        ("-0.005", EUR, -1),
        ("0.0049999", EUR, 0),
        ("1.005", EUR, 101),
        ("2.675", EUR, 268),
        ("-2.675", EUR, -268),
        ("2.5", JPY, 3),
        ("-2.5", JPY, -3),
        ("0.5", JPY, 1),
        ("0.0005", KWD, 1),
        ("-0.0005", KWD, -1),
        ("0.00049", KWD, 0),
    ],
)
def test_halves_are_rounded_away_from_zero(
    amount: str, code: Currency, minor: int
) -> None:
    """Half a minor unit rounds up in amount, on both sides of zero."""
    assert to_minor(Decimal(amount), code) == minor
    assert Money(Decimal(amount), code).minor == minor
    assert round_half_up(Decimal(amount), code) == from_minor(minor, code)


def test_rounding_keeps_the_currency() -> None:
    """A rounded amount is money of the same currency with its decimals."""
    rounded = Money(Decimal("1.2345"), KWD).rounded()
    assert rounded == Money(Decimal("1.235"), KWD)
    assert str(rounded) == "1.235 KWD"


def test_amounts_of_one_currency_have_an_order() -> None:
    """Less, and not more, can be asked of two amounts of one currency."""
    low, high = Money(Decimal(-1), EUR), Money(Decimal("0.5"), EUR)
    assert low < high
    assert low <= Money(Decimal(-1), EUR)
    assert high > low
    assert max(low, high) is high


def test_codes_are_read_in_any_case_and_with_blanks() -> None:
    """A code is known however it is written."""
    assert currency(" eur ") == EUR
    assert currency("Kwd") == KWD


@pytest.mark.parametrize("code", ["", "EU", "EURO", "XYZ", "XAU", "XXX", "€"])
def test_what_has_no_minor_unit_is_no_currency(code: str) -> None:
    """Unknown codes, and codes of metals and of nothing, are refused by name."""
    with pytest.raises(UnknownCurrencyError, match="ISO 4217"):
        currency(code)
