"""Payment plans: proposed over what is open now, offered, accepted, made anew."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from ledger.errors import RequestError
from ledger.ids import DebtorId
from ledger.money import Currency
from ledger.reminders import Stop, StopId, StopItem, StopKind
from ledger.stop_states import PlanState, is_over
from ledger.store import stop_facts, stops
from ledger.store.session import Session
from outsourced_ar.rules import rules_in_force
from outsourced_ar.stops import payment_plans, promises
from outsourced_ar.stops.payment_plans import (
    ENVELOPE,
    Envelope,
    OutsideEnvelopeError,
    Plan,
    PlanError,
    acceptance,
    as_details,
    of_details,
    packaged_envelope,
    read_envelope,
    split,
)
from outsourced_ar.stops.stop_wholes import overlap
from outsourced_ar.stops.stopping import Change, enter, follow, give_way, place

NOTHING_APPROVED = "it has put no envelope of plans in force"


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What a plan is to look like.

    Attributes:
        items: What it is over; none: all that the debtor owes in the currency.
        first_minor: How much the first instalment is, where it is not as the others.
        every_days: Days between two instalments, in place of months.
    """

    debtor_id: DebtorId
    currency: Currency
    items: tuple[StopItem, ...] = ()
    count: int
    first_on: date
    first_minor: int | None = None
    every_days: int | None = None
    note: str = ""


def envelope(session: Session) -> tuple[Envelope, bool]:
    """Return the envelope in force, and whether the client has approved it."""
    own = rules_in_force.own_text(session, ENVELOPE)
    if own is None:
        return packaged_envelope(), False
    return read_envelope(own), True


def propose(session: Session, asked: Proposal, *, at: datetime, by: str) -> StopId:
    """Propose a plan over what is open now of some items; return its number.

    Raises:
        PlanError: Nothing is open, a plan runs already, or it cannot be split so.
    """
    today = place(session, asked.debtor_id, at).today
    if asked.first_on < today:
        raise PlanError(
            f"{asked.first_on} is over.", remedy="Let the first be due later."
        )
    items, minor = _open(session, asked)
    _expect_free(session, asked.debtor_id, items, asked.currency)
    allowed, _ = envelope(session)
    plan = Plan(
        instalments=split(
            minor,
            asked.count,
            asked.first_on,
            every_days=asked.every_days,
            first_minor=asked.first_minor,
        ),
        terms=allowed.terms,
    )
    stop = Stop(
        kind=StopKind.PLAN,
        debtor_id=asked.debtor_id,
        items=items,
        currency=asked.currency,
        amount_minor=minor,
        begins_on=today,
        due_on=plan.instalments[0].due_on,
        state=PlanState.PROPOSED,
        note=asked.note,
        recorded_by=by,
        details=as_details(plan),
    )
    return enter(session, stop, at)


def offer(session: Session, one: StopId, *, at: datetime, by: str) -> Stop:
    """Offer a plan to its debtor: one the client approves, or approved beforehand.

    From that day on its items are left alone, until the day by which the debtor must
    have accepted.

    Raises:
        OutsideEnvelopeError: The client has approved no such plan.
        IllegalRuleError: It is not a proposal any more.
    """
    stop, plan = _plan(session, one)
    where = place(session, stop.debtor_id, at)
    allowed, is_approved = envelope(session)
    if stop.state == PlanState.PROPOSED:
        assert stop.currency is not None
        faults = list(allowed.faults(plan, stop.currency, where.today))
        if not is_approved:
            faults.insert(0, NOTHING_APPROVED)
        if faults:
            raise OutsideEnvelopeError(faults)
    until = where.calendar.plus(where.today, allowed.answer_business_days)
    # Whoever accepts later has missed the first one.
    until = min(until, plan.instalments[0].due_on)
    change = Change(
        rule=payment_plans.OFFER,
        on=where.today,
        details=as_details(replace(plan, offered_until=until)),
        values={"begins_on": where.today},
    )
    return follow(session, one, change, at=at, by=by)


def accept(session: Session, one: StopId, text: str, *, at: datetime, by: str) -> Stop:
    """Note that the debtor accepted a plan, in which words; it is in force at once.

    A plan that was being renegotiated over the same items is superseded, and a promise.

    Raises:
        PlanError: There are no words, or its time to accept is over.
        IllegalRuleError: It was not offered.
    """
    stop, plan = _plan(session, one)
    today = place(session, stop.debtor_id, at).today
    if plan.offered_until is not None and today > plan.offered_until:
        raise PlanError(
            f"The offer was open until {plan.offered_until}.",
            remedy="Propose a new plan.",
        )
    accepted = replace(plan, accepted_on=today, acceptance=acceptance(text, by))
    change = Change(
        rule=payment_plans.ACCEPT,
        on=today,
        details=as_details(accepted),
        facts={"sha256": accepted.acceptance["sha256"]},
    )
    found = follow(session, one, change, at=at, by=by)
    for other in stops.load_ever(session, [stop.debtor_id], date.max).get(
        stop.debtor_id, ()
    ):
        if other.id is None or is_over(other) or not overlap(other, found):
            continue
        if _is_renegotiated(other) or other.kind is StopKind.PROMISE:
            assert payment_plans.SUPERSEDE == promises.SUPERSEDE
            by_whom = replace(found, recorded_by=by)
            give_way(session, other, by_whom, payment_plans.SUPERSEDE, on=today, at=at)
    active = Change(rule=payment_plans.ACTIVATE, on=today)
    return follow(session, one, active, at=at, by=by)


def _plan(session: Session, one: StopId) -> tuple[Stop, Plan]:
    stop = stops.lock(session, one)
    plan = of_details(stop.details)
    if stop.kind is not StopKind.PLAN or plan is None:
        raise RequestError(
            f"{one} is no plan with instalments.",
            remedy="`duebridge plan list` shows them.",
        )
    return stop, plan


def _open(session: Session, asked: Proposal) -> tuple[tuple[StopItem, ...], int]:
    """Return the items of a plan, and how much of them is open now."""
    owed = {
        one.id: one
        for one in stop_facts.owed(session, asked.debtor_id)
        if one.currency == asked.currency
    }
    items = asked.items or tuple(StopItem(document_id=one) for one in owed)
    minor = sum(
        owed[one].open_minor
        for one in dict.fromkeys(item.document_id for item in items)
        if one in owed
    )
    if minor <= 0:
        raise PlanError(
            f"Nothing of it is open in {asked.currency}.",
            remedy="`duebridge open-items` lists what is.",
        )
    return items, minor


def _expect_free(
    session: Session,
    debtor_id: DebtorId,
    items: Sequence[StopItem],
    currency: Currency,
) -> None:
    """Refuse a second plan over the same items.

    Raises:
        PlanError: There is one that is not being renegotiated.
    """
    wanted = Stop(
        kind=StopKind.PLAN,
        debtor_id=debtor_id,
        items=tuple(items),
        currency=currency,
        begins_on=date.min,
        recorded_by="",
    )
    for other in stops.load_ever(session, [debtor_id], date.max).get(debtor_id, ()):
        if other.kind is not StopKind.PLAN or is_over(other):
            continue
        if not _is_renegotiated(other) and overlap(other, wanted):
            raise PlanError(
                f"Plan {other.id} is over the same invoices.",
                remedy="`duebridge plan advance` renegotiates or cancels it.",
            )


def _is_renegotiated(stop: Stop) -> bool:
    return stop.kind is StopKind.PLAN and stop.state == PlanState.RENEGOTIATED
