"""Hands cases to a stand-in over a real socket, in a process of its own, to be killed.

Started as a script; each line it reads is a task's arguments as JSON, and it answers
with a line of JSON. Cases are handed over one after the other, each until it is taken,
as the product does: an answer that is not known is looked for after a pause.
"""

import json
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from ledger.calendar import FixedClock
from ledger.errors import RetryableError
from ledger.secret import Secret
from outsourced_ar.placements.contract import Answer
from outsourced_ar.placements.debitura import opened
from tests.connectors.debitura.account import SENDER, a_handover
from tests.integration.child_sync import killed_until_done

AT: Final = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
TRIES_MAX: Final = 200
PAUSE_S: Final = 0.08
"""In which a call that was cut off has ended at the stand-in."""


def placed(arguments: Mapping[str, Any]) -> None:
    """Hand every case over until it is taken, and tell of a payment of each."""
    time.sleep(PAUSE_S)
    settings = {"sender": SENDER, "url": arguments["url"]}
    key = Secret(arguments["api_key"])
    agency = opened("nord", settings, key, FixedClock(AT), sleep=lambda _: None)
    for reference in arguments["references"]:
        for _ in range(TRIES_MAX):
            try:
                answer = agency.place(a_handover(reference)).answer
            except RetryableError:
                continue
            if answer is Answer.TAKEN:
                break
            time.sleep(PAUSE_S)
        else:
            raise AssertionError(reference)
        told = agency.recall(reference, "", "settled")
        while told.answer is not Answer.TAKEN:
            told = agency.recall(reference, "", "settled")


def killed(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Kill handovers until one ends, and say how long all took."""
    begun = time.monotonic()
    answer = killed_until_done(placed, arguments)
    return {**answer, "seconds": time.monotonic() - begun}


if __name__ == "__main__":
    for line in sys.stdin:
        sys.stdout.write(f"{json.dumps(killed(json.loads(line)))}\n")
        sys.stdout.flush()
