"""What is to be said to an invented debtor, and who says it, to try the texts with."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from typing import Final
from uuid import NAMESPACE_DNS, UUID, uuid5

from ledger.identities import AgencyIdentity, BankAccount, ClientIdentity
from ledger.ids import DebtorId, DocumentId, TenantId
from ledger.money import Currency
from ledger.reminders import (
    Channel,
    Contact,
    ContactId,
    DebtorNote,
    MessageItem,
    Tone,
    Voice,
)
from outsourced_ar.known.demand import Demand
from outsourced_ar.known.facts import DebtorFacts, Speech, Tonight
from outsourced_ar.wording import texts
from outsourced_ar.wording.compose import MessageComposer
from outsourced_ar.wording.texts import Forms

EUR = Currency("EUR")
TODAY: Final = date(2026, 3, 27)
DEBTOR: Final = DebtorId(UUID(int=1))
TENANT: Final = TenantId(9)
COUNTRIES: Final = {
    "cs": "CZ",
    "da": "DK",
    "de": "DE",
    "en": "GB",
    "es": "ES",
    "fi": "FI",
    "fr": "FR",
    "hu": "HU",
    "it": "IT",
    "nb": "NO",
    "nl": "NL",
    "pl": "PL",
    "pt": "PT",
    "sv": "SE",
}
"""Each language's home."""

CLIENT: Final = ClientIdentity(
    key="client",
    name="Hafen Werkzeuge GmbH",
    address=("Hafenweg 3", "20457 Hamburg"),
    country="DE",
    email="konto@hafen.example",
    reply_to="antwort@hafen.example",
    phone="+49 40 555 0100",
    website="hafen.example",
    person="Jana Petersen",
    role="Debitoren",
    colour="#0f5132",
    register="HRB 12345 Hamburg, DE123456789",
    accounts=(
        BankAccount(
            holder="Hafen Werkzeuge GmbH",
            iban="DE89370400440532013000",
            bic="COBADEFFXXX",
            bank="Hafenbank",
        ),
    ),
)
AGENCY: Final = AgencyIdentity(
    key="agency",
    name="Amica Incasso B.V.",
    address=("Kade 9", "1011 AB Amsterdam"),
    country="NL",
    email="dossier@amica.example",
    reply_to="antwoord@amica.example",
    phone="+31 20 555 0199",
    website="amica.example",
    person="Sanne de Boer",
    role="Dossierbeheer",
    colour="#7a1f5c",
    register="KvK 87654321",
    accounts=(
        BankAccount(
            holder="Stichting Derdengelden Amica",
            iban="NL91ABNA0417164300",
            bic="ABNANL2A",
            bank="Grachtbank",
        ),
    ),
)


def an_item(
    number: str = "RE-2026-00117",
    *,
    issued_on: date = date(2026, 1, 28),
    due_on: date = date(2026, 2, 27),
    total_minor: int = 1_190_00,
    open_minor: int | None = None,
    step: str = "first",
    part: int = 0,
) -> MessageItem:
    """Make an item: four weeks late, nothing of it paid, and taking a step."""
    return MessageItem(
        document_id=DocumentId(uuid5(NAMESPACE_DNS, number)),
        part=part,
        number=number,
        issued_on=issued_on,
        due_on=due_on,
        total_minor=total_minor,
        open_minor=total_minor if open_minor is None else open_minor,
        step=step,
    )


PART_PAID: Final = an_item(total_minor=1_190_00, open_minor=1_000_00)
LARGE: Final = an_item(
    "RE-2026-00131",
    issued_on=date(2026, 2, 11),
    due_on=date(2026, 3, 13),
    total_minor=12_345_67,
)
ONLY_LISTED: Final = an_item(
    "RE-2026-00150",
    issued_on=date(2026, 2, 25),
    due_on=date(2026, 3, 26),
    total_minor=480_50,
    step="",
    part=2,
)
THREE: Final = (PART_PAID, LARGE, ONLY_LISTED)
A_DEMAND: Final = Demand(
    pay_by=date(2026, 4, 14),
    interest_minor=31_05,
    compensation_minor=40_00,
    case_reference="AMI-2026-0042",
)
"""With interest, compensation and a case, and no paragraph of a country's law."""


def demand_for(template: str) -> Demand | None:
    """Return what the agency demands, where a text is its own."""
    return A_DEMAND if template in texts.AGENCY_KEYS else None


def voices_of(template: str) -> tuple[Voice, ...]:
    """Return in whose name a text may be said."""
    return (Voice.AGENCY,) if template in texts.AGENCY_KEYS else tuple(Voice)


A_CONTACT: Final = Contact(
    id=ContactId(5),
    debtor_id=DEBTOR,
    name="Erika Muster",
    email="erika@kunde.example",
    phone="+49 30 901820",
)


def a_speech(
    template: str = "first",
    language: str = "en",
    *,
    items: Sequence[MessageItem] = (PART_PAID,),
    credits_minor: int = 0,
    channel: Channel = Channel.EMAIL,
    currency: Currency = EUR,
    voice: Voice = Voice.CLIENT,
    contact: Contact | None = A_CONTACT,
) -> Speech:
    """Make a speech whose total is that of its items."""
    return Speech(
        debtor_id=DEBTOR,
        currency=currency,
        voice=voice,
        identity=voice,
        channel=channel,
        cadence="standard",
        cadence_version=1,
        step=template,
        tone=Tone.COURTEOUS,
        template=template,
        language=language,
        contact=contact,
        items=tuple(items),
        total_minor=sum(item.open_minor for item in items),
        credits_minor=credits_minor,
        chosen_by="everybody",
        segment="default",
        segment_because="no history",
    )


def some_facts(
    country: str | None = "DE", *, name: str = "Kunde & Söhne Maschinenbau GmbH"
) -> DebtorFacts:
    """Make what is known of the debtor."""
    return DebtorFacts(
        debtor_id=DEBTOR,
        number="10023",
        name=name,
        country=country,
        language=None,
        tax_id=None,
        note=DebtorNote(
            debtor_id=DEBTOR, address=("Industriestraße 12", "76133 Karlsruhe")
        ),
    )


def a_night(today: date = TODAY) -> Tonight:
    """Make a night."""
    return Tonight(
        today=today,
        now=datetime(today.year, today.month, today.day, 6, tzinfo=UTC),
        country="DE",
        timezone="Europe/Berlin",
        mandate=None,
        languages={},
    )


def a_composer(
    own_texts: dict[str, str] | None = None,
    *,
    client: ClientIdentity = CLIENT,
    agency: AgencyIdentity = AGENCY,
) -> MessageComposer:
    """Make a composer with both identities."""
    return MessageComposer(
        tenant_id=TENANT,
        creditor=client.name,
        identities={"client": client, "agency": agency},
        own_texts=own_texts,
    )


def sources(language: str) -> Iterator[tuple[str, str]]:
    """Yield each template of a language with its place."""
    words = texts.words(language)
    for key in texts.KEYS:
        for part in ("subject", "heading", "body"):
            text = getattr(words.section(key), part)
            if isinstance(text, Forms):
                yield f"{key}.{part}.single", text.single
                yield f"{key}.{part}.several", text.several
            else:
                yield f"{key}.{part}", text
    for name in texts.Paragraphs.__struct_fields__:
        yield f"paragraphs.{name}", getattr(words.paragraphs, name)
    yield "closing", words.closing


def labels(language: str) -> Iterator[tuple[str, str]]:
    """Yield each word that stands alone, with its place."""
    words = texts.words(language)
    for group in (words.labels, words.outcomes):
        for name in type(group).__struct_fields__:
            yield name, getattr(group, name)
