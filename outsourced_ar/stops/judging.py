"""The clock of what stops the clock: what time and the books make of each stop.

Run before anybody is decided about. It may be run as often as one likes, by several at
once, and after days of standing still: each change is a transaction that looks again
under the stop's lock, and counts from the day it counts from.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Final

from ledger.calendar import Clock
from ledger.ids import ConnectionId, DebtorId, DocumentId
from ledger.records import AllocationKind
from ledger.reminders import Stop, StopId, StopKind
from ledger.stop_states import DisputeState, PlanState, PromiseState, is_over
from ledger.store import debtor_facts, stop_facts, stops
from ledger.store.session import Database, OvertakenError, Session
from ledger.store.stop_facts import Applied, Standing
from ledger.store.tenants import Tenant
from outsourced_ar.deciding.chasing import waited_until
from outsourced_ar.known import holds
from outsourced_ar.known.stop_machines import IllegalRuleError
from outsourced_ar.rules.policy import Policy
from outsourced_ar.rules.rules_in_force import in_force
from outsourced_ar.stops import books_said, disputes, payment_plans, promises
from outsourced_ar.stops.judgements import Judgement
from outsourced_ar.stops.payment_plans import Running
from outsourced_ar.stops.receipts import Entry, Receipt, came_since, was_known
from outsourced_ar.stops.stop_wholes import overlap
from outsourced_ar.stops.stopping import Change, follow, place, reasons

BY: Final = "clock"
STEPS_MAX: Final = 8
"""No stop has further to go in one go; one that does is led on by the next run."""
CREDITS: Final = frozenset(
    {AllocationKind.CREDIT_NOTE, AllocationKind.WRITE_OFF, AllocationKind.VOID}
)
"""What lowered a balance without money. What the books gave no reason for may have been
money, and nobody is told to have broken its word for that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Night:
    """What is the same for all stops of a tenant.

    Attributes:
        read_on: By connection, the day on which it was last read whole.
    """

    today: date
    now: datetime
    policy: Policy
    reasons: disputes.Reasons
    read_on: Mapping[ConnectionId, date]


@dataclass(slots=True)
class Judged:
    """What the clock came to: how many stops came to each state."""

    looked_at: int = 0
    became: Counter[str] = field(default_factory=Counter)
    overtaken: int = 0

    @property
    def summary(self) -> str:
        """One line for a log."""
        changes = ", ".join(
            f"{count} {state}" for state, count in sorted(self.became.items())
        )
        return f"{self.looked_at} stops looked at, {changes or 'none changed'}"


def advance(
    database: Database,
    tenant: Tenant,
    clock: Clock,
    *,
    debtor_ids: Collection[DebtorId] | None = None,
) -> Judged:
    """Lead on every stop that time or the books have come to change.

    Args:
        database: The working role's.
        tenant: Whose stops.
        clock: Where the day and the instant come from.
        debtor_ids: Only of these debtors.
    """
    with database.tenant(tenant.scope) as session:
        night = open_night(session, tenant, clock)
        books_said.take_in(session, at=night.now, today=night.today)
    with database.question(tenant.scope) as session:
        since = night.today - timedelta(days=promises.REJUDGED_DAYS)
        live = stops.live(session, since=since, debtor_ids=debtor_ids)
        waiting = [
            one
            for one in live
            if judge(session, stops.load(session, one), night) is not None
        ]
    result = Judged(looked_at=len(live))
    for one in waiting:
        try:
            with database.tenant(tenant.scope) as session:
                changed = lead_on(session, one, night)
        except OvertakenError:
            result.overtaken += 1
            continue
        result.became.update(f"{stop.kind} {stop.state}" for stop in changed)
    return result


def open_night(session: Session, tenant: Tenant, clock: Clock) -> Night:
    """Return what is the same for all stops of a tenant now."""
    today = clock.today(tenant.timezone)
    read = debtor_facts.read_at(session)
    return Night(
        today=today,
        now=clock.now(),
        policy=in_force(session).policies.on(today),
        reasons=reasons(session),
        read_on={
            one: at.astimezone(tenant.timezone).date() for one, at in read.items()
        },
    )


def lead_on(session: Session, one: StopId, night: Night) -> list[Stop]:
    """Lead a stop on as far as it goes by now; return each state it came to."""
    found: list[Stop] = []
    before: Judgement | None = None
    stops.lock_debtor(session, stops.load(session, one).debtor_id)
    for _ in range(STEPS_MAX):
        judged = judge(session, stops.lock(session, one), night)
        if judged is None:
            break
        if before is not None and judged.rule == payment_plans.ACCELERATE:
            judged = replace(judged, on=before.on)
        change = Change(
            rule=judged.rule,
            on=judged.on,
            last_on=judged.last_on,
            due_on=judged.due_on,
            details=judged.details,
            facts=judged.facts,
            task=judged.task,
        )
        try:
            found.append(follow(session, one, change, at=night.now, by=BY))
        except IllegalRuleError:
            # What the books show does not fit a state that a person chose: theirs
            # stands.
            break
        before = judged
    return found


def judge(session: Session, stop: Stop, night: Night) -> Judgement | None:
    """Return the rule a stop follows by now; None where nothing changes."""
    match stop.kind:
        case StopKind.DISPUTE:
            return _dispute(session, stop, night)
        case StopKind.PROMISE:
            return _promise(session, stop, night)
        case StopKind.PLAN:
            return _plan(session, stop, night)
        case StopKind.HOLD | StopKind.INSOLVENCY:
            return _hold(stop, night)


def receipts_of(session: Session, stop: Stop, since: date) -> tuple[Receipt, ...]:
    """Return what came in for what a stop speaks of, from a day on or learnt since.

    Money of the debtor that settles nothing yet counts, too: it came.
    """
    known_at = _entered_at(session, stop)
    entries = [
        Entry(one.claim, one.on, one.minor, one.known_at)
        for one in _applied(session, stop, since)
        if one.kind not in CREDITS
    ]
    applied = came_since(entries, since, known_at)
    code = stop.currency
    if code is None:
        return applied
    unapplied = [
        Receipt(one.on, one.minor)
        for one in stop_facts.unapplied(session, stop.debtor_id, code, since)
        if not was_known(one.on, one.known_at, since, known_at)
    ]
    return tuple(sorted((*applied, *unapplied)))


def _entered_at(session: Session, stop: Stop) -> datetime | None:
    return stops.events(session, stop.id)[0].known_at if stop.id else None


def _applied(session: Session, stop: Stop, since: date) -> Sequence[Applied]:
    if stop.items:
        return stop_facts.applied(session, _documents(stop))
    if stop.currency is None:
        return []
    return stop_facts.applied_to_account(session, stop.debtor_id, stop.currency, since)


def _documents(stop: Stop) -> tuple[DocumentId, ...]:
    return tuple(dict.fromkeys(item.document_id for item in stop.items))


def _standing(session: Session, stop: Stop) -> list[Standing]:
    """Return what a stop speaks of, as it stands now."""
    if stop.items:
        return list(stop_facts.documents(session, _documents(stop)).values())
    return [
        one
        for one in stop_facts.owed(session, stop.debtor_id)
        if stop.currency in (None, one.currency)
    ]


def _read_on(session: Session, debtor_id: DebtorId, night: Night) -> date | None:
    connection = stop_facts.whereabouts(session, debtor_id).connection_id
    return None if connection is None else night.read_on.get(connection)


def _hold(stop: Stop, night: Night) -> Judgement | None:
    if is_over(stop) or stop.ends_on is None or stop.ends_on >= night.today:
        return None
    return Judgement(rule=holds.LAPSE, on=stop.ends_on, last_on=stop.ends_on)


def _dispute(session: Session, stop: Stop, night: Night) -> Judgement | None:
    documents = _standing(session, stop)
    if not documents and stop.items:
        return None
    minor = _meant(stop)
    entered_at = _entered_at(session, stop)
    granted = [
        one
        for one in _applied(session, stop, stop.begins_on)
        if one.kind in CREDITS
        and one.on >= stop.begins_on
        and not was_known(one.on, one.known_at, stop.begins_on, entered_at)
    ]
    credited = sum(one.minor for one in granted)
    calendar = place(session, stop.debtor_id, night.now).calendar
    disputed = disputes.Disputed(
        state=DisputeState(stop.state),
        reason=stop.reason,
        minor=minor,
        answer_by=stop.due_on,
        credited_minor=max(credited - _of_others(session, stop), 0),
        credited_on=max((one.on for one in granted), default=None)
        if credited > 0 and minor > 0
        else None,
        open_minor=sum(one.open_minor for one in documents),
        closed_on=max(
            (one.closed_on for one in documents if one.closed_on), default=None
        ),
    )
    return disputes.judge(disputed, night.today, night.reasons, calendar)


def _of_others(session: Session, stop: Stop) -> int:
    """Return how much of what was credited other disputes of the items come first for.

    A credit settles one dispute: one that it settled already, else one that it was
    accepted for, else the earlier.
    """
    others = stops.load_ever(session, [stop.debtor_id], date.max)[stop.debtor_id]
    return sum(
        _meant(other)
        for other in others
        if other.kind is StopKind.DISPUTE
        and other.id != stop.id
        and overlap(other, stop)
        and (
            _turn(other) < _turn(stop)
            if not is_over(other)
            else other.state == DisputeState.RESOLVED_CREDIT
            and other.ends_on is not None
            and other.ends_on >= stop.begins_on
        )
    )


def _turn(dispute: Stop) -> tuple[bool, date, int]:
    is_accepted = dispute.state == DisputeState.CREDIT_PENDING
    return not is_accepted, dispute.begins_on, dispute.id or 0


def _meant(stop: Stop) -> int:
    return int(stop.details.get("meant_minor") or 0)


def _promise(session: Session, stop: Stop, night: Night) -> Judgement | None:
    if stop.due_on is None:
        return None
    where = place(session, stop.debtor_id, night.now)
    receipts = receipts_of(session, stop, stop.begins_on)
    documents = _standing(session, stop)
    left = sum(one.open_minor for one in documents)
    received = sum(one.minor for one in receipts)
    promised = promises.Promised(
        state=PromiseState(stop.state),
        minor=stop.amount_minor or max(left + received, 1),
        due_on=stop.due_on,
        wait_until=waited_until(stop.due_on, night.policy, where.calendar),
        receipts=receipts,
        is_credited=bool(stop.items) and bool(documents) and left <= 0,
        read_on=_read_on(session, stop.debtor_id, night),
    )
    return promises.judge(promised, night.today)


def _plan(session: Session, stop: Stop, night: Night) -> Judgement | None:
    plan = payment_plans.of_details(stop.details)
    if plan is None:
        # Agreed outside: it lasts until its own last day.
        if is_over(stop) or stop.ends_on is None or stop.ends_on >= night.today:
            return None
        return Judgement(rule=payment_plans.LAPSE, on=stop.ends_on)
    where = place(session, stop.debtor_id, night.now)
    since = plan.accepted_on or stop.begins_on
    documents = _standing(session, stop)
    running = Running(
        state=PlanState(stop.state),
        plan=plan,
        receipts=receipts_of(session, stop, since),
        is_closed=bool(stop.items) and all(one.open_minor <= 0 for one in documents),
        read_on=_read_on(session, stop.debtor_id, night),
    )
    return payment_plans.judge(running, night.today, where.calendar)
