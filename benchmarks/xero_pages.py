"""The organisation of `xero_books` written as Xero writes it, page by page."""

import json
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.xero_books import (
    BASE,
    CREDIT_LISTS,
    DAY_AT,
    LISTS,
    OPEN_LISTS,
    ORGANISATION,
    PAGE,
    RATES,
    Books,
    Credit,
    Invoice,
    Part,
    expected,
)

EXPECTED = "expected.json"
"""The file that says what the pages come to."""


def write(folder: Path, count: int) -> dict[str, Any]:
    """Write an organisation, and the night after; return what each comes to."""
    books = Books.of(count)
    whole = dict(_lists(books, books.invoices, books.payments, books.credits))
    whole["Contacts"] = [_contact(key, i) for i, key in enumerate(books.contacts)]
    for name in LISTS:
        _pages(folder / "day" / "all", name, whole[name])
    _open_pages(folder / "day" / "open", books)
    found = {"day": expected(books)}
    changed, paid, unseen = books.go_on()
    touched = dict(_lists(books, changed, paid, {}))
    for name in LISTS:
        _pages(folder / "night" / "changed", name, touched.get(name, []))
    _open_pages(folder / "night" / "open", books)
    single = {one.key: json.loads(invoice(books, one)) for one in unseen}
    used = [part.credit for one in unseen for part in one.credited if part.credit]
    single |= {one.key: json.loads(_credit(books, one)) for one in used}
    (folder / "night" / "single.json").write_text(json.dumps(single), encoding="utf-8")
    organisation = {
        "OrganisationID": ORGANISATION,
        "Name": "Benchmark Ltd",
        "BaseCurrency": BASE,
        "CountryCode": "IE",
    }
    (folder / "organisation.json").write_text(
        json.dumps({"Organisations": [organisation]}), encoding="utf-8"
    )
    night = expected(books)
    night["changed"] = len(changed) + len(paid)
    night["differing"] = len(unseen)
    found["night"] = night
    (folder / EXPECTED).write_text(json.dumps(found), encoding="utf-8")
    return found


def _lists(
    books: Books,
    invoices: Sequence[Invoice],
    payments: Sequence[Part],
    credits_: dict[str, list[Credit]],
) -> Iterator[tuple[str, list[str]]]:
    yield "Invoices", [invoice(books, one) for one in invoices]
    yield (
        "Payments",
        [_payment(books, one) for one in sorted(payments, key=lambda one: one.key)],
    )
    for kind, (name, _, _) in CREDIT_LISTS.items():
        yield name, [_credit(books, one) for one in credits_.get(kind, [])]


def _open_pages(folder: Path, books: Books) -> None:
    _pages(
        folder, "Invoices", [invoice(books, one) for one in books.invoices if one.left]
    )
    for kind, (name, _, _) in CREDIT_LISTS.items():
        standing = (one for one in books.credits[kind] if one.left)
        _pages(folder, name, [_credit(books, one) for one in standing])


def _pages(folder: Path, name: str, records: Sequence[str]) -> None:
    """Write a list in pages; one that is empty has one page."""
    folder.mkdir(parents=True, exist_ok=True)
    page_count = max(-(-len(records) // PAGE), 1)
    for number in range(1, page_count + 1):
        part = records[(number - 1) * PAGE : number * PAGE]
        pagination = {
            "page": number,
            "pageSize": PAGE,
            "pageCount": page_count,
            "itemCount": len(records),
        }
        (folder / f"{name}-{number}.json").write_text(
            f'{{"Id":"{ORGANISATION}","Status":"OK","pagination":'
            f'{json.dumps(pagination)},"{name}":[{",".join(part)}]}}',
            encoding="utf-8",
        )


def money(minor: int) -> str:
    """Write an amount of two decimals."""
    return f"{minor // 100}.{minor % 100:02}"


def _ms(at: date) -> int:
    whole = at if isinstance(at, datetime) else datetime(at.year, at.month, at.day)  # noqa: DTZ001 - a day has no zone
    return int(whole.replace(tzinfo=UTC).timestamp() * 1000)


def _dated(name: str, on: date) -> str:
    return (
        f'"{name}":"/Date({_ms(on)}+0000)/","{name}String":"{on.isoformat()}T00:00:00"'
    )


def _stamped(at: datetime) -> str:
    return (
        f'"UpdatedDateUTC":"/Date({_ms(at)}+0000)/",'
        f'"UpdatedDateUTCString":"{at:%Y-%m-%dT%H:%M:%SZ}"'
    )


def _contact(key: str, number: int) -> str:
    return (
        f'{{"ContactID":"{key}","ContactNumber":"C{number:05}","ContactStatus":"ACTIVE"'
        f',"Name":"Customer {number} Ltd","EmailAddress":"ar{number}@example.com",'
        '"BankAccountDetails":"","Addresses":[{"AddressType":"STREET","City":"",'
        '"Region":"","Country":""},{"AddressType":"POBOX","City":"Dublin","Region":"",'
        f'"Country":"IE"}}],"Phones":[],{_stamped(DAY_AT - timedelta(days=1))},'
        '"IsSupplier":false,"IsCustomer":true,"HasAttachments":false,'
        '"HasValidationErrors":false}'
    )


def _mention(books: Books, contact: int) -> str:
    return (
        f'"Contact":{{"ContactID":"{books.contacts[contact]}",'
        f'"Name":"Customer {contact} Ltd","EmailAddress":"ar{contact}@example.com",'
        '"Addresses":[],"Phones":[],"ContactGroups":[],"ContactPersons":[],'
        '"HasValidationErrors":false}'
    )


def _reference(one: Part) -> str:
    return f"Transfer {one.key[:8]}"


def invoice(books: Books, one: Invoice) -> str:
    """Write an invoice with what lowers it."""
    paid = sum(part.minor for part in one.payments)
    credited = sum(part.minor for part in one.credited)
    stubs: dict[str, list[str]] = {name: [] for name in OPEN_LISTS}
    for part in one.credited:
        assert part.credit is not None
        name, field_, _ = CREDIT_LISTS[part.credit.kind]
        stubs[name].append(
            f'{{"{field_}":"{part.credit.key}","AppliedAmount":{money(part.minor)},'
            f'{_dated("Date", part.paid_on)},"Total":{money(part.credit.total)}}}'
        )
    payments = ",".join(
        f'{{"PaymentID":"{part.key}","Date":"/Date({_ms(part.paid_on)}+0000)/",'
        f'"Amount":{money(part.minor)},"Reference":"{_reference(part)}",'
        f'"CurrencyRate":{RATES[one.currency]},"HasAccount":false,'
        '"HasValidationErrors":false}'
        for part in one.payments
    )
    tax = one.total // 6
    return (
        f'{{"Type":"ACCREC","InvoiceID":"{one.key}","Reference":"PO-{one.number}",'
        f'"InvoiceNumber":"INV-{one.number:07}","Payments":[{payments}],'
        f'"CreditNotes":[{",".join(stubs["CreditNotes"])}],'
        f'"Prepayments":[{",".join(stubs["Prepayments"])}],'
        f'"Overpayments":[{",".join(stubs["Overpayments"])}],'
        f'"AmountDue":{money(one.total - paid - credited)},'
        f'"AmountPaid":{money(paid)},"AmountCredited":{money(credited)},'
        '"SentToContact":true,"IsDiscounted":false,"HasErrors":false,'
        f'"CurrencyRate":{RATES[one.currency]},"HasAttachments":false,'
        f"{_mention(books, one.contact)},{_dated('Date', one.issued_on)},"
        f"{_dated('DueDate', one.due_on)},"
        f'"Status":"{"AUTHORISED" if one.total > paid + credited else "PAID"}",'
        '"LineAmountTypes":"Exclusive","LineItems":[],'
        f'"SubTotal":{money(one.total - tax)},"TotalTax":{money(tax)},'
        f'"Total":{money(one.total)},{_stamped(one.stamp_at)},'
        f'"CurrencyCode":"{one.currency}"}}'
    )


def _credit(books: Books, one: Credit) -> str:
    _, field_, kind = CREDIT_LISTS[one.kind]
    parts = ",".join(
        f'{{"AllocationID":"{part.key}","Amount":{money(part.minor)},'
        f'"Date":"/Date({_ms(part.paid_on)}+0000)/","Invoice":{{"InvoiceID":'
        f'"{part.invoice.key}","InvoiceNumber":"INV-{part.invoice.number:07}",'
        '"LineItems":[]},"IsDeleted":false}'
        for part in one.parts
    )
    number = f'"CreditNoteNumber":"CN-{one.number:06}",' if field_[0] == "C" else ""
    return (
        f'{{"Type":"{kind}","{field_}":"{one.key}","ID":"{one.key}",{number}'
        f'"Reference":"R-{one.number}","RemainingCredit":{money(one.left)},'
        f'"AppliedAmount":{money(one.total - one.left)},"Payments":[],'
        f'"Allocations":[{parts}],"CurrencyRate":{RATES[one.currency]},'
        f'"HasAttachments":false,{_mention(books, one.contact)},'
        f"{_dated('Date', one.issued_on)},"
        f'"Status":"{"AUTHORISED" if one.left else "PAID"}",'
        '"LineAmountTypes":"Exclusive","LineItems":[],'
        f'"SubTotal":{money(one.total)},"TotalTax":0.00,"Total":{money(one.total)},'
        f'{_stamped(DAY_AT - timedelta(days=1))},"CurrencyCode":"{one.currency}"}}'
    )


def _payment(books: Books, one: Part) -> str:
    paid = one.invoice
    return (
        f'{{"PaymentID":"{one.key}","Date":"/Date({_ms(one.paid_on)}+0000)/",'
        f'"BankAmount":{money(one.minor)},"Amount":{money(one.minor)},'
        f'"Reference":"{_reference(one)}","CurrencyRate":{RATES[paid.currency]},'
        f'"PaymentType":"ACCRECPAYMENT","Status":"AUTHORISED",{_stamped(one.stamp_at)},'
        '"HasAccount":true,"IsReconciled":true,'
        f'"Account":{{"AccountID":"{ORGANISATION}","Code":"090"}},'
        f'"Invoice":{{"Type":"ACCREC","InvoiceID":"{paid.key}",'
        f'"InvoiceNumber":"INV-{paid.number:07}","Payments":[],"CreditNotes":[],'
        '"Prepayments":[],"Overpayments":[],"HasErrors":false,"IsDiscounted":false,'
        f'"Contact":{{"ContactID":"{books.contacts[paid.contact]}",'
        f'"Name":"Customer {paid.contact} Ltd"}},"LineItems":[],'
        f'"CurrencyCode":"{paid.currency}"}},"HasValidationErrors":false}}'
    )


if __name__ == "__main__":
    write(Path(sys.argv[1]), int(sys.argv[2]))
