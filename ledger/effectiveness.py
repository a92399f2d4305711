"""How well receivables turn into money: CEI, days to pay, turnover, roll rates.

Formulas, sources and worked examples: `docs/metrics.md`. All amounts of one call are of
one currency, in any one unit.
"""

from dataclasses import dataclass
from decimal import Decimal

from ledger.figures import Figure, NoFigure, quotient

HUNDRED = Decimal(100)
YEAR_DAYS = 365
"""The collection period always divides a year of 365 days."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """A period's receivables and sales.

    Attributes:
        begin: Gross receivables at the end of the day before it.
        sales: Credit sales, net of credit notes, of the whole period.
        end: Gross receivables at its end.
        end_current: How much of those is not due yet.
        month_count: How many calendar months it touches.
    """

    begin: Decimal
    sales: Decimal
    end: Decimal
    end_current: Decimal
    month_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AppliedPayments:
    """Sums over the payments applied in a window and not taken back since.

    Attributes:
        amount: Σ amount.
        amount_days: Σ amount x days from document to value date.
        amount_days_late: Σ amount x days from due date to value date, early negative.
        amount_days_late_floored: The same with early payments as zero days.
        days: Σ days, unweighted.
        days_late: Σ days late, unweighted.
        count: How many rows.
    """

    amount: Decimal
    amount_days: Decimal
    amount_days_late: Decimal
    amount_days_late_floored: Decimal
    days: Decimal
    days_late: Decimal
    count: int


@dataclass(frozen=True, slots=True)
class DaysToPay:
    """Average days to pay and days late, weighted by amount and plain."""

    weighted: Figure
    weighted_late: Figure
    weighted_late_floored: Figure
    unweighted: Figure
    unweighted_late: Figure


def collection_effectiveness(period: Period) -> Figure:
    """Return the CEI in percent, with the sales of the whole period."""
    return _effectiveness(period, period.sales)


def collection_effectiveness_monthly(period: Period) -> Figure:
    """Return the CEI's other reading: the average month's sales."""
    return _effectiveness(period, quotient(period.sales, period.month_count))


def _effectiveness(period: Period, sales: Decimal) -> Figure:
    if period.sales == 0:
        return Figure.none(NoFigure.NO_SALES)
    if period.sales < 0:
        return Figure.none(NoFigure.NEGATIVE_SALES)
    collectable = period.begin + sales - period.end_current
    if collectable <= 0:
        return Figure.none(NoFigure.NOTHING_TO_COLLECT)
    return Figure(quotient((period.begin + sales - period.end) * HUNDRED, collectable))


def turnover(period: Period) -> Figure:
    """Return sales ÷ the average of the receivables at both ends."""
    if period.sales == 0:
        return Figure.none(NoFigure.NO_SALES)
    if period.sales < 0:
        return Figure.none(NoFigure.NEGATIVE_SALES)
    if period.begin + period.end == 0:
        return Figure.none(NoFigure.NO_AVERAGE_BALANCE)
    return Figure(quotient(period.sales * 2, period.begin + period.end))


def collection_period(turned: Figure) -> Figure:
    """Return 365 ÷ the unrounded turnover, in days."""
    if turned.value is None:
        return turned
    return Figure(quotient(YEAR_DAYS, turned.value))


def percent(part: Decimal, whole: Decimal) -> Figure:
    """Return a part of the receivables in percent of them."""
    if whole == 0:
        return Figure.none(NoFigure.NOTHING_OPEN)
    return Figure(quotient(part * HUNDRED, whole))


def roll_rate(was_in_bucket: Decimal, rolled: Decimal) -> Figure:
    """Return how much of a bucket thirty days ago rolled into the next, in percent.

    Args:
        was_in_bucket: The bucket thirty days before.
        rolled: Of its items now in the next bucket, the lesser of then and now.
    """
    if was_in_bucket == 0:
        return Figure.none(NoFigure.EMPTY_BUCKET)
    return Figure(quotient(rolled * HUNDRED, was_in_bucket))


def days_to_pay(payments: AppliedPayments) -> DaysToPay:
    """Return the averages over payments applied."""
    if payments.count == 0 or payments.amount == 0:
        empty = Figure.none(NoFigure.NO_PAYMENTS)
        return DaysToPay(empty, empty, empty, empty, empty)
    amount, count = payments.amount, payments.count
    return DaysToPay(
        weighted=Figure(quotient(payments.amount_days, amount)),
        weighted_late=Figure(quotient(payments.amount_days_late, amount)),
        weighted_late_floored=Figure(
            quotient(payments.amount_days_late_floored, amount)
        ),
        unweighted=Figure(quotient(payments.days, count)),
        unweighted_late=Figure(quotient(payments.days_late, count)),
    )
