"""The final demand: when it may go, and by which day it asks."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import pytest

from ledger.reminders import Channel, Person, Tone, Voice
from outsourced_ar.deciding import final_demands, gate
from outsourced_ar.deciding.wishes import Wish
from outsourced_ar.known.days import calendar_of
from outsourced_ar.known.escalation import Approval, Escalation
from outsourced_ar.known.facts import DebtorFacts, Item, Silence, TakenStep, Tonight
from outsourced_ar.rules.policy import packaged_policy
from tests import debtors

CONTRACTED = Escalation(
    is_contracted=True, approval=Approval.NEVER, identities=frozenset({"agency"})
)
RULES = debtors.rules_for("full")
DEMANDED = debtors.DUE + timedelta(days=38)


def notices(*, sent: bool = True) -> Sequence[TakenStep]:
    """Return what was said before: three reminders, the last a formal notice."""
    due = debtors.DUE
    return (
        debtors.a_step("R1", due + timedelta(days=7), cadence="full"),
        debtors.a_step("R2", due + timedelta(days=14), Tone.FIRM, cadence="full"),
        replace(
            debtors.a_step(
                "R3", due + timedelta(days=24), Tone.SERIOUS, cadence="full"
            ),
            is_sent=sent,
        ),
    )


def an_item(**changed: object) -> Item:
    """Make an item that has come up to its formal notice."""
    return replace(debtors.an_item(taken=tuple(notices())), **changed)  # type: ignore[arg-type]


def a_night(on: date = DEMANDED, escalation: Escalation = CONTRACTED) -> Tonight:
    """Make a night of a tenant that contracted more than reminders."""
    languages = {voice: frozenset({"de", "da"}) for voice in Voice}
    return debtors.a_night(on, languages=languages, escalation=escalation)


def silent(facts: DebtorFacts, tonight: Tonight) -> list[Silence]:
    """Decide by the whole cadence, and return why nothing is said."""
    return debtors.silent(tonight, facts, rules=RULES)


def test_it_is_said_after_the_formal_notice_in_the_agencys_voice() -> None:
    """It has the tenant's days, the country's rule, and nothing but what takes it."""
    other = debtors.an_item("I2", debtors.DUE + timedelta(days=10))
    speech = debtors.spoken(a_night(), debtors.a_debtor(an_item(), other), rules=RULES)
    assert (speech.voice, speech.identity, speech.step) == (
        Voice.AGENCY,
        "agency",
        "F1",
    )
    assert [one.number for one in speech.items] == ["I1"]
    assert speech.demand is not None
    # Ten days from Thursday the 13th of August is a Sunday.
    assert speech.demand.pay_by == date(2026, 8, 24)
    assert speech.rule == "DE@2026.1"


def test_without_a_contract_it_is_not_said() -> None:
    """Reminders only is what a tenant has by itself."""
    facts = debtors.a_debtor(an_item())
    assert silent(facts, a_night(escalation=Escalation())) == [Silence.NOT_CONTRACTED]


def test_without_an_agencys_identity_it_is_not_said() -> None:
    """A cadence that names nobody's identity demands in no name."""
    facts = debtors.a_debtor(an_item())
    nobody = replace(CONTRACTED, identities=frozenset())
    assert silent(facts, a_night(escalation=nobody)) == [Silence.NOT_CONTRACTED]


def test_a_notice_that_may_not_have_gone_is_none() -> None:
    """One that is ready, or of which nobody knows, does not carry a final demand."""
    item = an_item(taken=tuple(notices(sent=False)))
    assert silent(debtors.a_debtor(item), a_night()) == [Silence.NOT_PREPARED]


def test_an_inferred_due_date_is_never_demanded() -> None:
    """What the books did not say is not escalated."""
    item = an_item(is_inferred=True)
    assert silent(debtors.a_debtor(item), a_night()) == [Silence.INFERRED_DUE_DATE]


@pytest.mark.parametrize(
    ("changed", "is_known"),
    [
        ({"name": "Erika Muster"}, False),
        ({"name": "Erika Muster", "tax_id": "DE123456789"}, True),
        ({"name": "Muster GmbH"}, True),
        ({"name": "Erika Muster", "note": debtors.a_note(person=Person.NO)}, True),
        ({"name": "Muster GmbH", "note": debtors.a_note(person=Person.YES)}, False),
    ],
)
def test_a_business_is_known_by_a_mark_of_its_own(
    changed: dict[str, object],
    is_known: bool,  # noqa: FBT001 - of a table
) -> None:
    """A client's declaration about all its debtors is no mark of one."""
    facts = replace(debtors.a_debtor(an_item()), **changed)  # type: ignore[arg-type]
    tonight = replace(a_night(), mandate=debtors.a_mandate(debtors_are_businesses=True))
    assert final_demands.is_known_business(facts) is is_known
    (decision,) = debtors.planned(tonight, facts, rules=RULES)
    assert (decision.speech is not None) is is_known


@pytest.mark.parametrize(
    ("country", "days", "pay_by", "rule"),
    [
        # The thirteenth of August 2026 is a Thursday.
        ("DE", 10, date(2026, 8, 24), "DE@2026.1"),
        ("DK", 3, date(2026, 8, 24), "DK@2026.1"),
        ("NO", 10, date(2026, 8, 27), "NO@2026.1"),
        ("NO", 21, date(2026, 9, 3), "NO@2026.1"),
        ("XX", 7, date(2026, 8, 20), "XX@none"),
    ],
)
def test_the_day_certain_is_the_longer_of_policy_and_law(
    country: str, days: int, pay_by: date, rule: str
) -> None:
    """Denmark has ten days, Norway fourteen; a closed day moves on to an open one."""
    facts = replace(debtors.a_debtor(), country=country)
    found, by = final_demands.demand(
        facts,
        replace(CONTRACTED, demand_days=days),
        calendar_of(country, None),
        on=DEMANDED,
    )
    assert (found.pay_by, by) == (pay_by, rule)


def test_one_that_goes_too_late_for_the_law_does_not_go() -> None:
    """Held for two days it would give eight where Denmark wants ten."""
    facts = replace(debtors.a_debtor(), country="DK")

    def late(days: int) -> bool:
        refusal = final_demands.too_late(
            facts,
            certain_on=DEMANDED + timedelta(days=10),
            today=DEMANDED + timedelta(days=days),
            channel=Channel.LETTER,
        )
        return refusal is not None and refusal.reason is Silence.CHANGED

    assert [late(days) for days in (0, 1, 2)] == [False, True, True]


def test_after_it_nothing_is_said_in_the_clients_name() -> None:
    """Neither by another cadence, nor beside another invoice, nor as a statement."""
    step = replace(
        debtors.a_step("F1", DEMANDED, Tone.SERIOUS, cadence="full"),
        voice=Voice.AGENCY,
    )
    gone = an_item(taken=(*notices(), step))
    on = DEMANDED + timedelta(days=20)
    facts = debtors.a_debtor(gone)
    decisions = debtors.planned(a_night(on), facts, rules=debtors.rules_for("strict"))
    assert all(one.speech is None for one in decisions)
    fresh = debtors.an_item("I2", on - timedelta(days=6))
    speech = debtors.spoken(a_night(on), debtors.a_debtor(gone, fresh), rules=RULES)
    assert [one.number for one in speech.items] == ["I2"]
    assert speech.tone is Tone.COURTEOUS


def test_the_gate_refuses_a_reminder_that_waited_over_the_demand() -> None:
    """It was planned before, and would be sent after."""
    facts = debtors.a_debtor(an_item())
    before = debtors.spoken(
        a_night(debtors.DUE + timedelta(days=45), Escalation()),
        debtors.a_debtor(debtors.an_item()),
        rules=debtors.rules_for("standard"),
    )
    step = replace(
        debtors.a_step("F1", DEMANDED, Tone.SERIOUS, cadence="full"),
        voice=Voice.AGENCY,
    )
    facts = replace(facts, items=(an_item(taken=(*notices(), step)),))
    tonight = a_night(debtors.DUE + timedelta(days=45))
    wish = Wish(
        currency=before.currency,
        voice=before.voice,
        identity=before.identity,
        channel=before.channel,
        tone=before.tone,
        language=before.language,
        contact=before.contact,
        items=before.items,
        credits_minor=0,
        gap_days=0,
        decided_on=tonight.today,
    )
    policy = packaged_policy().on(tonight.today)
    refusals = gate.ask(wish, facts, tonight, policy, gate.Moment.SEND)
    assert Silence.DEMANDED in {one.reason for one in refusals}
    placed = replace(facts, items=(replace(facts.items[0], case="DB-1-1"),))
    refusals = gate.ask(wish, placed, tonight, policy, gate.Moment.SEND)
    assert Silence.PLACED in {one.reason for one in refusals}
