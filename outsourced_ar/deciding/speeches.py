"""What a sender would say of a debtor's items tonight, and whether the gate lets it.

A message speaks of one side of the due date only: of what is overdue, of what is due
today, or of what will be. So what its text says is true of every item that takes a step
with it.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from ledger.money import Currency
from ledger.reminders import Channel, MessageItem, Tone, Voice
from outsourced_ar.deciding import final_demands, gate
from outsourced_ar.deciding.chasing import Chase
from outsourced_ar.deciding.ladder import Stand
from outsourced_ar.deciding.pacing import channel_limit
from outsourced_ar.deciding.reaching import (
    Reached,
    country_of,
    language_for,
    reach,
    reach_by,
)
from outsourced_ar.deciding.wishes import Wish, wish_to_say
from outsourced_ar.known import late_figures
from outsourced_ar.known.days import Place
from outsourced_ar.known.facts import DebtorFacts, Item, Refusal, Speech, Tonight
from outsourced_ar.law import prerequisites
from outsourced_ar.rules.assignment import Assigned
from outsourced_ar.rules.cadence import Cadence, Step
from outsourced_ar.rules.policy import Policy
from outsourced_ar.rules.segments import Placed
from outsourced_ar.rules.variants import variant_of

TEMPLATES: Final = {
    Tone.SERVICE: "pre_due_large",
    Tone.FRIENDLY: "pre_due",
    Tone.COURTEOUS: "first",
    Tone.FIRM: "second",
    Tone.SERIOUS: "formal",
}
"""The texts of a tone, where the step that first spoke in it is no more."""


@dataclass(slots=True, kw_only=True)
class About:
    """The debtor that is decided about, and all that is the same for its currencies.

    Attributes:
        placed: Its segment.
        place: Where it is.
        said: What was decided to be said tonight, in the currencies before.
    """

    facts: DebtorFacts
    tonight: Tonight
    policy: Policy
    placed: Placed
    place: Place
    said: Counter[Channel] = field(default_factory=Counter)

    def limit(self, channel: Channel) -> Refusal | None:
        """Refuse a channel that was used often enough, tonight's decisions included."""
        return channel_limit(
            channel,
            self.facts,
            self.tonight.today,
            self.policy,
            tonight_count=self.said[channel],
        )


@dataclass(frozen=True, slots=True)
class Turn:
    """An item, what may be asked for of it, and where it stands."""

    chase: Chase
    stand: Stand

    @property
    def item(self) -> Item:
        """The item."""
        return self.chase.item


@dataclass(frozen=True, slots=True, order=True)
class Theme:
    """Who would speak, and of which side of the due date."""

    phase: int
    voice: Voice
    identity: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """The items of a currency, and the cadence by which they are spoken of.

    Attributes:
        able: Those of the turns that can take a step.
        heard: The firmest tone in which an item was spoken of that is open still.
    """

    about: About
    currency: Currency
    cadence: Cadence
    assigned: Assigned
    turns: Sequence[Turn]
    able: Sequence[Turn]
    heard: Tone | None = None

    def step(self, turn: Turn) -> Step:
        """Return the step that an item can take."""
        assert turn.stand.position is not None
        return self.cadence.steps[turn.stand.position]

    def theme(self, turn: Turn) -> Theme:
        """Return with which message an item can take its step."""
        step = self.step(turn)
        return Theme(step.phase, step.voice, step.identity)

    def themes(self) -> list[Theme]:
        """Return what could be spoken of: reminders first, the highest step first."""
        top: dict[Theme, int] = {}
        for turn in self.able:
            theme = self.theme(turn)
            top[theme] = max(top.get(theme, -1), turn.stand.position or 0)
        return sorted(top, key=lambda theme: (-theme.phase, -top[theme], theme))


def speak(part: Part, theme: Theme) -> tuple[list[Speech], tuple[Refusal, ...]]:
    """Return what is said of a theme, by each channel, or why it is not."""
    about = part.about
    top = _top(part, theme)
    speech = _speech(part, theme, top)
    refused = gate.ask(
        _wish(part, speech), about.facts, about.tonight, about.policy, gate.Moment.PLAN
    )
    if refused:
        return [], refused
    about.said[speech.channel] += 1
    copy = _copy(part, top, speech)
    if copy is None:
        return [speech], ()
    about.said[copy.channel] += 1
    return [speech, copy], ()


def _top(part: Part, theme: Theme) -> Step:
    """Return the highest step that any of a theme's items can take."""
    places = (
        turn.stand.position or 0 for turn in part.able if part.theme(turn) == theme
    )
    return part.cadence.steps[max(places)]


def _takes(part: Part, turn: Turn, theme: Theme, top: Step) -> str:
    """Return the step an item takes with the message, empty where it does not.

    A call is made for those that are to be called; what others are to get in writing
    they still get.
    """
    if turn.stand.position is None or turn.chase.refusal is not None:
        return ""
    step = part.step(turn)
    if part.theme(turn) != theme:
        return ""
    if top.channel is Channel.CALL and step.channel is not Channel.CALL:
        return ""
    return step.name


def _listed(part: Part, theme: Theme, top: Step) -> list[tuple[Turn, MessageItem]]:
    """Return every overdue item that may be asked for, and those the step takes."""
    today = part.about.tonight.today
    said = []
    for turn in part.turns:
        taken = _takes(part, turn, theme, top)
        # The agency demands what takes the step and nothing else; the client's name
        # lists nothing that the agency has demanded.
        is_asked_for = (
            theme.voice is Voice.CLIENT
            and not turn.item.is_agencys
            and turn.chase.refusal is None
            and turn.chase.minor > 0
        )
        if taken or (is_asked_for and turn.item.due_on < today):
            said.append((turn, turn.item.said(taken, open_minor=turn.chase.minor)))
    return said


def _speech(part: Part, theme: Theme, top: Step) -> Speech:
    about, facts = part.about, part.about.facts
    reached = reach(top, facts) or Reached(top.channel, None)
    listed = _listed(part, theme, top)
    tone, template = _tone(part, top)
    spoken = language_for(
        reached.contact, facts, about.tonight, about.policy, top.voice
    )
    items = tuple(item for _, item in listed)
    law = prerequisites.of_country(country_of(facts), about.tonight.today)
    demand, rule = None, law.rule
    if top.voice is Voice.AGENCY:
        demand, rule = final_demands.demand(
            facts,
            about.tonight.escalation,
            about.place.calendar,
            on=about.tonight.today,
        )
        figures = [(turn.item.late, said.open_minor) for turn, said in listed]
        demand, rule = late_figures.added(demand, rule, figures, part.currency)
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
        # A text that is firmer than the step's own is none of its variants.
        variant=variant_of(facts.debtor_id, part.cadence, top)
        if template == top.template
        else "",
        language=spoken.language or "",
        contact=reached.contact,
        items=items,
        total_minor=sum(item.open_minor for item in items),
        credits_minor=facts.credits.get(part.currency, 0),
        chosen_by=part.assigned.chosen_by,
        segment=about.placed.segment,
        segment_because=about.placed.because,
        fallback_from=spoken.fallback_from,
        demand=demand,
        rule=rule,
    )


def written_tones(cadence: Cadence, phase: int) -> dict[Tone, str]:
    """Return the texts by tone that a cadence has for one side of the due date."""
    return {
        one.tone: one.template
        for one in reversed(cadence.steps)
        if one.channel is not Channel.CALL
        and one.phase == phase
        and one.voice is Voice.CLIENT
    }


def _tone(part: Part, top: Step) -> tuple[Tone, str]:
    """Return the tone and the text: the step's, or of what was heard if firmer.

    It is held for the debtor and currency: while an item is open of which anything
    firmer was said, nothing sounds softer, whichever items it is about.
    """
    heard = part.heard if top.voice is Voice.CLIENT else None
    if heard is None or heard.level <= top.tone.level:
        return top.tone, top.template
    if top.channel is Channel.CALL:
        return heard, top.template
    return heard, written_tones(part.cadence, top.phase).get(heard) or TEMPLATES[heard]


def _wish(part: Part, speech: Speech) -> Wish:
    about = part.about
    gap_days = max(about.policy.minimum_gap_days, part.cadence.minimum_gap_days)
    return wish_to_say(speech, gap_days=gap_days, on=about.tonight.today)


def _copy(part: Part, top: Step, speech: Speech) -> Speech | None:
    """Return the same by a second channel, where the step asks for one and it reaches.

    Its items take no step, for they take it with the first.
    """
    about = part.about
    if top.copy is None or speech.channel is not top.channel:
        return None
    reached = reach_by(top.copy, about.facts)
    if reached is None or about.limit(top.copy) is not None:
        return None
    spoken = language_for(
        reached.contact, about.facts, about.tonight, about.policy, top.voice
    )
    if spoken.language != speech.language:
        return None
    return replace(
        speech,
        channel=reached.channel,
        contact=reached.contact,
        items=tuple(replace(item, step="") for item in speech.items),
    )
