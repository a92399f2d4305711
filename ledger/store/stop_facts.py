"""What the books show beside a stop: money, credits, what is open, and whose it is."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from ledger.ids import ConnectionId, DebtorId, DocumentId
from ledger.money import Currency
from ledger.records import CASH_KINDS, AllocationKind
from ledger.store.session import Session

ENTRY = """
a.claim_id, a.debit_id, a.amount_minor, a.effective_on, a.known_at, a.kind
"""
OF_DOCUMENTS = f"""
SELECT {ENTRY} FROM allocation a
WHERE a.tenant_id = :tenant_id AND a.debit_id = ANY (:ids)
ORDER BY a.known_at, a.claim_id, a.entry
"""
# Of an account only what a claim was touched by since is asked for.
OF_ACCOUNT = f"""
SELECT {ENTRY}
FROM document d
JOIN allocation a ON a.tenant_id = :tenant_id AND a.debit_id = d.id
WHERE d.tenant_id = :tenant_id AND d.debtor_id = :debtor_id AND d.currency = :currency
  AND d.kind IN ('invoice', 'debit_journal')
  AND (d.last_effective_on >= :since OR d.closed_on IS NULL)
ORDER BY a.known_at, a.claim_id, a.entry
"""
CASH = ", ".join(f"'{kind}'" for kind in sorted(CASH_KINDS))
UNAPPLIED = f"""
SELECT d.id, d.issued_on, d.open_minor, d.known_at FROM document d
WHERE d.tenant_id = :tenant_id AND d.debtor_id = :debtor_id AND d.currency = :currency
  AND d.kind IN ({CASH}) AND d.closed_on IS NULL AND d.open_minor > 0
  AND d.issued_on >= :since
ORDER BY d.issued_on, d.id
"""
DOCUMENTS = """
SELECT d.id, d.number, d.currency, d.total_minor, d.open_minor, d.closed_on, d.voided_on
FROM document d WHERE d.tenant_id = :tenant_id AND d.id = ANY (:ids)
"""
OWED = """
SELECT d.id, d.number, d.currency, d.total_minor, d.open_minor, d.closed_on, d.voided_on
FROM document d
WHERE d.tenant_id = :tenant_id AND d.debtor_id = :debtor_id AND d.closed_on IS NULL
  AND d.kind IN ('invoice', 'debit_journal') AND d.open_minor > 0
ORDER BY d.due_on, d.number COLLATE "C", d.id
"""
WHERE_IT_IS = """
SELECT b.id, b.connection_id, b.number, b.name, b.country, n.region,
       n.timezone AS own_zone, t.country AS home_country, t.timezone AS home_zone
FROM tenant t
LEFT JOIN debtor b ON b.tenant_id = :tenant_id AND b.id = :debtor_id
LEFT JOIN debtor_note n ON n.tenant_id = :tenant_id AND n.debtor_id = :debtor_id
WHERE t.id = :tenant_id
"""


@dataclass(frozen=True, slots=True)
class Applied:
    """An entry of the books that lowered a document's balance, or took that back."""

    claim: UUID
    document_id: DocumentId
    minor: int
    on: date
    known_at: datetime
    kind: AllocationKind


@dataclass(frozen=True, slots=True)
class Unapplied:
    """Money of a debtor that settles nothing yet."""

    id: DocumentId
    on: date
    minor: int
    known_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A document that is owed, as it stands now."""

    id: DocumentId
    number: str
    currency: Currency
    total_minor: int
    open_minor: int
    closed_on: date | None
    is_void: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Whereabouts:
    """A debtor, and what says where it is."""

    connection_id: ConnectionId | None
    number: str
    name: str
    country: str | None
    region: str | None
    timezone: str | None
    home_country: str
    home_zone: str


def applied(session: Session, documents: Collection[DocumentId]) -> list[Applied]:
    """Return every entry that ever touched some documents' balances."""
    if not documents:
        return []
    rows = session.execute(OF_DOCUMENTS, {"ids": list(documents)})
    return [_applied(row) for row in rows]


def applied_to_account(
    session: Session, debtor_id: DebtorId, currency: Currency, since: date
) -> list[Applied]:
    """Return the entries of a debtor's documents that changed since a day, or are open.

    Whatever date the entries have.
    """
    wanted = {"debtor_id": debtor_id, "currency": currency, "since": since}
    return [_applied(row) for row in session.execute(OF_ACCOUNT, wanted)]


def unapplied(
    session: Session, debtor_id: DebtorId, currency: Currency, since: date
) -> list[Unapplied]:
    """Return a debtor's money from a day on that settles nothing yet."""
    wanted = {"debtor_id": debtor_id, "currency": currency, "since": since}
    return [
        Unapplied(DocumentId(row.id), row.issued_on, row.open_minor, row.known_at)
        for row in session.execute(UNAPPLIED, wanted)
    ]


def documents(
    session: Session, ids: Collection[DocumentId]
) -> dict[DocumentId, Standing]:
    """Return documents as they stand now."""
    if not ids:
        return {}
    rows = session.execute(DOCUMENTS, {"ids": list(ids)})
    return {DocumentId(row.id): _standing(row) for row in rows}


def owed(session: Session, debtor_id: DebtorId) -> list[Standing]:
    """Return what a debtor owes now, the earliest due first."""
    return [_standing(row) for row in session.execute(OWED, {"debtor_id": debtor_id})]


def whereabouts(session: Session, debtor_id: DebtorId) -> Whereabouts:
    """Return what says where a debtor is; of one that has not landed, only the home."""
    row = session.execute(WHERE_IT_IS, {"debtor_id": debtor_id}).one()
    known = row.connection_id
    return Whereabouts(
        connection_id=None if known is None else ConnectionId(known),
        number=row.number or "",
        name=row.name or "",
        country=row.country,
        region=row.region,
        timezone=row.own_zone,
        home_country=row.home_country,
        home_zone=row.home_zone,
    )


def _applied(row: Any) -> Applied:  # noqa: ANN401 - a row
    return Applied(
        claim=row.claim_id,
        document_id=DocumentId(row.debit_id),
        minor=row.amount_minor,
        on=row.effective_on,
        known_at=row.known_at,
        kind=AllocationKind(row.kind),
    )


def _standing(row: Any) -> Standing:  # noqa: ANN401 - a row
    return Standing(
        id=DocumentId(row.id),
        number=row.number,
        currency=Currency(row.currency),
        total_minor=row.total_minor,
        open_minor=row.open_minor,
        closed_on=row.closed_on,
        is_void=row.voided_on is not None,
    )
