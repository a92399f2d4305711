"""Workbooks: typed cells as stored, whichever program wrote them, or a reason."""

import re
import zipfile
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
from openpyxl.chart import BarChart
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from connectors.text_tables import UnreadableFileError
from ledger.errors import DuebridgeError, SourceError
from ledger.records import ProblemReason
from tests.file_reading import (
    INVOICES,
    names_of,
    numbers,
    read_file,
    rewritten,
    rows_of,
    workbook,
)

HEADER = ("No", "Customer", "Date", "Total")
DAY = date(2024, 1, 31)
AT_NIGHT = datetime.combine(DAY, time(23, 59))
OLD_EXCEL = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def refusal(path: Path, **format_: object) -> UnreadableFileError:
    """Return why a workbook is refused; it names the file and says what to do."""
    with pytest.raises(UnreadableFileError) as caught:
        rows_of(path, **format_)
    assert path.name in caught.value.message
    assert caught.value.remedy
    return caught.value


def with_cell(path: Path, cell: str) -> Path:
    """Write a workbook whose second cell of the first row is written by hand."""
    book = workbook(path, ("No", "Amount"), ("I1", 2))
    return rewritten(book, lambda xml: re.sub(r'<c r="B2".*?</c>', cell, xml))


def test_cells_keep_their_types(tmp_path: Path) -> None:
    """Numbers are exact decimals, dates are dates, texts are texts."""
    path = workbook(
        tmp_path / "inv.xlsx",
        ("No", "Date", "Amount", "Text", "Flag"),
        (1001, DAY, 10.1, "0017", True),
        ("A-7", AT_NIGHT, -5, None, False),
    )
    first, second = rows_of(path)
    assert first == [
        Decimal(1001), datetime.combine(DAY, time()), Decimal("10.1"), "0017", True,
    ]  # fmt: skip
    assert second == ["A-7", AT_NIGHT, Decimal(-5), None, False]
    assert not any(isinstance(cell, float) for cell in [*first, *second])


def test_an_invoice_from_a_workbook_is_the_one_of_a_text_file(tmp_path: Path) -> None:
    """Typed or written out, the record is the same."""
    book = workbook(tmp_path / "inv.xlsx", HEADER, (1001, 17, DAY, 0.1 + 0.2))
    text = tmp_path / "inv.csv"
    text.write_text("No,Customer,Date,Total\n1001.0,17,2024-01-31,0.3\n")
    assert read_file(book).documents == read_file(text).documents


@pytest.mark.parametrize(
    ("stored", "minor"),
    [
        ("0.30000000000000004", 30),
        ("2309.7899999999995", 230979),
        ("1.1100000000000001", 111),
        ("10.005000000000001", 1001),
        ("1E-3", 0),
        ("1.5E3", 150000),
        ("123456789012.34", 12345678901234),
    ],
)
def test_numbers_are_what_their_digits_say(
    tmp_path: Path, stored: str, minor: int
) -> None:
    """Seventeen digits of a float are an amount with two."""
    path = workbook(tmp_path / "inv.xlsx", HEADER, ("I1", "D1", DAY, 77777))
    rewritten(path, lambda xml: xml.replace("77777", stored))
    (document,) = read_file(path).documents
    assert document.total_minor == minor


@pytest.mark.parametrize("stored", ["NaN", "INF", "1E400", "-1E400", "abc", ""])
def test_a_number_that_is_none_spoils_its_row_only(tmp_path: Path, stored: str) -> None:
    """What a program wrote by mistake is no crash: the row or the file is refused."""
    path = workbook(
        tmp_path / "inv.xlsx", HEADER, ("I1", "D1", DAY, 77777), ("I2", "D1", DAY, 5)
    )
    rewritten(path, lambda xml: xml.replace("77777", stored))
    try:
        reading = read_file(path)
    except SourceError:
        return
    assert numbers(reading) == ["I2"]


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (1001, "1001"),
        (2960623488.0, "2960623488"),
        (123456789012345, "123456789012345"),
    ],
)
def test_numbers_are_keys_without_decimals(
    tmp_path: Path, number: float, text: str
) -> None:
    """A document number stored as a number is its digits."""
    path = workbook(tmp_path / "inv.xlsx", HEADER, (number, number, DAY, 1))
    (document,) = read_file(path).documents
    assert (document.number, document.debtor) == (text, text)


def test_a_key_with_more_digits_than_a_workbook_holds_is_refused(
    tmp_path: Path,
) -> None:
    """Beyond fifteen digits a spreadsheet has put zeros: two keys could be one."""
    path = workbook(tmp_path / "inv.xlsx", HEADER, ("77777", "D1", DAY, 1))
    stored = '<c r="A2"><v>1.2345678901234567E19</v></c>'
    rewritten(path, lambda xml: re.sub(r'<c r="A2".*?</c>', stored, xml))
    reading = read_file(path)
    assert not reading.documents
    assert [one.reason for one in reading.problems] == [ProblemReason.VALUE]


@pytest.mark.parametrize("epoch", ["1900", "1904"])
def test_dates_are_right_in_both_calendars(tmp_path: Path, epoch: str) -> None:
    """Old Mac workbooks count their days from 1904."""
    book = openpyxl.Workbook()
    if epoch == "1904":
        book.epoch = CALENDAR_MAC_1904
    sheet = book.active
    assert sheet is not None
    sheet.append(HEADER)
    sheet.append(("I1", "D1", DAY, 1))
    book.save(tmp_path / "inv.xlsx")
    (document,) = read_file(tmp_path / "inv.xlsx").documents
    assert document.issued_on == DAY


@pytest.mark.xfail(
    reason="bare day numbers are counted from 1900 in every workbook", strict=True
)
def test_a_bare_day_number_counts_from_the_workbooks_own_beginning(
    tmp_path: Path,
) -> None:
    """A date that lost its format in a 1904 workbook is not four years off."""
    book = openpyxl.Workbook()
    book.epoch = CALENDAR_MAC_1904
    sheet = book.active
    assert sheet is not None
    sheet.append(HEADER)
    sheet.append(("I0", "D1", DAY, 1))
    sheet.append(("I1", "D1", (DAY - date(1904, 1, 1)).days, 1))
    book.save(tmp_path / "inv.xlsx")
    found = {
        one.number: one.issued_on for one in read_file(tmp_path / "inv.xlsx").documents
    }
    assert found.pop("I0") == DAY
    assert found in ({}, {"I1": DAY})


@pytest.mark.parametrize("cell", [date(9999, 12, 31), date(1901, 1, 1), time(3, 4)])
def test_odd_dates_spoil_their_row_only(tmp_path: Path, cell: object) -> None:
    """The end of time, the beginning of Excel, a time without a day."""
    path = workbook(
        tmp_path / "inv.xlsx", HEADER, ("I1", "D1", cell, 1), ("I2", "D1", DAY, 1)
    )
    reading = read_file(path)
    assert numbers(reading) == ["I2"]
    assert [one.reason for one in reading.problems] == [ProblemReason.DATE]


def test_a_formula_is_its_result(tmp_path: Path) -> None:
    """The value that was stored with it counts."""
    path = with_cell(tmp_path / "a.xlsx", '<c r="B2"><f>1+1</f><v>2.5</v></c>')
    assert rows_of(path) == [["I1", Decimal("2.5")]]


@pytest.mark.parametrize(
    "cell",
    [
        '<c r="B2"><f>SUM(C2:C3)</f></c>',
        '<c r="B2"><f>SUM(C2:C3)</f><v/></c>',
        '<c r="B2"><f>SUM(C2:C3)</f><v></v></c>',
        '<c r="B2"><f>SUM(C2:C3)</f>\n  <v /></c>',
        '<c r="B2" t="str"><f>SUM(C2:C3)</f><v></v></c>',
        '<c r="B2"><f t="array" ref="B2">SUM(C2:C3)</f></c>',
        '<c r="B2"><f t="shared" ref="B2:B3" si="0">C2+1</f></c>',
    ],
)
def test_a_formula_without_a_result_is_not_empty(tmp_path: Path, cell: str) -> None:
    """It is shown as a formula, so that nobody takes it for a blank."""
    ((_, found),) = rows_of(with_cell(tmp_path / "a.xlsx", cell))
    assert isinstance(found, str)
    assert found.startswith("=")


def test_a_formula_without_a_result_is_a_problem(tmp_path: Path) -> None:
    """The person is told to save the file in a spreadsheet program."""
    path = workbook(tmp_path / "inv.xlsx", HEADER, ("I1", "D1", DAY, "=1+1"))
    (problem,) = read_file(path).problems
    assert problem.reason is ProblemReason.VALUE
    assert "formula" in problem.message
    assert "save it" in problem.remedy


@pytest.mark.parametrize("error", ["#DIV/0!", "#REF!", "#N/A", "#VALUE!", "#NAME?"])
def test_an_error_cell_is_a_problem(tmp_path: Path, error: str) -> None:
    """Its row is quarantined, with the error's name."""
    path = workbook(tmp_path / "inv.xlsx", HEADER, ("I1", "D1", DAY, 77777))
    cell = f'<c r="D2" t="e"><f>1/0</f><v>{error}</v></c>'
    rewritten(path, lambda xml: re.sub(r'<c r="D2".*?</c>', cell, xml))
    (problem,) = read_file(path).problems
    assert error in problem.message


def test_a_wrong_size_in_the_file_does_not_hide_columns(tmp_path: Path) -> None:
    """Some programs write that a sheet ends at A1 whatever it holds."""
    path = workbook(tmp_path / "inv.xlsx", HEADER, ("I1", "D1", DAY, 5))
    rewritten(
        path, lambda xml: re.sub(r"<dimension[^>]*>", '<dimension ref="A1"/>', xml)
    )
    assert names_of(path) == HEADER
    assert numbers(read_file(path)) == ["I1"]


def test_rows_may_end_early(tmp_path: Path) -> None:
    """A sheet without its size ends each row at its last cell: that is no fault."""
    profile = INVOICES + 'due_on = "Due"\n'
    path = workbook(
        tmp_path / "inv.xlsx",
        (*HEADER, "Due"),
        ("I1", "D1", DAY, 5, date(2024, 2, 1)),
        ("I2", "D1", DAY, 5, None),
    )
    rewritten(path, lambda xml: re.sub(r"<dimension[^>]*>", "", xml))
    reading = read_file(path, profile)
    assert numbers(reading) == ["I1", "I2"]
    assert not reading.problems


def test_blank_rows_and_columns_do_no_harm(tmp_path: Path) -> None:
    """Between the rows, after them, and beside them."""
    path = workbook(
        tmp_path / "inv.xlsx",
        (*HEADER, None),
        (),
        ("I1", "D1", DAY, 5, None),
        (None, None, None, None, None),
        ("I2", "D1", DAY, 5, None),
        (None, "", None, None, None),
    )
    reading = read_file(path)
    assert numbers(reading) == ["I1", "I2"]
    assert not reading.problems


def test_merged_cells_hold_their_value_once(tmp_path: Path) -> None:
    """A title over the header is skipped; a merged number leaves a problem below."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in [("Open invoices",), HEADER, ("I1", "D1", DAY, 5), (None, "D1", DAY, 6)]:
        sheet.append(row)
    sheet.merge_cells("A1:D1")
    sheet.merge_cells("A3:A4")
    book.save(tmp_path / "inv.xlsx")
    reading = read_file(tmp_path / "inv.xlsx", "[format]\nheader_row = 2\n" + INVOICES)
    assert numbers(reading) == ["I1"]
    assert [one.place for one in reading.problems] == ["inv.xlsx row 4"]


def several_sheets(path: Path) -> Path:
    """Write a workbook with a cover, a chart and the data."""
    book = openpyxl.Workbook()
    cover = book.active
    assert cover is not None
    cover.append(("Cover",))
    data = book.create_sheet("Data")
    data.append(("No", "Amount"))
    data.append(("I1", 5))
    book.create_chartsheet("Chart").add_chart(BarChart())
    book.save(path)
    return path


def test_a_sheet_is_chosen_by_name(tmp_path: Path) -> None:
    """The first one, unless the profile names another."""
    path = several_sheets(tmp_path / "a.xlsx")
    assert names_of(path) == ("Cover",)
    assert rows_of(path, sheet="Data") == [["I1", Decimal(5)]]


def test_a_missing_sheet_is_answered_with_those_there(tmp_path: Path) -> None:
    """So that the profile can be corrected at once."""
    found = refusal(several_sheets(tmp_path / "a.xlsx"), sheet="Daten")
    assert "'Daten'" in found.message
    assert "'Data'" in found.remedy


def test_a_chart_is_no_sheet_of_rows(tmp_path: Path) -> None:
    """Naming one is an error in words."""
    with pytest.raises(SourceError):
        rows_of(several_sheets(tmp_path / "a.xlsx"), sheet="Chart")


@pytest.mark.parametrize(
    "content",
    [b"", b"No,Amount\nI1,5\n", b"PK\x05\x06" + b"\0" * 18, OLD_EXCEL + b"\0" * 600],
)
def test_what_is_no_workbook_is_refused(tmp_path: Path, content: bytes) -> None:
    """Empty, text, an empty archive, the old format."""
    path = tmp_path / "inv.xlsx"
    path.write_bytes(content)
    refusal(path)


def test_the_old_format_is_named(tmp_path: Path) -> None:
    """It begins like a file with a password."""
    path = tmp_path / "inv.xlsx"
    path.write_bytes(OLD_EXCEL + b"\0" * 600)
    assert "old format" in refusal(path).message


def test_an_empty_workbook_file_is_said_to_be_empty(tmp_path: Path) -> None:
    """A copy that has not begun is no password."""
    path = tmp_path / "inv.xlsx"
    path.write_bytes(b"")
    assert "empty" in refusal(path).message


@pytest.mark.parametrize("kept", [0.3, 0.6, 0.95])
def test_a_copy_under_way_is_refused(tmp_path: Path, kept: float) -> None:
    """A part of a workbook is none, and the person is told what it may be."""
    path = workbook(tmp_path / "inv.xlsx", HEADER, *[("I1", "D1", DAY, 5)] * 500)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * kept)])
    with pytest.raises(DuebridgeError) as caught:
        rows_of(path)
    assert "written" in caught.value.user_message


@pytest.mark.parametrize("cut", [0.2, 0.5, 0.9])
def test_a_damaged_sheet_is_refused(tmp_path: Path, cut: float) -> None:
    """Broken off inside, it is an error in words."""
    path = workbook(tmp_path / "inv.xlsx", HEADER, *[("I1", "D1", DAY, 5)] * 50)
    rewritten(path, lambda xml: xml[: int(len(xml) * cut)])
    with pytest.raises(SourceError):
        rows_of(path)


def test_flipped_bytes_are_seen(tmp_path: Path) -> None:
    """A checksum that fails is an error in words."""
    path = workbook(tmp_path / "inv.xlsx", HEADER, *[("I1", "D1", DAY, 5)] * 50)
    with zipfile.ZipFile(path) as archive:
        at = archive.getinfo("xl/worksheets/sheet1.xml").header_offset
    content = bytearray(path.read_bytes())
    for place in range(at + 60, at + 90):
        content[place] ^= 0xFF
    path.write_bytes(bytes(content))
    with pytest.raises(SourceError):
        rows_of(path)


def test_a_workbook_that_would_fill_the_memory_is_refused(tmp_path: Path) -> None:
    """What it would unpack to is known before it is unpacked."""
    path = workbook(tmp_path / "inv.xlsx", HEADER, ("I1", "D1", DAY, 5))
    content = bytearray(path.read_bytes())
    entry = content.find(b"PK\x01\x02")
    while entry >= 0:
        content[entry + 24 : entry + 28] = (0xF0000000).to_bytes(4, "little")
        entry = content.find(b"PK\x01\x02", entry + 4)
    path.write_bytes(bytes(content))
    assert "unpack" in refusal(path).message


def test_long_sheets_come_in_pages(tmp_path: Path) -> None:
    """All rows of a sheet longer than a page land, once each."""
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.append(HEADER)
    for number in range(12_000):
        sheet.append((f"I{number}", "D1", DAY, 5))
    book.save(tmp_path / "inv.xlsx")
    reading = read_file(tmp_path / "inv.xlsx")
    assert len(set(numbers(reading))) == 12_000
    assert len(reading.documents) == 12_000
