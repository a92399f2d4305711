"""Tables in files, CSV or XLSX, read in bounded memory and without guessing."""

import hashlib
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

from connectors.text_tables import UnreadableFileError, text_encoding, text_rows
from ledger.errors import RetryableError
from mapping.files.columns import Header, Row
from mapping.files.profiles import Format
from mapping.files.rows import Chunk

CHUNK_ROWS: Final = 5_000
SHEET_SUFFIXES: Final = frozenset({".xlsx", ".xlsm"})
TEXT_SUFFIXES: Final = frozenset({".csv", ".txt", ".tsv"})


class ChangedFileError(RetryableError):
    """A file changed while it was read, or is not complete yet."""

    def __init__(self, place: str, how: str) -> None:
        """Say how that was seen."""
        super().__init__(
            f"{place} {how}; it is probably still being written.",
            remedy="Run again when the copy has finished.",
        )


@contextmanager
def reachable(place: str) -> Iterator[None]:
    """Turn what the file system refuses into words.

    Raises:
        UnreadableFileError: The file is gone, or may not be read.
    """
    try:
        yield
    except OSError as error:
        raise UnreadableFileError(
            f"{place} cannot be read: {error.strerror or error}.",
            remedy="Check that it is there, and the rights of it and its folders.",
        ) from error


@dataclass(frozen=True, slots=True)
class Stamp:
    """What tells cheaply that a file did not change."""

    size: int
    mtime_ns: int


class TableFile:
    """One table in one file; each method raises `UnreadableFileError` if it is gone."""

    def __init__(self, path: Path, format_: Format, place: str | None = None) -> None:
        """Name the file; nothing is opened yet."""
        self.path = path
        self.format = format_
        self.place = place or path.name

    def stamp(self) -> Stamp:
        """Take the file's stamp."""
        with reachable(self.place):
            status = self.path.stat()
        return Stamp(status.st_size, status.st_mtime_ns)

    def digest(self) -> str:
        """Return the SHA-256 of the file's bytes."""
        with reachable(self.place), self.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def header(self) -> Header:
        """Return the header.

        Raises:
            UnreadableFileError: There is none.
        """
        with self._rows() as rows:
            return self._header(rows)

    def chunks(self, skip: int = 0, stop: int | None = None) -> Iterator[Chunk]:
        """Yield pages of rows below the header.

        Args:
            skip: So many rows are left out first.
            stop: So many rows, skipped ones included, are read; None reads all.

        Raises:
            UnreadableFileError: The bytes are not what the profile says.
        """
        with self._rows() as all_rows:
            self._header(all_rows)
            rows = islice(all_rows, skip, stop)
            first = self.format.header_row + 1 + skip
            while page := list(islice(rows, CHUNK_ROWS)):
                yield Chunk(self.place, first, page)
                first += len(page)

    @property
    def rows_expected(self) -> int:
        """About how many rows there are, judged by the file's size."""
        bytes_a_row = 40
        return self.stamp().size // bytes_a_row + 1

    @property
    def ends_whole(self) -> bool:
        """Whether the last line of a text file is ended."""
        if self._is_sheet:
            return True
        with reachable(self.place), self.path.open("rb") as file:
            encoding = text_encoding(self.path, self.format, self.place)
            file.seek(-min(file.seek(0, io.SEEK_END), 4), io.SEEK_END)
            return encoding.ends_line(file.read())

    @property
    def _is_sheet(self) -> bool:
        return self.path.suffix.lower() in SHEET_SUFFIXES

    def _header(self, rows: Iterator[Row]) -> Header:
        above = list(islice(rows, self.format.header_row))
        if len(above) < self.format.header_row:
            raise UnreadableFileError(
                f"{self.place} is empty: it has no header in row "
                f"{self.format.header_row}.",
                remedy="Export it again, or set `header_row` in the profile.",
            )
        return Header(
            self.place, ("" if cell is None else str(cell) for cell in above[-1])
        )

    @contextmanager
    def _rows(self) -> Iterator[Iterator[Row]]:
        opened = text_rows
        if self._is_sheet:
            # openpyxl takes long to load, and most files are text.
            from connectors.sheets import sheet_rows  # noqa: PLC0415

            opened = sheet_rows
        with reachable(self.place), opened(self.path, self.format, self.place) as rows:
            yield rows
