"""Rows of documents become records field by field, or problems with their reason."""

from datetime import date
from decimal import Decimal

import pytest

from ledger.money import Currency
from ledger.records import (
    Document,
    DocumentKind,
    DocumentRef,
    DueRule,
    ProblemReason,
    Side,
)
from mapping.fields import Cell
from mapping.files.documents import effect_minor
from mapping.files.rows import BLANK, IGNORED, REPEATED, TOTALS
from tests.table_pages import accounted, only_problem, read_page

OPEN_ITEMS = """
[terms]
N30 = "30 days"
[open_items]
totals_row = { column = "No", values = ["Total*", "*sum*"] }
ignore = [{ column = "No", values = ["Subtotal"] }, { column = "Text", values = ["x"] }]
[open_items.columns]
number = "No"
debtor = "Customer"
issued_on = "Date"
due_on = "Due"
terms = "Terms"
open = "Open"
total = "Total"
currency = "Currency"
reference = "Text"
disputed = "Disputed"
"""
OPEN_HEADER = "No,Customer,Date,Due,Terms,Open,Total,Currency,Text,Disputed"

INVOICES = """
[invoices]
void = { column = "Status", values = ["Void", "cancel*"] }
[invoices.columns]
id = "Id"
number = "No"
debtor = "Customer"
issued_on = "Date"
total = "Total"
currency = "Currency"
home_total = "Home"
rate = "Rate"
voided_on = "Voided"
"""
INVOICE_HEADER = "Id,No,Customer,Date,Total,Currency,Home,Rate,Voided,Status"

PAYMENTS = """
[invoices.columns]
number = "a"
debtor = "b"
issued_on = "c"
total = "d"
[payments.columns]
number = "No"
debtor = "Customer"
issued_on = "Date"
total = "Total"
currency = "Currency"
invoice = "Invoice"
applied_on = "Applied"
"""
PAYMENT_HEADER = "No,Customer,Date,Total,Currency,Invoice,Applied"


def open_item(row: str) -> Document:
    """Read one open item."""
    (document,) = read_page(OPEN_ITEMS, OPEN_HEADER, row).documents
    return document


def invoice(row: str) -> Document:
    """Read one invoice."""
    (document,) = read_page(INVOICES, INVOICE_HEADER, row).documents
    return document


def test_an_open_item_says_what_is_open() -> None:
    """Number, debtor, dates and amounts stand where the profile says."""
    found = open_item("I1,D1,2024-01-01,2024-01-31,N30,60.00,100.00,EUR,Order 7,20.00")
    assert found == Document(
        kind=DocumentKind.INVOICE,
        source_id=found.source_id,
        number="I1",
        debtor=found.debtor,
        currency=Currency("EUR"),
        total_minor=10000,
        issued_on=date(2024, 1, 1),
        due_on=date(2024, 1, 31),
        due_rule=DueRule.GIVEN,
        reference="Order 7",
        open_minor=6000,
        disputed_minor=2000,
    )
    assert (found.source_id, found.debtor) == ("I1", "D1")


def test_a_list_without_totals_does_not_know_them() -> None:
    """What is open is then the least the total can be."""
    found = open_item("I1,D1,2024-01-01,,,60.00,,,,")
    assert (found.total_minor, found.open_minor) == (6000, 6000)
    assert not found.total_known


def test_the_default_currency_is_the_profiles_or_the_tenants() -> None:
    """A row that names none is in the declared currency."""
    row = "I1,D1,2024-01-01,,,60.00,,,,"
    assert open_item(row).currency == "EUR"
    (found,) = read_page('currency = "SEK"\n' + OPEN_ITEMS, OPEN_HEADER, row).documents
    assert found.currency == "SEK"
    (found,) = read_page(OPEN_ITEMS, OPEN_HEADER, row, home=Currency("JPY")).documents
    assert (found.currency, found.open_minor) == ("JPY", 60)


@pytest.mark.parametrize(
    ("due", "terms", "due_on", "rule"),
    [
        ("2024-01-15", "N30", date(2024, 1, 15), DueRule.GIVEN),
        ("", "N30", date(2024, 1, 31), DueRule.TERMS),
        ("", "Net 10", date(2024, 1, 11), DueRule.TERMS),
        ("", "10 days end of month", date(2024, 1, 31), DueRule.TERMS),
        ("", "", None, DueRule.GIVEN),
    ],
)
def test_a_due_date_is_given_or_inferred_and_says_so(
    due: str, terms: str, due_on: date | None, rule: DueRule
) -> None:
    """Case 8: without one the document's terms count, and it is flagged."""
    found = open_item(f"I1,D1,2024-01-01,{due},{terms},60.00,,,,")
    assert (found.due_on, found.due_rule) == (due_on, rule)


@pytest.mark.parametrize(
    ("row", "reason", "column"),
    [
        ("I1,D1,2024-01-01,,,sixty,,,,", ProblemReason.AMOUNT, "Open"),
        ("I1,D1,2024-01-01,,,,,,,", ProblemReason.MISSING, "Open"),
        ("I1,D1,2024-01-01,,,60.00,a lot,,,", ProblemReason.AMOUNT, "Total"),
        ("I1,D1,2024-01-01,,,60.00,,,,all", ProblemReason.AMOUNT, "Disputed"),
        ("I1,D1,2024-01-32,,,60.00,,,,", ProblemReason.DATE, "Date"),
        ("I1,D1,,,,60.00,,,,", ProblemReason.MISSING, "Date"),
        ("I1,D1,2024-01-01,soon,,60.00,,,,", ProblemReason.DATE, "Due"),
        ("I1,D1,2024-01-01,,COD,60.00,,,,", ProblemReason.VALUE, "COD"),
        ("I1,,2024-01-01,,,60.00,,,,", ProblemReason.MISSING, "Customer"),
        (",D1,2024-01-01,,,60.00,,,,", ProblemReason.MISSING, "No"),
        ("=A1,D1,2024-01-01,,,60.00,,,,", ProblemReason.VALUE, "No"),
        ("I1,#REF!,2024-01-01,,,60.00,,,,", ProblemReason.VALUE, "Customer"),
        ("I1,D1,2024-01-01,,,60.00,,Euros,,", ProblemReason.CURRENCY, "Currency"),
        ("I1,D1,2024-01-01,,,USD 60,,EUR,,", ProblemReason.CURRENCY, "USD"),
        ("I1,D1,2024-01-01,,,60.00", ProblemReason.SHAPE, "6 fields"),
        ("I1,D1,2024-01-01,,,60.00,,,,,9", ProblemReason.SHAPE, "11 fields"),
    ],
)
def test_a_faulty_row_is_a_problem_with_its_reason(
    row: str, reason: ProblemReason, column: str
) -> None:
    """The place, the column and the row as it came are kept for a person."""
    # A good date keeps a column from being taken for unreadable as a whole.
    good = "I9,D9,2024-01-02,2024-01-03,,1.00,,,,"
    batch = read_page(OPEN_ITEMS, OPEN_HEADER, good, row)
    (problem,) = batch.problems
    assert [one.number for one in batch.documents] == ["I9"]
    assert problem.reason is reason
    assert column in problem.message
    assert (problem.place, problem.row) == ("book.csv row 3", 3)
    assert dict(problem.raw)["Date"] == row.split(",")[2]
    assert accounted(batch) == batch.row_count == 2


def test_problems_stand_in_the_order_of_rows() -> None:
    """A person goes through the file from top to bottom."""
    rows = ["I1,D1,2024-01-01,,,x,,,,", "I2", "I3,D1,2024-01-01,,,x,,,,"]
    batch = read_page(OPEN_ITEMS, OPEN_HEADER, *rows)
    assert [one.row for one in batch.problems] == [2, 3, 4]


def test_every_problem_says_what_to_do() -> None:
    """An empty cell wants a remedy as much as a garbled one."""
    batch = read_page(OPEN_ITEMS, OPEN_HEADER, ",D1,2024-01-01,,,,,,,")
    assert only_problem(batch).remedy


def test_a_problem_keeps_what_could_be_read() -> None:
    """Debtor, currency and amount help to explain a difference in the proof."""
    good = "I9,D9,2024-01-02,,,1.00,,,,"
    batch = read_page(OPEN_ITEMS, OPEN_HEADER, good, "I1,D1,x,,,60.00,,USD,,")
    (problem,) = batch.problems
    assert (problem.source_ref, problem.debtor) == ("I1", "D1")
    assert (problem.currency, problem.amount_minor) == ("USD", 6000)


def test_rows_that_are_no_records_are_left_out_and_counted() -> None:
    """Blank rows, totals, ignored and repeated rows: none is lost unseen."""
    batch = read_page(
        OPEN_ITEMS,
        OPEN_HEADER,
        "I1,D1,2024-01-01,,,60.00,,,,",
        "",
        ",,,,,,,,,",
        "Total EUR,,,,,60.00,,,,",
        "Grand SUM,,,,,60.00,,,,",
        "subtotal,,,,,60.00,,,,",
        "I2,D1,2024-01-01,,,60.00,,,X,",
        "I1,D1,2024-01-01,,,60.00,,,,",
    )
    assert [one.number for one in batch.documents] == ["I1"]
    assert batch.ignored == {BLANK: 2, TOTALS: 2, IGNORED: 2, REPEATED: 1}
    assert accounted(batch) == batch.row_count == 8


def test_a_row_of_blanks_is_blank() -> None:
    """Spaces between commas are nothing."""
    batch = read_page(OPEN_ITEMS, OPEN_HEADER, "  , ,, ,,,,,,")
    assert batch.ignored == {BLANK: 1}
    assert not batch.problems


def test_empty_cells_beyond_the_header_do_no_harm() -> None:
    """Programs end rows with a delimiter."""
    assert open_item("I1,D1,2024-01-01,,,60.00,,,,,,,").open_minor == 6000


@pytest.mark.parametrize(
    ("again", "landed", "ignored", "problems"),
    [
        ("I1,D1,2024-01-01,,,60.00,,,,", 1, {REPEATED: 1}, 0),
        ("I1.0,D1,2024-01-01,,,60.0,,,,", 2, {}, 0),
        ("I1,D1,2024-01-01,,,61.00,,,,", 1, {}, 1),
        ("I1,D2,2024-01-01,,,60.00,,,,", 1, {}, 1),
        ("I1,D1,2024-01-02,,,60.00,,,,", 1, {}, 1),
        ("I1,D1,2024-01-01,,,-60.00,,,,", 2, {}, 0),
    ],
)
def test_a_key_that_stands_twice(
    again: str, landed: int, ignored: dict[str, int], problems: int
) -> None:
    """The same again is left out; other content is refused; kinds have own keys."""
    batch = read_page(OPEN_ITEMS, OPEN_HEADER, "I1,D1,2024-01-01,,,60.00,,,,", again)
    assert len(batch.documents) == landed
    assert batch.ignored == ignored
    assert len(batch.problems) == problems
    for problem in batch.problems:
        assert problem.reason is ProblemReason.DUPLICATE
        assert "'I1' stands in row 2 already" in problem.message


def test_a_conflict_names_the_whole_key() -> None:
    """A number with a slash is shown whole."""
    batch = read_page(
        OPEN_ITEMS,
        OPEN_HEADER,
        "2024/17,D1,2024-01-01,,,60.00,,,,",
        "2024/17,D1,2024-01-01,,,61.00,,,,",
    )
    assert "'2024/17'" in batch.problems[0].message


def test_an_invoice_has_its_home_amount_and_rate() -> None:
    """Both are kept as the books gave them."""
    found = invoice("77.0,I1,D1,2024-01-01,100.00,USD,92.50,1.0811,,")
    assert (found.source_id, found.number) == ("77", "I1")
    assert (found.total_minor, found.home_minor) == (10000, 9250)
    assert found.rate == Decimal("1.0811")
    assert found.total_known
    assert found.open_minor is None


@pytest.mark.parametrize(
    "rate", ["abc", "nan", "NaN", "inf", "-Infinity", "1_000", "="]
)
def test_a_rate_that_is_no_number_is_refused(rate: str) -> None:
    """What data tools write for nothing is no rate."""
    row = f"1,I1,D1,2024-01-01,100.00,USD,92.50,{rate},,"
    problem = only_problem(read_page(INVOICES, INVOICE_HEADER, row))
    assert problem.reason is ProblemReason.VALUE
    assert "Rate" in problem.message


@pytest.mark.parametrize(
    ("voided", "status", "voided_on"),
    [
        ("2024-01-20", "", date(2024, 1, 20)),
        ("2024-01-20", "void", date(2024, 1, 20)),
        ("", "VOID", date(2024, 1, 1)),
        ("", "Cancelled by us", date(2024, 1, 1)),
        ("", "open", None),
        ("", "", None),
    ],
)
def test_a_cancelled_invoice_is_void(
    voided: str, status: str, voided_on: date | None
) -> None:
    """On its day if the books say one, else it never was."""
    found = invoice(f"1,I1,D1,2024-01-01,100.00,,,,{voided},{status}")
    assert found.voided_on == voided_on


def test_a_payment_on_an_invoice_makes_a_claim() -> None:
    """The row says what it pays; its date is the payment's unless given."""
    batch = read_page(
        PAYMENTS,
        PAYMENT_HEADER,
        "P1,D1,2024-01-05,60.00,,I1,",
        "P2,D1,2024-01-05,40.00,,I1,2024-01-09",
        "P3,D1,2024-01-05,10.00,,,",
    )
    assert [one.kind for one in batch.documents] == [DocumentKind.PAYMENT] * 3
    first, second = batch.claims
    assert first.debit == DocumentRef(DocumentKind.INVOICE, first.debit.source_id)
    assert (first.debit.source_id, first.credit.source_id) == ("I1", "P1")
    assert (first.amount_minor, first.effective_on) == (6000, date(2024, 1, 5))
    assert (second.amount_minor, second.effective_on) == (4000, date(2024, 1, 9))


def test_a_payment_listed_once_an_invoice_is_never_cut_short() -> None:
    """Two equal parts of one payment are not the same row again."""
    batch = read_page(
        PAYMENTS,
        PAYMENT_HEADER,
        "P1,D1,2024-01-05,50.00,,I1,",
        "P1,D1,2024-01-05,50.00,,I2,",
    )
    assert REPEATED not in batch.ignored
    assert [one.reason for one in batch.problems] == [ProblemReason.DUPLICATE]


@pytest.mark.parametrize("amount", ["0.00", "-10.00", "0.001"])
def test_a_payment_of_nothing_or_back_settles_nothing(amount: str) -> None:
    """Case 20: no amount moves no invoice, a refund takes no claim along."""
    batch = read_page(PAYMENTS, PAYMENT_HEADER, f"P1,D1,2024-01-05,{amount},,I1,")
    assert len(batch.documents) == 1
    assert not batch.claims


def test_an_unreadable_invoice_of_a_payment_is_a_problem() -> None:
    """A formula for the invoice's number does not land as a payment on account."""
    row = "P1,D1,2024-01-05,60.00,,=A1,"
    problem = only_problem(read_page(PAYMENTS, PAYMENT_HEADER, row))
    assert "Invoice" in problem.message


@pytest.mark.parametrize("kind", list(DocumentKind))
def test_what_a_document_adds_is_its_side(kind: DocumentKind) -> None:
    """Credits lower what is owed."""
    document = invoice("1,I1,D1,2024-01-01,100.00,,,,,")
    changed = Document(
        kind=kind,
        source_id=document.source_id,
        number="I1",
        debtor=document.debtor,
        currency=document.currency,
        total_minor=10000,
        issued_on=document.issued_on,
    )
    assert effect_minor(changed) == (10000 if kind.side is Side.DEBIT else -10000)


def test_typed_cells_are_read_like_texts() -> None:
    """A workbook's numbers and dates give the same invoice."""
    typed: list[Cell] = [
        Decimal(77), Decimal(1001), Decimal(17), date(2024, 1, 1), Decimal("100.0"),
        "USD", Decimal("92.5"), Decimal("1.0811"), None, None,
    ]  # fmt: skip
    plain = "77,1001,17,2024-01-01,100.00,USD,92.50,1.0811,,"
    (found,) = read_page(INVOICES, INVOICE_HEADER, typed).documents
    assert found == invoice(plain)


def test_a_date_at_the_end_of_time_is_a_problem() -> None:
    """A workbook's 9999-12-31 stops neither the page nor the run."""
    profile = INVOICES + 'terms = "Status"\n'
    row: list[Cell] = ["1", "I1", "D1", date(9999, 12, 31), "1", "", "", "", "", "30"]
    problem = only_problem(read_page(profile, INVOICE_HEADER, row))
    assert problem.reason is ProblemReason.DATE
