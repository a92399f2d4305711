"""What each country wants before a placement, and by which version of its sheet."""

from datetime import date

import pytest

from outsourced_ar.law.countries import packaged_sheets
from outsourced_ar.law.prerequisites import of_country

A_DAY = date(2026, 11, 22)


@pytest.mark.parametrize("country", sorted(packaged_sheets()))
def test_the_rule_names_country_and_version(country: str) -> None:
    """A message can be traced to the sheet it satisfied, whatever the country."""
    assert of_country(country, A_DAY).rule == f"{country}@2026.1"


@pytest.mark.parametrize(
    ("country", "days", "paragraphs"),
    [
        ("DK", 10, ("dk_inkassolov_10",)),
        ("NO", 14, ("no_inkassolov_9",)),
        ("FR", 0, ("fr_cpce_r124_4",)),
        ("NL", 0, ()),
    ],
)
def test_days_and_paragraphs(
    country: str, days: int, paragraphs: tuple[str, ...]
) -> None:
    """Denmark wants ten days, Norway fourteen, both with words of their own."""
    found = of_country(country, A_DAY)

    assert (found.demand_days, found.paragraphs) == (days, paragraphs)


def test_a_country_without_a_sheet_says_so() -> None:
    """Of it nothing is known, and the message says that."""
    assert of_country("BR", A_DAY).rule == "BR@none"
    assert of_country(None, A_DAY).rule == "-@none"
