"""What persons changed in the books of what we wrote there flows back, once."""

from datetime import timedelta

import pytest

from ledger.outbox import WriteKind
from ledger.testing import Books
from tests.integration.reminding import A_DAY, AN_HOUR
from tests.integration.stopped import Desk

CHANGED = """
UPDATE write_back SET state = 'written', changed_there_at = :at,
       progress = jsonb_build_object('field', jsonb_build_object(
           'name', 'blocked', 'value', jsonb_build_object('blocked', true),
           'there', jsonb_build_object('blocked', false)))
WHERE tenant_id = :tenant_id AND kind = :kind
"""
LEFT = """
SELECT count(*) FROM write_back
WHERE tenant_id = :tenant_id AND changed_there_at IS NOT NULL
"""


@pytest.fixture
def desk(books: Books) -> Desk:
    """Two invoices of a debtor, both overdue."""
    return Desk(books)


def changed_there(desk: Desk, kind: WriteKind) -> None:
    """Let a person change in the books what we wrote."""
    with desk.books.database.tenant(desk.books.tenant.scope) as session:
        done = session.execute(CHANGED, {"at": AN_HOUR, "kind": kind})
        assert done.rowcount == 1


def left(desk: Desk) -> int:
    """Return how many changes wait to be taken in."""
    with desk.books.database.question(desk.books.tenant.scope) as session:
        return int(session.execute(LEFT).scalar_one())


def test_a_dispute_closed_there_is_closed_here(desk: Desk) -> None:
    """Who lifts the block in the books has closed the dispute; it is taken in once."""
    one = desk.dispute("I1")
    changed_there(desk, WriteKind.DISPUTE)
    on = A_DAY + timedelta(days=1)
    desk.clock(on)
    assert desk.story(one)[-1] == ("resolved_in_books", on)
    assert "A dispute was closed in the books" in desk.asked()
    assert left(desk) == 0
    desk.clock(on)
    assert len(desk.story(one)) == 2
    assert desk.logged("books") == ["books.changed"]


def test_a_dispute_that_is_over_stays_so(desk: Desk) -> None:
    """What was withdrawn here and changed there meanwhile is only taken in."""
    one = desk.dispute("I1")
    changed_there(desk, WriteKind.DISPUTE)
    desk.follow(one, "withdraw")
    desk.clock(A_DAY + timedelta(days=1))
    assert desk.state(one) == "withdrawn"
    assert left(desk) == 0


def test_a_date_moved_there_is_put_before_a_person(desk: Desk) -> None:
    """A promise is the debtor's word: who moves its date in the books is asked why."""
    one = desk.promise("I1", due_on=A_DAY + timedelta(days=7))
    changed_there(desk, WriteKind.PROMISE)
    desk.clock(A_DAY + timedelta(days=1))
    assert desk.state(one) == "open"
    assert desk.asked() == ["A promised date was changed in the books"]
    assert left(desk) == 0
