"""A simulated organisation, and a connector that reads it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

import httpx
import pytest

from connectors import xero_refusals
from connectors.http import Seam
from connectors.simulators.xero import UNLIMITED, Size, XeroSimulator
from connectors.simulators.xero.transport import SimulatorTransport
from connectors.xero import XeroConnector
from connectors.xero_app import API_URL, seam_headers
from ledger.fx import Rate
from ledger.money import Currency
from ledger.secret import Secret
from ledger.store.session import Database
from ledger.testing import Books, NoRates
from sync.proof import Prover
from sync.pull import WATCH, Sync, unwatched
from sync.result import RunResult
from tests.connectors.xero.clock import SimulatedClock


@dataclass(slots=True)
class Signed:
    """Signs as the simulator's own user does; a refused token is replaced."""

    simulator: XeroSimulator
    renewals: int = 0
    _word: str = field(default="", init=False)

    def headers(self) -> dict[str, Secret]:
        """Return the header, the same until it is refused."""
        if not self._word:
            self._word = self.simulator.access_headers()["authorization"]
        return {"authorization": Secret(self._word)}

    def renew(self, refused: object) -> bool:
        """Get another token."""
        del refused
        self.renewals += 1
        self._word = ""
        return True


class Counted(httpx.BaseTransport):
    """Counts the calls that pass."""

    def __init__(self, inner: httpx.BaseTransport) -> None:
        """Pass calls on."""
        self._inner = inner
        self.count = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Count one."""
        self.count += 1
        return self._inner.handle_request(request)


@dataclass(frozen=True, slots=True)
class PublishedRates:
    """Rates of a bank, a little off those the organisation's books go by."""

    simulator: XeroSimulator

    def rate(self, *, home: Currency, currency: Currency, on: date) -> Rate:
        """Return the rate of a day."""
        per = self.simulator.books.rates.at(currency, on) * Decimal("1.003")
        return Rate(home, currency, per, on, "a bank")


@dataclass(slots=True)
class Organisation:
    """A tenant of ours that reads an organisation of Xero's."""

    simulator: XeroSimulator
    calls: Counted
    connector: XeroConnector
    clock: SimulatedClock
    ours: Books

    def sync(
        self, *, full: bool = False, accept: bool = False, watch: WATCH = unwatched
    ) -> RunResult:
        """Run a sync, an hour after the last."""
        self.simulator.clock.advance(3_600)
        return Sync(
            database=self.ours.database,
            tenant=self.ours.tenant,
            connection=self.ours.connection,
            connector=self.connector,
            clock=self.clock,
            rates=NoRates(),
            full=full,
            accept_closures=accept,
            watch=watch,
        ).run()

    @property
    def prover(self) -> Prover:
        """What proves the ledger by the books."""
        return Prover(
            database=self.ours.database,
            tenant=self.ours.tenant,
            connection=self.ours.connection,
            connector=self.connector,
            clock=self.clock,
            rates=PublishedRates(self.simulator),
        )


Opener = Callable[[int], Organisation]


@pytest.fixture
def open_organisation(database: Database) -> Iterator[Opener]:
    """Open an organisation with so many invoices."""
    seams: list[Seam] = []

    def opened(invoices: int) -> Organisation:
        simulator = XeroSimulator(size=Size(invoices=invoices), limits=UNLIMITED)
        clock = SimulatedClock(simulator.clock)
        calls = Counted(SimulatorTransport(simulator))
        seam = Seam(
            base_url=API_URL,
            name="Xero",
            clock=clock,
            authenticator=Signed(simulator),
            headers=seam_headers(simulator.tenant_id),
            namer=xero_refusals.named,
            transport=calls,
            sleep=simulator.clock.advance,
        )
        seams.append(seam)
        connector = XeroConnector(seam, simulator.tenant_id, clock.now)
        return Organisation(simulator, calls, connector, clock, Books.open(database))

    yield opened
    for seam in seams:
        seam.close()


@pytest.fixture
def organisation(open_organisation: Opener) -> Organisation:
    """An organisation of 120 invoices."""
    return open_organisation(120)
