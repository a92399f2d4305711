"""What is open, as Xero's lists of standing documents say it."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import Struct

from ledger.ids import SourceId
from ledger.money import Currency
from ledger.records import DocumentKind, DocumentRef, ListedItem
from mapping.xero import fields
from mapping.xero.documents import CREDIT_TYPES
from mapping.xero.reading import NoListError, Table


class _Open(Struct, gc=False, kw_only=True):
    Type: str
    CurrencyCode: str | None = None
    InvoiceID: str | None = None
    CreditNoteID: str | None = None
    OverpaymentID: str | None = None
    PrepaymentID: str | None = None
    AmountDue: Decimal | None = None
    RemainingCredit: Decimal | None = None


def items(
    body: bytes, table: Table[Any], kind: DocumentKind, base: Currency
) -> Iterator[ListedItem]:
    """Yield the open items of a page; purchases are left out.

    Raises:
        NoListError: The answer is of another shape.
        FieldError: An amount or a currency cannot be read.
    """
    for raw in table.records(body):
        try:
            one = msgspec.json.decode(raw, type=_Open)
        except msgspec.DecodeError as error:
            raise NoListError(table.name) from error
        if one.Type != "ACCREC" and one.Type not in CREDIT_TYPES:
            continue
        key = one.InvoiceID or one.CreditNoteID or one.OverpaymentID or one.PrepaymentID
        left = one.AmountDue if kind is DocumentKind.INVOICE else one.RemainingCredit
        if key is None or not left:
            continue
        code = fields.currency(one.CurrencyCode, base)
        yield ListedItem(
            DocumentRef(kind, SourceId(key)), code, fields.minor(left, code)
        )
