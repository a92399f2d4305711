"""Identities of a tenant: who speaks, whether mail is believed, and sealed secrets."""

import dataclasses
import json
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import msgspec

from ledger.errors import RequestError
from ledger.events import Event
from ledger.identities import AgencyIdentity, ClientIdentity, Health
from ledger.reminders import Voice
from ledger.secret import Secret
from ledger.store import agenda, event_log
from ledger.store.sealing import Keyring, Sealed
from ledger.store.session import Session

AnyIdentity = ClientIdentity | AgencyIdentity

SEALED_AS: Final = "value"

LATEST = """
SELECT DISTINCT ON (key) key, version, voice, body, logo FROM identity
WHERE tenant_id = :tenant_id AND (CAST(:key AS text) IS NULL OR key = :key)
ORDER BY key, version DESC
"""
SAVE = """
INSERT INTO identity (tenant_id, key, version, voice, body, logo, written_at)
SELECT :tenant_id, :key, coalesce(max(i.version), 0) + 1, :voice,
       CAST(:body AS jsonb), :logo, :at
FROM identity i WHERE i.tenant_id = :tenant_id AND i.key = :key
RETURNING version
"""
SET_HEALTH = """
INSERT INTO identity_health (tenant_id, key, health, findings, checked_at)
VALUES (:tenant_id, :key, :health, CAST(:findings AS jsonb), :at)
ON CONFLICT (tenant_id, key) DO UPDATE SET
    health = excluded.health, findings = excluded.findings,
    checked_at = excluded.checked_at
"""
HEALTH = """
SELECT key, health, findings, checked_at FROM identity_health
WHERE tenant_id = :tenant_id ORDER BY key
"""
HEALTH_OF = """
SELECT health FROM identity_health WHERE tenant_id = :tenant_id AND key = :key
"""
KEEP_SEALED = """
INSERT INTO identity_secret (tenant_id, key, name, sealed, key_id)
VALUES (:tenant_id, :key, :name, :sealed, :key_id)
ON CONFLICT (tenant_id, key, name)
DO UPDATE SET sealed = excluded.sealed, key_id = excluded.key_id
"""
SEALED = """
SELECT sealed, key_id FROM identity_secret
WHERE tenant_id = :tenant_id AND key = :key AND name = :name
"""
SEALED_OTHERWISE = """
SELECT key, name, sealed, key_id FROM identity_secret
WHERE tenant_id = :tenant_id AND key_id <> :current ORDER BY key, name FOR UPDATE
"""
KEY_IDS = "SELECT DISTINCT key_id FROM identity_secret WHERE tenant_id = :tenant_id"


class UnknownIdentityError(RequestError):
    """The tenant has no identity of this name."""

    def __init__(self, key: str) -> None:
        """Name it."""
        super().__init__(
            f"There is no identity {key!r}.",
            remedy="`duebridge identity list` shows all; `duebridge identity add` "
            "makes one.",
        )


class OtherVoiceError(RequestError):
    """An identity was to speak in another's name under its key."""

    def __init__(self, key: str) -> None:
        """Name it."""
        super().__init__(
            f"The identity {key!r} speaks in the other's name: the client's and the "
            "agency's are never exchanged.",
            remedy="Choose another key.",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityHealth:
    """What the last look at an identity's mail domain found, in words."""

    key: str
    health: Health
    findings: tuple[str, ...]
    checked_at: datetime


def save(
    session: Session, one: AnyIdentity, at: datetime, *, by: str = "set-up"
) -> int:
    """Keep an identity; return its version, the last one where nothing changed.

    Raises:
        OtherVoiceError: The key is of an identity in the other's name.
    """
    last = session.execute(LATEST, {"key": one.key}).one_or_none()
    body = msgspec.json.decode(msgspec.json.encode(dataclasses.replace(one, logo=b"")))
    if last is not None:
        if last.voice != one.voice:
            raise OtherVoiceError(one.key)
        if (last.body, bytes(last.logo)) == (body, one.logo):
            return int(last.version)
    values = {
        "key": one.key,
        "voice": one.voice,
        "body": json.dumps(body),
        "logo": one.logo,
        "at": at,
    }
    version = int(session.execute(SAVE, values).scalar_one())
    said = Event(
        kind="identity.saved",
        by=by,
        subject=f"identity:{one.key}",
        details={"version": version, "voice": one.voice},
    )
    event_log.note(session, at, [said])
    return version


def load(session: Session, key: str) -> AnyIdentity:
    """Return an identity as it is now.

    Raises:
        UnknownIdentityError: There is none of this key.
    """
    row = session.execute(LATEST, {"key": key}).one_or_none()
    if row is None:
        raise UnknownIdentityError(key)
    return _identity(row)


def load_all(session: Session) -> list[AnyIdentity]:
    """Return the tenant's identities by key."""
    return [_identity(row) for row in session.execute(LATEST, {"key": None})]


def set_health(
    session: Session,
    key: str,
    health: Health,
    *,
    findings: Sequence[str] = (),
    at: datetime,
) -> None:
    """Note what a look at an identity's mail domain found."""
    values = {
        "key": key,
        "health": health,
        "findings": json.dumps(list(findings)),
        "at": at,
    }
    before = session.execute(HEALTH_OF, {"key": key}).scalar_one_or_none()
    session.execute(SET_HEALTH, values)
    if health != before:
        # What was held back for it may go now; finding the same again moves nothing.
        agenda.forget_all(session)


def health(session: Session) -> dict[str, IdentityHealth]:
    """Return what was found last, by identity; one never looked at is not in it."""
    return {
        row.key: IdentityHealth(
            key=row.key,
            health=Health(row.health),
            findings=tuple(row.findings),
            checked_at=row.checked_at,
        )
        for row in session.execute(HEALTH)
    }


def save_secret(
    session: Session, key: str, name: str, secret: Secret, keys: Keyring
) -> None:
    """Seal a password or a signing key of an identity, in place of an earlier one."""
    sealed = keys.seal({SEALED_AS: secret}, _place(session, key, name))
    values = {
        "key": key,
        "name": name,
        "sealed": sealed.content,
        "key_id": sealed.key_id,
    }
    session.execute(KEEP_SEALED, values)


def open_secret(session: Session, key: str, name: str, keys: Keyring) -> Secret | None:
    """Return a secret of an identity, or None where there is none of the name.

    Raises:
        ConfigurationError: It cannot be opened with these keys.
    """
    row = session.execute(SEALED, {"key": key, "name": name}).one_or_none()
    if row is None:
        return None
    sealed = Sealed(row.key_id, bytes(row.sealed))
    return keys.open(sealed, _place(session, key, name))[SEALED_AS]


def reseal(session: Session, keys: Keyring) -> int:
    """Seal with the current key what another sealed; return how many there were.

    Raises:
        ConfigurationError: One cannot be opened with these keys.
    """
    rows = session.execute(SEALED_OTHERWISE, {"current": keys.current}).all()
    for row in rows:
        sealed = Sealed(row.key_id, bytes(row.sealed))
        opened = keys.open(sealed, _place(session, row.key, row.name))[SEALED_AS]
        save_secret(session, row.key, row.name, opened, keys)
    return len(rows)


def key_ids(session: Session) -> frozenset[str]:
    """Return the ids of the keys that sealed secrets of the tenant's identities."""
    return frozenset(session.execute(KEY_IDS).scalars())


def _place(session: Session, key: str, name: str) -> str:
    return f"{session.scope.tenant_id}/identity/{key}/{name}"


def _identity(row: Any) -> AnyIdentity:  # noqa: ANN401 - a row
    body = {**row.body, "logo": b64encode(row.logo).decode()}
    if Voice(row.voice) is Voice.CLIENT:
        return msgspec.convert(body, ClientIdentity)
    return msgspec.convert(body, AgencyIdentity)
