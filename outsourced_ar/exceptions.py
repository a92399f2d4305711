"""What stands in the way and only a person can clear: a task each, once while open."""

from collections.abc import Sequence
from hashlib import sha256

from ledger.reminders import Task, TaskKind
from ledger.store import tasks
from ledger.store.session import Session
from outsourced_ar.facts import DebtorFacts, Refusal, Silence, Tonight


def ask(
    session: Session, facts: DebtorFacts, refusals: Sequence[Refusal], tonight: Tonight
) -> None:
    """Ask a person for what keeps a debtor from being spoken to, if anything does."""
    for one in refusals:
        task = _task(facts, one, tonight)
        if task is not None:
            tasks.ask(session, task, tonight.now)


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
