"""What a report on a message means: for the message, its address and a person."""

from datetime import date, datetime
from typing import Final

from ledger.reminders import (
    LetterId,
    Message,
    MessageState,
    Task,
    TaskKind,
)
from ledger.store import contacts, messages, tasks
from ledger.store.session import Session
from outsourced_ar.reading.bounces import Bounce, BounceKind

BY: Final = "bounce"
MAY_BOUNCE: Final = frozenset({MessageState.SENT, MessageState.UNKNOWN})


def take_bounce(
    session: Session,
    bounce: Bounce,
    message: Message | None,
    *,
    letter_id: LetterId,
    at: datetime,
    on: date,
) -> None:
    """Do what a report means for its message; one of no message of ours means nothing.

    Args:
        session: Of the tenant.
        bounce: The report.
        message: The message it is about.
        letter_id: As what the report was kept.
        at: The instant it became known.
        on: The business day.
    """
    if message is None or message.id is None:
        return
    details = {
        "letter": letter_id,
        "report": bounce.kind,
        "status": bounce.status,
        "diagnostic": bounce.diagnostic,
    }
    if not bounce.kind.is_final:
        if (
            bounce.kind is BounceKind.DELIVERED
            and message.state is MessageState.UNKNOWN
        ):
            messages.mark(
                session, message.id, MessageState.SENT, at=at, by=BY, details=details
            )
        said = "delivered" if bounce.kind is BounceKind.DELIVERED else "delayed"
        messages.append_event(
            session, [message.id], said, at=at, by=BY, details=details
        )
        return
    if message.state in MAY_BOUNCE:
        messages.mark(
            session,
            message.id,
            MessageState.BOUNCED,
            at=at,
            by=BY,
            note=bounce.diagnostic,
            details=details,
        )
    else:
        messages.append_event(
            session, [message.id], "came back", at=at, by=BY, details=details
        )
    if bounce.kind is BounceKind.HARD:
        # A mailbox that forwards may report another address than the one we wrote to.
        contacts.mark_bounced(session, message.debtor_id, message.address, on=on, at=at)
    _ask(session, bounce, message, letter_id, at, on)


def _ask(
    session: Session,
    bounce: Bounce,
    message: Message,
    letter_id: LetterId,
    at: datetime,
    on: date,
) -> None:
    """Ask for an address, unless the debtor has another that can be reached."""
    known = contacts.load_for(session, [message.debtor_id])
    others = known.get(message.debtor_id, ())
    is_hard = bounce.kind is BounceKind.HARD
    if is_hard and any(one.is_reachable for one in others):
        return
    title = "Nobody can be reached" if is_hard else "Mail was refused"
    tasks.ask(
        session,
        Task(
            kind=TaskKind.CONTACT,
            key=f"debtor:{message.debtor_id}",
            debtor_id=message.debtor_id,
            message_id=message.id,
            letter_id=letter_id,
            title=title,
            details={"address": message.address, "diagnostic": bounce.diagnostic},
            due_on=on,
        ),
        at,
    )
