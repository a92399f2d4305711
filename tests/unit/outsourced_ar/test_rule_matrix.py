"""Country by step: each message names the version of the sheet that it satisfied."""

from datetime import date, timedelta

import pytest

from ledger.reminders import Channel, Voice
from outsourced_ar.known.escalation import Escalation
from outsourced_ar.known.facts import Speech
from outsourced_ar.law.countries import packaged_sheets, sheet_of
from outsourced_ar.rules.cadence import Step, packaged_cadences
from tests.debtors import a_debtor, a_night, a_step, an_item, rules_for, spoken

FULL = packaged_cadences()["full"]
STEPS = [
    one for one in FULL.steps if one.is_after_due and one.channel is not Channel.CALL
]
NIGHT = date(2026, 9, 16)
"""A Wednesday, and a public holiday in none of the countries."""


def said(country: str, step: Step) -> Speech:
    """Return what is said in a country on a step's own day, all before it said."""
    due_on = NIGHT - timedelta(days=step.offset.days)
    earlier = [one for one in STEPS if one.offset.days < step.offset.days]
    item = an_item(
        due_on=due_on,
        taken=tuple(
            a_step(
                one.name,
                due_on + timedelta(days=one.offset.days),
                one.tone,
                cadence="full",
                channel=one.channel,
            )
            for one in earlier
        ),
    )
    facts = a_debtor(item, country=country, language="en", tax_id="X1")
    tonight = a_night(
        NIGHT,
        country=country,
        languages={voice: frozenset({"en"}) for voice in Voice},
        escalation=Escalation(is_contracted=True, identities=frozenset({"agency"})),
    )
    return spoken(tonight, facts, rules=rules_for("full"))


def test_the_ladder_has_reminders_and_a_demand() -> None:
    """The matrix is over the client's steps and the agency's."""
    assert {one.voice for one in STEPS} == {Voice.CLIENT, Voice.AGENCY}
    assert len(STEPS) >= 4


@pytest.mark.parametrize("country", sorted(packaged_sheets()))
def test_each_step_names_its_rule(country: str) -> None:
    """Whatever is said in a country names its sheet; the demand satisfies it."""
    before = sheet_of(country).before_placement
    shown = {step.name: said(country, step) for step in STEPS}

    assert {name: one.rule for name, one in shown.items()} == dict.fromkeys(
        (one.name for one in STEPS), f"{country}@2026.1"
    )
    demand = shown["F1"].demand
    assert demand is not None
    days = (demand.pay_by - NIGHT).days
    assert days >= max(10, before.minimum_days if before else 0)
    assert demand.legal_paragraphs == (before.paragraphs if before else ())


def test_a_country_without_a_sheet_says_so() -> None:
    """Of Brazil there is none, and every message says that."""
    assert {said("BR", step).rule for step in STEPS} == {"BR@none"}
