"""The plan: tonight's decision about a debtor, per currency and sender.

Pure: the same facts, rules and night make the same decisions on any later day. One
message speaks of all items of a currency: it is the highest step that any of them has
reached, each item takes its own, and it is as firm as anything an item in it was told.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final

from ledger.ids import DocumentId
from ledger.money import Currency
from ledger.reminders import Channel, MessageItem, Tone, Voice
from outsourced_ar import gate
from outsourced_ar.assignment import Assigned, Assignment, Subject
from outsourced_ar.cadence import Cadence, Step
from outsourced_ar.chasing import Chase, chase, standing
from outsourced_ar.days import Place
from outsourced_ar.facts import (
    DebtorFacts,
    Decision,
    Item,
    Refusal,
    Silence,
    Speech,
    Tonight,
)
from outsourced_ar.ladder import Ladder, Stand, stand
from outsourced_ar.policy import Policy
from outsourced_ar.reaching import (
    Reached,
    country_of,
    language_for,
    reach,
    reach_by,
    unreached,
)
from outsourced_ar.rule_files import RuleFileError
from outsourced_ar.segments import Placed, Segments

TEMPLATES: Final = {
    Tone.SERVICE: "pre_due_large",
    Tone.FRIENDLY: "pre_due",
    Tone.COURTEOUS: "first",
    Tone.FIRM: "second",
    Tone.SERIOUS: "formal",
}
"""The texts of a tone, where the step that first spoke in it is no more."""


@dataclass(frozen=True, slots=True)
class _Turn:
    """An item, what may be asked for of it, and where it stands."""

    chase: Chase
    stand: Stand

    @property
    def item(self) -> Item:
        return self.chase.item


@dataclass(slots=True)
class _Night:
    """All that the decisions about one debtor are made from."""

    facts: DebtorFacts
    tonight: Tonight
    policy: Policy
    cadences: Mapping[str, Cadence]
    rules: Assignment
    placed: Placed
    place: Place
    said: Counter[Channel] = field(default_factory=Counter)
    """What was decided to be said tonight, in the currencies before."""


def decide(
    tonight: Tonight,
    facts: DebtorFacts,
    cadences: Mapping[str, Cadence],
    rules: Assignment,
    segments: Segments,
    policy: Policy,
) -> tuple[Decision, ...]:
    """Decide about a debtor: for each currency whether to speak, what, or why not.

    A decision for each currency in which something is open; a second one where a step
    is said by two channels, whose items take no step, and one for each further sender.
    All decisions of a currency say the same dates to look again.

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
    night = _Night(
        facts=facts,
        tonight=tonight,
        policy=policy,
        cadences=cadences,
        rules=rules,
        placed=segments.place(facts.behaviour, tonight.home_currency),
        place=gate.where(facts, tonight),
    )
    decisions: list[Decision] = []
    for currency in sorted(items):
        of_currency = sorted(items[currency], key=_by_age)
        decisions += _of_currency(night, currency, of_currency)
    return tuple(decisions)


def _by_age(item: Item) -> tuple[date, str, int, str]:
    return item.due_on, item.number, item.part, str(item.document_id)


def _of_currency(
    night: _Night, currency: Currency, items: Sequence[Item]
) -> list[Decision]:
    assigned = _assign(night, currency, items)
    cadence = night.cadences.get(assigned.cadence)
    if cadence is None:
        raise RuleFileError(
            "The assignment rules",
            [f"{assigned.chosen_by}: there is no cadence {assigned.cadence}"],
        )
    ladder = _ladder(night, currency, cadence)
    stops = standing(
        night.facts.stops, night.tonight.today, night.policy, night.place.calendar
    )
    turns = [
        _Turn(one, stand(one.item, one.minor or one.item.open_minor, ladder))
        for one in chase(night.facts, items, stops, night.policy)
    ]
    next_on = _next_on(turns)
    able, refusals = _able(turns, cadence, night.tonight.today)
    if not able:
        refused = gate.in_order(refusals) or (_nothing_due(turns, cadence),)
        return [_decision(night, currency, None, refused, next_on)]
    spoken: list[Decision] = []
    for sender in _senders(able, cadence):
        part = _Part(night, currency, cadence, assigned, turns, able, sender)
        spoken += _speak(part, next_on, is_first=not any(one.speech for one in spoken))
    return spoken


def _decision(
    night: _Night,
    currency: Currency,
    speech: Speech | None,
    refusals: tuple[Refusal, ...],
    next_on: Mapping[DocumentId, date],
) -> Decision:
    return Decision(
        debtor_id=night.facts.debtor_id,
        currency=currency,
        speech=speech,
        refusals=refusals,
        next_on=next_on,
    )


def _assign(night: _Night, currency: Currency, items: Sequence[Item]) -> Assigned:
    facts = night.facts
    subject = Subject(
        number=facts.number,
        country=country_of(facts),
        segment=night.placed.segment,
        tags=facts.note.tags,
        currency=currency,
        amount_minor=sum(item.open_minor for item in items),
    )
    return night.rules.choose(subject, night.tonight.today)


def _ladder(night: _Night, currency: Currency, cadence: Cadence) -> Ladder:
    facts, tonight = night.facts, night.tonight

    known: dict[str, Refusal | None] = {}

    def refuse(step: Step) -> Refusal | None:
        if step.name not in known:
            known[step.name] = find(step)
        return known[step.name]

    def find(step: Step) -> Refusal | None:
        if step.voice is not Voice.CLIENT:
            return gate.agency_refused()
        reached = reach(step, facts)
        if reached is None:
            return unreached(facts)
        if step.minimum_gap_days > 0:
            days = step.minimum_gap_days
            too_soon = gate.gap(facts, currency, tonight.today, days, None)
            if too_soon is not None:
                return too_soon
        return _limit(night, reached.channel)

    used = [
        other for name in night.rules.cadences if (other := night.cadences.get(name))
    ]
    return Ladder(
        cadence=cadence,
        open_to=tuple(
            step.when.met_by_debtor(night.placed.segment, facts.note.tags)
            for step in cadence.steps
        ),
        others=tuple(one.offsets for one in used if one is not cadence),
        tone_top=max((one.tone_top for one in used), default=-1),
        calendar=night.place.calendar,
        today=tonight.today,
        refuse=refuse,
    )


def _limit(night: _Night, channel: Channel) -> Refusal | None:
    """Refuse a channel that was used often enough, tonight's decisions included."""
    return gate.channel_limit(
        channel,
        night.facts,
        night.tonight,
        night.policy,
        tonight_count=night.said[channel],
    )


def _next_on(turns: Sequence[_Turn]) -> dict[DocumentId, date]:
    next_on: dict[DocumentId, date] = {}
    for turn in turns:
        document = turn.item.document_id
        on = turn.stand.next_on
        next_on[document] = min(on, next_on.get(document, on))
    return next_on


def _able(
    turns: Sequence[_Turn], cadence: Cadence, today: date
) -> tuple[list[_Turn], list[Refusal]]:
    """Return the items that can take a step, and why others that reached one cannot."""
    able: list[_Turn] = []
    refusals: list[Refusal] = []
    for turn in turns:
        refusals += turn.stand.refusals
        if turn.stand.position is None:
            continue
        if turn.chase.refusal is None:
            able.append(turn)
        else:
            refusals.append(turn.chase.refusal)
    # A notice beside running reminders would sound softer than what was said before.
    if any(turn.stand.is_reminded and turn.item.due_on < today for turn in turns) and (
        not any(_step(turn, cadence).is_after_due for turn in able)
    ):
        able = []
    return able, refusals


def _step(turn: _Turn, cadence: Cadence) -> Step:
    assert turn.stand.position is not None
    return cadence.steps[turn.stand.position]


def _nothing_due(turns: Sequence[_Turn], cadence: Cadence) -> Refusal:
    first = min(turn.stand.next_on for turn in turns)
    if any(turn.stand.position is not None for turn in turns):
        said = "only a notice is due, and reminders of other items are under way"
    else:
        said = f"no item has reached a further step of the cadence {cadence.name}"
    return Refusal(Silence.NOTHING_DUE, said, None if first == date.max else first)


def _senders(able: Sequence[_Turn], cadence: Cadence) -> list[tuple[Voice, str]]:
    """Return who would speak, whoever takes the highest step first."""
    top: dict[tuple[Voice, str], int] = {}
    for turn in able:
        step = _step(turn, cadence)
        sender = (step.voice, step.identity)
        top[sender] = max(top.get(sender, -1), turn.stand.position or 0)
    return sorted(top, key=lambda sender: (-top[sender], sender))


@dataclass(frozen=True, slots=True)
class _Part:
    """What one sender would say in one currency."""

    night: _Night
    currency: Currency
    cadence: Cadence
    assigned: Assigned
    turns: Sequence[_Turn]
    able: Sequence[_Turn]
    sender: tuple[Voice, str]

    def top(self) -> Step:
        """Return the highest step that any of the sender's items can take."""
        steps = self.cadence.steps
        return steps[
            max(
                turn.stand.position
                for turn in self.able
                if turn.stand.position is not None
                and (
                    steps[turn.stand.position].voice,
                    steps[turn.stand.position].identity,
                )
                == self.sender
            )
        ]

    def takes(self, turn: _Turn, top: Step) -> str:
        """Return the step an item takes with the message, empty where it does not.

        A call is made for those that are to be called; what others are to get in
        writing they still get.
        """
        if turn.stand.position is None or turn.chase.refusal is not None:
            return ""
        step = self.cadence.steps[turn.stand.position]
        if (step.voice, step.identity) != self.sender:
            return ""
        if top.channel is Channel.CALL and step.channel is not Channel.CALL:
            return ""
        return step.name

    def listed(self, top: Step) -> list[tuple[_Turn, MessageItem]]:
        """Return every overdue item that may be asked for, and those the step takes."""
        today = self.night.tonight.today
        said = []
        for turn in self.turns:
            taken = self.takes(turn, top)
            is_asked_for = turn.chase.refusal is None and turn.chase.minor > 0
            if taken or (is_asked_for and turn.item.due_on < today):
                said.append((turn, _said(turn, taken)))
        return said


def _said(turn: _Turn, step: str) -> MessageItem:
    item = turn.item
    return MessageItem(
        document_id=item.document_id,
        part=item.part,
        number=item.number,
        issued_on=item.issued_on,
        due_on=item.due_on,
        total_minor=item.total_minor,
        open_minor=turn.chase.minor,
        step=step,
        round=item.round,
    )


def _speak(
    part: _Part, next_on: Mapping[DocumentId, date], *, is_first: bool
) -> list[Decision]:
    """Ask the gate about what a sender would say; say it, or why it is not said."""
    night, facts = part.night, part.night.facts
    speech = _speech(part)
    gap_days = max(night.policy.minimum_gap_days, part.cadence.minimum_gap_days)
    refused = gate.ask(
        _wish(speech, gap_days, night.tonight.today),
        facts,
        night.tonight,
        night.policy,
        gate.Moment.PLAN,
    )
    if not is_first:
        said = "another sender speaks to it tonight"
        refused = gate.in_order([*refused, Refusal(Silence.GAP, said)])
    if refused:
        return [_decision(night, part.currency, None, refused, next_on)]
    night.said[speech.channel] += 1
    decided = [_decision(night, part.currency, speech, (), next_on)]
    copy = _copy(part, speech)
    if copy is not None:
        night.said[copy.channel] += 1
        decided.append(_decision(night, part.currency, copy, (), next_on))
    return decided


def _speech(part: _Part) -> Speech:
    night, facts = part.night, part.night.facts
    top = part.top()
    reached = reach(top, facts) or Reached(top.channel, None)
    listed = part.listed(top)
    tone, template = _tone(part, top, [turn for turn, _ in listed])
    spoken = language_for(
        reached.contact, facts, night.tonight, night.policy, top.voice
    )
    items = tuple(item for _, item in listed)
    return Speech(
        debtor_id=facts.debtor_id,
        currency=part.currency,
        voice=top.voice,
        identity=top.identity,
        channel=reached.channel,
        cadence=part.cadence.name,
        cadence_version=part.cadence.version,
        step=top.name,
        tone=tone,
        template=template,
        language=spoken.language or "",
        contact=reached.contact,
        items=items,
        total_minor=sum(item.open_minor for item in items),
        credits_minor=facts.credits.get(part.currency, 0),
        chosen_by=part.assigned.chosen_by,
        segment=night.placed.segment,
        segment_because=night.placed.because,
        fallback_from=spoken.fallback_from,
    )


def _tone(part: _Part, top: Step, turns: Sequence[_Turn]) -> tuple[Tone, str]:
    """Return the tone and the texts: the step's, or firmer ones heard before."""
    tone, template = top.tone, top.template
    if top.channel is Channel.CALL:
        template_of: Mapping[Tone, str] = {}
    else:
        written = [one for one in part.cadence.steps if one.channel is not Channel.CALL]
        template_of = {one.tone: one.template for one in reversed(written)}
    for turn in turns:
        heard = turn.stand.heard
        if heard is not None and heard.level > tone.level:
            tone = heard
            if top.channel is not Channel.CALL:
                template = template_of.get(heard) or TEMPLATES[heard]
    return tone, template


def _wish(speech: Speech, gap_days: int, today: date) -> gate.Wish:
    return gate.Wish(
        currency=speech.currency,
        voice=speech.voice,
        identity=speech.identity,
        channel=speech.channel,
        tone=speech.tone,
        language=speech.language or None,
        contact=speech.contact,
        items=speech.items,
        credits_minor=speech.credits_minor,
        gap_days=gap_days,
        decided_on=today,
    )


def _copy(part: _Part, speech: Speech) -> Speech | None:
    """Return the same by a second channel, where the step asks for one and it reaches.

    Its items take no step, for they take it with the first.
    """
    night, top = part.night, part.top()
    if top.copy is None or speech.channel is not top.channel:
        return None
    reached = reach_by(top.copy, night.facts)
    if reached is None or _limit(night, top.copy) is not None:
        return None
    spoken = language_for(
        reached.contact, night.facts, night.tonight, night.policy, top.voice
    )
    if spoken.language != speech.language:
        return None
    return replace(
        speech,
        channel=reached.channel,
        contact=reached.contact,
        items=tuple(replace(item, step="") for item in speech.items),
    )
