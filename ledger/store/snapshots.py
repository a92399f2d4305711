"""What the books hold open now against what the ledger holds open."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from ledger.ids import ConnectionId, SourceId
from ledger.money import Currency
from ledger.records import DocumentKind, DocumentRef, ListedItem
from ledger.store import keys
from ledger.store.bulk import Stage
from ledger.store.derived import DEBITS
from ledger.store.session import Session

LISTED = Stage(
    "listed_item",
    (
        ("kind", "text"),
        ("source_id", "text"),
        ("currency", "text"),
        ("open_minor", "int8"),
    ),
)

COMPARED = f"""
WITH listed AS MATERIALIZED (
    SELECT {keys.sql("l.kind", "l.source_id")} AS id, l.* FROM listed_item l
),
ours AS MATERIALIZED (
    SELECT d.id, d.kind, d.source_id, d.currency, d.open_minor, d.issued_on
    FROM document d
    WHERE d.tenant_id = :tenant_id AND d.connection_id = :connection_id
      AND d.closed_on IS NULL AND d.kind = ANY (:kinds)
)
"""

DIFFERING = f"""
{COMPARED}
SELECT coalesce(l.kind, o.kind) AS kind,
       coalesce(l.source_id, o.source_id) AS source_id,
       coalesce(l.currency, o.currency) AS currency, l.open_minor AS theirs,
       o.open_minor AS ours, o.currency AS ours_currency, o.issued_on,
       d.number, b.source_id AS debtor
FROM listed l FULL JOIN ours o ON o.id = l.id
LEFT JOIN document d ON d.tenant_id = :tenant_id AND d.id = coalesce(l.id, o.id)
LEFT JOIN debtor b ON b.tenant_id = :tenant_id AND b.id = d.debtor_id
WHERE l.currency IS DISTINCT FROM o.currency
   OR l.open_minor IS DISTINCT FROM o.open_minor
ORDER BY o.issued_on NULLS FIRST, 1, coalesce(l.source_id, o.source_id) COLLATE "C"
"""

SUMS = f"""
{COMPARED}
SELECT currency, sum(ours)::bigint AS ours, sum(theirs)::bigint AS theirs
FROM (
    SELECT currency, CASE WHEN kind IN {DEBITS} THEN open_minor ELSE -open_minor END
           AS ours, 0 AS theirs FROM ours
    UNION ALL
    SELECT currency, 0, CASE WHEN kind IN {DEBITS} THEN open_minor ELSE -open_minor END
    FROM listed
) AS both_sides
GROUP BY currency
"""

COUNTS = f"""
{COMPARED}
SELECT (SELECT count(*) FROM listed) AS listed, (SELECT count(*) FROM ours) AS ours,
       (SELECT count(*) FROM ours o
        WHERE NOT EXISTS (SELECT FROM listed l WHERE l.id = o.id)) AS missing
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Differing:
    """An item of which books and ledger hold different amounts open.

    Attributes:
        theirs_minor: What the books hold open; None where they hold nothing open.
        ours_minor: What the ledger holds open; None where it holds nothing open.
        ours_currency: In which currency that is, should it be another.
        issued_on: The document's date, where the ledger knows the document as open.
        number: The document's number, where the ledger knows the document.
        debtor: Whose it is, the same.
    """

    ref: DocumentRef
    currency: Currency
    theirs_minor: int | None
    ours_minor: int | None
    issued_on: date | None
    ours_currency: Currency | None = None
    number: str | None = None
    debtor: SourceId | None = None


@dataclass(frozen=True, slots=True)
class Counts:
    """How many items the books list, the ledger holds open, and the list leaves out."""

    listed: int
    ours: int
    missing: int


def take(session: Session, listed: Iterable[ListedItem]) -> None:
    """Take in the books' list of open items; it is kept until the transaction ends."""
    LISTED.fill(
        session,
        (
            (one.ref.kind, one.ref.source_id, one.currency, one.open_minor)
            for one in listed
        ),
        analyze=True,
    )


def count(
    session: Session, connection_id: ConnectionId, kinds: Iterable[DocumentKind]
) -> Counts:
    """Count both sides."""
    row = session.execute(COUNTS, _parameters(connection_id, kinds)).one()
    return Counts(row.listed, row.ours, row.missing)


def sums(
    session: Session, connection_id: ConnectionId, kinds: Iterable[DocumentKind]
) -> dict[Currency, tuple[int, int]]:
    """Return what the ledger and what the list hold open by currency, credits off."""
    rows = session.execute(SUMS, _parameters(connection_id, kinds))
    return {Currency(row.currency): (row.ours, row.theirs) for row in rows}


def differing(
    session: Session, connection_id: ConnectionId, kinds: Iterable[DocumentKind]
) -> list[Differing]:
    """Return what differs, what the ledger does not hold first, then by age."""
    rows = session.execute(DIFFERING, _parameters(connection_id, kinds))
    return [
        Differing(
            ref=DocumentRef(DocumentKind(row.kind), SourceId(row.source_id)),
            currency=Currency(row.currency),
            theirs_minor=row.theirs,
            ours_minor=row.ours,
            issued_on=row.issued_on,
            ours_currency=None
            if row.ours_currency is None
            else Currency(row.ours_currency),
            number=row.number,
            debtor=None if row.debtor is None else SourceId(row.debtor),
        )
        for row in rows
    ]


def _parameters(
    connection_id: ConnectionId, kinds: Iterable[DocumentKind]
) -> dict[str, Any]:
    return {
        "connection_id": connection_id,
        "kinds": [str(kind) for kind in kinds],
    }
