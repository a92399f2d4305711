"""Move lines on receivable accounts: whose they are, and what those of no invoice are.

An invoice owns the lines of its own move and of the moves that rescheduled it, on its
account. Every other line is a document of its own.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from ledger.ids import SourceId
from ledger.money import Currency
from ledger.records import Debtor, Document, DocumentKind, DocumentRef, ProblemReason
from mapping.fields import FieldError, text_or_none
from mapping.tryton.parties import mention
from mapping.tryton.reading import code_of, minor_of, shapes
from mapping.tryton.wire import CancelMove, Invoice, Line, Mention, Owner

CASH_JOURNALS: Final = frozenset({"cash", "statement"})
CASH_ORIGINS: Final = ("account.payment", "account.statement")
"""What a move comes from when it records money, whatever its journal."""
REVERSED: Final = "account.move,"
"""What a move comes from that only turns the signs of another."""


@dataclass(frozen=True, slots=True)
class Worth:
    """What a line is worth; debits positive.

    Attributes:
        minor: In the line's own currency.
        home_minor: In the company's currency.
    """

    currency: Currency
    minor: int
    home_minor: int


def worth(line: Line, home: Currency) -> Worth:
    """Return what a line is worth.

    Raises:
        FieldError: An amount cannot be read.
        UnknownCurrencyError: Its currency is no ISO 4217 currency.
    """
    home_minor = minor_of(line.debit.decimal - line.credit.decimal, home)
    if line.second_currency is None or line.amount_second_currency is None:
        return Worth(home, home_minor, home_minor)
    code = code_of(line.second_currency, home)
    return Worth(code, minor_of(line.amount_second_currency.decimal, code), home_minor)


@dataclass(frozen=True, slots=True)
class Owned:
    """The invoice that owns a line."""

    ref: DocumentRef
    is_void: bool


class Owners:
    """Tells whose the lines of a page are."""

    def __init__(self, owners: Iterable[Owner]) -> None:
        """Sort the invoices by their moves."""
        self._owned: dict[tuple[int, int], Owned] = {}
        self._cancelling: set[int] = set()
        for one in owners:
            is_void = cancelled_by(one) is not None
            owned = Owned(invoice_ref(one), is_void)
            for move in [one.move, *one.additional_moves]:
                if move is not None:
                    self._owned[move, one.account] = owned
            if is_void and one.cancel_move is not None:
                self._cancelling.add(one.cancel_move.id)

    @classmethod
    def read(cls, *bodies: bytes) -> "Owners":
        """Read the answers to `requests.OWNERS`.

        Raises:
            AnswerError: An answer is an error, or no list.
            FieldError: A record has another shape.
        """
        return cls(owner for body in bodies for owner in shapes(body, Owner))

    def of(self, line: Line) -> Owned | None:
        """Return the invoice that owns a line."""
        return self._owned.get((line.move.id, line.account))

    def cancels(self, line: Line) -> bool:
        """Say whether a line only takes back an invoice that is void anyway."""
        return line.move.id in self._cancelling


def cancelled_by(invoice: Invoice | Owner) -> CancelMove | None:
    """Return the move that voids an invoice; a credit note does not void it."""
    move = invoice.cancel_move
    if invoice.state != "cancelled" or move is None:
        return None
    return move if (move.origin or "").startswith(REVERSED) else None


def invoice_ref(invoice: Invoice | Owner) -> DocumentRef:
    """Return what an invoice is called: one below zero is a credit note."""
    kind = DocumentKind.INVOICE
    if invoice.total_amount.decimal < 0:
        kind = DocumentKind.CREDIT_NOTE
    return DocumentRef(kind, SourceId(str(invoice.id)))


def entry_ref(line: Line, minor: int) -> DocumentRef:
    """Return what a line of no invoice is called."""
    return DocumentRef(_kind(line, minor), SourceId(str(line.id)))


def entry(line: Line, home: Currency, *, is_void: bool = False) -> Document | None:
    """Return the document that a line of no invoice is; None if it is worth nothing.

    Args:
        line: The line.
        home: The company's currency.
        is_void: Whether it never counted, in the books' own eyes.

    Raises:
        FieldError: A value cannot be read, or it names no party.
        UnknownCurrencyError: Its currency is no ISO 4217 currency.
    """
    value = worth(line, home)
    if not value.minor:
        return None
    ref = entry_ref(line, value.minor)
    issued_on = line.date.value
    changed = line.write_date or line.create_date
    return Document(
        kind=ref.kind,
        source_id=ref.source_id,
        number=text_or_none(line.move.number) or f"line {line.id}",
        debtor=debtor_of(line).source_id,
        currency=value.currency,
        total_minor=abs(value.minor),
        issued_on=issued_on,
        due_on=due_on(line),
        home_minor=abs(value.home_minor),
        voided_on=issued_on if is_void else None,
        source_version_at=None if changed is None else changed.value,
    )


def debtor_of(line: Line, otherwise: Mention | None = None) -> Debtor:
    """Return whose account a line stands on.

    Raises:
        FieldError: It names no party and nobody else can be taken for it.
    """
    party = line.party or otherwise
    if party is None:
        raise FieldError(
            f"Move line {line.id} on a receivable account names no party.",
            reason=ProblemReason.MISSING,
            remedy="Enter the party, or let the account require one.",
        )
    return mention(party)


def due_on(line: Line) -> date | None:
    """Return when a line falls due; None if it does not say."""
    return None if line.maturity_date is None else line.maturity_date.value


def moves_of(lines: Iterable[Line]) -> frozenset[int]:
    """Return the moves whose owners must be asked for."""
    return frozenset(line.move.id for line in lines)


def _kind(line: Line, minor: int) -> DocumentKind:
    origin = line.move.origin or ""
    is_cash = line.move.journal.type in CASH_JOURNALS or origin.startswith(CASH_ORIGINS)
    if minor > 0:
        is_refund = is_cash and not origin.startswith(REVERSED)
        return DocumentKind.REFUND if is_refund else DocumentKind.DEBIT_JOURNAL
    if line.move.journal.type == "write-off":
        return DocumentKind.WRITE_OFF
    return DocumentKind.PAYMENT if is_cash else DocumentKind.CREDIT_JOURNAL


KINDS: Final[Mapping[str, frozenset[DocumentKind]]] = {
    "invoices": frozenset({DocumentKind.INVOICE, DocumentKind.CREDIT_NOTE}),
    "entries": frozenset(
        {
            DocumentKind.REFUND,
            DocumentKind.DEBIT_JOURNAL,
            DocumentKind.WRITE_OFF,
            DocumentKind.PAYMENT,
            DocumentKind.CREDIT_JOURNAL,
        }
    ),
}
"""The kinds of document that each list holds."""
