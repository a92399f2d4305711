"""The page of countries says what the data says."""

from app.country_page import PAGE, page
from outsourced_ar.law.countries import packaged_sheets


def test_the_page_is_not_stale() -> None:
    """Whoever changes a sheet or a rate writes the page anew."""
    written = PAGE.read_text(encoding="utf-8")

    assert written == page(), "run `python -m app.country_page`"


def test_every_country_has_its_row_and_its_sources() -> None:
    """No sheet is left out, and each says where it was read."""
    written = page()

    for sheet in packaged_sheets().values():
        assert f"| `{sheet.rule}` {sheet.name} |" in written
        assert f"- **{sheet.country}**: " in written


def test_what_was_not_read_is_marked() -> None:
    """Of Latvia nothing was read; of Germany the rule was."""
    rows = {line.split("`")[1]: line for line in page().splitlines() if "@" in line}

    assert rows["LV@2026.1"].count("**?**") == 2
    assert "+ 9, floating by half-year, of debts from 2014-07-29 |" in rows["DE@2026.1"]
