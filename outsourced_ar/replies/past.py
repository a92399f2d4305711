"""Past correspondence: folders of mails and papers, put on the debtors' timelines.

A mail is an `.eml` file or one of an `.mbox`; a PDF is a letter whose name says whose
it is, or else its text does. What cannot be put to one debtor is listed and not kept,
so that a later import finds it once its address or number is known.
"""

import mailbox
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from hashlib import sha256
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from ledger.errors import RequestError
from ledger.ids import DebtorId
from ledger.reminders import Attachment, Letter, LetterId, LetterOrigin
from ledger.store import contacts, letters
from ledger.store.session import Database, Session, TenantScope
from outsourced_ar.reading.paper_text import PaperText, text_of
from outsourced_ar.reading.quoting import own_words
from outsourced_ar.reading.replies_mail import (
    MAIL_MAX,
    IncomingMail,
    clean,
    harmless_name,
    read_mail,
)
from outsourced_ar.replies.replies_thread import (
    TEXT_MAX,
    answered,
    is_telling,
    named_in,
    spellings,
)

FILES_MAX: Final = 100_000
MAILS: Final = frozenset({".eml"})
MAILBOXES: Final = frozenset({".mbox", ".mbx"})
PAPERS: Final = frozenset({".pdf"})
_DATE: Final = re.compile(r"(?<!\d)(\d{4})[-_.]?(\d{2})[-_.]?(\d{2})(?!\d)")


class NoFolderError(RequestError):
    """There is nothing to read."""

    def __init__(self, path: Path) -> None:
        """Name it."""
        super().__init__(
            f"{str(path)!r} is no folder, .eml, .mbox or .pdf file.",
            remedy="Name the folder that the correspondence lies in.",
        )


@dataclass(frozen=True, slots=True)
class Paper:
    """A letter that was kept as a file.

    Attributes:
        written_on: The date in its name; None where that has none.
        saved_at: When the file was last changed.
    """

    name: str
    content: bytes
    written_on: date | None
    saved_at: datetime


@dataclass(frozen=True, slots=True)
class Unmatched:
    """What could not be put to a debtor, and why."""

    place: str
    reason: str


@dataclass(slots=True)
class PastRead:
    """What an import brought.

    Attributes:
        known: How many letters had been read in before.
        unmatched: What lies there still, for a person to look at.
        unread: Papers that were kept although their text could not be read.
    """

    taken: list[LetterId] = field(default_factory=list)
    known: int = 0
    unmatched: list[Unmatched] = field(default_factory=list)
    unread: list[Unmatched] = field(default_factory=list)


Piece = IncomingMail | Paper | str
"""A mail, a paper, or why there is neither."""


def read_past(
    database: Database,
    scope: TenantScope,
    path: Path,
    *,
    own: frozenset[str],
    zone: ZoneInfo,
    now: datetime,
) -> PastRead:
    """Read correspondence in; a second time brings nothing new.

    Args:
        database: The ledger's.
        scope: Of the tenant whose correspondence it is.
        path: A folder, which is read with all below it, or one file.
        own: The tenant's own addresses, or domains beginning with `@`.
        zone: The tenant's.
        now: The instant.

    Raises:
        NoFolderError: There is nothing to read at the path.
    """
    result = PastRead()
    for place, piece in pieces(path):
        if isinstance(piece, str):
            result.unmatched.append(Unmatched(place, piece))
            continue
        if isinstance(piece, Paper):
            _read_paper(database, scope, place, piece, zone, now, result)
            continue
        with database.tenant(scope) as session:
            letter = _of_mail(session, piece, own, now)
            _keep(session, place, letter, result, now)
    return result


def _read_paper(
    database: Database,
    scope: TenantScope,
    place: str,
    paper: Paper,
    zone: ZoneInfo,
    now: datetime,
    result: PastRead,
) -> None:
    # No transaction is open: to read a paper may take long.
    read = text_of(paper.content)
    with database.tenant(scope) as session:
        before = len(result.taken)
        _keep(session, place, _of_paper(session, paper, read, zone), result, now)
        if read.why_not and len(result.taken) > before:
            result.unread.append(Unmatched(place, read.why_not))


def pieces(path: Path) -> Iterator[tuple[str, Piece]]:
    """Yield what lies at a path, in the order of names, with where it lies.

    Raises:
        NoFolderError: Nothing does, or it is of another kind.
    """
    if path.is_dir():
        files = sorted(one for one in path.rglob("*") if _is_readable(one, path))
        for one in files[:FILES_MAX]:
            yield from _in_file(one, one.relative_to(path).as_posix())
    elif path.is_file() and path.suffix.lower() in MAILS | MAILBOXES | PAPERS:
        yield from _in_file(path, path.name)
    else:
        raise NoFolderError(path)


def _is_readable(one: Path, folder: Path) -> bool:
    """Whether it is a file of correspondence in the folder, and no link out of it."""
    kinds = MAILS | MAILBOXES | PAPERS
    if one.suffix.lower() not in kinds or not one.is_file():
        return False
    return one.resolve().is_relative_to(folder.resolve())


def _in_file(path: Path, place: str) -> Iterator[tuple[str, Piece]]:
    kind = path.suffix.lower()
    if kind in MAILBOXES:
        yield from _in_mailbox(path, place)
        return
    size = path.stat().st_size
    if size > MAIL_MAX:
        yield place, f"it is too large ({size} bytes)"
    elif kind in MAILS:
        yield place, read_mail(path.read_bytes())
    else:
        yield place, _paper(path)


def _in_mailbox(path: Path, place: str) -> Iterator[tuple[str, Piece]]:
    box = mailbox.mbox(path, create=False)
    try:
        for key in box.iterkeys():
            # The line `From …` that parts mails is not one of the mail's.
            raw = box.get_bytes(key)
            where = f"{place}#{int(key) + 1}"
            if len(raw) > MAIL_MAX:
                yield where, f"it is too large ({len(raw)} bytes)"
            else:
                yield where, read_mail(raw)
    finally:
        box.close()


def _paper(path: Path) -> Paper:
    saved_at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    return Paper(path.name, path.read_bytes(), _date_in(path.stem), saved_at)


def _date_in(name: str) -> date | None:
    for match in _DATE.finditer(name):
        try:
            return date(int(match[1]), int(match[2]), int(match[3]))
        except ValueError:
            continue
    return None


def _keep(
    session: Session,
    place: str,
    letter: Letter | str,
    result: PastRead,
    now: datetime,
) -> None:
    if isinstance(letter, str):
        result.unmatched.append(Unmatched(place, letter))
        return
    made = letters.add(session, letter, now)
    if made is None:
        result.known += 1
    else:
        result.taken.append(made)


def _of_mail(
    session: Session, mail: IncomingMail, own: frozenset[str], now: datetime
) -> Letter | str:
    """Return a mail as a letter of its debtor, or why it is of none."""
    known = letters.known(session, [mail.mail_id])
    is_outgoing = _is_own(mail.sender, own)
    others = mail.recipients if is_outgoing else (mail.sender,)
    outside = tuple(one for one in others if one and not _is_own(one, own))
    text = f"{mail.subject}\n{own_words(mail.text)}\n" + "\n".join(
        one.name for one in mail.attachments
    )
    debtor_id = None
    message = answered(session, (mail.mail_id, *mail.references))
    if message is not None:
        debtor_id = message.debtor_id
    elif not known:
        found = whose(session, text, outside)
        if isinstance(found, str):
            return found
        debtor_id = found
    return Letter(
        origin=LetterOrigin.IMPORT,
        mail_id=mail.mail_id,
        received_at=mail.sent_at or now,
        sender=mail.sender,
        recipient=", ".join(mail.recipients),
        subject=mail.subject,
        text=mail.text,
        is_outgoing=is_outgoing,
        debtor_id=debtor_id,
        message_id=None if message is None else message.id,
        document_ids=tuple(
            one.id
            for one in (
                []
                if debtor_id is None
                else named_in(text, letters.numbers_of(session, debtor_id))
            )
        ),
        found={"left_out": list(mail.left_out)} if mail.left_out else {},
        attachments=mail.attachments,
    )


def _of_paper(
    session: Session, paper: Paper, read: PaperText, zone: ZoneInfo
) -> Letter | str:
    """Return a paper as a letter of its debtor, or why it is of none.

    Its name goes before its text: somebody gave it, and a text may name many numbers.
    """
    stem = Path(paper.name).stem
    name = stem.replace("_", " ").replace(",", " ")
    text = clean(read.text)
    found = whose(session, name, ())
    if isinstance(found, str) and text:
        found = whose(session, text[:TEXT_MAX], ())
    if isinstance(found, str):
        return f"{found}; {read.why_not}" if read.why_not else found
    at = paper.saved_at
    if paper.written_on is not None:
        at = datetime.combine(paper.written_on, time(12), zone).astimezone(UTC)
    named = named_in(
        f"{stem.replace('_', ' ')}\n{text[:TEXT_MAX]}",
        letters.numbers_of(session, found),
    )
    return Letter(
        origin=LetterOrigin.IMPORT,
        mail_id=f"sha256:{sha256(paper.content).hexdigest()}",
        received_at=at,
        sender="",
        recipient="",
        subject=clean(paper.name),
        text=text,
        debtor_id=found,
        document_ids=tuple(one.id for one in named),
        found={"unread": read.why_not} if read.why_not else {},
        attachments=(
            Attachment(harmless_name(paper.name), "application/pdf", paper.content),
        ),
    )


def whose(session: Session, text: str, addresses: Sequence[str]) -> DebtorId | str:
    """Return the one debtor that numbers and addresses name, or why there is none."""
    found = letters.numbered(session, spellings(text))
    by_number = {
        one.debtor_id for one in named_in(text, found) if is_telling(one.number)
    }
    at_address = {
        debtor for one in addresses for debtor in contacts.debtors_at(session, one)
    }
    both = (
        by_number & at_address if by_number and at_address else by_number or at_address
    )
    if len(both) == 1:
        return next(iter(both))
    if not by_number and not at_address:
        return "no document number and no address of a debtor is in it"
    if not both:
        return "its numbers and its address are of different debtors"
    return "it could be of several debtors"


def _is_own(address: str, own: frozenset[str]) -> bool:
    written = address.lower()
    return written in own or f"@{written.rpartition('@')[2]}" in own
