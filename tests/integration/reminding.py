"""Builders for what is said to debtors: messages, identities, a released tenant."""

from datetime import UTC, date, datetime, time
from uuid import UUID

from ledger.identities import ClientIdentity
from ledger.ids import DebtorId, DocumentId, SourceId
from ledger.money import Currency
from ledger.records import DocumentKind, DocumentRef
from ledger.reminders import (
    Channel,
    Mandate,
    Message,
    MessageItem,
    MessageState,
    Mode,
    Tone,
    Voice,
)
from ledger.store import keys, mandates
from ledger.testing import AN_INSTANT, EUR, Books

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
