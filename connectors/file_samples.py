"""A first look at a file nobody has described yet: encoding, delimiter, header."""

import csv
import io
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Final

from connectors.tables import SHEET_SUFFIXES, TableFile
from connectors.text_tables import UnreadableFileError, likely_encoding
from mapping.files.columns import Row
from mapping.files.profiles import Format
from mapping.files.proposal import Sample

SAMPLE_ROWS: Final = 2_000
SAMPLE_BYTES: Final = 1_000_000
HEADER_ROWS_MAX: Final = 30
"""A header stands within so many rows."""

DELIMITERS: Final = (",", ";", "\t", "|")


def sample(path: Path) -> Sample:
    """Look at the beginning of a file.

    Raises:
        UnreadableFileError: It is empty or no table.
    """
    if path.suffix.lower() in SHEET_SUFFIXES:
        rows = _sheet_rows(path)
        encoding = delimiter = None
    else:
        encoding, text = _decoded(path)
        delimiter, rows = _split(text)
    header_row = _header_row(rows)
    if not rows or not any(rows[header_row - 1]):
        raise UnreadableFileError(
            f"{path.name} holds no table.", remedy="Export it again."
        )
    header = ["" if cell is None else str(cell) for cell in rows[header_row - 1]]
    return Sample(
        place=path.name,
        file=path.name,
        header=header,
        rows=[row for row in rows[header_row:] if any(row)],
        encoding=encoding,
        delimiter=delimiter,
        header_row=header_row,
    )


def _sheet_rows(path: Path) -> list[Row]:
    file = TableFile(path, Format(header_row=1))
    header: Row = list(file.header().names)
    rows = (row for chunk in file.chunks() for row in chunk.rows)
    return [header, *islice(rows, SAMPLE_ROWS)]


def _decoded(path: Path) -> tuple[str, str]:
    with path.open("rb") as file:
        start = file.read(SAMPLE_BYTES)
    if start[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        return "utf-16", start.decode("utf-16", errors="ignore")
    try:
        # The last character may be cut apart.
        return "utf-8", start[: _whole(start)].decode("utf-8-sig")
    except UnicodeDecodeError:
        encoding = likely_encoding(start)
    if encoding is None:
        raise UnreadableFileError(
            f"{path.name} is no text.", remedy="Export it as CSV or XLSX."
        )
    return encoding, start.decode(encoding, errors="replace")


def _whole(start: bytes) -> int:
    if len(start) < SAMPLE_BYTES:
        return len(start)
    return start.rfind(b"\n") + 1 or len(start)


def _split(text: str) -> tuple[str, list[Row]]:
    best: tuple[tuple[int, int], str, list[Row]] | None = None
    for delimiter in DELIMITERS:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        try:
            rows: list[Row] = list(islice(reader, SAMPLE_ROWS))
        except csv.Error:
            continue
        widths = [len(row) for row in rows if any(row)]
        if not widths:
            continue
        width = max(set(widths), key=widths.count)
        score = (min(width, 2), widths.count(width) * (width > 1) * width)
        if best is None or score > best[0]:
            best = (score, delimiter, rows)
    if best is None:
        return DELIMITERS[0], []
    return best[1], best[2]


def _header_row(rows: Sequence[Row]) -> int:
    """Return where the first row stands that has the table's width and no gaps."""
    widths = [_filled(row) for row in rows[:SAMPLE_ROWS]]
    width = max(widths, default=0)
    for number, filled in enumerate(widths[:HEADER_ROWS_MAX], 1):
        if filled * 10 >= width * 8:
            return number
    return 1


def _filled(row: Row) -> int:
    return sum(1 for cell in row if cell not in {None, ""})
