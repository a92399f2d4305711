"""The relation of open items, which every question of balances reads.

It has a row for each document, or each instalment of one, that was open at a date. As
known now it starts from the balances kept beside the facts and looks at allocations
only where something happened after the date; as known then it derives all from facts.
"""

from ledger.store.derived import DEBITS

CREDIT = f"({{item}}.open_minor < 0 OR {{item}}.kind NOT IN {DEBITS})"
"""Whether an open item stands in the debtor's favour.

So does a credit of which more was applied than it had: what it then lacks lowers the
debtor's other credits, and is no receivable.
"""

BASE = ("id", "debtor_id", "currency", "kind", "issued_on", "due_on")

VERSION_COLUMNS = (
    *BASE,
    "connection_id",
    "number",
    "due_rule",
    "reference",
    "total_minor",
    "home_minor",
    "instalment_due_on",
    "instalment_minor",
)

VERSIONS_THEN = f"""
SELECT {", ".join(VERSION_COLUMNS)} FROM document
WHERE tenant_id = :tenant_id AND known_at <= :known_at AND issued_on <= :as_of
UNION ALL
SELECT {", ".join(VERSION_COLUMNS)} FROM document_history
WHERE tenant_id = :tenant_id AND known_at <= :known_at
  AND superseded_at > :known_at AND issued_on <= :as_of
"""
"""The state that each document had at an instant."""

SETTLED = f"""
coalesce(CASE WHEN d.kind IN {DEBITS}
    THEN (SELECT sum(a.amount_minor) FROM allocation a
          WHERE a.tenant_id = :tenant_id AND a.debit_id = d.id
            AND a.effective_on <= :as_of {{known}})
    ELSE (SELECT sum(a.credit_minor) FROM allocation a
          WHERE a.tenant_id = :tenant_id AND a.credit_id = d.id
            AND a.effective_on <= :as_of {{known}})
    END, 0)::bigint"""

# Three indexes lead to what was open: open still, closed since, and by instalments.
OPEN_STILL = "d.closed_on IS NULL AND d.instalment_due_on IS NULL"
CLOSED_SINCE = """
    d.closed_on > :as_of AND d.closed_on > d.issued_on AND d.instalment_due_on IS NULL
"""
BY_INSTALMENTS = """
    d.instalment_due_on IS NOT NULL AND (d.closed_on IS NULL OR d.closed_on > :as_of)
"""


def items(*, as_known: bool, more: tuple[str, ...] = ()) -> str:
    """Return the relation: open amounts positive owed, negative for the debtor.

    Its parameters are `:as_of` and, if `as_known`, `:known_at`. `part` numbers the
    instalments from 1 and is 0 for a whole document. What settled a document settles
    its instalments, the earliest due first.

    Args:
        as_known: Whether to ask as known at an instant.
        more: Columns wanted besides `BASE`; each one read costs.
    """
    columns = (*BASE, *more)
    wholes = (
        [_then(columns, "d.instalment_due_on IS NULL")]
        if as_known
        else [_now(columns, OPEN_STILL), _now(columns, CLOSED_SINCE)]
    )
    parts = {"total_minor", "instalment_due_on", "instalment_minor"} - set(more)
    split_columns = (*columns, *sorted(parts))
    split = (
        _then(split_columns, "d.instalment_due_on IS NOT NULL")
        if as_known
        else _now(split_columns, BY_INSTALMENTS)
    )
    relations = [_whole(columns, whole) for whole in wholes]
    return " UNION ALL ".join([*relations, _split(columns, split)])


# Debtor by debtor: joined freely, the planner may read all that is open for each batch.
KEPT_WHOLE = """
    SELECT {columns}, d.open_minor
    FROM unnest(CAST(:debtor_ids AS uuid[])) AS wanted (id)
    CROSS JOIN LATERAL (
        SELECT * FROM document looked_up
        WHERE looked_up.tenant_id = :tenant_id AND looked_up.debtor_id = wanted.id
          AND looked_up.closed_on IS NULL AND looked_up.instalment_due_on IS NULL
          AND {which}
        OFFSET 0
    ) AS d
"""
KEPT_SPLIT = """
    SELECT {columns}, d.open_minor
    FROM document d
    WHERE d.tenant_id = :tenant_id AND d.debtor_id = ANY (:debtor_ids)
      AND d.closed_on IS NULL AND d.instalment_due_on IS NOT NULL AND {which}
    OFFSET 0
"""


def standing(*, which: str = "true", more: tuple[str, ...] = ()) -> str:
    """Return the relation of some debtors' documents as they stand now.

    Whatever the dates: what a payment of tomorrow settles is settled in it, and nobody
    is asked for that. Its parameter is `:debtor_ids`.

    Args:
        which: A condition on the columns of the document.
        more: Columns wanted besides `BASE`.
    """
    columns = (*BASE, *more)
    parts = {"total_minor", "instalment_due_on", "instalment_minor"} - set(more)
    split_columns = (*columns, *sorted(parts))
    whole = _kept(KEPT_WHOLE, columns, which)
    split = _kept(KEPT_SPLIT, split_columns, which)
    return f"{_whole(columns, whole)} UNION ALL {_split(columns, split)}"


def _kept(relation: str, columns: tuple[str, ...], which: str) -> str:
    listed = ", ".join(f"d.{name}" for name in columns)
    return relation.replace("{columns}", listed).replace("{which}", which)


def _now(columns: tuple[str, ...], condition: str) -> str:
    # OFFSET 0 keeps the planner from computing the balance once for each use.
    return f"""
    SELECT {", ".join(f"d.{name}" for name in columns)},
           CASE WHEN d.last_effective_on > :as_of
                THEN d.total_minor - {SETTLED.format(known="")}
                ELSE d.open_minor END AS open_minor
    FROM document d
    WHERE d.tenant_id = :tenant_id AND d.issued_on <= :as_of AND {condition}
    OFFSET 0
    """


def _then(columns: tuple[str, ...], condition: str) -> str:
    return f"""
    SELECT {", ".join(f"d.{name}" for name in columns)},
           d.total_minor - {SETTLED.format(known="AND a.known_at <= :known_at")}
               AS open_minor
    FROM ({VERSIONS_THEN}) AS d WHERE {condition}
    OFFSET 0
    """


def _whole(columns: tuple[str, ...], relation: str) -> str:
    return f"""
    SELECT {", ".join(columns)}, 0::bigint AS part,
           CASE WHEN kind IN {DEBITS} THEN open_minor ELSE -open_minor END AS open_minor
    FROM ({relation}) AS whole WHERE open_minor <> 0
    """


def _split(columns: tuple[str, ...], relation: str) -> str:
    listed = ", ".join(
        "parts.due_on" if name == "due_on" else f"document.{name}" for name in columns
    )
    return f"""
    SELECT {listed}, parts.part, parts.open_minor
    FROM ({relation}) AS document
    CROSS JOIN LATERAL (
        SELECT part.due_on, part.part,
               -- More open than the total rests on the first; less than none is the
               -- debtor's, and shown by itself below.
               least(part.minor + CASE WHEN part.part = 1
                                       THEN greatest(open_minor - total_minor, 0)
                                       ELSE 0 END,
                     greatest(part.due_minor - (total_minor - open_minor), 0))
                   AS open_minor
        FROM (
            SELECT due_on, part, minor,
                   (sum(minor) OVER (ORDER BY part))::bigint AS due_minor
            FROM unnest(instalment_due_on, instalment_minor)
                 WITH ORDINALITY AS listed (due_on, minor, part)
        ) AS part
        UNION ALL
        SELECT document.due_on, 0::bigint, least(open_minor, 0)
    ) AS parts
    WHERE parts.open_minor <> 0
    """
