"""The floor's decoding by hand: Xero's pages to rows of its temporary tables."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import Any

from msgspec import Struct

from benchmarks.xero_books import BASE

Row = tuple[Any, ...]
Rows = dict[str, list[Row]]
"""Rows by temporary table."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
CENT = Decimal(1)
KINDS = {
    "ACCREC": "invoice",
    "ACCRECCREDIT": "credit_note",
    "RECEIVE-OVERPAYMENT": "overpayment",
    "RECEIVE-PREPAYMENT": "prepayment",
}

DEBTOR = (
    ("source_id", "text"),
    ("number", "text"),
    ("name", "text"),
    ("country", "text"),
    ("email", "text"),
)
DOCUMENT = (
    ("kind", "text"),
    ("source_id", "text"),
    ("number", "text"),
    ("debtor", "text"),
    ("currency", "text"),
    ("total_minor", "int8"),
    ("home_minor", "int8"),
    ("rate", "numeric"),
    ("issued_on", "date"),
    ("due_on", "date"),
    ("reference", "text"),
    ("source_version_at", "timestamptz"),
    ("used_minor", "int8"),
    ("used_on", "date"),
)
CLAIM = (
    ("source_id", "text"),
    ("kind", "text"),
    ("credit_kind", "text"),
    ("credit", "text"),
    ("debit", "text"),
    ("currency", "text"),
    ("minor", "int8"),
    ("applied_on", "date"),
)
STAGES = {
    "by_hand_debtor": DEBTOR,
    "by_hand_document": DOCUMENT,
    "by_hand_claim": CLAIM,
}


class _Name(Struct, gc=False):
    ContactID: str


class _Address(Struct, gc=False):
    Country: str


class _Contact(Struct, gc=False):
    ContactID: str
    ContactNumber: str
    Name: str
    EmailAddress: str
    Addresses: list[_Address]


class _Paid(Struct, gc=False):
    PaymentID: str
    Amount: Decimal
    Date: str
    Reference: str
    CurrencyRate: Decimal


class _Invoice(Struct, gc=False):
    InvoiceID: str
    InvoiceNumber: str
    Contact: _Name
    Total: Decimal
    Date: str
    DueDate: str
    Reference: str
    CurrencyCode: str
    CurrencyRate: Decimal
    UpdatedDateUTC: str
    Payments: list[_Paid]


class _Key(Struct, gc=False):
    InvoiceID: str


class _Part(Struct, gc=False):
    AllocationID: str
    Amount: Decimal
    Date: str
    Invoice: _Key


class _Credit(Struct, gc=False):
    Type: str
    ID: str
    Contact: _Name
    Total: Decimal
    RemainingCredit: Decimal
    Date: str
    Reference: str
    CurrencyCode: str
    CurrencyRate: Decimal
    UpdatedDateUTC: str
    Allocations: list[_Part]
    CreditNoteNumber: str | None = None


class _Pagination(Struct, rename="camel"):
    page_count: int


class _Contacts(Struct):
    Contacts: list[_Contact]
    pagination: _Pagination


class _Invoices(Struct):
    Invoices: list[_Invoice]
    pagination: _Pagination


class _CreditNotes(Struct):
    CreditNotes: list[_Credit]
    pagination: _Pagination


class _Overpayments(Struct):
    Overpayments: list[_Credit]
    pagination: _Pagination


class _Prepayments(Struct):
    Prepayments: list[_Credit]
    pagination: _Pagination


def _contacts(found: list[_Contact]) -> Rows:
    return {
        "by_hand_debtor": [
            (
                one.ContactID,
                one.ContactNumber,
                one.Name,
                next((place.Country for place in one.Addresses if place.Country), None),
                one.EmailAddress,
            )
            for one in found
        ]
    }


def _invoices(found: list[_Invoice]) -> Rows:
    documents: list[Row] = []
    claims: list[Row] = []
    for one in found:
        on, code, used, used_on = _day(one.Date), one.CurrencyCode, 0, _day(one.Date)
        for part in one.Payments:
            minor, paid_on = _minor(part.Amount), _day(part.Date)
            used, used_on = used + minor, max(used_on, paid_on)
            documents.append(
                (
                    "payment",
                    part.PaymentID,
                    part.Reference,
                    one.Contact.ContactID,
                    code,
                    minor,
                    _home(part.Amount, part.CurrencyRate, code),
                    part.CurrencyRate,
                    paid_on,
                    None,
                    part.Reference,
                    None,
                    minor,
                    paid_on,
                )
            )
            claims.append(
                (
                    f"payment/{part.PaymentID}",
                    "payment",
                    "payment",
                    part.PaymentID,
                    one.InvoiceID,
                    code,
                    minor,
                    paid_on,
                )
            )
        documents.append(
            (
                "invoice",
                one.InvoiceID,
                one.InvoiceNumber,
                one.Contact.ContactID,
                code,
                _minor(one.Total),
                _home(one.Total, one.CurrencyRate, code),
                one.CurrencyRate,
                on,
                _day(one.DueDate),
                one.Reference,
                _instant(one.UpdatedDateUTC),
                used,
                used_on,
            )
        )
    return {"by_hand_document": documents, "by_hand_claim": claims}


def _credits(found: list[_Credit]) -> Rows:
    documents: list[Row] = []
    claims: list[Row] = []
    for one in found:
        kind = KINDS[one.Type]
        documents.append(
            (
                kind,
                one.ID,
                one.CreditNoteNumber or one.Reference,
                one.Contact.ContactID,
                one.CurrencyCode,
                _minor(one.Total),
                _home(one.Total, one.CurrencyRate, one.CurrencyCode),
                one.CurrencyRate,
                _day(one.Date),
                None,
                one.Reference,
                _instant(one.UpdatedDateUTC),
                _minor(one.Total - one.RemainingCredit),
                _day(one.Date),
            )
        )
        claims += [
            (
                f"{one.ID}/{part.AllocationID}",
                "credit_note" if kind == "credit_note" else "payment",
                kind,
                one.ID,
                part.Invoice.InvoiceID,
                one.CurrencyCode,
                _minor(part.Amount),
                _day(part.Date),
            )
            for part in one.Allocations
        ]
    return {"by_hand_document": documents, "by_hand_claim": claims}


LISTS: tuple[tuple[str, type[Any], Callable[[list[Any]], Rows]], ...] = (
    ("Contacts", _Contacts, _contacts),
    ("Invoices", _Invoices, _invoices),
    ("CreditNotes", _CreditNotes, _credits),
    ("Overpayments", _Overpayments, _credits),
    ("Prepayments", _Prepayments, _credits),
)


def _minor(amount: Decimal) -> int:
    return int(amount.scaleb(2))


def _home(amount: Decimal, rate: Decimal, code: str) -> int:
    if code == BASE:
        return _minor(amount)
    return int((amount / rate).scaleb(2).quantize(CENT, ROUND_HALF_UP))


def _instant(text: str) -> datetime:
    return EPOCH + timedelta(milliseconds=int(text[6:-7]))


@lru_cache(4_096)
def _day(text: str) -> date:
    return _instant(text).date()
