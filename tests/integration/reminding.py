"""Builders for what is said to debtors: messages, identities, a released tenant."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from uuid import UUID

from msgspec import structs

from ledger.calendar import FixedClock
from ledger.identities import ClientIdentity
from ledger.ids import DebtorId, DocumentId, SourceId
from ledger.money import Currency
from ledger.records import Debtor, DocumentKind, DocumentRef
from ledger.reminders import (
    ONCE,
    Channel,
    Mandate,
    Message,
    MessageItem,
    MessageState,
    Mode,
    Tone,
    Voice,
)
from ledger.store import connections, decisions, keys, mandates, messages
from ledger.store.connections import RunState
from ledger.store.decisions import StoredDecision
from ledger.testing import AN_INSTANT, EUR, Books, a_debtor
from outsourced_ar.deciding.night import NightResult, plan_night
from outsourced_ar.known.demand import Demand
from outsourced_ar.known.facts import DebtorFacts, Speech, Tonight
from outsourced_ar.wording.composing import Composer, MissingTextError

A_DAY = date(2026, 3, 10)
AN_HOUR = datetime.combine(A_DAY, time(9), UTC)


def debtor_key(books: Books, number: str = "D1") -> DebtorId:
    """Return the key of a debtor by its number."""
    return keys.debtor_id(books.connection.id, SourceId(number))


def document_key(books: Books, number: str) -> DocumentId:
    """Return the key of an invoice by its number."""
    ref = DocumentRef(DocumentKind.INVOICE, SourceId(number))
    return keys.document_id(books.connection.id, ref)


def released(books: Books, mode: Mode = Mode.AUTOMATIC) -> Mandate:
    """Let the client of some books allow reminders, of businesses."""
    with books.database.tenant(books.tenant.scope) as session:
        return mandates.give(
            session,
            mode=mode,
            given_by="the client",
            given_at=AN_INSTANT,
            debtors_are_businesses=True,
        )


def an_item(books: Books, number: str = "I1", *, step: str = "first") -> MessageItem:
    """Make an item of a message about an invoice."""
    return MessageItem(
        document_id=document_key(books, number),
        part=0,
        number=number,
        issued_on=date(2026, 1, 1),
        due_on=date(2026, 1, 31),
        total_minor=100_00,
        open_minor=100_00,
        step=step,
    )


def a_message(
    books: Books,
    *items: MessageItem,
    debtor: str = "D1",
    on: date = A_DAY,
    channel: Channel = Channel.EMAIL,
    currency: Currency = EUR,
    state: MessageState = MessageState.READY,
) -> Message:
    """Make a message, ready to go."""
    debtor_id = debtor_key(books, debtor)
    named = f"{channel}.{currency}.{on}.{UUID(str(debtor_id)).hex}"
    return Message(
        debtor_id=debtor_id,
        voice=Voice.CLIENT,
        identity="client",
        channel=channel,
        currency=currency,
        business_on=on,
        state=state,
        cadence="default",
        cadence_version=1,
        step="first",
        tone=Tone.COURTEOUS,
        template="overdue",
        language="en",
        contact_id=None,
        recipient="Ada",
        address="ada@debtor.example",
        subject="Reminder",
        text="Dear Ada",
        html="<p>Dear Ada</p>",
        mail_id=f"<{named}@client.example>",
        total_minor=sum(item.open_minor for item in items),
        items=items or (an_item(books),),
    )


def an_identity(key: str = "client") -> ClientIdentity:
    """Make the tenant's own identity."""
    return ClientIdentity(
        key=key,
        name="Client & Sons",
        address=("1 Street", "12345 Town"),
        country="DE",
        email="accounts@client.example",
        reply_to="accounts@client.example",
        logo=b"\x89PNG\x00",
    )


@dataclass
class PlainComposer:
    """Writes in one sentence; a test may have it run something, or lack a language."""

    lacking: frozenset[str] = frozenset()
    happens: Callable[[], None] | None = None

    def compose(
        self,
        speech: Speech,
        facts: DebtorFacts,
        tonight: Tonight,
        *,
        demand: Demand | None = None,  # noqa: ARG002 - its words hold none
    ) -> Message:
        """Return a message whose words are its figures."""
        if self.happens is not None:
            happens, self.happens = self.happens, None
            happens()
        if speech.language in self.lacking:
            raise MissingTextError(language=speech.language, what=speech.template)
        contact = speech.contact
        address = {
            Channel.EMAIL: contact and contact.email,
            Channel.CALL: contact and contact.phone,
            Channel.LETTER: "\n".join(facts.note.address),
        }[speech.channel]
        named = f"{speech.debtor_id.hex}.{speech.channel}.{speech.currency}"
        of = speech.step if speech.step.startswith(ONCE) else tonight.today
        return Message(
            debtor_id=speech.debtor_id,
            voice=speech.voice,
            identity=speech.identity,
            channel=speech.channel,
            currency=speech.currency,
            business_on=tonight.today,
            state=MessageState.PLANNED,
            cadence=speech.cadence,
            cadence_version=speech.cadence_version,
            step=speech.step,
            tone=speech.tone,
            template=speech.template,
            language=speech.language,
            contact_id=contact.id if contact else None,
            recipient=facts.name,
            address=address or "",
            subject=f"{speech.step} for {facts.name}",
            text=f"{speech.total_minor} {speech.currency}",
            html="",
            mail_id=f"<{named}.{of}@client.example>",
            total_minor=speech.total_minor,
            credits_minor=speech.credits_minor,
            items=speech.items,
        )

    def outcomes(self, language: str) -> Mapping[str, str]:
        """Return two ways a call may end."""
        return {"promise": f"promise ({language})", "no_answer": "nobody there"}


LANGUAGES = {Voice.CLIENT: frozenset({"de", "en"}), Voice.AGENCY: frozenset({"de"})}


def a_customer(number: str = "D1") -> Debtor:
    """Make a German debtor that can be mailed."""
    return structs.replace(
        a_debtor(number, f"Customer {number} GmbH"),
        country="DE",
        email=f"{number.lower()}@debtor.example",
    )


def read_whole(books: Books, at: datetime) -> None:
    """Note that the books were read from end to end."""
    with books.database.tenant(books.tenant.scope) as session:
        run = connections.begin_run(
            session, books.connection.id, started_at=at, business_on=at.date()
        )
        connections.end_run(
            session, run, state=RunState.COMPLETED, completed_at=at, summary={}
        )


def night_clock(day: date) -> FixedClock:
    """Stand at four in the morning, UTC, of a day."""
    return FixedClock(datetime.combine(day, time(4), UTC))


def a_night(
    books: Books,
    day: date = A_DAY,
    composer: Composer | None = None,
    *,
    everyone: bool = False,
    batch: int = 500,
) -> NightResult:
    """Read the books and plan a night."""
    clock = night_clock(day)
    read_whole(books, clock.now())
    return plan_night(
        books.database,
        books.tenant,
        clock,
        composer or PlainComposer(),
        languages=LANGUAGES,
        everyone=everyone,
        batch=batch,
    )


def said(books: Books) -> list[Message]:
    """Return every message there is, by day."""
    with books.database.question(books.tenant.scope) as session:
        return [one.message for one in messages.listing(session)]


def decided(books: Books) -> list[StoredDecision]:
    """Return every decision there is, by day."""
    with books.database.question(books.tenant.scope) as session:
        return decisions.listing(session)
