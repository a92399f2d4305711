"""Documents whose open balance at one date is known differently at two instants."""

from dataclasses import dataclass
from datetime import date

from ledger.ids import DocumentId
from ledger.store.item_relation import items
from ledger.store.known import BEFORE_ALL, KnownAt
from ledger.store.session import Session

COMPARE = """
WITH earlier AS (
    SELECT id, currency, sum(open_minor)::bigint AS minor, debtor_id,
           min(due_on) AS due_on
    FROM ({then}) AS i GROUP BY id, currency, debtor_id
),
later AS (
    SELECT id, currency, sum(open_minor)::bigint AS minor, debtor_id,
           min(due_on) AS due_on
    FROM ({now}) AS i GROUP BY id, currency, debtor_id
)
SELECT coalesce(t.id, n.id) AS id,
       coalesce(t.minor, 0) AS then_minor, coalesce(n.minor, 0) AS now_minor
FROM earlier t FULL JOIN later n ON n.id = t.id
WHERE (t.minor, t.currency, t.debtor_id, t.due_on)
      IS DISTINCT FROM (n.minor, n.currency, n.debtor_id, n.due_on)
"""


@dataclass(frozen=True, slots=True)
class Difference:
    """A document's open balance as known then and as known later."""

    document_id: DocumentId
    then_minor: int
    now_minor: int


def compare(
    session: Session, then: KnownAt, now: KnownAt, *, as_of: date
) -> list[Difference]:
    """Return the documents that stand differently at a date."""
    relation_then = items(as_known=True)
    relation_now = items(as_known=not now.is_latest).replace(":known_at", ":later_at")
    rows = session.execute(
        COMPARE.format(then=relation_then, now=relation_now),
        {
            "as_of": as_of,
            "known_at": then.instant or BEFORE_ALL,
            "later_at": now.instant or BEFORE_ALL,
        },
    )
    return [
        Difference(DocumentId(row.id), row.then_minor, row.now_minor) for row in rows
    ]
