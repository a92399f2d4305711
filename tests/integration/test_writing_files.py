"""Write-back files: a file a night, each row in exactly one, whole or not at all."""

import csv
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from connectors.writing import Order, Part
from connectors.written_files import COLUMNS, FilesWriter, UnwritableFolderError
from ledger.calendar import FixedClock
from ledger.outbox import WriteKind, WriteState
from ledger.testing import Books, a_debtor, a_document
from tests.writing import ALL, Outgoing

NIGHT = datetime(2026, 3, 10, 2, 0, tzinfo=UTC)


@dataclass(slots=True)
class Told:
    """Books in files, and what they are told."""

    books: Books
    folder: Path
    now: datetime = NIGHT

    @property
    def out(self) -> Outgoing:
        """Their write-backs, now."""
        return Outgoing(self.books, FixedClock(self.now))

    def push(self, writer: object = None, allowed: frozenset[Part] = ALL) -> None:
        """Write what is due."""
        self.out.push(writer or FilesWriter(self.folder), allowed)

    def sheets(self) -> dict[str, list[dict[str, str]]]:
        """Return the rows of each CSV file."""
        return {
            path.name: list(csv.DictReader(path.read_text().splitlines()))
            for path in sorted(self.folder.glob("*.csv"))
        }

    def lines(self) -> dict[str, list[dict[str, object]]]:
        """Return the rows of each file of JSON lines."""
        return {
            path.name: [json.loads(line) for line in path.read_text().splitlines()]
            for path in sorted(self.folder.glob("*.jsonl"))
        }

    def keys(self) -> Counter[str]:
        """Count in how many rows each key is."""
        return Counter(row["key"] for rows in self.sheets().values() for row in rows)


class DyingError(Exception):
    """The process ends here."""


@dataclass(frozen=True, slots=True)
class Dying:
    """Writes, and dies before it could say so."""

    inner: FilesWriter
    after: bool

    @property
    def capabilities(self) -> frozenset[object]:
        """What can be told."""
        return frozenset(self.inner.capabilities)

    def write(self, batch: str, orders: Sequence[tuple[Order, frozenset[Part]]]) -> str:
        """Die before, or after the files are there."""
        if self.after:
            self.inner.write(batch, orders)
        raise DyingError


@pytest.fixture
def told(books: Books, tmp_path: Path) -> Told:
    """Books with two invoices."""
    day = date(2026, 1, 5)
    books.land(
        a_document("I-1", "100.00", day, day),
        a_document("I-2", "200.00", day, day),
        debtors=[a_debtor("D1")],
    )
    return Told(books, tmp_path / "written")


def test_a_night_s_rows_are_in_two_forms(told: Told) -> None:
    """The sheet and the lines hold the same rows under the columns that are told."""
    told.out.payment("I-1", 40_00, "2026-03-09")
    told.out.dispute("I-2")
    told.out.promise("I-2", "2026-04-01")
    told.push()
    (name,) = told.sheets()
    assert name == "writeback-2026-03-10.csv"
    paid, disputed, promised = told.sheets()[name]
    assert list(paid) == list(COLUMNS)
    assert (paid["amount"], paid["currency"], paid["paid_on"]) == (
        "40.00",
        "EUR",
        "2026-03-09",
    )
    assert paid["number"] == "I-1"
    assert (disputed["is_open"], disputed["reason"]) == ("yes", "PRICE")
    assert promised["promised_on"] == "2026-04-01"
    for line, row in zip(
        told.lines()["writeback-2026-03-10.jsonl"], told.sheets()[name], strict=True
    ):
        assert {one: line[one] or "" for one in ("key", "text", "amount")} == {
            one: row[one] for one in ("key", "text", "amount")
        }


def test_the_same_night_again_changes_nothing(told: Told) -> None:
    """What is written is never written again; what comes later has its own file."""
    told.out.dispute("I-1")
    told.push()
    path = told.folder / "writeback-2026-03-10.csv"
    before = path.read_bytes(), path.stat().st_mtime_ns
    told.push()
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before
    told.out.dispute("I-2")
    told.push()
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before
    assert set(told.sheets()) == {path.name, "writeback-2026-03-10-2.csv"}
    assert set(told.keys().values()) == {1}


@pytest.mark.parametrize("after", [False, True])
def test_cut_off_it_is_the_same_file(told: Told, *, after: bool) -> None:
    """Cut off before or after the file was there: one file, each row once."""
    first = told.out.dispute("I-1")
    with pytest.raises(DyingError):
        told.push(Dying(FilesWriter(told.folder), after))
    assert told.out.state(first) is WriteState.WRITING
    there = [path.read_bytes() for path in sorted(told.folder.glob("*"))]
    told.out.dispute("I-2")
    told.now += timedelta(days=1)
    told.push()
    if after:
        assert [
            path.read_bytes() for path in sorted(told.folder.glob("*2026-03-10*"))
        ] == there
    assert set(told.sheets()) == {
        "writeback-2026-03-10.csv",
        "writeback-2026-03-11.csv",
    }
    assert len(told.keys()) == 2
    assert set(told.keys().values()) == {1}
    assert told.out.state(first) is WriteState.WRITTEN


def test_what_is_not_allowed_is_words_alone(told: Told) -> None:
    """Notes alone: a row with its text, and nothing that a program would book."""
    told.out.payment("I-1", 40_00, "2026-03-09")
    told.push(allowed=frozenset({Part.NOTE}))
    ((row,),) = told.sheets().values()
    assert row["kind"] == "note"
    assert row["text"] == "What happened."
    assert not row["amount"]
    assert not row["paid_on"]


def test_a_text_is_no_formula(told: Told) -> None:
    """A spreadsheet shows what a person wrote, and runs nothing."""
    told.out.tell(WriteKind.NOTE, "I-1", {"text": "=HYPERLINK(1)"})
    told.push()
    ((row,),) = told.sheets().values()
    assert row["text"] == "'=HYPERLINK(1)"


def test_a_folder_that_takes_nothing_loses_nothing(told: Told) -> None:
    """The rows wait, and go once the folder is there."""
    told.folder.parent.mkdir(exist_ok=True)
    told.folder.write_text("a file in the folder's place")
    one = told.out.dispute("I-1")
    with pytest.raises(UnwritableFolderError):
        told.push()
    told.folder.unlink()
    told.push()
    assert told.out.state(one) is WriteState.WRITTEN
    assert told.keys() == Counter({told.out.load(one).write_back.key: 1})
