"""A statement of account: all that stands open, said without asking for a step."""

from collections.abc import Iterator, Sequence
from typing import Final

from ledger.money import Currency, from_minor
from ledger.reminders import Channel, MessageItem, Tone, Voice
from outsourced_ar.deciding.reaching import language_for, reach_by
from outsourced_ar.known.facts import DebtorFacts, Refusal, Silence, Speech, Tonight
from outsourced_ar.rules.policy import Policy

TEMPLATE = "statement"
STATEMENT_HELD: Final = "statement"
"""What a hold says that a person entered by withdrawing a statement of account."""


def statement_of(
    facts: DebtorFacts,
    currency: Currency,
    tonight: Tonight,
    policy: Policy,
    *,
    identity: str = "client",
    voice: Voice = Voice.CLIENT,
    step: str = "",
    chosen_by: str = "asked for",
) -> Speech:
    """Return what is said of a debtor's account in one currency.

    Every open item is in it, whatever its due date, and every credit not yet applied;
    but none that an agency has demanded, for that is not paid on the client's word.

    Args:
        facts: The debtor's.
        currency: Of the account.
        tonight: The day it is said on.
        policy: As it stands then.
        identity: Who says it.
        voice: In whose name.
        step: Of which month it is, where it goes by itself.
        chosen_by: Why it is said.
    """
    reached = reach_by(Channel.EMAIL, facts)
    contact = reached.contact if reached else None
    language = language_for(contact, facts, tonight, policy, voice)
    items = tuple(
        item.said()
        for item in sorted(facts.items, key=lambda one: (one.due_on, one.number))
        if item.currency == currency and item.open_minor > 0 and not item.is_agencys
    )
    return Speech(
        debtor_id=facts.debtor_id,
        currency=currency,
        voice=voice,
        identity=identity,
        channel=Channel.EMAIL,
        cadence="",
        cadence_version=0,
        step=step,
        tone=Tone.SERVICE,
        template=TEMPLATE,
        language=language.language or "",
        contact=contact,
        items=items,
        total_minor=sum(one.open_minor for one in items),
        credits_minor=facts.credits.get(currency, 0),
        fallback_from=language.fallback_from,
        chosen_by=chosen_by,
        segment="",
        segment_because="",
    )


def changes(
    said: Sequence[MessageItem], facts: DebtorFacts, currency: Currency
) -> Iterator[Refusal]:
    """Refuse a statement of account that is not what the account is now.

    What is disputed or promised is open all the same, and stands in it.
    """
    now = {
        (item.document_id, item.part): item
        for item in facts.items
        if item.currency == currency and item.open_minor > 0 and not item.is_agencys
    }
    if not now:
        yield Refusal(Silence.PAID, "nothing of its account is open any more")
        return
    for one in said:
        item = now.pop((one.document_id, one.part), None)
        if item is None:
            yield Refusal(Silence.CHANGED, f"{one.number} is not open any more")
        elif (item.open_minor, item.due_on) != (one.open_minor, one.due_on):
            yield Refusal(
                Silence.CHANGED,
                f"{one.number} is not as it was: due on {item.due_on}, "
                f"{from_minor(item.open_minor, currency)} {currency} are open",
            )
    for item in now.values():
        yield Refusal(Silence.CHANGED, f"{item.number} is open and not in it")


def currencies_of(facts: DebtorFacts) -> list[Currency]:
    """Return the currencies in which anything of a debtor stands open."""
    return sorted({item.currency for item in facts.items} | set(facts.credits))
