"""Credentials and parameters stay with the call and the host they are meant for."""

import logging
import ssl

import httpx
import pytest

from connectors.faults import (
    PlainHttpError,
    ReconnectError,
    RescheduleError,
    WrongAnswerError,
)
from connectors.http import Seam
from connectors.limits import HeaderNames, UsedOfAll
from ledger.calls import Refusal, Seen
from ledger.errors import InvariantError
from ledger.testing import AN_INSTANT
from tests.seams import (
    BASE,
    CallsInMemory,
    MovingClock,
    Server,
    Tokens,
    a_seam,
    an_answer,
)

GOOD = an_answer({})
SECRET_HEADERS = ("authorization", "cookie", "x-organisation")


def moved(to: str, status: int = 302) -> httpx.Response:
    """Make a redirect."""
    return httpx.Response(status, headers={"location": to})


def leaked(request: httpx.Request) -> set[str]:
    """Return which headers of the connection a request carries."""
    return {name for name in SECRET_HEADERS if name in request.headers}


def a_signed_seam(server: Server, base_url: str = BASE) -> Seam:
    """Make a seam with credentials and a header of its own."""
    seam = a_seam(server, authenticator=Tokens(["one"]), base_url=base_url)
    seam.headers = {"X-Organisation": "O1"}
    return seam


@pytest.mark.parametrize(
    "target",
    [
        "https://elsewhere.example/file",
        "https://books.example:8443/file",
        "//elsewhere.example/file",
    ],
)
def test_a_redirect_elsewhere_gets_no_credentials(target: str) -> None:
    """Another host or port is asked without anything that proves who we are."""
    server = Server([moved(target), GOOD])

    a_signed_seam(server).call(
        "GET", "x", headers={"Cookie": "session=1"}, idempotent=True
    )

    assert leaked(server.requests[0]) == set(SECRET_HEADERS)
    assert leaked(server.requests[1]) == set()


def test_a_redirect_on_the_same_host_is_followed() -> None:
    """Nothing changes where the host stays the same."""
    server = Server([moved("/api/y"), GOOD])

    a_signed_seam(server).call("GET", "x", idempotent=True)

    assert server.requests[1].url == "https://books.example/api/y"
    assert "authorization" in server.requests[1].headers


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_write_follows_no_redirect(method: str, status: int) -> None:
    """A write goes where it was sent or nowhere."""
    server = Server([moved("/api/y", status), GOOD])

    with pytest.raises(WrongAnswerError):
        a_signed_seam(server).call(method, "x", json={}, idempotent=True)

    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "target",
    ["http://books.example/api/x", "http://127.0.0.1/x", "ftp://books.example"],
)
def test_a_redirect_never_leaves_tls(target: str) -> None:
    """A redirect to anything but https is refused."""
    server = Server([moved(target), GOOD])

    with pytest.raises(WrongAnswerError):
        a_signed_seam(server).call("GET", "x", idempotent=True)

    assert len(server.requests) == 1


def test_redirects_are_bounded() -> None:
    """A circle of redirects ends."""
    server = Server([moved("/api/x")])

    with pytest.raises(WrongAnswerError):
        a_signed_seam(server).call("GET", "x", idempotent=True)

    assert len(server.requests) == 6


def test_an_address_elsewhere_gets_no_credentials() -> None:
    """A next page's address that the answer makes up gains nothing."""
    server = Server([GOOD])

    a_signed_seam(server).call("GET", "https://elsewhere.example/", idempotent=True)

    assert leaked(server.requests[0]) == set()


def test_plain_http_is_for_this_machine() -> None:
    """Plain http to another machine needs a word of its own."""
    server = Server([GOOD])

    with pytest.raises(PlainHttpError):
        a_seam(server, base_url="http://books.example")
    with pytest.raises(PlainHttpError):
        a_seam(server).call("GET", "http://books.example/x", idempotent=True)
    for host in ("127.0.0.1:8069", "localhost:8069", "[::1]:8069"):
        a_seam(server, base_url=f"http://{host}").call("GET", "x", idempotent=True)
    Seam(
        base_url="http://books.lan",
        name="the books",
        clock=MovingClock(),
        allow_plain_http=True,
        transport=httpx.MockTransport(server),
    ).call("GET", "x", idempotent=True)


def test_tls_cannot_be_switched_off() -> None:
    """A context that proves nothing is a fault of the program."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE

    with pytest.raises(InvariantError):
        Seam(base_url=BASE, name="the books", clock=MovingClock(), tls=context)


@pytest.mark.parametrize(
    ("path", "url"),
    [
        ("x", f"{BASE}/x"),
        ("/x/", f"{BASE}/x/"),
        ("", BASE),
        ("//elsewhere.example/x", f"{BASE}/elsewhere.example/x"),
        (
            "x?next=https://elsewhere.example",
            f"{BASE}/x?next=https://elsewhere.example",
        ),
    ],
)
def test_a_path_stays_below_the_base(path: str, url: str) -> None:
    """What is no whole address is appended to the base address as it is."""
    server = Server([GOOD])

    a_seam(server).call("GET", path, idempotent=True)

    assert str(server.requests[0].url) == url


def test_nothing_leaks_from_call_to_call() -> None:
    """Parameters, headers, bodies and cookies of a call are gone with it."""
    server = Server([an_answer({}, set_cookie="session=1; Path=/")])
    seam = a_seam(server)

    seam.call(
        "POST",
        "x?a=1",
        params={"b": ["2", "3"], "c": 4},
        headers={"X-Once": "1"},
        json={"d": 5},
        idempotent=True,
    )
    seam.call("GET", "x", idempotent=True)

    first, second = server.requests
    assert str(first.url) == f"{BASE}/x?a=1&b=2&b=3&c=4"
    assert str(second.url) == f"{BASE}/x"
    assert second.content == b""
    assert {"x-once", "cookie", "content-type"} & set(second.headers) == set()


def test_a_401_is_renewed_and_replayed_once() -> None:
    """A token that ended early is renewed, and the call, even a write, made again."""
    server, tokens = Server([an_answer(status=401), GOOD]), Tokens(["old", "new"])

    a_seam(server, authenticator=tokens).call("POST", "x", json={}, idempotent=False)

    sent = [request.headers["authorization"] for request in server.requests]
    assert sent == ["Bearer old", "Bearer new"]
    assert tokens.renewals == 1


def test_a_second_401_asks_to_reconnect() -> None:
    """What a fresh token does not open, only connecting again can."""
    server, tokens = Server([an_answer(status=401)]), Tokens(["old", "new", "newer"])

    with pytest.raises(ReconnectError, match="the books"):
        a_seam(server, authenticator=tokens).call("GET", "x", idempotent=True)

    assert len(server.requests) == 2


def test_logs_and_errors_hold_no_secret(caplog: pytest.LogCaptureFixture) -> None:
    """Neither the libraries' logs nor an error shows a token that the books echo."""
    caplog.set_level(logging.DEBUG)
    server = Server([an_answer({"message": "Bad token s3cr3t-token"}, status=400)])
    seam = a_seam(server, authenticator=Tokens(["s3cr3t-token"]))

    with pytest.raises(Exception, match="Bad token") as raised:
        seam.call("GET", "x", params={"code": "s3cr3t-code"}, idempotent=True)

    shown = f"{caplog.text}{raised.value!r}{raised.value.__dict__}{seam!r}"
    assert "s3cr3t" not in shown


def test_each_try_asks_the_limiter() -> None:
    """Tries, redirects and replays count, and what the headers say is kept."""
    calls = CallsInMemory()
    server = Server(
        [
            an_answer(status=500),
            moved("/api/y"),
            an_answer({"a": 1}, x_daylimit_remaining="41", x_minlimit_remaining="7"),
        ]
    )
    read = HeaderNames(
        day_left="X-DayLimit-Remaining", minute_left="X-MinLimit-Remaining"
    )

    a_seam(server, calls=calls, read=read).call("GET", "x", idempotent=True)

    assert calls.acquired == 3
    assert calls.finished[-1] == (7, Seen(day_left=41, minute_left=7))


def test_usage_of_all_is_read() -> None:
    """A header that gives what was used of all is understood."""
    read = UsedOfAll("Sforce-Limit-Info")

    assert read(200, {"sforce-limit-info": "api-usage=18/5000"}) == Seen(day_left=4982)
    assert read(200, {}) == Seen()


def test_the_limiter_s_short_wait_is_waited() -> None:
    """A place that is free within two minutes is waited for."""
    clock = MovingClock()
    until = AN_INSTANT.replace(second=40)
    calls = CallsInMemory([Refusal(until, "the minute is full")])

    a_seam(Server([GOOD]), clock=clock, calls=calls).call("GET", "x", idempotent=True)

    assert clock.at == until


@pytest.mark.parametrize("brief", [True, False])
def test_the_limiter_s_long_wait_ends_the_run(*, brief: bool) -> None:
    """A longer wait is not waited, however it is made up."""
    clock, until = MovingClock(), AN_INSTANT.replace(hour=23)
    calls = CallsInMemory([Refusal(until, "the day is full", brief)] * 1_000)
    server = Server([GOOD])

    with pytest.raises(RescheduleError, match="the day is full") as raised:
        a_seam(server, clock=clock, calls=calls).call("GET", "x", idempotent=True)

    assert raised.value.resume_at == until
    assert sum(clock.slept_s) <= 121
    assert server.requests == []
