"""Money that came in and stayed: what the books' entries come to, by day.

An amount that was taken back never came, whenever that became known: a claim's later
reversals use up its latest amounts first.
"""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of the books: part of a claim, negative where it takes back."""

    claim: Hashable
    on: date
    minor: int
    known_at: datetime | None = None


@dataclass(frozen=True, slots=True, order=True)
class Receipt:
    """An amount that came in on a day."""

    on: date
    minor: int


def stayed(entries: Iterable[Entry]) -> tuple[Receipt, ...]:
    """Return what came in and was not taken back, the earliest first.

    Within a claim, entries of one day count together, so that what is taken back on its
    own day and posted anew is the new amount.
    """
    claims: dict[Hashable, dict[date, int]] = {}
    for entry in entries:
        days = claims.setdefault(entry.claim, {})
        days[entry.on] = days.get(entry.on, 0) + entry.minor
    found: dict[date, int] = {}
    for days in claims.values():
        for receipt in _left(days):
            found[receipt.on] = found.get(receipt.on, 0) + receipt.minor
    return tuple(Receipt(on, minor) for on, minor in sorted(found.items()) if minor)


def came_since(
    entries: Iterable[Entry], since: date, known_at: datetime | None
) -> tuple[Receipt, ...]:
    """Return what came in from a day on, or became known after an instant, and stayed.

    What was known already of earlier days, or of that day itself, is not among it,
    however the books enter it anew.
    """
    claims: dict[Hashable, list[Entry]] = {}
    for entry in entries:
        claims.setdefault(entry.claim, []).append(entry)
    found: list[Receipt] = []
    for of_one in claims.values():
        before = sum(
            one.minor
            for one in of_one
            if was_known(one.on, one.known_at, since, known_at)
        )
        found += _without(stayed(of_one), max(before, 0))
    return tuple(sorted(found))


def was_known(
    on: date, learnt_at: datetime | None, since: date, known_at: datetime | None
) -> bool:
    """Say whether what counts from a day was there before an instant of another day.

    Of one day the instants tell; where they are not known, it came after.
    """
    if learnt_at is None or known_at is None:
        return on < since
    return on <= since and learnt_at <= known_at


def _without(receipts: Sequence[Receipt], minor: int) -> list[Receipt]:
    """Return receipts less an amount, which the earliest of them were."""
    left: list[Receipt] = []
    for one in receipts:
        taken = min(minor, one.minor)
        minor -= taken
        if one.minor > taken:
            left.append(Receipt(one.on, one.minor - taken))
    return left


def sum_by(receipts: Iterable[Receipt], on: date) -> int:
    """Return how much had come in by a day."""
    return sum(one.minor for one in receipts if one.on <= on)


def reached_on(receipts: Sequence[Receipt], minor: int) -> date | None:
    """Return the day on which so much had come in; None where it has not."""
    total = 0
    for one in sorted(receipts):
        total += one.minor
        if total >= minor:
            return one.on
    return None


def _left(days: dict[date, int]) -> list[Receipt]:
    kept: list[Receipt] = []
    for on, minor in sorted(days.items()):
        taken_back = -minor
        if minor > 0:
            kept.append(Receipt(on, minor))
            continue
        while taken_back > 0 and kept:
            last = kept.pop()
            if last.minor > taken_back:
                kept.append(Receipt(last.on, last.minor - taken_back))
            taken_back -= min(taken_back, last.minor)
    return kept
