"""A night of escalation killed at any instant, or lived twice at once, is one night.

At thirty random instants the process that judges, decides, places, hands over and
charges is killed with -9 and started again. The agency writes down each case it is
given, twice if it is given twice.
"""

import json
import os
import subprocess
import sys
from collections import Counter
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from app.postgres.server import ServerAddress
from ledger.cases import CaseState
from ledger.store import audit
from ledger.store.session import Database
from outsourced_ar.collecting.placing import HANDOVER
from outsourced_ar.rule_files import packaged
from tests.acceptance import child_escalating
from tests.acceptance.child_handing import URL
from tests.integration.escalation import DUE, Office
from tests.integration.reminding import a_customer, document_key, read_whole

ROOT = Path(__file__).parents[2]
SEED = int(os.environ.get("KILL_SEED", "20260326"))
KILLS = 30
DEBTORS = 30
PLACED = date(2026, 3, 26)


def start(
    address: ServerAddress, task: str, arguments: dict[str, Any]
) -> "subprocess.Popen[str]":
    """Start a task in a process of its own."""
    url = address.worker_url().render_as_string(hide_password=False)
    return subprocess.Popen(
        [sys.executable, child_escalating.__file__, task, json.dumps(arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, URL: url, "PYTHONPATH": str(ROOT)},
    )


def answer(child: "subprocess.Popen[str]") -> Any:  # noqa: ANN401 - what JSON holds
    """Wait for a process and return what it says."""
    out, error = child.communicate(timeout=400)
    assert child.returncode == 0, error
    return json.loads(out)


def ripe(database: Database, folder: Path, count: int) -> Office:
    """Let so many debtors be demanded, each to be placed on one night."""
    office = Office.open(database, folder)
    demanding = packaged("policy.toml").replace(
        'show = "off"', 'show = "demand"\nlaw = "creditor"'
    )
    office.save("policy", demanding)
    for number in range(count):
        office.invoice(f"I{number}", "1000.00", debtor=a_customer(f"D{number}"))
    office.live(DUE, PLACED - timedelta(days=1))
    assert office.cases() == []
    read_whole(office.books, office.clock(PLACED).now())
    return office


def rows(office: Office, sql: str) -> Counter[tuple[Any, ...]]:
    """Ask the database itself, and count."""
    with office.session() as session:
        return Counter(tuple(row) for row in session.execute(sql))


def assert_is_one_night(office: Office, book: Path, count: int) -> None:
    """One case, one handover, one charge of a kind, one word to the books: of each."""
    found = office.cases()
    assert len(found) == count
    assert {one.state for one in found} == {CaseState.SUBMITTED}
    assert {str(one.details[HANDOVER]) for one in found} == {"done"}
    documents = {document_key(office.books, f"I{number}") for number in range(count)}
    placed = Counter(item.document_id for one in found for item in one.items)
    assert placed == Counter(dict.fromkeys(documents, 1))
    written = Counter(book.read_text().split())
    assert written == Counter({one.reference: 1 for one in found})

    charged = rows(
        office,
        "SELECT document_id, kind FROM charge WHERE tenant_id = :tenant_id",
    )
    assert charged == Counter(
        {(one, kind): 1 for one in documents for kind in ("interest", "compensation")}
    )
    logged = rows(
        office,
        "SELECT kind, subject FROM event WHERE tenant_id = :tenant_id "
        "AND kind IN ('case.submitted', 'case.handed_over')",
    )
    assert len(logged) == 2 * count
    assert max(logged.values()) == 1
    told = rows(
        office,
        "SELECT document_id, content ->> 'text' FROM write_back "
        "WHERE tenant_id = :tenant_id AND content ->> 'stage' = 'third_party'",
    )
    assert len(told) == 2 * count
    assert max(told.values()) == 1
    with office.session() as session:
        assert audit.verify(session).fault is None


def test_a_night_killed_at_thirty_instants_is_one_night(
    server: ServerAddress, database: Database, tmp_path: Path
) -> None:
    """However often it is cut off, each debtor has one case, and nothing is lost."""
    office = ripe(database, tmp_path / "agency", DEBTORS)
    book = tmp_path / "book"
    arguments = {
        "tenant": office.books.tenant.slug,
        "book": str(book),
        "on": PLACED.isoformat(),
        "seed": SEED,
        "kills": KILLS,
    }
    last = answer(start(server, "killed", arguments))

    assert_is_one_night(office, book, DEBTORS)
    print(f"seed {SEED}: {last} in the last run")  # noqa: T201
    assert last["placed"] < DEBTORS, "no kill struck while cases were being placed"


@pytest.mark.parametrize("processes", [2, 3])
def test_nights_in_processes_at_once_are_one_night(
    server: ServerAddress, database: Database, tmp_path: Path, processes: int
) -> None:
    """Whoever comes second finds it done, and does nothing twice."""
    count = 6
    office = ripe(database, tmp_path / "agency", count)
    book = tmp_path / "book"
    arguments = {
        "tenant": office.books.tenant.slug,
        "book": str(book),
        "on": PLACED.isoformat(),
    }
    children = [start(server, "night", arguments) for _ in range(processes)]
    ended = [answer(child) for child in children]

    assert_is_one_night(office, book, count)
    assert sum(one["placed"] for one in ended) == count
    assert sum(one["handed"] for one in ended) == count
