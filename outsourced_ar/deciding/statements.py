"""Statements of account that go by themselves: once a month, to whom the client lets.

One lists the whole account and takes no step: a dispute or a promise is no reason to
withhold it, and the gate is asked about all else. On a day on which a reminder goes in
the same currency it waits for the next one.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final

from ledger.money import Currency
from ledger.reminders import STATEMENT, Channel
from outsourced_ar.deciding import gate, pacing
from outsourced_ar.deciding.account import statement_of
from outsourced_ar.deciding.wishes import wish_to_say
from outsourced_ar.known.days import Calendar
from outsourced_ar.known.facts import DebtorFacts, Decision, Tonight
from outsourced_ar.rules.policy import Policy, Statements

GAP_DAYS: Final = 1
"""A statement of account keeps away from other messages of its day, and no longer."""


def month_of(today: date, when: Statements) -> str | None:
    """Return the step of the statement that may go today somewhere; None if none may.

    Where it falls on a closed day it goes later, or earlier at a month's end, so that
    from a week before its day some debtor's may be due.
    """
    if when.every != "month":
        return None
    week = timedelta(days=7)
    begins_on = today.replace(day=when.day) - week
    ends_on = today.replace(day=when.day) + week + timedelta(days=when.late_days)
    return _step(today) if begins_on <= today <= ends_on else None


def due_on(today: date, when: Statements, calendar: Calendar) -> date:
    """Return the day of this month on which the statement is due, a business day there.

    One that would fall into the next month goes on the last business day before.
    """
    named = today.replace(day=when.day)
    shifted = calendar.first_from(named)
    return shifted if shifted.month == named.month else calendar.last_to(named)


def decide(
    tonight: Tonight, facts: DebtorFacts, policy: Policy, reminded: Sequence[Decision]
) -> tuple[Decision, ...]:
    """Decide in which currencies a debtor gets its statement of account tonight.

    Args:
        tonight: What is the same for every debtor.
        facts: What is known of this one, the statements of the month included.
        policy: As it stands tonight.
        reminded: What was decided about reminders; they go first.
    """
    when, today = policy.statements, tonight.today
    if when.every != "month" or (
        when.only_tags and not when.only_tags & facts.note.tags
    ):
        return ()
    first_on = due_on(today, when, gate.where(facts, tonight).calendar)
    if not first_on <= today <= first_on + timedelta(days=when.late_days):
        return ()
    step = _step(today)
    spoken = [one.speech for one in reminded if one.speech is not None]
    taken = {one.currency for one in spoken}
    taken |= {one.currency for one in facts.spoken if one.statement == step}
    tonight_by = Counter(one.channel for one in spoken)
    found: list[Decision] = []
    owed = {
        item.currency
        for item in facts.items
        if item.open_minor > 0 and not item.is_agencys
    }
    for currency in sorted(owed - taken):
        one = _decided(tonight, facts, policy, currency, tonight_by)
        if one.speech is not None:
            tonight_by[one.speech.channel] += 1
        found.append(one)
    return tuple(found)


def _decided(
    tonight: Tonight,
    facts: DebtorFacts,
    policy: Policy,
    currency: Currency,
    tonight_by: Counter[Channel],
) -> Decision:
    step = _step(tonight.today)
    speech = statement_of(
        facts,
        currency,
        tonight,
        policy,
        step=step,
        chosen_by=f"the policy's statements, day {policy.statements.day} of each month",
    )
    refusals = gate.ask(
        wish_to_say(speech, gap_days=GAP_DAYS, on=tonight.today, is_statement=True),
        facts,
        tonight,
        policy,
        gate.Moment.PLAN,
    )
    often = pacing.channel_limit(
        speech.channel,
        facts,
        tonight.today,
        policy,
        tonight_count=tonight_by[speech.channel],
    )
    if often is not None and not refusals:
        refusals = (often,)
    return Decision(
        debtor_id=facts.debtor_id,
        currency=currency,
        speech=None if refusals else speech,
        refusals=refusals,
        statement=step,
    )


def _step(today: date) -> str:
    return f"{STATEMENT}{today:%Y-%m}"
