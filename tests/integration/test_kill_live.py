"""Killed at any instant and started again, a live system's sync ends in one ledger."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import Any, Final

import pytest

from app.postgres.server import ServerAddress
from ledger.store.session import Database
from sync.conformance.case import Case
from tests.connectors.xero.double import XeroDouble
from tests.file_books import LEDGER
from tests.integration import child_live, child_sync

ROOT: Final = Path(__file__).parents[2]
KILLS_MIN: Final = int(os.environ.get("KILLS", "100"))
SEED: Final = int(os.environ.get("KILL_SEED", "20240201"))
KILLS_A_READING: Final = 14
SHARES: Final = (0.35, 1.0)
"""How long a killed sync may live at each stage, of the time an undisturbed one takes:
the first reading goes on where it stopped, the comparison after it begins again."""

HISTORY = """
SELECT kind, source_id, total_minor, due_on, voided_on
FROM document_history WHERE tenant_id = :tenant_id"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Ledgers whose syncs were killed again and again, beside one left in peace."""

    kills: int
    seconds: float
    peace: Case
    fire: tuple[Case, ...]


@pytest.fixture(scope="module")
def outcome(server: ServerAddress, database: Database) -> Outcome:
    """Read an organisation in two stages; between them much happens in its books."""
    with forking(server) as child, XeroDouble(invoices=30) as double:
        invoices = [double.post(90_00 + number) for number in range(40)]
        payments = [double.pay(one) for one in invoices[:10]]
        peace = Case.of(double, database)
        reading = Reading(child, double)
        reading.begin(peace, 0)
        fire: list[Case] = []
        while reading.kills < KILLS_MIN * 2 // 3:
            fire.append(Case.of(double, database))
            reading.disturb(fire[-1])
        change(double, invoices, payments)
        reading.begin(peace, 1)
        for case in fire:
            reading.disturb(case)
        for case in cycle(fire):
            if reading.kills >= KILLS_MIN:
                break
            reading.disturb(case)
        return Outcome(reading.kills, reading.seconds, peace, tuple(fire))


@contextmanager
def forking(server: ServerAddress) -> Iterator[subprocess.Popen[str]]:
    """Start the process whose forks are killed."""
    address = server.worker_url().render_as_string(hide_password=False)
    with subprocess.Popen(
        [sys.executable, child_live.__file__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, child_sync.URL: address, "PYTHONPATH": str(ROOT)},
    ) as child:
        yield child


@dataclass(slots=True)
class Reading:
    """Reads the books by forks of a process of its own, left in peace or killed."""

    child: subprocess.Popen[str]
    double: XeroDouble
    kills: int = 0
    seconds: float = 0
    longest_s: float = 0
    seed: int = SEED

    def begin(self, peace: Case, stage: int) -> None:
        """An hour later read in peace, and see how long that takes."""
        self.double.clock.advance(3_600)
        answer = self._child(peace, kills_max=0)
        self.longest_s = answer["seconds"] * SHARES[stage]

    def disturb(self, case: Case) -> None:
        """Read again and again, each killed at another instant, until one ends."""
        self.seed += 1
        answer = self._child(case, kills_max=KILLS_A_READING)
        self.kills += answer["kills"]
        self.seconds += answer["seconds"]

    def _child(self, case: Case, *, kills_max: int) -> dict[str, Any]:
        # Gives the tenant its tokens, where it has none.
        case.connector()
        arguments = {
            "tenant": case.books.tenant.slug,
            "organisation": self.double.simulator.tenant_id,
            "url": self.double.url,
            "at": self.double.clock.now.isoformat(),
            "seed": self.seed,
            "kills_max": kills_max,
            "longest_s": self.longest_s,
        }
        assert self.child.stdin is not None
        assert self.child.stdout is not None
        self.child.stdin.write(f"{json.dumps(arguments)}\n")
        self.child.stdin.flush()
        answer: dict[str, Any] = json.loads(self.child.stdout.readline())
        assert answer["code"] == 0, arguments
        return answer


def change(double: XeroDouble, invoices: list[str], payments: list[str]) -> None:
    """Let much happen in the books, some of it untold."""
    for payment in payments[:5]:
        double.unpay(payment)
    for invoice in invoices[10:20]:
        double.pay(invoice, 30_00)
    double.void(invoices[20])
    with double.untold():
        for invoice in invoices[21:30]:
            double.pay(invoice)
        double.unpay(payments[5])
        double.delete(invoices[30])
    for number in range(20):
        double.post(5_00 + number)


def held(case: Case, sql: str) -> list[str]:
    """Return what a question finds, in a fixed order."""
    with case.books.database.tenant(case.books.tenant.scope) as session:
        return sorted(str(dict(row)) for row in session.execute(sql).mappings())


def test_it_was_killed_often_enough(outcome: Outcome) -> None:
    """The instants are spread over the whole of the runs."""
    print(  # noqa: T201 - pytest shows it when it matters
        f"seed {SEED}: {outcome.kills} kills in {outcome.seconds:.0f} seconds, "
        f"{len(outcome.fire)} ledgers"
    )
    assert outcome.kills >= KILLS_MIN


@pytest.mark.parametrize("part", LEDGER)
def test_the_ledger_is_the_same(outcome: Outcome, part: str) -> None:
    """Documents, allocations, balances, problems: as if nothing had happened."""
    expected = held(outcome.peace, LEDGER[part])
    assert expected or part in {"waiting", "problems", "disputes"}
    for case in outcome.fire:
        assert held(case, LEDGER[part]) == expected, f"seed {SEED}"


def test_the_history_is_the_same(outcome: Outcome) -> None:
    """A page that landed twice would leave a version that never was."""
    expected = held(outcome.peace, HISTORY)
    assert expected
    for case in outcome.fire:
        assert held(case, HISTORY) == expected, f"seed {SEED}"


def test_it_is_what_the_books_hold(outcome: Outcome) -> None:
    """Each killed ledger equals the books, and its figures its facts."""
    for case in outcome.fire:
        assert case.ours() == case.theirs(), f"seed {SEED}"
