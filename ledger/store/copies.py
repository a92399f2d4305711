"""Copies of invoices that go with messages: of which documents, and what went before.

A copy holds for the version of its document it was fetched for. Where it went with an
earlier message, it is not fetched again.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from ledger.ids import ConnectionId, DocumentId, SourceId
from ledger.records import DocumentKind, DocumentRef
from ledger.reminders import Attachment, MessageId
from ledger.store import messages
from ledger.store.session import Session

ENCLOSED: Final = "enclosed"
"""The event of a message that invoices were put to, or could not be."""

DOCUMENTS = """
SELECT d.id, d.connection_id, d.kind, d.source_id, d.number, d.known_at
FROM document d
WHERE d.tenant_id = :tenant_id AND d.id = ANY (:ids) AND d.kind = 'invoice'
"""
HAS_EVENT = """
SELECT FROM message_event e
WHERE e.tenant_id = :tenant_id AND e.message_id = :id AND e.kind = :kind LIMIT 1
"""
LAST = """
SELECT a.content
FROM document d
JOIN message m ON m.tenant_id = :tenant_id AND m.debtor_id = d.debtor_id
JOIN message_event e ON e.tenant_id = :tenant_id AND e.message_id = m.id
     AND e.kind = :kind
     AND e.details -> 'versions' ->> CAST(:document AS text) = :version
JOIN message_attachment a ON a.tenant_id = :tenant_id AND a.message_id = m.id
     AND a.name = e.details -> 'files' ->> CAST(:document AS text)
WHERE d.tenant_id = :tenant_id AND d.id = :document_id
ORDER BY m.id DESC LIMIT 1
"""
LOCK_READY = """
SELECT id FROM message
WHERE tenant_id = :tenant_id AND id = :id AND state = 'ready' FOR UPDATE
"""
ATTACH = """
INSERT INTO message_attachment (tenant_id, message_id, name, media_type, content)
VALUES (:tenant_id, :id, :name, :media_type, :content)
ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class Original:
    """An invoice of the books.

    Attributes:
        known_at: Since when it is known as it is now: its version.
    """

    document_id: DocumentId
    connection_id: ConnectionId
    ref: DocumentRef
    number: str
    known_at: datetime

    @property
    def version(self) -> str:
        """Its version, in writing."""
        return self.known_at.isoformat()


def originals(
    session: Session, documents: Collection[DocumentId]
) -> dict[DocumentId, Original]:
    """Return those of some documents that are invoices, as the ledger knows them."""
    rows = session.execute(DOCUMENTS, {"ids": list(documents)})
    return {
        DocumentId(row.id): Original(
            DocumentId(row.id),
            ConnectionId(row.connection_id),
            DocumentRef(DocumentKind(row.kind), SourceId(row.source_id)),
            row.number,
            row.known_at,
        )
        for row in rows
    }


def is_settled(session: Session, one: MessageId) -> bool:
    """Say whether it was tried already to put invoices to a message."""
    asked = {"id": one, "kind": ENCLOSED}
    return session.execute(HAS_EVENT, asked).first() is not None


def last(session: Session, one: Original) -> bytes | None:
    """Return the copy of just this version that went with an earlier message."""
    row = session.execute(
        LAST,
        {
            "kind": ENCLOSED,
            "document": str(one.document_id),
            "document_id": one.document_id,
            "version": one.version,
        },
    ).first()
    return None if row is None else bytes(row.content)


def enclose(
    session: Session,
    one: MessageId,
    files: Sequence[Attachment],
    *,
    at: datetime,
    by: str,
    details: Mapping[str, Any],
) -> bool:
    """Put files to a message that waits for delivery; say no where it does not wait."""
    if session.execute(LOCK_READY, {"id": one}).first() is None:
        return False
    for file in files:
        session.execute(
            ATTACH,
            {
                "id": one,
                "name": file.name,
                "media_type": file.media_type,
                "content": file.content,
            },
        )
    messages.append_event(session, [one], ENCLOSED, at=at, by=by, details=details)
    return True
