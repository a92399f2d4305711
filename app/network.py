"""Wiring of live systems: counters and credentials in the database, seams to them."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from connectors.limits import CallStore, Limiter, LimitReader, nothing_told
from connectors.oauth import Held, Vault
from ledger.calendar import Clock
from ledger.calls import CallLimits, Grant, Refusal, Seen, Usage
from ledger.credentials import Credential
from ledger.ids import ConnectionId
from ledger.store import limits as counters
from ledger.store import secrets
from ledger.store.sealing import Keyring
from ledger.store.session import Database, Session, TenantScope

KeySource = Callable[[], Keyring]


@dataclass(frozen=True, slots=True)
class StoredCalls:
    """One connection's counters in the database; a transaction each time."""

    database: Database
    scope: TenantScope
    connection_id: ConnectionId
    limits: CallLimits
    clock: Clock

    def acquire(self, lease_s: int) -> Grant | Refusal:
        """Count a call and lease its place, or say until when there is none."""
        with self.database.tenant(self.scope) as session:
            return counters.acquire(
                session,
                self.connection_id,
                self.limits,
                clock=self.clock,
                lease_s=lease_s,
            )

    def finish(self, grant: Grant, *, byte_count: int, seen: Seen) -> None:
        """Give the place back, count the bytes, and keep what the vendor said."""
        with self.database.tenant(self.scope) as session:
            counters.finish(
                session,
                self.connection_id,
                self.limits,
                grant=grant,
                byte_count=byte_count,
                seen=seen,
                clock=self.clock,
            )

    def usage(self) -> Usage:
        """Return what was used today."""
        now = self.clock.now()
        with self.database.tenant(self.scope) as session:
            found = counters.usage(session, self.connection_id, now=now)
        return (
            found[0] if found else Usage(day_on=now.date(), call_count=0, byte_count=0)
        )


@dataclass(frozen=True, slots=True)
class HeldCredential:
    """A credential whose row is locked by an open transaction."""

    session: Session = field(repr=False)
    connection_id: ConnectionId
    keys: Keyring
    credential: Credential

    def save(self, credential: Credential) -> None:
        """Replace it; it counts once the block ends."""
        secrets.save(self.session, self.connection_id, self.keys, credential)


@dataclass(frozen=True, slots=True)
class StoredVault:
    """One connection's credential in the database, sealed.

    Attributes:
        keys: Returns the keys of this moment: they may change while a process runs.
    """

    database: Database
    scope: TenantScope
    connection_id: ConnectionId
    keys: KeySource

    def load(self) -> Credential | None:
        """Return it, or None where there never was one."""
        with self.database.tenant(self.scope) as session:
            return secrets.load(session, self.connection_id, self.keys())

    @contextmanager
    def exclusive(self) -> Iterator[Held]:
        """Hold its lock for a block; what was saved is committed at the end."""
        with self.database.tenant(self.scope) as session:
            keys = self.keys()
            found = secrets.lock(session, self.connection_id, keys)
            yield HeldCredential(session, self.connection_id, keys, found)


def limiter(
    database: Database,
    scope: TenantScope,
    connection_id: ConnectionId,
    limits: CallLimits,
    *,
    clock: Clock,
    read: LimitReader = nothing_told,
) -> Limiter:
    """Return the limiter of a connection, shared by all processes."""
    store: CallStore = StoredCalls(database, scope, connection_id, limits, clock)
    return Limiter(store, clock, read)


def vault(
    database: Database,
    scope: TenantScope,
    connection_id: ConnectionId,
    keys: KeySource,
) -> Vault:
    """Return where a connection's credential is kept."""
    return StoredVault(database, scope, connection_id, keys)


def rotate(
    database: Database, scopes: Iterable[TenantScope], add_key: KeySource
) -> int:
    """Add a key and seal every tenant's credentials with it; return how many.

    Cut off, it is run again; until then each credential opens with its own key.
    """
    keys = add_key()
    resealed = 0
    for scope in scopes:
        with database.tenant(scope) as session:
            resealed += secrets.reseal(session, keys)
    return resealed
