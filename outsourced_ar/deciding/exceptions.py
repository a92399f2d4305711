"""What stands in the way and only a person can clear: a task each, once while open."""

from collections.abc import Iterator, Sequence
from hashlib import sha256
from typing import Final

from ledger.money import from_minor
from ledger.reminders import MessageId, Task, TaskKind
from ledger.store import messages, tasks
from ledger.store.messages import Order
from ledger.store.session import Session
from outsourced_ar.known.facts import DebtorFacts, Refusal, Silence, Tonight

HOW_TO_ENTER: Final = (
    "Read the value where the rate is published and add it to your policy: "
    '[[late_payment.rate]] with series = "{series}", from = {on}, until the last day '
    'it holds, percent, and source; or set show = "information" and demand no '
    "interest."
)
HOW_TO_AGREE: Final = (
    "No series of rates belongs to the law that governs: agree a rate and say it in "
    "your policy as contract_percent of [late_payment], or set show = "
    '"information" and demand no interest.'
)


def ask(
    session: Session, facts: DebtorFacts, refusals: Sequence[Refusal], tonight: Tonight
) -> None:
    """Ask a person for what keeps a debtor from being spoken to, if anything does."""
    for one in refusals:
        task = _task(facts, one, tonight)
        if task is not None:
            tasks.ask(session, task, tonight.now)
    if any(one.reason is Silence.RATE_MISSING for one in refusals):
        for task in _rates(facts, tonight):
            tasks.ask(session, task, tonight.now)


def ask_approval(
    session: Session, one: MessageId, order: Order, facts: DebtorFacts, tonight: Tonight
) -> None:
    """Ask a person whether a final demand that waits may go.

    The task ends with the wait: released, withdrawn, or not released in time.
    """
    message = order.message
    amount = f"{from_minor(message.total_minor, message.currency)} {message.currency}"
    task = Task(
        kind=TaskKind.REVIEW,
        key=messages.approval_key(one),
        debtor_id=message.debtor_id,
        message_id=one,
        title=f"Say whether the final demand of {amount} to {facts.name} may go: "
        f"`duebridge messages` shows it as {one}",
        details={
            "message": one,
            "debtor": facts.number,
            "pay_by": str(message.certain_on),
            "waits_for": "approval",
        },
        due_on=tonight.today,
    )
    tasks.ask(session, task, tonight.now)


def _rates(facts: DebtorFacts, tonight: Tonight) -> Iterator[Task]:
    """Ask for each rate by which something would be demanded, once for all debtors."""
    blocked = [one.late for one in facts.items if one.late and one.late.blocked]
    missing = {(one.missing_series, one.missing_on, one.blocked) for one in blocked}
    for series, on, because in sorted(missing, key=str):
        title, how = f"No final demand can go: {because}", HOW_TO_AGREE
        if series and on:
            title = f"Enter {series} from {on} as [[late_payment.rate]] of the policy"
            how = HOW_TO_ENTER.format(series=series, on=on)
        yield Task(
            kind=TaskKind.REVIEW,
            key=f"rate {series} {on or '-'}",
            title=title,
            details={
                "debtor": facts.number,
                "because": f"no final demand can go: {because}",
                "series": series,
                "from": str(on or ""),
                "how": how,
            },
            due_on=tonight.today,
        )


def _task(facts: DebtorFacts, refusal: Refusal, tonight: Tonight) -> Task | None:
    match refusal.reason:
        case Silence.NO_CONTACT | Silence.BOUNCED:
            return Task(
                kind=TaskKind.CONTACT,
                key=f"debtor {facts.debtor_id}",
                debtor_id=facts.debtor_id,
                title=f"Find somebody to reach at {facts.name}",
                details={"debtor": facts.number, "because": refusal.because},
                due_on=tonight.today,
            )
        case Silence.NO_TEXT:
            # One task a missing text, however many debtors wait for it.
            digest = sha256(refusal.because.encode()).hexdigest()[:16]
            return Task(
                kind=TaskKind.TRANSLATION,
                key=f"text {digest}",
                title=f"A text is missing: {refusal.because}",
                details={"debtor": facts.number, "because": refusal.because},
                due_on=tonight.today,
            )
        case Silence.SICK_IDENTITY:
            digest = sha256(refusal.because.encode()).hexdigest()[:16]
            return Task(
                kind=TaskKind.IDENTITY,
                key=f"health {digest}",
                title=f"Nothing is sent: {refusal.because}",
                details={"because": refusal.because},
                due_on=tonight.today,
            )
        case _:
            return None
