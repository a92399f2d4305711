"""What changed is read again, what did not is not, and half a file never lands."""

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from connectors.contract import Position
from connectors.tables import ChangedFileError
from ledger.errors import DuebridgeError, RetryableError
from tests.file_reading import (
    HEADER,
    INVOICES,
    Reading,
    changed_on_the_way,
    numbers,
    read_file,
    steps_of,
)

ROWS = ("I1,D1,2024-01-01,1.00", "I2,D1,2024-01-02,2.00")


def write(path: Path, *rows: str, end: str = "\n", encoding: str = "utf-8") -> Path:
    """Write a file of invoices."""
    path.write_bytes(("\n".join([HEADER, *rows]) + end).encode(encoding))
    return path


def skipped(path: Path, cursor: Mapping[str, Position], profile: str = INVOICES) -> str:
    """Return why a file that was read before is not read."""
    return steps_of(path.parent, profile, cursor)[path.name].skipped


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file of two invoices."""
    return write(tmp_path / "inv.csv", *ROWS)


def test_an_unchanged_file_is_not_read_again(path: Path) -> None:
    """The second time it is skipped, and says so."""
    assert skipped(path, read_file(path.parent).cursor) == "unchanged"


def test_a_file_that_was_only_touched_is_unchanged(path: Path) -> None:
    """Another time stamp with the same bytes is no change."""
    cursor = read_file(path.parent).cursor
    os.utime(path, ns=(1, 1))
    assert skipped(path, cursor) == "unchanged"


def test_a_file_copied_anew_is_unchanged(path: Path) -> None:
    """The same bytes in a new file are the same."""
    cursor = read_file(path.parent).cursor
    content = path.read_bytes()
    path.unlink()
    path.write_bytes(content)
    os.utime(path, ns=(7, 7))
    assert skipped(path, cursor) == "unchanged"


def test_other_bytes_of_the_same_length_are_a_change(path: Path) -> None:
    """A corrected digit is read."""
    cursor = read_file(path.parent).cursor
    write(path, ROWS[0].replace("1.00", "7.00"), ROWS[1])
    os.utime(path, ns=(7, 7))
    assert skipped(path, cursor) == ""


@pytest.mark.parametrize(
    "profile",
    [
        INVOICES + 'due_on = "Date"\n',
        INVOICES + "# a comment\n",
        "name='x'\n" + INVOICES,
    ],
)
def test_another_profile_is_a_change(path: Path, profile: str) -> None:
    """The same file means something else by another profile."""
    cursor = read_file(path.parent).cursor
    assert skipped(path, cursor, profile) == ""


def test_all_is_read_again_on_request(path: Path) -> None:
    """What was read before does not count then."""
    cursor = read_file(path.parent).cursor
    steps = steps_of(path.parent, INVOICES, cursor, full=True)
    assert steps[path.name].skipped == ""
    assert not steps[path.name].resumes


def test_a_reading_that_was_cut_off_goes_on(tmp_path: Path) -> None:
    """What landed is not read again, and nothing is left out."""
    rows = [f"I{number},D1,2024-01-01,1.00" for number in range(12_000)]
    path = write(tmp_path / "inv.csv", *rows)
    pages = list(steps_of(tmp_path, INVOICES)["inv.csv"].pages())
    for cut, page in enumerate(pages):
        landed = [
            one.number for page in pages[: cut + 1] for one in page.decode().documents
        ]
        step = steps_of(tmp_path, INVOICES, {"invoices/inv.csv": page.position})
        rest = Reading(step[path.name]) if not step[path.name].skipped else None
        landed += [] if rest is None else numbers(rest)
        assert sorted(landed) == sorted(row.partition(",")[0] for row in rows)


def test_a_reading_cut_off_begins_anew_if_the_file_changed(tmp_path: Path) -> None:
    """Positions in the old file mean nothing in the new one."""
    rows = [f"I{number},D1,2024-01-01,1.00" for number in range(6_000)]
    path = write(tmp_path / "inv.csv", *rows)
    pages = list(steps_of(tmp_path, INVOICES)["inv.csv"].pages())
    write(path, "I0,D1,2024-01-01,9.00", *rows)
    step = steps_of(tmp_path, INVOICES, {"invoices/inv.csv": pages[1].position})
    assert not step["inv.csv"].resumes
    assert len(Reading(step["inv.csv"]).documents) == 6_000


def test_conflicting_rows_are_found_after_a_cut_as_without_one(tmp_path: Path) -> None:
    """The first row with a key stands, whether or not the run was cut off between."""
    rows = [f"I{number},D1,2024-01-01,1.00" for number in range(7_000)]
    write(tmp_path / "inv.csv", *rows, "I17,D1,2024-01-01,999.00")
    pages = list(steps_of(tmp_path, INVOICES)["inv.csv"].pages())
    whole = [one.row for page in pages for one in page.decode().problems]
    middle = next(page for page in pages if page.progress.done)
    step = steps_of(tmp_path, INVOICES, {"invoices/inv.csv": middle.position})
    reading = Reading(step["inv.csv"])
    assert "I17" not in numbers(reading)
    assert [one.row for one in reading.problems] == whole == [7_002]


def test_repeated_rows_are_left_out_after_a_cut_as_without_one(tmp_path: Path) -> None:
    """A row that landed before the cut is not counted as landed again."""
    rows = [f"I{number},D1,2024-01-01,1.00" for number in range(7_000)]
    write(tmp_path / "inv.csv", *rows, rows[17])
    pages = list(steps_of(tmp_path, INVOICES)["inv.csv"].pages())
    middle = next(page for page in pages if page.progress.done)
    step = steps_of(tmp_path, INVOICES, {"invoices/inv.csv": middle.position})
    assert "I17" not in numbers(Reading(step["inv.csv"]))


@pytest.mark.parametrize(
    "change",
    ["appended", "replaced", "truncated"],
)
def test_a_file_that_changes_while_it_is_read_is_not_finished(
    path: Path, change: str
) -> None:
    """The reading stops and says that the file is still being written."""
    step = steps_of(path.parent, INVOICES)["inv.csv"]

    def alter() -> None:
        if change == "appended":
            with path.open("a") as file:
                file.write("I3,D1,2024-01-03,3.00\n")
        elif change == "replaced":
            write(path, "I9,D9,2024-01-09,9.00")
        else:
            path.write_bytes(path.read_bytes()[:-10])

    with pytest.raises(ChangedFileError) as caught, changed_on_the_way(step, alter):
        pass
    assert isinstance(caught.value, RetryableError)
    assert "still being written" in caught.value.message
    assert caught.value.remedy


def test_a_file_that_vanishes_while_it_is_read_is_an_error_in_words(
    path: Path,
) -> None:
    """Somebody moved it away: the person is told which."""
    step = steps_of(path.parent, INVOICES)["inv.csv"]
    with pytest.raises(DuebridgeError) as caught, changed_on_the_way(step, path.unlink):
        pass
    assert "inv.csv" in caught.value.message


def test_a_file_that_vanishes_before_it_is_read_is_an_error_in_words(
    path: Path,
) -> None:
    """Between the look at the folder and the look at the file."""
    step = steps_of(path.parent, INVOICES)["inv.csv"]
    path.unlink()
    with pytest.raises(DuebridgeError) as caught:
        Reading(step)
    assert "inv.csv" in caught.value.message


@pytest.mark.parametrize("last", ["I3", "I3,D1", "I3,D1,2024-01"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-le", "utf-16-be"])
def test_a_last_row_in_the_middle_of_being_written_stops_the_file(
    tmp_path: Path, last: str, encoding: str
) -> None:
    """Short and without an end of line: the copy is not finished, nothing lands."""
    path = write(tmp_path / "inv.csv", *ROWS, last, end="", encoding=encoding)
    profile = f'[format]\nencoding = "{encoding}"\n{INVOICES}'
    with pytest.raises(ChangedFileError, match="middle of a row"):
        read_file(path, profile)


def test_a_last_row_without_an_end_of_line_may_be_whole(tmp_path: Path) -> None:
    """Many programs leave it out."""
    path = write(tmp_path / "inv.csv", *ROWS, end="")
    assert numbers(read_file(path)) == ["I1", "I2"]


def test_a_short_last_row_with_an_end_of_line_is_a_problem(tmp_path: Path) -> None:
    """It is finished and wrong: its row is quarantined, the rest lands."""
    path = write(tmp_path / "inv.csv", *ROWS, "I3,D1")
    reading = read_file(path)
    assert numbers(reading) == ["I1", "I2"]
    assert [one.row for one in reading.problems] == [4]


def test_a_multibyte_letter_cut_in_two_stops_the_file(tmp_path: Path) -> None:
    """A copy may end between two bytes of one letter."""
    path = write(tmp_path / "inv.csv", *ROWS, "I3,Mü")
    path.write_bytes(path.read_bytes()[:-2])
    with pytest.raises(DuebridgeError):
        read_file(path)
