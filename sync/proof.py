"""The proof of a connection: the ledger's balances beside the books' own totals.

Where they differ the books are read once more, so that what a reading can mend is
mended, and what moved meanwhile is told from what is wrong.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from connectors.contract import Connector
from ledger import proof as proofs_of
from ledger.calendar import Clock
from ledger.errors import DuebridgeError
from ledger.fx import RateSource
from ledger.proof import Proof
from ledger.records import ListedItem
from ledger.store import connections, proofs
from ledger.store.connections import RunState, StoredConnection
from ledger.store.session import Database
from ledger.store.tenants import Tenant
from sync.comparing import Comparing
from sync.readings import Reading, read
from sync.result import RunResult

DELTAS_MAX: Final = 2
"""So often the books are read once more, where they differ."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prover:
    """All that a proof needs.

    Attributes:
        rates: What the books' own revaluation is recomputed with.
    """

    database: Database
    tenant: Tenant
    connection: StoredConnection
    connector: Connector
    clock: Clock
    rates: RateSource

    def prove(
        self,
        again: Callable[[], RunResult] | None = None,
        listed: tuple[ListedItem, ...] | None = None,
    ) -> Proof:
        """Compare, keep the proof and return it.

        Args:
            again: Reads what changed since. Where the books differ, it is asked and
                they are compared once more: what it could mend differs no longer, and
                what moved between two readings is a matter of timing.
            listed: The books' open items, where a run has read them just now.
        """
        reading = self._read(listed=listed)
        proof = self._compare(reading, None)
        if again is None and reading.listed is None and _differing(proof):
            reading = self._read(named=True)
            proof = self._compare(reading, None)
        notes: list[str] = []
        for _ in range(DELTAS_MAX):
            if again is None or reading.fault or not _differing(proof):
                break
            try:
                result = again()
            except DuebridgeError as error:
                notes.append(f"They could not be read again: {error.user_message}")
                break
            if result.state is not RunState.COMPLETED:
                notes.append(f"They could not be read again: {result.message}")
                break
            before, reading = reading, self._read(named=True)
            count = _differing(proof)
            proof = self._compare(reading, before)
            notes.append(_read_again(count, _differing(proof)))
            if reading == before:
                break
        proof = replace(proof, statements=(*proof.statements, *notes))
        self._keep(proof)
        return proof

    def _keep(self, proof: Proof) -> None:
        body = proofs_of.as_json(proof)
        with self.database.tenant(self.tenant.scope) as session:
            runs = connections.load_runs(session, self.connection.id)
            proofs.save(
                session,
                connection_id=self.connection.id,
                run_id=runs[0].id if runs else None,
                as_of=proof.as_of,
                known_at=proof.known_at,
                made_at=self.clock.now(),
                state=proof.state,
                body=body,
                content_hash=proofs_of.content_hash(body),
            )

    def _read(
        self, *, named: bool = False, listed: tuple[ListedItem, ...] | None = None
    ) -> Reading:
        return read(self.connector, self._today, named=named, listed=listed)

    @property
    def _today(self) -> date:
        return self.clock.today(self.tenant.timezone)

    def _compare(self, reading: Reading, before: Reading | None) -> Proof:
        as_of = self._today
        if reading.totals is not None and reading.totals.as_of is not None:
            as_of = reading.totals.as_of
        snapshot = self.connector.snapshot()
        with self.database.question(self.tenant.scope, staging=True) as session:
            return Comparing(
                session=session,
                tenant=self.tenant,
                connection=self.connection,
                rates=self.rates,
                kinds=frozenset() if snapshot is None else snapshot.kinds,
                reading=reading,
                before=before,
                as_of=as_of,
            ).proof()


def _differing(proof: Proof) -> int:
    """Return how many balances differ by more than a difference of exchange."""
    count = sum(not one.is_equal for one in proof.comparisons)
    return count + (proof.home is not None and not proof.home.is_good)


def _read_again(before: int, after: int) -> str:
    if not after:
        return f"{before} differing balances were equal once the books were read again."
    return f"Read again: {before} balances differed before, {after} after."
