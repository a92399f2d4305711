"""The ledger against itself: what is derived equals what the facts give."""

from ledger.errors import InvariantError
from ledger.money import Currency, from_minor
from ledger.store.derived import DEBITS
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
    """Recompute every balance of the tenant; say what they sum to.

    Raises:
        DerivedBalanceError: A kept balance is wrong.
    """
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
