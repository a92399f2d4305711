"""A ledger of a million invoices and nine hundred thousand payments, seeded."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from ledger.ids import SourceId
from ledger.money import Currency
from ledger.records import Claim, Debtor, Document, DocumentKind, DocumentRef
from ledger.testing import Books

SEED = 20260101
PAGE = 5_000
DEBTORS = 20_000
FIRST_ON = date(2021, 1, 1)
TODAY = date(2025, 12, 31)
"""Nothing is dated after it."""
PAST = date(2025, 3, 31)
"""Nine months before."""

CURRENCIES = (Currency("EUR"), Currency("EUR"), Currency("EUR"), Currency("USD"))
PAID_SHARE = 0.9


@dataclass(frozen=True, slots=True)
class Row:
    """One invoice and what was paid on it."""

    invoice: Document
    payment: Document | None
    claim: Claim | None


def rows(count: int) -> Iterator[Row]:
    """Yield invoices in the order of their dates, most of them paid."""
    chance = random.Random(SEED)  # noqa: S311 - repeatable, not secret
    span = (TODAY - FIRST_ON).days
    for number in range(count):
        issued_on = FIRST_ON + timedelta(days=number * span // count)
        code = chance.choice(CURRENCIES)
        debtor = SourceId(f"C{int(DEBTORS * chance.random() ** 2):05}")
        minor = chance.randint(10_00, 20_000_00)
        invoice = Document(
            kind=DocumentKind.INVOICE,
            source_id=SourceId(f"I{number:08}"),
            number=f"I{number:08}",
            debtor=debtor,
            currency=code,
            total_minor=minor,
            issued_on=issued_on,
            due_on=issued_on + timedelta(days=chance.choice((14, 30, 30, 60))),
        )
        paid_on = issued_on + timedelta(days=int(chance.gammavariate(4, 12)))
        if chance.random() >= PAID_SHARE or paid_on > TODAY:
            yield Row(invoice, None, None)
            continue
        paid = minor if chance.random() < PAID_SHARE else minor // 2
        payment = Document(
            kind=DocumentKind.PAYMENT,
            source_id=SourceId(f"P{number:08}"),
            number=f"P{number:08}",
            debtor=debtor,
            currency=code,
            total_minor=paid,
            issued_on=paid_on,
            due_on=paid_on,
        )
        claim = Claim(
            source_id=SourceId(f"A{number:08}"),
            debit=DocumentRef(invoice.kind, invoice.source_id),
            credit=DocumentRef(payment.kind, payment.source_id),
            currency=code,
            amount_minor=paid,
            effective_on=paid_on,
        )
        yield Row(invoice, payment, claim)


def fill(books: Books, count: int) -> None:
    """Land the ledger, invoices and payments and allocations a page."""
    for begin in range(0, DEBTORS, PAGE):
        books.land(
            debtors=[
                Debtor(
                    source_id=SourceId(f"C{number:05}"),
                    number=f"C{number:05}",
                    name=f"Customer {number}",
                )
                for number in range(begin, begin + PAGE)
            ]
        )
    page: list[Row] = []
    for row in rows(count):
        page.append(row)
        if len(page) == PAGE:
            _land(books, page)
            page = []
    _land(books, page)


def _land(books: Books, page: list[Row]) -> None:
    books.land(
        *(row.invoice for row in page),
        *(row.payment for row in page if row.payment),
        claims=[row.claim for row in page if row.claim],
    )
