"""Calls: a step that a person takes, with the script, the number and the local hours.

A call is handed over when its task is made. That changes nothing outside, so that the
task and the message's state stand or fall in one transaction.
"""

from typing import Final

from ledger.calendar import Clock
from ledger.reminders import (
    Channel,
    Message,
    MessageId,
    MessageState,
    Task,
    TaskId,
    TaskKind,
)
from ledger.store import messages, tasks
from ledger.store.session import Database, Session
from ledger.store.tenants import Tenant
from outsourced_ar.deciding import gate, gathering
from outsourced_ar.deciding.rechecking import Recheck, is_held
from outsourced_ar.known.facts import DebtorFacts, Silence, Tonight
from outsourced_ar.wording.composing import Composer

BY: Final = "night"


def hand_over(
    session: Session,
    one: MessageId,
    facts: DebtorFacts,
    tonight: Tonight,
    composer: Composer,
) -> TaskId | None:
    """Ask a person to make a call that is ready; None where somebody was first."""
    message = messages.begin_sending(session, one, tonight.now)
    if message is None:
        return None
    made = tasks.ask(session, _task(message, facts, tonight, composer), tonight.now)
    messages.mark(
        session,
        one,
        MessageState.SENT,
        at=tonight.now,
        by=BY,
        details={"task": made},
    )
    return made


def hand_over_released(
    database: Database,
    tenant: Tenant,
    clock: Clock,
    composer: Composer,
    recheck: Recheck,
) -> int:
    """Ask persons to make the calls that were released; return how many.

    The gate is asked again first. What it refuses for good is withdrawn; a call that
    only the hour or the day keeps back waits.
    """
    made = 0
    with database.tenant(tenant.scope) as session:
        recheck.prepare(session)
        waiting = messages.take_ready(session, None, [Channel.CALL])
    for one in waiting:
        with database.tenant(tenant.scope) as session:
            made += _hand_over_released(session, tenant, clock, composer, recheck, one)
    return made


def _hand_over_released(
    session: Session,
    tenant: Tenant,
    clock: Clock,
    composer: Composer,
    recheck: Recheck,
    one: MessageId,
) -> bool:
    message = messages.load(session, one)
    # Nobody rings at night: a task waits for the hours by itself.
    refusals = tuple(
        refusal
        for refusal in recheck.refusals(session, message)
        if refusal.reason is not Silence.QUIET_HOURS
    )
    if refusals:
        if not is_held(refusals):
            first = next(one for one in refusals if not is_held((one,)))
            messages.mark(
                session,
                one,
                MessageState.CANCELLED,
                at=clock.now(),
                by=BY,
                note=first.because,
            )
        return False
    today = clock.today(tenant.timezone)
    books = gathering.open_books(session, tenant, today, with_payments=False)
    [facts] = gathering.gather(session, books, [message.debtor_id], on=today).facts
    tonight = gathering.tonight(session, tenant, clock, {})
    return hand_over(session, one, facts, tonight, composer) is not None


def _task(
    message: Message, facts: DebtorFacts, tonight: Tonight, composer: Composer
) -> Task:
    place = gate.where(facts, tonight)
    return Task(
        kind=TaskKind.CALL,
        key=f"message {message.id}",
        debtor_id=message.debtor_id,
        message_id=message.id,
        title=message.subject or f"Call {facts.name}",
        details={
            "debtor": facts.number,
            "name": message.recipient,
            "phone": message.address,
            "script": message.text,
            "language": message.language,
            "timezone": place.zone.key,
            "outcomes": dict(composer.outcomes(message.language)),
        },
        due_on=tonight.today,
    )
