"""The story of one document: its versions, and every entry on its balance."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from ledger.ids import ClaimId, ConnectionId, DebtorId, DocumentId, SourceId
from ledger.money import Currency
from ledger.records import AllocationKind, DocumentKind, DueRule, Instalment
from ledger.store.documents import CONTENT
from ledger.store.known import KnownAt
from ledger.store.session import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredVersion:
    """One state of a document and how long it was held for true."""

    id: DocumentId
    connection_id: ConnectionId
    kind: DocumentKind
    source_id: SourceId
    debtor_id: DebtorId
    number: str
    currency: Currency
    total_minor: int
    home_minor: int | None
    rate: Decimal | None
    issued_on: date
    due_on: date
    due_rule: DueRule
    voided_on: date | None
    tombstone: str | None
    reference: str | None
    instalments: tuple[Instalment, ...]
    known_at: datetime
    superseded_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredEntry:
    """One entry on a document's balance, and the document on its other side.

    Attributes:
        minor: What it settles of the document, or uses of it; negative takes it back.
    """

    claim_id: ClaimId
    entry: int
    kind: AllocationKind
    minor: int
    effective_on: date
    known_at: datetime
    other_id: DocumentId | None
    other_kind: DocumentKind | None
    other_number: str | None


FIND = """
SELECT id FROM document
WHERE tenant_id = :tenant_id AND number = :text AND kind <> 'payment'
UNION
SELECT id FROM document
WHERE tenant_id = :tenant_id AND CAST(id AS text) = :text
"""

FIND_PAYMENT = """
SELECT id FROM document
WHERE tenant_id = :tenant_id AND number = :text AND kind = 'payment'
"""
"""All of a tenant's payments are read for it: their numbers are in no index."""

_FIELDS = ", ".join(("id", "connection_id", "kind", "source_id", *CONTENT))

VERSIONS = f"""
SELECT {_FIELDS}, known_at, NULL::timestamptz AS superseded_at FROM document
WHERE tenant_id = :tenant_id AND id = :document_id
UNION ALL
SELECT {_FIELDS}, known_at, superseded_at FROM document_history
WHERE tenant_id = :tenant_id AND id = :document_id
ORDER BY known_at
"""

ENTRIES = """
SELECT a.claim_id, a.entry, a.kind, a.effective_on, a.known_at,
       CASE WHEN a.debit_id = :document_id THEN a.amount_minor ELSE a.credit_minor END
           AS minor,
       o.id AS other_id, o.kind AS other_kind, o.number AS other_number
FROM allocation a
LEFT JOIN document o ON o.tenant_id = :tenant_id
    AND o.id = CASE WHEN a.debit_id = :document_id THEN a.credit_id ELSE a.debit_id END
WHERE a.tenant_id = :tenant_id
  AND (a.debit_id = :document_id OR a.credit_id = :document_id)
ORDER BY a.known_at, a.effective_on, a.claim_id, a.entry
"""


def find(session: Session, text: str) -> list[DocumentId]:
    """Return the documents of a number, or the one of a key.

    A payment whose number is that of what it pays is found by its key only.
    """
    for question in (FIND, FIND_PAYMENT):
        found = [
            DocumentId(row.id) for row in session.execute(question, {"text": text})
        ]
        if found:
            return found
    return []


def versions(
    session: Session, document_id: DocumentId, known: KnownAt
) -> list[StoredVersion]:
    """Return the states of a document learnt by an instant, oldest first."""
    rows = session.execute(VERSIONS, {"document_id": document_id})
    result = []
    for row in rows:
        if known.instant is None or row.known_at > known.instant:
            continue
        superseded_at = row.superseded_at
        if superseded_at is not None and superseded_at > known.instant:
            superseded_at = None
        result.append(
            StoredVersion(
                id=DocumentId(row.id),
                connection_id=ConnectionId(row.connection_id),
                kind=DocumentKind(row.kind),
                source_id=SourceId(row.source_id),
                debtor_id=DebtorId(row.debtor_id),
                number=row.number,
                currency=Currency(row.currency),
                total_minor=row.total_minor,
                home_minor=row.home_minor,
                rate=row.rate,
                issued_on=row.issued_on,
                due_on=row.due_on,
                due_rule=DueRule(row.due_rule),
                voided_on=row.voided_on,
                tombstone=row.tombstone,
                reference=row.reference,
                instalments=tuple(
                    Instalment(due_on, minor)
                    for due_on, minor in zip(
                        row.instalment_due_on or (),
                        row.instalment_minor or (),
                        strict=True,
                    )
                ),
                known_at=row.known_at,
                superseded_at=superseded_at,
            )
        )
    return result


def entries(
    session: Session, document_id: DocumentId, known: KnownAt
) -> list[StoredEntry]:
    """Return the entries on a document's balance learnt by an instant, in order."""
    rows = session.execute(ENTRIES, {"document_id": document_id})
    return [
        StoredEntry(
            claim_id=ClaimId(row.claim_id),
            entry=row.entry,
            kind=AllocationKind(row.kind),
            minor=row.minor,
            effective_on=row.effective_on,
            known_at=row.known_at,
            other_id=None if row.other_id is None else DocumentId(row.other_id),
            other_kind=None if row.other_kind is None else DocumentKind(row.other_kind),
            other_number=row.other_number,
        )
        for row in rows
        if known.instant is not None and row.known_at <= known.instant
    ]
