"""A sender in a process of its own, to be killed at any instant and started again.

Started as a script with the name of a task and its arguments as JSON; it answers with
JSON. The database's address comes in the environment, as it holds a password.
"""

import json
import os
import random
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from sqlalchemy import make_url

from ledger.calendar import FixedClock
from ledger.ids import ConnectionId
from ledger.records import DocumentRef
from ledger.store import tenants
from ledger.store.session import Database
from outsourced_ar.deciding.rechecking import GateRecheck
from outsourced_ar.delivery.routes import Routes
from outsourced_ar.known.days import place_of
from outsourced_ar.sending.sending import Sender, SendingBusyError
from tests.child_mail_server import COUNT
from tests.integration.outbox import MORNING

URL: Final = "CHILD_DATABASE_URL"
POLL_S: Final = 0.002
POLLS_MAX: Final = 30_000
ONE_MAIL_S: Final = 0.03
"""About as long as one takes, so that each point of its way can be hit."""
STARTING_S: Final = 0.1
BUSY_TRIES_MAX: Final = 2_000
BUSY_WAIT_S: Final = 0.005
"""A server needs a moment to see that its client is dead and to let go of the lock."""


class StillBooks:
    """Books in which nothing happens."""

    def refresh(self, connection_id: ConnectionId, refs: Sequence[DocumentRef]) -> None:
        """Find everything as it was."""


def sent(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Send all that is ready, as soon as nobody else does."""
    database = Database(make_url(os.environ[URL]))
    with database.shared() as connection:
        tenant = tenants.load(connection, arguments["tenant"])
    clock = FixedClock(MORNING)
    sender = Sender(
        database=database,
        tenant=tenant,
        clock=clock,
        deliverers=Routes(Path("nowhere")),
        books=StillBooks(),
        recheck=GateRecheck(tenant, clock),
    )
    for _ in range(BUSY_TRIES_MAX):
        try:
            result = sender.send_ready()
        except SendingBusyError:
            time.sleep(BUSY_WAIT_S)
        else:
            return {"sent": len(result.sent), "summary": result.summary}
    raise TimeoutError


def killed(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Start to send again and again, kill it at random instants, until one ends.

    This process holds no connection and no thread, so that each fork is a fresh one.
    """
    # Long to load and the same for each; none of it is part of what is tried.
    place_of(
        "DE", None, None, home_country="DE", home_zone="Europe/Berlin"
    ).calendar.holiday(MORNING.date())
    chance = random.Random(arguments["seed"])  # noqa: S311 - a printed seed, no secret
    mails = Path(arguments["mails"])
    begun = arrived(mails)
    for kills in range(arguments["kills_max"] + 1):
        child = os.fork()
        if child == 0:
            code = 1
            try:
                sent(arguments)
                code = 0
            finally:
                os._exit(code)
        if kills < arguments["kills_max"]:
            left = arguments["count"] - (arrived(mails) - begun) - kills
            share = min(1.6 / (arguments["kills_max"] - kills), 0.8)
            _strike(child, mails, chance.uniform(0, share * left), chance)
        _, status = os.waitpid(child, 0)
        if not os.WIFSIGNALED(status):
            return {"kills": kills, "code": os.waitstatus_to_exitcode(status)}
    raise AssertionError(status)


def arrived(mails: Path) -> int:
    """Return how many mails the server has on its disk."""
    try:
        return (mails / COUNT).stat().st_size
    except FileNotFoundError:
        return 0


def _strike(child: int, mails: Path, after: float, chance: random.Random) -> None:
    """Kill a sender after so many mails, somewhere within the next, or early on."""
    wanted = arrived(mails) + int(after)
    if not int(after):
        time.sleep(chance.uniform(0, STARTING_S))
    for _ in range(POLLS_MAX):
        if arrived(mails) >= wanted:
            break
        time.sleep(POLL_S)
    time.sleep(chance.uniform(0, ONE_MAIL_S))
    os.kill(child, signal.SIGKILL)


TASKS: Final = {"killed": killed, "sent": sent}

if __name__ == "__main__":
    print(json.dumps(TASKS[sys.argv[1]](json.loads(sys.argv[2]))))  # noqa: T201 - the answer
