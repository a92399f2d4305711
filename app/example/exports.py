"""The files an accounting system would export of the example company's books.

They are written as German programs write them: semicolons, decimal commas, points
between thousands, dates as DD.MM.YYYY, UTF-8.
"""

import csv
import io
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any, Final

from app.example.bookkeeping import Balances, Bookkeeping, Journal
from app.example.facts import Credit, CreditKind, Customer, Invoice, Part
from app.example.mistakes import BadRow, File
from ledger.calendar import Terms

UTF8: Final = "utf-8"

COLUMNS: Final[Mapping[File, tuple[str, ...]]] = {
    File.CUSTOMERS: ("Kundennr", "Name", "Land", "E-Mail", "Zahlungsziel"),
    File.INVOICES: (
        "Rechnungsnr", "Kundennr", "Kunde", "Datum", "Fällig", "Zahlungsziel",
        "Betrag", "Währung", "Kurs", "Betrag EUR", "Bestellung", "Storniert am",
        "Strittig",
    ),
    File.CREDIT_NOTES: (
        "Gutschriftsnr", "Kundennr", "Kunde", "Datum", "Betrag", "Währung", "Text",
    ),
    File.PAYMENTS: (
        "Belegnr", "Art", "Kundennr", "Kunde", "Datum", "Betrag", "Währung", "Text",
    ),
    File.ALLOCATIONS: (
        "Zuordnung", "Art", "Belegnr", "Rechnungsnr", "Betrag", "Währung", "Datum",
    ),
    File.AGED_LIST: ("Kundennr", "Kunde", "Währung", "Saldo"),
}  # fmt: skip

KIND_TITLES: Final = {
    CreditKind.PAYMENT: "Zahlung",
    CreditKind.CREDIT_NOTE: "Gutschrift",
    CreditKind.WRITE_OFF: "Ausbuchung",
}

Rows = Iterator[tuple[int, tuple[str, ...]]]
"""Rows of a file, each with the key of the fact it shows."""


class Exports:
    """Writes the books as they stood on a day."""

    def __init__(
        self,
        books: Bookkeeping,
        customers: Sequence[Customer],
        bad_rows: Sequence[BadRow],
    ) -> None:
        """Number all documents in the order in which they were entered."""
        self._books = books
        self._customers = customers
        self._names = {one.number: one.name for one in customers}
        self._bad_rows = bad_rows
        self.invoice_numbers = _numbers(books.invoices, lambda _: "RE")
        self.credit_numbers = _numbers(books.credits, lambda one: one.kind)
        self.allocation_numbers = _numbers(books.allocations, lambda _: "ZU")

    def on(self, day: date, balances: Balances) -> dict[str, bytes]:
        """Return the files of a day, with the balances that the books print."""
        bad = {(one.file, one.key): one for one in self._bad_rows if one.is_bad_on(day)}
        tables: dict[File, Rows] = {
            File.CUSTOMERS: self._customer_rows(day),
            File.INVOICES: self._invoice_rows(day),
            File.CREDIT_NOTES: self._credit_note_rows(day),
            File.PAYMENTS: self._payment_rows(day),
            File.ALLOCATIONS: self._allocation_rows(day),
            File.AGED_LIST: self._aged_rows(balances),
        }
        return {
            str(file): _sheet(
                COLUMNS[file],
                (
                    _spoilt(COLUMNS[file], row, bad.get((file, key)))
                    for key, row in rows
                ),
            )
            for file, rows in tables.items()
        }

    def _customer_rows(self, day: date) -> Rows:
        for key, one in enumerate(self._customers):
            if one.since_on <= day:
                row = (one.number, one.name, one.country, one.email, _terms(one.terms))
                yield key, row

    def _invoice_rows(self, day: date) -> Rows:
        for key, one in self._books.invoices.standing(day):
            for index, part in enumerate(one.parts):
                yield (
                    key,
                    (
                        self.invoice_numbers[key],
                        one.customer,
                        self._names[one.customer],
                        _day(one.issued_on),
                        _day(part.due_on),
                        _terms(one.terms),
                        _amount(part.minor),
                        one.currency,
                        _rate(one.rate),
                        _home(one, part),
                        one.reference,
                        _day(one.voided_on),
                        # A dispute is of the invoice: it stands in its first row.
                        _amount(0 if index else one.disputed_minor),
                    ),
                )

    def _credit_note_rows(self, day: date) -> Rows:
        for key, one in self._books.credits.standing(day):
            if one.kind is CreditKind.CREDIT_NOTE:
                yield key, (self.credit_numbers[key], *self._credit_cells(one))

    def _payment_rows(self, day: date) -> Rows:
        for key, one in self._books.credits.standing(day):
            if one.kind is not CreditKind.CREDIT_NOTE:
                number, title = self.credit_numbers[key], KIND_TITLES[one.kind]
                yield key, (number, title, *self._credit_cells(one))

    def _credit_cells(self, one: Credit) -> tuple[str, ...]:
        return (
            one.customer,
            self._names[one.customer],
            _day(one.dated_on),
            _amount(one.minor),
            one.currency,
            one.text,
        )

    def _allocation_rows(self, day: date) -> Rows:
        for key, one in self._books.allocations.standing(day):
            credit = self._books.credits.first(one.credit)
            yield (
                key,
                (
                    self.allocation_numbers[key],
                    KIND_TITLES[credit.kind],
                    self.credit_numbers[one.credit],
                    self.invoice_numbers[one.invoice],
                    _amount(one.minor),
                    credit.currency,
                    _day(one.applied_on),
                ),
            )

    def _aged_rows(self, balances: Balances) -> Rows:
        for place, ((code, number), minor) in enumerate(balances.items()):
            yield place, (number, self._names[number], code, _amount(minor))


def write(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files so that no reader ever finds half of one."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        partial = folder / f".{name}.partial"
        with partial.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(folder / name)


def _numbers(
    journal: Journal[Any],
    prefix: Callable[[Any], str],
) -> dict[int, str]:
    """Number facts by sort and year, in the order in which they were entered."""
    counts: Counter[str] = Counter()
    numbers = {}
    for key in journal.in_order():
        series = f"{prefix(journal.first(key))}{journal.entered_on(key).year}"
        counts[series] += 1
        numbers[key] = f"{series}-{counts[series]:05}"
    return numbers


def _spoilt(
    columns: Sequence[str], row: Sequence[str], bad: BadRow | None
) -> Sequence[str]:
    if bad is None:
        return row
    return [
        bad.shown if column == bad.column else cell
        for column, cell in zip(columns, row, strict=True)
    ]


def _sheet(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=";", lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return buffer.getvalue().encode(UTF8)


def _amount(minor: int) -> str:
    whole, cents = divmod(abs(minor), 100)
    sign = "-" if minor < 0 else ""
    return f"{sign}{whole:,}".replace(",", ".") + f",{cents:02}"


def _day(day: date | None) -> str:
    return "" if day is None else f"{day.day:02}.{day.month:02}.{day.year}"


def _terms(terms: Terms | None) -> str:
    if terms is None:
        return ""
    return f"{terms.days} Tage{' Monatsende' if terms.to_month_end else ''}"


def _rate(rate: Decimal | None) -> str:
    return "" if rate is None else f"{rate:f}".replace(".", ",")


def _home(invoice: Invoice, part: Part) -> str:
    if invoice.rate is None:
        return ""
    home = Decimal(part.minor) / invoice.rate
    return _amount(int(home.quantize(Decimal(1), rounding=ROUND_HALF_UP)))
