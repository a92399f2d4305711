"""A statement of account: all that stands open, said without asking for a step."""

from ledger.money import Currency
from ledger.reminders import Channel, MessageItem, Tone, Voice
from outsourced_ar.facts import DebtorFacts, Speech, Tonight
from outsourced_ar.policy import Policy
from outsourced_ar.reaching import language_for, reach_by

TEMPLATE = "statement"


def statement_of(
    facts: DebtorFacts,
    currency: Currency,
    tonight: Tonight,
    policy: Policy,
    *,
    identity: str = "client",
    voice: Voice = Voice.CLIENT,
) -> Speech:
    """Return what is said of a debtor's account in one currency.

    Every open item is in it, whatever its due date, and every credit not yet applied.
    """
    reached = reach_by(Channel.EMAIL, facts)
    contact = reached.contact if reached else None
    language = language_for(contact, facts, tonight, policy, voice)
    items = tuple(
        MessageItem(
            document_id=item.document_id,
            part=item.part,
            number=item.number,
            issued_on=item.issued_on,
            due_on=item.due_on,
            total_minor=item.total_minor,
            open_minor=item.open_minor,
            step="",
            round=item.round,
        )
        for item in sorted(facts.items, key=lambda one: (one.due_on, one.number))
        if item.currency == currency
    )
    return Speech(
        debtor_id=facts.debtor_id,
        currency=currency,
        voice=voice,
        identity=identity,
        channel=Channel.EMAIL,
        cadence="",
        cadence_version=0,
        step="",
        tone=Tone.SERVICE,
        template=TEMPLATE,
        language=language.language or "",
        contact=contact,
        items=items,
        total_minor=sum(one.open_minor for one in items),
        credits_minor=facts.credits.get(currency, 0),
        chosen_by="asked for",
        segment="",
        segment_because="",
    )


def currencies_of(facts: DebtorFacts) -> list[Currency]:
    """Return the currencies in which anything of a debtor stands open."""
    return sorted({item.currency for item in facts.items} | set(facts.credits))
