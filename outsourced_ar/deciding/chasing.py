"""How much of each item may be asked for beside disputes, promises, plans and holds.

Of a disputed item the undisputed rest may be asked for. An item that is promised, on a
plan or on hold is left alone whole, whatever part of it was named. A stop without items
speaks of the debtor's whole account.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from ledger.calendar import ONE_DAY
from ledger.reminders import Stop, StopKind
from ledger.stop_states import PlanState, PromiseState
from outsourced_ar.known.days import Calendar
from outsourced_ar.known.facts import DebtorFacts, Item, Refusal, Silence
from outsourced_ar.known.holds import Range, stood, union
from outsourced_ar.law.disputed_parts import OpenPart, is_shared, share, speaks_of
from outsourced_ar.rules.policy import Policy

_REASONS: Final = {
    StopKind.DISPUTE: Silence.DISPUTED,
    StopKind.PROMISE: Silence.PROMISED,
    StopKind.PLAN: Silence.ON_PLAN,
    StopKind.HOLD: Silence.ON_HOLD,
    StopKind.INSOLVENCY: Silence.INSOLVENT,
}


@dataclass(frozen=True, slots=True)
class Chase:
    """An item, and how much of it may be asked for.

    Attributes:
        refusal: Why none of it; None where some may be.
    """

    item: Item
    minor: int
    refusal: Refusal | None = None


def standing(
    stops: Sequence[Stop], on: date, policy: Policy, calendar: Calendar
) -> tuple[Stop, ...]:
    """Return the stops that stand on a day, a promise until its grace is over."""
    return tuple(
        stop
        for stop in stops
        if (days := stood(stop, _waited_until(stop, policy, calendar))) is not None
        and days.first_on <= on <= days.end_on
    )


def paused(
    facts: DebtorFacts, item: Item, on: date, policy: Policy, calendar: Calendar
) -> tuple[Range, ...]:
    """Return the days before one on which nothing of an item was asked for.

    What stands on the day counts once it is over: until then it is itself the reason.
    A dispute of a part pauses nothing, as the rest went on; nor does a word that was
    not kept buy any time: a promise, or a plan that defaulted.
    """
    now = standing(facts.stops, on, policy, calendar)
    stops = (*facts.ended, *(stop for stop in facts.stops if stop not in now))
    if not stops:
        return ()
    return union(
        days
        for stop, part in _about(facts, item, stops)
        if _buys_time(stop)
        and not (
            stop.kind is StopKind.DISPUTE
            and part is not None
            and part < item.total_minor
        )
        and (days := stood(stop, _waited_until(stop, policy, calendar))) is not None
    )


def broken_on(facts: DebtorFacts, item: Item) -> tuple[date, ...]:
    """Return the last days of the promises about an item that were broken, in order."""
    return tuple(
        sorted(
            stop.ends_on
            for stop, _ in _about(facts, item, facts.ended)
            if stop.state == PromiseState.BROKEN and stop.ends_on is not None
        )
    )


def chase(
    facts: DebtorFacts, items: Sequence[Item], stops: Sequence[Stop], policy: Policy
) -> tuple[Chase, ...]:
    """Return each item with what may be asked for of it.

    Args:
        facts: The debtor's.
        items: The open ones of one currency.
        stops: Those that stand.
        policy: Names the documents that are left out.
    """
    if not stops and not policy.exclude_documents:
        return tuple(
            placed(item)
            or Chase(
                item, max(item.open_minor - item.disputed_minor, 0), _by_books(item)
            )
            for item in items
        )
    return tuple(_chase(facts, item, stops, policy) for item in items)


def placed(item: Item) -> Chase | None:
    """Leave an item alone whole that is with an agency; None where it is not."""
    if not item.case:
        return None
    said = f"{item.number} is with the agency, in case {item.case}"
    return Chase(item, 0, Refusal(Silence.PLACED, said))


def words_of(stop: Stop) -> Refusal:
    """Return why a stop silences, in words."""
    said = f"{stop.kind} since {stop.begins_on}"
    if stop.due_on is not None:
        said += f", for {stop.due_on}"
    if stop.ends_on is not None:
        said += f", until {stop.ends_on}"
    if stop.reason:
        said += f": {stop.reason}"
    until = None if stop.ends_on is None else stop.ends_on + ONE_DAY
    return Refusal(_REASONS[stop.kind], said, until)


def _buys_time(stop: Stop) -> bool:
    return stop.kind is not StopKind.PROMISE and stop.state not in {
        PlanState.DEFAULTED,
        PlanState.ACCELERATED,
    }


def waited_until(due_on: date, policy: Policy, calendar: Calendar) -> date:
    """Return the last day of the grace of a promise."""
    return max(calendar.plus(due_on, policy.promise_grace_business_days), due_on)


def _waited_until(stop: Stop, policy: Policy, calendar: Calendar) -> date | None:
    """Return the last day a stop is waited for by what it says; None for no end."""
    if stop.kind is StopKind.PROMISE and stop.due_on is not None:
        return waited_until(stop.due_on, policy, calendar)
    if stop.state == PlanState.OFFERED and stop.details.get("offered_until"):
        return date.fromisoformat(stop.details["offered_until"])
    return None


def _chase(
    facts: DebtorFacts, item: Item, stops: Sequence[Stop], policy: Policy
) -> Chase:
    with_agency = placed(item)
    if with_agency is not None:
        return with_agency
    if item.number in policy.exclude_documents:
        said = f"document {item.number} is left out by the policy"
        return Chase(item, 0, Refusal(Silence.EXCLUDED, said))
    disputed, why = 0, _by_books(item)
    for stop, part in _about(facts, item, stops):
        if stop.kind is not StopKind.DISPUTE:
            return Chase(item, 0, words_of(stop))
        disputed += item.open_minor if part is None else part
        why = why or words_of(stop)
    rest = item.open_minor - item.disputed_minor - disputed
    return Chase(item, rest) if rest > 0 else Chase(item, 0, why)


def _about(
    facts: DebtorFacts, item: Item, stops: Sequence[Stop]
) -> Iterator[tuple[Stop, int | None]]:
    """Yield the stops that speak of an item, those that take it whole first."""
    before = 0
    for stop in sorted(stops, key=lambda stop: stop.kind is StopKind.DISPUTE):
        assert stop.debtor_id == facts.debtor_id
        if not stop.items and stop.currency in (None, item.currency):
            yield stop, None
        for one in stop.items:
            if not speaks_of(one, item.document_id, item.part):
                continue
            if one.amount_minor is None or not is_shared(one, item.part):
                yield stop, one.amount_minor
                continue
            parts = parts_of(facts, item)
            mine = share(before + one.amount_minor, item.part, parts)
            mine -= share(before, item.part, parts)
            if stop.kind is StopKind.DISPUTE:
                before += one.amount_minor
            if mine or stop.kind is not StopKind.DISPUTE:
                yield stop, mine


def parts_of(facts: DebtorFacts, item: Item) -> list[OpenPart]:
    """Return what is open of the document that an item is, or is a part of."""
    return [
        OpenPart(one.due_on, one.part, one.open_minor)
        for one in facts.items
        if one.document_id == item.document_id
    ]


def _by_books(item: Item) -> Refusal | None:
    if item.disputed_minor < item.open_minor:
        return None
    return Refusal(Silence.DISPUTED, f"the books say that {item.number} is disputed")
