"""Which files of a folder are read, and what is said when one is not there."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from connectors.contract import Capability
from connectors.files import NoFileError, SeveralFilesError
from connectors.written_files import WRITES
from ledger.errors import DuebridgeError, SourceError
from tests.file_reading import (
    GONE,
    HEADER,
    INVOICES,
    Reading,
    connector_of,
    numbers,
    read_file,
    steps_of,
    workbook,
)

ROW = "I1,D1,2024-01-01,1.00"
PAYMENTS = """
[payments]
file = "pay*"
[payments.columns]
number = "No"
debtor = "Customer"
issued_on = "Date"
total = "Total"
"""
OPEN_ITEMS = """
[open_items]
{settings}
[open_items.columns]
number = "No"
debtor = "Customer"
issued_on = "Date"
open = "Total"
"""
NOBODY = 65534


def write(path: Path, *rows: str) -> Path:
    """Write a file of documents."""
    path.write_text("".join(f"{row}\n" for row in (HEADER, *rows)))
    return path


def labels(folder: Path, profile: str = INVOICES) -> list[str]:
    """Return which files are read, in order."""
    steps = steps_of(folder, profile).values()
    return [step.label for step in steps if step.resource != GONE]


@contextmanager
def as_nobody() -> Iterator[None]:
    """Go without the superuser's rights."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


def test_files_of_a_pattern_are_read_in_order_of_their_names(tmp_path: Path) -> None:
    """CSV, text and workbooks, in any case."""
    for name in ("inv_b.csv", "INV_A.CSV", "inv_c.txt", "inv_d.tsv", "other.csv"):
        write(tmp_path / name, ROW)
    workbook(tmp_path / "inv_e.xlsx", HEADER.split(","), ROW.split(","))
    assert labels(tmp_path) == [
        "INV_A.CSV", "inv_b.csv", "inv_c.txt", "inv_d.tsv", "inv_e.xlsx",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "name",
    ["~$inv.xlsx", ".inv.csv", "inv.csv.part", "inv.csv~", "inv.bak", "inv.xls", "inv"],
)
def test_what_is_no_finished_table_is_left_alone(tmp_path: Path, name: str) -> None:
    """Lock files, hidden files, backups and parts of downloads."""
    write(tmp_path / "inv.csv", ROW)
    write(tmp_path / name, ROW)
    profile = INVOICES.replace('file = "inv*"', 'file = "*"')
    assert labels(tmp_path, profile) == ["inv.csv"]


def test_folders_are_no_files(tmp_path: Path) -> None:
    """Even if they are called so."""
    write(tmp_path / "inv.csv", ROW)
    (tmp_path / "inv_old.csv").mkdir()
    assert labels(tmp_path) == ["inv.csv"]


def test_a_file_alone_may_be_the_connection(tmp_path: Path) -> None:
    """Its name is not compared with the pattern."""
    path = write(tmp_path / "export 2024.csv", ROW)
    assert numbers(read_file(path)) == ["I1"]


def test_a_missing_file_is_named_by_its_table(tmp_path: Path) -> None:
    """The table, the pattern and the folder, and what to do."""
    with pytest.raises(NoFileError) as caught:
        connector_of(tmp_path, INVOICES).check()
    for word in ("[invoices]", "'inv*'", str(tmp_path)):
        assert word in caught.value.message
    assert caught.value.remedy


def test_a_missing_folder_is_an_error_in_words(tmp_path: Path) -> None:
    """Its path is named."""
    with pytest.raises(SourceError, match="nowhere"):
        connector_of(tmp_path / "nowhere", INVOICES).check()


def test_a_missing_table_does_not_stop_the_others(tmp_path: Path) -> None:
    """Its step fails by itself; the others are read."""
    write(tmp_path / "inv.csv", ROW)
    steps = steps_of(tmp_path, INVOICES + PAYMENTS)
    assert numbers(Reading(steps["inv.csv"])) == ["I1"]
    with pytest.raises(NoFileError):
        list(steps["pay*"].pages())


@pytest.fixture
def public() -> Iterator[Path]:
    """A folder that everybody may enter."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.mark.parametrize("closed", ["inv.csv", ".", ".."])
def test_what_may_not_be_read_is_an_error_in_words(public: Path, closed: str) -> None:
    """A file, its folder, or a folder above: the rights are for a person to mend."""
    books = public / "books"
    books.mkdir(mode=0o755)
    write(books / "inv.csv", ROW)
    place = (books / closed).resolve()
    mode = place.stat().st_mode
    place.chmod(0)
    try:
        with as_nobody(), pytest.raises(DuebridgeError) as caught:
            read_file(books)
    finally:
        place.chmod(mode)
    assert "books" in caught.value.message or "inv.csv" in caught.value.message


def test_several_undated_lists_are_refused(tmp_path: Path) -> None:
    """Nobody could say which one is the truth."""
    write(tmp_path / "a.csv", ROW)
    write(tmp_path / "b.csv", ROW)
    with pytest.raises(SeveralFilesError, match=r"a\.csv, b\.csv") as caught:
        read_file(tmp_path, OPEN_ITEMS.format(settings=""))
    assert "dated_on" in caught.value.remedy


def test_the_check_looks_at_each_file(tmp_path: Path) -> None:
    """A line for each, before anything is read."""
    write(tmp_path / "inv1.csv", ROW)
    write(tmp_path / "inv2.csv", ROW)
    write(tmp_path / "pay.csv", ROW)
    assert connector_of(tmp_path, INVOICES + PAYMENTS).check() == [
        "inv1.csv: invoices, 4 columns",
        "inv2.csv: invoices, 4 columns",
        "pay.csv: payments, 4 columns",
    ]


@pytest.mark.parametrize(
    ("profile", "capabilities"),
    [
        (INVOICES, set()),
        (INVOICES + 'home_total = "X"\n', {Capability.HOME_AMOUNTS}),
        (
            INVOICES.replace("[invoices]", "[invoices]\ncomplete = true"),
            {Capability.SEES_DELETES},
        ),
        (OPEN_ITEMS.format(settings=""), set()),
        (
            OPEN_ITEMS.format(settings="complete = true"),
            {Capability.SEES_DELETES, Capability.OPEN_ITEM_SNAPSHOT},
        ),
        (
            OPEN_ITEMS.format(
                settings='totals_row = { column = "No", values = ["Total"] }'
            ),
            {Capability.AR_CONTROL_BALANCE},
        ),
        (
            INVOICES + '[control.aged_list.columns]\nbalance = "B"\n',
            {Capability.AR_CONTROL_BALANCE},
        ),
        (
            INVOICES + '[control.aged_list.columns]\nbalance = "B"\ndebtor = "D"\n',
            {Capability.AR_CONTROL_BALANCE, Capability.AGEING_REPORT},
        ),
    ],
)
def test_what_the_profile_makes_possible_is_shown(
    tmp_path: Path, profile: str, capabilities: set[Capability]
) -> None:
    """Nothing more is claimed than the files can give."""
    found = connector_of(tmp_path, profile).capabilities
    assert found == capabilities | WRITES | {Capability.INCREMENTAL}
