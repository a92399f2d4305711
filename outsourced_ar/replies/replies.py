"""Mail comes in: once, put to its debtor, read, and turned into what follows from it.

Whatever a debtor writes holds back what is said to it, until a person or a rule has
answered. A rule answers only what is beyond doubt: a promise with its date, an address
that is wrong, somebody who is away.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from ledger.identities import Identity
from ledger.ids import DebtorId
from ledger.reminders import (
    Letter,
    LetterId,
    LetterOrigin,
    ReplyKind,
)
from ledger.store import letters, messages
from ledger.store.letters import Place
from ledger.store.session import Session
from outsourced_ar.reading.classify import Context, Reading, classify
from outsourced_ar.reading.quoting import own_words
from outsourced_ar.reading.replies_mail import Author, IncomingMail
from outsourced_ar.replies.bounces_effects import take_bounce
from outsourced_ar.replies.replies_effects import BY, Effects
from outsourced_ar.replies.replies_thread import Thread, answered, thread

PROMISE_DAYS_MAX: Final = 60
"""A promise for a later day is for a person to accept."""
WRITTEN_MAX: Final = timedelta(days=14)
"""A Date header further from the day of receipt is not believed."""
NOTE_MAX: Final = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiving:
    """The tenant whose mail comes in.

    Attributes:
        identities: Its senders: their addresses are its own.
        zone: Its calendar's.
        now: The instant, by the clock.
    """

    identities: tuple[Identity, ...]
    zone: ZoneInfo
    now: datetime

    def at(self, now: datetime) -> "Receiving":
        """Return the same at another instant."""
        return replace(self, now=now)

    @property
    def today(self) -> date:
        """The tenant's business day."""
        return self.now.astimezone(self.zone).date()

    @property
    def addresses(self) -> frozenset[str]:
        """The tenant's own addresses."""
        own = (one for i in self.identities for one in (i.email, i.reply_to))
        return frozenset(one.lower() for one in own if one)


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A mail that was taken in, and what it was found to be.

    Attributes:
        what: `reply`, `bounce`, `own copy`, `unmatched`.
    """

    letter_id: LetterId
    what: str
    kind: ReplyKind | None = None
    debtor_id: DebtorId | None = None
    is_open: bool = False


def take_in(
    session: Session,
    mail: IncomingMail,
    receiving: Receiving,
    *,
    received_at: datetime | None = None,
    place: Place | None = None,
) -> Taken | None:
    """Take a mail in with all that follows from it; None where it was known already.

    Everything is in the session's transaction: after a crash it is as if the mail had
    not been looked at.
    """
    at = received_at or receiving.now
    if letters.known(session, [mail.mail_id]):
        letters.add(session, _letter(mail, at), receiving.now, place)
        return None
    if mail.bounce is not None:
        return _bounced(session, mail, receiving, at, place)
    if mail.sender in receiving.addresses:
        return _own_copy(session, mail, receiving, at, place)
    return _reply(session, mail, receiving, at, place)


def _letter(mail: IncomingMail, at: datetime, **more: Any) -> Letter:  # noqa: ANN401 - fields
    recipients = mail.recipients or mail.delivered_to
    found: dict[str, Any] = {"sender_name": mail.sender_name, **more.pop("found", {})}
    if mail.left_out:
        found["left_out"] = list(mail.left_out)
    return Letter(
        origin=LetterOrigin.MAILBOX,
        mail_id=mail.mail_id,
        received_at=at,
        sender=mail.sender,
        recipient=", ".join(recipients),
        subject=mail.subject,
        text=mail.text,
        attachments=mail.attachments,
        found=found,
        **more,
    )


def _bounced(
    session: Session,
    mail: IncomingMail,
    receiving: Receiving,
    at: datetime,
    place: Place | None,
) -> Taken | None:
    """Keep a report, and do what it means for its message."""
    bounce = mail.bounce
    assert bounce is not None
    ids = (bounce.original_id,) if bounce.original_id else mail.references
    message = answered(session, ids)
    message = message or thread(session, mail, "", receiving.identities).message
    letter = _letter(
        mail,
        at,
        debtor_id=None if message is None else message.debtor_id,
        message_id=None if message is None else message.id,
        found={
            "bounce": bounce.kind,
            "recipient": bounce.recipient,
            "status": bounce.status,
            "diagnostic": bounce.diagnostic,
        },
    )
    made = letters.add(session, letter, receiving.now, place)
    if made is None:
        return None
    take_bounce(
        session, bounce, message, letter_id=made, at=receiving.now, on=receiving.today
    )
    return Taken(letter_id=made, what="bounce", debtor_id=letter.debtor_id)


def _own_copy(
    session: Session,
    mail: IncomingMail,
    receiving: Receiving,
    at: datetime,
    place: Place | None,
) -> Taken | None:
    """Keep what the client's side wrote; it holds nothing back."""
    message = answered(session, (mail.mail_id, *mail.references))
    letter = _letter(
        mail,
        at,
        is_outgoing=True,
        debtor_id=None if message is None else message.debtor_id,
        message_id=None if message is None else message.id,
    )
    made = letters.add(session, letter, receiving.now, place)
    if made is None:
        return None
    return Taken(letter_id=made, what="own copy", debtor_id=letter.debtor_id)


def _reply(
    session: Session,
    mail: IncomingMail,
    receiving: Receiving,
    at: datetime,
    place: Place | None,
) -> Taken | None:
    ours = answered(session, mail.references)
    own_text = own_words(mail.text, "" if ours is None else ours.text)
    found = thread(session, mail, own_text, receiving.identities)
    context = _context(session, mail, found, at, receiving.zone)
    reading = _judged(classify(own_text, context), found, context)
    letter = _letter(
        mail,
        at,
        debtor_id=found.debtor_id,
        message_id=None if found.message is None else found.message.id,
        document_ids=found.document_ids,
        kind=reading.kind,
        confidence_percent=reading.confidence_percent,
        is_open=_waits(mail, found, reading),
        found=_found(found, reading, own_text),
    )
    made = letters.add(session, letter, receiving.now, place)
    if made is None:
        return None
    if found.message is not None and found.message.id is not None:
        messages.append_event(
            session,
            [found.message.id],
            "replied",
            at=receiving.now,
            by=BY,
            details={"letter": made, "kind": reading.kind},
        )
    Effects(
        session,
        mail,
        found,
        reading,
        letter,
        made,
        at=receiving.now,
        today=receiving.today,
    ).take()
    return Taken(
        letter_id=made,
        what="reply" if found.debtor_id is not None else "unmatched",
        kind=reading.kind,
        debtor_id=found.debtor_id,
        is_open=letter.is_open,
    )


def _context(
    session: Session, mail: IncomingMail, found: Thread, at: datetime, zone: ZoneInfo
) -> Context:
    received_on = at.astimezone(zone).date()
    written_on = received_on
    if mail.sent_at is not None and abs(at - mail.sent_at) <= WRITTEN_MAX:
        written_on = min(mail.sent_at.astimezone(zone).date(), received_on)
    country, language = (None, None)
    if found.debtor_id is not None:
        country, language = letters.tongue(session, found.debtor_id)
    message = found.message
    numbers = [one.number for one in found.documents]
    numbers += [] if message is None else [one.number for one in message.items]
    return Context(
        on=written_on,
        language=_base(language if message is None else message.language),
        country=country,
        currency=None if message is None else message.currency,
        numbers=tuple(dict.fromkeys(numbers)),
        is_automatic=mail.author is Author.ANSWERING,
    )


def _base(language: str | None) -> str | None:
    return None if language is None else language.replace("_", "-").partition("-")[0]


def _judged(reading: Reading, found: Thread, context: Context) -> Reading:
    """Put down to *other* what may not be acted on, whatever the words say."""
    message = found.message
    is_sure = found.debtor_id is not None and not found.doubts
    if reading.amount is not None and context.currency is not None:
        is_sure = is_sure and reading.amount.currency == context.currency
    if reading.kind is ReplyKind.PROMISE:
        is_sure = is_sure and _is_acceptable(reading, context.on)
        is_sure = is_sure and (message is not None or bool(found.documents))
    if is_sure or reading.kind in {ReplyKind.OTHER, ReplyKind.OUT_OF_OFFICE}:
        return reading
    return replace(reading, kind=ReplyKind.OTHER, guess=reading.kind)


def _is_acceptable(reading: Reading, on: date) -> bool:
    return reading.day is not None and (reading.day - on).days <= PROMISE_DAYS_MAX


def _waits(mail: IncomingMail, found: Thread, reading: Reading) -> bool:
    """Whether a person must answer: all but what a rule can."""
    if mail.author is Author.ANSWERING:
        return False
    match reading.kind:
        case ReplyKind.OUT_OF_OFFICE | ReplyKind.WRONG_CONTACT:
            return False
        case ReplyKind.PROMISE:
            return reading.asks or bool(mail.left_out) or _is_part(found, reading)
        case _:
            # A newsletter is nobody's answer; a payment advice of a debtor is one.
            return mail.author is Author.PERSON or found.message is not None


def _is_part(found: Thread, reading: Reading) -> bool:
    """Whether less is promised than what it is about."""
    if reading.amount is None or found.message is None:
        return False
    about = set(found.document_ids)
    owed = sum(i.open_minor for i in found.message.items if i.document_id in about)
    return reading.amount.minor < owed


def _found(found: Thread, reading: Reading, own_text: str) -> Mapping[str, Any]:
    """What was read, for the person who looks at the letter and for the plan."""
    said: dict[str, Any] = {
        "how": found.how,
        "doubts": list(found.doubts),
        "language": reading.language,
        "guess": reading.guess,
        "said": own_text[:NOTE_MAX],
        "numbers": [one.number for one in found.documents],
    }
    if reading.day is not None:
        away = reading.kind is ReplyKind.OUT_OF_OFFICE
        said["return_on" if away else "day"] = reading.day.isoformat()
    if reading.amount is not None:
        said["amount_minor"] = reading.amount.minor
        said["currency"] = reading.amount.currency
    if reading.reason:
        said["reason"] = reading.reason
    if reading.addresses:
        said["addresses"] = list(reading.addresses)
    return said
