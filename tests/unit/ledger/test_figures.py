"""Figures: a number, or the reason why there is none."""

from decimal import Decimal

import pytest

from ledger.figures import Figure, NoFigure, quotient


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("0.005", "0.01"),
        ("-0.005", "-0.01"),
        ("74.714285", "74.71"),
        ("56.25", "56.25"),
    ],
)
def test_figures_round_once_half_up(value: str, shown: str) -> None:
    """A figure shows two places, halves away from zero."""
    assert Figure(Decimal(value)).rounded() == Decimal(shown)


def test_a_figure_without_a_value_has_a_reason() -> None:
    """No figure shows nothing and says why."""
    missing = Figure.none(NoFigure.NO_SALES)
    assert missing.rounded() is None
    assert missing.reason == "no sales in the window"


def test_differences_use_unrounded_figures() -> None:
    """Two figures are subtracted before anything is rounded."""
    left, right = Figure(Decimal("1.004")), Figure(Decimal("0.996"))
    assert left.minus(right).rounded() == Decimal("0.01")


def test_a_side_without_a_value_decides_a_difference() -> None:
    """Where either side has no value the difference has that side's reason."""
    missing, number = Figure.none(NoFigure.NO_SALES), Figure(Decimal(1))
    assert missing.minus(number) == missing
    assert number.minus(missing) == missing


def test_quotients_keep_more_digits_than_anyone_prints() -> None:
    """A third times three is one to fifty places."""
    off_by = abs(quotient(1, 3) * 3 - 1)
    assert off_by < Decimal("1e-25")
    assert quotient(-1, 8) == Decimal("-0.125")
