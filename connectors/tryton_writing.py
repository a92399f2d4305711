"""Writing to Tryton: notes, blocked dunnings, payments by its own wizard.

- Note: `ir.note` on the invoice or the party; found by our key in its message.
- Dispute: `account.dunning.blocked` of the invoice's lines, where that module is
  installed and Tryton has a dunning; written only as long as it is as it was read.
- Payment: the wizard `account.invoice.pay`; found by our key in the move's description.
  It is one transaction of Tryton's: all of it happens, or nothing.
- Tryton knows no idempotency key, and no field for a promise.

Checked against a running trytond 8.2.1, November 2026.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, Final, TypeVar

import msgspec
from msgspec import Raw

from connectors.contract import Capability
from connectors.limits import WAIT_MAX_S
from connectors.tryton_books import WRITES, Books
from connectors.writing import (
    ChangedMeanwhileError,
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
from ledger.money import Currency, from_minor
from ledger.outbox import WriteKind
from mapping.tryton import written
from mapping.tryton.lines import KINDS
from mapping.tryton.reading import shapes
from mapping.tryton.wire import AnswerError, result

NOTE_LENGTH_MAX: Final = 10_000
BLOCKED: Final = "blocked"
YES, NO, SOME = "yes", "no", "some"
METHOD: Final = "method"
"""The setting that names the way to be paid."""
START, ASK = "start", "ask"
CALLS_MAX: Final = 4
"""So many calls a payment takes, each as long as one may."""

SAID: Final = (
    # What Tryton's words hold in lower case, and what they mean.
    ("closed", RefusalReason.LOCKED_PERIOD),
    ("amount to pay", RefusalReason.PAID),
)

Shape = TypeVar("Shape", bound=msgspec.Struct)


@dataclass(slots=True)
class TrytonWriter:
    """Writes to one company's books.

    Attributes:
        method: The name of the way to be paid; empty where none was named.
    """

    books: Books
    method: str = ""
    _has_dunning: bool | None = field(default=None, init=False)

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What can be written; a dispute only where Tryton has dunnings."""
        return WRITES

    @property
    def time_limit_s(self) -> float:
        """As long as a payment's calls take, each made anew where a session ended."""
        times = self.books.seam.timeouts
        return 2 * CALLS_MAX * (times.connect_s + times.total_s) + 2 * WAIT_MAX_S

    def find(self, order: Order, part: Part) -> Found | Gone | Unsearchable | None:
        """Look for a note by its message, for a payment by its move's description."""
        if part is Part.PAYMENT:
            return self._find_payment(order)
        found = self._search(
            written.NOTE,
            [["resource", "=", _resource(order)], ["message", "ilike", _like(order)]],
            [],
            written.Key,
        )
        return Found(str(found[0].id)) if found else None

    def append(self, order: Order, part: Part) -> Outcome:
        """Write a note or a payment."""
        if not self._is_there(order):
            return Gone("Tryton does not have it any more.")
        try:
            if part is Part.PAYMENT:
                return self._pay(order)
            note = {
                "resource": _resource(order),
                "message": order.note(NOTE_LENGTH_MAX),
            }
            made = self._act(written.of(written.NOTE, "create"), [note])
        except AnswerError as error:
            return _refusal(error)
        return Written(str(msgspec.json.decode(made, type=list[int])[0]))

    def fields(self, orders: Sequence[Order]) -> Mapping[str, Field | NoField | Gone]:
        """Read whether Tryton's own dunnings of invoices are blocked."""
        return {order.key: self._dunnings(order) for order in orders}

    def put(self, order: Order, field: Field) -> Outcome:
        """Block an invoice's dunnings, or let them go on."""
        del order
        dunnings: list[written.Dunning] = field.mark
        context = {
            "_timestamp": {
                f"{written.DUNNING},{one.id}": one.timestamp for one in dunnings
            }
        }
        values = {"blocked": field.wanted[BLOCKED] == YES}
        keys = [one.id for one in dunnings]
        try:
            self._act(written.of(written.DUNNING, "write"), keys, values, **context)
        except AnswerError as error:
            return _refusal(error)
        return Written(",".join(str(key) for key in keys))

    def _pay(self, order: Order) -> Outcome:
        """Register a payment, unless it is plain that it must not be."""
        (invoice,) = self._invoice(order)
        methods = self._search(written.METHOD, [], ["name"], written.Method)
        named = [one.id for one in methods if one.name == self.method]
        amount = _amount(order)
        if not named:
            words = f"Tryton has no way to be paid of the name {self.method!r}."
            if not self.method:
                words = "No way to be paid was named: `writebacks TENANT --method`."
            return Refusal(RefusalReason.NOT_SET_UP, words)
        if invoice.state not in {"posted", "paid"}:
            return Refusal(RefusalReason.VOIDED, f"The invoice is {invoice.state}.")
        if invoice.due < amount:
            words = f"{invoice.due} is open, and {amount} was to be paid."
            return Refusal(RefusalReason.PAID, words)
        if invoice.currency.code != order.content["currency"]:
            words = f"The invoice is in {invoice.currency.code}."
            return Refusal(RefusalReason.OTHER, words)
        self._register(order, invoice.id, named[0])
        return Written()

    def _register(self, order: Order, invoice: int, method: int) -> None:
        """Go through the wizard; its last step books the money, or nothing does."""
        about = {
            "active_model": written.INVOICE,
            "active_id": invoice,
            "active_ids": [invoice],
        }
        wizard = f"wizard.{written.PAYING}"
        session, *_ = msgspec.json.decode(self._act(f"{wizard}.create"), type=list[Any])
        first = self._act(f"{wizard}.execute", session, {}, START, **about)
        start = {
            **(written.asked(first) or {}),
            "amount": written.amount(_amount(order)),
            "date": written.day(date.fromisoformat(order.content["paid_on"])),
            "payment_method": method,
            "description": _description(order),
        }
        filled: dict[str, Any] = {START: start}
        second = self._act(f"{wizard}.execute", session, filled, "choice", **about)
        left = written.asked(second)
        if left is not None:
            # Less than an instalment: Tryton asks what the rest is, and it stays open.
            filled[ASK] = {**left, "type": "partial"}
            self._act(f"{wizard}.execute", session, filled, "pay", **about)

    def _find_payment(self, order: Order) -> Found | None:
        found = self._search(
            written.LINE,
            [
                ["move.description", "ilike", _like(order)],
                ["move.origin", "=", _resource(order)],
                ["account.type.receivable", "=", True],
            ],
            ["date", "debit", "credit", "amount_second_currency"],
            written.Paid,
        )
        if not found:
            return None
        line = found[0]
        wanted = (_amount(order), date.fromisoformat(order.content["paid_on"]))
        there = (line.amount, line.date.value)
        differs = ""
        if there != wanted:
            differs = f"{there[0]} on {there[1]} instead of {wanted[0]} on {wanted[1]}."
        return Found(str(line.id), differs)

    def _dunnings(self, order: Order) -> Field | NoField | Gone:
        if order.kind is not WriteKind.DISPUTE or _invoice_key(order) is None:
            return NoField("Tryton has no field for it.")
        if not self._knows_dunning():
            return NoField("Tryton's dunning is not installed.")
        found = self._invoice(order)
        if not found:
            return Gone("Tryton does not have the invoice any more.")
        dunnings = self._search(
            written.DUNNING,
            [["line", "in", found[0].lines_to_pay]],
            ["line", "blocked", "_timestamp"],
            written.Dunning,
        )
        if not dunnings:
            return NoField("Tryton has no dunning of it that could be blocked.")
        states = {bool(one.blocked) for one in dunnings}
        now = SOME if len(states) > 1 else YES if True in states else NO
        return Field(
            name=BLOCKED,
            now={BLOCKED: now},
            wanted={BLOCKED: YES if order.content["is_open"] else NO},
            empty={BLOCKED: NO},
            mark=dunnings,
        )

    def _knows_dunning(self) -> bool:
        if self._has_dunning is None:
            domain = [["name", "=", written.DUNNING]]
            found = self._search(written.MODEL, domain, [], written.Key)
            self._has_dunning = bool(found)
        return self._has_dunning

    def _is_there(self, order: Order) -> bool:
        if _invoice_key(order) is not None:
            return bool(self._invoice(order))
        domain = [["id", "=", int(order.debtor)]]
        return bool(self._search(written.PARTY, domain, [], written.Key))

    def _invoice(self, order: Order) -> list[written.Invoice]:
        return self._search(
            written.INVOICE,
            [["id", "=", _invoice_key(order)]],
            ["state", "currency.code", "amount_to_pay", "lines_to_pay"],
            written.Invoice,
        )

    def _search(
        self, model: str, domain: list[Any], fields: list[str], shape: type[Shape]
    ) -> list[Shape]:
        params = written.searched(domain, fields, self.books.context)
        answer = self.books.call(written.of(model, "search_read"), params)
        return list(shapes(answer.body, shape))

    def _act(self, method: str, *params: Any, **context: Any) -> Raw:  # noqa: ANN401 - JSON
        """Call a method that changes something: once, whatever becomes of it."""
        whole = [*params, {**self.books.context, **context}]
        return result(self.books.call(method, whole, idempotent=False).body)


def writer(books: Books, settings: Mapping[str, Any]) -> TrytonWriter:
    """Return what writes to a company's books, as the client chose."""
    return TrytonWriter(books, str(settings.get(METHOD) or ""))


def _refusal(error: AnswerError) -> Refusal:
    """Return what Tryton refused, and why, in its words.

    Raises:
        ChangedMeanwhileError: Somebody else was first; nothing was written.
        AnswerError: It is no refusal.
    """
    if error.name == written.OVERTAKEN:
        raise ChangedMeanwhileError("A record of Tryton") from error
    if error.name not in written.USER_ERRORS:
        raise error
    said = error.message.lower()
    for words, reason in SAID:
        if words in said:
            return Refusal(reason, error.message)
    return Refusal(RefusalReason.OTHER, error.message)


def _invoice_key(order: Order) -> int | None:
    """Return an invoice's key; None where it is about something else."""
    document = order.document
    if document is None or document.kind not in KINDS["invoices"]:
        return None
    return int(document.source_id)


def _resource(order: Order) -> str:
    invoice = _invoice_key(order)
    if invoice is None:
        return f"{written.PARTY},{order.debtor}"
    return f"{written.INVOICE},{invoice}"


def _like(order: Order) -> str:
    """Return the pattern that finds our key; it holds no sign that means another."""
    return f"%{order.key}%"


def _description(order: Order) -> str:
    return f"{order.key} {order.content.get('reference') or ''}".strip()


def _amount(order: Order) -> Decimal:
    return from_minor(
        int(order.content["amount_minor"]), Currency(order.content["currency"])
    )
