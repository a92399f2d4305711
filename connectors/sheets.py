"""Workbooks: one sheet as rows of typed cells."""

import re
import warnings
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Final, Protocol, cast

import openpyxl
from openpyxl import Workbook
from openpyxl.utils.exceptions import InvalidFileException

from connectors.text_tables import OLD_EXCEL, UnreadableFileError
from mapping.fields import Cell
from mapping.files.columns import Row
from mapping.files.profiles import Format

UNZIPPED_BYTES_MAX: Final = 4 << 30


class Sheet(Protocol):
    """What is used of a worksheet opened for reading."""

    def iter_rows(self, *, values_only: bool) -> Iterator[tuple[object, ...]]:
        """Yield the rows as values."""
        ...


@contextmanager
def sheet_rows(path: Path, format_: Format, place: str) -> Iterator[Iterator[Row]]:
    """Open a sheet of a workbook: values as stored, formulas by their results.

    Raises:
        UnreadableFileError: It is no workbook, or has no such sheet.
    """
    _refuse_bomb(path, place)
    with warnings.catch_warnings():
        # Styles and extensions that openpyxl does not know hold no values.
        warnings.simplefilter("ignore")
        values = _workbook(path, place, data_only=True)
        try:
            sheet = _sheet(values, format_, place)
            if _has_bare_formulas(path):
                formulas = _workbook(path, place, data_only=False)
                yield _with_formulas(sheet, _sheet(formulas, format_, place))
                formulas.close()
            else:
                yield (_row(row) for row in sheet.iter_rows(values_only=True))
        finally:
            values.close()


def _workbook(path: Path, place: str, *, data_only: bool) -> Workbook:
    try:
        return openpyxl.load_workbook(path, read_only=True, data_only=data_only)
    except (InvalidFileException, zipfile.BadZipFile, KeyError, ValueError) as error:
        with path.open("rb") as file:
            old = file.read(4) == OLD_EXCEL
        reason = (
            "is protected by a password, or in the old format of Excel"
            if old
            else "is no workbook that can be read"
        )
        raise UnreadableFileError(
            f"{place} {reason}.", remedy="Save it as .xlsx without a password."
        ) from error


def _refuse_bomb(path: Path, place: str) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(member.file_size for member in archive.infolist())
    except zipfile.BadZipFile:
        return
    if size > UNZIPPED_BYTES_MAX:
        raise UnreadableFileError(
            f"{place} would unpack to {size >> 20} MB.",
            remedy="Save the one sheet as CSV.",
        )


def _sheet(workbook: Workbook, format_: Format, place: str) -> Sheet:
    if format_.sheet is None:
        return cast(Sheet, workbook.worksheets[0])
    if format_.sheet not in workbook.sheetnames:
        raise UnreadableFileError(
            f"{place} has no sheet {format_.sheet!r}.",
            remedy=f"Its sheets are: {', '.join(map(repr, workbook.sheetnames))}. Set "
            "`sheet` in the profile.",
        )
    return cast(Sheet, workbook[format_.sheet])


BARE_FORMULA: Final = re.compile(
    rb"</f>\s*(?:<v\s*/>|<v></v>)?\s*</c>|<f[^>]*/>\s*</c>"
)
"""A formula whose result is not stored: openpyxl would show an empty cell."""


def _has_bare_formulas(path: Path) -> bool:
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if not name.startswith("xl/worksheets/sheet"):
                continue
            with archive.open(name) as sheet:
                overlap = b""
                while block := sheet.read(1 << 20):
                    if BARE_FORMULA.search(overlap + block):
                        return True
                    overlap = block[-200:]
    return False


def _with_formulas(values: Sheet, formulas: Sheet) -> Iterator[Row]:
    pairs = zip(
        values.iter_rows(values_only=True),
        formulas.iter_rows(values_only=True),
        strict=False,
    )
    for found, written in pairs:
        row = _row(found)
        for index, cell in enumerate(written):
            if row[index] is None and isinstance(cell, str) and cell[:1] == "=":
                row[index] = cell
        yield row


def _row(cells: Iterable[object]) -> list[Cell]:
    return [_cell(cell) for cell in cells]


def _cell(cell: object) -> Cell:
    if cell is None or isinstance(cell, str | bool | datetime | date):
        return cell
    if isinstance(cell, int):
        return Decimal(cell)
    if isinstance(cell, float):
        # The shortest decimal that reads back as the same float.
        return Decimal(repr(cell))
    return str(cell)
