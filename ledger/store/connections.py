"""Connections of a tenant, how far each is read, and its runs."""

import json
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum, auto
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from ledger.errors import RequestError, RetryableError
from ledger.ids import ConnectionId, DebtorId, DocumentId, RunId
from ledger.store.landing import Landing
from ledger.store.session import Database, Session
from ledger.store.tables import connection, cursor, sync_run

LOCK_CLASS = 0x0DB1
"""Advisory locks of connections share this first key."""


class RunState(StrEnum):
    """How a run stands."""

    RUNNING = auto()
    """Under way, or cut off: a later run takes up its cursors."""
    COMPLETED = auto()
    """Everything was read."""
    STOPPED = auto()
    """It waits for a person's word."""
    FAILED = auto()
    """A resource could not be read; the message says why."""


class ConnectionExistsError(RequestError):
    """The tenant has a connection of this name."""

    def __init__(self, name: str) -> None:
        """Name it."""
        super().__init__(
            f"There is a connection {name!r} already.",
            remedy="Choose another with --name.",
        )


class ConnectionBusyError(RetryableError):
    """Another process is syncing this connection."""

    def __init__(self, name: str) -> None:
        """Name it."""
        super().__init__(
            f"Another process is syncing {name!r}.",
            remedy="Wait until it has finished; `duebridge status` shows its run.",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredConnection:
    """One link from a tenant to one organisation in one accounting system."""

    id: ConnectionId
    connector: str
    name: str
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One sync run of a connection."""

    id: RunId
    connection_id: ConnectionId
    business_on: date
    started_at: datetime
    completed_at: datetime | None
    state: RunState
    summary: Mapping[str, Any]
    message: str | None


def add(
    session: Session,
    *,
    connector: str,
    name: str,
    settings: Mapping[str, Any],
    created_at: datetime,
) -> StoredConnection:
    """Make a connection.

    Raises:
        ConnectionExistsError: The name is taken.
    """
    try:
        key = session.execute(
            insert(connection)
            .values(
                tenant_id=session.scope.tenant_id,
                connector=connector,
                name=name,
                settings=settings,
                created_at=created_at,
            )
            .returning(connection.c.id)
        ).scalar_one()
    except IntegrityError as error:
        raise ConnectionExistsError(name) from error
    return StoredConnection(
        id=ConnectionId(key), connector=connector, name=name, settings=settings
    )


def load_all(session: Session) -> list[StoredConnection]:
    """Return the tenant's connections in the order they were made."""
    rows = session.execute(
        select(connection)
        .where(session.scope.owns(connection))
        .order_by(connection.c.id)
    )
    return [
        StoredConnection(
            id=ConnectionId(row.id),
            connector=row.connector,
            name=row.name,
            settings=row.settings,
        )
        for row in rows
    ]


# The keys lead to the rows, as few as are asked for.
OF_DOCUMENTS = """
SELECT d.id, c.id AS connection_id, c.connector FROM document d
JOIN connection c ON c.tenant_id = :tenant_id AND c.id = d.connection_id
WHERE d.tenant_id = :tenant_id AND d.id = ANY (:ids)
"""
OF_DEBTOR = """
SELECT b.id, c.id AS connection_id, c.connector FROM debtor b
JOIN connection c ON c.tenant_id = :tenant_id AND c.id = b.connection_id
WHERE b.tenant_id = :tenant_id AND b.id = :debtor_id
"""


@dataclass(frozen=True, slots=True)
class Kept:
    """In whose books something is kept, and by which connector they are read."""

    connection_id: ConnectionId
    connector: str


def of_documents(
    session: Session, documents: Collection[DocumentId]
) -> dict[DocumentId, Kept]:
    """Return in whose books documents are; what is not known is not in it."""
    if not documents:
        return {}
    rows = session.execute(OF_DOCUMENTS, {"ids": list(documents)})
    return {DocumentId(row.id): _kept(row) for row in rows}


def of_debtor(session: Session, debtor_id: DebtorId) -> Kept | None:
    """Return in whose books a debtor is; None where it is not known."""
    row = session.execute(OF_DEBTOR, {"debtor_id": debtor_id}).one_or_none()
    return None if row is None else _kept(row)


def _kept(row: Any) -> Kept:  # noqa: ANN401 - a row
    return Kept(ConnectionId(row.connection_id), row.connector)


def save_settings(
    session: Session, one: StoredConnection, settings: Mapping[str, Any]
) -> None:
    """Replace a connection's settings."""
    session.execute(
        update(connection)
        .where(session.scope.owns(connection), connection.c.id == one.id)
        .values(settings=settings)
    )


def load_cursors(session: Session, one: ConnectionId) -> dict[str, Mapping[str, Any]]:
    """Return how far each resource is read."""
    rows = session.execute(
        select(cursor.c.resource, cursor.c.position).where(
            session.scope.owns(cursor), cursor.c.connection_id == one
        )
    )
    return {row.resource: row.position for row in rows}


# With every page: a text costs a tenth of a statement that is put together.
MOVE_CURSOR = """
INSERT INTO cursor (tenant_id, connection_id, resource, position, known_at)
VALUES (:tenant_id, :connection_id, :resource, CAST(:position AS jsonb), :known_at)
ON CONFLICT (tenant_id, connection_id, resource)
DO UPDATE SET position = excluded.position, known_at = excluded.known_at
"""


def save_cursor(landing: Landing, resource: str, position: Mapping[str, Any]) -> None:
    """Move a resource's cursor, in the transaction of what it moved past."""
    landing.execute(
        MOVE_CURSOR, {"resource": resource, "position": json.dumps(position)}
    )


def forget_cursors(session: Session, one: ConnectionId) -> None:
    """Read everything of a connection again next time."""
    session.execute(
        delete(cursor).where(session.scope.owns(cursor), cursor.c.connection_id == one)
    )


def begin_run(
    session: Session, one: ConnectionId, *, started_at: datetime, business_on: date
) -> RunId:
    """Note that a run began."""
    key = session.execute(
        insert(sync_run)
        .values(
            tenant_id=session.scope.tenant_id,
            connection_id=one,
            business_on=business_on,
            started_at=started_at,
            state=RunState.RUNNING,
            summary={},
        )
        .returning(sync_run.c.id)
    ).scalar_one()
    return RunId(key)


def end_run(
    session: Session,
    run: RunId,
    *,
    state: RunState,
    completed_at: datetime,
    summary: Mapping[str, Any],
    message: str | None = None,
) -> None:
    """Note how a run ended."""
    session.execute(
        update(sync_run)
        .where(session.scope.owns(sync_run), sync_run.c.id == run)
        .values(
            state=state, completed_at=completed_at, summary=summary, message=message
        )
    )


def note_failure(
    session: Session,
    one: ConnectionId,
    *,
    at: datetime,
    business_on: date,
    message: str,
) -> None:
    """Note a run that could not begin, and why."""
    run = begin_run(session, one, started_at=at, business_on=business_on)
    end_run(
        session,
        run,
        state=RunState.FAILED,
        completed_at=at,
        summary={},
        message=message,
    )


def load_runs(session: Session, one: ConnectionId, *, most: int = 1) -> list[Run]:
    """Return the latest runs of a connection, newest first."""
    rows = session.execute(
        select(sync_run)
        .where(session.scope.owns(sync_run), sync_run.c.connection_id == one)
        .order_by(sync_run.c.id.desc())
        .limit(most)
    )
    return [
        Run(
            id=RunId(row.id),
            connection_id=ConnectionId(row.connection_id),
            business_on=row.business_on,
            started_at=row.started_at,
            completed_at=row.completed_at,
            state=RunState(row.state),
            summary=row.summary,
            message=row.message,
        )
        for row in rows
    ]


@contextmanager
def exclusive(database: Database, one: StoredConnection) -> Iterator[None]:
    """Hold the connection's lock; it falls when the process dies.

    Raises:
        ConnectionBusyError: Another process holds it.
    """
    with database.advisory_lock(LOCK_CLASS, one.id % 2**31) as free:
        if not free:
            raise ConnectionBusyError(one.name)
        yield
