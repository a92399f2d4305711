"""A country's sheet in several versions: the day that asks chooses among them."""

from datetime import date

import pytest

from outsourced_ar.deciding import final_demands
from outsourced_ar.known.days import place_of
from outsourced_ar.known.escalation import Escalation
from outsourced_ar.law import countries
from outsourced_ar.law.countries import read_sheet, sheet_named, sheet_of
from outsourced_ar.law.country_sheets import (
    AmbiguousSheetsError,
    CountrySheet,
    by_country,
    valid_on,
)
from outsourced_ar.law.late_policy import LatePolicy, Show
from outsourced_ar.law.prerequisites import of_country, time_barred_from
from tests.debtors import a_debtor, an_item
from tests.unit.outsourced_ar.test_late_payment import late, parties

SHEET = """
country = "ZZ"
name = "Nowhere"
version = "{version}"
valid_from = {valid_from}
basis = "statute"
summary = "A flat rate."

[source.statute]
name = "The statute of nowhere"
kind = "official"
address = "https://law.example/{version}"
read_on = 2026-01-02

[[interest]]
mode = "flat"
percent = "{percent}"
source = "statute"
verified = true

[before_placement]
minimum_days = {days}
counts_from = "dispatch"
written = true
paragraphs = []
source = "statute"
verified = true

[limitation]
years = {years}
starts = "due"
source = "statute"
verified = true
"""
LAST_DAY, FIRST_DAY = date(2026, 6, 30), date(2026, 7, 1)
"""Of the old version, and of the new one."""


def old() -> CountrySheet:
    """Ten days, three years and 7.3 per cent, from 2025 on."""
    given = {"version": "2025.1", "valid_from": "2025-01-01"}
    return read_sheet(SHEET.format(**given, days=10, years=3, percent="7.3"))


def new() -> CountrySheet:
    """Twenty-one days, five years and 14.6 per cent, from July 2026 on."""
    given = {"version": "2026.1", "valid_from": "2026-07-01"}
    return read_sheet(SHEET.format(**given, days=21, years=5, percent="14.6"))


@pytest.fixture
def packaged(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both versions come with the product, the newer one read first."""
    found = by_country([new(), old()])
    monkeypatch.setattr(countries, "packaged_versions", lambda: found)


@pytest.mark.parametrize(
    ("on", "version"),
    [
        (date(2025, 1, 1), "2025.1"),
        (LAST_DAY, "2025.1"),
        (FIRST_DAY, "2026.1"),
        (date(2030, 1, 1), "2026.1"),
        (date(2020, 1, 1), "2025.1"),
    ],
)
@pytest.mark.usefixtures("packaged")
def test_the_day_chooses_the_version(on: date, version: str) -> None:
    """The last that has begun; before the first of all, the first."""
    assert sheet_of("ZZ", on).version == version
    assert of_country("ZZ", on).rule == f"ZZ@{version}"


@pytest.mark.usefixtures("packaged")
def test_without_a_day_it_is_the_newest() -> None:
    """A page that lists the sheets shows what holds from now on."""
    assert sheet_of("ZZ").version == "2026.1"
    assert countries.packaged_sheets()["ZZ"].version == "2026.1"


@pytest.mark.usefixtures("packaged")
def test_what_was_worked_out_names_its_version() -> None:
    """A rule that a message names is found as it was, though a newer one holds."""
    assert sheet_named("ZZ@2025.1").before_placement != sheet_of("ZZ").before_placement
    assert sheet_named("ZZ@2025.1").version == "2025.1"


@pytest.mark.parametrize(("on", "days"), [(LAST_DAY, 10), (FIRST_DAY, 21)])
@pytest.mark.usefixtures("packaged")
def test_a_final_demand_obeys_the_version_of_its_day(on: date, days: int) -> None:
    """The day certain lies as far off as the law of the day it goes wants."""
    calendar = place_of(
        "ZZ", None, None, home_country="DE", home_zone="Europe/Berlin"
    ).calendar

    demand, rule = final_demands.demand(
        a_debtor(an_item(), country="ZZ"),
        Escalation(is_contracted=True),
        calendar,
        on=on,
    )

    assert rule == f"ZZ@{'2025.1' if days == 10 else '2026.1'}"
    assert days <= (demand.pay_by - on).days < days + 5


@pytest.mark.parametrize(("on", "year"), [(LAST_DAY, 2026), (FIRST_DAY, 2028)])
@pytest.mark.usefixtures("packaged")
def test_the_alarm_of_age_obeys_it_too(on: date, year: int) -> None:
    """Three years, and five once the new version holds."""
    assert time_barred_from("ZZ", date(2023, 3, 1), on) == date(year, 3, 1)


@pytest.mark.parametrize(
    ("on", "version", "interest_minor"),
    [(LAST_DAY, "2025.1", 106 * 200), (FIRST_DAY, "2026.1", 107 * 400)],
)
@pytest.mark.usefixtures("packaged")
def test_interest_is_by_the_version_of_the_day(
    on: date, version: str, interest_minor: int
) -> None:
    """Of 10,000.00 a year's 365 days make 2.00 a day at 7.3 per cent, 4.00 at 14.6."""
    found = late(between=parties(LatePolicy(show=Show.DEMAND, law="ZZ")), on=on)

    assert found.due_on == date(2026, 3, 16)
    assert found.rule == f"ZZ@{version}"
    assert found.interest_minor == interest_minor


@pytest.mark.parametrize(
    "changed", [{"version": "2027.1"}, {"valid_from": "2027-01-01"}]
)
def test_versions_that_cannot_be_told_apart_are_refused(
    changed: dict[str, str],
) -> None:
    """Two that begin on one day, or bear one name, are a fault of the data."""
    given = {"version": "2026.1", "valid_from": "2026-07-01", **changed}
    twin = read_sheet(SHEET.format(**given, days=30, years=4, percent="9"))

    with pytest.raises(AmbiguousSheetsError, match=r"ZZ@2026\.1"):
        by_country([old(), new(), twin])


def test_every_packaged_version_holds_from_its_own_day() -> None:
    """In what comes with the product each version is the one that holds that day."""
    for versions in countries.packaged_versions().values():
        for one in versions:
            assert valid_on(versions, one.valid_from) is one
