"""What persons are asked about writing to the books, each once while it is open."""

from typing import Final

from ledger.calendar import Clock
from ledger.errors import (
    AccessDeniedError,
    ConfigurationError,
    CredentialError,
    DuebridgeError,
)
from ledger.reminders import Task, TaskKind
from ledger.store import tasks, write_backs
from ledger.store.connections import StoredConnection
from ledger.store.session import Database, Session
from ledger.store.tenants import Tenant
from ledger.store.write_backs import StoredWriteBack

FOR_THE_OWNER: Final = (CredentialError, AccessDeniedError, ConfigurationError)
"""What does not pass by itself."""
WORKS_AGAIN: Final = "works again"


def task_key(one: StoredWriteBack) -> str:
    """Return the key of what a person is asked about a write-back."""
    return f"write-back:{one.id}"


def ask(
    session: Session, one: StoredWriteBack, tenant: Tenant, clock: Clock, words: str
) -> None:
    """Ask a person about a write-back that goes no further by itself."""
    what = f"{one.write_back.kind} of {one.number or one.debtor_number}"
    task = Task(
        kind=TaskKind.REVIEW,
        key=task_key(one),
        debtor_id=one.write_back.debtor_id,
        title=f"Writing the {what} to the books: {one.write_back.state}",
        details={
            "write_back": one.id,
            "key": one.write_back.key,
            "words": words,
            "at": clock.now().isoformat(),
        },
        due_on=clock.today(tenant.timezone),
    )
    tasks.ask(session, task, clock.now())


def answered(session: Session, one: StoredWriteBack, clock: Clock) -> None:
    """Note that nobody has to say anything about a write-back any more."""
    _settle(session, task_key(one), clock, str(one.write_back.state))


def ask_owner(
    database: Database,
    tenant: Tenant,
    connection: StoredConnection,
    clock: Clock,
    error: DuebridgeError,
) -> None:
    """Ask for a connection to be mended, where what ails it does not pass by itself."""
    if not isinstance(error, FOR_THE_OWNER):
        return
    task = Task(
        kind=TaskKind.REVIEW,
        key=_connection_key(connection),
        title=f"{connection.name} cannot be written to: {error.message}",
        details={"connection": connection.name, "remedy": error.remedy},
        due_on=clock.today(tenant.timezone),
    )
    with database.tenant(tenant.scope) as session:
        tasks.ask(session, task, clock.now())


def owner_answered(
    database: Database, tenant: Tenant, connection: StoredConnection, clock: Clock
) -> None:
    """Note that the books take what is written again."""
    with database.tenant(tenant.scope) as session:
        _settle(session, _connection_key(connection), clock, WORKS_AGAIN)


def _settle(session: Session, key: str, clock: Clock, outcome: str) -> None:
    tasks.settle(
        session,
        TaskKind.REVIEW,
        key,
        at=clock.now(),
        by=write_backs.PUSH,
        outcome=outcome,
    )


def _connection_key(connection: StoredConnection) -> str:
    return f"write-connection:{connection.id}"
