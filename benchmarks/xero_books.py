"""A seeded organisation in Xero's shape, written as pages that a server only sends.

An organisation of so many invoices, three quarters of them paid, a twentieth credited,
in three currencies. Beside the pages stands what they come to, counted here in minor
units and by nothing of the product. `Line items` are left empty, which spares those a
child table who make one.
"""

import random
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

SEED = 20260630
PAGE = 1_000
ORGANISATION = "4f6b1d20-0000-4000-8000-000000000001"
BASE = "EUR"
RATES = {"EUR": "1", "USD": "1.0842", "GBP": "0.8417"}
CURRENCIES = ("EUR", "EUR", "EUR", "USD", "GBP")

FIRST_ON = date(2023, 7, 1)
DAYS = 1_000
"""Invoices are issued within so many days, and paid within another ninety."""
DAY_AT = datetime(2026, 6, 30, 12, tzinfo=UTC)
"""What the server's clock shows while the books are read whole."""
CHANGED_AT = datetime(2026, 6, 30, 20, tzinfo=UTC)
NIGHT_AT = datetime(2026, 7, 1, 1, tzinfo=UTC)

CREDIT_LISTS = {
    "credit_note": ("CreditNotes", "CreditNoteID", "ACCRECCREDIT"),
    "overpayment": ("Overpayments", "OverpaymentID", "RECEIVE-OVERPAYMENT"),
    "prepayment": ("Prepayments", "PrepaymentID", "RECEIVE-PREPAYMENT"),
}
LISTS = (
    "Contacts",
    "Invoices",
    "CreditNotes",
    "Overpayments",
    "Prepayments",
    "Payments",
)
OPEN_LISTS = ("Invoices", "CreditNotes", "Overpayments", "Prepayments")
CHANGED_SHARE = 100
"""One invoice in so many changes before the night."""
SILENT_MAX = 20
"""So many are paid without a stamp that tells."""


@dataclass(slots=True)
class Part:
    """A payment, or a part of a credit, and the invoice it lowers."""

    key: str
    paid_on: date
    minor: int
    invoice: "Invoice"
    credit: "Credit | None" = None
    stamp_at: datetime = DAY_AT - timedelta(days=1)


@dataclass(slots=True)
class Invoice:
    """An invoice and what lowers it."""

    key: str
    number: int
    contact: int
    currency: str
    total: int
    issued_on: date
    due_on: date
    payments: list[Part] = field(default_factory=list)
    credited: list[Part] = field(default_factory=list)
    stamp_at: datetime = DAY_AT - timedelta(days=1)

    @property
    def left(self) -> int:
        """What is open of it."""
        return self.total - sum(one.minor for one in self.payments + self.credited)


@dataclass(slots=True)
class Credit:
    """A credit note, an overpayment or a prepayment."""

    kind: str
    key: str
    number: int
    contact: int
    currency: str
    total: int
    issued_on: date
    parts: list[Part] = field(default_factory=list)

    @property
    def left(self) -> int:
        """What is open of it."""
        return self.total - sum(one.minor for one in self.parts)


@dataclass(slots=True)
class Books:
    """All that stands in the organisation."""

    contacts: list[str]
    invoices: list[Invoice]
    credits: dict[str, list[Credit]]
    payments: list[Part]
    chance: random.Random

    @classmethod
    def of(cls, count: int) -> "Books":
        """Make an organisation of so many invoices, the same each time."""
        chance = random.Random(SEED)  # noqa: S311 - repeatable, not secret
        contacts = _keys(chance, max(count // 40, 5))
        books = cls(contacts, [], {kind: [] for kind in CREDIT_LISTS}, [], chance)
        for number, key in enumerate(_keys(chance, count)):
            issued_on = FIRST_ON + timedelta(days=chance.randrange(DAYS))
            books.invoices.append(
                Invoice(
                    key=key,
                    number=number,
                    contact=int(len(contacts) * chance.random() ** 2),
                    currency=chance.choice(CURRENCIES),
                    total=chance.randint(10_00, 20_000_00),
                    issued_on=issued_on,
                    due_on=issued_on + timedelta(days=chance.choice((14, 30, 60))),
                )
            )
        books.credit(count)
        for one in chance.sample(books.invoices, count * 3 // 4):
            books.pay(one, one.left if chance.random() < 0.9 else one.left // 2)
        books.arrange()
        return books

    def credit(self, count: int) -> None:
        """Give a twentieth of the invoices a credit note, and a few another credit."""
        chosen = self.chance.sample(self.invoices, count // 20 + count // 200)
        for number, one in enumerate(chosen):
            kind = "credit_note"
            if number >= count // 20:
                kind = ("overpayment", "prepayment")[number % 2]
            self._credit(kind, number, one)

    def _credit(self, kind: str, number: int, one: Invoice) -> None:
        (key,) = _keys(self.chance, 1)
        used = self.chance.randint(1_00, one.total // 2)
        spare = self.chance.choice((0, 0, 0, 5_00))
        on = one.issued_on + timedelta(days=self.chance.randrange(40))
        credit = Credit(kind, key, number, one.contact, one.currency, used + spare, on)
        (part,) = _keys(self.chance, 1)
        applied = Part(part, on, used, one, credit)
        credit.parts.append(applied)
        one.credited.append(applied)
        self.credits[kind].append(credit)

    def pay(self, one: Invoice, minor: int, at: datetime | None = None) -> Part:
        """Pay some of an invoice; told by its stamp where an instant is given."""
        (key,) = _keys(self.chance, 1)
        late = self.chance.randrange(90)
        paid = Part(key, one.issued_on + timedelta(days=late), minor, one)
        if at is not None:
            paid.stamp_at = one.stamp_at = at
        one.payments.append(paid)
        self.payments.append(paid)
        return paid

    def arrange(self) -> None:
        """Put every list in the order of its keys, as it is asked for."""
        self.payments.sort(key=lambda one: one.key)
        for listed in self.credits.values():
            listed.sort(key=lambda one: one.key)

    def go_on(self) -> tuple[list[Invoice], list[Part], list[Invoice]]:
        """Let a day pass; return what changed, what was paid, and what changed unseen.

        One invoice in a hundred changes: half of those are paid, the rest only touched.
        """
        unpaid = [one for one in self.invoices if one.left]
        count = len(self.invoices) // CHANGED_SHARE
        silent = min(SILENT_MAX, count)
        chosen = self.chance.sample(unpaid, count + silent)
        changed, unseen = chosen[:count], chosen[count:]
        paid = [self.pay(one, one.left, CHANGED_AT) for one in changed[: count // 2]]
        for one in changed:
            one.stamp_at = CHANGED_AT
        for one in unseen:
            self.pay(one, one.left)
        self.arrange()
        return sorted(changed, key=lambda one: one.key), paid, unseen


def expected(books: Books) -> dict[str, Any]:
    """Return counts and sums: documents by kind and currency, entries by kind."""
    documents: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    entries: dict[str, list[int]] = defaultdict(lambda: [0, 0])

    def count(kind: str, currency: str, total: int, left: int) -> None:
        sums = documents[f"{kind} {currency}"]
        sums[0] += 1
        sums[1] += total
        sums[2] += left

    def enter(kind: str, minor: int) -> None:
        entries[kind][0] += 1
        entries[kind][1] += minor

    open_count = 0
    for one in books.invoices:
        count("invoice", one.currency, one.total, one.left)
        open_count += bool(one.left)
    for paid in books.payments:
        count("payment", paid.invoice.currency, paid.minor, 0)
        enter("payment", paid.minor)
    for kind, listed in books.credits.items():
        for credit in listed:
            count(kind, credit.currency, credit.total, credit.left)
            open_count += bool(credit.left)
            for part in credit.parts:
                enter("credit_note" if kind == "credit_note" else "payment", part.minor)
    return {
        "debtors": len(books.contacts),
        "documents": dict(sorted(documents.items())),
        "entries": dict(sorted(entries.items())),
        "open": open_count,
    }


def _keys(chance: random.Random, count: int) -> list[str]:
    return sorted(
        str(UUID(int=chance.getrandbits(128), version=4)) for _ in range(count)
    )
