"""The product's own PostgreSQL: private, started when needed, stopped when idle.

An ordinary user has all of it in `home/postgres`; for root see `app.postgres.system`.
"""

import hashlib
import os
import tempfile
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Final

import psycopg
from sqlalchemy.engine import URL

from app.postgres import system as postgres_system
from app.postgres.cluster import PORT, Cluster, socket_of
from app.postgres.failures import BusyError, explain_failure, explained
from app.postgres.files import (
    LockMode,
    locked,
    make_hidden_folder,
    make_own_folder,
    write_file,
)
from app.postgres.programs import Programs, find_programs
from app.postgres.roles import DATABASE, OWNER, WORKER, Passwords, set_up
from app.postgres.system import Orphan, lock_folder_of, orphans, remove_orphan
from app.postgres.watcher import Watch, users_lock
from ledger.errors import ConfigurationError

__all__ = [
    "EmbeddedServer",
    "Orphan",
    "ServerAddress",
    "ServerDescription",
    "describe",
    "orphans",
    "remove_orphan",
]

IDLE_STOP_S: Final = 60
USERS_LOCK_WAIT_S: Final = 90
"""Longer than the watcher takes to stop the server."""
START_LOCK_WAIT_S: Final = 300
"""Longer than another process takes to make a cluster and start its server."""

SOCKET_PATH_BYTES_MAX: Final = 99
"""Kernels cut at 103 (macOS) or 107 (Linux)."""

SET_UP_REVISION: Final = "1"
"""Raise it when `set_up` makes something new, and existing clusters get it too."""


@dataclass(frozen=True, slots=True)
class ServerAddress:
    """Where the server listens and who may enter.

    Attributes:
        socket_folder: The folder of its socket.
        database: The database of the product.
        owner: The role that owns and migrates the database.
        owner_password: The owner's password.
        worker: The role that works in it and owns nothing.
        worker_password: The worker's password.
    """

    socket_folder: Path
    database: str
    owner: str
    owner_password: str = field(repr=False)
    worker: str
    worker_password: str = field(repr=False)

    def owner_url(self) -> URL:
        """Return the URL of the role that migrates."""
        return self._url(self.owner, self.owner_password)

    def worker_url(self) -> URL:
        """Return the URL of the role that works."""
        return self._url(self.worker, self.worker_password)

    def _url(self, role: str, password: str) -> URL:
        # The port is part of the socket's name; left out, PGPORT would decide.
        return URL.create(
            "postgresql+psycopg",
            username=role,
            password=password,
            port=PORT,
            database=self.database,
            query={"host": str(self.socket_folder)},
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerDescription:
    """What there is to say about a private server without starting it.

    Attributes:
        running: Whether it takes connections.
        version: The version that runs it, such as 18.4.
        data_folder: Its data.
        log_file: What it and its watcher say.
        size_bytes: What both take on the disk.
    """

    running: bool
    version: str
    data_folder: Path
    log_file: Path
    size_bytes: int


class LostDataError(ConfigurationError):
    """A home had a database before, and now its data is not there."""

    def __init__(self, cluster: Cluster, *, lock_folder: Path) -> None:
        """Name the place of the data."""
        super().__init__(
            f"The private database of {lock_folder} has lost its data: {cluster.data} "
            "does not exist.",
            remedy="Put it back (a container that runs as root keeps it outside of "
            f"DUEBRIDGE_HOME and needs a volume there), or remove {lock_folder} to "
            "begin with an empty database.",
        )


class EmbeddedServer:
    """The product's own PostgreSQL in its home folder; a context manager."""

    def __init__(self, home: Path, *, idle_stop_s: int = IDLE_STOP_S) -> None:
        """Name the home folder; nothing is read or started yet.

        Args:
            home: The product's folder, made when missing.
            idle_stop_s: How long the server runs on when nobody uses it.
        """
        self._home = home
        self._folder = lock_folder_of(home)
        self._idle_stop_s = idle_stop_s
        self._users = users_lock(self._folder)
        self._watch: Watch | None = None

    def __enter__(self) -> ServerAddress:
        return self.open()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def open(self) -> ServerAddress:
        """Start the server unless it runs, and keep it running until `close`.

        Raises:
            ConfigurationError: It cannot run here; the message says why.
            RetryableError: Another process is busy with it for too long.
        """
        with explained(self._folder):
            make_own_folder(self._folder)
            joined = self._join()
            try:
                with locked(
                    self._folder / "start.lock",
                    wait_s=START_LOCK_WAIT_S,
                    busy="another process has been starting it",
                ):
                    return self._ensure_server()
            except BaseException:
                if joined:
                    self._users.release()
                raise

    def close(self) -> None:
        """Let the server go; it stops when nobody has used it for a while."""
        if not self._users.held:
            return
        try:
            # Somebody may have killed the watcher, or removed the whole home.
            with suppress(OSError, BusyError):
                if self._watch is not None:
                    self._watch.ensure()
        finally:
            self._users.touch()
            self._users.release()

    def _join(self) -> bool:
        if self._users.held:
            return False
        if not self._users.acquire(LockMode.SHARED, wait_s=USERS_LOCK_WAIT_S):
            raise BusyError("it has been stopping", waited_s=USERS_LOCK_WAIT_S)
        self._users.touch()
        return True

    def _ensure_server(self) -> ServerAddress:
        if os.geteuid() == 0:
            cluster, programs = postgres_system.ensure_cluster(self._home)
        else:
            cluster, programs = Cluster(self._folder), find_programs()
        with explained(cluster.folder):
            return self._start(cluster, programs)

    def _start(self, cluster: Cluster, programs: Programs) -> ServerAddress:
        passwords = self._ensure_data(cluster, programs)
        # Before the server, so that none ever runs unwatched.
        self._watch = Watch(
            lock_folder=self._folder,
            cluster=cluster,
            programs=programs,
            idle_stop_s=self._idle_stop_s,
        )
        self._watch.ensure()
        server = cluster.running(programs) or cluster.start(
            programs, _ensure_socket_folder(cluster, programs)
        )
        assert server.socket_folder is not None
        self._ensure_database(cluster, server.socket_folder, passwords)
        return ServerAddress(
            socket_folder=server.socket_folder,
            database=DATABASE,
            owner=OWNER,
            owner_password=passwords.owner,
            worker=WORKER,
            worker_password=passwords.worker,
        )

    @property
    def _set_up_mark(self) -> Path:
        return self._folder / "set-up"

    def _ensure_data(self, cluster: Cluster, programs: Programs) -> Passwords:
        file = self._folder / "passwords.json"
        if cluster.data_version() is None:
            if self._set_up_mark.exists():
                raise LostDataError(cluster, lock_folder=self._folder)
            Passwords.generate().save(file)
        passwords = Passwords.load(file)
        cluster.create(programs, superuser_password=passwords.superuser)
        return passwords

    def _ensure_database(
        self, cluster: Cluster, socket_folder: Path, passwords: Passwords
    ) -> None:
        mark = self._set_up_mark
        if mark.exists() and mark.read_text("ascii") == SET_UP_REVISION:
            return
        try:
            set_up(socket_folder, passwords)
        except psycopg.Error as error:
            raise explain_failure(str(error), cluster.folder) from error
        write_file(mark, SET_UP_REVISION)


def describe(home: Path) -> ServerDescription | None:
    """Describe the server of a home folder, or return None before its first start."""
    folder = lock_folder_of(home)
    with explained(folder):
        cluster = (
            postgres_system.existing_cluster(home)
            if os.geteuid() == 0
            else Cluster(folder)
        )
        if cluster is None or cluster.data_version() is None:
            return None
        server = cluster.server()
        return ServerDescription(
            running=server is not None and server.answers(),
            version=find_programs().version(),
            data_folder=cluster.data,
            log_file=cluster.log_file,
            size_bytes=cluster.size_bytes(),
        )


def _ensure_socket_folder(cluster: Cluster, programs: Programs) -> Path:
    inside = cluster.folder / "socket"
    if _fits(inside):
        if not inside.is_dir():
            inside.mkdir(mode=0o700)
        programs.own(inside)
        return inside
    # A folder for everybody's files may hold one of this name that is not ours.
    digest = hashlib.sha256(os.fsencode(cluster.folder)).hexdigest()
    name = f"duebridge-{os.geteuid()}-{digest[:12]}"
    parents = [os.environ.get("XDG_RUNTIME_DIR", ""), tempfile.gettempdir(), "/tmp"]  # noqa: S108 - see above
    candidates = [Path(parent, name) for parent in parents if parent.startswith("/")]
    for candidate in candidates:
        with suppress(OSError):
            if _fits(candidate) and make_hidden_folder(candidate):
                return candidate
    raise ConfigurationError(
        f"The path of {inside} is too long for a socket, and none of these folders "
        f"can be used instead: {', '.join(map(str, candidates))}.",
        remedy="Set DUEBRIDGE_HOME to a folder with a shorter path.",
    )


def _fits(folder: Path) -> bool:
    # Commas separate folders for the server and hosts for its clients.
    path = str(socket_of(folder))
    plain = path.isprintable() and not set(path) & {",", '"'}
    return plain and len(os.fsencode(path)) <= SOCKET_PATH_BYTES_MAX
