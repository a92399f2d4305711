"""Complete exports of a company in a folder, as the conformance suite's double."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Final

from app.bootstrap import files_connector
from connectors.contract import Connector
from connectors.doubles import ALWAYS, Double, Standing, Trouble
from connectors.simulators.clock import Clock as BooksClock
from ledger.calendar import Clock
from ledger.ids import SourceId
from ledger.money import from_minor
from ledger.records import DocumentKind, DocumentRef
from ledger.testing import EUR, Books

LANDED_MAX: Final = 4
"""A reading lands few pages, so what happens meanwhile must happen soon."""

NO_TABLE: Final = bytes(range(256)) * 4

TABLE: Final = """
[{name}]
file = "{name}.csv"
complete = true
[{name}.columns]
number = "No"
debtor = "Customer"
issued_on = "Date"
total = "Total"
"""
PROFILE: Final = (
    TABLE.format(name="invoices")
    + TABLE.format(name="payments")
    + """
[allocations]
file = "allocations.csv"
complete = true
[allocations.columns]
id = "Id"
credit = "Payment"
invoice = "Invoice"
amount = "Amount"
applied_on = "Date"
"""
)


@dataclass(slots=True)
class Invoice:
    """A row of the export."""

    minor: int
    issued_on: date
    payments: dict[str, tuple[int, date]] = field(default_factory=dict)

    @property
    def left(self) -> int:
        """What is open."""
        return self.minor - sum(minor for minor, _ in self.payments.values())


class FilesDouble(Double):
    """A folder that is written anew with each change."""

    def __init__(self, place: Path) -> None:
        """Begin with exports that hold nothing."""
        self.clock = BooksClock()
        self._folder = place / "books"
        self._folder.mkdir(exist_ok=True)
        self._profile = place / "profile.toml"
        self._profile.write_text(PROFILE, encoding="utf-8")
        self._invoices: dict[str, Invoice] = {}
        self._deleted: dict[str, Invoice] = {}
        self._count = 0
        self._misspelt = ""
        self._is_untold = False
        self._acts: list[tuple[int, Callable[[], object]]] = []
        self._write()

    def connector(self, books: Books, clock: Clock) -> Connector:
        """Return a connector for the business day."""
        today = clock.today(books.tenant.timezone)
        return files_connector(
            self._folder, self._profile, books.tenant, business_on=today
        )

    def truth(self) -> Mapping[DocumentRef, Standing]:
        """Return what is open, from the rows and not the files."""
        return {
            DocumentRef(DocumentKind.INVOICE, SourceId(key)): Standing(
                EUR, one.left, one.issued_on
            )
            for key, one in self._invoices.items()
            if one.left
        }

    def post(self, minor: int) -> str:
        """Add a row."""
        key = f"I{self._number()}"
        self._invoices[key] = Invoice(minor, self.clock.today)
        self._write()
        return key

    def pay(self, invoice: str, minor: int | None = None) -> str:
        """Add a payment and its allocation."""
        one, key = self._invoices[invoice], f"P{self._number()}"
        one.payments[key] = (minor or one.left, self.clock.today)
        self._write()
        return key

    def unpay(self, payment: str) -> None:
        """Drop a payment's rows."""
        for one in self._invoices.values():
            one.payments.pop(payment, None)
        self._write()

    def void(self, invoice: str) -> None:
        """Drop the row: the export holds no state."""
        self.delete(invoice)

    def delete(self, invoice: str) -> None:
        """Drop the row."""
        self._deleted[invoice] = self._invoices.pop(invoice)
        self._write()

    def restore(self, invoice: str) -> None:
        """Put the row back."""
        self._invoices[invoice] = self._deleted.pop(invoice)
        self._write()

    @contextmanager
    def untold(self) -> Iterator[None]:
        """Leave the files the time stamps they had."""
        self._is_untold = True
        yield
        self._is_untold = False

    @contextmanager
    def misspelt(self, invoice: str) -> Iterator[None]:
        """Write a word for an invoice's total."""
        self._misspelt = invoice
        self._write()
        yield
        self._misspelt = ""
        self._write()

    @contextmanager
    def trouble(
        self, kind: Trouble, *, after: int = 0, calls: int = ALWAYS
    ) -> Iterator[None]:
        """Cut all files off, or fill them with what is no table."""
        del after, calls
        for path in self._folder.iterdir():
            whole = path.read_bytes()
            is_cut = kind is Trouble.TRUNCATED
            path.write_bytes(whole[: len(whole) // 2] if is_cut else NO_TABLE)
        yield
        self._write()

    def meanwhile(self, act: Callable[[], object], *, after: int) -> None:
        """Let something happen once so many pages have landed."""
        self._acts.append((min(after, LANDED_MAX), act))

    def landed(self) -> None:
        """Count a page."""
        due = [act for left, act in self._acts if left <= 1]
        self._acts = [(left - 1, act) for left, act in self._acts if left > 1]
        for act in due:
            act()

    def _number(self) -> int:
        self._count += 1
        return self._count

    def _write(self) -> None:
        invoices, payments, allocations = [], [], []
        for key, one in self._invoices.items():
            total = "a lot" if key == self._misspelt else _written(one.minor)
            invoices.append(f"{key},D1,{one.issued_on},{total}")
            for payment, (minor, on) in one.payments.items():
                amount = _written(minor)
                payments.append(f"{payment},D1,{on},{amount}")
                allocations.append(f"A{payment},{payment},{key},{amount},{on}")
        self._export("invoices", "No,Customer,Date,Total", invoices)
        self._export("payments", "No,Customer,Date,Total", payments)
        self._export("allocations", "Id,Payment,Invoice,Amount,Date", allocations)

    def _export(self, name: str, header: str, rows: list[str]) -> None:
        path = self._folder / f"{name}.csv"
        before = path.stat() if path.exists() else None
        text = "".join(f"{row}\n" for row in (header, *rows))
        path.write_text(text, encoding="utf-8")
        if self._is_untold and before is not None:
            os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def _written(minor: int) -> str:
    return str(from_minor(minor, EUR))
