"""What is kept beside the facts, in the transaction that changes them.

Each derived figure can be recomputed from the facts alone; a property test does.
"""

from ledger.records import CASH_KINDS, DEBIT_KINDS
from ledger.store.bulk import Stage, by_key
from ledger.store.landing import Landing

POSTED = Stage(
    "posted_entry",
    (
        ("debit_id", "uuid"),
        ("credit_id", "uuid"),
        ("amount_minor", "int8"),
        ("credit_minor", "int8"),
        ("effective_on", "date"),
        ("kind", "text"),
        ("is_fresh", "bool"),
        ("debit_kind", "text"),
        ("debit_currency", "text"),
        ("credit_kind", "text"),
        ("credit_currency", "text"),
    ),
)
"""Allocation entries this landing wrote.

is_fresh: whoever wrote it says itself which documents it touched.
debit_kind …: of both documents, where whoever wrote it knows them.
"""

TOUCHED = Stage("touched_document", (("id", "uuid"),))
"""Documents whose derived columns this landing made stale."""

GUESSED = Stage(
    "guessed_use",
    (
        ("id", "uuid"),
        ("minor", "int8"),
        ("on_date", "date"),
        ("issued_on", "date"),
        ("currency", "text"),
    ),
)
"""New documents that were stored as if the claims of their page had moved them.

None of them is void. issued_on, currency: so that claims need not look them up.
"""

DEBITS = "('" + "', '".join(sorted(DEBIT_KINDS)) + "')"
CASH = "('" + "', '".join(sorted(CASH_KINDS)) + "')"

MONTH_COLUMNS = (
    "document_count",
    "debit_issued_minor",
    "debit_settled_minor",
    "credit_issued_minor",
    "credit_applied_minor",
    "sales_minor",
    "receipts_minor",
)

ISSUED = (
    "sum(sign)",
    f"sum(sign * total_minor) FILTER (WHERE kind IN {DEBITS})",
    "0",
    f"sum(sign * total_minor) FILTER (WHERE kind NOT IN {DEBITS})",
    "0",
    """sum(sign * CASE kind WHEN 'invoice' THEN total_minor
                            WHEN 'credit_note' THEN -total_minor END)""",
    f"sum(sign * total_minor) FILTER (WHERE kind IN {CASH})",
)
"""What documents move in their month, over rows of kind, total_minor and sign."""

SETTLED = (
    "0",
    "0",
    "sum(moved) FILTER (WHERE leg = 'debit')",
    "0",
    "sum(moved) FILTER (WHERE leg = 'credit')",
    """sum(CASE document_kind WHEN 'invoice' THEN -moved WHEN 'credit_note' THEN moved
           END) FILTER (WHERE kind = 'void')""",
    f"sum(-moved) FILTER (WHERE kind = 'void' AND document_kind IN {CASH})",
)
"""What entries move in their month: a void takes the sale or the receipt back."""


def month(day: str) -> str:
    """Return the SQL of the first day of a day's month, time zones aside."""
    return f"CAST(date_trunc('month', CAST({day} AS timestamp)) AS date)"


SETTLED_ROWS = f"""
SELECT d.currency, {month("p.effective_on")} AS month_on,
       'debit' AS leg, p.kind, d.kind AS document_kind, p.amount_minor AS moved
FROM posted_entry p JOIN LATERAL {by_key("document", "p.debit_id")} AS d ON true
UNION ALL
SELECT d.currency, {month("p.effective_on")},
       'credit', p.kind, d.kind, p.credit_minor
FROM posted_entry p JOIN LATERAL {by_key("document", "p.credit_id")} AS d ON true
"""

POSTED_ROWS = f"""
SELECT p.debit_currency AS currency, {month("p.effective_on")} AS month_on,
       'debit' AS leg, p.kind, p.debit_kind AS document_kind, p.amount_minor AS moved
FROM posted_entry p WHERE p.debit_kind IS NOT NULL
UNION ALL
SELECT p.credit_currency, {month("p.effective_on")},
       'credit', p.kind, p.credit_kind, p.credit_minor
FROM posted_entry p WHERE p.debit_kind IS NOT NULL
UNION ALL
{
    SETTLED_ROWS.replace(
        "posted_entry p", "(SELECT * FROM posted_entry WHERE debit_kind IS NULL) p"
    )
}
"""

ALL_ENTRIES = "(SELECT * FROM allocation WHERE tenant_id = :tenant_id) p"

ANY_CHANGE = f"""
SELECT {
    " OR ".join(
        f"EXISTS (SELECT FROM {one.name})" for one in (POSTED, TOUCHED, GUESSED)
    )
}
"""

# What was added must not be added again later in the same transaction.
FORGET = """
WITH posted AS (DELETE FROM posted_entry), guessed AS (DELETE FROM guessed_use)
DELETE FROM touched_document
"""

TOUCH_POSTED = """
INSERT INTO touched_document (id)
SELECT coalesce(p.id, g.id)
FROM (SELECT id, sum(minor) AS minor, max(effective_on) AS on_date,
             min(minor) > 0 AS none_undone
      FROM (SELECT debit_id AS id, amount_minor AS minor, effective_on
            FROM posted_entry WHERE debit_id IS NOT NULL AND NOT is_fresh
            UNION ALL
            SELECT credit_id, credit_minor, effective_on
            FROM posted_entry WHERE credit_id IS NOT NULL AND NOT is_fresh) AS leg
      GROUP BY id) AS p
FULL JOIN guessed_use g ON g.id = p.id
WHERE (p.minor, p.on_date, p.none_undone) IS DISTINCT FROM (g.minor, g.on_date, true)
"""
"""A document whose use was guessed right is stored as it should be."""

LEGS = """
    SELECT a.amount_minor AS minor, a.effective_on
    FROM allocation a WHERE a.tenant_id = :tenant_id AND a.debit_id = {document}
    UNION ALL
    SELECT a.credit_minor, a.effective_on
    FROM allocation a WHERE a.tenant_id = :tenant_id AND a.credit_id = {document}
"""
"""Every entry on one document's balance, by the two indexes that lead to it."""

FIGURES = ("open_minor", "last_effective_on", "closed_on", "overapplied")
"""The derived columns of a document."""

# A document that nothing had moved before is moved by this landing's entries alone. A
# row that is right already is not written again: it has six index entries.
REFRESH = f"""
WITH fresh AS MATERIALIZED (
    SELECT id, sum(minor) AS minor, max(effective_on) AS effective_on,
           sum(minor) FILTER (WHERE minor > 0) AS applied
    FROM (SELECT debit_id AS id, amount_minor AS minor, effective_on FROM posted_entry
          UNION ALL
          SELECT credit_id, credit_minor, effective_on FROM posted_entry) AS leg
    GROUP BY id
),
touched AS MATERIALIZED (
    SELECT d.place, d.id, d.total_minor, d.issued_on,
           {", ".join(f"d.{name}" for name in FIGURES)}
    FROM (SELECT DISTINCT id FROM touched_document) AS t
    CROSS JOIN LATERAL (
        SELECT looked_up.ctid AS place, looked_up.* FROM document looked_up
        WHERE looked_up.tenant_id = :tenant_id AND looked_up.id = t.id OFFSET 0
    ) AS d
),
moved AS (
    SELECT d.id, m.*
    FROM touched d CROSS JOIN LATERAL (
        SELECT sum(leg.minor) AS minor, max(leg.effective_on) AS effective_on,
               sum(leg.minor) FILTER (WHERE leg.minor > 0) AS applied
        FROM ({LEGS.format(document="d.id")}) AS leg
    ) AS m
    WHERE d.last_effective_on IS NOT NULL
    UNION ALL
    SELECT d.id, f.minor, f.effective_on, f.applied
    FROM touched d LEFT JOIN fresh f ON f.id = d.id
    WHERE d.last_effective_on IS NULL
),
figures AS MATERIALIZED (
    SELECT d.place, f.*,
           ({", ".join(f"d.{name}" for name in FIGURES)}) IS DISTINCT FROM
           ({", ".join(f"f.{name}" for name in FIGURES)}) AS is_wrong
    FROM touched d
    JOIN moved m ON m.id = d.id
    CROSS JOIN LATERAL (
        SELECT d.total_minor - coalesce(m.minor, 0)::bigint AS open_minor,
               m.effective_on AS last_effective_on,
               CASE WHEN d.total_minor = coalesce(m.minor, 0)
                    THEN greatest(m.effective_on, d.issued_on) END AS closed_on,
               coalesce(m.applied, 0) > d.total_minor AS overapplied
    ) AS f
)
UPDATE document d SET {", ".join(f"{name} = f.{name}" for name in FIGURES)},
                      next_action_on = NULL
FROM figures f
WHERE d.tenant_id = :tenant_id AND d.ctid = f.place AND f.is_wrong
"""


def add_to_months(sums: tuple[str, ...], rows: str) -> str:
    """Return the statement that adds grouped rows to the month totals.

    Args:
        sums: One aggregate for each of `MONTH_COLUMNS`.
        rows: A SELECT with `currency`, `month_on` and what the sums need.
    """
    added = ", ".join(f"m.{name} + excluded.{name}" for name in MONTH_COLUMNS)
    return f"""
    INSERT INTO month_total AS m (tenant_id, currency, month_on,
                                  {", ".join(MONTH_COLUMNS)})
    SELECT :tenant_id, currency, month_on,
           {", ".join(f"coalesce({sum_}, 0)" for sum_ in sums)}
    FROM ({rows}) AS moved GROUP BY currency, month_on
    ON CONFLICT (tenant_id, currency, month_on)
    DO UPDATE SET ({", ".join(MONTH_COLUMNS)}) = ROW({added})
    """


GATHER = f"""
WITH found AS ({TOUCH_POSTED} RETURNING id),
months AS ({add_to_months(SETTLED, POSTED_ROWS)})
SELECT EXISTS (SELECT FROM found) OR EXISTS (SELECT FROM touched_document)
"""
"""Add what was posted to its months and say whether any document must be refreshed."""


def prepare(landing: Landing) -> None:
    """Make the temporary tables that gather what a landing did."""
    POSTED.create(landing.session)
    TOUCHED.create(landing.session)
    GUESSED.create(landing.session)


def refresh(landing: Landing) -> None:
    """Bring the derived figures of all that the landing changed up to date."""
    if not landing.execute(ANY_CHANGE).scalar_one():
        return
    if landing.execute(GATHER).scalar_one():
        landing.execute(REFRESH)
    landing.execute(FORGET)


def rebuild_months(landing: Landing) -> None:
    """Make the tenant's month totals anew from all facts so far.

    What was posted before is in them then, and is not added again.
    """
    landing.execute(TOUCH_POSTED)
    landing.execute(REFRESH)
    landing.execute("DELETE FROM posted_entry")
    cleared = ", ".join(f"{name} = 0" for name in MONTH_COLUMNS)
    landing.execute(f"UPDATE month_total SET {cleared} WHERE tenant_id = :tenant_id")
    landing.execute(
        add_to_months(
            ISSUED,
            f"""
            SELECT currency, {month("issued_on")} AS month_on,
                   kind, total_minor, 1 AS sign
            FROM document WHERE tenant_id = :tenant_id
            """,
        )
    )
    landing.execute(
        add_to_months(SETTLED, SETTLED_ROWS.replace("posted_entry p", ALL_ENTRIES))
    )
