"""A person says whose a letter is: it is threaded anew, against that debtor's items.

What the letter had entered against another debtor ends there, for it was never that
one's word; the letter then waits for a person, so that the right one is left in peace.
"""

from datetime import date, datetime

from ledger.calendar import ONE_DAY
from ledger.ids import DebtorId, DocumentId
from ledger.reminders import Letter, LetterId, Task, TaskKind
from ledger.stop_states import is_over
from ledger.store import agenda, letters, stops, tasks
from ledger.store.session import Session
from outsourced_ar.replies.replies_thread import TEXT_MAX, named_in
from outsourced_ar.stops import stopping


def assign(
    session: Session,
    one: LetterId,
    debtor_id: DebtorId,
    *,
    at: datetime,
    today: date,
    by: str,
) -> tuple[DocumentId, ...]:
    """Put a letter to a debtor; return the debtor's documents that it is about.

    Those are the ones it names, and of the ones it was about before those that are the
    debtor's.

    Raises:
        UnknownLetterError: There is no such letter.
    """
    letter = letters.load(session, one)
    own = letters.numbers_of(session, debtor_id)
    text = f"{letter.subject}\n{letter.found.get('said', letter.text)}"[:TEXT_MAX]
    kept = {item.id for item in own}
    about = tuple(
        dict.fromkeys(
            [
                *(item for item in letter.document_ids if item in kept),
                *(item.id for item in named_in(text, own)),
            ]
        )
    )
    letters.assign(session, one, debtor_id, about)
    former, is_open = letter.debtor_id, letter.is_open
    if former is not None and former != debtor_id:
        if _take_back(session, letter, at=at, today=today, by=by):
            letters.reopen(session, one)
            is_open = True
        agenda.forget_debtors(session, [former])
    if is_open and former != debtor_id:
        _ask(session, letter, debtor_id, at=at, today=today, by=by)
    agenda.forget_debtors(session, [debtor_id])
    return about


def _take_back(
    session: Session, letter: Letter, *, at: datetime, today: date, by: str
) -> bool:
    """Cancel what the letter entered against another debtor; say whether it had."""
    found = [
        stop
        for stop in stops.load_all(session, letter.debtor_id)
        if stop.letter_id == letter.id and not is_over(stop)
    ]
    for stop in found:
        assert stop.id is not None
        stopping.end(
            session,
            stop.id,
            last_on=min(stop.begins_on, today) - ONE_DAY,
            at=at,
            by=by,
        )
    return bool(found)


def _ask(
    session: Session,
    letter: Letter,
    debtor_id: DebtorId,
    *,
    at: datetime,
    today: date,
    by: str,
) -> None:
    """Have the letter's tasks be the debtor's: old ones are done, one is asked anew."""
    for task in tasks.open_tasks(session):
        if task.letter_id == letter.id and task.id is not None:
            tasks.done(session, task.id, at=at, by=by, outcome="assigned")
    read_as = letter.found.get("guess") or letter.kind
    asked = Task(
        kind=TaskKind.REPLY,
        key=f"letter:{letter.id}",
        debtor_id=debtor_id,
        letter_id=letter.id,
        title="Answer a debtor's mail",
        details={
            "from": letter.sender,
            "subject": letter.subject,
            "read_as": None if read_as is None else str(read_as),
        },
        due_on=today,
    )
    tasks.ask(session, asked, at)
