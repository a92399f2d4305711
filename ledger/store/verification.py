"""The ledger against itself: what is derived equals what the facts give."""

from ledger.errors import InvariantError
from ledger.money import Currency, from_minor
from ledger.store.derived import (
    ALL_ENTRIES,
    DEBITS,
    ISSUED,
    MONTH_COLUMNS,
    SETTLED,
    SETTLED_ROWS,
    month,
)
from ledger.store.session import Session

BALANCES = f"""
WITH facts AS (
    SELECT d.id, d.currency, d.open_minor AS kept_minor, d.closed_on,
           CASE WHEN d.kind IN {DEBITS} THEN 1 ELSE -1 END AS sign,
           d.total_minor - coalesce(sum(a.minor), 0)::bigint AS minor
    FROM document d
    LEFT JOIN (
        SELECT debit_id AS id, amount_minor AS minor FROM allocation
        WHERE tenant_id = :tenant_id AND debit_id IS NOT NULL
        UNION ALL
        SELECT credit_id, credit_minor FROM allocation
        WHERE tenant_id = :tenant_id AND credit_id IS NOT NULL
    ) AS a ON a.id = d.id
    WHERE d.tenant_id = :tenant_id
    GROUP BY d.id, d.currency, d.open_minor, d.closed_on, d.kind, d.total_minor
)
SELECT currency, count(*) AS documents,
       coalesce(sum(sign * minor), 0)::bigint AS minor,
       count(*) FILTER (WHERE minor <> kept_minor
                           OR (minor = 0) <> (closed_on IS NOT NULL)) AS wrong
FROM facts GROUP BY currency ORDER BY currency
"""


MONTHS = f"""
WITH issued AS (
    SELECT currency, month_on, {{issued}}
    FROM (SELECT currency, {month("issued_on")} AS month_on, kind, total_minor,
                 1 AS sign
          FROM document WHERE tenant_id = :tenant_id) AS moved
    GROUP BY currency, month_on
),
settled AS (
    SELECT currency, month_on, {{settled}}
    FROM ({SETTLED_ROWS.replace("posted_entry p", ALL_ENTRIES)}) AS moved
    GROUP BY currency, month_on
),
facts AS (
    SELECT currency, month_on, {{summed}}
    FROM (SELECT * FROM issued UNION ALL SELECT * FROM settled) AS moves
    GROUP BY currency, month_on
)
SELECT coalesce(f.currency, m.currency) AS currency, count(*) AS wrong
FROM facts f
FULL JOIN (SELECT * FROM month_total WHERE tenant_id = :tenant_id) AS m
  ON m.currency = f.currency AND m.month_on = f.month_on
WHERE {{differ}}
GROUP BY 1
""".format(
    issued=", ".join(f"{a} AS {b}" for a, b in zip(ISSUED, MONTH_COLUMNS, strict=True)),
    settled=", ".join(
        f"{a} AS {b}" for a, b in zip(SETTLED, MONTH_COLUMNS, strict=True)
    ),
    summed=", ".join(f"coalesce(sum({name}), 0) AS {name}" for name in MONTH_COLUMNS),
    differ=" OR ".join(
        f"coalesce(f.{name}, 0) <> coalesce(m.{name}, 0)" for name in MONTH_COLUMNS
    ),
)


class DerivedMonthError(InvariantError):
    """A month's kept totals are not what its facts give."""

    def __init__(self, currency: Currency, count: int) -> None:
        """Name the currency and how many months."""
        super().__init__(
            f"{count} months in {currency} keep totals that their documents do not "
            "give.",
            remedy="Please report this; the facts themselves are unharmed.",
        )


class DerivedBalanceError(InvariantError):
    """A kept balance is not what its facts give."""

    def __init__(self, currency: Currency, count: int) -> None:
        """Name the currency and how many documents."""
        super().__init__(
            f"{count} documents in {currency} keep a balance that their allocations "
            "do not give.",
            remedy="Please report this; the facts themselves are unharmed.",
        )


def statements(session: Session) -> list[str]:
    """Recompute all that is kept beside the tenant's facts; say what is open in all.

    Raises:
        DerivedBalanceError: A kept balance is wrong.
        DerivedMonthError: A month's kept totals are wrong.
    """
    for row in session.execute(MONTHS):
        raise DerivedMonthError(Currency(row.currency), row.wrong)
    found = []
    for row in session.execute(BALANCES):
        code = Currency(row.currency)
        if row.wrong:
            raise DerivedBalanceError(code, row.wrong)
        found.append(
            f"{code}: {row.documents} documents, {from_minor(row.minor, code):,} open "
            "in all, equals the sum of all documents and allocations."
        )
    return found
