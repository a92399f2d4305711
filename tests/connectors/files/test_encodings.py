"""Encodings and byte order marks: right, wrong, and contradicting the profile."""

from pathlib import Path

import pytest

from connectors.text_tables import UnreadableFileError
from ledger.errors import SourceError
from tests.file_reading import INVOICES, names_of, read_file, rows_of

TEXT = "No,Name\n1,Müller\n2,Ærø\n"
ROWS = [["1", "Müller"], ["2", "Ærø"]]


def written(folder: Path, content: bytes) -> Path:
    """Write a file byte by byte."""
    path = folder / "inv.csv"
    path.write_bytes(content)
    return path


def refusal(path: Path, **format_: object) -> UnreadableFileError:
    """Return why a file is refused; it names the file and says what to do."""
    with pytest.raises(UnreadableFileError) as caught:
        rows_of(path, **format_)
    assert path.name in caught.value.message
    assert caught.value.remedy
    return caught.value


@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf_8", "UTF-8", "cp1252", "latin-1", "iso-8859-15", "utf-16", "utf-32"],
)
def test_a_file_is_read_in_its_encoding(tmp_path: Path, encoding: str) -> None:
    """Letters beyond ASCII come out as they are."""
    path = written(tmp_path, TEXT.encode(encoding))
    assert rows_of(path, encoding=encoding) == ROWS


@pytest.mark.parametrize(
    ("declared", "mark", "encoding"),
    [
        ("utf-8", b"\xef\xbb\xbf", "utf-8"),
        ("UTF8", b"\xef\xbb\xbf", "utf-8"),
        ("utf-8-sig", b"\xef\xbb\xbf", "utf-8"),
        ("U8", b"\xef\xbb\xbf", "utf-8"),
        ("utf", b"\xef\xbb\xbf", "utf-8"),
        ("cp65001", b"\xef\xbb\xbf", "utf-8"),
        ("utf-16", b"\xff\xfe", "utf-16-le"),
        ("utf-16", b"\xfe\xff", "utf-16-be"),
        ("utf-16-le", b"\xff\xfe", "utf-16-le"),
        ("utf-16-be", b"\xfe\xff", "utf-16-be"),
    ],
)
def test_a_byte_order_mark_is_no_part_of_the_header(
    tmp_path: Path, declared: str, mark: bytes, encoding: str
) -> None:
    """The first column is found whichever way the encoding is spelt."""
    path = written(tmp_path, mark + TEXT.encode(encoding))
    assert names_of(path, encoding=declared) == ("No", "Name")
    assert rows_of(path, encoding=declared) == ROWS


def test_a_file_without_a_mark_is_read_too(tmp_path: Path) -> None:
    """utf-8-sig allows a mark; it does not need one."""
    assert rows_of(written(tmp_path, TEXT.encode()), encoding="utf-8-sig") == ROWS


def test_a_mark_that_contradicts_the_profile_is_refused(tmp_path: Path) -> None:
    """A file that says it is UTF-8 is not read as cp1252, umlauts garbled."""
    path = written(tmp_path, b"\xef\xbb\xbf" + TEXT.encode())
    assert "utf-8" in refusal(path, encoding="cp1252").user_message.lower()


def test_another_encoding_is_seen_and_the_likely_one_named(tmp_path: Path) -> None:
    """The line and the byte are named; what is proposed can read the file."""
    lines = [f"{number},Müller GmbH & Söhne Großhandel" for number in range(200)]
    path = written(tmp_path, "\n".join(["No,Name", *lines]).encode("cp1252"))
    found = refusal(path)
    assert "not utf-8" in found.message
    assert "0xfc" in found.message
    proposed = found.remedy.rpartition("encoding = ")[2].strip('".')
    assert rows_of(path, encoding=proposed)[0][1] == lines[0].partition(",")[2]


def test_a_strange_byte_far_down_is_not_blamed_on_ascii(tmp_path: Path) -> None:
    """What is proposed must be able to read the byte that could not be read."""
    lines = [f"{number},Plain name of a customer" for number in range(20_000)]
    text = "\n".join(["No,Name", *lines, "20001,Müller", "20002,Zürich"])
    path = written(tmp_path, text.encode("cp1252"))
    remedy = refusal(path).remedy
    assert '"ascii"' not in remedy
    assert '"utf_8"' not in remedy


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf_16_is_seen_and_the_remedy_works(tmp_path: Path, encoding: str) -> None:
    """Whoever does what the message says can read the file."""
    path = written(tmp_path, TEXT.encode(encoding))
    remedy = refusal(path).remedy
    proposed = remedy.rpartition("encoding = ")[2].partition('"')[2].partition('"')[0]
    assert rows_of(path, encoding=proposed) == ROWS


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_a_plain_file_declared_wide_is_refused(tmp_path: Path, encoding: str) -> None:
    """The wrong encoding is an error in words, whichever way round."""
    path = written(tmp_path, TEXT.encode())
    with pytest.raises(SourceError):
        read_file(path, f'[format]\nencoding = "{encoding}"\n{INVOICES}')
