"""A client that takes back its word takes back what went by it alone."""

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ledger.calendar import ONE_DAY
from ledger.reminders import MessageState, Mode
from ledger.store import mandates, message_rows, messages
from ledger.store.messages import Order, StoredMessage
from ledger.testing import AN_INSTANT, Books
from outsourced_ar.deciding import mandating
from outsourced_ar.deciding.mandating import withdraw_unreleased
from tests.integration.outbox import Outbox
from tests.integration.reminding import A_DAY, AN_HOUR, a_message, an_item, released


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


def test_it_holds_for_more_than_are_held_at_a_time(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many wait, none is left; one that a sender has begun is left to it."""
    first = released(books, Mode.AUTOMATIC)
    with books.database.tenant(books.tenant.scope) as session:
        made = messages.queue_all(
            session,
            [
                Order(
                    message=a_message(
                        books, an_item(books, step=f"s{n}"), on=A_DAY + n * ONE_DAY
                    ),
                    mandate_id=first.id,
                    decision_id=None,
                    decided_at=AN_HOUR,
                )
                for n in range(5)
            ],
        )
        begun, *others = [one for one in made if one is not None]

        def each(*of: Any) -> Iterator[StoredMessage]:  # noqa: ANN401 - as it is called
            for one in messages.each(*of):
                if one.message.id == begun:
                    messages.begin_sending(session, begun, AN_HOUR)
                yield one

        monkeypatch.setattr(message_rows, "AT_ONCE", 2)
        seen = SimpleNamespace(each=each, mark=messages.mark)
        monkeypatch.setattr(mandating, "messages", seen)
        last = mandates.give(
            session, mode=Mode.APPROVE, given_by="the client", given_at=AN_INSTANT
        )
        count = withdraw_unreleased(session, first, last, AN_HOUR)
        states = {one: messages.load(session, one).state for one in (begun, *others)}
    assert count == len(others) == 4
    assert states == {
        **dict.fromkeys(others, MessageState.CANCELLED),
        begun: MessageState.SENDING,
    }


def test_a_night_under_way_lets_nothing_go_by_the_word_before(
    books: Books, tmp_path: Path
) -> None:
    """What was queued ready after the client's new word is withdrawn, not sent."""
    box = Outbox.open(books, tmp_path)
    released(books, Mode.APPROVE)
    [refusal] = box.send().cancelled.values()
    assert "itself" in refusal.because
    assert box.files() == []


def test_what_a_person_released_goes(books: Books, tmp_path: Path) -> None:
    """It waited for a release, and got it."""
    box = Outbox.open(books, tmp_path, debtors=())
    box.queue("D1", state=MessageState.PLANNED)
    released(books, Mode.APPROVE)
    with books.database.tenant(books.tenant.scope) as session:
        messages.release(session, by="Ada", at=AN_HOUR)
    assert len(box.send().sent) == 1
