"""Tells an agency in a process of its own, to be killed at any instant and restarted.

Started as a script with a task's arguments as JSON; it answers with JSON. The
database's address comes in the environment, as it holds a password.
"""

import json
import os
import random
import signal
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import make_url

from ledger.calendar import FixedClock
from ledger.money import Currency
from ledger.store import tenants
from ledger.store.session import Database
from outsourced_ar.collecting.handing import Hand, HandingBusyError
from outsourced_ar.placements.contract import (
    Answer,
    Handover,
    Notices,
    Preview,
    Receipt,
)

URL: Final = "CHILD_DATABASE_URL"
AT: Final = datetime(2026, 3, 26, 9, tzinfo=UTC)
WORK_S: Final = 0.004
"""About as long as an agency takes on either side of writing a case down."""
STARTING_S: Final = 0.25
BUSY_TRIES_MAX: Final = 2_000
BUSY_WAIT_S: Final = 0.005


@dataclass(frozen=True, slots=True)
class Book:
    """An agency that writes each case it is given into a book, twice if given twice."""

    path: Path
    key: str = "strand"

    def preview(self, handover: Handover) -> Preview:
        """Take everything."""
        del handover
        return Preview(is_accepted=True)

    def place(self, handover: Handover) -> Receipt:
        """Write a case down, on the disk before anything is answered."""
        time.sleep(WORK_S)
        handle = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        try:
            os.write(handle, f"{handover.reference}\n".encode())
            os.fsync(handle)
        finally:
            os.close(handle)
        time.sleep(WORK_S)
        return Receipt(answer=Answer.TAKEN, agency_reference=handover.reference)

    def find(self, reference: str) -> Receipt | None:
        """Look into the book."""
        if not self.path.exists() or reference not in self.path.read_text().split():
            return None
        return Receipt(answer=Answer.TAKEN, agency_reference=reference)

    def recall(self, reference: str, agency_reference: str, reason: str) -> Receipt:
        """Stop."""
        del reference, agency_reference, reason
        return Receipt(answer=Answer.TAKEN)

    def tell_payment(
        self,
        reference: str,
        agency_reference: str,
        *,
        key: str,
        paid_on: date,
        currency: Currency,
        amount_minor: int,
    ) -> Receipt:
        """Note a payment."""
        del reference, agency_reference, key, paid_on, currency, amount_minor
        return Receipt(answer=Answer.TAKEN)

    def notices(self, position: Mapping[str, Any]) -> Notices:
        """Say nothing."""
        return Notices((), position)


def handed(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Tell the agency all that waits, as soon as nobody else does."""
    database = Database(make_url(os.environ[URL]))
    with database.shared() as connection:
        tenant = tenants.load(connection, arguments["tenant"])
    hand = Hand(
        database=database,
        tenant=tenant,
        clock=FixedClock(AT),
        agencies={"strand": Book(Path(arguments["book"]))},
    )
    for _ in range(BUSY_TRIES_MAX):
        try:
            result = hand.hand_over()
        except HandingBusyError:
            time.sleep(BUSY_WAIT_S)
        else:
            return {"handed": len(result.handed), "waiting": len(result.waiting)}
    raise TimeoutError


def killed(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Start again and again, kill at random instants, then let one end."""
    chance = random.Random(arguments["seed"])  # noqa: S311 - a printed seed, no secret
    for _ in range(arguments["kills"]):
        child = os.fork()
        if child == 0:
            try:
                handed(arguments)
            finally:
                os._exit(0)
        time.sleep(chance.uniform(0, STARTING_S))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    return handed(arguments)


TASKS: Final = {"killed": killed, "handed": handed}

if __name__ == "__main__":
    print(json.dumps(TASKS[sys.argv[1]](json.loads(sys.argv[2]))))  # noqa: T201 - the answer
