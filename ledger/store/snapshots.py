"""What the books hold open now against what the ledger holds open."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from ledger.ids import SourceId
from ledger.money import Currency
from ledger.records import DocumentKind, DocumentRef, ListedItem
from ledger.store import keys
from ledger.store.bulk import Stage
from ledger.store.landing import Landing

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
       o.open_minor AS ours, o.issued_on
FROM listed l FULL JOIN ours o ON o.id = l.id
WHERE l.currency IS DISTINCT FROM o.currency
   OR l.open_minor IS DISTINCT FROM o.open_minor
ORDER BY o.issued_on NULLS FIRST, 1, coalesce(l.source_id, o.source_id) COLLATE "C"
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
        issued_on: The document's date, where the ledger knows the document as open.
    """

    ref: DocumentRef
    currency: Currency
    theirs_minor: int | None
    ours_minor: int | None
    issued_on: date | None


@dataclass(frozen=True, slots=True)
class Counts:
    """How many items the books list, the ledger holds open, and the list leaves out."""

    listed: int
    ours: int
    missing: int


def take(landing: Landing, listed: Iterable[ListedItem]) -> None:
    """Take in the books' list of open items; it is kept until the landing ends."""
    LISTED.fill(
        landing.session,
        (
            (one.ref.kind, one.ref.source_id, one.currency, one.open_minor)
            for one in listed
        ),
        analyze=True,
    )


def count(landing: Landing, kinds: Iterable[DocumentKind]) -> Counts:
    """Count both sides."""
    row = landing.execute(COUNTS, {"kinds": [str(kind) for kind in kinds]}).one()
    return Counts(row.listed, row.ours, row.missing)


def differing(landing: Landing, kinds: Iterable[DocumentKind]) -> list[Differing]:
    """Return what differs, what the ledger does not hold first, then by age."""
    rows = landing.execute(DIFFERING, {"kinds": [str(kind) for kind in kinds]})
    return [
        Differing(
            ref=DocumentRef(DocumentKind(row.kind), SourceId(row.source_id)),
            currency=Currency(row.currency),
            theirs_minor=row.theirs,
            ours_minor=row.ours,
            issued_on=row.issued_on,
        )
        for row in rows
    ]
