"""Which credit line settled which debit line, where Tryton only says: these together.

A reconciliation is a set of lines that come to nothing in the company's currency. What
its documents settle of each other follows from the set alone, in three rounds, each
from the oldest on:

1. payments with the invoices they are linked to,
2. what is left in one currency,
3. what is left between currencies, by its worth in the company's currency.

What is left after that is the exchange difference that Tryton books beside a payment at
another rate.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from ledger.ids import SourceId
from ledger.money import Currency
from ledger.records import Claim, DocumentKind, DocumentRef, Side

INVOICES = frozenset({DocumentKind.INVOICE, DocumentKind.CREDIT_NOTE})


@dataclass(slots=True, kw_only=True)
class Part:
    """What a document has in a reconciliation, and what is left of that.

    Attributes:
        line: The key of its line, or of the first of them.
        minor: What is left, in its currency; never negative.
        home_minor: The same in the company's currency.
        linked: The invoices to which it is linked as a payment.
    """

    ref: DocumentRef
    line: int
    currency: Currency
    minor: int
    home_minor: int
    on: date
    linked: frozenset[str] = frozenset()

    def take(self, minor: int) -> None:
        """Take some of it, and as much of its worth in the company's currency."""
        if minor:
            self.home_minor -= self.home_minor * minor // self.minor
            self.minor -= minor


@dataclass(slots=True)
class _Pair:
    """What one credit settles of one debit, each in its own currency."""

    debit: Part
    credit: Part
    debit_minor: int = 0
    credit_minor: int = 0

    def settle(self, debit_minor: int, credit_minor: int) -> None:
        self.debit.take(debit_minor)
        self.credit.take(credit_minor)
        self.debit_minor += debit_minor
        self.credit_minor += credit_minor


_Pairs = dict[tuple[int, int], _Pair]
_Fits = Callable[[Part, Part], bool]


@dataclass(frozen=True, slots=True)
class Matched:
    """What a reconciliation comes to.

    Attributes:
        left: The parts that nothing in it stands against.
    """

    claims: tuple[Claim, ...]
    left: tuple[Part, ...]


def match(parts: Iterable[Part]) -> Matched:
    """Match a reconciliation's parts, one a document."""
    ordered = sorted(parts, key=lambda part: (part.on, part.line))
    debits = [one for one in ordered if one.ref.kind.side is Side.DEBIT]
    credits_ = [one for one in ordered if one.ref.kind.side is Side.CREDIT]
    pairs: _Pairs = {}
    for fits in (_are_linked, _are_of_one_currency):
        _settle(debits, credits_, pairs, fits)
    _settle_across(debits, credits_, pairs)
    for pair in reversed(pairs.values()):
        # The rest of what settled something went with that.
        pair.settle(pair.debit.minor, pair.credit.minor)
    return Matched(
        claims=tuple(_claim(pair) for pair in pairs.values()),
        left=tuple(one for one in ordered if one.minor),
    )


def linked(invoice: Part, payment: Part) -> Claim:
    """Return what a payment settles of the invoice to which it is linked.

    All of the payment is taken; between currencies, at the rate of the invoice.
    """
    taken = payment.minor
    if payment.currency != invoice.currency and invoice.home_minor:
        taken = -(-payment.home_minor * invoice.minor // invoice.home_minor)
    if invoice.ref.kind.side is Side.DEBIT:
        return _claim(_Pair(invoice, payment, taken, payment.minor))
    return _claim(_Pair(payment, invoice, payment.minor, taken))


def _settle(
    debits: Sequence[Part], credits_: Sequence[Part], pairs: _Pairs, fits: _Fits
) -> None:
    for debit in debits:
        for credit in credits_:
            if not debit.minor:
                break
            if credit.minor and fits(debit, credit):
                minor = min(debit.minor, credit.minor)
                _pair(pairs, debit, credit).settle(minor, minor)


def _settle_across(
    debits: Sequence[Part], credits_: Sequence[Part], pairs: _Pairs
) -> None:
    for debit in debits:
        for credit in credits_:
            if not debit.minor:
                break
            if credit.minor:
                worth = min(debit.home_minor, credit.home_minor)
                _pair(pairs, debit, credit).settle(
                    _share(debit, worth), _share(credit, worth)
                )


def _share(part: Part, worth: int) -> int:
    """Return how much of a part is worth so much; never nothing, never too much."""
    if worth >= part.home_minor:
        return part.minor
    return max(1, part.minor * worth // part.home_minor)


def _pair(pairs: _Pairs, debit: Part, credit: Part) -> _Pair:
    return pairs.setdefault((debit.line, credit.line), _Pair(debit, credit))


def _are_linked(debit: Part, credit: Part) -> bool:
    if not _are_of_one_currency(debit, credit):
        return False
    return (debit.ref.kind in INVOICES and debit.ref.source_id in credit.linked) or (
        credit.ref.kind in INVOICES and credit.ref.source_id in debit.linked
    )


def _are_of_one_currency(debit: Part, credit: Part) -> bool:
    return debit.currency == credit.currency


def _claim(pair: _Pair) -> Claim:
    debit, credit = pair.debit, pair.credit
    is_plain = (
        debit.currency == credit.currency and pair.debit_minor == pair.credit_minor
    )
    return Claim(
        source_id=_key(debit, credit),
        debit=debit.ref,
        credit=credit.ref,
        currency=debit.currency,
        amount_minor=pair.debit_minor,
        effective_on=max(debit.on, credit.on),
        credit_minor=None if is_plain else pair.credit_minor,
    )


def _key(debit: Part, credit: Part) -> SourceId:
    """Return a key that a claim keeps when a linked payment is reconciled later.

    A line of no invoice is in one reconciliation at most, and so makes the key unique;
    between two invoices the credit note's line does.
    """
    both_invoices = debit.ref.kind in INVOICES and credit.ref.kind in INVOICES
    by = f"line-{credit.line}" if both_invoices else _name(credit.ref)
    return SourceId(f"{by}>{_name(debit.ref)}")


def _name(ref: DocumentRef) -> str:
    return f"{'invoice' if ref.kind in INVOICES else 'line'}-{ref.source_id}"
