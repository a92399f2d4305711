"""Edge cases 1 to 10: what is open at a date, and how old it is."""

from datetime import date, timedelta
from decimal import Decimal

from msgspec import structs

from ledger.ageing import Basis, CreditPolicy
from ledger.calendar import Terms
from ledger.ids import SourceId
from ledger.records import DocumentKind, DueRule
from ledger.reports.ageing import Grouping
from ledger.store import balances
from ledger.store.session import Database
from ledger.testing import (
    EUR,
    Books,
    a_claim,
    a_debtor,
    a_document,
    in_instalments,
)
from tests.answers import aged, columns, open_items, owed, report, total

AS_OF = date(2026, 6, 30)
ISSUED = date(2026, 1, 1)


def days_before(days: int) -> date:
    """Return the day so many days before the as-of date."""
    return AS_OF - timedelta(days=days)


def test_case_01_each_day_is_in_one_bucket(books: Books) -> None:
    """An invoice of each age from 400 days early to 400 late is in one bucket."""
    invoices = [
        a_document(f"I{days}", "1", date(2025, 1, 1), days_before(days))
        for days in range(-400, 401)
    ]
    books.land(*invoices, debtors=[a_debtor()])
    assert aged(books, AS_OF) == {
        "current": 401,
        "1-30": 30,
        "31-60": 30,
        "61-90": 30,
        "91-120": 30,
        "121+": 280,
    }


def test_case_01_borders_of_the_buckets(books: Books) -> None:
    """The day due is current, and each border day is in the bucket it names."""
    ages = (0, 1, 30, 31, 60, 61, 90, 91, 120, 121)
    books.land(
        *(
            a_document(f"I{days}", str(2**place), ISSUED, days_before(days))
            for place, days in enumerate(ages)
        ),
        debtors=[a_debtor()],
    )
    assert aged(books, AS_OF) == {
        "current": 1,
        "1-30": 2 + 4,
        "31-60": 8 + 16,
        "61-90": 32 + 64,
        "91-120": 128 + 256,
        "121+": 512,
    }


def test_case_02_what_is_not_due_is_current(books: Books) -> None:
    """Due in 45 days or in 400, an invoice is current and its days are negative."""
    books.land(
        a_document("SOON", "45", ISSUED, days_before(-45)),
        a_document("LATE", "400", ISSUED, days_before(-400)),
        debtors=[a_debtor()],
    )
    assert aged(books, AS_OF) == {"current": 445}
    days = {one.number: one.days_overdue(AS_OF) for one in open_items(books, AS_OF)}
    assert days == {"SOON": -45, "LATE": -400}


def test_case_03_columns_add_up_to_what_is_owed(books: Books) -> None:
    """Buckets and unapplied credits add up to the control balance at every date."""
    # tests/integration/test_ledger_properties.py holds this over random ledgers.
    invoice = a_document("I1", "1000", ISSUED, date(2026, 1, 31))
    payment = a_document("P1", "700", date(2026, 2, 10), kind=DocumentKind.PAYMENT)
    note = a_document("C1", "50", date(2026, 3, 1), kind=DocumentKind.CREDIT_NOTE)
    books.land(
        invoice,
        payment,
        note,
        claims=[a_claim(invoice, payment, "600", date(2026, 2, 20))],
        debtors=[a_debtor()],
    )
    expected = {
        date(2025, 12, 31): 0,
        date(2026, 1, 31): 1000,
        date(2026, 2, 15): 300,
        date(2026, 2, 28): 300,
        date(2026, 3, 31): 250,
    }
    for as_of, balance in expected.items():
        assert sum(aged(books, as_of).values()) == balance
        with books.ask(as_of) as asked:
            control = balances.debtor_balances(
                asked.session,
                asked.known,
                as_of=as_of,
                connection_id=books.connection.id,
            )
        assert sum(one.net_minor for one in control) == balance * 100


def test_case_04_a_later_payment_does_not_reach_back(books: Books) -> None:
    """Due in January and paid in March, an invoice was 28 days overdue in February."""
    invoice = a_document("I1", "1000", ISSUED, date(2026, 1, 31))
    paid_on = date(2026, 3, 5)
    payment = a_document("P1", "1000", paid_on, kind=DocumentKind.PAYMENT)
    books.land(
        invoice,
        payment,
        claims=[a_claim(invoice, payment, "1000", paid_on)],
        debtors=[a_debtor()],
    )
    february = date(2026, 2, 28)
    (item,) = open_items(books, february)
    assert item.days_overdue(february) == 28
    assert aged(books, february) == {"1-30": 1000}
    assert aged(books, paid_on) == {}


def test_case_05_matching_later_does_not_change_what_was_owed(books: Books) -> None:
    """Matched in May, April still closes at 100,000 and 50,000 less 1,000."""
    early = a_document("P1", "1000", date(2026, 2, 10), kind=DocumentKind.PAYMENT)
    small = [
        a_document(f"I{number}", "10000", date(2026, 3, 10), date(2026, 4, 9))
        for number in range(1, 6)
    ]
    large = a_document("I6", "100000", date(2026, 4, 10), date(2026, 5, 10))
    late = a_document("P2", "49000", date(2026, 5, 12), kind=DocumentKind.PAYMENT)
    matched_on = date(2026, 5, 12)
    claims = [
        a_claim(small[0], early, "1000", matched_on),
        a_claim(small[0], late, "9000", matched_on),
        *(a_claim(one, late, "10000", matched_on) for one in small[1:]),
    ]
    books.land(early, *small, large, late, claims=claims, debtors=[a_debtor()])
    assert total(books, date(2026, 4, 30)) == 149_000
    assert aged(books, date(2026, 4, 30)) == {
        "current": 100_000,
        "1-30": 50_000,
        "credits": -1000,
    }
    assert owed(books, date(2026, 5, 31)) == {"I6": 100_000}


def test_case_06_part_payments_leave_one_item(books: Books) -> None:
    """Paid 100 and 200, an invoice of 1,000 is one item of 1,000 with 700 open."""
    invoice = a_document("I1", "1000", ISSUED, date(2026, 1, 31))
    parts = [
        a_document(f"P{amount}", amount, date(2026, 2, 1), kind=DocumentKind.PAYMENT)
        for amount in ("100", "200")
    ]
    books.land(
        invoice,
        *parts,
        claims=[
            a_claim(invoice, parts[0], "100", date(2026, 2, 1)),
            a_claim(invoice, parts[1], "200", date(2026, 2, 2)),
        ],
        debtors=[a_debtor()],
    )
    (item,) = open_items(books, AS_OF)
    assert (item.total_minor, item.open_minor) == (1000_00, 700_00)


def test_case_07_a_part_payment_ages_with_its_invoice(books: Books) -> None:
    """Of an invoice 95 days overdue 600 stand in its bucket and nothing elsewhere."""
    invoice = a_document("I1", "1000", ISSUED, days_before(95))
    payment = a_document("P1", "400", AS_OF, kind=DocumentKind.PAYMENT)
    books.land(
        invoice,
        payment,
        claims=[a_claim(invoice, payment, "400", AS_OF)],
        debtors=[a_debtor()],
    )
    for policy in CreditPolicy:
        assert aged(books, AS_OF, policy=policy) == {"91-120": 600}


def test_case_08_a_missing_due_date_follows_terms(books: Books) -> None:
    """Without a due date the debtor's terms count, else the issue date; it shows."""
    with_terms = structs.replace(a_debtor("D1"), terms=Terms(30))
    books.land(
        a_document("GIVEN", "1", date(2026, 4, 1), date(2026, 4, 8)),
        a_document("TERMS", "2", date(2026, 4, 1)),
        a_document("NONE", "4", date(2026, 4, 1), debtor="D2"),
        debtors=[with_terms, a_debtor("D2")],
    )
    found = {one.number: (one.due_on, one.due_rule) for one in open_items(books, AS_OF)}
    assert found == {
        "GIVEN": (date(2026, 4, 8), DueRule.GIVEN),
        "TERMS": (date(2026, 5, 1), DueRule.DEBTOR_TERMS),
        "NONE": (date(2026, 4, 1), DueRule.ISSUE_DATE),
    }
    assert aged(books, date(2026, 5, 1)) == {"current": 2, "1-30": 1 + 4}


def test_case_08_terms_learnt_later_move_inferred_due_dates_only(books: Books) -> None:
    """A due date the books gave stays when the debtor's terms become known."""
    given = a_document("GIVEN", "1", date(2026, 4, 1), date(2026, 4, 8))
    books.land(given, a_document("NONE", "4", date(2026, 4, 1)), debtors=[a_debtor()])
    first = books.landed_at[-1]
    terms = Terms(30, to_month_end=True)
    books.land(debtors=[structs.replace(a_debtor(), terms=terms)])
    found = {one.number: one.due_on for one in open_items(books, AS_OF)}
    assert found == {"GIVEN": date(2026, 4, 8), "NONE": date(2026, 5, 31)}
    then = {one.number: one.due_on for one in open_items(books, AS_OF, first)}
    assert then == {"GIVEN": date(2026, 4, 8), "NONE": date(2026, 4, 1)}


def test_case_09_instalments_age_by_their_own_dates(books: Books) -> None:
    """Due after 30, 60 and 90 days, each third stands in the bucket of its own date."""
    issued_on = days_before(75)
    parts = [(issued_on + timedelta(days=days), "300") for days in (30, 60, 90)]
    invoice = in_instalments(a_document("I1", "900", issued_on), *parts)
    books.land(invoice, debtors=[a_debtor()])
    assert owed(books, AS_OF) == {"I1/1": 300, "I1/2": 300, "I1/3": 300}
    assert aged(books, AS_OF) == {"current": 300, "1-30": 300, "31-60": 300}
    assert aged(books, AS_OF, basis=Basis.DOCUMENT) == {"61-90": 900}


def test_case_09_what_comes_in_fills_the_oldest_instalment(books: Books) -> None:
    """An advance of 15,000 and 8,500 of two terms of 7,500 leave 6,500 of the last."""
    invoice = in_instalments(
        a_document("I1", "30000", ISSUED),
        (date(2026, 1, 31), "15000"),
        (date(2026, 3, 31), "7500"),
        (date(2026, 5, 31), "7500"),
    )
    advance = a_document("P1", "15000", ISSUED, kind=DocumentKind.PREPAYMENT)
    payment = a_document("P2", "8500", date(2026, 4, 2), kind=DocumentKind.PAYMENT)
    books.land(
        invoice,
        advance,
        payment,
        claims=[
            a_claim(invoice, advance, "15000", ISSUED),
            a_claim(invoice, payment, "8500", date(2026, 4, 2)),
        ],
        debtors=[a_debtor()],
    )
    assert owed(books, date(2026, 4, 1)) == {"I1/2": 7500, "I1/3": 7500}
    assert owed(books, AS_OF) == {"I1/3": 6500}
    assert aged(books, AS_OF) == {"1-30": 6500}


def test_case_10_kinds_with_one_number_stay_apart(books: Books) -> None:
    """What is applied to invoice 17 leaves the credit entry and the refund 17 alone."""
    seventeen = [
        a_document("17", amount, ISSUED, kind=kind)
        for amount, kind in (
            ("1000", DocumentKind.INVOICE),
            ("20", DocumentKind.DEBIT_JOURNAL),
            ("300", DocumentKind.PAYMENT),
            ("4", DocumentKind.CREDIT_NOTE),
        )
    ]
    invoice, _, payment, _ = seventeen
    books.land(
        *seventeen,
        claims=[a_claim(invoice, payment, "300", ISSUED)],
        debtors=[a_debtor()],
    )
    found = {one.kind: one.open_minor for one in open_items(books, AS_OF)}
    assert found == {
        DocumentKind.INVOICE: 700_00,
        DocumentKind.DEBIT_JOURNAL: 20_00,
        DocumentKind.CREDIT_NOTE: -4_00,
    }


def test_case_10_tenants_stay_apart(database: Database) -> None:
    """The same numbers in two tenants' books are different documents."""
    ours, theirs = Books.open(database), Books.open(database)
    ours.land(a_document("17", "1000", ISSUED), debtors=[a_debtor()])
    theirs.land(a_document("17", "5", ISSUED), debtors=[a_debtor()])
    assert owed(ours, AS_OF) == {"17": 1000}
    assert owed(theirs, AS_OF) == {"17": 5}


def test_case_10_connections_of_one_tenant_stay_apart(books: Books) -> None:
    """The same numbers in two connections of a tenant are two documents."""
    other = Books.open(books.database, books.tenant)
    other.now = books.now
    books.land(a_document("17", "1000", ISSUED), debtors=[a_debtor()])
    other.now = books.now
    other.land(a_document("17", "5", ISSUED), debtors=[a_debtor()])
    assert sorted(one.open_minor for one in open_items(books, AS_OF)) == [500, 1000_00]


def test_case_10_accounts_of_one_parent_age_apart(books: Books) -> None:
    """Two accounts under one parent have a line each, and credits do not cross."""
    parent = SourceId("GROUP")
    accounts = [structs.replace(a_debtor(one), parent=parent) for one in ("D1", "D2")]
    credit = a_document("C1", "30", ISSUED, kind=DocumentKind.CREDIT_NOTE, debtor="D2")
    books.land(
        a_document("I1", "100", ISSUED, AS_OF),
        credit,
        debtors=[a_debtor("GROUP"), *accounts],
    )
    with report(
        books, AS_OF, policy=CreditPolicy.OLDEST_FIRST, grouping=Grouping.DEBTOR
    ) as found:
        lines = {
            found.debtors[line.debtor_id].number: columns(line)
            for line in found.lines
            if line.debtor_id is not None
        }
        (rolled_up,) = found.totals
    assert lines == {"D1": {"current": 100}, "D2": {"credits": -30}}
    assert rolled_up.currency == EUR
    assert rolled_up.total_minor == 70_00
    assert columns(rolled_up)["current"] == Decimal(100)
