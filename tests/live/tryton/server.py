"""A Tryton of the tests' own: installed once, founded once, copied for each test.

Tryton is under the GPL: it lives in an environment of its own, is run as separate
processes, and is never imported here.
"""

import fcntl
import hashlib
import http.client
import json
import shutil
import socket
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final

CACHE: Final = Path(__file__).parents[3] / ".live" / "tryton"
BOOKKEEPER: Final = Path(__file__).with_name("bookkeeper.py")
USER: Final = "admin"
PASSWORD: Final = "of-a-test"  # noqa: S105
DISTRIBUTIONS: Final = (
    "trytond==8.2.*",
    "trytond-account-invoice==8.2.*",
    "trytond-account-payment==8.2.*",
    "trytond-account-payment-clearing==8.2.*",
    "trytond-account-dunning==8.2.*",
    "trytond-account-statement==8.2.*",
    "trytond-account-credit-limit==8.2.*",
    "proteus==8.2.*",
)
MODULES: Final = (
    "account_invoice",
    "account_payment",
    "account_payment_clearing",
    "account_dunning",
    "account_statement",
    "account_credit_limit",
)
START_MAX_S: Final = 60
CALL_MAX_S: Final = 60
FOUND_MAX_S: Final = 240

CONF: Final = """
[database]
uri = sqlite://
path = {folder}
[web]
listen = 127.0.0.1:{port}
[session]
authentications = password
"""

Command = list[str | Path]


@dataclass(frozen=True, slots=True)
class Founded:
    """The installed Tryton and the invented company's database, to be copied."""

    programs: Path
    database: Path
    made: dict[str, Any]


def founded() -> Founded:
    """Install Tryton and found the company, unless both was done before."""
    CACHE.mkdir(parents=True, exist_ok=True)
    programs = CACHE / f"env-{_digest(*DISTRIBUTIONS)}"
    base = CACHE / f"base-{_digest(*DISTRIBUTIONS, *MODULES, PASSWORD)}"
    done = CACHE / f"books-{_digest(base.name, BOOKKEEPER.read_text(encoding='utf-8'))}"
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _once(programs, _install)
        _once(base, lambda place: _activate(programs, place))
        _once(done, lambda place: _found(programs, base, place))
    made = json.loads((done / "made.json").read_text(encoding="utf-8"))
    return Founded(programs / "bin", done / "books.sqlite", made)


@dataclass(slots=True)
class Tryton:
    """A running server on a database of its own."""

    programs: Path
    conf: Path
    port: int
    made: dict[str, Any]
    _session: str = ""
    _calls: Iterator[int] = field(default_factory=lambda: iter(range(1, 1_000_000)))

    def act(self, *actions: Sequence[str]) -> None:
        """Do something in the books, as their bookkeeper does."""
        self._keep("act", json.dumps(actions))

    def balances(self, as_of: date) -> dict[str, Any]:
        """Return Tryton's own totals, and an ageing of its move lines."""
        return self._keep("balances", as_of.isoformat())

    def _keep(self, part: str, asked: str) -> dict[str, Any]:
        python = self.programs / "python"
        return _said([python, BOOKKEEPER, part, self.conf, "books", asked])

    def invoice(self, name: str) -> str:
        """Return the number of one of the invoices that were made."""
        number: str = self.made["invoices"][name]["number"]
        return number

    def log_in(self) -> dict[str, Any]:
        """Open a session; return the context that every call must carry."""
        user, session, *_ = self.call("common.db.login", USER, {"password": PASSWORD})
        token = b64encode(f"{USER}:{user}:{session}".encode()).decode()
        self._session = f"Session {token}"
        context: dict[str, Any] = self.call(
            "model.res.user.get_preferences", *[True, {}]
        )
        return context

    def call(self, method: str, *params: Any) -> Any:
        """Call a remote method; return its result."""
        answer = json.loads(self.post(method, *params))
        assert "error" not in answer, answer["error"]
        return answer["result"]

    def post(self, method: str, *params: Any) -> bytes:
        """Call a remote method; return the answer's body as it came."""
        asked = {"id": next(self._calls), "method": method, "params": params}
        headers = {"Content-Type": "application/json"}
        if self._session:
            headers["Authorization"] = self._session
        connection = http.client.HTTPConnection(
            "127.0.0.1", self.port, timeout=CALL_MAX_S
        )
        try:
            connection.request("POST", "/books/rpc/", json.dumps(asked), headers)
            answer = connection.getresponse()
            body = answer.read()
        finally:
            connection.close()
        assert answer.status == http.HTTPStatus.OK, (answer.status, body[:500])
        return body


@contextmanager
def running(source: Founded, folder: Path) -> Iterator[Tryton]:
    """Run a server on a copy of the company's database."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source.database, folder / "books.sqlite")
    port = _free_port()
    conf = _configure(folder, port)
    with (folder / "server.log").open("wb") as log:
        server = subprocess.Popen(
            [source.programs / "trytond", "-c", conf, "-d", "books"],
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            _await(server, port, folder / "server.log")
            yield Tryton(source.programs, conf, port, source.made)
        finally:
            server.terminate()
            try:
                server.wait(10)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait(10)


def _once(place: Path, make: Callable[[Path], None]) -> None:
    """Make a folder, unless it was made whole before."""
    mark = place / "done"
    if not mark.exists():
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        make(place)
        mark.touch()


def _install(place: Path) -> None:
    _run([sys.executable, "-m", "venv", place])
    pip: Command = [place / "bin" / "python", "-m", "pip", "install", "--quiet"]
    _run([*pip, "--disable-pip-version-check", *DISTRIBUTIONS])


def _activate(programs: Path, place: Path) -> None:
    (place / "books.sqlite").touch()
    secret = place / "password"
    secret.write_text(PASSWORD, encoding="utf-8")
    admin: Command = [programs / "bin" / "trytond-admin", "-c", _configure(place, 0)]
    admin += ["-d", "books", "-u"]
    # An address given again would take the administrator's rights away.
    _run([*admin, "ir", "--email", "admin@books.example"], TRYTONPASSFILE=str(secret))
    _run([*admin, *MODULES, "--activate-dependencies"])


def _found(programs: Path, base: Path, place: Path) -> None:
    shutil.copyfile(base / "books.sqlite", place / "books.sqlite")
    made = _said(
        [
            programs / "bin" / "python",
            BOOKKEEPER,
            "found",
            _configure(place, 0),
            "books",
        ]
    )
    (place / "made.json").write_text(json.dumps(made), encoding="utf-8")


def _configure(folder: Path, port: int) -> Path:
    conf = folder / "trytond.conf"
    conf.write_text(CONF.format(folder=folder, port=port), encoding="utf-8")
    return conf


def _said(command: Command) -> dict[str, Any]:
    """Run the bookkeeper; return what it printed."""
    done = _run(command)
    said: dict[str, Any] = json.loads(done)
    return said


def _run(command: Command, **environment: str) -> str:
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=FOUND_MAX_S,
        check=False,
        env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", **environment},
    )
    assert done.returncode == 0, f"{command}: {done.stderr[-3000:]}"
    return done.stdout


def _await(server: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    deadline = time.monotonic() + START_MAX_S
    while time.monotonic() < deadline:
        assert server.poll() is None, log.read_text(errors="replace")[-3000:]
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise AssertionError(log.read_text(errors="replace")[-3000:])


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _digest(*texts: str) -> str:
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:12]
