"""A person withdraws a message: what it spoke of stays silent for a while.

Without that the next run would say the same again. The silence is a hold like any
other: a fact of the decisions that follow, shown, and ended when a person ends it.
"""

from datetime import date, datetime, timedelta

from ledger.errors import RequestError
from ledger.reminders import (
    Message,
    MessageId,
    MessageState,
    Stop,
    StopItem,
    StopKind,
)
from ledger.store import messages, stops
from ledger.store.session import Session
from outsourced_ar.deciding.account import STATEMENT_HELD
from outsourced_ar.rules import rules_in_force
from outsourced_ar.stops.stopping import enter


def withdraw(
    session: Session,
    one: MessageId,
    *,
    at: datetime,
    today: date,
    by: str,
    hold_until: date | None = None,
    again: bool = False,
) -> Stop | None:
    """Withdraw a message that waits, and hold what it spoke of; return the hold.

    Args:
        session: A transaction of the tenant.
        one: The message.
        at: The instant.
        today: The tenant's business day.
        by: Who withdraws it.
        hold_until: The hold's last day; unless given, as long as must lie between two
            messages, as if this one had gone.
        again: Whether nothing is held, so that the next run decides anew.

    Raises:
        RequestError: It does not wait any more, or the day is over.
    """
    message = messages.load(session, one)
    if message.state not in {MessageState.PLANNED, MessageState.READY}:
        raise RequestError(
            f"It is {message.state}, and only what waits can be withdrawn.",
            remedy="Of one that is unknown, say with --settle whether it went.",
        )
    if hold_until is not None and hold_until < today:
        raise RequestError(
            f"{hold_until} is over.", remedy="Give a day from today on, or --again."
        )
    # The debtor first, as by whoever sends: neither waits for the other.
    stops.lock_debtor(session, message.debtor_id)
    words = f"withdrawn by {by}"
    messages.mark(
        session, one, MessageState.CANCELLED, at=at, by=by, note=words, details={}
    )
    if again:
        return None
    named = {(item.document_id, item.part) for item in message.items}
    stop = Stop(
        kind=StopKind.HOLD,
        debtor_id=message.debtor_id,
        items=tuple(
            StopItem(document_id=document, part=part)
            for document, part in sorted(named, key=str)
        ),
        currency=message.currency,
        begins_on=today,
        ends_on=hold_until or _after_the_gap(session, message, today),
        reason=words,
        recorded_by=by,
        details={
            "message": one,
            **({STATEMENT_HELD: message.step} if message.is_statement else {}),
        },
    )
    enter(session, stop, at)
    return stop


def _after_the_gap(session: Session, message: Message, today: date) -> date:
    rules = rules_in_force.in_force(session)
    policy = rules.policies.on(today)
    cadence = rules.cadences.get(message.cadence)
    days = max(
        policy.minimum_gap_days,
        cadence.gap_days(message.step) if cadence else 0,
        1,
    )
    return today + timedelta(days=days - 1)
