"""Invents an organisation: the same seed and size make the same books.

What must come out is counted on the way in whole cents, by itself and not by the
books' own arithmetic, so that it can be held against what a connector read.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Final

from connectors.simulators.xero.books import Books
from connectors.simulators.xero.model import (
    Allocation,
    BatchPayment,
    Contact,
    ContactStatus,
    Document,
    Kind,
    Line,
    Payment,
    Status,
)

CURRENCIES: Final = ("GBP", "EUR", "USD")
BATCH_LENGTH: Final = 3

_CENT: Final = Decimal("0.01")
_HOUR_MS: Final = 3_600_000
_DAY_MS: Final = 24 * _HOUR_MS
_MICRO: Final = 10**6
_PLACES: Final = (
    ("Leeds", "United Kingdom"),
    ("Bristol", "United Kingdom"),
    ("Lyon", "France"),
    ("Hamburg", "Germany"),
    ("Boston", "United States"),
)
_TRADES: Final = ("Foods", "Joinery", "Print", "Freight", "Optics", "Gardens", "Tools")


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much to invent; the rest follows from the number of invoices."""

    invoices: int = 300
    contacts: int | None = None
    history_days: int = 540
    bill_percent: int = 3

    @property
    def contact_count(self) -> int:
        """How many customers; one for eight invoices unless told."""
        return self.contacts or max(6, self.invoices // 8)


@dataclass(slots=True, kw_only=True)
class Expected:
    """What a true copy of the books must come to; sales only, by currency."""

    open_due: dict[str, Decimal] = field(default_factory=dict)
    remaining_credit: dict[str, Decimal] = field(default_factory=dict)
    booked_debtors: Decimal = Decimal(0)
    """Open less credit at home, each document at its own rate, rounded to the cent."""
    invoices: Counter[str] = field(default_factory=Counter)
    """Sales invoices by status."""
    counts: Counter[str] = field(default_factory=Counter)
    """How many there are of each endpoint's things, bills included."""


def generate(books: Books, size: Size, *, seed: int = 1) -> Expected:
    """Fill empty books; return the sums that must come out."""
    maker = _Maker(books, size, seed)
    with books.lock:
        maker.run()
        books.revision += 1
    return maker.expected


class _Maker:
    def __init__(self, books: Books, size: Size, seed: int) -> None:
        self.expected = Expected()
        self._books = books
        self._size = size
        self._random = Random(f"books/{seed}")  # noqa: S311 - no secret
        self._today = books.clock.today
        self._now_ms = books.clock.now_ms
        self._origin_ms = self._now_ms - self._now_ms % _DAY_MS
        self._left: dict[Document, int] = {}
        self._credits: dict[Contact, Document] = {}
        self._batch: list[Document] = []
        self._numbers: Counter[str] = Counter()

    def run(self) -> None:
        customers = self._contacts()
        for _ in range(self._size.invoices):
            place = int(len(customers) * self._random.random() ** 2)
            self._sale(customers[place])
        for _ in range(self._size.invoices * self._size.bill_percent // 100):
            self._bill(self._random.choice(customers))
        self._tally()

    def _contacts(self) -> list[Contact]:
        customers = [
            self._contact(f"{name} {number:05}")
            for number in range(self._size.contact_count)
            for name in [_TRADES[number % len(_TRADES)]]
        ]
        for number in range(1 + len(customers) // 20):
            gone = self._contact(f"Former customer {number:05}")
            gone.status = ContactStatus.ARCHIVED
            if number % 2:
                gone.merged_into = customers[number]
        erased = self._contact("Somebody 00001")
        erased.status = ContactStatus.GDPRREQUEST
        return customers

    def _contact(self, name: str) -> Contact:
        serial = self._books.next_serial()
        city, country = _PLACES[serial % len(_PLACES)]
        age = self._random.randint(0, self._size.history_days)
        contact = Contact(
            id=self._books.new_id(),
            updated_ms=self._stamp(self._today - timedelta(days=age)),
            serial=serial,
            name=name,
            number=f"C{serial:06}",
            email=f"accounts{serial}@customer.example",
            city=city,
            country=country,
            phone=f"555-{serial % 10_000:04}",
            currency=self._random.choices(CURRENCIES, (70, 20, 10))[0],
            terms_days=self._random.choice((14, 30, 30, 60)),
        )
        self._books.add(contact)
        return contact

    def _sale(self, contact: Contact) -> None:
        """Post an invoice and let come what may."""
        age = self._random.randint(0, self._size.history_days)
        invoice = self._document(
            Kind.INVOICE, contact, self._today - timedelta(days=age), self._net()
        )
        fate = self._random.random()
        for share, status in (
            (0.02, Status.DRAFT),
            (0.03, Status.SUBMITTED),
            (0.035, Status.DELETED),
            (0.055, Status.VOIDED),
        ):
            if fate < share:
                invoice.status = status
                return
        self._left[invoice] = _cents(invoice.total)
        self._settle(invoice, self._random.random())

    def _settle(self, invoice: Document, fate: float) -> None:
        """Settle an invoice: in full, in part, by credit, or not at all."""
        paid_on = self._later(invoice.due_on or invoice.issued_on)
        left = self._left[invoice]
        if self._random.random() < 0.015:  # noqa: PLR2004 - shares of a whole
            self._pay(invoice, left // 2 or left, paid_on).is_deleted = True
            self._left[invoice] = left
        if fate < 0.05 and invoice.currency == self._books.home:  # noqa: PLR2004
            self._await_batch(invoice)
        elif fate < 0.62:  # noqa: PLR2004
            self._pay(invoice, left, paid_on)
        elif fate < 0.72:  # noqa: PLR2004
            for _ in range(self._random.randint(1, 3)):
                part = self._random.randint(1, max(1, self._left[invoice] // 2))
                self._pay(invoice, part, self._later(paid_on))
        elif fate < 0.78:  # noqa: PLR2004
            self._credit_note(invoice)
        elif fate < 0.80:  # noqa: PLR2004
            self._pay(invoice, left, paid_on)
            self._unapplied(Kind.OVERPAYMENT, invoice.contact, paid_on)
        elif fate < 0.81:  # noqa: PLR2004
            self._unapplied(Kind.PREPAYMENT, invoice.contact, invoice.issued_on)
        else:
            self._use_credit(invoice)
        self._books.settle(invoice)

    def _credit_note(self, invoice: Document) -> None:
        """Credit an invoice in full or in part; some notes are never used up."""
        left = self._left[invoice]
        way = self._random.random()
        net = left if way < 0.4 else self._random.randint(1, left)  # noqa: PLR2004
        note = self._document(
            Kind.CREDIT_NOTE,
            invoice.contact,
            self._later(invoice.issued_on),
            net,
            tax_percent=0,
        )
        if way > 0.95:  # noqa: PLR2004
            note.status = Status.VOIDED if way > 0.975 else Status.DRAFT  # noqa: PLR2004
            return
        self._left[note] = net
        if way < 0.8:  # noqa: PLR2004
            self._allocate(note, invoice, net - (net // 3 if way > 0.7 else 0))  # noqa: PLR2004
        elif way < 0.87:  # noqa: PLR2004
            self._pay(note, net, self._later(note.issued_on))
        self._books.settle(note)

    def _unapplied(self, kind: Kind, contact: Contact, day: date) -> None:
        """Take in money that settles nothing yet."""
        credit = self._document(
            kind, contact, day, self._random.randint(100, 90_000), tax_percent=0
        )
        self._left[credit] = _cents(credit.total)
        self._credits[contact] = credit

    def _use_credit(self, invoice: Document) -> None:
        """Leave an invoice open, or put what the customer has left to it."""
        credit = self._credits.pop(invoice.contact, None)
        if credit is None:
            return
        amount = min(self._left[credit], self._left[invoice])
        if amount > 1 and self._random.random() < 0.5:  # noqa: PLR2004
            amount //= 2
        self._allocate(credit, invoice, amount)
        self._books.settle(credit)

    def _await_batch(self, invoice: Document) -> None:
        """Pay some invoices by one amount, once there are enough."""
        self._batch.append(invoice)
        if len(self._batch) < BATCH_LENGTH:
            return
        day = self._later(max(one.issued_on for one in self._batch))
        batch = BatchPayment(
            id=self._books.new_id(),
            updated_ms=self._stamp(day),
            serial=self._books.next_serial(),
            account=self._books.accounts["090"],
            paid_on=day,
        )
        self._books.add(batch)
        for one in self._batch:
            payment = self._pay(one, self._left[one], day)
            payment.batch = batch
            batch.payments.append(payment)
            self._books.settle(one)
        self._batch.clear()

    def _bill(self, contact: Contact) -> None:
        """Post a bill in home currency, which no sum of sales counts."""
        age = self._random.randint(0, self._size.history_days)
        bill = self._document(
            Kind.INVOICE,
            contact,
            self._today - timedelta(days=age),
            self._net(),
            payable=True,
        )
        self._left[bill] = _cents(bill.total)
        if self._random.random() < 0.7:  # noqa: PLR2004
            self._pay(bill, self._left[bill], self._later(bill.issued_on))
        self._books.settle(bill)

    def _document(
        self,
        kind: Kind,
        contact: Contact,
        day: date,
        net: int,
        *,
        tax_percent: int = 20,
        payable: bool = False,
    ) -> Document:
        home = self._books.home
        currency = home if payable else contact.currency or home
        tax_percent = tax_percent if currency == home else 0
        parts = [net]
        if net > 1000 and net % 2:  # noqa: PLR2004
            parts = [net // 3, net - net // 3]
        is_invoice = kind is Kind.INVOICE
        prefix = {"I": "INV", "C": "CN", "O": "OP", "P": "PP"}[kind[0]]
        prefix = "BILL" if payable else prefix
        self._numbers[prefix] += 1
        due_on = day + timedelta(days=contact.terms_days or 30)
        document = Document(
            id=self._books.new_id(),
            updated_ms=self._stamp(day),
            serial=self._books.next_serial(),
            kind=kind,
            payable=payable,
            number=f"{prefix}-{self._numbers[prefix]:06}",
            contact=contact,
            issued_on=day,
            due_on=due_on if is_invoice else None,
            currency=currency,
            rate=self._books.rates.at(currency, day),
            lines=tuple(
                Line(
                    description="Goods",
                    quantity=Decimal(1),
                    unit_amount=one * _CENT,
                    amount=one * _CENT,
                    tax=(one * tax_percent + 50) // 100 * _CENT,
                )
                for one in parts
            ),
            status=Status.AUTHORISED,
            reference=f"PO {self._random.randint(1000, 99_999)}" if is_invoice else "",
        )
        self._books.add(document)
        return document

    def _pay(self, document: Document, cents: int, day: date) -> Payment:
        rate = self._books.rates.at(document.currency, day)
        payment = Payment(
            id=self._books.new_id(),
            updated_ms=self._stamp(day),
            serial=self._books.next_serial(),
            document=document,
            account=self._books.accounts["090"],
            paid_on=day,
            amount=cents * _CENT,
            rate=rate,
            bank_amount=_at_home(cents, rate) * _CENT,
        )
        self._books.add(payment)
        self._left[document] -= cents
        document.updated_ms = max(document.updated_ms, payment.updated_ms)
        return payment

    def _allocate(self, credit: Document, invoice: Document, cents: int) -> None:
        day = self._later(max(credit.issued_on, invoice.issued_on))
        allocation = Allocation(
            id=self._books.new_id(),
            credit=credit,
            invoice=invoice,
            amount=cents * _CENT,
            allocated_on=day,
        )
        for side in (credit, invoice):
            side.allocations.append(allocation)
            side.updated_ms = max(side.updated_ms, self._stamp(day))
            self._left[side] -= cents
        self.expected.counts["Allocations"] += 1

    def _net(self) -> int:
        return int(self._random.lognormvariate(10.5, 1.1)) + 100

    def _later(self, day: date) -> date:
        """Return a day up to some weeks later, today at the latest."""
        return min(self._today, day + timedelta(days=self._random.randint(0, 40)))

    def _stamp(self, day: date) -> int:
        """Return an instant of a working day, now at the latest."""
        midnight_ms = self._origin_ms - (self._today - day).days * _DAY_MS
        hours_ms = self._random.randint(8 * _HOUR_MS, 18 * _HOUR_MS)
        return min(self._now_ms - 1000, midnight_ms + hours_ms)

    def _tally(self) -> None:
        """Add up what must come out."""
        expected, books = self.expected, self._books
        due: Counter[str] = Counter()
        credit: Counter[str] = Counter()
        booked = 0
        for document, left in self._left.items():
            if document.payable:
                continue
            side = credit if document.kind.is_credit else due
            side[document.currency] += left
            home = _at_home(left, document.rate)
            booked += -home if document.kind.is_credit else home
        expected.open_due = {code: due[code] * _CENT for code in sorted(due)}
        expected.remaining_credit = {
            code: credit[code] * _CENT for code in sorted(credit)
        }
        expected.booked_debtors = booked * _CENT
        for one in books.documents[Kind.INVOICE].values():
            if not one.payable:
                expected.invoices[str(one.status)] += 1
        for kind in Kind:
            expected.counts[str(kind)] = len(books.documents[kind])
        expected.counts["Contacts"] = len(books.contacts)
        expected.counts["Payments"] = len(books.payments)
        expected.counts["BatchPayments"] = len(books.batches)


def _cents(amount: Decimal) -> int:
    return int(amount.scaleb(2))


def _at_home(cents: int, rate: Decimal) -> int:
    """Turn cents into cents at home by whole numbers, half a cent up."""
    micro = int(rate * _MICRO)
    return (2 * cents * _MICRO + micro) // (2 * micro)
