"""Claims that wait, and what documents lean on: what to look at, or to read again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ledger.ids import ConnectionId, SourceId
from ledger.money import Currency
from ledger.records import DocumentKind, DocumentRef
from ledger.store import keys
from ledger.store.bulk import by_key
from ledger.store.session import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A claim that cannot be posted yet.

    Attributes:
        has_debit: Whether the document it settles is there.
        has_credit: Whether the document that settles it is there; with both there,
            their currencies are not what the claim says.
    """

    connection_id: ConnectionId
    debit: DocumentRef
    credit: DocumentRef
    currency: Currency
    amount_minor: int
    has_debit: bool
    has_credit: bool
    known_at: datetime


# A claim on a void document says nothing any more; it waits in case the void is undone.
WAITING = """
SELECT s.*, d.id IS NOT NULL AS has_debit, c.id IS NOT NULL AS has_credit
FROM parked_claim s
LEFT JOIN document d ON d.tenant_id = :tenant_id AND d.id = s.debit_id
LEFT JOIN document c ON c.tenant_id = :tenant_id AND c.id = s.credit_id
WHERE s.tenant_id = :tenant_id AND s.withdrawn_on IS NULL
  AND (CAST(:connection_id AS bigint) IS NULL OR s.connection_id = :connection_id)
  AND (d.id IS NULL OR c.id IS NULL
       OR d.voided_on IS NULL AND c.voided_on IS NULL)
ORDER BY s.debit_source_id COLLATE "C", s.credit_source_id COLLATE "C", s.claim_id
"""


# The other ends of what is applied to or from some documents.
COUNTERPARTS = f"""
WITH given AS (
    SELECT {keys.sql("n.kind", "n.source_id")} AS id
    FROM unnest(CAST(:kinds AS text[]), CAST(:source_ids AS text[]))
         AS n (kind, source_id)
)
SELECT o.kind, o.source_id
FROM given g
CROSS JOIN LATERAL (
    SELECT a.credit_id AS id, a.amount_minor FROM allocation a
    WHERE a.tenant_id = :tenant_id AND a.debit_id = g.id
    UNION ALL
    SELECT a.debit_id, a.amount_minor FROM allocation a
    WHERE a.tenant_id = :tenant_id AND a.credit_id = g.id
) AS leg
CROSS JOIN LATERAL {by_key("document", "leg.id")} AS o
GROUP BY o.kind, o.source_id HAVING sum(leg.amount_minor) <> 0
ORDER BY o.kind, o.source_id COLLATE "C"
"""


def load_counterparts(
    session: Session, connection_id: ConnectionId, refs: Sequence[DocumentRef]
) -> list[DocumentRef]:
    """Return the documents that settle these, or that these settle."""
    rows = session.execute(
        COUNTERPARTS,
        {
            "connection_id": connection_id,
            "kinds": [str(ref.kind) for ref in refs],
            "source_ids": [ref.source_id for ref in refs],
        },
    )
    return [
        DocumentRef(DocumentKind(row.kind), SourceId(row.source_id)) for row in rows
    ]


# Someone applied what was taken for deleted: perhaps it is there again.
RETURNED = """
SELECT d.kind, d.source_id
FROM parked_claim p
CROSS JOIN LATERAL (VALUES (p.debit_id), (p.credit_id)) AS side (id)
JOIN document d ON d.tenant_id = :tenant_id AND d.id = side.id
WHERE p.tenant_id = :tenant_id AND p.connection_id = :connection_id
  AND p.withdrawn_on IS NULL AND d.tombstone IS NOT NULL AND p.known_at > d.known_at
GROUP BY d.kind, d.source_id ORDER BY d.kind, d.source_id COLLATE "C"
"""


def load_returned(session: Session, connection_id: ConnectionId) -> list[DocumentRef]:
    """Return documents taken for deleted that a claim has named since."""
    rows = session.execute(RETURNED, {"connection_id": connection_id})
    return [
        DocumentRef(DocumentKind(row.kind), SourceId(row.source_id)) for row in rows
    ]


def load_waiting(
    session: Session, connection_id: ConnectionId | None = None
) -> list[Waiting]:
    """Return the claims that wait for a document, in words a person can act on."""
    rows = session.execute(WAITING, {"connection_id": connection_id})
    return [
        Waiting(
            connection_id=ConnectionId(row.connection_id),
            debit=DocumentRef(
                DocumentKind(row.debit_kind), SourceId(row.debit_source_id)
            ),
            credit=DocumentRef(
                DocumentKind(row.credit_kind), SourceId(row.credit_source_id)
            ),
            currency=Currency(row.currency),
            amount_minor=row.amount_minor,
            has_debit=row.has_debit,
            has_credit=row.has_credit,
            known_at=row.known_at,
        )
        for row in rows
    ]
