"""Problems come and go with their rows, and proofs say what they prove."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli import company
from tests.cli.command_line import DONE, LEFT_OVER, Answer, Desk

JSON = ("--format", "json")


@pytest.fixture(scope="module")
def told(desk: Desk, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Answer]:
    """Exports with two bad rows, read, mended row by row, and proved each time."""
    folder = tmp_path_factory.mktemp("mended")
    company.write_exports(folder / "books")
    (folder / "profile.toml").write_text(company.EXPORTS_PROFILE)
    desk.add_tenant("mended")
    desk.connect("mended", folder / "books", folder / "profile.toml")
    found: dict[str, Answer] = {}

    def read(name: str) -> None:
        found[f"{name}: sync"] = desk.run("sync", "mended", *JSON)
        found.update(
            desk.run_all(
                {
                    f"{name}: problems": ("problems", "mended", *JSON),
                    f"{name}: prove": ("prove", "mended", *JSON),
                }
            )
        )

    read("first")
    company.mend_date(folder / "books")
    found["date mended: sync"] = desk.run("sync", "mended", *JSON)
    found["date mended: problems"] = desk.run("problems", "mended", *JSON)
    company.mend_amount(folder / "books")
    read("mended")
    found["again: sync"] = desk.run("sync", "mended", *JSON)
    return found


def rows(answer: Answer) -> dict[str, dict[str, Any]]:
    """Return what a sync counted, by file."""
    return {one["label"]: one for one in answer.json["items"]}


def test_reads_what_can_be_read(told: dict[str, Answer]) -> None:
    """Bad rows wait, all others land, and every row is counted."""
    answer = told["first: sync"]
    assert answer.code == LEFT_OVER
    invoices = rows(answer)["invoices.csv"]
    assert invoices["rows"] == 10
    assert invoices["landed"] == 7
    assert invoices["quarantined"] == 2
    assert list(invoices["ignored"].values()) == [1]
    assert invoices["new"] == 6
    assert answer.json["runs"][0]["problems"] == 2


def test_says_what_is_wrong_with_a_row(told: dict[str, Answer]) -> None:
    """A problem has its place, the cell, what to do, and the row as it stands."""
    answer = told["first: problems"]
    assert answer.code == LEFT_OVER
    date_, amount = answer.json["items"]
    assert (date_["place"], date_["record"]) == ("invoices.csv row 9", "I-7")
    assert "Date" in date_["message"]
    assert "'2026-02-31'" in date_["message"]
    assert date_["amount"] == {"amount": "9.00", "currency": "EUR"}
    assert (amount["place"], amount["record"]) == ("invoices.csv row 10", "I-8")
    assert "'12x.00'" in amount["message"]
    assert amount["amount"] is None
    assert amount["raw"]["Amount"] == "12x.00"
    assert date_["remedy"]
    assert amount["remedy"]


def test_forgets_problems_that_were_mended(told: dict[str, Answer]) -> None:
    """Each problem goes when its row is right, and with the last one code 3 does."""
    assert told["date mended: sync"].code == LEFT_OVER
    (left,) = told["date mended: problems"].json["items"]
    assert left["record"] == "I-8"
    assert told["mended: sync"].code == DONE
    assert told["mended: problems"].code == DONE
    assert told["mended: problems"].json["items"] == []


def test_says_unchanged_the_second_time(told: dict[str, Answer]) -> None:
    """With no file touched, nothing is read."""
    answer = told["again: sync"]
    assert answer.code == DONE
    for step in answer.json["items"]:
        assert (step["note"], step["rows"]) == ("unchanged", 0)
    assert "invoices.csv" in rows(answer)


def test_explains_a_difference(told: dict[str, Answer]) -> None:
    """The books' total that holds a bad row differs by it, and the row is named."""
    answer = told["first: prove"]
    assert answer.code == LEFT_OVER
    (one,) = answer.json["items"]
    assert (one["debtor"], one["difference"]["amount"]) == ("2", "9.00")
    assert one["unknown"]["amount"] == "0.00"
    (cause,) = one["explained_by"]
    assert (cause["cause"], cause["record"]) == ("quarantined", "invoices.csv row 9")
    assert answer.json["proofs"][0]["state"] == "explained"


def test_proves_what_equals_the_books(told: dict[str, Answer]) -> None:
    """With all rows right, every balance equals the books' own."""
    answer = told["mended: prove"]
    assert answer.code == DONE
    assert answer.json["items"] == []
    (proof,) = answer.json["proofs"]
    assert proof["state"] == "proved"
    assert proof["as_of"] == "2026-03-31"


@pytest.mark.usefixtures("told")
def test_writes_the_same_proof_again(desk: Desk, tmp_path: Path) -> None:
    """A proof as JSON and as PDF is the same bytes, and a new one has its hash."""
    hashes = []
    for name, last in (("one", ("--last",)), ("two", ("--last",)), ("new", ())):
        files = ("--json", tmp_path / f"{name}.json", "--pdf", tmp_path / f"{name}.pdf")
        answer = desk.expect(DONE, "prove", "mended", *last, *files, *JSON)
        body = json.loads((tmp_path / f"{name}.json").read_text())
        hashes.append(body["content_hash"])
        assert answer.json["proofs"][0] == body
        assert (tmp_path / f"{name}.pdf").read_bytes().startswith(b"%PDF-")
    assert len(set(hashes)) == 1
    for form in ("json", "pdf"):
        written = {
            (tmp_path / f"{name}.{form}").read_bytes() for name in ("one", "two", "new")
        }
        assert len(written) == 1
