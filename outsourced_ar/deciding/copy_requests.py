"""Somebody asks for a copy of an invoice, and gets it without a person.

Only where the client's policy says so, lets messages go by themselves, and nothing of
the request is in doubt: it is a known contact of the debtor who asks, for invoices of
that debtor that are open and for nothing else, and the books give every one of them.
What is not so stays the task that it became when it came in. A letter is answered once,
whatever comes of the answer, and is closed once that has gone.
"""

import re
from collections.abc import Mapping
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, replace
from typing import Final

from ledger.calendar import Clock
from ledger.ids import DocumentId
from ledger.money import Currency
from ledger.reminders import (
    COPY,
    Channel,
    Contact,
    Letter,
    LetterId,
    Mandate,
    Message,
    MessageId,
    MessageState,
    Mode,
    ReplyKind,
    TaskKind,
    Tone,
    Voice,
)
from ledger.store import copies, letters, messages, tasks
from ledger.store.letters import LetterFilter, UnknownLetterError
from ledger.store.messages import MessageFilter, StoredMessage
from ledger.store.session import Database, OvertakenError, Session
from ledger.store.tenants import Tenant
from outsourced_ar.deciding import gate, gathering
from outsourced_ar.deciding.account import TEMPLATE
from outsourced_ar.deciding.enclosing import INVOICES_MAX, Library, details_of
from outsourced_ar.deciding.gate import Moment
from outsourced_ar.deciding.reaching import language_for
from outsourced_ar.deciding.wishes import Wish, wish_of, wish_to_say
from outsourced_ar.known.facts import (
    DebtorFacts,
    Item,
    Refusal,
    Silence,
    Speech,
    Tonight,
)
from outsourced_ar.reading.bare_requests import is_bare
from outsourced_ar.rules.policy import Policies, Policy
from outsourced_ar.wording.composing import Composer, MissingTextError

BY: Final = "rule"
IDENTITY: Final = "client"
BESIDE: Final = frozenset(
    {
        Silence.PAID,
        Silence.UNANSWERED,
        Silence.STALE,
        Silence.DIFFERS,
        Silence.COVERED_BY_CREDITS,
        Silence.UNDER_MINIMUM,
        Silence.CHANGED,
        Silence.PROMISED,
        Silence.ON_PLAN,
        Silence.ON_HOLD,
        Silence.DISPUTED,
        Silence.GAP,
        Silence.AWAY,
    }
)
"""What says nothing against a copy that was asked for: it asks for no money."""

_MAIL_ID: Final = re.compile(r"<[!-;=?-~]{1,120}@[!-;=?-~]{1,80}>")

Languages = Mapping[Voice, frozenset[str]]


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A letter that can be answered, with what would be said."""

    letter: Letter
    facts: DebtorFacts
    speech: Speech

    @property
    def letter_id(self) -> LetterId:
        assert self.letter.id is not None
        return self.letter.id

    @property
    def documents(self) -> tuple[DocumentId, ...]:
        return tuple(dict.fromkeys(item.document_id for item in self.speech.items))


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyRequests:
    """Answers a tenant's letters that ask for copies.

    Attributes:
        languages: What the composer can write.
    """

    database: Database
    tenant: Tenant
    clock: Clock
    policies: Policies
    composer: Composer
    library: Library
    languages: Languages

    def queue(self) -> list[MessageId]:
        """Queue an answer to each letter that can be answered; return which."""
        with self._session() as session:
            tonight = gathering.tonight(
                session, self.tenant, self.clock, self.languages
            )
            policy = self.policies.on(tonight.today)
            if not policy.answer_copy_requests or not _may_answer(tonight.mandate):
                return []
            wanted = self._wanted(session, tonight, policy)
        found = (self._answer(one, tonight) for one in wanted)
        return [one for one in found if one is not None]

    def settle(self) -> list[LetterId]:
        """Close the letters whose answer has gone; return which.

        Each in a transaction of its own: one that a person answers at the same moment
        is that person's, and keeps none of the others open.
        """
        with self._session() as session:
            waiting = _open_requests(session)
        closed = []
        for letter in waiting:
            with suppress(UnknownLetterError, OvertakenError):
                with self._session() as session:
                    is_closed = self._settle(session, letter)
                if is_closed:
                    assert letter.id is not None
                    closed.append(letter.id)
        return closed

    def _settle(self, session: Session, letter: Letter) -> bool:
        """Close a letter and its task; say no where its answer has not gone."""
        sent = _answer_to(session, letter)
        if sent is None or sent.state is not MessageState.SENT:
            return False
        assert letter.id is not None
        note = f"copies went with message {sent.id}"
        now = self.clock.now()
        letters.answer(session, letter.id, at=now, by=BY, note=note)
        tasks.settle(
            session,
            TaskKind.REPLY,
            f"letter:{letter.id}",
            at=now,
            by=BY,
            outcome="answered",
        )
        return True

    def _wanted(
        self, session: Session, tonight: Tonight, policy: Policy
    ) -> list[_Wanted]:
        found = []
        books = gathering.open_books(
            session, self.tenant, tonight.today, with_payments=False
        )
        for letter in _open_requests(session):
            if letter.debtor_id is None or _answer_to(session, letter) is not None:
                continue
            if not is_bare(letter) or _brings_more(session, letter):
                continue
            (facts,) = gathering.gather(
                session, books, [letter.debtor_id], on=tonight.today
            ).facts
            speech = _speech(letter, facts, tonight, policy)
            if speech is not None and not _refused(speech, facts, tonight, policy):
                found.append(_Wanted(letter, facts, speech))
        return found

    def _answer(self, one: _Wanted, tonight: Tonight) -> MessageId | None:
        """Fetch what was asked for, with no transaction open, and queue it whole."""
        found, versions = self.library.collect(one.documents)
        if len(found.files) < len(one.documents):
            return None
        try:
            message = self.composer.compose(one.speech, one.facts, tonight)
        except MissingTextError:
            return None
        mail_id = one.letter.mail_id
        whole = replace(
            message,
            state=MessageState.READY,
            thread=mail_id if _MAIL_ID.fullmatch(mail_id) else None,
            attachments=tuple(found.files.values()),
        )
        assert tonight.mandate is not None
        now = self.clock.now()
        with self._session() as session:
            if not letters.load(session, one.letter_id).is_open:
                return None
            made = messages.queue(
                session,
                whole,
                mandate_id=tonight.mandate.id,
                decision_id=None,
                decided_at=now,
            )
            if made is not None:
                details = {
                    **details_of(found, versions, {}),
                    "letter": one.letter_id,
                }
                messages.append_event(
                    session, [made], copies.ENCLOSED, at=now, by=BY, details=details
                )
        return made

    def _session(self) -> AbstractContextManager[Session]:
        return self.database.tenant(self.tenant.scope)


def refusals(
    session: Session,
    message: Message,
    facts: DebtorFacts,
    tonight: Tonight,
    policy: Policy,
) -> tuple[Refusal, ...]:
    """Return every reason against an answer that waits, right before it goes."""
    letter_id = LetterId(int(message.step.removeprefix(COPY)))
    letter = letters.load(session, letter_id)
    found = list(
        _of_gate(
            wish_of(message, facts, gap_days=0),
            facts,
            tonight,
            policy,
            Moment.SEND,
        )
    )
    if not letter.is_open:
        found.append(Refusal(Silence.CHANGED, f"letter {letter_id} is answered"))
    if letter.debtor_id != message.debtor_id:
        found.append(Refusal(Silence.CHANGED, f"letter {letter_id} is another's"))
    if not policy.answer_copy_requests or not _may_answer(tonight.mandate):
        said = "the client does not let requests be answered without a person"
        found.append(Refusal(Silence.NOT_RELEASED, said))
    contact = _asker(letter, facts)
    if contact is None or (contact.email or "").lower() != message.address.lower():
        said = "whoever asked is no contact of the debtor any more"
        found.append(Refusal(Silence.NO_CONTACT, said))
    return gate.in_order(found)


def _may_answer(mandate: Mandate | None) -> bool:
    return (
        mandate is not None and mandate.mode is Mode.AUTOMATIC and not mandate.is_paused
    )


def _open_requests(session: Session) -> list[Letter]:
    return [
        one
        for one in letters.listing(session, LetterFilter(is_open=True))
        if one.kind is ReplyKind.COPY_REQUEST and not one.is_outgoing
    ]


def _brings_more(session: Session, letter: Letter) -> bool:
    """Say whether anything is attached but pictures, as of a signature."""
    assert letter.id is not None
    attached = letters.load(session, letter.id).attachments
    return any(not one.media_type.startswith("image/") for one in attached)


def _answer_to(session: Session, letter: Letter) -> Message | None:
    """Return the answer that was made to a letter, whatever became of it.

    Who asked twice before it went is answered by the same: it went after both.
    """
    if letter.debtor_id is None:
        return None
    said = messages.listing(session, MessageFilter(debtor_id=letter.debtor_id))
    step = f"{COPY}{letter.id}"
    own = next((one.message for one in said if one.message.step == step), None)
    return own or next((one.message for one in said if _answers(one, letter)), None)


def _answers(said: StoredMessage, letter: Letter) -> bool:
    """Say whether the answer to another letter brings all that this one asks for.

    By our own clock: a mail server's may say of a mail that came later that it lay
    there before the answer went.
    """
    message = said.message
    came_at = letter.known_at or letter.received_at
    brought = {item.document_id for item in message.items}
    return (
        message.step.startswith(COPY)
        and message.state.counts
        and message.address.lower() == letter.sender.lower()
        and (said.sending_at is None or said.sending_at >= came_at)
        and bool(letter.document_ids)
        and brought.issuperset(letter.document_ids)
    )


def _asker(letter: Letter, facts: DebtorFacts) -> Contact | None:
    """Return the debtor's contact who wrote, as it is known beside the letter."""
    sender = letter.sender.lower()
    return next(
        (
            one
            for one in facts.contacts
            if one.is_reachable and (one.email or "").lower() == sender
        ),
        None,
    )


def _speech(
    letter: Letter, facts: DebtorFacts, tonight: Tonight, policy: Policy
) -> Speech | None:
    """Return what would be said; None where anything of the request is in doubt."""
    contact = _asker(letter, facts)
    items = _items(letter, facts)
    if contact is None or not items:
        return None
    currencies = {one.currency for one in items}
    if len(currencies) > 1 or len({one.document_id for one in items}) > INVOICES_MAX:
        return None
    spoken = language_for(contact, facts, tonight, policy, Voice.CLIENT)
    return Speech(
        debtor_id=facts.debtor_id,
        currency=_only(currencies),
        voice=Voice.CLIENT,
        identity=IDENTITY,
        channel=Channel.EMAIL,
        cadence="",
        cadence_version=0,
        step=f"{COPY}{letter.id}",
        tone=Tone.SERVICE,
        template=TEMPLATE,
        language=spoken.language or "",
        contact=contact,
        items=tuple(one.said() for one in items),
        total_minor=sum(one.open_minor for one in items),
        credits_minor=0,
        chosen_by="asked for",
        segment="",
        segment_because="",
        fallback_from=spoken.fallback_from,
    )


def _only(currencies: set[Currency]) -> Currency:
    (one,) = currencies
    return one


def _items(letter: Letter, facts: DebtorFacts) -> list[Item]:
    """Return the open items asked for; none where one of them is not this debtor's."""
    asked = set(letter.document_ids)
    found = [one for one in facts.items if one.document_id in asked]
    known = {one.document_id for one in found}
    return found if asked == known else []


def _refused(
    speech: Speech, facts: DebtorFacts, tonight: Tonight, policy: Policy
) -> bool:
    wish = wish_to_say(speech, gap_days=0, on=tonight.today)
    return bool(_of_gate(wish, facts, tonight, policy, Moment.PLAN))


def _of_gate(
    wish: Wish,
    facts: DebtorFacts,
    tonight: Tonight,
    policy: Policy,
    moment: Moment,
) -> tuple[Refusal, ...]:
    """Return what the gate has against it, but for what concerns a claim alone."""
    found = gate.ask(wish, facts, tonight, policy, moment)
    return tuple(one for one in found if one.reason not in BESIDE)
