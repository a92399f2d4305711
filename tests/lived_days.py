"""Days of one debtor, lived through in a test: what is decided counts from then on."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from ledger.ids import DocumentId
from ledger.reminders import firmer
from outsourced_ar.known.facts import DebtorFacts, Item, Speech, Spoken, TakenStep
from tests.debtors import a_night, planned


@dataclass(frozen=True, slots=True)
class Said:
    """What was said on a day."""

    on: date
    speech: Speech


def live(
    facts: DebtorFacts,
    days: list[date],
    *,
    is_delivered: Callable[[Said], bool] = lambda _: True,
    by_agenda: bool = False,
    held: Mapping[date, int] | None = None,
    paid: Mapping[DocumentId, date] | None = None,
    night: Mapping[str, Any] | None = None,
    **rules: Any,  # noqa: ANN401
) -> tuple[list[Said], DebtorFacts]:
    """Decide on each day, and let what is said and delivered count from then on.

    Args:
        facts: On the first day.
        days: Those on which it is decided.
        is_delivered: Whether a message counts.
        by_agenda: Whether days on which no document was to be looked at are left out.
        held: By the day it was decided, how many days later a message goes.
        paid: By document, from which day on nothing is open of it.
        night: What is otherwise than on a plain night.
        rules: As for `planned`.

    Returns:
        What was said, delivered or not, and the facts after the last day.
    """
    said: list[Said] = []
    next_on: dict[DocumentId, date] = {}
    for day in days:
        facts = _gone(_settled(facts, day, paid or {}), day, held or {})
        if by_agenda and all(
            next_on.get(item.document_id, day) > day for item in facts.items
        ):
            continue
        for decision in planned(a_night(day, **(night or {})), facts, **rules):
            next_on.update(decision.next_on)
            if decision.speech is None:
                continue
            one = Said(day, decision.speech)
            said.append(one)
            if is_delivered(one):
                facts = _after(facts, one)
    return said, facts


def each_day(first: date, count: int) -> list[date]:
    """Return so many days in a row."""
    return [first + timedelta(days=n) for n in range(count)]


def _gone(facts: DebtorFacts, day: date, held: Mapping[date, int]) -> DebtorFacts:
    """Return facts in which what was held counts as gone, once it has."""

    def gone(one: Spoken) -> Spoken:
        went_on = one.on + timedelta(days=held.get(one.on, 0))
        return replace(one, went_on=went_on) if one.on < went_on <= day else one

    return replace(facts, spoken=tuple(map(gone, facts.spoken))) if held else facts


def _settled(
    facts: DebtorFacts, day: date, paid: Mapping[DocumentId, date]
) -> DebtorFacts:
    if not paid:
        return facts
    return replace(
        facts,
        items=tuple(
            replace(item, open_minor=0)
            if paid.get(item.document_id, date.max) <= day
            else item
            for item in facts.items
        ),
    )


def _after(facts: DebtorFacts, said: Said) -> DebtorFacts:
    speech = said.speech
    steps = {(one.document_id, one.part): one.step for one in speech.items}
    return replace(
        facts,
        items=tuple(_taken(item, steps, said) for item in facts.items),
        spoken=(
            *facts.spoken,
            Spoken(
                on=said.on,
                voice=speech.voice,
                channel=speech.channel,
                currency=speech.currency,
                tone=speech.tone,
            ),
        ),
    )


def _taken(item: Item, steps: Mapping[tuple[DocumentId, int], str], said: Said) -> Item:
    step = steps.get((item.document_id, item.part))
    if step is None:
        return item
    if not step:
        return replace(item, listed=firmer(item.listed, said.speech.tone))
    taken = TakenStep(
        cadence=said.speech.cadence,
        step=step,
        tone=said.speech.tone,
        channel=said.speech.channel,
        on=said.on,
        round=item.round,
    )
    return replace(item, taken=(*item.taken, taken))
