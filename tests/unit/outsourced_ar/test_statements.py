"""Statements of account that go by themselves: when, to whom, and why not."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from ledger.money import Currency
from ledger.reminders import Mode, Person, StopKind
from outsourced_ar.deciding import gate, pacing
from outsourced_ar.deciding.gate import Moment
from outsourced_ar.deciding.statements import decide, due_on, month_of
from outsourced_ar.deciding.wishes import Wish
from outsourced_ar.known.days import calendar_of
from outsourced_ar.known.facts import DebtorFacts, Decision, Item, Refusal, Silence
from outsourced_ar.rule_files import RuleFileError
from outsourced_ar.rules.policy import Policy, Statements, packaged_policy, read_policy
from tests.debtors import (
    DEBTOR,
    DUE,
    EUR,
    a_contact,
    a_debtor,
    a_mandate,
    a_night,
    a_note,
    a_stop,
    an_item,
    said_on,
    spoken,
)

ON = date(2026, 7, 1)
"""A Wednesday; the invoices of these tests are due on the Monday after it."""
MONTHLY = Statements(every="month", day=1, late_days=10)


def stated(
    facts: DebtorFacts,
    on: date = ON,
    when: Statements = MONTHLY,
    reminded: tuple[Decision, ...] = (),
    **night: Any,  # noqa: ANN401 - a night's own
) -> tuple[Decision, ...]:
    """Decide by the packaged policy, with statements."""
    policy = replace(packaged_policy().on(on), statements=when)
    return decide(a_night(on, **night), facts, policy, reminded)


def reasons(found: tuple[Decision, ...]) -> list[Silence]:
    """Return why none goes; fail where one does."""
    assert not any(one.speech for one in found)
    return [why.reason for one in found for why in one.refusals]


def test_none_goes_unless_the_client_asks_for_them() -> None:
    """The packaged policy sends no statement."""
    policy = packaged_policy().on(ON)
    assert policy.statements.every == "never"
    assert decide(a_night(ON), a_debtor(an_item()), policy, ()) == ()


def test_a_statement_lists_the_whole_account_and_takes_no_step() -> None:
    """Items not yet due are in it, no item has a step, and its credits are shown."""
    facts = a_debtor(an_item(), an_item("I2", ON), credits={EUR: 5_00})
    [one] = stated(facts)
    assert one.speech is not None
    assert [item.number for item in one.speech.items] == ["I2", "I1"]
    assert {item.step for item in one.speech.items} == {""}
    assert (one.speech.step, one.statement) == ("statement:2026-07",) * 2
    assert (one.speech.total_minor, one.speech.credits_minor) == (2_000_00, 5_00)


def test_it_goes_once_a_month_in_each_currency() -> None:
    """What was stated in one currency this month leaves the other's to be sent."""
    usd = Currency("USD")
    facts = a_debtor(an_item(), an_item("I2", currency=usd))
    went = replace(said_on(ON), statement="statement:2026-07")
    later = replace(facts, spoken=(went,))
    assert [one.currency for one in stated(facts)] == [EUR, usd]
    found = stated(later, ON + timedelta(days=1))
    assert [one.currency for one in found] == [usd]


def test_a_missed_one_goes_late_and_only_for_so_long() -> None:
    """It goes until its late days are over, and after them not at all."""
    facts = a_debtor(an_item())
    days = [ON + timedelta(days=off) for off in range(-1, 14)]
    went = [day for day in days if any(one.speech for one in stated(facts, day))]
    assert went[0] == ON
    assert went[-1] == ON + timedelta(days=9), "the tenth is a Saturday"
    assert all(day.weekday() < 5 for day in went)


@pytest.mark.parametrize(
    ("day", "month", "expected"),
    [
        (1, date(2026, 8, 1), date(2026, 8, 3)),
        (1, date(2026, 1, 15), date(2026, 1, 2)),
        (28, date(2026, 2, 3), date(2026, 2, 27)),
        (6, date(2026, 7, 6), date(2026, 7, 6)),
    ],
)
def test_it_is_due_on_a_business_day_of_its_month(
    day: int, month: date, expected: date
) -> None:
    """A weekend or a holiday moves it on, and back where the month would end."""
    when = Statements(every="month", day=day)
    assert due_on(month, when, calendar_of("DE", None)) == expected
    assert month_of(expected, when) == f"statement:{expected:%Y-%m}"


def test_a_reminder_of_the_day_goes_first() -> None:
    """Where a reminder is decided or was queued, the statement waits for tomorrow."""
    on = DUE + timedelta(days=9)
    when = Statements(every="month", day=on.day)
    facts = a_debtor(an_item())
    reminder = Decision(
        debtor_id=DEBTOR, currency=EUR, speech=spoken(a_night(on), facts)
    )
    assert stated(facts, on, when, (reminder,)) == ()
    queued = replace(facts, spoken=(said_on(on),))
    assert reasons(stated(queued, on, when)) == [Silence.GAP]
    [tomorrow] = stated(queued, on + timedelta(days=1), when)
    assert tomorrow.speech is not None


def test_it_holds_no_reminder_up_beyond_its_day() -> None:
    """A reminder is refused on the statement's own day, and no longer."""
    facts = a_debtor(
        an_item(), spoken=(replace(said_on(ON), statement="statement:2026-07"),)
    )
    assert pacing.gap(facts, EUR, ON, 4, None) is not None
    assert pacing.gap(facts, EUR, ON + timedelta(days=1), 4, None) is None
    assert pacing.gap(facts, EUR, ON, 4, ON - timedelta(days=1)) is None


@pytest.mark.parametrize("kind", [StopKind.DISPUTE, StopKind.PROMISE, StopKind.PLAN])
def test_what_stops_a_reminder_stops_no_statement(kind: StopKind) -> None:
    """A dispute, a promise or a plan is listed with all that is open of it."""
    due = {"due_on": ON + timedelta(days=5)} if kind is StopKind.PROMISE else {}
    [one] = stated(a_debtor(an_item(), stops=(a_stop(kind, **due),)))
    assert one.speech is not None
    assert one.speech.total_minor == 1_000_00


@pytest.mark.parametrize(
    ("changed", "night", "expected"),
    [
        ({"stops": (a_stop(StopKind.INSOLVENCY),)}, {}, Silence.INSOLVENT),
        ({"stops": (a_stop(StopKind.HOLD),)}, {}, Silence.ON_HOLD),
        ({"note": a_note(person=Person.YES)}, {}, Silence.NATURAL_PERSON),
        ({"contacts": (a_contact(bounced_on=ON),)}, {}, Silence.BOUNCED),
        ({"contacts": ()}, {}, Silence.NO_CONTACT),
        ({"open_letters": 1}, {}, Silence.UNANSWERED),
        ({"differs": True}, {}, Silence.DIFFERS),
        ({"credits": {EUR: 995_00}}, {}, Silence.UNDER_MINIMUM),
        ({}, {"mandate": a_mandate(is_paused=True)}, Silence.PAUSED),
        ({}, {"mandate": a_mandate(mode=Mode.CLOSED)}, Silence.NOT_RELEASED),
        ({}, {"sick_identities": frozenset({"client"})}, Silence.SICK_IDENTITY),
        ({"language": "ja"}, {}, Silence.NO_TEXT),
    ],
)
def test_it_goes_through_the_gate(
    changed: dict[str, Any], night: dict[str, Any], expected: Silence
) -> None:
    """Whoever must not be written to gets no statement, and the reason is said."""
    assert reasons(stated(a_debtor(an_item(), **changed), **night)) == [expected]


def test_only_debtors_with_a_tag_get_one_where_the_client_says_so() -> None:
    """Without the tag there is no decision at all."""
    when = replace(MONTHLY, only_tags=frozenset({"monthly"}))
    facts = a_debtor(an_item())
    assert stated(facts, when=when) == ()
    [one] = stated(replace(facts, note=a_note(tags=frozenset({"monthly"}))), when=when)
    assert one.speech is not None


def test_a_debtor_that_owes_nothing_gets_none() -> None:
    """Not even where a credit stands in its favour."""
    assert stated(a_debtor(credits={EUR: 500_00})) == ()


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        ((an_item(),), []),
        ((an_item(disputed_minor=100_00),), []),
        ((), [Silence.PAID]),
        ((an_item(open_minor=1_00),), [Silence.CHANGED]),
        ((an_item(), an_item("I2")), [Silence.CHANGED]),
        ((an_item("I2"),), [Silence.CHANGED]),
        ((an_item(due_on=DUE + timedelta(days=30)),), [Silence.CHANGED]),
    ],
)
def test_before_it_goes_it_must_be_the_account_as_it_is(
    items: tuple[Item, ...], expected: list[Silence]
) -> None:
    """An item paid, added or moved stops it; a dispute changes nothing."""
    on = a_night(ON)
    [one] = stated(a_debtor(an_item()))
    assert one.speech is not None
    wish = Wish(
        currency=EUR,
        voice=one.speech.voice,
        identity="client",
        channel=one.speech.channel,
        tone=one.speech.tone,
        language="de",
        contact=one.speech.contact,
        items=one.speech.items,
        credits_minor=0,
        gap_days=1,
        decided_on=ON,
        is_statement=True,
    )
    policy: Policy = packaged_policy().on(ON)
    found: tuple[Refusal, ...] = gate.ask(
        wish, a_debtor(*items), on, policy, Moment.SEND
    )
    assert {why.reason for why in found} == set(expected)


def test_a_policy_names_the_day_of_the_month() -> None:
    """A tenant's file sets it, an override for a time too, and faults are named."""
    text = '[statements]\nevery = "month"\nday = 5\nonly_tags = ["monthly"]\n'
    policies = read_policy(
        text + '[[override]]\nname = "closed"\nstarts_on = 2026-08-01\n'
        'ends_on = 2026-08-31\nstatements = { every = "never" }\n'
    )
    assert policies.on(ON).statements == Statements(
        every="month", day=5, only_tags=frozenset({"monthly"})
    )
    assert policies.on(date(2026, 8, 5)).statements.every == "never"
    with pytest.raises(RuleFileError, match="statements, day"):
        read_policy('[statements]\nevery = "month"\nday = 31\n')
    with pytest.raises(RuleFileError, match="statements, every"):
        read_policy('[statements]\nevery = "week"\n')
