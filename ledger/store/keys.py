"""Keys derived from what the source calls a thing.

A key is the MD5 digest of the connection's number, a word for the sort of thing and the
source's key, as a UUID. Nothing has to be looked up or land first, and the same record
has the same key in every run. MD5 guards against accident here, not against attack: a
tenant can only collide with itself.
"""

from hashlib import md5
from uuid import UUID

from ledger.ids import ClaimId, ConnectionId, DebtorId, DocumentId, SourceId
from ledger.records import DocumentRef


def sql(sort: str, source: str) -> str:
    """Return the SQL expression of a key; `:connection_id` is bound by the caller.

    Args:
        sort: A SQL expression: a quoted word or a column of document kinds.
        source: A SQL expression for the source's key.
    """
    prefix = "CAST(:connection_id AS text)"
    return f"CAST(md5({prefix} || '/' || {sort} || '/' || {source}) AS uuid)"


def _derived(connection_id: ConnectionId, sort: str, source: str) -> UUID:
    text = f"{connection_id}/{sort}/{source}"
    return UUID(md5(text.encode(), usedforsecurity=False).hexdigest())


def debtor_id(connection_id: ConnectionId, source_id: SourceId) -> DebtorId:
    """Return a debtor's key."""
    return DebtorId(_derived(connection_id, "debtor", source_id))


def document_id(connection_id: ConnectionId, ref: DocumentRef) -> DocumentId:
    """Return a document's key."""
    return DocumentId(_derived(connection_id, ref.kind, ref.source_id))


def claim_id(connection_id: ConnectionId, source_id: SourceId) -> ClaimId:
    """Return an allocation claim's key."""
    return ClaimId(_derived(connection_id, "claim", source_id))
