"""Identifiers, texts, currencies and payment terms are read, or refused with a word."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.calendar import Terms
from ledger.money import UnknownCurrencyError
from ledger.records import ProblemReason
from mapping.fields import (
    Cell,
    FieldError,
    currency_code,
    identifier,
    is_blank,
    refuse_formula,
    terms,
    text_or_none,
)


def key(cell: Cell) -> str:
    """Read an identifier as a profile does that says nothing of floats."""
    return identifier(cell, strip_floats=True)


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        ("INV-001", "INV-001"),
        ("  INV 001 ", "INV 001"),
        ("\u00a0INV-1\u00a0", "INV-1"),
        ("000123", "000123"),
        ("123.0", "123"),
        ("123.00", "123"),
        ("2960623488.0", "2960623488"),
        ("007.0", "007"),
        ("0.0", "0"),
        ("123.50", "123.50"),
        ("123.05", "123.05"),
        ("1.2.0", "1.2.0"),
        ("v1.0", "v1.0"),
        ("2024/001", "2024/001"),
        ("-", "-"),
        ("#12", "#12"),
        ("No. 5", "No. 5"),
        ("12E5", "12E5"),
        ("E+5", "E+5"),
        ("Ünïcode-№1", "Ünïcode-№1"),
        (Decimal(123), "123"),
        (Decimal("123.0"), "123"),
        (Decimal("1E+3"), "1000"),
        (Decimal(123456789012345), "123456789012345"),
        (Decimal("2960623488.0"), "2960623488"),
    ],
)
def test_identifiers_are_kept_as_written(cell: Cell, found: str) -> None:
    """Only blanks around and the float's empty decimals go."""
    assert key(cell) == found


@pytest.mark.parametrize("text", ["123.0", "123.00"])
def test_floats_are_kept_where_the_profile_says_so(text: str) -> None:
    """Where 123.0 is a number of its own it stays one."""
    assert identifier(text, strip_floats=False) == text


@given(st.integers(0, 10**12))
def test_a_number_is_the_same_key_however_a_tool_writes_it(number: int) -> None:
    """Text, float text and a workbook's number give one key."""
    cells: list[Cell] = [str(number), f"{number}.0", Decimal(number)]
    assert {key(cell) for cell in cells} == {str(number)}


@pytest.mark.parametrize("cell", ["", "   ", None, "\u00a0\u202f"])
def test_an_empty_identifier_is_missing(cell: Cell) -> None:
    """Nothing is no key."""
    with pytest.raises(FieldError) as caught:
        key(cell)
    assert caught.value.reason is ProblemReason.MISSING


def test_a_missing_identifier_says_what_to_do() -> None:
    """The person is told what to do about it."""
    with pytest.raises(FieldError) as caught:
        key("")
    assert caught.value.remedy


@pytest.mark.parametrize(
    "text",
    [
        "1.23457E+11",
        "1.2E+05",
        "1E+11",
        "1E+05",
        "1.23457e+11",
        "1,23457E+11",
        "-1.5E+7",
        "1.234567E+100",
    ],
)
def test_a_number_that_lost_its_digits_is_no_key(text: str) -> None:
    """Spreadsheets shorten long numbers, each locale in its own way."""
    with pytest.raises(FieldError) as caught:
        key(text)
    assert caught.value.reason is ProblemReason.VALUE
    assert caught.value.remedy


@pytest.mark.parametrize(
    "cell", [date(2024, 3, 1), datetime(2024, 3, 1, tzinfo=UTC), True, False]
)
def test_a_date_is_no_key(cell: Cell) -> None:
    """A number such as 3-1 that a spreadsheet made a date, or a truth, is refused."""
    with pytest.raises(FieldError):
        key(cell)


@pytest.mark.parametrize("text", ["=A1", "=B2&C2", "='[1]Sheet'!A1"])
def test_a_formula_is_no_key(text: str) -> None:
    """A formula is not its result."""
    with pytest.raises(FieldError, match="formula"):
        key(text)


@pytest.mark.parametrize(
    "text",
    ["#REF!", "#N/A", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!", "#SPILL!"],
)
def test_a_spreadsheet_error_is_no_key(text: str) -> None:
    """An error would make one record of many."""
    with pytest.raises(FieldError, match="error") as caught:
        key(text)
    assert caught.value.reason is ProblemReason.VALUE
    with pytest.raises(FieldError):
        refuse_formula(text)


@pytest.mark.parametrize(
    "text",
    ["#CALC!", "#FIELD!", "#BLOCKED!", "#CONNECT!", "#UNKNOWN!", "#GETTING_DATA"],
)
def test_newer_spreadsheet_errors_are_no_keys(text: str) -> None:
    """Excel shows more errors than it did."""
    with pytest.raises(FieldError):
        key(text)


@pytest.mark.parametrize(
    "text",
    ["#NV", "#BEZUG!", "#WERT!", "#ZAHL!", "#N/D", "#NOM?", "#\xa1VALOR!", "########"],
)
def test_spreadsheet_errors_of_another_language_are_no_keys(text: str) -> None:
    """A CSV file shows what the screen showed, a column too narrow as well."""
    with pytest.raises(FieldError):
        key(text)


@pytest.mark.parametrize(
    ("cell", "blank"),
    [
        (None, True),
        ("", True),
        (" \t\u00a0", True),
        ("0", False),
        ("-", False),
        (Decimal(0), False),
        (False, False),
        (date(2024, 1, 1), False),
    ],
)
def test_blank_is_nothing_and_nothing_else(cell: Cell, *, blank: bool) -> None:
    """Zero is something."""
    assert is_blank(cell) is blank


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        (None, None),
        ("", None),
        ("  ", None),
        (" Müller & Söhne ", "Müller & Söhne"),
        ("two\nlines", "two\nlines"),
        (Decimal(7), "7"),
    ],
)
def test_texts_are_trimmed(cell: Cell, found: str | None) -> None:
    """Blanks around go; blanks alone are nothing."""
    assert text_or_none(cell) == found


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("EUR", "EUR"),
        (" eur ", "EUR"),
        ("Usd", "USD"),
        ("\u20ac", "EUR"),
        ("\u00a3", "GBP"),
        ("JPY", "JPY"),
        ("KWD", "KWD"),
    ],
)
def test_currencies_are_read(cell: Cell, code: str) -> None:
    """Codes in any case, and the two symbols of one currency each."""
    assert currency_code(cell) == code


@pytest.mark.parametrize(
    "cell", ["EURO", "$", "\u00a5", "978", "XXX", "EU", "#N/A", "="]
)
def test_unknown_currencies_are_refused(cell: Cell) -> None:
    """A symbol of several currencies names none."""
    with pytest.raises((UnknownCurrencyError, FieldError)) as caught:
        currency_code(cell)
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("30", Terms(30)),
        ("0", Terms(0)),
        ("30.0", Terms(30)),
        ("100.0", Terms(100)),
        ("Net 30", Terms(30)),
        ("N30", Terms(30)),
        ("n/30", Terms(30)),
        ("30 days", Terms(30)),
        ("30 days net", Terms(30)),
        ("1 day", Terms(1)),
        ("30 days end of month", Terms(30, to_month_end=True)),
        ("end of month", Terms(0, to_month_end=True)),
        ("EOM", Terms(0, to_month_end=True)),
        ("EOM 30", Terms(30, to_month_end=True)),
        (Decimal(14), Terms(14)),
    ],
)
def test_terms_are_read(text: Cell, found: Terms) -> None:
    """Days alone, net, and to the end of the month."""
    assert terms(text, {}) == found


@pytest.mark.parametrize("cell", ["", None, "  "])
def test_no_terms_are_none(cell: Cell) -> None:
    """Terms may be left out."""
    assert terms(cell, {}) is None


@pytest.mark.parametrize(
    "text",
    [
        "COD",
        "cash",
        "2/10 net 30",
        "10 days, net 30",
        "30 months",
        "30/60/90",
        "-30",
        "30 30",
        "1000",
        "net",
        "days",
        "due on receipt",
        "NAA8",
        "=A1",
        "#N/A",
        "2024-01-31",
    ],
)
def test_unknown_terms_are_refused(text: str) -> None:
    """Terms that are not understood are shown with what to add to the profile."""
    with pytest.raises(FieldError) as caught:
        terms(text, {})
    assert caught.value.reason is ProblemReason.VALUE
    assert text in caught.value.message
    assert caught.value.remedy


@pytest.mark.parametrize(
    "text",
    [
        "15 days after end of month",
        "30 days after the end of the month",
        "30 days after month end",
        "30 net days after the end of month",
    ],
)
def test_days_after_the_months_end_are_not_the_months_end_after_days(text: str) -> None:
    """10 January and 15 days after its month's end is 15 February, not 31 January."""
    issued_on = date(2024, 1, 10)
    days = int(text.split(maxsplit=1)[0])
    try:
        found = terms(text, {})
    except FieldError:
        return
    assert found is not None
    assert (found.due_on(issued_on) - date(2024, 1, 31)).days == days


def test_terms_by_the_profiles_code_come_first() -> None:
    """A code means what the profile says, even if it looks like days."""
    named = {"30": Terms(45), "NAA8": Terms(15), "N 7": Terms(7, to_month_end=True)}
    assert terms("30", named) == Terms(45)
    assert terms(" NAA8 ", named) == Terms(15)
    assert terms("N 7", named) == Terms(7, to_month_end=True)


@given(st.text(max_size=30))
def test_any_text_makes_terms_or_a_reason(text: str) -> None:
    """No text whatever does harm."""
    try:
        found = terms(text, {})
    except FieldError:
        return
    assert found is None or 0 <= found.days <= 999
