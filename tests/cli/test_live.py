"""Books over the network, connected and read from the command line."""

import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from connectors.simulators.xero import (
    UNLIMITED,
    ClientApp,
    Clock,
    SimulatorServer,
    Size,
    XeroSimulator,
    faults,
)
from connectors.simulators.xero.model import Kind, Status
from tests.cli.browser import consent
from tests.cli.command_line import DONE, FAILED, USAGE, Desk, assert_is_refused

CLIENT = "our-app"
CUSTOM = "our-custom-connection"
SECRET = "the-client-s-own-secret"  # noqa: S105 - the simulator's
NOW = datetime.now(UTC)  # noqa: TID251
"""Tokens and limits go by the time of day, so the stand-in must as well."""
TODAY = NOW.date()


@pytest.fixture(scope="module")
def simulator() -> XeroSimulator:
    """An organisation, and two apps that may ask for it."""
    return XeroSimulator(
        size=Size(invoices=80),
        clock=Clock(NOW, ticks=time.monotonic),
        limits=UNLIMITED,
        apps=[
            ClientApp(client_id=CLIENT, client_secret=SECRET),
            ClientApp(
                client_id=CUSTOM, client_secret=SECRET, is_custom_connection=True
            ),
        ],
    )


@pytest.fixture(scope="module")
def url(simulator: XeroSimulator) -> Iterator[str]:
    """Where it is served."""
    with SimulatorServer(simulator) as server:
        yield server.url


@pytest.fixture(scope="module")
def secret_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file that holds the client's secret."""
    path = tmp_path_factory.mktemp("secrets") / "xero"
    path.write_text(f"{SECRET}\n")
    return path


@pytest.fixture(scope="module")
def office(desk: Desk) -> Desk:
    """The desk, today."""
    return replace(desk, today=TODAY.isoformat())


@pytest.fixture(scope="module")
def northwind(office: Desk, url: str, secret_file: Path) -> Desk:
    """A tenant connected by consent, and read once."""
    office.add_tenant("northwind")
    code, said = consent(
        office,
        "northwind",
        *("--url", url, "--client-id", CLIENT, "--secret-file", secret_file),
        *("--name", "xero"),
    )
    assert code == DONE, said
    assert "Northwind Supplies Ltd, GBP" in said
    assert SECRET not in said
    office.expect(DONE, "night", "northwind")
    return office


def theirs(simulator: XeroSimulator) -> dict[str, Decimal]:
    """Return what the organisation holds open by currency, credits taken off."""
    found: dict[str, Decimal] = {}
    for kind, shelf in simulator.books.documents.items():
        sign = 1 if kind is Kind.INVOICE else -1
        for one in shelf.values():
            if not one.payable and one.status is Status.AUTHORISED and one.open:
                code = one.currency
                found[code] = found.get(code, Decimal(0)) + sign * one.open
    return {code: amount for code, amount in found.items() if amount}


def ours(desk: Desk) -> dict[str, Decimal]:
    """Return what the command line says is owed, by currency."""
    listed = desk.expect(DONE, "open-items", "northwind", "--format", "json").json
    found: dict[str, Decimal] = {}
    for one in listed["items"]:
        code, amount = one["open"]["currency"], Decimal(one["open"]["amount"])
        found[code] = found.get(code, Decimal(0)) + amount
    return {code: amount for code, amount in found.items() if amount}


def test_a_night_reads_and_proves(northwind: Desk, simulator: XeroSimulator) -> None:
    """What is owed is what the books hold open, and the proof says so."""
    assert ours(northwind) == theirs(simulator)
    proof = northwind.expect(DONE, "prove", "northwind", "--last", "--format", "json")
    assert {one["state"] for one in proof.json["proofs"]} == {"proved"}


def test_a_payment_is_seen_the_next_night(
    northwind: Desk, simulator: XeroSimulator
) -> None:
    """Paid without a time stamp, an invoice is found by the list of open items."""
    invoice = next(
        one
        for one in simulator.books.documents[Kind.INVOICE].values()
        if not one.payable and one.status is Status.AUTHORISED and one.open > 1
    )
    with simulator.books.timestamps_frozen():
        simulator.books.pay(invoice, Decimal(1), paid_on=TODAY)
    northwind.expect(DONE, "night", "northwind")
    assert ours(northwind) == theirs(simulator)


def test_one_document_is_read_again(northwind: Desk, simulator: XeroSimulator) -> None:
    """Named by its key, an invoice is read at once, and nothing else is."""
    invoice = next(
        one
        for one in simulator.books.documents[Kind.INVOICE].values()
        if not one.payable and one.status is Status.AUTHORISED and one.open > 1
    )
    with simulator.books.timestamps_frozen():
        simulator.books.pay(invoice, Decimal(1), paid_on=TODAY)
    document = ("--document", f"invoice:{invoice.id}")
    northwind.expect(DONE, "sync", "northwind", *document)
    assert ours(northwind) == theirs(simulator)
    answer = northwind.run("sync", "northwind", "--document", "bill:1")
    assert_is_refused(answer, USAGE, "bill:1", "KIND:KEY")


def test_what_was_decided_is_written(northwind: Desk, simulator: XeroSimulator) -> None:
    """A promise entered here is a note and a day there, once writing is allowed."""
    invoice = next(
        one
        for one in simulator.books.documents[Kind.INVOICE].values()
        if not one.payable and one.status is Status.AUTHORISED and not one.is_touched
    )
    promised_on = TODAY + timedelta(days=9)
    allow = ("--allow", "notes,fields", "--by", "Mara")
    northwind.expect(DONE, "writebacks", "northwind", *allow)
    of_what = ("--invoice", invoice.number, "--due", promised_on.isoformat())
    what = (*of_what, "--amount", str(invoice.open))
    (found,) = northwind.expect(
        DONE, "invoice", "northwind", invoice.number, "--format", "json"
    ).json["items"]
    debtor = found["debtor"]["number"]
    northwind.expect(DONE, "stop", "add", "northwind", "promise", debtor, *what)
    pushed = northwind.expect(DONE, "writebacks", "northwind", "push")
    assert "1 written" in pushed.text
    assert invoice.expected_on == promised_on
    (one,) = northwind.expect(DONE, "writebacks", "northwind", "--format", "json").json[
        "items"
    ]
    lines = simulator.books.history[invoice.id]
    assert sum(one["key"] in line.details for line in lines) == 1


def test_the_status_shows_what_was_used(northwind: Desk) -> None:
    """Calls and bytes of the day, and that the connection stands."""
    (one,) = northwind.expect(DONE, "status", "northwind", "--format", "json").json[
        "items"
    ]
    assert one["connector"] == "xero"
    assert one["access"] == "connected"
    assert one["calls_today"] > 10
    assert one["bytes_today"] > 1_000
    assert "open_item_snapshot" in one["capabilities"]


def test_secrets_may_be_sealed_anew(northwind: Desk) -> None:
    """After a new key the night goes on; the key before stays, until it is to go."""
    path = northwind.home / "secrets.key"
    before = path.read_text().split()
    said = northwind.expect(DONE, "rotate-key").text
    assert "the secrets of 1 connections" in said
    after = path.read_text().split()
    assert after[1:] == before[:1]
    assert after[0] not in before
    northwind.expect(DONE, "night", "northwind")
    northwind.expect(DONE, "rotate-key", "--forget-old")
    (alone,) = path.read_text().split()
    assert alone not in after
    northwind.expect(DONE, "night", "northwind")
    assert path.stat().st_mode & 0o077 == 0


def test_calls_are_written_down_without_secrets(
    northwind: Desk, simulator: XeroSimulator, tmp_path: Path
) -> None:
    """A trace shows addresses and bodies, and nothing that opens the books."""
    trace = tmp_path / "wire.jsonl"
    northwind.expect(DONE, "sync", "northwind", "--trace", trace)
    written = trace.read_text()
    assert "/api.xro/2.0/Invoices" in written
    issued = set(simulator.authority._accesses)
    assert issued
    assert not [word for word in issued | {SECRET} if word in written]
    assert "[redacted]" in written
    assert trace.stat().st_mode & 0o077 == 0


def test_a_withdrawn_consent_is_shown_and_mended(
    northwind: Desk, simulator: XeroSimulator, url: str, secret_file: Path
) -> None:
    """The night fails in words, the status says reconnect, and consent mends it."""
    simulator.authority.revoke()
    answer = northwind.run("night", "northwind")
    assert answer.code == FAILED
    (one,) = northwind.expect(DONE, "status", "northwind", "--format", "json").json[
        "items"
    ]
    assert one["access"] == "reconnect_required"
    options = ("--url", url, "--client-id", CLIENT, "--secret-file", secret_file)
    code, said = consent(northwind, "northwind", *options, "--name", "xero")
    assert code == DONE, said
    northwind.expect(DONE, "night", "northwind")


def test_books_are_never_connected_twice(
    northwind: Desk, url: str, secret_file: Path
) -> None:
    """Under a second name the same organisation is refused: it would count twice."""
    options = ("--url", url, "--client-id", CLIENT, "--secret-file", secret_file)
    code, said = consent(northwind, "northwind", *options, "--name", "second")
    assert code == USAGE, said
    assert "count twice" in said
    listed = northwind.expect(DONE, "status", "northwind", "--format", "json").json
    assert [one["connection"] for one in listed["items"]] == ["xero"]


def test_another_organisation_never_takes_a_connection_over(
    northwind: Desk, secret_file: Path
) -> None:
    """A consent to other books is refused under the name of these."""
    other = XeroSimulator(
        size=Size(invoices=5),
        seed=2,
        clock=Clock(NOW, ticks=time.monotonic),
        limits=UNLIMITED,
        apps=[ClientApp(client_id=CLIENT, client_secret=SECRET)],
    )
    with SimulatorServer(other) as server:
        options = ("--client-id", CLIENT, "--secret-file", secret_file)
        code, said = consent(
            northwind, "northwind", "--url", server.url, *options, "--name", "xero"
        )
    assert code == USAGE, said
    assert "other books" in said
    northwind.expect(DONE, "night", "northwind")


def test_one_broken_connection_stops_no_other(
    northwind: Desk, simulator: XeroSimulator, url: str, secret_file: Path
) -> None:
    """A custom connection that is refused fails alone."""
    northwind.add_tenant("southwind")
    northwind.expect(
        DONE,
        *("connect", "southwind", "xero", "--custom-connection", "--url", url),
        *("--client-id", CUSTOM, "--secret-file", secret_file, "--name", "custom"),
    )
    northwind.expect(DONE, "night", "southwind")
    simulator.faults.plan(faults.html(), calls=1_000, path="/api.xro/2.0/Contacts")
    answer = northwind.run("night", "southwind")
    simulator.faults.clear()
    assert answer.code == FAILED
    assert "web page" in answer.text + answer.said
    northwind.expect(DONE, "night", "northwind")


REFUSED = {
    "no id": (USAGE, ("xero",), ("--client-id",)),
    "no secret": (USAGE, ("xero", "--client-id", CLIENT), ("XERO_CLIENT_SECRET",)),
    "no database": (
        USAGE,
        ("tryton", "--url", "http://127.0.0.1:1"),
        ("--database",),
    ),
    "no address": (
        FAILED,
        ("tryton", "--url", "https://books:port", "--database", "d", "--user", "u"),
        ("https://books:port",),
    ),
    "plain http elsewhere": (
        FAILED,
        (
            *("tryton", "--url", "http://tryton.example:8000", "--database", "d"),
            *("--user", "u"),
        ),
        ("http",),
    ),
    "nobody there": (
        FAILED,
        ("tryton", "--url", "http://127.0.0.1:1", "--database", "d", "--user", "u"),
        ("127.0.0.1",),
    ),
}


@pytest.fixture(scope="module")
def nobody(desk: Desk) -> Desk:
    """A tenant without a connection."""
    desk.add_tenant("nobody")
    return desk


@pytest.mark.parametrize("name", REFUSED)
def test_refuses_what_cannot_be_connected(
    nobody: Desk, name: str, secret_file: Path
) -> None:
    """Each says what is missing or wrong, and nothing is stored."""
    code, words, told = REFUSED[name]
    more = () if name == "no secret" else ("--secret-file", str(secret_file))
    answer = nobody.run("connect", "nobody", *words, *more)
    assert_is_refused(answer, code, *told)
    listed = nobody.expect(DONE, "status", "nobody", "--format", "json").json["items"]
    assert listed == []
