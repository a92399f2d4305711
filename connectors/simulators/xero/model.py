"""What the simulated books are made of; amounts are exact decimals.

An invoice, a credit note, an overpayment and a prepayment are one class, as they
settle each other by one rule: open = total - payments - allocations.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import Final

ZERO: Final = Decimal(0)
HOME_RATE: Final = Decimal("1.000000")
AMOUNT_END: Final = Decimal(10) ** 15
"""No amount is that large, so that all arithmetic stays exact."""

_EXPONENTS: Final = {"JPY": Decimal(1), "KWD": Decimal("0.001")}
_CENT: Final = Decimal("0.01")


class Kind(StrEnum):
    """The four documents; the value is the name of the endpoint."""

    INVOICE = "Invoices"
    CREDIT_NOTE = "CreditNotes"
    OVERPAYMENT = "Overpayments"
    PREPAYMENT = "Prepayments"

    @property
    def is_credit(self) -> bool:
        """Say whether it lowers what is owed."""
        return self is not Kind.INVOICE


class Status(StrEnum):
    """Where a document is in its life."""

    DRAFT = "DRAFT"
    SUBMITTED = "SUBMITTED"  # waits for approval
    AUTHORISED = "AUTHORISED"  # counts in the books, something is open
    PAID = "PAID"  # counts in the books, nothing is open
    VOIDED = "VOIDED"  # counted once, and does no more
    DELETED = "DELETED"  # was dropped before it counted

    @property
    def counts(self) -> bool:
        """Say whether a document with it is in the books."""
        return self in {Status.AUTHORISED, Status.PAID}


class ContactStatus(StrEnum):
    """Whether a contact is in use."""

    ACTIVE = "ACTIVE"
    ARCHIVED = "ARCHIVED"
    GDPRREQUEST = "GDPRREQUEST"


@dataclass(slots=True, eq=False, kw_only=True)
class Entity:
    """What has an id and a date of change; `wire` keeps how it was last written."""

    id: str
    updated_ms: int
    serial: int
    wire: dict[str, bytes] = field(default_factory=dict)


@dataclass(slots=True, eq=False, kw_only=True)
class Account(Entity):
    """An account of the chart."""

    code: str
    name: str
    type: str
    account_class: str
    tax_type: str = "NONE"
    system: str = ""
    takes_payments: bool = False


@dataclass(slots=True, eq=False, kw_only=True)
class Contact(Entity):
    """A customer or supplier."""

    name: str
    number: str
    status: ContactStatus = ContactStatus.ACTIVE
    email: str = ""
    city: str = ""
    country: str = ""
    phone: str = ""
    currency: str | None = None
    terms_days: int | None = None
    merged_into: "Contact | None" = None
    documents: list["Document"] = field(default_factory=list)


@dataclass(slots=True, eq=False, kw_only=True)
class ContactGroup(Entity):
    """A named set of contacts."""

    name: str
    contacts: list[Contact] = field(default_factory=list)
    is_deleted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of a document; tax is on top."""

    description: str
    quantity: Decimal
    unit_amount: Decimal
    amount: Decimal
    tax: Decimal
    account_code: str = "200"


@dataclass(slots=True, eq=False, kw_only=True)
class Document(Entity):
    """An invoice, credit note, overpayment or prepayment, of sales or purchases."""

    kind: Kind
    payable: bool = False
    number: str
    contact: Contact
    issued_on: date
    due_on: date | None
    currency: str
    rate: Decimal
    lines: tuple[Line, ...]
    status: Status
    reference: str = ""
    expected_on: date | None = None
    settled_on: date | None = None
    payments: list["Payment"] = field(default_factory=list)
    allocations: list["Allocation"] = field(default_factory=list)

    @property
    def subtotal(self) -> Decimal:
        """The total without tax."""
        return total_of(line.amount for line in self.lines)

    @property
    def tax(self) -> Decimal:
        """The tax in the total."""
        return total_of(line.tax for line in self.lines)

    @property
    def total(self) -> Decimal:
        """The total with tax."""
        return total_of(line.amount + line.tax for line in self.lines)

    @property
    def paid(self) -> Decimal:
        """What money settled; for a credit, what was refunded."""
        return total_of(one.amount for one in self.payments if not one.is_deleted)

    @property
    def applied(self) -> Decimal:
        """What allocations settled."""
        return total_of(one.amount for one in self.allocations)

    @property
    def open(self) -> Decimal:
        """What is still due, or still to be used."""
        return self.total - self.paid - self.applied

    @property
    def due(self) -> Decimal:
        """What the vendor shows as due: nothing of what is void, all of a draft."""
        gone = self.status in {Status.VOIDED, Status.DELETED}
        return ZERO if gone else self.open

    @property
    def is_touched(self) -> bool:
        """Say whether anything settles a part of it."""
        return bool(self.allocations) or any(
            not one.is_deleted for one in self.payments
        )


@dataclass(slots=True, eq=False, kw_only=True)
class Payment(Entity):
    """Money for an invoice, or back for a credit.

    `bank_amount` is what reached the bank account, which is kept at home currency.
    """

    document: Document
    account: Account
    paid_on: date
    amount: Decimal
    rate: Decimal
    bank_amount: Decimal
    reference: str = ""
    is_deleted: bool = False
    is_reconciled: bool = False
    batch: "BatchPayment | None" = None


@dataclass(slots=True, eq=False, kw_only=True)
class Allocation:
    """A part of a credit, put to an invoice."""

    id: str
    credit: Document
    invoice: Document
    amount: Decimal
    allocated_on: date
    is_deleted: bool = False


@dataclass(slots=True, eq=False, kw_only=True)
class BatchPayment(Entity):
    """One amount on the bank statement that pays several invoices."""

    account: Account
    paid_on: date
    reference: str = ""
    payments: list[Payment] = field(default_factory=list)
    is_deleted: bool = False

    @property
    def total(self) -> Decimal:
        """What stood on the statement."""
        return total_of(one.amount for one in self.payments)


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryRecord:
    """A line of a document's history: a change, or a note."""

    at_ms: int
    changes: str
    details: str
    user: str = "System Generated"


def total_of(amounts: Iterable[Decimal]) -> Decimal:
    """Add amounts up, exactly."""
    return sum(amounts, ZERO)


def rounded(amount: Decimal, currency: str) -> Decimal:
    """Round half up to the smallest unit of a currency."""
    return amount.quantize(_EXPONENTS.get(currency, _CENT), ROUND_HALF_UP)


def fits(amount: Decimal, currency: str) -> bool:
    """Say whether an amount has no parts of the currency's smallest unit."""
    return amount == rounded(amount, currency)
