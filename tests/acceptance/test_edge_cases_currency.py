"""Edge cases 21 to 25: several currencies, and exact amounts."""

from datetime import date
from decimal import Decimal

import pytest
from msgspec import structs

from ledger.ageing import DEFAULT_BUCKETS, Basis, CreditPolicy
from ledger.fx import Rate, posted, realised, unrealised, within_tolerance
from ledger.money import Currency, Money, from_minor
from ledger.records import DocumentKind
from ledger.reports.ageing import Grouping, HomeLine, ageing
from ledger.store.session import Database
from ledger.testing import EUR, Books, a_claim, a_debtor, a_document, a_tenant
from tests.answers import aged, asked_at_rates, open_items, owed, total

USD, JPY, KWD = Currency("USD"), Currency("JPY"), Currency("KWD")
AS_OF = date(2026, 6, 30)
YEAR_END = date(2025, 12, 31)


def home_line(books: Books, as_of: date, quoted_on: date, **per: str) -> HomeLine:
    """Return the ageing in home currency at fixed rates."""
    with asked_at_rates(books, as_of, quoted_on, **per) as asked:
        found = ageing(
            asked,
            basis=Basis.DUE,
            policy=CreditPolicy.SEPARATE,
            scheme=DEFAULT_BUCKETS,
            grouping=Grouping.TOTAL,
        )
    assert found.home is not None
    return found.home


def test_case_21_a_foreign_invoice_is_owed_in_its_own_currency(
    database: Database,
) -> None:
    """A dollar company's euro invoice is aged in euros; dollars name rate and date."""
    books = Books.open(database, a_tenant(database, home=USD))
    invoice = a_document("I1", "1000", date(2026, 6, 1), date(2026, 6, 20))
    books.land(invoice, debtors=[a_debtor()])
    assert aged(books, AS_OF, code=EUR) == {"1-30": 1000}
    assert aged(books, AS_OF, code=USD) == {}
    friday = date(2026, 6, 26)
    home = home_line(books, AS_OF, friday, EUR="0.80")
    assert home.total == Decimal("1250.00")
    assert home.buckets[1] == Decimal("1250.00")
    used = home.rates.rates[EUR]
    assert (used.home, used.per, used.quoted_on) == (USD, Decimal("0.80"), friday)


def test_case_21_without_a_rate_there_is_no_total_at_home(database: Database) -> None:
    """Where a rate is missing no home amount is shown rather than a wrong one."""
    books = Books.open(database, a_tenant(database, home=USD))
    books.land(a_document("I1", "1000", date(2026, 6, 1)), debtors=[a_debtor()])
    with asked_at_rates(books, date(2026, 6, 2), AS_OF, EUR="0.80") as asked:
        found = ageing(
            asked,
            basis=Basis.DUE,
            policy=CreditPolicy.SEPARATE,
            scheme=DEFAULT_BUCKETS,
            grouping=Grouping.TOTAL,
        )
    assert found.home is None
    assert [line.total_minor for line in found.totals] == [1000_00]


def test_case_22_paid_at_another_rate_nothing_stays_open(books: Books) -> None:
    """11,000 dollars booked at 1.10 and paid at 1.05 are settled, with a gain."""
    paid_on = date(2026, 3, 5)
    invoice = structs.replace(
        a_document("I1", "11000", date(2026, 1, 1), currency=USD),
        home_minor=10_000_00,
        rate=Decimal("1.1"),
    )
    payment = structs.replace(
        a_document("P1", "11000", paid_on, kind=DocumentKind.PAYMENT, currency=USD),
        home_minor=10_476_19,
        rate=Decimal("1.05"),
    )
    books.land(
        invoice,
        payment,
        claims=[a_claim(invoice, payment, "11000", paid_on)],
        debtors=[a_debtor()],
    )
    assert open_items(books, AS_OF) == []
    assert total(books, AS_OF, code=EUR) == total(books, AS_OF, code=USD) == 0
    booked = Rate(EUR, USD, Decimal("1.1"), date(2026, 1, 1), "the books")
    at_payment = Rate(EUR, USD, Decimal("1.05"), paid_on, "the books")
    gain = realised(Money(Decimal(11000), USD), booked=booked, paid=at_payment)
    assert gain == Money(Decimal("476.19"), EUR)


def test_case_22_a_payment_in_another_currency_settles_both(books: Books) -> None:
    """Euros that pay dollars use up euros and settle dollars, with nothing left."""
    paid_on = date(2026, 3, 5)
    invoice = a_document("I1", "11000", date(2026, 1, 1), currency=USD)
    payment = a_document("P1", "10476.19", paid_on, kind=DocumentKind.PAYMENT)
    claim = structs.replace(
        a_claim(invoice, payment, "11000", paid_on), credit_minor=10_476_19
    )
    books.land(invoice, payment, claims=[claim], debtors=[a_debtor()])
    assert open_items(books, AS_OF) == []


def test_case_23_a_foreign_residual_at_year_end(books: Books) -> None:
    """Paid in part next year, it was open at the year's end in both currencies."""
    invoice = a_document("I1", "11000", date(2025, 10, 1), currency=USD)
    payments = [
        a_document(number, amount, on, kind=DocumentKind.PAYMENT, currency=USD)
        for number, amount, on in (
            ("P1", "200", date(2025, 12, 10)),
            ("P2", "4000", date(2026, 1, 15)),
        )
    ]
    books.land(
        invoice,
        *payments,
        claims=[
            a_claim(invoice, payments[0], "200", payments[0].issued_on),
            a_claim(invoice, payments[1], "4000", payments[1].issued_on),
        ],
        debtors=[a_debtor()],
    )
    residual = Money(Decimal(10800), USD)
    assert owed(books, YEAR_END) == {"I1": residual.amount}
    assert owed(books, AS_OF) == {"I1": 6800}
    at_close = home_line(books, YEAR_END, date(2025, 12, 30), USD="1.08")
    assert at_close.total == Decimal("10000.00")
    booked = Rate(EUR, USD, Decimal("1.10"), date(2025, 10, 1), "the books")
    closing = at_close.rates.rates[USD]
    assert posted(residual, booked) == Money(Decimal("9818.18"), EUR)
    gain = unrealised(residual, booked=booked, closing=closing)
    assert gain == Money(Decimal("181.82"), EUR)


@pytest.mark.parametrize(
    ("yen", "small"), [("500", True), ("1600", True), ("1601", False)]
)
def test_case_24_a_tolerance_is_compared_in_the_document_s_currency(
    books: Books, yen: str, *, small: bool
) -> None:
    """Ten euros forgive 1,600 yen at 160, the limit itself included."""
    invoice = a_document("I1", yen, date(2026, 6, 1), currency=JPY)
    books.land(invoice, debtors=[a_debtor()])
    (item,) = open_items(books, AS_OF)
    rate = Rate(EUR, JPY, Decimal(160), AS_OF, "a test")
    still_open = Money.from_minor(item.open_minor, item.currency)
    assert within_tolerance(still_open, Money(Decimal(10), EUR), rate) is small


def test_case_24_currencies_are_never_added(books: Books) -> None:
    """One debtor's yen and euros are two lines, and credits do not cross."""
    books.land(
        a_document("I1", "10", date(2026, 6, 1)),
        a_document("I2", "500", date(2026, 6, 1), currency=JPY),
        a_document("P1", "700", AS_OF, kind=DocumentKind.PREPAYMENT, currency=JPY),
        debtors=[a_debtor()],
    )
    policy = CreditPolicy.OLDEST_FIRST
    assert aged(books, AS_OF, policy=policy, code=EUR) == {"1-30": 10}
    assert aged(books, AS_OF, policy=policy, code=JPY) == {"credits": -200}


@pytest.mark.parametrize(
    ("code", "parts", "whole"),
    [
        (EUR, ("0.10", "0.20"), "0.30"),
        (JPY, ("1", "2"), "3"),
        (KWD, ("0.001", "0.002"), "0.003"),
    ],
)
def test_case_25_small_amounts_are_exact(
    books: Books, code: Currency, parts: tuple[str, str], whole: str
) -> None:
    """Two parts paid with their sum leave nothing, in every currency's minor unit."""
    invoices = [
        a_document(f"I{part}", part, date(2026, 6, 1), currency=code) for part in parts
    ]
    payment = a_document(
        "P1", whole, date(2026, 6, 2), kind=DocumentKind.PAYMENT, currency=code
    )
    books.land(
        *invoices,
        payment,
        claims=[
            a_claim(invoice, payment, part, date(2026, 6, 2))
            for invoice, part in zip(invoices, parts, strict=True)
        ],
        debtors=[a_debtor()],
    )
    assert total(books, date(2026, 6, 1), code=code) == Decimal(whole)
    assert open_items(books, AS_OF) == []


@pytest.mark.parametrize(
    ("code", "owed_text", "paid_text"),
    [(EUR, "100.00", "99.99"), (JPY, "100", "99"), (KWD, "100.000", "99.999")],
)
def test_case_25_one_minor_unit_stays_open(
    books: Books, code: Currency, owed_text: str, paid_text: str
) -> None:
    """A cent, a yen or a fils less than the total leaves just that open."""
    invoice = a_document("I1", owed_text, date(2026, 6, 1), currency=code)
    payment = a_document(
        "P1", paid_text, date(2026, 6, 2), kind=DocumentKind.PAYMENT, currency=code
    )
    books.land(
        invoice,
        payment,
        claims=[a_claim(invoice, payment, paid_text, date(2026, 6, 2))],
        debtors=[a_debtor()],
    )
    (item,) = open_items(books, AS_OF)
    assert item.open_minor == 1
    assert aged(books, AS_OF, code=code) == {"1-30": from_minor(1, code)}


def test_case_25_less_than_a_minor_unit_is_settled_before_posting(
    books: Books,
) -> None:
    """A source's 0.004 beyond the cent never becomes an open item."""
    invoice = a_document("I1", "100.004", date(2026, 6, 1))
    payment = a_document("P1", "100", date(2026, 6, 2), kind=DocumentKind.PAYMENT)
    books.land(
        invoice,
        payment,
        claims=[a_claim(invoice, payment, "100", date(2026, 6, 2))],
        debtors=[a_debtor()],
    )
    assert open_items(books, AS_OF) == []
