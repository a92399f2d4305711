"""Listings: rows that come out as a table, JSON, CSV or a workbook.

The JSON form is a stable contract, `{"schema_version": …, "items": […]}`, documented in
`docs/json.md`; the other forms show the same rows for people and spreadsheets.
"""

import csv
import io
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ledger.errors import RequestError
from ledger.money import Currency, written

SCHEMA_VERSION: Final = 1
PIPE_WIDTH: Final = 240
"""Columns of a table that goes into a file or a pipe."""

WORKBOOK_CREATED: Final = datetime(2000, 1, 1)  # noqa: DTZ001 - XLSX has no zones
"""Workbooks of the same rows are the same bytes, so they are never made today."""

SHOWN: Final = 1_000
"""So many rows of what only grows are shown to who names no number."""

Item = Mapping[str, Any]


class Format(StrEnum):
    """How a listing comes out."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    XLSX = "xlsx"


class Style(StrEnum):
    """What a column holds."""

    TEXT = "text"
    AMOUNT = "amount"
    NUMBER = "number"
    DATE = "date"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the table, CSV and workbook forms."""

    title: str
    value: Callable[[Item], Any]
    style: Style = Style.TEXT


@dataclass(slots=True)
class Listing:
    """Rows to show.

    Attributes:
        items: The rows, as JSON has them.
        meta: What else the JSON says, beside the items.
        notes: Lines under the table.
        total: A last row of the table, by column title.
    """

    title: str
    columns: Sequence[Column]
    items: Sequence[Item]
    meta: Mapping[str, Any] = field(default_factory=dict)
    notes: Sequence[str] = ()
    totals: Sequence[Sequence[Any]] = ()


amount = written
"""Return an amount as the JSON contract writes it."""


def money(value: Decimal, code: Currency) -> dict[str, str]:
    """Return an exact amount as the JSON contract writes it."""
    return {"amount": str(value), "currency": code}


def field_of(name: str) -> Callable[[Item], Any]:
    """Return a reader of one field of an item."""
    return lambda item: item[name]


def text_column(title: str, name: str) -> Column:
    """Return a column of one text field."""
    return Column(title, field_of(name))


def amount_column(title: str, name: str) -> Column:
    """Return a column of one amount field."""
    return Column(title, lambda item: _amount_of(item[name]), Style.AMOUNT)


def number_column(title: str, name: str) -> Column:
    """Return a column of one number field."""
    return Column(title, field_of(name), Style.NUMBER)


def date_column(title: str, name: str) -> Column:
    """Return a column of one date field."""
    return Column(title, field_of(name), Style.DATE)


def _amount_of(value: Mapping[str, str] | None) -> Decimal | None:
    return None if value is None else Decimal(value["amount"])


def show(listing: Listing, format_: Format, out: Path | None = None) -> None:
    """Write a listing where it was asked for.

    Raises:
        RequestError: A workbook cannot go to a terminal.
    """
    match format_:
        case Format.TABLE:
            to_terminal = out is None and sys.stdout.isatty()
            _write(out, as_table(listing, width=None if to_terminal else PIPE_WIDTH))
        case Format.JSON:
            _write(out, as_json(listing))
        case Format.CSV:
            _write(out, as_csv(listing))
        case Format.XLSX:
            if out is None and sys.stdout.isatty():
                raise RequestError(
                    "A workbook cannot be shown in a terminal.",
                    remedy="Add --out FILE.xlsx.",
                )
            _write_bytes(out, as_workbook({listing.title: listing}))


def left_off(count: int, shown: int) -> list[str]:
    """Return the note that says how many older rows are not shown; none if all are."""
    more = count - shown
    return [f"{more} older not shown; --limit {count} shows all."] * (more > 0)


def as_json(listing: Listing) -> str:
    """Return a listing as JSON, one way for the same rows."""
    body = {
        "schema_version": SCHEMA_VERSION,
        **listing.meta,
        "items": list(listing.items),
    }
    return json.dumps(body, ensure_ascii=False, indent=2, default=_plain) + "\n"


def as_csv(listing: Listing) -> str:
    """Return a listing as CSV with a header, amounts plain, dates ISO 8601."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow([column.title for column in listing.columns])
    for item in listing.items:
        writer.writerow(
            [_csv_cell(column, column.value(item)) for column in listing.columns]
        )
    return buffer.getvalue()


def as_workbook(listings: Mapping[str, Listing]) -> bytes:
    """Return listings as a workbook with a sheet each; same rows, same bytes."""
    # It takes long to load, and few listings become a workbook.
    import xlsxwriter  # noqa: PLC0415

    buffer = io.BytesIO()
    workbook = xlsxwriter.Workbook(
        buffer,
        {
            "in_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        },
    )
    workbook.set_properties({"created": WORKBOOK_CREATED})
    head = workbook.add_format({"bold": True, "bottom": 1})
    formats = {
        Style.AMOUNT: workbook.add_format({"num_format": "#,##0.00##"}),
        Style.NUMBER: workbook.add_format({"num_format": "0.####"}),
        Style.DATE: workbook.add_format({"num_format": "yyyy-mm-dd"}),
        Style.TEXT: workbook.add_format({}),
    }
    for name, listing in listings.items():
        sheet = workbook.add_worksheet(_sheet_name(name))
        sheet.freeze_panes(1, 0)
        for index, column in enumerate(listing.columns):
            sheet.write_string(0, index, column.title, head)
            sheet.set_column(index, index, max(12, len(column.title) + 2))
        for row, item in enumerate(listing.items, 1):
            for index, column in enumerate(listing.columns):
                _write_cell(
                    sheet,
                    row,
                    index,
                    column.value(item),
                    column.style,
                    formats[column.style],
                )
    workbook.close()
    return buffer.getvalue()


def _write_cell(
    sheet: Any,
    row: int,
    index: int,
    value: Any,
    style: Style,
    cell_format: Any,
) -> None:
    if value is None or value == "":
        return
    if style is Style.DATE and isinstance(value, str):
        sheet.write_datetime(row, index, date.fromisoformat(value), cell_format)
    elif style in {Style.AMOUNT, Style.NUMBER}:
        # Excel keeps fifteen digits; a longer amount goes in as text, whole.
        number = Decimal(str(value))
        if len(number.as_tuple().digits) > 15:  # noqa: PLR2004
            sheet.write_string(row, index, str(value), cell_format)
        else:
            sheet.write_number(row, index, number, cell_format)
    else:
        sheet.write_string(row, index, _shown(value), cell_format)


def _sheet_name(name: str) -> str:
    return "".join(" " if mark in "[]:*?/\\" else mark for mark in name)[:31]


def as_table(listing: Listing, *, width: int | None) -> str:
    """Return a listing as a table; no width asks the terminal for its own."""
    terminal = sys.stdout.isatty()
    console = Console(
        file=sys.stdout if terminal else io.StringIO(), width=width, highlight=False
    )
    table = Table(title=listing.title, title_justify="left", show_footer=False)
    for column in listing.columns:
        number = column.style in {Style.AMOUNT, Style.NUMBER}
        table.add_column(
            column.title,
            justify="right" if number else "left",
            no_wrap=column.style is not Style.TEXT,
            overflow="fold",
        )
    for item in listing.items:
        table.add_row(
            *(_table_cell(column, column.value(item)) for column in listing.columns)
        )
    for total in listing.totals:
        table.add_section()
        table.add_row(
            *(
                _table_cell(column, value)
                for column, value in zip(listing.columns, total, strict=True)
            ),
            style="bold",
        )
    with console.capture() as capture:
        if listing.items:
            console.print(table)
        else:
            console.print(f"{listing.title}: nothing to show.")
        for note in listing.notes:
            console.print(Text(note))
    return capture.get()


def _table_cell(column: Column, value: Any) -> Text:
    if value is None:
        return Text("")
    if column.style is Style.AMOUNT and isinstance(value, Decimal):
        return Text(f"{value:,}", style="red" if value < 0 else "")
    return Text(_shown(value))


def _csv_cell(column: Column, value: Any) -> str:
    if value is None:
        return ""
    text = _shown(value)
    if column.style is Style.TEXT and text[:1] in {"=", "+", "@", "\t", "\r"}:
        # A spreadsheet would run it as a formula.
        return f"'{text}"
    return text


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(_shown(one) for one in value)
    return str(_plain(value)) if isinstance(value, date) else str(value)


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"{type(value)} has no JSON form")


def _write(out: Path | None, text: str) -> None:
    if out is None:
        sys.stdout.write(text)
        return
    _write_bytes(out, text.encode())


def _write_bytes(out: Path | None, body: bytes) -> None:
    if out is None:
        sys.stdout.buffer.write(body)
        return
    write_whole(out, body)


def write_whole(out: Path, body: bytes) -> None:
    """Write a file so that no one ever sees half of it.

    Raises:
        RequestError: It cannot be written.
    """
    partial = out.with_name(f".{out.name}.part")
    try:
        partial.write_bytes(body)
        partial.replace(out)
    except OSError as error:
        raise RequestError(
            f"{out} cannot be written: {error.strerror}.", remedy="Choose another path."
        ) from error
