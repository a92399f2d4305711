"""What somebody wants to say: what the gate is asked about."""

from dataclasses import dataclass
from datetime import date

from ledger.money import Currency
from ledger.reminders import Channel, Contact, Message, MessageItem, Tone, Voice
from outsourced_ar.known.facts import DebtorFacts, Speech


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody wants to say.

    Attributes:
        language: None where none is known.
        gap_days: How long the debtor must not have been spoken to in the currency.
        decided_on: The business day it was decided for; what was said on it is this.
        certain_on: The day a final demand names.
        is_statement: Whether it only lists the whole account: what is disputed or
            promised stands in it, and credits are shown and not weighed.
    """

    currency: Currency
    voice: Voice
    identity: str
    channel: Channel
    tone: Tone
    language: str | None
    contact: Contact | None
    items: tuple[MessageItem, ...]
    credits_minor: int
    gap_days: int
    decided_on: date
    certain_on: date | None = None
    is_statement: bool = False


def wish_to_say(
    speech: Speech, *, gap_days: int, on: date, is_statement: bool = False
) -> Wish:
    """Return the wish to say what was decided on a day.

    Args:
        speech: What was decided.
        gap_days: That of its cadence and step, or the policy's.
        on: The business day.
        is_statement: Whether it only lists the whole account.
    """
    return Wish(
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
        decided_on=on,
        certain_on=speech.demand.pay_by if speech.demand else None,
        is_statement=is_statement,
    )


def wish_of(message: Message, facts: DebtorFacts, *, gap_days: int) -> Wish:
    """Return the wish to send a message that was made before.

    Args:
        message: As it waits.
        facts: What is known now: its contact may have gone bad since.
        gap_days: That of its cadence and step, or the policy's.
    """
    contact = next(
        (
            one
            for one in facts.contacts
            if (message.contact_id is not None and one.id == message.contact_id)
            or (message.contact_id is None and one.email == message.address)
        ),
        None,
    )
    return Wish(
        currency=message.currency,
        voice=message.voice,
        identity=message.identity,
        channel=message.channel,
        tone=message.tone,
        language=message.language,
        contact=contact,
        items=message.items,
        credits_minor=message.credits_minor,
        gap_days=gap_days,
        decided_on=message.business_on,
        certain_on=message.certain_on,
        is_statement=message.is_statement,
    )
