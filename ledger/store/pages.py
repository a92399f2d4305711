"""The way in: one page lands in one transaction."""

from dataclasses import dataclass

from ledger.records import Batch
from ledger.store import (
    allocations,
    debtors,
    derived,
    documents,
    problems,
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
    result = PageLanded(
        debtors=debtors.land(landing, batch.debtors),
        documents=documents.land(landing, batch.documents),
        claims=allocations.land(landing, batch.claims),
    )
    allocations.withdraw_from(landing, batch.settled)
    derived.refresh(landing)
    problems.save(landing, resource, batch.problems)
    if batch.mends:
        landed = {*(one.source_id for one in batch.documents)}
        landed |= {one.source_id for one in batch.debtors if one.own_record}
        problems.resolve_landed(landing, resource, landed)
    return result
