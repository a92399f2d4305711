"""What stops the clock: disputes, promises, plans, holds and insolvencies, dated.

A stop's row says how it stands now; each change of it is appended to its events, with
the day it counts from, which may lie before the day it became known.
"""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from ledger.errors import RequestError
from ledger.ids import DebtorId, DocumentId
from ledger.money import Currency
from ledger.reminders import LetterId, Stop, StopId, StopItem, StopKind
from ledger.stop_states import JUDGED, STANDING, PlanState
from ledger.store import agenda
from ledger.store.session import Session

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
ONE = "SELECT * FROM stop WHERE tenant_id = :tenant_id AND id = :id"
LOCK = "SELECT * FROM stop WHERE tenant_id = :tenant_id AND id = :id FOR UPDATE"
LOCK_DEBTOR = """
SELECT FROM debtor WHERE tenant_id = :tenant_id AND id = :id FOR UPDATE
"""
CHANGE = """
UPDATE stop
SET begins_on = :begins_on, ends_on = :ends_on, due_on = :due_on, state = :state,
    amount_minor = :amount_minor, reason = :reason, note = :note,
    details = CAST(:details AS jsonb), changed_at = :at
WHERE tenant_id = :tenant_id AND id = :id
"""
CHANGE_ITEM = """
UPDATE stop_item SET amount_minor = :amount_minor
WHERE tenant_id = :tenant_id AND stop_id = :stop_id AND document_id = :document_id
  AND part = :part AND amount_minor IS DISTINCT FROM :amount_minor
"""
STANDS = """
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
# A promise that was judged is judged again: the books may show otherwise later.
LIVE = """
SELECT s.id FROM stop s
WHERE s.tenant_id = :tenant_id
  AND (s.state = ANY (:states)
       OR (s.kind = 'promise' AND s.state = ANY (:judged) AND s.due_on >= :since))
  AND (CAST(:debtor_ids AS uuid[]) IS NULL OR s.debtor_id = ANY (:debtor_ids))
ORDER BY s.id
"""
EVER = """
SELECT s.* FROM stop s
WHERE s.tenant_id = :tenant_id AND s.debtor_id = ANY (:debtor_ids)
  AND s.begins_on <= :on
ORDER BY s.begins_on, s.id
"""
EVENT_COUNT = """
SELECT count(*) FROM stop_event WHERE tenant_id = :tenant_id AND stop_id = :id
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
    """There is no such stop."""

    def __init__(self, one: StopId) -> None:
        """Name it."""
        super().__init__(
            f"There is no dispute, promise, plan or hold {one}.",
            remedy="`duebridge stop list` shows what there is.",
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
    agenda.forget_debtors(session, [stop.debtor_id])
    return StopId(made)


def load(session: Session, one: StopId) -> Stop:
    """Return a stop as it stands now.

    Raises:
        UnknownStopError: There is none.
    """
    return _one(session, ONE, one)


def lock(session: Session, one: StopId) -> Stop:
    """Return a stop as it stands now; nobody changes it until the transaction ends.

    Raises:
        UnknownStopError: There is none.
    """
    return _one(session, LOCK, one)


def lock_debtor(session: Session, debtor_id: DebtorId) -> None:
    """Let nobody else enter a stop of a debtor, or send to it, until the end."""
    session.execute(LOCK_DEBTOR, {"id": debtor_id})


def change(
    session: Session,
    stop: Stop,
    *,
    at: datetime,
    effective_on: date,
    by: str,
    details: Mapping[str, Any] | None = None,
) -> int:
    """Keep a stop as it is from now on, and note the change; return its number.

    Whoever changes a stop has locked it. The debtor is looked at on the next night.
    """
    assert stop.id is not None
    session.execute(
        CHANGE,
        {
            "id": stop.id,
            "begins_on": stop.begins_on,
            "ends_on": stop.ends_on,
            "due_on": stop.due_on,
            "state": stop.state,
            "amount_minor": stop.amount_minor,
            "reason": stop.reason,
            "note": stop.note,
            "details": json.dumps(dict(stop.details), default=str),
            "at": at,
        },
    )
    for item in stop.items:
        session.execute(
            CHANGE_ITEM,
            {
                "stop_id": stop.id,
                "document_id": item.document_id,
                "part": item.part,
                "amount_minor": item.amount_minor,
            },
        )
    number = int(session.execute(EVENT_COUNT, {"id": stop.id}).scalar_one())
    _append(
        session,
        stop.id,
        at=at,
        effective_on=effective_on,
        state=stop.state,
        by=by,
        details=dict(details or {}),
    )
    agenda.forget_debtors(session, [stop.debtor_id])
    return number


def live(
    session: Session, *, since: date, debtor_ids: Collection[DebtorId] | None = None
) -> list[StopId]:
    """Return the stops that time or the books may change: of all debtors, or of some.

    Args:
        session: A transaction of the tenant.
        since: Promises that were judged are among them if their date is not earlier.
        debtor_ids: Only of these.
    """
    wanted = {
        "states": sorted(set().union(*STANDING.values()) | {PlanState.DEFAULTED.value}),
        "judged": sorted(JUDGED),
        "since": since,
        "debtor_ids": None if debtor_ids is None else list(debtor_ids),
    }
    return [StopId(one) for one in session.execute(LIVE, wanted).scalars()]


def load_ever(
    session: Session, debtor_ids: Collection[DebtorId], on: date
) -> dict[DebtorId, tuple[Stop, ...]]:
    """Return what has begun by a day, over or not, by debtor."""
    rows = session.execute(EVER, {"debtor_ids": list(debtor_ids), "on": on}).all()
    return _by_debtor(_stops(session, rows))


def load_standing(
    session: Session, debtor_ids: Collection[DebtorId], on: date
) -> dict[DebtorId, tuple[Stop, ...]]:
    """Return what stands on a day, by debtor; a debtor without any is not in it."""
    rows = session.execute(STANDS, {"debtor_ids": list(debtor_ids), "on": on}).all()
    return _by_debtor(_stops(session, rows))


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


def _one(session: Session, sql: str, one: StopId) -> Stop:
    rows = session.execute(sql, {"id": one}).all()
    if not rows:
        raise UnknownStopError(one)
    (found,) = _stops(session, rows)
    return found


def _by_debtor(stops: Iterable[Stop]) -> dict[DebtorId, tuple[Stop, ...]]:
    found: dict[DebtorId, tuple[Stop, ...]] = {}
    for stop in stops:
        found[stop.debtor_id] = (*found.get(stop.debtor_id, ()), stop)
    return found


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
