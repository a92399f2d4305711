"""Clocks, months and payment terms."""

import calendar as gregorian
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from ledger.errors import InvariantError

ONE_DAY = timedelta(days=1)


class Clock(Protocol):
    """Where every date and instant comes from."""

    def now(self) -> datetime:
        """Return the instant, aware, in UTC."""
        ...

    def today(self, zone: ZoneInfo) -> date:
        """Return the business day in a time zone."""
        ...


class FixedClock:
    """A clock that stands still: for tests, and for a business day set by hand."""

    def __init__(self, now: datetime, today: date | None = None) -> None:
        """Stand at an instant, and at the day it has in each zone unless one is set."""
        if now.tzinfo is None:
            raise InvariantError("A clock's instant needs a time zone.")
        self._now = now.astimezone(UTC)
        self._today = today

    @classmethod
    def on(cls, day: date) -> "FixedClock":
        """Stand at noon UTC of a day that is the business day in every zone."""
        return cls(datetime.combine(day, time(12), UTC), day)

    def now(self) -> datetime:
        """Return the instant the clock stands at."""
        return self._now

    def today(self, zone: ZoneInfo) -> date:
        """Return the day set, else the instant's day in the zone."""
        return self._today or self._now.astimezone(zone).date()


@dataclass(frozen=True, slots=True, order=True)
class Month:
    """A calendar month."""

    year: int
    number: int

    @classmethod
    def of(cls, day: date) -> "Month":
        """Return the month a day lies in."""
        return cls(day.year, day.month)

    @property
    def first_on(self) -> date:
        """The first day."""
        return date(self.year, self.number, 1)

    @property
    def last_on(self) -> date:
        """The last day."""
        return date(self.year, self.number, self.day_count)

    @property
    def day_count(self) -> int:
        """How many days it has."""
        return gregorian.monthrange(self.year, self.number)[1]

    def plus(self, months: int) -> "Month":
        """Return the month so many months later, or earlier when negative."""
        year, index = divmod(self.year * 12 + self.number - 1 + months, 12)
        return Month(year, index + 1)

    def __str__(self) -> str:
        return f"{self.year:04}-{self.number:02}"


@dataclass(frozen=True, slots=True)
class Terms:
    """When a document falls due after its date.

    Attributes:
        days: Calendar days after the document's date.
        to_month_end: Whether the day so found moves to the end of its month.
    """

    days: int
    to_month_end: bool = False

    def due_on(self, issued_on: date) -> date:
        """Return the due date: days are added first, then the month's end is taken."""
        day = issued_on + timedelta(days=self.days)
        return Month.of(day).last_on if self.to_month_end else day


def end_of_day(day: date, zone: ZoneInfo) -> datetime:
    """Return the last microsecond of a day in a zone, in UTC."""
    following = datetime.combine(day + ONE_DAY, time(), zone)
    return following.astimezone(UTC) - timedelta(microseconds=1)
