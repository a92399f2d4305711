"""Open-item lists: dated by their names, complete, older and newer, with totals."""

from datetime import date
from pathlib import Path

import pytest

from connectors.contract import Position
from connectors.files import UndatedFileError
from ledger.errors import SourceError
from ledger.records import DocumentKind
from tests.file_reading import HEADER, Reading, connector_of, numbers, steps_of

LIST = """
[open_items]
file = "open*"
{settings}
[open_items.columns]
number = "No"
debtor = "Customer"
issued_on = "Date"
open = "Total"
"""
DATED = LIST.format(settings='dated_on = "YYYY-MM-DD"\ncomplete = true')
COMPLETE = LIST.format(settings="complete = true")
TOTALS = LIST.format(settings='totals_row = { column = "No", values = ["Total*"] }')


def write(path: Path, *rows: str) -> Path:
    """Write a list."""
    path.write_text("".join(f"{row}\n" for row in (HEADER, *rows)))
    return path


def landed(folder: Path, profile: str = DATED) -> dict[str, Position]:
    """Read all lists; return how far each was read."""
    cursors: dict[str, Position] = {}
    for step in steps_of(folder, profile).values():
        cursors |= Reading(step).cursor
    return cursors


def test_dated_lists_are_read_in_the_order_of_their_days(tmp_path: Path) -> None:
    """Not in that of their names."""
    for name in (
        "open b 2024-01-31.csv",
        "open a 2024-03-31.csv",
        "open 2024-02-29.csv",
    ):
        write(tmp_path / name, "I1,D1,2024-01-01,1.00")
    steps = steps_of(tmp_path, DATED).values()
    assert [step.dated_on for step in steps] == [
        date(2024, 1, 31), date(2024, 2, 29), date(2024, 3, 31),
    ]  # fmt: skip


def test_an_older_list_is_left_out(tmp_path: Path) -> None:
    """What a newer list said is not undone by one that was found later."""
    write(tmp_path / "open 2024-02-29.csv", "I1,D1,2024-01-01,1.00")
    cursors = landed(tmp_path)
    write(tmp_path / "open 2024-01-31.csv", "I1,D1,2024-01-01,5.00")
    write(tmp_path / "open 2024-03-31.csv", "I1,D1,2024-01-01,1.00")
    steps = steps_of(tmp_path, DATED, cursors)
    assert "older than the list of 2024-02-29" in steps["open 2024-01-31.csv"].skipped
    assert steps["open 2024-02-29.csv"].skipped == "unchanged"
    assert steps["open 2024-03-31.csv"].skipped == ""


def test_an_older_list_that_changed_is_left_out(tmp_path: Path) -> None:
    """A correction of the past comes too late."""
    write(tmp_path / "open 2024-01-31.csv", "I1,D1,2024-01-01,1.00")
    write(tmp_path / "open 2024-02-29.csv", "I1,D1,2024-01-01,1.00")
    cursors = landed(tmp_path)
    write(tmp_path / "open 2024-01-31.csv", "I1,D1,2024-01-01,77.00")
    steps = steps_of(tmp_path, DATED, cursors)
    assert "older" in steps["open 2024-01-31.csv"].skipped


def test_the_latest_list_may_be_corrected(tmp_path: Path) -> None:
    """It is read again when it changes."""
    write(tmp_path / "open 2024-02-29.csv", "I1,D1,2024-01-01,1.00")
    cursors = landed(tmp_path)
    write(tmp_path / "open 2024-02-29.csv", "I1,D1,2024-01-01,77.00")
    assert steps_of(tmp_path, DATED, cursors)["open 2024-02-29.csv"].skipped == ""


def test_a_full_reading_does_not_turn_time_back(tmp_path: Path) -> None:
    """Reading everything again reads the newest list, not the history once more."""
    write(tmp_path / "open 2024-01-31.csv", "I1,D1,2024-01-01,1.00")
    write(tmp_path / "open 2024-02-29.csv", "I2,D1,2024-02-01,1.00")
    cursors = landed(tmp_path)
    steps = steps_of(tmp_path, DATED, cursors, full=True)
    read = [name for name, step in steps.items() if not step.skipped]
    assert read == ["open 2024-02-29.csv"]


def test_a_list_without_a_date_in_its_name_is_refused(tmp_path: Path) -> None:
    """The name and the form of the date are shown."""
    write(tmp_path / "open final.csv", "I1,D1,2024-01-01,1.00")
    with pytest.raises(UndatedFileError, match=r"open final\.csv.*YYYY-MM-DD"):
        landed(tmp_path)


def test_a_complete_list_names_what_is_open(tmp_path: Path) -> None:
    """Rows with a fault are named as well; they are there, if unreadable."""
    write(
        tmp_path / "open.csv",
        "I1,D1,2024-01-01,1.00",
        "I2.0,D1,2024-01-01,-1.00",
        "3.0,D1,2024-01-01,x",
        "4,,2024-01-99,1.00",
    )
    named = steps_of(tmp_path, COMPLETE)["open.csv"].named()
    assert named is not None
    found = {(ref.kind, ref.source_id) for ref in named.documents()}
    assert (DocumentKind.INVOICE, "I1") in found
    assert (DocumentKind.CREDIT_NOTE, "I2.0") in found
    assert {kind for kind, key in found if key == "3"} == set(DocumentKind)
    assert "4" in {key for _, key in found}
    assert named.open_only
    assert named.limit_percent == 20
    assert named.doubts() == ""


@pytest.mark.parametrize(
    "row", [",D1,2024-01-01,1.00", "=A1,D1,2024-01-01,1.00", "I9,D1"]
)
def test_a_row_without_its_key_leaves_a_doubt(tmp_path: Path, row: str) -> None:
    """It may be any of those that seem to be missing."""
    write(tmp_path / "open.csv", "I1,D1,2024-01-01,1.00", row)
    named = steps_of(tmp_path, COMPLETE)["open.csv"].named()
    assert named is not None
    list(named.documents())
    assert "open.csv" in named.doubts()


def test_a_list_that_is_not_complete_names_nothing(tmp_path: Path) -> None:
    """What it leaves out may be open all the same."""
    write(tmp_path / "open.csv", "I1,D1,2024-01-01,1.00")
    assert steps_of(tmp_path, LIST.format(settings=""))["open.csv"].named() is None


def test_a_totals_row_is_the_control_and_no_item(tmp_path: Path) -> None:
    """It is dated by the business day."""
    write(tmp_path / "open.csv", "I1,D1,2024-01-01,1.00", "Total,,,1.00")
    assert numbers(Reading(steps_of(tmp_path, TOTALS)["open.csv"])) == ["I1"]
    control = connector_of(tmp_path, TOTALS).control_totals()
    assert control is not None
    assert (control.source, control.as_of) == ("open.csv", None)
    assert [line.balance_minor for line in control.lines] == [100]


def test_the_newest_list_is_the_control(tmp_path: Path) -> None:
    """Its day is the proof's."""
    settings = 'dated_on = "YYYY-MM-DD"\ntotals_row = { column = "No", values = ["T"] }'
    profile = LIST.format(settings=settings)
    write(tmp_path / "open z 2024-01-31.csv", "I1,D1,2024-01-01,1.00", "T,,,1.00")
    write(tmp_path / "open a 2024-02-29.csv", "I1,D1,2024-01-01,2.00", "T,,,2.00")
    control = connector_of(tmp_path, profile).control_totals()
    assert control is not None
    assert (control.source, control.as_of) == (
        "open a 2024-02-29.csv",
        date(2024, 2, 29),
    )


def test_a_list_that_lost_its_totals_row_says_so(tmp_path: Path) -> None:
    """A control that was declared and is not there is not the same as none."""
    write(tmp_path / "open.csv", "I1,D1,2024-01-01,1.00")
    with pytest.raises(SourceError, match=r"open\.csv"):
        connector_of(tmp_path, TOTALS).control_totals()


def test_a_trial_balance_without_the_account_says_so(tmp_path: Path) -> None:
    """A wrong account number must not look like books without totals."""
    profile = LIST.format(settings="") + (
        '[control.trial_balance]\nfile = "tb*"\naccounts = ["1201"]\n'
        '[control.trial_balance.columns]\naccount = "Account"\nbalance = "Balance"\n'
    )
    write(tmp_path / "open.csv", "I1,D1,2024-01-01,1.00")
    (tmp_path / "tb.csv").write_text("Account,Balance\n1200,1.00\n")
    with pytest.raises(SourceError, match="1201"):
        connector_of(tmp_path, profile).control_totals()
