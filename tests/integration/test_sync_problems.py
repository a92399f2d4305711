"""Problems: kept until their rows can be read, counted in every summary, never lost."""

from datetime import date, datetime
from pathlib import Path

import pytest

from ledger.records import ProblemReason
from ledger.store import problems
from ledger.store.connections import RunState
from ledger.store.session import Database
from tests.file_books import FileBooks, step_of

PROFILE = """
[invoices]
file = "inv*"
[invoices.columns]
number = "No"
debtor = "Customer"
issued_on = "Date"
total = "Total"
terms = "Terms"
"""
HEADER = "No,Customer,Date,Total,Terms"
GOOD = "I1,D1,2024-01-01,100.00,30"
BAD = "I2,D1,2024-01-02,two hundred,30"
DAYS = [date(2024, 2, day) for day in range(1, 8)]


@pytest.fixture
def books(database: Database, tmp_path: Path) -> FileBooks:
    """Books with one row that lands and one that cannot."""
    found = FileBooks.open(database, tmp_path, PROFILE)
    found.write("inv.csv", HEADER, GOOD, BAD)
    found.sync(DAYS[0])
    return found


def seen(books: FileBooks) -> list[tuple[datetime, datetime]]:
    """Return when each open problem was first and last seen."""
    with books.database.tenant(books.tenant.scope) as session:
        return [
            (one.first_seen_at, one.last_seen_at) for one in problems.load_open(session)
        ]


def resolved(books: FileBooks) -> int:
    """Count the problems that are over."""
    (row,) = books.rows(
        "SELECT count(*) AS count FROM problem "
        "WHERE tenant_id = :tenant_id AND resolved_at IS NOT NULL"
    )
    return int(row["count"])


def test_a_problem_is_kept_with_all_a_person_needs(books: FileBooks) -> None:
    """Where, what, why, what to do, and the row as it came."""
    (problem,) = books.problems()
    assert problem.place == "inv.csv row 3"
    assert problem.reason is ProblemReason.AMOUNT
    assert "'two hundred'" in problem.message
    assert problem.remedy
    assert (problem.source_ref, problem.debtor) == ("I2", "D1")
    assert dict(problem.raw) == dict(
        zip(HEADER.split(","), BAD.split(","), strict=True)
    )


def test_every_summary_counts_it(books: FileBooks) -> None:
    """Also that of a run which read nothing."""
    for day, full in ((DAYS[1], False), (DAYS[2], True)):
        result = books.sync(day, full=full)
        assert result.problems == 1
        assert not result.is_clean
        assert books.last_run().summary["problems"] == 1


def test_a_corrected_row_lands_and_its_problem_is_over(books: FileBooks) -> None:
    """It is kept as resolved, with its day."""
    books.write("inv.csv", HEADER, GOOD, BAD.replace("two hundred", "200.00"))
    result = books.sync(DAYS[1])
    assert result.is_clean
    assert books.problems() == []
    assert resolved(books) == 1
    assert books.open_amounts()["invoice I2"] == "200.00"


def test_a_row_that_was_taken_out_leaves_no_problem(books: FileBooks) -> None:
    """The books no longer say it."""
    books.write("inv.csv", HEADER, GOOD)
    assert books.sync(DAYS[1]).is_clean
    assert resolved(books) == 1


def test_a_problem_keeps_the_day_it_was_first_seen(books: FileBooks) -> None:
    """However often its file is read; how long it has waited is known."""
    books.write("inv.csv", HEADER, GOOD, BAD, "I3,D1,2024-01-03,3.00,30")
    books.sync(DAYS[2])
    ((first, last),) = seen(books)
    assert (first.date(), last.date()) == (DAYS[0], DAYS[2])
    assert resolved(books) == 0


def test_a_problem_whose_row_moved_is_still_the_same(books: FileBooks) -> None:
    """A row more above it does not make it new."""
    books.write("inv.csv", HEADER, GOOD, "I3,D1,2024-01-03,3.00,30", BAD)
    books.sync(DAYS[2])
    (problem,) = books.problems()
    assert problem.place == "inv.csv row 4"
    assert seen(books)[0][0].date() == DAYS[0]


def test_a_changed_profile_tries_quarantined_rows_again(
    database: Database, tmp_path: Path
) -> None:
    """The terms are added, the file is as it was, and the row lands."""
    books = FileBooks.open(database, tmp_path, PROFILE)
    books.write(
        "inv.csv", HEADER, GOOD, GOOD.replace("I1", "I2").replace(",30", ",COD")
    )
    assert books.sync(DAYS[0]).problems == 1
    books.declare('[terms]\nCOD = "0 days"\n' + PROFILE)
    assert books.sync(DAYS[1]).is_clean
    assert books.documents()["invoice I2"]["due_on"] == date(2024, 1, 1)


def test_problems_survive_a_file_that_cannot_be_read(books: FileBooks) -> None:
    """A broken file corrects nothing."""
    books.write("inv.csv", HEADER, '"I1')
    result = books.sync(DAYS[1])
    assert result.state is RunState.FAILED
    assert result.problems == 1


def test_problems_survive_a_missing_file(books: FileBooks) -> None:
    """A file that is gone corrects nothing either."""
    (books.folder / "inv.csv").unlink()
    assert books.sync(DAYS[1]).problems == 1
    books.write("inv.csv", HEADER, GOOD, BAD)
    assert books.sync(DAYS[2]).problems == 1
    assert len(seen(books)) == 1


def test_problems_of_one_file_do_not_touch_another(books: FileBooks) -> None:
    """Each file's reading settles its own."""
    books.write("inv2.csv", HEADER, BAD.replace("I2", "I9"))
    assert books.sync(DAYS[1]).problems == 2
    books.write("inv2.csv", HEADER, "I9,D1,2024-01-09,9.00,30")
    assert books.sync(DAYS[2]).problems == 1


def test_a_problem_that_comes_back_is_a_new_one(books: FileBooks) -> None:
    """Between, the row was right."""
    books.write("inv.csv", HEADER, GOOD, BAD.replace("two hundred", "200.00"))
    books.sync(DAYS[1])
    books.write("inv.csv", HEADER, GOOD, BAD)
    assert books.sync(DAYS[2]).problems == 1
    assert seen(books)[0][0].date() == DAYS[2]
    assert resolved(books) == 1
    assert books.open_amounts()["invoice I2"] == "200.00"


def test_a_row_that_became_unreadable_keeps_its_document(books: FileBooks) -> None:
    """What landed stays as it was, and the problem says that it may be old."""
    books.write("inv.csv", HEADER, GOOD.replace("100.00", "?"), BAD)
    result = books.sync(DAYS[1])
    assert result.problems == 2
    assert books.open_amounts()["invoice I1"] == "100.00"


def test_the_reason_may_change(books: FileBooks) -> None:
    """One fault is mended, another shows."""
    books.write("inv.csv", HEADER, GOOD, BAD.replace("two hundred", '"200,00"'))
    books.sync(DAYS[1])
    (problem,) = books.problems()
    assert "'200,00'" in problem.message
    assert len(seen(books)) == 1


def test_a_file_of_faulty_rows_only_is_quarantined_row_by_row(
    database: Database, tmp_path: Path
) -> None:
    """Nothing lands, everything is listed."""
    books = FileBooks.open(database, tmp_path, PROFILE)
    rows = [f"I{number},D1,2024-01-01,?,30" for number in range(5)]
    books.write("inv.csv", HEADER, *rows)
    result = books.sync(DAYS[0])
    assert result.state is RunState.COMPLETED
    assert step_of(result, "inv.csv").tally.quarantined == result.problems == 5
    assert not books.documents()


def test_problems_are_listed_by_file_and_row(
    database: Database, tmp_path: Path
) -> None:
    """A person goes through the file from top to bottom."""
    books = FileBooks.open(database, tmp_path, PROFILE)
    books.write(
        "inv.csv", HEADER, "I1,D1,2024-01-01,?,30", "I2", "I3,D1,2024-01-01,?,30"
    )
    books.sync(DAYS[0])
    assert [problem.place for problem in books.problems()] == [
        "inv.csv row 2", "inv.csv row 3", "inv.csv row 4",
    ]  # fmt: skip
