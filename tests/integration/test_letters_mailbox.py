"""A mailbox is read once, wherever the process was cut off."""

from pathlib import Path
from typing import Any

import pytest

from ledger.calendar import FixedClock
from ledger.testing import Books
from outsourced_ar.replies import replies_reading
from outsourced_ar.replies.replies import Taken, take_in
from outsourced_ar.replies.replies_reading import MailboxRead, read_mailbox
from tests.integration.answering import NOON, Answers, Pile, a_mail
from tests.integration.outbox import Outbox


@pytest.fixture
def answers(books: Books, tmp_path: Path) -> Answers:
    """A debtor who was reminded."""
    return Answers.to(Outbox.open(books, tmp_path))


def read(answers: Answers, pile: Pile) -> MailboxRead:
    """Read a pile of mails."""
    return read_mailbox(
        answers.books.database,
        answers.books.tenant.scope,
        pile,
        answers.receiving,
        FixedClock(NOON),
    )


def some_mails(answers: Answers, count: int) -> list[bytes]:
    """Make different answers to the message that went."""
    ours = answers.message.mail_id
    return [
        a_mail(
            "The pumps were defective.",
            In_Reply_To=ours,
            Message_ID=f"<{number}@d1.example>",
        ).as_bytes()
        for number in range(count)
    ]


def test_the_next_reading_begins_after_the_last(answers: Answers) -> None:
    """What was read is not asked for again."""
    pile = Pile(some_mails(answers, 3))
    first = read(answers, pile)
    second = read(answers, pile)

    assert (len(first.taken), len(second.taken)) == (3, 0)
    assert pile.asked == [0, 3]
    assert first.counts == {"reply": 3}


def test_a_mailbox_made_anew_brings_nothing_twice(answers: Answers) -> None:
    """With other numbers all is read again, and known."""
    pile = Pile(some_mails(answers, 3))
    read(answers, pile)
    pile.validity = "2"
    again = read(answers, pile)
    more = read(answers, pile)

    assert (len(again.taken), again.known) == (0, 3)
    assert more.known == 0
    assert pile.asked == [0, 0, 3]
    assert len(answers.stops()) == 3


@pytest.mark.parametrize("cut_at", range(4))
def test_cut_off_anywhere_it_takes_each_in_once(
    answers: Answers, cut_at: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a death in the middle of any mail the next reading completes the pile."""
    pile = Pile(some_mails(answers, 4))
    calls = iter(range(100))
    real = take_in

    def dying(*args: Any, **named: Any) -> Taken | None:  # noqa: ANN401 - passed on
        taken = real(*args, **named)
        if next(calls) == cut_at:
            raise KeyboardInterrupt
        return taken

    monkeypatch.setattr(replies_reading, "take_in", dying)
    with pytest.raises(KeyboardInterrupt):
        read(answers, pile)
    assert len(answers.letters()) == len(answers.stops()) == cut_at
    monkeypatch.setattr(replies_reading, "take_in", real)
    read(answers, pile)

    assert [len(x) for x in (answers.letters(), answers.stops(), answers.tasks())] == [
        4,
        4,
        4,
    ]


def test_a_mail_without_an_id_is_taken_in_once(answers: Answers) -> None:
    """Its digest is its name."""
    raw = b"From: ar@d1.example\nSubject: hm\n\nHello\n"
    pile = Pile([raw, raw])
    first = read(answers, pile)

    assert (len(first.taken), first.known) == (1, 1)
    assert read(answers, pile).known == 0
    assert pile.asked == [0, 2]


def test_broken_mails_do_not_stop_the_reading(answers: Answers) -> None:
    """Whatever lies between, the last mail is read."""
    junk = [
        b"",
        b"\x00\xff" * 50,
        b"Content-Type: multipart/mixed; boundary=\n\n--",
        b"From: =?utf-8?q?\xff?=\nSubject: \x00\nDate: never\n\n\x00\xed\xa0\x80",
        b"Content-Type: text/plain; charset=martian\n\n\x80\x81",
    ]
    result = read(answers, Pile([*junk, *some_mails(answers, 1)]))

    assert len(result.taken) == 6
    assert len(answers.stops()) == 1
