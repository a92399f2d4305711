"""Pages of Xero's lists: decoded whole, and record by record where that fails."""

from collections.abc import Callable, Hashable
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from typing import Any, Final, Generic, TypeVar

import msgspec
from msgspec import Raw, Struct

from ledger.errors import RecordError, SourceError
from ledger.ids import SourceId
from ledger.money import Currency, currency
from ledger.records import Batch, Problem
from mapping.pages import Page, fault, loosely, shown
from mapping.xero import fields
from mapping.xero.contacts import add_contact
from mapping.xero.documents import (
    add_credit,
    add_invoice,
    add_invoice_paid,
    add_invoice_whole,
    add_payment,
)
from mapping.xero.wire import Contact, Credit, Invoice, Payment

Shape = TypeVar("Shape")
PAGE_SIZE: Final = 1_000
"""What is asked for at once; the vendor's most."""
REMEDY: Final = "Correct it in Xero; it is read again once it changes."


class NoListError(SourceError):
    """An answer is not the list that was asked for."""

    def __init__(self, name: str) -> None:
        """Name the list."""
        super().__init__(
            f"Xero answered with something else than its list of {name}.",
            remedy="Run again; if it stays, report it.",
        )


class _Pagination(Struct, rename="camel"):
    item_count: int
    page_count: int


class _Paged(Struct):
    pagination: _Pagination


@dataclass(frozen=True, slots=True)
class Table(Generic[Shape]):
    """One of Xero's lists.

    Attributes:
        name: What the ledger calls it.
        path: Below the address of the API.
        list_key: Under which key the records stand.
        id_field: The field that holds a record's key.
        shape: What a record looks like.
        add: Adds what a record becomes to a page.
        sign: Whether a record raises what is owed or lowers it; 0 where it does not
            say of itself.
    """

    name: str
    path: str
    list_key: str
    id_field: str
    shape: type[Shape]
    add: Callable[[Page, Shape, Currency], None]
    sign: int = 0

    def read(self, body: bytes) -> "Sheet[Shape]":
        """Decode an answer: all records at once where all have the expected shape.

        Raises:
            NoListError: The answer holds no such list.
        """
        return read(self, body, self.shape)

    def batch(self, body: bytes, base: Currency) -> Batch:
        """Decode and map an answer.

        Raises:
            NoListError: The answer holds no such list.
        """
        return self.read(body).batch(base)


@dataclass(slots=True)
class Sheet(Generic[Shape]):
    """An answer of a list, decoded once.

    Attributes:
        records: All of them, or None where one has another shape.
        raws: Then the records undecoded, to be read one by one.
    """

    table: Table[Any]
    body: bytes = field(repr=False)
    shape: type[Shape]
    records: list[Shape] | None
    raws: list[Raw]
    pagination: _Pagination | None

    @property
    def count(self) -> int:
        """How many records there are."""
        return len(self.raws if self.records is None else self.records)

    @property
    def total(self) -> int | None:
        """How many records all pages hold together, if the answer says."""
        return None if self.pagination is None else self.pagination.item_count

    @property
    def first(self) -> object:
        """The first record, to tell whether a page came twice; None without any."""
        if self.records is not None:
            return self.records[0] if self.records else None
        return bytes(self.raws[0]) if self.raws else None

    @property
    def keys(self) -> frozenset[SourceId]:
        """The records' keys, as far as they have any."""
        name = self.table.id_field
        if self.records is not None:
            found = [getattr(one, name) for one in self.records]
        else:
            found = [loosely(raw).get(name) for raw in self.raws]
        return frozenset(SourceId(key) for key in found if isinstance(key, str))

    def is_last(self, page: int) -> bool:
        """Return whether a list ends with a page: by its own word, else when short."""
        if self.pagination is not None:
            return page >= self.pagination.page_count
        return self.count < PAGE_SIZE

    def batch(self, base: Currency) -> Batch:
        """Map all records at once, and one by one only where that fails.

        Args:
            base: The organisation's currency.
        """
        page = Page()
        if self.records is not None:
            with suppress(RecordError):
                for one in self.records:
                    self.table.add(page, one, base)
                return page.batch(self.count)
        return self._one_by_one(base)

    def _one_by_one(self, base: Currency) -> Batch:
        """Map what can be read; each other record is a problem of its own."""
        raws = _raws(self.table, self.body) if self.records is not None else self.raws
        page = Page()
        decoder = msgspec.json.Decoder(self.shape)
        for row, raw in enumerate(raws, 1):
            part = Page()
            try:
                self.table.add(part, decoder.decode(raw), base)
            except (RecordError, msgspec.DecodeError, UnicodeDecodeError) as error:
                page.problems.append(_problem(self.table, row, raw, error))
                continue
            page.take(part)
        return page.batch(len(raws))


def read(table: Table[Any], body: bytes, shape: type[Shape]) -> Sheet[Shape]:
    """Decode an answer of a list whose records are looked at in a shape.

    Raises:
        NoListError: The answer holds no such list.
    """
    with suppress(msgspec.DecodeError, UnicodeDecodeError):
        key: Any = shape
        found = _whole(table.list_key, key).decode(body)
        return Sheet(table, body, shape, found.records, [], found.pagination)
    raws = _raws(table, body)
    pagination = None
    with suppress(msgspec.DecodeError, UnicodeDecodeError):
        pagination = msgspec.json.decode(body, type=_Paged).pagination
    return Sheet(table, body, shape, None, raws, pagination)


@cache
def _whole(list_key: str, shape: Hashable) -> msgspec.json.Decoder[Any]:
    """Return what decodes an answer, its records under the key of their list."""
    listed: Any = list.__class_getitem__(shape)
    pagination: Any = _Pagination | None
    answer = msgspec.defstruct(
        "Answer",
        [("records", listed), ("pagination", pagination, None)],
        rename={"records": list_key},
    )
    return msgspec.json.Decoder(answer)


def _raws(table: Table[Any], body: bytes) -> list[Raw]:
    try:
        found = msgspec.json.decode(body, type=dict[str, Raw])[table.list_key]
        return msgspec.json.decode(found, type=list[Raw])
    except (KeyError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise NoListError(table.name) from error


def _problem(table: Table[Any], row: int, raw: Raw, error: Exception) -> Problem:
    reason, message, remedy = fault(error, REMEDY)
    loose = loosely(raw)
    key = loose.get(table.id_field)
    contact = loose.get("Contact")
    debtor = contact.get("ContactID") if isinstance(contact, dict) else None
    code, minor = _worth(table, loose)
    return Problem(
        reason=reason,
        message=message,
        remedy=remedy,
        place=f"{table.name} {key if isinstance(key, str) else f'row {row}'}",
        row=row,
        source_ref=key if isinstance(key, str) else None,
        raw=shown(loose),
        debtor=SourceId(debtor) if isinstance(debtor, str) else None,
        currency=code,
        amount_minor=minor,
    )


def _worth(
    table: Table[Any], loose: dict[str, Any]
) -> tuple[Currency | None, int | None]:
    """Return a record's currency and effect on what is owed, as far as it says."""
    code = None
    try:
        code = currency(loose["CurrencyCode"])
        return code, table.sign * fields.minor(Decimal(loose["Total"]), code)
    except (KeyError, TypeError, ValueError, ArithmeticError, RecordError):
        return code, None


CONTACTS: Final = Table(
    "contacts",
    "Contacts",
    "Contacts",
    "ContactID",
    Contact,
    lambda page, one, _: add_contact(page, one),
)
INVOICES: Final = Table(
    "invoices", "Invoices", "Invoices", "InvoiceID", Invoice, add_invoice, 1
)
INVOICES_WHOLE: Final = Table(
    "invoices", "Invoices", "Invoices", "InvoiceID", Invoice, add_invoice_whole, 1
)
"""Invoices with their payments, as a list of all that changed gives them apart."""
INVOICES_PAID: Final = Table(
    "invoices", "Invoices", "Invoices", "InvoiceID", Invoice, add_invoice_paid, 1
)
"""The same, where a list follows that gives the payments that cannot be read here."""
CREDIT_NOTES: Final = Table(
    "credit notes", "CreditNotes", "CreditNotes", "CreditNoteID", Credit, add_credit, -1
)
OVERPAYMENTS: Final = Table(
    "overpayments",
    "Overpayments",
    "Overpayments",
    "OverpaymentID",
    Credit,
    add_credit,
    -1,
)
PREPAYMENTS: Final = Table(
    "prepayments", "Prepayments", "Prepayments", "PrepaymentID", Credit, add_credit, -1
)
PAYMENTS: Final = Table(
    "payments", "Payments", "Payments", "PaymentID", Payment, add_payment
)
