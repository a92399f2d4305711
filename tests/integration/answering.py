"""A debtor who was reminded, and what it writes back."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from typing import Any

from ledger.reminders import Letter, Message, Stop, Task
from ledger.store import letters, messages, stops, tasks
from ledger.store.letters import LetterFilter, Place
from ledger.testing import Books
from outsourced_ar.reading.replies_mail import read_mail
from outsourced_ar.replies.imap import Fetched
from outsourced_ar.replies.replies import Receiving, Taken, take_in
from tests.integration.outbox import HOUR, MORNING, Outbox, Way
from tests.integration.reminding import an_identity, debtor_key

NOON = MORNING + 3 * HOUR
DEBTOR = "ar@d1.example"


def a_mail(text: str, *, sender: str = DEBTOR, **headers: str) -> EmailMessage:
    """Make a mail to the client; `_` in a header's name stands for `-`."""
    mail = EmailMessage()
    mail["From"] = f"Ada <{sender}>"
    mail["To"] = "accounts@client.example"
    mail["Date"] = "Tue, 10 Mar 2026 11:30:00 +0000"
    given = {"Subject": "Re: Reminder", "Message_ID": f"<{abs(hash(text))}@d1.example>"}
    for name, value in {**given, **headers}.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(text)
    return mail


@dataclass(slots=True)
class Answers:
    """A tenant whose reminder has gone, and whose mail comes in."""

    box: Outbox
    receiving: Receiving
    _uid: int = 0

    @classmethod
    def to(cls, box: Outbox) -> "Answers":
        """Send what is ready, and wait for answers."""
        box.send(Way())
        receiving = Receiving(
            identities=(an_identity(),), zone=box.books.tenant.timezone, now=NOON
        )
        return cls(box, receiving)

    @property
    def books(self) -> Books:
        """Whose mail it is."""
        return self.box.books

    @property
    def message(self) -> Message:
        """The first message that went."""
        with self.books.database.tenant(self.books.tenant.scope) as session:
            return messages.listing(session)[0].message

    def answer(self, text: str, **headers: str) -> Taken | None:
        """Take in an answer to the message that went."""
        mail_id = self.message.mail_id
        return self.take(a_mail(text, In_Reply_To=mail_id, **headers))

    def take(
        self, mail: EmailMessage | bytes, *, said_at: datetime | None = None
    ) -> Taken | None:
        """Take in a mail, of which the mail server may say when it came."""
        raw = mail if isinstance(mail, bytes) else mail.as_bytes()
        self._uid += 1
        with self.books.database.tenant(self.books.tenant.scope) as session:
            return take_in(
                session,
                read_mail(raw),
                self.receiving,
                received_at=said_at,
                place=Place("box", "1", self._uid),
            )

    def letters(self, **wanted: Any) -> list[Letter]:  # noqa: ANN401 - a filter's own
        """Return the letters there are."""
        with self.books.database.tenant(self.books.tenant.scope) as session:
            return letters.listing(session, LetterFilter(**wanted))

    def letter(self) -> Letter:
        """Return the one letter there is, with what was attached."""
        (one,) = self.letters()
        assert one.id is not None
        with self.books.database.tenant(self.books.tenant.scope) as session:
            return letters.load(session, one.id)

    def stops(self) -> list[Stop]:
        """Return all stops."""
        with self.books.database.tenant(self.books.tenant.scope) as session:
            return stops.load_all(session)

    def tasks(self) -> list[Task]:
        """Return the open tasks."""
        with self.books.database.tenant(self.books.tenant.scope) as session:
            return tasks.open_tasks(session)

    def debtor(self, name: str = "D1") -> Any:  # noqa: ANN401 - a key
        """Return the key of a debtor."""
        return debtor_key(self.books, name)


@dataclass(slots=True)
class Pile:
    """A mailbox in memory."""

    mails: list[bytes] = field(default_factory=list)
    name: str = "pile"
    validity: str = "1"
    asked: list[int] = field(default_factory=list)
    seen: list[int] = field(default_factory=list)

    def after(self, uid: int) -> Iterator[Fetched]:
        """Yield what lies above a number."""
        self.asked.append(uid)
        for place, raw in enumerate(self.mails, 1):
            if place > uid:
                yield Fetched(place, raw, NOON)

    def mark_seen(self, uid: int) -> None:
        """Note it."""
        self.seen.append(uid)
