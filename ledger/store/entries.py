"""Entries: what a claim should have moved, against what it has moved already.

Entries are never changed. Whoever knows how a claim should count names its dated
changes; what is missing from the entries so far is appended, what is too much is taken
back on its own date. So the outcome depends on what the books say last, and not on the
order in which they said it.
"""

from ledger.store.bulk import by_keys

INSERT = """
INSERT INTO allocation
    (tenant_id, connection_id, known_at, entry, claim_id, kind, debit_id, credit_id,
     amount_minor, credit_minor, effective_on, claimed_on)
"""
RETURNING = """
RETURNING debit_id, credit_id, amount_minor, credit_minor, effective_on, kind
"""

CHANGE = """
    claim_id, kind, debit_id, credit_id, effective_on, claimed_on"""


def entries_of(claims: str) -> str:
    """Return the SELECT of all entries of claims, given the SELECT of `claim_id`."""
    return by_keys("allocation", claims, key="claim_id")


WRITE = f"""
compared AS MATERIALIZED (
    SELECT {CHANGE},
           sum(amount_minor) FILTER (WHERE is_wanted)::bigint AS amount_minor,
           sum(credit_minor) FILTER (WHERE is_wanted)::bigint AS credit_minor,
           sum(amount_minor) FILTER (WHERE NOT is_wanted)::bigint AS held_minor,
           sum(credit_minor) FILTER (WHERE NOT is_wanted)::bigint AS credit_held_minor
    FROM (
        SELECT {CHANGE}, amount_minor, credit_minor, true AS is_wanted FROM target
        UNION ALL
        SELECT {CHANGE}, amount_minor, credit_minor, false FROM entered
    ) AS moves
    GROUP BY {CHANGE}
),
delta AS MATERIALIZED (
    SELECT {CHANGE}, w.amount_minor, w.credit_minor
    FROM compared c
    CROSS JOIN LATERAL (VALUES
        (-c.held_minor, -c.credit_held_minor), (c.amount_minor, c.credit_minor)
    ) AS w (amount_minor, credit_minor)
    WHERE (coalesce(c.amount_minor, 0), coalesce(c.credit_minor, 0))
          <> (coalesce(c.held_minor, 0), coalesce(c.credit_held_minor, 0))
      AND (w.amount_minor <> 0 OR w.credit_minor <> 0)
),
last AS MATERIALIZED (
    SELECT claim_id, max(entry) AS entry FROM entered GROUP BY claim_id
),
written AS (
    {INSERT}
    SELECT :tenant_id, :connection_id, :known_at,
           coalesce(l.entry + 1, 0)
           + row_number() OVER (PARTITION BY d.claim_id
                                ORDER BY d.amount_minor, d.effective_on) - 1,
           d.claim_id, d.kind, d.debit_id, d.credit_id, d.amount_minor, d.credit_minor,
           d.effective_on, d.claimed_on
    FROM delta d LEFT JOIN last l ON l.claim_id = d.claim_id
    {RETURNING}, claim_id
)
"""
"""Bring claims from the entries of `entered` to the changes of `target`.

Both relations hold whole claims, with the columns of an entry. What was `written` is
then put into `posted_entry`, and `COUNTS` says how many claims that were.
"""

COUNTS = """
SELECT count(DISTINCT d.claim_id) FILTER (WHERE l.claim_id IS NULL) AS new,
       count(DISTINCT d.claim_id) FILTER (WHERE l.claim_id IS NOT NULL) AS changed
FROM delta d LEFT JOIN last l ON l.claim_id = d.claim_id
"""
