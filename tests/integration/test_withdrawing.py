"""What a person withdraws is not said again the next morning."""

from datetime import date, timedelta
from threading import Event, Thread
from time import sleep
from types import SimpleNamespace
from typing import Any

import pytest

from ledger.errors import RequestError
from ledger.reminders import MessageId, MessageState, Mode, Stop
from ledger.store import messages, outgoing
from ledger.testing import Books, a_document
from outsourced_ar.deciding import decision_records
from outsourced_ar.known.facts import Silence
from outsourced_ar.sending import withdrawing
from outsourced_ar.sending.withdrawing import withdraw
from tests.integration.reminding import (
    A_DAY,
    AN_HOUR,
    a_customer,
    a_night,
    decided,
    released,
    said,
)
from tests.integration.test_statements import INVOICE, MONDAY, a_policy

GAP_DAYS = 4
"""What the packaged policy lets lie between two messages."""


@pytest.fixture
def planned(books: Books) -> MessageId:
    """A first reminder that waits for release."""
    books.land(
        a_document("I1", "100", A_DAY - timedelta(days=40)), debtors=[a_customer()]
    )
    released(books, Mode.APPROVE)
    a_night(books)
    [message] = said(books)
    assert message.id is not None
    return message.id


def a_monthly_statement(books: Books) -> MessageId:
    """A statement of account that is ready to go on the first Monday."""
    books.land(INVOICE, debtors=[a_customer()])
    released(books)
    a_policy(books)
    a_night(books, MONDAY)
    [message] = said(books)
    assert message.id is not None
    assert message.is_statement
    return message.id


def withdrawn(
    books: Books,
    one: MessageId,
    *,
    on: date = A_DAY,
    until: date | None = None,
    again: bool = False,
) -> Stop | None:
    """Withdraw a message."""
    with books.database.tenant(books.tenant.scope) as session:
        return withdraw(
            session,
            one,
            at=AN_HOUR,
            today=on,
            by="Ada",
            hold_until=until,
            again=again,
        )


def days_spoken(books: Books, days: int, since: date = A_DAY) -> list[int]:
    """Run so many nights from the same day on; return on which one it speaks."""
    for number in range(days):
        a_night(books, since + timedelta(days=number))
    return [
        (one.business_on - since).days
        for one in said(books)
        if one.state is not MessageState.CANCELLED
    ]


def test_it_stays_silent_for_the_gap(books: Books, planned: MessageId) -> None:
    """After a withdrawal nothing is said until as if the message had gone."""
    held = withdrawn(books, planned)

    assert held is not None
    assert held.ends_on == A_DAY + timedelta(days=GAP_DAYS - 1)
    # It was a Tuesday: what the hold leaves free is a weekend first.
    assert days_spoken(books, 7) == [6]
    reasons = {one.business_on: one.reason for one in decided(books)}
    assert [reasons[A_DAY + timedelta(days=n)] for n in (3, 4)] == [
        Silence.ON_HOLD,
        Silence.WEEKEND,
    ]


def test_the_hold_is_a_fact_that_is_named_and_replayed(
    books: Books, planned: MessageId
) -> None:
    """The silence names who withdrew it, and deciding again decides the same."""
    withdrawn(books, planned)
    a_night(books)

    last = decided(books)[-1]
    [refusal] = decision_records.refusals_of(last)
    assert refusal.reason is Silence.ON_HOLD
    assert "withdrawn by Ada" in refusal.because
    with books.database.question(books.tenant.scope) as session:
        [again] = decision_records.again(session, last)
    assert [one.because for one in again.refusals] == [refusal.because]


def test_it_is_held_as_long_as_a_person_says(books: Books, planned: MessageId) -> None:
    """With a day it is silent up to that day, both ends counting."""
    withdrawn(books, planned, until=A_DAY + timedelta(days=6))

    # The seventh day after is a Tuesday.
    assert days_spoken(books, 8) == [7]


def test_it_may_be_decided_anew_at_once(books: Books, planned: MessageId) -> None:
    """Asked for it, the next run decides as if nothing had been planned."""
    assert withdrawn(books, planned, again=True) is None

    assert days_spoken(books, 1) == [0]


def test_a_statement_of_account_stays_silent_as_well(books: Books) -> None:
    """For the time between two messages, even though it only lists; then it goes."""
    statement = a_monthly_statement(books)
    withdrawn(books, statement, on=MONDAY)

    # The hold's last day is a Thursday.
    assert days_spoken(books, 8, since=MONDAY) == [4]


def test_whoever_withdraws_while_it_is_sent_waits_for_no_circle(books: Books) -> None:
    """The debtor is locked first by both, so that neither waits for the other's row."""
    statement = a_monthly_statement(books)
    begun, failed = Event(), list[Exception]()

    def mark(*of: Any, **more: Any) -> None:  # noqa: ANN401 - as it is called
        messages.mark(*of, **more)
        begun.set()
        # Long enough for the sender to take what it can.
        sleep(0.5)

    def send() -> None:
        begun.wait(10)
        try:
            with books.database.tenant(books.tenant.scope) as session:
                assert not outgoing.hold(session, statement)
        except Exception as error:  # noqa: BLE001 - of another thread
            failed.append(error)

    sender = Thread(target=send)
    sender.start()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            withdrawing, "messages", SimpleNamespace(load=messages.load, mark=mark)
        )
        withdrawn(books, statement, on=MONDAY)
    sender.join()
    assert failed == []


def test_what_went_or_a_day_that_is_over_is_refused(
    books: Books, planned: MessageId
) -> None:
    """A past day holds nothing, and a message that was sent cannot be called back."""
    with pytest.raises(RequestError, match="is over"):
        withdrawn(books, planned, until=A_DAY - timedelta(days=1))
    with books.database.tenant(books.tenant.scope) as session:
        for state in (MessageState.READY, MessageState.SENDING, MessageState.SENT):
            messages.mark(session, planned, state, at=AN_HOUR, by="test")
    with pytest.raises(RequestError, match="only what waits"):
        withdrawn(books, planned)
