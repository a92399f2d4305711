"""Writing to Xero: notes, the day payment is expected, groups of contacts, payments.

What is written goes through Xero's own client, xero-python, on our seam, and is sent
once. A note is a line of a document's history, which nobody can change or delete. An
`Idempotency-Key` goes with what is appended; how long Xero knows it is not documented,
so nothing rests on it. Needs the extra `vendors`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Final
from urllib.parse import quote

from xero_python.accounting import (
    Account,
    AccountingApi,
    Contact,
    ContactGroup,
    ContactGroups,
    Contacts,
    HistoryRecord,
    HistoryRecords,
    Invoice,
    Invoices,
    Payment,
    Payments,
)

from connectors.contract import Capability
from connectors.faults import NotFoundError, RefusedError
from connectors.http import Seam
from connectors.limits import WAIT_MAX_S
from connectors.sdk_xero import accounting
from connectors.writing import (
    Field,
    Found,
    Gone,
    NoField,
    Order,
    Outcome,
    Part,
    Refusal,
    RefusalReason,
    Unsearchable,
    Written,
)
from connectors.xero_app import IDS_MAX, WRITES
from ledger.ids import SourceId
from ledger.money import Currency, from_minor
from ledger.outbox import WriteKind
from ledger.records import DocumentKind
from mapping.xero import written

NOTE_LENGTH_MAX: Final = 450
REFERENCE_LENGTH_MAX: Final = 255
GROUP_PREFIX: Final = "Duebridge: "
EXPECTED_ON: Final = "expected_on"
GROUPS: Final = "groups"
ACCOUNT: Final = "account"
"""The setting that names the account payments go to."""

PATHS: Final[Mapping[DocumentKind, str]] = {
    DocumentKind.INVOICE: "Invoices",
    DocumentKind.CREDIT_NOTE: "CreditNotes",
    DocumentKind.OVERPAYMENT: "Overpayments",
    DocumentKind.PREPAYMENT: "Prepayments",
    DocumentKind.PAYMENT: "Payments",
    DocumentKind.REFUND: "Payments",
}
CONTACTS: Final = "Contacts"
SAID: Final = (
    # What Xero's words hold in lower case, and what they mean.
    ("lock date", RefusalReason.LOCKED_PERIOD),
    ("batch", RefusalReason.IN_BATCH),
    ("payment or credit note allocated", RefusalReason.SETTLED),
    ("exceeds the amount outstanding", RefusalReason.PAID),
    ("not of valid status", RefusalReason.VOIDED),
)


@dataclass(slots=True)
class XeroWriter:
    """Writes to one organisation.

    Attributes:
        organisation_id: Which one.
        account: The code of the account that payments go to; empty where none was
            named.
    """

    seam: Seam
    organisation_id: str
    account: str = ""
    _api: AccountingApi = field(init=False, repr=False)
    _closed_on: date | None = field(default=None, init=False)
    _knows_closed: bool = field(default=False, init=False)
    _groups: dict[str, str] | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        """Make the client; nothing is sent yet."""
        self._api = accounting(self.seam, trusts_keys=False)

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What can be written."""
        return WRITES

    @property
    def time_limit_s(self) -> float:
        """Twice what a call takes: where a token is refused, it is made again."""
        times = self.seam.timeouts
        return 2 * (times.connect_s + times.total_s + WAIT_MAX_S)

    def find(self, order: Order, part: Part) -> Found | Gone | Unsearchable | None:
        """Look for a note in the history, for a payment by its reference."""
        try:
            if part is Part.PAYMENT:
                return self._find_payment(order)
            answer = self._read(f"{_path(order)}/History")
        except NotFoundError as error:
            return Gone(error.message)
        return Found("") if any(answer.noted(order.key)) else None

    def append(self, order: Order, part: Part) -> Outcome:
        """Write a note or a payment."""
        try:
            if part is Part.PAYMENT:
                return self._pay(order)
            return self._annotate(order)
        except NotFoundError as error:
            return Gone(error.message)
        except RefusedError as error:
            return refusal(error)

    def fields(self, orders: Sequence[Order]) -> Mapping[str, Field | NoField | Gone]:
        """Read the days payment is expected on, many at once, and contacts' groups."""
        found: dict[str, Field | NoField | Gone] = {}
        dated: list[tuple[Order, SourceId]] = []
        for order in orders:
            if order.kind is WriteKind.STAGE:
                found[order.key] = self._stage(order)
            elif order.kind is not WriteKind.PROMISE or order.document is None:
                found[order.key] = NoField("Xero has no field for it.")
            elif order.document.kind is not DocumentKind.INVOICE:
                found[order.key] = NoField("Only invoices have an expected date.")
            else:
                dated.append((order, order.document.source_id))
        for begin in range(0, len(dated), IDS_MAX):
            found |= self._expected(dated[begin : begin + IDS_MAX])
        return found

    def put(self, order: Order, field: Field) -> Outcome:
        """Set the day payment is expected on, or the groups a contact is in."""
        try:
            if field.name == GROUPS:
                return self._group(order, field)
            assert isinstance(field.mark, written.Invoice)
            if field.mark.is_settled:
                words = "Something is allocated to it, so Xero lets nobody edit it."
                return Refusal(RefusalReason.SETTLED, words)
            invoice = Invoice(
                expected_payment_date=date.fromisoformat(field.wanted[EXPECTED_ON])
            )
            self._api.update_invoice(
                self.organisation_id,
                field.mark.InvoiceID,
                Invoices(invoices=[invoice]),
                _preload_content=False,
            )
        except NotFoundError as error:
            return Gone(error.message)
        except RefusedError as error:
            return refusal(error)
        return Written(field.mark.InvoiceID)

    def _annotate(self, order: Order) -> Outcome:
        note = HistoryRecord(details=order.note(NOTE_LENGTH_MAX))
        kind = None if order.document is None else order.document.kind
        key = order.debtor if order.document is None else order.document.source_id
        create = {
            None: self._api.create_contact_history,
            DocumentKind.INVOICE: self._api.create_invoice_history,
            DocumentKind.CREDIT_NOTE: self._api.create_credit_note_history,
            DocumentKind.OVERPAYMENT: self._api.create_overpayment_history,
            DocumentKind.PREPAYMENT: self._api.create_prepayment_history,
            DocumentKind.PAYMENT: self._api.create_payment_history,
            DocumentKind.REFUND: self._api.create_payment_history,
        }[kind]
        create(
            self.organisation_id,
            key,
            HistoryRecords(history_records=[note]),
            idempotency_key=f"{order.key}-note",
            _preload_content=False,
        )
        return Written()

    def _pay(self, order: Order) -> Outcome:
        """Write a payment, unless it is plain that it must not be."""
        if order.document is None or order.document.kind is not DocumentKind.INVOICE:
            return Refusal(RefusalReason.OTHER, "Only invoices are paid here.")
        if not self.account:
            words = "No account for payments was named: `writebacks TENANT --account`."
            return Refusal(RefusalReason.NOT_SET_UP, words)
        (invoice,) = self._read(_path(order)).invoices
        paid_on, amount = _day(order), _amount(order)
        closed_on = self._closed()
        if invoice.Status == "PAID" or (invoice.due < amount):
            words = f"{invoice.due} is open, and {amount} was to be paid."
            return Refusal(RefusalReason.PAID, words)
        if invoice.Status != written.AUTHORISED:
            return Refusal(RefusalReason.VOIDED, f"The invoice is {invoice.Status}.")
        if invoice.CurrencyCode not in {None, order.content["currency"]}:
            words = f"The invoice is in {invoice.CurrencyCode}."
            return Refusal(RefusalReason.OTHER, words)
        if closed_on is not None and paid_on <= closed_on:
            words = f"The books are closed up to {closed_on}."
            return Refusal(RefusalReason.LOCKED_PERIOD, words)
        payment = Payment(
            invoice=Invoice(invoice_id=invoice.InvoiceID),
            account=Account(code=self.account),
            date=paid_on,
            amount=amount,
            reference=_reference(order),
        )
        answer = self._api.create_payments(
            self.organisation_id,
            Payments(payments=[payment]),
            idempotency_key=f"{order.key}-payment",
            _preload_content=False,
        )
        made = written.read(answer.data, "a payment").payments
        return Written(made[0].PaymentID if made else "")

    def _find_payment(self, order: Order) -> Found | None:
        (invoice,) = self._read(_path(order)).invoices
        for one in invoice.Payments:
            if order.key in (one.Reference or ""):
                return Found(one.PaymentID, _difference(one, order))
        # One that was deleted is not named by its invoice any more.
        answer = self._read(
            "Payments", where=f'Reference=="{_reference(order)}"', page="1"
        )
        for one in answer.payments:
            is_gone = one.Status == written.DELETED
            return Found(one.PaymentID, _difference(one, order), taken_back=is_gone)
        return None

    def _expected(
        self, orders: Sequence[tuple[Order, SourceId]]
    ) -> dict[str, Field | NoField | Gone]:
        keys = ",".join(dict.fromkeys(key for _, key in orders))
        answer = self._read("Invoices", IDs=keys, page="1", pageSize="1000")
        there = {one.InvoiceID: one for one in answer.invoices}
        found: dict[str, Field | NoField | Gone] = {}
        for order, key in orders:
            invoice, wanted = there.get(key), order.day("promised_on")
            if invoice is None:
                found[order.key] = Gone("Xero does not have the invoice any more.")
            elif wanted is None:
                # The client leaves out what is empty, so Xero would not see it.
                found[order.key] = NoField("Xero's expected date cannot be emptied.")
            else:
                found[order.key] = Field(
                    name=EXPECTED_ON,
                    now=_expects(invoice.expected_on),
                    wanted=_expects(wanted),
                    empty=_expects(None),
                    mark=invoice,
                )
        return found

    def _stage(self, order: Order) -> Field | Gone:
        try:
            answer = self._read(f"{CONTACTS}/{quote(order.debtor, safe='')}")
        except NotFoundError as error:
            return Gone(error.message)
        now = {
            group.Name
            for contact in answer.contacts
            for group in contact.ContactGroups
            if group.is_active and group.Name.startswith(GROUP_PREFIX)
        }
        wanted = {f"{GROUP_PREFIX}{one.replace('_', ' ')}" for one in order.stages}
        return Field(
            name=GROUPS,
            now={GROUPS: sorted(now)},
            wanted={GROUPS: sorted(wanted)},
            empty={GROUPS: []},
            is_ours=True,
        )

    def _group(self, order: Order, field: Field) -> Outcome:
        """Put a contact into the groups wanted, and out of our others."""
        now, wanted = set(field.now[GROUPS]), set(field.wanted[GROUPS])
        for name in sorted(wanted - now):
            self._api.create_contact_group_contacts(
                self.organisation_id,
                self._group_id(name),
                Contacts(contacts=[Contact(contact_id=order.debtor)]),
                _preload_content=False,
            )
        for name in sorted(now - wanted):
            self._api.delete_contact_group_contact(
                self.organisation_id,
                self._group_id(name),
                order.debtor,
                _preload_content=False,
            )
        return Written()

    def _group_id(self, name: str) -> str:
        """Return a group's key; it is made where there is none of its name."""
        if self._groups is None:
            listed = self._read("ContactGroups").groups
            self._groups = {
                one.Name: one.ContactGroupID or "" for one in listed if one.is_active
            }
        if name not in self._groups:
            answer = self._api.create_contact_group(
                self.organisation_id,
                ContactGroups(contact_groups=[ContactGroup(name=name)]),
                _preload_content=False,
            )
            (made,) = written.read(answer.data, "a group of contacts").groups
            self._groups[name] = made.ContactGroupID or ""
        return self._groups[name]

    def _closed(self) -> date | None:
        if not self._knows_closed:
            self._closed_on = self._read("Organisation").closed_on
            self._knows_closed = True
        return self._closed_on

    def _read(self, path: str, **params: str) -> written.Answer:
        answer = self.seam.call("GET", path, params=params or None, idempotent=True)
        return written.read(answer.body, path)


def writer(seam: Seam, organisation_id: str, settings: Mapping[str, Any]) -> XeroWriter:
    """Return what writes to an organisation, as the client chose."""
    return XeroWriter(seam, organisation_id, str(settings.get(ACCOUNT) or ""))


def refusal(error: RefusedError) -> Refusal:
    """Return what Xero refused, and why, in its words."""
    said = error.words.lower()
    for words, reason in SAID:
        if words in said:
            return Refusal(reason, error.words)
    return Refusal(RefusalReason.OTHER, error.words or error.message)


def _path(order: Order) -> str:
    if order.document is None:
        return f"{CONTACTS}/{quote(order.debtor, safe='')}"
    path = PATHS[order.document.kind]
    return f"{path}/{quote(order.document.source_id, safe='')}"


def _reference(order: Order) -> str:
    """Return what a payment is found by: our key, and what its payer quoted."""
    quoted = str(order.content.get("reference") or "").replace('"', "").strip()
    return f"{order.key} {quoted}".strip()[:REFERENCE_LENGTH_MAX]


def _amount(order: Order) -> Decimal:
    return from_minor(
        int(order.content["amount_minor"]), Currency(order.content["currency"])
    )


def _day(order: Order) -> date:
    return date.fromisoformat(order.content["paid_on"])


def _difference(found: written.Payment, order: Order) -> str:
    """Say how a payment is not the one that was meant, or nothing."""
    wanted = (_amount(order), _day(order))
    there = (found.Amount, found.paid_on)
    if wanted == there:
        return ""
    return f"{there[0]} on {there[1]} instead of {wanted[0]} on {wanted[1]}."


def _expects(on: date | None) -> dict[str, str | None]:
    return {EXPECTED_ON: None if on is None else on.isoformat()}
