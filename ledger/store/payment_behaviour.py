"""How debtors paid in the last year: one question over all of a tenant's payments.

Days late are those of `docs/metrics.md`: weighted by amount, early ones negative, each
part of a payment as late as the instalment it fills.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any, Final

from ledger.ids import DebtorId
from ledger.money import Currency
from ledger.store.movements import APPLIED, DOCUMENTS_NOW, PAID
from ledger.store.session import Session

YEAR_DAYS: Final = 365
QUARTER_DAYS: Final = 91

PAYMENTS = f"""
{PAID.format(applied=APPLIED.format(known=""), documents=DOCUMENTS_NOW)}
SELECT debtor_id, currency, count(*) AS payments,
       sum(minor) AS minor, sum(minor * late) AS minor_days,
       coalesce(sum(minor) FILTER (WHERE paid_on >= :quarter_on), 0) AS quarter_minor,
       coalesce(sum(minor * late) FILTER (WHERE paid_on >= :quarter_on), 0)
           AS quarter_minor_days
FROM paid GROUP BY debtor_id, currency
"""

# Asked ten times over one connection, the server plans it for no values in particular:
# of 1,300 documents that took minutes, and takes 10 ms planned for these.
PLAN_FOR_VALUES = "SET LOCAL plan_cache_mode = force_custom_plan"

SALES = """
SELECT d.debtor_id, d.currency,
       sum(CASE d.kind WHEN 'invoice' THEN d.total_minor ELSE -d.total_minor END)
           AS minor,
       sum(CASE d.kind WHEN 'invoice' THEN d.home_minor ELSE -d.home_minor END)
           AS home_minor,
       coalesce(sum(d.total_minor) FILTER (WHERE d.home_minor IS NOT NULL), 0)
           AS rated_minor,
       coalesce(sum(d.home_minor), 0) AS rated_home_minor
FROM document d
WHERE d.tenant_id = :tenant_id AND d.issued_on BETWEEN :begin_on AND :as_of
  AND d.kind IN ('invoice', 'credit_note') AND d.voided_on IS NULL
GROUP BY d.debtor_id, d.currency
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Paid:
    """How a debtor paid, and what it bought.

    Attributes:
        payments: How many were applied in the year, by document.
        days_late: Weighted by amount over the year.
        trend: The last quarter's less the year's; 0 where it did not pay in it.
        sales_minor: Of the year, in the home currency; what has no rate is left out.
    """

    payments: int = 0
    days_late: int = 0
    trend: int = 0
    sales_minor: int = 0


NOTHING: Final = Paid()


def load(session: Session, *, on: date, home: Currency) -> dict[DebtorId, Paid]:
    """Return how each debtor paid in the year up to a day; who did not is left out.

    Payments in several currencies are weighed at the rates the books booked them at, on
    average; of a currency without a rate only where the debtor paid in no other.
    """
    values = {
        "as_of": on,
        "begin_on": on - timedelta(days=YEAR_DAYS - 1),
        "quarter_on": on - timedelta(days=QUARTER_DAYS - 1),
    }
    session.execute(PLAN_FOR_VALUES)
    sales = session.execute(SALES, values).all()
    rates = _rates(sales, home)
    payments: dict[DebtorId, list[Any]] = {}
    for row in session.execute(PAYMENTS, values):
        payments.setdefault(DebtorId(row.debtor_id), []).append(row)
    sold = _sold(sales, home)
    found = {}
    for one in payments.keys() | sold.keys():
        rows = payments.get(one, [])
        if len(rows) > 1:
            rows = [row for row in rows if row.currency in rates]
        found[one] = _paid(rows, rates, sold.get(one, 0))
    return found


def _rates(sales: Iterable[Any], home: Currency) -> dict[str, Fraction]:
    """Return what a minor unit of each currency was booked at, on average."""
    own: dict[str, int] = {}
    booked: dict[str, int] = {}
    for row in sales:
        own[row.currency] = own.get(row.currency, 0) + int(row.rated_minor)
        booked[row.currency] = booked.get(row.currency, 0) + int(row.rated_home_minor)
    rates = {
        code: Fraction(booked[code], minor)
        for code, minor in own.items()
        if minor > 0 and booked[code] > 0
    }
    return {**rates, home: Fraction(1)}


def _sold(sales: Iterable[Any], home: Currency) -> dict[DebtorId, int]:
    found: dict[DebtorId, int] = {}
    for row in sales:
        minor = row.minor if row.currency == home else row.home_minor or 0
        one = DebtorId(row.debtor_id)
        found[one] = found.get(one, 0) + int(minor)
    return found


def _paid(rows: list[Any], rates: dict[str, Fraction], sales_minor: int) -> Paid:
    def weighed(name: str) -> Fraction:
        return sum(
            (
                int(getattr(row, name)) * rates.get(row.currency, Fraction(1))
                for row in rows
            ),
            Fraction(0),
        )

    year, quarter = weighed("minor"), weighed("quarter_minor")
    if not year:
        return Paid(sales_minor=sales_minor)
    late = weighed("minor_days") / year
    recent = weighed("quarter_minor_days") / quarter if quarter else late
    return Paid(
        payments=sum(int(row.payments) for row in rows),
        days_late=_whole(late),
        trend=_whole(recent - late),
        sales_minor=sales_minor,
    )


def _whole(days: Fraction) -> int:
    exact = Decimal(days.numerator) / Decimal(days.denominator)
    return int(exact.to_integral_value(ROUND_HALF_UP))
