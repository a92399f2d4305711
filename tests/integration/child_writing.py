"""Writes to books in a process of its own, to be killed at any instant.

Started as a script with the name of a task and its arguments as JSON; it answers with
JSON. The database's address comes in the environment, as it holds a password.
"""

import json
import os
import random
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib import import_module
from typing import Any, Final, cast

from sqlalchemy import make_url

from connectors import tryton, tryton_books
from connectors.http import Seam
from connectors.writing import Part, Writer
from ledger.calendar import FixedClock
from ledger.ids import RunId
from ledger.outbox import WriteState
from ledger.secret import Secret
from ledger.store import connections, tenants
from ledger.store.session import Database
from ledger.testing import Books
from sync.push import Push, PushBusyError
from tests.connectors.xero.double import connecting, keeping

URL: Final = "CHILD_DATABASE_URL"
UNDISTURBED: Final = 12
"""So many times it is run at the end, an hour apart, so that nothing is left."""
ANYWHEN: Final = 5
"""Every so many kills one strikes at any time, also before the first call."""
TURNS_MAX: Final = 100
BUSY_TRIES_MAX: Final = 6_000
BUSY_WAIT_S: Final = 0.01
"""A server needs a moment to see that its client is dead and to let go of the lock."""


def opened(arguments: Mapping[str, Any]) -> Books:
    """Open books that the parent process made."""
    database = Database(make_url(os.environ[URL]))
    with database.shared() as connection:
        tenant = tenants.load(connection, arguments["tenant"])
    with database.tenant(tenant.scope) as session:
        (found,) = connections.load_all(session)
    return Books(database, tenant, found, RunId(0))


@contextmanager
def xero_writer(
    arguments: Mapping[str, Any], books: Books, clock: FixedClock
) -> Iterator[Writer]:
    """Connect to a simulated organisation."""
    url = arguments["url"]
    with (
        keeping(url, books, clock) as keeper,
        connecting(
            url, arguments["organisation"], books, keeper, sleep=time.sleep
        ) as connector,
    ):
        yield connector.writer({"account": "090"})


@contextmanager
def tryton_writer(
    arguments: Mapping[str, Any], books: Books, clock: FixedClock
) -> Iterator[Writer]:
    """Connect to a running Tryton."""
    del books
    url = arguments["url"]
    with (
        Seam(base_url=url, name="Tryton", clock=clock) as bare,
        Seam(base_url=url, name="Tryton", clock=clock) as seam,
    ):
        seam.authenticator = tryton_books.Session(
            bare,
            database="books",
            user=arguments["user"],
            password=Secret(arguments["password"]),
        )
        connector = tryton.TrytonConnector(tryton_books.Books(seam, "books"))
        yield connector.writer({"method": "Bank"})


WRITERS: Final = {"xero": xero_writer, "tryton": tryton_writer}


def pushed(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Write all that is due, as soon as nobody else does."""
    books = opened(arguments)
    clock = FixedClock(datetime.fromisoformat(arguments["at"]))
    with WRITERS[arguments["system"]](arguments, books, clock) as writer:
        push = Push(
            database=books.database,
            tenant=books.tenant,
            connection=books.connection,
            writer=cast("Writer", Telling(writer)),
            clock=clock,
            allowed=frozenset(Part),
        )
        for _ in range(BUSY_TRIES_MAX):
            try:
                result = push.run()
            except PushBusyError:
                time.sleep(BUSY_WAIT_S)
            else:
                return {"written": result.states[WriteState.WRITTEN]}
    raise TimeoutError


def killed(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Start to write again and again, an hour later each time, and kill each.

    A kill strikes at one of the first calls that write, or right after it.
    This process holds no connection and no thread, so that each fork is a fresh one.
    """
    chance = random.Random(arguments["seed"])  # noqa: S311 - a printed seed, no secret
    begun_at = datetime.fromisoformat(arguments["at"])
    kills = calm = 0
    for turn in range(TURNS_MAX):
        at = begun_at + turn * timedelta(hours=1)
        child, calls = _forked({**arguments, "at": at.isoformat()})
        if kills < arguments["kills_max"]:
            wanted = (
                0
                if kills % ANYWHEN == 0
                else chance.randint(1, arguments["calls_most"])
            )
            while wanted and os.read(calls, 1):
                wanted -= 1
            time.sleep(chance.uniform(0, arguments["longest_s"]))
            os.kill(child, signal.SIGKILL)
        else:
            calm += 1
        os.close(calls)
        _, status = os.waitpid(child, 0)
        if os.WIFSIGNALED(status):
            kills += 1
        elif os.waitstatus_to_exitcode(status) != 0:
            raise AssertionError(status)
        if calm == UNDISTURBED:
            return {"kills": kills, "turns": turn}
    raise AssertionError(kills)


def _forked(arguments: Mapping[str, Any]) -> tuple[int, int]:
    """Start to write; return the process, and where it tells of each call."""
    calls, telling = os.pipe()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.close(calls)
            _TELLING.append(telling)
            pushed(arguments)
            code = 0
        finally:
            os._exit(code)
    os.close(telling)
    return child, calls


_TELLING: Final[list[int]] = []


@dataclass(frozen=True, slots=True)
class Telling:
    """Tells of each call that writes, before it is made."""

    inner: Writer

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the writer has
        """Return what the writer has."""
        found = getattr(self.inner, name)
        if name not in {"append", "put"} or not _TELLING:
            return found

        def told(*rest: Any) -> Any:  # noqa: ANN401 - whatever the writer takes
            # Nobody may listen any more.
            with suppress(BrokenPipeError):
                os.write(_TELLING[0], b".")
            return found(*rest)

        return told


TASKS: Final = {"killed": killed, "pushed": pushed}

if __name__ == "__main__":
    # Long to load, and no part of what is tried.
    import_module("connectors.xero_writing")
    import_module("connectors.tryton_writing")
    print(json.dumps(TASKS[sys.argv[1]](json.loads(sys.argv[2]))))  # noqa: T201 - the answer
