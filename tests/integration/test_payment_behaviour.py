"""How debtors paid: asked over and over, and planned for what is asked each time."""

from datetime import date

from ledger.records import DocumentKind
from ledger.store import payment_behaviour
from ledger.testing import EUR, Books, a_claim, a_document

PLANS = """
SELECT sum(generic_plans) AS generic, sum(custom_plans) AS custom
FROM pg_prepared_statements
WHERE statement LIKE '%quarter_minor_days%' AND :tenant_id > 0
"""
TIMES = 12
"""The server plans a statement anew five times, and psycopg prepares it after five."""


def test_it_is_planned_for_its_values_however_often_it_is_asked(books: Books) -> None:
    """No plan is made that would do for any tenant and day: that one takes minutes."""
    invoice = a_document("I1", "100.00", date(2026, 1, 5), date(2026, 1, 20))
    paid = a_document("P1", "100.00", date(2026, 2, 1), kind=DocumentKind.PAYMENT)
    books.land(
        invoice, paid, claims=[a_claim(invoice, paid, "100.00", date(2026, 2, 1))]
    )
    with books.database.tenant(books.tenant.scope) as session:
        found = [
            payment_behaviour.load(session, on=date(2026, 3, day), home=EUR)
            for day in range(1, TIMES + 1)
        ]
        plans = session.execute(PLANS).one()

    assert {one.days_late for known in found for one in known.values()} == {12}
    assert (plans.generic, plans.custom > 0) == (0, True)
