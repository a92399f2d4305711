"""What a person is told when a live connection cannot be read, and that others go on.

Two connections of two tenants: Xero by consent, and Tryton behind a proxy.
"""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

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
from tests.cli import tryton_proxy
from tests.cli.browser import consent
from tests.cli.command_line import DONE, FAILED, REMEDY, Answer, Desk, assert_is_refused
from tests.cli.tryton_proxy import Mood, TrytonProxy

CLIENT, CUSTOM = "our-app", "our-custom-connection"
SECRET = "the-client-s-own-secret"  # noqa: S105 - the simulator's
NOW = datetime.now(UTC)  # noqa: TID251
"""Tokens and limits go by the time of day, so the stand-in must as well."""
XERO, TRYTON = "xero-books", "tryton-books"


@dataclass
class Office:
    """A desk with two connections, and what they lead to."""

    desk: Desk
    simulator: XeroSimulator
    proxy: TrytonProxy
    port: int
    secret_file: Path
    server: ExitStack = field(default_factory=ExitStack)

    @property
    def url(self) -> str:
        """Where the simulator is served."""
        return f"http://127.0.0.1:{self.port}"

    def serve(self) -> None:
        """Let Xero be reached."""
        served = SimulatorServer(self.simulator, port=self.port)
        self.server.enter_context(served)

    def consent(self) -> tuple[int, str]:
        """Let a person give their consent."""
        return consent(
            self.desk,
            XERO,
            *("--url", self.url, "--client-id", CLIENT, "--name", "xero"),
            *("--secret-file", self.secret_file),
        )

    def connect_tryton(self) -> Answer:
        """Connect Tryton."""
        return connect_tryton(self.desk, TRYTON, "--name", "tryton")

    def nights(self, desk: Desk | None = None) -> tuple[int, dict[str, Any]]:
        """Run the night of both; return its code, and each one by its name."""
        done = (desk or self.desk).run("night", "--all", "--format", "json")
        return done.code, {one["connection"]: one for one in done.json["items"]}


def connect_tryton(desk: Desk, slug: str, *more: str | Path) -> Answer:
    """Connect a tenant to Tryton."""
    return replace(
        desk,
        settings={**desk.settings, "DUEBRIDGE_TRYTON_PASSWORD": tryton_proxy.PASSWORD},
    ).run(
        *("connect", slug, "tryton", "--url", tryton_proxy.ADDRESS),
        *("--allow-plain-http", "--database", tryton_proxy.DATABASE),
        *("--user", tryton_proxy.USER, *more),
    )


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """An office of its own, whose two connections were read once."""
    folder = tmp_path_factory.mktemp("office")
    secret_file = folder / "secret"
    secret_file.write_text(f"{SECRET}\n")
    simulator = XeroSimulator(
        size=Size(invoices=20),
        clock=Clock(NOW, ticks=time.monotonic),
        limits=UNLIMITED,
        apps=[
            ClientApp(client_id=CLIENT, client_secret=SECRET),
            ClientApp(
                client_id=CUSTOM, client_secret=SECRET, is_custom_connection=True
            ),
        ],
    )
    with tryton_proxy.listening() as proxy:
        desk = Desk(
            folder / "home",
            today=NOW.date().isoformat(),
            settings={"HTTP_PROXY": proxy.url},
        )
        found = Office(desk, simulator, proxy, _free_port(), secret_file)
        try:
            desk.expect(DONE, "init")
            desk.add_tenant(XERO)
            desk.add_tenant(TRYTON)
            found.serve()
            code, said = found.consent()
            assert code == DONE, said
            assert found.connect_tryton().code == DONE
            code, nights = found.nights()
            assert {one["state"] for one in nights.values()} == {"completed"}, nights
            yield found
        finally:
            found.server.close()
            desk.dispose()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def unserved(office: Office) -> Iterator[None]:
    """Nobody listens where Xero was."""
    office.server.close()
    yield
    office.serve()


@contextmanager
def a_page(office: Office) -> Iterator[None]:
    """A proxy answers for Xero with a page of its own."""
    office.simulator.faults.plan(faults.html(), calls=1_000)
    yield
    office.simulator.faults.clear()


@contextmanager
def a_page_for_tokens(office: Office) -> Iterator[None]:
    """The same where tokens are renewed."""
    office.simulator.authority.expire_access()
    office.simulator.faults.plan(faults.html(), calls=1_000, path="/connect/token")
    yield
    office.simulator.faults.clear()


@contextmanager
def no_scope_for_payments(office: Office) -> Iterator[None]:
    """The person who gave the consent left one box unticked."""
    office.simulator.authority.withheld = frozenset({"accounting.payments"})
    office.consent()
    yield
    office.simulator.authority.withheld = frozenset()
    assert office.consent()[0] == DONE


@contextmanager
def no_scope_for_settings(office: Office) -> Iterator[None]:
    """Not even whose books they are may be read."""
    office.simulator.authority.withheld = frozenset({"accounting.settings.read"})
    office.consent()
    yield
    office.simulator.authority.withheld = frozenset()
    assert office.consent()[0] == DONE


@contextmanager
def revoked(office: Office) -> Iterator[None]:
    """Somebody took the consent back."""
    office.simulator.authority.revoke()
    yield
    assert office.consent()[0] == DONE


@contextmanager
def expired(office: Office) -> Iterator[None]:
    """Nobody used the consent for more than sixty days."""
    office.simulator.clock.advance(days=61)
    yield
    assert office.consent()[0] == DONE


@contextmanager
def disconnected(office: Office) -> Iterator[None]:
    """The organisation was disconnected at Xero; tokens are good as ever."""
    tenants = office.simulator._tenants
    held = dict(tenants)
    tenants.clear()
    yield
    tenants.update(held)


@contextmanager
def other_books(office: Office) -> Iterator[None]:
    """Under the same key other books answer."""
    key, office.simulator.books.id = office.simulator.books.id, "another"
    yield
    office.simulator.books.id = key


XERO_BROKEN: dict[str, tuple[Callable[[Office], Any], tuple[str, ...]]] = {
    "nobody there": (unserved, ("could not be reached", "Check the network")),
    "a proxy's page": (a_page, ("a web page", "proxy", "Check the address")),
    "a page for tokens": (a_page_for_tokens, ("a web page", "Check the address")),
    "a scope is missing": (
        no_scope_for_payments,
        ("payments", "accounting.payments", "Connect the organisation again"),
    ),
    "the first scope is missing": (
        no_scope_for_settings,
        ("accounting.settings.read", "Connect the organisation again"),
    ),
    "revoked": (revoked, ("withdrawn", "Connect the organisation again")),
    "expired": (expired, ("ended", "Connect the organisation again")),
    "disconnected": (disconnected, ("disconnected", "Connect the organisation again")),
    "other books": (
        other_books,
        ("books of 'Northwind Supplies Ltd'", "choose the same organisation"),
    ),
}


def access(office: Office, tenant: str, connector: str) -> tuple[str, str]:
    """Return what the status says of a connection's access, and what to do."""
    items = office.desk.expect(DONE, "status", tenant, "--format", "json").json["items"]
    [one] = (one for one in items if one["connector"] == connector)
    return one["access"], " ".join(one["announcements"])


def test_a_disconnected_organisation_is_not_called_connected(office: Office) -> None:
    """Once Xero has said so the status says it, until it is open again."""
    with disconnected(office):
        office.nights()
        state, told = access(office, XERO, "xero")
        assert state == "closed"
        assert "disconnected" in told
        # Asked again it is still so, and no list is tried.
        assert_is_refused(office.desk.run("sync", XERO), FAILED, "disconnected")
    office.desk.expect(DONE, "sync", XERO)
    assert access(office, XERO, "xero") == ("connected", "")


@pytest.mark.parametrize("name", XERO_BROKEN)
def test_xero_fails_alone(office: Office, name: str) -> None:
    """Broken, it says what to do; Tryton is read; mended, it is read again."""
    breaking, told = XERO_BROKEN[name]
    with breaking(office):
        code, nights = office.nights()
    assert code == FAILED
    assert nights["xero"]["state"] == "failed"
    assert nights["tryton"]["state"] == "completed", nights
    for word in told:
        assert word in nights["xero"]["message"], nights["xero"]
    assert SECRET not in str(nights)
    office.desk.expect(DONE, "sync", XERO)


TRYTON_BROKEN = {
    Mood.PAGE: ("a web page", "proxy", "Check the address"),
    Mood.OTHER_COMPANY: ("Südlicht Handel", "preferences"),
    Mood.OTHER_PASSWORD: ("no longer accepts", "Connect the organisation again"),
    Mood.NO_RIGHT: ("not allowed", "Check the user's rights"),
    Mood.NO_DATABASE: ("a web page and status 404", "Check the address"),
}


@pytest.mark.parametrize("mood", TRYTON_BROKEN, ids=lambda mood: mood.name.lower())
def test_tryton_fails_alone(office: Office, mood: Mood) -> None:
    """Broken, it says what to do; Xero is read; mended, it is read again."""
    office.proxy.mood = mood
    code, nights = office.nights()
    office.proxy.mood = Mood.BOOKS
    assert code == FAILED
    assert nights["tryton"]["state"] == "failed"
    assert nights["xero"]["state"] == "completed", nights
    for word in TRYTON_BROKEN[mood]:
        assert word in nights["tryton"]["message"], nights["tryton"]
    assert tryton_proxy.PASSWORD not in str(nights)
    office.desk.expect(DONE, "sync", TRYTON)


NO_NETWORK = {
    "no such name": {},
    "no proxy there": {"HTTP_PROXY": "http://127.0.0.1:1"},
}


@pytest.mark.parametrize("name", NO_NETWORK)
def test_no_network_stops_none_but_who_needs_it(office: Office, name: str) -> None:
    """What is on this machine is read while the address elsewhere is not reached."""
    cut_off = replace(office.desk, settings=NO_NETWORK[name])
    begun = time.monotonic()
    code, nights = office.nights(cut_off)
    assert time.monotonic() - begun < 60
    assert code == FAILED
    message = nights["tryton"]["message"]
    assert "tryton.example could not be reached" in message
    assert "Check the network, the proxy and the address" in message
    # The lists that cannot be reached either are not tried one after the other.
    assert message.count("could not be reached") == 1
    assert nights["xero"]["state"] == "completed"


@pytest.fixture(scope="module")
def newcomer(office: Office) -> Office:
    """A tenant that has no connection yet."""
    office.desk.add_tenant("newcomer")
    return office


def custom(office: Office) -> Answer:
    """Connect a newcomer to Xero without a browser."""
    return office.desk.run(
        *("connect", "newcomer", "xero", "--custom-connection", "--url", office.url),
        *("--client-id", CUSTOM, "--secret-file", office.secret_file),
    )


@pytest.mark.parametrize("name", ["nobody there", "a page for tokens"])
def test_xero_is_not_connected_unless_it_can_be_read(
    newcomer: Office, name: str
) -> None:
    """It says at once what is wrong, and nothing is stored."""
    breaking, told = XERO_BROKEN[name]
    with breaking(newcomer):
        answer = custom(newcomer)
    assert_is_refused(answer, FAILED, *told, REMEDY)
    status = newcomer.desk.expect(DONE, "status", "newcomer", "--format", "json")
    assert status.json["items"] == []


def test_a_missing_scope_is_told_when_connecting(newcomer: Office) -> None:
    """The scope and what to do are named before any night."""
    newcomer.simulator.authority.withheld = frozenset({"accounting.invoices"})
    answer = custom(newcomer)
    newcomer.simulator.authority.withheld = frozenset()
    assert_is_refused(answer, FAILED, "invoices", "accounting.invoices", "at Xero")
    # It is kept, and says that it must be connected again.
    state, words = access(newcomer, "newcomer", "xero")
    assert state == "reconnect_required"
    assert "accounting.invoices" in words
    assert custom(newcomer).code == DONE
    assert access(newcomer, "newcomer", "xero")[0] == "connected"


@pytest.mark.parametrize(
    "mood",
    # Any company is right for the first time.
    [mood for mood in TRYTON_BROKEN if mood is not Mood.OTHER_COMPANY],
    ids=lambda mood: mood.name.lower(),
)
def test_tryton_is_not_connected_unless_it_can_be_read(
    newcomer: Office, mood: Mood
) -> None:
    """It says at once what is wrong, and nothing is stored."""
    newcomer.proxy.mood = mood
    answer = connect_tryton(newcomer.desk, "newcomer", "--name", "second")
    newcomer.proxy.mood = Mood.BOOKS
    assert_is_refused(answer, FAILED, *TRYTON_BROKEN[mood])
    status = newcomer.desk.expect(DONE, "status", "newcomer", "--format", "json")
    assert "second" not in {one["connection"] for one in status.json["items"]}
