"""Letters: what debtors wrote and past correspondence, each taken in once.

A letter is known by its Message-ID, or by a digest of what it is. Where a mailbox is
read to stands in the letters themselves, so that both land or neither does.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from ledger.errors import RequestError
from ledger.events import Event
from ledger.ids import DebtorId, DocumentId
from ledger.reminders import (
    Attachment,
    Letter,
    LetterId,
    LetterOrigin,
    MessageId,
    ReplyKind,
)
from ledger.store import agenda, event_log
from ledger.store.session import Session

AWAY_DAYS_MAX: Final = 14
"""So long somebody who is away is waited for, counted from when it was said."""
NUMBERS_MAX: Final = 10_000
"""So many of a debtor's numbers are looked for in what it writes, open ones first."""

ADD = """
INSERT INTO letter (tenant_id, origin, mail_id, received_at, sender, recipient, subject,
                    text, is_outgoing, debtor_id, message_id, document_ids, kind,
                    confidence_percent, is_open, found, known_at)
VALUES (:tenant_id, :origin, :mail_id, :received_at, :sender, :recipient, :subject,
        :text, :is_outgoing, :debtor_id, :message_id, :document_ids, :kind,
        :confidence_percent, :is_open, CAST(:found AS jsonb), :at)
ON CONFLICT (tenant_id, mail_id) DO NOTHING
RETURNING id
"""
ADD_ATTACHMENT = """
INSERT INTO letter_attachment (tenant_id, letter_id, name, media_type, content)
VALUES (:tenant_id, :letter_id, :name, :media_type, :content)
"""
KNOWN = """
SELECT mail_id FROM letter
WHERE tenant_id = :tenant_id AND mail_id = ANY (:mail_ids)
"""
WANTED: Final = """
  AND (CAST(:id AS bigint) IS NULL OR l.id = :id)
  AND (CAST(:debtor_id AS uuid) IS NULL OR l.debtor_id = :debtor_id)
  AND (CAST(:document_id AS uuid) IS NULL OR :document_id = ANY (l.document_ids))
  AND (NOT :is_open OR l.is_open)
"""
# The latest are taken where not all are; no limit takes all.
LISTED = f"""
SELECT * FROM (
    SELECT l.* FROM letter l
    WHERE l.tenant_id = :tenant_id {WANTED}
    ORDER BY l.received_at DESC, l.id DESC LIMIT :limit
) AS latest ORDER BY received_at, id
"""
COUNTED = f"""
SELECT count(*) AS found, count(*) FILTER (WHERE l.is_open) AS waiting
FROM letter l
WHERE l.tenant_id = :tenant_id {WANTED}
"""
ATTACHED = """
SELECT name, media_type, content FROM letter_attachment
WHERE tenant_id = :tenant_id AND letter_id = :id ORDER BY name COLLATE "C"
"""
ANSWER = """
UPDATE letter SET is_open = false, found = found || CAST(:answered AS jsonb)
WHERE tenant_id = :tenant_id AND id = :id AND is_open
RETURNING debtor_id, document_ids
"""
ASSIGN = """
UPDATE letter SET debtor_id = :debtor_id, document_ids = :document_ids
WHERE tenant_id = :tenant_id AND id = :id
RETURNING id
"""
REOPEN = """
UPDATE letter SET is_open = true
WHERE tenant_id = :tenant_id AND id = :id
RETURNING id
"""
MOVE = """
UPDATE letter SET found = found || CAST(:place AS jsonb)
WHERE tenant_id = :tenant_id AND mail_id = :mail_id
  AND (found #>> '{place,mailbox}' IS DISTINCT FROM :mailbox
       OR found #>> '{place,validity}' IS DISTINCT FROM :validity
       OR CAST(found #>> '{place,uid}' AS bigint) < :uid)
"""
LAST_UID = """
SELECT coalesce(max(CAST(found #>> '{place,uid}' AS bigint)), 0) FROM letter
WHERE tenant_id = :tenant_id AND found #>> '{place,mailbox}' = :mailbox
  AND found #>> '{place,validity}' = :validity
"""
AWAY = """
SELECT l.debtor_id, lower(l.sender) AS sender,
       max(least(CAST(l.found ->> 'return_on' AS date),
                 CAST(l.received_at AS date) + CAST(:days_max AS integer))) AS until
FROM letter l
WHERE l.tenant_id = :tenant_id AND l.debtor_id = ANY (:debtor_ids)
  AND l.kind = 'out_of_office' AND CAST(l.found ->> 'return_on' AS date) > :on
  AND CAST(l.received_at AS date) <= :on
  AND CAST(l.received_at AS date) + CAST(:days_max AS integer) > :on
GROUP BY l.debtor_id, lower(l.sender)
"""
NUMBERED = """
SELECT d.id, d.debtor_id, d.number FROM document d
WHERE d.tenant_id = :tenant_id AND d.number = ANY (:numbers)
  AND d.kind IN ('invoice', 'debit_journal', 'credit_note')
ORDER BY d.number COLLATE "C", d.id
"""
OF_DEBTOR = """
SELECT d.id, d.debtor_id, d.number FROM document d
WHERE d.tenant_id = :tenant_id AND d.debtor_id = :debtor_id AND d.number <> ''
  AND d.kind IN ('invoice', 'debit_journal', 'credit_note')
ORDER BY d.closed_on IS NOT NULL, d.issued_on DESC, d.id LIMIT :limit
"""
COUNTRY = """
SELECT b.country, b.language FROM debtor b
WHERE b.tenant_id = :tenant_id AND b.id = :id
"""


class UnknownLetterError(RequestError):
    """There is no such letter, or it waits for nothing."""

    def __init__(self, one: LetterId) -> None:
        """Name it."""
        super().__init__(
            f"There is no letter {one} that waits for an answer.",
            remedy="`duebridge replies` lists those that do.",
        )


@dataclass(frozen=True, slots=True)
class Numbered:
    """A document by its number."""

    id: DocumentId
    debtor_id: DebtorId
    number: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where a mail lies: its mailbox, as long as its numbers hold, and its number.

    Attributes:
        validity: The mailbox's UIDVALIDITY; with another its numbers mean nothing.
    """

    mailbox: str
    validity: str
    uid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LetterFilter:
    """Which letters are wanted; None wants all."""

    debtor_id: DebtorId | None = None
    document_id: DocumentId | None = None
    is_open: bool = False


def add(
    session: Session, letter: Letter, at: datetime, place: Place | None = None
) -> LetterId | None:
    """Take a letter in; None where it is known already, of whatever place.

    The place moves to the later one of a mail that lies in a mailbox twice.
    """
    found = {**letter.found, **({} if place is None else _placed(place))}
    values = {
        "origin": letter.origin,
        "mail_id": letter.mail_id,
        "received_at": letter.received_at,
        "sender": letter.sender,
        "recipient": letter.recipient,
        "subject": letter.subject,
        "text": letter.text,
        "is_outgoing": letter.is_outgoing,
        "debtor_id": letter.debtor_id,
        "message_id": letter.message_id,
        "document_ids": list(letter.document_ids),
        "kind": letter.kind,
        "confidence_percent": letter.confidence_percent,
        "is_open": letter.is_open,
        "found": json.dumps(found, default=str),
        "at": at,
    }
    made = session.execute(ADD, values).scalar_one_or_none()
    if made is None:
        if place is not None:
            _move(session, letter.mail_id, place)
        return None
    for one in letter.attachments:
        session.execute(
            ADD_ATTACHMENT,
            {
                "letter_id": made,
                "name": one.name,
                "media_type": one.media_type,
                "content": one.content,
            },
        )
    return LetterId(made)


def known(session: Session, mail_ids: Collection[str]) -> frozenset[str]:
    """Return which of some letters were taken in already."""
    found = session.execute(KNOWN, {"mail_ids": list(mail_ids)}).scalars()
    return frozenset(found)


def load(session: Session, one: LetterId) -> Letter:
    """Return a letter with its attachments.

    Raises:
        UnknownLetterError: There is no such letter.
    """
    rows = _rows(session, LetterFilter(), one=one, limit=1)
    if not rows:
        raise UnknownLetterError(one)
    attached = [
        Attachment(row.name, row.media_type, bytes(row.content))
        for row in session.execute(ATTACHED, {"id": one})
    ]
    return _letter(rows[0], tuple(attached))


def listing(
    session: Session, wanted: LetterFilter | None = None, *, limit: int | None = None
) -> list[Letter]:
    """Return letters by the instant they came in, without what was attached.

    All of them, or so many of the latest.
    """
    rows = _rows(session, wanted or LetterFilter(), one=None, limit=limit)
    return [_letter(row) for row in rows]


def count(session: Session, wanted: LetterFilter) -> tuple[int, int]:
    """Return how many letters a filter means, and how many of them wait."""
    row = session.execute(COUNTED, _values(wanted, one=None)).one()
    return int(row.found), int(row.waiting)


def answer(
    session: Session, one: LetterId, *, at: datetime, by: str, note: str = ""
) -> None:
    """Note that a letter is answered: it holds nothing back any longer.

    Raises:
        UnknownLetterError: There is none, or it waits for no answer.
    """
    said = {"answered": {"by": by, "at": at.isoformat(), "note": note}}
    values = {"id": one, "answered": json.dumps(said)}
    row = session.execute(ANSWER, values).one_or_none()
    if row is None:
        raise UnknownLetterError(one)
    done = Event(
        kind="letter.answered",
        by=by,
        subject=f"letter:{one}",
        debtor_id=row.debtor_id,
        document_ids=tuple(row.document_ids),
        personal={"note": note} if note else {},
    )
    event_log.note(session, at, [done])
    if row.debtor_id is not None:
        agenda.forget_debtors(session, [DebtorId(row.debtor_id)])


def assign(
    session: Session,
    one: LetterId,
    debtor_id: DebtorId,
    document_ids: Sequence[DocumentId],
) -> None:
    """Put a letter to a debtor, and to documents of that one's only.

    Raises:
        UnknownLetterError: There is no such letter.
    """
    values = {"id": one, "debtor_id": debtor_id, "document_ids": list(document_ids)}
    if session.execute(ASSIGN, values).first() is None:
        raise UnknownLetterError(one)


def reopen(session: Session, one: LetterId) -> None:
    """Let a letter wait for an answer again, whoever gave one before.

    Raises:
        UnknownLetterError: There is no such letter.
    """
    if session.execute(REOPEN, {"id": one}).first() is None:
        raise UnknownLetterError(one)


def last_uid(session: Session, mailbox: str, validity: str) -> int:
    """Return up to which number a mailbox is read; 0 where it was not, or anew."""
    values = {"mailbox": mailbox, "validity": validity}
    return int(session.execute(LAST_UID, values).scalar_one())


def away(
    session: Session,
    debtor_ids: Collection[DebtorId],
    on: date,
    *,
    days_max: int = AWAY_DAYS_MAX,
) -> dict[DebtorId, dict[str, date]]:
    """Return who is away on a day, by debtor and address, and back on which.

    Nobody is taken for away longer than so many days after saying so.
    """
    found: dict[DebtorId, dict[str, date]] = {}
    wanted = {"debtor_ids": list(debtor_ids), "on": on, "days_max": days_max}
    for row in session.execute(AWAY, wanted):
        found.setdefault(DebtorId(row.debtor_id), {})[row.sender] = row.until
    return found


def numbered(session: Session, numbers: Collection[str]) -> list[Numbered]:
    """Return the tenant's documents of some numbers; a number may be of several."""
    if not numbers:
        return []
    rows = session.execute(NUMBERED, {"numbers": list(numbers)})
    return [_numbered(row) for row in rows]


def numbers_of(
    session: Session, debtor_id: DebtorId, *, limit: int = NUMBERS_MAX
) -> list[Numbered]:
    """Return a debtor's documents with their numbers, open ones first."""
    rows = session.execute(OF_DEBTOR, {"debtor_id": debtor_id, "limit": limit})
    return [_numbered(row) for row in rows]


def tongue(session: Session, debtor_id: DebtorId) -> tuple[str | None, str | None]:
    """Return a debtor's country and language, as the books have them."""
    row = session.execute(COUNTRY, {"id": debtor_id}).one_or_none()
    return (None, None) if row is None else (row.country, row.language)


def _placed(place: Place) -> Mapping[str, Any]:
    return {
        "place": {
            "mailbox": place.mailbox,
            "validity": place.validity,
            "uid": place.uid,
        }
    }


def _move(session: Session, mail_id: str, place: Place) -> None:
    session.execute(
        MOVE,
        {
            "mail_id": mail_id,
            "place": json.dumps(_placed(place)),
            "mailbox": place.mailbox,
            "validity": place.validity,
            "uid": place.uid,
        },
    )


def _rows(
    session: Session, wanted: LetterFilter, *, one: LetterId | None, limit: int | None
) -> Sequence[Any]:
    values = {**_values(wanted, one=one), "limit": limit}
    return session.execute(LISTED, values).all()


def _values(wanted: LetterFilter, *, one: LetterId | None) -> dict[str, Any]:
    return {
        "id": one,
        "debtor_id": wanted.debtor_id,
        "document_id": wanted.document_id,
        "is_open": wanted.is_open,
    }


def _numbered(row: Any) -> Numbered:  # noqa: ANN401 - a row
    return Numbered(DocumentId(row.id), DebtorId(row.debtor_id), row.number)


def _letter(
    row: Any,  # noqa: ANN401 - a row
    attachments: tuple[Attachment, ...] = (),
) -> Letter:
    return Letter(
        id=LetterId(row.id),
        origin=LetterOrigin(row.origin),
        mail_id=row.mail_id,
        received_at=row.received_at,
        sender=row.sender,
        recipient=row.recipient,
        subject=row.subject,
        text=row.text,
        is_outgoing=row.is_outgoing,
        debtor_id=None if row.debtor_id is None else DebtorId(row.debtor_id),
        message_id=None if row.message_id is None else MessageId(row.message_id),
        document_ids=tuple(DocumentId(one) for one in row.document_ids),
        kind=None if row.kind is None else ReplyKind(row.kind),
        confidence_percent=row.confidence_percent,
        is_open=row.is_open,
        found=row.found,
        attachments=attachments,
        known_at=row.known_at,
    )
