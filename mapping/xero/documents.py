"""Invoices, credits and payments: one record each, with what is applied to what.

Only sales count; bills and drafts are left out. A void or deleted document has no day
of its own in Xero, so it is void from its date. A payment is applied by being there;
a credit is applied by its allocations. An invoice names all that is applied to it, so
that what no longer is has ended.
"""

from collections.abc import Callable, Iterable
from contextlib import suppress
from decimal import Decimal
from typing import Final

from ledger.ids import SourceId
from ledger.money import Currency
from ledger.records import (
    Batch,
    Claim,
    Debtor,
    Document,
    DocumentKind,
    DocumentRef,
    ProblemReason,
    Settled,
    Spent,
)
from mapping.fields import FieldError
from mapping.pages import Page
from mapping.xero import fields
from mapping.xero.wire import (
    ContactName,
    Credit,
    Invoice,
    InvoicePayment,
    PaidDocument,
    Payment,
)

DRAFTS: Final = frozenset({"DRAFT", "SUBMITTED"})
GONE: Final = frozenset({"VOIDED", "DELETED"})
STANDING: Final = frozenset({"AUTHORISED", "PAID"})
COUNTED: Final = GONE | STANDING

CREDIT_TYPES: Final = {
    "ACCRECCREDIT": DocumentKind.CREDIT_NOTE,
    "RECEIVE-OVERPAYMENT": DocumentKind.OVERPAYMENT,
    "AROVERPAYMENT": DocumentKind.OVERPAYMENT,
    "RECEIVE-PREPAYMENT": DocumentKind.PREPAYMENT,
    "ARPREPAYMENT": DocumentKind.PREPAYMENT,
}
REFUNDED: Final = {
    "ARCREDITPAYMENT": DocumentKind.CREDIT_NOTE,
    "AROVERPAYMENTPAYMENT": DocumentKind.OVERPAYMENT,
    "ARPREPAYMENTPAYMENT": DocumentKind.PREPAYMENT,
}
"""Payments that give a credit back, by the kind of the credit."""

BILL: Final = "bills and other purchases"
DRAFT: Final = "drafts"


def add_invoice(page: Page, one: Invoice, base: Currency) -> None:
    """Add an invoice.

    Raises:
        FieldError: It cannot be read.
    """
    if _left_out(page, one.Type == "ACCREC", one.Status):
        return
    code = fields.currency(one.CurrencyCode, base)
    issued_on = fields.day(one.Date)
    ref = DocumentRef(DocumentKind.INVOICE, SourceId(one.InvoiceID))
    rate = fields.rate(one.CurrencyRate)
    minor = fields.minor(one.Total, code)
    page.debtors.append(_mention(one.Contact))
    page.documents.append(
        Document(
            kind=ref.kind,
            source_id=ref.source_id,
            number=one.InvoiceNumber or one.InvoiceID,
            debtor=SourceId(one.Contact.ContactID),
            currency=code,
            total_minor=minor,
            issued_on=issued_on,
            due_on=fields.optional_day(one.DueDate),
            home_minor=minor
            if code == base
            else fields.home_minor(one.Total, code, rate, base),
            rate=rate,
            reference=one.Reference or None,
            voided_on=issued_on if one.Status in GONE else None,
            source_version_at=fields.instant(one.UpdatedDateUTC),
        )
    )
    if one.Status in STANDING:
        page.settled.append(Settled(ref, _applied(one)))


def add_invoice_whole(page: Page, one: Invoice, base: Currency) -> None:
    """Add an invoice and the payments it names.

    Raises:
        FieldError: It cannot be read, or a payment cannot.
    """
    add_invoice(page, one, base)
    if one.Type == "ACCREC" and one.Status in STANDING:
        for part in one.Payments:
            if part.Amount is not None:
                _add_part(page, one, part, part.Amount, base)


def add_invoice_paid(page: Page, one: Invoice, base: Currency) -> None:
    """Add an invoice and those of its payments that can be read.

    Raises:
        FieldError: The invoice itself cannot be read.
    """
    add_invoice(page, one, base)
    if one.Type == "ACCREC" and one.Status in STANDING:
        for part in one.Payments:
            if part.Amount is not None:
                with suppress(FieldError):
                    _add_part(page, one, part, part.Amount, base)


def tells_payments(invoices: Iterable[Invoice] | None, batch: Batch) -> bool:
    """Say whether all that was paid of invoices is on the page they became.

    Args:
        invoices: As they were read; none where one has another shape.
        batch: What they became.
    """
    if invoices is None or batch.problems:
        return False
    paid = {
        document.source_id
        for document in batch.documents
        if document.kind is DocumentKind.PAYMENT
    }
    for one in invoices:
        if one.Type != "ACCREC" or one.Status not in STANDING:
            continue
        told = Decimal(0)
        for part in one.Payments:
            if part.Amount is None or part.PaymentID not in paid:
                return False
            told += part.Amount
        if one.AmountPaid != told:
            return False
    return True


def _add_part(
    page: Page, one: Invoice, part: InvoicePayment, amount: Decimal, base: Currency
) -> None:
    code = fields.currency(one.CurrencyCode, base)
    paid_on = fields.day(part.Date)
    rate = fields.rate(part.CurrencyRate)
    minor = fields.minor(amount, code)
    ref = DocumentRef(DocumentKind.PAYMENT, SourceId(part.PaymentID))
    page.documents.append(
        Document(
            kind=ref.kind,
            source_id=ref.source_id,
            number=part.Reference or one.InvoiceNumber or part.PaymentID,
            debtor=SourceId(one.Contact.ContactID),
            currency=code,
            total_minor=minor,
            issued_on=paid_on,
            home_minor=minor
            if code == base
            else fields.home_minor(amount, code, rate, base),
            rate=rate,
            reference=part.Reference or None,
        )
    )
    page.claims.append(
        Claim(
            source_id=SourceId(f"payment/{part.PaymentID}"),
            debit=DocumentRef(DocumentKind.INVOICE, SourceId(one.InvoiceID)),
            credit=ref,
            currency=code,
            amount_minor=minor,
            effective_on=paid_on,
        )
    )


def add_credit(page: Page, one: Credit, base: Currency) -> None:
    """Add a credit note, an overpayment or a prepayment, and what it settles.

    Raises:
        FieldError: It cannot be read.
    """
    kind = CREDIT_TYPES.get(one.Type)
    if _left_out(page, kind is not None, one.Status):
        return
    assert kind is not None
    key = one.CreditNoteID or one.OverpaymentID or one.PrepaymentID
    if key is None:
        raise FieldError(
            "The document has no key.", reason=ProblemReason.MISSING, remedy=""
        )
    code = fields.currency(one.CurrencyCode, base)
    issued_on = fields.day(one.Date)
    ref = DocumentRef(kind, SourceId(key))
    rate = fields.rate(one.CurrencyRate)
    page.debtors.append(_mention(one.Contact))
    page.documents.append(
        Document(
            kind=kind,
            source_id=ref.source_id,
            number=one.CreditNoteNumber or one.Reference or key,
            debtor=SourceId(one.Contact.ContactID),
            currency=code,
            total_minor=fields.minor(one.Total, code),
            issued_on=issued_on,
            home_minor=fields.home_minor(one.Total, code, rate, base),
            rate=rate,
            reference=one.Reference or None,
            voided_on=issued_on if one.Status in GONE else None,
            source_version_at=fields.instant(one.UpdatedDateUTC),
        )
    )
    seen: dict[str, int] = {}
    claimed = [
        SourceId(f"payment/{part.PaymentID}")
        for part in one.Payments
        if part.PaymentID is not None
    ]
    for part in one.Allocations:
        if part.IsDeleted or part.Invoice.InvoiceID is None:
            continue
        day = fields.day(part.Date)
        name = part.AllocationID or f"{part.Invoice.InvoiceID}/{day}"
        seen[name] = seen.get(name, 0) + 1
        suffix = f"/{seen[name]}" if seen[name] > 1 else ""
        claimed.append(SourceId(f"{key}/{name}{suffix}"))
        page.claims.append(
            Claim(
                source_id=claimed[-1],
                debit=DocumentRef(
                    DocumentKind.INVOICE, SourceId(part.Invoice.InvoiceID)
                ),
                credit=ref,
                currency=code,
                amount_minor=fields.minor(part.Amount, code),
                effective_on=day,
            )
        )
    if one.Status in STANDING:
        page.spent.append(Spent(ref, tuple(claimed)))


def add_payment(page: Page, one: Payment, base: Currency) -> None:
    """Add a payment of an invoice, or a credit given back as money.

    Raises:
        FieldError: It cannot be read.
    """
    refunded = REFUNDED.get(one.PaymentType)
    if one.PaymentType != "ACCRECPAYMENT" and refunded is None:
        page.ignore(BILL)
        return
    paid, key = _paid(one, refunded)
    if paid is None or key is None or paid.Contact is None:
        raise FieldError(
            "The payment does not say what it pays.",
            reason=ProblemReason.MISSING,
            remedy="Open the payment in Xero; it is read again once it changes.",
        )
    code = fields.currency(paid.CurrencyCode, base)
    paid_on = fields.day(one.Date)
    own_kind = DocumentKind.PAYMENT if refunded is None else DocumentKind.REFUND
    own = DocumentRef(own_kind, SourceId(one.PaymentID))
    other = DocumentRef(refunded or DocumentKind.INVOICE, SourceId(key))
    rate = fields.rate(one.CurrencyRate)
    minor = fields.minor(one.Amount, code)
    page.debtors.append(_mention(paid.Contact))
    page.documents.append(
        Document(
            kind=own.kind,
            source_id=own.source_id,
            number=one.Reference or paid.InvoiceNumber or one.PaymentID,
            debtor=SourceId(paid.Contact.ContactID),
            currency=code,
            total_minor=minor,
            issued_on=paid_on,
            home_minor=fields.home_minor(one.Amount, code, rate, base),
            rate=rate,
            reference=one.Reference or None,
            voided_on=paid_on if one.Status in GONE else None,
            source_version_at=fields.instant(one.UpdatedDateUTC),
        )
    )
    page.claims.append(
        Claim(
            source_id=SourceId(f"payment/{one.PaymentID}"),
            debit=other if refunded is None else own,
            credit=own if refunded is None else other,
            currency=code,
            amount_minor=minor,
            effective_on=paid_on,
        )
    )


def _left_out(page: Page, is_sale: bool, status: str) -> bool:  # noqa: FBT001
    if not is_sale:
        page.ignore(BILL)
    elif status in DRAFTS:
        page.ignore(DRAFT)
    elif status not in COUNTED:
        raise FieldError(
            f"The status {status!r} is not known.",
            reason=ProblemReason.VALUE,
            remedy="Please report this; the document has not landed.",
        )
    else:
        return False
    return True


def _mention(contact: ContactName) -> Debtor:
    return Debtor(
        source_id=SourceId(contact.ContactID),
        number=contact.ContactID,
        name=contact.Name or contact.ContactID,
        own_record=False,
    )


def _applied(one: Invoice) -> tuple[DocumentRef, ...]:
    found: list[tuple[DocumentKind, str | None]] = [
        (DocumentKind.PAYMENT, key.PaymentID) for key in one.Payments
    ]
    if one.CreditNotes or one.Overpayments or one.Prepayments:
        found += [
            (DocumentKind.CREDIT_NOTE, key.CreditNoteID) for key in one.CreditNotes
        ]
        found += [
            (DocumentKind.OVERPAYMENT, key.OverpaymentID) for key in one.Overpayments
        ]
        found += [
            (DocumentKind.PREPAYMENT, key.PrepaymentID) for key in one.Prepayments
        ]
    return tuple(
        DocumentRef(kind, SourceId(key)) for kind, key in found if key is not None
    )


KEYS: Final[dict[DocumentKind, Callable[[PaidDocument], str | None]]] = {
    DocumentKind.CREDIT_NOTE: lambda paid: paid.CreditNoteID,
    DocumentKind.OVERPAYMENT: lambda paid: paid.OverpaymentID,
    DocumentKind.PREPAYMENT: lambda paid: paid.PrepaymentID,
}


def _paid(
    one: Payment, refunded: DocumentKind | None
) -> tuple[PaidDocument | None, str | None]:
    """Return what a payment pays, and its key.

    A credit that is paid back stands under its own name, or under that of an invoice
    with the credit's key as the invoice's.
    """
    if refunded is None:
        return one.Invoice, None if one.Invoice is None else one.Invoice.InvoiceID
    named = {
        DocumentKind.CREDIT_NOTE: one.CreditNote,
        DocumentKind.OVERPAYMENT: one.Overpayment,
        DocumentKind.PREPAYMENT: one.Prepayment,
    }[refunded]
    paid = one.Invoice if named is None or named.Contact is None else named
    for source in (named, one.Invoice):
        if source is not None:
            key = KEYS[refunded](source) or source.InvoiceID
            if key is not None:
                return paid, key
    return paid, None
