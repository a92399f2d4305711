"""The way in: one page lands in one transaction."""

from dataclasses import dataclass

from ledger.ids import SourceId
from ledger.records import Batch
from ledger.store import (
    allocations,
    debtors,
    derived,
    documents,
    problems,
    withdrawals,
)
from ledger.store.landing import Landed, Landing


@dataclass(frozen=True, slots=True)
class PageLanded:
    """What became of each sort of record on a page."""

    debtors: Landed
    documents: Landed
    claims: Landed


def land(landing: Landing, resource: str, batch: Batch) -> PageLanded:
    """Store all of a page and bring what is derived up to date.

    The caller moves the cursor in the same transaction.
    """
    derived.prepare(landing)
    allocations.stage(landing, batch.claims)
    result = PageLanded(
        debtors=debtors.land(landing, batch.debtors),
        documents=documents.land(landing, batch.documents),
        claims=allocations.land(landing, batch.claims),
    )
    if not _is_first_word(landing, batch, result.documents):
        withdrawals.withdraw_from(landing, batch.settled)
    withdrawals.withdraw_unspent(landing, batch.spent)
    derived.refresh(landing)
    problems.save(landing, resource, batch.problems)
    if batch.mends:
        landed = {*(one.source_id for one in batch.documents)}
        landed |= {one.source_id for one in batch.debtors if one.own_record}
        # One that is wrong in another way now is the same problem.
        landed |= {SourceId(one.source_ref) for one in batch.problems if one.source_ref}
        problems.resolve_landed(landing, resource, landed)
    return result


def _is_first_word(landing: Landing, batch: Batch, landed: Landed) -> bool:
    """Say whether nothing else can be applied yet to what the page says is settled.

    So it is on each page of a first reading: all its documents are new, what the page
    itself applies to them it names, and other claims on them follow.
    """
    if landed.new < len(batch.documents):
        return False
    new = {(one.kind, one.source_id) for one in batch.documents}
    if any((one.debit.kind, one.debit.source_id) not in new for one in batch.settled):
        return False
    if batch.claims:
        named = {(one.debit, credit) for one in batch.settled for credit in one.credits}
        if any((one.debit, one.credit) not in named for one in batch.claims):
            return False
    return not allocations.any_waiting(landing)
