"""Delimited files become rows as the profile declares, or are refused."""

import csv
import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.text_tables import UnreadableFileError
from mapping.files.columns import AmbiguousColumnError, MissingColumnError
from tests.file_reading import (
    HEADER,
    INVOICES,
    connector_of,
    names_of,
    numbers,
    read_file,
    rows_of,
)

TEXT = "No,Name\n1,Müller\n2,Ærø\n"
ROWS = [["1", "Müller"], ["2", "Ærø"]]


def written(folder: Path, content: bytes | str, name: str = "inv.csv") -> Path:
    """Write a file byte by byte."""
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def refusal(path: Path, **format_: object) -> UnreadableFileError:
    """Return why a file is refused; it names the file and says what to do."""
    with pytest.raises(UnreadableFileError) as caught:
        rows_of(path, **format_)
    assert path.name in caught.value.message
    assert caught.value.remedy
    return caught.value


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", "^", "~", ":"])
def test_any_delimiter_may_be_declared(tmp_path: Path, delimiter: str) -> None:
    """Fields with the delimiter in them are quoted."""
    text = TEXT.replace(",", delimiter) + f'3{delimiter}"a{delimiter}b"\n'
    path = written(tmp_path, text)
    expected = [*ROWS, ["3", f"a{delimiter}b"]]
    assert rows_of(path, delimiter=delimiter) == expected


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_end_in_any_way(tmp_path: Path, end: str) -> None:
    """Unix, Windows and old Mac files are the same rows."""
    path = written(tmp_path, TEXT.replace("\n", end))
    assert rows_of(path) == ROWS


def test_quotes_keep_newlines_delimiters_and_quotes(tmp_path: Path) -> None:
    """A quoted field is one field, over several lines."""
    path = written(tmp_path, 'No,Name\r\n1,"two\r\nlines, a ""word"""\r\n2,x\r\n')
    assert rows_of(path) == [["1", 'two\r\nlines, a "word"'], ["2", "x"]]


def test_another_quote_may_be_declared(tmp_path: Path) -> None:
    """Then the usual one is a character like others."""
    path = written(tmp_path, "No,Name\n1,'a,b'\n2,5\" pipe\n")
    assert rows_of(path, quote="'") == [["1", "a,b"], ["2", '5" pipe']]


def test_rows_are_numbered_as_a_spreadsheet_does(tmp_path: Path) -> None:
    """A field over several lines is one row; blank lines count."""
    lines = ['I1,"two\nlines",2024-01-01,1.00', "", "I2,D1,2024-01-01,x"]
    path = written(tmp_path, "\n".join([HEADER, *lines]) + "\n")
    (problem,) = read_file(path).problems
    assert problem.place == "inv.csv row 4"


@pytest.mark.parametrize(
    "content",
    [
        'No,Name\n1,"open\n2,x\n3,y\n',
        'No,Name\n1,"open',
        'No,Name\n1,"a"b,c\n',
        '"No,Name\n1,2\n',
    ],
)
def test_a_quote_left_open_is_refused(tmp_path: Path, content: str) -> None:
    """Half a file is not swallowed into one field unseen."""
    found = refusal(written(tmp_path, content))
    assert "line " in found.message
    assert "quote" in found.remedy.lower()


def test_a_huge_field_is_refused(tmp_path: Path) -> None:
    """Memory is not filled by one field."""
    path = written(tmp_path, f"No,Name\n1,{'x' * 1_000_001}\n")
    assert "line 2" in refusal(path).message


@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf"])
def test_an_empty_file_is_refused(tmp_path: Path, content: bytes) -> None:
    """It is not a list without items."""
    assert "empty" in refusal(written(tmp_path, content)).message


def test_a_header_alone_is_a_table_without_rows(tmp_path: Path) -> None:
    """What that means is for the sync to decide."""
    reading = read_file(written(tmp_path, f"{HEADER}\n"))
    assert reading.pages[-1].is_last
    assert reading.pages[-1].progress.total == 0
    assert not reading.documents


def test_a_header_further_down_is_found(tmp_path: Path) -> None:
    """Rows above it are titles."""
    path = written(tmp_path, f"sep=;\nOpen items\n\n{TEXT}".replace(",", ";"))
    assert names_of(path, header_row=4, delimiter=";") == ("No", "Name")
    assert rows_of(path, header_row=4, delimiter=";") == ROWS


def test_a_header_beyond_the_end_is_refused(tmp_path: Path) -> None:
    """The row that was looked for is named."""
    found = refusal(written(tmp_path, TEXT), header_row=9)
    assert "row 9" in found.message
    assert "header_row" in found.remedy


def test_duplicate_headers_matter_only_where_they_are_named(tmp_path: Path) -> None:
    """Two unused columns may share a name; a used one needs its position."""
    path = written(tmp_path, f"{HEADER},Text,Text\nI1,D1,2024-01-01,1.00,a,b\n")
    assert numbers(read_file(path)) == ["I1"]
    twice = written(tmp_path, f"{HEADER},No\nI1,D1,2024-01-01,1.00,X9\n")
    with pytest.raises(AmbiguousColumnError, match="#1 and #5"):
        read_file(twice)
    reading = read_file(twice, INVOICES.replace('"No"', '"#5"'))
    assert numbers(reading) == ["X9"]


def test_a_missing_column_is_named_with_a_suggestion(tmp_path: Path) -> None:
    """Before anything is read, as `connect` does."""
    written(tmp_path, "No,Custmer,Date,Total\n")
    with pytest.raises(MissingColumnError, match="Did you mean 'Custmer'"):
        connector_of(tmp_path, INVOICES).check()


def test_the_wrong_delimiter_is_seen_at_once(tmp_path: Path) -> None:
    """A header that stays in one piece names the delimiter as the cause."""
    written(tmp_path, "No;Customer;Date;Total\n")
    with pytest.raises(MissingColumnError) as caught:
        connector_of(tmp_path, INVOICES).check()
    assert "delimiter" in caught.value.user_message


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"PK\x03\x04\x14\x00\x06\x00", "inv.csv"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "inv.csv"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "inv.txt"),
    ],
)
def test_a_spreadsheet_called_text_is_seen(
    tmp_path: Path, content: bytes, name: str
) -> None:
    """Its first bytes give it away."""
    found = refusal(written(tmp_path, content + b"\0" * 100, name))
    assert "spreadsheet" in found.message


def test_an_old_spreadsheet_is_not_to_be_renamed(tmp_path: Path) -> None:
    """Another name does not make the old format readable."""
    path = written(tmp_path, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 100)
    assert "rename" not in refusal(path).remedy.lower()


@pytest.mark.parametrize("first", ["PK", "PKey", "PK_ID"])
def test_a_column_that_begins_with_pk_is_no_spreadsheet(
    tmp_path: Path, first: str
) -> None:
    """Databases call their primary keys so."""
    path = written(tmp_path, f"{first},Name\n1,x\n")
    assert names_of(path) == (first, "Name")


def test_trailing_delimiters_do_no_harm(tmp_path: Path) -> None:
    """In the header, in the rows, or in both."""
    for header, row in [(HEADER + ",", ",,"), (HEADER, ","), (HEADER + ",,", ",,")]:
        path = written(tmp_path, f"{header}\nI1,D1,2024-01-01,1.00{row}\n")
        assert numbers(read_file(path)) == ["I1"]


FIELDS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.tuples(FIELDS, FIELDS, FIELDS), max_size=8),
    delimiter=st.sampled_from(",;\t|"),
    encoding=st.sampled_from(["utf-8", "utf-16"]),
)
def test_what_is_written_with_quotes_is_read_back(
    tmp_path: Path, rows: list[tuple[str, str, str]], delimiter: str, encoding: str
) -> None:
    """Any field in any place survives, newlines and quotes and all."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, quoting=csv.QUOTE_ALL)
    writer.writerows([("a", "b", "c"), *rows])
    path = written(tmp_path, text.getvalue().encode(encoding))
    found = rows_of(path, delimiter=delimiter, encoding=encoding)
    assert found == [list(row) for row in rows]
