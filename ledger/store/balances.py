"""What is open at any date, as known now or at any instant: sums, items, balances."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from ledger.ageing import AgedSum, Basis, BucketScheme
from ledger.ids import ConnectionId, DebtorId, DocumentId, SourceId
from ledger.money import Currency
from ledger.open_items import OpenItem
from ledger.records import DocumentKind, DueRule
from ledger.store.derived import DEBITS
from ledger.store.item_relation import CREDIT, items
from ledger.store.known import KnownAt
from ledger.store.session import Session

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
WHERE NOT {credit}
WINDOW earlier AS (PARTITION BY i.id ORDER BY i.due_on, i.part)
"""

AGED = """
SELECT {debtor} AS debtor_id, currency,
       width_bucket(:as_of - {basis}, CAST(:first_days AS integer[])) AS bucket,
       {credit} AS is_credit,
       sum(open_minor)::bigint AS minor
FROM ({items}) AS item
GROUP BY 1, 2, 3, 4
"""

AGED_DISPUTES = """
SELECT {debtor} AS debtor_id, item.currency,
       width_bucket(:as_of - {basis}, CAST(:first_days AS integer[])) AS bucket,
       false AS is_credit, 0 AS minor,
       sum(part.disputed_minor)::bigint AS disputed_minor
FROM ({items}) AS item
JOIN ({disputed_parts}) AS part ON part.id = item.id AND part.part = item.part
WHERE part.disputed_minor > 0
GROUP BY 1, 2, 3
"""


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
        "credit": CREDIT.format(item="item"),
    }
    parameters = {
        "as_of": as_of,
        "first_days": list(scheme.first_days),
        **known.parameters,
    }
    sums = _sums(session.execute(AGED.format(**parts), parameters))
    if _any_dispute(session):
        disputes = AGED_DISPUTES.format(disputed_parts=_disputed_parts(known), **parts)
        sums += _sums(session.execute(disputes, parameters))
    return sums


DETAILS = ("number", "due_rule", "reference", "total_minor")

LISTED = """
SELECT i.*, coalesce(p.disputed_minor, 0) AS disputed_minor
FROM ({items}) AS i
LEFT JOIN ({disputed_parts}) AS p ON p.id = i.id AND p.part = i.part
WHERE (CAST(:debtor_ids AS uuid[]) IS NULL OR i.debtor_id = ANY (:debtor_ids))
  AND (CAST(:currency AS text) IS NULL OR i.currency = :currency)
  AND (CAST(:document_id AS uuid) IS NULL OR i.id = :document_id)
  AND (CAST(:days_min AS integer) IS NULL OR :as_of - {basis} >= :days_min)
  AND (CAST(:days_max AS integer) IS NULL OR :as_of - {basis} <= :days_max)
  AND (CAST(:credits AS boolean) IS NULL OR {credit} = :credits)
ORDER BY i.due_on, i.issued_on, i.number COLLATE "C", i.id, i.part
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemFilter:
    """Which open items are wanted; None wants all.

    Attributes:
        days_min: At least so many days by the basis.
        days_max: At most so many days by the basis.
        credits: Only what stands in the debtor's favour, or only what is owed.
    """

    debtor_ids: tuple[DebtorId, ...] | None = None
    document_id: DocumentId | None = None
    currency: Currency | None = None
    days_min: int | None = None
    days_max: int | None = None
    credits: bool | None = None


def load_items(
    session: Session,
    known: KnownAt,
    *,
    as_of: date,
    basis: Basis = Basis.DUE,
    wanted: ItemFilter | None = None,
) -> Iterator[OpenItem]:
    """Return open items in the order they fall due, read as they are used."""
    relation = items(as_known=not known.is_latest, more=DETAILS)
    sql = LISTED.format(
        items=relation,
        disputed_parts=_disputed_parts(known),
        basis=_basis(basis),
        credit=CREDIT.format(item="i"),
    )
    wanted = wanted or ItemFilter()
    parameters = {
        "as_of": as_of,
        "debtor_ids": None if wanted.debtor_ids is None else list(wanted.debtor_ids),
        "document_id": wanted.document_id,
        "currency": wanted.currency,
        "days_min": wanted.days_min,
        "days_max": wanted.days_max,
        "credits": wanted.credits,
        **known.parameters,
    }
    for row in session.stream(sql, parameters):
        yield OpenItem(
            document_id=DocumentId(row.id),
            debtor_id=DebtorId(row.debtor_id),
            kind=DocumentKind(row.kind),
            number=row.number,
            part=row.part,
            currency=Currency(row.currency),
            total_minor=row.total_minor,
            open_minor=row.open_minor,
            disputed_minor=row.disputed_minor,
            issued_on=row.issued_on,
            due_on=row.due_on,
            due_rule=DueRule(row.due_rule),
            reference=row.reference,
        )


BY_CONNECTION = """
SELECT i.currency, b.source_id AS debtor, sum(i.open_minor)::bigint AS net_minor,
       coalesce(sum(i.open_minor) FILTER (WHERE NOT {credit}), 0)::bigint
           AS gross_minor
FROM ({items}) AS i
LEFT JOIN debtor b ON b.tenant_id = :tenant_id AND b.id = i.debtor_id
WHERE i.connection_id = :connection_id
GROUP BY i.currency, b.source_id
"""


@dataclass(frozen=True, slots=True)
class DebtorBalance:
    """What one debtor of a connection owes in one currency, gross and net."""

    currency: Currency
    debtor: SourceId | None
    gross_minor: int
    net_minor: int


def debtor_balances(
    session: Session, known: KnownAt, *, as_of: date, connection_id: ConnectionId
) -> list[DebtorBalance]:
    """Return the open balances of one connection by debtor and currency."""
    rows = session.execute(
        BY_CONNECTION.format(
            items=items(as_known=not known.is_latest, more=("connection_id",)),
            credit=CREDIT.format(item="i"),
        ),
        {"as_of": as_of, "connection_id": connection_id, **known.parameters},
    )
    return [
        DebtorBalance(
            currency=Currency(row.currency),
            debtor=None if row.debtor is None else SourceId(row.debtor),
            gross_minor=row.gross_minor,
            net_minor=row.net_minor,
        )
        for row in rows
    ]


def _sums(rows: Iterable[Any]) -> list[AgedSum]:
    # The columns of both questions stand in the order of the record.
    return [AgedSum(*row) for row in rows]


def _basis(basis: Basis) -> str:
    if basis is Basis.DOCUMENT:
        return "issued_on"
    return f"CASE WHEN kind IN {DEBITS} THEN due_on ELSE issued_on END"


def _disputed_parts(known: KnownAt) -> str:
    as_known = not known.is_latest
    disputed = DISPUTED.format(known="AND e.known_at <= :known_at" if as_known else "")
    return DISPUTED_PARTS.format(
        items=items(as_known=as_known),
        disputed=disputed,
        credit=CREDIT.format(item="i"),
    )


def _any_dispute(session: Session) -> bool:
    found = session.execute(
        "SELECT EXISTS (SELECT FROM dispute_entry WHERE tenant_id = :tenant_id)"
    ).scalar_one()
    return bool(found)
