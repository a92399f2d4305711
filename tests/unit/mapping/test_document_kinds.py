"""Kind and sign together say what a row is, and on which side it stands."""

import pytest

from ledger.records import DocumentKind, ProblemReason, Side
from mapping.files.documents import effect_minor
from tests.table_pages import only_problem, read_page

COLUMNS = """
number = "No"
debtor = "Customer"
issued_on = "Date"
{amount} = "Amount"
{kind}
"""
OTHERS = """
[invoices.columns]
number = "a"
debtor = "b"
issued_on = "c"
total = "d"
"""
HEADER = "No,Customer,Date,Amount,Kind"
KINDS = (
    'kinds = { INV = "invoice", CM = "credit_note", PAY = "payment", WO = "write_off", '
    'JE = "debit_journal", REF = "refund", JC = "credit_journal" }'
)


def profile(table: str, *settings: str, kind: bool) -> str:
    """Return the profile of one table, by sign alone or with a column of kinds."""
    amount = "open" if table == "open_items" else "total"
    columns = COLUMNS.format(amount=amount, kind='kind = "Kind"' if kind else "")
    others = OTHERS if table in {"credit_notes", "payments"} else ""
    lines = [others, f"[{table}]", *settings, f"[{table}.columns]", columns]
    return "\n".join(lines)


def read(amount: str, kind: str, written: str) -> tuple[DocumentKind, int]:
    """Return the kind and the effect of a row."""
    row = f"X1,D1,2024-01-01,{amount},{kind}"
    (document,) = read_page(written, HEADER, row).documents
    assert document.total_minor >= 0
    return document.kind, effect_minor(document)


@pytest.mark.parametrize(
    ("table", "amount", "kind", "effect"),
    [
        ("open_items", "10", DocumentKind.INVOICE, 1000),
        ("open_items", "-10", DocumentKind.CREDIT_NOTE, -1000),
        ("open_items", "0", DocumentKind.INVOICE, 0),
        ("invoices", "10", DocumentKind.INVOICE, 1000),
        ("invoices", "-10", DocumentKind.CREDIT_NOTE, -1000),
        ("credit_notes", "10", DocumentKind.CREDIT_NOTE, -1000),
        ("credit_notes", "-10", DocumentKind.DEBIT_JOURNAL, 1000),
        ("payments", "10", DocumentKind.PAYMENT, -1000),
        ("payments", "-10", DocumentKind.REFUND, 1000),
        ("payments", "0", DocumentKind.PAYMENT, 0),
    ],
)
def test_the_sign_alone_tells_the_kind(
    table: str, amount: str, kind: DocumentKind, effect: int
) -> None:
    """A negative invoice is a credit note, a negative payment was paid back."""
    assert read(amount, "", profile(table, kind=False)) == (kind, effect)


@pytest.mark.parametrize(
    ("table", "amount", "kind", "effect"),
    [
        ("open_items", "-10", DocumentKind.INVOICE, 1000),
        ("open_items", "10", DocumentKind.CREDIT_NOTE, -1000),
        ("invoices", "-10", DocumentKind.INVOICE, 1000),
        ("invoices", "10", DocumentKind.CREDIT_NOTE, -1000),
        ("credit_notes", "-10", DocumentKind.CREDIT_NOTE, -1000),
        ("credit_notes", "10", DocumentKind.DEBIT_JOURNAL, 1000),
        ("payments", "-10", DocumentKind.PAYMENT, -1000),
        ("payments", "10", DocumentKind.REFUND, 1000),
        ("payments", "0", DocumentKind.PAYMENT, 0),
    ],
)
def test_a_table_may_write_its_normal_rows_negative(
    table: str, amount: str, kind: DocumentKind, effect: int
) -> None:
    """Then a positive row is the opposite."""
    written = profile(table, 'sign = "negative"', kind=False)
    assert read(amount, "", written) == (kind, effect)


@pytest.mark.parametrize(
    ("amount", "code", "kind", "effect"),
    [
        ("10", "INV", DocumentKind.INVOICE, 1000),
        ("-10", "CM", DocumentKind.CREDIT_NOTE, -1000),
        ("10", "CM", DocumentKind.CREDIT_NOTE, -1000),
        ("-10", "PAY", DocumentKind.PAYMENT, -1000),
        ("10", "PAY", DocumentKind.PAYMENT, -1000),
        ("-10", "WO", DocumentKind.WRITE_OFF, -1000),
        ("10", "JE", DocumentKind.DEBIT_JOURNAL, 1000),
        ("10", "REF", DocumentKind.REFUND, 1000),
        ("-10", "JC", DocumentKind.CREDIT_JOURNAL, -1000),
        ("-10", "INV", DocumentKind.CREDIT_NOTE, -1000),
        ("10", " inv ", DocumentKind.INVOICE, 1000),
    ],
)
def test_kinds_of_an_open_item_list(
    amount: str, code: str, kind: DocumentKind, effect: int
) -> None:
    """A credit lowers what is owed whichever sign the list gives it."""
    written = profile("open_items", KINDS, kind=True)
    assert read(amount, code, written) == (kind, effect)


@pytest.mark.parametrize(
    ("amount", "code", "effect"),
    [
        ("-10", "INV", 1000),
        ("10", "CM", -1000),
        ("10", "PAY", -1000),
        ("10", "WO", -1000),
        ("-10", "JE", 1000),
        ("-10", "REF", 1000),
    ],
)
def test_kinds_of_a_list_with_all_signs_turned_round(
    amount: str, code: str, effect: int
) -> None:
    """A list whose debts are negative has its credits positive: the sum decides."""
    written = profile("open_items", 'sign = "negative"', KINDS, kind=True)
    assert read(amount, code, written)[1] == effect


@pytest.mark.parametrize(
    ("table", "settings", "amount", "code", "kind"),
    [
        ("invoices", (), "10", "INV", DocumentKind.INVOICE),
        ("invoices", (), "10", "CM", DocumentKind.CREDIT_NOTE),
        ("invoices", (), "10", "JE", DocumentKind.DEBIT_JOURNAL),
        ("invoices", (), "-10", "INV", DocumentKind.CREDIT_NOTE),
        ("invoices", (), "-10", "CM", DocumentKind.DEBIT_JOURNAL),
        ("invoices", ('sign = "either"',), "-10", "CM", DocumentKind.CREDIT_NOTE),
        ("invoices", ('sign = "either"',), "10", "CM", DocumentKind.CREDIT_NOTE),
        ("payments", (), "10", "PAY", DocumentKind.PAYMENT),
        ("payments", (), "-10", "PAY", DocumentKind.REFUND),
        ("payments", (), "10", "WO", DocumentKind.WRITE_OFF),
        ("payments", (), "10", "REF", DocumentKind.REFUND),
        ("payments", ('sign = "negative"',), "-10", "PAY", DocumentKind.PAYMENT),
        ("payments", ('sign = "negative"',), "10", "PAY", DocumentKind.REFUND),
    ],
)
def test_kinds_of_exports(
    table: str, settings: tuple[str, ...], amount: str, code: str, kind: DocumentKind
) -> None:
    """In an export each kind is positive, unless the profile says either."""
    written = profile(table, *settings, KINDS, kind=True)
    assert read(amount, code, written)[0] is kind


@pytest.mark.parametrize("code", ["", "??", "invoice"])
def test_an_unknown_kind_is_a_problem(code: str) -> None:
    """The person is told the line to add to the profile."""
    written = profile("invoices", KINDS, kind=True)
    problem = only_problem(read_page(written, HEADER, f"X1,D1,2024-01-01,10,{code}"))
    assert problem.reason is ProblemReason.VALUE
    assert "[invoices.kinds]" in problem.remedy
    assert "Kind" in problem.message


@pytest.mark.parametrize(
    ("table", "settings", "amount", "code", "effect"),
    [
        ("open_items", (), "10", "", 1000),
        ("open_items", (), "-10", "", -1000),
        ("open_items", ('sign = "negative"',), "-10", "", 1000),
        ("open_items", (KINDS,), "10", "CM", -1000),
        ("open_items", (KINDS,), "-10", "CM", -1000),
        ("open_items", (KINDS,), "10", "INV", 1000),
        ("invoices", (), "10", "", 1000),
        ("invoices", (KINDS,), "10", "CM", -1000),
        ("credit_notes", (), "10", "", -1000),
        ("credit_notes", ('sign = "negative"',), "-10", "", -1000),
        ("payments", (), "10", "", -1000),
        ("payments", (KINDS,), "10", "REF", 1000),
    ],
)
def test_a_problem_knows_what_its_row_would_have_done(
    table: str, settings: tuple[str, ...], amount: str, code: str, effect: int
) -> None:
    """A quarantined credit explains a difference with the sign of a credit."""
    written = profile(table, *settings, kind=bool(code))
    good = f"X0,D1,2024-01-01,{amount},{code}"
    bad = f"X1,D1,2024-02-31,{amount},{code}"
    (problem,) = read_page(written, HEADER, good, bad).problems
    assert problem.amount_minor == effect


@pytest.mark.parametrize(
    "table", ["open_items", "invoices", "credit_notes", "payments"]
)
@pytest.mark.parametrize("amount", ["10.00", "-10.00"])
def test_the_sum_of_a_table_is_its_effect(table: str, amount: str) -> None:
    """Whatever its kind becomes, a row moves what is owed by what it says."""
    side = Side.DEBIT if table in {"open_items", "invoices"} else Side.CREDIT
    sign = 1 if side is Side.DEBIT else -1
    _, effect = read(amount, "", profile(table, kind=False))
    assert effect == sign * int(amount.replace(".", ""))
