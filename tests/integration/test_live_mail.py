"""Live mail: a reminder goes over SMTP, is answered, and the answer read over IMAP."""

import email
import imaplib
import smtplib
import ssl
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from email import policy
from email.message import EmailMessage
from functools import partial
from pathlib import Path

import pytest

from ledger.calendar import FixedClock
from ledger.reminders import MessageState, ReplyKind, StopKind
from ledger.secret import Secret
from ledger.testing import Books
from outsourced_ar.delivery.routes import Routes
from outsourced_ar.known.facts import Silence
from outsourced_ar.replies import imap
from outsourced_ar.replies.imap import (
    Fetched,
    ImapReader,
    MailboxLoginRefusedError,
    MailboxUnreachableError,
    UnsafeMailboxError,
)
from outsourced_ar.replies.replies_reading import MailboxRead, read_mailbox
from tests.imap_server import PASSWORD, ImapServer, imap_server
from tests.integration.answering import NOON, Answers, a_mail
from tests.integration.outbox import MORNING, Outbox
from tests.integration.reminding import a_night, an_identity, decided, document_key
from tests.mail_server import MailServer, mail_server, make_certificate


@pytest.fixture
def inbox(tmp_path: Path) -> Iterator[ImapServer]:
    """An IMAP server in a process of its own."""
    with imap_server(tmp_path) as running:
        yield running


@pytest.fixture
def post(tmp_path: Path) -> Iterator[MailServer]:
    """An SMTP server in a process of its own."""
    with mail_server(tmp_path / "post") as running:
        yield running


def reader(inbox: ImapServer, folder: str = "Answers", **more: bool) -> ImapReader:
    """Return a reader of a folder."""
    return ImapReader(inbox.mailbox(folder, **more), Secret(PASSWORD))


def fetched(inbox: ImapServer, after: int = 0) -> list[Fetched]:
    """Read what a folder holds."""
    with reader(inbox) as source:
        return list(source.after(after))


def take(answers: Answers, inbox: ImapServer) -> MailboxRead:
    """Read the client's mailbox into the ledger."""
    with reader(inbox) as source:
        return read_mailbox(
            answers.books.database,
            answers.books.tenant.scope,
            source,
            answers.receiving,
            FixedClock(NOON),
        )


def read_back(inbox: ImapServer) -> EmailMessage:
    """Read the one mail in the debtor's folder, as the debtor's program does."""
    with inbox.opened() as client:
        client.select("Debtor", readonly=True)
        _, found = client.fetch("1", "(RFC822)")
    assert isinstance(found[0], tuple)
    return email.message_from_bytes(found[0][1], policy=policy.default)


def reply_to(mail: EmailMessage, text: str) -> EmailMessage:
    """Answer a mail, with the mail quoted below."""
    body = mail.get_body(("plain",))
    assert body is not None
    quoted = "\n".join(f"> {line}" for line in body.get_content().splitlines())
    answer = EmailMessage()
    answer["From"] = str(mail["To"])
    answer["To"] = str(mail["Reply-To"] or mail["From"])
    answer["Subject"] = f"Re: {mail['Subject']}"
    answer["Message-ID"] = "<answer@d1.example>"
    answer["In-Reply-To"] = str(mail["Message-ID"])
    answer["Date"] = "Tue, 10 Mar 2026 11:30:00 +0000"
    answer.set_content(f"{text}\n\nOn 10 March 2026 Client & Sons wrote:\n{quoted}\n")
    return answer


def test_a_reply_over_real_servers_pauses_the_debtor(
    books: Books, tmp_path: Path, inbox: ImapServer, post: MailServer
) -> None:
    """Sent over SMTP, read back and answered, read over IMAP: the debtor is paused."""
    box = Outbox.open(books, tmp_path / "out")
    box.add_identity(replace(an_identity(), route=post.route()))
    box.send(Routes(tmp_path / "out"))
    answers = Answers.to(box)
    (sent,) = post.arrived()
    inbox.put(sent.content, "Debtor")

    answer = reply_to(read_back(inbox), "We will pay 100.00 EUR on 20 March 2026.")
    with smtplib.SMTP("127.0.0.1", post.port) as client:
        client.send_message(answer)
    (came,) = [one for one in post.arrived() if one.mail_id == answer["Message-ID"]]
    inbox.put(came.content, "Answers")
    result = take(answers, inbox)
    a_night(books, MORNING.date() + timedelta(days=8), everyone=True)

    assert box.states() == {"Reminder D1": MessageState.SENT}
    assert result.counts == {"reply": 1}
    assert answers.letter().kind is ReplyKind.PROMISE
    (stop,) = answers.stops()
    assert stop.kind is StopKind.PROMISE
    assert [one.document_id for one in stop.items] == [document_key(books, "I-D1")]
    (refused,) = decided(books)
    assert refused.reason == Silence.PROMISED
    assert take(answers, inbox).taken == []


def test_mail_is_left_as_it_lies(inbox: ImapServer) -> None:
    """Nothing is deleted, and nothing marked as read unless that is wanted."""
    for number in range(2):
        inbox.put(a_mail("Hi", Message_ID=f"<{number}@x>").as_bytes(), "Answers")
    fetched(inbox)
    before = inbox.flags("Answers")
    with reader(inbox, marks_seen=True) as source:
        first = next(source.after(0))
        source.mark_seen(first.uid)

    assert len(before) == 2
    assert [b"\\Seen" in one for one in before] == [False, False]
    after = inbox.flags("Answers")
    assert [b"\\Seen" in one for one in after] == [True, False]


def test_only_what_is_new_is_fetched(inbox: ImapServer) -> None:
    """After a number come those above it, and above the last there are none."""
    for number in range(3):
        inbox.put(a_mail("Hi", Message_ID=f"<{number}@x>").as_bytes(), "Answers")
    one, two, three = fetched(inbox)

    assert [one.uid for one in fetched(inbox, one.uid)] == [two.uid, three.uid]
    assert fetched(inbox, three.uid) == []
    assert three.received_at == NOON


def test_a_mail_that_is_too_large_is_not_fetched(
    inbox: ImapServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its head is enough to see whose it is; its size is told."""
    monkeypatch.setattr(imap, "MAIL_MAX", 2_000)
    monkeypatch.setattr(imap, "HEAD_MAX", 500)
    raw = a_mail("x" * 5_000).as_bytes()
    inbox.put(raw, "Answers")
    (one,) = fetched(inbox)

    assert len(one.raw) == 500
    assert one.cut_from is not None
    assert one.cut_from >= 5_000


def test_a_wrong_password_is_told_from_a_silent_server(inbox: ImapServer) -> None:
    """Each says what to do, and none shows the password."""
    wrong = ImapReader(inbox.mailbox("Answers"), Secret("hunter2"))
    with pytest.raises(MailboxLoginRefusedError) as refused, wrong:
        pass
    nobody = ImapReader(inbox.mailbox(port=1), Secret("hunter2"))
    with pytest.raises(MailboxUnreachableError) as silent, nobody:
        pass
    with pytest.raises(MailboxUnreachableError, match="no such folder"), reader(inbox):
        pass

    for error in (refused.value, silent.value):
        assert "hunter2" not in error.user_message
        assert "hunter2" not in repr(error.__cause__)


@pytest.mark.parametrize("security", ["none", "plain", ""])
def test_mail_is_not_read_in_the_clear_over_a_network(
    inbox: ImapServer, security: str
) -> None:
    """Without encryption only a server on this machine is read."""
    with pytest.raises(UnsafeMailboxError):
        ImapReader(
            inbox.mailbox(host="mail.example", security=security), Secret("secret")
        )


def test_a_certificate_is_checked(tmp_path: Path) -> None:
    """One that nobody vouches for is refused before the password is sent."""
    certificate = make_certificate(tmp_path / "server.pem")
    with imap_server(tmp_path, certificate) as inbox:
        inbox.put(a_mail("Hi").as_bytes(), "Answers")
        where = inbox.mailbox("Answers", security="starttls")
        with (
            pytest.raises(MailboxUnreachableError, match="not trusted"),
            ImapReader(where, Secret(PASSWORD)),
        ):
            pass
        trusting = partial(ssl.create_default_context, cafile=str(certificate))
        with ImapReader(where, Secret(PASSWORD), trusting) as source:
            assert len(list(source.after(0))) == 1


def test_a_broken_connection_keeps_what_was_read(
    books: Books, tmp_path: Path, inbox: ImapServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What came before the break is in; the next reading brings the rest."""
    answers = Answers.to(Outbox.open(books, tmp_path / "out"))
    for number in range(3):
        inbox.put(a_mail("Hi", Message_ID=f"<{number}@x>").as_bytes(), "Answers")
    real = imaplib.IMAP4.uid
    asked: list[str] = []

    def failing(self: imaplib.IMAP4, command: str, *args: str) -> object:
        asked.append(command)
        if asked.count("FETCH") > 3:
            raise ConnectionResetError(104, "Connection reset by peer")
        return real(self, command, *args)

    monkeypatch.setattr(imaplib.IMAP4, "uid", failing)
    with pytest.raises(MailboxUnreachableError):
        take(answers, inbox)
    monkeypatch.undo()
    before = len(answers.letters())
    take(answers, inbox)

    assert (before, len(answers.letters())) == (1, 3)
