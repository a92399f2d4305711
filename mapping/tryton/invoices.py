"""Tryton's customer invoices: invoices, credit notes, and what is linked to them.

When an invoice falls due stands on its move lines, one for each part of a payment
term. A payment that is linked to an invoice but not reconciled settles part of it.
"""

from collections.abc import Sequence
from datetime import date

from ledger.ids import SourceId
from ledger.money import Currency
from ledger.records import (
    Batch,
    Debtor,
    Document,
    DocumentKind,
    Instalment,
    ProblemReason,
    Settled,
    Side,
)
from mapping.fields import FieldError, text_or_none
from mapping.pages import Page
from mapping.tryton.lines import (
    Owners,
    Worth,
    cancelled_by,
    debtor_of,
    due_on,
    entry_ref,
    invoice_ref,
    moves_of,
    worth,
)
from mapping.tryton.matching import Part, linked
from mapping.tryton.parties import mention
from mapping.tryton.reading import REMEDY, code_of, map_all, minor_of, readable
from mapping.tryton.requests import INVOICES
from mapping.tryton.wire import Invoice, Line

Valued = tuple[Line, Worth]


def moves(body: bytes) -> frozenset[int]:
    """Return the moves whose owners must be asked for: those of linked payments.

    Raises:
        AnswerError: The answer is an error, or no list.
    """
    return moves_of(line for one in readable(body, Invoice) for line in one.payments)


def batch(body: bytes, owners: Owners, home: Currency) -> Batch:
    """Return the documents of a page, and the claims that links make.

    Raises:
        AnswerError: The answer is an error, or no list.
    """

    def add(page: Page, invoice: Invoice) -> None:
        _add(page, invoice, owners, home)

    return map_all(INVOICES, body, Invoice, add)


def _add(page: Page, invoice: Invoice, owners: Owners, home: Currency) -> None:
    document, debtor = _document(invoice, home)
    page.documents.append(document)
    page.debtors.append(debtor)
    if document.voided_on is not None or not document.total_minor:
        return
    whole = Part(
        ref=invoice_ref(invoice),
        line=min(line.id for line in invoice.lines),
        currency=document.currency,
        minor=document.total_minor,
        home_minor=document.home_minor or 0,
        on=min(line.date.value for line in invoice.lines),
    )
    page.claims += [
        linked(whole, payment)
        for line in invoice.payments
        if line.reconciliation is None
        and (payment := _payment(line, owners, home)).minor
        and payment.ref.kind.side is not whole.ref.kind.side
    ]
    is_unreconciled = all(line.reconciliation is None for line in invoice.lines)
    if is_unreconciled and whole.ref.kind.side is Side.DEBIT:
        # Links are all there is, so what a deleted reconciliation settled has ended.
        page.settled.append(
            Settled(whole.ref, tuple(claim.credit for claim in page.claims))
        )


def _document(invoice: Invoice, home: Currency) -> tuple[Document, Debtor]:
    ref = invoice_ref(invoice)
    sign = 1 if ref.kind.side is Side.DEBIT else -1
    valued = [(line, worth(line, home)) for line in invoice.lines]
    codes = {value.currency for _, value in valued}
    if len(codes) > 1:
        raise FieldError(
            f"Its lines are in {' and '.join(sorted(codes))}.",
            reason=ProblemReason.CURRENCY,
            remedy=REMEDY,
        )
    code = codes.pop() if codes else code_of(invoice.currency, home)
    total = sign * sum(value.minor for _, value in valued)
    if total < 0 or (not valued and minor_of(invoice.total_amount.decimal, code)):
        raise FieldError(
            f"Its total is {invoice.total_amount.decimal} and its move lines come to "
            "something else.",
            reason=ProblemReason.AMOUNT,
            remedy=REMEDY,
        )
    standing = _standing(valued, sign)
    dues = _dues(standing)
    debtor = mention(invoice.party)
    if standing:
        # A debt that was delegated stands on another party's account.
        debtor = debtor_of(standing[-1][0], invoice.party)
    void = cancelled_by(invoice)
    changed = invoice.write_date or invoice.create_date
    return (
        Document(
            kind=ref.kind,
            source_id=ref.source_id,
            number=text_or_none(invoice.number) or f"invoice {invoice.id}",
            debtor=SourceId(debtor.source_id),
            currency=code,
            total_minor=total,
            issued_on=_issued_on(invoice),
            due_on=dues[0].due_on if dues else None,
            instalments=_instalments(ref.kind, dues),
            home_minor=sign * sum(value.home_minor for _, value in valued),
            reference=text_or_none(invoice.reference),
            voided_on=None if void is None else void.date.value,
            source_version_at=None if changed is None else changed.value,
        ),
        debtor,
    )


def _issued_on(invoice: Invoice) -> date:
    if invoice.invoice_date is not None:
        return invoice.invoice_date.value
    if not invoice.lines:
        raise FieldError("It has no date.", reason=ProblemReason.MISSING, remedy=REMEDY)
    return min(line.date.value for line in invoice.lines)


def _standing(valued: Sequence[Valued], sign: int) -> list[tuple[Line, int]]:
    """Return the lines that were not rescheduled away, and their amounts.

    A rescheduled line is reconciled with a line of the opposite sign of the same
    invoice, and new lines take its place.
    """
    replaced: dict[int | None, int] = {}
    for line, value in valued:
        if line.reconciliation is not None and sign * value.minor < 0:
            key = line.reconciliation
            replaced[key] = replaced.get(key, 0) - sign * value.minor
    found: list[tuple[Line, int]] = []
    for line, value in sorted(valued, key=lambda one: (_falls_due(one[0]), one[0].id)):
        minor = sign * value.minor
        if minor > 0:
            taken = min(minor, replaced.get(line.reconciliation, 0))
            if taken:
                replaced[line.reconciliation] -= taken
            if minor > taken:
                found.append((line, minor - taken))
    return found


def _falls_due(line: Line) -> date:
    return due_on(line) or line.date.value


def _dues(standing: Sequence[tuple[Line, int]]) -> list[Instalment]:
    sums: dict[date, int] = {}
    for line, minor in standing:
        day = _falls_due(line)
        sums[day] = sums.get(day, 0) + minor
    return [Instalment(day, minor) for day, minor in sums.items()]


def _instalments(
    kind: DocumentKind, dues: Sequence[Instalment]
) -> tuple[Instalment, ...]:
    is_split = kind is DocumentKind.INVOICE and len(dues) > 1
    return tuple(dues) if is_split else ()


def _payment(line: Line, owners: Owners, home: Currency) -> Part:
    value = worth(line, home)
    owned = owners.of(line)
    return Part(
        ref=entry_ref(line, value.minor) if owned is None else owned.ref,
        line=line.id,
        currency=value.currency,
        minor=abs(value.minor),
        home_minor=abs(value.home_minor),
        on=line.date.value,
    )
