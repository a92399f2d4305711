"""Allocation claims land as dated entries that are never changed.

A claim the books repeat unchanged adds nothing. One they change is reversed on its own
date and posted anew, because the books now say it was always so. One they no longer
make is reversed on the day that was noticed, because it held until then.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ledger.ids import ConnectionId, SourceId
from ledger.money import Currency
from ledger.records import Claim, DocumentKind, DocumentRef, Side, allocation_kind
from ledger.store import keys
from ledger.store.bulk import Stage, by_key
from ledger.store.derived import LEGS
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

ENTRY = (
    "claim_id",
    "kind",
    "debit_id",
    "credit_id",
    "amount_minor",
    "credit_minor",
    "effective_on",
    "claimed_on",
)

INSERT = f"""
    INSERT INTO allocation
        (tenant_id, connection_id, known_at, entry, {", ".join(ENTRY)})
"""
RETURNING = """
    RETURNING debit_id, credit_id, amount_minor, credit_minor, effective_on, kind
"""

# The last entry of a claim is its posting in force, or the reversal that ended it.
POST = f"""
compared AS MATERIALIZED (
    SELECT w.*, l.entry AS last_entry, l.last,
           l.entry IS NOT NULL AND (l.last).amount_minor > 0 AS in_force,
           (w.debit_id, w.credit_id, w.amount_minor, w.credit_minor, w.effective_on,
            w.claimed_on)
           IS DISTINCT FROM
           ((l.last).debit_id, (l.last).credit_id, (l.last).amount_minor,
            (l.last).credit_minor, (l.last).effective_on,
            (l.last).claimed_on) AS differs
    FROM wanted w
    LEFT JOIN LATERAL (
        SELECT a.entry, a AS last FROM allocation a
        WHERE a.tenant_id = :tenant_id AND a.claim_id = w.claim_id
        ORDER BY a.entry DESC LIMIT 1
    ) AS l ON true
),
reversed AS (
    {INSERT}
    SELECT :tenant_id, :connection_id, :known_at, last_entry + 1, claim_id,
           (last).kind, (last).debit_id, (last).credit_id, -(last).amount_minor,
           -(last).credit_minor, (last).effective_on, (last).claimed_on
    FROM compared WHERE in_force AND differs
    {RETURNING}
),
written AS (
    {INSERT}
    SELECT :tenant_id, :connection_id, :known_at,
           CASE WHEN last_entry IS NULL THEN 0 WHEN in_force THEN last_entry + 2
                ELSE last_entry + 1 END,
           {", ".join(ENTRY)}
    FROM compared WHERE NOT in_force OR differs
    {RETURNING}
),
posted AS (
    INSERT INTO posted_entry
    SELECT r.*, false FROM reversed r UNION ALL SELECT w.*, false FROM written w
)
SELECT count(*) FILTER (WHERE last_entry IS NULL) AS new,
       count(*) FILTER (WHERE last_entry IS NOT NULL AND (differs OR NOT in_force))
           AS changed
FROM compared
"""
"""Post the claims of the relation `wanted`, which has the columns of `ENTRY`."""

KIND_OF_CREDIT = " ".join(
    f"WHEN '{kind}' THEN '{allocation_kind(kind)}'"
    for kind in DocumentKind
    if kind.side is Side.CREDIT
)

STANDS = """
    d.voided_on IS NULL AND c.voided_on IS NULL AND d.currency = s.currency
    AND (s.credit_minor IS NOT NULL OR c.currency = s.currency)
    AND d.id IS NOT NULL AND c.id IS NOT NULL
"""
"""A claim holds when both documents are there and their currencies are its own."""

LAND = f"""
WITH staged AS MATERIALIZED (
    SELECT {keys.sql("'claim'", "s.source_id")} AS claim_id,
           {keys.sql("s.debit_kind", "s.debit_source_id")} AS debit_id,
           {keys.sql("s.credit_kind", "s.credit_source_id")} AS credit_id, s.*
    FROM stage_claim s
),
resolved AS MATERIALIZED (
    SELECT s.*, greatest(s.claimed_on, d.issued_on, c.issued_on) AS effective_on,
           coalesce({STANDS}, false) AS stands
    FROM staged s
    LEFT JOIN LATERAL {by_key("document", "s.debit_id")} AS d ON true
    LEFT JOIN LATERAL {by_key("document", "s.credit_id")} AS c ON true
),
parked AS (
    INSERT INTO parked_claim AS p
        (tenant_id, connection_id, known_at, claim_id,
         debit_id, debit_kind, debit_source_id, credit_id, credit_kind,
         credit_source_id, currency, amount_minor, credit_minor, claimed_on)
    SELECT :tenant_id, :connection_id, :known_at, claim_id,
           debit_id, debit_kind, debit_source_id, credit_id, credit_kind,
           credit_source_id, currency, amount_minor, credit_minor, claimed_on
    FROM resolved WHERE NOT stands
    ON CONFLICT (tenant_id, claim_id) DO UPDATE SET
        debit_id = excluded.debit_id, debit_kind = excluded.debit_kind,
        debit_source_id = excluded.debit_source_id, credit_id = excluded.credit_id,
        credit_kind = excluded.credit_kind,
        credit_source_id = excluded.credit_source_id, currency = excluded.currency,
        amount_minor = excluded.amount_minor, credit_minor = excluded.credit_minor,
        claimed_on = excluded.claimed_on
),
released AS (
    DELETE FROM parked_claim p
    WHERE p.tenant_id = :tenant_id
      AND p.claim_id = ANY (ARRAY(SELECT r.claim_id FROM resolved r WHERE r.stands))
),
wanted AS (
    SELECT claim_id, kind, debit_id, credit_id, amount_minor,
           coalesce(credit_minor, amount_minor) AS credit_minor, effective_on,
           claimed_on
    FROM resolved WHERE stands
),
{POST}
"""

RETRY_PARKED = f"""
WITH resolved AS MATERIALIZED (
    SELECT s.*, greatest(s.claimed_on, d.issued_on, c.issued_on) AS effective_on
    FROM parked_claim s
    JOIN document d ON d.tenant_id = :tenant_id AND d.id = s.debit_id
    JOIN document c ON c.tenant_id = :tenant_id AND c.id = s.credit_id
    WHERE s.tenant_id = :tenant_id AND s.connection_id = :connection_id AND {STANDS}
),
released AS (
    DELETE FROM parked_claim p USING resolved r
    WHERE p.tenant_id = :tenant_id AND p.claim_id = r.claim_id
),
wanted AS (
    SELECT claim_id, CASE credit_kind {KIND_OF_CREDIT} END AS kind, debit_id,
           credit_id, amount_minor,
           coalesce(credit_minor, amount_minor) AS credit_minor, effective_on,
           claimed_on
    FROM resolved
),
{POST}
"""

# A document's date moved: what was applied to it counts from another day now.
REDATE = f"""
WITH wanted AS (
    SELECT a.claim_id, a.kind, a.debit_id, a.credit_id, a.amount_minor,
           a.credit_minor, a.claimed_on,
           greatest(a.claimed_on, d.issued_on, c.issued_on) AS effective_on
    FROM (
        SELECT DISTINCT ON (a.claim_id) a.*
        FROM (SELECT DISTINCT id FROM touched_document) AS t
        JOIN LATERAL ({LEGS.format(document="t.id")}) AS leg ON true
        JOIN allocation a ON a.tenant_id = :tenant_id
                         AND a.claim_id = leg.claim_id AND a.entry = leg.entry
        ORDER BY a.claim_id, a.entry DESC
    ) AS a
    JOIN LATERAL {by_key("document", "a.debit_id")} AS d ON true
    JOIN LATERAL {by_key("document", "a.credit_id")} AS c ON true
    WHERE a.amount_minor > 0
),
{POST}
"""

# Entries of one leg are changes of a balance: each date's change moves as a whole.
REDATE_ONE_LEG = f"""
WITH misdated AS MATERIALIZED (
    SELECT a.claim_id, a.kind, a.debit_id, a.credit_id, a.effective_on, a.claimed_on,
           greatest(a.claimed_on, d.issued_on) AS moved_on,
           sum(a.amount_minor)::bigint AS amount_minor,
           sum(a.credit_minor)::bigint AS credit_minor
    FROM (SELECT DISTINCT id FROM touched_document) AS t
    JOIN LATERAL {by_key("document", "t.id")} AS d ON true
    JOIN LATERAL ({LEGS.format(document="t.id")}) AS leg ON true
    JOIN allocation a ON a.tenant_id = :tenant_id
                     AND a.claim_id = leg.claim_id AND a.entry = leg.entry
    WHERE (a.debit_id IS NULL OR a.credit_id IS NULL)
      AND a.effective_on <> greatest(a.claimed_on, d.issued_on)
    GROUP BY a.claim_id, a.kind, a.debit_id, a.credit_id, a.effective_on, a.claimed_on,
             d.issued_on
    HAVING sum(a.amount_minor) <> 0
),
moved AS (
    {INSERT}
    SELECT :tenant_id, :connection_id, :known_at,
           (SELECT max(a.entry) FROM allocation a
            WHERE a.tenant_id = :tenant_id AND a.claim_id = m.claim_id)
           + row_number() OVER (PARTITION BY m.claim_id),
           claim_id, kind, debit_id, credit_id, sign * amount_minor,
           sign * credit_minor,
           CASE WHEN sign < 0 THEN effective_on ELSE moved_on END, claimed_on
    FROM misdated m CROSS JOIN (VALUES (-1), (1)) AS way (sign)
    {RETURNING}
)
INSERT INTO posted_entry SELECT m.*, false FROM moved m
"""

# Whoever lists the claims again finds their document void; until then they wait.
REVERSE_ON_VOID = f"""
WITH last AS MATERIALIZED (
    SELECT a.*, greatest(a.effective_on, v.voided_on) AS reversed_on,
           d.kind AS debit_kind, d.source_id AS debit_source_id, d.currency,
           c.kind AS credit_kind, c.source_id AS credit_source_id
    FROM (
        SELECT DISTINCT ON (a.claim_id) a.*, t.id AS document_id
        FROM (SELECT DISTINCT id FROM touched_document) AS t
        JOIN LATERAL ({LEGS.format(document="t.id")}) AS leg ON true
        JOIN allocation a ON a.tenant_id = :tenant_id
                         AND a.claim_id = leg.claim_id AND a.entry = leg.entry
        ORDER BY a.claim_id, a.entry DESC
    ) AS a
    JOIN LATERAL {by_key("document", "a.document_id")} AS v ON true
    JOIN LATERAL {by_key("document", "a.debit_id")} AS d ON true
    JOIN LATERAL {by_key("document", "a.credit_id")} AS c ON true
    WHERE a.amount_minor > 0 AND v.voided_on IS NOT NULL
),
parked AS (
    INSERT INTO parked_claim
        (tenant_id, connection_id, known_at, claim_id,
         debit_id, debit_kind, debit_source_id, credit_id, credit_kind,
         credit_source_id, currency, amount_minor, credit_minor, claimed_on)
    SELECT :tenant_id, :connection_id, :known_at, claim_id,
           debit_id, debit_kind, debit_source_id, credit_id, credit_kind,
           credit_source_id, currency, amount_minor, credit_minor, claimed_on
    FROM last ON CONFLICT DO NOTHING
),
reversed AS (
    {INSERT}
    SELECT :tenant_id, :connection_id, :known_at, entry + 1, claim_id, kind,
           debit_id, credit_id, -amount_minor, -credit_minor, reversed_on, claimed_on
    FROM last
    {RETURNING}
)
INSERT INTO posted_entry SELECT r.*, false FROM reversed r
"""


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
    """Post a page's claims; one that names an absent document waits for it."""
    if not claims:
        return Landed()
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


def retry_parked(landing: Landing) -> int:
    """Post the claims whose documents are there now; return how many."""
    counts = landing.execute(RETRY_PARKED).one()
    return int(counts.new + counts.changed)


READY = f"""
SELECT EXISTS (
    SELECT FROM parked_claim s
    JOIN document d ON d.tenant_id = :tenant_id AND d.id = s.debit_id
    JOIN document c ON c.tenant_id = :tenant_id AND c.id = s.credit_id
    WHERE s.tenant_id = :tenant_id AND s.connection_id = :connection_id AND {STANDS}
)
"""

# A claim on a void document says nothing any more; it waits in case the void is undone.
WAITING = """
SELECT s.*, d.id IS NOT NULL AS has_debit, c.id IS NOT NULL AS has_credit,
       d.currency AS debit_currency, c.currency AS credit_currency
FROM parked_claim s
LEFT JOIN document d ON d.tenant_id = :tenant_id AND d.id = s.debit_id
LEFT JOIN document c ON c.tenant_id = :tenant_id AND c.id = s.credit_id
WHERE s.tenant_id = :tenant_id
  AND (CAST(:connection_id AS bigint) IS NULL OR s.connection_id = :connection_id)
  AND (d.id IS NULL OR c.id IS NULL
       OR d.voided_on IS NULL AND c.voided_on IS NULL)
ORDER BY s.debit_source_id COLLATE "C", s.credit_source_id COLLATE "C", s.claim_id
"""


def any_ready(session: Session, connection_id: ConnectionId) -> bool:
    """Say whether a waiting claim's documents are both there now."""
    ready = session.execute(READY, {"connection_id": connection_id}).scalar_one()
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


def redate(landing: Landing) -> None:
    """Move what was applied to documents whose date changed in this landing."""
    landing.execute(REDATE_ONE_LEG)
    landing.execute(REDATE)


def reverse_on_void(landing: Landing) -> None:
    """Take back what was applied to or from documents this landing found void."""
    landing.execute(REVERSE_ON_VOID)
