"""How what stops the clock is entered: one way in, whoever says it."""

from datetime import datetime
from typing import Final

from ledger.errors import RequestError
from ledger.reminders import Stop, StopId, StopKind
from ledger.store import stops
from ledger.store.session import Session

TRACE_DAYS: Final = 10
"""So long a payment that was made may take to be seen."""
DISPUTE_DAYS: Final = 14
"""Within so many days a dispute is to be answered."""


def enter(session: Session, stop: Stop, at: datetime) -> StopId:
    """Enter a stop that is whole.

    Raises:
        RequestError: Something is missing without which nobody can tell when it ends.
    """
    if stop.kind is StopKind.PROMISE and stop.due_on is None:
        raise RequestError("A promise needs the day promised.", remedy="Add --due.")
    if stop.ends_on is not None and stop.ends_on < stop.begins_on:
        raise RequestError("It would end before it begins.", remedy="Correct the days.")
    return stops.add(session, stop, at)
