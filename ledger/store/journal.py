"""All documents and all allocation entries of a tenant, in order."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from ledger.ids import DebtorId, DocumentId
from ledger.money import Currency
from ledger.records import AllocationKind, DocumentKind, DueRule
from ledger.store.known import BEFORE_ALL, KnownAt
from ledger.store.session import Session

FIELDS = """id, kind, number, debtor_id, currency, issued_on, due_on, due_rule,
    voided_on, total_minor, reference, known_at"""

DOCUMENTS = f"""
SELECT * FROM (
    SELECT {FIELDS} FROM document
    WHERE tenant_id = :tenant_id AND known_at <= :known_at
    UNION ALL
    SELECT {FIELDS} FROM document_history
    WHERE tenant_id = :tenant_id AND known_at <= :known_at
      AND superseded_at > :known_at
) AS d
WHERE issued_on <= :as_of
ORDER BY issued_on, number COLLATE "C", kind, id
"""

ENTRIES = """
SELECT a.effective_on, a.kind, a.known_at, coalesce(d.currency, c.currency) AS currency,
       CASE WHEN a.debit_id IS NULL THEN a.credit_minor
            ELSE a.amount_minor END AS minor,
       d.number AS debit_number, c.number AS credit_number
FROM allocation a
LEFT JOIN document d ON d.tenant_id = :tenant_id AND d.id = a.debit_id
LEFT JOIN document c ON c.tenant_id = :tenant_id AND c.id = a.credit_id
WHERE a.tenant_id = :tenant_id AND a.effective_on <= :as_of AND a.known_at <= :known_at
ORDER BY a.effective_on, a.known_at, a.claim_id, a.entry
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalDocument:
    """A document as known at some instant."""

    id: DocumentId
    kind: DocumentKind
    number: str
    debtor_id: DebtorId
    currency: Currency
    issued_on: date
    due_on: date
    due_rule: DueRule
    voided_on: date | None
    total_minor: int
    reference: str | None
    known_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalEntry:
    """An allocation entry with the numbers of both its documents."""

    effective_on: date
    kind: AllocationKind
    currency: Currency
    minor: int
    debit_number: str | None
    credit_number: str | None
    known_at: datetime


def documents(
    session: Session, known: KnownAt, as_of: date
) -> Iterator[JournalDocument]:
    """Yield the documents dated on or before a day."""
    for row in session.stream(DOCUMENTS, _parameters(known, as_of)):
        yield JournalDocument(
            id=DocumentId(row.id),
            kind=DocumentKind(row.kind),
            number=row.number,
            debtor_id=DebtorId(row.debtor_id),
            currency=Currency(row.currency),
            issued_on=row.issued_on,
            due_on=row.due_on,
            due_rule=DueRule(row.due_rule),
            voided_on=row.voided_on,
            total_minor=row.total_minor,
            reference=row.reference,
            known_at=row.known_at,
        )


def entries(session: Session, known: KnownAt, as_of: date) -> Iterator[JournalEntry]:
    """Yield the allocation entries effective on or before a day."""
    for row in session.stream(ENTRIES, _parameters(known, as_of)):
        yield JournalEntry(
            effective_on=row.effective_on,
            kind=AllocationKind(row.kind),
            currency=Currency(row.currency),
            minor=row.minor,
            debit_number=row.debit_number,
            credit_number=row.credit_number,
            known_at=row.known_at,
        )


def _parameters(known: KnownAt, as_of: date) -> dict[str, object]:
    return {"as_of": as_of, "known_at": known.instant or BEFORE_ALL}
