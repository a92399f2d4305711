"""How documents and payments are written, as the vendor's contract names its fields.

What was written is kept on the thing until it changes: pages of a thousand are then
only joined.
"""

from typing import Final

from connectors.simulators.xero.model import (
    Allocation,
    BatchPayment,
    Contact,
    Document,
    Kind,
    Line,
    Payment,
    Status,
)
from connectors.simulators.xero.wire import (
    Fields,
    dates,
    day_string,
    encode,
    money,
    ms_date,
    ms_instant,
    utc_string,
)

ID_FIELDS: Final = {
    Kind.INVOICE: "InvoiceID",
    Kind.CREDIT_NOTE: "CreditNoteID",
    Kind.OVERPAYMENT: "OverpaymentID",
    Kind.PREPAYMENT: "PrepaymentID",
}
_TYPES: Final = {
    Kind.INVOICE: ("ACCREC", "ACCPAY"),
    Kind.CREDIT_NOTE: ("ACCRECCREDIT", "ACCPAYCREDIT"),
    Kind.OVERPAYMENT: ("RECEIVE-OVERPAYMENT", "SPEND-OVERPAYMENT"),
    Kind.PREPAYMENT: ("RECEIVE-PREPAYMENT", "SPEND-PREPAYMENT"),
}
_PAYMENT_TYPES: Final = {
    Kind.INVOICE: ("ACCRECPAYMENT", "ACCPAYPAYMENT"),
    Kind.CREDIT_NOTE: ("ARCREDITPAYMENT", "APCREDITPAYMENT"),
    Kind.OVERPAYMENT: ("AROVERPAYMENTPAYMENT", "APOVERPAYMENTPAYMENT"),
    Kind.PREPAYMENT: ("ARPREPAYMENTPAYMENT", "APPREPAYMENTPAYMENT"),
}
_PAID_TYPES: Final = {
    Kind.INVOICE: ("ACCREC", "ACCPAY"),
    Kind.CREDIT_NOTE: ("ACCRECCREDIT", "ACCPAYCREDIT"),
    Kind.OVERPAYMENT: ("AROVERPAYMENT", "APOVERPAYMENT"),
    Kind.PREPAYMENT: ("ARPREPAYMENT", "APPREPAYMENT"),
}


def document_type(document: Document) -> str:
    """Return the vendor's word for a document's kind and side."""
    return _TYPES[document.kind][document.payable]


def payment_type(payment: Payment) -> str:
    """Return the vendor's word for what a payment pays."""
    return _PAYMENT_TYPES[payment.document.kind][payment.document.payable]


def document_fields(document: Document, *, has_lines: bool) -> Fields:
    """Write a document; a list without pages has no lines and less of the contact."""
    is_invoice = document.kind is Kind.INVOICE
    gone = document.status in {Status.VOIDED, Status.DELETED}
    fields: Fields = {
        "Type": document_type(document),
        ID_FIELDS[document.kind]: document.id,
        "Reference": document.reference,
        **(_invoice_fields(document) if is_invoice else _credit_fields(document)),
        "CurrencyRate": document.rate,
        "HasAttachments": False,
        "Contact": contact_stub(document.contact, is_long=has_lines),
        **dates("Date", document.issued_on),
        **dates("DueDate", document.due_on),
        "Status": document.status,
        "LineAmountTypes": "Exclusive",
        "LineItems": [_line(one) for one in document.lines] if has_lines else [],
        "SubTotal": money(document.subtotal),
        "TotalTax": money(document.tax),
        "Total": money(document.total),
        # The zone is left out on what is voided or deleted.
        "UpdatedDateUTC": ms_instant(document.updated_ms, has_zone=not gone),
        "UpdatedDateUTCString": utc_string(document.updated_ms),
        "CurrencyCode": document.currency,
    }
    if document.settled_on and document.kind in {Kind.INVOICE, Kind.CREDIT_NOTE}:
        fields["FullyPaidOnDate"] = ms_date(document.settled_on)
    return fields


def _invoice_fields(document: Document) -> Fields:
    settled: dict[Kind, list[Fields]] = {kind: [] for kind in Kind}
    for one in document.allocations:
        credit = one.credit
        number = (
            {"CreditNoteNumber": credit.number, "ID": credit.id}
            if credit.kind is Kind.CREDIT_NOTE
            else {}
        )
        settled[credit.kind].append(
            {
                ID_FIELDS[credit.kind]: credit.id,
                **number,
                "AppliedAmount": money(one.amount),
                **dates("Date", one.allocated_on),
                "Total": money(credit.total),
            }
        )
    return {
        "InvoiceNumber": document.number,
        "Payments": _payment_stubs(document),
        "CreditNotes": settled[Kind.CREDIT_NOTE],
        "Prepayments": settled[Kind.PREPAYMENT],
        "Overpayments": settled[Kind.OVERPAYMENT],
        "AmountDue": money(document.due),
        "AmountPaid": money(document.paid),
        "AmountCredited": money(document.applied),
        "SentToContact": document.status.counts,
        "IsDiscounted": False,
        "HasErrors": False,
        **dates("ExpectedPaymentDate", document.expected_on),
    }


def _credit_fields(document: Document) -> Fields:
    fields: Fields = {
        "ID": document.id,
        "RemainingCredit": money(document.due),
        "AppliedAmount": money(document.applied),
        "Payments": _payment_stubs(document),
        "Allocations": [_allocation_stub(one) for one in document.allocations],
    }
    if document.kind is Kind.CREDIT_NOTE:
        fields |= {"CreditNoteNumber": document.number, "HasErrors": False}
    return fields


def _payment_stubs(document: Document) -> list[Fields]:
    return [
        {
            "PaymentID": one.id,
            **({"BatchPaymentID": one.batch.id} if one.batch else {}),
            "Date": ms_date(one.paid_on),
            "Amount": money(one.amount),
            "Reference": one.reference,
            "CurrencyRate": one.rate,
            "HasAccount": False,
            "HasValidationErrors": False,
        }
        for one in document.payments
        if not one.is_deleted
    ]


def _allocation_stub(one: Allocation) -> Fields:
    return {
        "AllocationID": one.id,
        "Amount": money(one.amount),
        "Date": ms_date(one.allocated_on),
        "Invoice": {
            "InvoiceID": one.invoice.id,
            "InvoiceNumber": one.invoice.number,
            "LineItems": [],
        },
        "IsDeleted": one.is_deleted,
    }


def allocation_fields(one: Allocation) -> Fields:
    """Write an allocation with the credit it is part of."""
    name = {
        Kind.CREDIT_NOTE: "CreditNote",
        Kind.OVERPAYMENT: "Overpayment",
        Kind.PREPAYMENT: "Prepayment",
    }[one.credit.kind]
    return {
        **_allocation_stub(one),
        name: {ID_FIELDS[one.credit.kind]: one.credit.id, "LineItems": []},
        "ValidationErrors": [],
    }


def _line(line: Line) -> Fields:
    return {
        "Description": line.description,
        "Quantity": line.quantity,
        "UnitAmount": money(line.unit_amount),
        "AccountCode": line.account_code,
        "TaxType": "OUTPUT2" if line.tax else "NONE",
        "TaxAmount": money(line.tax),
        "LineAmount": money(line.amount),
        "Tracking": [],
    }


def contact_stub(contact: Contact, *, is_long: bool) -> Fields:
    """Write a contact inside a document."""
    stub: Fields = {"ContactID": contact.id, "Name": contact.name}
    if is_long:
        stub |= {
            "EmailAddress": contact.email,
            "Addresses": [],
            "Phones": [],
            "ContactGroups": [],
            "ContactPersons": [],
            "HasValidationErrors": False,
        }
    return stub


def payment_fields(payment: Payment) -> Fields:
    """Write a payment with the document it pays."""
    document = payment.document
    fields: Fields = {
        "PaymentID": payment.id,
        "Date": ms_date(payment.paid_on),
        "BankAmount": money(payment.bank_amount),
        "Amount": money(payment.amount),
        "Reference": payment.reference,
        "CurrencyRate": payment.rate,
        "PaymentType": payment_type(payment),
        "Status": "DELETED" if payment.is_deleted else "AUTHORISED",
        "UpdatedDateUTC": ms_instant(
            payment.updated_ms, has_zone=not payment.is_deleted
        ),
        "UpdatedDateUTCString": utc_string(payment.updated_ms),
        "HasAccount": True,
        "IsReconciled": payment.is_reconciled,
        "Account": {"AccountID": payment.account.id, "Code": payment.account.code},
        "Invoice": {
            "Type": _PAID_TYPES[document.kind][document.payable],
            "InvoiceID": document.id,
            "InvoiceNumber": document.number,
            "Payments": [],
            "CreditNotes": [],
            "Prepayments": [],
            "Overpayments": [],
            "HasErrors": False,
            "IsDiscounted": False,
            "Contact": contact_stub(document.contact, is_long=False),
            "LineItems": [],
            "CurrencyCode": document.currency,
        },
        "HasValidationErrors": False,
    }
    if payment.batch is not None:
        fields |= {
            "BatchPaymentID": payment.batch.id,
            "BatchPayment": _batch_head(payment.batch),
        }
    return fields


def batch_fields(batch: BatchPayment) -> Fields:
    """Write a batch payment with the payments in it."""
    return {
        **_batch_head(batch),
        "Reference": batch.reference,
        "DateString": day_string(batch.paid_on),
        "Payments": [
            {
                "PaymentID": one.id,
                "Amount": money(one.amount),
                "BankAmount": money(one.bank_amount),
                "Invoice": {
                    "InvoiceID": one.document.id,
                    "CurrencyCode": one.document.currency,
                    "LineItems": [],
                },
            }
            for one in batch.payments
        ],
    }


def _batch_head(batch: BatchPayment) -> Fields:
    return {
        "Account": {"AccountID": batch.account.id},
        "BatchPaymentID": batch.id,
        "Date": ms_date(batch.paid_on),
        "Type": "RECBATCH",
        "Status": "DELETED" if batch.is_deleted else "AUTHORISED",
        "TotalAmount": money(batch.total),
        "UpdatedDateUTC": ms_instant(batch.updated_ms),
        "IsReconciled": False,
    }


def document_json(document: Document, *, has_lines: bool) -> bytes:
    """Write a document, or return how it was last written."""
    form = "long" if has_lines else "short"
    if form not in document.wire:
        document.wire[form] = encode(document_fields(document, has_lines=has_lines))
    return document.wire[form]


def payment_json(payment: Payment) -> bytes:
    """Write a payment, or return how it was last written."""
    if "long" not in payment.wire:
        payment.wire["long"] = encode(payment_fields(payment))
    return payment.wire["long"]
