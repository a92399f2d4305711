"""Single documents read again, with all that settles them."""

from collections.abc import Collection, Sequence

from ledger.records import Batch, DocumentRef, Settled, Side
from mapping.pages import Page
from mapping.tryton.lines import KINDS
from mapping.tryton.reading import readable
from mapping.tryton.wire import Invoice, Line

INVOICES = KINDS["invoices"]


def reconciliations_of(invoices: Sequence[bytes], lines: Sequence[bytes]) -> set[int]:
    """Return the reconciliations that settled what was read again.

    Raises:
        AnswerError: An answer is an error, or no list.
    """
    found = {line.reconciliation for body in lines for line in readable(body, Line)}
    for body in invoices:
        for one in readable(body, Invoice):
            found |= {line.reconciliation for line in one.lines}
    return {key for key in found if key is not None}


def together(batches: Sequence[Batch], asked: Collection[DocumentRef]) -> Batch:
    """Return what was read again as one batch that names all claims of what was asked.

    Args:
        batches: The documents, and every reconciliation they take part in.
        asked: What was read again.
    """
    page = Page()
    for batch in batches:
        page.problems += batch.problems
    debtors = {one.source_id: one for batch in batches for one in batch.debtors}
    claims = {one.source_id: one for batch in batches for one in batch.claims}
    documents = {
        (one.kind, one.source_id): one for batch in batches for one in batch.documents
    }
    page.debtors += debtors.values()
    page.claims += claims.values()
    page.documents += documents.values()
    settled = {one.debit: one for batch in batches for one in batch.settled}
    if not page.problems:
        for ref in asked:
            if ref.kind.side is Side.DEBIT and (ref.kind, ref.source_id) in documents:
                credits_ = (one.credit for one in page.claims if one.debit == ref)
                settled[ref] = Settled(ref, tuple(dict.fromkeys(credits_)))
    page.settled += settled.values()
    return page.batch(len(page.documents) + len(page.problems))
