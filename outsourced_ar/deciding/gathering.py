"""Facts, gathered from the ledger: all that a decision about debtors is made from."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from ledger.calendar import Clock
from ledger.identities import Health
from ledger.ids import ConnectionId, DebtorId, DocumentId
from ledger.records import DueRule
from ledger.reminders import STATEMENT, DebtorNote, Stop, Voice
from ledger.stop_states import is_over
from ledger.store import (
    connections,
    contacts,
    debtor_facts,
    debtor_notes,
    identities,
    letters,
    mandates,
    payment_behaviour,
    proofs,
    stops,
)
from ledger.store.debtor_facts import KnownDebtor, Owed, Said, Taken, Then
from ledger.store.payment_behaviour import NOTHING, YEAR_DAYS, Paid
from ledger.store.session import Session
from ledger.store.tenants import Tenant
from outsourced_ar.deciding import charging
from outsourced_ar.deciding.charging import Owing
from outsourced_ar.deciding.proof_doubts import NO_DOUBTS, Doubts, of_proof
from outsourced_ar.known.facts import (
    Behaviour,
    DebtorFacts,
    Item,
    Spoken,
    TakenStep,
    Tonight,
)
from outsourced_ar.known.late_figures import figures_of
from outsourced_ar.law.late_policy import Show
from outsourced_ar.rules import agencies, rules_in_force
from outsourced_ar.rules.policy import Policies, packaged_policy

UNREAD = "?"
"""What a debtor is called whose own record has not landed yet."""


@dataclass(frozen=True, slots=True)
class Books:
    """What is the same for all debtors of a tenant while a night runs.

    Attributes:
        read_at: By connection, when it was last read whole.
        doubts: By connection, of whom its last proof leaves room for doubt.
        paid: How debtors paid; empty where nobody asks, as at the time of sending.
        policies: By which it is known whether lateness is spoken of.
    """

    tenant: Tenant
    read_at: Mapping[ConnectionId, datetime]
    doubts: Mapping[ConnectionId, Doubts]
    paid: Mapping[DebtorId, Paid]
    policies: Policies = field(default_factory=packaged_policy)


@dataclass(frozen=True, slots=True)
class Gathered:
    """The facts of some debtors, in the order asked for.

    Attributes:
        documents: All open documents of theirs that a reminder could ever be about.
    """

    facts: tuple[DebtorFacts, ...]
    documents: Mapping[DebtorId, frozenset[DocumentId]]


def tonight(
    session: Session,
    tenant: Tenant,
    clock: Clock,
    languages: Mapping[Voice, frozenset[str]],
) -> Tonight:
    """Return what is the same for every debtor of a night."""
    sick = {
        key
        for key, found in identities.health(session).items()
        if found.health is Health.FAILING
    }
    return Tonight(
        today=clock.today(tenant.timezone),
        now=clock.now(),
        country=tenant.country,
        timezone=tenant.timezone.key,
        mandate=mandates.load_last(session),
        languages=languages,
        sick_identities=frozenset(sick),
        home_currency=tenant.home_currency,
        escalation=agencies.escalation(session),
    )


def open_books(
    session: Session, tenant: Tenant, on: date, *, with_payments: bool = True
) -> Books:
    """Return what is the same for all debtors of a tenant on a day.

    Args:
        session: A transaction of the tenant.
        tenant: Whose books.
        on: The business day.
        with_payments: Whether to ask how debtors paid: one question over a year.
    """
    doubts = {}
    for one in connections.load_all(session):
        last = proofs.load_latest(session, one.id)
        if last is not None:
            doubts[one.id] = of_proof(last.state, last.body)
    paid = (
        payment_behaviour.load(session, on=on, home=tenant.home_currency)
        if with_payments
        else {}
    )
    return Books(
        tenant=tenant,
        read_at=debtor_facts.read_at(session),
        doubts=doubts,
        paid=paid,
        policies=rules_in_force.in_force(session).policies,
    )


def gather(
    session: Session,
    books: Books,
    debtor_ids: Collection[DebtorId],
    *,
    on: date,
    then: Then | None = None,
) -> Gathered:
    """Return the facts of debtors on a day: as they stand now, or stood then."""
    batch = debtor_facts.load(session, debtor_ids, on=on, then=then)
    notes = debtor_notes.load_for(session, debtor_ids)
    people = contacts.load_for(session, debtor_ids)
    absent = letters.away(session, debtor_ids, on)
    begun = stops.load_ever(session, debtor_ids, on)
    broken = stops.count_broken_promises(
        session, debtor_ids, since=on - timedelta(days=YEAR_DAYS - 1), on=on
    )
    found = []
    for one in debtor_ids:
        known = batch.debtors.get(one)
        owed = batch.owed.get(one, ())
        found.append(
            DebtorFacts(
                debtor_id=one,
                number=known.number if known else UNREAD,
                name=known.name if known else UNREAD,
                country=known.country if known else None,
                language=known.language if known else None,
                tax_id=known.tax_id if known else None,
                note=notes.get(one) or DebtorNote(debtor_id=one),
                contacts=people.get(one, ()),
                items=tuple(_item(item, books.tenant.timezone) for item in owed),
                credits=batch.credits.get(one, {}),
                stops=_standing(begun.get(one, ()), on),
                ended=_ended(begun.get(one, ()), owed, on),
                spoken=tuple(
                    _spoken(said, on, books.tenant.timezone)
                    for said in batch.said.get(one, ())
                ),
                behaviour=_behaviour(books.paid.get(one, NOTHING), broken.get(one, 0)),
                read_at=books.read_at.get(known.connection_id) if known else None,
                differs=known is None or _is_doubted(books, known, owed),
                open_letters=batch.open_letters.get(one, 0),
                away=absent.get(one, {}),
            )
        )
    return Gathered(_with_lateness(session, books, found, on), batch.documents)


def _with_lateness(
    session: Session, books: Books, found: Sequence[DebtorFacts], on: date
) -> tuple[DebtorFacts, ...]:
    """Return facts with what came of lateness, where the client lets it be said."""
    policy = books.policies.on(on).late_payment
    if policy.show is Show.OFF:
        return tuple(found)
    late = charging.lates(
        session,
        [
            Owing(debtor_id=one.debtor_id, number=one.number, country=one.country)
            for one in found
        ],
        policy,
        creditor_country=books.tenant.country,
        on=on,
    )
    figures = {
        (one.document.document_id, one.part): figures_of(one)
        for lates in late.values()
        for one in lates
    }
    return tuple(
        replace(
            one,
            items=tuple(
                replace(item, late=figures.get((item.document_id, item.part)))
                for item in one.items
            ),
        )
        for one in found
    )


def _is_doubted(books: Books, known: KnownDebtor, owed: tuple[Owed, ...]) -> bool:
    doubts = books.doubts.get(known.connection_id, NO_DOUBTS)
    return doubts.touch(known.source_id, {item.currency for item in owed})


def _standing(begun: tuple[Stop, ...], on: date) -> tuple[Stop, ...]:
    return tuple(one for one in begun if one.stands_on(on) and _has_days(one))


def _has_days(one: Stop) -> bool:
    return not is_over(one) or one.ends_on is not None


def _ended(
    begun: tuple[Stop, ...], owed: tuple[Owed, ...], on: date
) -> tuple[Stop, ...]:
    """Return what stood since the oldest open item was due, without persons' words."""
    if not begun or not owed:
        return ()
    since = min(item.due_on for item in owed)
    documents = {item.document_id for item in owed}
    return tuple(
        replace(one, note="", said_by="", details={})
        for one in begun
        if one.ends_on is not None
        and one.ends_on < on
        and since <= one.ends_on
        and (not one.items or any(item.document_id in documents for item in one.items))
    )


def _item(owed: Owed, zone: ZoneInfo) -> Item:
    return Item(
        document_id=owed.document_id,
        part=owed.part,
        kind=owed.kind,
        number=owed.number,
        currency=owed.currency,
        issued_on=owed.issued_on,
        due_on=owed.due_on,
        is_inferred=owed.due_rule is not DueRule.GIVEN,
        total_minor=owed.total_minor,
        open_minor=owed.open_minor,
        first_known_on=owed.first_known_at.astimezone(zone).date(),
        round=owed.round,
        disputed_minor=owed.disputed_minor,
        taken=tuple(_taken(one) for one in owed.taken),
        listed=owed.listed,
        case=owed.case,
        returned_on=owed.returned_on,
    )


def _taken(one: Taken) -> TakenStep:
    return TakenStep(
        cadence=one.cadence,
        step=one.step,
        tone=one.tone,
        channel=one.channel,
        on=one.business_on,
        round=one.round,
        voice=one.voice,
        is_sent=one.is_sent,
    )


def _spoken(said: Said, on: date, zone: ZoneInfo) -> Spoken:
    went_on = None
    if said.sending_at is not None:
        went_on = said.sending_at.astimezone(zone).date()
    return Spoken(
        on=said.on,
        voice=said.voice,
        channel=said.channel,
        currency=said.currency,
        tone=said.tone,
        statement=said.step if said.step.startswith(STATEMENT) else "",
        goes_today=said.is_going or went_on == on,
        # On a day of the past nobody knew yet what went after it.
        went_on=went_on if went_on is not None and said.on < went_on <= on else None,
    )


def _behaviour(paid: Paid, broken: int) -> Behaviour:
    return Behaviour(
        payments=paid.payments,
        days_late=paid.days_late,
        trend=paid.trend,
        broken_promises=broken,
        sales_minor=paid.sales_minor,
    )
