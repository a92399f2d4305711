"""Allocations become claims row by row; none is turned round or counted twice."""

from datetime import date

import pytest

from ledger.records import DocumentKind, ProblemReason
from mapping.fields import Cell
from mapping.files.allocations import ZERO
from mapping.files.rows import REPEATED
from tests.table_pages import accounted, only_problem, read_page

PROFILE = """
[invoices.columns]
number = "a"
debtor = "b"
issued_on = "c"
total = "d"
[allocations]
kinds = { PAY = "payment", CM = "credit_note", INV = "invoice", REF = "refund" }
[allocations.columns]
credit = "Credit"
credit_kind = "Credit kind"
invoice = "Invoice"
invoice_kind = "Invoice kind"
amount = "Amount"
credit_amount = "Used"
currency = "Currency"
applied_on = "Date"
"""
HEADER = "Id,Credit,Credit kind,Invoice,Invoice kind,Amount,Used,Currency,Date"
KEYED = PROFILE + 'id = "Id"\n'


def test_a_row_is_a_claim() -> None:
    """Who settles what, how much, and when."""
    row = "A1,P1,,I1,,60.00,,,2024-01-05"
    (claim,) = read_page(KEYED, HEADER, row).claims
    assert claim.source_id == "A1"
    assert (claim.credit.kind, claim.credit.source_id) == ("payment", "P1")
    assert (claim.debit.kind, claim.debit.source_id) == ("invoice", "I1")
    assert (claim.currency, claim.amount_minor, claim.credit_minor) == (
        "EUR", 6000, None,
    )  # fmt: skip
    assert claim.effective_on == date(2024, 1, 5)


def test_a_foreign_credit_says_what_it_used_up() -> None:
    """The amount is the invoice's currency, what was used is the credit's."""
    row = "A1,P1,,I1,,60.00,55.10,USD,2024-01-05"
    (claim,) = read_page(KEYED, HEADER, row).claims
    assert (claim.currency, claim.amount_minor, claim.credit_minor) == (
        "USD", 6000, 5510,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("credit", "debit", "kinds"),
    [
        ("", "", (DocumentKind.PAYMENT, DocumentKind.INVOICE)),
        ("CM", "", (DocumentKind.CREDIT_NOTE, DocumentKind.INVOICE)),
        ("pay", "inv", (DocumentKind.PAYMENT, DocumentKind.INVOICE)),
        ("CM", "REF", (DocumentKind.CREDIT_NOTE, DocumentKind.REFUND)),
    ],
)
def test_kinds_tell_which_documents_are_meant(
    credit: str, debit: str, kinds: tuple[DocumentKind, DocumentKind]
) -> None:
    """Case 10: a number is unique within its kind only."""
    row = f"A1,X1,{credit},I1,{debit},60.00,,,2024-01-05"
    (claim,) = read_page(KEYED, HEADER, row).claims
    assert (claim.credit.kind, claim.debit.kind) == kinds


@pytest.mark.parametrize(
    ("row", "reason", "said"),
    [
        ("A1,P1,,I1,,sixty,,,2024-01-05", ProblemReason.AMOUNT, "Amount"),
        ("A1,P1,,I1,,,,,2024-01-05", ProblemReason.MISSING, "Amount"),
        ("A1,P1,,I1,,60,x,,2024-01-05", ProblemReason.AMOUNT, "Used"),
        ("A1,,,I1,,60,,,2024-01-05", ProblemReason.MISSING, "Credit"),
        ("A1,P1,,,,60,,,2024-01-05", ProblemReason.MISSING, "Invoice"),
        ("A1,P1,,I1,,60,,,2024-01-35", ProblemReason.DATE, "Date"),
        ("A1,P1,,I1,,60,,,", ProblemReason.MISSING, "Date"),
        ("A1,P1,,I1,,60,,Euros,2024-01-05", ProblemReason.CURRENCY, "Currency"),
        ("A1,P1,??,I1,,60,,,2024-01-05", ProblemReason.VALUE, "Credit kind"),
        ("A1,P1,,I1,??,60,,,2024-01-05", ProblemReason.VALUE, "Invoice kind"),
        ("=A1,P1,,I1,,60,,,2024-01-05", ProblemReason.VALUE, "Id"),
        ("A1,P1,INV,I1,,60,,,2024-01-05", ProblemReason.VALUE, "Credit kind"),
        ("A1,P1,,I1,PAY,60,,,2024-01-05", ProblemReason.VALUE, "Invoice kind"),
        ("A1,P1,,I1", ProblemReason.SHAPE, "4 fields"),
    ],
)
def test_a_faulty_row_is_a_problem(row: str, reason: ProblemReason, said: str) -> None:
    """It says which column is wrong and what to do; nothing is half applied."""
    good = "A9,P9,,I9,,1.00,,,2024-01-05"
    batch = read_page(KEYED, HEADER, good, row)
    (problem,) = batch.problems
    assert [one.source_id for one in batch.claims] == ["A9"]
    assert problem.reason is reason
    assert said in problem.message
    assert problem.place == "book.csv row 3"
    assert accounted(batch) == 2


def test_a_problem_names_both_documents() -> None:
    """Without a key of its own an allocation is known by what it joins."""
    row = ",P1,,I1,,sixty,,,2024-01-05"
    problem = only_problem(read_page(PROFILE, HEADER, row))
    assert problem.source_ref == "P1 to I1"


def test_an_allocation_of_nothing_is_left_out() -> None:
    """Case 20: zero changes no state, and is counted."""
    rows = ["A1,P1,,I1,,0.00,,,2024-01-05", "A2,P1,,I1,,0.001,,,2024-01-05"]
    batch = read_page(KEYED, HEADER, *rows)
    assert not batch.claims
    assert batch.ignored == {ZERO: 2}


def test_a_negative_allocation_never_applies_more() -> None:
    """Case 18: taking 60 back is the opposite of applying 60."""
    rows = [
        "A1,P1,,I1,,60.00,,,2024-01-05",
        "A2,P1,,I1,,-60.00,,,2024-01-09",
    ]
    batch = read_page(KEYED, HEADER, *rows)
    assert sum(one.amount_minor for one in batch.claims) in {0, 6000}
    assert all(one.amount_minor > 0 for one in batch.claims)
    assert accounted(batch) == 2 or not batch.claims


def test_a_file_may_write_all_allocations_with_a_minus() -> None:
    """Then a minus applies, and a plus is refused."""
    profile = KEYED.replace("[allocations]", '[allocations]\nsign = "negative"')
    rows = ["A1,P1,,I1,,-60.00,,,2024-01-05", "A2,P1,,I1,,60.00,,,2024-01-09"]
    batch = read_page(profile, HEADER, *rows)
    assert [(one.source_id, one.amount_minor) for one in batch.claims] == [("A1", 6000)]
    assert [one.reason for one in batch.problems] == [ProblemReason.AMOUNT]


@pytest.mark.parametrize("again", [date(2024, 1, 5), "2024-1-5"])
def test_a_day_written_in_another_way_is_the_same_day(again: Cell) -> None:
    """An allocation is told apart by the day, not by how it is written."""
    first: list[Cell] = ["", "P1", "", "I1", "", "60", "", "", "2024-01-05"]
    batch = read_page(PROFILE, HEADER, first, [*first[:-1], again])
    assert len(batch.claims) == 1
    assert batch.ignored == {REPEATED: 1}


@pytest.mark.parametrize("profile", [PROFILE, KEYED])
def test_the_same_row_again_is_left_out(profile: str) -> None:
    """Case 19: one allocation, however often it is listed."""
    row = "A1,P1,,I1,,60.00,,,2024-01-05"
    batch = read_page(profile, HEADER, row, row)
    assert len(batch.claims) == 1
    assert batch.ignored == {REPEATED: 1}


def test_a_key_that_stands_twice_with_other_content_is_refused() -> None:
    """The second is a problem."""
    batch = read_page(
        KEYED,
        HEADER,
        "A1,P1,,I1,,60.00,,,2024-01-05",
        "A1,P1,,I2,,60.00,,,2024-01-05",
    )
    assert len(batch.claims) == 1
    assert [one.reason for one in batch.problems] == [ProblemReason.DUPLICATE]


@pytest.mark.parametrize("profile", [PROFILE, KEYED])
def test_rows_without_a_key_are_never_two_claims_of_one_key(profile: str) -> None:
    """Two amounts on one day are refused or told apart, never landed as one key."""
    batch = read_page(
        profile,
        HEADER,
        ",P1,,I1,,60.00,,,2024-01-05",
        ",P1,,I1,,10.00,,,2024-01-05",
    )
    keys = [one.source_id for one in batch.claims]
    assert len(set(keys)) == len(keys)
    assert accounted(batch) == 2


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("P1,,I1,,60.00,,,2024-01-05", "P1,,I1,,60.00,,,2024-01-06"),
        ("P1,,I1,,60.00,,,2024-01-05", "P1,CM,I1,,60.00,,,2024-01-05"),
        ("P1,,I1,,60.00,,,2024-01-05", "P1,,I2,,60.00,,,2024-01-05"),
        ("P1>I1,,I2,,60.00,,,2024-01-05", "P1,,I1>I2,,60.00,,,2024-01-05"),
    ],
)
def test_different_allocations_have_different_keys(first: str, second: str) -> None:
    """Day, kind and numbers all tell them apart."""
    batch = read_page(PROFILE, HEADER, f",{first}", f",{second}")
    assert len({one.source_id for one in batch.claims}) == 2
    assert not batch.problems
