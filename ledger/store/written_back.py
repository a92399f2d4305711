"""What was written back: listed, tried again by persons, looked at each night."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ledger.ids import ConnectionId
from ledger.outbox import ChangedThere, WriteBackEvent, WriteBackId, WriteState
from ledger.store.session import Session
from ledger.store.write_backs import (
    NEXT,
    SHOWN,
    StoredWriteBack,
    UnknownWriteBackError,
    WriteBackStateError,
    mark,
    stored,
)

DONE, RETRIED = "done", "retried"
"""Words for how far a part is: seen in the books; to be written by a person's word."""

LISTING = f"""{SHOWN}
  AND (CAST(:ids AS bigint[]) IS NULL OR w.id = ANY (:ids))
  AND (CAST(:states AS text[]) IS NULL OR w.state = ANY (:states))
  AND (CAST(:connection_id AS bigint) IS NULL OR w.connection_id = :connection_id)
ORDER BY w.id DESC LIMIT :limit
"""


def listing(
    session: Session,
    *,
    ids: Collection[WriteBackId] | None = None,
    states: Collection[WriteState] | None = None,
    connection_id: ConnectionId | None = None,
    limit: int | None = None,
) -> list[StoredWriteBack]:
    """Return write-backs, the latest first: all, or so many."""
    rows = session.execute(
        LISTING,
        {
            "ids": None if ids is None else list(ids),
            "states": None if states is None else list(states),
            "connection_id": connection_id,
            "limit": limit,
        },
    )
    return [stored(row) for row in rows]


def load(session: Session, one: WriteBackId) -> StoredWriteBack:
    """Return a write-back.

    Raises:
        UnknownWriteBackError: There is none of this number.
    """
    found = listing(session, ids=[one])
    if not found:
        raise UnknownWriteBackError(one)
    return found[0]


EVENTS = """
SELECT * FROM write_back_event
WHERE tenant_id = :tenant_id AND write_back_id = :id ORDER BY event
"""


def events(session: Session, one: WriteBackId) -> list[WriteBackEvent]:
    """Return what was tried of a write-back, in order."""
    return [
        WriteBackEvent(
            at=row.at, state=WriteState(row.state), by=row.by, words=row.words
        )
        for row in session.execute(EVENTS, {"id": one})
    ]


def retry(
    session: Session, one: WriteBackId, *, at: datetime, by: str
) -> StoredWriteBack:
    """Have a write-back tried once more; what is written of it stays as it is.

    Where a person's value stood in the way, ours may now take the place of that value,
    and of no other.

    Raises:
        WriteBackStateError: It is written, or under way.
        UnknownWriteBackError: There is none of this number.
    """
    found = _may(session, one, WriteState.WAITING)
    parts = dict(found.progress)
    expected = found.write_back.expected
    in_the_way = parts.get("field", {}).get("there")
    if in_the_way is not None:
        expected = in_the_way
    left = {name: part for name, part in parts.items() if part.get("state") == DONE}
    return mark(
        session,
        found,
        WriteState.WAITING,
        at=at,
        by=by,
        # Whatever was handed over before is looked for again before it is written.
        progress={
            **{name: {"state": RETRIED} for name in parts},
            **left,
        },
        expected=expected,
    )


def discard(
    session: Session, one: WriteBackId, *, at: datetime, by: str, words: str
) -> StoredWriteBack:
    """Note that a write-back need not be written.

    Raises:
        WriteBackStateError: It is written, or under way.
        UnknownWriteBackError: There is none of this number.
    """
    found = _may(session, one, WriteState.DISCARDED)
    return mark(session, found, WriteState.DISCARDED, at=at, by=by, words=words)


def _may(session: Session, one: WriteBackId, wanted: WriteState) -> StoredWriteBack:
    found = load(session, one)
    state = found.write_back.state
    if wanted not in NEXT[state] or (state, wanted) in {
        (WriteState.WAITING, WriteState.WAITING),
        (WriteState.UNKNOWN, WriteState.WAITING),
    }:
        raise WriteBackStateError(one, state=state, wanted=wanted)
    return found


FORGET_BEFORE = """
SELECT w.id FROM write_back w
WHERE w.tenant_id = :tenant_id AND w.connection_id = :connection_id
  AND w.state = 'waiting' AND w.attempts = 0
ORDER BY w.id
"""


def discard_waiting(
    session: Session,
    connection_id: ConnectionId,
    *,
    at: datetime,
    by: str,
    words: str,
) -> int:
    """Discard what was never handed over of a connection; return how many."""
    found = session.execute(FORGET_BEFORE, {"connection_id": connection_id}).scalars()
    ids = [WriteBackId(one) for one in found]
    for one in ids:
        discard(session, one, at=at, by=by, words=words)
    return len(ids)


STAND = """
UPDATE write_back w SET standing = (w.id = :id AND :stands)
FROM write_back me
WHERE me.tenant_id = :tenant_id AND me.id = :id
  AND w.tenant_id = :tenant_id AND w.connection_id = me.connection_id
  AND w.debtor_id = me.debtor_id AND w.kind = me.kind
  AND w.document_id IS NOT DISTINCT FROM me.document_id
  AND (w.id = me.id OR w.standing)
"""
STAND_ALONE = """
UPDATE write_back SET standing = true WHERE tenant_id = :tenant_id AND id = :id
"""


def stand(
    session: Session, one: StoredWriteBack, *, stands: bool, alone: bool = False
) -> None:
    """Note that what was written stands in the books now, in an earlier one's place.

    Args:
        session: The transaction that notes that it was written.
        one: The write-back.
        stands: Whether there is something to look at; not where a field was emptied.
        alone: Whether it is appended, beside what was written before.
    """
    if alone:
        session.execute(STAND_ALONE, {"id": one.id})
        return
    session.execute(STAND, {"id": one.id, "stands": stands})


STANDING = f"""{SHOWN}
  AND w.connection_id = :connection_id AND w.standing
  AND w.kind IN ('promise', 'dispute') AND d.voided_on IS NULL AND d.closed_on IS NULL
  AND w.id > :after
ORDER BY w.id LIMIT :limit
"""


def standing(
    session: Session, connection_id: ConnectionId, *, after: int = 0, limit: int
) -> list[StoredWriteBack]:
    """Return whose fields stand in the books, on documents that are still open."""
    rows = session.execute(
        STANDING, {"connection_id": connection_id, "after": after, "limit": limit}
    )
    return [stored(row) for row in rows]


ANY_STANDING = """
SELECT EXISTS (
    SELECT FROM write_back w
    WHERE w.tenant_id = :tenant_id AND w.connection_id = :connection_id AND w.standing)
"""


def any_standing(session: Session, connection_id: ConnectionId) -> bool:
    """Say whether anything that we wrote stands in the books, to be looked at."""
    values = {"connection_id": connection_id}
    return bool(session.execute(ANY_STANDING, values).scalar_one())


NOTE_CHANGED = """
UPDATE write_back
SET standing = false, changed_there_at = :at,
    progress = jsonb_set(
        jsonb_set(progress, '{field,there}', CAST(:there AS jsonb)),
        '{field,taken_back}', to_jsonb(CAST(:is_taken_back AS boolean)))
WHERE tenant_id = :tenant_id AND id = :id AND standing
"""


def note_changed(
    session: Session,
    one: StoredWriteBack,
    there: Mapping[str, Any],
    at: datetime,
    *,
    is_taken_back: bool,
) -> None:
    """Note that a field holds something else than we wrote, or nothing any more."""
    values = {
        "id": one.id,
        "there": json.dumps(dict(there)),
        "at": at,
        "is_taken_back": is_taken_back,
    }
    session.execute(NOTE_CHANGED, values)


# A payment that we wrote lands like any other, under the key the books gave it.
NOTE_TAKEN_BACK = """
UPDATE write_back w SET standing = false, changed_there_at = :at
FROM document d
WHERE w.tenant_id = :tenant_id AND w.connection_id = :connection_id AND w.standing
  AND w.kind = 'payment'
  AND d.tenant_id = :tenant_id AND d.connection_id = w.connection_id
  AND d.kind = 'payment' AND d.source_id = w.remote_id AND d.voided_on IS NOT NULL
RETURNING w.id
"""


def note_taken_back(session: Session, connection_id: ConnectionId, at: datetime) -> int:
    """Note which payments that we wrote were deleted in the books; return how many."""
    values = {"connection_id": connection_id, "at": at}
    return len(session.execute(NOTE_TAKEN_BACK, values).all())


CHANGED = f"""{SHOWN}
  AND w.changed_there_at IS NOT NULL
ORDER BY w.id
"""


def changed_there(session: Session) -> list[ChangedThere]:
    """Return what we wrote and somebody changed there, until it is taken in."""
    found = []
    for row in session.execute(CHANGED):
        one = stored(row)
        written = one.progress.get("field", {})
        is_payment = one.write_back.kind == "payment"
        found.append(
            ChangedThere(
                write_back=one.write_back,
                field="payment" if is_payment else written.get("name", ""),
                ours=one.write_back.content if is_payment else written.get("value", {}),
                there=None if is_payment else written.get("there"),
                found_at=row.changed_there_at,
                is_taken_back=is_payment or bool(written.get("taken_back")),
            )
        )
    return found


TAKE_IN = """
UPDATE write_back SET changed_there_at = NULL
WHERE tenant_id = :tenant_id AND id = ANY (:ids)
"""


def take_in(session: Session, which: Collection[WriteBackId]) -> None:
    """Note that changes were taken in; they are not told again."""
    session.execute(TAKE_IN, {"ids": list(which)})


@dataclass(frozen=True, slots=True)
class Counted:
    """How many write-backs of a connection are in a state."""

    connection_id: ConnectionId
    state: WriteState
    count: int


COUNTS = """
SELECT connection_id, state, count(*) AS found FROM write_back
WHERE tenant_id = :tenant_id GROUP BY connection_id, state
"""


def counts(session: Session) -> list[Counted]:
    """Return how many write-backs are in each state, by connection."""
    return [
        Counted(ConnectionId(row.connection_id), WriteState(row.state), row.found)
        for row in session.execute(COUNTS)
    ]
