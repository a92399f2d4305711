"""Writing many at once: a batch a night, whole or not at all, and always the same one.

Which write-backs are in a batch is committed before it is written. Cut off, the same
ones are written again under the same name, in place of what may be there. Once it is
written, a batch is never written again: what comes later the same day has its own.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any, Final

from connectors.writing import FIELDS, BatchWriter, Order, Part
from ledger.calendar import Clock
from ledger.outbox import WriteKind, WriteState
from ledger.store import write_backs
from ledger.store.connections import StoredConnection
from ledger.store.session import Database
from ledger.store.tenants import Tenant
from ledger.store.write_backs import StoredWriteBack
from sync.parts import order_of

BATCH: Final = "batch"
BATCH_MAX: Final = 10_000
"""So many rows a file; what is more has one of its own."""
BATCHES_MAX: Final = 1_000


def run(
    database: Database,
    tenant: Tenant,
    connection: StoredConnection,
    writer: BatchWriter,
    clock: Clock,
    allowed: frozenset[Part],
) -> Counter[WriteState]:
    """Write what was cut off, and then what is due; return what became of it."""
    counts: Counter[WriteState] = Counter()
    for _ in range(BATCHES_MAX):
        with database.tenant(tenant.scope) as session:
            found = write_backs.due(
                session,
                connection.id,
                clock.now(),
                limit=BATCH_MAX,
                is_batch=True,
            )
        cut_off: dict[str, list[StoredWriteBack]] = defaultdict(list)
        for one in found:
            if one.write_back.state is not WriteState.WAITING:
                cut_off[one.progress[BATCH]["name"]].append(one)
        if not found:
            break
        if not cut_off:
            name, begun = _begin(database, tenant, connection, clock, allowed, found)
            cut_off[name] = begun
        for name, begun in cut_off.items():
            counts[WriteState.WRITTEN] += _write(
                database, tenant, writer, clock, name, begun
            )
    return counts


def _begin(
    database: Database,
    tenant: Tenant,
    connection: StoredConnection,
    clock: Clock,
    allowed: frozenset[Part],
    found: Sequence[StoredWriteBack],
) -> tuple[str, list[StoredWriteBack]]:
    """Say which write-backs the next batch holds; return its name and them."""
    now, day = clock.now(), clock.today(tenant.timezone).isoformat()
    with database.tenant(tenant.scope) as session:
        taken = write_backs.batches(session, connection.id, day)
        name, number = day, 1
        while name in taken:
            number += 1
            name = f"{day}-{number}"
        batch: dict[str, Any] = {"name": name, "parts": sorted(allowed)}
        begun = [
            # Written again it does no harm, so nobody has to wait before that.
            write_backs.begin(session, one, at=now, until=now, progress={BATCH: batch})
            for one in found
        ]
    return name, begun


def _write(
    database: Database,
    tenant: Tenant,
    writer: BatchWriter,
    clock: Clock,
    name: str,
    begun: Sequence[StoredWriteBack],
) -> int:
    """Write a batch, and then say that it is written."""
    orders: list[tuple[Order, frozenset[Part]]] = []
    with database.tenant(tenant.scope) as session:
        for one in begun:
            allowed = frozenset(Part(part) for part in one.progress[BATCH]["parts"])
            parts = allowed & _parts(one.write_back.kind)
            orders.append((order_of(session, one), parts))
    where = writer.write(name, orders)
    with database.tenant(tenant.scope) as session:
        for one in begun:
            write_backs.mark(
                session,
                one,
                WriteState.WRITTEN,
                at=clock.now(),
                words=where,
                remote_id=name,
            )
    return len(begun)


def _parts(kind: WriteKind) -> frozenset[Part]:
    if kind is WriteKind.PAYMENT:
        return frozenset({Part.NOTE, Part.PAYMENT})
    # A plan has columns of its own in a file.
    has_field = kind in FIELDS or kind is WriteKind.PLAN
    return frozenset({Part.NOTE, Part.FIELD} if has_field else {Part.NOTE})
