"""Allocation claims land as dated entries that are never changed.

How a claim counts follows from what the books say of it last and from its two documents
as they are now. It counts from the day the books gave, though never before both
documents are dated. It ends on the day a document is void, or on the day it was missed
in a complete list. A claim whose documents are absent or of another currency waits. One
the books change was always so: it is taken back on its own date and posted anew.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ledger.errors import InvariantError
from ledger.ids import ConnectionId, SourceId
from ledger.money import Currency
from ledger.records import (
    Claim,
    DocumentKind,
    DocumentRef,
    Settled,
    Side,
    Spent,
    allocation_kind,
)
from ledger.store import keys
from ledger.store.bulk import Stage, by_key
from ledger.store.entries import POST, entries_of
from ledger.store.landing import Landed, Landing
from ledger.store.session import Session

STAGE = Stage(
    "stage_claim",
    (
        ("source_id", "text"),
        ("kind", "text"),
        ("debit_kind", "text"),
        ("debit_source_id", "text"),
        ("credit_kind", "text"),
        ("credit_source_id", "text"),
        ("currency", "text"),
        ("amount_minor", "int8"),
        ("credit_minor", "int8"),
        ("claimed_on", "date"),
    ),
)

KIND_OF_CREDIT = " ".join(
    f"WHEN '{kind}' THEN '{allocation_kind(kind)}'"
    for kind in DocumentKind
    if kind.side is Side.CREDIT
)

READY = """
    coalesce(d.currency = {claim}.currency AND c.id IS NOT NULL
             AND ({claim}.credit_minor IS NOT NULL
                  OR c.currency = {claim}.currency), false)
"""
"""Whether both documents of a claim are there, in the currencies it says."""

TERMS = (
    "claim_id",
    "debit_id",
    "debit_kind",
    "debit_source_id",
    "credit_id",
    "credit_kind",
    "credit_source_id",
    "currency",
    "amount_minor",
    "credit_minor",
    "claimed_on",
    "withdrawn_on",
)
"""What the books say of a claim, kept in `parked_claim` unless entries in force do."""

SETTLE = f"""
resolved AS MATERIALIZED (
    SELECT t.*, {READY.format(claim="t")} AS is_ready,
           greatest(t.claimed_on, d.issued_on, c.issued_on) AS begin_on,
           least(t.withdrawn_on, d.voided_on, c.voided_on) AS end_on
    FROM terms t
    LEFT JOIN LATERAL {by_key("document", "t.debit_id")} AS d ON true
    LEFT JOIN LATERAL {by_key("document", "t.credit_id")} AS c ON true
),
parked AS (
    INSERT INTO parked_claim AS p
        (tenant_id, connection_id, known_at, {", ".join(TERMS)})
    SELECT :tenant_id, :connection_id, :known_at, {", ".join(TERMS)}
    FROM resolved WHERE NOT is_ready OR end_on IS NOT NULL
    ON CONFLICT (tenant_id, claim_id) DO UPDATE SET
        known_at = excluded.known_at,
        {", ".join(f"{name} = excluded.{name}" for name in TERMS[1:])}
),
released AS (
    DELETE FROM parked_claim p
    WHERE p.tenant_id = :tenant_id
      AND p.claim_id = ANY (ARRAY(SELECT r.claim_id FROM resolved r
                                  WHERE r.is_ready AND r.end_on IS NULL))
),
target AS (
    SELECT r.claim_id, CASE r.credit_kind {KIND_OF_CREDIT} END AS kind,
           r.debit_id, r.credit_id, w.on_date AS effective_on, w.claimed_on,
           w.sign * r.amount_minor AS amount_minor,
           w.sign * coalesce(r.credit_minor, r.amount_minor) AS credit_minor
    FROM resolved r
    CROSS JOIN LATERAL (VALUES (1, r.begin_on, r.claimed_on), (-1, r.end_on, r.end_on))
        AS w (sign, on_date, claimed_on)
    WHERE r.is_ready AND w.on_date IS NOT NULL
      AND (r.end_on IS NULL OR r.end_on > r.begin_on)
),
entered AS MATERIALIZED ({entries_of("SELECT claim_id FROM resolved")}),
{POST}
"""
"""Let the claims of the relation `terms` count as they should."""

LAND = f"""
WITH terms AS MATERIALIZED (
    SELECT {keys.sql("'claim'", "s.source_id")} AS claim_id,
           {keys.sql("s.debit_kind", "s.debit_source_id")} AS debit_id,
           {keys.sql("s.credit_kind", "s.credit_source_id")} AS credit_id, s.*,
           NULL::date AS withdrawn_on
    FROM stage_claim s
),
{SETTLE}
"""

# What the books say of a claim in force is what its entries come to.
TERMS_NOW = f"""
terms AS MATERIALIZED (
    SELECT {", ".join(f"p.{name}" for name in TERMS)}
    FROM chosen CROSS JOIN LATERAL (
        SELECT * FROM parked_claim p
        WHERE p.tenant_id = :tenant_id AND p.claim_id = chosen.claim_id OFFSET 0
    ) AS p
    UNION ALL
    SELECT f.claim_id, f.debit_id, d.kind, d.source_id, f.credit_id, c.kind,
           c.source_id, d.currency, f.amount_minor,
           CASE WHEN d.currency <> c.currency OR f.amount_minor <> f.credit_minor
                THEN f.credit_minor END,
           f.claimed_on, NULL::date
    FROM (
        SELECT claim_id, debit_id, credit_id, claimed_on,
               sum(amount_minor)::bigint AS amount_minor,
               sum(credit_minor)::bigint AS credit_minor
        FROM ({entries_of("SELECT claim_id FROM chosen")}) AS e
        WHERE NOT EXISTS (SELECT FROM parked_claim p
                          WHERE p.tenant_id = :tenant_id AND p.claim_id = e.claim_id)
        GROUP BY claim_id, debit_id, credit_id, claimed_on
        HAVING sum(amount_minor) <> 0 OR sum(credit_minor) <> 0
    ) AS f
    JOIN LATERAL {by_key("document", "f.debit_id")} AS d ON true
    JOIN LATERAL {by_key("document", "f.credit_id")} AS c ON true
)
"""
"""The terms of the claims of the relation `chosen`."""

FOLLOW = f"""
WITH chosen AS MATERIALIZED (
    SELECT DISTINCT leg.claim_id
    FROM (SELECT DISTINCT id FROM touched_document) AS t
    CROSS JOIN LATERAL (
        SELECT a.claim_id FROM allocation a
        WHERE a.tenant_id = :tenant_id AND a.debit_id = t.id
          AND a.credit_id IS NOT NULL
        UNION ALL
        SELECT a.claim_id FROM allocation a
        WHERE a.tenant_id = :tenant_id AND a.credit_id = t.id
          AND a.debit_id IS NOT NULL
    ) AS leg
),
{TERMS_NOW},
{SETTLE}
"""

# A parked claim can count when its documents are there. One that ends on the day it
# begins never will, and one that ended has its entries already.
CAN_COUNT = f"""
FROM parked_claim p
CROSS JOIN LATERAL {by_key("document", "p.debit_id")} AS d
CROSS JOIN LATERAL {by_key("document", "p.credit_id")} AS c
WHERE p.tenant_id = :tenant_id AND p.connection_id = :connection_id
  AND p.withdrawn_on IS NULL AND {READY.format(claim="p")}
  AND (d.voided_on IS NULL AND c.voided_on IS NULL
       OR least(d.voided_on, c.voided_on)
          > greatest(p.claimed_on, d.issued_on, c.issued_on)
          AND NOT EXISTS (SELECT FROM allocation a
                          WHERE a.tenant_id = :tenant_id AND a.claim_id = p.claim_id))
"""

RETRY = f"""
WITH terms AS MATERIALIZED (
    SELECT {", ".join(f"p.{name}" for name in TERMS)} {CAN_COUNT}
),
{SETTLE}
"""

# A claim that never counted is forgotten; one that did has ended on the business day.
WITHDRAW = f"""
in_force AS (
    SELECT a.claim_id FROM ({{posted}}) AS a
    GROUP BY a.claim_id HAVING sum(a.amount_minor) <> 0
),
unnamed AS MATERIALIZED (
    SELECT p.claim_id,
           EXISTS (SELECT FROM allocation a WHERE a.tenant_id = :tenant_id
                   AND a.claim_id = p.claim_id) AS has_counted
    FROM parked_claim p
    WHERE p.tenant_id = :tenant_id AND p.connection_id = :connection_id
      AND p.withdrawn_on IS NULL AND {{waiting}}
      AND NOT EXISTS (SELECT FROM named n WHERE n.claim_id = p.claim_id)
),
forgotten AS (
    DELETE FROM parked_claim p USING unnamed u
    WHERE p.tenant_id = :tenant_id AND p.claim_id = u.claim_id AND NOT u.has_counted
),
chosen AS MATERIALIZED (
    SELECT f.claim_id FROM in_force f
    WHERE NOT EXISTS (SELECT FROM named n WHERE n.claim_id = f.claim_id)
    UNION
    SELECT u.claim_id FROM unnamed u WHERE u.has_counted
),
{TERMS_NOW.replace("terms AS", "standing AS", 1)},
terms AS MATERIALIZED (
    SELECT {", ".join(TERMS[:-1])}, CAST(:business_on AS date) AS withdrawn_on
    FROM standing
),
{SETTLE}
"""

WITHDRAW_UNNAMED = f"""
WITH named AS (
    SELECT DISTINCT {keys.sql("'claim'", "n.source_id")} AS claim_id FROM named_claim n
),
{
    WITHDRAW.format(
        posted='''SELECT a.claim_id, a.amount_minor FROM allocation a
        WHERE a.tenant_id = :tenant_id AND a.connection_id = :connection_id
          AND a.debit_id IS NOT NULL AND a.credit_id IS NOT NULL''',
        waiting="true",
    )
}
"""

SETTLED = Stage(
    "settled_document",
    (
        ("kind", "text"),
        ("source_id", "text"),
        ("credit_kind", "text"),
        ("credit_source_id", "text"),
    ),
)
"""A row for each credit applied to a document, and one without for the document."""

WITHDRAW_FROM_SETTLED = f"""
WITH named AS (SELECT NULL::uuid AS claim_id WHERE false),
settled AS MATERIALIZED (
    SELECT {keys.sql("s.kind", "s.source_id")} AS id,
           {keys.sql("s.credit_kind", "s.credit_source_id")} AS credit_id
    FROM settled_document s
),
{
    WITHDRAW.format(
        posted='''SELECT e.claim_id, e.amount_minor FROM settled s
        CROSS JOIN LATERAL (
            SELECT a.claim_id, a.credit_id, a.amount_minor FROM allocation a
            WHERE a.tenant_id = :tenant_id AND a.debit_id = s.id
              AND a.credit_id IS NOT NULL OFFSET 0
        ) AS e
        WHERE s.credit_id IS NULL AND NOT EXISTS (
            SELECT FROM settled k WHERE k.id = s.id AND k.credit_id = e.credit_id
        )''',
        waiting='''p.debit_id = ANY (ARRAY(SELECT DISTINCT s.id FROM settled s))
      AND NOT EXISTS (
          SELECT FROM settled k WHERE k.id = p.debit_id AND k.credit_id = p.credit_id
      )''',
    )
}
"""


SPENT = Stage(
    "spent_credit",
    (("kind", "text"), ("source_id", "text"), ("claim_source_id", "text")),
)
"""A row for each claim that uses a credit, and one without for the credit."""

WITHDRAW_FROM_SPENT = f"""
WITH spent AS MATERIALIZED (
    SELECT {keys.sql("s.kind", "s.source_id")} AS id,
           {keys.sql("'claim'", "s.claim_source_id")} AS claim_id
    FROM spent_credit s
),
named AS (SELECT s.claim_id FROM spent s WHERE s.claim_id IS NOT NULL),
{
    WITHDRAW.format(
        posted='''SELECT e.claim_id, e.amount_minor FROM spent s
        CROSS JOIN LATERAL (
            SELECT a.claim_id, a.amount_minor FROM allocation a
            WHERE a.tenant_id = :tenant_id AND a.credit_id = s.id
              AND a.debit_id IS NOT NULL OFFSET 0
        ) AS e
        WHERE s.claim_id IS NULL''',
        waiting="p.credit_id = ANY (ARRAY(SELECT DISTINCT s.id FROM spent s))",
    )
}
"""


class RepeatedClaimError(InvariantError):
    """A page makes one claim twice."""

    def __init__(self) -> None:
        """Say so."""
        super().__init__(
            "A page makes the same allocation twice.",
            remedy="Please report this; nothing of the page has landed.",
        )


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


def land(landing: Landing, claims: Sequence[Claim]) -> Landed:
    """Post a page's claims; one that names an absent document waits for it.

    Raises:
        RepeatedClaimError: A page makes one claim twice.
    """
    if not claims:
        return Landed()
    if len({claim.source_id for claim in claims}) < len(claims):
        raise RepeatedClaimError
    STAGE.fill(
        landing.session,
        (
            (
                claim.source_id,
                allocation_kind(claim.credit.kind),
                claim.debit.kind,
                claim.debit.source_id,
                claim.credit.kind,
                claim.credit.source_id,
                claim.currency,
                claim.amount_minor,
                claim.credit_minor,
                claim.effective_on,
            )
            for claim in claims
        ),
    )
    counts = landing.execute(LAND).one()
    return Landed(
        new=counts.new,
        changed=counts.changed,
        same=len(claims) - counts.new - counts.changed,
    )


def follow(landing: Landing) -> None:
    """Let what was applied follow documents whose dates or voids changed."""
    landing.execute(FOLLOW)


def withdraw_unnamed(landing: Landing) -> int:
    """End the claims that a complete list does not name; return how many."""
    counts = landing.execute(WITHDRAW_UNNAMED).one()
    return int(counts.new + counts.changed)


def withdraw_from(landing: Landing, settled: Sequence[Settled]) -> int:
    """End what credit documents settled that are no longer applied; return how many."""
    if not settled:
        return 0
    SETTLED.fill(
        landing.session,
        (
            (
                one.debit.kind,
                one.debit.source_id,
                None if credit is None else credit.kind,
                None if credit is None else credit.source_id,
            )
            for one in settled
            for credit in (None, *one.credits)
        ),
    )
    counts = landing.execute(WITHDRAW_FROM_SETTLED).one()
    return int(counts.new + counts.changed)


def withdraw_unspent(landing: Landing, spent: Sequence[Spent]) -> int:
    """End the claims that no longer use some credits; return how many."""
    if not spent:
        return 0
    SPENT.fill(
        landing.session,
        (
            (one.credit.kind, one.credit.source_id, claim)
            for one in spent
            for claim in (None, *one.claims)
        ),
    )
    counts = landing.execute(WITHDRAW_FROM_SPENT).one()
    return int(counts.new + counts.changed)


def retry_parked(landing: Landing) -> int:
    """Post the claims whose documents are there now; return how many."""
    counts = landing.execute(RETRY).one()
    return int(counts.new + counts.changed)


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


def any_ready(session: Session, connection_id: ConnectionId) -> bool:
    """Say whether a waiting claim's documents are both there now."""
    ready = session.execute(
        f"SELECT EXISTS (SELECT {CAN_COUNT})", {"connection_id": connection_id}
    ).scalar_one()
    return bool(ready)


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
