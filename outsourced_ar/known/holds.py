"""Holds and insolvencies: dated, both ends counting; and the days that were paused.

A hold may be entered for days that have passed, or ended as of one. What follows is
computed from the ranges as they are known now, so that it comes out the same whenever
they became known.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from ledger.calendar import ONE_DAY
from ledger.reminders import Stop, StopKind
from ledger.stop_states import HoldState, silences
from outsourced_ar.known.stop_machines import END, MISTAKE, Machine, machine, rule

DATE: Final = "date"
"""The rule by which an open hold gets other days."""
LAPSE: Final = "lapse"
"""The rule for a hold whose last day has passed."""


def _machine(kind: StopKind) -> Machine:
    return machine(
        kind,
        {HoldState.OPEN},
        rule(END[kind], {HoldState.OPEN}, HoldState.ENDED),
        rule(DATE, {HoldState.OPEN}, HoldState.OPEN),
        rule(LAPSE, {HoldState.OPEN}, HoldState.ENDED, by_clock=True),
        rule(MISTAKE, {HoldState.OPEN}, HoldState.CANCELLED),
    )


HOLD: Final = _machine(StopKind.HOLD)
INSOLVENCY: Final = _machine(StopKind.INSOLVENCY)


@dataclass(frozen=True, slots=True, order=True)
class Range:
    """Days in a row, both ends counting; without an end until further notice."""

    first_on: date
    last_on: date | None = None

    @property
    def end_on(self) -> date:
        """The last day, however far away."""
        return self.last_on or date.max


def union(ranges: Iterable[Range]) -> tuple[Range, ...]:
    """Return the same days in ranges that neither touch nor overlap, in order."""
    found: list[Range] = []
    for one in sorted(ranges, key=lambda known: (known.first_on, known.end_on)):
        if one.end_on < one.first_on:
            continue
        if found and (
            found[-1].last_on is None or one.first_on <= found[-1].end_on + ONE_DAY
        ):
            before = found[-1]
            last_on = max(before.end_on, one.end_on)
            found[-1] = Range(before.first_on, None if last_on == date.max else last_on)
        else:
            found.append(one)
    return tuple(found)


def paused_days(ranges: Iterable[Range], from_on: date, to_on: date) -> int:
    """Return how many days of a time were paused; both ends count, no day twice."""
    return sum(
        (min(one.end_on, to_on) - max(one.first_on, from_on)).days + 1
        for one in union(ranges)
        if one.first_on <= to_on and one.end_on >= from_on
    )


def put_off(on: date, ranges: Sequence[Range], since: date) -> date:
    """Return the day that something is due once the paused days are taken out.

    Args:
        on: The day it would be due without them.
        ranges: The paused days.
        since: Days up to this one do not count: the clock ran from the day after.
    """
    day = on
    for one in union(ranges):
        first_on = max(one.first_on, since + ONE_DAY)
        if one.end_on < first_on:
            continue
        if first_on > day:
            break
        if one.last_on is None:
            return date.max
        day += one.last_on - first_on + ONE_DAY
    return day


def stood(stop: Stop, until: date | None = None) -> Range | None:
    """Return the days on which a stop has silenced, or does; None where it never did.

    Args:
        stop: It, as it is known now.
        until: The last day it is waited for, where its kind says so.
    """
    if not silences(stop):
        return None
    ends = [day for day in (stop.ends_on, until) if day is not None]
    last_on = min(ends, default=None)
    if last_on is not None and last_on < stop.begins_on:
        return None
    return Range(stop.begins_on, last_on)
