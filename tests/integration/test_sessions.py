"""A session's statements do not disturb each other."""

from datetime import date

from ledger.store import balances, known
from ledger.testing import Books, a_document


def test_a_write_may_follow_a_reading_in_pieces(books: Books) -> None:
    """Rows read as they are used leave the transaction as it was."""
    books.land(a_document("I1", "100", date(2026, 1, 1)))
    with books.database.tenant(books.tenant.scope) as session:
        (item,) = balances.load_items(
            session, known.known_at(session), as_of=date(2026, 2, 1)
        )
        changed = session.execute(
            "UPDATE document SET next_action_on = '2026-02-02' "
            "WHERE tenant_id = :tenant_id AND id = :id RETURNING number",
            {"id": item.document_id},
        )
        assert changed.scalar_one() == "I1"
