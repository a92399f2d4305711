"""Questions put to books, answered as plain values that tests compare.

Amounts are decimals in the currency itself, so that expectations read as they are
written in the worked examples.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from ledger.ageing import DEFAULT_BUCKETS, AgeingLine, Basis, BucketScheme, CreditPolicy
from ledger.dso import Window
from ledger.fx import NoRateError, Rate
from ledger.money import Currency, from_minor
from ledger.open_items import Entry, OpenItem, Settlement, settlement
from ledger.records import Document, DocumentRef
from ledger.reports.ageing import AgeingReport, Grouping, ageing
from ledger.reports.dso import DsoLine, Method, days_sales_outstanding
from ledger.reports.question import Question, ask
from ledger.store import balances, drill, histories, keys
from ledger.store.histories import StoredEntry
from ledger.testing import EUR, Books

Amount = Decimal | int
"""What tests compare amounts with: a decimal equals a whole number."""


@dataclass(frozen=True, slots=True)
class FixedRates:
    """Rates that never move: so many units of each currency for one of home."""

    quoted_on: date
    per: Mapping[Currency, Decimal]

    def rate(self, *, home: Currency, currency: Currency, on: date) -> Rate:
        """Return the rate, published on the day all of them were.

        Raises:
            NoRateError: The currency has none, or none yet.
        """
        if currency not in self.per or on < self.quoted_on:
            raise NoRateError(currency, on)
        return Rate(home, currency, self.per[currency], self.quoted_on, "a test")


def open_items(
    books: Books, as_of: date, known_at: datetime | None = None
) -> list[OpenItem]:
    """Return what is open at a date, in the order it falls due."""
    with books.ask(as_of, known_at) as asked:
        return list(balances.load_items(asked.session, asked.known, as_of=as_of))


def owed(
    books: Books, as_of: date, known_at: datetime | None = None
) -> dict[str, Decimal]:
    """Return what is open by number, an instalment's after its number and a slash."""
    return {
        f"{item.number}/{item.part}" if item.part else item.number: from_minor(
            item.open_minor, item.currency
        )
        for item in open_items(books, as_of, known_at)
    }


@contextmanager
def report(
    books: Books,
    as_of: date,
    known_at: datetime | None = None,
    *,
    basis: Basis = Basis.DUE,
    policy: CreditPolicy = CreditPolicy.SEPARATE,
    scheme: BucketScheme = DEFAULT_BUCKETS,
    grouping: Grouping = Grouping.TOTAL,
) -> Iterator[AgeingReport]:
    """Open an ageing report."""
    with books.ask(as_of, known_at) as asked:
        yield ageing(
            asked, basis=basis, policy=policy, scheme=scheme, grouping=grouping
        )


def columns(
    line: AgeingLine, scheme: BucketScheme = DEFAULT_BUCKETS
) -> dict[str, Decimal]:
    """Return the columns of an ageing line that are not empty."""
    found = dict(zip(scheme.names, line.buckets, strict=True))
    found["credits"] = line.credits_minor
    found["disputed"] = line.disputed_minor
    return {
        name: from_minor(minor, line.currency) for name, minor in found.items() if minor
    }


def aged(
    books: Books,
    as_of: date,
    known_at: datetime | None = None,
    *,
    basis: Basis = Basis.DUE,
    policy: CreditPolicy = CreditPolicy.SEPARATE,
    scheme: BucketScheme = DEFAULT_BUCKETS,
    code: Currency = EUR,
) -> dict[str, Decimal]:
    """Return the columns of all debtors' ageing in one currency that are not empty."""
    with report(
        books, as_of, known_at, basis=basis, policy=policy, scheme=scheme
    ) as found:
        for line in found.totals:
            if line.currency == code:
                return columns(line, scheme)
    return {}


def total(
    books: Books, as_of: date, known_at: datetime | None = None, *, code: Currency = EUR
) -> Decimal:
    """Return what is owed after all in one currency."""
    with report(books, as_of, known_at) as found:
        minor = sum(line.total_minor for line in found.totals if line.currency == code)
    return from_minor(minor, code)


def dso(
    books: Books,
    as_of: date,
    method: Method,
    known_at: datetime | None = None,
    *,
    code: Currency = EUR,
) -> DsoLine:
    """Return one method's answer in one currency."""
    with books.ask(as_of, known_at) as asked:
        lines = days_sales_outstanding(asked, methods=[method]).lines
    (line,) = [one for one in lines if one.currency == code and not one.is_home]
    return line


def paid(
    books: Books, window: Window, known_at: datetime | None = None
) -> list[tuple[str, date, Amount, int, int]]:
    """Return number, value date, amount, days to pay and days late of payments."""
    with books.ask(window.end_on, known_at) as asked:
        return [
            (
                one.number,
                one.paid_on,
                from_minor(one.minor, one.currency),
                one.days,
                one.days_late,
            )
            for one in drill.payments(asked.session, asked.known, window)
        ]


def sold(
    books: Books, window: Window, known_at: datetime | None = None
) -> list[tuple[str, date, Amount]]:
    """Return number, day and amount of what makes the sales of a window."""
    with books.ask(window.end_on, known_at) as asked:
        return [
            (one.number, one.moved_on, from_minor(one.minor, one.currency))
            for one in drill.sales(asked.session, asked.known, window)
        ]


def entries(books: Books, document: Document) -> list[StoredEntry]:
    """Return every entry on a document's balance, in the order they became known."""
    key = keys.document_id(
        books.connection.id, DocumentRef(document.kind, document.source_id)
    )
    with books.ask(date.max) as asked:
        return histories.entries(asked.session, key, asked.known)


def moves(books: Books, document: Document) -> list[tuple[str, date, Amount]]:
    """Return kind, business date and amount of each entry on a document's balance."""
    return [
        (str(one.kind), one.effective_on, from_minor(one.minor, document.currency))
        for one in entries(books, document)
    ]


def outcome(
    books: Books, document: Document, as_of: date, known_at: datetime | None = None
) -> Settlement:
    """Return how a document stands at a date."""
    found = [
        Entry(
            kind=one.kind,
            minor=one.minor,
            effective_on=one.effective_on,
            known_at=one.known_at,
        )
        for one in entries(books, document)
    ]
    return settlement(document, found, as_of, known_at)


@contextmanager
def asked_at_rates(
    books: Books, as_of: date, quoted_on: date, **per: str
) -> Iterator[Question]:
    """Open a question answered at fixed rates: `USD="1.08"` for one unit of home."""
    rates = FixedRates(
        quoted_on, {Currency(code): Decimal(rate) for code, rate in per.items()}
    )
    with books.database.question(books.tenant.scope) as session:
        yield ask(session, home=books.tenant.home_currency, rates=rates, as_of=as_of)
