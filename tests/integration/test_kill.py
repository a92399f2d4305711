"""Killed at any instant and started again, a sync comes to the same ledger."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

import pytest

from app.postgres.server import ServerAddress
from connectors.contract import Progress
from ledger.store.connections import RunState
from ledger.store.session import Database
from tests.file_books import FileBooks
from tests.integration import child_sync

ROOT = Path(__file__).parents[2]
KILLS_MIN = 25
SEED = int(os.environ.get("KILL_SEED", "20240201"))
DAYS = (date(2024, 2, 1), date(2024, 3, 1))

OPEN_ITEMS = """
[open_items]
file = "open*"
complete = true
closure_limit_percent = 60
totals_row = { column = "No", values = ["Total"] }
[open_items.columns]
number = "No"
debtor = "Customer"
debtor_name = "Name"
issued_on = "Date"
due_on = "Due"
open = "Open"
total = "Total"
currency = "Currency"
disputed = "Disputed"
"""
EXPORTS = """
[customers]
file = "cust*"
[customers.columns]
number = "No"
name = "Name"
terms = "Terms"
[invoices]
file = "inv*"
complete = true
closure_limit_percent = 60
rows = "instalments"
[invoices.columns]
number = "No"
debtor = "Customer"
issued_on = "Date"
due_on = "Due"
total = "Total"
currency = "Currency"
[credit_notes]
file = "cred*"
complete = true
closure_limit_percent = 60
[credit_notes.columns]
number = "No"
debtor = "Customer"
issued_on = "Date"
total = "Total"
currency = "Currency"
[payments]
file = "pay*"
complete = true
closure_limit_percent = 60
[payments.columns]
number = "No"
debtor = "Customer"
issued_on = "Date"
total = "Total"
currency = "Currency"
[allocations]
file = "alloc*"
complete = true
kinds = { P = "payment", C = "credit_note" }
[allocations.columns]
id = "Id"
credit = "Credit"
credit_kind = "Kind"
invoice = "Invoice"
amount = "Amount"
currency = "Currency"
applied_on = "Date"
"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Books that were killed again and again, beside the same ones left in peace."""

    kills: int
    undisturbed: FileBooks
    killed: tuple[FileBooks, ...]


def write_exports(books: FileBooks, stage: int) -> None:
    """Write a company's exports; at the second stage some rows are gone or changed."""
    chance = Random(7)  # noqa: S311 - the same company for each books
    gone, changed = (11, 13) if stage else (0, 0)

    def keep(number: int) -> bool:
        return not gone or number % gone != 0

    def amount(number: int, cents: int) -> str:
        more = 100 if changed and number % changed == 0 else 0
        return f"{(cents + more) // 100}.{(cents + more) % 100:02}"

    debtors = 150
    books.write(
        "cust.csv",
        "No,Name,Terms",
        *(f"D{number},Debtor {number},{number % 3 * 10}" for number in range(debtors)),
    )
    invoices, credits_, payments, allocations = [], [], [], []
    for number in range(700):
        debtor = number % (debtors + 5)
        code = "USD" if number % 9 == 0 else "EUR"
        issued = f"2024-01-{number % 28 + 1:02}"
        cents = chance.randrange(1_000, 900_000)
        parts = 1 + number % 3
        for part in range(parts):
            due = "" if parts == 1 else f"2024-0{part + 2}-15"
            total = "broken" if number % 97 == 5 else amount(number, cents)
            if keep(number):
                row = f"I{number},D{debtor},{issued},{due},{total},{code}"
                invoices.append(row)
        if number % 5 == 0:
            total = amount(number, cents // 4)
            credits_.append(f"C{number},D{debtor},{issued},{total},{code}")
            allocations.append(
                f"AC{number},C{number},C,I{number},{total},{code},{issued}"
            )
        if number % 2 == 0 and keep(number + 1):
            total = amount(number, cents // 2)
            payments.append(f"P{number},D{debtor},{issued},{total},{code}")
            target = number if number % 50 else 99_000 + number
            allocations.append(
                f"AP{number},P{number},P,I{target},{total},{code},{issued}"
            )
        if number % 60 == 0:
            invoices.append("")
    header = "No,Customer,Date,Total,Currency"
    books.write("inv.csv", "No,Customer,Date,Due,Total,Currency", *invoices)
    books.write("cred.csv", header, *credits_)
    books.write("pay.csv", header, *payments)
    books.write(
        "alloc.csv", "Id,Credit,Kind,Invoice,Amount,Currency,Date", *allocations
    )


def write_list(books: FileBooks, stage: int) -> None:
    """Write a list of open items; at the second stage some are gone or paid in part."""
    chance = Random(8)  # noqa: S311 - the same company for each books
    rows = []
    for number in range(2_000):
        cents = chance.randrange(-50_000, 900_000)
        if stage and number % 7 == 0:
            continue
        left = cents // 2 if stage and number % 11 == 0 else cents
        amount, total = (f"{one / 100:.2f}" for one in (left, cents))
        disputed = f"{abs(left) / 300:.3f}" if number % 17 == 0 else ""
        issued = "soon" if number % 301 == 300 else f"2024-01-{number % 28 + 1:02}"
        due = "2024-03-15" if stage and number % 13 == 0 else "2024-02-15"
        rows.append(
            f"I{number},D{number % 190},Debtor {number % 190},{issued},{due},"
            f"{amount},{total},{'USD' if number % 9 == 0 else 'EUR'},{disputed}"
        )
    header = "No,Customer,Name,Date,Due,Open,Total,Currency,Disputed"
    books.write("open.csv", header, *rows, "Total,,,,,1.00,,EUR,")


SCENES = {
    "exports": (EXPORTS, write_exports),
    "list": (OPEN_ITEMS, write_list),
}


def child(server: ServerAddress, task: str, arguments: Mapping[str, Any]) -> Any:  # noqa: ANN401 - what JSON holds
    """Run a task in a process of its own."""
    url = server.worker_url().render_as_string(hide_password=False)
    done = subprocess.run(
        [sys.executable, child_sync.__file__, task, json.dumps(arguments)],
        check=False,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, child_sync.URL: url, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def begun(
    database: Database, place: Path, profile: str
) -> tuple[FileBooks, dict[str, Any]]:
    """Open books and return what a child must know of them."""
    books = FileBooks.open(database, place, profile)
    return books, {"tenant": books.tenant.slug, "place": str(place)}


@pytest.fixture(scope="module", params=list(SCENES))
def outcome(
    server: ServerAddress,
    database: Database,
    tmp_path_factory: pytest.TempPathFactory,
    request: pytest.FixtureRequest,
) -> Outcome:
    """Sync files of two stages: once in peace, and in other books under fire."""
    profile, write = SCENES[request.param]
    place = tmp_path_factory.mktemp("kill")
    undisturbed, known = begun(database, place / "peace", profile)
    seconds = []
    for stage, day in enumerate(DAYS):
        write(undisturbed, stage)
        answer = child(server, "timed", {**known, "on": str(day), "seed": 0})
        assert answer["code"] == 0
        seconds.append(answer["seconds"])
    killed: list[FileBooks] = []
    kills = 0
    while kills < KILLS_MIN or not killed:
        books, known = begun(database, place / f"fire{len(killed)}", profile)
        for stage, day in enumerate(DAYS):
            write(books, stage)
            arguments = {
                **known,
                "on": str(day),
                "seed": SEED + 10 * len(killed) + stage,
                "kills_max": 2 * KILLS_MIN,
                "longest_s": seconds[stage] / 2,
            }
            answer = child(server, "killed", arguments)
            assert answer["code"] == 0, arguments
            kills += answer["kills"]
        killed.append(books)
    return Outcome(kills, undisturbed, tuple(killed))


def test_the_ledger_is_the_same(outcome: Outcome) -> None:
    """Documents, allocations, balances, problems: as if nothing had happened."""
    expected = outcome.undisturbed.ledger()
    for name in ("documents", "allocations", "problems", "months"):
        assert expected[name]
    for books in outcome.killed:
        assert books.ledger() == expected, f"seed {SEED}, {outcome.kills} kills"


def test_the_history_is_the_same(outcome: Outcome) -> None:
    """A page that landed twice would leave a version that never was."""
    sql = """SELECT kind, source_id, total_minor, due_on, voided_on
             FROM document_history WHERE tenant_id = :tenant_id"""
    expected = sorted(map(str, outcome.undisturbed.rows(sql)))
    assert expected
    for books in outcome.killed:
        assert sorted(map(str, books.rows(sql))) == expected, f"seed {SEED}"


def test_the_tallies_are_the_same(outcome: Outcome) -> None:
    """Rows read, landed, quarantined, and sums before and after rounding."""
    for books in outcome.killed:
        assert books.tallies() == outcome.undisturbed.tallies(), f"seed {SEED}"


def test_it_was_killed_often_enough(outcome: Outcome) -> None:
    """The instants are spread over the whole of the run."""
    print(f"seed {SEED}: {outcome.kills} kills, {len(outcome.killed)} ledgers")  # noqa: T201 - pytest shows it when it matters
    assert outcome.kills >= KILLS_MIN


def test_after_the_last_run_everything_is_unchanged(outcome: Outcome) -> None:
    """The cursors stand at the end of each file."""
    for books in outcome.killed:
        result = books.sync(DAYS[-1])
        assert result.state is RunState.COMPLETED
        assert {step.note for step in result.steps} == {"unchanged"}


class CutOffError(Exception):
    """The power fails."""


def cut_off_after(books: FileBooks, pages: int) -> bool:
    """Run a sync that breaks off once so many pages have landed; say if it did."""
    left = pages

    def landed(label: str, progress: Progress) -> None:
        del label, progress
        nonlocal left
        left -= 1
        if not left:
            raise CutOffError

    try:
        books.sync(DAYS[0], watch=landed)
    except CutOffError:
        return True
    return False


HEADER = "No,Customer,Date,Due,Total,Currency"
INVOICES = EXPORTS[EXPORTS.index("[invoices]") : EXPORTS.index("[credit_notes]")]
INVOICES = INVOICES.replace('rows = "instalments"', "")
LONG = [f"I{number},D{number % 7},2024-01-01,,1.00,EUR" for number in range(7_000)]
"""More rows than a page holds."""


def cut_and_whole(
    database: Database, place: Path, *more: str
) -> Iterator[tuple[FileBooks, FileBooks]]:
    """Yield books cut off after each of their pages, beside the same read in peace."""
    whole = FileBooks.open(database, place / "whole", INVOICES)
    whole.write("inv.csv", HEADER, *LONG, *more)
    whole.sync(DAYS[0])
    for pages in count(1):
        books = FileBooks.open(database, place / str(pages), INVOICES)
        books.write("inv.csv", HEADER, *LONG, *more)
        if not cut_off_after(books, pages):
            assert pages > 2
            return
        books.sync(DAYS[0])
        yield books, whole


@pytest.mark.parametrize(
    "again",
    [
        LONG[17],
        LONG[17].replace("1.00", "999.00"),
        LONG[17].replace("1.00", "broken"),
        "",
    ],
)
def test_a_cut_after_any_page_leaves_the_same_ledger(
    database: Database, tmp_path: Path, again: str
) -> None:
    """Rows that say again what a page before the cut said are known as such."""
    for books, whole in cut_and_whole(database, tmp_path, again):
        assert books.ledger() == whole.ledger()


def test_a_cut_after_any_page_leaves_the_same_tallies(
    database: Database, tmp_path: Path
) -> None:
    """What landed before the cut is not counted again."""
    for books, whole in cut_and_whole(database, tmp_path, LONG[17]):
        assert books.tallies() == whole.tallies()
