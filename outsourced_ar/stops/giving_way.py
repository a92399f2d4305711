"""How an earlier promise gives way to a newer word: whole, or for the items in common.

What a newer promise, a dispute or a plan does not speak of is promised still, by a
promise of its own.
"""

from collections.abc import Sequence
from dataclasses import replace

from ledger.ids import DocumentId
from ledger.reminders import Stop, StopItem, StopKind
from ledger.stop_states import PromiseState, is_over
from ledger.store import stop_facts
from ledger.store.session import Session
from outsourced_ar.stops import promises
from outsourced_ar.stops.stop_wholes import Amounts, overlap, same


def gives_way(other: Stop, to: Stop, amounts: Amounts) -> str | None:
    """Return the rule by which an earlier stop gives way to a new one; None if not."""
    if other.kind is not StopKind.PROMISE or is_over(other) or not overlap(other, to):
        return None
    if to.kind is StopKind.PROMISE:
        return promises.SUPERSEDE
    if to.kind is StopKind.DISPUTE and amounts.takes_whole(to):
        return promises.DISPUTED
    return None


def left_of(session: Session, other: Stop, to: Stop) -> Stop | None:
    """Return the promise of what a newer stop leaves of one; None where it is nothing.

    It is for the day promised, and asks for no more than was promised and is open now.
    """
    left = tuple(
        item for item in other.items if not any(same(item, one) for one in to.items)
    )
    if other.kind is not StopKind.PROMISE or not left or other.due_on is None:
        return None
    staying = {item.document_id for item in left}
    going = {item.document_id for item in other.items} - staying
    rest = (other.amount_minor or 0) - _open(session, tuple(going))
    minor = min(rest, _open(session, tuple(staying)))
    if minor <= 0:
        return None
    return replace(
        other,
        id=None,
        items=_whole(left),
        amount_minor=minor,
        state=PromiseState.OPEN,
        begins_on=min(max(to.begins_on, other.begins_on), other.due_on),
        details={**other.details, "left_of": other.id},
    )


def _open(session: Session, documents: Sequence[DocumentId]) -> int:
    return sum(
        one.open_minor for one in stop_facts.documents(session, documents).values()
    )


def _whole(items: Sequence[StopItem]) -> tuple[StopItem, ...]:
    return tuple(replace(item, amount_minor=None) for item in items)
