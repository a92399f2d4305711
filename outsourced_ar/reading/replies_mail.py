"""A mail as it came in: read once, within limits, and whatever state it is in.

Nothing in a mail is trusted and nothing of it is opened: attachments are bytes with a
name that is made harmless.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import Message as Mail
from email.parser import BytesHeaderParser
from email.utils import getaddresses, parseaddr, parsedate_to_datetime
from enum import StrEnum, auto
from hashlib import sha256
from pathlib import PurePosixPath
from typing import Final

from ledger.reminders import Attachment
from outsourced_ar.reading.bounces import Bounce, read_bounce
from outsourced_ar.reading.quoting import text_of_html
from outsourced_ar.wording.pictures import is_logo_sent

ATTACHMENT_MAX: Final = 10 * 1024 * 1024
"""Bytes of one attachment that are kept."""
MAIL_MAX: Final = 25 * 1024 * 1024
"""Bytes of a mail, and of all its attachments."""
PARTS_MAX: Final = 200
TEXT_MAX: Final = 200_000
"""Characters of a mail's text that are kept and read."""
NAME_MAX: Final = 120
SUBJECT_MAX: Final = 1_000
RECIPIENT_HEADERS: Final = (
    "Delivered-To",
    "X-Original-To",
    "Envelope-To",
    "X-Envelope-To",
)

_ID: Final = re.compile(r"<[^<>\s]+>")
_UNSAFE: Final = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069/\\:*?\"<>|]"
)
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


class Author(StrEnum):
    """Who wrote a mail: a person, or what sort of program."""

    PERSON = auto()
    ANSWERING = auto()
    """A program answered: a mailbox's owner is away, a ticket was opened."""
    GENERATED = auto()
    """A program wrote of its own accord: a payment advice, a newsletter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomingMail:
    """A mail as it came in.

    Attributes:
        mail_id: The Message-ID header, or a digest of the mail where it has none.
        sent_at: By its Date header; None where that cannot be read.
        recipients: Whom it names, as it was written: a token may need its case.
        delivered_to: The addresses it was delivered to besides.
        references: Ids of the mails it follows, the nearest first.
        left_out: What was too large to keep, with its size.
    """

    mail_id: str
    sent_at: datetime | None
    sender: str
    sender_name: str
    recipients: tuple[str, ...]
    delivered_to: tuple[str, ...]
    subject: str
    text: str
    references: tuple[str, ...]
    author: Author
    bounce: Bounce | None
    attachments: tuple[Attachment, ...] = ()
    left_out: tuple[str, ...] = ()


def read_mail(raw: bytes, *, cut_from: int | None = None) -> IncomingMail:
    """Read a mail from its bytes; one that is broken is read as far as it goes.

    Args:
        raw: The mail, or its head where it was too large to fetch.
        cut_from: The size of the whole, where only the head was fetched.
    """
    try:
        mail = message_from_bytes(raw, policy=policy.compat32)
    except RecursionError:
        # Parts in parts without end: its head is enough to see whose it is.
        mail = BytesHeaderParser(policy=policy.compat32).parsebytes(raw)
    sender_name, sender = parseaddr(_header(mail, "From"))
    subject = clean(_header(mail, "Subject"))[:SUBJECT_MAX]
    parts = _Parts(mail)
    if cut_from is not None:
        parts.left_out.append(f"the whole mail ({cut_from} bytes)")
    return IncomingMail(
        mail_id=_mail_id(mail, raw),
        sent_at=_instant(_header(mail, "Date")),
        sender=sender.strip().lower(),
        sender_name=clean(sender_name),
        recipients=_addresses(mail, "To", "Cc"),
        delivered_to=_addresses(mail, *RECIPIENT_HEADERS),
        subject=subject,
        text=parts.text,
        references=_references(mail),
        author=_author(mail),
        bounce=read_bounce(
            mail, sender=sender.strip().lower(), subject=subject, text=parts.text
        ),
        attachments=tuple(parts.attachments),
        left_out=tuple(parts.left_out),
    )


def clean(text: str) -> str:
    """Return a text without what a database or a screen cannot take."""
    return _CONTROL.sub("", text).replace("\r\n", "\n").strip()


def harmless_name(name: str, fallback: str = "attachment") -> str:
    """Return a file's name without paths, control characters and leading dots."""
    base = PurePosixPath(name.replace("\\", "/")).name
    plain = " ".join(_UNSAFE.sub(" ", base).split()).strip(". ")
    plain = _CONTROL.sub("", plain)
    if len(plain) > NAME_MAX:
        stem, _, ending = plain.rpartition(".")
        plain = f"{stem[: NAME_MAX - 10]}.{ending[:8]}" if stem else plain[:NAME_MAX]
    return plain or fallback


class _Parts:
    """The parts of a mail: its text, and what is attached."""

    def __init__(self, mail: Mail) -> None:
        self.attachments: list[Attachment] = []
        self.left_out: list[str] = []
        self._plain: list[str] = []
        self._html: list[str] = []
        self._kept = 0
        for count, part in enumerate(_leaves(mail)):
            if count >= PARTS_MAX:
                self.left_out.append("parts beyond the first 200")
                break
            self._take(part)

    @property
    def text(self) -> str:
        plain = "\n".join(self._plain)
        if not plain.strip():
            plain = "\n".join(text_of_html(html) for html in self._html)
        return clean(plain)[:TEXT_MAX]

    def _take(self, part: Mail) -> None:
        kind = part.get_content_type()
        named = _file_name(part)
        is_attached = part.get_content_disposition() == "attachment" or bool(named)
        if kind in {"text/plain", "text/html"} and not is_attached:
            (self._plain if kind == "text/plain" else self._html).append(_text(part))
        elif kind in {"message/delivery-status", "text/rfc822-headers"}:
            return
        else:
            self._attach(part, kind, named)

    def _attach(self, part: Mail, kind: str, named: str) -> None:
        content = _content(part)
        # An answer that quotes our mail brings back the logo it came with.
        if not content or is_logo_sent(named, content):
            return
        name = self._free_name(harmless_name(named, _fallback_name(kind)))
        if len(content) > ATTACHMENT_MAX or self._kept + len(content) > MAIL_MAX:
            self.left_out.append(f"{name} ({len(content)} bytes)")
            return
        self._kept += len(content)
        self.attachments.append(Attachment(name, kind, content))

    def _free_name(self, name: str) -> str:
        taken = {one.name for one in self.attachments}
        stem, dot, ending = name.rpartition(".")
        candidate, count = name, 1
        while candidate in taken:
            count += 1
            candidate = f"{stem or ending} ({count}){dot + ending if stem else ''}"
        return candidate


def _leaves(mail: Mail) -> Iterator[Mail]:
    """Yield the parts of a mail; a mail inside it is one part, and stays closed."""
    if mail.get_content_maintype() == "message":
        yield mail
        return
    payload = mail.get_payload()
    if not isinstance(payload, list):
        yield mail
        return
    for part in payload:
        if isinstance(part, Mail):
            yield from _leaves(part)


def _content(part: Mail) -> bytes:
    payload = part.get_payload()
    if isinstance(payload, list):
        return b"\n".join(bytes(one) for one in payload if isinstance(one, Mail))
    decoded = part.get_payload(decode=True)
    return decoded if isinstance(decoded, bytes) else b""


def _text(part: Mail) -> str:
    content = _content(part)
    for charset in (part.get_content_charset() or "utf-8", "utf-8"):
        try:
            return content.decode(charset)
        except (LookupError, UnicodeDecodeError):
            continue
    return content.decode("cp1252", "replace")


def _file_name(part: Mail) -> str:
    try:
        found = part.get_filename()
    except (LookupError, ValueError, TypeError):
        return harmless_name("")
    return _decoded(found) if found else ""


def _fallback_name(kind: str) -> str:
    if kind == "message/rfc822":
        return "message.eml"
    return f"attachment.{kind.rpartition('/')[2][:8]}"


def _header(mail: Mail, name: str) -> str:
    return _decoded(str(mail.get(name) or ""))


def _decoded(raw: str) -> str:
    try:
        return str(make_header(decode_header(raw)))
    except (LookupError, ValueError, UnicodeError):
        return raw.encode("ascii", "replace").decode("ascii")


def _mail_id(mail: Mail, raw: bytes) -> str:
    match = _ID.search(str(mail.get("Message-ID") or ""))
    return clean(match.group()) if match else f"sha256:{sha256(raw).hexdigest()}"


def _instant(written: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(written)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    try:
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except OverflowError:
        return None


def _addresses(mail: Mail, *names: str) -> tuple[str, ...]:
    fields = [str(one) for name in names for one in mail.get_all(name) or ()]
    found = (address.strip() for _, address in getaddresses(fields))
    return tuple(dict.fromkeys(address for address in found if "@" in address))


def _references(mail: Mail) -> tuple[str, ...]:
    """Return what it answers, then what that followed, from the nearest."""
    answered = _ID.findall(str(mail.get("In-Reply-To") or ""))
    followed = _ID.findall(str(mail.get("References") or ""))
    return tuple(dict.fromkeys([*answered, *reversed(followed)]))


def _author(mail: Mail) -> Author:
    """Tell programs from people, by RFC 3834 and by what programs write besides."""
    automatic = _header(mail, "Auto-Submitted").partition(";")[0].strip().lower()
    if automatic.startswith(("auto-replied", "auto-notified")):
        return Author.ANSWERING
    if any(
        mail.get(name)
        for name in (
            "X-Autoreply",
            "X-Autorespond",
            "X-Autoresponder",
            "X-AutoReply-From",
        )
    ):
        return Author.ANSWERING
    suppressed = _header(mail, "X-Auto-Response-Suppress").lower()
    precedence = _header(mail, "Precedence").strip().lower()
    if precedence == "auto_reply" or (
        suppressed and _header(mail, "In-Reply-To") and _is_answer_subject(mail)
    ):
        return Author.ANSWERING
    if automatic.startswith("auto-generated") or precedence in {"bulk", "list", "junk"}:
        return Author.GENERATED
    if mail.get("List-Id") or mail.get("List-Unsubscribe"):
        return Author.GENERATED
    return Author.PERSON


_ANSWERS: Final = re.compile(
    r"^(?:auto(?:matic|matische|matisk|matická|matikus|maattinen|matisch)?[\s:-]*"
    r"(?:reply|response|antwort|antwoord|svar|odpověď|válasz|vastaus|re\b)|autosvar|"
    r"abwesenheit|out of (?:the )?office|réponse automatique|respuesta automática|"
    r"risposta automatica|resposta automática|odpowiedź automatyczna)",
    re.IGNORECASE,
)


def _is_answer_subject(mail: Mail) -> bool:
    return bool(_ANSWERS.match(_header(mail, "Subject").strip()))
