"""Facts as JSON: what was decided from can be decided from again."""

import json
from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from ledger.reminders import StopItem, StopKind
from outsourced_ar.known import facts_json
from outsourced_ar.known.facts import Behaviour, DebtorFacts
from tests.debtors import (
    DUE,
    EUR,
    a_contact,
    a_debtor,
    a_mandate,
    a_night,
    a_note,
    a_step,
    a_stop,
    an_item,
    named,
    planned,
    said_on,
)

NIGHT = replace(a_night(DUE), mandate=a_mandate(fallbacks={"GR": "en"}))


@st.composite
def debtors(draw: st.DrawFn) -> DebtorFacts:
    """Draw a debtor with something of everything."""
    words = st.text(max_size=6)
    items = [
        an_item(
            f"I{n}{draw(words)}",
            DUE + timedelta(days=draw(st.integers(-90, 90))),
            open_minor=draw(st.integers(1, 10**15)),
            round=draw(st.integers(0, 2)),
            taken=tuple(
                draw(st.lists(st.builds(a_step, words, st.dates()), max_size=2))
            ),
        )
        for n in range(draw(st.integers(0, 3)))
    ]
    part = StopItem(document_id=named("I0"), amount_minor=draw(st.none() | st.just(5)))
    return a_debtor(
        *items,
        name=draw(words),
        note=a_note(tags=frozenset(draw(st.lists(words))), address=("Weg 1",)),
        contacts=(a_contact(name=draw(words)),),
        credits=draw(st.sampled_from([{}, {EUR: 700}])),
        stops=(a_stop(StopKind.HOLD, part, details={"page": draw(st.integers())}),),
        spoken=tuple(said_on(day) for day in draw(st.lists(st.dates(), max_size=2))),
        behaviour=Behaviour(payments=draw(st.integers(0, 9))),
    )


@given(facts=debtors())
def test_there_and_back(facts: DebtorFacts) -> None:
    """Whatever is stored as JSON is read as the same facts, and decides the same."""
    stored = json.loads(json.dumps(facts_json.dump(facts, NIGHT)))

    assert facts_json.load(stored) == (facts, NIGHT)
    read, night = facts_json.load(stored)
    assert planned(night, read) == planned(NIGHT, facts)


@given(facts=debtors())
def test_the_hash_does_not_depend_on_the_order_of_keys(facts: DebtorFacts) -> None:
    """A database may keep keys in any order; the hash of the facts stays."""
    stored = facts_json.dump(facts, NIGHT)
    turned = dict(reversed(json.loads(json.dumps(stored)).items()))

    assert facts_json.digest(turned) == facts_json.digest(stored)
    other = facts_json.dump(replace(facts, differs=True), NIGHT)
    assert facts_json.digest(other) != facts_json.digest(stored)


def test_what_is_not_said_is_not_stored() -> None:
    """A plain debtor with one item is a few hundred characters, not thousands."""
    stored = facts_json.dump(a_debtor(an_item()), a_night(DUE))

    assert "stops" not in stored["facts"]
    assert len(json.dumps(stored)) < 1_600
