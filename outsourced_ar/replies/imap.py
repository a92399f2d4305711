"""Reads mailboxes over IMAP: nothing is deleted, moved or, unless told, marked as read.

A mailbox is read from the number after the last one taken in. Its connection is
encrypted and the server's certificate checked, except on the machine itself.
"""

import imaplib
import re
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from types import TracebackType
from typing import Final, Self

from imap_tools import BaseMailBox, MailBox, MailBoxStartTls, MailBoxUnencrypted
from imap_tools.errors import (
    ImapToolsError,
    MailboxFolderSelectError,
    MailboxLoginError,
)

from connectors.hosts import is_loopback
from ledger.errors import ConfigurationError, CredentialError, RetryableError
from ledger.identities import Mailbox
from ledger.secret import Secret
from outsourced_ar.reading.replies_mail import MAIL_MAX

TIMEOUT_S: Final = 30
FETCHED_MAX: Final = 1_000
"""Mails of one reading; the next goes on after them."""
HEAD_MAX: Final = 256 * 1024
"""Bytes of a mail that is too large to fetch: its head, and how it begins."""

SENT_NAMES: Final = frozenset(
    {"sent", "sent items", "sent messages", "sent mail", "gesendet"}
)
"""What folders of sent mail are called where the server does not say their use."""
NAMED_MAX: Final = 20
"""So many of the mails found are looked at."""

_MAIL_ID: Final = re.compile(r"<[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+>")
_DATE: Final = re.compile(r'INTERNALDATE "([^"]+)"', re.IGNORECASE)
_FORMAT: Final = "%d-%b-%Y %H:%M:%S %z"

ContextMaker = Callable[[], ssl.SSLContext]


class UnsafeMailboxError(ConfigurationError):
    """A mailbox would be read in the clear over a network."""

    def __init__(self, host: str) -> None:
        """Name the host."""
        super().__init__(
            f"The mailbox on {host!r} would be read without encryption.",
            remedy="Set its security to tls or starttls.",
        )


class MailboxLoginRefusedError(CredentialError):
    """A mailbox refused its user or password."""

    def __init__(self, host: str, user: str) -> None:
        """Name both; the password is not shown."""
        super().__init__(
            f"The mailbox of {user!r} on {host!r} refused the login.",
            remedy="Set its password again with `duebridge identity`.",
        )


class MailboxUnreachableError(RetryableError):
    """A mailbox could not be read."""

    def __init__(self, host: str, reason: str) -> None:
        """Name the host and why."""
        super().__init__(
            f"The mailbox on {host!r} could not be read: {reason}.",
            remedy="It is read again with the next run; nothing was lost.",
        )


@dataclass(frozen=True, slots=True)
class Fetched:
    """A mail as it lies in a mailbox.

    Attributes:
        uid: Its number in the mailbox.
        received_at: When the server took it in.
        cut_from: The size of the whole, where only its beginning was fetched.
    """

    uid: int
    raw: bytes
    received_at: datetime | None
    cut_from: int | None = None


@dataclass(slots=True)
class ImapReader:
    """A mailbox that is open to be read.

    Attributes:
        make_context: Makes the context that checks certificates.
    """

    mailbox: Mailbox
    password: Secret
    make_context: ContextMaker = ssl.create_default_context
    _box: BaseMailBox | None = field(default=None, repr=False)
    _validity: str = ""

    def __post_init__(self) -> None:
        """Refuse what would be read in the clear.

        Raises:
            UnsafeMailboxError: It is not on this machine and not encrypted.
        """
        if self.mailbox.security == "none" and not is_loopback(self.mailbox.host):
            raise UnsafeMailboxError(self.mailbox.host)
        if self.mailbox.security not in {"none", "tls", "starttls"}:
            raise UnsafeMailboxError(self.mailbox.host)

    def __enter__(self) -> Self:
        """Log in and open the folder, to be read only.

        Raises:
            MailboxLoginRefusedError: The user or password is wrong.
            MailboxUnreachableError: The server does not answer, or not as it should.
        """
        where = self.mailbox
        try:
            self._box = self._connected()
            self._box.login(where.user, self.password.reveal(), initial_folder=None)
            self._open(self._box)
        except MailboxLoginError:
            self._leave()
            # Its text may hold what was sent.
            raise MailboxLoginRefusedError(where.host, where.user) from None
        except (OSError, imaplib.IMAP4.error, ImapToolsError) as error:
            self._leave()
            raise MailboxUnreachableError(where.host, _name(error)) from error
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Log out, whatever happened."""
        self._leave()

    @property
    def name(self) -> str:
        """What the mailbox is known by: its user, server and folder."""
        where = self.mailbox
        return f"{where.user}@{where.host}/{where.folder}".lower()

    @property
    def validity(self) -> str:
        """The mailbox's UIDVALIDITY: with another one its numbers begin anew."""
        return self._validity

    def after(self, uid: int) -> Iterator[Fetched]:
        """Yield the mails after a number, in their order.

        Raises:
            MailboxUnreachableError: The connection broke; what was yielded counts.
        """
        try:
            for one in self._numbers(uid)[:FETCHED_MAX]:
                fetched = self._fetch(one)
                # It may have been deleted by somebody since.
                if fetched is not None:
                    yield fetched
        except (OSError, imaplib.IMAP4.error, ImapToolsError) as error:
            raise MailboxUnreachableError(self.mailbox.host, _name(error)) from error

    def sent_folders(self) -> list[str]:
        """Return the folders in which what was sent is kept, by their use or name.

        Raises:
            MailboxUnreachableError: The connection broke.
        """
        try:
            assert self._box is not None
            found = list(self._box.folder.list())
        except (OSError, imaplib.IMAP4.error, ImapToolsError) as error:
            raise MailboxUnreachableError(self.mailbox.host, _name(error)) from error
        by_use = [
            one.name for one in found if "\\sent" in {f.lower() for f in one.flags}
        ]
        return by_use or [
            one.name
            for one in found
            if one.name.rpartition(one.delim)[2].lower() in SENT_NAMES
        ]

    def names(self, mail_id: str, folder: str) -> bool:
        """Say whether a mail in a folder is, answers, or reports on one of an id.

        The folder is opened to be read only. What the server finds is looked at: some
        search by parts of words.

        Raises:
            MailboxUnreachableError: The connection broke, or there is no such folder.
        """
        if not _MAIL_ID.fullmatch(mail_id):
            return False
        quoted = f'"{mail_id}"'
        wanted = (
            f"OR OR HEADER Message-ID {quoted} HEADER In-Reply-To {quoted} "
            f"OR HEADER References {quoted} BODY {quoted}"
        )
        try:
            assert self._box is not None
            self._box.folder.set(folder, readonly=True)
            _, answered = self._client.uid("SEARCH", wanted)
            words = b" ".join(one for one in answered if isinstance(one, bytes)).split()
            for word in words[:NAMED_MAX]:
                _, raw = self._ask(int(word), f"(BODY.PEEK[]<0.{HEAD_MAX}>)")
                if raw is not None and mail_id.encode("ascii") in raw:
                    return True
        except (OSError, imaplib.IMAP4.error, ImapToolsError) as error:
            raise MailboxUnreachableError(self.mailbox.host, _name(error)) from error
        return False

    def mark_seen(self, uid: int) -> None:
        """Mark a mail as read, where the mailbox wants that."""
        if self.mailbox.marks_seen:
            self._client.uid("STORE", str(uid), "+FLAGS.SILENT", "(\\Seen)")

    @property
    def _client(self) -> imaplib.IMAP4:
        assert self._box is not None
        return self._box.client

    def _connected(self) -> BaseMailBox:
        where = self.mailbox
        match where.security:
            case "tls":
                return MailBox(
                    where.host,
                    where.port,
                    timeout=TIMEOUT_S,
                    ssl_context=self.make_context(),
                )
            case "starttls":
                return MailBoxStartTls(
                    where.host,
                    where.port,
                    timeout=TIMEOUT_S,
                    ssl_context=self.make_context(),
                )
            case _:
                return MailBoxUnencrypted(where.host, where.port, timeout=TIMEOUT_S)

    def _open(self, box: BaseMailBox) -> None:
        box.folder.set(self.mailbox.folder, readonly=not self.mailbox.marks_seen)
        _, answered = box.client.response("UIDVALIDITY")
        held = [one for one in answered or () if isinstance(one, bytes)]
        if not held:
            status = box.folder.status(self.mailbox.folder, ["UIDVALIDITY"])
            held = [str(status["UIDVALIDITY"]).encode()]
        self._validity = held[-1].decode("ascii")

    def _numbers(self, after: int) -> list[int]:
        _, answered = self._client.uid("SEARCH", f"UID {after + 1}:*")
        words = b" ".join(one for one in answered if isinstance(one, bytes)).split()
        # `n:*` names the last mail even where its number is lower.
        return sorted({int(word) for word in words if int(word) > after})

    def _fetch(self, uid: int) -> Fetched | None:
        head, _ = self._ask(uid, "(RFC822.SIZE INTERNALDATE)")
        if head is None:
            return None
        size = _number_after(head, b"RFC822.SIZE")
        is_large = size > MAIL_MAX
        what = f"(BODY.PEEK[]<0.{HEAD_MAX}>)" if is_large else "(BODY.PEEK[])"
        _, raw = self._ask(uid, what)
        if raw is None:
            return None
        return Fetched(uid, raw, _instant(head), size if is_large else None)

    def _ask(self, uid: int, what: str) -> tuple[bytes | None, bytes | None]:
        """Return what the server says of a mail, and its content if asked for."""
        _, answered = self._client.uid("FETCH", str(uid), what)
        said: bytes | None = None
        for part in answered:
            if isinstance(part, tuple):
                return part[0], part[1]
            if isinstance(part, bytes) and part.strip() != b")":
                said = part
        return said, None

    def _leave(self) -> None:
        box, self._box = self._box, None
        if box is None:
            return
        try:
            box.client.logout()
        except (OSError, imaplib.IMAP4.error):
            box.client.shutdown()


def _number_after(answer: bytes, word: bytes) -> int:
    words = answer.replace(b"(", b" ").replace(b")", b" ").upper().split()
    found = [int(after) for before, after in pairwise(words) if before == word]
    return found[0] if found else 0


def _instant(answer: bytes) -> datetime | None:
    match = _DATE.search(answer.decode("ascii", "replace"))
    if match is None:
        return None
    try:
        return datetime.strptime(match.group(1).strip(), _FORMAT).astimezone(UTC)
    except ValueError:
        return None


def _name(error: Exception) -> str:
    """Return what sort of error it is; its words may hold what was sent."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return "its certificate is not trusted"
    if isinstance(error, MailboxFolderSelectError):
        return "it has no such folder"
    if isinstance(error, TimeoutError):
        return "it did not answer in time"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return type(error).__name__
