"""Calls that fail: what is tried again, for how long, and what is said in the end."""

from datetime import timedelta
from decimal import Decimal
from email.utils import format_datetime

import httpx
import pytest

from connectors.faults import (
    CutOffError,
    RefusedError,
    RescheduleError,
    ServerFailedError,
    TimedOutError,
    TooManyCallsError,
    UnreachableError,
)
from connectors.http import TRIES_MAX
from ledger.calls import Seen
from ledger.errors import RetryableError
from ledger.testing import AN_INSTANT
from tests.seams import CallsInMemory, MovingClock, Server, a_seam, an_answer

GOOD = an_answer({"total": 10})
XERO_DAY_S = 66_975


@pytest.mark.parametrize(
    "failure",
    [
        httpx.ConnectError("refused"),
        httpx.ReadTimeout("slow"),
        httpx.RemoteProtocolError("closed"),
        an_answer(status=500),
        an_answer(status=502),
        an_answer(status=503),
        an_answer(status=429),
        httpx.Response(
            200, content=b'{"tot', headers={"content-type": "application/json"}
        ),
        httpx.Response(200, content=b"{}", headers={"content-length": "9"}),
    ],
)
def test_what_passes_is_tried_again(failure: httpx.Response | Exception) -> None:
    """A call that may be repeated succeeds after a failure that passes."""
    server = Server([failure, failure, GOOD])

    answer = a_seam(server).call("GET", "invoices", idempotent=True)

    assert answer.json() == {"total": 10}
    assert len(server.requests) == 3


@pytest.mark.parametrize(
    ("failure", "named"),
    [
        (httpx.ConnectError("refused"), UnreachableError),
        (httpx.ConnectTimeout("slow"), TimedOutError),
        (httpx.ReadTimeout("slow"), TimedOutError),
        (httpx.RemoteProtocolError("closed"), CutOffError),
        (an_answer(status=500), ServerFailedError),
        (an_answer(status=429), TooManyCallsError),
    ],
)
def test_tries_are_bounded(
    failure: httpx.Response | Exception, named: type[RetryableError]
) -> None:
    """What does not pass is named after so many tries, each a little later."""
    server, clock = Server([failure]), MovingClock()

    with pytest.raises(named) as raised:
        a_seam(server, clock=clock).call("GET", "invoices", idempotent=True)

    assert len(server.requests) == TRIES_MAX
    assert len(clock.slept_s) == TRIES_MAX - 1
    assert raised.value.remedy


@pytest.mark.parametrize(
    "failure",
    [httpx.ReadTimeout("slow"), an_answer(status=503), an_answer(status=429)],
)
def test_a_write_is_never_repeated(failure: httpx.Response | Exception) -> None:
    """A call that could do harm twice is made once."""
    server = Server([failure, GOOD])

    with pytest.raises(RetryableError):
        a_seam(server).call("POST", "payments", json={}, idempotent=False)

    assert len(server.requests) == 1


def test_a_short_wait_is_kept() -> None:
    """`Retry-After` in seconds is waited for, and told to the limiter."""
    calls, clock = CallsInMemory(), MovingClock()
    server = Server([an_answer(status=429, retry_after="30"), GOOD])

    a_seam(server, clock=clock, calls=calls).call("GET", "x", idempotent=True)

    assert clock.slept_s[0] >= 30
    assert calls.acquired == 2
    assert calls.finished[0][1] == Seen(blocked_s=30)


def test_a_wait_given_as_a_date_is_kept() -> None:
    """`Retry-After` as a date counts from the server's own clock."""
    clock = MovingClock()
    there = AN_INSTANT + timedelta(hours=5)
    refused = an_answer(
        status=503,
        date=format_datetime(there, usegmt=False),
        retry_after=format_datetime(there + timedelta(seconds=90)),
    )

    a_seam(Server([refused, GOOD]), clock=clock).call("GET", "x", idempotent=True)

    assert 90 <= clock.slept_s[0] < 91


@pytest.mark.parametrize("idempotent", [True, False])
@pytest.mark.parametrize("as_date", [True, False])
def test_a_long_wait_ends_the_run(*, as_date: bool, idempotent: bool) -> None:
    """Over two minutes the error says when to come back, and nothing is slept."""
    until = AN_INSTANT + timedelta(seconds=XERO_DAY_S)
    wait = format_datetime(until) if as_date else str(XERO_DAY_S)
    server, clock = Server([an_answer(status=429, retry_after=wait)]), MovingClock()

    with pytest.raises(RescheduleError) as raised:
        a_seam(server, clock=clock).call("GET", "x", idempotent=idempotent)

    assert raised.value.resume_at == until
    assert raised.value.retry_after_s == XERO_DAY_S
    assert "2026-01-02 06:36 UTC" in raised.value.user_message
    assert clock.slept_s == []
    assert len(server.requests) == 1


def test_a_refusal_is_final() -> None:
    """What the books refuse is not asked again, and their words are shown."""
    server = Server(
        [
            an_answer(
                {
                    "Message": "A validation exception occurred",
                    "Elements": [
                        {"ValidationErrors": [{"Message": "Period is locked"}]}
                    ],
                },
                status=400,
            )
        ]
    )

    with pytest.raises(RefusedError) as raised:
        a_seam(server).call("GET", "x", idempotent=True)

    assert raised.value.words == "A validation exception occurred; Period is locked"
    assert raised.value.answer.status == 400
    assert len(server.requests) == 1


def test_numbers_stay_decimal() -> None:
    """An amount is what was written, sent and received, to the last digit."""
    server = Server([httpx.Response(200, content=b'{"due": 1234567890123456.78}')])

    answer = a_seam(server).call(
        "PUT", "x", json={"amount": Decimal("10.10")}, idempotent=True
    )

    assert answer.json()["due"] == Decimal("1234567890123456.78")
    assert answer.decode(dict[str, Decimal])["due"] == Decimal("1234567890123456.78")
    assert server.requests[0].content == b'{"amount":10.10}'
