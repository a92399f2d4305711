"""Tryton's unreconciled lines of no invoice: payments on account, manual entries."""

from ledger.money import Currency
from ledger.records import Batch, DocumentRef, Settled, Side
from mapping.pages import Page
from mapping.tryton.lines import Owners, debtor_of, entry, moves_of
from mapping.tryton.reading import map_all, readable
from mapping.tryton.requests import ENTRIES
from mapping.tryton.wire import Line


def moves(body: bytes) -> frozenset[int]:
    """Return the moves whose owners must be asked for.

    Raises:
        AnswerError: The answer is an error, or no list.
    """
    return moves_of(readable(body, Line))


def batch(body: bytes, owners: Owners, home: Currency) -> Batch:
    """Return the documents of a page.

    Raises:
        AnswerError: The answer is an error, or no list.
    """

    def add(page: Page, line: Line) -> None:
        if owners.of(line) is not None:
            page.ignore("lines of invoices")
            return
        if owners.cancels(line):
            page.ignore("cancelled")
            return
        if line.reconciliation is not None:
            page.ignore("reconciled")
            return
        document = entry(line, home)
        if document is None:
            page.ignore("of no amount")
            return
        page.debtors.append(debtor_of(line))
        page.documents.append(document)
        if document.kind.side is Side.DEBIT and not line.invoice_payments:
            # Nothing is applied to a line that is neither reconciled nor linked.
            page.settled.append(
                Settled(DocumentRef(document.kind, document.source_id), ())
            )

    return map_all(ENTRIES, body, Line, add)
