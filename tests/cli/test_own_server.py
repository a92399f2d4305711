"""The commands on a PostgreSQL of the operator's own, with its owner and its worker."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import psycopg
import pytest

from tests.cli import company
from tests.cli.command_line import (
    DONE,
    FAILED,
    PATIENCE_S,
    Answer,
    Desk,
    assert_is_refused,
)

PROGRAMS = Path("/usr/lib/postgresql/15/bin")
SECRET = "hush-hush"  # noqa: S105 - of a server that lives for a minute
ZONE = "Asia/Tokyo"
JSON = ("--format", "json")

pytestmark = pytest.mark.skipif(
    not (PROGRAMS / "postgres").exists(), reason="PostgreSQL 15 is not installed"
)


class Server(NamedTuple):
    """A server that runs; its superuser is `admin`, and every password is one."""

    port: int

    def url(self, role: str, database: str = "books") -> str:
        """Return the address of a database for a role."""
        return f"postgresql://{role}:{SECRET}@127.0.0.1:{self.port}/{database}"

    def execute(self, *statements: str) -> None:
        """Run statements as the superuser."""
        with psycopg.connect(self.url("admin", "postgres"), autocommit=True) as made:
            for statement in statements:
                made.execute(statement.encode())


def a_free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A server in a zone that is not UTC, with an owner that may make roles."""
    user = pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
    as_user = user.pw_uid if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp())
    password, data = folder / "password", folder / "data"
    password.write_text(SECRET)
    for path in (folder, password):
        os.chown(path, user.pw_uid, user.pw_gid)
    access = ("--username=admin", "--auth=scram-sha-256", f"--pwfile={password}")
    initdb = (PROGRAMS / "initdb", "--no-sync", "--encoding=UTF8", "--locale=C.UTF-8")
    subprocess.run(
        [*initdb, *access, data],
        check=True,
        capture_output=True,
        cwd=folder,
        user=as_user,
    )
    made = Server(a_free_port())
    options = {
        "listen_addresses": "127.0.0.1",
        "port": made.port,
        "unix_socket_directories": folder,
        "fsync": "off",
        "timezone": ZONE,
    }
    settings = [f"--{name}={value}" for name, value in options.items()]
    process = subprocess.Popen(
        [PROGRAMS / "postgres", "-D", data, *settings],
        stderr=subprocess.DEVNULL,
        cwd=folder,
        user=as_user,
    )
    try:
        deadline = time.monotonic() + PATIENCE_S
        while True:
            with suppress(psycopg.OperationalError):
                made.execute(
                    f"CREATE ROLE keeper LOGIN CREATEROLE PASSWORD '{SECRET}'",
                    f"CREATE ROLE guest LOGIN PASSWORD '{SECRET}'",
                    "CREATE DATABASE books OWNER keeper",
                    "CREATE DATABASE other OWNER guest",
                )
                break
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield made
    finally:
        process.terminate()
        process.wait(PATIENCE_S)
        shutil.rmtree(folder)


@pytest.fixture(scope="module")
def told_guest(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Answer:
    """What `init` says to a role that may not make roles, on a server without ours."""
    settings = {"DUEBRIDGE_DATABASE_URL": server.url("guest", "other")}
    return Desk(tmp_path_factory.mktemp("guest") / "home", settings=settings).run(
        "init"
    )


@pytest.fixture(scope="module")
def own(
    server: Server, told_guest: Answer, tmp_path_factory: pytest.TempPathFactory
) -> Desk:
    """A desk whose product is set up on that server."""
    assert told_guest.code == FAILED
    settings = {"DUEBRIDGE_DATABASE_URL": server.url("keeper")}
    desk = Desk(tmp_path_factory.mktemp("own") / "home", settings=settings)
    answer = desk.run("tenant", "list")
    assert_is_refused(answer, FAILED, "DUEBRIDGE_DATABASE_URL", "duebridge init")
    answer = desk.expect(DONE, "init")
    assert "Ready" in answer.text
    assert SECRET not in answer.text
    desk.expect(DONE, "init")
    return desk


def test_stands_well(own: Desk) -> None:
    """The doctor finds nothing to mend, and no embedded server was started."""
    answer = own.expect(DONE, "doctor", *JSON)
    states = {one["name"]: one["state"] for one in answer.json["items"]}
    for name in ("Server", "Database", "Roles"):
        assert states[name] == "ok"
    assert not (own.home / "postgres").exists()
    assert SECRET not in answer.text


def test_keeps_the_worker_s_password_to_itself(own: Desk) -> None:
    """What `init` keeps in the home folder, only its user can read."""
    kept = [one for one in own.home.iterdir() if one.is_file()]
    assert kept
    assert {one.stat().st_mode & 0o077 for one in kept} == {0}


def test_reads_books(own: Desk, tmp_path: Path) -> None:
    """Books are read and proved there, and instants are in UTC in any zone."""
    company.write_list(tmp_path / "list", 1, 2, 3)
    (tmp_path / "list.toml").write_text(company.LIST_PROFILE)
    own.add_tenant("acme")
    own.connect("acme", tmp_path / "list", tmp_path / "list.toml")
    own.expect(DONE, "night", "acme")
    answer = own.expect(DONE, "open-items", "acme", *JSON)
    assert answer.json["totals"] == [{"amount": "30.00", "currency": "EUR"}]
    assert answer.json["known_at"].endswith("+00:00")
    again = ("--known-at", answer.json["known_at"])
    answers = own.run_all(
        {
            "again": ("open-items", "acme", *again, *JSON),
            "status": ("status", *JSON),
            "invoice": ("invoice", "acme", "R-1", *JSON),
        }
    )
    assert answers["again"].out == answer.out
    (status,) = answers["status"].json["items"]
    for key in ("started_at", "completed_at"):
        assert status[key].endswith("+00:00")
    (invoice,) = answers["invoice"].json["items"]
    assert invoice["versions"][0]["known_at"].endswith("+00:00")


@pytest.mark.parametrize("role", ["admin", "keeper"])
def test_refuses_to_work_as_anybody_else(role: str, server: Server, own: Desk) -> None:
    """A superuser or the tables' owner is no working role."""
    settings = {
        "DUEBRIDGE_OWNER_DATABASE_URL": server.url("keeper"),
        "DUEBRIDGE_DATABASE_URL": server.url(role),
    }
    desk = Desk(own.home, settings=settings)
    answers = desk.run_all({"list": ("tenant", "list"), "doctor": ("doctor", *JSON)})
    assert_is_refused(answers["list"], FAILED, role)
    answer = answers["doctor"]
    assert answer.code == FAILED
    (roles,) = [one for one in answer.json["items"] if one["name"] == "Roles"]
    assert roles["state"] == "failed"
    assert roles["remedy"]


def test_prints_what_an_administrator_must_run(told_guest: Answer) -> None:
    """An owner that may not make roles is told the SQL that makes the worker."""
    told = ("'guest'", "CREATE ROLE duebridge_worker", '"other"')
    assert_is_refused(told_guest, FAILED, *told, "DUEBRIDGE_OWNER_DATABASE_URL")
    assert SECRET not in told_guest.said


def test_says_that_a_password_is_wrong(server: Server, tmp_path: Path) -> None:
    """A wrong password is said to be one, and is not shown."""
    settings = {"DUEBRIDGE_DATABASE_URL": server.url("keeper").replace(SECRET, "guess")}
    answer = Desk(tmp_path / "home", settings=settings).run("init")
    assert_is_refused(answer, FAILED, "password", "DUEBRIDGE_DATABASE_URL")
    assert "guess" not in answer.said
