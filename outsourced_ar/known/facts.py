"""What a decision about a debtor is made from, and what it says.

Everything a decision needs is here, so that the same facts make the same decision on
any later day. Items and amounts are of one tenant; dates are its business dates.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum, auto

from ledger.ids import DebtorId, DocumentId
from ledger.money import Currency
from ledger.records import DocumentKind
from ledger.reminders import (
    Channel,
    Contact,
    DebtorNote,
    Mandate,
    MessageItem,
    Stop,
    Tone,
    Voice,
    firmer,
)
from outsourced_ar.known.demand import Demand
from outsourced_ar.known.escalation import Escalation
from outsourced_ar.known.late_figures import LateFigures


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenStep:
    """A step that an item has taken and that counts: it was not undelivered.

    Attributes:
        on: The business day of its message.
        is_sent: Whether its message has gone, and not only may.
    """

    cadence: str
    step: str
    tone: Tone
    channel: Channel
    on: date
    round: int
    voice: Voice = Voice.CLIENT
    is_sent: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """An open item that is owed: a document, or one instalment of it.

    Attributes:
        part: The instalment, from 1; 0 for a whole document.
        is_inferred: Whether the due date was not given by the books.
        first_known_on: The business day on which the ledger first knew it.
        round: How often it was open again after it had reached zero; only steps of
            the same round count as taken.
        disputed_minor: What the books say is disputed.
        listed: The firmest tone of the messages of its round that only listed it.
        case: The reference of the case it is placed with; empty where it is not.
        returned_on: The day it last came back from an agency.
        late: What came of its lateness, where the client wants that spoken of.
    """

    document_id: DocumentId
    part: int
    kind: DocumentKind
    number: str
    currency: Currency
    issued_on: date
    due_on: date
    is_inferred: bool
    total_minor: int
    open_minor: int
    first_known_on: date
    round: int = 0
    disputed_minor: int = 0
    taken: tuple[TakenStep, ...] = ()
    listed: Tone | None = None
    case: str = ""
    returned_on: date | None = None
    late: LateFigures | None = None

    def said(self, step: str = "", *, open_minor: int | None = None) -> MessageItem:
        """Return it as a message speaks of it.

        Args:
            step: The step it takes with it; empty where it is only listed.
            open_minor: What is asked for of it; all that is open if not given.
        """
        return MessageItem(
            document_id=self.document_id,
            part=self.part,
            number=self.number,
            issued_on=self.issued_on,
            due_on=self.due_on,
            total_minor=self.total_minor,
            open_minor=self.open_minor if open_minor is None else open_minor,
            step=step,
            round=self.round,
        )

    @property
    def demanded_on(self) -> date | None:
        """The day the agency last demanded it, unless it came back since."""
        days = [
            one.on
            for one in self.taken
            if one.voice is Voice.AGENCY
            and one.round == self.round
            and (self.returned_on is None or one.on > self.returned_on)
        ]
        return max(days, default=None)

    @property
    def is_agencys(self) -> bool:
        """Whether the client's name says nothing of it any more."""
        return bool(self.case) or self.demanded_on is not None

    @property
    def heard(self) -> Tone | None:
        """The firmest tone in which it was spoken of in its round."""
        heard = self.listed
        for one in self.taken:
            if one.round == self.round:
                heard = firmer(heard, one.tone)
        return heard


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """How a debtor paid before; `payments` 0 means there is no history.

    Attributes:
        days_late: Amount-weighted mean of days late over the last year.
        trend: The last quarter's less the year's; positive is getting later.
        broken_promises: In the last year.
        sales_minor: Sales of the last year, in the tenant's home currency.
    """

    payments: int = 0
    days_late: int = 0
    trend: int = 0
    broken_promises: int = 0
    sales_minor: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """A message to the debtor that went, or may have gone.

    Attributes:
        statement: Of which month it is a statement of account; empty if it is none.
        goes_today: Whether it is about to go, or went on the day of the decision.
        went_on: The day it went, or may have gone, where that is later than the day it
            was decided for.
    """

    on: date
    voice: Voice
    channel: Channel
    currency: Currency
    tone: Tone
    statement: str = ""
    goes_today: bool = False
    went_on: date | None = None

    @property
    def counts_on(self) -> date:
        """The day from which it counts that the debtor was spoken to."""
        return self.went_on or self.on


@dataclass(frozen=True, slots=True, kw_only=True)
class DebtorFacts:
    """All that is known of a debtor when it is decided about.

    Attributes:
        country: ISO 3166-1, as the books say.
        credits: Unapplied cash and credits by currency, as positive amounts.
        ended: Stops that are over; their days were paused.
        spoken: What was said in the last ninety days.
        read_at: When the oldest of its connections was last read whole; None if one
            never was.
        differs: Whether the last proof found a difference on this debtor, or one that
            could not be put to a debtor.
        open_letters: Letters of its that nobody has answered.
        away: Who is away, by address in lower case, and back on which day.
        tax_id: A tax number is a sign of a business.
    """

    debtor_id: DebtorId
    number: str
    name: str
    country: str | None
    language: str | None
    tax_id: str | None
    note: DebtorNote
    contacts: tuple[Contact, ...] = ()
    items: tuple[Item, ...] = ()
    credits: Mapping[Currency, int] = field(default_factory=dict)
    stops: tuple[Stop, ...] = ()
    ended: tuple[Stop, ...] = ()
    spoken: tuple[Spoken, ...] = ()
    behaviour: Behaviour = Behaviour()
    read_at: datetime | None = None
    differs: bool = False
    open_letters: int = 0
    away: Mapping[str, date] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tonight:
    """What is the same for every debtor of a night.

    Attributes:
        today: The tenant's business day.
        now: The instant of deciding.
        languages: The languages in which each voice's texts are complete.
        sick_identities: Keys of identities whose domain is not healthy.
        home_currency: Of the tenant's books, and so of sales.
        escalation: What the client contracted beyond reminders.
    """

    today: date
    now: datetime
    country: str
    timezone: str
    mandate: Mandate | None
    languages: Mapping[Voice, frozenset[str]]
    sick_identities: frozenset[str] = frozenset()
    home_currency: Currency | None = None
    escalation: Escalation = field(default_factory=Escalation)


class Silence(StrEnum):
    """Why a debtor is not spoken to."""

    NOT_RELEASED = auto()
    PAUSED = auto()
    STALE = auto()
    """The books were not read for too long."""
    DIFFERS = auto()
    """The debtor's balance is not proved."""
    DISPUTED = auto()
    PROMISED = auto()
    ON_PLAN = auto()
    ON_HOLD = auto()
    INSOLVENT = auto()
    EXCLUDED = auto()
    COVERED_BY_CREDITS = auto()
    """Unapplied cash or credits are as much as what is overdue."""
    UNDER_MINIMUM = auto()
    UNANSWERED = auto()
    """A letter of the debtor waits for an answer."""
    BOUNCED = auto()
    NO_CONTACT = auto()
    AWAY = auto()
    """Whoever would be written to is away, and nobody else is there."""
    NO_TEXT = auto()
    """A translation or a legal text is missing."""
    NATURAL_PERSON = auto()
    NOT_KNOWN_A_BUSINESS = auto()
    QUIET_HOURS = auto()
    WEEKEND = auto()
    HOLIDAY = auto()
    GAP = auto()
    """It was spoken to too recently."""
    INFERRED_DUE_DATE = auto()
    SICK_IDENTITY = auto()
    PLACED = auto()
    """It is with an agency; nobody else speaks of it."""
    DEMANDED = auto()
    """The agency has demanded it; the client's name says nothing of it any more."""
    NOT_CONTRACTED = auto()
    """The client has reminders only, or no agency to speak."""
    NOT_PREPARED = auto()
    """What must come before a final demand was not delivered."""
    RATE_MISSING = auto()
    """Interest is demanded, and a rate for it is not known."""
    NOTHING_DUE = auto()
    """No step is reached."""
    PAID = auto()
    """Nothing is owed any more; found at the time of sending."""
    CHANGED = auto()
    """What is owed is not what the message says; it is decided anew."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why not, with the facts behind it, in words a person understands.

    Attributes:
        until: From when on it may be otherwise, where that is known.
    """

    reason: Silence
    because: str
    until: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Speech:
    """What is to be said to a debtor: not yet in words.

    Attributes:
        items: Every overdue item and those the step is about; each that takes a step
            names it, and others are listed with an empty step. What is open of an item
            is what is asked for: without the part that is disputed.
        tone: As firm as the step, and as what any listed item was told before.
        chosen_by: The assignment rule that chose the cadence, in words.
        segment: The debtor's segment, with `segment_because`.
        variant: Of the step's text, where it has several.
        fallback_from: The language it would have been, where the client named another
            for the debtor's country; empty otherwise.
        demand: What the agency demands, where it speaks.
        rule: The country's rules it satisfies, as `DK@2026.1`.
    """

    debtor_id: DebtorId
    currency: Currency
    voice: Voice
    identity: str
    channel: Channel
    cadence: str
    cadence_version: int
    step: str
    tone: Tone
    template: str
    language: str
    contact: Contact | None
    items: tuple[MessageItem, ...]
    total_minor: int
    credits_minor: int
    chosen_by: str
    segment: str
    segment_because: str
    fallback_from: str = ""
    variant: str = ""
    demand: Demand | None = None
    rule: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What was decided about a debtor's items of one currency, and why.

    Attributes:
        speech: None where it stays silent.
        refusals: Each reason to stay silent; the first is the one shown.
        next_on: By document, when its next step is due; far away if it has none.
        statement: The statement of account it is about; empty where about reminders.
    """

    debtor_id: DebtorId
    currency: Currency
    speech: Speech | None
    refusals: tuple[Refusal, ...] = ()
    next_on: Mapping[DocumentId, date] = field(default_factory=dict)
    statement: str = ""
