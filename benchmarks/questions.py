"""Ageing and DSO against the plain way: join documents to summed allocations.

Both sides ask as the application's role under row-level security, give the same rows
and bring them to Python; the answers are compared before anything is timed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from benchmarks.ledger import PAST, TODAY
from benchmarks.meter import Server, alternating, median, ratio
from ledger.ageing import DEFAULT_BUCKETS, AgedSum, Basis
from ledger.calendar import Month
from ledger.reports.dso import Method, days_sales_outstanding
from ledger.store import balances
from ledger.store.known import known_at
from ledger.testing import Books

DSO_MONTHS = 24
NAIVE_MONTHS = 3
"""The naive way is timed for so many month ends and scaled up to all."""

PLAIN = """
WITH settled AS (
    SELECT debit_id AS id, sum(amount_minor) AS minor FROM allocation
    WHERE tenant_id = :tenant_id AND debit_id IS NOT NULL AND effective_on <= :as_of
    GROUP BY debit_id
    UNION ALL
    SELECT credit_id, sum(credit_minor) FROM allocation
    WHERE tenant_id = :tenant_id AND credit_id IS NOT NULL AND effective_on <= :as_of
    GROUP BY credit_id
),
item AS (
    SELECT d.debtor_id, d.currency, d.kind, d.due_on, d.issued_on,
           CASE WHEN d.kind = 'invoice' THEN 1 ELSE -1 END
           * (d.total_minor - coalesce(s.minor, 0)) AS minor
    FROM document d LEFT JOIN settled s ON s.id = d.id
    WHERE d.tenant_id = :tenant_id AND d.issued_on <= :as_of
)
SELECT debtor_id, currency,
       width_bucket(:as_of - CASE WHEN kind = 'invoice' THEN due_on ELSE issued_on END,
                    CAST(:first_days AS integer[])) AS bucket,
       minor < 0 AS is_credit,
       sum(minor)::bigint AS minor
FROM item WHERE minor <> 0 GROUP BY 1, 2, 3, 4
"""

NAIVE_BALANCE = """
SELECT d.currency, sum(d.total_minor - coalesce(s.minor, 0))::bigint AS minor
FROM document d
LEFT JOIN (
    SELECT debit_id AS id, sum(amount_minor) AS minor FROM allocation
    WHERE tenant_id = :tenant_id AND debit_id IS NOT NULL AND effective_on <= :as_of
    GROUP BY debit_id
) AS s ON s.id = d.id
WHERE d.tenant_id = :tenant_id AND d.kind = 'invoice' AND d.issued_on <= :as_of
GROUP BY d.currency
"""
NAIVE_SALES = """
SELECT currency, date_trunc('month', issued_on)::date AS month_on,
       sum(CASE kind WHEN 'invoice' THEN total_minor ELSE -total_minor END)::bigint
FROM document
WHERE tenant_id = :tenant_id AND kind IN ('invoice', 'credit_note')
  AND issued_on <= :as_of
GROUP BY 1, 2
"""


@dataclass(frozen=True, slots=True)
class Finding:
    """One comparison.

    Attributes:
        cpu: How many times dearer the plain way is, in processor time.
        wall: The same in wall time.
    """

    name: str
    cpu: float
    wall: float
    ours_cpu_s: float
    plain_cpu_s: float
    ours_wall_s: float
    plain_wall_s: float
    at_least: float
    aim: float


class DifferentAnswerError(Exception):
    """The two ways do not agree; a time would mean nothing."""


def compare(server: Server, books: Books, *, rounds: int) -> list[Finding]:
    """Ask each question both ways, once both ways agree.

    Raises:
        DifferentAnswerError: They do not.
    """
    for as_of in (PAST, TODAY):
        if not _same(_aged(books, as_of), _plain(books, as_of)):
            raise DifferentAnswerError(as_of)
    return [
        _finding(
            server,
            "ageing at a past date by debtor",
            lambda: _aged(books, PAST),
            lambda: _plain(books, PAST),
            rounds=rounds,
            at_least=1.0,
            aim=1.5,
        ),
        _finding(
            server,
            "ageing today by debtor",
            lambda: _aged(books, TODAY),
            lambda: _plain(books, TODAY),
            rounds=rounds,
            at_least=6.0,
            aim=9.0,
        ),
        _finding(
            server,
            f"DSO of {DSO_MONTHS} months",
            lambda: _dso(books),
            lambda: _naive(books),
            rounds=rounds,
            at_least=50.0,
            aim=190.0,
            scale=DSO_MONTHS / NAIVE_MONTHS,
        ),
    ]


def _finding(
    server: Server,
    name: str,
    ours: Callable[[], object],
    plain: Callable[[], object],
    *,
    rounds: int,
    at_least: float,
    aim: float,
    scale: float = 1.0,
) -> Finding:
    mine, theirs = alternating(server, ours, plain, rounds=rounds)
    cpu, wall = ratio(theirs, mine)
    return Finding(
        name=name,
        cpu=cpu * scale,
        wall=wall * scale,
        ours_cpu_s=median([one.cpu_s for one in mine]),
        plain_cpu_s=median([one.cpu_s for one in theirs]) * scale,
        ours_wall_s=median([one.wall_s for one in mine]),
        plain_wall_s=median([one.wall_s for one in theirs]) * scale,
        at_least=at_least,
        aim=aim,
    )


def _aged(books: Books, as_of: date) -> list[AgedSum]:
    with books.database.question(books.tenant.scope) as session:
        return balances.aged_sums(
            session,
            known_at(session),
            as_of=as_of,
            basis=Basis.DUE,
            scheme=DEFAULT_BUCKETS,
            by_debtor=True,
        )


def _plain(books: Books, as_of: date) -> list[AgedSum]:
    with books.database.question(books.tenant.scope) as session:
        rows = session.execute(
            PLAIN,
            {"as_of": as_of, "first_days": list(DEFAULT_BUCKETS.first_days)},
        )
        return [AgedSum(*tuple(row)) for row in rows]


def _same(ours: list[AgedSum], plain: list[AgedSum]) -> bool:
    def key(one: AgedSum) -> tuple[str, str, int, bool]:
        return (str(one.debtor_id), one.currency, one.index, one.is_credit)

    return sorted(ours, key=key) == sorted(plain, key=key)


def _dso(books: Books) -> object:
    with books.ask(TODAY) as question:
        return days_sales_outstanding(
            question, methods=[Method.COUNT_BACK], month_count=DSO_MONTHS
        ).lines


def _naive(books: Books) -> None:
    month = Month.of(TODAY)
    for back in range(NAIVE_MONTHS):
        as_of = month.plus(-back).last_on
        with books.database.question(books.tenant.scope) as session:
            session.execute(NAIVE_BALANCE, {"as_of": as_of}).all()
            session.execute(NAIVE_SALES, {"as_of": as_of}).all()
