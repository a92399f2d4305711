"""Claims end: a complete list, or a document's own word, names them no more.

One that never counted is forgotten; one that did ends on the business day.
"""

from collections.abc import Iterable, Sequence

from ledger.ids import SourceId
from ledger.records import Settled, Spent
from ledger.store import keys
from ledger.store.allocations import SETTLE, TERMS, TERMS_NOW
from ledger.store.bulk import Stage
from ledger.store.landing import Landing

NAMED_CLAIMS = Stage("named_claim", (("source_id", "text"),))

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


def name_claims(landing: Landing, named: Iterable[SourceId]) -> None:
    """Take in all claims that a complete list makes."""
    rows = ((source_id,) for source_id in named)
    NAMED_CLAIMS.fill(landing.session, rows, analyze=True)


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
