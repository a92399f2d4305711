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
from ledger.reminders import STOPS_OVER, Stop, StopItem, StopKind
from outsourced_ar.days import Calendar
from outsourced_ar.facts import DebtorFacts, Item, Refusal, Silence
from outsourced_ar.policy import Policy

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
        if stop.begins_on <= on
        and stop.state not in STOPS_OVER
        and not (stop.state == "ended" and stop.ends_on is None)
        and (stop.ends_on is None or on <= stop.ends_on)
        and _is_waited_for(stop, on, policy, calendar)
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


def _is_waited_for(stop: Stop, on: date, policy: Policy, calendar: Calendar) -> bool:
    if stop.kind is not StopKind.PROMISE or stop.due_on is None:
        return True
    grace = policy.promise_grace_business_days
    return on <= max(calendar.plus(stop.due_on, grace), stop.due_on)


def _chase(
    facts: DebtorFacts, item: Item, stops: Sequence[Stop], policy: Policy
) -> Chase:
    with_agency = placed(item)
    if with_agency is not None:
        return with_agency
    if item.number in policy.exclude_documents:
        said = f"document {item.number} is left out by the policy"
        return Chase(item, 0, Refusal(Silence.EXCLUDED, said))
    rest = item.open_minor - item.disputed_minor
    why = _by_books(item)
    for stop, part in _about(facts, item, stops):
        if stop.kind is not StopKind.DISPUTE:
            return Chase(item, 0, words_of(stop))
        rest -= item.open_minor if part is None else part
        why = why or words_of(stop)
    return Chase(item, rest) if rest > 0 else Chase(item, 0, why)


def _about(
    facts: DebtorFacts, item: Item, stops: Sequence[Stop]
) -> Iterator[tuple[Stop, int | None]]:
    """Yield the stops that speak of an item, those that take it whole first."""
    for stop in sorted(stops, key=lambda stop: stop.kind is StopKind.DISPUTE):
        assert stop.debtor_id == facts.debtor_id
        if not stop.items and stop.currency in (None, item.currency):
            yield stop, None
        for one in stop.items:
            if _is_same(one, item):
                yield stop, one.amount_minor


def _is_same(named: StopItem, item: Item) -> bool:
    # A whole document means each of its instalments, and the other way round, for the
    # books may have come to split it since.
    if named.document_id != item.document_id:
        return False
    return named.part == item.part or 0 in (named.part, item.part)


def _by_books(item: Item) -> Refusal | None:
    if item.disputed_minor < item.open_minor:
        return None
    return Refusal(Silence.DISPUTED, f"the books say that {item.number} is disputed")
