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
        amount = _amount(stop, part)
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
            amount = _amount(stop, part)
            lost += whole if amount is None else amount
    return min(lost, whole)


def _speaks_of(stop: Stop, part: LatePart) -> bool:
    document = part.document
    if stop.debtor_id != document.debtor_id:
        return False
    if stop.currency is not None and stop.currency != document.currency:
        return False
    return not stop.items or any(
        one.document_id == document.document_id and one.part in {0, part.part}
        for one in stop.items
    )


def _stops_interest(stop: Stop) -> bool:
    if stop.kind is StopKind.DISPUTE:
        return stop.state not in CLAIM_STANDS
    return (
        stop.kind in {StopKind.HOLD, StopKind.INSOLVENCY} and stop.state != "cancelled"
    )


def _amount(stop: Stop, part: LatePart) -> int | None:
    """Return how much of a part a stop speaks of; None is all of it."""
    for one in stop.items:
        if one.document_id == part.document.document_id and one.part in {0, part.part}:
            return one.amount_minor
    return None
