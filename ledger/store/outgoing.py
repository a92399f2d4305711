"""What a worker that sends must know of messages: where their items are from, and when.

Nothing here changes a message's state; `messages` does.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from ledger.ids import ConnectionId, SourceId
from ledger.records import DocumentKind, DocumentRef
from ledger.reminders import MessageId
from ledger.store import messages
from ledger.store.session import Session

PUT_OFF = "put_off"
"""The event of a try that certainly did not go."""
HELD = "held"
"""The event of a message that waits for something to pass, with the reason."""
NOT_BEFORE = "not_before"

SOURCES = """
SELECT i.message_id, d.connection_id, d.kind, d.source_id
FROM message_item i
JOIN document d ON d.tenant_id = :tenant_id AND d.id = i.document_id
WHERE i.tenant_id = :tenant_id AND i.message_id = ANY (:ids)
ORDER BY i.message_id, d.connection_id, d.kind, d.source_id COLLATE "C"
"""
LOCK_DEBTOR = """
SELECT FROM debtor b
WHERE b.tenant_id = :tenant_id
  AND b.id = (SELECT m.debtor_id FROM message m
              WHERE m.tenant_id = :tenant_id AND m.id = :id)
FOR UPDATE
"""
LOCK_READY = """
SELECT id FROM message
WHERE tenant_id = :tenant_id AND id = :id AND state = 'ready' FOR UPDATE
"""
LAST_EVENTS = """
SELECT DISTINCT ON (e.message_id) e.message_id, e.kind, e.details
FROM message_event e
WHERE e.tenant_id = :tenant_id AND e.message_id = ANY (:ids)
  AND e.kind = ANY (:kinds)
ORDER BY e.message_id, e.event DESC
"""


@dataclass(frozen=True, slots=True)
class Source:
    """A document of the books that a message speaks of."""

    message_id: MessageId
    connection_id: ConnectionId
    ref: DocumentRef


def sources(session: Session, which: Collection[MessageId]) -> list[Source]:
    """Return the documents that messages speak of, by message."""
    return [
        Source(
            MessageId(row.message_id),
            ConnectionId(row.connection_id),
            DocumentRef(DocumentKind(row.kind), SourceId(row.source_id)),
        )
        for row in session.execute(SOURCES, {"ids": list(which)})
    ]


def hold(session: Session, one: MessageId) -> bool:
    """Lock a message that is ready, and its debtor, until the transaction ends.

    The debtor is locked first, as by whoever begins to send: two workers never wait for
    each other. Say no where the message is not ready, or no longer.
    """
    session.execute(LOCK_DEBTOR, {"id": one})
    return session.execute(LOCK_READY, {"id": one}).first() is not None


def put_off(
    session: Session, which: Iterable[MessageId], now: datetime
) -> set[MessageId]:
    """Return those of some messages that were put off to later than an instant."""
    found = session.execute(
        LAST_EVENTS, {"ids": list(which), "kinds": [PUT_OFF, "sending"]}
    )
    return {
        MessageId(row.message_id)
        for row in found
        if row.kind == PUT_OFF and datetime.fromisoformat(row.details[NOT_BEFORE]) > now
    }


def note_put_off(
    session: Session,
    one: MessageId,
    *,
    at: datetime,
    not_before: datetime,
    words: str,
    code: str,
) -> None:
    """Note that a message did not go, why, and when it may be tried again."""
    details = {NOT_BEFORE: not_before.isoformat(), "words": words, "code": code}
    messages.append_event(
        session, [one], PUT_OFF, at=at, by="delivery", details=details
    )


def note_held(
    session: Session, one: MessageId, *, at: datetime, reason: str, because: str
) -> None:
    """Note why a message waits, once for each reason that follows another."""
    last = session.execute(
        LAST_EVENTS, {"ids": [one], "kinds": [HELD, PUT_OFF, "sending", "ready"]}
    ).first()
    if last is not None and last.kind == HELD and last.details["reason"] == reason:
        return
    details = {"reason": reason, "because": because}
    messages.append_event(session, [one], HELD, at=at, by="delivery", details=details)
