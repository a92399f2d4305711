"""Limits: calls beyond them are refused with how long to wait; keys are kept."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import httpx
import pytest

from connectors.simulators.xero import (
    Books,
    Limits,
    SimulatorServer,
    Size,
    XeroSimulator,
    faults,
)
from tests.simulators.xero_calls import body, client

SMALL = Size(invoices=10)


def statuses(caller: httpx.Client, calls: int) -> list[int]:
    """Call so many times; return the answers' codes."""
    return [caller.get("/Organisation").status_code for _ in range(calls)]


def test_the_61st_call_of_a_minute_is_refused() -> None:
    """60 calls go through and count down; then 429 says when to come again."""
    simulator = XeroSimulator(size=SMALL)
    caller = client(simulator)
    first = caller.get("/Organisation")
    simulator.clock.advance(20)

    assert first.headers["X-MinLimit-Remaining"] == "59"
    assert first.headers["X-DayLimit-Remaining"] == "4999"
    assert first.headers["X-AppMinLimit-Remaining"] == "9999"
    assert statuses(caller, 59) == [200] * 59
    refused = caller.get("/Organisation")
    assert refused.status_code == 429
    assert refused.headers["Retry-After"] == "40"
    assert refused.headers["X-Rate-Limit-Problem"] == "minute"
    simulator.clock.advance(40)
    assert statuses(caller, 2) == [200, 429]


def test_the_day_has_a_limit_too() -> None:
    """After the day's calls the wait is hours."""
    simulator = XeroSimulator(size=SMALL, limits=Limits(day_max=3))
    caller = client(simulator)
    statuses(caller, 3)
    simulator.clock.advance(5 * 60 * 60)
    refused = client(simulator).get("/Organisation")

    assert refused.headers["X-Rate-Limit-Problem"] == "day"
    assert refused.headers["Retry-After"] == str(19 * 60 * 60)


def test_the_app_has_a_limit_over_all_organisations() -> None:
    """Calls to one organisation count for the other one's app limit."""
    simulator = XeroSimulator(size=SMALL, limits=Limits(app_minute_max=3))
    other = Books(simulator.clock, name="Southwind Ltd", home="EUR", seed=2)
    simulator.add_organisation(other)
    caller = client(simulator)
    statuses(caller, 2)
    header = {"Xero-Tenant-Id": other.id}
    names = [
        one["tenantName"]
        for one in caller.get("https://api.xero.com/connections").json()
    ]

    assert names == ["Northwind Supplies Ltd", "Southwind Ltd"]
    answer = caller.get("/Organisation", headers=header)
    assert body(answer)["Organisations"][0]["BaseCurrency"] == "EUR"
    refused = caller.get("/Organisation", headers=header)
    assert refused.headers["X-Rate-Limit-Problem"] == "appminute"


def test_five_calls_at_once_and_no_more() -> None:
    """While five slow calls are inside, the sixth is refused."""
    simulator = XeroSimulator(size=SMALL)
    simulator.faults.plan(faults.slow(2), calls=6)
    with (
        SimulatorServer(simulator) as server,
        httpx.Client(headers=simulator.access_headers(), timeout=30) as caller,
        ThreadPoolExecutor(6) as pool,
    ):
        url = f"{server.url}/api.xro/2.0/Organisation"
        calls = [pool.submit(caller.get, url) for _ in range(6)]
        answers = [one.result() for one in calls]

    refused = [one for one in answers if one.status_code == 429]
    assert len(refused) == 1
    assert refused[0].headers["X-Rate-Limit-Problem"] == "concurrent"


class TestIdempotency:
    """A write that is repeated with its key."""

    @pytest.fixture
    def simulator(self) -> XeroSimulator:
        """Small books."""
        return XeroSimulator(size=SMALL)

    def put(
        self, simulator: XeroSimulator, key: str, amount: int = 10
    ) -> httpx.Response:
        """Pay 10 of an invoice of 100."""
        books = simulator.books
        contact = next(
            (one for one in books.contacts.values() if one.name == "Acme Ltd"), None
        ) or books.add_contact("Acme Ltd")
        invoice = (contact.documents or [books.post(contact, Decimal(100))])[0]
        told = {
            "Invoice": {"InvoiceID": invoice.id},
            "Account": {"Code": "090"},
            "Amount": amount,
        }
        headers = {"Idempotency-Key": key}
        return client(simulator).put("/Payments", json=told, headers=headers)

    def paid(self, simulator: XeroSimulator) -> Decimal:
        """Return what the invoice got."""
        (acme,) = [
            one for one in simulator.books.contacts.values() if one.name == "Acme Ltd"
        ]
        return acme.documents[0].paid

    def test_the_same_key_pays_once(self, simulator: XeroSimulator) -> None:
        """The second answer is the first one."""
        first, second = (self.put(simulator, "k-1") for _ in range(2))

        assert first.content == second.content
        assert self.paid(simulator) == 10
        self.put(simulator, "k-2")
        assert self.paid(simulator) == 20

    def test_a_key_is_forgotten(self, simulator: XeroSimulator) -> None:
        """After some minutes the same key pays again."""
        self.put(simulator, "k-1")
        simulator.clock.advance(7 * 60)
        self.put(simulator, "k-1")

        assert self.paid(simulator) == 20

    def test_a_key_is_for_one_request(self, simulator: XeroSimulator) -> None:
        """With another amount, or over 128 characters, the key is refused."""
        self.put(simulator, "k-1")

        assert self.put(simulator, "k-1", amount=11).status_code == 400
        assert self.put(simulator, "k" * 129).status_code == 400
        assert self.paid(simulator) == 10

    def test_a_lost_answer_can_be_had_again(self, simulator: XeroSimulator) -> None:
        """The payment was made; its key brings the answer, not a second payment."""
        simulator.faults.plan(faults.lost_answer(), method="PUT")
        with pytest.raises(httpx.ReadError):
            self.put(simulator, "k-1")

        assert self.paid(simulator) == 10
        assert self.put(simulator, "k-1").status_code == 200
        assert self.paid(simulator) == 10
