"""Tryton's reconciliations: claims, and the documents that only they hold.

A payment that is reconciled is read here, with what it settles; one that is not is an
entry (`mapping.tryton.entries`).
"""

from ledger.money import Currency
from ledger.records import Batch, ProblemReason
from mapping.fields import FieldError
from mapping.pages import Page
from mapping.tryton.lines import (
    Owners,
    debtor_of,
    entry,
    entry_ref,
    moves_of,
    worth,
)
from mapping.tryton.matching import Part, match
from mapping.tryton.reading import REMEDY, map_all, readable
from mapping.tryton.requests import RECONCILIATIONS
from mapping.tryton.wire import Line, Reconciliation


def moves(body: bytes) -> frozenset[int]:
    """Return the moves whose owners must be asked for.

    Raises:
        AnswerError: The answer is an error, or no list.
    """
    return moves_of(
        line for one in readable(body, Reconciliation) for line in one.lines
    )


def batch(body: bytes, owners: Owners, home: Currency) -> Batch:
    """Return the claims and documents of a page.

    Raises:
        AnswerError: The answer is an error, or no list.
    """

    def add(page: Page, one: Reconciliation) -> None:
        _add(page, one, owners, home)

    return map_all(RECONCILIATIONS, body, Reconciliation, add)


def _add(
    page: Page, reconciliation: Reconciliation, owners: Owners, home: Currency
) -> None:
    entries: dict[int, Line] = {}
    parts: dict[tuple[str, str], Part] = {}
    for line in reconciliation.lines:
        owned = owners.of(line)
        if owners.cancels(line) or (owned is not None and owned.is_void):
            continue
        value = worth(line, home)
        ref = entry_ref(line, value.minor) if owned is None else owned.ref
        sign = 1 if ref.kind.side is ref.kind.side.DEBIT else -1
        part = Part(
            ref=ref,
            line=line.id,
            currency=value.currency,
            minor=sign * value.minor,
            home_minor=sign * value.home_minor,
            on=line.date.value,
            linked=frozenset(str(key) for key in line.invoice_payments),
        )
        key = (str(ref.kind), ref.source_id)
        parts[key] = _together(parts[key], part) if key in parts else part
        if owned is None and value.minor:
            entries[line.id] = line
    wrong = [part for part in parts.values() if part.minor < 0]
    matched = match(part for part in parts.values() if part.minor > 0)
    left = {part.line for part in matched.left}
    if wrong or left - entries.keys():
        raise FieldError(
            f"Reconciliation {reconciliation.id} holds lines that nothing in it stands "
            "against.",
            reason=ProblemReason.VALUE,
            remedy=REMEDY,
        )
    if not parts:
        page.ignore("cancelled")
    for line in entries.values():
        # What a payment at another rate was short of is no debt, and never was.
        document = entry(line, home, is_void=line.id in left)
        if document is not None:
            page.debtors.append(debtor_of(line))
            page.documents.append(document)
    page.claims += matched.claims


def _together(first: Part, other: Part) -> Part:
    """Add up two lines of one invoice."""
    if first.currency != other.currency:
        raise FieldError(
            f"The lines {first.line} and {other.line} of one invoice have two "
            "currencies.",
            reason=ProblemReason.CURRENCY,
            remedy=REMEDY,
        )
    return Part(
        ref=first.ref,
        line=min(first.line, other.line),
        currency=first.currency,
        minor=first.minor + other.minor,
        home_minor=first.home_minor + other.home_minor,
        on=min(first.on, other.on),
        linked=first.linked | other.linked,
    )
