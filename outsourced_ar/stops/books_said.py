"""What persons changed in the books of what we wrote there: it flows back here.

A dispute that somebody closed there is closed here; a promised date that somebody
moved, or a payment of ours that is gone, is put before a person. Each is taken in once.
"""

from datetime import date, datetime
from typing import Final

from ledger.events import Event
from ledger.outbox import ChangedThere, WriteKind
from ledger.reminders import StopId, StopKind, Task, TaskKind
from ledger.stop_states import is_over
from ledger.store import event_log, stops, tasks, written_back
from ledger.store.session import Session
from outsourced_ar.stops import disputes
from outsourced_ar.stops.stopping import Change, follow

BY: Final = "books"
OF_STOP: Final = "stop:"


def take_in(session: Session, *, at: datetime, today: date) -> int:
    """Take in what was changed in the books since; return how much that was."""
    changed = written_back.changed_there(session)
    for one in changed:
        _take_in(session, one, at=at, today=today)
    written_back.take_in(
        session, [one.write_back.id for one in changed if one.write_back.id is not None]
    )
    return len(changed)


def _take_in(session: Session, one: ChangedThere, *, at: datetime, today: date) -> None:
    written = one.write_back
    said = Event(
        kind="books.changed",
        by=BY,
        subject=written.subject,
        debtor_id=written.debtor_id,
        document_ids=() if written.document_id is None else (written.document_id,),
        details={
            "write_back": written.id,
            "field": one.field,
            "ours": dict(one.ours),
            "there": None if one.there is None else dict(one.there),
        },
    )
    event_log.note(session, at, [said])
    # Where only a part of it was let go there, a person says what that means.
    is_closed = written.kind is WriteKind.DISPUTE and one.is_taken_back
    if is_closed and _closed(session, one, at=at, today=today):
        return
    task = Task(
        kind=TaskKind.REVIEW,
        key=f"books:{written.key}",
        debtor_id=written.debtor_id,
        title=_title(written.kind),
        details={"subject": written.subject, "field": one.field},
        due_on=today,
    )
    tasks.ask(session, task, at)


def _closed(session: Session, one: ChangedThere, *, at: datetime, today: date) -> bool:
    """End the dispute that was closed in the books; say whether it is over."""
    subject = one.write_back.subject
    if not subject.startswith(OF_STOP):
        return False
    number = StopId(int(subject.removeprefix(OF_STOP)))
    stop = stops.load(session, number)
    if stop.kind is not StopKind.DISPUTE or is_over(stop):
        return True
    change = Change(
        rule=disputes.IN_BOOKS,
        on=today,
        last_on=today,
        facts={"field": one.field, "found_at": one.found_at.isoformat()},
        task="A dispute was closed in the books",
    )
    follow(session, number, change, at=at, by=BY)
    return True


def _title(kind: WriteKind) -> str:
    match kind:
        case WriteKind.PROMISE:
            return "A promised date was changed in the books"
        case WriteKind.PAYMENT:
            return "A payment that was written back is gone from the books"
        case _:
            return "What was written back was changed in the books"
