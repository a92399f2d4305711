"""A client that takes back its word takes back what went by it alone."""

import pytest

from ledger.reminders import MessageState, Mode
from ledger.store import mandates, messages
from ledger.testing import AN_INSTANT, Books
from outsourced_ar.mandating import withdraw_unreleased
from tests.integration.reminding import AN_HOUR, a_message, an_item, released


@pytest.mark.parametrize(
    ("before", "after", "state"),
    [
        (Mode.AUTOMATIC, Mode.APPROVE, MessageState.CANCELLED),
        (Mode.AUTOMATIC, Mode.OBSERVE, MessageState.CANCELLED),
        (Mode.AUTOMATIC, Mode.AUTOMATIC, MessageState.READY),
        (Mode.APPROVE, Mode.APPROVE, MessageState.READY),
    ],
)
def test_what_nobody_released_goes_no_more(
    books: Books, before: Mode, after: Mode, state: MessageState
) -> None:
    """From automatic to anything narrower, what was ready is withdrawn."""
    first = released(books, before)
    with books.database.tenant(books.tenant.scope) as session:
        one = messages.queue(
            session,
            a_message(books, an_item(books)),
            mandate_id=first.id,
            decision_id=None,
            decided_at=AN_HOUR,
        )
        assert one is not None
        last = mandates.give(
            session, mode=after, given_by="the client", given_at=AN_INSTANT
        )
        withdraw_unreleased(session, first, last, AN_HOUR)
        assert messages.load(session, one).state is state
