"""Who is spoken to, by which channel and in which language."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final

from ledger.reminders import Channel, Contact, Voice
from outsourced_ar.known.days import main_language
from outsourced_ar.known.facts import DebtorFacts, Refusal, Silence, Tonight
from outsourced_ar.rules.cadence import Step
from outsourced_ar.rules.policy import Policy

_SAME: Final = {"no": "nb"}
"""Codes that books use for a language that has another one here."""


@dataclass(frozen=True, slots=True)
class Reached:
    """A channel that reaches somebody; a letter goes to the debtor's address."""

    channel: Channel
    contact: Contact | None


@dataclass(frozen=True, slots=True)
class Spoken:
    """The language to speak; None where none is known.

    Attributes:
        fallback_from: The one it would have been; empty where it is that one.
    """

    language: str | None
    fallback_from: str = ""


def reach(step: Step, facts: DebtorFacts) -> Reached | None:
    """Return how a step reaches a debtor: by its channel, else the first fallback.

    A step that is a call always does, for a person finds the number; as a fallback a
    call needs one.
    """
    if step.channel is Channel.CALL:
        return Reached(Channel.CALL, _to_call(facts) or _anyone(facts))
    for channel in (step.channel, *step.fallback):
        found = reach_by(channel, facts)
        if found is not None:
            return found
    return None


def reach_by(channel: Channel, facts: DebtorFacts) -> Reached | None:
    """Return whom a channel reaches: the contact of the lowest rank that it can.

    Somebody who is away is written to only where nobody else is there.
    """
    match channel:
        case Channel.EMAIL:
            able = [one for one in _ranked(facts) if one.is_reachable]
            mailed = next((one for one in able if not back_on(one, facts)), None)
            mailed = mailed or next(iter(able), None)
            return Reached(channel, mailed) if mailed else None
        case Channel.LETTER:
            return Reached(channel, _anyone(facts)) if facts.note.address else None
        case Channel.CALL:
            called = _to_call(facts)
            return Reached(channel, called) if called else None


def back_on(contact: Contact, facts: DebtorFacts) -> date | None:
    """Return the day on which a contact who is away is back; None where it is not."""
    return facts.away.get(contact.email.lower()) if contact.email else None


def away(contact: Contact | None, facts: DebtorFacts) -> Iterator[Refusal]:
    """Refuse to write to somebody who is away, until the day of return."""
    until = back_on(contact, facts) if contact is not None else None
    if contact is not None and until is not None:
        yield Refusal(
            Silence.AWAY,
            f"{contact.name or contact.email} is away until {until}, and nobody else "
            "can be written to",
            until,
        )


def unreached(facts: DebtorFacts) -> Refusal:
    """Return why nobody is reached."""
    bounced = [one for one in _ranked(facts) if one.bounced_on is not None]
    if bounced:
        last = max(one.bounced_on for one in bounced if one.bounced_on)
        return Refusal(
            Silence.BOUNCED,
            f"mail to {len(bounced)} of {len(facts.contacts)} contacts came back, last "
            f"on {last}, and nobody else can be reached",
        )
    return Refusal(
        Silence.NO_CONTACT,
        "there is no contact with a good e-mail address and no other way to reach one",
    )


def language_for(
    contact: Contact | None,
    facts: DebtorFacts,
    tonight: Tonight,
    policy: Policy,
    voice: Voice,
) -> Spoken:
    """Return the language to speak: the contact's, the debtor's, or its country's.

    Where there are no whole texts in it, the language the client named for the country
    is spoken; nothing else ever takes its place.
    """
    country = country_of(facts)
    if country is None and policy.assume_home_language:
        country = tonight.country
    wished = (
        _code(contact.language if contact else None)
        or _code(facts.note.language)
        or _code(facts.language)
        or (main_language(country) if country else None)
    )
    known = tonight.languages.get(voice, frozenset())
    if wished in known:
        return Spoken(wished)
    fallbacks = tonight.mandate.fallbacks if tonight.mandate else {}
    named = _code(fallbacks.get(country or ""))
    if named in known:
        return Spoken(named, wished or "unknown")
    return Spoken(wished)


def country_of(facts: DebtorFacts) -> str | None:
    """Return the debtor's country: its region's, else the books' one."""
    region = (facts.note.region or "").partition("-")[0]
    return (region or facts.country or "").upper() or None


def _code(said: str | None) -> str | None:
    """Return the language of a tag such as `de`, `de-AT` or `DE_at`."""
    code = (said or "").replace("_", "-").partition("-")[0].strip().lower()
    return _SAME.get(code, code) or None


def _ranked(facts: DebtorFacts) -> list[Contact]:
    if len(facts.contacts) < 2:  # noqa: PLR2004 - one needs no order
        return list(facts.contacts)
    return sorted(
        facts.contacts, key=lambda one: (one.rank, one.id or 0, one.email or "")
    )


def _to_call(facts: DebtorFacts) -> Contact | None:
    able = (one for one in _ranked(facts) if one.phone and not one.is_wrong)
    return next(able, None)


def _anyone(facts: DebtorFacts) -> Contact | None:
    return next((one for one in _ranked(facts) if not one.is_wrong), None)
