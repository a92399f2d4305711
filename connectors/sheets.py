"""Workbooks: one sheet as rows of typed cells."""

import math
import re
import warnings
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from itertools import chain, islice
from pathlib import Path
from typing import Final, Protocol, cast

import openpyxl
from openpyxl import Workbook
from openpyxl.utils.exceptions import InvalidFileException

from connectors.text_tables import ARCHIVES, OLD_EXCEL, UnreadableFileError
from mapping.fields import Cell
from mapping.files.columns import Row
from mapping.files.profiles import Format

UNZIPPED_BYTES_MAX: Final = 4 << 30
BLANK_COLUMNS_MAX: Final = 256
"""So many columns a sheet may have by its own word beyond those of its header."""
WHOLE_MAX: Final = 1 << 53
"""From here on whole numbers fall between those that a workbook can store."""

DAMAGES: Final = (
    InvalidFileException,
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    SyntaxError,  # broken XML
    LookupError,
    ValueError,
    TypeError,
    AttributeError,
    ArithmeticError,
    RuntimeError,  # an encrypted or unknown member of the archive
)
"""What reading a damaged workbook ends in, depending on where the damage is."""


class Sheet(Protocol):
    """What is used of a worksheet opened for reading."""

    title: str

    @property
    def max_column(self) -> int | None:
        """How many columns the sheet says it has."""
        ...

    def reset_dimensions(self) -> None:
        """Forget what the sheet says of its size."""
        ...

    def iter_rows(
        self, *, min_row: int, min_col: int, values_only: bool
    ) -> Iterator[tuple[object, ...]]:
        """Yield the rows as values."""
        ...


@contextmanager
def sheet_rows(path: Path, format_: Format, place: str) -> Iterator[Iterator[Row]]:
    """Open a sheet of a workbook: values as stored, formulas by their results.

    Rows are as long as the header at least; a sheet's own word for its size is not
    trusted, as some programs write a wrong one.

    Raises:
        UnreadableFileError: It is no workbook, is damaged, or has no such sheet.
    """
    _refuse_foreign(path, place)
    with warnings.catch_warnings(), _in_words(place):
        # Styles and extensions that openpyxl does not know hold no values.
        warnings.simplefilter("ignore")
        books = [_workbook(path, data_only=True)]
        try:
            rows, width = _rows(_sheet(books[0], format_, place))
            if _has_bare_formulas(path):
                books.append(_workbook(path, data_only=False))
                formulas, _ = _rows(_sheet(books[1], format_, place))
                rows = _with_formulas(rows, formulas)
            yield _padded(rows, format_.header_row, width)
        finally:
            for book in books:
                book.close()


@contextmanager
def _in_words(place: str) -> Iterator[None]:
    try:
        yield
    except DAMAGES as error:
        raise UnreadableFileError(
            f"{place} is damaged, or is no workbook ({type(error).__name__}).",
            remedy="Open it in a spreadsheet program and save it as .xlsx.",
        ) from error


def _refuse_foreign(path: Path, place: str) -> None:
    """Refuse what is no archive, only a part of one, or too large when unpacked.

    Raises:
        UnreadableFileError: It is.
    """
    with path.open("rb") as file:
        start = file.read(4)
    if not start:
        raise UnreadableFileError(
            f"{place} is empty; it is probably still being written.",
            remedy="Run again when the copy has finished.",
        )
    if start == OLD_EXCEL:
        raise UnreadableFileError(
            f"{place} is protected by a password, or in the old format of Excel.",
            remedy="Save it as .xlsx without a password.",
        )
    if start not in ARCHIVES:
        raise UnreadableFileError(
            f"{place} is no workbook that can be read.", remedy="Save it as .xlsx."
        )
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(member.file_size for member in archive.infolist())
    except zipfile.BadZipFile as error:
        raise UnreadableFileError(
            f"{place} has no end; it is probably still being written.",
            remedy="Run again when the copy has finished; else save it again.",
        ) from error
    if size > UNZIPPED_BYTES_MAX:
        raise UnreadableFileError(
            f"{place} would unpack to {size >> 20} MB.",
            remedy="Save the one sheet as CSV.",
        )


def _workbook(path: Path, *, data_only: bool) -> Workbook:
    return openpyxl.load_workbook(path, read_only=True, data_only=data_only)


def _sheet(workbook: Workbook, format_: Format, place: str) -> Sheet:
    # Charts are sheets as well, but have no rows.
    sheets = {sheet.title: cast(Sheet, sheet) for sheet in workbook.worksheets}
    name = next(iter(sheets), "") if format_.sheet is None else format_.sheet
    if name not in sheets:
        raise UnreadableFileError(
            f"{place} has no sheet of rows {format_.sheet!r}.",
            remedy=f"Its sheets are: {', '.join(map(repr, sheets))}. Set `sheet` in "
            "the profile.",
        )
    return sheets[name]


def _rows(sheet: Sheet) -> tuple[Iterator[tuple[object, ...]], int]:
    """Return a sheet's rows, from the first one on, and its width by its own word."""
    width = sheet.max_column or 0
    sheet.reset_dimensions()
    return sheet.iter_rows(min_row=1, min_col=1, values_only=True), width


def _padded(
    rows: Iterator[tuple[object, ...]], header_row: int, width: int
) -> Iterator[Row]:
    """Yield rows of cells, each as long as the header or the sheet, if that is more."""
    above = [_row(row) for row in islice(rows, header_row)]
    header = len(above[-1]) if above else 0
    width = max(header, min(width, header + BLANK_COLUMNS_MAX))
    for row in chain(above, map(_row, rows)):
        yield row + [None] * (width - len(row))


BARE_FORMULA: Final = re.compile(
    rb"(?:</(?:\w+:)?f>|<(?:\w+:)?f\b[^>]*/>)\s*"
    rb"(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v>\s*</(?:\w+:)?v>)?\s*</(?:\w+:)?c>"
)
"""A formula whose result is not stored: openpyxl would show an empty cell."""


def _has_bare_formulas(path: Path) -> bool:
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if "/worksheets/" not in name:
                continue
            with archive.open(name) as sheet:
                overlap = b""
                while block := sheet.read(1 << 20):
                    if BARE_FORMULA.search(overlap + block):
                        return True
                    overlap = block[-200:]
    return False


def _with_formulas(
    values: Iterable[tuple[object, ...]], formulas: Iterable[tuple[object, ...]]
) -> Iterator[tuple[object, ...]]:
    """Put each formula where its result is not stored."""
    for found, written in zip(values, formulas, strict=True):
        yield tuple(
            _formula(one) if cell is None and one is not None else cell
            for cell, one in zip(found, written, strict=True)
        )


def _formula(written: object) -> str:
    """Return a formula as text; some kinds come as objects."""
    return written if isinstance(written, str) else f"={getattr(written, 'text', '')}"


def _row(cells: Iterable[object]) -> list[Cell]:
    return [_cell(cell) for cell in cells]


def _cell(cell: object) -> Cell:
    if cell is None or isinstance(cell, str | bool | datetime | date):
        return cell
    if isinstance(cell, int):
        return Decimal(cell)
    if isinstance(cell, float) and math.isfinite(cell):
        if abs(cell) > WHOLE_MAX:
            # As a spreadsheet shows it: readers know that digits may be lost.
            return f"{cell:.16E}"
        # The shortest decimal that reads back as the same float.
        return Decimal(repr(cell))
    return str(cell)
