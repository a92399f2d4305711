"""`duebridge writebacks`: switched on by the client, pushed, and decided by persons."""

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from tests.cli.command_line import (
    DONE,
    FAILED,
    USAGE,
    Answer,
    Desk,
    assert_is_refused,
)

PROFILE = """
[open_items]
file = "open.csv"
[open_items.columns]
number = "No"
debtor = "Customer"
debtor_name = "Name"
issued_on = "Date"
due_on = "Due"
open = "Open"
currency = "Currency"
"""
ROWS = """\
No,Customer,Name,Date,Due,Open,Currency
I-1,D1,Alder,2026-01-10,2026-02-01,100.00,EUR
I-2,D1,Alder,2026-01-11,2026-02-02,200.00,EUR
"""
ALLOW = ("--allow", "notes,fields", "--by", "Mara")


@dataclass(frozen=True, slots=True)
class Office:
    """A client with two invoices of which one is disputed."""

    desk: Desk
    slug: str
    folder: Path

    def expect(self, code: int, *words: str | Path) -> Answer:
        """Say something about its write-backs that must end with a code."""
        return self.desk.expect(code, "writebacks", self.slug, *words)

    def allow(self, *more: str) -> Answer:
        """Switch writing on."""
        return self.expect(DONE, *ALLOW, "--folder", self.folder, *more)

    def dispute(self, invoice: str) -> None:
        """Enter that an invoice is disputed."""
        what = ("--invoice", invoice, "--reason", "PRICE")
        self.desk.expect(DONE, "stop", "add", self.slug, "dispute", "D1", *what)

    def items(self, *more: str) -> list[Any]:
        """List write-backs, the oldest first."""
        found: list[Any] = self.listed(*more)["items"]
        return found[::-1]

    def listed(self, *more: str) -> dict[str, Any]:
        """Return the listing."""
        return self.expect(DONE, "list", "--format", "json", *more).json

    def states(self) -> list[str]:
        """Return the states of all write-backs."""
        return [one["state"] for one in self.items()]

    def rows(self) -> list[dict[str, str]]:
        """Return the rows of all write-back files."""
        return [
            row
            for path in sorted(self.folder.glob("*.csv"))
            for row in csv.DictReader(path.read_text().splitlines())
        ]

    def tasks(self) -> list[str]:
        """Return what persons are asked about writing."""
        found = self.desk.expect(DONE, "tasks", self.slug, "--format", "json").json
        titles = [one["title"] for one in found["items"]]
        return [one for one in titles if "cannot be written to" in one]


@pytest.fixture
def office(desk: Desk, tmp_path: Path) -> Office:
    """A client of the test's own."""
    books = tmp_path / "books"
    books.mkdir()
    (books / "open.csv").write_text(ROWS)
    (tmp_path / "profile.toml").write_text(PROFILE)
    made = Office(desk, f"office-{uuid4().hex[:8]}", tmp_path / "out")
    desk.add_tenant(made.slug)
    desk.connect(made.slug, books, tmp_path / "profile.toml")
    desk.run("sync", made.slug)
    made.dispute("I-1")
    return made


def test_nothing_is_written_until_it_is_switched_on(office: Office) -> None:
    """Decided before, it is not told; switched on, each night's file has its rows."""
    office.desk.run("night", office.slug)
    assert office.states() == ["waiting"]
    assert office.listed()["writing"][0]["allow"] == []
    assert not list(office.desk.home.glob("written/**/*.csv"))

    assert "fields, notes may be written" in office.allow().text
    assert office.states() == ["discarded"]
    office.dispute("I-2")
    office.desk.run("night", office.slug)
    assert office.states() == ["discarded", "written"]
    (row,) = office.rows()
    assert (row["number"], row["kind"], row["is_open"]) == ("I-2", "dispute", "yes")
    office.desk.run("night", office.slug)
    assert len(office.rows()) == 1


def test_the_last_word_of_the_client_counts(office: Office) -> None:
    """Switched on with a backlog, and off again, nothing goes; then all of it."""
    office.allow("--backlog")
    office.expect(DONE, "--allow", "off", "--by", "Mara")
    assert "Nothing is due" in office.expect(DONE, "push").text
    assert not office.rows()
    office.allow("--backlog")
    assert "1 written" in office.expect(DONE, "push").text
    assert [row["number"] for row in office.rows()] == ["I-1"]


def test_a_person_discards_and_tries_again(office: Office) -> None:
    """Discarded it is not told; tried again it is; written it cannot be."""
    (one,) = office.items()
    number = str(one["id"])
    words = ("--by", "Mara", "--reason", "They know.")
    office.expect(DONE, "discard", number, *words)
    (after,) = office.items("--state", "discarded")
    assert after["words"] == "They know."
    office.expect(DONE, "retry", number, "--by", "Mara")
    office.allow("--backlog")
    office.expect(DONE, "push")
    assert office.states() == ["written"]
    again = office.desk.run("writebacks", office.slug, "retry", number, "--by", "Mara")
    assert_is_refused(again, USAGE, "is written")


def test_a_folder_that_takes_nothing_is_a_task(office: Office) -> None:
    """The push says so, a task too, once; mended, it goes, and the task is done."""
    office.folder.write_text("a file in the folder's place")
    office.allow("--backlog")
    for _ in range(2):
        office.expect(FAILED, "push")
    assert len(office.tasks()) == 1
    office.folder.unlink()
    office.expect(DONE, "push")
    assert [row["number"] for row in office.rows()] == ["I-1"]
    assert not office.tasks()


def test_what_makes_no_sense_is_refused(office: Office) -> None:
    """Refused in words, and nothing is changed."""
    refused = {
        "nothing that can be allowed": ("--allow", "everything", "--by", "Mara"),
        "kept with the name": ("--allow", "notes"),
        "needs numbers": ("retry", "--by", "Mara"),
        "who says so": ("retry", "1"),
        "says nothing by itself": ("list", "1"),
        "no write-back 99999": ("retry", "99999", "--by", "Mara"),
        "no connection": ("push", "--connection", "nowhere"),
    }
    answers = office.desk.run_all(
        {said: ("writebacks", office.slug, *words) for said, words in refused.items()}
    )
    for said, answer in answers.items():
        assert_is_refused(answer, USAGE, said)
    assert office.states() == ["waiting"]
