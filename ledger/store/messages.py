"""The outbox, and what was said: each message once, whoever queues it and how often.

Two keys of the database hold that: one message a debtor, sender, channel, currency and
business day, and one step an item. A row goes from state to state by a table, and what
became of it is appended to its events.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from ledger.errors import InvariantError
from ledger.events import Event
from ledger.ids import DebtorId, DocumentId
from ledger.reminders import Channel, Message, MessageId, MessageState, TaskKind, Voice
from ledger.store import agenda, event_log, tasks
from ledger.store.message_queue import Order, queue, queue_all
from ledger.store.message_rows import (
    MessageFilter,
    StoredMessage,
    UnknownMessageError,
    attachments,
    by_mail_id,
    counts,
    each,
    events,
    last_mail_ids,
    listing,
    load,
)
from ledger.store.session import Session

__all__ = [
    "MessageFilter",
    "MessageStateError",
    "Order",
    "StoredMessage",
    "UnknownMessageError",
    "append_event",
    "approval_key",
    "attachments",
    "begin_sending",
    "by_mail_id",
    "counts",
    "each",
    "events",
    "is_unasked",
    "last_mail_ids",
    "listing",
    "load",
    "mark",
    "queue",
    "queue_all",
    "release",
    "stuck",
    "take_ready",
]

NEXT: Final[Mapping[MessageState, frozenset[MessageState]]] = {
    MessageState.PLANNED: frozenset({MessageState.READY, MessageState.CANCELLED}),
    MessageState.READY: frozenset({MessageState.SENDING, MessageState.CANCELLED}),
    MessageState.SENDING: frozenset(
        {
            MessageState.SENT,
            MessageState.UNKNOWN,
            MessageState.FAILED,
            # The server has said that it did not take it: this is not a guess.
            MessageState.READY,
        }
    ),
    MessageState.UNKNOWN: frozenset(
        {
            MessageState.SENT,
            MessageState.FAILED,
            MessageState.BOUNCED,
        }
    ),
    MessageState.SENT: frozenset({MessageState.BOUNCED}),
    MessageState.FAILED: frozenset(),
    MessageState.BOUNCED: frozenset(),
    MessageState.CANCELLED: frozenset(),
}
"""From which state a message goes to which.

What may have gone is never withdrawn: that would free its steps to be taken again.
"""

ENDS: Final = frozenset(
    {
        MessageState.SENT,
        MessageState.FAILED,
        MessageState.BOUNCED,
        MessageState.CANCELLED,
    }
)

LOGGED: Final = ENDS | {MessageState.UNKNOWN}
"""States of which the event log says that a message came to them."""
NAMED_MAX: Final = 500
"""So many messages at most are named in one event of a release."""

EMAIL_AND_LETTER: Final = (Channel.EMAIL, Channel.LETTER)
"""What delivery sends; calls are tasks of people."""


class MessageStateError(InvariantError):
    """A message was to go from one state to one that does not follow it."""

    def __init__(
        self, one: MessageId, *, state: MessageState, wanted: MessageState
    ) -> None:
        """Name the message and both states."""
        super().__init__(
            f"Message {one} is {state} and cannot become {wanted}.",
            remedy="Please report this; the message is as it was.",
        )


APPEND_EVENTS = """
INSERT INTO message_event (tenant_id, message_id, event, at, kind, by, details)
SELECT :tenant_id, m.id,
       (SELECT count(*) FROM message_event e
        WHERE e.tenant_id = :tenant_id AND e.message_id = m.id),
       :at, :kind, :by, CAST(:details AS jsonb)
FROM message m WHERE m.tenant_id = :tenant_id AND m.id = ANY (:ids)
"""

RELEASE = """
UPDATE message SET state = 'ready', released_at = :at
WHERE tenant_id = :tenant_id AND state = 'planned'
  AND (CAST(:ids AS bigint[]) IS NULL OR id = ANY (:ids))
RETURNING id, voice
"""


def release(
    session: Session,
    which: Collection[MessageId] | None = None,
    *,
    by: str,
    at: datetime,
) -> list[MessageId]:
    """Let planned messages go, all of them unless some are named; return which did."""
    ids = None if which is None else list(which)
    found = session.execute(RELEASE, {"ids": ids, "at": at}).all()
    released = sorted(MessageId(row.id) for row in found)
    for row in found:
        if row.voice == Voice.AGENCY:
            _approved(session, MessageId(row.id), at=at, by=by, outcome="released")
    append_event(session, released, MessageState.READY, at=at, by=by)
    event_log.note(session, at, [_released(part, by) for part in _parts(released)])
    return released


def approval_key(one: MessageId) -> str:
    """Return the key of the task that asks whether a final demand may go."""
    return f"final demand {one}"


def _approved(
    session: Session, one: MessageId, *, at: datetime, by: str, outcome: str
) -> None:
    """End the task that asks about a final demand: it waits for nobody any more."""
    key = approval_key(one)
    tasks.settle(session, TaskKind.REVIEW, key, at=at, by=by, outcome=outcome)


def _parts(which: Sequence[MessageId]) -> Iterator[Sequence[MessageId]]:
    for begin in range(0, len(which), NAMED_MAX):
        yield which[begin : begin + NAMED_MAX]


def _released(which: Sequence[MessageId], by: str) -> Event:
    return Event(
        kind="message.released",
        by=by,
        subject=f"message:{which[0]}",
        details={"messages": list(which)},
    )


# The states stand in the statements, so that the planner sees the index fit them.
TAKE = """
SELECT id FROM message
WHERE tenant_id = :tenant_id AND state = 'ready' AND channel = ANY (:channels)
ORDER BY id LIMIT :limit
"""


def take_ready(
    session: Session,
    limit: int | None,
    channels: Iterable[Channel] = EMAIL_AND_LETTER,
) -> list[MessageId]:
    """Return the oldest messages that wait for delivery, or all; nothing is locked."""
    found = session.execute(TAKE, {"limit": limit, "channels": list(channels)})
    return [MessageId(one) for one in found.scalars()]


LOCK_DEBTOR = """
SELECT FROM debtor b
WHERE b.tenant_id = :tenant_id
  AND b.id = (SELECT m.debtor_id FROM message m
              WHERE m.tenant_id = :tenant_id AND m.id = :id)
FOR UPDATE
"""
BEGIN = """
UPDATE message SET state = 'sending', sending_at = :at
WHERE tenant_id = :tenant_id AND id = :id AND state = 'ready'
RETURNING id
"""


def begin_sending(session: Session, one: MessageId, at: datetime) -> Message | None:
    """Claim a message for delivery; None where it is not ready, or no longer.

    The debtor's row is locked first, then the message's, until the transaction ends: of
    two workers only one goes on, and nothing of the debtor lands in between.
    """
    session.execute(LOCK_DEBTOR, {"id": one})
    if session.execute(BEGIN, {"id": one, "at": at}).first() is None:
        return None
    append_event(session, [one], MessageState.SENDING, at=at, by="delivery")
    return load(session, one)


LOCK = """
SELECT state FROM message WHERE tenant_id = :tenant_id AND id = :id FOR UPDATE
"""
MARK = """
UPDATE message m
SET state = :state, note = :note,
    released_at = CASE WHEN :state = 'ready' THEN coalesce(released_at, :at)
                       ELSE released_at END,
    sending_at = CASE WHEN :state = 'sending' THEN :at
                      WHEN :state = 'ready' THEN NULL ELSE sending_at END,
    ended_at = CASE WHEN :is_end THEN :at ELSE ended_at END
WHERE m.tenant_id = :tenant_id AND m.id = :id
RETURNING m.debtor_id, m.mandate_id, m.voice, m.identity, m.channel, m.currency,
          m.total_minor, m.template, m.business_on,
          ARRAY(SELECT i.document_id FROM message_item i
                WHERE i.tenant_id = :tenant_id AND i.message_id = m.id
                ORDER BY i.document_id) AS document_ids
"""
UNCOUNT = """
UPDATE message_item SET counts = false
WHERE tenant_id = :tenant_id AND message_id = :id AND counts
RETURNING document_id
"""


def mark(
    session: Session,
    one: MessageId,
    state: MessageState,
    *,
    at: datetime,
    by: str,
    note: str = "",
    details: Mapping[str, Any] | None = None,
) -> None:
    """Bring a message to a state that may follow its own, and note it.

    The steps of one that came to nothing count as not taken: its items are looked at
    again on the next night.

    Raises:
        MessageStateError: The state does not follow.
        UnknownMessageError: There is no such message.
    """
    found = session.execute(LOCK, {"id": one}).scalar_one_or_none()
    if found is None:
        raise UnknownMessageError(one)
    if state not in NEXT[MessageState(found)]:
        raise MessageStateError(one, state=MessageState(found), wanted=state)
    row = session.execute(
        MARK,
        {"id": one, "state": state, "note": note, "at": at, "is_end": state in ENDS},
    ).one()
    if not state.counts:
        documents = {
            DocumentId(row) for row in session.execute(UNCOUNT, {"id": one}).scalars()
        }
        agenda.forget_documents(session, documents)
    if row.voice == Voice.AGENCY and found == MessageState.PLANNED:
        _approved(session, one, at=at, by=by, outcome=str(state))
    append_event(session, [one], state, at=at, by=by, details=details)
    # A call is handed to a person: what came of it is logged with the person's task.
    if state in LOGGED and row.channel != Channel.CALL:
        event_log.note(session, at, [_ended(one, state, row, by)])


def _ended(one: MessageId, state: MessageState, row: Any, by: str) -> Event:  # noqa: ANN401 - a row
    return Event(
        kind=f"message.{state}",
        by=by,
        subject=f"message:{one}",
        debtor_id=DebtorId(row.debtor_id),
        document_ids=tuple(
            dict.fromkeys(DocumentId(document) for document in row.document_ids)
        ),
        details={
            "mandate_id": row.mandate_id,
            "voice": row.voice,
            "identity": row.identity,
            "channel": row.channel,
            "template": row.template,
            "currency": row.currency,
            "total_minor": row.total_minor,
            "business_on": row.business_on.isoformat(),
        },
    )


def append_event(
    session: Session,
    which: Sequence[MessageId],
    kind: str,
    *,
    at: datetime,
    by: str,
    details: Mapping[str, Any] | None = None,
) -> None:
    """Note what became of messages; a state's name, or `replied`, `read`, `asked`."""
    if not which:
        return
    session.execute(
        APPEND_EVENTS,
        {
            "ids": list(which),
            "kind": str(kind),
            "at": at,
            "by": by,
            "details": json.dumps(dict(details or {})),
        },
    )


UNASKED = """
SELECT FROM message_event e
WHERE e.tenant_id = :tenant_id AND e.message_id = :id AND e.event = 0
  AND e.kind = 'ready'
"""


def is_unasked(session: Session, one: MessageId) -> bool:
    """Say whether a message never waited for a person's release."""
    return session.execute(UNASKED, {"id": one}).first() is not None


STUCK = """
SELECT id FROM message
WHERE tenant_id = :tenant_id AND state = 'sending' AND sending_at < :before
ORDER BY id
"""


def stuck(session: Session, before: datetime) -> list[StoredMessage]:
    """Return what was handed to delivery before an instant and never came back."""
    ids = tuple(
        MessageId(one) for one in session.execute(STUCK, {"before": before}).scalars()
    )
    return listing(session, MessageFilter(ids=ids)) if ids else []
