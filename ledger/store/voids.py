"""A void document: its whole total is taken back, and so is what a list said of it.

From its date on nothing is open of it, whatever lists said before or after. When the
void is undone all of it is undone, and the document is open as if it had never been.
"""

from ledger.records import AllocationKind
from ledger.store import keys
from ledger.store.bulk import by_key
from ledger.store.derived import DEBITS
from ledger.store.entries import COUNTS, WRITE, entries_of
from ledger.store.landing import Landing

LEGS = f"""
    CASE WHEN d.kind IN {DEBITS} THEN d.id END AS debit_id,
    CASE WHEN d.kind NOT IN {DEBITS} THEN d.id END AS credit_id
"""

FOLLOW = f"""
WITH changed AS MATERIALIZED (
    SELECT d.*, {keys.sql("'balance'", "d.id::text")} AS balance_claim_id,
           {keys.sql("'void'", "d.id::text")} AS void_claim_id,
           greatest(d.issued_on, d.voided_on) AS void_on
    FROM (SELECT DISTINCT id FROM touched_document) AS t
    CROSS JOIN LATERAL {by_key("document", "t.id")} AS d
),
entered AS MATERIALIZED ({
    entries_of(
        '''SELECT balance_claim_id AS claim_id FROM changed
        UNION ALL SELECT void_claim_id FROM changed'''
    )
}),
balance AS MATERIALIZED (
    SELECT claim_id, kind, claimed_on, sum(amount_minor)::bigint AS minor
    FROM entered WHERE claim_id IN (SELECT balance_claim_id FROM changed)
    GROUP BY claim_id, kind, claimed_on HAVING sum(amount_minor) <> 0
),
target AS (
    SELECT t.claim_id, t.kind, {LEGS}, t.effective_on, t.claimed_on,
           t.minor AS amount_minor, t.minor AS credit_minor
    FROM (
        SELECT d.id, b.claim_id, b.kind,
               greatest(b.claimed_on, d.issued_on) AS effective_on, b.claimed_on,
               b.minor
        FROM balance b JOIN changed d ON d.balance_claim_id = b.claim_id
        UNION ALL
        SELECT d.id, d.void_claim_id, b.kind, greatest(b.claimed_on, d.void_on),
               b.claimed_on, -b.minor
        FROM balance b JOIN changed d ON d.balance_claim_id = b.claim_id
        WHERE d.voided_on IS NOT NULL
        UNION ALL
        SELECT d.id, d.void_claim_id, '{AllocationKind.VOID}', d.void_on, d.voided_on,
               d.total_minor
        FROM changed d WHERE d.voided_on IS NOT NULL
    ) AS t JOIN changed d ON d.id = t.id
),
{WRITE},
posted AS (
    INSERT INTO posted_entry
    SELECT debit_id, credit_id, amount_minor, credit_minor, effective_on, kind, false
    FROM written
)
{COUNTS}
"""


def follow(landing: Landing) -> None:
    """Bring what lists and voids move of the touched documents up to date."""
    landing.execute(FOLLOW)
