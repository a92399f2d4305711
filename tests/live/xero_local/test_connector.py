"""What a stranger's stand-in of Xero serves is read, and what it lacks is named.

Its organisation has no currency, so that is given here; all else is the product's own.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from decimal import Decimal

import pytest

from app.clock import SystemClock
from connectors import xero_app, xero_refusals
from connectors.faults import ReconnectError, WrongAnswerError
from connectors.http import Authenticator, Seam
from connectors.oauth import FixedHeaders
from connectors.xero import XeroConnector
from connectors.xero_app import Addresses
from ledger.ids import SourceId
from ledger.records import DocumentKind, DocumentRef
from ledger.secret import Secret
from ledger.store import problems
from ledger.store.connections import RunState
from ledger.testing import EUR, Books, NoRates
from mapping.xero.organisation import Organisation
from sync.pull import Sync
from sync.result import RunResult, StepState
from tests.answers import owed
from tests.live.xero_local.server import XeroLocal

pytestmark = pytest.mark.live

LATE = date(2099, 12, 31)
CLOCK = SystemClock()
ANY_TOKEN = FixedHeaders({"authorization": Secret("Bearer anything")})
JANUARY_9 = "/Date(1767916800000+0000)/"
"""As the vendor writes 9 January 2026; of credit notes the stranger keeps it so."""

SERVED = ("contacts", "invoices", "credit notes", "payments")
LACKING = ("overpayments", "prepayments")


@contextmanager
def connected(
    to: XeroLocal, *, signed: Authenticator | None = ANY_TOKEN, has_base: bool = True
) -> Iterator[XeroConnector]:
    """Connect over the network, as the product does."""
    key = to.organisation_id
    with Seam(
        base_url=Addresses.at(to.url).api,
        name="Xero",
        clock=CLOCK,
        authenticator=signed,
        headers=xero_app.seam_headers(key),
        namer=xero_refusals.named,
    ) as seam:
        connector = XeroConnector(seam, key, CLOCK.now)
        if has_base:
            connector._organisation = Organisation(key, "A stranger's", EUR, None)
        yield connector


def sync(books: Books, connector: XeroConnector) -> RunResult:
    """Run a sync."""
    return Sync(
        database=books.database,
        tenant=books.tenant,
        connection=books.connection,
        connector=connector,
        clock=CLOCK,
        rates=NoRates(),
    ).run()


def fill(xero_local: XeroLocal) -> dict[str, str]:
    """Put a few documents in; return the invoices' keys by their numbers."""
    (alder,) = xero_local.put("Contacts", {"Name": "Alder Books"})
    who = {"Contact": {"ContactID": alder["ContactID"]}, "CurrencyCode": "EUR"}
    dates = {"Date": "2026-01-05", "DueDate": "2026-02-04"}
    invoices = xero_local.put(
        "Invoices",
        *(
            {
                "Type": "ACCREC",
                "InvoiceNumber": number,
                "Status": status,
                "Total": total,
                **who,
                **dates,
            }
            for number, status, total in (
                ("part paid", "AUTHORISED", 100),
                ("open", "AUTHORISED", 250.5),
                ("paid", "AUTHORISED", 80),
                ("draft", "DRAFT", 70),
                ("void", "VOIDED", 60),
            )
        ),
        {
            "Type": "ACCPAY",
            "InvoiceNumber": "bill",
            "Status": "AUTHORISED",
            "Total": 500,
            **who,
            **dates,
        },
    )
    keys = {one["InvoiceNumber"]: one["InvoiceID"] for one in invoices}
    for number, amount in (("part paid", 40), ("paid", 80)):
        paid = {"Invoice": {"InvoiceID": keys[number]}, "Amount": amount}
        xero_local.put("Payments", {**paid, "Date": "2026-01-20"})
    note = {"Type": "ACCRECCREDIT", "Status": "AUTHORISED", **who}
    xero_local.put(
        "CreditNotes",
        {**note, "CreditNoteNumber": "note", "Total": 25, "Date": JANUARY_9},
        {**note, "CreditNoteNumber": "odd day", "Total": 5, "Date": "2026-01-09"},
    )
    return keys


def test_what_its_lists_hold_lands(xero_local: XeroLocal, books: Books) -> None:
    """Open is what was put in less what was paid; what cannot be read is a problem."""
    fill(xero_local)
    with connected(xero_local) as connector:
        result = sync(books, connector)

    states = {step.resource: step.state for step in result.steps}
    assert [name for name in states if states[name] is not StepState.FAILED] == list(
        SERVED
    )
    assert owed(books, LATE) == {
        "part paid": Decimal(60),
        "open": Decimal("250.50"),
        "note": Decimal(-25),
    }
    with books.database.tenant(books.tenant.scope) as session:
        (odd,) = problems.load_open(session, books.connection.id)
    assert odd.resource == "credit notes"
    assert odd.problem.message == "'2026-01-09' is no date."


def test_what_it_lacks_is_named(xero_local: XeroLocal, books: Books) -> None:
    """Lists that are not there fail alone, with words that say what to look at."""
    fill(xero_local)
    with connected(xero_local) as connector:
        result = sync(books, connector)
        failed = {
            step.resource: step.note
            for step in result.steps
            if step.state is StepState.FAILED
        }
        assert set(failed) == set(LACKING)
        for said in failed.values():
            assert "a web page and status 404" in said
            assert "Check the address of the books" in said
        # Without those lists nobody can say what is open in all.
        with pytest.raises(WrongAnswerError):
            list(connector.snapshot().items())
    assert result.state is RunState.FAILED
    assert result.open_items is None


def test_it_cannot_be_synced_whole(xero_local: XeroLocal, books: Books) -> None:
    """Without an organisation nothing lands: nobody knows in which currency."""
    fill(xero_local)
    with connected(xero_local, has_base=False) as connector:
        with pytest.raises(WrongAnswerError):
            connector.check()
        result = sync(books, connector)
    assert result.state is RunState.FAILED
    assert {step.state for step in result.steps} == {StepState.FAILED}
    assert result.message.count("Check the address of the books") == 1
    assert owed(books, LATE) == {}


def test_pages_are_as_long_as_it_makes_them(
    xero_local: XeroLocal, books: Books
) -> None:
    """Its pages hold a hundred whatever is asked for, and none is left out."""
    (alder,) = xero_local.put("Contacts", {"Name": "Alder Books"})
    who = {"Contact": {"ContactID": alder["ContactID"]}, "CurrencyCode": "EUR"}
    many = [
        {
            "Type": "ACCREC",
            "InvoiceNumber": f"I-{n}",
            "Status": "AUTHORISED",
            "Total": n,
            "Date": "2026-01-05",
            **who,
        }
        for n in range(1, 251)
    ]
    xero_local.put("Invoices", *many)
    with connected(xero_local) as connector:
        sync(books, connector)
    assert owed(books, LATE) == {f"I-{n}": Decimal(n) for n in range(1, 251)}


def test_the_next_reading_moves_what_changed(
    xero_local: XeroLocal, books: Books
) -> None:
    """It gives all again, changed since or not; only what did moves in the ledger."""
    keys = fill(xero_local)
    with connected(xero_local) as connector:
        sync(books, connector)
        again = sync(books, connector)
        assert sum(step.moved for step in again.steps) == 0

        xero_local.change("Invoices", keys["open"], Total=300, AmountDue=300)
        changed = sync(books, connector)
    assert sum(step.changed for step in changed.steps) == 1
    assert owed(books, LATE)["open"] == Decimal(300)


def test_single_documents_are_read_again(xero_local: XeroLocal) -> None:
    """By its key each comes as it stands, and one that is not there is gone."""
    keys = fill(xero_local)
    invoice = DocumentRef(DocumentKind.INVOICE, SourceId(keys["open"]))
    lost = DocumentRef(DocumentKind.INVOICE, SourceId("nobody's"))
    note = DocumentRef(DocumentKind.CREDIT_NOTE, SourceId("nobody's"))
    with connected(xero_local) as connector:
        many, single = connector.snapshot().reread([invoice, lost, note])
        documents = {one.source_id: one for one in many.decode().documents}
    assert documents[invoice.source_id].total_minor == 25_050
    assert many.gone == (lost,)
    assert single.gone == (note,)


def test_without_a_token_it_asks_to_connect_again(xero_local: XeroLocal) -> None:
    """It refuses such a call as the vendor does."""
    with (
        connected(xero_local, signed=None, has_base=False) as connector,
        pytest.raises(ReconnectError, match="unauthorized"),
    ):
        list(
            connector.snapshot().reread(
                [DocumentRef(DocumentKind.INVOICE, SourceId("x"))]
            )
        )
