"""Changes: what the books allow, refuse, and show as changed."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest

from connectors.simulators.xero import UNLIMITED, BooksError, Size, XeroSimulator
from connectors.simulators.xero.model import Contact, Document, Kind, Status
from tests.simulators.xero_calls import body, client


@pytest.fixture
def simulator() -> XeroSimulator:
    """Small books."""
    return XeroSimulator(size=Size(invoices=20), limits=UNLIMITED)


@pytest.fixture
def contact(simulator: XeroSimulator) -> Contact:
    """A customer of the test's own."""
    return simulator.books.add_contact("Acme Ltd")


@pytest.fixture
def invoice(simulator: XeroSimulator, contact: Contact) -> Document:
    """An invoice of 100, open."""
    return simulator.books.post(contact, Decimal(100))


@pytest.fixture
def caller(simulator: XeroSimulator) -> httpx.Client:
    """Somebody who may read and write."""
    return client(simulator)


def shown(caller: httpx.Client, document: Document) -> dict[str, Any]:
    """Read a document over the API."""
    name = str(document.kind)
    return dict(body(caller.get(f"/{name}/{document.id}"))[name][0])


def payment(invoice: Document, amount: str, **more: object) -> dict[str, object]:
    """What a payment is written with."""
    return {
        "Invoice": {"InvoiceID": invoice.id},
        "Account": {"Code": "090"},
        "Amount": Decimal(amount).__float__(),
        "Date": "2026-01-10",
        **more,
    }


def message(response: httpx.Response) -> str:
    """Return the first thing that is wrong."""
    assert response.status_code == 400, response.text
    return str(body(response)["Elements"][0]["ValidationErrors"][0]["Message"])


class TestPayments:
    """Money in, and taken back."""

    def test_two_part_payments_settle_an_invoice(
        self, caller: httpx.Client, invoice: Document
    ) -> None:
        """0.10 and 99.90 are exactly 100."""
        caller.put("/Payments", json=payment(invoice, "0.10"))
        half = shown(caller, invoice)
        caller.put("/Payments", json=payment(invoice, "99.90"))
        full = shown(caller, invoice)

        assert (half["Status"], half["AmountDue"]) == ("AUTHORISED", Decimal("99.90"))
        assert (full["Status"], full["AmountDue"]) == ("PAID", 0)
        assert full["FullyPaidOnDate"] == "/Date(1768003200000+0000)/"

    def test_a_deleted_payment_opens_the_invoice_again(
        self, simulator: XeroSimulator, caller: httpx.Client, invoice: Document
    ) -> None:
        """The payment stays as DELETED, and the invoice's date of change moves."""
        made = body(caller.put("/Payments", json=payment(invoice, "100")))
        key = made["Payments"][0]["PaymentID"]
        before = shown(caller, invoice)
        simulator.clock.advance(60)
        gone = body(caller.post(f"/Payments/{key}", json={"Status": "DELETED"}))
        after = shown(caller, invoice)

        assert gone["Payments"][0]["Status"] == "DELETED"
        assert (after["Status"], after["AmountDue"]) == ("AUTHORISED", 100)
        assert after["Payments"] == []
        assert after["UpdatedDateUTCString"] > before["UpdatedDateUTCString"]
        again = caller.post(f"/Payments/{key}", json={"Status": "DELETED"})
        assert "already" in message(again)

    def test_nothing_can_be_overpaid(
        self, caller: httpx.Client, invoice: Document
    ) -> None:
        """A payment above what is due is refused, and nothing changes."""
        refused = caller.put("/Payments", json=payment(invoice, "100.01"))

        assert "exceeds" in message(refused)
        assert shown(caller, invoice)["AmountDue"] == 100

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            ({"Amount": 0}, "greater than zero"),
            ({"Amount": "ten"}, "not a valid number"),
            ({"Amount": "NaN"}, "not a valid number"),
            ({"Amount": 1.001}, "no amount of GBP"),
            ({"Date": "soon"}, "not a valid date"),
            ({"Account": {"Code": "200"}}, "does not take payments"),
            ({"Invoice": {"InvoiceID": "0"}}, "could not be found"),
            ({"Invoice": {}}, "must be specified"),
        ],
    )
    def test_a_senseless_payment_is_refused(
        self,
        caller: httpx.Client,
        invoice: Document,
        change: dict[str, object],
        said: str,
    ) -> None:
        """Each part of a payment is checked."""
        told = payment(invoice, "10") | change
        assert said in message(caller.put("/Payments", json=told))

    def test_all_payments_are_written_or_none(
        self, caller: httpx.Client, invoice: Document
    ) -> None:
        """Two payments that exceed the invoice together are both refused."""
        told = {"Payments": [payment(invoice, "60"), payment(invoice, "60")]}
        refused = caller.put("/Payments", json=told)

        assert "exceeds" in message(refused)
        after = shown(caller, invoice)
        assert (after["AmountDue"], after["Payments"]) == (100, [])
        query = {"where": f'Invoice.InvoiceID==guid("{invoice.id}")'}
        assert body(caller.get("/Payments", params=query))["Payments"] == []

    def test_a_member_of_a_batch_cannot_be_deleted_alone(
        self, simulator: XeroSimulator, caller: httpx.Client, contact: Contact
    ) -> None:
        """A batch is taken back only as a whole, and not over this API."""
        books = simulator.books
        batch = books.pay_together([books.post(contact, Decimal(5)) for _ in range(2)])
        key = batch.payments[0].id
        refused = caller.post(f"/Payments/{key}", json={"Status": "DELETED"})

        assert batch.total == 10
        assert "batch" in message(refused)

    def test_locked_periods_take_no_payment(
        self, simulator: XeroSimulator, caller: httpx.Client, invoice: Document
    ) -> None:
        """A payment on the day of the lock is refused, one after it taken."""
        simulator.books.period_locked_on = simulator.clock.today - timedelta(days=5)

        refused = caller.put("/Payments", json=payment(invoice, "1"))
        assert "lock date" in message(refused)
        taken = caller.put("/Payments", json=payment(invoice, "1", Date="2026-01-11"))
        assert taken.status_code == 200

    def test_what_is_paid_too_much_is_an_overpayment(
        self, simulator: XeroSimulator, caller: httpx.Client, invoice: Document
    ) -> None:
        """110 on 100: the invoice is paid, and 10 waits to be used."""
        rest = simulator.books.overpay(invoice, Decimal(110))
        paid = shown(caller, invoice)

        assert (paid["Status"], paid["AmountPaid"]) == ("PAID", 100)
        assert shown(caller, rest)["RemainingCredit"] == 10


class TestAllocations:
    """Credits put to invoices, and freed."""

    @pytest.mark.parametrize(
        "kind", [Kind.CREDIT_NOTE, Kind.OVERPAYMENT, Kind.PREPAYMENT]
    )
    def test_a_credit_is_used_and_freed_again(
        self,
        simulator: XeroSimulator,
        caller: httpx.Client,
        invoice: Document,
        kind: Kind,
    ) -> None:
        """Both sides show what was applied, and neither after it was taken back."""
        credit = simulator.books.post(invoice.contact, Decimal(30), kind=kind)
        told = {
            "Allocations": [
                {
                    "Invoice": {"InvoiceID": invoice.id},
                    "Amount": 20,
                    "Date": "2026-01-12",
                }
            ]
        }
        path = f"/{kind}/{credit.id}/Allocations"
        made = body(caller.put(path, json=told))["Allocations"][0]
        used = shown(caller, credit), shown(caller, invoice)
        caller.delete(f"{path}/{made['AllocationID']}")
        freed = shown(caller, credit), shown(caller, invoice)

        assert (used[0]["RemainingCredit"], used[1]["AmountDue"]) == (10, 80)
        assert used[1]["AmountCredited"] == 20
        assert used[1][str(kind)][0]["AppliedAmount"] == 20
        assert (freed[0]["RemainingCredit"], freed[1]["AmountDue"]) == (30, 100)
        assert freed[0]["Allocations"] == freed[1][str(kind)] == []

    def test_no_more_is_applied_than_there_is(
        self, simulator: XeroSimulator, caller: httpx.Client, invoice: Document
    ) -> None:
        """Neither the credit nor the invoice goes below zero."""
        note = simulator.books.post(invoice.contact, Decimal(30), kind=Kind.CREDIT_NOTE)
        told = {"Invoice": {"InvoiceID": invoice.id}, "Amount": 31}
        refused = caller.put(f"/CreditNotes/{note.id}/Allocations", json=told)

        assert "exceeds" in message(refused)

    def test_a_refund_uses_the_credit_up(
        self, simulator: XeroSimulator, caller: httpx.Client, contact: Contact
    ) -> None:
        """A credit note paid out in cash leaves nothing."""
        note = simulator.books.post(contact, Decimal(30), kind=Kind.CREDIT_NOTE)
        refund = simulator.books.refund(note)
        read = body(caller.get(f"/Payments/{refund.id}"))["Payments"][0]

        assert read["PaymentType"] == "ARCREDITPAYMENT"
        after = shown(caller, note)
        assert (after["Status"], after["RemainingCredit"]) == ("PAID", 0)


class TestStatus:
    """The life of a document."""

    def test_an_invoice_goes_its_way(
        self, caller: httpx.Client, contact: Contact
    ) -> None:
        """DRAFT, SUBMITTED, AUTHORISED, VOIDED; and nothing from there."""
        told = {
            "Type": "ACCREC",
            "Contact": {"ContactID": contact.id},
            "LineItems": [{"Description": "Goods", "Quantity": 1, "UnitAmount": 10}],
        }
        made = body(caller.put("/Invoices", json=told))["Invoices"][0]
        path = f"/Invoices/{made['InvoiceID']}"
        statuses = [made["Status"]]
        for wanted in ("SUBMITTED", "AUTHORISED", "VOIDED"):
            answer = body(caller.post(path, json={"Status": wanted}))
            statuses.append(answer["Invoices"][0]["Status"])

        assert statuses == ["DRAFT", "SUBMITTED", "AUTHORISED", "VOIDED"]
        refused = caller.post(path, json={"Status": "AUTHORISED"})
        assert "not of valid status" in message(refused)

    @pytest.mark.parametrize("status", [Status.DRAFT, Status.PAID, Status.DELETED])
    def test_what_counts_can_only_be_voided(
        self, simulator: XeroSimulator, invoice: Document, status: Status
    ) -> None:
        """An approved invoice is neither a draft again, nor paid by word, nor gone."""
        with pytest.raises(BooksError):
            simulator.books.set_status(invoice, status)

    def test_what_is_paid_in_part_cannot_be_edited_or_voided(
        self, simulator: XeroSimulator, caller: httpx.Client, invoice: Document
    ) -> None:
        """A promise can be written on an open invoice, not on a partly paid one."""
        promise = {"ExpectedPaymentDate": "2026-02-01"}
        taken = body(caller.post(f"/Invoices/{invoice.id}", json=promise))
        simulator.books.pay(invoice, Decimal(1))

        assert taken["Invoices"][0]["ExpectedPaymentDateString"].startswith("2026-02")
        for told in (promise, {"Status": "VOIDED"}):
            refused = caller.post(f"/Invoices/{invoice.id}", json=told)
            assert "cannot be edited" in message(refused)

    def test_what_was_voided_can_come_back(
        self, simulator: XeroSimulator, invoice: Document
    ) -> None:
        """Behind the API's back, a voided invoice is open again."""
        simulator.books.void(invoice)
        assert invoice.due == 0
        simulator.books.undelete(invoice)

        assert invoice.status is Status.AUTHORISED
        assert invoice.due == 100

    def test_a_free_invoice_is_paid_at_once(
        self, simulator: XeroSimulator, contact: Contact
    ) -> None:
        """An approved invoice of nothing is PAID."""
        assert simulator.books.post(contact, Decimal(0)).status is Status.PAID


class TestContacts:
    """Merging, archiving, grouping."""

    def test_a_merge_moves_the_documents_and_not_their_dates(
        self, simulator: XeroSimulator, caller: httpx.Client, invoice: Document
    ) -> None:
        """The gone contact is archived, names its heir, and owns nothing."""
        gone = invoice.contact
        heir = simulator.books.add_contact("Acme Holding")
        before = shown(caller, invoice)["UpdatedDateUTC"]
        simulator.clock.advance(60)
        simulator.books.merge(gone, heir)
        read = body(caller.get(f"/Contacts/{gone.id}"))["Contacts"][0]
        after = shown(caller, invoice)

        assert read["ContactStatus"] == "ARCHIVED"
        assert read["MergedToContactID"] == heir.id
        assert after["Contact"]["ContactID"] == heir.id
        assert after["UpdatedDateUTC"] == before

    def test_archived_contacts_are_listed_only_when_asked_for(
        self, simulator: XeroSimulator, caller: httpx.Client, contact: Contact
    ) -> None:
        """Archived ones need includeArchived."""
        simulator.books.archive(contact)

        def listed(**query: str) -> bool:
            found = body(caller.get("/Contacts", params=query))["Contacts"]
            return contact.id in {one["ContactID"] for one in found}

        assert not listed()
        assert listed(includeArchived="true")

    def test_a_contact_joins_and_leaves_a_group(
        self, caller: httpx.Client, contact: Contact
    ) -> None:
        """Groups are made, filled and emptied over the API."""
        made = body(caller.put("/ContactGroups", json={"Name": "In collections"}))
        path = f"/ContactGroups/{made['ContactGroups'][0]['ContactGroupID']}"
        caller.put(f"{path}/Contacts", json={"Contacts": [{"ContactID": contact.id}]})
        joined = body(caller.get(path))["ContactGroups"][0]["Contacts"]
        caller.delete(f"{path}/Contacts/{contact.id}")

        assert [one["ContactID"] for one in joined] == [contact.id]
        assert body(caller.get(path))["ContactGroups"][0]["Contacts"] == []


def test_balances_can_change_behind_the_timestamp(
    simulator: XeroSimulator, caller: httpx.Client, invoice: Document
) -> None:
    """The fault: paid meanwhile, and no list of changes tells."""
    simulator.clock.advance(60)
    since = simulator.clock.now.strftime("%Y-%m-%dT%H:%M:%S")
    with simulator.books.timestamps_frozen():
        simulator.books.pay(invoice)
    changed = caller.get("/Invoices", headers={"If-Modified-Since": since})

    assert shown(caller, invoice)["Status"] == "PAID"
    assert body(changed)["Invoices"] == []


def test_a_note_that_is_too_long_is_refused(
    caller: httpx.Client, invoice: Document
) -> None:
    """450 characters are taken, 451 are not."""
    path = f"/Invoices/{invoice.id}/History"
    taken = caller.put(path, json={"HistoryRecords": [{"Details": "x" * 450}]})

    assert taken.status_code == 200
    refused = caller.put(path, json={"HistoryRecords": [{"Details": "x" * 451}]})
    assert "450" in message(refused)


@pytest.mark.parametrize("told", [b"", b"[]", b"{", b"7", b'{"Payments": 7}', b"[7]"])
def test_a_body_that_is_none_is_refused(caller: httpx.Client, told: bytes) -> None:
    """Whatever is sent, the answer is a 400 in the vendor's shape."""
    answer = caller.put("/Payments", content=told)

    assert answer.status_code == 400
    assert body(answer)["ErrorNumber"] == 14


def test_a_pdf_opens_with_the_right_mark(
    caller: httpx.Client, invoice: Document
) -> None:
    """An invoice can be had as PDF."""
    answer = caller.get(
        f"/Invoices/{invoice.id}/pdf", headers={"Accept": "application/pdf"}
    )

    assert answer.content.startswith(b"%PDF-1.4")
    assert invoice.number.encode() in answer.content
