"""Compensation for recovery costs, held against the figures of the laws themselves."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.compensation import (
    Band,
    Banded,
    DatedAmount,
    Fixed,
    Scale,
    Step,
    for_item,
    for_letter,
    shared_out,
)
from ledger.money import Currency

EUR, GBP, PLN, NOK = (Currency(code) for code in ("EUR", "GBP", "PLN", "NOK"))
DEFAULT = date(2025, 6, 16)
FORTY = Fixed(
    currency=EUR,
    values=(DatedAmount(from_on=date(2013, 3, 16), until=date.max, minor=4_000),),
)
BRITISH = Banded(
    debt_currency=GBP,
    currency=GBP,
    bands=(
        Band(to_minor=100_000, with_bound=False, pays_minor=4_000),
        Band(to_minor=1_000_000, with_bound=False, pays_minor=7_000),
        Band(to_minor=None, with_bound=True, pays_minor=10_000),
    ),
)
POLISH = Banded(
    debt_currency=PLN,
    currency=EUR,
    bands=(
        Band(to_minor=500_000, with_bound=True, pays_minor=4_000),
        Band(to_minor=5_000_000, with_bound=False, pays_minor=7_000),
        Band(to_minor=None, with_bound=True, pays_minor=10_000),
    ),
    rate_named="the mean rate of the month before",
)
DUTCH = Scale(
    currency=EUR,
    steps=(
        Step(width_minor=250_000, percent=Decimal(15)),
        Step(width_minor=250_000, percent=Decimal(10)),
        Step(width_minor=500_000, percent=Decimal(5)),
        Step(width_minor=19_000_000, percent=Decimal(1)),
        Step(width_minor=None, percent=Decimal("0.5")),
    ),
    least_minor=4_000,
    most_minor=677_500,
)


@pytest.mark.parametrize(
    ("debt", "paid"),
    [("999.99", 4_000), ("1000", 7_000), ("9999.99", 7_000), ("10000", 10_000)],
)
def test_the_british_bands(debt: str, paid: int) -> None:
    """40 below 1,000, 70 below 10,000, 100 from there on."""
    found = for_item(
        BRITISH,
        open_minor=int(Decimal(debt) * 100),
        currency=GBP,
        defaulted_on=DEFAULT,
    )

    assert (found.minor, found.currency) == (paid, GBP)


@pytest.mark.parametrize(
    ("debt", "euros"),
    [("5000", 40), ("5000.01", 70), ("49999.99", 70), ("50000", 100)],
)
def test_the_polish_bands_are_converted(debt: str, euros: int) -> None:
    """To 5,000 with it 40, below 50,000 70, then 100, at the rate that is given."""
    found = for_item(
        POLISH,
        open_minor=int(Decimal(debt) * 100),
        currency=PLN,
        defaulted_on=DEFAULT,
        conversion=Decimal("4.2505"),
    )

    assert found.currency == PLN
    assert found.minor == int((euros * Decimal("4.2505") * 100).to_integral_value())


def test_without_the_rate_it_cannot_be_said() -> None:
    """No rate is guessed: the amount is unknown, and why is said."""
    found = for_item(POLISH, open_minor=1, currency=PLN, defaulted_on=DEFAULT)

    assert found.minor is None
    assert "mean rate" in found.reason


def test_bands_in_another_currency_cannot_be_said() -> None:
    """A debt in euros has no place in bands of pounds."""
    found = for_item(BRITISH, open_minor=1, currency=EUR, defaulted_on=DEFAULT)

    assert found.minor is None
    assert "GBP" in found.reason


@pytest.mark.parametrize(
    ("principal", "costs"),
    [
        ("100", "40"),
        ("266", "40"),
        ("267", "40.05"),
        ("2500", "375"),
        ("7500", "750"),
        ("10000", "875"),
        ("200000", "2775"),
        ("1000000", "6775"),
        ("1500000", "6775"),
    ],
)
def test_the_dutch_scale(principal: str, costs: str) -> None:
    """The scale's own steps, its floor and its ceiling."""
    found = for_letter(DUTCH, [int(Decimal(principal) * 100)], EUR)

    assert found.minor == int(Decimal(costs) * 100)


def test_the_scale_is_over_one_letters_sum() -> None:
    """Two invoices of 5,000 in one letter bring 875.00, not twice 625.00."""
    assert for_letter(DUTCH, [500_000, 500_000], EUR).minor == 87_500


def test_a_fixed_amount_is_owed_whatever_the_debt() -> None:
    """40 for a debt of a cent, nothing where nothing was open."""
    asked = {"currency": EUR, "defaulted_on": DEFAULT}

    assert for_item(FORTY, open_minor=1, **asked).minor == 4_000  # type: ignore[arg-type]  # spelt out above
    assert for_item(FORTY, open_minor=0, **asked).minor == 0  # type: ignore[arg-type]


def test_an_amount_of_other_days_is_not_used() -> None:
    """A default before the first amount that is known has none."""
    found = for_item(FORTY, open_minor=1, currency=EUR, defaulted_on=date(2013, 3, 15))

    assert found.minor is None
    assert "2013-03-15" in found.reason


@pytest.mark.parametrize(("fees", "left"), [(0, 47_000), (7_000, 40_000), (99_000, 0)])
def test_norwegian_reminder_fees_come_off(fees: int, left: int) -> None:
    """What was asked for reminders lowers the amount, never below nothing."""
    rule = Fixed(
        currency=NOK,
        values=(DatedAmount(from_on=date(2025, 1, 1), until=date.max, minor=47_000),),
        less_reminder_fees=True,
    )

    found = for_item(
        rule,
        open_minor=1,
        currency=NOK,
        defaulted_on=DEFAULT,
        reminder_fees_minor=fees,
    )

    assert found.minor == left


def test_where_there_is_no_rule_nothing_is_added() -> None:
    """A country without one adds nothing, and that is certain."""
    found = for_item(None, open_minor=1, currency=EUR, defaulted_on=DEFAULT)

    assert (found.minor, found.verified) == (0, True)


@given(
    minor=st.integers(0, 10**6),
    principals=st.lists(st.integers(1, 10**9), min_size=1, max_size=20),
)
def test_what_is_shared_out_adds_up(minor: int, principals: list[int]) -> None:
    """Shares make the whole to the cent, and none is below nothing."""
    shares = shared_out(minor, principals)

    assert sum(shares) == minor
    assert min(shares) >= 0
