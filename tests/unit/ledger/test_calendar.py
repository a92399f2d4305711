"""Clocks, months and payment terms."""

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from ledger.calendar import FixedClock, Month, Terms, end_of_day
from ledger.errors import InvariantError

BERLIN = ZoneInfo("Europe/Berlin")
AUCKLAND = ZoneInfo("Pacific/Auckland")
HONOLULU = ZoneInfo("Pacific/Honolulu")


@pytest.mark.parametrize(
    ("days", "issued_on", "due_on"),
    [
        (30, date(2026, 1, 15), date(2026, 2, 14)),
        (0, date(2026, 1, 15), date(2026, 1, 15)),
        (14, date(2026, 12, 24), date(2027, 1, 7)),
    ],
)
def test_terms_in_days(days: int, issued_on: date, due_on: date) -> None:
    """Terms of so many days fall due so many calendar days after the document."""
    assert Terms(days).due_on(issued_on) == due_on


@pytest.mark.parametrize(
    ("days", "issued_on", "due_on"),
    [
        (30, date(2026, 1, 15), date(2026, 2, 28)),
        (30, date(2024, 1, 15), date(2024, 2, 29)),
        (30, date(2026, 1, 1), date(2026, 1, 31)),
        (30, date(2026, 1, 31), date(2026, 3, 31)),
        (0, date(2026, 4, 30), date(2026, 4, 30)),
        (60, date(2026, 11, 30), date(2027, 1, 31)),
    ],
)
def test_terms_to_the_end_of_the_month(
    days: int, issued_on: date, due_on: date
) -> None:
    """The days are added first; then the end of the month so reached is taken."""
    assert Terms(days, to_month_end=True).due_on(issued_on) == due_on


def test_a_clock_set_by_hand_has_one_day_everywhere() -> None:
    """A clock set to a day shows that day in every zone."""
    clock = FixedClock.on(date(2026, 3, 31))
    days = {clock.today(zone) for zone in (BERLIN, AUCKLAND, HONOLULU)}
    assert days == {date(2026, 3, 31)}
    assert clock.now() == datetime(2026, 3, 31, 12, tzinfo=UTC)


def test_a_clock_at_an_instant_has_each_zone_s_own_day() -> None:
    """The business day of an instant is the calendar day of the zone asked for."""
    clock = FixedClock(datetime(2026, 3, 31, 22, 30, tzinfo=UTC))
    assert clock.today(BERLIN) == date(2026, 4, 1)
    assert clock.today(HONOLULU) == date(2026, 3, 31)


def test_a_clock_tells_utc() -> None:
    """An instant given in another zone is told in UTC."""
    eastern = timezone(timedelta(hours=-5))
    clock = FixedClock(datetime(2026, 3, 31, 20, tzinfo=eastern))
    assert clock.now() == datetime(2026, 4, 1, 1, tzinfo=UTC)
    assert clock.now().tzinfo is UTC


def test_a_clock_needs_a_zone() -> None:
    """An instant without a time zone sets no clock."""
    with pytest.raises(InvariantError):
        FixedClock(datetime(2026, 3, 31, 12))  # noqa: DTZ001 - what is refused


@pytest.mark.parametrize(
    ("month", "days"),
    [
        (Month(2024, 2), 29),
        (Month(2025, 2), 28),
        (Month(2000, 2), 29),
        (Month(1900, 2), 28),
        (Month(2026, 12), 31),
    ],
)
def test_a_month_knows_its_days(month: Month, days: int) -> None:
    """A month has its calendar days, leap years included."""
    assert month.day_count == days
    assert month.last_on - month.first_on == timedelta(days=days - 1)


def test_months_are_counted_across_years() -> None:
    """Months later and earlier cross the turn of the year."""
    november = Month.of(date(2026, 11, 22))
    assert november.plus(0) == november
    assert november.plus(2) == Month(2027, 1)
    assert november.plus(-11) == Month(2025, 12)
    assert november.plus(-11).plus(11) == november


def test_months_have_an_order_and_a_name() -> None:
    """Months sort as time passes and are written year first."""
    months = [Month(2026, 1), Month(2025, 12), Month(2025, 2)]
    assert [str(one) for one in sorted(months)] == ["2025-02", "2025-12", "2026-01"]


@pytest.mark.parametrize(
    ("day", "hour"),
    [(date(2026, 1, 31), 22), (date(2026, 3, 29), 21), (date(2026, 10, 25), 22)],
)
def test_a_day_ends_at_midnight_of_its_zone(day: date, hour: int) -> None:
    """The last instant of a day follows daylight saving time."""
    ended_at = end_of_day(day, BERLIN)
    assert ended_at.hour == hour
    assert ended_at.astimezone(BERLIN).date() == day
    assert (ended_at + timedelta(microseconds=1)).astimezone(BERLIN).date() > day
