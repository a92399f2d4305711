"""Wiring of live systems: counters and credentials in the database, seams to them."""

from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

from connectors.limits import CallStore, Limiter, LimitReader, nothing_told
from connectors.oauth import Held, Vault
from ledger.calendar import Clock
from ledger.calls import CallLimits, Grant, Refusal, Seen, Usage
from ledger.credentials import Credential
from ledger.ids import ConnectionId
from ledger.store import identities, secrets
from ledger.store import limits as counters
from ledger.store.sealing import Keyring, UnknownKeyError
from ledger.store.session import Database, Session, TenantScope

KeySource = Callable[[], Keyring]
ScopeSource = Callable[[], Iterable[TenantScope]]


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
        try:
            return self._load()
        except UnknownKeyError:
            # It was sealed anew between the look at the keys and the look at it.
            return self._load()

    @contextmanager
    def exclusive(self) -> Iterator[Held]:
        """Hold its lock for a block; what was saved is committed at the end."""
        with self.database.tenant(self.scope) as session:
            secrets.prepare(session, self.connection_id)
        with self.database.tenant(self.scope) as session:
            # The keys are looked at under the lock, so that who seals everything anew
            # finds what is sealed here with a key that is to go.
            secrets.hold(session, self.connection_id)
            keys = self.keys()
            found = secrets.lock(session, self.connection_id, keys)
            yield HeldCredential(session, self.connection_id, keys, found)

    def _load(self) -> Credential | None:
        with self.database.tenant(self.scope) as session:
            return secrets.load(session, self.connection_id, self.keys())


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


class ChangingKeys(Protocol):
    """Where the keys are kept, while nobody else changes them."""

    def add(self) -> Keyring:
        """Put a new key first; the others open what they sealed."""
        ...

    def keep(self, ids: Collection[str]) -> int:
        """Forget all other keys; return how many."""
        ...


@dataclass(frozen=True, slots=True)
class Rotation:
    """What a change of keys did.

    Attributes:
        resealed: How many credentials are sealed with the new key now.
        forgotten: How many keys are not there any more.
    """

    resealed: int
    forgotten: int


def rotate(
    database: Database,
    scopes: ScopeSource,
    keys: ChangingKeys,
    *,
    forget_old: bool = False,
) -> Rotation:
    """Seal every tenant's credentials with a new key, and forget keys of long ago.

    The key before and those that sealed anything stay for backups made until now,
    unless they are to be forgotten. Cut off at any instant, each credential opens with
    a key that is still there, and it may be run again.

    Args:
        database: Where the credentials are.
        scopes: Returns all tenants; asked once the new key is there.
        keys: Where the keys are kept.
        forget_old: Whether to keep the new key alone.
    """
    ring = keys.add()
    owners = list(scopes())
    before = {*list(ring.keys)[1:2], *_key_ids(database, owners)}
    resealed = reseal(database, owners, ring)
    kept = {ring.current, *_key_ids(database, owners)}
    return Rotation(resealed, keys.keep(kept if forget_old else kept | before))


def reseal(database: Database, scopes: Iterable[TenantScope], ring: Keyring) -> int:
    """Seal every tenant's credentials with the first key; return how many were not."""
    resealed = 0
    for scope in scopes:
        with database.tenant(scope) as session:
            resealed += secrets.reseal(session, ring)
            resealed += identities.reseal(session, ring)
    return resealed


def _key_ids(database: Database, scopes: Iterable[TenantScope]) -> set[str]:
    found: set[str] = set()
    for scope in scopes:
        with database.tenant(scope) as session:
            found |= secrets.key_ids(session) | identities.key_ids(session)
    return found
