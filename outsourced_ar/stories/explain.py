"""Why: everything decided and said about a debtor or one of its documents, on a day.

Of a document also what the books said of it, from the first sync to its closing, and of
both what became of them at an agency and what the books were told.
"""

from dataclasses import dataclass
from datetime import date

from ledger.calendar import Clock
from ledger.cases import Case, CaseEvent, CasePayment
from ledger.events import LoggedEvent
from ledger.ids import DebtorId, DocumentId
from ledger.money import Currency
from ledger.outbox import WriteBackEvent
from ledger.reminders import STATEMENT, Letter, Stop, Task
from ledger.store import (
    audit,
    case_payments,
    cases,
    decisions,
    histories,
    known,
    letters,
    messages,
    stops,
    stories,
    tasks,
)
from ledger.store.cases import CaseFilter
from ledger.store.decisions import StoredDecision
from ledger.store.histories import StoredEntry, StoredVersion
from ledger.store.letters import LetterFilter
from ledger.store.message_rows import MessageEvent
from ledger.store.messages import MessageFilter, StoredMessage
from ledger.store.session import Session
from ledger.store.stops import StopEvent
from ledger.store.tenants import Tenant
from ledger.store.write_backs import StoredWriteBack
from outsourced_ar.collecting.receivable import Receivable, Stage, receivable
from outsourced_ar.deciding import decision_records, gathering
from outsourced_ar.deciding.chasing import parts_of
from outsourced_ar.deciding.night import Languages
from outsourced_ar.known import facts_json
from outsourced_ar.known.facts import DebtorFacts, Decision, Refusal, Tonight
from outsourced_ar.rules import rules_in_force


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """A decision that was kept, with what it was made from.

    Attributes:
        refusals: Why it stayed silent, in the words of then; empty where it spoke.
        again: What the same facts decide by the rules of then, in the same currency:
            the speech, with the rule that chose the cadence and the segment.
    """

    stored: StoredDecision
    facts: DebtorFacts
    tonight: Tonight
    refusals: tuple[Refusal, ...]
    again: tuple[Decision, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A message with what became of it."""

    stored: StoredMessage
    events: tuple[MessageEvent, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopped:
    """What stops the clock, or did, with its changes."""

    stop: Stop
    events: tuple[StopEvent, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """A case with what became of it, and the money that came in."""

    case: Case
    events: tuple[CaseEvent, ...]
    payments: tuple[CasePayment, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenBack:
    """What the books were told, and what was tried of it."""

    stored: StoredWriteBack
    events: tuple[WriteBackEvent, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Booked:
    """What the books said of a document.

    Attributes:
        versions: Its states, the first as it was first read.
        entries: What was entered on its balance.
    """

    versions: tuple[StoredVersion, ...] = ()
    entries: tuple[StoredEntry, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """All there is to say about why a debtor was spoken to, or not.

    Attributes:
        now: The facts as they stand.
        next: What they would decide at this instant; nothing of it is kept.
        booked: What the books said, where one document was asked about.
        standing: Where each open item stands, or the one document, open or not.
        logged: Of the tenant's log what stands nowhere else: charges, what persons
            changed in the books, answers to letters.
    """

    now: DebtorFacts
    next: tuple[Decision, ...]
    decided: tuple[Decided, ...]
    sent: tuple[Sent, ...]
    stopped: tuple[Stopped, ...]
    tasks: tuple[Task, ...]
    booked: Booked = Booked()
    letters: tuple[Letter, ...] = ()
    collected: tuple[Collected, ...] = ()
    written_back: tuple[WrittenBack, ...] = ()
    logged: tuple[LoggedEvent, ...] = ()
    standing: tuple["Standing", ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """An item of the story, and where it stands."""

    number: str
    part: int
    currency: Currency
    receivable: Receivable


LOGGED: tuple[str, ...] = ("charge", "books", "letter")
"""Kinds of events of the log that nothing else tells of."""


def explain(
    session: Session,
    tenant: Tenant,
    clock: Clock,
    debtor_id: DebtorId,
    *,
    languages: Languages,
    document_id: DocumentId | None = None,
    on: date | None = None,
) -> Explanation:
    """Return everything decided and said about a debtor, or about one document.

    Args:
        session: A transaction of the tenant.
        tenant: Whose debtor.
        clock: For what would be decided now.
        debtor_id: Of whom.
        languages: What can be written.
        document_id: Only decisions in whose facts it stands, and messages that name it.
        on: Only of this business day.
    """
    tonight = gathering.tonight(session, tenant, clock, languages)
    books = gathering.open_books(session, tenant, tonight.today)
    [facts] = gathering.gather(session, books, [debtor_id], on=tonight.today).facts
    rules = rules_in_force.in_force(session)
    booked = _booked(session, document_id)
    collected = _collected(session, debtor_id, document_id)
    kept = decisions.listing(session, debtor_id=debtor_id, from_on=on, to_on=on)
    wanted = MessageFilter(
        debtor_id=debtor_id, document_id=document_id, from_on=on, to_on=on
    )
    decided = [_decided(session, one) for one in kept]
    return Explanation(
        now=facts,
        next=decision_records.decide_by(rules, facts, tonight),
        decided=tuple(
            one
            for one in decided
            if document_id is None or _is_about(one.facts, document_id, one.stored)
        ),
        sent=tuple(
            Sent(stored=one, events=tuple(messages.events(session, one.message.id)))
            for one in messages.listing(session, wanted)
            if one.message.id is not None
        ),
        stopped=tuple(
            Stopped(stop=one, events=tuple(stops.events(session, one.id)))
            for one in stops.load_all(session, debtor_id)
            if one.id is not None and _concerns(one, document_id)
        ),
        tasks=tuple(tasks.of_debtor(session, debtor_id)),
        booked=booked,
        letters=tuple(
            one
            for one in letters.listing(session, LetterFilter(debtor_id=debtor_id))
            if document_id is None
            or not one.document_ids
            or document_id in one.document_ids
        ),
        collected=collected,
        written_back=tuple(
            WrittenBack(stored=one, events=tried)
            for one, tried in stories.write_backs(session, debtor_id, document_id)
        ),
        logged=_logged(session, debtor_id, document_id),
        standing=_standing(facts, tonight.today, collected, booked, document_id),
    )


def _standing(
    facts: DebtorFacts,
    today: date,
    collected: tuple[Collected, ...],
    booked: Booked,
    document_id: DocumentId | None,
) -> tuple[Standing, ...]:
    """Return where items stand; a document that is no open item is closed."""
    states = {one.case.reference: one.case.state for one in collected}
    found = tuple(
        Standing(
            number=item.number,
            part=item.part,
            currency=item.currency,
            receivable=receivable(
                item,
                on=today,
                case=states.get(item.case),
                stops=tuple(
                    stop
                    for stop in facts.stops
                    if stop.stands_on(today) and _concerns(stop, item.document_id)
                ),
                parts=parts_of(facts, item),
            ),
        )
        for item in facts.items
        if document_id in (None, item.document_id)
    )
    if found or not booked.versions:
        return found
    last = booked.versions[-1]
    closed = Receivable(Stage.CLOSED, 0)
    return (
        Standing(number=last.number, part=0, currency=last.currency, receivable=closed),
    )


def _booked(session: Session, document_id: DocumentId | None) -> Booked:
    if document_id is None:
        return Booked()
    landing = known.known_at(session)
    return Booked(
        versions=tuple(histories.versions(session, document_id, landing)),
        entries=tuple(histories.entries(session, document_id, landing)),
    )


def _collected(
    session: Session, debtor_id: DebtorId, document_id: DocumentId | None
) -> tuple[Collected, ...]:
    wanted = CaseFilter(debtor_id=debtor_id, document_id=document_id)
    found = [(one.id, one) for one in cases.listing(session, wanted) if one.id]
    paid = case_payments.of_cases(session, [number for number, _ in found])
    return tuple(
        Collected(
            case=one,
            events=tuple(cases.events(session, number)),
            payments=paid.get(number, ()),
        )
        for number, one in found
    )


def _logged(
    session: Session, debtor_id: DebtorId, document_id: DocumentId | None
) -> tuple[LoggedEvent, ...]:
    found = [
        one
        for kind in LOGGED
        for one in audit.listing(
            session,
            debtor_id=debtor_id if document_id is None or kind == "letter" else None,
            document_id=None if kind == "letter" else document_id,
            kind=kind,
        )
        if document_id is None
        or not one.event.document_ids
        or document_id in one.event.document_ids
    ]
    return tuple(sorted(found, key=lambda one: one.seq))


def _decided(session: Session, stored: StoredDecision) -> Decided:
    facts, tonight = facts_json.load(stored.facts)
    again = decision_records.again(session, stored)
    return Decided(
        stored=stored,
        facts=facts,
        tonight=tonight,
        refusals=decision_records.refusals_of(stored),
        again=tuple(one for one in again if _is_of(one, stored)),
    )


def _is_of(decision: Decision, stored: StoredDecision) -> bool:
    """Say whether both are about the reminders of a currency, or its statement."""
    statement = stored.step if stored.step.startswith(STATEMENT) else ""
    return (decision.currency, decision.statement) == (stored.currency, statement)


def _is_about(
    facts: DebtorFacts, document_id: DocumentId, stored: StoredDecision
) -> bool:
    return any(
        item.document_id == document_id and item.currency == stored.currency
        for item in facts.items
    )


def _concerns(stop: Stop, document_id: DocumentId | None) -> bool:
    if document_id is None or not stop.items:
        return True
    return any(item.document_id == document_id for item in stop.items)
