"""A message in words: text, HTML, and on paper or as an attachment a PDF.

Whoever writes has exactly one identity. The client's author can be made only of a
client's identity and the agency's only of an agency's, so that no message of one can
contain anything of the other; the agency is told the creditor's name and no more.
"""

import hashlib
from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from ledger.errors import InvariantError
from ledger.identities import AgencyIdentity, ClientIdentity, Identity
from ledger.ids import DebtorId, TenantId
from ledger.money import Currency
from ledger.reminders import (
    COPY,
    ONCE,
    Attachment,
    Channel,
    Message,
    MessageState,
    Voice,
)
from outsourced_ar.known.days import place_of
from outsourced_ar.known.demand import BadDemandError, CreditorName, Demand
from outsourced_ar.known.facts import DebtorFacts, Speech, Tonight
from outsourced_ar.plain_text import plain
from outsourced_ar.wording import layouts, legal, letters, locales, texts
from outsourced_ar.wording.composing import MissingTextError
from outsourced_ar.wording.drafts import Drafts
from outsourced_ar.wording.figures import Figures
from outsourced_ar.wording.phrasing import WITH_PDF, Said, phrase, reply
from outsourced_ar.wording.statement import statement
from outsourced_ar.wording.texts import Place

PDF: Final = "application/pdf"
OUTCOMES: Final = texts.Outcomes.__struct_fields__
"""Codes of how a call ended."""


class WrongVoiceError(InvariantError):
    """A speech names an identity that there is not, or that has another voice."""

    def __init__(self, *, identity: str, voice: str) -> None:
        """Name both."""
        super().__init__(f"No identity {identity!r} speaks in the {voice}'s name.")


class NoAddressError(InvariantError):
    """A message was to be written to nobody who can be reached."""

    def __init__(self, channel: Channel) -> None:
        """Name the channel."""
        super().__init__(f"There is no address for a message by {channel}.")


class Author:
    """Writes in the name of one identity."""

    def __init__(self, identity: Identity, *, creditor: str) -> None:
        """Write as an identity, of a creditor's invoices."""
        self.identity = identity
        self.creditor = creditor


class ClientAuthor(Author):
    """Writes in the tenant's own name."""

    def __init__(self, identity: ClientIdentity) -> None:
        """Write as the creditor itself."""
        super().__init__(identity, creditor=identity.name)


class AgencyAuthor(Author):
    """Writes in the agency's name, on behalf of a creditor."""

    def __init__(
        self, identity: AgencyIdentity, *, creditor_name: CreditorName
    ) -> None:
        """Write on behalf of a creditor, of whom only the name is told."""
        super().__init__(identity, creditor=creditor_name)


class MessageComposer:
    """Puts what is to be said into words, for one tenant."""

    def __init__(
        self,
        *,
        tenant_id: TenantId,
        creditor: str,
        identities: Mapping[str, ClientIdentity | AgencyIdentity],
        own_texts: Mapping[str, str] | None = None,
    ) -> None:
        """Write in a tenant's identities.

        Args:
            tenant_id: Goes into each Message-ID, so that no two tenants share one.
            creditor: The tenant's legal name; the agency names it.
            identities: By key.
            own_texts: The client's own texts, TOML by `key/language`.

        Raises:
            TemplateError: An own text is not in the format.
            NoTextError: An own text is of no key and language.
        """
        self._tenant_id = tenant_id
        # What a client writes is said in its own name only.
        self._drafts = {Voice.CLIENT: Drafts(own_texts), Voice.AGENCY: Drafts()}
        self._authors = {
            key: author(identity, creditor_name=CreditorName(creditor))
            for key, identity in identities.items()
        }

    def compose(
        self,
        speech: Speech,
        facts: DebtorFacts,
        tonight: Tonight,
        *,
        demand: Demand | None = None,
    ) -> Message:
        """Return the message, planned and without a number.

        The same speech over the same facts makes the same message, to the byte.

        Args:
            speech: What is to be said, to whom.
            facts: What is known of the debtor.
            tonight: The day, and where the tenant is at home.
            demand: What the agency demands; its own texts need it, no other has it.

        Raises:
            MissingTextError: A text or a paragraph that the demand names is missing;
                nothing is said in another language.
            BadDemandError: The text and the demand do not belong together.
            WrongTotalError: The speech's figures do not agree.
            NothingOwedError: There is nothing to remind of.
        """
        recipient, address = _reached(speech, facts)
        said, told, version = self._said(speech, facts, tonight, demand)
        identity, figures = told.identity, told.statement
        mail_id = message_id(
            self._tenant_id,
            speech.debtor_id,
            identity=identity,
            channel=speech.channel,
            currency=speech.currency,
            on=tonight.today,
            once=speech.step if speech.step.startswith(ONCE) else "",
        )
        if speech.step.startswith(COPY):
            said, version = reply(said, told), version.replace(speech.template, "copy")
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
            template=version,
            language=speech.language,
            contact_id=speech.contact.id if speech.contact else None,
            recipient=recipient,
            address=address,
            subject=said.subject,
            text=layouts.text(said, identity),
            html=_html(said, identity, speech.channel),
            mail_id=mail_id,
            total_minor=figures.total_minor,
            credits_minor=figures.credits_minor,
            items=speech.items,
            attachments=()
            if speech.step.startswith(COPY)
            else _attachments(said, told, speech, address=address),
        )

    def letter(
        self,
        speech: Speech,
        facts: DebtorFacts,
        tonight: Tonight,
        *,
        demand: Demand | None = None,
    ) -> Mapping[str, Any]:
        """Return all that a message would say on paper, for `letters.pictures`.

        Raises:
            As `compose`.
        """
        said, told, _ = self._said(speech, facts, tonight, demand)
        lines = letters.window(facts.name, facts.note.address)
        return letters.content(said, told, recipient=lines)

    def outcomes(self, language: str) -> Mapping[str, str]:
        """Return the codes of how a call may end, with what the caller reads."""
        labels = texts.words(language).outcomes
        return {code: getattr(labels, code) for code in OUTCOMES}

    def _said(
        self,
        speech: Speech,
        facts: DebtorFacts,
        tonight: Tonight,
        demand: Demand | None,
    ) -> tuple[Said, Figures, str]:
        """Return what is said, from which figures, and the text's name and version."""
        by = self._author(speech)
        if speech.language not in texts.languages():
            raise MissingTextError(language=speech.language, what="text")
        if speech.template not in texts.KEYS:
            raise MissingTextError(language=speech.language, what=speech.template)
        _expect_own(speech, demand)
        place = self._drafts[speech.voice].told_apart(
            Place(speech.template, speech.language, speech.variant)
        )
        where = place_of(
            facts.country,
            facts.note.region,
            facts.note.timezone,
            home_country=tonight.country,
            home_zone=tonight.timezone,
        )
        figures = statement(
            speech, on=tonight.today, calendar=where.calendar, demand=demand
        )
        draft = self._drafts[speech.voice].draft(
            place, country=facts.country, is_single=figures.is_single
        )
        told = Figures(
            statement=figures,
            writer=locales.writer(place.language, facts.country, draft.words.locale),
            words=draft.words,
            identity=by.identity,
            creditor=by.creditor,
            facts=facts,
            contact=plain(speech.contact.name) if speech.contact else "",
        )
        said = phrase(
            draft,
            told,
            key=place.key,
            channel=speech.channel,
            legal=_prescribed(told, place.language),
        )
        return said, told, f"{place}@{draft.version}"

    def _author(self, speech: Speech) -> Author:
        by = self._authors.get(speech.identity)
        if by is None or by.identity.voice is not speech.voice:
            raise WrongVoiceError(identity=speech.identity, voice=speech.voice)
        return by


def author(
    identity: ClientIdentity | AgencyIdentity, *, creditor_name: CreditorName
) -> Author:
    """Return who writes in an identity's name."""
    if isinstance(identity, AgencyIdentity):
        return AgencyAuthor(identity, creditor_name=creditor_name)
    return ClientAuthor(identity)


def _expect_own(speech: Speech, demand: Demand | None) -> None:
    """Refuse the agency's texts in the client's name, and without a demand."""
    is_agencys = speech.template in texts.AGENCY_KEYS
    if is_agencys and speech.voice is not Voice.AGENCY:
        what = f"{speech.template} in the client's name"
        raise MissingTextError(language=speech.language, what=what)
    if is_agencys and demand is None:
        raise BadDemandError(f"{speech.template} names a day, and none was given")
    if demand is not None and not is_agencys:
        raise BadDemandError(f"the text {speech.template!r} demands nothing")


def _prescribed(told: Figures, language: str) -> tuple[str, ...]:
    """Return the paragraphs of law that a demand names."""
    keys = told.demand.legal_paragraphs if told.demand else ()
    return tuple(
        one
        for key in keys
        for one in legal.said(key, language, told.values(legal.names(key, language)))
    )


def message_id(
    tenant_id: TenantId,
    debtor_id: DebtorId,
    *,
    identity: Identity,
    channel: Channel,
    currency: Currency,
    on: date,
    once: str = "",
) -> str:
    """Return the Message-ID, the same however often the message is made.

    It is that of a day, or of what is said once whatever the day: a month's statement
    of account, the answer to a letter. There are never two.
    """
    when = once or on.isoformat()
    of = (tenant_id, debtor_id, identity.key, channel, currency, when)
    digest = hashlib.sha256("\x1f".join(map(str, of)).encode()).hexdigest()
    return f"<{digest[:32]}@{identity.domain}>"


def _reached(speech: Speech, facts: DebtorFacts) -> tuple[str, str]:
    contact = speech.contact
    name = plain(contact.name if contact and contact.name else facts.name)
    if speech.channel is Channel.LETTER:
        if not facts.note.address:
            raise NoAddressError(speech.channel)
        lines = letters.window(facts.name, facts.note.address)
        return plain(facts.name), "\n".join(lines)
    where = contact and (
        contact.email if speech.channel is Channel.EMAIL else contact.phone
    )
    if not where and speech.channel is Channel.EMAIL:
        raise NoAddressError(speech.channel)
    return name, where or ""


def _html(said: Said, identity: Identity, channel: Channel) -> str:
    return layouts.html(said, identity) if channel is Channel.EMAIL else ""


def _attachments(
    said: Said, told: Figures, speech: Speech, *, address: str
) -> tuple[Attachment, ...]:
    is_letter = speech.channel is Channel.LETTER
    is_with_pdf = speech.channel is Channel.EMAIL and speech.template in WITH_PDF
    if not is_letter and not is_with_pdf:
        return ()
    lines = (
        address.split("\n") if is_letter else [told.debtor, *told.facts.note.address]
    )
    name = f"{told.words.labels.file}-{told.statement.on.isoformat()}.pdf"
    return (Attachment(name, PDF, letters.pdf(said, told, recipient=tuple(lines))),)
