"""What stops the clock: disputes, promises, plans, holds and insolvencies, dated.

A stop's row says how it stands now; each change of it is appended to its events, with
the day it counts from, which may lie before the day it became known.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from ledger.errors import RequestError
from ledger.ids import DebtorId, DocumentId
from ledger.money import Currency
from ledger.reminders import STOPS_OVER, LetterId, Stop, StopId, StopItem, StopKind
from ledger.store import agenda
from ledger.store.session import Session

CANCELLED = "cancelled"
ENDED = "ended"

ADD = """
INSERT INTO stop (tenant_id, kind, debtor_id, currency, amount_minor, begins_on,
                  ends_on, due_on, state, reason, note, said_by, recorded_by,
                  letter_id, details, known_at, changed_at)
VALUES (:tenant_id, :kind, :debtor_id, :currency, :amount_minor, :begins_on,
        :ends_on, :due_on, :state, :reason, :note, :said_by, :recorded_by,
        :letter_id, CAST(:details AS jsonb), :at, :at)
RETURNING id
"""
ADD_ITEM = """
INSERT INTO stop_item (tenant_id, stop_id, document_id, part, amount_minor)
VALUES (:tenant_id, :stop_id, :document_id, :part, :amount_minor)
"""
APPEND_EVENT = """
INSERT INTO stop_event (tenant_id, stop_id, event, known_at, effective_on, state,
                        recorded_by, details)
SELECT :tenant_id, s.id,
       (SELECT count(*) FROM stop_event e
        WHERE e.tenant_id = :tenant_id AND e.stop_id = s.id),
       :at, :effective_on, :state, :by, CAST(:details AS jsonb)
FROM stop s WHERE s.tenant_id = :tenant_id AND s.id = :id
"""
LOCK = """
SELECT debtor_id, begins_on, state FROM stop
WHERE tenant_id = :tenant_id AND id = :id FOR UPDATE
"""
END = """
UPDATE stop SET ends_on = :last_on, state = :state, changed_at = :at
WHERE tenant_id = :tenant_id AND id = :id
"""
STANDING = """
SELECT s.* FROM stop s
WHERE s.tenant_id = :tenant_id AND s.debtor_id = ANY (:debtor_ids)
  AND s.begins_on <= :on AND (s.ends_on IS NULL OR s.ends_on >= :on)
  AND s.state <> 'cancelled'
ORDER BY s.begins_on, s.id
"""
ALL = """
SELECT s.* FROM stop s
WHERE s.tenant_id = :tenant_id
  AND (CAST(:debtor_id AS uuid) IS NULL OR s.debtor_id = :debtor_id)
ORDER BY s.begins_on, s.id
"""
ITEMS = """
SELECT * FROM stop_item WHERE tenant_id = :tenant_id AND stop_id = ANY (:ids)
ORDER BY stop_id, document_id, part
"""
EVENTS = """
SELECT * FROM stop_event WHERE tenant_id = :tenant_id AND stop_id = :id
ORDER BY event
"""
BROKEN = """
SELECT s.debtor_id, count(*) AS broken FROM stop s
WHERE s.tenant_id = :tenant_id AND s.debtor_id = ANY (:debtor_ids)
  AND s.kind = 'promise' AND s.state = 'broken' AND s.due_on BETWEEN :since AND :on
GROUP BY s.debtor_id
"""


class UnknownStopError(RequestError):
    """There is no such stop that stands."""

    def __init__(self, one: StopId) -> None:
        """Name it."""
        super().__init__(
            f"There is no dispute, promise, plan or hold {one} that could be ended.",
            remedy="`duebridge explain` shows what stands against a debtor.",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class StopEvent:
    """A change of a stop: known at an instant, counting from a day."""

    known_at: datetime
    effective_on: date
    state: str
    recorded_by: str
    details: Mapping[str, Any]


def add(session: Session, stop: Stop, at: datetime) -> StopId:
    """Enter what stops the clock; it may begin before today."""
    made = session.execute(
        ADD,
        {
            "kind": stop.kind,
            "debtor_id": stop.debtor_id,
            "currency": stop.currency,
            "amount_minor": stop.amount_minor,
            "begins_on": stop.begins_on,
            "ends_on": stop.ends_on,
            "due_on": stop.due_on,
            "state": stop.state,
            "reason": stop.reason,
            "note": stop.note,
            "said_by": stop.said_by,
            "recorded_by": stop.recorded_by,
            "letter_id": stop.letter_id,
            "details": json.dumps(dict(stop.details), default=str),
            "at": at,
        },
    ).scalar_one()
    for item in stop.items:
        session.execute(
            ADD_ITEM,
            {
                "stop_id": made,
                "document_id": item.document_id,
                "part": item.part,
                "amount_minor": item.amount_minor,
            },
        )
    _append(
        session,
        StopId(made),
        at=at,
        effective_on=stop.begins_on,
        state=stop.state,
        by=stop.recorded_by,
        details={},
    )
    return StopId(made)


def end(
    session: Session,
    one: StopId,
    *,
    last_on: date,
    at: datetime,
    by: str,
    state: str = ENDED,
    details: Mapping[str, Any] | None = None,
) -> None:
    """Let a stop end, its last day counting; one that never stood is cancelled.

    The debtor is looked at again on the next night.

    Raises:
        UnknownStopError: There is none, or it is cancelled.
    """
    row = session.execute(LOCK, {"id": one}).one_or_none()
    if row is None or row.state in STOPS_OVER:
        raise UnknownStopError(one)
    if last_on < row.begins_on:
        state = CANCELLED
    session.execute(END, {"id": one, "last_on": last_on, "state": state, "at": at})
    _append(
        session,
        one,
        at=at,
        effective_on=last_on,
        state=state,
        by=by,
        details=dict(details or {}),
    )
    agenda.forget_debtors(session, [DebtorId(row.debtor_id)])


def load_standing(
    session: Session, debtor_ids: Collection[DebtorId], on: date
) -> dict[DebtorId, tuple[Stop, ...]]:
    """Return what stands on a day, by debtor; a debtor without any is not in it."""
    rows = session.execute(STANDING, {"debtor_ids": list(debtor_ids), "on": on}).all()
    found: dict[DebtorId, tuple[Stop, ...]] = {}
    for stop in _stops(session, rows):
        found[stop.debtor_id] = (*found.get(stop.debtor_id, ()), stop)
    return found


def load_all(session: Session, debtor_id: DebtorId | None = None) -> list[Stop]:
    """Return every stop, of one debtor or of all, ended ones too."""
    return _stops(session, session.execute(ALL, {"debtor_id": debtor_id}).all())


def events(session: Session, one: StopId) -> list[StopEvent]:
    """Return the changes of a stop, in the order they became known."""
    return [
        StopEvent(
            known_at=row.known_at,
            effective_on=row.effective_on,
            state=row.state,
            recorded_by=row.recorded_by,
            details=row.details,
        )
        for row in session.execute(EVENTS, {"id": one})
    ]


def count_broken_promises(
    session: Session, debtor_ids: Collection[DebtorId], *, since: date, on: date
) -> dict[DebtorId, int]:
    """Return how many promises of a time were broken, by debtor."""
    rows = session.execute(
        BROKEN, {"debtor_ids": list(debtor_ids), "since": since, "on": on}
    )
    return {DebtorId(row.debtor_id): int(row.broken) for row in rows}


def _append(
    session: Session,
    one: StopId,
    *,
    at: datetime,
    effective_on: date,
    state: str,
    by: str,
    details: Mapping[str, Any],
) -> None:
    session.execute(
        APPEND_EVENT,
        {
            "id": one,
            "at": at,
            "effective_on": effective_on,
            "state": state,
            "by": by,
            "details": json.dumps(dict(details), default=str),
        },
    )


def _stops(session: Session, rows: Collection[Any]) -> list[Stop]:
    ids = [row.id for row in rows]
    items: dict[int, list[StopItem]] = {}
    for row in session.execute(ITEMS, {"ids": ids}) if ids else ():
        items.setdefault(row.stop_id, []).append(
            StopItem(
                document_id=DocumentId(row.document_id),
                part=row.part,
                amount_minor=row.amount_minor,
            )
        )
    return [
        Stop(
            id=StopId(row.id),
            kind=StopKind(row.kind),
            debtor_id=DebtorId(row.debtor_id),
            items=tuple(items.get(row.id, ())),
            currency=None if row.currency is None else Currency(row.currency),
            amount_minor=row.amount_minor,
            begins_on=row.begins_on,
            ends_on=row.ends_on,
            due_on=row.due_on,
            state=row.state,
            reason=row.reason,
            note=row.note,
            said_by=row.said_by,
            recorded_by=row.recorded_by,
            letter_id=None if row.letter_id is None else LetterId(row.letter_id),
            details=row.details,
        )
        for row in rows
    ]
