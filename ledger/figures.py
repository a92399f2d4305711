"""Figures: a number, or none with the reason why."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import Self

from ledger.money import EXACT

TWO_PLACES = Decimal("0.01")


class NoFigure(StrEnum):
    """Why a metric has no value."""

    NO_SALES = "no sales in the window"
    NEGATIVE_SALES = "credit notes exceed the sales of the window"
    NO_HISTORY = "no document is known by this date"
    NOTHING_OPEN = "nothing is open"
    NOTHING_TO_COLLECT = "nothing was due for collection in the window"
    NO_PAYMENTS = "no payments were applied in the window"
    NO_AVERAGE_BALANCE = "the average balance is zero"
    EMPTY_BUCKET = "nothing was in the bucket"


@dataclass(frozen=True, slots=True)
class Figure:
    """The value of a metric, unrounded, or the reason why there is none."""

    value: Decimal | None
    reason: NoFigure | None = None

    @classmethod
    def none(cls, reason: NoFigure) -> Self:
        """Make a figure without a value."""
        return cls(None, reason)

    def rounded(self) -> Decimal | None:
        """Return the value to two places, half up; the only rounding of a metric."""
        if self.value is None:
            return None
        return self.value.quantize(TWO_PLACES, rounding=ROUND_HALF_UP)

    def minus(self, other: "Figure") -> "Figure":
        """Return the difference; a side without a value decides."""
        if self.value is None:
            return self
        if other.value is None:
            return other
        return Figure(EXACT.subtract(self.value, other.value))


def quotient(numerator: Decimal | int, denominator: Decimal | int) -> Decimal:
    """Divide with far more digits than anyone prints."""
    return EXACT.divide(Decimal(numerator), Decimal(denominator))
