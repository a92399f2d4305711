"""Dates are read in the one format that was declared, or refused."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.records import ProblemReason
from mapping.dates import DateReader
from mapping.fields import Cell, FieldError

NUMERIC = (
    ("YYYY-MM-DD", "%Y-%m-%d"),
    ("DD.MM.YYYY", "%d.%m.%Y"),
    ("DD/MM/YYYY", "%d/%m/%Y"),
    ("MM/DD/YYYY", "%m/%d/%Y"),
    ("DD-MM-YYYY", "%d-%m-%Y"),
    ("YYYY/MM/DD", "%Y/%m/%d"),
    ("YYYY.MM.DD", "%Y.%m.%d"),
    ("YYYYMMDD", "%Y%m%d"),
    ("DDMMYYYY", "%d%m%Y"),
    ("MMDDYYYY", "%m%d%Y"),
    ("DD MM YYYY", "%d %m %Y"),
)
NAMED = (
    ("DD MMM YYYY", "%d %b %Y"),
    ("DD-MMM-YYYY", "%d-%b-%Y"),
    ("MMM DD, YYYY", "%b %d, %Y"),
    ("DD MMM YYYY", "%d %B %Y"),
    ("YYYY MMM DD", "%Y %b %d"),
)
SHORT = (
    ("DD.MM.YY", "%d.%m.%y"),
    ("MM/DD/YY", "%m/%d/%y"),
    ("YY-MM-DD", "%y-%m-%d"),
    ("DD-MMM-YY", "%d-%b-%y"),
)
DAYS = st.dates(date(1970, 1, 1), date(2100, 12, 31))
SHORT_DAYS = st.dates(date(1970, 1, 1), date(2069, 12, 31))
A_DAY = date(2024, 1, 31)
AT_NIGHT = datetime(2024, 1, 31, 23, 59)  # noqa: DTZ001 - workbooks know no zones

FRENCH = (
    "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août",
    "septembre", "octobre", "novembre", "décembre",
)  # fmt: skip


@given(DAYS, st.sampled_from([*NUMERIC, *NAMED]))
def test_every_format_reads_back_what_it_wrote(
    day: date, formats: tuple[str, str]
) -> None:
    """Writing a day down and reading it as declared changes nothing."""
    declared, wrote = formats
    assert DateReader(declared).read(day.strftime(wrote)) == day


@given(SHORT_DAYS, st.sampled_from(SHORT))
def test_short_years_read_back(day: date, formats: tuple[str, str]) -> None:
    """Two digits stand for the years 1970 to 2069."""
    declared, wrote = formats
    assert DateReader(declared).read(day.strftime(wrote)) == day


@given(DAYS, st.sampled_from(NUMERIC), st.sampled_from(NUMERIC))
def test_a_wrong_format_is_refused_or_harmless(
    day: date, wrote: tuple[str, str], declared: tuple[str, str]
) -> None:
    """A text of another shape is refused; only day and month can be confused."""
    text = day.strftime(wrote[1])
    try:
        found = DateReader(declared[0]).read(text)
    except FieldError:
        return
    if len(text) == len("20240131"):
        return  # eight digits without marks fit several orders: the survey's task
    assert (found.year, {found.month, found.day}) == (day.year, {day.month, day.day})


@pytest.mark.parametrize(
    ("format_", "text"),
    [
        ("YYYY-MM-DD", "2024-01-31"),
        ("YYYY-MM-DD", "2024-1-31"),
        ("YYYY-MM-DD", " 2024-01-31 "),
        ("YYYY-MM-DD", "\u00a02024-01-31\u00a0"),
        ("YYYY-MM-DD", "2024-01-31T23:59:59"),
        ("YYYY-MM-DD", "2024-01-31 23:59"),
        ("YYYY-MM-DD", "2024-01-31 23:59:59.999999"),
        ("YYYY-MM-DD", "2024-01-31T23:59:59Z"),
        ("YYYY-MM-DD", "2024-01-31T23:59:59-11:00"),
        ("YYYY-MM-DD", "2024-01-31T00:30:00+1400"),
        ("YYYY-MM-DD", "2024-01-31 11:59 PM"),
        ("MM/DD/YYYY", "1/31/2024 11:59:59 PM"),
        ("DD.MM.YYYY", "31.1.2024 00:00:00"),
        ("DD MMM YYYY", "31 JAN 2024"),
        ("DD MMM YYYY", "31 jan. 2024"),
        ("DD MMM YYYY", "31 January 2024"),
        ("DD-MMM-YY", "31-Jan-24"),
        ("MMM DD, YYYY", "Jan. 31, 2024"),
    ],
)
def test_a_time_of_day_and_spelling_do_not_matter(format_: str, text: str) -> None:
    """The day is taken as written; no zone moves it."""
    assert DateReader(format_).read(text) == A_DAY


@pytest.mark.parametrize(
    ("format_", "text"),
    [
        ("YYYY-MM-DD", "31.01.2024"),
        ("YYYY-MM-DD", "2024/01/31"),
        ("YYYY-MM-DD", "2024-02-30"),
        ("YYYY-MM-DD", "2023-02-29"),
        ("YYYY-MM-DD", "2024-13-01"),
        ("YYYY-MM-DD", "2024-00-10"),
        ("YYYY-MM-DD", "2024-01-00"),
        ("YYYY-MM-DD", "24-01-31"),
        ("YYYY-MM-DD", "2024-01-31x"),
        ("YYYY-MM-DD", "x2024-01-31"),
        ("YYYY-MM-DD", "2024-01-311"),
        ("YYYY-MM-DD", "2024-01"),
        ("YYYY-MM-DD", "0000-00-00"),
        ("YYYY-MM-DD", "1900-01-01"),
        ("YYYY-MM-DD", "9999-12-31"),
        ("YYYY-MM-DD", "0024-01-31"),
        ("YYYY-MM-DD", "yesterday"),
        ("YYYY-MM-DD", "2024-01-31 2024-02-01"),
        ("DD.MM.YYYY", "31.01.24"),
        ("DD.MM.YY", "31.01.2024"),
        ("DD/MM/YYYY", "01/31/2024"),
        ("MM/DD/YYYY", "31/01/2024"),
        ("DD MMM YYYY", "31 Foo 2024"),
        ("DD MMM YYYY", "31 01 2024"),
        ("DD MMM YYYY", "30 Feb 2024"),
        ("YYYYMMDD", "2024-01-31"),
        ("YYYYMMDD", "20241301"),
        ("YYYYMMDD", "00000000"),
        ("YYYYMMDD", "202401311"),
    ],
)
def test_what_is_no_date_as_declared_is_refused(format_: str, text: str) -> None:
    """The reason shows the text and the declared format, and what to do."""
    with pytest.raises(FieldError) as caught:
        DateReader(format_).read(text)
    assert caught.value.reason is ProblemReason.DATE
    assert text in caught.value.message
    assert format_ in caught.value.message
    assert caught.value.remedy


@pytest.mark.parametrize(
    ("format_", "text"),
    [
        ("YYYYMMDD", "2024111"),
        ("YYYYMMDD", "202411"),
        ("DDMMYYYY", "1112024"),
        ("DDMMYYYY", "112024"),
        ("MMDDYYYY", "1112024"),
        ("YYMMDD", "24111"),
        ("YYMMDD", "50101"),
        ("DDMMYY", "20124"),
        ("DDMMYY", "11124"),
    ],
)
def test_a_date_without_marks_needs_all_its_digits(format_: str, text: str) -> None:
    """A program that dropped a leading zero leaves two readings, so none is taken."""
    with pytest.raises(FieldError):
        DateReader(format_).read(text)


@pytest.mark.parametrize(
    ("text", "year"), [("69", 2069), ("70", 1970), ("99", 1999), ("00", 2000)]
)
def test_two_digit_years_pivot_at_seventy(text: str, year: int) -> None:
    """From 70 on they belong to the last century."""
    assert DateReader("DD.MM.YY").read(f"01.02.{text}") == date(year, 2, 1)


@pytest.mark.parametrize(
    ("cell", "day"),
    [
        ("45322", A_DAY),
        ("45322.0", A_DAY),
        ("45322.999305555", A_DAY),
        (Decimal(45322), A_DAY),
        (Decimal("45322.75"), A_DAY),
        (Decimal(43831), date(2020, 1, 1)),
        (Decimal(45351), date(2024, 2, 29)),
        (Decimal(36526), date(2000, 1, 1)),
    ],
)
def test_spreadsheet_serials_are_days(cell: Cell, day: date) -> None:
    """A date that lost its format in a spreadsheet is a count of days."""
    assert DateReader("DD.MM.YYYY").read(cell) == day


@pytest.mark.parametrize(
    "cell", ["20000", "25568", "79999", "73416", "1", "100", "123456", Decimal(20000)]
)
def test_numbers_outside_the_years_that_texts_may_have_are_no_dates(
    cell: Cell,
) -> None:
    """A number in the wrong column is not a day of 1954 or 2119."""
    with pytest.raises(FieldError):
        DateReader().read(cell)


@pytest.mark.parametrize("cell", [A_DAY, AT_NIGHT, AT_NIGHT.replace(tzinfo=UTC)])
def test_typed_dates_need_no_format(cell: Cell) -> None:
    """What a workbook knows to be a date is taken whatever the format."""
    found = DateReader("MM/DD/YYYY").read(cell)
    assert found == A_DAY
    assert type(found) is date


@pytest.mark.parametrize(
    "cell",
    [date(9999, 12, 31), date(2101, 1, 1), date(1900, 1, 1), AT_NIGHT.replace(1899)],
)
def test_typed_dates_are_held_to_the_same_years(cell: Cell) -> None:
    """The end of time is refused from a workbook as it is from a text."""
    with pytest.raises(FieldError) as caught:
        DateReader().read(cell)
    assert caught.value.reason is ProblemReason.DATE


@pytest.mark.parametrize("cell", ["", "  ", None, "\u00a0"])
def test_an_empty_date_is_missing(cell: Cell) -> None:
    """Nothing is no date."""
    with pytest.raises(FieldError) as caught:
        DateReader().read(cell)
    assert caught.value.reason is ProblemReason.MISSING


def test_a_missing_date_says_what_to_do() -> None:
    """The person is told what to do about it."""
    with pytest.raises(FieldError) as caught:
        DateReader().read("")
    assert caught.value.remedy


@pytest.mark.parametrize(("cell", "word"), [("=TODAY()", "formula"), ("#N/A", "error")])
def test_formulas_and_errors_are_no_dates(cell: str, word: str) -> None:
    """They are named as what they are."""
    with pytest.raises(FieldError, match=word) as caught:
        DateReader().read(cell)
    assert caught.value.reason is ProblemReason.VALUE


@pytest.mark.parametrize("cell", [True, False])
def test_truth_values_are_no_dates(cell: Cell) -> None:
    """A truth value in a date column is refused."""
    with pytest.raises(FieldError):
        DateReader().read(cell)


def test_month_names_of_another_language() -> None:
    """The profile's own names are read by their beginnings."""
    names = ("jan", "feb", "mär", "apr", "mai", "jun", "jul", "aug", "sep", "okt")
    reader = DateReader("DD. MMM YYYY", (*names, "nov", "dez"))
    assert reader.read("5. Mai 2024") == date(2024, 5, 5)
    assert reader.read("5. Oktober 2024") == date(2024, 10, 5)
    assert reader.read("31. Dez 2024") == date(2024, 12, 31)
    with pytest.raises(FieldError):
        reader.read("5. May 2024")


@pytest.mark.parametrize(("number", "name"), list(enumerate(FRENCH, 1)))
def test_months_that_begin_alike_are_never_confused(number: int, name: str) -> None:
    """June and July begin alike in French: read right, or refused."""
    try:
        reader = DateReader("DD MMM YYYY", FRENCH)
        found = reader.read(f"14 {name} 2024")
    except (ValueError, FieldError):
        return
    assert found == date(2024, number, 14)


@pytest.mark.parametrize(
    "format_",
    [
        "",
        "YYYY",
        "YYYY-MM",
        "MM-DD",
        "dd.mm.yyyy",
        "YYYY-MM-DD-DD",
        "YYYY-MM-MM",
        "YY-YYYY-MM-DD",
        "MMM-MM-YYYY",
        "D.M.YYYY",
        "ISO",
    ],
)
def test_a_format_needs_each_part_once(format_: str) -> None:
    """A format that lacks a part or repeats one is none."""
    with pytest.raises(ValueError, match="date format"):
        DateReader(format_)


@pytest.mark.parametrize(
    ("format_", "swapped"),
    [
        ("YYYY-MM-DD", "YYYY-DD-MM"),
        ("DD.MM.YYYY", "MM.DD.YYYY"),
        ("MM/DD/YY", "DD/MM/YY"),
    ],
)
def test_swapping_exchanges_day_and_month(format_: str, swapped: str) -> None:
    """The swapped reader takes the month for the day, and swaps back."""
    reader = DateReader(format_)
    assert reader.swapped().format == swapped
    assert reader.swapped().swapped().format == format_


def test_only_numeric_formats_can_be_swapped() -> None:
    """A month's name cannot be taken for a day."""
    assert DateReader("DD/MM/YYYY").is_numeric
    assert not DateReader("DD MMM YYYY").is_numeric


def test_understands_asks_without_raising() -> None:
    """A reader says of any cell whether it can be read."""
    reader = DateReader("DD.MM.YYYY")
    cells: list[Cell] = ["31.01.2024", "01/31/2024", "", None, A_DAY, True, "=A1"]
    assert [reader.understands(cell) for cell in cells] == [
        True, False, False, False, True, False, False,
    ]  # fmt: skip


@given(st.text(max_size=20), st.sampled_from([*NUMERIC, *NAMED, *SHORT]))
def test_any_text_is_read_or_refused(text: str, formats: tuple[str, str]) -> None:
    """No text whatever makes anything but a day or a reason."""
    try:
        found = DateReader(formats[0]).read(text)
    except FieldError:
        return
    assert 1970 <= found.year <= 2100
