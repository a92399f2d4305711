"""One transaction at a time, for one tenant: the only place that commits."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

import psycopg
from sqlalchemy import (
    URL,
    ColumnElement,
    Connection,
    CursorResult,
    Engine,
    Executable,
    Table,
    TextClause,
    create_engine,
    text,
)
from sqlalchemy.exc import DBAPIError

from ledger.errors import ConfigurationError, RetryableError
from ledger.ids import TenantId

LOCK_TIMEOUT_S = 60
STATEMENT_TIMEOUT_S = 1_800
STREAM_ROWS = 5_000
MADE = "temporary tables"
"""Under this a connection notes which of them it has."""


@dataclass(frozen=True, slots=True)
class TenantScope:
    """The one tenant whose rows a session may see."""

    tenant_id: TenantId

    def owns(self, table: Table) -> ColumnElement[bool]:
        """Return the condition that a table's row belongs to the tenant."""
        return table.c.tenant_id == self.tenant_id


class Session:
    """An open transaction inside one tenant.

    Repositories take a session and nothing else to reach the database. The tenant is
    set in the transaction for the row-level-security policies, and each statement names
    it again: two walls.
    """

    def __init__(self, connection: Connection, scope: TenantScope) -> None:
        """Wrap a connection whose transaction has begun."""
        self._connection = connection
        self.made: set[str] = set()
        self.scope = scope
        self._last: list[Callable[[Session], None]] = []

    def at_end(self, act: Callable[["Session"], None]) -> None:
        """Have something done right before the transaction commits, and only then."""
        self._last.append(act)

    def finish(self) -> None:
        """Do what was left for the end; whoever opened the transaction calls it."""
        while self._last:
            self._last.pop(0)(self)

    def execute(
        self,
        statement: Executable | str,
        parameters: Mapping[str, Any] | None = None,
    ) -> CursorResult[Any]:
        """Run one statement; text gets the tenant as `:tenant_id`."""
        if isinstance(statement, str):
            values = {"tenant_id": self.scope.tenant_id, **(parameters or {})}
            return self._connection.execute(_text(statement), values)
        return self._connection.execute(statement, parameters)

    def stream(
        self, sql: str, parameters: Mapping[str, Any] | None = None
    ) -> CursorResult[Any]:
        """Run one question and read its rows as they are used, not all at once."""
        values = {"tenant_id": self.scope.tenant_id, **(parameters or {})}
        # For this statement only: the connection's own options would hold for writes
        # that follow as well, and those cannot be read in pieces.
        return self._connection.execute(
            _text(sql), values, execution_options={"yield_per": STREAM_ROWS}
        )

    def execute_many(
        self, statement: Executable, rows: Sequence[Mapping[str, Any]]
    ) -> None:
        """Run one statement for each of a few rows; bulk goes through `bulk.Stage`."""
        self._connection.execute(statement, rows)

    def make_once(self, name: str, sql: str) -> None:
        """Make a temporary table, unless the connection has it already."""
        if name in self.made or name in self._connection.info.get(MADE, ()):
            return
        self.execute(sql)
        self.made.add(name)

    @property
    def cursor(self) -> psycopg.Cursor[tuple[Any, ...]]:
        """A driver cursor in the same transaction, for COPY."""
        driver = self._connection.connection.driver_connection
        assert isinstance(driver, psycopg.Connection)
        return driver.cursor()


class UnsafeRoleError(ConfigurationError):
    """The working role could see every tenant's rows."""

    def __init__(self, role: str, reason: str) -> None:
        """Name the role and what is wrong with it."""
        super().__init__(
            f"The database role {role!r} {reason}, so the walls between tenants would "
            "not hold.",
            remedy="Run `duebridge init` to make the working role, or name a role that "
            "owns nothing in DUEBRIDGE_DATABASE_URL.",
        )


class DatabaseError(RetryableError):
    """The database refused or could not be reached."""

    def __init__(self, reason: str, remedy: str) -> None:
        """Say why and what to do."""
        super().__init__(f"The database {reason}.", remedy=remedy)


class OvertakenError(DatabaseError):
    """What a transaction had read was changed by another before it could write."""

    def __init__(self) -> None:
        """Say so."""
        super().__init__(
            "changed under a transaction, of which nothing was stored", "Run again."
        )


@contextmanager
def named_errors() -> Iterator[None]:
    """Give a name to what is not a fault of the product.

    Raises:
        DatabaseError: The disk is full, the server is gone, a lock was not free, or
            another transaction was first.
    """
    try:
        yield
    except DBAPIError as error:
        match error.orig:
            case psycopg.errors.DiskFull():
                raise DatabaseError(
                    "has no disk space left; nothing of this page was stored",
                    "Free some space and run again.",
                ) from error
            case psycopg.errors.LockNotAvailable():
                raise DatabaseError(
                    "is busy: another process holds the tenant's ledger",
                    "Run again when it has finished.",
                ) from error
            case (
                psycopg.errors.SerializationFailure()
                | psycopg.errors.DeadlockDetected()
            ):
                raise OvertakenError from error
            case psycopg.errors.QueryCanceled():
                raise DatabaseError(
                    f"stopped a question after {STATEMENT_TIMEOUT_S} seconds",
                    "Ask a narrower question.",
                ) from error
            case psycopg.errors.UndefinedTable() | psycopg.errors.UndefinedColumn():
                raise DatabaseError(
                    "is not at the schema of this version",
                    "Run `duebridge init`.",
                ) from error
            case psycopg.OperationalError():
                raise DatabaseError(
                    f"could not be reached or broke off: {str(error.orig).strip()}",
                    "Run again; `duebridge doctor` looks at the server.",
                ) from error
            case _:
                raise


class Database:
    """The working role's way into the database."""

    def __init__(self, url: URL, *, pool_size: int = 5) -> None:
        """Make the pool; nothing is connected yet."""
        self._engine: Engine = create_engine(
            url,
            pool_size=pool_size,
            pool_pre_ping=True,
            connect_args={
                "application_name": "duebridge",
                "options": f"-c lock_timeout={LOCK_TIMEOUT_S}s "
                f"-c statement_timeout={STATEMENT_TIMEOUT_S}s -c timezone=UTC",
            },
        )

        self._snapshots = self._engine.execution_options(
            isolation_level="REPEATABLE READ"
        )

    def close(self) -> None:
        """Give all connections back."""
        self._engine.dispose()

    @contextmanager
    def tenant(self, scope: TenantScope) -> Iterator[Session]:
        """Open a transaction of one tenant; it commits when the block ends well."""
        with named_errors():
            with self._engine.begin() as connection:
                _enter(connection, scope)
                session, noted = Session(connection, scope), connection.info
                yield session
                session.finish()
            noted.setdefault(MADE, set()).update(session.made)

    @contextmanager
    def steady(self, scope: TenantScope) -> Iterator[Session]:
        """Open a transaction that reads one instant and writes over nothing newer.

        Raises:
            OvertakenError: What it would write over was changed meanwhile; nothing of
                it is stored, and it may be tried again.
        """
        with named_errors():
            with self._snapshots.begin() as connection:
                _enter(connection, scope)
                session, noted = Session(connection, scope), connection.info
                yield session
                session.finish()
            noted.setdefault(MADE, set()).update(session.made)

    @contextmanager
    def question(
        self, scope: TenantScope, *, staging: bool = False
    ) -> Iterator[Session]:
        """Open a transaction that only reads, in which nothing moves.

        Args:
            scope: Whose rows are read.
            staging: Whether temporary tables are filled to compare with.
        """
        with named_errors(), self._snapshots.begin() as connection:
            if not staging:
                connection.execute(text("SET TRANSACTION READ ONLY"))
            _enter(connection, scope)
            yield Session(connection, scope)

    @contextmanager
    def shared(self) -> Iterator[Connection]:
        """Open a transaction outside every tenant, for the shared tables."""
        with named_errors(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def advisory_lock(self, group: int, key: int) -> Iterator[bool]:
        """Try for a lock that lasts as long as the block; yield whether it was free."""
        locks = self._engine.execution_options(isolation_level="AUTOCOMMIT")
        arguments = {"group": group, "key": key}
        with named_errors(), locks.connect() as connection:
            free = connection.execute(
                text("SELECT pg_try_advisory_lock(:group, :key)"), arguments
            ).scalar_one()
            try:
                yield bool(free)
            finally:
                if free:
                    connection.execute(
                        text("SELECT pg_advisory_unlock(:group, :key)"), arguments
                    )

    def revision(self) -> str | None:
        """Return the schema's revision, or None where there is no schema."""
        with self.shared() as connection:
            found = connection.execute(
                text("SELECT to_regclass('public.alembic_version') IS NOT NULL")
            ).scalar_one()
            if not found:
                return None
            return connection.execute(
                text("SELECT version_num FROM alembic_version")
            ).scalar_one_or_none()

    def refuse_unsafe_role(self) -> None:
        """Check that the role can't pass the policies.

        Raises:
            UnsafeRoleError: It is a superuser, bypasses the policies or owns a table.
        """
        with self.shared() as connection:
            row = connection.execute(
                text("""
                SELECT rolname, rolsuper, rolbypassrls,
                       EXISTS (SELECT FROM pg_class
                               WHERE relowner = pg_roles.oid AND relkind = 'r'
                                 AND relnamespace = 'public'::regnamespace) AS owns
                FROM pg_roles WHERE rolname = current_user
                """)
            ).one()
        if row.rolsuper:
            raise UnsafeRoleError(row.rolname, "is a superuser")
        if row.rolbypassrls:
            raise UnsafeRoleError(row.rolname, "bypasses row-level security")
        if row.owns:
            raise UnsafeRoleError(row.rolname, "owns the tables")


@cache
def _text(sql: str) -> TextClause:
    # Statements are constants of this room; reading their parameters takes a while.
    return text(sql)


def _enter(connection: Connection, scope: TenantScope) -> None:
    # SET takes no parameters; set_config(…, true) ends with the transaction.
    connection.execute(
        text("SELECT set_config('app.tenant_id', :tenant_id, true)"),
        {"tenant_id": str(scope.tenant_id)},
    )
