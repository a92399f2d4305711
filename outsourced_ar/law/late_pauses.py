"""Which days and amounts of an invoice are not late: disputes, holds, insolvency.

A dispute that stands, or was right, takes its days out, whole or for the amount it
speaks of; one that was rejected, withdrawn or ran out took nothing away. A promise or a
plan does not stop interest.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from ledger.calendar import ONE_DAY
from ledger.charges import LateDocument
from ledger.interest_terms import Movement, Pause
from ledger.reminders import Stop, StopKind
from outsourced_ar.law.disputed_parts import OpenPart, is_shared, share, speaks_of

CLAIM_STANDS: Final = frozenset(
    {
        "rejected",
        "notified",
        "resolved_upheld",
        "escalated_legal",
        "withdrawn",
        "expired",
        "cancelled",
    }
)
"""Disputes that took nothing away: their days count as late."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LatePart:
    """A document, or one of its instalments, with what moved it."""

    document: LateDocument
    part: int
    due_on: date
    minor: int
    moved: tuple[Movement, ...]

    @property
    def at_default_minor(self) -> int:
        """What was open when the due date ended."""
        return self.open_on(self.due_on)

    def open_on(self, day: date) -> int:
        """Return what was open when a day ended."""
        return max(self.minor - sum(m.minor for m in self.moved if m.on <= day), 0)

    def most_open_since(self, day: date) -> int:
        """Return the most that was open on a day or later, as money may go back."""
        return max(
            self.open_on(on)
            for on in {day, *(one.on for one in self.moved if one.on > day)}
        )

    def was_late_by(self, on: date) -> bool:
        """Say whether any was open after it was due, as when a payment bounced."""
        days = {self.due_on, *(m.on for m in self.moved if self.due_on < m.on <= on)}
        return any(self.open_on(day) for day in days)


def parts_of(document: LateDocument) -> Iterator[LatePart]:
    """Yield each part with what moved it: the earliest due is settled first."""
    if not document.instalments:
        yield LatePart(
            document=document,
            part=0,
            due_on=document.due_on,
            minor=document.total_minor,
            moved=tuple(
                Movement(one.on, one.minor, one.is_payment)
                for one in document.movements
            ),
        )
        return
    before = 0
    for part, (due_on, minor) in enumerate(document.instalments, 1):
        settled, mine = 0, 0
        found = []
        for one in document.movements:
            settled += one.minor
            now = min(max(settled - before, 0), minor)
            if now != mine:
                found.append(Movement(one.on, now - mine, one.is_payment))
            mine = now
        yield LatePart(
            document=document,
            part=part,
            due_on=due_on,
            minor=minor,
            moved=tuple(found),
        )
        before += minor


def against(stops: Sequence[Stop], part: LatePart) -> list[Stop]:
    """Return the stops that speak of a part and take something away."""
    return [one for one in stops if _speaks_of(one, part) and _stops_interest(one)]


def paused(
    stops: Sequence[Stop], part: LatePart, *, on: date
) -> tuple[list[Pause], list[Movement]]:
    """Return the days that do not count, and what disputes of an amount take off.

    Args:
        stops: Those `against` the part.
        part: Of which it is asked.
        on: The last day that counts.
    """
    pauses: list[Pause] = []
    partly: list[Movement] = []
    for stop in stops:
        last_on = on if stop.ends_on is None else min(stop.ends_on, on)
        if last_on < stop.begins_on:
            continue
        amount = _amount(stop, part, stops)
        if amount == 0:
            continue
        if amount is None or amount >= part.minor:
            pauses.append(Pause(stop.begins_on, last_on))
            continue
        after = last_on + ONE_DAY
        partly.append(Movement(stop.begins_on, amount, is_payment=False))
        partly.append(Movement(after, -amount, is_payment=False))
    return pauses, partly


def lost_minor(stops: Sequence[Stop], part: LatePart) -> int:
    """Return what disputes that stand, or were right, take from what was late."""
    whole, lost = part.at_default_minor, 0
    for stop in stops:
        if stop.kind is StopKind.DISPUTE:
            amount = _amount(stop, part, stops)
            lost += whole if amount is None else amount
    return min(lost, whole)


def _speaks_of(stop: Stop, part: LatePart) -> bool:
    document = part.document
    if stop.debtor_id != document.debtor_id:
        return False
    if stop.currency is not None and stop.currency != document.currency:
        return False
    return not stop.items or any(
        speaks_of(one, document.document_id, part.part) for one in stop.items
    )


def _stops_interest(stop: Stop) -> bool:
    if stop.kind is StopKind.DISPUTE:
        return stop.state not in CLAIM_STANDS
    return (
        stop.kind in {StopKind.HOLD, StopKind.INSOLVENCY} and stop.state != "cancelled"
    )


def _amount(stop: Stop, part: LatePart, stops: Sequence[Stop]) -> int | None:
    """Return how much of a part a stop speaks of; None is all of it.

    Args:
        stop: One of the stops.
        part: Of which it is asked.
        stops: All against the part: an amount of the whole document lies beside those
            that others dispute at the same time.
    """
    document_id, named, found = part.document.document_id, False, 0
    for one in stop.items:
        if not speaks_of(one, document_id, part.part):
            continue
        if one.amount_minor is None:
            return None
        named = True
        if not is_shared(one, part.part):
            found += one.amount_minor
    shared = _of_whole(stop, part)
    if not named:
        return None
    if not shared:
        return found
    before = sum(_of_whole(one, part) for one in _earlier(stop, stops))
    parts = [
        OpenPart(one.due_on, one.part, one.most_open_since(stop.begins_on))
        for one in parts_of(part.document)
    ]
    mine = share(before + shared, part.part, parts) - share(before, part.part, parts)
    return found + mine


def _of_whole(stop: Stop, part: LatePart) -> int:
    """Return what a stop disputes of the whole document that a part is of."""
    return sum(
        one.amount_minor or 0
        for one in stop.items
        if one.document_id == part.document.document_id and is_shared(one, part.part)
    )


def _earlier(stop: Stop, stops: Sequence[Stop]) -> list[Stop]:
    """Return the stops that stood already when one began, and stood beside it."""
    place = next(place for place, one in enumerate(stops) if one is stop)
    return [
        one
        for at, one in enumerate(stops)
        if (one.begins_on, at) < (stop.begins_on, place)
        and (one.ends_on is None or one.ends_on >= stop.begins_on)
    ]
