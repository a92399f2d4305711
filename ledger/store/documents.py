"""Documents land: new, changed or the same, a page in one statement."""

from collections.abc import Sequence

from ledger.records import AllocationKind, Document
from ledger.store import allocations, keys, voids
from ledger.store.bulk import Stage, by_key, by_keys
from ledger.store.derived import (
    DEBITS,
    ISSUED,
    add_to_months,
    month,
    rebuild_months,
)
from ledger.store.entries import INSERT, RETURNING
from ledger.store.landing import Landed, Landing

STAGE = Stage(
    "stage_document",
    (
        ("kind", "text"),
        ("source_id", "text"),
        ("number", "text"),
        ("debtor_source_id", "text"),
        ("currency", "text"),
        ("total_minor", "int8"),
        ("total_known", "bool"),
        ("issued_on", "date"),
        ("due_on", "date"),
        ("due_rule", "text"),
        ("instalment_due_on", "date[]"),
        ("instalment_minor", "int8[]"),
        ("home_minor", "int8"),
        ("rate", "numeric"),
        ("reference", "text"),
        ("open_minor", "int8"),
        ("disputed_minor", "int8"),
        ("voided_on", "date"),
        ("source_version_at", "timestamptz"),
    ),
)

CONTENT = (
    "debtor_id",
    "total_minor",
    "home_minor",
    "issued_on",
    "due_on",
    "voided_on",
    "currency",
    "number",
    "due_rule",
    "reference",
    "tombstone",
    "rate",
    "instalment_due_on",
    "instalment_minor",
)
"""Columns whose change makes a new version of a document."""

VERSION = ("id", "connection_id", "kind", "source_id", "source_version_at", *CONTENT)
"""Columns that the history keeps, besides the instants."""

BALANCE_CLAIM = keys.sql("'balance'", "d.id::text")
VOID_CLAIM = keys.sql("'void'", "d.id::text")

COMPARE = f"""
staged AS MATERIALIZED (
    SELECT {keys.sql("s.kind", "s.source_id")} AS id,
           {keys.sql("'debtor'", "s.debtor_source_id")} AS debtor_id, s.*
    FROM stage_document s
    ORDER BY id
),
already AS MATERIALIZED (
    {by_keys("document", "SELECT id FROM staged")}
),
resolved AS (
    SELECT s.id, s.debtor_id, s.kind, s.source_id, s.number, s.currency, s.issued_on,
           s.voided_on, s.home_minor, s.rate, s.reference, s.source_version_at,
           s.instalment_due_on, s.instalment_minor, s.disputed_minor, s.open_minor,
           NULL::text AS tombstone,
           -- A list that gives no totals never lowers one that was known.
           greatest(s.total_minor, s.open_minor,
                    CASE WHEN NOT s.total_known THEN o.total_minor END) AS total_minor,
           s.due_on AS given_due_on, s.due_rule AS given_due_rule,
           CASE WHEN b.terms_to_month_end
                THEN (date_trunc('month', s.issued_on + b.terms_days)
                      + interval '1 month - 1 day')::date
                ELSE s.issued_on + b.terms_days END AS debtor_due_on,
           o AS old
    FROM staged s
    LEFT JOIN already o ON o.id = s.id
    LEFT JOIN LATERAL {
    by_key("debtor", "CASE WHEN s.due_on IS NULL THEN s.debtor_id END")
} AS b ON true
    WHERE s.source_version_at IS NULL OR o.source_version_at IS NULL
       OR s.source_version_at >= o.source_version_at
),
dated AS (
    SELECT r.*,
           coalesce(given_due_on, debtor_due_on, issued_on) AS due_on,
           CASE WHEN given_due_on IS NOT NULL THEN given_due_rule
                WHEN debtor_due_on IS NOT NULL THEN 'debtor_terms'
                ELSE 'issue_date' END AS due_rule
    FROM resolved r
),
using_up AS MATERIALIZED (
    SELECT leg.kind, leg.source_id, max(leg.claimed_on) AS on_date,
           sum(leg.minor)::bigint AS minor
    FROM (SELECT debit_kind AS kind, debit_source_id AS source_id, claimed_on,
                 amount_minor AS minor
          FROM stage_claim
          UNION ALL
          SELECT credit_kind, credit_source_id, claimed_on,
                 coalesce(credit_minor, amount_minor)
          FROM stage_claim) AS leg
    GROUP BY leg.kind, leg.source_id HAVING min(leg.minor) > 0
),
incoming AS MATERIALIZED (
    SELECT d.*, (old).id IS NULL AS is_new,
           CASE WHEN (old).id IS NULL THEN true
                ELSE ({", ".join(f"d.{name}" for name in CONTENT)}) IS DISTINCT FROM
                     ({", ".join(f"(old).{name}" for name in CONTENT)}) END AS differs,
           -- A list says nothing of what is void.
           CASE WHEN open_minor IS NULL OR voided_on IS NOT NULL THEN 0
                WHEN (old).voided_on IS NOT NULL
                THEN total_minor - open_minor
                     - (SELECT coalesce(sum(a.amount_minor), 0)::bigint
                        FROM allocation a
                        WHERE a.tenant_id = :tenant_id
                          AND a.claim_id = {BALANCE_CLAIM})
                ELSE total_minor - open_minor
                     - coalesce((old).total_minor - (old).open_minor, 0)
                END AS balance_delta,
           (old).id IS NOT NULL
           AND ((d.voided_on, d.issued_on, d.currency) IS DISTINCT FROM
                ((old).voided_on, (old).issued_on, (old).currency)
                OR d.voided_on IS NOT NULL AND d.total_minor <> (old).total_minor)
               AS leads,
           CASE WHEN disputed_minor IS NULL THEN 0
                ELSE least(disputed_minor, total_minor)
                     - (SELECT coalesce(sum(e.amount_minor), 0)::bigint
                        FROM dispute_entry e
                        WHERE e.tenant_id = :tenant_id AND e.document_id = d.id)
                END AS dispute_delta,
           coalesce(u.minor, 0) AS used_minor,
           greatest(u.on_date, d.issued_on) AS used_on
    FROM dated d
    LEFT JOIN using_up u ON u.kind = d.kind AND u.source_id = d.source_id
                        AND u.minor <= d.total_minor AND (d.old).id IS NULL
                        AND d.voided_on IS NULL AND d.open_minor IS NULL
)
"""

# The balance of a new document is known before it is stored, so it is stored at once.
# What claims of the same page will move of it is a guess, which the landing compares
# with the entries it has written (ledger/store/derived.py).
SETTLED_ON = """greatest(issued_on,
    CASE WHEN voided_on IS NOT NULL THEN voided_on
         WHEN balance_delta <> 0 THEN :business_on END,
    CASE WHEN used_minor <> 0 THEN used_on END)"""
SETTLED = """(CASE WHEN voided_on IS NOT NULL THEN total_minor
                   ELSE balance_delta + used_minor END)"""

LAND = f"""
WITH {COMPARE},
history AS (
    INSERT INTO document_history
        (tenant_id, known_at, superseded_at, {", ".join(VERSION)})
    SELECT :tenant_id, (old).known_at, :known_at,
           {", ".join(f"(old).{name}" for name in VERSION)}
    FROM incoming
    WHERE NOT is_new AND differs AND (old).known_at < :known_at
),
-- The tenant's landing lock keeps what is new here new, so nothing can conflict.
added AS (
    INSERT INTO document
        (tenant_id, known_at, connection_id, id, kind, source_id, source_version_at,
         {", ".join(CONTENT)},
         open_minor, last_effective_on, closed_on)
    SELECT :tenant_id, :known_at, :connection_id, id, kind, source_id,
           source_version_at, {", ".join(CONTENT)},
           total_minor - {SETTLED},
           CASE WHEN {SETTLED} <> 0 THEN {SETTLED_ON} END,
           CASE WHEN total_minor = {SETTLED} THEN {SETTLED_ON} END
    FROM incoming WHERE is_new
),
stored AS (
    INSERT INTO document AS d
        (tenant_id, known_at, connection_id, id, kind, source_id, source_version_at,
         {", ".join(CONTENT)}, open_minor)
    SELECT :tenant_id, :known_at, :connection_id, id, kind, source_id,
           source_version_at, {", ".join(CONTENT)}, total_minor
    FROM incoming WHERE NOT is_new AND differs
    ON CONFLICT (tenant_id, id) DO UPDATE SET
        known_at = excluded.known_at, source_version_at = excluded.source_version_at,
        next_action_on = NULL,
        {", ".join(f"{name} = excluded.{name}" for name in CONTENT)}
),
seen AS (
    INSERT INTO document AS d
        (tenant_id, known_at, connection_id, id, kind, source_id, source_version_at,
         {", ".join(CONTENT)}, open_minor)
    SELECT :tenant_id, :known_at, :connection_id, id, kind, source_id,
           source_version_at, {", ".join(CONTENT)}, total_minor
    FROM incoming
    WHERE NOT is_new AND NOT differs
      AND source_version_at IS DISTINCT FROM (old).source_version_at
      AND source_version_at IS NOT NULL
    ON CONFLICT (tenant_id, id) DO UPDATE
        SET source_version_at = excluded.source_version_at
),
balances AS (
    {INSERT}
    SELECT :tenant_id, :connection_id, :known_at,
           CASE WHEN d.is_new THEN 0
                ELSE (SELECT coalesce(max(a.entry) + 1, 0) FROM allocation a
                      WHERE a.tenant_id = :tenant_id AND a.claim_id = c.claim_id) END,
           c.claim_id, c.kind,
           CASE WHEN d.kind IN {DEBITS} THEN d.id END,
           CASE WHEN d.kind NOT IN {DEBITS} THEN d.id END,
           c.minor, c.minor, greatest(d.issued_on, c.on_date), c.on_date
    FROM incoming d
    CROSS JOIN LATERAL (
        SELECT {BALANCE_CLAIM} AS claim_id, '{AllocationKind.BALANCE_CHANGE}' AS kind,
               d.balance_delta AS minor, :business_on AS on_date
        WHERE d.balance_delta <> 0
        UNION ALL
        SELECT {VOID_CLAIM}, '{AllocationKind.VOID}', d.total_minor, d.voided_on
        WHERE d.is_new AND d.voided_on IS NOT NULL AND d.total_minor <> 0
    ) AS c
    WHERE d.balance_delta <> 0 OR d.is_new AND d.voided_on IS NOT NULL
    {RETURNING}
),
posted AS (
    INSERT INTO posted_entry SELECT b.*, true FROM balances b
),
disputes AS (
    INSERT INTO dispute_entry
        (tenant_id, document_id, entry, amount_minor, effective_on, known_at)
    SELECT :tenant_id, id,
           (SELECT count(*) FROM dispute_entry e
            WHERE e.tenant_id = :tenant_id AND e.document_id = id),
           dispute_delta, greatest(issued_on, :business_on), :known_at
    FROM incoming WHERE dispute_delta <> 0
),
touched AS (
    INSERT INTO touched_document
    SELECT id FROM incoming
    WHERE NOT is_new AND (differs OR balance_delta <> 0)
),
guessed AS (
    INSERT INTO guessed_use
    SELECT id, used_minor, used_on, issued_on, currency FROM incoming
    WHERE used_minor <> 0
),
months AS ({
    add_to_months(
        ISSUED,
        f'''
        SELECT currency, {month("issued_on")} AS month_on,
               kind, total_minor, 1 AS sign
        FROM incoming WHERE is_new OR differs
        UNION ALL
        SELECT (old).currency, {month("(old).issued_on")},
               kind, (old).total_minor, -1
        FROM incoming WHERE NOT is_new AND differs
        ''',
    )
})
SELECT count(*) AS seen,
       count(*) FILTER (WHERE is_new) AS new,
       count(*) FILTER (WHERE NOT is_new AND (differs OR balance_delta <> 0
                                              OR dispute_delta <> 0)) AS changed,
       count(*) FILTER (WHERE leads) AS leading,
       count(*) FILTER (WHERE NOT is_new AND currency <> (old).currency) AS revalued
FROM incoming
"""


def land(landing: Landing, documents: Sequence[Document]) -> Landed:
    """Store a page's documents; what is the same as before leaves no trace.

    The page's claims are staged already.
    """
    if not documents:
        return Landed()
    STAGE.fill(
        landing.session,
        (
            (
                d.kind,
                d.source_id,
                d.number,
                d.debtor,
                d.currency,
                d.total_minor,
                d.total_known,
                d.issued_on,
                d.due_on,
                d.due_rule,
                [part.due_on for part in d.instalments] or None,
                [part.amount_minor for part in d.instalments] or None,
                d.home_minor,
                d.rate,
                d.reference,
                d.open_minor,
                d.disputed_minor,
                d.voided_on,
                d.source_version_at,
            )
            for d in documents
        ),
    )
    counts = landing.execute(LAND).one()
    if counts.leading:
        voids.follow(landing)
        allocations.follow(landing)
    if counts.revalued:
        rebuild_months(landing)
    return Landed(
        new=counts.new,
        changed=counts.changed,
        same=len(documents) - counts.new - counts.changed,
    )
