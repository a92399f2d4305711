"""A message whose worker was cut off is looked for, and else put before a person."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from ledger.identities import Identity
from ledger.reminders import Channel, MessageId, MessageState, TaskKind
from ledger.store import messages
from ledger.testing import Books
from outsourced_ar.delivery.routes import Routes
from outsourced_ar.sending import interrupted
from outsourced_ar.sending.interrupted import NotUnknownError
from tests.integration.outbox import MINUTE, MORNING, Outbox, Way


@pytest.fixture
def box(books: Books, tmp_path: Path) -> Outbox:
    """A tenant whose one message was cut off while being sent."""
    box = Outbox.open(books, tmp_path / "out")
    with books.database.tenant(books.tenant.scope) as session:
        (one,) = messages.take_ready(session, 10)
        assert messages.begin_sending(session, one, MORNING - MINUTE)
    return box


def only(box: Outbox) -> MessageId:
    """Return the one message."""
    ((one,),) = box.rows("SELECT id FROM message WHERE tenant_id = :tenant_id")
    return MessageId(one)


def say(box: Outbox, *, went: bool) -> None:
    """Have a person say whether the one message went."""
    with box.books.database.tenant(box.books.tenant.scope) as session:
        interrupted.resolve(session, box.clock, only(box), went=went, by="ada")


@dataclass(frozen=True, slots=True)
class Saw:
    """A witness that answers as it is told."""

    answer: bool | None

    def saw(self, identity: Identity, channel: Channel, mail_id: str) -> bool | None:
        """Answer."""
        assert identity.key == "client"
        assert channel is Channel.EMAIL
        assert mail_id.endswith("@client.example>")
        return self.answer


@pytest.mark.parametrize("answer", [None, False])
def test_it_is_parked_with_the_instant_and_never_sent_again(
    box: Outbox, *, answer: bool | None
) -> None:
    """Where nobody saw it, a person is asked once, however often it is run."""
    way = Way()
    result = box.send(way, witness=Saw(answer))
    assert len(result.parked) == 1
    for _ in range(3):
        box.send(way, witness=Saw(answer))
    assert way.mails == []
    assert box.states() == {"Reminder D1": MessageState.UNKNOWN}
    (task,) = box.tasks()
    assert task.kind is TaskKind.DELIVERY
    assert "2026-03-10 08:59:00 UTC" in task.title
    assert task.details["items"] == ["I-D1"]
    assert ("no copy" in task.title) is (answer is False)


def test_a_witness_settles_it(box: Outbox) -> None:
    """What was seen has gone, and nobody is asked."""
    way = Way()
    result = box.send(way, witness=Saw(answer=True))
    assert len(result.seen) == 1
    assert way.mails == []
    assert box.tasks() == []
    assert box.states() == {"Reminder D1": MessageState.SENT}


def test_the_folder_is_its_own_witness(books: Books, tmp_path: Path) -> None:
    """A file that was written before the cut is found, and not written again."""
    box = Outbox.open(books, tmp_path / "out", debtors=["D1", "D2"])
    box.send()
    first, second = box.files()
    second.unlink()
    box.rows(
        "UPDATE message SET state = 'sending' WHERE tenant_id = :tenant_id RETURNING 1"
    )
    result = box.send()
    assert (len(result.seen), len(result.parked)) == (1, 1)
    assert box.files() == [first]


def test_a_person_says_that_it_went(box: Outbox) -> None:
    """Then it counts as sent, and the task is done."""
    box.send(Way())
    say(box, went=True)
    assert box.states() == {"Reminder D1": MessageState.SENT}
    assert box.tasks() == []


def test_a_person_says_that_it_did_not_go(box: Outbox) -> None:
    """Then its step is free again, and decided about on the next night."""
    box.send(Way())
    say(box, went=False)
    assert box.states() == {"Reminder D1": MessageState.FAILED}
    counts = "SELECT counts FROM message_item WHERE tenant_id = :tenant_id"
    assert box.rows(counts) == [(False,)]
    assert box.looked_at_again(["D1"])


def test_nobody_is_to_say_what_is_known(books: Books, tmp_path: Path) -> None:
    """A message that was sent stays sent."""
    box = Outbox.open(books, tmp_path / "out")
    box.send()
    with pytest.raises(NotUnknownError, match="sent"):
        say(box, went=False)
    assert box.states() == {"Reminder D1": MessageState.SENT}


@pytest.mark.parametrize("only_folders", [True, False])
def test_the_way_it_went_is_asked(box: Outbox, *, only_folders: bool) -> None:
    """A folder where only folders are used, else whoever has copies of mails."""
    box.route(host="mail.client.example", security="tls")
    ways = Routes(box.folder, only_folders=only_folders, sent_copies=Saw(answer=True))
    result = box.send(ways)
    assert len(result.parked) == only_folders
    assert len(result.seen) == (not only_folders)


def test_what_may_have_gone_is_not_withdrawn(box: Outbox) -> None:
    """That would free its step to be taken again."""
    box.send(Way())
    with (
        pytest.raises(messages.MessageStateError),
        box.books.database.tenant(box.books.tenant.scope) as session,
    ):
        messages.mark(session, only(box), MessageState.CANCELLED, at=MORNING, by="ada")
    assert box.states() == {"Reminder D1": MessageState.UNKNOWN}
