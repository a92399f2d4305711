"""Pages of Xero's lists: decoded whole, and record by record where that fails."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
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

    def batch(self, body: bytes, base: Currency) -> Batch:
        """Map a page.

        Args:
            body: The whole answer.
            base: The organisation's currency.

        Raises:
            NoListError: The answer holds no such list.
        """
        raws = self.records(body)
        page = Page()
        decoder = msgspec.json.Decoder(self.shape)
        for row, raw in enumerate(raws, 1):
            part = Page()
            try:
                self.add(part, decoder.decode(raw), base)
            except (RecordError, msgspec.DecodeError, UnicodeDecodeError) as error:
                page.problems.append(self._problem(row, raw, error))
                continue
            page.take(part)
        return page.batch(len(raws))

    def records(self, body: bytes) -> list[Raw]:
        """Return an answer's records undecoded.

        Raises:
            NoListError: The answer holds no such list.
        """
        try:
            found = msgspec.json.decode(body, type=dict[str, Raw])[self.list_key]
            return msgspec.json.decode(found, type=list[Raw])
        except (KeyError, msgspec.DecodeError) as error:
            raise NoListError(self.name) from error

    def keys(self, body: bytes) -> frozenset[SourceId]:
        """Return the keys of an answer's records."""
        found = (loosely(raw).get(self.id_field) for raw in self.records(body))
        return frozenset(SourceId(key) for key in found if isinstance(key, str))

    def is_last(self, body: bytes, page: int) -> bool:
        """Return whether a list ends with a page: by its own word, else when short."""
        with suppress(msgspec.DecodeError):
            return page >= msgspec.json.decode(body, type=_Paged).pagination.page_count
        return len(self.records(body)) < PAGE_SIZE

    def total(self, body: bytes) -> int | None:
        """Return how many records all pages hold together, if the answer says."""
        with suppress(msgspec.DecodeError):
            return msgspec.json.decode(body, type=_Paged).pagination.item_count
        return None

    def _problem(self, row: int, raw: Raw, error: Exception) -> Problem:
        reason, message, remedy = fault(error, REMEDY)
        loose = loosely(raw)
        key = loose.get(self.id_field)
        contact = loose.get("Contact")
        debtor = contact.get("ContactID") if isinstance(contact, dict) else None
        code, minor = self._worth(loose)
        return Problem(
            reason=reason,
            message=message,
            remedy=remedy,
            place=f"{self.name} {key if isinstance(key, str) else f'row {row}'}",
            row=row,
            source_ref=key if isinstance(key, str) else None,
            raw=shown(loose),
            debtor=SourceId(debtor) if isinstance(debtor, str) else None,
            currency=code,
            amount_minor=minor,
        )

    def _worth(self, loose: dict[str, Any]) -> tuple[Currency | None, int | None]:
        """Return a record's currency and effect on what is owed, as far as it says."""
        code = None
        try:
            code = currency(loose["CurrencyCode"])
            return code, self.sign * fields.minor(Decimal(loose["Total"]), code)
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
