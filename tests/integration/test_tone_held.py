"""The tone is held for a debtor, over the real ledger."""

from dataclasses import replace
from datetime import timedelta

import pytest

from ledger.records import DocumentKind
from ledger.reminders import MessageState, Tone
from ledger.store import messages
from ledger.testing import Books, a_claim, a_document
from tests.integration.reminding import (
    A_DAY,
    AN_HOUR,
    a_customer,
    a_message,
    a_night,
    an_item,
    released,
    said,
)

ISSUED, DUE = A_DAY - timedelta(days=70), A_DAY - timedelta(days=40)
LATER = A_DAY + timedelta(days=7)
AB = ("A", "B")


@pytest.mark.parametrize(
    ("state", "tone"),
    [(MessageState.SENT, Tone.FIRM), (MessageState.BOUNCED, Tone.COURTEOUS)],
)
def test_what_was_listed_in_a_firm_message_is_spoken_of_as_firmly(
    books: Books, state: MessageState, tone: Tone
) -> None:
    """The pressed invoice is paid; the other, only listed, hears no softer word."""
    pressed, listed = (a_document(one, "100", ISSUED, DUE) for one in AB)
    books.land(pressed, listed, debtors=[a_customer()])
    mandate = released(books)
    firm = replace(
        a_message(books, an_item(books, "A"), an_item(books, "B", step="")),
        tone=Tone.FIRM,
    )
    with books.database.tenant(books.tenant.scope) as session:
        made = messages.queue(
            session,
            firm,
            mandate_id=mandate.id,
            decision_id=None,
            decided_at=AN_HOUR,
        )
        assert made is not None
        for one in dict.fromkeys((MessageState.SENDING, MessageState.SENT, state)):
            messages.mark(session, made, one, at=AN_HOUR, by="test")
    payment = a_document("P", "100", A_DAY, kind=DocumentKind.PAYMENT)
    books.land(payment, claims=[a_claim(pressed, payment, "100", A_DAY)])

    a_night(books, LATER, everyone=True)
    [last] = (one for one in said(books) if one.business_on == LATER)
    assert [item.number for item in last.items] == ["B"]
    assert last.tone is tone
