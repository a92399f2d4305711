"""Telling the books: the one way by which what was decided becomes write-backs.

A row a document, entered in the decision's own transaction, under a key that the same
decision always makes: however often it is told, the books are told once.
"""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from ledger.errors import InvariantError
from ledger.ids import ConnectionId, DebtorId, DocumentId, TenantId
from ledger.outbox import WRITING_CONNECTORS, WriteBack, WriteBackId, WriteKind
from ledger.store import connections, write_backs
from ledger.store.session import Session

KEY_PREFIX: Final = "db-"
DIGEST_LENGTH: Final = 24
"""So many hexadecimal digits: 96 bits, so that no two rows ever share one."""
TEXT: Final = "text"
"""What every content has: the words for a person who reads the books."""


def tell(
    session: Session,
    at: datetime,
    *,
    kind: WriteKind,
    subject: str,
    version: int | str,
    debtor_id: DebtorId,
    documents: Mapping[DocumentId | None, Mapping[str, Any]],
    not_before: datetime | None = None,
) -> list[WriteBackId]:
    """Enter what the books are to be told of a decision; return what is new of it.

    Books that nothing can be written to are told nothing, nor is a document that the
    ledger does not know.

    Args:
        session: The decision's own transaction.
        at: When it was decided.
        kind: What is told.
        subject: What decided it, as `stop:12`; with the version it makes the key.
        version: Which change of the subject it is.
        debtor_id: Whose account.
        documents: What is told of each, with a `text` for persons; None stands for the
            debtor's account.
        not_before: It is not written earlier.
    """
    kept = connections.of_documents(session, [one for one in documents if one])
    account = connections.of_debtor(session, debtor_id) if None in documents else None
    wanted = []
    for document_id, content in documents.items():
        if not content.get(TEXT):
            raise InvariantError(f"What is told of {subject} has no words for persons.")
        where = account if document_id is None else kept.get(document_id)
        if where is None or where.connector not in WRITING_CONNECTORS:
            continue
        wanted.append(
            WriteBack(
                kind=kind,
                key=key_of(
                    session.scope.tenant_id,
                    where.connection_id,
                    kind=kind,
                    subject=subject,
                    version=version,
                    document_id=document_id,
                ),
                connection_id=where.connection_id,
                debtor_id=debtor_id,
                document_id=document_id,
                subject=subject,
                content=content,
                not_before=not_before,
            )
        )
    return write_backs.enqueue(session, wanted, at)


def key_of(
    tenant_id: TenantId,
    connection_id: ConnectionId,
    *,
    kind: WriteKind,
    subject: str,
    version: int | str,
    document_id: DocumentId | None,
) -> str:
    """Return the key of a write-back: the same for the same decision, and plain text.

    The connection is part of it for the rows of an account, which have no document.
    """
    parts = (
        tenant_id,
        connection_id,
        kind,
        subject,
        version,
        "" if document_id is None else document_id,
    )
    said = "\n".join(str(one) for one in parts)
    return KEY_PREFIX + hashlib.sha256(said.encode()).hexdigest()[:DIGEST_LENGTH]
