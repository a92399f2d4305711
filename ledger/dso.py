"""Days sales outstanding in three forms, best-possible DSO, average days delinquent.

Formulas, sources and worked examples: `docs/metrics.md`. All amounts of one call are of
one currency, in any one unit: minor units, or home currency converted once.

Sales are invoices less credit notes, gross of tax like the receivables they stand
beside. Receivables are gross open items, or net of unapplied cash and credits.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from ledger.calendar import ONE_DAY, Month
from ledger.figures import Figure, NoFigure, quotient

MONTHS_SIMPLE = 3
MONTHS_ROLLING = 12


@dataclass(frozen=True, slots=True)
class Window:
    """Days in which sales count, both ends included.

    Attributes:
        day_count: The days to multiply by.
    """

    begin_on: date
    end_on: date
    day_count: int


@dataclass(frozen=True, slots=True)
class MonthSales:
    """The sales of a month, or of its days up to the as-of date."""

    month: Month
    sales: Decimal
    day_count: int


@dataclass(frozen=True, slots=True)
class CountBack:
    """What counting back found.

    Attributes:
        days: The figure.
        is_lower_bound: History began before everything was explained.
        unexplained: The receivables older than history, zero unless a lower bound.
        negative_months: Months whose credit notes exceeded their sales; taken as zero.
    """

    days: Figure
    is_lower_bound: bool = False
    unexplained: Decimal = Decimal(0)
    negative_months: tuple[Month, ...] = ()


def simple_window(as_of: date, months: int = MONTHS_SIMPLE) -> Window:
    """Return the calendar months that end with the as-of date's, cut at that date."""
    begin_on = Month.of(as_of).plus(1 - months).first_on
    return Window(begin_on, as_of, (as_of - begin_on + ONE_DAY).days)


def rolling_window(as_of: date) -> Window:
    """Return the twelve calendar months ending in the as-of date's month.

    The days are those of the whole months, 365 or 366; sales count to the date only.
    """
    last = Month.of(as_of)
    first = last.plus(1 - MONTHS_ROLLING)
    return Window(first.first_on, as_of, (last.last_on - first.first_on + ONE_DAY).days)


def of_window(receivables: Decimal, sales: Decimal, window: Window) -> Figure:
    """Return receivables ÷ sales times days: simple, rolling, best-possible DSO."""
    if sales == 0:
        return Figure.none(NoFigure.NO_SALES)
    if sales < 0:
        return Figure.none(NoFigure.NEGATIVE_SALES)
    return Figure(quotient(receivables * window.day_count, sales))


def count_back(receivables: Decimal, months: Iterable[MonthSales]) -> CountBack:
    """Walk back month by month until the receivables are used up.

    A month whose sales are covered adds its days; the last adds its part. The months
    come newest first and end where history begins; reaching that makes the days a
    lower bound.
    """
    left = receivables
    days = Decimal(0)
    negative: list[Month] = []
    seen = False
    for month in months:
        seen = True
        if left <= 0:
            break
        if month.sales < 0:
            negative.append(month.month)
        sales = max(month.sales, Decimal(0))
        if sales > left:
            days += quotient(left * month.day_count, sales)
            left = Decimal(0)
        else:
            days += month.day_count
            left -= sales
    if not seen:
        return CountBack(Figure.none(NoFigure.NO_HISTORY))
    return CountBack(
        Figure(days),
        is_lower_bound=left > 0,
        unexplained=max(left, Decimal(0)),
        negative_months=tuple(negative),
    )
