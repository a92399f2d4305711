"""The endpoints that write: payments, allocations, notes, invoices, contacts."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from connectors.simulators.xero.bodies import (
    Element,
    amount,
    day,
    elements,
    inner,
    lines,
    refused,
    status,
)
from connectors.simulators.xero.books import Books
from connectors.simulators.xero.elements import sent, write_all
from connectors.simulators.xero.errors import BooksError
from connectors.simulators.xero.group_writing import GroupWriter
from connectors.simulators.xero.model import (
    Account,
    Contact,
    ContactStatus,
    Document,
    Kind,
    Status,
)
from connectors.simulators.xero.party_shapes import (
    contact_json,
    history_fields,
)
from connectors.simulators.xero.reading import KINDS, find
from connectors.simulators.xero.replies import (
    RefusedError,
    Request,
    Response,
    invalid,
    json_response,
    not_found,
)
from connectors.simulators.xero.shapes import (
    ID_FIELDS,
    allocation_fields,
    document_json,
    payment_json,
)
from connectors.simulators.xero.wire import encode

NOTE_LENGTH_MAX: Final = 450


class Writer:
    """Carries out what one organisation is told over the API."""

    def __init__(self, books: Books) -> None:
        self._books = books
        self._groups = GroupWriter(books)

    def answer(self, request: Request, parts: Sequence[str]) -> Response:
        """Answer a PUT, POST or DELETE of the path's parts after the version."""
        match [request.method, *parts]:
            case ["PUT" | "POST", "Payments"]:
                return write_all(self._books, request, "Payments", self._payment)
            case ["POST", "Payments", key]:
                return self._delete_payment(request, key)
            case [_, kind, key, "Allocations", *rest] if kind in KINDS:
                return self._allocations(
                    request, self._document(KINDS[kind], key), rest
                )
            case ["PUT" | "POST", ("Invoices" | "CreditNotes") as kind, *rest] if (
                len(rest) <= 1
            ):
                return write_all(
                    self._books,
                    request,
                    kind,
                    lambda one: self._write_document(KINDS[kind], rest, one),
                )
            case ["PUT" | "POST", "Contacts", *rest] if len(rest) <= 1:
                return write_all(
                    self._books,
                    request,
                    "Contacts",
                    lambda one: self._write_contact(rest, one),
                )
            case ["PUT" | "POST" | "DELETE", "ContactGroups", *rest]:
                return self._groups.answer(request, rest)
            case ["PUT", name, key, "History"]:
                return self._notes(request, name, key)
            case _:
                return not_found()

    def _payment(self, element: Element) -> bytes:
        books = self._books
        document = self._paid_document(element)
        paid = amount(element, "Amount")
        if paid is None or paid <= 0:
            raise BooksError("Payment amount must be greater than zero")
        account = self._account(inner(element, "Account"))
        if account is None or not account.takes_payments:
            raise BooksError("The account does not take payments")
        paid_on = day(element, "Date") or books.clock.today
        self._need_unlocked(paid_on)
        payment = books.pay(
            document,
            paid,
            paid_on=paid_on,
            rate=amount(element, "CurrencyRate"),
            reference=str(element.get("Reference") or ""),
        )
        payment.is_reconciled = element.get("IsReconciled") is True
        return payment_json(payment)

    def _paid_document(self, element: Element) -> Document:
        for kind, field in zip(
            Kind, ("Invoice", "CreditNote", "Overpayment", "Prepayment"), strict=True
        ):
            told = inner(element, field)
            key = told.get(ID_FIELDS[kind]) or told.get(f"{field}Number")
            key = key or element.get(f"{field}Number")
            if key:
                shelf = self._books.documents[kind]
                found: Document | None = find(shelf, str(key))
                if found is None:
                    raise BooksError(f"{field} could not be found")
                return found
        raise BooksError("Invoice or credit note must be specified")

    def _account(self, told: Element) -> Account | None:
        by_code = self._books.accounts.get(str(told.get("Code")))
        wanted = told.get("AccountID")
        return by_code or next(
            (one for one in self._books.accounts.values() if one.id == wanted), None
        )

    def _delete_payment(self, request: Request, key: str) -> Response:
        payment = self._books.payments.get(key.lower())
        if payment is None:
            return not_found()
        (told,) = elements(request, "Payments")[:1]
        if told.get("Status") != "DELETED":
            return invalid([refused(told, ["Only Status DELETED can be written"])])
        try:
            self._need_unlocked(payment.paid_on)
            self._books.delete_payment(payment, over_api=True)
        except BooksError as error:
            return invalid([refused(told, error.messages)])
        return sent(self._books, "Payments", [payment_json(payment)])

    def _allocations(
        self, request: Request, credit: Document, rest: Sequence[str]
    ) -> Response:
        match [request.method, *rest]:
            case ["PUT"]:
                return write_all(
                    self._books,
                    request,
                    "Allocations",
                    lambda one: self._allocation(credit, one),
                )
            case ["DELETE", key]:
                return self._unallocate(credit, key)
            case _:
                return not_found()

    def _allocation(self, credit: Document, element: Element) -> bytes:
        told = inner(element, "Invoice")
        key = str(told.get("InvoiceID") or told.get("InvoiceNumber") or "")
        invoice = find(self._books.documents[Kind.INVOICE], key)
        if invoice is None:
            raise BooksError("Invoice could not be found")
        wanted = amount(element, "Amount")
        if wanted is None or wanted <= 0:
            raise BooksError("Allocation amount must be greater than zero")
        allocated_on = day(element, "Date") or self._books.clock.today
        self._need_unlocked(allocated_on)
        return encode(
            allocation_fields(
                self._books.allocate(credit, invoice, wanted, allocated_on=allocated_on)
            )
        )

    def _unallocate(self, credit: Document, key: str) -> Response:
        allocation = next((one for one in credit.allocations if one.id == key), None)
        if allocation is None:
            return not_found()
        self._books.unallocate(allocation)
        return json_response(allocation_fields(allocation))

    def _notes(self, request: Request, name: str, key: str) -> Response:
        shelves: dict[str, dict[str, Any]] = {
            "Contacts": self._books.contacts,
            "Payments": self._books.payments,
            **{str(kind): self._books.documents[kind] for kind in Kind},
        }
        found = find(shelves.get(name, {}), key)
        if found is None:
            return not_found()

        def write(element: Element) -> bytes:
            text = str(element.get("Details") or "")
            if not 1 <= len(text) <= NOTE_LENGTH_MAX:
                raise BooksError(f"Details must have 1 to {NOTE_LENGTH_MAX} characters")
            self._books.note(found, "Note", text, "API User")
            return encode(history_fields(self._books.history[found.id][-1]))

        return write_all(self._books, request, "HistoryRecords", write)

    def _write_document(
        self, kind: Kind, rest: Sequence[str], element: Element
    ) -> bytes:
        """Create a document, or change the one named in the path or the element."""
        key = rest[0] if rest else str(element.get(ID_FIELDS[kind]) or "")
        if key:
            document = self._document(kind, key)
            self._update(document, element)
        else:
            document = self._create(kind, element)
        return document_json(document, has_lines=True)

    def _create(self, kind: Kind, element: Element) -> Document:
        books = self._books
        contact = books.contacts.get(str(inner(element, "Contact").get("ContactID")))
        if contact is None:
            raise BooksError("Contact could not be found")
        issued_on = day(element, "Date")
        self._need_unlocked(issued_on or books.clock.today)
        wanted = status(element) or Status.DRAFT
        if wanted not in {Status.DRAFT, Status.SUBMITTED, Status.AUTHORISED}:
            raise BooksError("A new document is DRAFT, SUBMITTED or AUTHORISED")
        code = str(element.get("CurrencyCode") or contact.currency or books.home)
        number = element.get("InvoiceNumber") or element.get("CreditNoteNumber")
        return books.post(
            contact,
            kind=kind,
            lines=lines(element, code),
            issued_on=issued_on,
            due_on=day(element, "DueDate"),
            currency=code,
            rate=amount(element, "CurrencyRate"),
            status=wanted,
            number=str(number or ""),
            reference=str(element.get("Reference") or ""),
            payable=str(element.get("Type", "")).startswith("ACCPAY"),
        )

    def _update(self, document: Document, element: Element) -> None:
        books = self._books
        self._need_unlocked(document.issued_on)
        wanted = status(element)
        expected_on = day(element, "ExpectedPaymentDate")
        due_on = day(element, "DueDate")
        reference = element.get("Reference")
        told = lines(element, document.currency)
        with books.all_or_nothing():
            if expected_on or due_on or reference is not None or told:
                if document.is_touched or document.status in {
                    Status.PAID,
                    Status.VOIDED,
                    Status.DELETED,
                }:
                    raise BooksError(
                        "This document cannot be edited as it has a payment or credit "
                        "note allocated to it."
                    )
                books.edit(
                    document,
                    due_on=due_on,
                    expected_on=expected_on,
                    reference=None if reference is None else str(reference),
                    lines=told,
                )
            if wanted is not None:
                books.set_status(document, wanted)

    def _write_contact(self, rest: Sequence[str], element: Element) -> bytes:
        books = self._books
        key = rest[0] if rest else str(element.get("ContactID") or "")
        name = str(element.get("Name") or "")
        if not key:
            if not name:
                raise BooksError("The contact name must be specified")
            email = str(element.get("EmailAddress") or "")
            contact = books.add_contact(name, email=email)
            return contact_json(books, contact, is_summary=False)
        found = find(books.contacts, key)
        if not isinstance(found, Contact):
            raise RefusedError(not_found())
        if name and name != found.name:
            books.rename(found, name)
        if "ContactStatus" in element:
            books.set_contact_status(found, ContactStatus(element["ContactStatus"]))
        return contact_json(books, found, is_summary=False)

    def _document(self, kind: Kind, key: str) -> Document:
        found: Document | None = find(self._books.documents[kind], key)
        if found is None:
            raise RefusedError(not_found())
        return found

    def _need_unlocked(self, told_on: date) -> None:
        locked = self._books.period_locked_on
        if locked is not None and told_on <= locked:
            raise BooksError("The document date cannot be before the period lock date.")
