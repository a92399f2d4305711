"""What stops the clock, entered and led on: the one way, whoever says it.

Each change is one transaction with what it brings: the stop and its own events, an
event of the log, what the books are told, and the debtor on the next night's agenda. A
rule that does not lead on from a stop's state is refused, with its name.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from ledger.calendar import ONE_DAY
from ledger.cases import Case
from ledger.errors import RequestError
from ledger.events import Event
from ledger.ids import DebtorId
from ledger.reminders import MessageState, Stop, StopId, StopKind, Task, TaskKind
from ledger.stop_states import (
    STANDING,
    DisputeState,
    PromiseState,
    is_over,
    silences,
)
from ledger.store import cases, event_log, messages, stop_facts, stops, tasks
from ledger.store.cases import CaseFilter
from ledger.store.messages import MessageFilter
from ledger.store.session import Session
from outsourced_ar.known import holds
from outsourced_ar.known.days import Calendar, place_of
from outsourced_ar.known.stop_machines import END, MISTAKE, Machine
from outsourced_ar.rules import rules_in_force
from outsourced_ar.stops import disputes, payment_plans, promises, stops_told
from outsourced_ar.stops.giving_way import gives_way, left_of
from outsourced_ar.stops.stop_wholes import amounts_of, expect_near, whole

TRACE_DAYS: Final = 10
"""So long a payment that was made may take to be seen."""

MACHINES: Final[Mapping[StopKind, Machine]] = {
    StopKind.DISPUTE: disputes.MACHINE,
    StopKind.PROMISE: promises.MACHINE,
    StopKind.PLAN: payment_plans.MACHINE,
    StopKind.HOLD: holds.HOLD,
    StopKind.INSOLVENCY: holds.INSOLVENCY,
}
_BEGUN: Final[Mapping[StopKind, str]] = {
    StopKind.DISPUTE: "raised",
    StopKind.PROMISE: "made",
    StopKind.HOLD: "begun",
    StopKind.INSOLVENCY: "begun",
}
"""What the log calls the first event of a kind, where it is not called by its state."""

_WAITING: Final = (MessageState.PLANNED, MessageState.READY)
_LIMITED: Final = frozenset(
    {
        DisputeState.EVIDENCE_REQUESTED,
        DisputeState.NOTIFIED,
        DisputeState.CREDIT_PENDING,
    }
)
"""States of a dispute that have a time limit of their own."""
_TASKS: Final[Mapping[str, str]] = {
    DisputeState.EVIDENCE_REQUESTED: "Ask the debtor to show what it disputes",
    DisputeState.ACCEPTED_FULL: "Credit what was disputed in the books",
    DisputeState.ACCEPTED_PART: "Credit the part that was accepted in the books",
    DisputeState.REJECTED: "Tell the debtor that its dispute is rejected",
}
"""What a person is asked to do once a dispute comes to a state."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """How a stop is led on.

    Attributes:
        rule: The way it takes.
        on: The day from which its new state counts.
        last_on: Where it is over with it, the last day on which it stood; else `on`.
        due_on: The day it is waited for next, where that changes.
        details: What its details say from now on.
        values: Other fields that change, as `amount_minor`, `items` or `begins_on`.
        facts: What it was decided by, for the log.
        words: What a person says to it.
        task: What a person is asked to do.
    """

    rule: str
    on: date
    last_on: date | None = None
    due_on: date | None = None
    details: Mapping[str, Any] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    words: str = ""
    task: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a debtor is, and what the tenant's day is.

    Attributes:
        today: The tenant's business day.
    """

    calendar: Calendar
    today: date
    number: str
    name: str


def place(session: Session, debtor_id: DebtorId, at: datetime) -> Place:
    """Return where a debtor is: at home, where its own record is not known."""
    known = stop_facts.whereabouts(session, debtor_id)
    found = place_of(
        known.country,
        known.region,
        known.timezone,
        home_country=known.home_country,
        home_zone=known.home_zone,
    )
    today = at.astimezone(ZoneInfo(known.home_zone)).date()
    return Place(
        calendar=found.calendar, today=today, number=known.number, name=known.name
    )


def enter(session: Session, stop: Stop, at: datetime) -> StopId:
    """Enter what stops the clock; it may have begun before today.

    A promise takes the place of one over the same items, and a dispute of the whole of
    them takes the ground from under it; what neither speaks of is promised still.

    Raises:
        RequestError: Something is missing without which nobody can tell when it ends.
    """
    where = place(session, stop.debtor_id, at)
    stops.lock_debtor(session, stop.debtor_id)
    amounts = amounts_of(session, stop)
    stop = _begun(whole(stop, amounts), where, session)
    machine = MACHINES[stop.kind]
    if stop.state not in machine.begins:
        raise RequestError(
            f"A {stop.kind} does not begin as {stop.state}.",
            remedy=f"It begins as {', '.join(sorted(machine.begins))}.",
        )
    before = stops.load_ever(session, [stop.debtor_id], date.max)
    made = replace(stop, id=stops.add(session, stop, at))
    _tell_and_log(session, made, at, version=0, by=stop.recorded_by)
    _withdraw_waiting(session, made, where.today, at)
    if made.kind is StopKind.DISPUTE and made.letter_id is None:
        owner = made.details["owner"]
        asked = Change(rule="", on=where.today, task=f"Answer a dispute: {owner}")
        _ask(session, made, asked, 0, at)
    for other in before.get(stop.debtor_id, ()):
        rule = gives_way(other, made, amounts)
        if rule is not None:
            give_way(session, other, made, rule, on=made.begins_on, at=at)
    assert made.id is not None
    return made.id


def follow(
    session: Session, one: StopId, change: Change, *, at: datetime, by: str
) -> Stop:
    """Lead a stop on by a rule; return it as it stands then.

    Raises:
        UnknownStopError: There is none of this number.
        IllegalRuleError: The rule does not lead on from its state.
        RequestError: A day of it is so far away that nobody can mean it.
    """
    expect_near(change.on, change.last_on, change.due_on)
    stops.lock_debtor(session, stops.load(session, one).debtor_id)
    stop = stops.lock(session, one)
    rule = change.rule
    last_on = change.last_on or change.on
    what = f"{stop.kind} {one}"
    if rule == END[stop.kind] and last_on < stop.begins_on:
        rule = MISTAKE
    after = MACHINES[stop.kind].follow(rule, stop.state, what=what)
    if stop.kind is StopKind.DISPUTE and after != stop.state:
        change = _with_limit(session, stop, change, after, at)
    changed = _changed(stop, change, after, last_on)
    facts = {
        "rule": rule,
        "before": stop.state,
        "on": change.on.isoformat(),
        **change.facts,
    }
    number = stops.change(
        session, changed, at=at, effective_on=change.on, by=by, details=facts
    )
    _tell_and_log(
        session, changed, at, version=number, by=by, facts=facts, words=change.words
    )
    if silences(changed) and not silences(stop):
        today = place(session, stop.debtor_id, at).today
        _withdraw_waiting(session, changed, today, at)
    if change.task:
        _ask(session, changed, change, number, at)
    return changed


def give_way(
    session: Session, other: Stop, to: Stop, rule: str, *, on: date, at: datetime
) -> None:
    """End an earlier stop for a newer one; what that leaves of it is promised still."""
    assert other.id is not None
    change = Change(rule=rule, on=on, facts={"for": to.id})
    follow(session, other.id, change, at=at, by=to.recorded_by)
    left = left_of(session, other, to)
    if left is not None:
        enter(session, replace(left, recorded_by=to.recorded_by), at)


def end(
    session: Session,
    one: StopId,
    *,
    last_on: date,
    at: datetime,
    by: str,
    words: str = "",
) -> Stop:
    """Let a stop end, its last day counting; one that never stood is cancelled.

    Raises:
        UnknownStopError: There is none of this number.
        IllegalRuleError: It is over.
    """
    kind = stops.load(session, one).kind
    change = Change(rule=END[kind], on=last_on, last_on=last_on, words=words)
    return follow(session, one, change, at=at, by=by)


def reasons(session: Session) -> disputes.Reasons:
    """Return the reasons to dispute that are in force: packaged, or the tenant's."""
    own = rules_in_force.own_text(session, disputes.REASONS)
    return disputes.packaged_reasons() if own is None else disputes.read_reasons(own)


def _begun(stop: Stop, where: Place, session: Session) -> Stop:
    if stop.kind is not StopKind.DISPUTE:
        return stop
    table = reasons(session)
    state = DisputeState.RAISED if stop.state == DisputeState.OPEN else stop.state
    due_on = stop.due_on or disputes.answer_by(
        state, stop.reason, where.today, table, where.calendar
    )
    owner = table.of(stop.reason).owner
    return replace(
        stop, state=state, due_on=due_on, details={"owner": owner, **stop.details}
    )


def _withdraw_waiting(session: Session, stop: Stop, on: date, at: datetime) -> None:
    """Withdraw what waits to be said of what a stop silences, in its transaction.

    What is being handed over now has gone past it; the next run decides anew.
    """
    days = holds.stood(stop)
    if days is None or not days.first_on <= on <= days.end_on:
        return
    named = {item.document_id for item in stop.items}
    wanted = MessageFilter(debtor_id=stop.debtor_id, states=_WAITING)
    for one in messages.listing(session, wanted):
        message = one.message
        about = {item.document_id for item in message.items}
        is_named = bool(named & about) if named else True
        if message.id is None or not is_named:
            continue
        if stop.currency not in (None, message.currency):
            continue
        messages.mark(
            session,
            message.id,
            MessageState.CANCELLED,
            at=at,
            by=stop.recorded_by,
            note=f"{stop.kind} {stop.id}",
            details={"stop": stop.id},
        )


def _with_limit(
    session: Session, stop: Stop, change: Change, after: str, at: datetime
) -> Change:
    """Return a change of a dispute with its new time limit, and who is to do what."""
    task = change.task or _TASKS.get(after, "")
    if change.due_on is not None or after not in _LIMITED:
        return replace(change, task=task)
    where, table = place(session, stop.debtor_id, at), reasons(session)
    due_on = disputes.answer_by(after, stop.reason, where.today, table, where.calendar)
    return replace(change, task=task, due_on=due_on)


def _changed(stop: Stop, change: Change, after: str, last_on: date) -> Stop:
    was_over, is_now_over = is_over(stop), after not in STANDING[stop.kind]
    ends_on = stop.ends_on
    if is_now_over and not was_over:
        ends_on = last_on if ends_on is None else min(ends_on, last_on)
        if change.rule == MISTAKE or last_on < stop.begins_on:
            ends_on = min(ends_on, stop.begins_on - ONE_DAY)
    elif was_over and not is_now_over:
        ends_on = None
    values = {"ends_on": ends_on, **change.values}
    return replace(
        stop,
        state=after,
        due_on=change.due_on or stop.due_on,
        details={**stop.details, **change.details},
        **values,
    )


def _tell_and_log(
    session: Session,
    stop: Stop,
    at: datetime,
    *,
    version: int,
    by: str,
    facts: Mapping[str, Any] | None = None,
    words: str = "",
) -> None:
    is_new = version == 0
    personal = {"note": stop.note, "said_by": stop.said_by} if is_new else {}
    if words:
        personal["words"] = words
    said = _BEGUN.get(stop.kind, stop.state) if is_new else stop.state
    event = Event(
        kind=f"{stop.kind}.{said}",
        by=by,
        subject=f"stop:{stop.id}",
        debtor_id=stop.debtor_id,
        document_ids=tuple(dict.fromkeys(item.document_id for item in stop.items)),
        details={
            "state": stop.state,
            "begins_on": stop.begins_on.isoformat(),
            "ends_on": stop.ends_on and stop.ends_on.isoformat(),
            "due_on": stop.due_on and stop.due_on.isoformat(),
            "amount_minor": stop.amount_minor,
            "currency": stop.currency,
            "reason": stop.reason if stop.kind is StopKind.DISPUTE else "",
            **(facts or {}),
        },
        personal={name: text for name, text in personal.items() if text},
    )
    event_log.note(session, at, [event])
    if is_new or stop.state != PromiseState.DUE:
        stops_told.tell(session, stop, at, version=version)


def _ask(
    session: Session, stop: Stop, change: Change, number: int, at: datetime
) -> None:
    where = place(session, stop.debtor_id, at)
    task = Task(
        kind=TaskKind.REVIEW,
        key=f"stop:{stop.id}:{number}",
        debtor_id=stop.debtor_id,
        letter_id=stop.letter_id,
        title=f"{change.task}{_with_agency(session, stop)}",
        details={
            "stop": stop.id,
            "kind": stop.kind,
            "state": stop.state,
            "debtor": where.number,
            "owner": stop.details.get("owner", ""),
            **change.facts,
        },
        due_on=where.today,
    )
    tasks.ask(session, task, at)


def _with_agency(session: Session, stop: Stop) -> str:
    """Warn whoever would speak to a debtor whose items an agency has by now."""
    documents = {one.document_id for one in stop.items}

    def is_meant(case: Case) -> bool:
        held = {item.document_id for item in case.items if item.removed_on is None}
        return case.state.is_placed and bool(held & documents if documents else held)

    wanted = CaseFilter(debtor_id=stop.debtor_id)
    placed = [one.reference for one in cases.listing(session, wanted) if is_meant(one)]
    if not placed:
        return ""
    return f" (with the agency as {', '.join(placed)}: only the agency may ask)"
