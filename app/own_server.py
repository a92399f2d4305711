"""A PostgreSQL server of the operator's own: one role owns, another works."""

import hashlib
import json
import secrets
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from ledger.errors import ConfigurationError

WORKER = "duebridge_worker"
PASSWORD_BYTES = 24


class BadUrlError(ConfigurationError):
    """The database address is none."""

    def __init__(self) -> None:
        """Say how one looks; the value may hold a password and is not shown."""
        super().__init__(
            "DUEBRIDGE_DATABASE_URL is no address of a PostgreSQL database.",
            remedy="Write postgresql://user:password@host:5432/name.",
        )


class NoWorkerError(ConfigurationError):
    """The working role cannot be made by this role."""

    def __init__(self, owner: str, database: str) -> None:
        """Show the SQL that an administrator must run."""
        super().__init__(
            f"The role {owner!r} may not create roles, so the working role must be "
            "made by an administrator:\n\n"
            f"    CREATE ROLE {WORKER} LOGIN PASSWORD '…';\n"
            f'    GRANT CONNECT, TEMPORARY ON DATABASE "{database}" TO {WORKER};\n\n',
            remedy="Then set DUEBRIDGE_OWNER_DATABASE_URL to the present address, "
            f"DUEBRIDGE_DATABASE_URL to the same with {WORKER}, and run "
            "`duebridge init` again.",
        )


class WorkerExistsError(ConfigurationError):
    """The working role is there, but its password is not known here."""

    def __init__(self) -> None:
        """Say how to tell it."""
        super().__init__(
            f"The role {WORKER} exists on this server, made by another installation.",
            remedy="Set DUEBRIDGE_OWNER_DATABASE_URL to the present address and "
            f"DUEBRIDGE_DATABASE_URL to the same with {WORKER} and its password.",
        )


@dataclass(frozen=True, slots=True)
class OwnServer:
    """The two addresses of one database."""

    owner: URL
    worker: URL | None

    @property
    def worker_role(self) -> str:
        """The role that works."""
        if self.worker is not None and self.worker.username:
            return self.worker.username
        return WORKER


def read(database_url: str, owner_database_url: str | None, home: Path) -> OwnServer:
    """Return the addresses, the working one as `init` saved it.

    Raises:
        BadUrlError: An address cannot be read.
    """
    given = _url(database_url)
    if owner_database_url is not None:
        return OwnServer(owner=_url(owner_database_url), worker=given)
    saved = _file(home, given)
    if saved.exists():
        password = json.loads(saved.read_text(encoding="utf-8"))["password"]
        return OwnServer(given, given.set(username=WORKER, password=password))
    return OwnServer(given, None)


def make_worker(server: OwnServer, home: Path) -> OwnServer:
    """Make the working role with a password of its own, kept in the home folder.

    Raises:
        NoWorkerError: The role given may not create roles.
        ConfigurationError: The database cannot be reached.
    """
    password = secrets.token_urlsafe(PASSWORD_BYTES)
    owner, database = server.owner.username or "", server.owner.database or ""
    try:
        with psycopg.connect(_conninfo(server.owner)) as connection:
            exists = connection.execute(
                "SELECT 1 FROM pg_roles WHERE rolname = %s", [WORKER]
            ).fetchone()
            if exists:
                raise WorkerExistsError
            connection.execute(
                sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(
                    sql.Identifier(WORKER), sql.Literal(password)
                )
            )
            connection.execute(
                sql.SQL("GRANT CONNECT, TEMPORARY ON DATABASE {} TO {}").format(
                    sql.Identifier(database), sql.Identifier(WORKER)
                )
            )
            connection.execute(
                sql.SQL("GRANT USAGE ON SCHEMA public TO {}").format(
                    sql.Identifier(WORKER)
                )
            )
    except psycopg.errors.InsufficientPrivilege as error:
        raise NoWorkerError(owner, database) from error
    except psycopg.OperationalError as error:
        raise ConfigurationError(
            f"The database cannot be reached: {str(error).strip()}",
            remedy="Check DUEBRIDGE_DATABASE_URL and the server.",
        ) from error
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    saved = _file(home, server.owner)
    saved.touch(mode=0o600)
    saved.write_text(json.dumps({"password": password}), encoding="utf-8")
    return OwnServer(server.owner, server.owner.set(username=WORKER, password=password))


def _url(text: str) -> URL:
    try:
        url = make_url(text)
    except (ArgumentError, ValueError) as error:
        raise BadUrlError from error
    if url.get_backend_name() not in {"postgresql", "postgres"} or not url.database:
        raise BadUrlError
    return url.set(drivername="postgresql+psycopg")


def _conninfo(url: URL) -> str:
    return url.set(drivername="postgresql").render_as_string(hide_password=False)


def _file(home: Path, url: URL) -> Path:
    key = f"{url.host}:{url.port}/{url.database}"
    digest = hashlib.sha256(key.encode()).hexdigest()[:16]
    return home / f"worker-{digest}.json"
