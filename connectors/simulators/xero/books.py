"""The simulated books and what can happen in them: post, pay, void, merge, undo.

Tests change the books with these methods behind a connector's back; the endpoints
that write use the same ones.
"""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from connectors.simulators.xero.contact_books import ContactBooks, change
from connectors.simulators.xero.errors import BooksError
from connectors.simulators.xero.model import (
    AMOUNT_END,
    Allocation,
    BatchPayment,
    Contact,
    ContactStatus,
    Document,
    Kind,
    Line,
    Payment,
    Status,
    fits,
    rounded,
)

TERMS_DAYS: Final = 30
CODE_LENGTH: Final = 3
RATE_LEAST: Final = Decimal("0.000001")

_NUMBERS: Final = {
    Kind.INVOICE: "INV",
    Kind.CREDIT_NOTE: "CN",
    Kind.OVERPAYMENT: "OP",
    Kind.PREPAYMENT: "PP",
}
_NEXT: Final = {
    Status.DRAFT: {Status.SUBMITTED, Status.AUTHORISED, Status.DELETED},
    Status.SUBMITTED: {Status.DRAFT, Status.AUTHORISED, Status.DELETED},
    Status.AUTHORISED: {Status.VOIDED},
}
"""Which status may follow which; PAID comes and goes with what settles it."""


class Books(ContactBooks):
    """The books of one organisation."""

    period_locked_on: date | None = None
    """No document or payment of this day or before may change over the API."""
    revalues: bool = True
    """Whether reports show what is open abroad at the rate of their date."""

    @change
    def post(
        self,
        contact: Contact,
        amount: Decimal | None = None,
        *,
        kind: Kind = Kind.INVOICE,
        lines: Sequence[Line] = (),
        issued_on: date | None = None,
        due_on: date | None = None,
        currency: str | None = None,
        rate: Decimal | None = None,
        status: Status = Status.AUTHORISED,
        number: str = "",
        reference: str = "",
        payable: bool = False,
    ) -> Document:
        """Post a document: of one line without tax, or of the lines given."""
        code = currency or contact.currency or self.home
        day = issued_on or self.clock.today
        if amount is not None:
            lines = [_one_line(amount)]
        _check_lines(lines, code)
        _check_rate(rate)
        if contact.status is not ContactStatus.ACTIVE:
            raise BooksError("The contact is archived")
        number = number or f"{_NUMBERS[kind]}-{self.serial + 1:06}"
        if not payable and any(
            one.number == number and one.status not in {Status.VOIDED, Status.DELETED}
            for one in contact.documents
        ):
            raise BooksError("Invoice # must be unique.")
        is_bill = kind is Kind.INVOICE
        document = Document(
            id=self.new_id(),
            updated_ms=self.clock.now_ms,
            serial=self.next_serial(),
            kind=kind,
            payable=payable,
            number=number,
            contact=contact,
            issued_on=day,
            due_on=(due_on or day + timedelta(days=contact.terms_days or TERMS_DAYS))
            if is_bill
            else None,
            currency=code,
            rate=rate or self.rates.at(code, day),
            lines=tuple(lines),
            status=status,
            reference=reference,
        )
        self.touch(contact, is_dated=False)
        self.add(document)
        self.settle(document)
        self.note(document, "Created", f"{number} for {document.total} {code}.")
        return document

    @change
    def set_status(self, document: Document, status: Status) -> None:
        """Move a document on in its life; PAID comes by itself."""
        if status is document.status:
            return
        if document.is_touched:
            raise BooksError(
                "This document cannot be edited as it has a payment or credit note "
                "allocated to it."
            )
        if status not in _NEXT.get(document.status, set()):
            raise BooksError(
                "Invoice not of valid status for modification: "
                f"{document.status} cannot become {status}"
            )
        self._touch_document(document)
        document.status = status
        self.settle(document)
        self.note(document, status.title(), f"{document.number} is {status}.")

    def approve(self, document: Document) -> None:
        """Let a draft count."""
        self.set_status(document, Status.AUTHORISED)

    def void(self, document: Document) -> None:
        """Void a document that counts; it must not be settled in any part."""
        self.set_status(document, Status.VOIDED)

    def delete(self, document: Document) -> None:
        """Drop a draft."""
        self.set_status(document, Status.DELETED)

    @change
    def undelete(self, document: Document) -> None:
        """Bring a voided or deleted document back, which the API cannot do."""
        self._touch_document(document)
        was = document.status
        document.status = Status.AUTHORISED if was is Status.VOIDED else Status.DRAFT
        self.settle(document)

    @change
    def edit(
        self,
        document: Document,
        *,
        due_on: date | None = None,
        expected_on: date | None = None,
        reference: str | None = None,
        lines: Sequence[Line] = (),
    ) -> None:
        """Change a document in place; lines only while nothing settles it."""
        if lines and document.is_touched:
            raise BooksError(
                "This document cannot be edited as it has a payment or credit note "
                "allocated to it."
            )
        if lines:
            _check_lines(lines, document.currency)
        self._touch_document(document)
        document.due_on = due_on or document.due_on
        document.expected_on = expected_on or document.expected_on
        document.reference = document.reference if reference is None else reference
        document.lines = tuple(lines) or document.lines
        self.settle(document)

    @change
    def pay(
        self,
        document: Document,
        amount: Decimal | None = None,
        *,
        paid_on: date | None = None,
        rate: Decimal | None = None,
        reference: str = "",
        batch: BatchPayment | None = None,
    ) -> Payment:
        """Pay an invoice, or refund a credit; without an amount all of what is open."""
        self._need_open(document, amount, "Payment")
        _check_rate(rate)
        day = paid_on or self.clock.today
        paid = document.open if amount is None else amount
        day_rate = rate or self.rates.at(document.currency, day)
        payment = Payment(
            id=self.new_id(),
            updated_ms=self.clock.now_ms,
            serial=self.next_serial(),
            document=document,
            account=self.accounts["090"],
            paid_on=day,
            amount=paid,
            rate=day_rate,
            bank_amount=rounded(paid / day_rate, self.home),
            reference=reference,
            batch=batch,
        )
        self._touch_document(document)
        self.add(payment)
        if batch is not None:
            batch.payments.append(payment)
        self.settle(document)
        self.note(document, "Payment Made", f"Payment of {payment.amount}.")
        return payment

    def refund(self, credit: Document, amount: Decimal | None = None) -> Payment:
        """Pay out what is left of a credit, or a part of it."""
        return self.pay(credit, amount)

    @change
    def overpay(self, invoice: Document, amount: Decimal) -> Document:
        """Pay more than is due: the invoice in full, and the rest as overpayment."""
        rest = amount - invoice.open
        rate = self.pay(invoice).rate
        return self.post(
            invoice.contact,
            rest,
            kind=Kind.OVERPAYMENT,
            currency=invoice.currency,
            rate=rate,
        )

    @change
    def pay_together(
        self, invoices: Iterable[Document], *, paid_on: date | None = None
    ) -> BatchPayment:
        """Pay invoices in full by one amount on the bank statement."""
        batch = BatchPayment(
            id=self.new_id(),
            updated_ms=self.clock.now_ms,
            serial=self.next_serial(),
            account=self.accounts["090"],
            paid_on=paid_on or self.clock.today,
        )
        self.add(batch)
        for invoice in invoices:
            self.pay(invoice, paid_on=batch.paid_on, batch=batch)
        return batch

    @change
    def delete_payment(self, payment: Payment, *, over_api: bool = False) -> None:
        """Delete a payment: it stays to be read, and what it paid is open again."""
        if payment.is_deleted:
            raise BooksError("This payment has already been deleted")
        if over_api and (payment.batch is not None or payment.is_reconciled):
            raise BooksError(
                "Payments that are reconciled or part of a batch cannot be deleted"
            )
        self.touch(payment)
        self._touch_document(payment.document)
        payment.is_deleted = True
        self.settle(payment.document)
        self.note(payment.document, "Payment Deleted", f"Of {payment.amount}.")

    @change
    def undelete_payment(self, payment: Payment) -> None:
        """Bring a deleted payment back, which the API cannot do."""
        if payment.amount > payment.document.open:
            raise BooksError("Payment amount exceeds the amount outstanding")
        self.touch(payment)
        self._touch_document(payment.document)
        payment.is_deleted = False
        self.settle(payment.document)

    @change
    def allocate(
        self,
        credit: Document,
        invoice: Document,
        amount: Decimal | None = None,
        *,
        allocated_on: date | None = None,
    ) -> Allocation:
        """Put a part of a credit to an invoice; without an amount all that fits."""
        wanted = min(credit.open, invoice.open) if amount is None else amount
        self._need_open(credit, wanted, "Allocation")
        self._need_open(invoice, wanted, "Allocation")
        if credit.contact is not invoice.contact:
            raise BooksError("The contact of the credit and of the invoice differ")
        if credit.currency != invoice.currency:
            raise BooksError("The currency of the credit and of the invoice differ")
        allocation = Allocation(
            id=self.new_id(),
            credit=credit,
            invoice=invoice,
            amount=wanted,
            allocated_on=allocated_on or self.clock.today,
        )
        for side in (credit, invoice):
            self._touch_document(side)
            side.allocations.append(allocation)
            self.settle(side)
            self.note(side, "Credit Applied", f"{credit.number}, {wanted}.")
        return allocation

    @change
    def unallocate(self, allocation: Allocation) -> None:
        """Take an allocation back; it is not listed any more."""
        if allocation.is_deleted:
            raise BooksError("This allocation has already been deleted")
        allocation.is_deleted = True
        for side in (allocation.credit, allocation.invoice):
            self._touch_document(side)
            side.allocations.remove(allocation)
            self.settle(side)
            self.note(side, "Credit Removed", f"{allocation.amount}.")

    def _need_open(self, document: Document, amount: Decimal | None, word: str) -> None:
        """Refuse what a document cannot take."""
        if not document.status.counts:
            raise BooksError(
                f"{word}s can only be made against documents of status AUTHORISED"
            )
        if amount is None:
            return
        if amount > document.open:
            raise BooksError(
                f"{word} amount exceeds the amount outstanding on this document"
            )
        if amount < 0 or not fits(amount, document.currency):
            raise BooksError(f"{word} amount is no amount of {document.currency}")

    def _touch_document(self, document: Document) -> None:
        """Prepare a change to a document; its contact shows other balances."""
        self.touch(document)
        self.touch(document.contact, is_dated=False)

    @staticmethod
    def settle(document: Document) -> None:
        """Let the status follow what is open."""
        if not document.status.counts:
            return
        if document.open:
            document.status = Status.AUTHORISED
            document.settled_on = None
            return
        document.status = Status.PAID
        document.settled_on = max(
            [one.paid_on for one in document.payments if not one.is_deleted]
            + [one.allocated_on for one in document.allocations],
            default=document.issued_on,
        )


def _check_lines(lines: Sequence[Line], currency: str) -> None:
    """Refuse lines that make no document."""
    if not lines:
        raise BooksError("One or more line items must be specified")
    if not (len(currency) == CODE_LENGTH and currency.isascii() and currency.isupper()):
        raise BooksError(f"{currency} is no currency")
    totals = [one.amount + one.tax for one in lines]
    if any(abs(one) >= AMOUNT_END or not fits(one, currency) for one in totals):
        raise BooksError(f"A line total is no amount of {currency}")
    if any(not fits(one.tax, currency) for one in lines) or sum(totals) < 0:
        raise BooksError("The document total must not be negative")


def _check_rate(rate: Decimal | None) -> None:
    """Refuse a rate that nothing can be divided by."""
    if rate is not None and not RATE_LEAST <= rate < 1 / RATE_LEAST:
        raise BooksError("The currency rate is out of range")


def _one_line(amount: Decimal) -> Line:
    whole = rounded(amount, "KWD") if amount % 1 else amount
    return Line(
        description="Goods",
        quantity=Decimal(1),
        unit_amount=whole,
        amount=whole,
        tax=Decimal(0),
    )
