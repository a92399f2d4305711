"""xero-python on our seam: read and write through a transport of httpx."""

from datetime import date
from decimal import Decimal

import httpx
import pytest
import respx
from xero_python.accounting import Account, Invoice, Payment, Payments

from connectors.faults import RefusedError
from connectors.http import Seam
from connectors.limits import HeaderNames, Limiter
from connectors.sdk_xero import accounting
from ledger.calls import Seen
from ledger.errors import InvariantError
from tests.seams import CallsInMemory, MovingClock, Tokens

BASE = "https://api.xero.com/api.xro/2.0"
LIMITS = HeaderNames(
    day_left="X-DayLimit-Remaining", minute_left="X-MinLimit-Remaining"
)
INVOICES = b"""{"Invoices": [{
  "Type": "ACCREC", "InvoiceID": "243216c5-369e-4056-ac67-05388f86dc81",
  "InvoiceNumber": "INV-1", "DateString": "2026-01-01T00:00:00",
  "Date": "/Date(1767225600000+0000)/", "DueDate": "/Date(1769817600000+0000)/",
  "Status": "AUTHORISED", "CurrencyCode": "EUR",
  "Total": 123456789012.34, "AmountDue": 10.10}]}"""


def a_seam(calls: CallsInMemory, tokens: Tokens) -> Seam:
    """Make a seam whose network is respx."""
    clock = MovingClock()
    return Seam(
        base_url=BASE,
        name="Xero",
        clock=clock,
        limiter=Limiter(calls, clock, LIMITS, sleep=clock.sleep),
        authenticator=tokens,
        sleep=clock.sleep,
    )


@respx.mock
def test_invoices_are_read() -> None:
    """The client's models come through our seam, after a 401, with decimals."""
    route = respx.get(f"{BASE}/Invoices").mock(
        side_effect=[
            httpx.Response(401, json={"Title": "Unauthorized"}),
            httpx.Response(
                200,
                content=INVOICES,
                headers={
                    "content-type": "application/json",
                    "X-DayLimit-Remaining": "4998",
                },
            ),
        ]
    )
    calls = CallsInMemory()
    seam = a_seam(calls, Tokens(["old", "new"]))

    found = accounting(seam).get_invoices(
        "organisation-1", statuses=["AUTHORISED", "PAID"], page=1
    )

    (invoice,) = found.invoices
    assert (invoice.total, invoice.amount_due) == (
        Decimal("123456789012.34"),
        Decimal("10.10"),
    )
    assert invoice.due_date == date(2026, 1, 31)
    sent = route.calls.last.request
    assert sent.headers["authorization"] == "Bearer new"
    assert sent.headers["xero-tenant-id"] == "organisation-1"
    assert sent.url.params["Statuses"] == "AUTHORISED,PAID"
    assert calls.acquired == 2
    assert calls.finished[-1][1] == Seen(day_left=4998)


@respx.mock
def test_a_payment_is_written_once_without_a_float() -> None:
    """An amount is sent as it was given; without an idempotency key only once."""
    route = respx.put(f"{BASE}/Payments").mock(
        side_effect=[
            httpx.Response(200, json={"Payments": [{"PaymentID": "p1"}]}),
            httpx.Response(503),
            httpx.Response(200, json={"Payments": [{"PaymentID": "p1"}]}),
        ]
    )
    api = accounting(a_seam(CallsInMemory(), Tokens(["one"])))

    def pay(amount: str, **options: str) -> None:
        payment = Payment(
            invoice=Invoice(invoice_id="i1"),
            account=Account(code="090"),
            amount=Decimal(amount),
        )
        api.create_payments("organisation-1", Payments(payments=[payment]), **options)

    pay("1234567890.10")
    assert b'"Amount":1234567890.1' in route.calls.last.request.content
    pay("10", idempotency_key="k1")
    assert len(route.calls) == 3
    assert route.calls.last.request.headers["idempotency-key"] == "k1"
    with pytest.raises(InvariantError):
        pay("1234567890123456.78")
    assert len(route.calls) == 3


@respx.mock
def test_errors_are_ours() -> None:
    """A refusal is named with Xero's own words."""
    respx.get(f"{BASE}/Invoices").mock(
        return_value=httpx.Response(
            400, json={"Type": "QueryParseException", "Message": "No such column"}
        )
    )

    with pytest.raises(RefusedError, match="No such column"):
        accounting(a_seam(CallsInMemory(), Tokens(["one"]))).get_invoices("o")
