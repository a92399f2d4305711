"""What of Xero's answers is read when something is written there, or looked for."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import msgspec
from msgspec import Struct

from ledger.errors import SourceError
from mapping.xero.fields import optional_day

AUTHORISED = "AUTHORISED"
DELETED = "DELETED"


class UnreadableAnswerError(SourceError):
    """Xero's answer is not what its contract says."""

    def __init__(self, what: str, reason: str) -> None:
        """Name what was read."""
        super().__init__(
            f"Xero's answer about {what} cannot be read: {reason}.",
            remedy="Run again; if it stays, report it.",
        )


class Line(Struct, gc=False, kw_only=True):
    """A line of a history: a change, or a note."""

    Details: str | None = None
    Changes: str | None = None


class Account(Struct, gc=False, kw_only=True):
    """The account that a payment went to."""

    Code: str | None = None


class Paid(Struct, gc=False, kw_only=True):
    """The invoice that a payment paid."""

    InvoiceID: str | None = None


class Payment(Struct, gc=False, kw_only=True):
    """A payment, alone or as its invoice names it."""

    PaymentID: str
    Date: str | None = None
    Amount: Decimal | None = None
    Reference: str | None = None
    Status: str | None = None
    Invoice: Paid | None = None
    HasValidationErrors: bool = False

    @property
    def paid_on(self) -> date | None:
        """The day it counts from."""
        return optional_day(self.Date)


class Invoice(Struct, gc=False, kw_only=True):
    """An invoice, as far as it decides what may be written."""

    InvoiceID: str
    Status: str
    Total: Decimal
    InvoiceNumber: str | None = None
    CurrencyCode: str | None = None
    AmountDue: Decimal | None = None
    ExpectedPaymentDate: str | None = None
    Payments: list[Payment] = []

    @property
    def due(self) -> Decimal:
        """What is open."""
        return self.Total if self.AmountDue is None else self.AmountDue

    @property
    def is_settled(self) -> bool:
        """Whether anything settles a part of it, so that Xero lets nobody edit it."""
        return self.due != self.Total or bool(self.Payments)

    @property
    def expected_on(self) -> date | None:
        """When its payment is expected, as Xero shows it."""
        return optional_day(self.ExpectedPaymentDate)


class Group(Struct, gc=False, kw_only=True):
    """A group of contacts."""

    Name: str
    ContactGroupID: str | None = None
    Status: str | None = None

    @property
    def is_active(self) -> bool:
        """Whether it was not deleted."""
        return self.Status != DELETED


class Contact(Struct, gc=False, kw_only=True):
    """A contact, and the groups it is in."""

    ContactID: str
    ContactGroups: list[Group] = []


class Closed(Struct, gc=False, kw_only=True):
    """Up to which days an organisation's books are closed."""

    PeriodLockDate: str | None = None
    EndOfYearLockDate: str | None = None

    @property
    def closed_on(self) -> date | None:
        """The later of both days."""
        days = (self.PeriodLockDate, self.EndOfYearLockDate)
        return max(filter(None, map(optional_day, days)), default=None)


class _Answer(Struct, gc=False, kw_only=True):
    HistoryRecords: list[Line] = []
    Payments: list[Payment] = []
    Invoices: list[Invoice] = []
    ContactGroups: list[Group] = []
    Contacts: list[Contact] = []
    Organisations: list[Closed] = []


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer's lists; those that it does not have are empty."""

    lines: list[Line]
    payments: list[Payment]
    invoices: list[Invoice]
    groups: list[Group]
    contacts: list[Contact]
    closed_on: date | None

    def noted(self, key: str) -> Iterator[Line]:
        """Yield the lines of a history that carry a key."""
        return (one for one in self.lines if key in (one.Details or ""))


def read(body: bytes, what: str) -> Answer:
    """Read an answer.

    Raises:
        UnreadableAnswerError: It is not what the contract says.
    """
    try:
        found = msgspec.json.decode(body, type=_Answer)
    except msgspec.DecodeError as error:
        raise UnreadableAnswerError(what, str(error)) from error
    closed = [one.closed_on for one in found.Organisations]
    return Answer(
        found.HistoryRecords,
        found.Payments,
        found.Invoices,
        found.ContactGroups,
        found.Contacts,
        closed[0] if closed else None,
    )
