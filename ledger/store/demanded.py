"""What was demanded in an agency's name, and which messages speak of an item."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from ledger.ids import DebtorId, DocumentId
from ledger.money import Currency
from ledger.reminders import MessageId, MessageState, TaskId
from ledger.store.session import Session

# The words lead to the index of final demands that went.
DEMANDED = """
SELECT m.debtor_id, m.currency, m.id AS message_id, m.business_on, m.certain_on, m.rule,
       m.ended_at, i.document_id, i.part, i.number, i.round, i.open_minor
FROM message m
JOIN message_item i ON i.tenant_id = :tenant_id AND i.message_id = m.id
JOIN document d ON d.tenant_id = :tenant_id AND d.id = i.document_id
WHERE m.tenant_id = :tenant_id AND m.certain_on < :on AND m.state = 'sent'
  AND m.voice = 'agency' AND i.counts AND i.step <> '' AND d.closed_on IS NULL
  AND (CAST(:debtor_id AS uuid) IS NULL OR m.debtor_id = :debtor_id)
  AND NOT EXISTS (
      SELECT FROM case_item c
      JOIN collection_case k ON k.tenant_id = :tenant_id AND k.id = c.case_id
      WHERE c.tenant_id = :tenant_id AND c.document_id = i.document_id
        AND c.part = i.part
        AND (c.removed_on IS NULL
             OR (c.removed_on >= m.business_on
                 AND (k.placed_at IS NOT NULL
                      OR jsonb_exists(k.details, 'declined_by')))))
ORDER BY m.debtor_id, m.currency, i.number COLLATE "C", i.document_id, i.part
"""
OF_ITEMS = """
SELECT DISTINCT ON (i.document_id, i.part)
       m.debtor_id, m.currency, m.id AS message_id, m.business_on, m.certain_on, m.rule,
       m.ended_at, i.document_id, i.part, i.number, i.round, i.open_minor
FROM message m
JOIN message_item i ON i.tenant_id = :tenant_id AND i.message_id = m.id
WHERE m.tenant_id = :tenant_id AND m.debtor_id = :debtor_id
  AND m.certain_on IS NOT NULL AND m.state = 'sent' AND m.voice = 'agency'
  AND i.counts AND i.step <> '' AND i.document_id = ANY (:ids)
ORDER BY i.document_id, i.part, m.business_on DESC, m.id DESC
"""
ABOUT = """
SELECT DISTINCT m.id, m.state
FROM message_item i
JOIN message m ON m.tenant_id = :tenant_id AND m.id = i.message_id
WHERE i.tenant_id = :tenant_id AND i.document_id = ANY (:ids)
  AND m.state = ANY (:states)
ORDER BY m.id
"""
CALLS = """
SELECT DISTINCT t.id
FROM task t
JOIN message_item i ON i.tenant_id = :tenant_id AND i.message_id = t.message_id
WHERE t.tenant_id = :tenant_id AND t.kind = 'call' AND t.done_at IS NULL
  AND i.document_id = ANY (:ids)
ORDER BY t.id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Demanded:
    """An item of a final demand that went.

    Attributes:
        certain_on: The day by which payment was asked for.
        sent_at: When it went.
        open_minor: What was asked for of the item.
        rule: The country's rules it satisfied.
    """

    debtor_id: DebtorId
    currency: Currency
    message_id: MessageId
    business_on: date
    certain_on: date
    sent_at: datetime | None
    rule: str
    document_id: DocumentId
    part: int
    number: str
    round: int
    open_minor: int


def demanded(
    session: Session, *, before: date, debtor_id: DebtorId | None = None
) -> list[Demanded]:
    """Return the items whose final demand named a day before one, in no case yet.

    What came back since the demand, or was declined, is not demanded any more.
    """
    rows = session.execute(DEMANDED, {"on": before, "debtor_id": debtor_id})
    return [_demanded(row) for row in rows]


def of_items(
    session: Session, debtor_id: DebtorId, items: Collection[tuple[DocumentId, int]]
) -> list[Demanded]:
    """Return the last final demand that went of each of some items of a debtor."""
    wanted = {"debtor_id": debtor_id, "ids": [document for document, _ in items]}
    rows = session.execute(OF_ITEMS, wanted) if items else ()
    return [
        _demanded(row)
        for row in rows
        if (DocumentId(row.document_id), row.part) in set(items)
    ]


def messages_about(
    session: Session,
    documents: Collection[DocumentId],
    states: Collection[MessageState],
) -> list[MessageId]:
    """Return the messages in some states that speak of any of some documents."""
    values = {"ids": list(documents), "states": list(states)}
    rows = session.execute(ABOUT, values) if documents else ()
    return [MessageId(row.id) for row in rows]


def calls_about(session: Session, documents: Collection[DocumentId]) -> list[TaskId]:
    """Return the open calls to be made about any of some documents."""
    rows = session.execute(CALLS, {"ids": list(documents)}) if documents else ()
    return [TaskId(row.id) for row in rows]


def _demanded(row: Any) -> Demanded:  # noqa: ANN401 - a row
    return Demanded(
        debtor_id=DebtorId(row.debtor_id),
        currency=Currency(row.currency),
        message_id=MessageId(row.message_id),
        business_on=row.business_on,
        certain_on=row.certain_on,
        sent_at=row.ended_at,
        rule=row.rule,
        document_id=DocumentId(row.document_id),
        part=row.part,
        number=row.number,
        round=row.round,
        open_minor=row.open_minor,
    )
