"""Tasks: what persons are asked to do, each once while it is open."""

import json
from collections.abc import Collection
from contextlib import suppress
from datetime import datetime
from typing import Any

from ledger.errors import RequestError
from ledger.events import Event
from ledger.ids import DebtorId
from ledger.reminders import LetterId, MessageId, Task, TaskId, TaskKind
from ledger.store import event_log
from ledger.store.session import Session

ASK = """
INSERT INTO task (tenant_id, kind, key, debtor_id, message_id, letter_id, title,
                  details, due_on, made_at)
VALUES (:tenant_id, :kind, :key, :debtor_id, :message_id, :letter_id, :title,
        CAST(:details AS jsonb), :due_on, :made_at)
ON CONFLICT (tenant_id, kind, key) WHERE done_at IS NULL DO NOTHING
RETURNING id
"""
OPEN_OF_KEY = """
SELECT id FROM task
WHERE tenant_id = :tenant_id AND kind = :kind AND key = :key AND done_at IS NULL
"""
DONE = """
UPDATE task SET done_at = :at, done_by = :by, outcome = :outcome
WHERE tenant_id = :tenant_id AND id = :id AND done_at IS NULL
RETURNING id, kind, debtor_id
"""
OPEN = """
SELECT * FROM task
WHERE tenant_id = :tenant_id AND done_at IS NULL
  AND (CAST(:kinds AS text[]) IS NULL OR kind = ANY (:kinds))
  AND (CAST(:debtor_id AS uuid) IS NULL OR debtor_id = :debtor_id)
ORDER BY due_on, id
"""
OF_DEBTOR = """
SELECT * FROM task WHERE tenant_id = :tenant_id AND debtor_id = :debtor_id
ORDER BY made_at, id
"""
ONE = "SELECT * FROM task WHERE tenant_id = :tenant_id AND id = :id"


class UnknownTaskError(RequestError):
    """There is no open task of this number."""

    def __init__(self, one: TaskId) -> None:
        """Name it."""
        super().__init__(
            f"There is no open task {one}.", remedy="`duebridge tasks` lists them."
        )


def ask(session: Session, task: Task, at: datetime) -> TaskId:
    """Ask a person for something; return the open task of its key, old or new."""
    values = {
        "kind": task.kind,
        "key": task.key,
        "debtor_id": task.debtor_id,
        "message_id": task.message_id,
        "letter_id": task.letter_id,
        "title": task.title,
        "details": json.dumps(dict(task.details), default=str),
        "due_on": task.due_on,
        "made_at": at,
    }
    made = session.execute(ASK, values).scalar_one_or_none()
    if made is None:
        key = {"kind": task.kind, "key": task.key}
        made = session.execute(OPEN_OF_KEY, key).scalar_one_or_none()
    if made is None:
        # The open one was done between both statements.
        made = session.execute(ASK, values).scalar_one()
    return TaskId(made)


def done(
    session: Session, one: TaskId, *, at: datetime, by: str, outcome: str = ""
) -> None:
    """Note that a task is done, and with what outcome.

    Raises:
        UnknownTaskError: There is no open task of this number.
    """
    values = {"id": one, "at": at, "by": by, "outcome": outcome}
    row = session.execute(DONE, values).one_or_none()
    if row is None:
        raise UnknownTaskError(one)
    said = Event(
        kind="task.done",
        by=by,
        subject=f"task:{one}",
        debtor_id=row.debtor_id,
        details={"kind": row.kind, "outcome": outcome},
    )
    event_log.note(session, at, [said])


def settle(
    session: Session,
    kind: TaskKind,
    key: str,
    *,
    at: datetime,
    by: str,
    outcome: str,
) -> None:
    """Note that what an open task asked has answered itself, where there is one.

    A person who finishes it at the same moment has done so.
    """
    found = session.execute(
        OPEN_OF_KEY, {"kind": kind, "key": key}
    ).scalar_one_or_none()
    if found is not None:
        with suppress(UnknownTaskError):
            done(session, TaskId(found), at=at, by=by, outcome=outcome)


def load(session: Session, one: TaskId) -> Task:
    """Return a task, open or done.

    Raises:
        UnknownTaskError: There is none of this number.
    """
    row = session.execute(ONE, {"id": one}).one_or_none()
    if row is None:
        raise UnknownTaskError(one)
    return _task(row)


def open_tasks(
    session: Session,
    *,
    kinds: Collection[TaskKind] | None = None,
    debtor_id: DebtorId | None = None,
) -> list[Task]:
    """Return what is to be done, the earliest due first."""
    rows = session.execute(
        OPEN,
        {"kinds": None if kinds is None else list(kinds), "debtor_id": debtor_id},
    )
    return [_task(row) for row in rows]


def of_debtor(session: Session, debtor_id: DebtorId) -> list[Task]:
    """Return all tasks about a debtor, done ones too, in the order they were made."""
    return [_task(row) for row in session.execute(OF_DEBTOR, {"debtor_id": debtor_id})]


def _task(row: Any) -> Task:  # noqa: ANN401 - a row
    return Task(
        id=TaskId(row.id),
        kind=TaskKind(row.kind),
        key=row.key,
        debtor_id=None if row.debtor_id is None else DebtorId(row.debtor_id),
        message_id=None if row.message_id is None else MessageId(row.message_id),
        letter_id=None if row.letter_id is None else LetterId(row.letter_id),
        title=row.title,
        details=row.details,
        due_on=row.due_on,
        made_at=row.made_at,
        done_at=row.done_at,
        outcome=row.outcome,
    )
