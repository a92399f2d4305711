"""Faults: each goes wrong as told, for as many calls as told, over both seams."""

import json
from collections.abc import Callable, Iterator
from decimal import Decimal

import httpx
import pytest

from connectors.simulators.xero import SimulatorServer, Size, XeroSimulator, faults
from connectors.simulators.xero.faults import Fault
from tests.simulators.xero_calls import client

TIMEOUT_S = 20.0


@pytest.fixture
def simulator() -> XeroSimulator:
    """Small books."""
    return XeroSimulator(size=Size(invoices=10))


@pytest.fixture(params=["in-process", "http"])
def caller(
    simulator: XeroSimulator, request: pytest.FixtureRequest
) -> Iterator[httpx.Client]:
    """Somebody who may read and write, without sockets and with them."""
    if request.param == "in-process":
        with client(simulator) as made:
            made.timeout = httpx.Timeout(TIMEOUT_S)
            yield made
        return
    with (
        SimulatorServer(simulator) as server,
        httpx.Client(
            base_url=f"{server.url}/api.xro/2.0",
            headers=simulator.access_headers(),
            timeout=TIMEOUT_S,
        ) as made,
    ):
        yield made


def planned(
    simulator: XeroSimulator, caller: httpx.Client, fault: Fault
) -> httpx.Response:
    """Call once with a fault and once without: the second call is well."""
    simulator.faults.plan(fault)
    answer = caller.get("/Organisation")
    assert caller.get("/Organisation").json()["Status"] == "OK"
    return answer


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        (faults.unauthorized(), 401),
        (faults.server_error(), 503),
        (faults.server_error(500), 500),
        (faults.html(502), 502),
    ],
)
def test_refusals(
    simulator: XeroSimulator, caller: httpx.Client, fault: Fault, status: int
) -> None:
    """The answer has the code of the fault."""
    assert planned(simulator, caller, fault).status_code == status


@pytest.mark.parametrize(
    ("fault", "wait", "problem"),
    [
        (faults.rate_limited(7), "7", "minute"),
        (faults.day_limited(), "64800", "day"),
    ],
)
def test_waits(
    simulator: XeroSimulator,
    caller: httpx.Client,
    fault: Fault,
    wait: str,
    problem: str,
) -> None:
    """A 429 says how long to wait and why: seconds, or 18 hours."""
    answer = planned(simulator, caller, fault)

    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == wait
    assert answer.headers["X-Rate-Limit-Problem"] == problem


@pytest.mark.parametrize("make", [faults.truncated, faults.invalid_json, faults.html])
def test_bodies_that_are_no_json(
    simulator: XeroSimulator, caller: httpx.Client, make: Callable[[], Fault]
) -> None:
    """The code is 200, and the body cannot be read."""
    answer = planned(simulator, caller, make())

    assert answer.status_code == 200
    with pytest.raises(json.JSONDecodeError):
        answer.json()


def test_a_200_may_hold_an_error(
    simulator: XeroSimulator, caller: httpx.Client
) -> None:
    """The body is JSON of another shape."""
    answer = planned(simulator, caller, faults.error_body())

    assert answer.status_code == 200
    assert answer.json()["ErrorNumber"] == 500


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (faults.timeout(), httpx.ReadTimeout),
        (faults.slow(5), httpx.ReadTimeout),
        (faults.reset(), httpx.TransportError),
    ],
)
def test_no_answer_in_time(
    simulator: XeroSimulator,
    caller: httpx.Client,
    fault: Fault,
    error: type[Exception],
) -> None:
    """Silence and slowness run into the timeout; a reset breaks at once."""
    caller.timeout = httpx.Timeout(0.5)
    with pytest.raises(error):
        planned(simulator, caller, fault)


def test_a_slow_answer_is_right(simulator: XeroSimulator, caller: httpx.Client) -> None:
    """Slower than usual and faster than the timeout, it is the answer."""
    assert planned(simulator, caller, faults.slow(0.1)).json()["Status"] == "OK"


def test_a_bomb_can_be_stopped_while_it_unpacks(
    simulator: XeroSimulator, caller: httpx.Client
) -> None:
    """Few bytes come in pieces that unpack to more than anybody wants."""
    simulator.faults.plan(faults.gzip_bomb(256 * 2**20))
    taken = 0
    with caller.stream("GET", "/Organisation") as answer:
        raw = int(answer.headers["content-length"])
        for piece in answer.iter_bytes():
            taken += len(piece)
            if taken > 2**20:
                break

    assert raw < 2**19
    assert 2**20 < taken < 256 * 2**20


def test_a_lost_answer_has_taken_effect(
    simulator: XeroSimulator, caller: httpx.Client
) -> None:
    """The payment is in the books, though nobody was told."""
    books = simulator.books
    invoice = books.post(books.add_contact("Acme Ltd"), Decimal(100))
    told = {
        "Invoice": {"InvoiceID": invoice.id},
        "Account": {"Code": "090"},
        "Amount": 40,
    }
    simulator.faults.plan(faults.lost_answer(), method="PUT")
    with pytest.raises(httpx.TransportError):
        caller.put("/Payments", json=told)

    assert invoice.open == 60


def test_a_reset_has_taken_no_effect(
    simulator: XeroSimulator, caller: httpx.Client
) -> None:
    """The note was not written."""
    books = simulator.books
    invoice = books.post(books.add_contact("Acme Ltd"), Decimal(100))
    simulator.faults.plan(faults.reset())
    told = {"HistoryRecords": [{"Details": "Promised."}]}
    with pytest.raises(httpx.TransportError):
        caller.put(f"/Invoices/{invoice.id}/History", json=told)

    assert [one.changes for one in books.history[invoice.id]] == ["Created"]


def test_faults_are_aimed(simulator: XeroSimulator, caller: httpx.Client) -> None:
    """After two good calls, two of one path go wrong; other paths are well."""
    simulator.faults.plan(
        faults.server_error(), calls=2, after=2, path="/api.xro/2.0/Accounts"
    )
    codes = [caller.get("/Accounts").status_code for _ in range(5)]

    assert codes == [200, 200, 503, 503, 200]
    assert caller.get("/Organisation").status_code == 200


def test_the_token_endpoint_can_fail_too(
    simulator: XeroSimulator, caller: httpx.Client
) -> None:
    """A fault can be aimed at the authority."""
    simulator.faults.plan(faults.server_error(502), path="/connect/token")
    url = str(caller.base_url.join("/connect/token"))

    assert caller.post(url).status_code == 502
    assert caller.post(url).json() == {"error": "invalid_client"}


def test_both_seams_answer_alike(simulator: XeroSimulator) -> None:
    """Over HTTP and without, the same call gets the same bytes and codes."""
    with SimulatorServer(simulator) as server:
        for path in ("/Invoices?page=1", "/Nothing", "/Contacts", "/Invoices?page=0"):
            near = client(simulator).get(path)
            far = httpx.get(
                f"{server.url}/api.xro/2.0{path}", headers=simulator.access_headers()
            )
            assert (near.status_code, near.content) == (far.status_code, far.content)
            assert near.headers["date"] == far.headers["date"]
