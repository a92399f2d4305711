"""A sync in a process of its own, to be killed or to be weighed.

Started as a script with the name of a task and its arguments as JSON; it answers with
JSON. The database's address comes in the environment, as it holds a password.
"""

import json
import os
import random
import resource
import signal
import sys
import time
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any, Final

from sqlalchemy import make_url

from connectors import file_steps, tables
from ledger.store import connections, tenants
from ledger.store.connections import ConnectionBusyError
from ledger.store.session import Database
from sync.result import RunResult
from tests.file_books import FileBooks

URL: Final = "CHILD_DATABASE_URL"
PAGE_ROWS: Final = 40
"""Small pages, so that a kill finds many places to strike."""

BUSY_TRIES_MAX: Final = 200
BUSY_WAIT_S: Final = 0.02
"""A server needs a moment to see that its client is dead and to let go of the lock."""


def opened(arguments: Mapping[str, Any]) -> FileBooks:
    """Open books that the parent process made."""
    database = Database(make_url(os.environ[URL]))
    with database.shared() as connection:
        tenant = tenants.load(connection, arguments["tenant"])
    with database.tenant(tenant.scope) as session:
        (found,) = connections.load_all(session)
    place = Path(arguments["place"])
    return FileBooks(database, tenant, found, place / "books", place / "profile.toml")


def synced(arguments: Mapping[str, Any]) -> None:
    """Run a sync to its end, as soon as the connection is free."""
    books = opened(arguments)
    once_free(lambda: books.sync(date.fromisoformat(arguments["on"])))


def once_free(run: Callable[[], RunResult]) -> None:
    """Run a sync as soon as the connection is free; it must go through."""
    for _ in range(BUSY_TRIES_MAX):
        try:
            result = run()
        except ConnectionBusyError:
            time.sleep(BUSY_WAIT_S)
        else:
            assert not result.message, result.message
            return
    raise TimeoutError


def killed(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Kill syncs of files with small pages until one ends."""
    tables.CHUNK_ROWS = PAGE_ROWS  # type: ignore[misc] # in this process only
    file_steps.DEBTORS_A_PAGE = PAGE_ROWS  # type: ignore[misc] # as above
    return killed_until_done(synced, arguments)


def killed_until_done(
    run: Callable[[Mapping[str, Any]], None], arguments: Mapping[str, Any]
) -> dict[str, Any]:
    """Start a sync again and again and kill each at a random instant, until one ends.

    This process holds no connection and no thread, so that each fork is a fresh one.
    """
    chance = random.Random(arguments["seed"])  # noqa: S311 - a printed seed, no secret
    kills = 0
    while True:
        child = os.fork()
        if child == 0:
            code = 1
            try:
                run(arguments)
                code = 0
            finally:
                os._exit(code)
        if kills < arguments["kills_max"]:
            time.sleep(chance.uniform(0, arguments["longest_s"]))
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        if not os.WIFSIGNALED(status):
            return {"kills": kills, "code": os.waitstatus_to_exitcode(status)}
        kills += 1


def timed(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Run a sync undisturbed, with the same small pages, and say how long it took."""
    begun = time.monotonic()
    answer = killed({**arguments, "kills_max": 0})
    return {**answer, "seconds": time.monotonic() - begun}


def weighed(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Run a sync and say how much memory it took at most."""
    synced(arguments)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    bytes_a_unit = 1 if sys.platform == "darwin" else 1024
    return {"peak_bytes": peak * bytes_a_unit}


TASKS: Final = {"killed": killed, "timed": timed, "weighed": weighed}

if __name__ == "__main__":
    print(json.dumps(TASKS[sys.argv[1]](json.loads(sys.argv[2]))))  # noqa: T201 - the answer
