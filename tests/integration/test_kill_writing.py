"""Killed between a call and its commit, nothing is written twice and nothing is lost.

The organisation forgets idempotency keys at once, so that nothing but looking keeps a
write from being made twice.
"""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest

from app.postgres.server import ServerAddress
from connectors.simulators.faults import meanwhile
from connectors.simulators.xero import faults
from connectors.simulators.xero.model import Document, Status
from ledger.outbox import WriteState
from ledger.store import written_back
from ledger.store.session import Database
from ledger.store.write_backs import StoredWriteBack
from sync.conformance.case import Case
from sync.delivery import CUT_OFF, MISSING, THERE
from tests.connectors.xero.double import XeroDouble
from tests.integration import child_writing
from tests.writing import Outgoing

ROOT: Final = Path(__file__).parents[2]
SEED: Final = int(os.environ.get("KILL_SEED", "20261122"))
KILLS: Final = 50
CALLS_MOST: Final = 8
INVOICES: Final = 50
LONGEST_S: Final = 0.03
"""About as long as a call and its commit take."""
DAY: Final = "2026-02-20"


def start(
    server: ServerAddress, task: str, arguments: Mapping[str, Any]
) -> "subprocess.Popen[str]":
    """Start a task in a process of its own."""
    address = server.worker_url().render_as_string(hide_password=False)
    return subprocess.Popen(
        [sys.executable, child_writing.__file__, task, json.dumps(arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, child_writing.URL: address, "PYTHONPATH": str(ROOT)},
    )


def answer(child: "subprocess.Popen[str]") -> Any:  # noqa: ANN401 - what JSON holds
    """Wait for a process and return what it says."""
    out, error = child.communicate(timeout=400)
    assert child.returncode == 0, error
    return json.loads(out)


@dataclass(frozen=True, slots=True)
class Told:
    """What an organisation is told: a promise, a stage and a payment each invoice."""

    double: XeroDouble
    case: Case
    out: Outgoing
    invoices: tuple[Document, ...]

    @classmethod
    def of(cls, double: XeroDouble, database: Database, count: int) -> "Told":
        """Let a new tenant read an organisation, and tell it all that."""
        books = double.simulator.books
        debtors = [books.add_contact(f"Debtor {number}") for number in range(count)]
        made = [books.post(one, Decimal(100)) for one in debtors]
        case = Case.of(double, database)
        assert not case.sync().message
        out = Outgoing(case.books, case.clock)
        for one in made:
            out.promise(one.id, DAY)
            out.stage(one.id, "final_demand")
            out.payment(one.id, 40_00, "2026-01-14", books.home)
        return cls(double, case, out, tuple(made))

    @property
    def arguments(self) -> dict[str, Any]:
        """What a child must know."""
        return {
            "system": "xero",
            "tenant": self.case.books.tenant.slug,
            "organisation": self.double.simulator.tenant_id,
            "url": self.double.url,
            "at": self.case.clock.now().isoformat(),
        }

    def stored(self) -> list[StoredWriteBack]:
        """Return all write-backs."""
        books = self.case.books
        with books.database.tenant(books.tenant.scope) as session:
            return written_back.listing(session)

    def words(self) -> list[str]:
        """Return all that was noted on the way."""
        books = self.case.books
        with books.database.tenant(books.tenant.scope) as session:
            return [
                event.words
                for one in written_back.listing(session)
                for event in written_back.events(session, one.id)
            ]

    def check_each_is_there_once(self) -> None:
        """Hold the books against what they were told."""
        books = self.double.simulator.books
        history = Counter(
            key
            for one in self.invoices
            for line in books.history[one.id]
            for key in self.out.keys
            if key in line.details
        )
        assert history == Counter(self.out.keys)
        (group,) = books.groups.values()
        assert Counter(one.id for one in group.contacts) == Counter(
            one.contact.id for one in self.invoices
        )
        for one in self.invoices:
            assert [payment.amount for payment in one.payments] == [40], one.number
            assert one.status is Status.AUTHORISED
            assert one.expected_on is not None
        assert {one.write_back.state for one in self.stored()} == {WriteState.WRITTEN}


@pytest.fixture(scope="module")
def killed(server: ServerAddress, database: Database) -> Iterator[tuple[Told, int]]:
    """Write under fire, with answers that get lost, limits and tokens that end."""
    with XeroDouble(invoices=4) as double:
        told = Told.of(double, database, INVOICES)
        for tenant in double.simulator._tenants.values():
            tenant.keys.kept_s = 0
        plan = double.simulator.faults.plan
        for number in range(1, 6):
            plan(faults.lost_answer(), method="PUT", after=17 * number)
            plan(faults.lost_answer(), method="POST", after=9 * number)
            plan(faults.rate_limited(), method="PUT", after=23 * number)
            plan(meanwhile(double.expire), after=61 * number)
        arguments = {
            **told.arguments,
            "seed": SEED,
            "kills_max": KILLS,
            "calls_most": CALLS_MOST,
            "longest_s": LONGEST_S,
        }
        found = answer(start(server, "killed", arguments))
        yield told, found["kills"]


def test_each_is_there_once(killed: tuple[Told, int]) -> None:
    """One note, one payment, one place in a group, whenever the writer died."""
    told, _ = killed
    told.check_each_is_there_once()


def test_it_was_killed_often_enough(killed: tuple[Told, int]) -> None:
    """Some died with the call carried out and not noted, some before it was."""
    told, kills = killed
    cut_off = [one for one in told.words() if one.startswith(CUT_OFF)]
    there = sum(THERE in one for one in cut_off)
    missing = sum(MISSING in one for one in cut_off)
    print(  # noqa: T201 - pytest shows it when it matters
        f"seed {SEED}: {kills} kills, {len(cut_off)} cut off, {there} of them there, "
        f"{missing} not there, {told.double.simulator.faults.left} faults left"
    )
    assert kills == KILLS
    assert there >= 3
    assert len(cut_off) >= 10


def test_two_processes_at_once_write_each_once(
    server: ServerAddress, database: Database
) -> None:
    """Whoever comes second waits, and finds nothing left."""
    with XeroDouble(invoices=4) as double:
        told = Told.of(double, database, 12)
        children = [start(server, "pushed", told.arguments) for _ in range(2)]
        counts = [answer(child)["written"] for child in children]
        told.check_each_is_there_once()
    assert sorted(counts) == [0, 36]
