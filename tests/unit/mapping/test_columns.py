"""Columns are found by name or position, and read with each row's first fault."""

from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ledger.errors import SourceError
from ledger.records import ProblemReason
from mapping.fields import (
    IDENTIFIER_MAX,
    Cell,
    FieldError,
    currency_code,
    identifier,
)
from mapping.files.columns import (
    AmbiguousColumnError,
    Faults,
    Header,
    MissingColumnError,
    keys,
    last_part,
    read_column,
    read_optional,
)

HEADER = Header("book.csv", ["No", " Customer ", "Amount", "amount (net)", "", "Date"])


def joined(*rows: tuple[Cell, ...], positions: tuple[int, ...]) -> list[str | None]:
    """Read the keys of rows."""
    return keys(rows, positions, strip_floats=True, faults=Faults(), column="key")


def key(cell: Cell) -> str:
    """Read an identifier."""
    return identifier(cell, strip_floats=True)


@pytest.mark.parametrize(
    ("column", "position"),
    [
        ("No", 0),
        ("Customer", 1),
        ("customer", 1),
        ("AMOUNT", 2),
        ("Amount (net)", 3),
        ("#1", 0),
        ("#6", 5),
    ],
)
def test_columns_are_found(column: str, position: int) -> None:
    """By name, by name in another case, and by position from 1."""
    assert HEADER.position(column) == position


def test_the_exact_case_wins() -> None:
    """Two names that differ in case only are two columns."""
    header = Header("book.csv", ["id", "ID", "Id"])
    assert [header.position(name) for name in ("id", "ID", "Id")] == [0, 1, 2]
    with pytest.raises(AmbiguousColumnError):
        header.position("iD")


@pytest.mark.parametrize("column", ["Amunt", "#7", "#0", "#-1", "#", "Total", ""])
def test_a_missing_column_names_what_there_is(column: str) -> None:
    """The error says which file, which column, and what stands there instead."""
    with pytest.raises(MissingColumnError) as caught:
        Header("book.csv", ["No", "Amount"]).position(column)
    assert "book.csv" in caught.value.message
    assert repr(column) in caught.value.message
    assert "'No', 'Amount'" in caught.value.remedy


def test_a_near_miss_is_suggested() -> None:
    """A slip of the pen is answered with the likely name."""
    with pytest.raises(MissingColumnError, match="Did you mean 'Amount'"):
        HEADER.position("Amunt")


def test_a_header_of_one_column_points_at_the_delimiter() -> None:
    """A header that was not split at all tells the likely cause."""
    with pytest.raises(MissingColumnError) as caught:
        Header("book.csv", ["No;Customer;Amount"]).position("No")
    assert "delimiter" in caught.value.user_message


def test_a_column_named_twice_needs_its_position() -> None:
    """The error gives the positions, and a position solves it."""
    header = Header("book.csv", ["No", "Amount", "Amount "])
    with pytest.raises(AmbiguousColumnError, match="#2 and #3") as caught:
        header.position("Amount")
    assert isinstance(caught.value, SourceError)
    assert "'#2'" in caught.value.remedy
    assert header.position("#3") == 2
    assert header.repeated == ("Amount",)


def test_columns_without_a_name_are_not_repeated() -> None:
    """Empty headers are no names."""
    assert Header("book.csv", ["", "", "No"]).repeated == ()


def test_each_cell_is_read_and_each_fault_kept() -> None:
    """A faulty cell becomes nothing and a fault of its row; the others are read."""
    faults = Faults()
    cells: list[Cell] = ["1", "", "=A1", Decimal(4), "1"]
    assert read_column(cells, key, faults, "No") == ["1", None, None, "4", "1"]
    assert sorted(faults.by_row) == [1, 2]
    assert faults.by_row[1].reason is ProblemReason.MISSING
    assert faults.by_row[2].message.startswith("No: ")
    assert faults.by_row[2].remedy


def test_the_first_fault_of_a_row_is_shown() -> None:
    """A row has one reason: that of the first column read."""
    faults = Faults()
    read_column(["", "=A1"], key, faults, "No")
    read_column(["=A1", "=A1"], key, faults, "Customer")
    assert [faults.by_row[row].message[:2] for row in (0, 1)] == ["No", "No"]


def test_a_wrong_currency_is_a_fault_of_its_row() -> None:
    """An unknown code is listed under currencies, with what to do."""
    faults = Faults()
    cells: list[Cell] = ["EUR", "Euros", "usd"]
    found = read_column(cells, currency_code, faults, "Currency")
    assert found == ["EUR", None, "USD"]
    assert faults.by_row[1].reason is ProblemReason.CURRENCY
    assert "Euros" in faults.by_row[1].message


def test_an_optional_cell_may_be_empty() -> None:
    """Nothing is no fault where nothing is allowed."""
    faults = Faults()
    cells: list[Cell] = ["", None, "  ", "7"]
    assert read_optional(cells, key, faults, "Parent") == [None, None, None, "7"]
    assert not faults.by_row


def test_equal_cells_of_different_types_are_told_apart() -> None:
    """A truth value is not the number one, though Python takes them for equal."""
    cells: list[Cell] = [Decimal(1), True, Decimal(0), False]
    found = read_column(cells, repr, Faults(), "No")
    assert found == [repr(cell) for cell in cells]


def test_keys_of_several_columns_are_joined() -> None:
    """The parts make one key; a part that is missing leaves none."""
    rows: list[tuple[Cell, ...]] = [("U001", "17.0"), ("", "17"), ("U001", None)]
    assert joined(*rows, positions=(0, 1)) == ["U001/17", None, None]
    assert joined(*rows[:1], positions=(1, 0)) == ["17/U001"]


def test_keys_of_one_column_are_plain() -> None:
    """One column makes the key as it stands."""
    assert joined(("A/1",), (" 7 ",), positions=(0,)) == ["A/1", "7"]


PARTS = st.text("AB/\\1", min_size=1, max_size=4)


@given(st.tuples(PARTS, PARTS), st.tuples(PARTS, PARTS))
@example(("A/B", "1"), ("A", "B/1"))
def test_different_parts_never_make_the_same_key(
    one: tuple[str, str], other: tuple[str, str]
) -> None:
    """Two accounts do not become one because their numbers hold the joining mark."""
    found = joined(one, other, positions=(0, 1))
    assert (found[0] == found[1]) == (one == other)


@given(st.tuples(PARTS, PARTS, PARTS))
@example(("A\\", "B/1", "/2"))
def test_the_last_part_of_a_key_can_be_told(parts: tuple[str, str, str]) -> None:
    """The number is shown as it stands in the file, slashes and all."""
    (found,) = joined(parts, positions=(0, 1, 2))
    assert found is not None
    assert last_part(found, 3) == parts[2]


TEXTS = st.lists(st.text("ab1.0=#E+ \u00a0", max_size=6), min_size=1, max_size=8)


def test_a_text_that_ran_in_is_no_key() -> None:
    """A quote that is not closed makes a key longer than any."""
    faults = Faults()
    rows = [("A" * IDENTIFIER_MAX,), ("A" * (IDENTIFIER_MAX + 1),)]
    found = keys(rows, (0,), strip_floats=True, faults=faults, column="No")
    assert found == [rows[0][0], None]
    assert faults.by_row[1].reason is ProblemReason.VALUE


@given(TEXTS)
def test_a_page_of_keys_reads_as_each_cell_alone(cells: list[str]) -> None:
    """Short cuts for plain columns change nothing."""
    faults = Faults()
    rows = [(cell,) for cell in cells]
    found = keys(rows, (0,), strip_floats=True, faults=faults, column="No")
    for row, cell in enumerate(cells):
        try:
            assert found[row] == key(cell)
        except FieldError:
            assert found[row] is None
            assert row in faults.by_row
