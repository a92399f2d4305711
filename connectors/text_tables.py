"""Delimited text files: encodings, byte order marks, quotes."""

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from charset_normalizer import from_bytes

from ledger.errors import SourceError
from mapping.files.columns import Row
from mapping.files.profiles import Format

FIELD_CHARACTERS_MAX: Final = 1_000_000
SAMPLE_BYTES: Final = 200_000
OLD_EXCEL: Final = b"\xd0\xcf\x11\xe0"
"""How an old or an encrypted Excel file begins."""


class UnreadableFileError(SourceError):
    """A file cannot be read as the table it should be."""


@contextmanager
def text_rows(path: Path, format_: Format, place: str) -> Iterator[Iterator[Row]]:
    """Open a delimited text file.

    Raises:
        UnreadableFileError: The encoding or the quoting is not as declared.
    """
    _refuse_foreign_bytes(path, format_, place)
    encoding = "utf-8-sig" if _is_utf8(format_.encoding) else format_.encoding
    # The limit belongs to the module; every reader here wants the same.
    csv.field_size_limit(FIELD_CHARACTERS_MAX)
    with path.open(encoding=encoding, newline="") as file:
        reader = csv.reader(
            file, delimiter=format_.delimiter, quotechar=format_.quote, strict=True
        )
        # What goes wrong while the caller reads arrives here.
        try:
            yield reader
        except UnicodeDecodeError as error:
            raise _wrong_encoding(
                path, format_, place, reader.line_num, error
            ) from error
        except csv.Error as error:
            raise UnreadableFileError(
                f"{place} line {reader.line_num}: {error}.",
                remedy="A quote is probably left open there, or the `delimiter` or "
                "`quote` in the profile is not the file's.",
            ) from error


def _wrong_encoding(
    path: Path, format_: Format, place: str, line: int, error: UnicodeDecodeError
) -> UnreadableFileError:
    guess = from_bytes(_sample(path)).best()
    likely = f' It may be encoding = "{guess.encoding}".' if guess else ""
    return UnreadableFileError(
        f"{place} is not {format_.encoding}: line {line + 1} or the lines after it "
        f"hold the byte 0x{error.object[error.start]:02x}.",
        remedy=f"Set `encoding` in the profile.{likely}",
    )


def _is_utf8(encoding: str) -> bool:
    return encoding.lower().replace("_", "-") in {"utf-8", "utf8", "utf-8-sig"}


def _refuse_foreign_bytes(path: Path, format_: Format, place: str) -> None:
    with path.open("rb") as file:
        start = file.read(4)
    if start[:2] == b"PK" or start == OLD_EXCEL:
        raise UnreadableFileError(
            f"{place} is a spreadsheet, though its name says text.",
            remedy="Rename it to end in .xlsx, or save it as CSV.",
        )
    wide = start[:2] in {b"\xff\xfe", b"\xfe\xff"} or b"\0" in start
    if wide and "16" not in format_.encoding and "32" not in format_.encoding:
        raise UnreadableFileError(
            f"{place} is written in UTF-16, not {format_.encoding}.",
            remedy='Set encoding = "utf-16" in the profile.',
        )


def _sample(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(SAMPLE_BYTES)
