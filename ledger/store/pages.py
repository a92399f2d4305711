"""The way in: one page lands in one transaction, with its cursor."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ledger.records import Batch
from ledger.store import (
    allocations,
    connections,
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


def land(
    landing: Landing, resource: str, batch: Batch, position: Mapping[str, Any]
) -> PageLanded:
    """Store all of a page, bring what is derived up to date, and move the cursor."""
    derived.prepare(landing)
    result = PageLanded(
        debtors=debtors.land(landing, batch.debtors),
        documents=documents.land(landing, batch.documents),
        claims=allocations.land(landing, batch.claims),
    )
    derived.refresh(landing)
    problems.save(landing, resource, batch.problems)
    connections.save_cursor(landing, resource, position)
    return result
