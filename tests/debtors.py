"""Builders of what a decision is made from: a debtor in good order, to be changed."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from uuid import NAMESPACE_URL, UUID, uuid5

from ledger.ids import DebtorId, DocumentId
from ledger.money import Currency
from ledger.records import DocumentKind
from ledger.reminders import (
    Channel,
    Contact,
    ContactId,
    DebtorNote,
    Mandate,
    Mode,
    Stop,
    StopItem,
    StopKind,
    Tone,
    Voice,
)
from outsourced_ar.deciding.plan import decide
from outsourced_ar.known.facts import (
    DebtorFacts,
    Decision,
    Item,
    Silence,
    Speech,
    Spoken,
    TakenStep,
    Tonight,
)
from outsourced_ar.rules.assignment import (
    Assignment,
    packaged_assignment,
    read_assignment,
)
from outsourced_ar.rules.cadence import Cadence, packaged_cadences, read_cadence
from outsourced_ar.rules.policy import Policy, packaged_policy
from outsourced_ar.rules.segments import Segments, packaged_segments

DEBTOR: Final = DebtorId(UUID(int=1))
EUR: Final = Currency("EUR")
DUE: Final = date(2026, 7, 6)
"""A Monday, with no public holiday of all Germany in the three months around it."""


def named(word: str) -> DocumentId:
    """Return the same id for the same word."""
    return DocumentId(uuid5(NAMESPACE_URL, word))


def an_item(number: str = "I1", due_on: date = DUE, **changed: Any) -> Item:  # noqa: ANN401
    """Make an invoice of 1,000.00 EUR that nothing was said of."""
    item = Item(
        document_id=named(number),
        part=0,
        kind=DocumentKind.INVOICE,
        number=number,
        currency=EUR,
        issued_on=due_on - timedelta(days=30),
        due_on=due_on,
        is_inferred=False,
        total_minor=100_000,
        open_minor=100_000,
        first_known_on=due_on - timedelta(days=29),
    )
    return replace(item, **changed)


def a_step(
    step: str,
    on: date,
    tone: Tone = Tone.COURTEOUS,
    *,
    cadence: str = "standard",
    channel: Channel = Channel.EMAIL,
    round_: int = 0,
) -> TakenStep:
    """Make a step that an item has taken."""
    return TakenStep(
        cadence=cadence, step=step, tone=tone, channel=channel, on=on, round=round_
    )


def a_contact(rank: int = 0, **changed: Any) -> Contact:  # noqa: ANN401
    """Make a contact who can be mailed."""
    contact = Contact(
        id=ContactId(rank + 1),
        debtor_id=DEBTOR,
        name="Erika Mustermann",
        email=f"accounts{rank}@debtor.example",
        rank=rank,
    )
    return replace(contact, **changed)


def a_note(**changed: Any) -> DebtorNote:  # noqa: ANN401
    """Make a note that says nothing."""
    return replace(DebtorNote(debtor_id=DEBTOR), **changed)


def a_stop(
    kind: StopKind,
    *items: StopItem,
    begins_on: date = date(2026, 1, 1),
    **changed: Any,  # noqa: ANN401
) -> Stop:
    """Make a stop of the whole account, or of items."""
    stop = Stop(
        kind=kind,
        debtor_id=DEBTOR,
        items=items,
        begins_on=begins_on,
        recorded_by="a person",
    )
    return replace(stop, **changed)


def said_on(on: date, channel: Channel = Channel.EMAIL, of: Currency = EUR) -> Spoken:
    """Make a message that went."""
    return Spoken(
        on=on, voice=Voice.CLIENT, channel=channel, currency=of, tone=Tone.COURTEOUS
    )


def a_debtor(*items: Item, **changed: Any) -> DebtorFacts:  # noqa: ANN401
    """Make a German company in good order, read a minute ago for ever."""
    facts = DebtorFacts(
        debtor_id=DEBTOR,
        number="D1",
        name="Muster GmbH",
        country="DE",
        language="de",
        tax_id=None,
        note=a_note(),
        contacts=(a_contact(),),
        items=items,
        read_at=datetime(2100, 1, 1, tzinfo=UTC),
    )
    return replace(facts, **changed)


def a_mandate(**changed: Any) -> Mandate:  # noqa: ANN401
    """Make a client's word that messages may go out."""
    mandate = Mandate(
        id=1,
        mode=Mode.AUTOMATIC,
        given_by="the client",
        given_at=datetime(2026, 1, 1, tzinfo=UTC),
    )
    return replace(mandate, **changed)


def a_night(on: date, at: time = time(10), **changed: Any) -> Tonight:  # noqa: ANN401
    """Make a night of a German tenant; the hour is UTC."""
    tonight = Tonight(
        today=on,
        now=datetime.combine(on, at, UTC),
        country="DE",
        timezone="Europe/Berlin",
        mandate=a_mandate(),
        languages={Voice.CLIENT: frozenset({"de", "en", "fr", "nb"})},
        home_currency=EUR,
    )
    return replace(tonight, **changed)


def rules_for(cadence: str) -> Assignment:
    """Make rules that give everybody one cadence."""
    return read_assignment(f'[[rule]]\nname = "all"\ncadence = "{cadence}"\n')


def a_cadence(*steps: str, **knobs: int) -> Cadence:
    """Make a cadence `own` of lines such as `R1 after_due 5 days email courteous`."""
    text = 'name = "own"\nversion = 1\ntitle = "Own"\n'
    text += "".join(f"{name} = {value}\n" for name, value in knobs.items())
    for line in steps:
        name, side, *distance, channel, tone = line.split()
        text += (
            f'[[step]]\nname = "{name}"\ntitle = "{name}"\n'
            f'{side} = "{" ".join(distance)}"\nchannel = "{channel}"\n'
            f'tone = "{tone}"\ntemplate = "first"\n'
        )
    return read_cadence(text)


def planned(
    tonight: Tonight,
    facts: DebtorFacts,
    *,
    cadences: Mapping[str, Cadence] | None = None,
    rules: Assignment | None = None,
    segments: Segments | None = None,
    policy: Policy | None = None,
) -> tuple[Decision, ...]:
    """Decide by the packaged rules, where a test has none of its own."""
    return decide(
        tonight,
        facts,
        cadences or packaged_cadences(),
        rules or packaged_assignment(),
        segments or packaged_segments(),
        policy or packaged_policy().on(tonight.today),
    )


def spoken(
    tonight: Tonight,
    facts: DebtorFacts,
    **rules: Any,  # noqa: ANN401
) -> Speech:
    """Decide, and return what is said; fail where it is not one thing."""
    (decision,) = planned(tonight, facts, **rules)
    assert decision.speech is not None, decision.refusals
    return decision.speech


def silent(
    tonight: Tonight,
    facts: DebtorFacts,
    **rules: Any,  # noqa: ANN401
) -> list[Silence]:
    """Decide, and return the reasons to say nothing; fail where something is said."""
    found = planned(tonight, facts, **rules)
    assert not any(one.speech for one in found), found
    return list(dict.fromkeys(why.reason for one in found for why in one.refusals))
