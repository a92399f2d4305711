"""Which debtors a day of the past, or a day that is only tried, has anything for."""

from datetime import date

from ledger.ids import DebtorId
from ledger.store.item_relation import items
from ledger.store.session import Session

MOVED = """
SELECT d.debtor_id FROM document d
WHERE d.tenant_id = :tenant_id AND d.issued_on = :on
UNION
SELECT d.debtor_id FROM allocation a
JOIN document d ON d.tenant_id = :tenant_id AND d.id IN (a.debit_id, a.credit_id)
WHERE a.tenant_id = :tenant_id AND a.effective_on = :on
UNION
SELECT s.debtor_id FROM stop s
WHERE s.tenant_id = :tenant_id AND :on IN (s.begins_on, s.ends_on + 1)
"""

OWING_THEN = f"""
SELECT i.debtor_id FROM ({items(as_known=False)}) AS i
WHERE i.open_minor > 0 AND i.kind IN ('invoice', 'debit_journal') GROUP BY i.debtor_id
"""


def moved(session: Session, on: date) -> set[DebtorId]:
    """Return the debtors of whom anything is dated on a day."""
    return {DebtorId(one) for one in session.execute(MOVED, {"on": on}).scalars()}


def owing_then(session: Session, on: date) -> set[DebtorId]:
    """Return the debtors that owed anything on a day, by business dates."""
    rows = session.execute(OWING_THEN, {"as_of": on})
    return {DebtorId(one) for one in rows.scalars()}
