"""By what rule and rate interest is owed, on what, and which days are left out."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from ledger.calendar import ONE_DAY
from ledger.day_counts import DayCount
from ledger.errors import InvariantError
from ledger.money import Currency


class Mode(StrEnum):
    """Where the rate of a day comes from."""

    FLOATING_HALF_YEAR = "floating_half_year"
    """The reference rate of the half-year the day lies in, and a margin."""
    FIXED_AT_START = "fixed_at_start"
    """The same, of the first day of delay, for the life of the debt."""
    FLAT = "flat"
    """A rate that the law itself names."""
    CONTRACT = "contract"
    """A rate that the parties agreed; without one there is none."""


class RateRounding(StrEnum):
    """How reference rate and margin together are rounded."""

    NONE = "none"
    UP_TO_HALF = "up_to_half"
    """Up to the next half point, toward plus infinity; an exact half stays."""


class Compounding(StrEnum):
    """Whether interest bears interest."""

    NONE = "none"
    YEARLY = "yearly"
    """On each anniversary of the first day of delay, rounded to the minor unit."""


class Rounding(StrEnum):
    """Where fractions of a minor unit are dropped."""

    ONCE_AT_END = "once_at_end"
    BY_SEGMENT = "by_segment"


class Order(StrEnum):
    """What a part payment pays first."""

    PRINCIPAL_FIRST = "principal_first"
    """As the books have it: all of it lowers the invoice."""
    COSTS_INTEREST_PRINCIPAL = "costs_interest_principal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """A value of a series, on the days from `from_on` to `until`, both included.

    Attributes:
        verified: Whether somebody read it in the source that is named.
    """

    from_on: date
    until: date
    percent: Decimal
    source: str = ""
    verified: bool = True


@dataclass(frozen=True, slots=True)
class RateSeries:
    """A reference rate over time: its values in order, without overlaps."""

    name: str
    values: tuple[Rate, ...]

    def on(self, day: date) -> Rate | None:
        """Return the value of a day, or None where none is known."""
        place = bisect_right(self.values, day, key=lambda one: one.from_on)
        if not place:
            return None
        found = self.values[place - 1]
        return found if day <= found.until else None


@dataclass(frozen=True, slots=True, kw_only=True)
class InterestTerms:
    """By what rule interest is owed.

    Attributes:
        percent: The rate a year, of `flat` and `contract`; None where none was agreed.
        margin: Points above the reference rate.
        counts_value_day: Whether the day a payment arrives still counts as late.
        verified: Whether the rule itself was read in a source.
    """

    mode: Mode
    series: RateSeries | None = None
    percent: Decimal | None = None
    margin: Decimal = Decimal(0)
    rate_rounding: RateRounding = RateRounding.NONE
    day_count: DayCount = DayCount.ACT_365F
    compounding: Compounding = Compounding.NONE
    rounding: Rounding = Rounding.ONCE_AT_END
    order: Order = Order.PRINCIPAL_FIRST
    counts_value_day: bool = True
    verified: bool = True
    source: str = ""


@dataclass(frozen=True, slots=True, order=True)
class Movement:
    """What lowered a claim on a value date, in minor units; below 0 it rose.

    Attributes:
        is_payment: Whether money came; a credit never meets costs or interest.
    """

    on: date
    minor: int
    is_payment: bool = True


@dataclass(frozen=True, slots=True, order=True)
class Pause:
    """Days that do not count, both ends included."""

    first_on: date
    last_on: date

    def __post_init__(self) -> None:
        """Refuse a pause that ends before it begins."""
        if self.last_on < self.first_on:
            raise InvariantError(f"A pause ends on {self.last_on}, before it begins.")


@dataclass(frozen=True, slots=True, order=True)
class Cost:
    """A compensation or a fee, in minor units, with the day it was asked for."""

    on: date
    minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What is owed, since when, and what became of it.

    Attributes:
        costs: Compensation and fees that a payment meets first, where that is the
            order; one whose value date is before a cost never meets it.
    """

    currency: Currency
    principal_minor: int
    due_on: date
    movements: tuple[Movement, ...] = ()
    costs: tuple[Cost, ...] = ()


def rate_on(terms: InterestTerms, day: date, *, start: date) -> Rate | None:
    """Return the rate of a day, margin and rounding in it; None where none is known.

    Args:
        terms: The rule.
        day: A day of delay.
        start: The first of them.
    """
    if terms.mode in {Mode.FLAT, Mode.CONTRACT}:
        if terms.percent is None:
            return None
        return Rate(
            from_on=start,
            until=date.max,
            percent=terms.percent,
            source=terms.source,
            verified=terms.verified,
        )
    asked = start if terms.mode is Mode.FIXED_AT_START else day
    found = terms.series.on(asked) if terms.series else None
    if found is None:
        return None
    percent = found.percent + terms.margin
    if terms.rate_rounding is RateRounding.UP_TO_HALF:
        percent = Decimal((-percent * 2).__floor__()) / -2
    return Rate(
        from_on=found.from_on,
        until=date.max if terms.mode is Mode.FIXED_AT_START else found.until,
        percent=percent,
        source=found.source,
        verified=found.verified,
    )


def joined(pauses: Sequence[Pause]) -> tuple[Pause, ...]:
    """Return pauses in order, those that touch or overlap as one."""
    found: list[Pause] = []
    for one in sorted(pauses):
        if found and one.first_on <= found[-1].last_on + ONE_DAY:
            last_on = max(found[-1].last_on, one.last_on)
            found[-1] = Pause(found[-1].first_on, last_on)
        else:
            found.append(one)
    return tuple(found)
