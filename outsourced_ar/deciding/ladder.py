"""How far up a cadence an item has come, and which step is its next.

- Only steps of the item's present round count, known by their cadence and name.
- The first thing said of an overdue item is the first step after the due date, however
  long it is overdue: because it was not known, not released, or nobody was reached.
- From there it climbs one tone at a time, so that nothing presses because of a step
  that was never delivered; of the steps within that, only the latest is taken.
- Steps keep their distance: where one was taken more than a few days late, those after
  it are later too. A small delay, as by the gap between messages, is made up for.
- A notice before the due date is dropped once that has passed.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Final

from ledger.calendar import ONE_DAY
from ledger.reminders import Tone, Voice
from outsourced_ar.deciding.final_demands import against_step
from outsourced_ar.deciding.gate import may_press
from outsourced_ar.known.days import Calendar, Offset, reached_on
from outsourced_ar.known.facts import Item, Refusal, Silence, TakenStep
from outsourced_ar.known.holds import Range, put_off
from outsourced_ar.rules.cadence import NO_CONDITIONS, Cadence, Step

FAR: Final = date.max
"""The next date of an item for which nothing is left to do."""

MADE_UP_DAYS: Final = 3
"""A reminder that went so much later than planned does not delay the next one."""

RELOOK_DAYS: Final = 7
"""After so long an item is looked at again for which a condition, or another cadence,
might have come to hold meanwhile."""

_LASTING: Final = frozenset(
    {Silence.INFERRED_DUE_DATE, Silence.NOT_CONTRACTED, Silence.DEMANDED}
)
"""What stands against a step until the document or the product changes."""


@dataclass(frozen=True, slots=True)
class Ladder:
    """A cadence as it stands for one debtor tonight.

    Attributes:
        cadence: The one that was assigned.
        open_to: By step, whether the debtor meets what it asks of debtors.
        others: The steps of all cadences that the debtor may be assigned one day.
        tone_top: The firmest tone that any of them has after the due date.
        calendar: The debtor's.
        today: The tenant's business day.
        refuse: Why a step cannot be taken for this debtor, None where it can.
    """

    cadence: Cadence
    open_to: tuple[bool, ...]
    others: tuple[tuple[Offset, ...], ...]
    tone_top: int
    calendar: Calendar
    today: date
    refuse: Callable[[Step], Refusal | None]


@dataclass(frozen=True, slots=True)
class Course:
    """What delays an item's steps, or brings one on.

    Attributes:
        paused: Days on which nothing was asked for: they are no days overdue.
        lifted_on: From when on the next step is due, as promises were broken again.
    """

    paused: tuple[Range, ...] = ()
    lifted_on: date | None = None


PLAIN: Final = Course()


@dataclass(frozen=True, slots=True)
class Stand:
    """Where an item stands.

    Attributes:
        position: Of the step that it can take tonight; None for none.
        heard: The firmest tone that was used for it in this round.
        is_reminded: Whether a reminder, and not only a notice, was sent for it.
        refusals: Why steps that are reached cannot be taken.
        next_on: When it must be looked at again.
    """

    position: int | None
    heard: Tone | None
    refusals: tuple[Refusal, ...]
    next_on: date
    is_reminded: bool = False


@dataclass(frozen=True, slots=True)
class _Past:
    """What was said of an item.

    Attributes:
        done: The highest position taken; -1 for none.
        shift_days: How much later than planned the last reminder went.
        level: The firmest tone of a reminder, as a level; -1 for none.
        elsewhere: The last reminder of another cadence or by a step that is no more.
        noticed_on: When the last notice of such was given; None without one.
        heard: The firmest tone in all, notices too.
        reminded_on: When the last reminder was given; None without one.
    """

    done: int
    shift_days: int
    level: int
    elsewhere: TakenStep | None
    noticed_on: date | None
    heard: Tone | None
    reminded_on: date | None = None


_NOTHING: Final = _Past(-1, 0, -1, None, None, None)


def stand(item: Item, minor: int, ladder: Ladder, course: Course = PLAIN) -> Stand:
    """Return where an item stands on a ladder tonight.

    Args:
        item: The item, with what it has taken.
        minor: How much of it may be asked for; conditions are about that.
        ladder: Its debtor's.
        course: What delays it, or brings it on.
    """
    cadence, today = ladder.cadence, ladder.today
    dates = reached_on(cadence.offsets, ladder.calendar, item.due_on)
    if course.paused:
        dates = _put_off(dates, item, ladder, course)
    past = _NOTHING
    if item.taken:
        past = _past(item, cadence, dates, is_put_off=bool(course.paused))
    if past is _NOTHING and min(dates) > today:
        # Nothing is reached yet: the commonest case by far.
        return Stand(None, None, (), _ahead(item, ladder, min(dates)))
    if course.lifted_on is not None:
        dates = _lifted(dates, item, ladder, course.lifted_on, past)
    return _climb(item, minor, ladder, past, dates)


def _put_off(
    dates: Sequence[date], item: Item, ladder: Ladder, course: Course
) -> tuple[date, ...]:
    """Return the dates of steps with the paused days taken out, never on a closed day.

    The clock of an item runs from the day after it is due; a notice before that is not
    put off.
    """
    found = []
    for step, on in zip(ladder.cadence.steps, dates, strict=True):
        offset = step.offset
        nominal = on if offset.in_business_days else offset.days_from(item.due_on)
        later = put_off(nominal, course.paused, item.due_on)
        if not step.is_after_due or later == nominal:
            found.append(on)
        else:
            is_ever = later < FAR
            found.append(ladder.calendar.first_from(later) if is_ever else FAR)
    return tuple(found)


def _lifted(
    dates: Sequence[date], item: Item, ladder: Ladder, lifted_on: date, past: _Past
) -> tuple[date, ...]:
    """Return the dates with that of the next reminder brought on, and of no other.

    Only a step of the client's is: what must go before third parties takes its time.
    """
    if past.reminded_on is not None and past.reminded_on >= lifted_on:
        return tuple(dates)
    found = list(dates)
    for place in range(past.done + 1, len(found)):
        step = ladder.cadence.steps[place]
        if step.is_after_due and step.voice is Voice.CLIENT:
            on = ladder.calendar.first_from(max(lifted_on, item.due_on + ONE_DAY))
            found[place] = min(found[place], on)
            break
    return tuple(found)


def _past(
    item: Item, cadence: Cadence, dates: Sequence[date], *, is_put_off: bool
) -> _Past:
    done, shift_days, level = -1, 0, -1
    elsewhere: TakenStep | None = None
    noticed_on: date | None = None
    heard: Tone | None = None
    reminded_on: date | None = None
    for taken in item.taken:
        if taken.round != item.round:
            continue
        if taken.on > item.due_on:
            reminded_on = max(reminded_on or taken.on, taken.on)
        if heard is None or taken.tone.level > heard.level:
            heard = taken.tone
        position = (
            cadence.position(taken.step) if taken.cadence == cadence.name else None
        )
        if position is None:
            # By its date: what a step of another cadence was, its file may not say.
            if taken.on > item.due_on:
                level = max(level, taken.tone.level)
                if elsewhere is None or taken.on > elsewhere.on:
                    elsewhere = taken
            else:
                noticed_on = max(noticed_on or taken.on, taken.on)
            continue
        step = cadence.steps[position]
        if step.is_after_due:
            level = max(level, step.tone.level)
        if position > done:
            done = position
            shift_days = _late_days(
                taken, step, item.due_on, dates[position], is_put_off=is_put_off
            )
    return _Past(done, shift_days, level, elsewhere, noticed_on, heard, reminded_on)


def _late_days(
    taken: TakenStep, step: Step, due_on: date, on: date, *, is_put_off: bool
) -> int:
    """Return by how much a reminder went later than planned; 0 where it was little."""
    if not step.is_after_due or taken.on <= on + timedelta(days=MADE_UP_DAYS):
        return 0
    is_exact = step.offset.in_business_days or is_put_off
    return (taken.on - (on if is_exact else step.offset.days_from(due_on))).days


def _climb(
    item: Item, minor: int, ladder: Ladder, past: _Past, dates: Sequence[date]
) -> Stand:
    meets = _met(item, minor, ladder)
    reached, ahead = _reached(item, ladder, past, dates)
    within = _within(reached, ladder.cadence.steps, past, meets)
    position, refusals = _highest(item, within, ladder)
    is_waiting = position is not None or any(
        one.reason not in _LASTING for one in refusals
    )
    if is_waiting:
        next_on = ladder.calendar.first_from(ladder.today + ONE_DAY)
    else:
        next_on = _ahead(item, ladder, ahead, is_unmet=bool(reached), level=past.level)
    return Stand(position, past.heard, refusals, next_on, is_reminded=past.level >= 0)


def _reached(
    item: Item, ladder: Ladder, past: _Past, dates: Sequence[date]
) -> tuple[list[int], date]:
    """Return the places that are reached and not taken, and when the next one is."""
    today, steps = ladder.today, ladder.cadence.steps
    reached: list[int] = []
    ahead = FAR
    for place in range(past.done + 1, len(steps)):
        step, on = steps[place], dates[place]
        if step.is_after_due and past.shift_days:
            on = ladder.calendar.first_from(on + timedelta(days=past.shift_days))
        if on > today:
            ahead = min(ahead, on)
        elif (step.is_after_due or today <= item.due_on) and not _is_behind(
            step, dates[place], past
        ):
            reached.append(place)
    return reached, ahead


def _highest(
    item: Item, places: Sequence[int], ladder: Ladder
) -> tuple[int | None, tuple[Refusal, ...]]:
    """Return the highest step that nothing stands against, and what stood above it."""
    refusals: list[Refusal] = []
    for place in reversed(places):
        step = ladder.cadence.steps[place]
        refusal = (
            may_press(item, step.tone)
            or ladder.refuse(step)
            or against_step(item, step, ladder.cadence)
        )
        if refusal is None:
            return place, tuple(refusals)
        refusals.append(refusal)
    return None, tuple(refusals)


def _met(item: Item, minor: int, ladder: Ladder) -> tuple[bool, ...]:
    overdue_days = (ladder.today - item.due_on).days
    return tuple(
        is_open
        and (
            step.when is NO_CONDITIONS
            or step.when.met_by_item(item.currency, minor, overdue_days=overdue_days)
        )
        for step, is_open in zip(ladder.cadence.steps, ladder.open_to, strict=True)
    )


def _within(
    reached: Sequence[int], steps: Sequence[Step], past: _Past, meets: Sequence[bool]
) -> list[int]:
    """Return the reached steps whose conditions hold, and that skip no tone.

    The first reminder is the first step after the due date; after that the next tone
    above what was heard is the firmest.
    """
    reminders = [
        place for place, step in enumerate(steps) if step.is_after_due and meets[place]
    ]
    above = (
        steps[place].tone.level
        for place in reminders
        if steps[place].tone.level > past.level
    )
    limit = min(above, default=past.level)
    if past.level < 0:
        reminders = reminders[:1]
    return [
        place
        for place in reached
        if meets[place]
        and (
            not steps[place].is_after_due
            or (place in reminders and steps[place].tone.level <= limit)
        )
    ]


def _is_behind(step: Step, on: date, past: _Past) -> bool:
    """Say whether another cadence has said as much already."""
    if not step.is_after_due:
        return past.noticed_on is not None and on <= past.noticed_on
    if past.elsewhere is None or step.tone.level > past.level:
        return False
    return step.tone.level < past.level or on <= past.elsewhere.on


def _ahead(
    item: Item, ladder: Ladder, ahead: date, *, is_unmet: bool = False, level: int = -1
) -> date:
    """Return when something could come due: by this cadence or by any other.

    Conditions and assignments change without the document changing, so that the dates
    of all cadences count, and what is only not met is looked at again after a while.
    """
    today = ladder.today
    for offsets in ladder.others:
        ahead = min(ahead, _first_after(offsets, ladder.calendar, item.due_on, today))
    is_beyond = today > item.due_on and level < ladder.tone_top
    if is_unmet or is_beyond:
        ahead = min(ahead, today + timedelta(days=RELOOK_DAYS))
    return ahead


@lru_cache(maxsize=200_000)
def _first_after(
    offsets: tuple[Offset, ...], calendar: Calendar, due_on: date, today: date
) -> date:
    dates = reached_on(offsets, calendar, due_on)
    return min((on for on in dates if on > today), default=FAR)
