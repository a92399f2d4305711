"""Delimited text files: encodings, byte order marks, quotes."""

import codecs
import csv
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from charset_normalizer import from_bytes

from ledger.errors import SourceError
from mapping.files.columns import Row
from mapping.files.profiles import Format

FIELD_CHARACTERS_MAX: Final = 1_000_000
OLD_EXCEL: Final = b"\xd0\xcf\x11\xe0"
"""How an old or an encrypted Excel file begins."""
ARCHIVES: Final = (b"PK\x03\x04", b"PK\x05\x06")
"""How a workbook begins: it is an archive, with something in it or empty."""

MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
"""Byte order marks and what they say; of two that begin alike the longer one first."""

NUL_SHOWN: Final = "\N{SYMBOL FOR NULL}"
"""Stands for the character NUL, which no database keeps and no screen shows."""

ZEROS: Final[dict[tuple[bool, ...], str]] = {
    (False, True, True, True): "utf-32-le",
    (True, True, True, False): "utf-32-be",
    (False, True, False, True): "utf-16-le",
    (True, False, True, False): "utf-16-be",
}
"""Where zeros stand among the first bytes of a wide encoding."""

WINDOWS_LIKE: Final = frozenset({"cp1250", "latin_1", "iso8859_1"})
"""Taken for cp1252: files of this kind come from Windows far more often."""


class UnreadableFileError(SourceError):
    """A file cannot be read as the table it should be."""


@dataclass(frozen=True, slots=True)
class TextEncoding:
    """How a text file is encoded: a codec that writes no mark, and the file's mark."""

    codec: str
    mark: bytes = b""

    def ends_line(self, tail: bytes) -> bool:
        """Say whether a file's last bytes end a line."""
        return tail.endswith(tuple(mark.encode(self.codec) for mark in "\r\n"))


def text_encoding(path: Path, format_: Format, place: str) -> TextEncoding:
    """Hold the declared encoding against a file's first bytes.

    Raises:
        UnreadableFileError: It is a spreadsheet, or encoded otherwise for sure.
    """
    with path.open("rb") as file:
        start = file.read(4)
    if start in ARCHIVES or start == OLD_EXCEL:
        raise UnreadableFileError(
            f"{place} is a spreadsheet, though its name says text.",
            remedy="Save it as .xlsx or as CSV."
            if start == OLD_EXCEL
            else "Rename it to end in .xlsx, or save it as CSV.",
        )
    declared = codecs.lookup(format_.encoding).name.removesuffix("-sig")
    mark, found = next(
        ((mark, name) for mark, name in MARKS if start.startswith(mark)),
        (b"", _wide(start)),
    )
    if found and not found.startswith(declared):
        how = "begins with the mark of" if mark else "is written in"
        raise UnreadableFileError(
            f"{place} {how} {found.upper()}, not in {format_.encoding}.",
            remedy=f'Set encoding = "{found}" in the profile.',
        )
    if not mark and declared in {"utf-16", "utf-32"}:
        raise UnreadableFileError(
            f"{place} does not begin with the byte order mark of {declared}.",
            remedy=f'Set encoding = "{found or "utf-8"}" in the profile.',
        )
    return TextEncoding(found or declared, mark)


@contextmanager
def text_rows(path: Path, format_: Format, place: str) -> Iterator[Iterator[Row]]:
    """Open a delimited text file.

    Raises:
        UnreadableFileError: The encoding or the quoting is not as declared.
    """
    encoding = text_encoding(path, format_, place)
    # The limit belongs to the module; every reader here wants the same.
    csv.field_size_limit(FIELD_CHARACTERS_MAX)
    with path.open("rb") as raw:
        raw.seek(len(encoding.mark))
        file = io.TextIOWrapper(raw, encoding=encoding.codec, newline="")
        reader = csv.reader(
            (line.replace("\0", NUL_SHOWN) for line in file),
            delimiter=format_.delimiter,
            quotechar=format_.quote,
            strict=True,
        )
        # What goes wrong while the caller reads arrives here.
        try:
            yield reader
        except UnicodeDecodeError as error:
            raise _wrong_encoding(format_, place, reader.line_num, error) from error
        except csv.Error as error:
            raise UnreadableFileError(
                f"{place} line {reader.line_num}: {error}.",
                remedy="A quote is probably left open there, or the `delimiter` or "
                "`quote` in the profile is not the file's.",
            ) from error


def likely_encoding(content: bytes) -> str | None:
    """Return the encoding that bytes are probably written in."""
    found = from_bytes(content).best()
    if found is None:
        return None
    return "cp1252" if found.encoding in WINDOWS_LIKE else found.encoding


def _wrong_encoding(
    format_: Format, place: str, line: int, error: UnicodeDecodeError
) -> UnreadableFileError:
    # What could not be decoded is among these bytes, however far down they stand.
    guess = likely_encoding(error.object)
    likely = f' It may be encoding = "{guess}".' if guess else ""
    return UnreadableFileError(
        f"{place} is not {format_.encoding}: line {line + 1} or the lines after it "
        f"hold the byte 0x{error.object[error.start]:02x}.",
        remedy=f"Set `encoding` in the profile.{likely}",
    )


def _wide(start: bytes) -> str:
    """Return the wide encoding, or none, that ASCII without a mark stands in."""
    return ZEROS.get(tuple(byte == 0 for byte in start), "")
