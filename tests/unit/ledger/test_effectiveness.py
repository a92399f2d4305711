"""How well receivables turn into money: worked examples and edges."""

from dataclasses import replace
from decimal import Decimal

import pytest

from ledger.effectiveness import (
    AppliedPayments,
    Period,
    collection_effectiveness,
    collection_effectiveness_monthly,
    collection_period,
    days_to_pay,
    percent,
    roll_rate,
    turnover,
)
from ledger.figures import Figure, NoFigure

QUARTER = Period(
    begin=Decimal(6200),
    sales=Decimal(3390 + 3610 + 3890),
    end=Decimal(6340),
    end_current=Decimal(3590),
    month_count=3,
)
YEAR = Period(
    begin=Decimal(180_000),
    sales=Decimal(1_020_000),
    end=Decimal(212_000),
    end_current=Decimal(150_000),
    month_count=12,
)


def applied(*rows: tuple[int, int, int]) -> AppliedPayments:
    """Sum rows of amount, days to pay and days late."""
    return AppliedPayments(
        amount=Decimal(sum(amount for amount, _, _ in rows)),
        amount_days=Decimal(sum(amount * days for amount, days, _ in rows)),
        amount_days_late=Decimal(sum(amount * late for amount, _, late in rows)),
        amount_days_late_floored=Decimal(
            sum(amount * max(0, late) for amount, _, late in rows)
        ),
        days=Decimal(sum(days for _, days, _ in rows)),
        days_late=Decimal(sum(late for _, _, late in rows)),
        count=len(rows),
    )


def test_collection_effectiveness() -> None:
    """Of 1,320,000 that could be collected 1,250,000 were: 94.70 percent."""
    period = Period(
        begin=Decimal(400_000),
        sales=Decimal(1_200_000),
        end=Decimal(350_000),
        end_current=Decimal(280_000),
        month_count=12,
    )
    assert collection_effectiveness(period).rounded() == Decimal("94.70")


def test_collection_effectiveness_has_two_readings() -> None:
    """The sales of the whole quarter give 79.6 percent, those of a month 55.9."""
    whole = collection_effectiveness(QUARTER).rounded()
    monthly = collection_effectiveness_monthly(QUARTER).rounded()
    assert whole == Decimal("79.63")
    assert monthly == Decimal("55.93")


def test_turnover_and_collection_period() -> None:
    """Receivables turn 5.20 times, in 70.14 days, from the turnover unrounded."""
    turned = turnover(YEAR)
    assert turned.rounded() == Decimal("5.20")
    assert collection_period(turned).rounded() == Decimal("70.14")


def test_bad_debt_as_a_share_of_sales() -> None:
    """Written off less recovered, 5,000 of 1,020,000 sold are 0.49 percent."""
    share = percent(Decimal(6000 - 1000), Decimal(1_020_000))
    assert share.rounded() == Decimal("0.49")


@pytest.mark.parametrize(
    ("sales", "reason"), [(0, NoFigure.NO_SALES), (-1, NoFigure.NEGATIVE_SALES)]
)
def test_without_sales_there_is_no_figure(sales: int, reason: NoFigure) -> None:
    """Zero or negative sales give no figure but a reason, whatever is owed."""
    for owed in (Decimal(0), Decimal(1000)):
        period = replace(QUARTER, sales=Decimal(sales), begin=owed, end=owed)
        for figure in (
            collection_effectiveness(period),
            collection_effectiveness_monthly(period),
            turnover(period),
            collection_period(turnover(period)),
        ):
            assert figure == Figure.none(reason)


def test_nothing_to_collect_is_no_figure() -> None:
    """Where all that could be collected is not yet due there is no index."""
    period = replace(QUARTER, begin=Decimal(0), end_current=QUARTER.sales)
    reason = NoFigure.NOTHING_TO_COLLECT
    assert collection_effectiveness(period) == Figure.none(reason)


def test_turnover_needs_a_balance() -> None:
    """Sales that were paid at once turn over no receivables."""
    period = replace(QUARTER, begin=Decimal(0), end=Decimal(0))
    reason = NoFigure.NO_AVERAGE_BALANCE
    assert turnover(period) == Figure.none(reason)
    assert collection_period(turnover(period)) == Figure.none(reason)


def test_a_share_of_nothing_is_no_figure() -> None:
    """Nothing open has no current part."""
    figure = percent(Decimal(0), Decimal(0))
    assert figure == Figure.none(NoFigure.NOTHING_OPEN)


def test_roll_rate() -> None:
    """A quarter of the bucket rolled; a bucket that was empty has no rate."""
    assert roll_rate(Decimal(4000), Decimal(1000)).rounded() == Decimal("25.00")
    empty = roll_rate(Decimal(0), Decimal(0))
    assert empty == Figure.none(NoFigure.EMPTY_BUCKET)


def test_days_to_pay() -> None:
    """Weighted by amount 60.63 days and 30.63 late, plain 48.33 and 18.33."""
    found = days_to_pay(applied((1000, 30, 0), (5000, 75, 45), (2000, 40, 10)))
    assert found.weighted.rounded() == Decimal("60.63")
    assert found.unweighted.rounded() == Decimal("48.33")
    assert found.weighted_late.rounded() == Decimal("30.63")
    assert found.unweighted_late.rounded() == Decimal("18.33")


def test_early_payments_keep_their_sign() -> None:
    """Ten days early and ten late are none, or five where early counts as none."""
    found = days_to_pay(applied((500, 20, -10), (500, 40, 10)))
    assert found.weighted_late.rounded() == Decimal("0.00")
    assert found.unweighted_late.rounded() == Decimal("0.00")
    assert found.weighted_late_floored.rounded() == Decimal("5.00")


def test_no_payments_are_no_figure() -> None:
    """Where nothing was paid there are no days to pay."""
    found = days_to_pay(applied())
    none = Figure.none(NoFigure.NO_PAYMENTS)
    assert found.weighted == none
    assert found.weighted_late_floored == none
    assert found.unweighted_late == none
