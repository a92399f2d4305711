"""What a client's new word does to messages that its last one let go."""

from datetime import datetime

from ledger.reminders import Mandate, Message, MessageState, Mode
from ledger.store import messages
from ledger.store.messages import MessageFilter, MessageStateError
from ledger.store.session import Session


def withdraw_unreleased(
    session: Session, before: Mandate | None, now: Mandate, at: datetime
) -> int:
    """Withdraw what no person released, where the client no longer lets it go so.

    Its steps count as not taken: the next night decides anew, under the new word.
    Return how many messages that were.
    """
    was_automatic = before is not None and before.mode is Mode.AUTOMATIC
    if not was_automatic or now.mode is Mode.AUTOMATIC:
        return 0
    ready = MessageFilter(states=(MessageState.READY,))
    return sum(
        _withdraw(session, one.message, now, at)
        for one in messages.each(session, ready)
    )


def _withdraw(session: Session, message: Message, now: Mandate, at: datetime) -> bool:
    """Withdraw a message; say no where a sender has just begun with it."""
    assert message.id is not None
    try:
        messages.mark(
            session,
            message.id,
            MessageState.CANCELLED,
            at=at,
            by=now.given_by,
            note="the client wants to release messages itself",
        )
    except MessageStateError:
        return False
    return True
