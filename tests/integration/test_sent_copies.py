"""A message that was cut off is looked for in its sender's mailbox, over real IMAP."""

from collections.abc import Iterator
from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path

import pytest

from ledger.identities import Mailbox
from ledger.reminders import Channel, MessageState
from ledger.secret import Secret
from ledger.store import messages
from ledger.testing import Books
from outsourced_ar.delivery.routes import Routes
from outsourced_ar.delivery.sent_copies import MailboxWitness
from outsourced_ar.replies import imap
from outsourced_ar.sending.outcomes import Sent
from tests.imap_server import PASSWORD, ImapServer, imap_server
from tests.integration.outbox import MINUTE, MORNING, Outbox
from tests.integration.reminding import an_identity
from tests.mail_server import MailServer, mail_server


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


@pytest.fixture
def box(books: Books, tmp_path: Path, inbox: ImapServer, post: MailServer) -> Outbox:
    """A message that was handed to the SMTP server when its worker was cut off."""
    box = Outbox.open(books, tmp_path / "out")
    box.add_identity(replace(an_identity(), route=post.route(), inbox=inbox.mailbox()))
    with books.database.tenant(books.tenant.scope) as session:
        (one,) = messages.take_ready(session, 10)
        assert messages.begin_sending(session, one, MORNING - MINUTE)
    return box


def mail_id(box: Outbox) -> str:
    """Return the Message-ID of the message that was cut off."""
    ((one,),) = box.rows("SELECT mail_id FROM message WHERE tenant_id = :tenant_id")
    return str(one)


def a_copy(**headers: str) -> bytes:
    """Make a mail with some headers."""
    mail = EmailMessage()
    mail["From"] = "accounts@client.example"
    mail["Subject"] = "Reminder"
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content("Hello")
    return mail.as_bytes()


def run(box: Outbox, password: str = PASSWORD) -> Sent:
    """Run delivery with the mailbox as witness."""
    witness = MailboxWitness(lambda *_: Secret(password))
    return box.send(Routes(box.folder, sent_copies=witness))


def test_a_copy_among_what_was_sent_proves_it(
    box: Outbox, inbox: ImapServer, post: MailServer
) -> None:
    """It counts as sent, nobody is asked, and it is not sent again."""
    inbox.put(a_copy(Message_ID=mail_id(box)), "Sent")
    result = run(box)
    assert len(result.seen) == 1
    assert box.states() == {"Reminder D1": MessageState.SENT}
    assert (box.tasks(), post.arrived()) == ([], [])


@pytest.mark.parametrize("header", ["In_Reply_To", "References"])
def test_an_answer_in_the_inbox_proves_it(
    box: Outbox, inbox: ImapServer, header: str
) -> None:
    """Who answers it has got it."""
    inbox.put(a_copy(Message_ID="<a@d1.example>", **{header: mail_id(box)}))
    assert len(run(box).seen) == 1


def test_a_report_that_names_it_proves_it(box: Outbox, inbox: ImapServer) -> None:
    """What comes back has gone; the original's head is in the report's body."""
    report = a_copy(Message_ID="<r@mail.example>").replace(
        b"Hello", f"Message-ID: {mail_id(box)}".encode()
    )
    inbox.put(report)
    assert len(run(box).seen) == 1


@pytest.mark.parametrize("other", ["<other@client.example>", "x{}", "{}x"])
def test_where_no_copy_is_found_a_person_is_asked(
    box: Outbox, inbox: ImapServer, post: MailServer, other: str
) -> None:
    """Another mail, or one whose id looks alike, proves nothing; none is resent."""
    near = mail_id(box).strip("<>")
    inbox.put(a_copy(Message_ID=f"<{other.strip('<>').format(near)}>"), "Sent")
    for _ in range(2):
        run(box)
    assert box.states() == {"Reminder D1": MessageState.UNKNOWN}
    (task,) = box.tasks()
    assert "no copy" in task.title
    assert post.arrived() == []


@pytest.mark.parametrize("password", ["wrong", PASSWORD])
def test_a_mailbox_that_cannot_be_read_knows_nothing(
    box: Outbox, inbox: ImapServer, post: MailServer, password: str
) -> None:
    """A refused login or a silent server: a person is asked, and the run goes on."""
    if password == PASSWORD:
        silent = inbox.mailbox(port=1)
        box.add_identity(replace(an_identity(), route=post.route(), inbox=silent))
    run(box, password)
    assert box.states() == {"Reminder D1": MessageState.UNKNOWN}
    (task,) = box.tasks()
    assert "no copy" not in task.title
    assert post.arrived() == []


def test_without_a_mailbox_nobody_is_asked() -> None:
    """Nor for a letter, nor without a password."""
    witness = MailboxWitness(lambda *_: None)
    identity = an_identity()
    assert witness.saw(identity, Channel.EMAIL, "<a@b>") is None
    with_box = replace(identity, inbox=Mailbox(host="127.0.0.1", security="none"))
    assert witness.saw(with_box, Channel.EMAIL, "<a@b>") is None
    assert witness.saw(with_box, Channel.LETTER, "<a@b>") is None


def test_what_could_break_a_question_is_not_asked(inbox: ImapServer) -> None:
    """An id with a quote or a line's end is found nowhere, and asks nothing."""
    with imap.ImapReader(inbox.mailbox(), Secret(PASSWORD)) as mailbox:
        for one in ('<a"b@c>', "<a@b>\r\nX", "a@b", "<>"):
            assert not mailbox.names(one, "INBOX")
        with pytest.raises(imap.MailboxUnreachableError, match="no such folder"):
            mailbox.names("<a@b>", "Nowhere")


def test_the_folder_of_sent_mail_is_found_by_its_use(
    inbox: ImapServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the server says of a folder goes before its name."""
    with imap.ImapReader(inbox.mailbox(), Secret(PASSWORD)) as mailbox:
        assert mailbox.sent_folders() == ["Sent"]
        listed = [
            b'(\\HasNoChildren) "/" Sent',
            b'(\\HasNoChildren \\Sent) "/" "Elementos enviados"',
        ]
        monkeypatch.setattr(
            mailbox._client,
            "_untagged_response",
            lambda *_: ("OK", listed),
        )
        assert mailbox.sent_folders() == ["Elementos enviados"]
        monkeypatch.undo()
