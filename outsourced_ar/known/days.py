"""Business days and hours where a debtor is.

A business day is no weekend and no public holiday of the debtor's region; a country
whose holidays are not known has weekends only, and its calendar says so. Hours are
those of the debtor's own clock, in summer and winter alike.
"""

import tomllib
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from difflib import get_close_matches
from functools import cache, lru_cache
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

import holidays
from babel import Locale, UnknownLocaleError
from babel.core import get_global

from ledger.calendar import ONE_DAY
from ledger.errors import RequestError
from outsourced_ar.rule_files import packaged

COUNTRY_LETTERS: Final = 2
UNKNOWN_TERRITORY: Final = "ZZ"
GREECE_IN_VAT_NUMBERS: Final = "EL"
SATURDAY: Final = 5
SUNDAY: Final = 6
CLOSED_DAYS_MAX: Final = 60
"""No country rests longer; a calendar that does is wrong."""


class Offset(NamedTuple):
    """How far from the due date a step lies; `days` is never negative."""

    days: int
    is_before: bool
    in_business_days: bool

    def days_from(self, due_on: date) -> date:
        """Return the calendar day that lies so far from the due date."""
        return due_on + timedelta(days=-self.days if self.is_before else self.days)

    def __str__(self) -> str:
        if self.days == 0:
            return "on the due date"
        unit = "business day" if self.in_business_days else "day"
        side = "before" if self.is_before else "after"
        return f"{self.days} {unit}{'s' * (self.days != 1)} {side} the due date"


class Calendar:
    """The business days of a country, or of a region of it; made once each."""

    def __init__(self, country: str | None, subdivision: str | None = None) -> None:
        """Find the country's holidays, those of the subdivision where known."""
        supported = _supported()
        self.country = country if country in supported else None
        self.subdivision = _subdivision(self.country, subdivision)
        self.name = "-".join(
            part for part in (country or "unknown", self.subdivision) if part
        )
        self._years: dict[int, dict[date, str]] = {}
        self.weekend = frozenset({SATURDAY, SUNDAY})
        if self.country is not None:
            known = holidays.country_holidays(self.country)
            self.weekend = frozenset(known.weekend)

    @property
    def is_known(self) -> bool:
        """Whether public holidays are known, and not weekends only."""
        return self.country is not None

    def holiday(self, day: date) -> str | None:
        """Return the name of the public holiday on a day, if it is one."""
        if self.country is None:
            return None
        year = self._years.get(day.year)
        if year is None:
            year = self._years[day.year] = _year(
                self.country, self.subdivision, day.year
            )
        return year.get(day)

    def is_weekend(self, day: date) -> bool:
        """Say whether a day is a weekend there."""
        return day.weekday() in self.weekend

    def is_open(self, day: date) -> bool:
        """Say whether a day is a business day."""
        return not self.is_weekend(day) and self.holiday(day) is None

    def first_from(self, day: date) -> date:
        """Return the day, or the first business day after it."""
        return self._move(day, ONE_DAY)

    def last_to(self, day: date) -> date:
        """Return the day, or the last business day before it."""
        return self._move(day, -ONE_DAY)

    def plus(self, day: date, business_days: int) -> date:
        """Return the business day so many after a day, before it when negative."""
        stride = ONE_DAY if business_days >= 0 else -ONE_DAY
        for _ in range(abs(business_days)):
            day = self._move(day + stride, stride)
        return day

    def _move(self, day: date, stride: timedelta) -> date:
        for _ in range(CLOSED_DAYS_MAX):
            if self.is_open(day):
                return day
            day += stride
        return day

    def reach(self, offset: Offset, due_on: date) -> date:
        """Return the day on which a step is reached.

        A step before the due date that would fall on a closed day moves to the last
        business day before, so that the debtor hears in time; one after the due date
        moves to the next business day and is never early. A step of the due date
        itself does not move: what is said of that day is true on that day only.
        """
        if offset.days == 0:
            return due_on
        if offset.in_business_days:
            signed = -offset.days if offset.is_before else offset.days
            return self.plus(due_on, signed)
        day = offset.days_from(due_on)
        return self.last_to(day) if offset.is_before else self.first_from(day)


@lru_cache(maxsize=200_000)
def reached_on(
    offsets: tuple[Offset, ...], calendar: Calendar, due_on: date
) -> tuple[date, ...]:
    """Return the day on which each of a cadence's steps is reached."""
    return tuple(calendar.reach(offset, due_on) for offset in offsets)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a debtor is, as far as days and hours are concerned.

    Attributes:
        country: The country; the tenant's own where the books leave it out.
    """

    country: str
    calendar: Calendar
    zone: ZoneInfo

    def local(self, instant: datetime) -> datetime:
        """Return an instant on the clock there."""
        return instant.astimezone(self.zone)

    def opens_at(self, instant: datetime, opens: time, closes: time) -> datetime:
        """Return the instant, or the first one after it within business hours."""
        local = self.local(instant)
        day = local.date()
        if local.time() >= closes:
            day += ONE_DAY
        open_day = self.calendar.first_from(day)
        start = datetime.combine(open_day, opens, self.zone).astimezone(UTC)
        return max(start, instant.astimezone(UTC))


@cache
def place_of(
    country: str | None,
    region: str | None,
    timezone: str | None,
    *,
    home_country: str,
    home_zone: str,
) -> Place:
    """Return where a debtor is.

    The region's country goes before the books' one; without either the debtor is
    taken to be at home. Its own zone goes before its region's, that before its
    country's main zone, and that before the tenant's.
    """
    code, _, part = (region or "").upper().partition("-")
    here = code or (country or "").upper() or home_country
    where = region or _places()["holidays"].get(here, "")
    subdivision = part or where.partition("-")[2] or None
    named = timezone or _places()["region_zones"].get(f"{here}-{part}")
    if named is None:
        named = home_zone if here == home_country else _main_zone(here) or home_zone
    return Place(here, calendar_of(here, subdivision), _zone(named, home_zone))


@cache
def calendar_of(country: str | None, subdivision: str | None) -> Calendar:
    """Return the one calendar of a place."""
    return Calendar(country, subdivision)


@cache
def main_language(country: str) -> str | None:
    """Return the language that CLDR has most likely spoken in a country."""
    try:
        return Locale.parse(f"und_{country}").language
    except (UnknownLocaleError, ValueError):
        return None


@cache
def expect_zone(name: str) -> str:
    """Return a time zone's name as the clock knows it.

    Raises:
        RequestError: There is none of this name.
    """
    if name in available_timezones():
        return name
    close = get_close_matches(name, sorted(available_timezones()), n=3)
    raise RequestError(
        f"There is no time zone {name!r}.",
        remedy=f"Such as {', '.join(close) or 'Europe/Berlin'}.",
    )


def expect_country(name: str) -> str:
    """Return a country's code by ISO 3166-1, in capitals.

    Raises:
        RequestError: It is none; where another code is meant, that one is named.
    """
    code = name.upper()
    if _is_country(code):
        return code
    meant: list[str] = get_global("territory_aliases").get(code, [])
    close = ["GR"] if code == GREECE_IN_VAT_NUMBERS else meant
    raise RequestError(
        f"{code} is no code of a country.",
        remedy=f"Is {' or '.join(close)} meant?"
        if close
        else "Write two letters by ISO 3166, as DE.",
    )


def expect_region(name: str) -> str:
    """Return a region whose public holidays, or hours, are known, in capitals.

    Raises:
        RequestError: It is no country, or no region of it that is known.
    """
    code, _, part = name.upper().partition("-")
    if not _is_country(code):
        raise RequestError(
            f"{name!r} is no region.", remedy="Write it as DE-BY, or DE for a country."
        )
    known = set(_supported().get(code, ()))
    known |= {
        one.partition("-")[2]
        for one in _places()["region_zones"]
        if one.startswith(f"{code}-")
    }
    if not part or part in known:
        return f"{code}-{part}" if part else code
    listed = ", ".join(sorted(known)) or "none"
    raise RequestError(
        f"No holidays of {name.upper()} are known.",
        remedy=f"Of {code} these are: {listed}. {code} alone means the whole country.",
    )


def _is_country(code: str) -> bool:
    return (
        len(code) == COUNTRY_LETTERS
        and code != UNKNOWN_TERRITORY
        and code in get_global("territory_languages")
    )


def _zone(name: str, otherwise: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo(otherwise)


def _main_zone(country: str) -> str | None:
    named = _places()["zones"].get(country)
    if named is not None:
        return named
    zones: list[str] = get_global("territory_zones").get(country, [])
    return zones[0] if len(zones) == 1 else None


@cache
def _places() -> dict[str, dict[str, str]]:
    return tomllib.loads(packaged("places.toml"))


@cache
def _supported() -> dict[str, list[str]]:
    return holidays.list_supported_countries(include_aliases=True)


def _subdivision(country: str | None, part: str | None) -> str | None:
    if country is None or part is None:
        return None
    return part if part in _supported()[country] else None


def _year(country: str, subdivision: str | None, year: int) -> dict[date, str]:
    # Names in English where the library has them, for they stand in explanations.
    found = holidays.country_holidays(
        country, subdiv=subdivision, years=year, language="en_US", expand=False
    )
    return dict(found.items())
