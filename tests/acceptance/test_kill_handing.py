"""Killed at any instant and started again, a case is handed over exactly once.

The agency writes down each case it is given, twice if it is given twice. Whoever tells
it is killed with -9 at fifty random instants: before, while and after it is told, and
before what it answered is stored.
"""

import json
import os
import subprocess
import sys
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

from app.postgres.server import ServerAddress
from ledger.cases import Case, CaseItem, CaseState
from ledger.reminders import Attachment
from ledger.store import cases
from ledger.store.session import Database
from ledger.testing import EUR, Books, a_debtor, a_document
from outsourced_ar.collecting import placing
from outsourced_ar.collecting.cases import CaseFacts
from outsourced_ar.collecting.placing import HANDOVER, Said, Way
from tests.acceptance import child_handing
from tests.integration.reminding import debtor_key, document_key

ROOT = Path(__file__).parents[2]
SEED = int(os.environ.get("KILL_SEED", "20260326"))
KILLS = 50
CASES = 160
DAY = date(2026, 3, 26)


def submitted(books: Books, count: int) -> None:
    """Place so many cases that nobody was told of yet."""
    numbers = [f"I{number}" for number in range(count)]
    books.land(
        *(a_document(one, "10.00", date(2026, 1, 5), DAY) for one in numbers),
        debtors=[a_debtor()],
    )
    files = (Attachment("packet.json", "application/json", b"{}"),)
    with books.database.tenant(books.tenant.scope) as session:
        cases.lock_debtor(session, debtor_key(books))
        for number in numbers:
            item = CaseItem(
                document_id=document_key(books, number),
                number=number,
                placed_minor=10_00,
            )
            draft = cases.propose(
                session,
                Case(
                    reference="",
                    agency="strand",
                    debtor_id=debtor_key(books),
                    currency=EUR,
                    items=(item,),
                    state=CaseState.DRAFT,
                    opened_on=DAY,
                ),
                books.now,
                mandate_id=None,
                by="test",
            )
            said = Said(by="test", at=books.now, on=DAY, key="placed")
            facts = CaseFacts(outstanding_minor=10_00)
            placing.place(session, draft, facts, said, files=files, terms={})


def start(
    address: ServerAddress, task: str, arguments: dict[str, Any]
) -> "subprocess.Popen[str]":
    """Start a task in a process of its own."""
    url = address.worker_url().render_as_string(hide_password=False)
    return subprocess.Popen(
        [sys.executable, child_handing.__file__, task, json.dumps(arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, child_handing.URL: url, "PYTHONPATH": str(ROOT)},
    )


def answer(child: "subprocess.Popen[str]") -> Any:  # noqa: ANN401 - what JSON holds
    """Wait for a process and return what it says."""
    out, error = child.communicate(timeout=300)
    assert child.returncode == 0, error
    return json.loads(out)


def ways(books: Books) -> Counter[str]:
    """Count cases by how far their handover is."""
    with books.database.tenant(books.tenant.scope) as session:
        return Counter(str(one.details[HANDOVER]) for one in cases.listing(session))


def test_each_case_is_in_the_agencys_book_exactly_once(
    server: ServerAddress, database: Database, tmp_path: Path
) -> None:
    """Fifty kills lose no case and hand none over twice, and each row says so."""
    books = Books.open(database)
    submitted(books, CASES)
    book = tmp_path / "book"
    arguments = {
        "tenant": books.tenant.slug,
        "book": str(book),
        "seed": SEED,
        "kills": KILLS,
    }
    found = answer(start(server, "killed", arguments))
    written = Counter(book.read_text().split())
    left = found["handed"]
    print(f"seed {SEED}: {CASES - left} cases before the last run, {left} in it")  # noqa: T201
    assert found["waiting"] == 0
    assert len(written) == CASES, f"seed {SEED}"
    assert max(written.values()) == 1, f"seed {SEED}"
    assert ways(books) == {str(Way.DONE): CASES}
    assert left < CASES, "no kill struck while cases were under way"


def test_two_processes_at_once_hand_each_case_over_once(
    server: ServerAddress, database: Database, tmp_path: Path
) -> None:
    """Whoever comes second waits, and finds nothing left."""
    books = Books.open(database)
    submitted(books, 10)
    book = tmp_path / "book"
    arguments = {"tenant": books.tenant.slug, "book": str(book)}
    children = [start(server, "handed", arguments) for _ in range(2)]
    counts = sorted(answer(child)["handed"] for child in children)
    assert counts == [0, 10]
    assert max(Counter(book.read_text().split()).values()) == 1
