"""Debtors land, and the due dates that hang on their terms move with them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row

from ledger.calendar import Terms
from ledger.ids import DebtorId, DocumentId, SourceId
from ledger.records import Debtor
from ledger.store import keys
from ledger.store.bulk import Stage, by_key
from ledger.store.documents import VERSION
from ledger.store.known import KnownAt
from ledger.store.landing import Landed, Landing
from ledger.store.session import Session

STAGE = Stage(
    "stage_debtor",
    (
        ("source_id", "text"),
        ("parent_source_id", "text"),
        ("own_record", "bool"),
        ("number", "text"),
        ("name", "text"),
        ("unit", "text"),
        ("country", "text"),
        ("language", "text"),
        ("email", "text"),
        ("tax_id", "text"),
        ("terms_days", "int4"),
        ("terms_to_month_end", "bool"),
    ),
)

CONTENT = (
    "own_record",
    "terms_days",
    "terms_to_month_end",
    "parent_id",
    "number",
    "name",
    "unit",
    "country",
    "language",
    "email",
    "tax_id",
)

LAND = f"""
WITH staged AS (
    SELECT {keys.sql("'debtor'", "s.source_id")} AS id,
           CASE WHEN s.parent_source_id IS NOT NULL
                THEN {keys.sql("'debtor'", "s.parent_source_id")} END AS parent_id, s.*
    FROM stage_debtor s
),
incoming AS MATERIALIZED (
    SELECT s.*, o.id IS NULL AS is_new, o AS old,
           (s.terms_days, s.terms_to_month_end) IS DISTINCT FROM
           (o.terms_days, o.terms_to_month_end) AS terms_differ
    FROM staged s
    LEFT JOIN LATERAL {by_key("debtor", "s.id")} AS o ON true
    WHERE o.id IS NULL
       OR (s.own_record OR NOT o.own_record)
          AND ({", ".join(f"s.{name}" for name in CONTENT)}) IS DISTINCT FROM
              ({", ".join(f"o.{name}" for name in CONTENT)})
),
history AS (
    INSERT INTO debtor_history
        (tenant_id, known_at, superseded_at, id, connection_id, source_id,
         {", ".join(CONTENT)})
    SELECT :tenant_id, (old).known_at, :known_at, id, (old).connection_id, source_id,
           {", ".join(f"(old).{name}" for name in CONTENT)}
    FROM incoming WHERE NOT is_new AND (old).known_at < :known_at
),
stored AS (
    INSERT INTO debtor
        (tenant_id, known_at, connection_id, id, source_id, {", ".join(CONTENT)})
    SELECT :tenant_id, :known_at, :connection_id, id, source_id, {", ".join(CONTENT)}
    FROM incoming
    ON CONFLICT (tenant_id, id) DO UPDATE SET
        known_at = excluded.known_at,
        {", ".join(f"{name} = excluded.{name}" for name in CONTENT)}
),
due_changed AS (
    INSERT INTO touched_debtor SELECT id FROM incoming WHERE terms_differ
)
SELECT count(*) FILTER (WHERE is_new) AS new,
       count(*) FILTER (WHERE NOT is_new) AS changed,
       count(*) FILTER (WHERE terms_differ) AS terms
FROM incoming
"""

TOUCHED = Stage("touched_debtor", (("id", "uuid"),))
"""Debtors whose payment terms this landing changed."""

# Only due dates that were inferred from the debtor follow the debtor.
REDATE_DUE = f"""
WITH redated AS MATERIALIZED (
    SELECT d AS old, d.id,
           CASE WHEN b.terms_days IS NULL THEN d.issued_on
                WHEN b.terms_to_month_end
                THEN (date_trunc('month', d.issued_on + b.terms_days)
                      + interval '1 month - 1 day')::date
                ELSE d.issued_on + b.terms_days END AS due_on,
           CASE WHEN b.terms_days IS NULL THEN 'issue_date' ELSE 'debtor_terms' END
               AS due_rule
    FROM document d
    JOIN debtor b ON b.tenant_id = :tenant_id AND b.id = d.debtor_id
    WHERE d.tenant_id = :tenant_id AND d.due_rule IN ('issue_date', 'debtor_terms')
      AND d.debtor_id IN (SELECT id FROM touched_debtor)
),
history AS (
    INSERT INTO document_history
        (tenant_id, known_at, superseded_at, {", ".join(VERSION)})
    SELECT :tenant_id, (old).known_at, :known_at,
           {", ".join(f"(old).{name}" for name in VERSION)}
    FROM redated r
    WHERE (old).known_at < :known_at
      AND ((old).due_on, (old).due_rule) IS DISTINCT FROM (r.due_on, r.due_rule)
)
UPDATE document d
SET due_on = r.due_on, due_rule = r.due_rule, known_at = :known_at,
    next_action_on = NULL
FROM redated r
WHERE d.tenant_id = :tenant_id AND d.id = r.id
  AND (d.due_on, d.due_rule) IS DISTINCT FROM (r.due_on, r.due_rule)
"""


def land(landing: Landing, debtors: Sequence[Debtor]) -> Landed:
    """Store a page's debtors; a mention never replaces a debtor's own record."""
    if not debtors:
        return Landed()
    TOUCHED.create(landing.session)
    STAGE.fill(
        landing.session,
        (
            (
                debtor.source_id,
                debtor.parent,
                debtor.own_record,
                debtor.number,
                debtor.name,
                debtor.unit,
                debtor.country,
                debtor.language,
                debtor.email,
                debtor.tax_id,
                debtor.terms.days if debtor.terms else None,
                debtor.terms.to_month_end if debtor.terms else None,
            )
            for debtor in debtors
        ),
    )
    counts = landing.execute(LAND).one()
    if counts.terms:
        landing.execute(REDATE_DUE)
    return Landed(
        new=counts.new,
        changed=counts.changed,
        same=len(debtors) - counts.new - counts.changed,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredDebtor:
    """A debtor as the ledger held it at some instant."""

    id: DebtorId
    source_id: SourceId
    number: str
    name: str
    unit: str | None
    parent_id: DebtorId | None
    country: str | None
    language: str | None
    email: str | None
    tax_id: str | None
    terms: Terms | None


VERSIONS = """
SELECT id, source_id, {content} FROM debtor
WHERE tenant_id = :tenant_id AND known_at <= :known_at
UNION ALL
SELECT id, source_id, {content} FROM debtor_history
WHERE tenant_id = :tenant_id AND known_at <= :known_at AND superseded_at > :known_at
""".format(content=", ".join(CONTENT))

STATE = f"""
SELECT id, source_id, {", ".join(CONTENT)} FROM debtor WHERE tenant_id = :tenant_id
"""


class Debtors(dict[DebtorId, StoredDebtor]):
    """Debtors by key; one whose record has not landed yet is shown as unread."""

    def __missing__(self, key: DebtorId) -> StoredDebtor:
        """Return what can be shown of a debtor that documents name already."""
        return StoredDebtor(
            id=key,
            source_id=SourceId(""),
            number="?",
            name="(not read yet)",
            unit=None,
            parent_id=None,
            country=None,
            language=None,
            email=None,
            tax_id=None,
            terms=None,
        )


OF_DOCUMENT = """
SELECT debtor_id FROM document WHERE tenant_id = :tenant_id AND id = :id
"""


def load_all(session: Session, known: KnownAt) -> Debtors:
    """Return all debtors as known at an instant."""
    sql = STATE if known.is_latest else VERSIONS
    return Debtors(
        (DebtorId(row.id), _stored(row))
        for row in session.stream(sql, known.parameters)
    )


def of_document(session: Session, document_id: DocumentId) -> DebtorId:
    """Return who owes a document that is known to be there."""
    found = session.execute(OF_DOCUMENT, {"id": document_id}).scalar_one()
    return DebtorId(found)


def _stored(row: Row[Any]) -> StoredDebtor:
    return StoredDebtor(
        id=DebtorId(row.id),
        source_id=SourceId(row.source_id),
        number=row.number,
        name=row.name,
        unit=row.unit,
        parent_id=None if row.parent_id is None else DebtorId(row.parent_id),
        country=row.country,
        language=row.language,
        email=row.email,
        tax_id=row.tax_id,
        terms=None
        if row.terms_days is None
        else Terms(row.terms_days, bool(row.terms_to_month_end)),
    )
