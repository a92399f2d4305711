"""Lists: pages, filters, orders, and what happens while the books change."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from time import perf_counter
from typing import Any

import httpx
import pytest

from connectors.simulators.xero import UNLIMITED, Size, XeroSimulator
from connectors.simulators.xero.clock import from_ms
from connectors.simulators.xero.model import Document, Kind, Status
from tests.simulators.xero_calls import body, client, pages


@pytest.fixture
def simulator() -> XeroSimulator:
    """Books of a few pages."""
    return XeroSimulator(size=Size(invoices=250), limits=UNLIMITED)


@pytest.fixture
def caller(simulator: XeroSimulator) -> httpx.Client:
    """Somebody who may read."""
    return client(simulator)


def listed(caller: httpx.Client, **query: str) -> list[dict[str, Any]]:
    """Read the list of invoices at once."""
    answer = caller.get("/Invoices", params=query)
    assert answer.status_code == 200, answer.text
    return list(body(answer)["Invoices"])


def test_pages_hold_everything_once(
    simulator: XeroSimulator, caller: httpx.Client
) -> None:
    """The pages add up to the list, in the order of change."""
    found = pages(caller, "Invoices", size=40)
    stamps = [one["UpdatedDateUTCString"] for one in found]

    assert len(found) == simulator.expected.counts["Invoices"]
    assert len({one["InvoiceID"] for one in found}) == len(found)
    assert stamps == sorted(stamps)


def test_the_page_says_where_it_is(caller: httpx.Client) -> None:
    """A page tells its number, size, and how many there are; beyond, it is empty."""
    read = body(caller.get("/Invoices", params={"page": "2", "pageSize": "100"}))
    beyond = body(caller.get("/Invoices", params={"page": "9"}))

    assert read["pagination"] == {
        "page": 2,
        "pageSize": 100,
        "pageCount": 3,
        "itemCount": 257,
    }
    assert len(read["Invoices"]) == 100
    assert beyond["Invoices"] == []


@pytest.mark.parametrize(
    "query", [{"page": "0"}, {"page": "x"}, {"page": "1", "pageSize": "1001"}]
)
def test_a_senseless_page_is_refused(
    caller: httpx.Client, query: dict[str, str]
) -> None:
    """Pages count from 1 and hold at most 1000."""
    assert caller.get("/Invoices", params=query).status_code == 400


def test_lines_come_only_with_pages(caller: httpx.Client) -> None:
    """Without `page` there are no lines, with `summaryOnly` neither."""
    short = listed(caller)
    long = listed(caller, page="1")
    summary = listed(caller, page="1", summaryOnly="true")

    assert all(one["LineItems"] == [] for one in [*short, *summary])
    assert all(one["LineItems"] for one in long)


def test_a_row_moves_to_the_tail_when_it_changes_between_pages(
    simulator: XeroSimulator, caller: httpx.Client
) -> None:
    """What changes after page 1 was read shifts page 2: one row is missed there."""
    simulator.clock.advance(60)
    query = {"page": "1", "pageSize": "100"}
    first = {one["InvoiceID"] for one in listed(caller, **query)}
    kinds = simulator.books.documents[Kind.INVOICE]
    moved = next(kinds[key] for key in first if kinds[key].status is Status.AUTHORISED)
    simulator.books.pay(moved)
    second = {one["InvoiceID"] for one in listed(caller, **{**query, "page": "2"})}
    third = {one["InvoiceID"] for one in listed(caller, **{**query, "page": "3"})}

    assert moved.id in third
    assert len(set(kinds) - first - second - third) == 1


def test_only_later_changes_are_listed(
    simulator: XeroSimulator, caller: httpx.Client
) -> None:
    """If-Modified-Since leaves out what did not change after it."""
    invoice = next(
        one
        for one in simulator.books.documents[Kind.INVOICE].values()
        if one.status is Status.AUTHORISED
    )
    simulator.clock.advance(90)
    since = simulator.clock.now - timedelta(seconds=30)
    simulator.books.pay(invoice, Decimal("0.01"))

    for text in (f"{since:%Y-%m-%dT%H:%M:%S}", f"{since:%a, %d %b %Y %H:%M:%S} GMT"):
        answer = caller.get("/Invoices", headers={"If-Modified-Since": text})
        assert [one["InvoiceID"] for one in body(answer)["Invoices"]] == [invoice.id]
    payments = caller.get("/Payments", headers={"If-Modified-Since": str(since)})
    assert len(body(payments)["Payments"]) == 1


@pytest.mark.parametrize(
    ("query", "holds"),
    [
        ({"where": 'Type=="ACCREC"'}, lambda one: not one.payable),
        ({"Statuses": "AUTHORISED,PAID"}, lambda one: one.status.counts),
        (
            {"where": 'Status=="AUTHORISED" AND AmountDue>100.50'},
            lambda one: one.status is Status.AUTHORISED and one.open > Decimal("100.5"),
        ),
        (
            {"where": "Date>=DateTime(2025, 06, 01) && Date<DateTime(2025,7,1)"},
            lambda one: (one.issued_on.year, one.issued_on.month) == (2025, 6),
        ),
        (
            {"where": "UpdatedDateUTC>=DateTime(2025,6,1,12,0,0)"},
            lambda one: from_ms(one.updated_ms).isoformat() >= "2025-06-01T12",
        ),
    ],
)
def test_filters_choose(
    simulator: XeroSimulator,
    caller: httpx.Client,
    query: dict[str, str],
    holds: Callable[[Document], bool],
) -> None:
    """A filter lists those for which it holds, and no others."""
    found = {one["InvoiceID"] for one in listed(caller, **query)}
    wanted = {
        one.id for one in simulator.books.documents[Kind.INVOICE].values() if holds(one)
    }

    assert found == wanted
    assert 0 < len(found) < 257


def test_ids_numbers_and_contacts_choose(caller: httpx.Client) -> None:
    """Lists of ids, numbers and contacts are kept to."""
    first, second, *_ = listed(caller)
    ids = f"{first['InvoiceID']},{second['InvoiceID']}"
    contact = first["Contact"]["ContactID"]

    assert len(listed(caller, IDs=ids)) == 2
    assert len(listed(caller, InvoiceNumbers=first["InvoiceNumber"])) == 1
    by_contact = listed(caller, ContactIDs=contact)
    assert {one["Contact"]["ContactID"] for one in by_contact} == {contact}
    where = f'Contact.ContactID==guid("{contact}")'
    assert listed(caller, where=where) == by_contact


def test_an_order_is_kept(caller: httpx.Client) -> None:
    """Descending by date and ascending by number."""
    found = listed(caller, order="Date DESC, InvoiceNumber ASC")
    keys = [(one["DateString"], one["InvoiceNumber"]) for one in found]

    assert keys == sorted(
        sorted(keys, key=lambda one: one[1]), reverse=True, key=(lambda one: one[0])
    )


@pytest.mark.parametrize(
    "query",
    [
        {"where": 'Status=="PAID" OR Status=="VOIDED"'},
        {"where": "Colour==7"},
        {"where": 'Total>"much"'},
        {"order": "Colour"},
        {"order": "Date SIDEWAYS"},
    ],
)
def test_what_is_not_understood_is_refused(
    caller: httpx.Client, query: dict[str, str]
) -> None:
    """A filter or order that the simulator cannot follow is never ignored."""
    answer = caller.get("/Invoices", params=query)

    assert answer.status_code == 400
    assert body(answer)["Type"] == "QueryParseException"


@pytest.mark.parametrize(
    "path", ["/Invoices/none", "/Quotes", "/Invoices/x/y/z", "/Reports/Other"]
)
def test_what_is_not_there_is_a_404_in_text(caller: httpx.Client, path: str) -> None:
    """Unknown ids and endpoints are not found; the body is no JSON."""
    answer = caller.get(path)

    assert answer.status_code == 404
    assert "json" not in answer.headers["content-type"]


def test_an_invoice_is_found_by_its_number(caller: httpx.Client) -> None:
    """The number works where the id does."""
    first = listed(caller)[0]
    read = body(caller.get(f"/Invoices/{first['InvoiceNumber']}"))

    assert read["Invoices"][0]["InvoiceID"] == first["InvoiceID"]


def test_pages_of_many_invoices_come_quickly() -> None:
    """Read a second time, 20 pages of 1000 take under two seconds."""
    simulator = XeroSimulator(size=Size(invoices=20_000), limits=UNLIMITED)
    caller = client(simulator)

    def read() -> int:
        return sum(
            len(
                caller.get("/Invoices", params={"page": page, "pageSize": 1000}).content
            )
            for page in range(1, 21)
        )

    simulator.warm()
    start = perf_counter()
    assert read() > 20_000_000
    assert perf_counter() - start < 2
