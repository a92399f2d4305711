"""Documents of Tryton's read again by their keys land as their own lists would."""

import json
from datetime import date
from typing import Any

import httpx
import pytest

from connectors.http import Seam
from connectors.tryton import TrytonConnector
from connectors.tryton_books import Books as TrytonBooks
from connectors.tryton_books import Session
from ledger.ids import SourceId
from ledger.records import DocumentKind, DocumentRef
from ledger.secret import Secret
from ledger.store import problems
from ledger.testing import Books, NoRates
from sync.pull import Sync
from sync.result import RunResult
from tests.answers import owed
from tests.cli.tryton_proxy import ADDRESS, DATABASE, PASSWORD, USER, TrytonProxy
from tests.seams import MovingClock

LATE = date(2099, 12, 31)
INVOICES, SETS = (
    f"model.account.{name}.search_read" for name in ("invoice", "move.reconciliation")
)
PAYMENTS = (39, 41, 43, 47)


class Office:
    """Books of ours, and a recorded Tryton whose records may be spoilt."""

    def __init__(self, books: Books) -> None:
        """Nothing is read yet."""
        self.books = books
        self.clock = MovingClock()
        self.recorded = TrytonProxy()
        self.spoilt: dict[str, int] = {}

    def answer(self, request: httpx.Request) -> httpx.Response:
        """Answer as recorded, but for what is spoilt."""
        asked = json.loads(request.content)
        signed = request.headers.get("authorization", "").removeprefix("Session ")
        status, body = self.recorded.answer(request.url.path, asked, signed)
        answer = json.loads(body)
        for one in answer["result"] if asked["method"] in self.spoilt else ():
            if one["id"] == self.spoilt[asked["method"]]:
                # What every shape holds, as none reads it.
                one.update({"currency.": "none", "lines.": "none", "party.": "none"})
        return httpx.Response(status, json=answer)

    def sync(self, *refs: DocumentRef, full: bool = False) -> RunResult:
        """Read what is new, or some documents again."""
        way: dict[str, Any] = {
            "base_url": ADDRESS,
            "name": "Tryton",
            "clock": self.clock,
            "transport": httpx.MockTransport(self.answer),
            "allow_plain_http": True,
        }
        with Seam(**way) as bare:
            session = Session(
                bare, database=DATABASE, user=USER, password=Secret(PASSWORD)
            )
            with Seam(**way, authenticator=session) as seam:
                self.clock.sleep(3_600)
                sync = Sync(
                    database=self.books.database,
                    tenant=self.books.tenant,
                    connection=self.books.connection,
                    connector=TrytonConnector(TrytonBooks(seam, DATABASE)),
                    clock=self.clock,
                    rates=NoRates(),
                    full=full,
                )
                return sync.touch(refs) if refs else sync.run()

    def problems(self) -> list[tuple[str, str | None]]:
        """Return list and key of what could not be read."""
        with self.books.database.tenant(self.books.tenant.scope) as session:
            found = problems.load_open(session, self.books.connection.id)
        return [(one.resource, one.problem.source_ref) for one in found]


@pytest.fixture
def office(books: Books) -> Office:
    """Books into which the recorded Tryton was read once."""
    made = Office(books)
    assert made.sync().message == ""
    assert made.problems() == []
    return made


def invoice(key: int) -> DocumentRef:
    """Name an invoice."""
    return DocumentRef(DocumentKind.INVOICE, SourceId(str(key)))


def payment(key: int) -> DocumentRef:
    """Name a payment."""
    return DocumentRef(DocumentKind.PAYMENT, SourceId(str(key)))


def test_what_did_not_change_is_read_again_the_same(office: Office) -> None:
    """Invoices, credit notes and lines come with all that settles them."""
    before = owed(office.books, LATE)
    notes = [DocumentRef(DocumentKind.CREDIT_NOTE, SourceId("12"))]
    refs = [*map(invoice, range(1, 12)), *notes, *map(payment, PAYMENTS)]
    result = office.sync(*refs)
    assert result.message == ""
    assert sum(step.moved for step in result.steps) == 0
    assert owed(office.books, LATE) == before


def test_a_problem_is_known_under_its_own_list(office: Office) -> None:
    """The next reading of that list that finds the record in order ends it."""
    office.spoilt = {INVOICES: 2}
    office.sync(invoice(2))
    assert office.problems() == [("invoices", "2")]
    office.spoilt = {}
    # The recorded server names all as changed.
    assert office.sync().message == ""
    assert office.problems() == []


def test_reading_again_ends_what_a_list_found(office: Office) -> None:
    """A document that is in order by its key is in order."""
    office.spoilt = {INVOICES: 2}
    office.sync(full=True)
    assert office.problems() == [("invoices", "2")]
    office.spoilt = {}
    office.sync(invoice(2))
    assert office.problems() == []


def test_a_full_reading_of_its_list_ends_it(office: Office) -> None:
    """A reconciliation is found wrong beside an invoice, and right by itself."""
    office.spoilt = {SETS: 1}
    office.sync(invoice(2))
    assert office.problems() == [("allocations", "reconciliation 1")]
    office.spoilt = {}
    office.sync(full=True)
    assert office.problems() == []
