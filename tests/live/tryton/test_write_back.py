"""What a running Tryton was told is there, once, whenever the writer dies.

Looked at by calls of the tests' own, not by what wrote it.
"""

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest

from app.postgres.server import ServerAddress
from connectors.tryton import TrytonConnector
from ledger.outbox import WriteState
from ledger.proof import ProofState
from ledger.store import written_back
from ledger.store.session import Database
from ledger.testing import Books
from sync.delivery import CUT_OFF, MISSING, THERE
from tests.cli.command_line import DONE, Desk
from tests.integration.test_kill_writing import answer, start
from tests.live.tryton import server as programs
from tests.live.tryton.server import Tryton
from tests.live.tryton.test_connector import CLOCK, connected, night
from tests.writing import Outgoing

pytestmark = pytest.mark.live

KILLS: Final = int(os.environ.get("KILLS", "50"))
TIMES: Final = 10
"""So often each invoice is paid a little, and promised."""
SEED: Final = int(os.environ.get("KILL_SEED", "20261122"))
PAID_ON: Final = "2026-07-01"
AFTER: Final = date.today() + timedelta(days=1)  # noqa: DTZ011, TID251
"""A day after the books' last."""
A_DAY: Final = {"__class__": "timedelta", "seconds": 86_400}


@dataclass(slots=True)
class Office:
    """A tenant that has read a running Tryton, and what it tells it."""

    tryton: Tryton
    context: dict[str, Any]
    books: Books
    out: Outgoing
    connector: TrytonConnector

    @property
    def writer(self) -> Any:
        """What writes to it."""
        return self.connector.writer({"method": "Bank"})

    def key(self, name: str) -> str:
        """Return the key of an invoice that was made."""
        return str(self.tryton.made["invoices"][name]["id"])

    def ask(self, model: str, domain: list[Any], fields: list[str]) -> Any:
        """Ask Tryton directly."""
        return self.tryton.call(
            f"model.{model}.search_read", domain, 0, 1_000, None, fields, self.context
        )

    def notes(self, invoice: str, key: str) -> list[str]:
        """Return the notes on an invoice that carry a key."""
        found = self.ask(
            "ir.note", [["resource", "=", f"account.invoice,{invoice}"]], ["message"]
        )
        return [one["message"] for one in found if key in one["message"]]

    def moves(self, key: str) -> list[dict[str, Any]]:
        """Return the moves whose description carries a key."""
        found = self.ask("account.move", [], ["description", "state", "date"])
        return [one for one in found if key in (one["description"] or "")]

    def due(self, invoice: str) -> Decimal:
        """Return what is open of an invoice."""
        (found,) = self.ask(
            "account.invoice", [["id", "=", int(invoice)]], ["amount_to_pay"]
        )
        return Decimal(found["amount_to_pay"]["decimal"])

    def dun(self, *invoices: str) -> None:
        """Let Tryton remind of invoices itself."""
        call, context = self.tryton.call, self.context
        level = {"sequence": 1, "overdue": A_DAY}
        (procedure,) = call(
            "model.account.dunning.procedure.create",
            [{"name": "Usual", "levels": [["create", [level]]]}],
            context,
        )
        (made,) = self.ask("account.dunning.level", [["procedure", "=", procedure]], [])
        for invoice in invoices:
            (one,) = self.ask(
                "account.invoice", [["id", "=", int(invoice)]], ["lines_to_pay"]
            )
            values = [
                {"line": line, "procedure": procedure, "level": made["id"]}
                for line in one["lines_to_pay"]
            ]
            call("model.account.dunning.create", values, context)

    def blocked(self, invoice: str) -> set[bool]:
        """Return whether Tryton's reminders of an invoice are blocked."""
        found = self.ask(
            "account.dunning",
            [["line.move.origin", "=", f"account.invoice,{invoice}"]],
            ["blocked"],
        )
        return {bool(one["blocked"]) for one in found}

    def set_blocked(self, invoice: str, *, blocked: bool) -> None:
        """Do what a bookkeeper does."""
        found = self.ask(
            "account.dunning",
            [["line.move.origin", "=", f"account.invoice,{invoice}"]],
            [],
        )
        keys = [one["id"] for one in found]
        self.tryton.call(
            "model.account.dunning.write", keys, {"blocked": blocked}, self.context
        )


@pytest.fixture
def office(tryton: Tryton, database: Database) -> Iterator[Office]:
    """A tenant that has read everything."""
    books = Books.open(database)
    with connected(tryton) as connector:
        night(books, connector)
        yield Office(tryton, tryton.log_in(), books, Outgoing(books, CLOCK), connector)


def test_a_dispute_a_promise_and_a_payment_are_seen_there(office: Office) -> None:
    """Each has its note; reminders are blocked; the money is booked and reads back."""
    disputed, promised = office.key("open halves"), office.key("just posted")
    paid = office.key("part paid")
    office.dun(disputed)
    dispute = office.out.dispute(disputed)
    promise = office.out.promise(promised, "2026-12-01")
    payment = office.out.payment(paid, 25_00, PAID_ON)
    result = office.out.push(office.writer)
    assert result.error is None
    assert result.states == {WriteState.WRITTEN: 3}, [
        office.out.words(one) for one in (dispute, promise, payment)
    ]
    for invoice, key in zip((disputed, promised, paid), office.out.keys, strict=True):
        assert office.notes(invoice, key) == [f"What happened. [{key}]"]
    assert office.blocked(disputed) == {True}
    (move,) = office.moves(office.out.keys[2])
    assert move["state"] == "posted"
    assert move["date"] == {"__class__": "date", "year": 2026, "month": 7, "day": 1}
    assert office.due(paid) == Decimal("35.00")

    read, state = night(office.books, office.connector)
    assert not read.message
    assert state is ProofState.PROVED
    remote_id = office.out.load(payment).write_back.remote_id
    with office.books.ask(date(2099, 1, 1)) as asked:
        (row,) = asked.session.execute(
            "SELECT total_minor FROM document WHERE tenant_id = :tenant_id "
            "AND kind = 'payment' AND source_id = :key",
            {"key": remote_id},
        )
    assert row.total_minor == 25_00


def test_a_dispute_that_ended_lets_reminders_go_on(office: Office) -> None:
    """Blocked by us, it is let go by us; blocked by a person, it stays."""
    ours, theirs = office.key("open halves"), office.key("just posted")
    office.dun(ours, theirs)
    office.set_blocked(theirs, blocked=True)
    for invoice in (ours, theirs):
        office.out.dispute(invoice)
    office.out.push(office.writer)
    assert office.blocked(ours) == office.blocked(theirs) == {True}
    ended = [office.out.dispute(one, is_open=False) for one in (ours, theirs)]
    office.out.push(office.writer)
    assert office.blocked(ours) == {False}
    assert office.blocked(theirs) == {True}
    assert [office.out.state(one) for one in ended] == [
        WriteState.WRITTEN,
        WriteState.CONFLICT,
    ]


def test_a_dispute_that_is_closed_there_is_found(office: Office) -> None:
    """Somebody lets the reminders go on in Tryton: it is told, once."""
    invoice = office.key("open halves")
    office.dun(invoice)
    dispute = office.out.dispute(invoice)
    assert office.out.push(office.writer).changed_there == 0
    office.set_blocked(invoice, blocked=False)
    assert office.out.push(office.writer).changed_there == 1
    assert office.out.push(office.writer).changed_there == 0
    with office.books.database.tenant(office.books.tenant.scope) as session:
        (found,) = written_back.changed_there(session)
    assert found.write_back.id == dispute
    assert (found.ours, found.there) == ({"blocked": "yes"}, {"blocked": "no"})


def test_without_a_dunning_the_note_stands_alone(office: Office) -> None:
    """Tryton has nothing to block, and the note says what happened."""
    invoice = office.key("just posted")
    dispute = office.out.dispute(invoice)
    office.out.push(office.writer)
    assert office.out.state(dispute) is WriteState.WRITTEN
    assert "no dunning" in office.out.words(dispute)
    assert office.notes(invoice, office.out.keys[0])


def test_tryton_s_refusals_are_results(office: Office) -> None:
    """More than is open, a year that is not there, a way to be paid nobody made."""
    invoice = office.key("just posted")
    much = office.out.payment(invoice, 20_00, PAID_ON)
    early = office.out.payment(invoice, 5_00, "2019-01-01")
    office.out.push(office.writer)
    assert office.out.state(much) is WriteState.REFUSED
    assert office.out.state(early) is WriteState.REFUSED
    assert office.out.words(early).startswith("Tryton answered")
    unnamed = office.out.payment(invoice, 5_00, PAID_ON)
    office.out.push(office.connector.writer({}))
    assert "--method" in office.out.words(unnamed)
    assert office.due(invoice) == Decimal("19.90")


def test_what_is_gone_is_no_retry(office: Office) -> None:
    """A document that Tryton never had is a tombstone."""
    invoice = office.key("just posted")
    one = office.out.promise(invoice, "2026-12-01")
    with office.books.database.tenant(office.books.tenant.scope) as session:
        session.execute(
            "UPDATE document SET source_id = '999999' WHERE tenant_id = :tenant_id "
            "AND kind = 'invoice' AND source_id = :key",
            {"key": invoice},
        )
    office.out.push(office.writer)
    assert office.out.state(one) is WriteState.GONE


def test_the_command_line_writes_what_was_decided(
    tryton: Tryton, tmp_path: Path
) -> None:
    """Entered, told by the night and seen in Tryton; connected anew, still allowed."""
    secret = tmp_path / "password"
    secret.write_text(f"{programs.PASSWORD}\n")
    number = tryton.invoice("open halves")
    party = tryton.made["invoices"]["open halves"]["party"]
    desk = Desk(tmp_path / "desk" / "home", today=AFTER.isoformat())
    desk.home.parent.mkdir()
    connect = (
        *("connect", "acme", "tryton", "--url", f"http://127.0.0.1:{tryton.port}"),
        *("--database", "books", "--user", programs.USER, "--secret-file", secret),
    )
    try:
        desk.expect(DONE, "init")
        desk.add_tenant("acme")
        desk.expect(DONE, *connect)
        desk.expect(DONE, "sync", "acme")
        allow = ("--allow", "notes,fields,payments", "--method", "Bank")
        desk.expect(DONE, "writebacks", "acme", *allow, "--by", "Mara")
        desk.expect(DONE, *connect)
        what = ("--invoice", number, "--amount", "100.00", "--reason", "PRICE")
        desk.expect(DONE, "stop", "add", "acme", "dispute", party, *what)
        assert "1 written" in desk.expect(DONE, "night", "acme").text
        (one,) = desk.expect(DONE, "writebacks", "acme", "--format", "json").json[
            "items"
        ]
    finally:
        desk.dispose()
    assert one["state"] == "written"
    context = tryton.log_in()
    notes = tryton.call(
        "model.ir.note.search_read", [], 0, 10, None, ["message", "resource"], context
    )
    key = tryton.made["invoices"]["open halves"]["id"]
    (note,) = [note for note in notes if one["key"] in note["message"]]
    assert note["resource"] == f"account.invoice,{key}"
    assert "100.00" in note["message"]


def test_killed_at_any_instant_each_is_there_once(
    office: Office, server: ServerAddress
) -> None:
    """Fifty kills, some between its commit and ours: one note, one payment each."""
    invoices = [office.key(name) for name in ("open halves", "just posted")]
    invoices += [office.key("first half paid"), office.key("part paid")]
    office.dun(*invoices)
    before = {one: office.due(one) for one in invoices}
    told: dict[str, str] = {}
    payments: list[str] = []
    for _ in range(TIMES):
        for invoice in invoices:
            office.out.payment(invoice, 1_00, PAID_ON)
            payments.append(office.out.keys[-1])
            told[office.out.keys[-1]] = invoice
            office.out.promise(invoice, "2026-12-01")
            told[office.out.keys[-1]] = invoice
    for invoice in invoices:
        office.out.dispute(invoice)
        told[office.out.keys[-1]] = invoice
    arguments = {
        "system": "tryton",
        "tenant": office.books.tenant.slug,
        "url": f"http://127.0.0.1:{office.tryton.port}",
        "user": programs.USER,
        "password": programs.PASSWORD,
        "at": CLOCK.now().isoformat(),
        "seed": SEED,
        "kills_max": KILLS,
        "calls_most": 3,
        "longest_s": 0.5,
    }
    kills = answer(start(server, "killed", arguments))["kills"]

    with office.books.database.tenant(office.books.tenant.scope) as session:
        stored = written_back.listing(session)
        noted = [
            event.words
            for one in stored
            for event in written_back.events(session, one.id)
        ]
    cut_off = [one for one in noted if one.startswith(CUT_OFF)]
    there = sum(THERE in one for one in cut_off)
    missing = sum(MISSING in one for one in cut_off)
    print(  # noqa: T201 - pytest shows it when it matters
        f"seed {SEED}: {kills} kills, {len(cut_off)} cut off, {there} of them there, "
        f"{missing} not there"
    )
    assert Counter(one.write_back.state for one in stored) == {
        WriteState.WRITTEN: len(told)
    }
    for key, invoice in told.items():
        assert len(office.notes(invoice, key)) == 1, key
    for key in payments:
        assert len(office.moves(key)) == 1, key
    for invoice in invoices:
        assert office.due(invoice) == before[invoice] - TIMES
        assert office.blocked(invoice) == {True}
    assert kills == KILLS
    assert there >= 1
    read, state = night(office.books, office.connector)
    assert not read.message
    assert state is ProofState.PROVED
