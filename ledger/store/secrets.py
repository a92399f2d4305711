"""Credentials of connections: sealed, locked while they are renewed, sealed anew."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ledger.credentials import Credential, CredentialState
from ledger.ids import ConnectionId
from ledger.store.sealing import Keyring, Sealed
from ledger.store.session import Session

COLUMNS = (
    "sealed, key_id, state, reason, organisation_id, organisation_name, "
    "access_ends_at, refreshed_at, idle_ends_at, hard_ends_at, lost_at"
)
NEVER_CONNECTED = "it was never connected"


def load(session: Session, one: ConnectionId, keys: Keyring) -> Credential | None:
    """Return a connection's credential, or None where it never had one.

    Raises:
        ConfigurationError: It cannot be opened with these keys.
    """
    row = session.execute(
        f"SELECT {COLUMNS} FROM credential WHERE tenant_id = :tenant_id "
        "AND connection_id = :connection_id",
        {"connection_id": one},
    ).one_or_none()
    return None if row is None else _opened(session, one, keys, row)


def prepare(session: Session, one: ConnectionId) -> None:
    """Make a connection's credential, empty, where it never had one."""
    session.execute(
        "INSERT INTO credential (tenant_id, connection_id, state, reason) "
        "VALUES (:tenant_id, :connection_id, :state, :reason) ON CONFLICT DO NOTHING",
        {
            "connection_id": one,
            "state": CredentialState.RECONNECT_REQUIRED,
            "reason": NEVER_CONNECTED,
        },
    )


def hold(session: Session, one: ConnectionId) -> None:
    """Lock a connection's credential until the transaction ends, without opening it."""
    session.execute(
        "SELECT FROM credential WHERE tenant_id = :tenant_id "
        "AND connection_id = :connection_id FOR UPDATE",
        {"connection_id": one},
    )


def lock(session: Session, one: ConnectionId, keys: Keyring) -> Credential:
    """Return a connection's credential, locked until the transaction ends.

    One that never was is made empty, so that there is a row to lock.

    Raises:
        ConfigurationError: It cannot be opened with these keys.
    """
    prepare(session, one)
    row = session.execute(
        f"SELECT {COLUMNS} FROM credential WHERE tenant_id = :tenant_id "
        "AND connection_id = :connection_id FOR UPDATE",
        {"connection_id": one},
    ).one()
    return _opened(session, one, keys, row)


def save(
    session: Session, one: ConnectionId, keys: Keyring, credential: Credential
) -> None:
    """Replace a credential that `lock` returned."""
    sealed = keys.seal(credential.secrets, _place(session, one))
    session.execute(
        "UPDATE credential SET sealed = :sealed, key_id = :key_id, state = :state, "
        "reason = :reason, organisation_id = :organisation_id, "
        "organisation_name = :organisation_name, access_ends_at = :access_ends_at, "
        "refreshed_at = :refreshed_at, idle_ends_at = :idle_ends_at, "
        "hard_ends_at = :hard_ends_at, lost_at = :lost_at "
        "WHERE tenant_id = :tenant_id AND connection_id = :connection_id",
        {
            "connection_id": one,
            "sealed": sealed.content,
            "key_id": sealed.key_id,
            **_clear(credential),
        },
    )


def reseal(session: Session, keys: Keyring) -> int:
    """Seal with the current key what another sealed; return how many there were.

    Empty ones are locked as well: whoever is about to fill one may hold older keys.

    Raises:
        ConfigurationError: One cannot be opened with these keys.
    """
    locked = session.execute(
        "SELECT connection_id, sealed, key_id FROM credential "
        "WHERE tenant_id = :tenant_id AND key_id IS DISTINCT FROM :current "
        "ORDER BY connection_id FOR UPDATE",
        {"current": keys.current},
    ).all()
    rows = [row for row in locked if row.key_id is not None]
    for row in rows:
        place = _place(session, row.connection_id)
        sealed = keys.seal(keys.open(Sealed(row.key_id, row.sealed), place), place)
        session.execute(
            "UPDATE credential SET sealed = :sealed, key_id = :key_id "
            "WHERE tenant_id = :tenant_id AND connection_id = :connection_id",
            {
                "connection_id": row.connection_id,
                "sealed": sealed.content,
                "key_id": sealed.key_id,
            },
        )
    return len(rows)


def key_ids(session: Session) -> frozenset[str]:
    """Return the ids of the keys that sealed the tenant's credentials."""
    found = session.execute(
        "SELECT DISTINCT key_id FROM credential "
        "WHERE tenant_id = :tenant_id AND key_id IS NOT NULL"
    ).scalars()
    return frozenset(found)


def _place(session: Session, one: ConnectionId) -> str:
    return f"{session.scope.tenant_id}/{one}"


def _clear(credential: Credential) -> Mapping[str, str | datetime | None]:
    return {
        "state": credential.state,
        "reason": credential.reason,
        "organisation_id": credential.organisation_id,
        "organisation_name": credential.organisation_name,
        "access_ends_at": credential.access_ends_at,
        "refreshed_at": credential.refreshed_at,
        "idle_ends_at": credential.idle_ends_at,
        "hard_ends_at": credential.hard_ends_at,
        "lost_at": credential.lost_at,
    }


def _opened(
    session: Session,
    one: ConnectionId,
    keys: Keyring,
    row: Any,  # noqa: ANN401 - a row
) -> Credential:
    secrets = {}
    if row.sealed is not None:
        secrets = keys.open(Sealed(row.key_id, row.sealed), _place(session, one))
    return Credential(
        secrets=secrets,
        state=CredentialState(row.state),
        reason=row.reason,
        organisation_id=row.organisation_id,
        organisation_name=row.organisation_name,
        access_ends_at=row.access_ends_at,
        refreshed_at=row.refreshed_at,
        idle_ends_at=row.idle_ends_at,
        hard_ends_at=row.hard_ends_at,
        lost_at=row.lost_at,
    )
