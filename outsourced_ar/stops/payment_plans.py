"""Payment plans: instalments to the minor unit, inside what the client has approved.

What comes in for the items of a plan pays its instalments, the oldest first. One that
is missed has a grace; as many as the plan bears, and it defaults.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from hashlib import sha256
from typing import Any, Final

from pydantic import Field

from ledger.calendar import ONE_DAY, Month
from ledger.errors import RequestError
from ledger.money import Currency, from_minor
from ledger.reminders import StopKind
from ledger.stop_states import PlanState as State
from outsourced_ar.known.days import Calendar
from outsourced_ar.known.stop_machines import (
    END,
    MISTAKE,
    Machine,
    machine,
    rule,
    standing,
)
from outsourced_ar.rule_files import Amounts, Part, packaged, read
from outsourced_ar.stops.judgements import Judgement
from outsourced_ar.stops.receipts import Receipt, reached_on

ENVELOPE: Final = "plan_envelope"
"""The kind of rulebook that holds a tenant's own envelope."""
INSTALMENTS_MAX: Final = 120
DAYS_BETWEEN_MAX: Final = 366
FIRST_MAX: Final = date(2099, 12, 31)

_ALL: Final = standing(StopKind.PLAN)
KEPT: Final = frozenset({State.ACCEPTED, State.ACTIVE, State.CURED})
RUNNING: Final = KEPT | {State.MISSED, State.GRACE}
"""States in which instalments are waited for."""

APPROVE: Final = "approve"
OFFER: Final = "offer"
ACCEPT: Final = "accept"
ACTIVATE: Final = "activate"
MISS: Final = "miss"
BEGIN_GRACE: Final = "begin_grace"
CURE: Final = "cure"
DEFAULT: Final = "default"
ACCELERATE: Final = "accelerate"
COMPLETE: Final = "complete"
LAPSE: Final = "lapse"
RENEGOTIATE: Final = "renegotiate"
SUPERSEDE: Final = "supersede"

MACHINE: Final[Machine] = machine(
    StopKind.PLAN,
    {State.PROPOSED, State.OPEN},
    rule(APPROVE, {State.PROPOSED}, State.CLIENT_APPROVED),
    rule(OFFER, {State.PROPOSED, State.CLIENT_APPROVED}, State.OFFERED),
    rule(ACCEPT, {State.OFFERED}, State.ACCEPTED),
    rule(ACTIVATE, {State.ACCEPTED, State.CURED}, State.ACTIVE, by_clock=True),
    rule(MISS, {State.ACTIVE, State.GRACE}, State.MISSED, by_clock=True),
    rule(BEGIN_GRACE, {State.MISSED}, State.GRACE, by_clock=True),
    rule(CURE, {State.MISSED, State.GRACE}, State.CURED, by_clock=True),
    rule(DEFAULT, {State.GRACE}, State.DEFAULTED, by_clock=True),
    rule(ACCELERATE, {State.DEFAULTED}, State.ACCELERATED, by_clock=True),
    rule(COMPLETE, RUNNING | {State.OPEN}, State.COMPLETED, by_clock=True),
    rule(LAPSE, {State.OFFERED, State.OPEN}, State.CANCELLED, by_clock=True),
    rule(RENEGOTIATE, RUNNING, State.RENEGOTIATED),
    rule(SUPERSEDE, _ALL, State.SUPERSEDED, by_clock=True),
    rule(END[StopKind.PLAN], _ALL, State.CANCELLED),
    rule(MISTAKE, _ALL, State.CANCELLED),
)


class PlanError(RequestError):
    """A plan cannot be as it is asked for."""


class OutsideEnvelopeError(RequestError):
    """A plan is outside of what the client approved, or nothing was approved."""

    def __init__(self, faults: Sequence[str]) -> None:
        """Say in which ways."""
        super().__init__(
            f"The client has not approved such a plan: {'; '.join(faults)}.",
            remedy="`duebridge plan approve` notes that the client approves this one.",
        )


@dataclass(frozen=True, slots=True, order=True)
class Instalment:
    """A part of a plan: how much, by which day."""

    due_on: date
    minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What holds for a plan beside its instalments.

    Attributes:
        missed_max: So many instalments past due make it default.
        interest: Whether interest goes on while it is kept.
        acceleration: Whether all of the rest is due once it defaults.
        acknowledgement: Whether the debtor acknowledges the debt by accepting.
    """

    missed_max: int = 1
    grace_business_days: int = 3
    interest: bool = False
    acceleration: bool = True
    acknowledgement: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Instalments, the terms, and how it came to be.

    Attributes:
        offered_until: The last day on which the debtor may accept.
        accepted_on: From when on money counts for it.
        acceptance: The words by which the debtor accepted, and their SHA-256.
    """

    instalments: tuple[Instalment, ...]
    terms: Terms = Terms()
    offered_until: date | None = None
    accepted_on: date | None = None
    acceptance: Mapping[str, str] = field(default_factory=dict)

    @property
    def minor(self) -> int:
        """How much it is over."""
        return sum(one.minor for one in self.instalments)


class Envelope(Part):
    """Which plans the client approves beforehand."""

    version: int = Field(default=1, ge=1)
    max_instalments: int = Field(ge=1, le=INSTALMENTS_MAX)
    max_length_days: int = Field(ge=0, le=366 * 10)
    minimum_first_percent: int = Field(default=0, ge=0, le=100)
    first_within_days: int = Field(default=30, ge=0, le=366)
    answer_business_days: int = Field(default=10, ge=1, le=60)
    missed_max: int = Field(default=1, ge=1, le=12)
    grace_business_days: int = Field(default=3, ge=0, le=30)
    interest: bool = False
    acceleration: bool = True
    acknowledgement: bool = True
    minimum_instalment: Amounts = Field(default_factory=dict)

    @property
    def terms(self) -> Terms:
        """The terms of plans within it."""
        return Terms(
            missed_max=self.missed_max,
            grace_business_days=self.grace_business_days,
            interest=self.interest,
            acceleration=self.acceleration,
            acknowledgement=self.acknowledgement,
        )

    def faults(
        self, plan: Plan, currency: Currency, offered_on: date
    ) -> tuple[str, ...]:
        """Return in which ways a plan is outside of it; none means it is within."""
        parts = plan.instalments
        first, last = parts[0], parts[-1]
        least = self.minimum_instalment.get(currency, 1)
        found = []
        if len(parts) > self.max_instalments:
            found.append(f"{len(parts)} instalments, at most {self.max_instalments}")
        if (last.due_on - first.due_on).days > self.max_length_days:
            found.append(f"it lasts longer than {self.max_length_days} days")
        if first.minor * 100 < plan.minor * self.minimum_first_percent:
            found.append(
                f"the first instalment is less than {self.minimum_first_percent} %"
            )
        if (first.due_on - offered_on).days > self.first_within_days:
            found.append(
                f"the first instalment is due after {self.first_within_days} days"
            )
        if min(one.minor for one in parts) < least:
            shown = from_minor(least, currency)
            found.append(f"an instalment is less than {shown} {currency}")
        if plan.terms.missed_max > self.missed_max:
            found.append(f"it bears more than {self.missed_max} missed instalments")
        if plan.terms.grace_business_days > self.grace_business_days:
            found.append(f"its grace is over {self.grace_business_days} days")
        return tuple(found)


def read_envelope(text: str, place: str = "The envelope of plans") -> Envelope:
    """Read an envelope.

    Raises:
        RuleFileError: It cannot be used; every fault is named.
    """
    return read(text, place, Envelope)


@cache
def packaged_envelope() -> Envelope:
    """Return the envelope that comes with the product; no client has approved it."""
    return read_envelope(packaged(f"{ENVELOPE}.toml"))


def split(
    minor: int,
    count: int,
    first_on: date,
    *,
    every_days: int | None = None,
    first_minor: int | None = None,
) -> tuple[Instalment, ...]:
    """Return instalments: each rounded down, the last with the rest; a month apart.

    Args:
        minor: How much in all.
        count: How many instalments.
        first_on: The day the first is due.
        every_days: Days between two, in place of months.
        first_minor: How much the first is, where it is not as the others.

    Raises:
        PlanError: An instalment would be below one minor unit, or there is none.
    """
    if not 1 <= count <= INSTALMENTS_MAX:
        raise PlanError(
            f"A plan has 1 to {INSTALMENTS_MAX} instalments.", remedy="Ask for fewer."
        )
    if every_days is not None and not 1 <= every_days <= DAYS_BETWEEN_MAX:
        raise PlanError(
            f"Between two instalments are 1 to {DAYS_BETWEEN_MAX} days.",
            remedy="Ask for other days.",
        )
    if first_on > FIRST_MAX:
        raise PlanError(
            f"The first instalment is due after {FIRST_MAX}.",
            remedy="Correct the day.",
        )
    if first_minor is None:
        amounts = _equal(minor, count)
    elif count == 1:
        amounts = [minor]
    else:
        amounts = [first_minor, *_equal(minor - first_minor, count - 1)]
    if min(amounts) < 1 or (count == 1 and first_minor not in (None, minor)):
        raise PlanError(
            "An instalment would be less than the smallest unit of the currency.",
            remedy="Ask for fewer instalments, or another first one.",
        )
    return tuple(
        Instalment(_after(first_on, place, every_days), one)
        for place, one in enumerate(amounts)
    )


def _equal(minor: int, count: int) -> list[int]:
    each = minor // count
    return [each] * (count - 1) + [minor - each * (count - 1)]


def _after(first_on: date, place: int, every_days: int | None) -> date:
    if every_days is not None:
        return first_on + timedelta(days=place * every_days)
    month = Month.of(first_on).plus(place)
    return month.first_on.replace(day=min(first_on.day, month.day_count))


def acceptance(text: str, by: str) -> dict[str, str]:
    """Return what is kept of the words by which a debtor accepts.

    Raises:
        PlanError: There are no words.
    """
    if not text.strip():
        raise PlanError(
            "What the debtor accepted must be kept, word by word.",
            remedy="Give its words with --text, or their file with --file.",
        )
    return {"text": text, "sha256": sha256(text.encode()).hexdigest(), "by": by}


def as_details(plan: Plan) -> dict[str, Any]:
    """Return a plan as a stop keeps it."""
    return {
        "instalments": [
            {"due_on": one.due_on.isoformat(), "minor": one.minor}
            for one in plan.instalments
        ],
        "terms": {name: getattr(plan.terms, name) for name in Terms.__slots__},
        "offered_until": plan.offered_until and plan.offered_until.isoformat(),
        "accepted_on": plan.accepted_on and plan.accepted_on.isoformat(),
        "acceptance": dict(plan.acceptance),
    }


def of_details(details: Mapping[str, Any]) -> Plan | None:
    """Return the plan that a stop keeps; None where its instalments are not known."""
    if not details.get("instalments"):
        return None
    return Plan(
        instalments=tuple(
            Instalment(date.fromisoformat(one["due_on"]), one["minor"])
            for one in details["instalments"]
        ),
        terms=Terms(**details.get("terms", {})),
        offered_until=_day(details.get("offered_until")),
        accepted_on=_day(details.get("accepted_on")),
        acceptance=details.get("acceptance") or {},
    )


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


@dataclass(frozen=True, slots=True)
class Paid:
    """An instalment, with how much of it has come, and since when it is paid."""

    instalment: Instalment
    paid_minor: int
    paid_on: date | None


def matched(plan: Plan, receipts: Sequence[Receipt]) -> tuple[Paid, ...]:
    """Match what came in to instalments, the oldest first."""
    left, due = sum(one.minor for one in receipts), 0
    found = []
    for one in sorted(plan.instalments):
        due += one.minor
        paid = min(max(left, 0), one.minor)
        left -= one.minor
        found.append(
            Paid(one, paid, reached_on(receipts, due) if paid == one.minor else None)
        )
    return tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A plan as it is judged.

    Attributes:
        is_closed: Whether nothing of its items is open any more.
        read_on: The day up to which the books were read whole.
    """

    state: State
    plan: Plan
    receipts: tuple[Receipt, ...] = ()
    is_closed: bool = False
    read_on: date | None = None


def judge(running: Running, today: date, calendar: Calendar) -> Judgement | None:
    """Return the next rule that a plan follows by a day; None where nothing changes.

    One rule at a time: whoever asks follows it and asks again.
    """
    state, plan = running.state, running.plan
    if state is State.OFFERED:
        until = plan.offered_until
        if until is not None and today > until:
            return Judgement(rule=LAPSE, on=until + ONE_DAY, last_on=until)
        return None
    if state is State.DEFAULTED:
        return Judgement(rule=ACCELERATE, on=today) if plan.terms.acceleration else None
    if state not in RUNNING:
        return None
    done = _completed(running, today)
    if done is not None:
        return done
    if state in {State.ACCEPTED, State.CURED}:
        return Judgement(rule=ACTIVATE, on=today, due_on=_next_due(running))
    return _of_missed(running, today, calendar)


def _completed(running: Running, today: date) -> Judgement | None:
    on = reached_on(running.receipts, running.plan.minor)
    if on is None and not running.is_closed:
        return None
    on = min(on or today, today)
    facts = {"paid_minor": sum(one.minor for one in running.receipts)}
    return Judgement(rule=COMPLETE, on=on, last_on=on, facts=facts)


def _of_missed(running: Running, today: date, calendar: Calendar) -> Judgement | None:
    plan, state = running.plan, running.state
    unpaid = _past_due(running, today)
    if not unpaid:
        if state is State.ACTIVE:
            return None
        return Judgement(rule=CURE, on=today, due_on=_next_due(running))
    facts = {"missed": len(unpaid), "since": unpaid[0].due_on.isoformat()}
    if state is State.ACTIVE:
        return Judgement(
            rule=MISS,
            on=unpaid[0].due_on + ONE_DAY,
            facts=facts,
            task="An instalment is missed: remind the debtor of its plan",
        )
    bears = plan.terms.missed_max
    if len(unpaid) < bears:
        return Judgement(rule=MISS, on=today) if state is State.GRACE else None
    last = unpaid[bears - 1].due_on
    until = calendar.plus(last, plan.terms.grace_business_days)
    if state is State.MISSED:
        return Judgement(rule=BEGIN_GRACE, on=last + ONE_DAY, due_on=until, facts=facts)
    if today <= until or not _is_read(running, until):
        return None
    return Judgement(
        rule=DEFAULT,
        on=until + ONE_DAY,
        last_on=until,
        facts=facts,
        task="A payment plan has defaulted",
    )


def _past_due(running: Running, today: date) -> list[Instalment]:
    """Return the instalments whose day is over and which are not paid in full."""
    return [
        one.instalment
        for one in matched(running.plan, running.receipts)
        if one.instalment.due_on < today and one.paid_on is None
    ]


def _next_due(running: Running) -> date | None:
    ahead = [
        one.instalment.due_on
        for one in matched(running.plan, running.receipts)
        if one.paid_on is None
    ]
    return min(ahead, default=None)


def _is_read(running: Running, until: date) -> bool:
    return running.read_on is not None and running.read_on > until
