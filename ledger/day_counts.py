"""Day counts: which part of a year a run of days is.

The conventions are those of ISDA's definitions. Every one of them adds up: the parts of
two adjacent runs are the part of both together.
"""

from datetime import date
from enum import StrEnum
from fractions import Fraction

from ledger.calendar import ONE_DAY


class DayCount(StrEnum):
    """How days become a part of a year."""

    ACT_365F = "act_365f"
    """Calendar days over 365, in leap years too."""
    ACT_360 = "act_360"
    """Calendar days over 360."""
    ACT_ACT_ISDA = "act_act_isda"
    """Calendar days over the days of their own year, split at 31 December."""
    THIRTY_E_360 = "30e_360"
    """Months of 30 days over 360: a 31st weighs nothing, the end of February more."""


def year_part(first: date, last: date, count: DayCount) -> Fraction:
    """Return the part of a year from a day to a day, both ends included.

    30E/360 counts from the eve of the first day to the last, as from a due date to the
    day a payment arrives.
    """
    days = (last - first).days + 1
    match count:
        case DayCount.ACT_365F:
            return Fraction(days, 365)
        case DayCount.ACT_360:
            return Fraction(days, 360)
        case DayCount.THIRTY_E_360:
            return Fraction(_of_360(last) - _of_360(first - ONE_DAY), 360)
        case DayCount.ACT_ACT_ISDA:
            return sum(
                (
                    Fraction(
                        (
                            min(last, date(year, 12, 31)) - max(first, date(year, 1, 1))
                        ).days
                        + 1,
                        days_of_year(year),
                    )
                    for year in range(first.year, last.year + 1)
                ),
                Fraction(0),
            )


def days_of_year(year: int) -> int:
    """Return 366 for a leap year, else 365."""
    return (date(year, 12, 31) - date(year, 1, 1)).days + 1


def _of_360(day: date) -> int:
    return 360 * day.year + 30 * day.month + min(day.day, 30)
