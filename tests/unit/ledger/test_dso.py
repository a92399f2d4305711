"""Days sales outstanding: worked examples, windows and edges."""

from datetime import date
from decimal import Decimal

import pytest

from ledger.calendar import Month
from ledger.dso import (
    MonthSales,
    Window,
    count_back,
    of_window,
    rolling_window,
    simple_window,
)
from ledger.figures import Figure, NoFigure

JUNE_END = date(2026, 6, 30)
OWED, NOT_DUE = Decimal(212_000), Decimal(150_000)
QUARTER_SALES, YEAR_SALES = Decimal(250_000), Decimal(1_020_000)


def month(text: str, sales: str | int, days: int | None = None) -> MonthSales:
    """Make a month's sales, of all its days unless told."""
    year, number = (int(part) for part in text.split("-"))
    one = Month(year, number)
    return MonthSales(one, Decimal(sales), one.day_count if days is None else days)


QUARTER = (
    month("2026-06", 100_000),
    month("2026-05", 80_000),
    month("2026-04", 70_000),
)


def test_simple_dso() -> None:
    """212,000 owed on 250,000 sold in a quarter of 91 days are 77.17 days."""
    window = simple_window(JUNE_END)
    assert window == Window(date(2026, 4, 1), JUNE_END, 91)
    assert of_window(OWED, QUARTER_SALES, window).rounded() == Decimal("77.17")


def test_rolling_dso() -> None:
    """212,000 owed on 1,020,000 sold in a year are 75.86 days."""
    window = rolling_window(JUNE_END)
    assert window == Window(date(2025, 7, 1), JUNE_END, 365)
    assert of_window(OWED, YEAR_SALES, window).rounded() == Decimal("75.86")


def test_best_possible_dso_and_days_delinquent() -> None:
    """With 150,000 not yet due the best is 54.60 days, and 22.57 are delinquent."""
    window = simple_window(JUNE_END)
    best = of_window(NOT_DUE, QUARTER_SALES, window)
    late = of_window(OWED, QUARTER_SALES, window).minus(best)
    assert best.rounded() == Decimal("54.60")
    assert late.rounded() == Decimal("22.57")


def test_count_back() -> None:
    """June and May whole and 32 of April's 70 are 74.71 calendar days."""
    found = count_back(OWED, QUARTER)
    assert found.days.rounded() == Decimal("74.71")
    assert not found.is_lower_bound
    assert found.unexplained == 0


def test_count_back_with_months_of_thirty_days() -> None:
    """The same with months of thirty days are 73.71, so the days given count."""
    months = [MonthSales(one.month, one.sales, 30) for one in QUARTER]
    assert count_back(OWED, months).days.rounded() == Decimal("73.71")


def test_a_window_inside_a_month_ends_with_its_day() -> None:
    """The month of the date counts up to that date only."""
    assert simple_window(date(2026, 6, 12)) == Window(
        date(2026, 4, 1), date(2026, 6, 12), 30 + 31 + 12
    )
    assert simple_window(date(2026, 1, 31), months=1).day_count == 31


@pytest.mark.parametrize(
    ("as_of", "days"),
    [
        (date(2024, 2, 10), 366),
        (date(2024, 2, 29), 366),
        (date(2025, 1, 31), 366),
        (date(2025, 2, 1), 365),
        (date(2024, 1, 31), 365),
    ],
)
def test_a_rolling_year_with_a_leap_day_has_366_days(as_of: date, days: int) -> None:
    """The twelve whole months around the date are multiplied by, leap day included."""
    window = rolling_window(as_of)
    assert window.day_count == days
    assert window.end_on == as_of


@pytest.mark.parametrize("owed", [Decimal(0), Decimal(500)])
def test_without_sales_there_is_no_dso(owed: Decimal) -> None:
    """No sales give no figure but a reason, also when nothing is owed."""
    window = simple_window(JUNE_END)
    none = of_window(owed, Decimal(0), window)
    negative = of_window(owed, Decimal(-1), window)
    assert none == Figure.none(NoFigure.NO_SALES)
    assert negative == Figure.none(NoFigure.NEGATIVE_SALES)


def test_nothing_owed_is_no_days() -> None:
    """With sales and nothing owed every form is zero days."""
    window = simple_window(JUNE_END)
    assert of_window(Decimal(0), QUARTER_SALES, window).rounded() == Decimal(0)
    assert count_back(Decimal(0), QUARTER).days.rounded() == Decimal(0)


def test_count_back_stops_when_a_month_is_used_up_exactly() -> None:
    """What one month explains to the cent takes no day of the month before."""
    found = count_back(Decimal(100_000), QUARTER)
    assert found.days.value == 30
    assert not found.is_lower_bound


def test_a_month_without_sales_adds_its_days() -> None:
    """Receivables older than a month without sales are older by all its days."""
    months = [month("2026-06", 0), month("2026-05", 0), month("2026-04", 60)]
    assert count_back(Decimal(30), months).days.value == 30 + 31 + 15


def test_a_month_of_credit_notes_counts_as_none_and_is_named() -> None:
    """Negative sales take nothing off, add their days and are flagged."""
    months = [month("2026-06", -500), month("2026-05", 62)]
    found = count_back(Decimal(31), months)
    assert found.days.value == Decimal(30) + Decimal("15.5")
    assert found.negative_months == (Month(2026, 6),)


def test_a_negative_month_not_reached_is_not_named() -> None:
    """Only months that were walked are flagged."""
    months = [month("2026-06", 100), month("2026-05", -1)]
    assert count_back(Decimal(100), months).negative_months == ()


def test_count_back_ends_where_history_begins() -> None:
    """The days so far are then a lower bound, with the rest that nothing explains."""
    found = count_back(Decimal(300_000), QUARTER)
    assert found.days.value == 91
    assert found.is_lower_bound
    assert found.unexplained == 50_000


def test_count_back_counts_a_month_up_to_the_date() -> None:
    """Inside a month its days so far are added, not all of them."""
    months = [month("2026-06", 40, days=12), month("2026-05", 62)]
    assert count_back(Decimal(71), months).days.value == Decimal(12) + Decimal("15.5")


def test_without_history_there_is_no_count_back() -> None:
    """Where no month is known there is no figure but a reason."""
    for owed in (Decimal(0), Decimal(10)):
        found = count_back(owed, [])
        assert found.days == Figure.none(NoFigure.NO_HISTORY)


def test_the_two_forms_on_one_example() -> None:
    """1,500 owed at the end of March: 56.25 days simple, 52 counted back."""
    window = simple_window(date(2026, 3, 31))
    months = [month("2026-03", 900), month("2026-02", 800), month("2026-01", 700)]
    owed = Decimal(1500)
    assert of_window(owed, Decimal(2400), window).rounded() == Decimal("56.25")
    assert count_back(owed, months).days.rounded() == Decimal("52.00")
