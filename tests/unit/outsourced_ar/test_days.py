"""Business days and hours where a debtor is."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import RequestError
from outsourced_ar.known.days import (
    Offset,
    Place,
    calendar_of,
    expect_country,
    main_language,
    place_of,
    reached_on,
)

GERMANY = calendar_of("DE", None)
DAYS = st.dates(date(2024, 1, 1), date(2029, 12, 31))
OFFSETS = st.builds(Offset, st.integers(1, 120), st.booleans(), st.booleans())
PLACES = st.sampled_from(
    [("DE", "BY"), ("US", "NY"), ("SA", None), ("GB", "ENG"), ("XX", None)]
)


def at(
    country: str | None, region: str | None = None, zone: str | None = None
) -> Place:
    """Return a place, as a tenant in Berlin sees it."""
    return place_of(country, region, zone, home_country="DE", home_zone="Europe/Berlin")


@pytest.mark.parametrize(
    ("due_on", "offset", "expected"),
    [
        # Monday 6 July 2026: nothing is closed but weekends.
        (date(2026, 7, 6), Offset(14, False, False), date(2026, 7, 20)),  # noqa: FBT003
        (date(2026, 7, 6), Offset(5, False, False), date(2026, 7, 13)),  # noqa: FBT003
        (date(2026, 7, 6), Offset(5, False, True), date(2026, 7, 13)),  # noqa: FBT003
        (date(2026, 7, 6), Offset(2, True, False), date(2026, 7, 3)),  # noqa: FBT003
        (date(2026, 7, 6), Offset(5, True, True), date(2026, 6, 29)),  # noqa: FBT003
        # Good Friday and Easter Monday 2026 are 3 and 6 April.
        (date(2026, 3, 29), Offset(5, False, False), date(2026, 4, 7)),  # noqa: FBT003
        (date(2026, 4, 8), Offset(2, True, False), date(2026, 4, 2)),  # noqa: FBT003
        (date(2026, 4, 2), Offset(1, False, True), date(2026, 4, 7)),  # noqa: FBT003
        (date(2026, 4, 7), Offset(1, True, True), date(2026, 4, 2)),  # noqa: FBT003
        # The due date itself does not move.
        (date(2026, 7, 5), Offset(0, False, False), date(2026, 7, 5)),  # noqa: FBT003
    ],
)
def test_when_a_step_is_reached(due_on: date, offset: Offset, expected: date) -> None:
    """After the due date steps move on, before it they move back, from closed days."""
    assert GERMANY.reach(offset, due_on) == expected


@given(due_on=DAYS, offset=OFFSETS, place=PLACES)
def test_steps_fall_on_business_days_of_their_side(
    due_on: date, offset: Offset, place: tuple[str, str | None]
) -> None:
    """A step is reached on a business day, a reminder never early, a notice in time."""
    calendar = calendar_of(*place)
    (on,) = reached_on((offset,), calendar, due_on)
    planned = timedelta(days=-offset.days if offset.is_before else offset.days)

    assert calendar.is_open(on)
    if offset.is_before:
        assert on <= due_on + planned
    else:
        assert on >= due_on + planned


@given(day=DAYS, count=st.integers(-40, 40), place=PLACES)
def test_business_days_are_counted(
    day: date, count: int, place: tuple[str, str | None]
) -> None:
    """Between a day and the business day so many on, so many business days lie."""
    calendar = calendar_of(*place)
    end = calendar.plus(day, count)
    first, last = sorted((day, end))
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]

    assert sum(calendar.is_open(one) for one in days if one != day) == abs(count)


@pytest.mark.parametrize(
    ("country", "region", "day", "is_open"),
    [
        ("DE", "DE-BY", date(2026, 1, 6), False),
        ("DE", "DE-BE", date(2026, 1, 6), True),
        ("DE", None, date(2026, 1, 6), True),
        ("US", None, date(2026, 11, 26), False),
        ("GB", "GB-SCT", date(2026, 4, 6), True),
        ("GB", None, date(2026, 4, 6), False),
        ("SA", None, date(2026, 7, 10), False),
        ("SA", None, date(2026, 7, 12), True),
        ("AT", "AT-99", date(2026, 10, 26), False),
    ],
)
def test_holidays_are_those_of_the_region(
    country: str, region: str | None, day: date, *, is_open: bool
) -> None:
    """Regions have holidays of their own, and weekends are not the same everywhere."""
    assert at(country, region).calendar.is_open(day) is is_open


def test_an_unknown_country_has_weekends_only_and_says_so() -> None:
    """Where no holidays are known only Saturday and Sunday are closed."""
    calendar = at("XX").calendar

    assert (calendar.is_known, calendar.name) == (False, "XX")
    assert calendar.is_open(date(2026, 12, 25))
    assert not calendar.is_open(date(2026, 12, 26))


@pytest.mark.parametrize(
    ("country", "region", "own", "zone"),
    [
        ("DE", None, None, "Europe/Berlin"),
        (None, None, None, "Europe/Berlin"),
        ("PT", "PT-20", None, "Atlantic/Azores"),
        ("US", None, None, "America/New_York"),
        ("US", "US-CA", None, "America/Los_Angeles"),
        ("US", "US-CA", "America/Denver", "America/Denver"),
        ("FI", None, None, "Europe/Helsinki"),
        ("XX", None, None, "Europe/Berlin"),
        ("FI", None, "Nowhere/City", "Europe/Berlin"),
    ],
)
def test_the_zone_of_a_debtor(
    country: str | None, region: str | None, own: str | None, zone: str
) -> None:
    """Its own zone goes first, then its region's, its country's, and the tenant's."""
    assert at(country, region, own).zone.key == zone


def test_the_region_goes_before_the_books() -> None:
    """A debtor noted in Zurich is in Switzerland, whatever country the books give."""
    assert at("DE", "CH-ZH").country == "CH"


@pytest.mark.parametrize(
    ("instant", "expected"),
    [
        # Summer time in Berlin began on 29 March 2026 at 01:00 UTC.
        (
            datetime(2026, 3, 27, 7, 59, tzinfo=UTC),
            datetime(2026, 3, 27, 8, tzinfo=UTC),
        ),
        (
            datetime(2026, 3, 27, 17, 0, tzinfo=UTC),
            datetime(2026, 3, 30, 7, tzinfo=UTC),
        ),
        (
            datetime(2026, 3, 30, 6, 59, tzinfo=UTC),
            datetime(2026, 3, 30, 7, tzinfo=UTC),
        ),
        (datetime(2026, 3, 30, 15, 59, tzinfo=UTC), None),
        (
            datetime(2026, 3, 30, 16, 0, tzinfo=UTC),
            datetime(2026, 3, 31, 7, tzinfo=UTC),
        ),
        # Over Easter, and back to winter time on 25 October.
        (datetime(2026, 4, 2, 20, tzinfo=UTC), datetime(2026, 4, 7, 7, tzinfo=UTC)),
        (datetime(2026, 10, 23, 16, tzinfo=UTC), datetime(2026, 10, 26, 8, tzinfo=UTC)),
    ],
)
def test_business_hours_across_the_change_of_clocks(
    instant: datetime, expected: datetime | None
) -> None:
    """Nine o'clock is nine o'clock in summer and winter, on the next business day."""
    opens_at = at("DE").opens_at(instant, time(9), time(18))

    assert opens_at == (expected or instant)


@given(
    instant=st.datetimes(datetime(2025, 1, 1), datetime(2028, 1, 1)),  # noqa: DTZ001
    region=st.sampled_from(["US-CA", "DE-BY", "SA-01", "AU-NSW", "BR-SP"]),
)
def test_the_next_opening_is_open(instant: datetime, region: str) -> None:
    """The next opening lies within business hours of a business day, never earlier."""
    place = at(region[:2], region)
    asked = instant.replace(tzinfo=UTC)
    opens_at = place.opens_at(asked, time(9), time(18))
    local = place.local(opens_at)

    assert opens_at >= asked
    assert place.calendar.is_open(local.date())
    assert time(9) <= local.time() < time(18)


@pytest.mark.parametrize(
    ("country", "language"),
    [
        ("NO", "nb"),
        ("AT", "de"),
        ("PL", "pl"),
        ("BR", "pt"),
        ("CZ", "cs"),
        ("??", None),
    ],
)
def test_the_main_language_of_a_country(country: str, language: str | None) -> None:
    """The language of a country is the one that CLDR has most likely spoken there."""
    assert main_language(country) == language


@pytest.mark.parametrize("code", ["gb", "GB", "DE", "gr", "US", "XK"])
def test_a_country_is_taken_in_capitals(code: str) -> None:
    """A code by ISO 3166 counts however it is written; books name Kosovo XK."""
    assert expect_country(code) == code.upper()


@pytest.mark.parametrize(
    ("code", "meant"),
    [
        ("UK", "GB"),
        ("EL", "GR"),
        ("TP", "TL"),
        ("QQ", "ISO 3166"),
        ("EN", "ISO 3166"),
        ("ZZ", "ISO 3166"),
        ("GBR", "GB"),
    ],
)
def test_what_is_no_country_is_refused(code: str, meant: str) -> None:
    """A slip is refused, and the code that is meant is named where one is known."""
    with pytest.raises(RequestError) as told:
        expect_country(code)
    assert code in str(told.value)
    assert meant in told.value.remedy
