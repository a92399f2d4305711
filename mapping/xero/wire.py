"""What of Xero's answers is read, with the vendor's own names.

Unknown fields are left out, so that an addition of the vendor breaks nothing.
"""

from decimal import Decimal

from msgspec import Struct


class ContactName(Struct, gc=False):
    """The customer, as a document mentions it."""

    ContactID: str
    Name: str = ""


class Key(Struct, gc=False, kw_only=True):
    """A document named by another; which of the keys is there says its kind."""

    InvoiceID: str | None = None
    CreditNoteID: str | None = None
    OverpaymentID: str | None = None
    PrepaymentID: str | None = None
    PaymentID: str | None = None


class Allocation(Struct, gc=False, kw_only=True):
    """A part of a credit that was applied to an invoice."""

    Amount: Decimal
    Date: str
    Invoice: Key
    AllocationID: str | None = None
    IsDeleted: bool = False


class InvoicePayment(Struct, gc=False, kw_only=True):
    """A payment as its invoice names it."""

    PaymentID: str
    Date: str | None = None
    Amount: Decimal | None = None
    CurrencyRate: Decimal | None = None
    Reference: str | None = None


class Invoice(Struct, gc=False, kw_only=True):
    """An invoice; `Payments`, `CreditNotes` … name what is applied to it."""

    InvoiceID: str
    Type: str
    Status: str
    Contact: ContactName
    Total: Decimal
    Date: str | None = None
    DueDate: str | None = None
    InvoiceNumber: str | None = None
    Reference: str | None = None
    CurrencyCode: str | None = None
    CurrencyRate: Decimal | None = None
    AmountDue: Decimal | None = None
    AmountPaid: Decimal | None = None
    UpdatedDateUTC: str | None = None
    Payments: list[InvoicePayment] = []
    CreditNotes: list[Key] = []
    Overpayments: list[Key] = []
    Prepayments: list[Key] = []


class Credit(Struct, gc=False, kw_only=True):
    """A credit note, an overpayment or a prepayment."""

    Type: str
    Status: str
    Contact: ContactName
    Total: Decimal
    Date: str | None = None
    CreditNoteID: str | None = None
    OverpaymentID: str | None = None
    PrepaymentID: str | None = None
    CreditNoteNumber: str | None = None
    Reference: str | None = None
    CurrencyCode: str | None = None
    CurrencyRate: Decimal | None = None
    RemainingCredit: Decimal | None = None
    UpdatedDateUTC: str | None = None
    Allocations: list[Allocation] = []
    Payments: list[Key] = []


class PaidDocument(Struct, gc=False, kw_only=True):
    """The document that a payment pays; for a credit its key may stand here as well."""

    InvoiceID: str | None = None
    CreditNoteID: str | None = None
    OverpaymentID: str | None = None
    PrepaymentID: str | None = None
    Contact: ContactName | None = None
    CurrencyCode: str | None = None
    InvoiceNumber: str | None = None


class Payment(Struct, gc=False, kw_only=True):
    """Money received for an invoice, or paid back for a credit."""

    PaymentID: str
    PaymentType: str
    Status: str
    Amount: Decimal
    Date: str | None = None
    CurrencyRate: Decimal | None = None
    Reference: str | None = None
    UpdatedDateUTC: str | None = None
    Invoice: PaidDocument | None = None
    CreditNote: PaidDocument | None = None
    Overpayment: PaidDocument | None = None
    Prepayment: PaidDocument | None = None


class Address(Struct, gc=False, kw_only=True):
    """A contact's address."""

    AddressType: str | None = None
    Country: str | None = None


class Term(Struct, gc=False, kw_only=True):
    """A payment term of sales or of bills."""

    Day: int | None = None
    Type: str | None = None


class ContactTerms(Struct, gc=False, kw_only=True):
    """A contact's own payment terms."""

    Sales: Term | None = None


class Contact(Struct, gc=False, kw_only=True):
    """A customer or supplier."""

    ContactID: str
    Name: str = ""
    ContactStatus: str | None = None
    ContactNumber: str | None = None
    AccountNumber: str | None = None
    EmailAddress: str | None = None
    TaxNumber: str | None = None
    MergedToContactID: str | None = None
    IsCustomer: bool | None = None
    IsSupplier: bool | None = None
    Addresses: list[Address] = []
    PaymentTerms: ContactTerms | None = None
    UpdatedDateUTC: str | None = None
