"""What a client's new word does to messages that its last one let go."""

from datetime import datetime

from ledger.reminders import Mandate, MessageState, Mode
from ledger.store import messages
from ledger.store.messages import MessageFilter
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
    waiting = messages.listing(session, MessageFilter(states=(MessageState.READY,)))
    for one in waiting:
        assert one.message.id is not None
        messages.mark(
            session,
            one.message.id,
            MessageState.CANCELLED,
            at=at,
            by=now.given_by,
            note="the client wants to release messages itself",
        )
    return len(waiting)
