"""What is said to debtors, and what is known of them beside their account.

Frozen records of what the ledger keeps; the decisions over them are made elsewhere.
Dates are business dates of the tenant, instants aware in UTC, amounts whole minor units
of the currency named.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum, auto
from typing import Any, Final, NewType

from ledger.ids import DebtorId, DocumentId
from ledger.money import Currency

MessageId = NewType("MessageId", int)
ContactId = NewType("ContactId", int)
StopId = NewType("StopId", int)
TaskId = NewType("TaskId", int)
LetterId = NewType("LetterId", int)


class Voice(StrEnum):
    """In whose name is spoken."""

    CLIENT = auto()
    """The tenant's own."""
    AGENCY = auto()
    """The collection agency's."""


class Channel(StrEnum):
    """How a debtor is spoken to."""

    EMAIL = auto()
    LETTER = auto()
    CALL = auto()
    """A person calls; the step is a task."""


class Tone(StrEnum):
    """How a message sounds; each is firmer than the one before."""

    SERVICE = auto()
    """Before the due date: is all well with the invoice?"""
    FRIENDLY = auto()
    COURTEOUS = auto()
    FIRM = auto()
    SERIOUS = auto()
    """The formal notice, with a date certain."""

    @property
    def level(self) -> int:
        """Its place on the ladder, from 0."""
        return _TONE_LEVELS[self]


_TONE_LEVELS: Final = {tone: place for place, tone in enumerate(Tone)}


def firmer(one: Tone | None, other: Tone | None) -> Tone | None:
    """Return the firmer of two tones; None is none at all."""
    if one is None or other is None:
        return one or other
    return one if one.level >= other.level else other


STATEMENT: Final = "statement:"
"""How the step of a statement of account begins, before its month."""
COPY: Final = "copy:"
"""How the step of copies begins that were asked for, before the letter's number."""
ONCE: Final = (STATEMENT, COPY)
"""How the step of what is said once begins, whatever the day."""


class MessageState(StrEnum):
    """Where a message is on its way; a row never goes back."""

    PLANNED = auto()
    """Decided; waits for a person's release."""
    READY = auto()
    """Released; waits for delivery."""
    SENDING = auto()
    """Handed to delivery, and not known to have gone."""
    SENT = auto()
    """Taken over by the mail server, the folder or the printer."""
    UNKNOWN = auto()
    """Cut off while being sent; a person must say whether it went."""
    FAILED = auto()
    """Refused for good; it did not go."""
    BOUNCED = auto()
    """Came back undelivered."""
    CANCELLED = auto()
    """Withdrawn before it was sent: the gate refused, or a person did."""

    @property
    def counts(self) -> bool:
        """Whether its steps count as taken, or may yet."""
        return self not in {
            MessageState.FAILED,
            MessageState.BOUNCED,
            MessageState.CANCELLED,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageItem:
    """An item that a message speaks of, as it stood when it was said.

    Attributes:
        part: The instalment, from 1; 0 for a whole document.
        step: The step this item has reached with it; empty where it is only listed.
        round: Rises when an item had reached zero and was open again.
    """

    document_id: DocumentId
    part: int
    number: str
    issued_on: date
    due_on: date
    total_minor: int
    open_minor: int
    step: str
    round: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message to one debtor, in one currency and voice; what was said, exactly.

    Attributes:
        business_on: The business day it was decided for.
        step: The highest step it takes; of a statement of account its month.
        template: Which text it was made from: its name, its variant, its version.
        address: Where it goes: an e-mail address, or a postal one by lines.
        credits_minor: Unapplied credits shown, as a positive amount.
        mail_id: The Message-ID header, the same however often it is made.
        thread: The Message-ID of the debtor's earlier message it follows.
        attachments: What is sent with it: names, types and contents.
        certain_on: The day by which a final demand asks for payment.
        rule: The country's rules it satisfies, as `DK@2026.1`.
    """

    id: MessageId | None = None
    debtor_id: DebtorId
    voice: Voice
    identity: str
    channel: Channel
    currency: Currency
    business_on: date
    state: MessageState
    cadence: str
    cadence_version: int
    step: str
    tone: Tone
    template: str
    language: str
    contact_id: ContactId | None
    recipient: str
    address: str
    subject: str
    text: str
    html: str
    mail_id: str
    thread: str | None = None
    total_minor: int
    credits_minor: int = 0
    items: tuple[MessageItem, ...] = ()
    attachments: tuple["Attachment", ...] = ()

    @property
    def variant(self) -> str:
        """Of its text, which is named `KEY/LANGUAGE+VARIANT@VERSION`; or empty."""
        return self.template.partition("@")[0].partition("+")[2]

    certain_on: date | None = None
    rule: str = ""

    @property
    def is_statement(self) -> bool:
        """Whether it only lists what is open: no item takes a step with it."""
        return self.step.startswith(STATEMENT)


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes or came with a message."""

    name: str
    media_type: str
    content: bytes


class StopKind(StrEnum):
    """What stops the clock."""

    DISPUTE = auto()
    PROMISE = auto()
    PLAN = auto()
    HOLD = auto()
    INSOLVENCY = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class StopItem:
    """An item that a stop speaks of.

    Attributes:
        amount_minor: How much of it; None means all that is open.
    """

    document_id: DocumentId
    part: int = 0
    amount_minor: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """A dated fact that stops the clock: a dispute, a promise, a plan, a hold.

    Attributes:
        items: What it speaks of; empty means all of the debtor's account.
        amount_minor: The amount promised or disputed in all, if one was said.
        begins_on: Its first day; it may lie before the day it became known.
        ends_on: Its last day, both ends counting; None while it stands.
        due_on: The promised date, or when the dispute must be answered.
        state: `open` or `ended`, or a state of its own kind.
        reason: A code of its kind's table.
        said_by: Who said it, as the debtor's side is concerned.
        recorded_by: Who entered it: a person, or `reply`.
    """

    id: StopId | None = None
    kind: StopKind
    debtor_id: DebtorId
    items: tuple[StopItem, ...] = ()
    currency: Currency | None = None
    amount_minor: int | None = None
    begins_on: date
    ends_on: date | None = None
    due_on: date | None = None
    state: str = "open"
    reason: str = ""
    note: str = ""
    said_by: str = ""
    recorded_by: str
    letter_id: LetterId | None = None
    details: Mapping[str, Any] = field(default_factory=dict)

    def stands_on(self, day: date) -> bool:
        """Say whether it stands on a day; both ends count."""
        if day < self.begins_on or self.state == "cancelled":
            return False
        return self.ends_on is None or day <= self.ends_on


class Person(StrEnum):
    """Whether a debtor is a natural person, as far as is known."""

    YES = auto()
    NO = auto()
    UNKNOWN = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class DebtorNote:
    """What the tenant says of a debtor beside the books.

    Attributes:
        tags: Words that assignment rules ask for.
        language: Spoken to in it, whatever the books say.
        region: ISO 3166-2, for public holidays.
        timezone: IANA name, for business hours.
        address: Its postal address, by lines.
        excluded_from: Not spoken to from this day on.
        excluded_until: Up to this day, counting; None for good.
    """

    debtor_id: DebtorId
    person: Person = Person.UNKNOWN
    tags: frozenset[str] = frozenset()
    language: str | None = None
    region: str | None = None
    timezone: str | None = None
    address: tuple[str, ...] = ()
    excluded_from: date | None = None
    excluded_until: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Somebody at a debtor's.

    Attributes:
        rank: The lowest is spoken to first; the next where that one is out of reach.
        bounced_on: The day mail to it came back; None while it is good.
    """

    id: ContactId | None = None
    debtor_id: DebtorId
    name: str
    email: str | None = None
    phone: str | None = None
    language: str | None = None
    rank: int = 0
    bounced_on: date | None = None
    is_wrong: bool = False

    @property
    def is_reachable(self) -> bool:
        """Whether mail may be tried."""
        return bool(self.email) and self.bounced_on is None and not self.is_wrong


class Mode(StrEnum):
    """How far a tenant lets the product speak."""

    CLOSED = auto()
    """Nothing was released yet."""
    OBSERVE = auto()
    """Decide, never send."""
    APPROVE = auto()
    """A person releases each night's messages."""
    AUTOMATIC = auto()
    """What the gate allows is sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mandate:
    """What the client has allowed; the last one counts.

    Attributes:
        id: Named on every message.
        debtors_are_businesses: Whether the client declared so; a debtor of whom
            nothing is known is then taken for one.
        is_paused: Whether the client stopped everything for the time being.
        fallbacks: By country, the language to use where the right one is missing.
    """

    id: int
    mode: Mode
    given_by: str
    given_at: datetime
    debtors_are_businesses: bool = False
    is_paused: bool = False
    note: str = ""
    fallbacks: Mapping[str, str] = field(default_factory=dict)

    @property
    def lets_send(self) -> bool:
        """Whether anything may go out, released by a person or by itself."""
        return self.mode in {Mode.APPROVE, Mode.AUTOMATIC}


class TaskKind(StrEnum):
    """What a person is asked to do."""

    CALL = auto()
    REPLY = auto()
    """Read what a debtor wrote."""
    TRANSLATION = auto()
    """A language, or a legal text, is missing."""
    CONTACT = auto()
    """Nobody at the debtor's can be reached."""
    DELIVERY = auto()
    """Say whether a message went."""
    IDENTITY = auto()
    """A sender's domain is not healthy."""
    REVIEW = auto()
    """A decision needs a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """Something for a person.

    Attributes:
        key: What it is about; an open task of the same key is not made twice.
        due_on: When it should be done.
        made_at: When it was asked.
        outcome: A code, once it is done.
    """

    id: TaskId | None = None
    kind: TaskKind
    key: str
    debtor_id: DebtorId | None = None
    message_id: MessageId | None = None
    letter_id: LetterId | None = None
    title: str
    details: Mapping[str, Any] = field(default_factory=dict)
    due_on: date
    made_at: datetime | None = None
    done_at: datetime | None = None
    outcome: str = ""


class ReplyKind(StrEnum):
    """What a debtor's letter says."""

    PROMISE = auto()
    DISPUTE = auto()
    ALREADY_PAID = auto()
    COPY_REQUEST = auto()
    WRONG_CONTACT = auto()
    OUT_OF_OFFICE = auto()
    OTHER = auto()
    """Anything else, and whatever is not sure enough: for a person."""


class LetterOrigin(StrEnum):
    """How a letter of a debtor came in."""

    MAILBOX = auto()
    IMPORT = auto()
    """Past correspondence that was read in."""
    ENTERED = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What came from a debtor, or went between both before.

    Attributes:
        mail_id: The Message-ID header; a letter is taken in once.
        is_outgoing: Whether the client's side wrote it.
        message_id: The message of ours it answers, if any.
        kind: What it says; None for what is only kept.
        confidence_percent: How sure that is.
        is_open: Whether a person or a rule must still answer it.
        found: What was read out of it: dates, amounts, reasons, items.
        known_at: When we took it in, by our own clock; None before that.
    """

    id: LetterId | None = None
    origin: LetterOrigin
    mail_id: str
    received_at: datetime
    sender: str
    recipient: str
    subject: str
    text: str
    is_outgoing: bool = False
    debtor_id: DebtorId | None = None
    message_id: MessageId | None = None
    document_ids: tuple[DocumentId, ...] = ()
    kind: ReplyKind | None = None
    confidence_percent: int = 0
    is_open: bool = False
    found: Mapping[str, Any] = field(default_factory=dict)
    attachments: tuple[Attachment, ...] = ()
    known_at: datetime | None = None
