"""Rulebooks: a tenant's own cadences, rules, policies and texts, in versions.

None is ever changed, so that what was decided by one can be decided by it again.
"""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from ledger.errors import RequestError
from ledger.events import Event
from ledger.store import agenda, event_log
from ledger.store.session import Session

LATEST = """
SELECT DISTINCT ON (kind, name) * FROM rulebook
WHERE tenant_id = :tenant_id AND (CAST(:kind AS text) IS NULL OR kind = :kind)
  AND (CAST(:name AS text) IS NULL OR name = :name)
ORDER BY kind, name, version DESC
"""
VERSION = """
SELECT * FROM rulebook
WHERE tenant_id = :tenant_id AND kind = :kind AND name = :name AND version = :version
"""
SAVE = """
INSERT INTO rulebook (tenant_id, kind, name, version, body, content_hash, written_by,
                      written_at)
SELECT :tenant_id, :kind, :name, coalesce(max(r.version), 0) + 1, :body, :content_hash,
       :by, :at
FROM rulebook r
WHERE r.tenant_id = :tenant_id AND r.kind = :kind AND r.name = :name
RETURNING version
"""


class UnknownRulebookError(RequestError):
    """There is no such version of a rulebook."""

    def __init__(self, kind: str, name: str, version: int) -> None:
        """Name it."""
        super().__init__(
            f"There is no version {version} of the {kind} {name!r}.",
            remedy="`duebridge cadence list` shows what there is.",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Rulebook:
    """One version of a text of rules.

    Attributes:
        kind: What it rules: `cadence`, `assignment`, `segments`, `policy`, `template`.
        body: The text as it was written; empty once it was withdrawn.
    """

    kind: str
    name: str
    version: int
    body: str
    content_hash: str
    written_by: str
    written_at: datetime


def save(
    session: Session, *, kind: str, name: str, body: str, by: str, at: datetime
) -> int:
    """Keep a text; return its version, the last one where it says the same.

    An empty text withdraws it: what is packaged counts again. Every debtor is looked at
    again.
    """
    digest = sha256(body.encode()).hexdigest()
    last = session.execute(LATEST, {"kind": kind, "name": name}).one_or_none()
    if last is not None and last.content_hash == digest:
        return int(last.version)
    values = {
        "kind": kind,
        "name": name,
        "body": body,
        "content_hash": digest,
        "by": by,
        "at": at,
    }
    version = session.execute(SAVE, values).scalar_one()
    agenda.forget_all(session)
    said = Event(
        kind="rules.saved" if body else "rules.withdrawn",
        by=by,
        subject=f"rules:{kind}/{name}",
        details={"version": int(version), "content_hash": digest},
    )
    event_log.note(session, at, [said])
    return int(version)


def load_latest(session: Session, kind: str | None = None) -> list[Rulebook]:
    """Return the last version of each text in force, of one kind or of all."""
    rows = session.execute(LATEST, {"kind": kind, "name": None})
    return [_rulebook(row) for row in rows if row.body]


def load_version(session: Session, kind: str, name: str, version: int) -> Rulebook:
    """Return a text as it was in a version.

    Raises:
        UnknownRulebookError: There is no such version.
    """
    values = {"kind": kind, "name": name, "version": version}
    row = session.execute(VERSION, values).one_or_none()
    if row is None:
        raise UnknownRulebookError(kind, name, version)
    return _rulebook(row)


def _rulebook(row: Any) -> Rulebook:  # noqa: ANN401 - a row
    return Rulebook(
        kind=row.kind,
        name=row.name,
        version=row.version,
        body=row.body,
        content_hash=row.content_hash,
        written_by=row.written_by,
        written_at=row.written_at,
    )
