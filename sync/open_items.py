"""The books' open items against the ledger's: what differs is read again by its key.

A balance can change in the books without a time stamp telling, and a deleted document
tells nothing at all. The books' list of open items shows both.
"""

from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from connectors.contract import Snapshot
from ledger.records import DocumentKind, DocumentRef, ListedItem
from ledger.store import absence, allocations, derived, pages, parked, snapshots
from ledger.store.landing import Landing
from ledger.store.snapshots import Differing
from sync.result import OpenItems, StepResult

RESOURCE = "open items"
REREAD_MAX = 2_000
"""So many documents are read again in one night; the oldest first, the rest later."""

BeginLanding = Callable[[], AbstractContextManager[Landing]]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenItemCheck:
    """Compares, reads again what differs, and compares once more.

    Attributes:
        begin: Opens a landing; it commits when it is left.
        refuse: Raises if the list leaves out more than a person allowed: how many of
            how many.
    """

    snapshot: Snapshot
    begin: BeginLanding
    refuse: Callable[[int, int], None]

    def run(self, result: StepResult) -> OpenItems:
        """Do it; what lands is added to the step's result."""
        kinds = sorted(self.snapshot.kinds)
        # No transaction is open while the books are asked.
        listed = tuple(self.snapshot.items())
        differing = self._compare(listed, kinds, is_first=True)
        found = OpenItems(listed=len(listed), differed=len(differing))
        done: dict[DocumentRef, None] = {}
        # What is read again can show what else must be: the payment that settled an
        # invoice, or one that is free again.
        while wanted := self._wanted(differing, done):
            done |= dict.fromkeys(wanted)
            found.gone += self._reread(wanted, result)
            differing = self._compare(listed, kinds)
        if differing and done:
            # What changed while so much was read again differs no longer.
            listed = tuple(self.snapshot.items())
            differing = self._compare(listed, kinds)
        found.items = listed
        found.reread = len(done)
        found.left = differing
        return found

    def _wanted(
        self, differing: Sequence[Differing], done: Collection[DocumentRef]
    ) -> list[DocumentRef]:
        if not differing and not done:
            return []
        refs = [one.ref for one in differing]
        known = [ref for ref in refs if ref in done]
        refs += self._waited_for(known)
        fresh = [ref for ref in dict.fromkeys(refs) if ref not in done]
        return fresh[: REREAD_MAX - len(done)]

    def touch(self, refs: Sequence[DocumentRef], result: StepResult) -> None:
        """Read some documents again at once, and what they lead to."""
        done: dict[DocumentRef, None] = {}
        wanted = list(dict.fromkeys(refs))
        while wanted:
            done |= dict.fromkeys(wanted)
            self._reread(wanted, result)
            fresh = [ref for ref in self._waited_for(()) if ref not in done]
            wanted = list(dict.fromkeys(fresh))[: REREAD_MAX - len(done)]

    def _compare(
        self,
        listed: Sequence[ListedItem],
        kinds: Sequence[DocumentKind],
        *,
        is_first: bool = False,
    ) -> list[Differing]:
        with self.begin() as begun:
            session, connection_id = begun.session, begun.connection_id
            snapshots.take(session, listed)
            if is_first:
                counts = snapshots.count(session, connection_id, kinds)
                self.refuse(counts.missing, counts.ours)
            return snapshots.differing(session, connection_id, kinds)

    def _waited_for(self, differing: Sequence[DocumentRef]) -> list[DocumentRef]:
        """Return what claims wait for, and what documents that still differ lean on."""
        with self.begin() as begun:
            session, connection_id = begun.session, begun.connection_id
            waiting = parked.load_waiting(session, connection_id)
            refs = parked.load_returned(session, connection_id)
            refs += parked.load_counterparts(session, connection_id, differing)
        refs += [one.debit for one in waiting if not one.has_debit]
        refs += [one.credit for one in waiting if not one.has_credit]
        return refs

    def _reread(self, wanted: Sequence[DocumentRef], result: StepResult) -> int:
        gone = 0
        for one in self.snapshot.reread(wanted):
            batch = one.decode()
            with self.begin() as begun:
                landed = pages.land(begun, one.resource or RESOURCE, batch)
                result.add(batch, landed)
                if one.gone:
                    absence.name_documents(begun, one.gone)
                    voided = absence.void_named(begun)
                    derived.refresh(begun)
                    result.voided += voided
                    gone += voided
        with self.begin() as begun:
            allocations.retry_parked(begun)
            derived.refresh(begun)
        return gone
