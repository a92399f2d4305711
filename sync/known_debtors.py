"""Debtors that a run has landed, so that no further page tells them again.

Every document mentions its debtor. A mention never replaces a debtor's own record, and
one that was landed already changes nothing; nobody else writes a connection's debtors
while it is synced.
"""

from dataclasses import dataclass, field
from typing import Final

from msgspec import structs

from ledger.ids import SourceId
from ledger.records import Batch, Debtor

KNOWN_MAX: Final = 50_000
"""So many are kept in mind; the others are told with each page."""


@dataclass(slots=True)
class KnownDebtors:
    """What this run has landed: debtors by key, as they were told last."""

    _by_key: dict[SourceId, Debtor] = field(default_factory=dict)

    def unsaid(self, batch: Batch) -> Batch:
        """Return a page without the mentions that would change nothing."""
        debtors = tuple(one for one in batch.debtors if self._is_news(one))
        if len(debtors) == len(batch.debtors):
            return batch
        return structs.replace(batch, debtors=debtors)

    def note(self, batch: Batch) -> None:
        """Keep in mind what a page has landed, once it is committed."""
        for one in batch.debtors:
            known = self._by_key.get(one.source_id)
            if known is None and len(self._by_key) >= KNOWN_MAX:
                continue
            if known is None or one.own_record or not known.own_record:
                self._by_key[one.source_id] = one

    def _is_news(self, one: Debtor) -> bool:
        if one.own_record:
            return True
        known = self._by_key.get(one.source_id)
        return known is None or not (known.own_record or known == one)
