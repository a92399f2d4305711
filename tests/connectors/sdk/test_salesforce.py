"""simple-salesforce on our seam: our limiter, our tokens, our errors, decimals."""

from decimal import Decimal

import httpx
import pytest
from simple_salesforce.api import SFType

from connectors.faults import RefusedError, RescheduleError
from connectors.limits import UsedOfAll
from connectors.sdk_salesforce import KEPT_BY_SEAM, salesforce
from ledger.calls import Seen
from tests.seams import CallsInMemory, MovingClock, Server, Tokens, a_seam, an_answer

INSTANCE = "https://acme.my.salesforce.example"
VERSION = "62.0"
NEXT = f"/services/data/v{VERSION}/query/01g-2000"
JSON = {"content-type": "application/json"}


def a_page(number: str, amount: str, *, done: bool) -> httpx.Response:
    """Make a page of one invoice; its amount is written out."""
    rest = "" if done else f', "nextRecordsUrl": "{NEXT}"'
    body = (
        f'{{"totalSize": 2, "done": {str(done).lower()}{rest}, "records": '
        f'[{{"attributes": {{"type": "Invoice"}}, "Id": "{number}", '
        f'"Balance": {amount}}}]}}'
    )
    return httpx.Response(200, content=body.encode(), headers=JSON)


FIRST = a_page("a1", "1234567890123456.78", done=False)
SECOND = a_page("a2", "10.10", done=True)


def test_a_query_goes_over_its_pages() -> None:
    """Two pages are read, their amounts to the last digit, each call counted."""
    server, calls = Server([FIRST, SECOND]), CallsInMemory()
    seam = a_seam(
        server, base_url=INSTANCE, calls=calls, authenticator=Tokens(["session"])
    )

    found = salesforce(seam, version=VERSION).query_all("SELECT Balance FROM Invoice")

    amounts = [record["Balance"] for record in found["records"]]
    assert amounts == [Decimal("1234567890123456.78"), Decimal("10.10")]
    assert [request.url.path for request in server.requests] == [
        f"/services/data/v{VERSION}/query/",
        NEXT,
    ]
    assert server.requests[0].url.params["q"] == "SELECT Balance FROM Invoice"
    assert calls.acquired == 2


def test_a_401_is_renewed_by_our_keeper() -> None:
    """The client never sees the session, nor that it ended."""
    server = Server([an_answer([{"errorCode": "INVALID_SESSION_ID"}], status=401)])
    server.answers = [*server.answers, FIRST, SECOND]
    tokens = Tokens(["old", "new"])
    seam = a_seam(server, base_url=INSTANCE, authenticator=tokens)

    found = salesforce(seam, version=VERSION).query_all("SELECT Balance FROM Invoice")

    sent = [request.headers["authorization"] for request in server.requests]
    assert sent == ["Bearer old", "Bearer new", "Bearer new"]
    assert KEPT_BY_SEAM not in "".join(sent)
    assert len(found["records"]) == 2


def test_a_429_is_seen_by_our_limiter() -> None:
    """Waits and what is left of the day reach the limiter, and short ones are kept."""
    calls, clock = CallsInMemory(), MovingClock()
    busy = an_answer(status=429, retry_after="20")
    left = an_answer(
        {"done": True, "records": []}, sforce_limit_info="api-usage=4999/5000"
    )
    seam = a_seam(
        Server([busy, left]),
        base_url=INSTANCE,
        calls=calls,
        clock=clock,
        read=UsedOfAll("Sforce-Limit-Info"),
    )

    salesforce(seam, version=VERSION).query("SELECT Id FROM Invoice")

    assert [seen for _, seen in calls.finished] == [
        Seen(blocked_s=20),
        Seen(day_left=1),
    ]
    assert clock.slept_s[0] >= 20


def test_errors_are_ours() -> None:
    """What goes wrong is named as everywhere, through two libraries."""
    refused = an_answer(
        [{"message": "unexpected token", "errorCode": "MALFORMED_QUERY"}], status=400
    )
    late = an_answer(status=429, retry_after="66975")

    with pytest.raises(RefusedError, match="unexpected token"):
        salesforce(a_seam(Server([refused]), base_url=INSTANCE), version=VERSION).query(
            "SELECT"
        )
    with pytest.raises(RescheduleError):
        salesforce(a_seam(Server([late]), base_url=INSTANCE), version=VERSION).query(
            "SELECT"
        )


def test_a_write_is_made_once() -> None:
    """A record is made with a body of JSON, and never twice."""
    server = Server([an_answer({"id": "t1", "success": True}, status=201)])
    seam = a_seam(server, base_url=INSTANCE, authenticator=Tokens(["session"]))
    sf = salesforce(seam, version=VERSION)

    task = SFType(
        "Task",
        KEPT_BY_SEAM,
        sf.sf_instance,
        sf_version=VERSION,
        session=sf.session,
    )
    made = task.create({"Subject": "A note"})

    assert isinstance(made, dict)
    assert made["id"] == "t1"
    assert server.requests[0].method == "POST"
    assert server.requests[0].content == b'{"Subject": "A note"}'
    server.answers = [an_answer(status=503)]
    with pytest.raises(Exception, match="failed with status 503"):
        task.create({"Subject": "A note"})
    assert len(server.requests) == 2
