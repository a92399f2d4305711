"""Rows that each hold an instalment make one invoice, whole or not at all."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.records import Batch, Document, DueRule, Instalment, ProblemReason
from mapping.files.documents import DocumentMapper
from tests.table_pages import cells, mapper_of, read_page

PROFILE = """
[invoices]
rows = "instalments"
[invoices.columns]
number = "No"
debtor = "Customer"
issued_on = "Date"
due_on = "Due"
total = "Total"
currency = "Currency"
home_total = "Home"
disputed = "Disputed"
reference = "Text"
"""
HEADER = "No,Customer,Date,Due,Total,Currency,Home,Disputed,Text"


def row(
    number: str,
    due: str,
    total: str,
    *,
    debtor: str = "D1",
    issued: str = "2024-01-01",
    currency: str = "",
    home: str = "",
    disputed: str = "",
) -> str:
    """Write an instalment."""
    return f"{number},{debtor},{issued},{due},{total},{currency},{home},{disputed},"


def read(*rows: str) -> Batch:
    """Read a page of instalments."""
    return read_page(PROFILE, HEADER, *rows)


def only(batch: Batch) -> Document:
    """Return the one document of a page without problems."""
    assert not batch.problems
    (document,) = batch.documents
    return document


def test_case_9_instalments_are_parts_of_one_invoice() -> None:
    """Each has its own due date; together they are the total."""
    found = only(
        read(
            row("I1", "2024-03-01", "7500"),
            row("I1", "2024-01-31", "15000"),
            row("I1", "2024-04-01", "7500"),
        )
    )
    assert found.total_minor == 3000000
    assert found.due_on == date(2024, 1, 31)
    assert found.instalments == (
        Instalment(date(2024, 1, 31), 1500000),
        Instalment(date(2024, 3, 1), 750000),
        Instalment(date(2024, 4, 1), 750000),
    )


def test_one_row_is_a_plain_invoice() -> None:
    """A single instalment is no instalment."""
    found = only(read(row("I1", "2024-01-31", "100.00")))
    assert (found.due_on, found.instalments) == (date(2024, 1, 31), ())
    assert found.due_rule is DueRule.GIVEN


def test_home_amounts_and_disputes_are_added_up() -> None:
    """What each row says of its part holds for the whole together."""
    found = only(
        read(
            row("I1", "2024-01-31", "100", currency="USD", home="90", disputed="10"),
            row("I1", "2024-02-29", "100", currency="USD", home="91", disputed="25"),
        )
    )
    assert found.home_minor == 18100
    assert found.disputed_minor == 3500


@pytest.mark.parametrize("homes", [("90", ""), ("", "91")])
def test_a_home_amount_known_in_part_is_not_known(homes: tuple[str, str]) -> None:
    """Half a sum is no sum."""
    rows = [
        row("I1", f"2024-0{month}-28", "100", currency="USD", home=home)
        for month, home in enumerate(homes, 1)
    ]
    assert only(read(*rows)).home_minor is None


@pytest.mark.parametrize("bad", [0, 1, 2])
@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (row("I1", "2024-02-29", "x"), ProblemReason.AMOUNT),
        (row("I1", "2024-02-31", "50"), ProblemReason.DATE),
        (row("I1", "", "50"), ProblemReason.MISSING),
        (row("I1", "2024-02-29", "50", debtor=""), ProblemReason.MISSING),
        (row("I1", "2024-02-29", "50", currency="Euros"), ProblemReason.CURRENCY),
        (row("I1", "2024-02-29", "50", debtor="D2"), ProblemReason.DUPLICATE),
        (row("I1", "2024-02-29", "50", currency="USD"), ProblemReason.DUPLICATE),
        (row("I1", "2024-02-29", "50", issued="2024-01-02"), ProblemReason.DUPLICATE),
        (row("I1", "2024-02-29", "50") + ",extra", ProblemReason.SHAPE),
        ("I1,D1,2024-01-01", ProblemReason.SHAPE),
    ],
)
def test_a_faulty_row_spoils_its_whole_invoice(
    bad: int, fault: str, reason: ProblemReason
) -> None:
    """No invoice lands with a part missing; each row is a problem, the rest lands."""
    rows = [row("I1", "2024-01-31", "50"), row("I1", "2024-03-31", "50")]
    rows.insert(bad, fault)
    others = [row("I0", "2024-01-31", "1"), row("I2", "2024-01-31", "1")]
    batch = read(others[0], *rows, others[1])
    assert [one.number for one in batch.documents] == ["I0", "I2"]
    assert sorted(one.row for one in batch.problems) == [3, 4, 5]
    assert reason in {one.reason for one in batch.problems}
    assert all(one.message for one in batch.problems)


def test_a_faulty_row_spoils_nothing_else() -> None:
    """The neighbours stand beside it, not with it."""
    batch = read(
        row("I1", "2024-01-31", "50"),
        row("I2", "2024-01-31", "x"),
        row("I3", "2024-01-31", "50"),
    )
    assert [one.number for one in batch.documents] == ["I1", "I3"]
    assert [one.row for one in batch.problems] == [3]


@pytest.mark.parametrize("size", [1, 2, 3])
def test_rows_that_stand_apart_are_all_accounted_for(size: int) -> None:
    """A second group of an invoice is refused, and none of its rows is lost."""
    apart = [row("I1", f"2024-0{month}-01", "30") for month in range(4, 4 + size)]
    batch = read(
        row("I1", "2024-02-01", "50"),
        row("I1", "2024-03-01", "50"),
        row("I2", "2024-02-01", "10"),
        *apart,
    )
    quarantined = {one.row for one in batch.problems}
    assert set(range(5, 5 + size)) <= quarantined
    assert all(one.reason is ProblemReason.DUPLICATE for one in batch.problems)


def test_an_invoice_is_void_in_all_its_rows_or_in_none() -> None:
    """Rows that differ in it are refused together."""
    profile = f'{PROFILE}voided_on = "Text"\n'
    rows = [row("I1", "2024-02-01", "50"), row("I1", "2024-03-01", "50")]
    batch = read_page(profile, HEADER, f"{rows[0]}2024-02-09", rows[1])
    assert not batch.documents
    assert [one.row for one in batch.problems] == [2, 3]


def test_a_group_repeated_as_it_stood_is_left_out() -> None:
    """The same rows once more say nothing new, and each of them is counted."""
    group = [row("I1", "2024-02-01", "50"), row("I1", "2024-03-01", "50")]
    batch = read(*group, row("I2", "2024-02-01", "10"), *group)
    assert [one.number for one in batch.documents] == ["I1", "I2"]
    assert not batch.problems
    assert sum(batch.ignored.values()) == 2


def test_the_parts_of_different_signs_make_no_half_invoice() -> None:
    """A rebate among the instalments is refused with them, or lands with them."""
    batch = read(
        row("I1", "2024-02-01", "50"),
        row("I1", "2024-03-01", "-5"),
        row("I1", "2024-04-01", "55"),
    )
    landed = sum(
        one.total_minor if one.kind == "invoice" else -one.total_minor
        for one in batch.documents
    )
    assert landed in {0, 10000}


def test_keys_that_a_tool_wrote_as_floats_are_one_invoice() -> None:
    """Rows of 17 and 17.0 belong together."""
    batch = read(row("17", "2024-02-01", "50"), row("17.0", "2024-03-01", "50"))
    assert only(batch).total_minor == 10000


@pytest.mark.parametrize(
    ("numbers", "whole"),
    [
        ([], 0),
        (["I1"], 0),
        (["I1", "I1"], 0),
        (["I1", "I2"], 1),
        (["I1", "I2", "I2"], 1),
        (["I1", "I2", "I3"], 2),
        (["I1", "17", "17.0"], 1),
        (["I1", "I2", "", "I2"], 1),
        (["I1", "I2", ""], 1),
    ],
)
def test_a_page_ends_between_invoices(numbers: list[str], whole: int) -> None:
    """The last invoice waits: its next row may stand on the next page."""
    rows = cells([row(number, "2024-02-01", "1") for number in numbers])
    mapper = mapper_of(PROFILE, HEADER)
    assert isinstance(mapper, DocumentMapper)
    assert mapper.whole_rows(rows) == whole


@given(
    st.lists(st.tuples(st.integers(1, 4), st.integers(1, 28)), min_size=1, max_size=20)
)
def test_every_row_lands_is_quarantined_or_left_out(
    rows: list[tuple[int, int]],
) -> None:
    """Whatever the order of rows, the amounts that landed and those refused are all."""
    lines = [
        row(f"I{number}", f"2024-02-{day:02}", f"{index}.00")
        for index, (number, day) in enumerate(rows, 1)
    ]
    batch = read(*lines)
    landed = sum(one.total_minor for one in batch.documents)
    refused = sum(one.amount_minor or 0 for one in batch.problems)
    assert landed + refused == sum(range(1, len(rows) + 1)) * 100
    assert not batch.ignored
