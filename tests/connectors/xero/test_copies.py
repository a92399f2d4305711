"""An invoice of Xero's as PDF: the one that was asked for, or why there is none."""

from datetime import UTC, datetime

import httpx
import pytest

from connectors.contract import Capability, InvoiceCopies
from connectors.http import Seam
from connectors.simulators.xero.model import Kind
from connectors.xero import NoPdfError, XeroConnector
from connectors.xero_app import API_URL
from ledger.calendar import FixedClock
from ledger.ids import SourceId
from ledger.records import DocumentKind, DocumentRef
from tests.connectors.xero.conftest import Organisation

FOUND = 200
AN_INVOICE = DocumentRef(DocumentKind.INVOICE, SourceId("a/b"))


def test_an_invoice_is_had_as_pdf(organisation: Organisation) -> None:
    """What comes is a PDF with the number of just that invoice, in one call."""
    of_one = organisation.simulator.books.documents[Kind.INVOICE]
    document = next(one for one in of_one.values() if not one.payable)
    before = organisation.calls.count
    found = organisation.connector.invoice_pdf(
        DocumentRef(DocumentKind.INVOICE, SourceId(document.id))
    )
    assert found is not None
    assert found.startswith(b"%PDF-")
    assert document.number.encode() in found
    assert organisation.calls.count == before + 1
    assert Capability.PDF in organisation.connector.capabilities
    assert isinstance(organisation.connector, InvoiceCopies)


def test_a_credit_is_not_asked_for(organisation: Organisation) -> None:
    """Only invoices are printed, and nothing is called for another kind."""
    before = organisation.calls.count
    credit = DocumentRef(DocumentKind.CREDIT_NOTE, SourceId("a"))
    assert organisation.connector.invoice_pdf(credit) is None
    assert organisation.calls.count == before


@pytest.mark.parametrize("status", [200, 404])
def test_what_is_no_pdf_is_refused(status: int) -> None:
    """Nothing else is taken for an invoice, none is none; the key is quoted."""
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(status, json={"Invoices": []})

    clock = FixedClock(datetime(2026, 3, 10, tzinfo=UTC))
    with Seam(
        base_url=API_URL,
        name="Xero",
        clock=clock,
        transport=httpx.MockTransport(answer),
    ) as seam:
        connector = XeroConnector(seam, "an organisation", clock.now)
        if status == FOUND:
            with pytest.raises(NoPdfError):
                connector.invoice_pdf(AN_INVOICE)
        else:
            assert connector.invoice_pdf(AN_INVOICE) is None
    assert asked[0].url.raw_path.endswith(b"/Invoices/a%2Fb/pdf")
    assert asked[0].headers["accept"] == "application/pdf"
