"""Whose mail this is: the debtor, our message it answers, the documents it names.

What is certain goes first: the message it answers, then the address it came back to,
then document numbers, then the sender's address. What points two ways is not matched.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from ledger.identities import Identity
from ledger.ids import DebtorId, DocumentId
from ledger.reminders import Message
from ledger.store import contacts, letters, messages
from ledger.store.letters import Numbered
from ledger.store.session import Session
from outsourced_ar.reading.classify_phrases import fold
from outsourced_ar.reading.replies_mail import IncomingMail

TOKEN: Final = "{token}"  # noqa: S105 - a placeholder, no secret
REFERENCES_MAX: Final = 50
CANDIDATES_MAX: Final = 2_000
TEXT_MAX: Final = 20_000
"""So much of a mail is looked through for numbers."""
NUMBER_MIN: Final = 3
PLAIN_NUMBER_MIN: Final = 6
"""Shorter figures are postal codes, years and times as well; of a debtor that is known
they count, of one to be found they do not."""

_WORD: Final = re.compile(r"[^\W_](?:[\w./\\#-]*[^\W_])?")
_PART: Final = re.compile(r"[^\W_]+")
_PARTING: Final = "/\\#"
_ENDING: Final = re.compile(r"[-:.][a-zà-ÿőű]{1,4}")
"""What languages that bend their nouns hang on a number."""
_HAS_DIGIT: Final = re.compile(r"\d")


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """Whose a mail is, and how that is known.

    Attributes:
        documents: Those it names, of this debtor only.
        how: `answer`, `return path`, `number`, `address`; empty where nothing matched.
        doubts: What speaks against it, in words; with any, a person must look.
    """

    debtor_id: DebtorId | None = None
    message: Message | None = None
    documents: tuple[Numbered, ...] = ()
    how: str = ""
    doubts: tuple[str, ...] = ()

    @property
    def document_ids(self) -> tuple[DocumentId, ...]:
        """Which documents it is about: those named, else those of the message."""
        named = [one.id for one in self.documents]
        said = (
            [] if self.message is None else [i.document_id for i in self.message.items]
        )
        return tuple(dict.fromkeys(named or said))


def thread(
    session: Session, mail: IncomingMail, own_text: str, identities: Iterable[Identity]
) -> Thread:
    """Find whose a mail is.

    Args:
        session: Of the tenant it came to.
        mail: The mail.
        own_text: What it says, without what it quotes.
        identities: The tenant's senders, to whose return paths mail comes back.
    """
    message = answered(session, mail.references)
    how = "answer"
    if message is None:
        message = returned(session, mail, identities)
        how = "return path"
    text = f"{mail.subject}\n{own_text}"[:TEXT_MAX]
    if message is not None:
        return _of_message(session, message, how, text)
    return _by_content(session, mail, text)


def answered(session: Session, references: Sequence[str]) -> Message | None:
    """Return the nearest message of ours among those a mail follows."""
    for one in references[:REFERENCES_MAX]:
        message = messages.by_mail_id(session, one)
        if message is not None:
            return message
    return None


def returned(
    session: Session, mail: IncomingMail, identities: Iterable[Identity]
) -> Message | None:
    """Return the message that the address a mail came to names."""
    for identity in identities:
        path = identity.route.return_path
        if TOKEN not in path:
            continue
        before, _, after = path.lower().partition(TOKEN)
        for address in (*mail.delivered_to, *mail.recipients):
            folded = address.lower()
            if folded.startswith(before) and folded.endswith(after):
                token = address[len(before) : len(address) - len(after)]
                found = messages.by_mail_id(session, f"<{token}@{identity.domain}>")
                if found is not None:
                    return found
    return None


def _of_message(session: Session, message: Message, how: str, text: str) -> Thread:
    own = letters.numbers_of(session, message.debtor_id)
    named = named_in(text, own)
    return Thread(
        debtor_id=message.debtor_id, message=message, documents=tuple(named), how=how
    )


def _by_content(session: Session, mail: IncomingMail, text: str) -> Thread:
    """Match by number and by address; where both speak they must agree."""
    at_address = (
        set(contacts.debtors_at(session, mail.sender)) if mail.sender else set()
    )
    found = letters.numbered(session, spellings(text))
    named = [one for one in named_in(text, found) if is_telling(one.number)]
    by_number = {one.debtor_id for one in named}
    both = by_number & at_address
    if len(both) == 1:
        debtor_id, how = both.pop(), "number"
    elif len(by_number) == 1 and not at_address:
        debtor_id, how = by_number.pop(), "number"
    elif len(at_address) == 1 and not by_number:
        debtor_id, how = at_address.pop(), "address"
    else:
        return Thread(doubts=_between(by_number, at_address))
    own = named_in(text, letters.numbers_of(session, debtor_id))
    return Thread(debtor_id=debtor_id, documents=tuple(own), how=how)


def _between(by_number: set[DebtorId], at_address: set[DebtorId]) -> tuple[str, ...]:
    if by_number and at_address:
        return ("the numbers in it and its sender's address are of different debtors",)
    if by_number:
        return ("the numbers in it are of several debtors",)
    if at_address:
        return ("its sender's address is of several debtors",)
    return ()


def named_in(text: str, documents: Iterable[Numbered]) -> list[Numbered]:
    """Return the documents whose numbers stand in a text, the longest match each.

    A number that several of the documents given have is matched to none of them, if
    they are of different debtors.
    """
    by_number: dict[str, list[Numbered]] = {}
    for one in documents:
        if len(one.number) >= NUMBER_MIN and _HAS_DIGIT.search(one.number):
            by_number.setdefault(plain(one.number), []).append(one)
    found: dict[DocumentId, Numbered] = {}
    ends = -1
    for start, end, number in _runs(text):
        if start < ends or number not in by_number:
            continue
        ends = end
        held = by_number[number]
        if len({one.debtor_id for one in held}) == 1:
            found.update({one.id: one for one in held})
    return list(found.values())


def is_telling(number: str) -> bool:
    """Whether a number can tell whose a mail is: it is not like any other figure."""
    bare = number.strip()
    return not bare.isdigit() or len(bare) >= PLAIN_NUMBER_MIN


def plain(number: str) -> str:
    """Return a number as it is compared: without case, blanks as one."""
    return " ".join(fold(number).split())


def spellings(text: str) -> list[str]:
    """Return all that could be a document's number in a text, as it may be stored."""
    found: dict[str, None] = {}
    for start, end, _ in _runs(text):
        written = " ".join(text[start:end].split())
        for one in (written, written.upper(), written.lower()):
            found.setdefault(one)
        if len(found) >= CANDIDATES_MAX:
            break
    return list(found)


def _runs(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield the runs of a text that could be a number, by place, the longest first."""
    words = list(_WORD.finditer(text))
    for place, word in enumerate(words):
        ends = [one.end() for one in reversed(words[place + 1 : place + 3])]
        parts = list(_PART.finditer(text, word.start(), word.end()))
        for at, part in enumerate(parts):
            if not _may_begin(text, word.start(), part.start()):
                continue
            within = [
                one.end()
                for one in reversed(parts[at:])
                if _may_end(text, one.end(), word.end())
            ]
            for stop in (*ends, *within):
                run = text[part.start() : stop]
                if (
                    "\n" not in run
                    and len(run) >= NUMBER_MIN
                    and _HAS_DIGIT.search(run)
                ):
                    yield part.start(), stop, plain(run)


def _may_begin(text: str, word_at: int, at: int) -> bool:
    """Whether a number may begin in a word: `RE-4711`, `4711/4712`, not `1-4711`."""
    before = text[word_at:at]
    return not before or before[-1] in _PARTING or not _HAS_DIGIT.search(before)


def _may_end(text: str, end: int, word_end: int) -> bool:
    """Whether it may end inside a word: `4711/4712`, `4711-es`, not `4711-A`."""
    after = text[end:word_end]
    return not after or after[0] in _PARTING or bool(_ENDING.fullmatch(after))
