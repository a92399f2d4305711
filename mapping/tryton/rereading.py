"""Single documents read again, with all that settles them."""

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from ledger.records import Batch, DocumentRef, Settled, Side
from mapping.pages import Page
from mapping.tryton.lines import KINDS
from mapping.tryton.reading import readable
from mapping.tryton.wire import Invoice, Line

LISTS: Final = {kind: name for name, kinds in KINDS.items() for kind in kinds}
"""Which list reads each kind of document."""


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


def parted(
    read: Mapping[str, Sequence[Batch]], asked: Collection[DocumentRef]
) -> dict[str, Batch]:
    """Return what was read again by the lists that read such records otherwise.

    So a problem is known under its own list, whose next good reading ends it. Documents
    come with their list, all claims with the last.

    Args:
        read: By the name of their list, in the order in which they count: the
            documents, and every reconciliation they take part in.
        asked: What was read again; all that settles it is named.
    """
    batches = [batch for some in read.values() for batch in some]
    documents = {
        (one.kind, one.source_id): one for batch in batches for one in batch.documents
    }
    pages = {name: Page() for name in read}
    for name, page in pages.items():
        page.problems += [one for batch in read[name] for one in batch.problems]
    first, *_, last = pages.values()
    debtors = {one.source_id: one for batch in batches for one in batch.debtors}
    first.debtors += debtors.values()
    for document in documents.values():
        pages[LISTS[document.kind]].documents.append(document)
    claims = {one.source_id: one for batch in batches for one in batch.claims}
    last.claims += claims.values()
    settled = {one.debit: one for batch in batches for one in batch.settled}
    if not any(page.problems for page in pages.values()):
        for ref in asked:
            if ref.kind.side is Side.DEBIT and (ref.kind, ref.source_id) in documents:
                credits_ = (one.credit for one in last.claims if one.debit == ref)
                settled[ref] = Settled(ref, tuple(dict.fromkeys(credits_)))
    last.settled += settled.values()
    return {
        name: page.batch(len(page.documents) + len(page.problems))
        for name, page in pages.items()
    }
