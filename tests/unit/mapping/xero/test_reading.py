"""Xero's records become the ledger's, or problems that say what is wrong."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from ledger.money import Currency
from ledger.records import Batch, DocumentKind, ProblemReason
from mapping.fields import FieldError
from mapping.xero import fields
from mapping.xero.documents import tells_payments
from mapping.xero.reading import (
    CONTACTS,
    CREDIT_NOTES,
    INVOICES,
    INVOICES_PAID,
    PAYMENTS,
    NoListError,
    Table,
)

GBP, EUR = Currency("GBP"), Currency("EUR")
CONTACT = {"ContactID": "c-1", "Name": "Acme"}
INVOICE = {
    "InvoiceID": "i-1",
    "Type": "ACCREC",
    "Status": "AUTHORISED",
    "Contact": CONTACT,
    "Total": Decimal("120.50"),
    "Date": "/Date(1767225600000+0000)/",
    "DueDate": "/Date(1769817600000+0000)/",
    "InvoiceNumber": "INV-1",
    "CurrencyCode": "EUR",
    "CurrencyRate": Decimal("1.2"),
    "Payments": [{"PaymentID": "p-1", "Amount": 1}],
}
ALLOCATION = {
    "AllocationID": "a-1",
    "Amount": 4,
    "Date": "/Date(1767312000000+0000)/",
    "Invoice": {"InvoiceID": "i-1"},
}
CREDIT = {
    "CreditNoteID": "n-1",
    "Type": "ACCRECCREDIT",
    "Status": "AUTHORISED",
    "Contact": CONTACT,
    "Total": 10,
    "Date": "/Date(1767225600000)/",
    "Allocations": [ALLOCATION],
}
PAYMENT = {
    "PaymentID": "p-1",
    "PaymentType": "ACCRECPAYMENT",
    "Status": "AUTHORISED",
    "Amount": Decimal("20.5"),
    "Date": "/Date(1767312000000+0000)/",
    "Invoice": {"InvoiceID": "i-1", "Contact": CONTACT, "CurrencyCode": "EUR"},
}


def batch(table: Table[Any], *records: Mapping[str, Any]) -> Batch:
    """Map a page."""
    encode = msgspec.json.Encoder(decimal_format="number").encode
    return table.batch(encode({table.list_key: records}), GBP)


def test_an_invoice_is_what_it_says() -> None:
    """Amount, days, rate, worth at home, and what is applied to it."""
    found = batch(INVOICES, INVOICE)
    (one,) = found.documents
    assert (one.total_minor, one.currency, one.number) == (12050, EUR, "INV-1")
    assert (one.issued_on, one.due_on) == (date(2026, 1, 1), date(2026, 1, 31))
    assert (one.rate, one.home_minor) == (Decimal("1.2"), 10042)
    (settled,) = found.settled
    assert settled.debit.source_id == "i-1"
    (credit,) = settled.credits
    assert (credit.kind, credit.source_id) == (DocumentKind.PAYMENT, "p-1")


@pytest.mark.parametrize("status", ["VOIDED", "DELETED"])
def test_what_is_gone_is_void_from_its_own_date(status: str) -> None:
    """Xero gives no day, and nothing is said of what was applied."""
    found = batch(INVOICES, {**INVOICE, "Status": status})
    assert found.documents[0].voided_on == date(2026, 1, 1)
    assert found.settled == ()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"Type": "ACCPAY"}, "bills and other purchases"),
        ({"Status": "DRAFT"}, "drafts"),
    ],
)
def test_what_is_no_receivable_is_counted_and_left_out(
    change: Mapping[str, Any], reason: str
) -> None:
    """Bills and drafts are ignored by name."""
    found = batch(INVOICES, {**INVOICE, **change})
    assert (found.documents, found.ignored) == ((), {reason: 1})


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"Total": Decimal("1.005")}, ProblemReason.AMOUNT),
        ({"Total": -1}, ProblemReason.AMOUNT),
        ({"Total": "much"}, ProblemReason.SHAPE),
        ({"Date": "yesterday"}, ProblemReason.DATE),
        ({"Date": None}, ProblemReason.MISSING),
        ({"CurrencyCode": "EUX"}, ProblemReason.CURRENCY),
        ({"CurrencyRate": 0}, ProblemReason.VALUE),
        ({"CurrencyRate": Decimal("1E-70")}, ProblemReason.VALUE),
        ({"Status": "ODD"}, ProblemReason.VALUE),
    ],
)
def test_one_bad_record_leaves_the_others(
    change: Mapping[str, Any], reason: ProblemReason
) -> None:
    """It is a problem with its key, its customer and what to do; the rest lands."""
    found = batch(INVOICES, {**INVOICE, **change}, {**INVOICE, "InvoiceID": "i-2"})
    assert [one.source_id for one in found.documents] == ["i-2"]
    (problem,) = found.problems
    assert (problem.source_ref, problem.debtor) == ("i-1", "c-1")
    assert problem.remedy
    assert problem.reason is reason


def test_a_problem_is_worth_what_it_would_change() -> None:
    """A credit that cannot be read lowers what is owed; no digit is lost."""
    owed = batch(
        INVOICES, {**INVOICE, "Date": "?", "Total": Decimal("9007199254740.93")}
    )
    assert owed.problems[0].amount_minor == 900719925474093
    credited = batch(CREDIT_NOTES, {**CREDIT, "Date": "?", "CurrencyCode": "GBP"})
    assert credited.problems[0].amount_minor == -1000
    assert dict(credited.problems[0].raw)["Total"] == "10"


def test_a_credit_names_all_that_uses_it() -> None:
    """Allocations are claims; refunds stay, deleted parts do not."""
    deleted = {**ALLOCATION, "AllocationID": "a-2", "IsDeleted": True}
    one = {
        **CREDIT,
        "Allocations": [ALLOCATION, deleted],
        "Payments": [{"PaymentID": "p-9"}],
    }
    found = batch(CREDIT_NOTES, one)
    assert [claim.source_id for claim in found.claims] == ["n-1/a-1"]
    assert set(found.spent[0].claims) == {"payment/p-9", "n-1/a-1"}


def test_a_payment_claims_its_invoice() -> None:
    """Of its own currency and day, with the invoice's customer."""
    found = batch(PAYMENTS, PAYMENT)
    assert found.documents[0].kind is DocumentKind.PAYMENT
    (claim,) = found.claims
    assert (claim.debit.source_id, claim.credit.source_id) == ("i-1", "p-1")
    assert (claim.amount_minor, claim.effective_on) == (2050, date(2026, 1, 2))


def test_a_credit_paid_back_is_a_refund() -> None:
    """The credit's key may stand where an invoice's does."""
    paid = {**PAYMENT, "PaymentType": "ARCREDITPAYMENT"}
    found = batch(PAYMENTS, paid)
    (claim,) = found.claims
    assert found.documents[0].kind is DocumentKind.REFUND
    assert (claim.credit.kind, claim.credit.source_id) == (
        DocumentKind.CREDIT_NOTE,
        "i-1",
    )


def test_terms_and_suppliers() -> None:
    """Days after the bill are terms; who only supplies is no debtor."""
    terms = {"Sales": {"Day": 14, "Type": "DAYSAFTERBILLDATE"}}
    found = batch(
        CONTACTS,
        {**CONTACT, "PaymentTerms": terms, "IsCustomer": True},
        {"ContactID": "c-2", "IsSupplier": True},
    )
    (debtor,) = found.debtors
    assert debtor.terms is not None
    assert debtor.terms.days == 14
    assert found.ignored == {"suppliers": 1}


@pytest.mark.parametrize("body", [b"[]", b'{"Others": []}', b'{"Invoices": {}}'])
def test_what_is_no_list_is_refused(body: bytes) -> None:
    """An answer of another kind never passes for an empty list."""
    with pytest.raises(NoListError):
        INVOICES.batch(body, GBP)


@pytest.mark.parametrize(
    "text", ["/Date(-253370764800000)/", "/Date(999999999999999)/", "2026-01-01", "x"]
)
def test_dates_out_of_all_years_are_refused(text: str) -> None:
    """No date leads out of the calendar."""
    with pytest.raises(FieldError):
        fields.instant(text)


@pytest.mark.parametrize("text", ["", None, "/Date(-62135596800000)/"])
def test_no_date_is_none(text: str | None) -> None:
    """Nothing, and the first day of all, are no date."""
    assert fields.optional_day(text) is None


def test_a_day_is_never_shifted() -> None:
    """A zone beside the milliseconds moves nothing."""
    assert fields.day("/Date(1767225600000+1300)/") == date(2026, 1, 1)


def apart(table: Table[Any], body: bytes) -> Batch:
    """Map a page record by record, as if it could not be decoded at once."""
    found = msgspec.json.decode(body, type=dict[str, msgspec.Raw])[table.list_key]
    raws = msgspec.json.decode(found, type=list[msgspec.Raw])
    return replace(table.read(body), records=None, raws=raws).batch(GBP)


@pytest.mark.parametrize(
    ("table", "record", "change"),
    [
        (INVOICES, INVOICE, {"InvoiceID": "i-2", "Type": "ACCPAY"}),
        (CREDIT_NOTES, CREDIT, {"CreditNoteID": "n-2", "Status": "DRAFT"}),
        (PAYMENTS, PAYMENT, {"PaymentID": "p-2", "Status": "DELETED"}),
        (CONTACTS, {**CONTACT, "IsSupplier": True}, {"IsCustomer": True}),
        # Not read at all, or read and found wrong.
        (INVOICES, INVOICE, {"InvoiceID": "i-2", "Total": "much"}),
        (INVOICES, INVOICE, {"InvoiceID": "i-2", "Date": "?"}),
        (CREDIT_NOTES, CREDIT, {"Allocations": [{"Amount": 1}]}),
        (PAYMENTS, PAYMENT, {"PaymentID": "p-2", "Invoice": None}),
    ],
)
def test_a_page_at_once_and_its_records_apart_are_the_same(
    table: Table[Any], record: Mapping[str, Any], change: Mapping[str, Any]
) -> None:
    """Whichever way a page is decoded, the same lands and the same is a problem."""
    encode = msgspec.json.Encoder(decimal_format="number").encode
    records = [record, {**record, **change}, record]
    body = encode({"pagination": None, table.list_key: records})
    found = table.batch(body, GBP)
    assert found == apart(table, body)
    assert found.row_count == len(records)


def test_half_a_page_is_no_page() -> None:
    """What was cut off is read again, not kept as records that are wrong."""
    body = msgspec.json.encode({"Contacts": [CONTACT, CONTACT]})
    for end in range(len(body)):
        with pytest.raises(NoListError):
            CONTACTS.read(body[:end])


def test_a_page_says_how_long_its_list_is() -> None:
    """By its own word, whatever its records look like; else by being short."""
    pagination = {"itemCount": 2_001, "pageCount": 3, "page": 1, "pageSize": 1_000}
    for contact in (CONTACT, {"Name": "without a key"}):
        body = msgspec.json.encode({"pagination": pagination, "Contacts": [contact]})
        sheet = CONTACTS.read(body)
        assert (sheet.count, sheet.total) == (1, 2_001)
        assert (sheet.is_last(2), sheet.is_last(3)) == (False, True)
    assert CONTACTS.read(b'{"pagination": 7, "Contacts": []}').is_last(1)


PAID = {"PaymentID": "p-1", "Amount": 1, "Date": "/Date(1767312000000+0000)/"}


@pytest.mark.parametrize(
    ("payments", "amount_paid", "landed", "told"),
    [
        ([PAID], 1, 1, True),
        ([PAID], 2, 1, False),
        ([PAID], None, 1, False),
        ([PAID, {"PaymentID": "p-2"}], 1, 1, False),
        ([PAID | {"Date": "soon"}], 1, 0, False),
        ([PAID | {"CurrencyRate": 0}], 1, 0, False),
        ([], 0, 0, True),
    ],
)
def test_an_invoice_tells_all_its_payments_or_it_is_known(
    payments: list[Any], amount_paid: int | None, landed: int, told: object
) -> None:
    """One that cannot be read here is left to the list of payments."""
    fields_ = INVOICE | {"Payments": payments, "AmountPaid": amount_paid}
    sheet = INVOICES_PAID.read(msgspec.json.encode({"Invoices": [fields_]}))
    batch = sheet.batch(EUR)
    kinds = [one.kind for one in batch.documents]
    assert kinds == ["invoice", *["payment"] * landed]
    assert len(batch.claims) == landed
    assert tells_payments(sheet.records, batch) is told


def test_an_invoice_that_is_a_problem_tells_nothing() -> None:
    """Its payments are not on the page either."""
    fields_ = INVOICE | {"Total": "a lot", "Payments": [PAID], "AmountPaid": 1}
    sheet = INVOICES_PAID.read(msgspec.json.encode({"Invoices": [fields_]}))
    assert not tells_payments(sheet.records, sheet.batch(EUR))
