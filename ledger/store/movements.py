"""What moved in a window: sales by month, receivables at month ends, payments."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Row

from ledger.ageing import BucketScheme
from ledger.calendar import ONE_DAY, Month
from ledger.dso import Window
from ledger.effectiveness import AppliedPayments
from ledger.money import Currency
from ledger.store.derived import DEBITS, ISSUED, MONTH_COLUMNS, SETTLED
from ledger.store.item_relation import CREDIT, VERSIONS_THEN, items
from ledger.store.known import KnownAt
from ledger.store.session import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthMoves:
    """What a month moved in one currency, in minor units, by business date.

    Attributes:
        documents: How many were issued, amounts of nothing included.
    """

    month: Month
    documents: int = 0
    debit_issued: int = 0
    debit_settled: int = 0
    credit_issued: int = 0
    credit_applied: int = 0
    sales: int = 0
    receipts: int = 0

    @property
    def any(self) -> bool:
        """Whether anything moved; documents that moved away leave nothing."""
        return self != MonthMoves(month=self.month)

    def plus(self, other: "MonthMoves") -> "MonthMoves":
        """Return both added up, under this month."""
        return MonthMoves(
            month=self.month,
            documents=self.documents + other.documents,
            debit_issued=self.debit_issued + other.debit_issued,
            debit_settled=self.debit_settled + other.debit_settled,
            credit_issued=self.credit_issued + other.credit_issued,
            credit_applied=self.credit_applied + other.credit_applied,
            sales=self.sales + other.sales,
            receipts=self.receipts + other.receipts,
        )


KEPT = f"""
SELECT currency, month_on, {", ".join(MONTH_COLUMNS)} FROM month_total
WHERE tenant_id = :tenant_id AND month_on <= :through
"""

# The as-of date's month counts up to that date only, which the kept totals don't know.
SUMMED = """
SELECT currency, month_on, {sums}
FROM ({rows}) AS moved GROUP BY currency, month_on
"""
DOCUMENTS = """
SELECT currency, date_trunc('month', issued_on)::date AS month_on, kind, total_minor,
       1 AS sign
FROM ({documents}) AS d WHERE issued_on BETWEEN :begin_on AND :as_of
"""
ENTRIES = """
SELECT d.currency, date_trunc('month', a.effective_on)::date AS month_on,
       '{leg}' AS leg, a.kind, d.kind AS document_kind, a.{minor} AS moved
FROM allocation a
JOIN ({documents}) AS d ON d.id = a.{leg}_id
WHERE a.tenant_id = :tenant_id AND a.effective_on BETWEEN :begin_on AND :as_of {known}
"""
DOCUMENTS_NOW = """
SELECT id, debtor_id, number, currency, kind, total_minor, issued_on, due_on,
       instalment_due_on, instalment_minor
FROM document WHERE tenant_id = :tenant_id
"""
"""Every document's state now; the planner drops what a question does not use."""

# As known now the flag kept on the document leaves few to look at.
EXCESS = f"""
SELECT d.currency, sum(greatest(settled.minor - d.total_minor, 0))::bigint AS minor
FROM ({{documents}}) AS d
CROSS JOIN LATERAL (
    SELECT coalesce(sum(a.amount_minor), 0)::bigint AS minor FROM allocation a
    WHERE a.tenant_id = :tenant_id AND a.debit_id = d.id
      AND a.effective_on <= :as_of {{known}}
) AS settled
WHERE d.kind IN {DEBITS} AND d.issued_on <= :as_of
GROUP BY d.currency
"""
"""How much was applied to debits beyond their totals by a date."""

# Nearly every claim has one entry. One that changed counts by what its entries come to.
APPLIED = """
SELECT a.claim_id, a.debit_id, a.kind, a.effective_on, a.amount_minor
FROM allocation a
WHERE a.tenant_id = :tenant_id AND a.entry = 0 AND a.amount_minor > 0
  AND a.debit_id IS NOT NULL AND a.effective_on <= :as_of {known}
  AND NOT EXISTS (SELECT FROM allocation n
                  WHERE n.tenant_id = :tenant_id AND n.claim_id = a.claim_id
                    AND n.entry = 1)
UNION ALL
SELECT claim_id, debit_id, kind, effective_on, amount_minor
FROM (
    SELECT a.claim_id, a.debit_id, a.kind, a.effective_on,
           sum(a.amount_minor)::bigint AS amount_minor,
           sum(sum(a.amount_minor)) OVER of_claim AS left_minor
    FROM allocation n
    JOIN allocation a ON a.tenant_id = :tenant_id AND a.claim_id = n.claim_id
    WHERE n.tenant_id = :tenant_id AND n.entry = 1
      AND a.debit_id IS NOT NULL AND a.effective_on <= :as_of {known}
    GROUP BY a.claim_id, a.debit_id, a.kind, a.effective_on
    HAVING sum(a.amount_minor) <> 0
    WINDOW of_claim AS (PARTITION BY a.claim_id, a.debit_id)
) AS net WHERE amount_minor > 0 AND left_minor > 0
"""

# What came in for a document with instalments fills them in order, so each part of a
# payment is as late as the instalment it fills.
PAID = """
WITH applied AS NOT MATERIALIZED ({applied}),
documents AS NOT MATERIALIZED (
    SELECT * FROM ({documents}) AS d WHERE d.kind = 'invoice' AND issued_on <= :as_of
),
filled AS (
    SELECT d.id, a.kind, a.effective_on,
           sum(a.amount_minor) OVER up_to - a.amount_minor AS from_minor,
           sum(a.amount_minor) OVER up_to AS to_minor
    FROM applied a JOIN documents d ON d.id = a.debit_id
    WHERE d.instalment_due_on IS NOT NULL
    WINDOW up_to AS (PARTITION BY d.id ORDER BY a.effective_on, a.claim_id)
),
parts AS (
    SELECT d.id, d.debtor_id, d.number, d.currency, d.issued_on, part.due_on,
           sum(part.minor) OVER up_to - part.minor AS from_minor,
           CASE WHEN part.number < cardinality(d.instalment_minor)
                THEN sum(part.minor) OVER up_to ELSE 'infinity'::numeric END AS to_minor
    FROM documents d
    CROSS JOIN LATERAL unnest(d.instalment_due_on, d.instalment_minor)
               WITH ORDINALITY AS part (due_on, minor, number)
    WHERE d.instalment_due_on IS NOT NULL
    WINDOW up_to AS (PARTITION BY d.id ORDER BY part.number)
),
paid AS (
    SELECT d.id, d.debtor_id, d.number, d.currency, a.effective_on AS paid_on,
           a.amount_minor::numeric AS minor, a.effective_on - d.issued_on AS days,
           a.effective_on - d.due_on AS late
    FROM applied a JOIN documents d ON d.id = a.debit_id
    WHERE d.instalment_due_on IS NULL AND a.kind = 'payment'
      AND a.effective_on >= :begin_on
    UNION ALL
    SELECT p.id, p.debtor_id, p.number, p.currency, f.effective_on,
           least(f.to_minor, p.to_minor) - greatest(f.from_minor, p.from_minor),
           f.effective_on - p.issued_on, f.effective_on - p.due_on
    FROM filled f
    JOIN parts p ON p.id = f.id AND f.from_minor < p.to_minor
                AND p.from_minor < f.to_minor
    WHERE f.kind = 'payment' AND f.effective_on >= :begin_on
)
"""

PAYMENTS = """
SELECT currency, count(*) AS row_count, sum(minor) AS amount,
       sum(minor * days) AS amount_days, sum(minor * late) AS amount_days_late,
       sum(minor * greatest(late, 0)) AS amount_days_late_floored,
       sum(days) AS days, sum(late) AS days_late
FROM paid GROUP BY currency
"""

ROLLED = f"""
WITH before AS (SELECT * FROM ({{before}}) AS i WHERE NOT {CREDIT.format(item="i")}),
after AS (SELECT * FROM ({{after}}) AS i WHERE NOT {CREDIT.format(item="i")})
SELECT b.currency, width_bucket(:before_on - b.due_on, :first_days) AS bucket,
       sum(b.open_minor)::bigint AS was_minor,
       coalesce(sum(least(b.open_minor, a.open_minor)) FILTER (
           WHERE width_bucket(:as_of - a.due_on, :first_days)
                 = width_bucket(:before_on - b.due_on, :first_days) + 1
       ), 0)::bigint AS rolled_minor
FROM before b LEFT JOIN after a ON a.id = b.id AND a.part = b.part
GROUP BY 1, 2
"""

ROLL_DAYS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Rolled:
    """What a bucket held thirty days before, and what of it is in the next one now."""

    currency: Currency
    index: int
    was_minor: int
    rolled_minor: int


def months(
    session: Session, known: KnownAt, as_of: date
) -> dict[Currency, list[MonthMoves]]:
    """Return what each month moved, oldest first, the last cut at the as-of date.

    From a currency's first month on every month is there, moved or not.
    """
    last = Month.of(as_of)
    if not known.is_latest:
        rows = _facts(session, known, begin_on=date.min, as_of=as_of)
    elif as_of == last.last_on:
        rows = _kept(session, as_of)
    else:
        rows = _kept(session, last.plus(-1).last_on)
        rows += _facts(session, known, begin_on=last.first_on, as_of=as_of)
    return _complete(rows, last)


def sales(session: Session, known: KnownAt, window: Window) -> dict[Currency, int]:
    """Return the sales of a window: invoices less credit notes, voids taken back."""
    if window.begin_on == Month.of(window.begin_on).first_on:
        first = Month.of(window.begin_on)
        moved = months(session, known, window.end_on)
        return {
            code: sum(one.sales for one in listed if one.month >= first)
            for code, listed in moved.items()
        }
    rows = _facts(session, known, begin_on=window.begin_on, as_of=window.end_on)
    result: dict[Currency, int] = {}
    for row in rows:
        result[row.currency] = result.get(row.currency, 0) + row.moves.sales
    return result


def excess(session: Session, known: KnownAt, as_of: date) -> dict[Currency, int]:
    """Return how much was applied to debits beyond their totals by a date."""
    sql = (
        EXCESS.format(documents=f"{DOCUMENTS_NOW} AND overapplied", known="")
        if known.is_latest
        else EXCESS.format(documents=VERSIONS_THEN, known="AND a.known_at <= :known_at")
    )
    rows = session.execute(sql, {"as_of": as_of, **known.parameters})
    return {Currency(row.currency): row.minor for row in rows}


def payments(
    session: Session, known: KnownAt, window: Window
) -> dict[Currency, AppliedPayments]:
    """Return sums over the payments applied in a window and not taken back by its end.

    Amounts are minor units.
    """
    sql = f"{paid_sql(known)} {PAYMENTS}"
    parameters = {
        "begin_on": window.begin_on,
        "as_of": window.end_on,
        **known.parameters,
    }
    return {
        Currency(row.currency): AppliedPayments(
            amount=Decimal(row.amount),
            amount_days=Decimal(row.amount_days),
            amount_days_late=Decimal(row.amount_days_late),
            amount_days_late_floored=Decimal(row.amount_days_late_floored),
            days=Decimal(row.days),
            days_late=Decimal(row.days_late),
            count=row.row_count,
        )
        for row in session.execute(sql, parameters)
    }


def paid_sql(known: KnownAt) -> str:
    """Return the WITH clause of the relation `paid`: payments by what they settled."""
    then = not known.is_latest
    applied = APPLIED.format(known="AND a.known_at <= :known_at" if then else "")
    return PAID.format(applied=applied, documents=state_sql(known))


def rolled(
    session: Session, known: KnownAt, *, as_of: date, scheme: BucketScheme
) -> list[Rolled]:
    """Return, by bucket of thirty days before, what rolled into the next one."""
    relation = items(as_known=not known.is_latest)
    before = relation.replace(":as_of", ":before_on")
    rows = session.execute(
        ROLLED.format(before=before, after=relation),
        {
            "as_of": as_of,
            "before_on": as_of - ROLL_DAYS * ONE_DAY,
            "first_days": list(scheme.first_days),
            **known.parameters,
        },
    )
    return [
        Rolled(
            currency=Currency(row.currency),
            index=row.bucket,
            was_minor=row.was_minor,
            rolled_minor=row.rolled_minor,
        )
        for row in rows
    ]


@dataclass(frozen=True, slots=True)
class _Moved:
    currency: Currency
    moves: MonthMoves


def _kept(session: Session, through: date) -> list[_Moved]:
    return _moved(session.execute(KEPT, {"through": through}))


def _facts(
    session: Session, known: KnownAt, *, begin_on: date, as_of: date
) -> list[_Moved]:
    parameters = {"begin_on": begin_on, "as_of": as_of, **known.parameters}
    documents = state_sql(known)
    issued = SUMMED.format(
        sums=_named(ISSUED), rows=DOCUMENTS.format(documents=documents)
    )
    known_then = "" if known.is_latest else "AND a.known_at <= :known_at"
    entries = " UNION ALL ".join(
        ENTRIES.format(leg=leg, minor=minor, documents=documents, known=known_then)
        for leg, minor in (("debit", "amount_minor"), ("credit", "credit_minor"))
    )
    settled = SUMMED.format(sums=_named(SETTLED), rows=entries)
    return _moved(session.execute(issued, parameters)) + _moved(
        session.execute(settled, parameters)
    )


def state_sql(known: KnownAt) -> str:
    """Return the relation of all documents as known at a landing."""
    return DOCUMENTS_NOW if known.is_latest else VERSIONS_THEN


def _named(sums: tuple[str, ...]) -> str:
    return ", ".join(
        f"coalesce({sum_}, 0)::bigint AS {name}"
        for sum_, name in zip(sums, MONTH_COLUMNS, strict=True)
    )


def _moved(rows: Iterable[Row[Any]]) -> list[_Moved]:
    return [
        _Moved(
            Currency(row.currency),
            MonthMoves(
                month=Month.of(row.month_on),
                documents=row.document_count,
                debit_issued=row.debit_issued_minor,
                debit_settled=row.debit_settled_minor,
                credit_issued=row.credit_issued_minor,
                credit_applied=row.credit_applied_minor,
                sales=row.sales_minor,
                receipts=row.receipts_minor,
            ),
        )
        for row in rows
    ]


def _complete(rows: Iterable[_Moved], last: Month) -> dict[Currency, list[MonthMoves]]:
    gathered: dict[Currency, dict[Month, MonthMoves]] = {}
    for row in rows:
        by_month = gathered.setdefault(row.currency, {})
        month = row.moves.month
        by_month[month] = by_month.get(month, MonthMoves(month=month)).plus(row.moves)
    result = {}
    for code in sorted(gathered):
        by_month = gathered[code]
        moved = [month for month, moves in by_month.items() if moves.any]
        if not moved:
            continue
        listed = []
        month = min(moved)
        while month <= last:
            listed.append(by_month.get(month, MonthMoves(month=month)))
            month = month.plus(1)
        result[code] = listed
    return result
