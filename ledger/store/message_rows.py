"""Messages read back: what was said, exactly, and what became of it."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final

from ledger.errors import InvariantError
from ledger.ids import DebtorId, DocumentId
from ledger.money import Currency
from ledger.reminders import (
    Attachment,
    Channel,
    ContactId,
    Message,
    MessageId,
    MessageItem,
    MessageState,
    Tone,
    Voice,
)
from ledger.store.session import Session

AT_ONCE: Final = 1_000
"""So many messages are held whole at a time where all of them are gone through."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredMessage:
    """A message with what became of it.

    Attributes:
        sending_at: When it was handed to delivery.
        ended_at: When it went, came back or was given up.
    """

    message: Message
    mandate_id: int
    decision_id: int | None
    decided_at: datetime
    released_at: datetime | None
    sending_at: datetime | None
    ended_at: datetime | None
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageEvent:
    """What became of a message, and when, and by whom."""

    at: datetime
    kind: str
    by: str
    details: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageFilter:
    """Which messages are wanted; None wants all.

    Attributes:
        from_on: Of this business day or later.
        to_on: Of this business day or earlier.
    """

    ids: tuple[MessageId, ...] | None = None
    debtor_id: DebtorId | None = None
    document_id: DocumentId | None = None
    states: tuple[MessageState, ...] | None = None
    channels: tuple[Channel, ...] | None = None
    from_on: date | None = None
    to_on: date | None = None


class UnknownMessageError(InvariantError):
    """There is no such message of the tenant."""

    def __init__(self, one: MessageId) -> None:
        """Name it."""
        super().__init__(f"There is no message {one}.")


EVENTS = """
SELECT at, kind, by, details FROM message_event
WHERE tenant_id = :tenant_id AND message_id = :id ORDER BY event
"""


def events(session: Session, one: MessageId) -> list[MessageEvent]:
    """Return what became of a message, in its order."""
    return [
        MessageEvent(at=row.at, kind=row.kind, by=row.by, details=row.details)
        for row in session.execute(EVENTS, {"id": one})
    ]


WANTED: Final = """
  AND (CAST(:ids AS bigint[]) IS NULL OR m.id = ANY (:ids))
  AND (CAST(:debtor_id AS uuid) IS NULL OR m.debtor_id = :debtor_id)
  AND (CAST(:states AS text[]) IS NULL OR m.state = ANY (:states))
  AND (CAST(:channels AS text[]) IS NULL OR m.channel = ANY (:channels))
  AND (CAST(:from_on AS date) IS NULL OR m.business_on >= :from_on)
  AND (CAST(:to_on AS date) IS NULL OR m.business_on <= :to_on)
  AND (CAST(:document_id AS uuid) IS NULL
       OR EXISTS (SELECT FROM message_item i
                  WHERE i.tenant_id = :tenant_id AND i.message_id = m.id
                    AND i.document_id = :document_id))
"""
# The latest are taken where not all are; no limit takes all.
LISTED = f"""
SELECT * FROM (
    SELECT m.* FROM message m
    WHERE m.tenant_id = :tenant_id {WANTED}
    ORDER BY m.business_on DESC, m.id DESC LIMIT :limit
) AS latest ORDER BY business_on, id
"""
NUMBERS = f"""
SELECT m.id FROM message m
WHERE m.tenant_id = :tenant_id {WANTED}
ORDER BY m.business_on, m.id
"""
COUNTED = f"""
SELECT m.state, count(*) AS found FROM message m
WHERE m.tenant_id = :tenant_id {WANTED}
GROUP BY m.state
"""


def load(session: Session, one: MessageId) -> Message:
    """Return a message whole, attachments included.

    Raises:
        UnknownMessageError: There is no such message.
    """
    found = listing(session, MessageFilter(ids=(one,)), with_attachments=True)
    if not found:
        raise UnknownMessageError(one)
    return found[0].message


BY_MAIL_ID = """
SELECT id FROM message WHERE tenant_id = :tenant_id AND mail_id = :mail_id
"""


def by_mail_id(session: Session, mail_id: str) -> Message | None:
    """Return the message with a Message-ID."""
    found = session.execute(BY_MAIL_ID, {"mail_id": mail_id}).scalar_one_or_none()
    return None if found is None else load(session, MessageId(found))


def listing(
    session: Session,
    wanted: MessageFilter | None = None,
    *,
    limit: int | None = None,
    with_attachments: bool = False,
) -> list[StoredMessage]:
    """Return messages by business day, oldest first: all, or so many of the latest."""
    values = {**_values(wanted or MessageFilter()), "limit": limit}
    rows = session.execute(LISTED, values).all()
    ids = [row.id for row in rows]
    items = _items(session, ids)
    attached = _attachments(session, ids) if with_attachments else {}
    return [
        _stored(row, tuple(items.get(row.id, ())), tuple(attached.get(row.id, ())))
        for row in rows
    ]


def each(session: Session, wanted: MessageFilter) -> Iterator[StoredMessage]:
    """Yield every message of a filter, oldest first, however many there are.

    Only some are held at a time; one that the filter no longer means when its turn
    comes is left out.
    """
    found = session.execute(NUMBERS, _values(wanted)).scalars().all()
    for begin in range(0, len(found), AT_ONCE):
        ids = tuple(MessageId(one) for one in found[begin : begin + AT_ONCE])
        yield from listing(session, replace(wanted, ids=ids))


def counts(session: Session, wanted: MessageFilter) -> dict[MessageState, int]:
    """Return how many messages of a filter are in each state that one is in."""
    rows = session.execute(COUNTED, _values(wanted))
    return {MessageState(row.state): int(row.found) for row in rows}


LAST_SENT = """
SELECT DISTINCT ON (m.debtor_id, m.identity, m.currency)
       m.debtor_id, m.identity, m.currency, m.mail_id
FROM message m
WHERE m.tenant_id = :tenant_id AND m.debtor_id = ANY (:debtor_ids)
  AND m.channel = 'email' AND m.state = 'sent'
ORDER BY m.debtor_id, m.identity, m.currency, m.business_on DESC, m.id DESC
"""


def last_mail_ids(
    session: Session, debtor_ids: Collection[DebtorId]
) -> dict[tuple[DebtorId, str, Currency], str]:
    """Return the Message-ID of the last mail sent, by debtor, sender and currency."""
    if not debtor_ids:
        return {}
    rows = session.execute(LAST_SENT, {"debtor_ids": list(debtor_ids)})
    return {
        (DebtorId(row.debtor_id), row.identity, Currency(row.currency)): row.mail_id
        for row in rows
    }


ITEMS = """
SELECT * FROM message_item WHERE tenant_id = :tenant_id AND message_id = ANY (:ids)
ORDER BY message_id, due_on, number COLLATE "C", document_id, part
"""


def _items(session: Session, ids: list[int]) -> dict[int, list[MessageItem]]:
    found: dict[int, list[MessageItem]] = {}
    for row in session.execute(ITEMS, {"ids": ids}) if ids else ():
        found.setdefault(row.message_id, []).append(
            MessageItem(
                document_id=DocumentId(row.document_id),
                part=row.part,
                number=row.number,
                issued_on=row.issued_on,
                due_on=row.due_on,
                total_minor=row.total_minor,
                open_minor=row.open_minor,
                step=row.step,
                round=row.round,
            )
        )
    return found


ATTACHED = """
SELECT message_id, name, media_type, content FROM message_attachment
WHERE tenant_id = :tenant_id AND message_id = ANY (:ids)
ORDER BY message_id, name COLLATE "C"
"""


def attachments(session: Session, one: MessageId) -> tuple[Attachment, ...]:
    """Return the files of a message, by name."""
    return tuple(_attachments(session, [one]).get(one, ()))


def _attachments(session: Session, ids: list[int]) -> dict[int, list[Attachment]]:
    found: dict[int, list[Attachment]] = {}
    for row in session.execute(ATTACHED, {"ids": ids}) if ids else ():
        found.setdefault(row.message_id, []).append(
            Attachment(row.name, row.media_type, bytes(row.content))
        )
    return found


def _values(wanted: MessageFilter) -> dict[str, Any]:
    return {
        "ids": _listed(wanted.ids),
        "debtor_id": wanted.debtor_id,
        "document_id": wanted.document_id,
        "states": _listed(wanted.states),
        "channels": _listed(wanted.channels),
        "from_on": wanted.from_on,
        "to_on": wanted.to_on,
    }


def _listed(values: tuple[Any, ...] | None) -> list[Any] | None:
    return None if values is None else list(values)


def _stored(
    row: Any,  # noqa: ANN401 - a row
    items: tuple[MessageItem, ...],
    attachments: tuple[Attachment, ...],
) -> StoredMessage:
    return StoredMessage(
        message=Message(
            id=MessageId(row.id),
            debtor_id=DebtorId(row.debtor_id),
            voice=Voice(row.voice),
            identity=row.identity,
            channel=Channel(row.channel),
            currency=Currency(row.currency),
            business_on=row.business_on,
            state=MessageState(row.state),
            cadence=row.cadence,
            cadence_version=row.cadence_version,
            step=row.step,
            tone=Tone(row.tone),
            template=row.template,
            language=row.language,
            contact_id=None if row.contact_id is None else ContactId(row.contact_id),
            recipient=row.recipient,
            address=row.address,
            subject=row.subject,
            text=row.text,
            html=row.html,
            mail_id=row.mail_id,
            thread=row.thread,
            total_minor=row.total_minor,
            credits_minor=row.credits_minor,
            items=items,
            attachments=attachments,
            certain_on=row.certain_on,
            rule=row.rule,
        ),
        mandate_id=row.mandate_id,
        decision_id=row.decision_id,
        decided_at=row.decided_at,
        released_at=row.released_at,
        sending_at=row.sending_at,
        ended_at=row.ended_at,
        note=row.note,
    )
