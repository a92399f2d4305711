"""Complete open-item lists: what they no longer name is closed, dated, and guarded."""

from datetime import date
from pathlib import Path

import pytest

from ledger.store.connections import RunState
from ledger.store.session import Database
from sync.result import StepState
from tests.file_books import FileBooks, step_of
from tests.file_reading import workbook

LIST = """
[open_items]
file = "open*"
{settings}
[open_items.columns]
number = "No"
debtor = "Customer"
issued_on = "Date"
open = "Open"
currency = "Currency"
"""
COMPLETE = LIST.format(settings="complete = true")
DATED = LIST.format(settings='complete = true\ndated_on = "YYYY-MM-DD"')
HEADER = "No,Customer,Date,Open,Currency"
TEN = tuple(f"I{day},D1,2024-01-{day:02},10.00," for day in range(1, 11))
JAN, FEB, MARCH = date(2024, 1, 31), date(2024, 2, 29), date(2024, 3, 31)


@pytest.fixture
def books(database: Database, tmp_path: Path) -> FileBooks:
    """Books with a complete list of ten open items of 10.00, read in January."""
    found = FileBooks.open(database, tmp_path, COMPLETE)
    found.write("open.csv", HEADER, *TEN)
    assert found.sync(JAN).is_clean
    return found


def closings(books: FileBooks) -> list[tuple[str, int, date]]:
    """Return the closing entries: kind, amount and day."""
    rows = books.rows(
        "SELECT kind, amount_minor, effective_on FROM allocation "
        "WHERE tenant_id = :tenant_id ORDER BY known_at, entry"
    )
    return [(row["kind"], row["amount_minor"], row["effective_on"]) for row in rows]


def test_a_missing_item_is_closed_on_the_day_it_was_missed(books: FileBooks) -> None:
    """It says so, and stays open in every report of an earlier day."""
    books.write("open.csv", HEADER, *TEN[1:])
    step = step_of(books.sync(FEB), "open.csv")
    assert step.closed == 1
    assert closings(books) == [("closed_in_books", 1000, FEB)]
    assert "invoice I1" in books.open_amounts(date(2024, 2, 28))
    assert "invoice I1" not in books.open_amounts(FEB)
    assert books.documents()["invoice I1"]["closed_on"] == FEB


def test_an_item_that_comes_back_is_open_again(books: FileBooks) -> None:
    """From the day it was listed again; between, it was closed."""
    books.write("open.csv", HEADER, *TEN[1:])
    books.sync(FEB)
    books.write("open.csv", HEADER, *TEN)
    books.sync(MARCH)
    assert books.open_amounts(JAN)["invoice I1"] == "10.00"
    assert "invoice I1" not in books.open_amounts(date(2024, 3, 30))
    assert books.open_amounts(MARCH)["invoice I1"] == "10.00"
    assert books.documents()["invoice I1"]["closed_on"] is None


def test_an_item_paid_in_part_shows_the_rest(books: FileBooks) -> None:
    """The list gives no reason; the change is dated on the day it was seen."""
    books.write("open.csv", HEADER, TEN[0].replace("10.00", "4.00"), *TEN[1:])
    books.sync(FEB)
    assert closings(books) == [("balance_change", 600, FEB)]
    assert books.open_amounts(JAN)["invoice I1"] == "10.00"
    assert books.open_amounts(FEB)["invoice I1"] == "4.00"


def test_two_of_ten_may_go(books: FileBooks) -> None:
    """Twenty per cent is not more than twenty per cent."""
    books.write("open.csv", HEADER, *TEN[2:])
    result = books.sync(FEB)
    assert result.state is RunState.COMPLETED
    assert step_of(result, "open.csv").closed == 2


def test_three_of_ten_stop_and_ask(books: FileBooks) -> None:
    """Nothing changes; the message says how many, why, and how to go on."""
    before = books.ledger()
    books.write("open.csv", HEADER, *TEN[3:], "I11,D1,2024-02-01,5.00,")
    result = books.sync(FEB)
    assert result.state is RunState.STOPPED
    step = step_of(result, "open.csv")
    assert step.state is StepState.STOPPED
    for words in ("open.csv", "3 of 10", "open items", "20 %", "--accept-closures"):
        assert words in step.note
    assert books.last_run().state is RunState.STOPPED
    assert books.last_run().message == step.note
    assert books.ledger() == before
    assert not result.is_clean


def test_a_stopped_list_stays_stopped_until_allowed(books: FileBooks) -> None:
    """Asking again changes nothing; a person's word does, and only once."""
    books.write("open.csv", HEADER, *TEN[3:])
    assert books.sync(FEB).state is RunState.STOPPED
    assert books.sync(FEB).state is RunState.STOPPED
    result = books.sync(FEB, accept=True)
    assert result.state is RunState.COMPLETED
    assert step_of(result, "open.csv").closed == 3
    assert len(books.open_amounts(FEB)) == 7
    books.write("open.csv", HEADER, *TEN[6:])
    assert books.sync(MARCH).state is RunState.STOPPED


def test_a_stopped_list_that_is_corrected_needs_no_word(books: FileBooks) -> None:
    """The partial file was a mistake: nothing of it has landed."""
    books.write("open.csv", HEADER, *TEN[:4])
    assert books.sync(FEB).state is RunState.STOPPED
    books.write("open.csv", HEADER, *TEN, "I11,D1,2024-02-01,5.00,")
    result = books.sync(FEB)
    assert result.state is RunState.COMPLETED
    assert step_of(result, "open.csv").closed == 0
    assert len(books.open_amounts(FEB)) == 11


def test_one_large_item_stops_and_asks(database: Database, tmp_path: Path) -> None:
    """A tenth of the items, most of the money."""
    books = FileBooks.open(database, tmp_path, COMPLETE)
    books.write("open.csv", HEADER, *TEN[:9], "BIG,D1,2024-01-01,9000.00,")
    books.sync(JAN)
    books.write("open.csv", HEADER, *TEN[:9])
    result = books.sync(FEB)
    assert result.state is RunState.STOPPED
    assert "% of the amount" in result.message
    assert "20 %" in result.message


def test_one_large_item_in_a_currency_without_a_rate_stops_and_asks(
    database: Database, tmp_path: Path
) -> None:
    """Where amounts cannot be compared with home, they are with their own kind."""
    books = FileBooks.open(database, tmp_path, COMPLETE)
    books.write("open.csv", HEADER, *TEN[:9], "BIG,D1,2024-01-01,900000.00,USD")
    books.sync(JAN)
    books.write("open.csv", HEADER, *TEN[:9])
    assert books.sync(FEB).state is RunState.STOPPED


@pytest.mark.parametrize(
    ("limit", "missing", "state"),
    [
        (0, 1, RunState.STOPPED),
        (0, 0, RunState.COMPLETED),
        (10, 1, RunState.COMPLETED),
        (10, 2, RunState.STOPPED),
        (50, 5, RunState.COMPLETED),
        (50, 6, RunState.STOPPED),
        (100, 9, RunState.COMPLETED),
    ],
)
def test_the_limit_is_the_profiles(
    database: Database, tmp_path: Path, limit: int, missing: int, state: RunState
) -> None:
    """By count and amount alike."""
    settings = f"complete = true\nclosure_limit_percent = {limit}"
    books = FileBooks.open(database, tmp_path, LIST.format(settings=settings))
    books.write("open.csv", HEADER, *TEN)
    books.sync(JAN)
    books.write("open.csv", HEADER, *TEN[missing:])
    assert books.sync(FEB).state is state


@pytest.mark.parametrize("limit", [20, 100])
def test_a_list_without_rows_stops_and_asks(
    database: Database, tmp_path: Path, limit: int
) -> None:
    """Whatever the limit: an empty list looks most like a mistake."""
    settings = f"complete = true\nclosure_limit_percent = {limit}"
    books = FileBooks.open(database, tmp_path, LIST.format(settings=settings))
    books.write("open.csv", HEADER, *TEN)
    books.sync(JAN)
    books.write("open.csv", HEADER)
    result = books.sync(FEB)
    assert result.state is RunState.STOPPED
    assert "has no rows" in result.message
    assert "10 open items" in result.message
    assert books.sync(FEB, accept=True).state is RunState.COMPLETED
    assert books.open_amounts() == {}


def test_a_list_of_totals_and_blanks_has_no_rows_either(books: FileBooks) -> None:
    """What is no item names none."""
    books.declare(
        LIST.format(
            settings='complete = true\ntotals_row = { column = "No", values = ["T"] }'
        )
    )
    books.write("open.csv", HEADER, "", "T,,,0.00,")
    result = books.sync(FEB)
    assert result.state is RunState.STOPPED
    assert "has no rows" in result.message


def test_an_empty_list_of_empty_books_is_fine(
    database: Database, tmp_path: Path
) -> None:
    """Nothing is missing where nothing was open."""
    books = FileBooks.open(database, tmp_path, COMPLETE)
    books.write("open.csv", HEADER)
    assert books.sync(JAN).is_clean


def test_a_list_that_is_not_complete_closes_nothing(books: FileBooks) -> None:
    """What it leaves out may be open all the same."""
    books.declare(LIST.format(settings=""))
    books.write("open.csv", HEADER, TEN[0])
    result = books.sync(FEB)
    assert result.state is RunState.COMPLETED
    assert len(books.open_amounts(FEB)) == 10


@pytest.mark.parametrize(
    "row", [",D1,2024-01-01,10.00,", "=A1,D1,2024-01-01,10.00,", "I1,D1"]
)
def test_a_row_without_its_key_blocks_all_closings(books: FileBooks, row: str) -> None:
    """It may be any of those that are missing; the rest of the list lands."""
    books.write("open.csv", HEADER, row, *TEN[1:], "I11,D1,2024-02-01,5.00,")
    result = books.sync(FEB)
    step = step_of(result, "open.csv")
    assert step.closed == 0
    assert "nothing that is missing counts as gone" in step.note
    assert step.tally.quarantined == 1
    assert "invoice I1" in books.open_amounts(FEB)
    assert "invoice I11" in books.open_amounts(FEB)
    books.write("open.csv", HEADER, *TEN[1:], "I11,D1,2024-02-01,5.00,")
    assert step_of(books.sync(MARCH), "open.csv").closed == 1


@pytest.mark.parametrize("row", ["I1,D1,2024-01-01,ten,", "I1,,2024-01-01,10.00,"])
def test_a_quarantined_row_still_names_its_item(books: FileBooks, row: str) -> None:
    """It stays as it was until the row can be read; others may be closed."""
    books.write("open.csv", HEADER, row, *TEN[2:])
    step = step_of(books.sync(FEB), "open.csv")
    assert step.closed == 1
    assert books.open_amounts(FEB)["invoice I1"] == "10.00"
    assert "invoice I2" not in books.open_amounts(FEB)


def test_a_credit_that_is_no_longer_listed_is_closed(
    database: Database, tmp_path: Path
) -> None:
    """Credits are items like others."""
    books = FileBooks.open(database, tmp_path, COMPLETE)
    books.write("open.csv", HEADER, *TEN, "C1,D1,2024-01-10,-5.00,")
    books.sync(JAN)
    assert books.open_amounts(JAN)["credit_note C1"] == "-5.00"
    books.write("open.csv", HEADER, *TEN)
    assert step_of(books.sync(FEB), "open.csv").closed == 1
    assert "credit_note C1" not in books.open_amounts(FEB)


def test_several_lists_land_in_the_order_of_their_days(
    database: Database, tmp_path: Path
) -> None:
    """Each closes and opens on its own day, all in one run."""
    books = FileBooks.open(database, tmp_path, DATED)
    books.write("open 2024-03-31.csv", HEADER, *TEN[2:])
    books.write("open 2024-01-31.csv", HEADER, *TEN)
    books.write("open 2024-02-29.csv", HEADER, *TEN[1:])
    result = books.sync(date(2024, 4, 15))
    assert [step.closed for step in result.steps] == [0, 1, 1]
    assert [entry[2] for entry in closings(books)] == [FEB, MARCH]
    for day, count in ((JAN, 10), (date(2024, 2, 28), 10), (FEB, 9), (MARCH, 8)):
        assert len(books.open_amounts(day)) == count


def test_an_older_list_is_ignored(database: Database, tmp_path: Path) -> None:
    """It closes nothing and opens nothing, and the step says why."""
    books = FileBooks.open(database, tmp_path, DATED)
    books.write("open 2024-02-29.csv", HEADER, *TEN)
    books.sync(FEB)
    before = books.ledger()
    books.write("open 2024-01-31.csv", HEADER, *TEN[:5], "OLD,D1,2024-01-01,7.00,")
    result = books.sync(MARCH)
    assert "older than the list of 2024-02-29" in (
        step_of(result, "open 2024-01-31.csv").note
    )
    assert result.state is RunState.COMPLETED
    assert books.ledger() == before


def test_a_file_without_a_date_does_not_stop_the_lists(
    database: Database, tmp_path: Path
) -> None:
    """A stray file is an error of its own; the good lists are read."""
    books = FileBooks.open(database, tmp_path, DATED)
    books.write("open 2024-01-31.csv", HEADER, *TEN)
    books.write("open notes.csv", HEADER, *TEN[:1])
    result = books.sync(JAN)
    assert result.state is RunState.FAILED
    assert "'open notes.csv'" in result.message
    assert len(books.open_amounts()) == 10


@pytest.mark.parametrize("accept", [False, True])
def test_reading_all_lists_again_changes_nothing(
    database: Database, tmp_path: Path, *, accept: bool
) -> None:
    """The history of the lists is not lived through a second time."""
    books = FileBooks.open(database, tmp_path, DATED)
    books.write("open 2024-01-31.csv", HEADER, *TEN[:9])
    books.write("open 2024-02-29.csv", HEADER, *TEN[1:9], "NEW,D1,2024-02-10,50.00,")
    books.sync(MARCH)
    before, in_between = books.ledger(), books.open_amounts(date(2024, 2, 15))
    result = books.sync(MARCH, full=True, accept=accept)
    assert result.state is RunState.COMPLETED
    assert books.ledger() == before
    assert books.open_amounts(date(2024, 2, 15)) == in_between


def test_a_corrected_list_of_the_same_day_replaces_the_first(
    database: Database, tmp_path: Path
) -> None:
    """What the mistake closed is open on that day as if it had never been."""
    books = FileBooks.open(database, tmp_path, DATED)
    books.write("open 2024-01-31.csv", HEADER, *TEN)
    books.write("open 2024-02-29.csv", HEADER, *TEN[1:])
    books.sync(FEB)
    books.write("open 2024-02-29.csv", HEADER, *TEN)
    books.sync(date(2024, 3, 2))
    assert len(books.open_amounts(FEB)) == 10
    assert len(books.open_amounts(JAN)) == 10


def test_a_list_in_a_workbook_closes_like_any_other(
    database: Database, tmp_path: Path
) -> None:
    """The kind of file does not matter."""
    books = FileBooks.open(database, tmp_path, COMPLETE)
    header = HEADER.split(",")
    rows = [(f"I{number}", "D1", JAN, 10.0, None) for number in range(10)]
    workbook(books.folder / "open.xlsx", header, *rows)
    books.sync(JAN)
    workbook(books.folder / "open.xlsx", header, *rows[1:])
    assert step_of(books.sync(FEB), "open.xlsx").closed == 1
    assert len(books.open_amounts(FEB)) == 9
