"""The roles of the private PostgreSQL, their passwords, and the database they share."""

import json
import secrets
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final, Self

import psycopg
from psycopg import sql

from app.postgres.cluster import PORT, SUPERUSER
from app.postgres.files import write_file
from ledger.errors import ConfigurationError

DATABASE: Final = "duebridge"
OWNER: Final = "duebridge_owner"
WORKER: Final = "duebridge_worker"

PASSWORD_BYTES: Final = 24
CONNECT_WAIT_S: Final = 30
STATEMENT_WAIT_S: Final = 60

# Two setups at once happen when the first was killed and its last statement still runs.
_SETUP_LOCK: Final = 2026_11_01
_PLAIN: Final = (
    "WITH LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS"
)


class PasswordsError(ConfigurationError):
    """The database is there, but not the passwords that open it."""

    def __init__(self, file: Path) -> None:
        """Name the file."""
        super().__init__(
            f"{file} holds the passwords of the private database, and it is missing "
            "or damaged.",
            remedy="Restore it from the backup of that folder; it may only be readable "
            "for its owner.",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Passwords:
    """The generated passwords of one cluster."""

    superuser: str = field(repr=False)
    owner: str = field(repr=False)
    worker: str = field(repr=False)

    @classmethod
    def generate(cls) -> Self:
        """Make new ones."""
        return cls(
            superuser=secrets.token_urlsafe(PASSWORD_BYTES),
            owner=secrets.token_urlsafe(PASSWORD_BYTES),
            worker=secrets.token_urlsafe(PASSWORD_BYTES),
        )

    @classmethod
    def load(cls, file: Path) -> Self:
        """Read them from their file."""
        try:
            return cls(**json.loads(file.read_text("utf-8")))
        except (FileNotFoundError, TypeError, ValueError) as error:
            raise PasswordsError(file) from error

    def save(self, file: Path) -> None:
        """Write them to a file that only its owner reads."""
        write_file(file, json.dumps(asdict(self), indent=2))


def set_up(socket_folder: Path, passwords: Passwords) -> None:
    """Make the two roles and their database, or mend what is there of them."""
    with _connect(socket_folder, SUPERUSER, passwords) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", [_SETUP_LOCK])
        _ensure_role(connection, OWNER, passwords.owner)
        _ensure_role(connection, WORKER, passwords.worker)
        _ensure_database(connection)
        with _connect(socket_folder, DATABASE, passwords) as database:
            database.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")


def _connect(
    socket_folder: Path, database: str, passwords: Passwords
) -> psycopg.Connection:
    return psycopg.connect(
        host=str(socket_folder),
        port=PORT,
        user=SUPERUSER,
        password=passwords.superuser,
        dbname=database,
        autocommit=True,
        connect_timeout=CONNECT_WAIT_S,
        options=f"-c statement_timeout={STATEMENT_WAIT_S}s",
    )


def _ensure_role(connection: psycopg.Connection, role: str, password: str) -> None:
    found = connection.execute("SELECT FROM pg_roles WHERE rolname = %s", [role])
    if found.rowcount == 0:
        connection.execute(sql.SQL("CREATE ROLE {}").format(sql.Identifier(role)))
    # The server gets a digest: a statement that fails is written to its log.
    digest = connection.pgconn.encrypt_password(
        password.encode(), role.encode(), b"scram-sha-256"
    ).decode()
    connection.execute(
        sql.SQL("ALTER ROLE {} " + _PLAIN + " PASSWORD {}").format(
            sql.Identifier(role), sql.Literal(digest)
        )
    )


def _ensure_database(connection: psycopg.Connection) -> None:
    names = {
        "database": sql.Identifier(DATABASE),
        "owner": sql.Identifier(OWNER),
        "worker": sql.Identifier(WORKER),
    }
    found = connection.execute("SELECT FROM pg_database WHERE datname = %s", [DATABASE])
    if found.rowcount == 0:
        connection.execute(
            sql.SQL("CREATE DATABASE {database} OWNER {owner}").format(**names)
        )
    for statement in (
        "ALTER DATABASE {database} OWNER TO {owner}",
        "REVOKE ALL ON DATABASE {database} FROM PUBLIC",
        "GRANT CONNECT, TEMPORARY ON DATABASE {database} TO {worker}",
    ):
        connection.execute(sql.SQL(statement).format(**names))
