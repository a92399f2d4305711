"""Edge cases 26 to 29: days sales outstanding from documents."""

from datetime import date
from decimal import Decimal

from ledger.dso import simple_window
from ledger.figures import NoFigure
from ledger.records import Document, DocumentKind
from ledger.reports.dso import Method
from ledger.reports.restatements import Cause, restatements
from ledger.testing import Books, a_claim, a_debtor, a_document
from tests.answers import dso, owed, paid, sold

AS_OF = date(2026, 3, 31)
JANUARY, FEBRUARY, MARCH = date(2026, 1, 15), date(2026, 2, 10), date(2026, 3, 20)
WITH_SALES = (Method.SIMPLE, Method.ROLLING, Method.BEST_POSSIBLE, Method.DELINQUENT)


def a_quarter() -> list[Document]:
    """Make sales of 700, 800 and 900 in the first three months."""
    return [
        a_document("I1", "700", JANUARY, date(2026, 2, 14)),
        a_document("I2", "800", FEBRUARY, date(2026, 3, 12)),
        a_document("I3", "900", MARCH, date(2026, 4, 19)),
    ]


def test_case_26_two_forms_of_dso(books: Books) -> None:
    """1,500 owed on 700, 800 and 900 are 56.25 days simple and 52 counted back."""
    invoices = a_quarter()
    payment = a_document("P1", "900", date(2026, 3, 25), kind=DocumentKind.PAYMENT)
    books.land(
        *invoices,
        payment,
        claims=[
            a_claim(invoices[0], payment, "700", payment.issued_on),
            a_claim(invoices[1], payment, "200", payment.issued_on),
        ],
        debtors=[a_debtor()],
    )
    simple = dso(books, AS_OF, Method.SIMPLE)
    counted = dso(books, AS_OF, Method.COUNT_BACK)
    assert simple.receivables == 1500
    assert simple.sales == 2400
    assert simple.value.rounded() == Decimal("56.25")
    assert counted.value.rounded() == Decimal("52.00")
    assert (simple.method, counted.method) == ("simple", "count-back")


def test_case_26_best_possible_leaves_the_overdue_out(books: Books) -> None:
    """Of 2,400 owed 900 are not yet due: 33.75 days at best, 56.25 delinquent."""
    books.land(*a_quarter(), debtors=[a_debtor()])
    best = dso(books, AS_OF, Method.BEST_POSSIBLE)
    late = dso(books, AS_OF, Method.DELINQUENT)
    assert best.value.rounded() == Decimal("33.75")
    assert late.value.rounded() == Decimal("56.25")


def test_case_27_without_sales_there_is_a_reason(books: Books) -> None:
    """With debts but no sales in the window there is no figure, and it says why."""
    entry = a_document("J1", "500", JANUARY, kind=DocumentKind.DEBIT_JOURNAL)
    books.land(entry, debtors=[a_debtor()])
    for method in WITH_SALES:
        found = dso(books, AS_OF, method)
        assert found.value.value is None
        assert found.value.reason is NoFigure.NO_SALES


def test_case_27_without_sales_and_debts_there_is_a_reason_too(books: Books) -> None:
    """With nothing owed and nothing sold the figure is missing, not zero."""
    entry = a_document("J1", "500", JANUARY, kind=DocumentKind.DEBIT_JOURNAL)
    payment = a_document("P1", "500", JANUARY, kind=DocumentKind.PAYMENT)
    books.land(
        entry,
        payment,
        claims=[a_claim(entry, payment, "500", JANUARY)],
        debtors=[a_debtor()],
    )
    for method in WITH_SALES:
        found = dso(books, AS_OF, method)
        assert found.receivables == 0
        assert found.value.reason is NoFigure.NO_SALES


def test_case_27_count_back_stops_where_history_begins(books: Books) -> None:
    """What no sales explain is a lower bound of days and a rest that is shown."""
    entry = a_document("J1", "500", FEBRUARY, kind=DocumentKind.DEBIT_JOURNAL)
    books.land(entry, a_document("I1", "300", MARCH), debtors=[a_debtor()])
    counted = dso(books, AS_OF, Method.COUNT_BACK).count_back
    assert counted is not None
    assert counted.is_lower_bound
    assert counted.days.value == 28 + 31
    assert counted.unexplained == 500


def test_case_28_credit_notes_lower_the_sales_of_their_month(books: Books) -> None:
    """A credit note of March takes 300 off March and leaves February's sales whole."""
    note = a_document("C1", "300", MARCH, kind=DocumentKind.CREDIT_NOTE)
    books.land(*a_quarter(), note, debtors=[a_debtor()])
    assert dso(books, date(2026, 2, 28), Method.SIMPLE).sales == 1500
    assert dso(books, AS_OF, Method.SIMPLE).sales == 2100
    assert sold(books, simple_window(AS_OF)) == [
        ("I1", JANUARY, 700),
        ("I2", FEBRUARY, 800),
        ("C1", MARCH, -300),
        ("I3", MARCH, 900),
    ]


def test_case_28_sales_and_receivables_are_of_the_same_documents(
    books: Books,
) -> None:
    """Nothing paid in the window, one quarter's sales are owed for all its days."""
    books.land(*a_quarter(), debtors=[a_debtor()])
    simple = dso(books, AS_OF, Method.SIMPLE)
    assert simple.receivables == simple.sales
    assert simple.value.value == 90


def test_case_28_unapplied_cash_is_shown_with_and_without(books: Books) -> None:
    """600 not applied lower the second figure and leave the first as it is."""
    payment = a_document("P1", "600", MARCH, kind=DocumentKind.PAYMENT)
    books.land(*a_quarter(), payment, debtors=[a_debtor()])
    for method, gross, net in (
        (Method.SIMPLE, "90.00", "67.50"),
        (Method.COUNT_BACK, "90.00", "63.43"),
    ):
        found = dso(books, AS_OF, method)
        assert found.net is not None
        assert found.value.rounded() == Decimal(gross)
        assert found.net.rounded() == Decimal(net)


def test_case_29_a_late_invoice_restates_a_closed_month(books: Books) -> None:
    """An invoice dated back changes the month now; what was published stays to see."""
    books.land(*a_quarter(), debtors=[a_debtor()])
    published = books.landed_at[-1]
    late = a_document("I4", "600", date(2026, 3, 30), date(2026, 4, 29))
    entry = a_document("J1", "600", MARCH, kind=DocumentKind.DEBIT_JOURNAL)
    books.land(late, entry)
    then = dso(books, AS_OF, Method.SIMPLE, published)
    now = dso(books, AS_OF, Method.SIMPLE)
    assert then.receivables == then.sales == 2400
    assert now.receivables == 3600
    assert now.sales == 3000
    assert then.value.rounded() == Decimal("90.00")
    assert now.value.rounded() == Decimal("108.00")


def test_case_29_a_late_payment_restates_a_closed_month(books: Books) -> None:
    """A payment of March learnt later lowers March, and the cause is named."""
    invoices = a_quarter()
    books.land(*invoices, debtors=[a_debtor()])
    published = books.landed_at[-1]
    payment = a_document("P1", "700", date(2026, 3, 16), kind=DocumentKind.PAYMENT)
    claim = a_claim(invoices[0], payment, "700", payment.issued_on)
    books.land(payment, claims=[claim])
    assert owed(books, AS_OF, published) == {"I1": 700, "I2": 800, "I3": 900}
    assert owed(books, AS_OF) == {"I2": 800, "I3": 900}
    assert dso(books, AS_OF, Method.SIMPLE, published).value.rounded() == 90
    assert dso(books, AS_OF, Method.SIMPLE).value.rounded() == Decimal("63.75")
    with books.ask(AS_OF, published) as then, books.ask(AS_OF) as now:
        (found,) = restatements(then, now)
    assert (found.number, found.then_minor, found.now_minor) == ("I1", 700_00, 0)
    assert found.causes == (Cause.APPLIED_LATE,)


def test_case_29_days_to_pay_are_a_figure_of_their_own(books: Books) -> None:
    """How long payments took is told beside DSO, from the payments themselves."""
    invoices = a_quarter()
    payment = a_document("P1", "700", date(2026, 3, 16), kind=DocumentKind.PAYMENT)
    books.land(
        *invoices,
        payment,
        claims=[a_claim(invoices[0], payment, "700", payment.issued_on)],
        debtors=[a_debtor()],
    )
    assert paid(books, simple_window(AS_OF)) == [("I1", date(2026, 3, 16), 700, 60, 30)]
