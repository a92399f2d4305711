"""A Tryton of the tests' own: installed once, founded once, copied for each test.

Tryton is under the GPL: it lives in an environment of its own, is run as separate
processes, and is never imported here.
"""

import http.client
import json
import shutil
from base64 import b64encode
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Final

from tests.live import programs as foreign
from tests.live.programs import Command, digest, run

CACHE: Final = foreign.CACHE / "tryton"
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
CALL_MAX_S: Final = 60

CONF: Final = """
[database]
uri = sqlite://
path = {folder}
[web]
listen = 127.0.0.1:{port}
[session]
authentications = password
"""


@dataclass(frozen=True, slots=True)
class Founded:
    """The installed Tryton and the invented company's database, to be copied."""

    programs: Path
    database: Path
    made: dict[str, Any]


def founded() -> Founded:
    """Install Tryton and found the company, unless both was done before."""
    with foreign.locked(CACHE):
        programs = foreign.environment(CACHE, DISTRIBUTIONS)
        base = CACHE / f"base-{digest(*DISTRIBUTIONS, *MODULES, PASSWORD)}"
        text = BOOKKEEPER.read_text(encoding="utf-8")
        done = CACHE / f"books-{digest(base.name, text)}"
        foreign.once(base, lambda place: _activate(programs, place))
        foreign.once(done, lambda place: _found(programs, base, place))
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
    port = foreign.free_port()
    conf = _configure(folder, port)
    command: Command = [source.programs / "trytond", "-c", conf, "-d", "books"]
    with foreign.serving(command, port, folder / "server.log"):
        yield Tryton(source.programs, conf, port, source.made)


def _activate(programs: Path, place: Path) -> None:
    (place / "books.sqlite").touch()
    secret = place / "password"
    secret.write_text(PASSWORD, encoding="utf-8")
    admin: list[str | Path] = [
        programs / "bin" / "trytond-admin",
        "-c",
        _configure(place, 0),
    ]
    admin += ["-d", "books", "-u"]
    # An address given again would take the administrator's rights away.
    run([*admin, "ir", "--email", "admin@books.example"], TRYTONPASSFILE=str(secret))
    run([*admin, *MODULES, "--activate-dependencies"])


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
    said: dict[str, Any] = json.loads(run(command))
    return said
