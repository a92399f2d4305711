"""A look at a whole table finds what no single row can tell."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mapping.fields import Cell
from mapping.files.rows import Chunk
from mapping.files.survey import (
    Repeats,
    Survey,
    SwappedDatesError,
    UnreadableColumnError,
)
from tests.table_pages import PLACE, Line, cells, survey_of

INVOICES = """
[format]
dates = "{dates}"
[invoices.columns]
number = "No"
debtor = {debtor}
debtor_name = "Name"
issued_on = "Date"
due_on = "Due"
voided_on = "Voided"
total = "Total"
"""
HEADER = "No,Customer,Name,Date,Due,Voided,Total"


def surveyed(
    *lines: Line, dates: str = "DD/MM/YYYY", debtor: str = '"Customer"'
) -> Survey:
    """Look at a table of invoices to its end."""
    profile = INVOICES.format(dates=dates, debtor=debtor)
    return survey_of(profile, HEADER, [Chunk(PLACE, 2, cells(lines))])


def dated(*days: Cell) -> list[Sequence[Cell]]:
    """Make a row for each date."""
    return [
        (f"I{number}", "D1", "", day, "", "", "1.00") for number, day in enumerate(days)
    ]


def test_an_impossible_month_gives_a_swap_away() -> None:
    """One date that is real only the other way round stops the table."""
    with pytest.raises(SwappedDatesError) as caught:
        surveyed(*dated("01/02/2024", "03/04/2024", "02/25/2024"))
    assert "book.csv column 'Date'" in caught.value.message
    assert "'02/25/2024'" in caught.value.message
    assert "DD/MM/YYYY" in caught.value.message
    assert "dates" in caught.value.remedy


def test_both_orders_in_one_column_stop_the_table() -> None:
    """Then no date of the twelve first days can be trusted."""
    with pytest.raises(SwappedDatesError):
        surveyed(*dated("25/02/2024", "02/25/2024"))


@pytest.mark.parametrize("column", [3, 4, 5])
def test_every_date_column_is_looked_at(column: int) -> None:
    """A due date or a cancellation gives it away as well."""
    row: list[Cell] = ["I1", "D1", "", "01/02/2024", "", "", "1.00"]
    row[column] = "02/25/2024"
    with pytest.raises(SwappedDatesError):
        surveyed(row)


def test_dates_of_the_declared_order_pass() -> None:
    """Days beyond twelve prove the order right."""
    surveyed(*dated("25/02/2024", "01/02/2024", "", date(2024, 2, 28), Decimal(45322)))


def test_a_month_by_name_cannot_be_swapped() -> None:
    """Another fault there is a fault of its row."""
    surveyed(*dated("25 Feb 2024", "Feb 25 2024"), dates="DD MMM YYYY")


@pytest.mark.parametrize("bad", ["2024-02-25", "31/02/2024", "soon", "#N/A", "=A1"])
def test_a_fault_of_one_row_is_left_to_the_row(bad: str) -> None:
    """What is no date in either order is quarantined later, not here."""
    surveyed(*dated("25/02/2024", bad, "26/02/2024"))


def test_a_column_without_one_readable_date_does_not_fit_the_profile() -> None:
    """When nothing can be read the profile is wrong, not each row."""
    rows = dated(*[f"2024-02-{day:02}" for day in range(1, 29)])
    with pytest.raises(UnreadableColumnError) as caught:
        surveyed(*rows)
    assert "column 'Date'" in caught.value.message
    assert "DD/MM/YYYY" in caught.value.message
    assert caught.value.remedy


def test_one_bad_cell_in_a_sparse_column_is_a_fault_of_its_row() -> None:
    """One cancelled invoice with a bad date does not stop a hundred good ones."""
    rows = dated(*["25/02/2024"] * 100)
    rows[7] = ("I7", "D1", "", "25/02/2024", "", "yes", "1.00")
    surveyed(*rows)


def test_one_bad_row_alone_is_a_fault_of_its_row() -> None:
    """A file with a single row is quarantined like any other."""
    surveyed(*dated("31/02/2024"))


def test_empty_columns_say_nothing() -> None:
    """A column of blanks is no column that cannot be read."""
    surveyed(*dated("25/02/2024", "25/02/2024"))


def test_repeated_keys_are_candidates() -> None:
    """A key that stands twice is found, however a tool writes it."""
    survey = surveyed(
        ("1", "D1", "", "25/02/2024", "", "", "1"),
        ("2", "D1", "", "25/02/2024", "", "", "1"),
        ("1.0", "D1", "", "25/02/2024", "", "", "1"),
    )
    assert hash("1") in survey.repeated
    assert hash("2") not in survey.repeated


@given(st.lists(st.integers(0, 30).map(str), max_size=60))
def test_no_repeated_key_is_missed(texts: list[str]) -> None:
    """Whatever stands twice is a candidate; what stands once hardly ever is."""
    repeats = Repeats(len(texts))
    for text in texts:
        repeats.add([text, None])
    found = repeats.close()
    assert {hash(text) for text in texts if texts.count(text) > 1} <= found


def test_rows_without_a_key_are_counted() -> None:
    """Without its key a row names nothing, so nothing follows from absence."""
    survey = surveyed(
        ("1", "D1", "", "25/02/2024", "", "", "1"),
        ("", "D1", "", "25/02/2024", "", "", "1"),
        ("=A1", "D1", "", "25/02/2024", "", "", "1"),
        ("#REF!", "D1", "", "25/02/2024", "", "", "1"),
        ("1.5E+11", "D1", "", "25/02/2024", "", "", "1"),
        ("5", "D1"),
        ("6", "D1", "", "25/02/2024", "", "", "1", "extra"),
        (),
        ("", "", "", "", "", "", ""),
    )
    assert survey.unkeyed_count == 6
    assert survey.row_count == 9


def test_a_faulty_row_with_a_key_names_its_record() -> None:
    """A bad amount or date is no doubt about what the list names."""
    survey = surveyed(
        ("1", "D1", "", "soon", "", "", "a lot"),
        ("2", "", "", "25/02/2024", "", "", ""),
    )
    assert survey.unkeyed_count == 0


@pytest.mark.parametrize(
    ("last", "short"),
    [
        (("2", "D1", "", "25/02"), True),
        (("2",), True),
        (("2", "D1", "", "25/02/2024", "", "", "1"), False),
        ((), False),
    ],
)
def test_a_short_last_row_is_seen(last: Sequence[Cell], *, short: bool) -> None:
    """A file that ends in the middle of a row may still be written."""
    survey = surveyed(("1", "D1", "", "25/02/2024", "", "", "1"), last)
    assert survey.last_row_is_short is short


def test_totals_rows_are_kept_apart() -> None:
    """They name no record and are no debtor's."""
    profile = """
    [open_items]
    totals_row = { column = "No", values = ["Total*"] }
    [open_items.columns]
    number = "No"
    debtor = "Customer"
    issued_on = "Date"
    open = "Open"
    """
    rows = cells(["1,D1,2024-01-01,5.00", "Total EUR,,,5.00", "TOTAL,,,5.00"])
    survey = survey_of(profile, "No,Customer,Date,Open", [Chunk(PLACE, 2, rows)])
    assert len(survey.total_rows) == 2
    assert survey.unkeyed_count == 0
    assert [debtor.source_id for debtor in survey.debtors()] == ["D1"]


def named(*pairs: tuple[str, str], debtor: str = '"Customer"') -> dict[str, str]:
    """Return the names of the debtors that rows mention."""
    rows = [
        (f"I{number}", key, name, "25/02/2024", "", "", "1")
        for number, (key, name) in enumerate(pairs)
    ]
    return {one.source_id: one.name for one in surveyed(*rows, debtor=debtor).debtors()}


def test_one_day_repeated_is_no_column_that_cannot_be_read() -> None:
    """It takes several different texts to say that the profile is wrong."""
    surveyed(*dated("soon", "soon", "later"))
    with pytest.raises(UnreadableColumnError):
        surveyed(*dated("soon", "later", "never"))


def test_debtors_have_their_commonest_name() -> None:
    """One misspelt row does not rename a debtor."""
    found = named(("D1", "Acme"), ("D1", "Acmee"), ("D1", "Acme"), ("D2", "Zeta"))
    assert found == {"D1": "Acme", "D2": "Zeta"}


def test_names_of_the_same_weight_are_told_apart_for_sure() -> None:
    """The same file gives the same name in any order of rows."""
    assert named(("D1", "A"), ("D1", "B")) == named(("D1", "B"), ("D1", "A"))


def test_an_empty_name_is_no_name() -> None:
    """A name that stands once beats a blank that stands twice."""
    assert named(("D1", ""), ("D1", ""), ("D1", "Acme")) == {"D1": "Acme"}


def test_a_debtor_without_a_name_has_its_number() -> None:
    """Something must stand on the letter."""
    assert named(("D1", "")) == {"D1": "D1"}


def test_debtors_without_a_key_are_left_to_the_rows() -> None:
    """A row that names no debtor makes none."""
    assert named(("", "Nobody"), ("=A1", "Formula"), ("D1", "Acme")) == {"D1": "Acme"}


@pytest.mark.parametrize("key", ["D1", "10/2", "2024/001", "/", "A/"])
def test_a_debtors_number_is_the_number_in_the_file(key: str) -> None:
    """A slash in a number of one column is part of it."""
    survey = surveyed(("1", key, "", "25/02/2024", "", "", "1"))
    assert [one.number for one in survey.debtors()] == [key]


def test_a_key_of_two_columns_is_shown_by_its_last() -> None:
    """The unit tells accounts apart; the number is the number."""
    survey = surveyed(
        ("1", "D1", "U1", "25/02/2024", "", "", "1"), debtor='["Name", "Customer"]'
    )
    assert [(one.source_id, one.number) for one in survey.debtors()] == [
        ("U1/D1", "D1")
    ]


def test_allocations_without_a_key_column_can_be_looked_at() -> None:
    """What tells allocations apart is then who, to what, and when."""
    profile = """
    [invoices.columns]
    number = "a"
    debtor = "b"
    issued_on = "c"
    total = "d"
    [allocations.columns]
    credit = "Payment"
    invoice = "Invoice"
    amount = "Amount"
    applied_on = "Date"
    """
    rows = cells(["P1,I1,5.00,2024-01-01", "P1,I2,5.00,2024-01-01"])
    survey = survey_of(profile, "Payment,Invoice,Amount,Date", [Chunk(PLACE, 2, rows)])
    assert survey.unkeyed_count == 0
    assert not survey.repeated
