"""What is open at any date, as known now or at any instant.

Both questions read one relation of open items: a row for each document, or each
instalment of one, that was open at the date. As known now it starts from the balances
kept beside the facts and looks at allocations only where something happened after the
date; as known then it derives everything from the facts.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from ledger.ageing import AgedSum, Basis, BucketScheme
from ledger.money import Currency
from ledger.store.derived import DEBITS
from ledger.store.session import Session

COLUMNS = (
    "id",
    "debtor_id",
    "currency",
    "kind",
    "issued_on",
    "due_on",
    "number",
    "due_rule",
    "reference",
    "total_minor",
    "instalment_due_on",
    "instalment_minor",
)


def _settled(known: str) -> str:
    return f"""
    coalesce(CASE WHEN d.kind IN {DEBITS}
        THEN (SELECT sum(a.amount_minor) FROM allocation a
              WHERE a.tenant_id = :tenant_id AND a.debit_id = d.id
                AND a.effective_on <= :as_of {known})
        ELSE (SELECT sum(a.credit_minor) FROM allocation a
              WHERE a.tenant_id = :tenant_id AND a.credit_id = d.id
                AND a.effective_on <= :as_of {known})
        END, 0)::bigint"""


# Three indexes lead to what was open: open still, closed since, and by instalments.
STANDING_NOW = f"""
SELECT {", ".join(f"d.{name}" for name in COLUMNS)},
       CASE WHEN d.last_effective_on > :as_of THEN d.total_minor - {_settled("")}
            ELSE d.open_minor END AS open_minor
FROM document d
WHERE d.tenant_id = :tenant_id AND d.issued_on <= :as_of
"""
SINGLE_NOW = f"""
{STANDING_NOW} AND d.closed_on IS NULL AND d.instalment_due_on IS NULL
UNION ALL
{STANDING_NOW} AND d.closed_on > :as_of AND d.instalment_due_on IS NULL
"""
SPLIT_NOW = f"""
{STANDING_NOW} AND d.instalment_due_on IS NOT NULL
  AND (d.closed_on IS NULL OR d.closed_on > :as_of)
"""

VERSIONS_THEN = f"""
SELECT {", ".join(COLUMNS)} FROM document
WHERE tenant_id = :tenant_id AND known_at <= :known_at AND issued_on <= :as_of
UNION ALL
SELECT {", ".join(COLUMNS)} FROM document_history
WHERE tenant_id = :tenant_id AND known_at <= :known_at
  AND superseded_at > :known_at AND issued_on <= :as_of
"""
STANDING_THEN = f"""
SELECT {", ".join(f"d.{name}" for name in COLUMNS)},
       d.total_minor - {_settled("AND a.known_at <= :known_at")} AS open_minor
FROM ({VERSIONS_THEN}) AS d
"""
SINGLE_THEN = f"{STANDING_THEN} WHERE d.instalment_due_on IS NULL"
SPLIT_THEN = f"{STANDING_THEN} WHERE d.instalment_due_on IS NOT NULL"

ITEM = (
    "id, debtor_id, currency, kind, issued_on, number, due_rule, reference, total_minor"
)


def items(*, as_known: bool) -> str:
    """Return the relation of open items: positive owed, negative for the debtor.

    Its parameters are `:as_of` and, if `as_known`, `:known_at`. `part` numbers the
    instalments from 1 and is 0 for a whole document. What settled a document settles
    its instalments, the earliest due first.
    """
    single = SINGLE_THEN if as_known else SINGLE_NOW
    split = SPLIT_THEN if as_known else SPLIT_NOW
    return f"""
    SELECT {ITEM}, due_on, 0 AS part,
           CASE WHEN kind IN {DEBITS} THEN open_minor ELSE -open_minor END AS open_minor
    FROM ({single}) AS whole WHERE open_minor <> 0
    UNION ALL
    SELECT {ITEM}, parts.due_on, parts.part, parts.open_minor
    FROM ({split}) AS document
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
        SELECT document.due_on, 0, least(open_minor, 0)
    ) AS parts
    WHERE parts.open_minor <> 0
    """


BEFORE_ALL = datetime(1, 1, 1, tzinfo=UTC)
"""An instant at which no ledger knew anything."""

DISPUTED = """
SELECT e.document_id, sum(e.amount_minor)::bigint AS minor FROM dispute_entry e
WHERE e.tenant_id = :tenant_id AND e.effective_on <= :as_of {known}
GROUP BY e.document_id HAVING sum(e.amount_minor) > 0
"""

# A dispute stands against the oldest open part of a document.
DISPUTED_PARTS = """
SELECT i.id, i.part,
       least(i.open_minor,
             greatest(e.minor - (sum(i.open_minor) OVER earlier - i.open_minor), 0)
            )::bigint AS disputed_minor
FROM ({items}) AS i JOIN ({disputed}) AS e ON e.document_id = i.id
WHERE i.open_minor > 0
WINDOW earlier AS (PARTITION BY i.id ORDER BY i.due_on, i.part)
"""

AGED = """
SELECT {debtor} AS debtor_id, currency, open_minor < 0 AS is_credit,
       width_bucket(:as_of - {basis}, CAST(:first_days AS integer[])) AS bucket,
       sum(open_minor)::bigint AS minor
FROM ({items}) AS item {narrowed}
GROUP BY 1, 2, 3, 4
"""

AGED_DISPUTES = """
SELECT {debtor} AS debtor_id, item.currency,
       width_bucket(:as_of - {basis}, CAST(:first_days AS integer[])) AS bucket,
       sum(part.disputed_minor)::bigint AS disputed_minor
FROM ({items}) AS item
JOIN ({disputed_parts}) AS part ON part.id = item.id AND part.part = item.part
WHERE part.disputed_minor > 0
GROUP BY 1, 2, 3
"""


@dataclass(frozen=True, slots=True)
class KnownAt:
    """The landing as of which a question is answered.

    Attributes:
        instant: When that landing became known; None before the first.
        is_latest: Whether nothing landed since, so that the kept balances answer.
        requested: The instant asked for; None for the present state.
    """

    instant: datetime | None
    is_latest: bool
    requested: datetime | None

    @property
    def parameters(self) -> dict[str, Any]:
        """What a relation as known then needs."""
        return {} if self.is_latest else {"known_at": self.instant or BEFORE_ALL}


def known_at(session: Session, requested: datetime | None = None) -> KnownAt:
    """Return the last landing on or before an instant; None asks for the last."""
    last = session.execute(
        "SELECT max(known_at) FROM landing WHERE tenant_id = :tenant_id"
    ).scalar_one()
    if requested is None or last is None or requested >= last:
        return KnownAt(last, is_latest=True, requested=requested)
    instant = session.execute(
        "SELECT max(known_at) FROM landing "
        "WHERE tenant_id = :tenant_id AND known_at <= :requested",
        {"requested": requested},
    ).scalar_one()
    return KnownAt(instant, is_latest=False, requested=requested)


def aged_sums(
    session: Session,
    known: KnownAt,
    *,
    as_of: date,
    basis: Basis,
    scheme: BucketScheme,
    by_debtor: bool,
) -> list[AgedSum]:
    """Return the open items of a date summed by bucket, debts and credits apart.

    A credit's bucket is that of its own document date, an overpaid document's that of
    its own basis date.
    """
    relation = items(as_known=not known.is_latest)
    parts = {
        "items": relation,
        "debtor": "debtor_id" if by_debtor else "NULL::uuid",
        "basis": _basis(basis),
    }
    parameters = {
        "as_of": as_of,
        "first_days": list(scheme.first_days),
        **known.parameters,
    }
    sums = [
        AgedSum(
            debtor_id=row.debtor_id,
            currency=Currency(row.currency),
            index=row.bucket,
            is_credit=row.is_credit,
            minor=row.minor,
        )
        for row in session.execute(AGED.format(narrowed="", **parts), parameters)
    ]
    if _any_dispute(session):
        disputes = AGED_DISPUTES.format(disputed_parts=_disputed_parts(known), **parts)
        sums += [
            AgedSum(
                debtor_id=row.debtor_id,
                currency=Currency(row.currency),
                index=row.bucket,
                is_credit=False,
                minor=0,
                disputed_minor=row.disputed_minor,
            )
            for row in session.execute(disputes, parameters)
        ]
    return sums


def _basis(basis: Basis) -> str:
    if basis is Basis.DOCUMENT:
        return "issued_on"
    return f"CASE WHEN kind IN {DEBITS} THEN due_on ELSE issued_on END"


def _disputed_parts(known: KnownAt) -> str:
    as_known = not known.is_latest
    disputed = DISPUTED.format(known="AND e.known_at <= :known_at" if as_known else "")
    return DISPUTED_PARTS.format(items=items(as_known=as_known), disputed=disputed)


def _any_dispute(session: Session) -> bool:
    found = session.execute(
        "SELECT EXISTS (SELECT FROM dispute_entry WHERE tenant_id = :tenant_id)"
    ).scalar_one()
    return bool(found)
