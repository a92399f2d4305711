"""Proofs are kept, and so is what may explain a difference."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import insert, select

from ledger.evidence import Cause, Evidence
from ledger.ids import ConnectionId, RunId, SourceId
from ledger.money import Currency
from ledger.proof import ProofState
from ledger.store.derived import DEBITS
from ledger.store.session import Session
from ledger.store.tables import proof

FUTURE = f"""
SELECT d.number, d.kind, d.currency, b.source_id AS debtor,
       CASE WHEN d.kind IN {DEBITS} THEN d.open_minor ELSE -d.open_minor END AS minor
FROM document d LEFT JOIN debtor b ON b.tenant_id = :tenant_id AND b.id = d.debtor_id
WHERE d.tenant_id = :tenant_id AND d.connection_id = :connection_id
  AND d.issued_on > :as_of AND d.open_minor <> 0
ORDER BY d.number COLLATE "C", d.id
"""
GONE = f"""
SELECT d.number, d.kind, d.currency, b.source_id AS debtor,
       CASE WHEN d.kind IN {DEBITS} THEN d.total_minor ELSE -d.total_minor END AS minor
FROM document d LEFT JOIN debtor b ON b.tenant_id = :tenant_id AND b.id = d.debtor_id
WHERE d.tenant_id = :tenant_id AND d.connection_id = :connection_id
  AND d.tombstone IS NOT NULL AND d.voided_on <= :as_of
ORDER BY d.number COLLATE "C", d.id
"""
PARKED = """
SELECT p.debit_source_id, p.credit_source_id, p.currency, p.amount_minor,
       b.source_id AS debtor
FROM parked_claim p
LEFT JOIN document d ON d.tenant_id = :tenant_id AND d.id = p.debit_id
LEFT JOIN debtor b ON b.tenant_id = :tenant_id AND b.id = d.debtor_id
WHERE p.tenant_id = :tenant_id AND p.connection_id = :connection_id
  AND p.claimed_on <= :as_of AND p.withdrawn_on IS NULL
ORDER BY p.debit_source_id COLLATE "C", p.credit_source_id COLLATE "C", p.claim_id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredProof:
    """A proof as it was made."""

    id: int
    connection_id: ConnectionId
    as_of: date
    known_at: datetime | None
    made_at: datetime
    state: ProofState
    body: Mapping[str, Any]
    content_hash: str


def evidence(
    session: Session, connection_id: ConnectionId, *, as_of: date, with_credits: bool
) -> list[Evidence]:
    """Return the ledger's own records that the books may count otherwise."""
    values = {"connection_id": connection_id, "as_of": as_of}
    found = [
        _of_document(Cause.FUTURE_DATED, row) for row in session.execute(FUTURE, values)
    ]
    found += [
        _of_document(Cause.DELETION, row) for row in session.execute(GONE, values)
    ]
    if not with_credits:
        # Without credits the books' total is lower by what they applied.
        found += [
            Evidence(
                cause=Cause.UNAPPLIED,
                record=f"{row.credit_source_id} applied to {row.debit_source_id}",
                currency=Currency(row.currency),
                debtor=None if row.debtor is None else SourceId(row.debtor),
                minor=-row.amount_minor,
            )
            for row in session.execute(PARKED, values)
        ]
    return found


def _of_document(cause: Cause, row: Any) -> Evidence:  # noqa: ANN401 - a row of a query
    return Evidence(
        cause=cause,
        record=f"{row.kind} {row.number}",
        currency=Currency(row.currency),
        debtor=None if row.debtor is None else SourceId(row.debtor),
        minor=row.minor,
    )


def save(
    session: Session,
    *,
    connection_id: ConnectionId,
    run_id: RunId | None,
    as_of: date,
    known_at: datetime | None,
    made_at: datetime,
    state: ProofState,
    body: Mapping[str, Any],
    content_hash: str,
) -> int:
    """Keep a proof; return its number."""
    key = session.execute(
        insert(proof)
        .values(
            tenant_id=session.scope.tenant_id,
            connection_id=connection_id,
            run_id=run_id,
            as_of_on=as_of,
            known_at=known_at,
            made_at=made_at,
            state=state,
            body=body,
            content_hash=content_hash,
        )
        .returning(proof.c.id)
    ).scalar_one()
    return int(key)


def load_latest(session: Session, connection_id: ConnectionId) -> StoredProof | None:
    """Return the latest proof of a connection."""
    row = session.execute(
        select(proof)
        .where(session.scope.owns(proof), proof.c.connection_id == connection_id)
        .order_by(proof.c.id.desc())
        .limit(1)
    ).first()
    if row is None:
        return None
    return StoredProof(
        id=row.id,
        connection_id=ConnectionId(row.connection_id),
        as_of=row.as_of_on,
        known_at=row.known_at,
        made_at=row.made_at,
        state=ProofState(row.state),
        body=row.body,
        content_hash=row.content_hash,
    )
