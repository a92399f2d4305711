"""Promises to pay: what becomes of them, by the clock and by what the books show.

A promise is an amount by a date. It is waited for until its grace is over: business
days of the debtor's place, counted from the day after the date. What came in counts
from the day it counts in the books, and only if it was not taken back.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import Final

from ledger.calendar import ONE_DAY
from ledger.reminders import StopKind
from ledger.stop_states import JUDGED as OUTCOMES
from ledger.stop_states import PromiseState as State
from outsourced_ar.known.stop_machines import (
    END,
    MISTAKE,
    Machine,
    machine,
    rule,
    standing,
)
from outsourced_ar.stops.judgements import Judgement
from outsourced_ar.stops.receipts import Receipt, reached_on, sum_by

LATE_DAYS: Final = 30
"""What comes so long after the grace still keeps a promise, late."""
REJUDGED_DAYS: Final = 365
"""So long after its date a promise is judged anew when the books change."""

_ANY: Final = standing(StopKind.PROMISE) | OUTCOMES

FALL_DUE: Final = "fall_due"
REOPEN: Final = "reopen"
SUPERSEDE: Final = "supersede"
DISPUTED: Final = "disputed"
CREDITED: Final = "credited"

_PAID: Final = {State.KEPT, State.KEPT_LATE}
_RULE_OF: Final = {
    State.KEPT: "keep",
    State.KEPT_LATE: "keep_late",
    State.PARTLY_KEPT: "keep_partly",
    State.BROKEN: "break",
}

MACHINE: Final[Machine] = machine(
    StopKind.PROMISE,
    {State.OPEN},
    rule(FALL_DUE, {State.OPEN}, State.DUE, by_clock=True),
    *(
        rule(name, _ANY - {state}, state, by_clock=True)
        for state, name in _RULE_OF.items()
    ),
    rule(REOPEN, OUTCOMES, State.OPEN, by_clock=True),
    rule(SUPERSEDE, standing(StopKind.PROMISE), State.SUPERSEDED, by_clock=True),
    rule(DISPUTED, standing(StopKind.PROMISE), State.CANCELLED, by_clock=True),
    rule(CREDITED, standing(StopKind.PROMISE), State.CANCELLED, by_clock=True),
    rule(END[StopKind.PROMISE], standing(StopKind.PROMISE), State.CANCELLED),
    rule(MISTAKE, standing(StopKind.PROMISE), State.CANCELLED),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Promised:
    """A promise as it is judged.

    Attributes:
        due_on: The day promised.
        wait_until: The last day of its grace.
        is_credited: Whether a credit, and no money, closed what it was about.
        read_on: The day up to which the books were read whole; without having read
            beyond the grace nobody can say that nothing came.
    """

    state: State
    minor: int
    due_on: date
    wait_until: date
    receipts: tuple[Receipt, ...] = ()
    is_credited: bool = False
    read_on: date | None = None


def outcome(
    minor: int,
    wait_until: date,
    receipts: Sequence[Receipt],
    today: date,
    due_on: date,
) -> tuple[State, date]:
    """Return what has become of a promise by a day, and since when."""
    in_time = [one for one in receipts if one.on <= wait_until]
    kept_on = reached_on(in_time, minor)
    if kept_on is not None:
        return State.KEPT, min(kept_on, today)
    if today < due_on:
        return State.OPEN, today
    if today <= wait_until:
        return State.DUE, due_on
    until = wait_until + timedelta(days=LATE_DAYS)
    late = [one for one in receipts if one.on <= until]
    late_on = reached_on(late, minor)
    if late_on is not None:
        return State.KEPT_LATE, min(late_on, today)
    if sum_by(late, until) > 0:
        return State.PARTLY_KEPT, wait_until + ONE_DAY
    return State.BROKEN, wait_until + ONE_DAY


def judge(promised: Promised, today: date) -> Judgement | None:
    """Return the rule that a promise follows by a day; None where nothing changes."""
    state, on = outcome(
        promised.minor,
        promised.wait_until,
        promised.receipts,
        today,
        promised.due_on,
    )
    is_over = promised.state in OUTCOMES
    if not is_over and promised.is_credited and state not in _PAID:
        return Judgement(rule=CREDITED, on=today, last_on=today)
    if state is promised.state:
        return None
    if is_over and state in {State.OPEN, State.DUE}:
        # What kept it was taken back while it may still be kept.
        return Judgement(rule=REOPEN, on=today)
    if state is State.OPEN:
        return None
    if state is State.DUE:
        return Judgement(rule=FALL_DUE, on=on)
    if state is not State.KEPT and not _is_read(promised):
        return None if is_over else _due_at_least(promised)
    paid = sum_by(promised.receipts, promised.wait_until)
    return Judgement(
        rule=_RULE_OF[state],
        on=on,
        last_on=min(on, promised.wait_until),
        task=_task(state),
        facts={
            "promised_minor": promised.minor,
            "paid_in_time_minor": paid,
            "paid_minor": sum(one.minor for one in promised.receipts),
            "waited_until": promised.wait_until.isoformat(),
        },
    )


def _is_read(promised: Promised) -> bool:
    return promised.read_on is not None and promised.read_on > promised.wait_until


def _due_at_least(promised: Promised) -> Judgement | None:
    if promised.state is State.DUE:
        return None
    return Judgement(rule=FALL_DUE, on=promised.due_on)


def _task(state: State) -> str:
    match state:
        case State.BROKEN:
            return "A promise was broken: ask for a nearer date"
        case State.PARTLY_KEPT:
            return "A promise was kept in part: ask for the rest"
        case _:
            return ""


@dataclass(frozen=True, slots=True)
class Judged:
    """A promise whose time is over: what was promised, and came within its grace."""

    promised_minor: int
    paid_in_time_minor: int


@dataclass(frozen=True, slots=True)
class KeptRate:
    """How many promises were kept, and how much of them; None without any."""

    by_count: Fraction | None
    by_amount: Fraction | None


def kept_rate(judged: Iterable[Judged]) -> KeptRate:
    """Return how promises of one currency were kept; tolerance is none.

    Cancelled and superseded ones are not among them.
    """
    each = list(judged)
    promised = sum(one.promised_minor for one in each)
    if not promised:
        return KeptRate(None, None)
    kept = sum(one.paid_in_time_minor >= one.promised_minor for one in each)
    paid = sum(min(one.paid_in_time_minor, one.promised_minor) for one in each)
    return KeptRate(Fraction(kept, len(each)), Fraction(paid, promised))
