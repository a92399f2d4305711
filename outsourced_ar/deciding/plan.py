"""The plan: tonight's decisions about a debtor.

Pure: the same facts, rules and night make the same decisions on any later day. One
message speaks of a currency's items: it is the highest step that any of them has
reached, each item takes its own, and it is as firm as anything an item in it was told.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Final

from ledger.calendar import ONE_DAY
from ledger.ids import DocumentId
from ledger.money import Currency
from ledger.reminders import Tone, Voice, firmer
from outsourced_ar.deciding import final_demands, gate
from outsourced_ar.deciding.chasing import Chase, broken_on, chase, paused, standing
from outsourced_ar.deciding.gate import may_press
from outsourced_ar.deciding.ladder import FAR, Course, Ladder, Stand, stand
from outsourced_ar.deciding.pacing import gap
from outsourced_ar.deciding.reaching import country_of, reach, unreached
from outsourced_ar.deciding.speeches import About, Part, Turn, speak, written_tones
from outsourced_ar.known.facts import (
    DebtorFacts,
    Decision,
    Item,
    Refusal,
    Silence,
    Tonight,
)
from outsourced_ar.rule_files import RuleFileError
from outsourced_ar.rules.assignment import Assigned, Assignment, Subject
from outsourced_ar.rules.cadence import Cadence, Step
from outsourced_ar.rules.policy import Policy
from outsourced_ar.rules.segments import Segments

BROKEN_MAX: Final = 2
"""So many broken promises over an item bring its next step on, and each one after."""


def decide(
    tonight: Tonight,
    facts: DebtorFacts,
    cadences: Mapping[str, Cadence],
    rules: Assignment,
    segments: Segments,
    policy: Policy,
) -> tuple[Decision, ...]:
    """Decide about a debtor: for each currency whether to speak, what, or why not.

    One decision for each currency in which something is open; a second where a step is
    said by two channels, whose items then take no step. Both say the same dates to
    look again.

    Args:
        tonight: What is the same for every debtor.
        facts: What is known of this one.
        cadences: By name; every one that a rule may choose.
        rules: Which of them a debtor gets.
        segments: How its payments place it.
        policy: As it stands tonight: `policies.on(tonight.today)`.

    Raises:
        RuleFileError: A rule chose a cadence that is not given.
    """
    items: dict[Currency, list[Item]] = {}
    for item in facts.items:
        if item.open_minor > 0:
            items.setdefault(item.currency, []).append(item)
    if not items:
        return ()
    about = About(
        facts=facts,
        tonight=tonight,
        policy=policy,
        placed=segments.place(facts.behaviour, tonight.home_currency),
        place=gate.where(facts, tonight),
    )
    decisions: list[Decision] = []
    for currency in sorted(items):
        part = _part(
            about, currency, sorted(items[currency], key=_by_age), cadences, rules
        )
        decisions += _decided(part)
    return tuple(decisions)


def _by_age(item: Item) -> tuple[date, str, int, str]:
    return item.due_on, item.number, item.part, str(item.document_id)


def _decided(part: Part) -> list[Decision]:
    """Speak of the first theme that the gate lets pass, or say why of none."""
    facts = part.about.facts
    next_on = _next_on(part.turns)
    refusals: list[Refusal] = []
    for theme in part.themes():
        speeches, refused = speak(part, theme)
        if speeches:
            return [
                Decision(
                    debtor_id=facts.debtor_id,
                    currency=part.currency,
                    speech=speech,
                    next_on=next_on,
                )
                for speech in speeches
            ]
        refusals += refused
    for turn in part.turns:
        refusals += turn.stand.refusals
        if turn.stand.position is not None and turn.chase.refusal is not None:
            refusals.append(turn.chase.refusal)
    return [
        Decision(
            debtor_id=facts.debtor_id,
            currency=part.currency,
            speech=None,
            refusals=gate.in_order(refusals) or (_nothing_due(part),),
            next_on=next_on,
        )
    ]


def _part(
    about: About,
    currency: Currency,
    items: Sequence[Item],
    cadences: Mapping[str, Cadence],
    rules: Assignment,
) -> Part:
    assigned = _assign(about, currency, items, rules)
    cadence = cadences.get(assigned.cadence)
    if cadence is None:
        raise RuleFileError(
            "The assignment rules",
            [f"{assigned.chosen_by}: there is no cadence {assigned.cadence}"],
        )
    used = [cadences[name] for name in rules.cadences if name in cadences]
    ladder = _ladder(about, currency, cadence, used)
    today, calendar = about.tonight.today, about.place.calendar
    stops = standing(about.facts.stops, today, about.policy, calendar)
    heard = _heard(items)
    turns = [
        _held(Turn(one, _stand(one, ladder, about)), heard)
        for one in chase(about.facts, items, stops, about.policy)
    ]
    return Part(
        about=about,
        currency=currency,
        cadence=cadence,
        assigned=assigned,
        turns=turns,
        able=_able(turns, cadence, today, heard),
        heard=heard,
    )


def _stand(one: Chase, ladder: Ladder, about: About) -> Stand:
    """Return where an item stands, with what delays it or brings it on."""
    facts, minor = about.facts, one.minor or one.item.open_minor
    if not facts.stops and not facts.ended:
        return stand(one.item, minor, ladder)
    broken = broken_on(facts, one.item)
    course = Course(
        paused=paused(
            facts, one.item, ladder.today, about.policy, about.place.calendar
        ),
        lifted_on=broken[-1] + ONE_DAY if len(broken) >= BROKEN_MAX else None,
    )
    return stand(one.item, minor, ladder, course)


def _heard(items: Sequence[Item]) -> Tone | None:
    heard: Tone | None = None
    for item in items:
        if (item.taken or item.listed) and not item.is_agencys:
            heard = firmer(heard, item.heard)
    return heard


def _held(turn: Turn, heard: Tone | None) -> Turn:
    """Let an item take no step that would have to sound firmer than it may."""
    refusal = None if heard is None else may_press(turn.item, heard)
    if refusal is None or turn.stand.position is None:
        return turn
    refusals = (*turn.stand.refusals, refusal)
    return replace(turn, stand=replace(turn.stand, position=None, refusals=refusals))


def _assign(
    about: About, currency: Currency, items: Sequence[Item], rules: Assignment
) -> Assigned:
    facts = about.facts
    subject = Subject(
        number=facts.number,
        country=country_of(facts),
        segment=about.placed.segment,
        tags=facts.note.tags,
        currency=currency,
        amount_minor=sum(item.open_minor for item in items),
    )
    return rules.choose(subject, about.tonight.today)


def _ladder(
    about: About, currency: Currency, cadence: Cadence, used: Sequence[Cadence]
) -> Ladder:
    known: dict[str, Refusal | None] = {}

    def refuse(step: Step) -> Refusal | None:
        if step.name not in known:
            known[step.name] = _against(step, about, currency)
        return known[step.name]

    return Ladder(
        cadence=cadence,
        open_to=tuple(
            step.when.met_by_debtor(about.placed.segment, about.facts.note.tags)
            for step in cadence.steps
        ),
        others=tuple(one.offsets for one in used if one is not cadence),
        tone_top=max((one.tone_top for one in used), default=-1),
        calendar=about.place.calendar,
        today=about.tonight.today,
        refuse=refuse,
    )


def _against(step: Step, about: About, currency: Currency) -> Refusal | None:
    """Return what stands against a step for this debtor, whatever the item."""
    if step.voice is not Voice.CLIENT:
        against = final_demands.against(
            about.facts, about.tonight.escalation, step.identity
        )
        refusal = next(against, None)
        if refusal is not None:
            return refusal
    reached = reach(step, about.facts)
    if reached is None:
        return unreached(about.facts)
    too_soon = gap(
        about.facts, currency, about.tonight.today, step.minimum_gap_days, None
    )
    return too_soon or about.limit(reached.channel)


def _able(
    turns: Sequence[Turn], cadence: Cadence, today: date, heard: Tone | None
) -> list[Turn]:
    """Return the items that can take a step.

    A notice of what will be due is not given beside running reminders, nor where it has
    no text as firm as what was heard: it would sound softer than what was said before.
    """
    is_reminded = any(
        turn.stand.is_reminded and turn.item.due_on < today for turn in turns
    )
    return [
        turn
        for turn in turns
        if (place := turn.stand.position) is not None
        and turn.chase.refusal is None
        and (
            (step := cadence.steps[place]).is_after_due
            or (not is_reminded and _may_notice(step, cadence, heard))
        )
    ]


def _may_notice(step: Step, cadence: Cadence, heard: Tone | None) -> bool:
    if heard is None or heard.level <= step.tone.level:
        return True
    if heard in written_tones(cadence, step.phase):
        return True
    return step.offset.is_before and heard.level <= Tone.FRIENDLY.level


def _next_on(turns: Sequence[Turn]) -> dict[DocumentId, date]:
    next_on: dict[DocumentId, date] = {}
    for turn in turns:
        document = turn.item.document_id
        on = turn.stand.next_on
        next_on[document] = min(on, next_on.get(document, on))
    return next_on


def _nothing_due(part: Part) -> Refusal:
    first = min(turn.stand.next_on for turn in part.turns)
    if any(turn.stand.position is not None for turn in part.turns):
        said = "only a notice is due, and reminders of other items are under way"
    else:
        said = f"no item has reached a further step of the cadence {part.cadence.name}"
    return Refusal(Silence.NOTHING_DUE, said, None if first == FAR else first)
