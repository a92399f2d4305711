"""One cluster of the private PostgreSQL: made, started, observed and stopped."""

import os
import shutil
import signal
import socket
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from app.postgres.failures import (
    BusyError,
    ForeignVersionError,
    UnusableProgramsError,
    explain_failure,
)
from app.postgres.files import make_folder, sync_folder, write_file
from app.postgres.programs import MAJOR_VERSION, Programs
from ledger.errors import ConfigurationError

SUPERUSER: Final = "postgres"
PORT: Final = 5432
"""The number in the socket's name; nothing listens on TCP."""

INITDB_WAIT_S: Final = 120
START_WAIT_S: Final = 120
"""How long a start may take; after a crash the server first replays its log."""
STOP_WAIT_S: Final = 60
CONNECT_WAIT_S: Final = 5
POLL_S: Final = 0.01
RESTART_POLL_S: Final = 0.2

LOG_BYTES_MAX: Final = 10_000_000
"""A longer log becomes the former one, so that both stay below twice this."""
LOG_TAIL_BYTES: Final = 20_000

SETTINGS: Final = {
    "autovacuum_naptime": "15s",
    "cluster_name": "duebridge",
    "effective_cache_size": "1GB",
    "fsync": "on",
    "jit": "off",
    "listen_addresses": "",
    "log_timezone": "UTC",
    "maintenance_work_mem": "256MB",
    "max_connections": "60",
    "max_wal_size": "4GB",
    "port": str(PORT),
    "random_page_cost": "1.1",
    "shared_buffers": "256MB",
    "timezone": "UTC",
    "unix_socket_permissions": "0700",
    "work_mem": "32MB",
}

_INITDB_OPTIONS: Final = (
    f"--username={SUPERUSER}",
    "--auth=scram-sha-256",
    "--data-checksums",
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--no-instructions",
)
_INCLUDE: Final = "\ninclude '../duebridge.conf'\n"

# Lines of postmaster.pid, which the server adds one by one while it starts.
_PROCESS_LINE: Final = 0
_SOCKET_FOLDER_LINE: Final = 4
_STATUS_LINE: Final = 7

# No process ever has this id: Linux stops at 2^22, macOS at 99998.
_NOBODY: Final = 2**31 - 1
_CHILDREN_ALIVE: Final = "pre-existing shared memory block"


class _Deadline:
    def __init__(self, wait_s: float) -> None:
        self._wait_s = wait_s
        self._ends = time.monotonic() + wait_s

    def sleep(self, seconds: float, busy: str) -> None:
        if time.monotonic() >= self._ends:
            raise BusyError(busy, waited_s=self._wait_s)
        time.sleep(seconds)


@dataclass(frozen=True, slots=True)
class Server:
    """A living server process, as its own lock file describes it.

    Attributes:
        process_id: The process that all others of the server descend from.
        socket_folder: Where it listens, or None before it has said so.
        ready: Whether it says that it takes connections.
    """

    process_id: int
    socket_folder: Path | None
    ready: bool

    def answers(self) -> bool:
        """Say whether it takes connections where it says it does."""
        if not self.ready or self.socket_folder is None:
            return False
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(CONNECT_WAIT_S)
            try:
                connection.connect(os.fspath(socket_of(self.socket_folder)))
            except (TimeoutError, BlockingIOError):
                return True  # so busy that its queue is full
            except (FileNotFoundError, ConnectionRefusedError):
                return False
        return True


@dataclass(frozen=True, slots=True)
class Cluster:
    """The folder of one cluster: its data, its log and our settings.

    Attributes:
        folder: Its folder, which is ours also where another account runs the server.
    """

    folder: Path

    @property
    def data(self) -> Path:
        """PostgreSQL's own folder."""
        return self.folder / "data"

    @property
    def log_file(self) -> Path:
        """What the server and its watcher say."""
        return self.folder / "log" / "postgresql.log"

    def server(self) -> Server | None:
        """Return the living server process, ready or not, or None."""
        try:
            lines = (self.data / "postmaster.pid").read_bytes().split(b"\n")
            process_id = int(lines[_PROCESS_LINE])
        except (FileNotFoundError, IndexError, ValueError):
            return None
        if not _serves(process_id, self.data):
            return None
        lines += [b""] * (_STATUS_LINE + 1 - len(lines))
        socket_folder = os.fsdecode(lines[_SOCKET_FOLDER_LINE])
        return Server(
            process_id=process_id,
            socket_folder=Path(socket_folder) if socket_folder else None,
            ready=lines[_STATUS_LINE].strip() == b"ready",
        )

    def data_version(self) -> str | None:
        """Return the major version that wrote the data, or None without data."""
        try:
            return (self.data / "PG_VERSION").read_text("ascii").strip()
        except FileNotFoundError:
            return None

    def create(self, programs: Programs, *, superuser_password: str) -> None:
        """Make the data unless it is there; it appears whole or not at all."""
        found = self.data_version()
        if found is not None:
            if found != MAJOR_VERSION:
                raise ForeignVersionError(self.data, found=found, ours=MAJOR_VERSION)
            return
        if self.data.exists() and any(self.data.iterdir()):
            raise ConfigurationError(
                f"{self.data} exists, but PostgreSQL did not make it.",
                remedy="Move it away; the next start makes a new one.",
            )
        # What a killed initdb left. Should it still run, it harms nobody there.
        for unfinished in self.folder.glob("new-*"):
            shutil.rmtree(unfinished, ignore_errors=True)
        with tempfile.TemporaryDirectory(
            prefix="new-", dir=self.folder, ignore_cleanup_errors=True
        ) as new:
            self._initialise(Path(new), programs, superuser_password)
            Path(new, "data").rename(self.data)
        sync_folder(self.folder)

    def running(self, programs: Programs) -> Server | None:
        """Return the server if it takes connections, waiting while it comes or goes."""
        deadline = _Deadline(START_WAIT_S)
        while (server := self.server()) is not None:
            if server.answers():
                return server
            if server.ready:
                # Its socket was cleaned away, so nobody can reach it any more.
                self.stop(programs)
            deadline.sleep(POLL_S, "it has been starting or stopping")
        return None

    def start(self, programs: Programs, socket_folder: Path) -> Server:
        """Start the server and wait until it takes connections.

        It does not run, and two processes do not do this at once.
        """
        deadline = _Deadline(START_WAIT_S)
        settings = SETTINGS | {"unix_socket_directories": f'"{socket_folder}"'}
        write_file(self.folder / "duebridge.conf", _conf(settings), mode=0o644)
        while True:
            self.rotate_log()
            self._clear_stale_locks(socket_folder)
            with self.open_log() as log:
                said_before = os.fstat(log).st_size
                process_id = programs.launch("postgres", "-D", self.data, log=log)
            if (started := self._await_server(process_id, deadline)) is not None:
                return started
            said = self._log_since(said_before)
            if _CHILDREN_ALIVE not in said:
                raise explain_failure(said, self.folder)
            # The former server was killed; its children notice and end.
            deadline.sleep(RESTART_POLL_S, "what was left of it has been ending")

    def stop(self, programs: Programs) -> None:
        """Stop the server if it runs: its connections are cut, its data stays."""
        server = self.server()
        if server is None:
            return
        arguments = ("stop", "-D", self.data, "-m", "fast", "-W")
        try:
            programs.run("pg_ctl", *arguments, wait_s=STOP_WAIT_S)
        except UnusableProgramsError:
            # They were uninstalled under a running server; pg_ctl sends the same.
            with suppress(ProcessLookupError):
                os.kill(server.process_id, signal.SIGINT)
        deadline = _Deadline(STOP_WAIT_S)
        while self.server() is not None:
            deadline.sleep(POLL_S, "it has been stopping")
        folder = server.socket_folder
        if folder is not None and not folder.is_relative_to(self.folder):
            with suppress(OSError):
                folder.rmdir()

    def rotate_log(self) -> None:
        """Keep the log bounded while the server goes on writing to the same file."""
        with suppress(FileNotFoundError):
            if self.log_file.stat().st_size > LOG_BYTES_MAX:
                # On a full disk the log is given up; the data needs the space.
                with suppress(OSError):
                    shutil.copyfile(self.log_file, f"{self.log_file}.1")
                os.truncate(self.log_file, 0)

    @contextmanager
    def open_log(self) -> Iterator[int]:
        """Open the log for a process that will write to it."""
        make_folder(self.log_file.parent)
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
        log = os.open(self.log_file, flags, 0o600)
        try:
            yield log
        finally:
            os.close(log)

    def size_bytes(self) -> int:
        """Return what the cluster takes on the disk."""
        total = 0
        for folder, _, names in os.walk(self.folder):
            for name in names:
                with suppress(FileNotFoundError):
                    total += Path(folder, name).lstat().st_blocks * 512
        return total

    def _initialise(self, new: Path, programs: Programs, password: str) -> None:
        data, password_file = new / "data", new / "password"
        data.mkdir(mode=0o700)
        write_file(password_file, password)
        # Its user needs the way through, though not the folder itself.
        new.chmod(self.folder.stat().st_mode & 0o777)
        programs.own(data)
        programs.own(password_file)
        result = programs.run(
            "initdb",
            *_INITDB_OPTIONS,
            f"--pwfile={password_file}",
            f"--pgdata={data}",
            wait_s=INITDB_WAIT_S,
        )
        if result.returncode != 0:
            raise explain_failure(result.stdout, self.folder)
        settings = data / "postgresql.conf"
        file = os.open(settings, os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW)
        with os.fdopen(file, "w", encoding="ascii") as lines:
            lines.write(_INCLUDE)
            lines.flush()
            os.fsync(file)

    def _clear_stale_locks(self, socket_folder: Path) -> None:
        # The server refuses to start when the process id in an old lock file is
        # somebody's again, as after a restart of a container. We know better, since
        # that somebody does not serve this data.
        path = socket_of(socket_folder)
        path.unlink(missing_ok=True)
        path.with_name(f"{path.name}.lock").unlink(missing_ok=True)
        try:
            file = os.open(self.data / "postmaster.pid", os.O_RDWR | os.O_NOFOLLOW)
        except FileNotFoundError:
            return
        with os.fdopen(file, "r+b", buffering=0) as lock:
            # The file itself stays: it names the shared memory by which a new server
            # recognises children of a killed one that still write.
            _, _, rest = lock.read().partition(b"\n")
            lock.seek(0)
            lock.write(b"%d\n%b" % (_NOBODY, rest))

    def _await_server(self, process_id: int, deadline: _Deadline) -> Server | None:
        while True:
            alive = _is_alive(process_id)
            server = self.server()
            if server is not None and server.answers():
                return server
            if server is None and not alive:
                return None
            deadline.sleep(POLL_S, "it has been starting")

    def _log_since(self, position: int) -> str:
        with self.log_file.open("rb") as log:
            size = log.seek(0, os.SEEK_END)
            log.seek(max(position, size - LOG_TAIL_BYTES))
            return log.read().decode("utf-8", "replace")


def socket_of(folder: Path) -> Path:
    """Return the socket that a server makes in a folder."""
    return folder / f".s.PGSQL.{PORT}"


def _conf(settings: dict[str, str]) -> str:
    quoted = {
        name: value.replace("\\", "\\\\").replace("'", "''")
        for name, value in settings.items()
    }
    return "".join(f"{name} = '{value}'\n" for name, value in quoted.items())


def _serves(process_id: int, data: Path) -> bool:
    try:
        arguments = Path(f"/proc/{process_id}/cmdline").read_bytes().split(b"\0")
    except (FileNotFoundError, ProcessLookupError):
        # Without /proc (macOS) any process of that id is taken for the server.
        return not Path("/proc/self").exists() and _is_alive(process_id)
    return os.fsencode(data) in arguments


def _is_alive(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
        state = Path(f"/proc/{process_id}/stat").read_text("utf-8").rpartition(")")[2]
    except PermissionError:
        return True
    except ProcessLookupError:
        return False
    except FileNotFoundError:
        return not Path("/proc/self").exists()
    # A dead process that its parent never waits for, as in many containers.
    return state.split()[0] != "Z"
