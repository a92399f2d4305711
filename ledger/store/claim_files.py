"""What proves a claim: files that a person adds for invoices, each once."""

from collections.abc import Collection
from typing import Any

from ledger.cases import BasisKind, ClaimFile
from ledger.ids import DebtorId, DocumentId
from ledger.store.session import Session

ADD = """
INSERT INTO claim_file (tenant_id, debtor_id, document_ids, kind, name, media_type,
                        content, content_hash, added_by, added_at)
SELECT :tenant_id, :debtor_id, CAST(:document_ids AS uuid[]), :kind, :name, :media_type,
       :content, :content_hash, :added_by, :added_at
WHERE NOT EXISTS (
    SELECT FROM claim_file f
    WHERE f.tenant_id = :tenant_id AND f.debtor_id = :debtor_id AND f.kind = :kind
      AND f.content_hash = :content_hash
      AND f.document_ids @> CAST(:document_ids AS uuid[])
)
RETURNING id
"""
LOADED = """
SELECT * FROM claim_file f
WHERE f.tenant_id = :tenant_id AND f.debtor_id = :debtor_id
  AND f.document_ids && CAST(:document_ids AS uuid[])
ORDER BY f.id
"""
BYTES = """
SELECT coalesce(sum(octet_length(f.content)), 0) FROM claim_file f
WHERE f.tenant_id = :tenant_id AND f.debtor_id = :debtor_id
  AND f.document_ids && CAST(:document_ids AS uuid[])
"""


def add(session: Session, file: ClaimFile) -> bool:
    """Keep a file; say whether it was not there for all its documents already.

    The debtor must be locked, so that of two who add the same one only one does.
    """
    values = {
        "debtor_id": file.debtor_id,
        "document_ids": list(file.document_ids),
        "kind": file.kind,
        "name": file.name,
        "media_type": file.media_type,
        "content": file.content,
        "content_hash": file.sha256,
        "added_by": file.added_by,
        "added_at": file.added_at,
    }
    return session.execute(ADD, values).first() is not None


def load(
    session: Session, debtor_id: DebtorId, documents: Collection[DocumentId]
) -> list[ClaimFile]:
    """Return the files for any of some documents of a debtor, in the order added."""
    values = {"debtor_id": debtor_id, "document_ids": list(documents)}
    rows = session.execute(LOADED, values) if documents else ()
    return [_file(row) for row in rows]


def size(
    session: Session, debtor_id: DebtorId, documents: Collection[DocumentId]
) -> int:
    """Return how many bytes the files for any of some documents have."""
    values = {"debtor_id": debtor_id, "document_ids": list(documents)}
    return int(session.execute(BYTES, values).scalar_one())


def _file(row: Any) -> ClaimFile:  # noqa: ANN401 - a row
    return ClaimFile(
        debtor_id=DebtorId(row.debtor_id),
        document_ids=tuple(DocumentId(one) for one in row.document_ids),
        kind=BasisKind(row.kind),
        name=row.name,
        media_type=row.media_type,
        content=bytes(row.content),
        sha256=row.content_hash,
        added_at=row.added_at,
        added_by=row.added_by,
    )
