"""Edge case 40: a crash, a limit, a dead token, a leaking parameter, a lost document.

That a crash after the remote call leaves one remote record is tried by killing, in
`tests/integration/test_kill_writing.py` and, on a running Tryton, in `tests/live`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from connectors.simulators.replies import Request, Response
from connectors.simulators.xero import faults
from connectors.simulators.xero.model import Document
from connectors.writing import Part
from ledger.credentials import CredentialState
from ledger.errors import CredentialError
from ledger.outbox import WriteBackId, WriteKind, WriteState
from ledger.store.session import Database
from sync.conformance.case import Case
from sync.push import PushResult
from tests.connectors.xero.double import XeroDouble, keeping
from tests.writing import ALL, Outgoing

DAY = "2026-02-20"


class Watched(XeroDouble):
    """An organisation that notes what it is asked."""

    def __init__(self) -> None:
        """Found it."""
        self.seen: list[tuple[str, str, dict[str, str]]] = []
        super().__init__(invoices=2)

    def respond(self, request: Request, sleep: Callable[[float], None]) -> Response:
        """Note a call and answer it."""
        self.seen.append((request.method, request.path, dict(request.query)))
        return super().respond(request, sleep)


@dataclass(slots=True)
class Office:
    """An organisation over a real socket, and what it is told."""

    double: Watched
    case: Case
    out: Outgoing
    invoices: list[Document] = field(default_factory=list)

    def push(self, allowed: frozenset[Part] = ALL) -> PushResult:
        """Write what is due, as a new process would."""
        connector: Any = self.case.connector()
        return self.out.push(connector.writer({"account": "090"}), allowed)

    def notes(self, number: int) -> int:
        """Count the notes of ours on an invoice."""
        lines = self.double.simulator.books.history[self.invoices[number].id]
        return sum("db-test" in line.details for line in lines)

    def promises(self) -> list[WriteBackId]:
        """Enter a promise of each invoice."""
        return [self.out.promise(one.id, DAY) for one in self.invoices]

    def states(self, ones: list[WriteBackId]) -> list[WriteState]:
        """Return how far write-backs are."""
        return [self.out.state(one) for one in ones]

    def later(self, **more: float) -> None:
        """Let time pass."""
        self.double.clock.advance(timedelta(**more).total_seconds())


@pytest.fixture
def office(database: Database) -> Iterator[Office]:
    """Four invoices of four debtors, read once."""
    with Watched() as double:
        books = double.simulator.books
        made = [
            books.post(books.add_contact(f"Debtor {number}"), Decimal(100))
            for number in range(4)
        ]
        case = Case.of(double, database)
        assert not case.sync().message
        yield Office(double, case, Outgoing(case.books, case.clock), made)


def test_case_40_a_lost_answer_leaves_one_remote_record(office: Office) -> None:
    """Each first answer is lost; looked for by our key, each note is there once."""
    ones = office.promises()
    office.double.faults.plan(faults.lost_answer(), calls=4, method="PUT")
    for _ in range(6):
        office.push()
        office.later(hours=2)
    assert office.states(ones) == [WriteState.WRITTEN] * 4
    assert [office.notes(number) for number in range(4)] == [1, 1, 1, 1]


def test_case_40_a_limit_goes_on_where_it_stopped(office: Office) -> None:
    """What was written before the limit is not written again, and the rest follows."""
    ones = office.promises()
    office.double.faults.plan(faults.day_limited(), after=2, method="PUT")
    office.push()
    assert office.states(ones) == [WriteState.WRITTEN] * 2 + [WriteState.WAITING] * 2
    office.later(days=1)
    office.push()
    assert office.states(ones) == [WriteState.WRITTEN] * 4
    assert [office.notes(number) for number in range(4)] == [1, 1, 1, 1]


def test_case_40_a_dead_consent_is_told_once(office: Office) -> None:
    """The connection is marked, its owner told once; connected again, all goes on."""
    ones = office.promises()
    office.double.simulator.authority.revoke()
    office.later(hours=1)
    books, clock = office.case.books, office.case.clock
    for _ in range(3):
        assert isinstance(office.push().error, CredentialError)
        office.later(days=1)
    (task,) = office.out.tasks()
    assert "cannot be written to" in task.title
    assert office.states(ones) == [WriteState.WAITING] * 4
    with keeping(office.double.url, books, clock) as keeper:
        credential = keeper.vault.load()
        assert credential is not None
        assert credential.state is CredentialState.RECONNECT_REQUIRED
        office.double.consent(keeper)
    office.push()
    assert office.states(ones) == [WriteState.WRITTEN] * 4
    assert not office.out.tasks()


def test_case_40_each_request_carries_its_own_parameters(office: Office) -> None:
    """Nothing of one call, not even the page of a list, is in the next."""
    office.double.seen.clear()
    office.out.payment(
        office.invoices[0].id, 10_00, "2026-01-14", office.double.simulator.books.home
    )
    office.out.promise(office.invoices[1].id, DAY)
    office.push()
    seen = office.double.seen
    lists = {path.rpartition("/")[2] for _, path, query in seen if "page" in query}
    assert lists == {"Payments", "Invoices"}
    for method, path, query in seen:
        if path.endswith("/Payments") and method == "GET":
            assert set(query) == {"where", "page"}
        elif path.endswith("/Invoices") and method == "GET":
            assert set(query) == {"IDs", "page", "pageSize"}
            assert query["IDs"] == office.invoices[1].id
        elif "/api.xro/" in path:
            assert not query, (method, path)


def test_case_40_a_document_that_is_gone_is_a_tombstone(office: Office) -> None:
    """It is asked for once, and the others are written."""
    ones = office.promises()
    gone = office.invoices[1]
    books = office.double.simulator.books
    del books.documents[gone.kind][gone.id]
    office.push()
    assert office.states(ones) == [
        WriteState.WRITTEN,
        WriteState.GONE,
        WriteState.WRITTEN,
        WriteState.WRITTEN,
    ]
    office.later(days=1)
    assert office.push().states == {}


def test_s18_a_dispute_is_written_back_with_status_reason_and_amount(
    office: Office,
) -> None:
    """Who opens the invoice in the books reads what is disputed, and why."""
    text = "Dispute 12 (PRICE) of 40.00 GBP: open, since 2026-01-15."
    content = {
        "text": text,
        "is_open": True,
        "status": "open",
        "reason": "PRICE",
        "amount_minor": 40_00,
        "currency": "GBP",
    }
    one = office.out.tell(WriteKind.DISPUTE, office.invoices[0].id, content)
    office.push()
    assert office.out.state(one) is WriteState.WRITTEN
    lines = office.double.simulator.books.history[office.invoices[0].id]
    (note,) = [line.details for line in lines if "db-test" in line.details]
    assert note.startswith(text)
