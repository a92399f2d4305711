"""What a complete list of the books no longer names: closed, voided or taken back.

Absence is a fact only where the source declares its list complete. An item that is no
longer open was settled until the list's day. A document the books no longer hold never
was, as they see it now: it is void from its own date, and earlier reports stay as known
then. An allocation between documents that stand held until the day it was missed.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from ledger.money import Currency
from ledger.records import AllocationKind, DocumentKind, DocumentRef
from ledger.store import allocations, keys, voids
from ledger.store.bulk import Stage, by_key
from ledger.store.derived import DEBITS
from ledger.store.documents import VERSION
from ledger.store.entries import INSERT, RETURNING
from ledger.store.landing import Landing

NAMED_DOCUMENTS = Stage("named_document", (("kind", "text"), ("source_id", "text")))

ABSENT = "absent from a complete list"
"""The tombstone of a document that a complete list no longer names."""
NOT_FOUND = "not found by its key"
"""The tombstone of a document that the books no longer gave when asked for it."""

MISSING = f"""
named AS (
    SELECT DISTINCT {keys.sql("n.kind", "n.source_id")} AS id FROM named_document n
),
missing AS MATERIALIZED (
    SELECT d.* FROM document d
    WHERE d.tenant_id = :tenant_id AND d.connection_id = :connection_id
      AND d.kind = ANY (:kinds) AND {{standing}}
      AND NOT EXISTS (SELECT FROM named n WHERE n.id = d.id)
)
"""
OPEN = "d.closed_on IS NULL"
NOT_VOID = "d.voided_on IS NULL"

SHARES = f"""
WITH {MISSING}
SELECT d.currency, count(*) AS standing,
       count(m.id) AS missing,
       sum(abs(d.open_minor))::bigint AS open_minor,
       coalesce(sum(abs(d.open_minor)) FILTER (WHERE m.id IS NOT NULL), 0)::bigint
           AS missing_minor
FROM document d LEFT JOIN missing m ON m.id = d.id
WHERE d.tenant_id = :tenant_id AND d.connection_id = :connection_id
  AND d.kind = ANY (:kinds) AND {{standing}}
GROUP BY d.currency ORDER BY d.currency
"""

CLOSE = f"""
WITH {MISSING.format(standing=OPEN)},
closed AS (
    {INSERT}
    SELECT :tenant_id, :connection_id, :known_at,
           (SELECT coalesce(max(a.entry) + 1, 0) FROM allocation a
            WHERE a.tenant_id = :tenant_id AND a.claim_id = c.claim_id),
           c.claim_id, '{AllocationKind.CLOSED_IN_BOOKS}',
           CASE WHEN m.kind IN {DEBITS} THEN m.id END,
           CASE WHEN m.kind NOT IN {DEBITS} THEN m.id END,
           m.open_minor, m.open_minor, greatest(m.issued_on, :business_on), :business_on
    FROM missing m
    CROSS JOIN LATERAL (SELECT {keys.sql("'balance'", "m.id::text")}) AS c (claim_id)
    {RETURNING}
),
posted AS (INSERT INTO posted_entry SELECT c.*, false FROM closed c)
SELECT count(*) FROM missing
"""

NAMED = f"""
missing AS MATERIALIZED (
    SELECT d.* FROM named_document n
    CROSS JOIN LATERAL {by_key("document", keys.sql("n.kind", "n.source_id"))} AS d
    WHERE d.voided_on IS NULL
)
"""
"""The documents named, as what is missing."""

VOID = """
WITH {missing},
history AS (
    INSERT INTO document_history
        (tenant_id, known_at, superseded_at, {version})
    SELECT :tenant_id, known_at, :known_at, {version}
    FROM missing WHERE known_at < :known_at
),
voided AS (
    UPDATE document d
    SET voided_on = m.issued_on, tombstone = :tombstone,
        known_at = :known_at
    FROM missing m WHERE d.tenant_id = :tenant_id AND d.id = m.id
),
touched AS (INSERT INTO touched_document SELECT id FROM missing)
SELECT count(*) FROM missing
"""


@dataclass(frozen=True, slots=True)
class Share:
    """How much of what stands in one currency a list no longer names."""

    currency: Currency
    standing: int
    missing: int
    open_minor: int
    missing_minor: int


def name_documents(landing: Landing, named: Iterable[DocumentRef]) -> int:
    """Take in all documents the list names and return how many."""
    return NAMED_DOCUMENTS.fill(
        landing.session, ((ref.kind, ref.source_id) for ref in named), analyze=True
    )


def open_shares(landing: Landing, kinds: Iterable[DocumentKind]) -> list[Share]:
    """Return, by currency, how many open items the list no longer names."""
    return _shares(landing, kinds, OPEN)


def standing_shares(landing: Landing, kinds: Iterable[DocumentKind]) -> list[Share]:
    """Return, by currency, how many documents the list no longer names."""
    return _shares(landing, kinds, NOT_VOID)


def close_missing(landing: Landing, kinds: Iterable[DocumentKind]) -> int:
    """Close the open items the list no longer names; return how many."""
    return _run(landing, CLOSE, kinds)


def void_missing(landing: Landing, kinds: Iterable[DocumentKind]) -> int:
    """Void the documents the list no longer names; return how many."""
    missing = MISSING.format(standing=NOT_VOID)
    return _void(landing, missing, ABSENT, kinds=[str(kind) for kind in kinds])


def void_named(landing: Landing) -> int:
    """Void the documents named, which the books say are gone; return how many."""
    return _void(landing, NAMED, NOT_FOUND)


def _void(landing: Landing, missing: str, tombstone: str, **values: object) -> int:
    sql = VOID.format(missing=missing, version=", ".join(VERSION))
    count = landing.execute(sql, {"tombstone": tombstone, **values}).scalar_one()
    if count:
        voids.follow(landing)
        allocations.follow(landing)
    return int(count)


def _shares(
    landing: Landing, kinds: Iterable[DocumentKind], standing: str
) -> list[Share]:
    rows = landing.execute(
        SHARES.format(standing=standing), {"kinds": [str(kind) for kind in kinds]}
    ).all()
    return [
        Share(
            currency=Currency(row.currency),
            standing=row.standing,
            missing=row.missing,
            open_minor=row.open_minor,
            missing_minor=row.missing_minor,
        )
        for row in rows
    ]


def _run(landing: Landing, sql: str, kinds: Iterable[DocumentKind]) -> int:
    count = landing.execute(sql, {"kinds": [str(kind) for kind in kinds]})
    return int(count.scalar_one())
