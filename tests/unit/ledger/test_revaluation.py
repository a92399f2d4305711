"""The receivables account at home: exchange is named only where rates say so."""

from datetime import date
from decimal import Decimal

import pytest

from ledger.evidence import Cause, Evidence
from ledger.fx import Rate
from ledger.money import Currency
from ledger.revaluation import (
    BookedOpen,
    HomeComparison,
    HomeControl,
    compare_home,
    statements,
)

EUR, GBP, JPY, USD = (Currency(code) for code in ("EUR", "GBP", "JPY", "USD"))
DAY = date(2026, 3, 31)


def booked(
    code: Currency,
    open_minor: int,
    booked_minor: int,
    *,
    documents: int = 1,
    unbooked: int = 0,
) -> BookedOpen:
    """Open in one currency, all of it owed."""
    return BookedOpen(
        currency=code,
        open_minor=open_minor,
        booked_minor=booked_minor,
        gross_minor=open_minor,
        gross_booked_minor=booked_minor,
        documents=documents,
        unbooked=unbooked,
    )


def a_rate(code: Currency, per: str, on: date = DAY, source: str = "ECB") -> Rate:
    """So many units for a pound."""
    return Rate(GBP, code, Decimal(per), on, source)


def compared(
    balance_minor: int,
    *parts: BookedOpen,
    rates: tuple[Rate, ...] = (),
    evidence: tuple[Evidence, ...] = (),
) -> HomeComparison:
    """Compare with an account in pounds."""
    control = HomeControl(
        source="the trial balance",
        as_of=DAY,
        currency=GBP,
        balance_minor=balance_minor,
    )
    by_currency: dict[Currency, list[Rate]] = {}
    for rate in rates:
        by_currency.setdefault(rate.currency, []).append(rate)
    return compare_home(control, parts, by_currency, evidence)


HOME = booked(GBP, 5_000_00, 5_000_00, documents=3)
# 1,200.00 USD booked at 1.20 are 1,000.00 GBP; at 1.25 they are 960.00 GBP.
DOLLARS = booked(USD, 1_200_00, 1_000_00, documents=2)
AT_125 = a_rate(USD, "1.25")


def test_a_revalued_account_differs_by_the_exchange() -> None:
    """5,960 in the books and 6,000 booked: 40 lower, as the rate of the day says."""
    found = compared(5_960_00, HOME, DOLLARS, rates=(AT_125,))
    assert (found.ours_minor, found.difference_minor) == (6_000_00, -40_00)
    assert (found.fx_minor, found.recomputed_minor) == (-40_00, -40_00)
    assert found.unknown_minor == 0
    assert found.is_good


def test_books_that_never_revalue_are_equal_at_booked_rates() -> None:
    """No exchange is named where there is none, whatever the rate of the day."""
    found = compared(6_000_00, HOME, DOLLARS, rates=(AT_125,))
    assert found.fx_minor == 0
    assert found.is_good


@pytest.mark.parametrize(("off", "unknown"), [(9_62, 0), (9_63, -30_37)])
def test_the_tolerance_is_one_percent_and_a_cent_a_document(
    off: int, unknown: int
) -> None:
    """One percent of 960.00 shown is 9.60, and two documents round by a cent each."""
    found = compared(5_960_00 + off, HOME, DOLLARS, rates=(AT_125,))
    assert found.tolerance_minor == 9_62
    assert found.unknown_minor == unknown


def test_what_the_rates_do_not_explain_is_unknown() -> None:
    """A hundred pounds too many are no exchange, and stay visible whole."""
    found = compared(6_100_00, HOME, DOLLARS, rates=(AT_125,))
    assert found.fx_minor == 0
    assert found.unknown_minor == 100_00
    assert any("Not explained" in line for line in statements(found))


def test_without_foreign_currency_each_penny_counts() -> None:
    """Home documents have no rounding and no exchange."""
    assert compared(5_000_00, HOME).is_good
    assert compared(5_000_01, HOME).unknown_minor == 1


def test_an_old_rate_says_nothing() -> None:
    """A rate of more than a year ago cannot make a difference one of exchange."""
    old = a_rate(USD, "1.25", date(2025, 3, 29))
    found = compared(5_960_00, HOME, DOLLARS, rates=(old,))
    assert found.recomputed_minor is None
    assert found.unknown_minor == -40_00
    assert any("no rate near 2026-03-31" in line for line in statements(found))


@pytest.mark.parametrize(
    ("on", "tolerance"),
    [
        (date(2026, 3, 24), 9_62),
        (date(2026, 3, 23), 48_02),
        (date(2026, 2, 28), 48_02),
        (date(2026, 2, 27), 144_02),
        (date(2025, 3, 30), 144_02),
    ],
)
def test_an_older_rate_is_allowed_more(on: date, tolerance: int) -> None:
    """One percent for a week, five for a month, fifteen for a year of 960.00 shown."""
    older = a_rate(USD, "1.25", on)
    found = compared(5_960_00, HOME, DOLLARS, rates=(older,))
    assert found.tolerance_minor == tolerance


def test_the_nearest_rate_is_taken() -> None:
    """The newer of two rates on or before the day counts; one after it never does."""
    before = a_rate(USD, "1.30", date(2026, 3, 25))
    after = a_rate(USD, "1.50", date(2026, 4, 1))
    found = compared(5_960_00, HOME, DOLLARS, rates=(after, before, AT_125))
    (one,) = found.revaluations
    assert one.rate == AT_125


def test_a_document_without_a_home_amount_leaves_it_open() -> None:
    """What was not booked at home cannot be revalued, and the proof says so."""
    found = compared(
        5_960_00,
        HOME,
        booked(USD, 1_200_00, 500_00, documents=2, unbooked=1),
        rates=(AT_125,),
    )
    assert found.recomputed_minor is None
    assert not found.is_good
    assert any("gave no home amount of 1 open" in line for line in statements(found))


def test_rates_the_wrong_way_round_are_told() -> None:
    """Dollars booked by multiplying stand out, even where the account agrees."""
    # 1,200.00 USD at 1.25 the wrong way round are 1,500.00 GBP instead of 960.00.
    found = compared(5_960_00, HOME, booked(USD, 1_200_00, 1_500_00), rates=(AT_125,))
    assert found.is_upside_down
    assert not found.is_good
    assert any("reciprocal" in line for line in statements(found))


def test_yen_are_told_from_their_reciprocal() -> None:
    """A currency without minor units is compared in whole units."""
    yen = booked(JPY, 190_000, 1_000_00)
    found = compared(1_000_00, yen, rates=(a_rate(JPY, "190"),))
    assert found.is_good
    wrong = booked(JPY, 190_000, 36_100_000_00)
    assert compared(1_000_00, wrong, rates=(a_rate(JPY, "190"),)).is_upside_down


def test_a_rate_of_about_one_cannot_be_told_from_its_reciprocal() -> None:
    """Nothing is claimed of a currency at par."""
    euro = booked(EUR, 1_040_00, 1_081_60)
    found = compared(1_000_00, euro, rates=(a_rate(EUR, "1.04"),))
    assert not found.is_upside_down


def test_records_explain_what_exchange_does_not() -> None:
    """A payment of 100 USD that came meanwhile is 80 pounds at the rate of the day."""
    moved = Evidence(
        cause=Cause.TIMING, record="a payment", currency=USD, debtor=None, minor=-100_00
    )
    found = compared(
        5_960_00 - 80_00, HOME, DOLLARS, rates=(AT_125,), evidence=(moved,)
    )
    assert [one.minor for one in found.explained] == [-80_00]
    assert (found.fx_minor, found.unknown_minor) == (-40_00, 0)
    assert not found.is_good
