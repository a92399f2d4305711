"""Mail that came back: what mail servers say of a message they did not deliver.

Reports by RFC 3464 are read field by field; status codes by RFC 3463. Servers that
write in words of their own (qmail, older Exim and Exchange) are known by their header
or their first lines. A report that names no message of ours concerns nobody.
"""

import re
from dataclasses import dataclass
from email.message import Message as Mail
from enum import StrEnum, auto
from typing import Final

TEXT_MAX: Final = 20_000
"""So much of a report in words is read."""
DIAGNOSTIC_MAX: Final = 500


class BounceKind(StrEnum):
    """What a report means for the message and for the address."""

    HARD = auto()
    """Not delivered, and the address is no good."""
    REFUSED = auto()
    """Not delivered, but the address may be good: full, too large, thought spam."""
    SOFT = auto()
    """Not delivered yet; the server goes on trying."""
    DELIVERED = auto()
    """It has arrived."""

    @property
    def is_final(self) -> bool:
        """Whether the message did not and will not arrive."""
        return self in {BounceKind.HARD, BounceKind.REFUSED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounce:
    """A mail server's report on one message.

    Attributes:
        recipient: The address it is about, in lower case; empty where none is named.
        status: By RFC 3463, such as 5.1.1; empty where none is given.
        original_id: The Message-ID of the message it is about, with its brackets.
        is_standard: Whether it is a report by RFC 3464.
    """

    kind: BounceKind
    recipient: str
    status: str
    diagnostic: str
    original_id: str
    is_standard: bool


STATUS: Final = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")
REPLY_CODE: Final = re.compile(r"(?<![\d.])([45]\d\d)[\s-]")
ADDRESS: Final = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]+@[\w-]+(?:\.[\w-]+)+")
MESSAGE_ID: Final = re.compile(
    r"^message-id:\s*(<[^<>\s]+>)", re.IGNORECASE | re.MULTILINE
)

# RFC 3463: the address or its mailbox does not exist, is disabled or moved away.
DEAD: Final = (
    "5.1.0",
    "5.1.1",
    "5.1.2",
    "5.1.3",
    "5.1.6",
    "5.1.10",
    "5.2.1",
    "5.4.1",
    "5.4.4",
)
DEAD_WORDS: Final = re.compile(
    r"user unknown|unknown user|no such (?:user|mailbox|recipient|address|person)|"
    r"does(?:n't| not) exist|mailbox (?:unavailable|not found|disabled|unknown)|"
    r"(?:recipient|address)(?: address)? (?:rejected: (?:user|undeliverable|access)|"
    r"unknown|not found)|invalid (?:recipient|mailbox|address)|account (?:disabled|"
    r"has been disabled|does not)|no mailbox here|unrouteable address|"
    r"host (?:or domain name )?not found|(?:couldn't|could not) find any host|nxdomain|"
    r"unbekannter empf|adresse? n'existe pas|no existe|inconnu",
    re.IGNORECASE,
)
ALIVE_WORDS: Final = re.compile(
    r"quota|mailbox (?:is )?full|out of storage|insufficient (?:system )?storage|"
    r"too large|size limit|spam|blocked|blacklist|policy|denied|reputation|rejected as",
    re.IGNORECASE,
)
DELAY_WORDS: Final = re.compile(
    r"delay(?:ed)?\b|will (?:be )?(?:retr|keep trying|continue to)|"
    r"still (?:trying|being)|"
    r"has not yet been delivered|temporar|warning: message|verzögert|retard",
    re.IGNORECASE,
)
FAILURE_SUBJECTS: Final = re.compile(
    r"undeliver|failure notice|delivery (?:status notification|failure|has failed)|"
    r"mail delivery (?:failed|system|subsystem)|returned mail|delivery problem|"
    r"mail could not be delivered|non remis|unzustellbar|nicht zugestellt|"
    r"no se ha podido entregar|impossibile recapitare|onbestelbaar|"
    r"delivery (?:delayed|warning)|message (?:\S+ )?delayed|could not send message|"
    r"non consegn|niedostarczon|"
    r"nedoručiteln|olevereret|kunne ikke lever|kan inte levereras|kézbesíthetetlen",
    re.IGNORECASE,
)
DAEMONS: Final = re.compile(
    r"^(?:mailer-daemon|postmaster|mail-daemon|mdaemon)\b", re.IGNORECASE
)


def read_bounce(mail: Mail, *, sender: str, subject: str, text: str) -> Bounce | None:
    """Return what a mail reports on a message of ours, or None where it is no report.

    Args:
        mail: The mail, parsed.
        sender: Its sender's address.
        subject: Its subject.
        text: Its first text part.
    """
    if mail.get_content_type() == "multipart/report" or _status_part(mail) is not None:
        part = _status_part(mail)
        if part is not None:
            return _standard(mail, part, text)
    failed = _header(mail, "X-Failed-Recipients")
    is_daemon = bool(DAEMONS.match(sender)) or sender == ""
    if failed or (is_daemon and (FAILURE_SUBJECTS.search(subject) or _is_qmail(text))):
        return _in_words(mail, failed, f"{subject}\n{text[:TEXT_MAX]}")
    return None


def _status_part(mail: Mail) -> Mail | None:
    return next(
        (
            part
            for part in mail.walk()
            if part.get_content_type()
            in {"message/delivery-status", "message/global-delivery-status"}
        ),
        None,
    )


def _standard(mail: Mail, part: Mail, text: str) -> Bounce | None:
    """Read a report field by field: the worst of what it says of recipients counts."""
    blocks = part.get_payload()
    if not isinstance(blocks, list):
        return None
    found = [
        _of_recipient(mail, block, text)
        for block in blocks
        if isinstance(block, Mail) and block.get("Action")
    ]
    order = list(BounceKind)
    return min(found, key=lambda one: order.index(one.kind), default=None)


def _of_recipient(mail: Mail, block: Mail, text: str) -> Bounce:
    action = _header(block, "Action").strip().lower()
    status = STATUS.search(_header(block, "Status"))
    diagnostic = " ".join(_header(block, "Diagnostic-Code").split())
    code = status.group(1) if status else ""
    # Some servers put 5.0.0 or 4.0.0 there and the true code in the diagnostic.
    inner = STATUS.search(diagnostic)
    if inner and (not code or code.endswith(".0.0")):
        code = inner.group(1)
    recipient = _address(_header(block, "Original-Recipient")) or _address(
        _header(block, "Final-Recipient")
    )
    return Bounce(
        kind=_kind(action, code, diagnostic or text[:TEXT_MAX]),
        recipient=recipient,
        status=code,
        diagnostic=diagnostic[:DIAGNOSTIC_MAX],
        original_id=_original_id(mail, text),
        is_standard=True,
    )


def _kind(action: str, status: str, words: str) -> BounceKind:
    if action in {"delivered", "relayed", "expanded"}:
        return BounceKind.DELIVERED
    if action == "delayed":
        return BounceKind.SOFT
    if action == "failed":
        return _final_kind(status, words)
    return BounceKind.SOFT if status.startswith("4") else _final_kind(status, words)


def _final_kind(status: str, words: str) -> BounceKind:
    """Say whether an address is dead: its code counts first, then the words."""
    if status in DEAD:
        return BounceKind.HARD
    is_vague = not status or status.endswith((".0.0", ".1.8")) or status == "5.5.0"
    if is_vague and DEAD_WORDS.search(words) and not ALIVE_WORDS.search(words):
        return BounceKind.HARD
    return BounceKind.REFUSED


def _in_words(mail: Mail, failed: str, words: str) -> Bounce | None:
    """Read a report in a server's own words; without our message's id it is none."""
    status = STATUS.search(words)
    code = status.group(1) if status else ""
    reply = REPLY_CODE.search(words)
    if (
        (DELAY_WORDS.search(words) and not failed and not code.startswith("5"))
        or code.startswith("4")
        or (not code and reply and reply.group(1)[0] == "4")
    ):
        kind = BounceKind.SOFT
    else:
        kind = _final_kind(code, words)
    original = _original_id(mail, words)
    recipient = _address(failed) or _first_address(words)
    if not original and not recipient:
        return None
    return Bounce(
        kind=kind,
        recipient=recipient,
        status=code,
        diagnostic=_diagnostic(words),
        original_id=original,
        is_standard=False,
    )


def _original_id(mail: Mail, text: str) -> str:
    """Return the id of the message that a report is about, from what it returns."""
    for part in mail.walk():
        kind = part.get_content_type()
        if kind == "message/rfc822" and isinstance(part.get_payload(), list):
            inner = part.get_payload(0)
            if isinstance(inner, Mail) and inner.get("Message-ID"):
                return _header(inner, "Message-ID").strip()
        if kind in {"text/rfc822-headers", "message/rfc822-headers"}:
            payload = part.get_payload(decode=True)
            body = payload.decode("latin-1") if isinstance(payload, bytes) else ""
            match = MESSAGE_ID.search(body)
            if match:
                return match.group(1)
    match = MESSAGE_ID.search(text)
    if match:
        return match.group(1)
    return _header(mail, "In-Reply-To").strip()


def _is_qmail(text: str) -> bool:
    return "qmail-send program" in text[:TEXT_MAX]


def _diagnostic(words: str) -> str:
    lines = (line.strip() for line in words.splitlines())
    said = next((line for line in lines if REPLY_CODE.search(line)), "")
    return said[:DIAGNOSTIC_MAX]


def _address(field: str) -> str:
    match = ADDRESS.search(field.partition(";")[2] or field)
    return match.group().lower() if match else ""


def _first_address(words: str) -> str:
    for match in ADDRESS.finditer(words):
        found = match.group().lower()
        if not DAEMONS.match(found):
            return found
    return ""


def _header(mail: Mail, name: str) -> str:
    return str(mail.get(name) or "")
