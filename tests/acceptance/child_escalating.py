"""Lives a night of escalation in a process of its own, to be killed at any instant.

Started as a script with a task's arguments as JSON; it answers with JSON. The
database's address comes in the environment, as it holds a password.
"""

import json
import os
import random
import signal
import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from datetime import time as hour
from pathlib import Path
from typing import Any, Final, TypeVar

from sqlalchemy import make_url

from ledger.calendar import FixedClock
from ledger.errors import RetryableError
from ledger.store import tenants
from ledger.store.session import Database
from ledger.store.tenants import Tenant
from outsourced_ar.collecting import escalating
from outsourced_ar.collecting.handing import Hand
from outsourced_ar.collecting.taking_in import Intake
from outsourced_ar.deciding import charging
from outsourced_ar.deciding.night import plan_night
from outsourced_ar.stops import judging
from tests.acceptance.child_handing import URL, Book
from tests.integration.reminding import LANGUAGES, PlainComposer

STARTING_S: Final = 1.8
BUSY_TRIES_MAX: Final = 2_000
BUSY_WAIT_S: Final = 0.01

Done = TypeVar("Done")


def night(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Judge, decide, take in, place, hand over and charge, as a night does."""
    database = Database(make_url(os.environ[URL]))
    with database.shared() as connection:
        tenant = tenants.load(connection, arguments["tenant"])
    on = date.fromisoformat(arguments["on"])
    clock = FixedClock(datetime.combine(on, hour(4), UTC))
    agencies = {"strand": Book(Path(arguments["book"]))}
    judging.advance(database, tenant, clock)
    _patiently(
        lambda: plan_night(
            database, tenant, clock, PlainComposer(), languages=LANGUAGES
        )
    )
    Intake(database=database, tenant=tenant, clock=clock, agencies=agencies).take_in()
    escalated = escalating.escalate(database, tenant, clock)
    hand = Hand(database=database, tenant=tenant, clock=clock, agencies=agencies)
    handed = _patiently(hand.hand_over)
    _patiently(lambda: _charge(database, tenant, on, clock.now()))
    return {"placed": len(escalated.placed), "handed": len(handed.handed)}


def _charge(database: Database, tenant: Tenant, on: date, at: datetime) -> None:
    with database.tenant(tenant.scope) as session:
        charging.post_demanded(
            session, creditor_country=tenant.country, today=on, at=at
        )


def _patiently(work: Callable[[], Done]) -> Done:
    """Do something as soon as nobody else does."""
    for _ in range(BUSY_TRIES_MAX):
        try:
            return work()
        except RetryableError:
            time.sleep(BUSY_WAIT_S)
    raise TimeoutError


def killed(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Start the night again and again, kill it at random instants, let one end."""
    chance = random.Random(arguments["seed"])  # noqa: S311 - a printed seed, no secret
    for _ in range(arguments["kills"]):
        child = os.fork()
        if child == 0:
            try:
                night(arguments)
            finally:
                os._exit(0)
        time.sleep(chance.uniform(0, STARTING_S))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    return night(arguments)


TASKS: Final = {"killed": killed, "night": night}

if __name__ == "__main__":
    print(json.dumps(TASKS[sys.argv[1]](json.loads(sys.argv[2]))))  # noqa: T201 - the answer
