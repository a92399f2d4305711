"""What is open, as Xero's lists of standing documents say it."""

from collections.abc import Iterator
from decimal import Decimal

from msgspec import Struct

from ledger.errors import SourceError
from ledger.ids import SourceId
from ledger.money import Currency
from ledger.records import DocumentKind, DocumentRef, ListedItem
from mapping.fields import FieldError
from mapping.xero import fields
from mapping.xero.documents import CREDIT_TYPES
from mapping.xero.reading import NoListError, Sheet


class UnreadableItemError(SourceError):
    """An item of the list cannot be read, so that the list says nothing for sure."""

    def __init__(self, kind: DocumentKind, key: str, words: str) -> None:
        """Name the document."""
        super().__init__(
            f"Xero's list of open items names {kind} {key}: {words}",
            remedy="Correct it in Xero.",
        )


class OpenDocument(Struct, gc=False, kw_only=True):
    """What of a standing document its list of open items needs."""

    Type: str
    CurrencyCode: str | None = None
    InvoiceID: str | None = None
    CreditNoteID: str | None = None
    OverpaymentID: str | None = None
    PrepaymentID: str | None = None
    AmountDue: Decimal | None = None
    RemainingCredit: Decimal | None = None


def items(
    sheet: Sheet[OpenDocument], kind: DocumentKind, base: Currency
) -> Iterator[ListedItem]:
    """Yield the open items of a page; purchases are left out.

    Raises:
        NoListError: The answer is of another shape.
        UnreadableItemError: An amount or a currency cannot be read.
    """
    if sheet.records is None:
        raise NoListError(sheet.table.name)
    for one in sheet.records:
        if one.Type != "ACCREC" and one.Type not in CREDIT_TYPES:
            continue
        key = one.InvoiceID or one.CreditNoteID or one.OverpaymentID or one.PrepaymentID
        left = one.AmountDue if kind is DocumentKind.INVOICE else one.RemainingCredit
        if key is None or not left:
            continue
        try:
            code = fields.currency(one.CurrencyCode, base)
            minor = fields.minor(left, code)
        except FieldError as error:
            raise UnreadableItemError(kind, key, error.message) from error
        yield ListedItem(DocumentRef(kind, SourceId(key)), code, minor)
