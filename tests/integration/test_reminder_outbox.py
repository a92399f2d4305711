"""The outbox: each message once, states by a table, steps taken only if it went."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from ledger.reminders import (
    Attachment,
    Channel,
    Message,
    MessageId,
    MessageState,
    Task,
    TaskId,
    TaskKind,
)
from ledger.store import message_rows, messages, tasks
from ledger.store.messages import MessageFilter, MessageStateError, Order
from ledger.store.session import Session
from ledger.testing import Books, a_debtor
from tests.integration.reminding import (
    A_DAY,
    AN_HOUR,
    a_message,
    an_item,
    debtor_key,
    document_key,
)

GONE = (MessageState.FAILED, MessageState.BOUNCED, MessageState.CANCELLED)


@pytest.fixture
def session(books: Books) -> Iterator[Session]:
    """A transaction of a tenant with one debtor."""
    books.land(debtors=[a_debtor("D1"), a_debtor("D2")])
    with books.database.tenant(books.tenant.scope) as opened:
        yield opened


def queued(session: Session, *said: Message) -> list[MessageId | None]:
    """Queue messages."""
    return messages.queue_all(
        session,
        [
            Order(message=one, mandate_id=1, decision_id=None, decided_at=AN_HOUR)
            for one in said
        ],
    )


def brought_to(session: Session, one: MessageId, state: MessageState) -> None:
    """Bring a ready message to a state by the way that leads there."""
    way = {
        MessageState.CANCELLED: [MessageState.CANCELLED],
        MessageState.FAILED: [MessageState.SENDING, MessageState.FAILED],
        MessageState.SENT: [MessageState.SENDING, MessageState.SENT],
        MessageState.UNKNOWN: [MessageState.SENDING, MessageState.UNKNOWN],
        MessageState.BOUNCED: [
            MessageState.SENDING,
            MessageState.SENT,
            MessageState.BOUNCED,
        ],
    }[state]
    for step in way:
        messages.mark(session, one, step, at=AN_HOUR, by="test")


def test_what_was_said_is_kept_exactly(books: Books, session: Session) -> None:
    """A message comes back as it was queued: words, items and files."""
    file = Attachment("invoice.pdf", "application/pdf", b"%PDF\x00\xff")
    said = replace(
        a_message(books, an_item(books, "I1"), an_item(books, "I2", step="")),
        attachments=(file,),
        thread="<earlier@client.example>",
    )
    made = messages.queue(
        session, said, mandate_id=7, decision_id=3, decided_at=AN_HOUR
    )
    assert made is not None
    assert messages.load(session, made) == replace(said, id=made)
    assert messages.by_mail_id(session, said.mail_id) == replace(said, id=made)
    [stored] = messages.listing(session)
    assert (stored.mandate_id, stored.decision_id) == (7, 3)
    assert stored.released_at == AN_HOUR


@pytest.mark.parametrize("state", [MessageState.READY, MessageState.SENT])
def test_one_message_a_debtor_and_day(
    books: Books, session: Session, state: MessageState
) -> None:
    """A second message of a debtor, sender, channel, currency and day is refused."""
    [first] = queued(session, a_message(books))
    assert first is not None
    if state is not MessageState.READY:
        brought_to(session, first, state)
    again = a_message(books, an_item(books, "I2", step="second"))
    assert queued(session, again) == [None]
    assert len(messages.listing(session)) == 1


def test_a_step_is_taken_once(books: Books, session: Session) -> None:
    """Another day's message with a step that an item took is refused whole."""
    queued(session, a_message(books))
    later = a_message(
        books, an_item(books, "I1"), an_item(books, "I2"), on=A_DAY + timedelta(days=9)
    )
    assert queued(session, later) == [None]
    assert [one.message.business_on for one in messages.listing(session)] == [A_DAY]
    # What is only listed takes nothing, and another round is another debt.
    for item in (an_item(books, step=""), replace(an_item(books), round=1)):
        later = a_message(books, item, on=A_DAY + timedelta(days=20 + item.round))
        assert queued(session, later) != [None]


def test_of_more_than_asked_for_the_latest_are_listed(
    books: Books, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A limit leaves the oldest out; counting and going through have none."""
    monkeypatch.setattr(message_rows, "AT_ONCE", 2)
    days = [A_DAY + timedelta(days=n) for n in range(5)]
    made = queued(
        session,
        *(a_message(books, an_item(books, step=f"s{day}"), on=day) for day in days),
    )
    assert made[0] is not None
    messages.mark(session, made[0], MessageState.CANCELLED, at=AN_HOUR, by="test")
    latest = messages.listing(session, limit=2)
    assert [one.message.business_on for one in latest] == days[3:]
    everything = MessageFilter()
    assert [one.message.id for one in messages.each(session, everything)] == made
    assert messages.counts(session, everything) == {
        MessageState.CANCELLED: 1,
        MessageState.READY: 4,
    }
    since = MessageFilter(from_on=days[3])
    assert messages.counts(session, since) == {MessageState.READY: 2}


def test_one_that_clashes_leaves_the_others_alone(
    books: Books, session: Session
) -> None:
    """Of a batch, only the message whose step is taken stays out."""
    queued(session, a_message(books))
    day = A_DAY + timedelta(days=5)
    found = queued(
        session,
        a_message(books, on=day),
        a_message(books, an_item(books, "I9"), debtor="D2", on=day),
        a_message(books, an_item(books, "I8"), debtor="D2", on=day),
    )
    assert [one is not None for one in found] == [False, True, False]
    listed = messages.listing(session, MessageFilter(from_on=day))
    assert [one.message.debtor_id for one in listed] == [debtor_key(books, "D2")]
    assert [item.number for item in listed[0].message.items] == ["I9"]


@pytest.mark.parametrize("state", GONE)
def test_what_came_to_nothing_frees_its_day_and_steps(
    books: Books, session: Session, state: MessageState
) -> None:
    """After a failure the same step may be taken on the same day, told apart."""
    [first] = queued(session, a_message(books))
    assert first is not None
    brought_to(session, first, state)
    [second] = queued(session, a_message(books))
    assert second is not None
    one, other = messages.load(session, first), messages.load(session, second)
    assert one.mail_id != other.mail_id
    assert other.mail_id == f"<1.{one.mail_id[1:]}"


def test_an_unknown_one_keeps_its_day_and_steps(books: Books, session: Session) -> None:
    """What may have gone counts as said until a person knows better."""
    [first] = queued(session, a_message(books))
    assert first is not None
    brought_to(session, first, MessageState.UNKNOWN)
    assert queued(session, a_message(books)) == [None]
    later = a_message(books, on=A_DAY + timedelta(days=30))
    assert queued(session, later) == [None]
    messages.mark(session, first, MessageState.FAILED, at=AN_HOUR, by="a person")
    assert queued(session, later) != [None]


@pytest.mark.parametrize("state", list(MessageState))
def test_states_follow_the_table(
    books: Books, session: Session, state: MessageState
) -> None:
    """A sent message only ever bounces; whatever else is asked is refused."""
    [one] = queued(session, a_message(books))
    assert one is not None
    brought_to(session, one, MessageState.SENT)
    if state is MessageState.BOUNCED:
        messages.mark(session, one, state, at=AN_HOUR, by="test")
        return
    with pytest.raises(MessageStateError):
        messages.mark(session, one, state, at=AN_HOUR, by="test")
    assert messages.load(session, one).state is MessageState.SENT


def test_each_change_is_noted(books: Books, session: Session) -> None:
    """Who brought a message where, and when, can be read in its order."""
    planned = a_message(books, state=MessageState.PLANNED)
    [one] = queued(session, planned)
    assert one is not None
    assert messages.take_ready(session, 10) == []
    assert messages.release(session, by="Ada", at=AN_HOUR) == [one]
    assert messages.take_ready(session, 10) == [one]
    assert messages.begin_sending(session, one, AN_HOUR) is not None
    messages.mark(
        session,
        one,
        MessageState.SENT,
        at=AN_HOUR,
        by="smtp",
        note="250 ok",
        details={"server": "mx"},
    )
    found = messages.events(session, one)
    assert [event.kind for event in found] == ["planned", "ready", "sending", "sent"]
    assert [event.by for event in found] == ["night", "Ada", "delivery", "smtp"]
    assert found[-1].details == {"server": "mx"}


def test_only_those_named_are_released(books: Books, session: Session) -> None:
    """A person may let one message go and keep another back."""
    one, other = queued(
        session,
        a_message(books, state=MessageState.PLANNED),
        a_message(books, an_item(books, "I2"), debtor="D2", state=MessageState.PLANNED),
    )
    assert one is not None
    assert messages.release(session, [one], by="Ada", at=AN_HOUR) == [one]
    [waiting] = messages.listing(session, MessageFilter(states=(MessageState.PLANNED,)))
    assert waiting.message.id == other


def test_a_message_is_claimed_once(books: Books, session: Session) -> None:
    """Who asks for a message that is being sent gets nothing."""
    [one] = queued(session, a_message(books))
    assert one is not None
    assert messages.begin_sending(session, one, AN_HOUR) is not None
    assert messages.begin_sending(session, one, AN_HOUR) is None
    assert messages.stuck(session, AN_HOUR) == []
    [found] = messages.stuck(session, AN_HOUR + timedelta(seconds=1))
    assert (found.message.id, found.sending_at) == (one, AN_HOUR)


def test_delivery_takes_no_calls(books: Books, session: Session) -> None:
    """A call waits for a person and not for a mail server."""
    [one] = queued(session, a_message(books, channel=Channel.CALL))
    assert messages.take_ready(session, 10) == []
    assert messages.take_ready(session, 10, [Channel.CALL]) == [one]


def test_messages_are_found_by_their_invoice(books: Books, session: Session) -> None:
    """All that was said about an invoice can be asked for."""
    one, _ = queued(
        session,
        a_message(books),
        a_message(books, an_item(books, "I2"), debtor="D2"),
    )
    wanted = MessageFilter(document_id=document_key(books, "I1"))
    assert [found.message.id for found in messages.listing(session, wanted)] == [one]


def a_task(key: str = "one") -> Task:
    """Make a task."""
    return Task(kind=TaskKind.CALL, key=key, title="Call Ada", due_on=A_DAY)


def test_a_task_is_asked_for_once(session: Session) -> None:
    """While it is open a task is not made twice; once done it may be asked again."""
    first = tasks.ask(session, a_task(), AN_HOUR)
    assert tasks.ask(session, a_task(), AN_HOUR) == first
    assert [one.id for one in tasks.open_tasks(session)] == [first]
    tasks.done(session, first, at=AN_HOUR, by="Ada", outcome="no_answer")
    assert tasks.open_tasks(session) == []
    assert tasks.load(session, first).outcome == "no_answer"
    assert tasks.ask(session, a_task(), AN_HOUR) != first


def test_a_task_is_done_once(session: Session) -> None:
    """A task that is done, or never was, is not done again."""
    first = tasks.ask(session, a_task(), AN_HOUR)
    tasks.done(session, first, at=AN_HOUR, by="Ada")
    for one in (first, TaskId(first + 1)):
        with pytest.raises(tasks.UnknownTaskError):
            tasks.done(session, one, at=AN_HOUR, by="Ada")
