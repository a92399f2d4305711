"""Writes a message and its sender as a mail: RFC 5322, to the byte.

The same message, sender and instant make the same bytes, so that what was said can be
shown again. It is written here and not by `email.message`, which takes 5 ms for such a
mail and chooses its boundaries by chance; tests read it back with that library.
"""

import base64
import binascii
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from urllib.parse import quote
from zoneinfo import ZoneInfo

from ledger.errors import RecordError
from ledger.identities import Identity
from ledger.reminders import Attachment, Message
from outsourced_ar.delivery import addresses
from outsourced_ar.delivery.contract import Mail
from outsourced_ar.wording import pictures

LINE_CHARS_MAX = 998
"""As RFC 5321 has it; what is encoded stays under 78."""
MAIL_BYTES_MAX = 20 << 20
"""Larger mails are refused by many servers."""
NAME_CHARS_MAX = 80
"""Of an attachment's name, so that its line stays one."""
TOKEN = "{token}"  # noqa: S105 - a placeholder, no secret
CRLF = "\r\n"


class TooLargeError(RecordError):
    """A mail is larger than servers take."""

    def __init__(self, size: int) -> None:
        """Say how large."""
        super().__init__(
            f"The mail has {size >> 20} MB; servers take {MAIL_BYTES_MAX >> 20} MB.",
            remedy="Send it with fewer attachments.",
        )


class MalformedIdError(RecordError):
    """A Message-ID is none."""

    def __init__(self) -> None:
        """Say so."""
        super().__init__(
            "The message's id is not one that mail may carry.",
            remedy="Please report it: ids are made by Duebridge.",
        )


@dataclass(frozen=True, slots=True)
class Part:
    """A body part: its header lines, and its body in lines that end in CRLF."""

    head: tuple[str, ...]
    body: bytes


def token_of(mail_id: str) -> str:
    """Return what names a message in the address it comes back to.

    It is the part of its Message-ID in front of the `@`.
    """
    local, at, domain = mail_id.strip("<>").partition("@")
    # The same signs are allowed as in an address, and no others.
    if not at or not local or not domain:
        raise MalformedIdError
    return local


def return_path(identity: Identity, mail_id: str) -> str:
    """Return the envelope's sender: of each message its own, where the route has one.

    Raises:
        BadAddressError: It is no address.
    """
    where = identity.route.return_path or identity.email
    return addresses.address(where.replace(TOKEN, token_of(mail_id)), "The return path")


def write(
    message: Message, identity: Identity, *, at: datetime, zone: ZoneInfo
) -> Mail:
    """Write a message in a sender's name.

    Args:
        message: What is said, to whom.
        identity: Whose name it goes out in; of the same voice as the message.
        at: The instant of sending.
        zone: The sender's; the Date header is written in it.

    Raises:
        RecordError: A name or an address cannot stand in a header, or it is too large.
    """
    assert message.voice is identity.voice
    assert message.identity == identity.key
    lines = _head(message, identity, at.astimezone(zone))
    seed = hashlib.sha256(message.mail_id.encode()).hexdigest()[:24]
    whole = _alternatives(message, identity, seed)
    if message.attachments:
        attached = [_attachment(one) for one in message.attachments]
        whole = _multipart("mixed", f"=_m{seed}", [whole, *attached])
    content = _joined([*lines, "MIME-Version: 1.0", *whole.head]) + whole.body
    if len(content) > MAIL_BYTES_MAX:
        raise TooLargeError(len(content))
    return Mail(
        mail_id=message.mail_id,
        sender=return_path(identity, message.mail_id),
        recipient=addresses.address(message.address, "To"),
        content=content,
    )


def on_paper(message: Message) -> Mail:
    """Return what is printed and posted of a letter: its attachments."""
    return Mail(
        mail_id=_id(message.mail_id),
        sender="",
        recipient=message.address,
        content=b"",
        sheets=message.attachments,
    )


def _head(message: Message, identity: Identity, at: datetime) -> list[str]:
    subject = addresses.one_line(message.subject, "The subject")
    lines = [
        f"Date: {format_datetime(at)}",
        f"From: {addresses.mailbox(identity.name, identity.email, 'From')}",
    ]
    if identity.reply_to and identity.reply_to != identity.email:
        answers = addresses.mailbox(identity.name, identity.reply_to, "Reply-To")
        lines.append(f"Reply-To: {answers}")
    lines += [
        f"To: {addresses.mailbox(message.recipient, message.address, 'To')}",
        f"Subject: {addresses.encoded(subject, used=len('Subject: '))}",
        f"Message-ID: {_id(message.mail_id)}",
    ]
    if message.thread:
        lines.append(f"In-Reply-To: {_id(message.thread)}")
        lines.append(f"References: {_id(message.thread)}")
    lines += [
        # RFC 3834: no machine shall answer, but a person may.
        "Auto-Submitted: auto-generated",
        f"Content-Language: {addresses.one_line(message.language, 'The language')}",
    ]
    return lines


def _id(mail_id: str) -> str:
    one = addresses.one_line(mail_id, "The message's id")
    whole = one.startswith("<") and one.endswith(">") and one.isascii()
    if not whole or " " in one or len(one) > LINE_CHARS_MAX // 4:
        raise MalformedIdError
    return one


def _alternatives(message: Message, identity: Identity, seed: str) -> Part:
    text = _text(message.text, "plain")
    if not message.html:
        return text
    # The last is the one that is preferred.
    page = _page(message.html, identity, f"=_r{seed}")
    return _multipart("alternative", f"=_a{seed}", [text, page])


def _page(html: str, identity: Identity, boundary: str) -> Part:
    """Return a page with the logo it shows; one that changed since is left out."""
    page, logo = _text(html, "html"), pictures.logo_of(identity)
    if logo is None:
        return page
    named = pictures.content_id(logo, identity)
    if f'"cid:{named}"' not in html:
        return page
    one = _id(f"<{named}>")
    head = (
        f'Content-Type: {logo.media_type};{CRLF} name="{logo.name}"',
        f'Content-Disposition: inline;{CRLF} filename="{logo.name}"',
        f"Content-ID: {one}",
        "Content-Transfer-Encoding: base64",
    )
    drawn = Part(head, base64.encodebytes(logo.content).replace(b"\n", b"\r\n"))
    return _multipart("related", boundary, [page, drawn])


def _text(text: str, kind: str) -> Part:
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    ended = lines if lines.endswith("\n") else f"{lines}\n"
    body = binascii.b2a_qp(ended.encode(), istext=True)
    head = (
        f'Content-Type: text/{kind}; charset="utf-8"',
        "Content-Transfer-Encoding: quoted-printable",
    )
    return Part(head, body.replace(b"\n", b"\r\n"))


def _attachment(one: Attachment) -> Part:
    name = addresses.one_line(one.name, "An attachment's name")
    kind = addresses.one_line(one.media_type, "An attachment's type")
    head = (
        f"Content-Type: {kind};{CRLF} {_parameter('name', name)}",
        f"Content-Disposition: attachment;{CRLF} {_parameter('filename', name)}",
        "Content-Transfer-Encoding: base64",
    )
    return Part(head, base64.encodebytes(one.content).replace(b"\n", b"\r\n"))


def _parameter(key: str, value: str) -> str:
    """Write a parameter as RFC 2231 has it where it is more than plain signs."""
    stem, dot, ending = value.rpartition(".")
    if len(value) > NAME_CHARS_MAX and dot:
        value = f"{stem[: NAME_CHARS_MAX - len(ending) - 1]}.{ending}"
    if value.isascii() and not set(value) & set('"\\'):
        return f'{key}="{value}"'
    return f"{key}*=utf-8''{quote(value, safe='')}"


def _multipart(kind: str, boundary: str, parts: Iterable[Part]) -> Part:
    # Neither quoted-printable nor base64 can write "=_".
    head = (f'Content-Type: multipart/{kind};{CRLF} boundary="{boundary}"',)
    body = b"".join(
        b"--%b\r\n%b%b\r\n" % (boundary.encode(), _joined(part.head), part.body)
        for part in parts
    )
    return Part(head, body + b"--%b--\r\n" % boundary.encode())


def _joined(lines: Iterable[str]) -> bytes:
    return "".join(f"{line}{CRLF}" for line in [*lines, ""]).encode("ascii")
