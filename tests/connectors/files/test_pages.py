"""Files longer than a page: nothing is cut apart, lost or read twice between pages."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from connectors.tables import CHUNK_ROWS
from ledger.records import ProblemReason
from tests.file_reading import HEADER, INVOICES, numbers, read_file

INSTALMENTS = (
    INVOICES.replace("[invoices]", '[invoices]\nrows = "instalments"')
    + 'due_on = "Due"\n'
)
LONG = CHUNK_ROWS + 3


def write(folder: Path, *rows: str, header: str = HEADER) -> Path:
    """Write a file of invoices."""
    path = folder / "inv.csv"
    path.write_text("".join(f"{row}\n" for row in (header, *rows)))
    return path


def instalments(folder: Path, *rows: str) -> Path:
    """Write a file of instalments."""
    return write(folder, *rows, header=f"{HEADER},Due")


def singles(count: int) -> list[str]:
    """Write invoices of one instalment."""
    return [f"S{number},D1,2024-01-01,1.00,2024-02-01" for number in range(count)]


@pytest.mark.parametrize("count", [CHUNK_ROWS - 1, CHUNK_ROWS, CHUNK_ROWS + 1])
def test_every_row_is_read_once(tmp_path: Path, count: int) -> None:
    """Wherever the last page ends."""
    path = write(tmp_path, *(f"I{i},D1,2024-01-01,1.00" for i in range(count)))
    reading = read_file(path)
    assert numbers(reading) == [f"I{i}" for i in range(count)]
    assert sum(batch.row_count for batch in reading.batches) == count
    assert reading.pages[-1].progress.done == reading.pages[-1].progress.total == count


def test_rows_are_numbered_through_all_pages(tmp_path: Path) -> None:
    """A problem on the second page is found in the file."""
    rows = [f"I{i},D1,2024-01-01,1.00" for i in range(LONG)]
    rows[CHUNK_ROWS + 1] = "I,D1,2024-01-01,x"
    (problem,) = read_file(write(tmp_path, *rows)).problems
    assert problem.place == f"inv.csv row {CHUNK_ROWS + 3}"


@pytest.mark.parametrize("again", ["1.00", "2.00"])
def test_keys_that_stand_twice_are_seen_across_pages(
    tmp_path: Path, again: str
) -> None:
    """The same is left out, other content is refused."""
    rows = [f"I{i},D1,2024-01-01,1.00" for i in range(LONG)]
    reading = read_file(write(tmp_path, *rows, f"I0,D1,2024-01-01,{again}"))
    assert len(reading.documents) == LONG
    reasons = [one.reason for one in reading.problems]
    assert reasons == ([] if again == "1.00" else [ProblemReason.DUPLICATE])


@pytest.mark.parametrize("before", range(CHUNK_ROWS - 3, CHUNK_ROWS + 1))
def test_instalments_across_pages_are_one_invoice(tmp_path: Path, before: int) -> None:
    """Wherever the page ends between them."""
    parts = [f"L,D1,2024-01-01,10.00,2024-0{month}-01" for month in range(2, 6)]
    reading = read_file(instalments(tmp_path, *singles(before), *parts), INSTALMENTS)
    assert not reading.problems
    assert reading.documents[-1].total_minor == 4000
    assert len(reading.documents[-1].instalments) == 4
    assert sum(batch.row_count for batch in reading.batches) == before + 4


@pytest.mark.parametrize("bad", range(4))
def test_a_faulty_row_spoils_its_invoice_across_pages(tmp_path: Path, bad: int) -> None:
    """On whichever page it stands."""
    parts = [f"L,D1,2024-01-01,10.00,2024-0{month}-01" for month in range(2, 6)]
    parts[bad] = "L,D1,2024-01-01,x,2024-03-01"
    before = CHUNK_ROWS - 2
    path = instalments(tmp_path, *singles(before), *parts, *singles(1))
    reading = read_file(path, INSTALMENTS)
    assert "L" not in numbers(reading)
    rows = [before + 2 + number for number in range(4)]
    assert sorted(one.row for one in reading.problems) == rows


@pytest.mark.parametrize("between", ["", ",,,,"])
def test_a_blank_row_at_the_end_of_a_page_cuts_nothing(
    tmp_path: Path, between: str
) -> None:
    """A blank row between two instalments is nothing."""
    parts = [f"L,D1,2024-01-01,10.00,2024-0{month}-01" for month in (2, 3)]
    before = CHUNK_ROWS - 2
    path = instalments(tmp_path, *singles(before), parts[0], between, parts[1])
    reading = read_file(path, INSTALMENTS)
    assert reading.documents[-1].total_minor == 2000
    assert not reading.problems


def test_one_invoice_longer_than_a_page_lands_whole(tmp_path: Path) -> None:
    """However many instalments it has."""
    first = date(2024, 1, 1)
    parts = [f"L,D1,{first},1.00,{first + timedelta(i)}" for i in range(LONG)]
    reading = read_file(instalments(tmp_path, *parts), INSTALMENTS)
    (document,) = reading.documents
    assert document.total_minor == LONG * 100


def test_keys_written_in_two_ways_are_one_invoice_across_pages(tmp_path: Path) -> None:
    """17 at the end of a page and 17.0 on the next belong together."""
    parts = ["17,D1,2024-01-01,10.00,2024-02-01", "17.0,D1,2024-01-01,10.00,2024-03-01"]
    path = instalments(tmp_path, *singles(CHUNK_ROWS - 1), *parts)
    reading = read_file(path, INSTALMENTS)
    assert not reading.problems
    assert reading.documents[-1].total_minor == 2000


def test_debtors_are_named_once_for_all_pages(tmp_path: Path) -> None:
    """By their commonest name in the whole file."""
    header = f"{HEADER},Name"
    rows = [f"I{i},D{i % 3},2024-01-01,1.00,Right" for i in range(LONG)]
    rows[0] = "I0,D0,2024-01-01,1.00,Wrong"
    profile = INVOICES + 'debtor_name = "Name"\n'
    reading = read_file(write(tmp_path, *rows, header=header), profile)
    assert {one.source_id: one.name for one in reading.debtors} == {
        "D0": "Right", "D1": "Right", "D2": "Right",
    }  # fmt: skip
    assert len(reading.debtors) == 3
