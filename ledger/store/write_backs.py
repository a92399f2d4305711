"""Write-backs: what the books are to be told, entered once each, and how far each is.

A row goes from state to state by a table. Who delivers one first says so, in a
transaction of its own: whatever is found handed over was cut off there.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from ledger.errors import InvariantError, RequestError, RetryableError
from ledger.ids import ConnectionId, DebtorId, DocumentId, SourceId
from ledger.outbox import WriteBack, WriteBackId, WriteKind, WriteState
from ledger.records import DocumentKind, DocumentRef
from ledger.store.session import Session

PUSH: Final = "push"
"""Who delivers."""

RETRIED: Final = frozenset(
    {
        WriteState.NOTE_ONLY,
        WriteState.REFUSED,
        WriteState.CONFLICT,
        WriteState.PARKED,
        WriteState.GONE,
        WriteState.DISCARDED,
    }
)
"""What a person may have tried once more."""
_TRIED: Final = frozenset(set(WriteState) - {WriteState.WRITING, WriteState.DISCARDED})

NEXT: Final[Mapping[WriteState, frozenset[WriteState]]] = {
    WriteState.WAITING: frozenset(WriteState) - {WriteState.UNKNOWN},
    WriteState.WRITING: _TRIED,
    WriteState.UNKNOWN: _TRIED | {WriteState.DISCARDED},
    WriteState.WRITTEN: frozenset(),
    **{
        one: frozenset({WriteState.WAITING, WriteState.DISCARDED})
        for one in RETRIED - {WriteState.DISCARDED}
    },
    WriteState.DISCARDED: frozenset({WriteState.WAITING}),
}
"""From which state a write-back goes to which.

What is handed over cannot be discarded: it may reach the books any moment.
"""

ENQUEUE = """
INSERT INTO write_back (tenant_id, connection_id, kind, key, debtor_id, document_id,
                        subject, content, expected, state, not_before, made_at,
                        changed_at)
VALUES (:tenant_id, :connection_id, :kind, :key, :debtor_id, :document_id, :subject,
        CAST(:content AS jsonb), CAST(:expected AS jsonb), 'waiting', :not_before, :at,
        :at)
ON CONFLICT (tenant_id, key) DO NOTHING
RETURNING id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredWriteBack:
    """A write-back, and what else is known to deliver it.

    Attributes:
        document: What it is about, as the books know it.
        debtor: The debtor's key in the books.
        progress: How far each part is; what JSON can hold.
        writing_at: When it was last handed over.
    """

    write_back: WriteBack
    document: DocumentRef | None
    number: str
    debtor: SourceId
    debtor_number: str
    progress: Mapping[str, Any] = field(default_factory=dict)
    writing_at: datetime | None = None

    @property
    def id(self) -> WriteBackId:
        """Its number."""
        assert self.write_back.id is not None
        return self.write_back.id


class UnknownWriteBackError(RequestError):
    """There is no write-back of this number."""

    def __init__(self, one: WriteBackId) -> None:
        """Name it."""
        super().__init__(
            f"There is no write-back {one}.",
            remedy="`duebridge writebacks TENANT` lists them.",
        )


class WriteBackStateError(RequestError):
    """A write-back cannot go from one state to another."""

    def __init__(
        self, one: WriteBackId, *, state: WriteState, wanted: WriteState
    ) -> None:
        """Name the write-back and both states."""
        super().__init__(
            f"Write-back {one} is {state} and cannot become {wanted}.",
            remedy="`duebridge writebacks TENANT` shows where each stands.",
        )


class TakenOverError(RetryableError):
    """Another process went on with a write-back meanwhile."""

    def __init__(self, one: WriteBackId) -> None:
        """Name it."""
        super().__init__(
            f"Another process went on with write-back {one}.",
            remedy="Nothing is to be done; it is written once.",
        )


def enqueue(
    session: Session, wanted: Collection[WriteBack], at: datetime
) -> list[WriteBackId]:
    """Enter what the books are to be told; what was entered before is left alone."""
    entered = []
    for one in wanted:
        made = session.execute(
            ENQUEUE,
            {
                "connection_id": one.connection_id,
                "kind": one.kind,
                "key": one.key,
                "debtor_id": one.debtor_id,
                "document_id": one.document_id,
                "subject": one.subject,
                "content": json.dumps(dict(one.content)),
                "expected": json.dumps(dict(one.expected)),
                "not_before": one.not_before or at,
                "at": at,
            },
        ).scalar_one_or_none()
        if made is not None:
            entered.append(WriteBackId(made))
    return entered


SHOWN = """
SELECT w.*, d.kind AS document_kind, d.source_id AS document_source, d.number,
       b.source_id AS debtor_source, b.number AS debtor_number
FROM write_back w
JOIN debtor b ON b.tenant_id = :tenant_id AND b.id = w.debtor_id
LEFT JOIN document d ON d.tenant_id = :tenant_id AND d.id = w.document_id
WHERE w.tenant_id = :tenant_id
"""
# The states stand in the statement, so that the planner sees the index fit them; what
# is due is found in its order first, so that a long queue is not looked at whole.
DUE = """
SELECT w.*, d.kind AS document_kind, d.source_id AS document_source, d.number,
       b.source_id AS debtor_source, b.number AS debtor_number
FROM (
    SELECT q.* FROM write_back q
    WHERE q.tenant_id = :tenant_id AND q.connection_id = :connection_id
      AND q.state IN ('waiting', 'writing', 'unknown')
      AND q.not_before <= :at AND q.id > :after
      AND (:is_batch OR NOT EXISTS (
          SELECT FROM write_back e
          WHERE e.tenant_id = :tenant_id AND e.document_id = q.document_id
            AND e.connection_id = q.connection_id AND e.id < q.id
            AND e.state IN ('waiting', 'writing', 'unknown')))
      AND (:is_batch OR (q.kind <> 'stage' AND q.document_id IS NOT NULL)
           OR NOT EXISTS (
          SELECT FROM write_back e
          WHERE e.tenant_id = :tenant_id AND e.debtor_id = q.debtor_id
            AND e.connection_id = q.connection_id AND e.id < q.id
            AND e.state IN ('waiting', 'writing', 'unknown')
            AND ((e.document_id IS NULL AND q.document_id IS NULL)
                 OR (e.kind = 'stage' AND q.kind = 'stage'))))
    ORDER BY q.id LIMIT :limit
) w
JOIN debtor b ON b.tenant_id = :tenant_id AND b.id = w.debtor_id
LEFT JOIN document d ON d.tenant_id = :tenant_id AND d.id = w.document_id
ORDER BY w.id
"""


def due(
    session: Session,
    connection_id: ConnectionId,
    at: datetime,
    *,
    after: int = 0,
    limit: int,
    is_batch: bool = False,
) -> list[StoredWriteBack]:
    """Return what is to be written now, of each document only what comes first.

    A stage is told of the debtor, so of those only the debtor's first. Nothing is
    locked: `begin` claims.

    Args:
        session: A transaction.
        connection_id: To whose books.
        at: Now.
        after: Only later ones than this.
        limit: How many at most.
        is_batch: Whether they are written all at once, in order, so that none waits
            for another.
    """
    rows = session.execute(
        DUE,
        {
            "connection_id": connection_id,
            "at": at,
            "after": after,
            "limit": limit,
            "is_batch": is_batch,
        },
    )
    return [stored(row) for row in rows]


BATCHES = """
SELECT DISTINCT w.progress -> 'batch' ->> 'name' FROM write_back w
WHERE w.tenant_id = :tenant_id AND w.connection_id = :connection_id
  AND w.progress -> 'batch' ->> 'name' LIKE :pattern
"""


def batches(session: Session, connection_id: ConnectionId, begin: str) -> set[str]:
    """Return the names of batches that begin so."""
    values = {"connection_id": connection_id, "pattern": f"{begin}%"}
    return set(session.execute(BATCHES, values).scalars())


WAITING = """
SELECT w.connection_id, count(*) AS waiting FROM write_back w
WHERE w.tenant_id = :tenant_id AND w.state IN ('waiting', 'writing', 'unknown')
  AND w.not_before <= :at
GROUP BY w.connection_id
"""


def waiting(session: Session, at: datetime) -> dict[ConnectionId, int]:
    """Return how many are to be written now, by connection."""
    rows = session.execute(WAITING, {"at": at})
    return {ConnectionId(row.connection_id): row.waiting for row in rows}


BEGIN = """
UPDATE write_back
SET state = 'writing', writing_at = :at, not_before = :until, attempts = attempts + 1,
    progress = CAST(:progress AS jsonb), changed_at = :at
WHERE tenant_id = :tenant_id AND id = :id AND state = 'waiting'
  AND attempts = :attempts
RETURNING id
"""


def begin(
    session: Session,
    one: StoredWriteBack,
    *,
    at: datetime,
    until: datetime,
    progress: Mapping[str, Any],
) -> StoredWriteBack:
    """Claim a write-back: from now on a part of it may reach the books.

    Args:
        session: A transaction that ends before anything is written.
        one: The write-back, as it was found.
        at: Now.
        until: When it can be known whether it reached them, whatever happens to us.
        progress: How far each part is, the one that is handed over among them.

    Raises:
        TakenOverError: It is not as it was found.
    """
    values = {
        "id": one.id,
        "at": at,
        "until": until,
        "attempts": one.write_back.attempts,
        "progress": json.dumps(dict(progress)),
    }
    if session.execute(BEGIN, values).first() is None:
        raise TakenOverError(one.id)
    _append_event(session, one.id, WriteState.WRITING, at=at, by=PUSH, words="")
    return replace(
        one,
        write_back=replace(
            one.write_back,
            state=WriteState.WRITING,
            attempts=one.write_back.attempts + 1,
            not_before=until,
        ),
        progress=progress,
        writing_at=at,
    )


MARK = """
UPDATE write_back
SET state = :state, words = :words, remote_id = :remote_id, not_before = :not_before,
    progress = CAST(:progress AS jsonb), changed_at = :at,
    expected = CAST(:expected AS jsonb)
WHERE tenant_id = :tenant_id AND id = :id AND state = :was AND attempts = :attempts
RETURNING id
"""
APPEND_EVENT = """
INSERT INTO write_back_event (tenant_id, write_back_id, event, at, state, by, words,
                              details)
SELECT :tenant_id, w.id,
       (SELECT count(*) FROM write_back_event e
        WHERE e.tenant_id = :tenant_id AND e.write_back_id = w.id),
       :at, :state, :by, :words, CAST(:details AS jsonb)
FROM write_back w WHERE w.tenant_id = :tenant_id AND w.id = :id
"""


def mark(
    session: Session,
    one: StoredWriteBack,
    state: WriteState,
    *,
    at: datetime,
    by: str = PUSH,
    words: str = "",
    progress: Mapping[str, Any] | None = None,
    remote_id: str | None = None,
    not_before: datetime | None = None,
    expected: Mapping[str, Any] | None = None,
) -> StoredWriteBack:
    """Bring a write-back to a state that may follow its own, and note it.

    Raises:
        InvariantError: The state does not follow.
        TakenOverError: It is not as it was found.
    """
    now = one.write_back
    if state not in NEXT[now.state]:
        raise InvariantError(
            f"Write-back {one.id} is {now.state} and cannot become {state}.",
            remedy="Please report this; the write-back is as it was.",
        )
    after = replace(
        one,
        write_back=replace(
            now,
            state=state,
            words=words,
            remote_id=now.remote_id if remote_id is None else remote_id,
            not_before=not_before or at,
            expected=now.expected if expected is None else expected,
        ),
        progress=one.progress if progress is None else progress,
    )
    values = {
        "id": one.id,
        "was": now.state,
        "attempts": now.attempts,
        "state": state,
        "words": words,
        "remote_id": after.write_back.remote_id,
        "not_before": after.write_back.not_before,
        "progress": json.dumps(dict(after.progress)),
        "expected": json.dumps(dict(after.write_back.expected)),
        "at": at,
    }
    if session.execute(MARK, values).first() is None:
        raise TakenOverError(one.id)
    _append_event(session, one.id, state, at=at, by=by, words=words)
    return after


def _append_event(
    session: Session,
    one: WriteBackId,
    state: WriteState,
    *,
    at: datetime,
    by: str,
    words: str,
) -> None:
    values = {"id": one, "state": state, "at": at, "by": by, "words": words}
    session.execute(APPEND_EVENT, {**values, "details": "{}"})


# What stands in the books: the last value that was written of a document and kind.
LAST_FIELD = """
SELECT w.progress -> 'field' -> 'value' AS value FROM write_back w
WHERE w.tenant_id = :tenant_id AND w.connection_id = :connection_id
  AND w.debtor_id = :debtor_id AND w.kind = :kind AND w.id <> :id
  AND w.document_id IS NOT DISTINCT FROM CAST(:document_id AS uuid)
  AND w.progress -> 'field' ->> 'state' = 'done'
ORDER BY w.id DESC LIMIT 1
"""


def last_field(session: Session, one: StoredWriteBack) -> Mapping[str, Any] | None:
    """Return what was last written into the field that this one is about, by us."""
    found: Mapping[str, Any] | None = session.execute(
        LAST_FIELD,
        {
            "connection_id": one.write_back.connection_id,
            "debtor_id": one.write_back.debtor_id,
            "document_id": one.write_back.document_id,
            "kind": one.write_back.kind,
            "id": one.id,
        },
    ).scalar_one_or_none()
    return found


STAGES = """
SELECT DISTINCT ON (w.document_id) w.content ->> 'stage' AS stage FROM write_back w
WHERE w.tenant_id = :tenant_id AND w.connection_id = :connection_id
  AND w.debtor_id = :debtor_id AND w.kind = 'stage' AND w.id <= :id
  AND w.state <> 'discarded'
ORDER BY w.document_id, w.id DESC
"""


def stages(session: Session, one: StoredWriteBack) -> tuple[str, ...]:
    """Return where the debtor's documents stand, by what was told up to this one."""
    rows = session.execute(
        STAGES,
        {
            "connection_id": one.write_back.connection_id,
            "debtor_id": one.write_back.debtor_id,
            "id": one.id,
        },
    ).scalars()
    return tuple(sorted({stage for stage in rows if stage}))


def stored(row: Any) -> StoredWriteBack:  # noqa: ANN401 - a row
    """Read a row of `SHOWN`."""
    document = None
    if row.document_source is not None:
        kind = DocumentKind(row.document_kind)
        document = DocumentRef(kind, SourceId(row.document_source))
    return StoredWriteBack(
        write_back=WriteBack(
            id=WriteBackId(row.id),
            kind=WriteKind(row.kind),
            key=row.key,
            connection_id=ConnectionId(row.connection_id),
            debtor_id=DebtorId(row.debtor_id),
            document_id=None
            if row.document_id is None
            else DocumentId(row.document_id),
            subject=row.subject,
            content=row.content,
            expected=row.expected,
            state=WriteState(row.state),
            remote_id=row.remote_id,
            words=row.words,
            attempts=row.attempts,
            not_before=row.not_before,
            made_at=row.made_at,
            changed_at=row.changed_at,
        ),
        document=document,
        number=row.number or "",
        debtor=SourceId(row.debtor_source),
        debtor_number=row.debtor_number,
        progress=row.progress,
        writing_at=row.writing_at,
    )
