"""The trial balance of the simulated books, at any date, in the home currency.

What is assumed of currencies, as the vendor publishes no formula:

- Home amount = amount / `CurrencyRate`, rounded half up to the cent.
- A document counts from its date at its own rate. What is left of it later is
  carried at that same rate: its *booked* value, round(open / rate).
- A payment reaches the bank at the payment's rate. What it takes off the booked
  value is the document's before less after, so no cent is ever left on a settled
  document; the difference to the bank is a **realised** gain or loss (account 499).
  An allocation does the same between the rates of the credit and of the invoice.
- Receivables and payables are shown at the rate of the report's date: round(open /
  rate of the day). The difference to the booked value is **unrealised** (account
  498) and is undone with the next report, as it is no posting of its own. So
  `receivables shown - unrealised of receivables = booked values added up`.
- Overpayments and prepayments are receivables of the other side, like credit notes.
- Voided and deleted documents and deleted payments count at no date, also not at
  dates before they were voided.

While `books.revalues` is false, balances stand at their booked values, and 498 stays
empty.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from connectors.simulators.xero.books import Books
from connectors.simulators.xero.model import ZERO, Document, Kind, rounded

BANK: Final = "090"
SALES: Final = "200"
COSTS: Final = "310"
UNREALISED: Final = "498"
REALISED: Final = "499"
DEBTORS: Final = "610"
CREDITORS: Final = "800"
TAX: Final = "820"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialBalance:
    """Balances an account code, debit positive; together they are zero."""

    day: date
    balances: dict[str, Decimal]
    booked_debtors: Decimal
    unrealised_debtors: Decimal


def trial_balance(books: Books, day: date) -> TrialBalance:
    """Add up what the books hold at the end of a day."""
    balances: defaultdict[str, Decimal] = defaultdict(lambda: ZERO)
    booked_debtors = ZERO
    revalued_debtors = ZERO
    for kind in Kind:
        for document in books.documents[kind].values():
            if not document.status.counts:
                continue
            booked, shown = _count(books, document, day, balances)
            if not books.revalues:
                shown = booked
            control = CREDITORS if document.payable else DEBTORS
            balances[control] += shown
            balances[UNREALISED] -= shown - booked
            if not document.payable:
                booked_debtors += booked
                revalued_debtors += shown
    return TrialBalance(
        day=day,
        balances=dict(balances),
        booked_debtors=booked_debtors,
        unrealised_debtors=revalued_debtors - booked_debtors,
    )


def _count(
    books: Books, document: Document, day: date, balances: dict[str, Decimal]
) -> tuple[Decimal, Decimal]:
    """Count a document; return what is left of it, as booked and at the day's rate."""
    home = books.home
    side = -1 if document.kind.is_credit else 1
    if document.payable:
        side = -side
    face = document.total if document.issued_on <= day else ZERO
    left = face
    bank = ZERO
    for payment in document.payments:
        if not payment.is_deleted and payment.paid_on <= day:
            left -= payment.amount
            bank += payment.bank_amount
    for allocation in document.allocations:
        if allocation.allocated_on <= day:
            left -= allocation.amount
    booked_face = rounded(face / document.rate, home)
    booked = rounded(left / document.rate, home)
    if document.kind in {Kind.OVERPAYMENT, Kind.PREPAYMENT}:
        balances[BANK] -= side * booked_face
    elif face:
        tax = rounded(document.tax / document.rate, home)
        balances[COSTS if document.payable else SALES] -= side * (booked_face - tax)
        balances[TAX] -= side * tax
    balances[BANK] += side * bank
    balances[REALISED] += side * (booked_face - booked - bank)
    if document.currency == home or not left:
        return side * booked, side * booked
    shown = rounded(left / books.rates.at(document.currency, day), home)
    return side * booked, side * shown
