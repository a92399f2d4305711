"""Mandates: what a client allowed, and when. Each is kept, and the last one counts."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ledger.events import Event
from ledger.reminders import Mandate, Mode
from ledger.store import agenda, event_log
from ledger.store.session import Session

LOCK_CLASS = 0x0DBA
"""Advisory locks of tenants' mandates share this first key."""

LOCK = "SELECT pg_advisory_xact_lock(:group, CAST(:tenant_id % 2147483648 AS integer))"
GIVE = """
INSERT INTO mandate (tenant_id, mode, given_by, given_at, debtors_are_businesses,
                     is_paused, fallbacks, note)
VALUES (:tenant_id, :mode, :given_by, :given_at, :debtors_are_businesses,
        :is_paused, CAST(:fallbacks AS jsonb), :note)
RETURNING *
"""
LAST = """
SELECT * FROM mandate WHERE tenant_id = :tenant_id ORDER BY id DESC LIMIT 1
"""


def give(
    session: Session,
    *,
    mode: Mode,
    given_by: str,
    given_at: datetime,
    debtors_are_businesses: bool = False,
    is_paused: bool = False,
    fallbacks: Mapping[str, str] | None = None,
    note: str = "",
) -> Mandate:
    """Write down what the client allows now; all debtors are looked at again."""
    row = session.execute(
        GIVE,
        {
            "mode": mode,
            "given_by": given_by,
            "given_at": given_at,
            "debtors_are_businesses": debtors_are_businesses,
            "is_paused": is_paused,
            "fallbacks": json.dumps(dict(fallbacks or {})),
            "note": note,
        },
    ).one()
    agenda.forget_all(session)
    said = Event(
        kind="mandate.given",
        by=given_by,
        subject=f"mandate:{row.id}",
        details={
            "mode": mode,
            "is_paused": is_paused,
            "debtors_are_businesses": debtors_are_businesses,
            "fallbacks": dict(fallbacks or {}),
        },
        personal={"note": note} if note else {},
    )
    event_log.note(session, given_at, [said])
    return _mandate(row)


def load_to_change(session: Session) -> Mandate | None:
    """Return what the client allows now, for a new word that keeps part of it.

    Until the transaction ends nobody else reads it to change it: what is given follows
    what was read, and neither of two words is lost.
    """
    session.execute(LOCK, {"group": LOCK_CLASS})
    return load_last(session)


def load_last(session: Session) -> Mandate | None:
    """Return what the client allows now; None where nothing was ever allowed."""
    row = session.execute(LAST).one_or_none()
    return None if row is None else _mandate(row)


def _mandate(row: Any) -> Mandate:  # noqa: ANN401 - a row
    return Mandate(
        id=row.id,
        mode=Mode(row.mode),
        given_by=row.given_by,
        given_at=row.given_at,
        debtors_are_businesses=row.debtors_are_businesses,
        is_paused=row.is_paused,
        note=row.note,
        fallbacks=row.fallbacks,
    )
