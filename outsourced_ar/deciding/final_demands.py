"""The final demand: the last word before placement, in the agency's own name.

It is said only where the client contracted it, to a debtor that is known to be a
business, of items whose formal notice in the client's name was really delivered. It
names a day certain; from it on nothing is said of those items in the client's name.
"""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Final

from ledger.reminders import Channel, Person, Voice
from outsourced_ar.deciding.reaching import country_of
from outsourced_ar.known.businesses import legal_form
from outsourced_ar.known.days import Calendar
from outsourced_ar.known.demand import Demand
from outsourced_ar.known.escalation import Escalation
from outsourced_ar.known.facts import DebtorFacts, Item, Refusal, Silence
from outsourced_ar.law import prerequisites
from outsourced_ar.law.prerequisites import Prerequisites
from outsourced_ar.rules.cadence import Cadence, Step

TEMPLATE: Final = "final_demand"


def against(
    facts: DebtorFacts, escalation: Escalation, identity: str
) -> Iterator[Refusal]:
    """Yield what keeps the agency from speaking to a debtor, whatever the item."""
    if not escalation.is_contracted:
        said = "the client contracted reminders only; no agency may speak"
        yield Refusal(Silence.NOT_CONTRACTED, said)
        return
    if identity not in escalation.identities:
        said = f"there is no identity {identity!r} of an agency to speak in"
        yield Refusal(Silence.NOT_CONTRACTED, said)
    if not is_known_business(facts):
        yield Refusal(
            Silence.NOT_KNOWN_A_BUSINESS,
            "no tax number, no legal form in its name and no person's word says that "
            "it is a business; a client's declaration is not enough for an agency",
        )


def is_known_business(facts: DebtorFacts) -> bool:
    """Say whether a marker of its own says that a debtor is a business."""
    if facts.note.person is not Person.UNKNOWN:
        return facts.note.person is Person.NO
    return bool(facts.tax_id) or legal_form(facts.name, country_of(facts)) is not None


def against_step(item: Item, step: Step, cadence: Cadence) -> Refusal | None:
    """Return what of an item's own past keeps a step from being taken.

    In the client's name nothing is said of an item any more once the agency has spoken.
    The agency speaks only where the last pressing notice before was delivered.
    """
    if step.voice is Voice.CLIENT:
        return of_demanded(item)
    if item.late is not None and item.late.blocked:
        said = f"interest is demanded of {item.number}, and {item.late.blocked}"
        return Refusal(Silence.RATE_MISSING, said)
    before = _notice_before(step, cadence)
    if before is None:
        said = f"nothing firm is said in the client's name before step {step.name}"
        return Refusal(Silence.NOT_PREPARED, said)
    for taken in item.taken:
        if (
            taken.round == item.round
            and taken.voice is Voice.CLIENT
            and taken.is_sent
            and taken.tone.level >= before.tone.level
        ):
            return None
    said = f"{before.title!r} was not delivered for {item.number}"
    return Refusal(Silence.NOT_PREPARED, said)


def of_demanded(item: Item) -> Refusal | None:
    """Refuse to speak of an item in the client's name after a final demand."""
    if item.demanded_on is None:
        return None
    said = f"the agency demanded {item.number} on {item.demanded_on}"
    return Refusal(Silence.DEMANDED, said)


def demand(
    facts: DebtorFacts, escalation: Escalation, calendar: Calendar, *, on: date
) -> tuple[Demand, str]:
    """Return what is demanded on a day, and by which country's rule.

    Args:
        facts: The debtor's.
        escalation: What the client contracted.
        calendar: The debtor's business days.
        on: The day it goes.
    """
    law = prerequisites.of_country(country_of(facts), on)
    days = max(law.demand_days, escalation.demand_days)
    return (
        Demand(
            pay_by=calendar.first_from(on + timedelta(days=days)),
            pay_to=escalation.pay_to,
            legal_paragraphs=law.paragraphs,
        ),
        law.rule,
    )


def too_late(
    facts: DebtorFacts, *, certain_on: date, today: date, channel: Channel
) -> Refusal | None:
    """Refuse to send a demand whose day has come nearer than the law lets it be."""
    law: Prerequisites = prerequisites.of_country(country_of(facts), today)
    first_on = today + timedelta(days=max(law.demand_days, 1))
    if certain_on >= first_on:
        return None
    said = (
        f"it asks to pay by {certain_on}; sent by {channel} today it must give until "
        f"{first_on} ({law.rule})"
    )
    return Refusal(Silence.CHANGED, said)


def _notice_before(step: Step, cadence: Cadence) -> Step | None:
    """Return the last written step before one that presses in the client's name."""
    place = cadence.position(step.name)
    earlier: Sequence[Step] = cadence.steps[:place]
    for one in reversed(earlier):
        if (
            one.voice is Voice.CLIENT
            and one.channel is not Channel.CALL
            and one.is_after_due
            and one.escalates
        ):
            return one
    return None
