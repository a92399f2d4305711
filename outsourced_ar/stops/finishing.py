"""Tasks that are done: how a call ended is entered with what follows from it.

A debtor who promised, disputed or said that it has paid is left alone from that instant
on: the stop and the end of the task are one transaction.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from ledger.errors import RequestError
from ledger.money import Currency
from ledger.reminders import (
    ReplyKind,
    Stop,
    StopId,
    StopItem,
    StopKind,
    Task,
    TaskId,
    TaskKind,
)
from ledger.stop_states import is_over
from ledger.store import letters, messages, stops, tasks
from ledger.store.session import Session
from outsourced_ar.stops.stopping import TRACE_DAYS, enter
from outsourced_ar.wording.texts import Outcomes

STOPPING: Final[Mapping[str, StopKind]] = {
    "promise": StopKind.PROMISE,
    "dispute": StopKind.DISPUTE,
    "paid": StopKind.HOLD,
}
"""Outcomes that stop the clock, and how."""

CALL_OUTCOMES: Final[tuple[str, ...]] = Outcomes.__struct_fields__


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the debtor said.

    Attributes:
        items: What it spoke of, where a person named it; None: what the task is about.
        due_on: The day promised, or by which a dispute is to be answered.
        reason: Why it disputes: a code.
    """

    items: tuple[StopItem, ...] | None = None
    currency: Currency | None = None
    amount_minor: int | None = None
    due_on: date | None = None
    reason: str = ""
    note: str = ""
    said_by: str = ""

    @property
    def says_anything(self) -> bool:
        """Whether anything was told that only a stop can hold."""
        return self != Told()


def subject(
    session: Session, task: Task
) -> tuple[tuple[StopItem, ...], Currency | None]:
    """Return what a task is about: the items of its message, else of its letter."""
    if task.message_id is not None:
        message = messages.load(session, task.message_id)
        return (
            tuple(
                StopItem(document_id=one.document_id, part=one.part)
                for one in message.items
            ),
            message.currency,
        )
    if task.letter_id is not None:
        named = letters.load(session, task.letter_id).document_ids
        return tuple(StopItem(document_id=one) for one in named), None
    return (), None


def finish(
    session: Session,
    one: TaskId,
    outcome: str,
    told: Told,
    *,
    at: datetime,
    today: date,
    by: str,
) -> StopId | None:
    """Note that a task is done, and enter the stop that its outcome says, if any.

    Of a letter that was read as a promise or dispute already, no second is entered.

    Raises:
        UnknownTaskError: There is no open task of this number.
        RequestError: What was told is not enough, or does not fit the outcome.
    """
    task = tasks.load(session, one)
    if task.kind is TaskKind.CALL and outcome and outcome not in CALL_OUTCOMES:
        raise RequestError(
            f"A call does not end with {outcome!r}.",
            remedy=f"Say {', '.join(CALL_OUTCOMES)}.",
        )
    tasks.done(session, one, at=at, by=by, outcome=outcome)
    kind = STOPPING.get(outcome)
    if kind is None:
        if told.says_anything:
            raise RequestError(
                f"What was told is kept with a promise or a dispute only, not with "
                f"{outcome or 'no outcome'}.",
                remedy="Add --outcome promise or --outcome dispute, or leave them out.",
            )
        return None
    if task.debtor_id is None:
        raise RequestError(
            f"Task {one} is of no debtor, so nobody can have said {outcome}.",
            remedy="`duebridge stop add` enters it for a debtor.",
        )
    standing = _of_its_letter(session, task, kind)
    if standing is not None and not told.says_anything:
        return standing
    if standing is not None:
        raise RequestError(
            f"The letter's own {kind} stands already, as number {standing}.",
            remedy="End that one first, or say nothing of amounts and days here.",
        )
    return enter(session, _stop(session, task, kind, told, today=today, by=by), at)


def _of_its_letter(session: Session, task: Task, kind: StopKind) -> StopId | None:
    if task.letter_id is None:
        return None
    for stop in stops.load_all(session, task.debtor_id):
        if stop.letter_id == task.letter_id and stop.kind is kind:
            return None if is_over(stop) else stop.id
    return None


def _stop(
    session: Session, task: Task, kind: StopKind, told: Told, *, today: date, by: str
) -> Stop:
    assert task.debtor_id is not None
    items, currency = subject(session, task)
    if told.items is not None:
        items = told.items
    ends_on, due_on, reason = None, told.due_on, told.reason
    if kind is StopKind.DISPUTE:
        _expect_dispute(items, told, is_named=told.items is not None)
    if kind is StopKind.HOLD:
        ends_on = due_on or today + timedelta(days=TRACE_DAYS)
        due_on, reason = None, reason or ReplyKind.ALREADY_PAID.upper()
    if told.amount_minor is not None and len(items) == 1:
        (only,) = items
        items = (
            StopItem(
                document_id=only.document_id,
                part=only.part,
                amount_minor=told.amount_minor,
            ),
        )
    return Stop(
        kind=kind,
        debtor_id=task.debtor_id,
        items=items,
        currency=told.currency or currency,
        amount_minor=told.amount_minor,
        begins_on=today,
        ends_on=ends_on,
        due_on=due_on,
        reason=reason,
        note=told.note,
        said_by=told.said_by,
        recorded_by=by,
        letter_id=task.letter_id,
        details={"task": task.id},
    )


def _expect_dispute(items: tuple[StopItem, ...], told: Told, *, is_named: bool) -> None:
    if not told.reason:
        raise RequestError(
            "A dispute needs its reason, or nobody can answer it.",
            remedy="Add --reason, such as --reason PRICE.",
        )
    if not is_named and len(items) != 1:
        raise RequestError(
            "The call was about several invoices; which of them are disputed?",
            remedy="Name each with --invoice.",
        )
    if told.amount_minor is not None and len(items) > 1:
        raise RequestError(
            "One amount does not say how much of each invoice is disputed.",
            remedy="Enter each with `duebridge stop add dispute`.",
        )
