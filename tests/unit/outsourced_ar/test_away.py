"""Somebody who is away: another is written to, or what does not press waits."""

from datetime import date, timedelta

import pytest

from ledger.reminders import Channel
from outsourced_ar.known import facts_json
from outsourced_ar.known.facts import DebtorFacts, Silence
from tests.debtors import (
    DUE,
    a_cadence,
    a_contact,
    a_debtor,
    a_night,
    a_note,
    an_item,
    planned,
    rules_for,
    silent,
    spoken,
)

FIRST_ON = DUE + timedelta(days=7)
"""When the packaged cadence's first reminder is reached, a Monday."""
BACK_ON = FIRST_ON + timedelta(days=4)
AWAY = {"accounts0@debtor.example": BACK_ON}


def owing(**changed: object) -> DebtorFacts:
    """Return a debtor whose first contact is away."""
    return a_debtor(an_item(), **{"away": AWAY, **changed})


def test_the_next_contact_is_written_to() -> None:
    """Whoever is there gets it, although somebody else ranks before."""
    facts = owing(contacts=(a_contact(0), a_contact(1)))
    speech = spoken(a_night(FIRST_ON), facts)
    assert speech.contact is not None
    assert speech.contact.email == "accounts1@debtor.example"


def test_nothing_early_is_said_to_an_empty_desk() -> None:
    """Where nobody else is there it waits, with the day of return as the fact."""
    facts = owing()
    assert silent(a_night(FIRST_ON), facts) == [Silence.AWAY]
    [decision] = planned(a_night(FIRST_ON), facts)
    assert decision.refusals[0].until == BACK_ON
    assert str(BACK_ON) in decision.refusals[0].because


def test_it_goes_once_somebody_is_back() -> None:
    """Without the absence, or with another's, it is said."""
    assert spoken(a_night(FIRST_ON), owing(away={})).step == "R1"
    other = {"other@debtor.example": BACK_ON}
    assert spoken(a_night(FIRST_ON), owing(away=other)).step == "R1"


@pytest.mark.parametrize(
    ("tone", "goes"),
    [
        ("friendly", False),
        ("courteous", False),
        ("firm", True),
        ("serious", True),
    ],
)
def test_what_presses_goes_anyway(tone: str, *, goes: bool) -> None:
    """A firm step does not wait for a holiday to end."""
    cadence = a_cadence(f"R1 after_due 5 days email {tone}")
    found = planned(
        a_night(FIRST_ON),
        owing(),
        cadences={"own": cadence},
        rules=rules_for("own"),
    )
    assert [one.speech is not None for one in found] == [goes]


def test_the_address_is_compared_whatever_its_case() -> None:
    """Mailers write addresses as they please."""
    contact = a_contact(email="Accounts0@Debtor.example")
    assert silent(a_night(FIRST_ON), owing(contacts=(contact,))) == [Silence.AWAY]


@pytest.mark.parametrize("channel", [Channel.LETTER, Channel.CALL])
def test_a_letter_and_a_call_are_not_held(channel: Channel) -> None:
    """Only mail lies unread in an absent person's box."""
    facts = owing(
        contacts=(a_contact(phone="+49 30 1"),), note=a_note(address=("1 Street",))
    )
    cadence = a_cadence(f"R1 after_due 5 days {channel} courteous")
    rules = {"cadences": {"own": cadence}, "rules": rules_for("own")}
    assert spoken(a_night(FIRST_ON), facts, **rules).channel is channel


def test_a_decision_about_it_is_made_again_from_what_was_kept() -> None:
    """The absence is among the facts that are stored."""
    facts, tonight = owing(), a_night(FIRST_ON)
    stored = facts_json.dump(facts, tonight)
    again, _ = facts_json.load(stored)
    assert again.away == {"accounts0@debtor.example": BACK_ON}
    assert planned(tonight, again) == planned(tonight, facts)
    assert isinstance(next(iter(again.away.values())), date)
