"""Nights in fast time over the real ledger: nothing is sent, and nothing stored.

A day is taken as it stood by business dates, and a day to come as the ledger foresees
it. The books count as read and proved each night, messages as delivered, calls as made,
and a client that has not released anything as if it had: what is tried is the cadence.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from ledger.calendar import ONE_DAY
from ledger.ids import DebtorId, DocumentId
from ledger.money import Currency
from ledger.reminders import STATEMENT, Mandate, Mode, Tone, Voice, firmer
from ledger.store import connections, mandates, other_days
from ledger.store.debtor_facts import Then
from ledger.store.session import Database, Session
from ledger.store.tenants import Tenant
from outsourced_ar.deciding import gathering, statements
from outsourced_ar.deciding.decision_records import decide_by, is_nothing
from outsourced_ar.deciding.gathering import Books
from outsourced_ar.known.facts import (
    DebtorFacts,
    Decision,
    Item,
    Refusal,
    Speech,
    Spoken,
    TakenStep,
    Tonight,
)
from outsourced_ar.rules import rules_in_force
from outsourced_ar.rules.rules_in_force import Rules

BATCH: Final = 2_000
DAYS_MAX: Final = 400
AT: Final = time(5)
"""When a simulated night runs, on the tenant's clock."""

Languages = Mapping[Voice, frozenset[str]]


@dataclass(frozen=True, slots=True)
class Told:
    """Something that would be said to a debtor."""

    number: str
    name: str
    speech: Speech


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A debtor that would be silent about what is due, and each reason why."""

    debtor_id: DebtorId
    number: str
    name: str
    currency: Currency
    refusals: tuple[Refusal, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedNight:
    """What a night would come to."""

    on: date
    told: tuple[Told, ...]
    held: tuple[Held, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """What nights from one day to another would come to."""

    nights: tuple[SimulatedNight, ...]

    @property
    def told(self) -> Iterator[tuple[date, Told]]:
        """All that would be said, night by night."""
        return ((night.on, told) for night in self.nights for told in night.told)


@dataclass(frozen=True, slots=True, kw_only=True)
class SideBySide:
    """What two sets of rules would say to one debtor, night by night."""

    debtor_id: DebtorId
    number: str
    name: str
    left: tuple[tuple[date, Speech], ...]
    right: tuple[tuple[date, Speech], ...]


@dataclass(slots=True)
class _Said:
    """What was said in the simulation so far, and when to look again.

    Attributes:
        stated: By month, whose statements of account all went.
        listed: By item and round, the firmest tone that only listed it.
    """

    listed: dict[tuple[DocumentId, int, int], Tone] = field(default_factory=dict)
    taken: dict[tuple[DocumentId, int], list[TakenStep]] = field(default_factory=dict)
    spoken: dict[DebtorId, list[Spoken]] = field(default_factory=dict)
    next_on: dict[DebtorId, date] = field(default_factory=dict)
    stated: dict[str, set[DebtorId]] = field(default_factory=dict)

    def onto(self, facts: DebtorFacts, on: date) -> DebtorFacts:
        """Return facts as if what was said had been."""
        return replace(
            facts,
            items=tuple(self._item(item, on) for item in facts.items),
            spoken=(*facts.spoken, *self.spoken.get(facts.debtor_id, ())),
        )

    def _item(self, item: Item, on: date) -> Item:
        more = self.taken.get((item.document_id, item.part), ())
        first_known_on = item.first_known_on
        if first_known_on > on:
            # On that day the ledger would have known it since it was issued.
            first_known_on = item.issued_on
        listed = self.listed.get((item.document_id, item.part, item.round))
        return replace(
            item,
            taken=(*item.taken, *more),
            listed=firmer(item.listed, listed),
            first_known_on=first_known_on,
        )

    def note(self, speech: Speech, on: date) -> None:
        """Take it that something was said."""
        self.spoken.setdefault(speech.debtor_id, []).append(
            Spoken(
                on=on,
                voice=speech.voice,
                channel=speech.channel,
                currency=speech.currency,
                tone=speech.tone,
                statement=speech.step if speech.step.startswith(STATEMENT) else "",
            )
        )
        for item in speech.items:
            if not item.step and not speech.step.startswith(STATEMENT):
                key = (item.document_id, item.part, item.round)
                self.listed[key] = firmer(self.listed.get(key), speech.tone) or Tone(
                    speech.tone
                )
            if item.step:
                self.taken.setdefault((item.document_id, item.part), []).append(
                    TakenStep(
                        cadence=speech.cadence,
                        step=item.step,
                        tone=speech.tone,
                        channel=speech.channel,
                        on=on,
                        round=item.round,
                    )
                )


def simulate(
    database: Database,
    tenant: Tenant,
    *,
    first_on: date,
    last_on: date,
    languages: Languages,
    rules: Rules | None = None,
    mandate: Mandate | None = None,
) -> Simulation:
    """Return what would be said to whom in some nights, and why not.

    What was really said on the first day or later is left out; what was said before
    counts.

    Args:
        database: The working role's.
        tenant: Whose debtors.
        first_on: The first night's business day.
        last_on: The last one's.
        languages: What can be written.
        rules: By which to decide; those in force unless others are to be tried.
        mandate: What the client allows; what it did, or would, unless given.
    """
    days = min((last_on - first_on).days + 1, DAYS_MAX)
    with database.question(tenant.scope) as session:
        allowed = mandate or _as_if_released(mandates.load_last(session))
        tried = rules or rules_in_force.in_force(session)
        said = _Said()
        waiting = other_days.owing_then(session, first_on)
        nights = []
        for index in range(days):
            on = first_on + timedelta(days=index)
            tonight = _tonight(tenant, allowed, languages, on)
            looked_at = sorted(
                waiting
                | other_days.moved(session, on)
                | _without_statement(session, tried, said, on)
            )
            nights.append(
                _night(
                    session, tenant, tried, tonight, said, looked_at, first_on=first_on
                )
            )
            tomorrow = on + ONE_DAY
            waiting = {one for one, day in said.next_on.items() if day <= tomorrow}
    return Simulation(nights=tuple(nights))


def _without_statement(
    session: Session, rules: Rules, said: _Said, on: date
) -> set[DebtorId]:
    """Return who may get a statement of account on a day."""
    month = statements.month_of(on, rules.policies.on(on).statements)
    if month is None:
        return set()
    return other_days.owing_then(session, on) - said.stated.get(month, set())


def side_by_side(left: Simulation, right: Simulation) -> tuple[SideBySide, ...]:
    """Return what two simulations say to each debtor that either speaks to."""
    of_left, of_right = _by_debtor(left), _by_debtor(right)
    names = {
        told.speech.debtor_id: (told.number, told.name)
        for one in (left, right)
        for _, told in one.told
    }
    found = [
        SideBySide(
            debtor_id=one,
            number=number,
            name=name,
            left=tuple(of_left.get(one, ())),
            right=tuple(of_right.get(one, ())),
        )
        for one, (number, name) in names.items()
    ]
    return tuple(sorted(found, key=lambda one: (one.number, str(one.debtor_id))))


def _by_debtor(one: Simulation) -> dict[DebtorId, list[tuple[date, Speech]]]:
    found: dict[DebtorId, list[tuple[date, Speech]]] = {}
    for on, told in one.told:
        found.setdefault(told.speech.debtor_id, []).append((on, told.speech))
    return found


def _as_if_released(mandate: Mandate | None) -> Mandate:
    if mandate is None:
        return Mandate(
            id=0,
            mode=Mode.AUTOMATIC,
            given_by="simulation",
            given_at=datetime.min.replace(tzinfo=UTC),
        )
    return replace(mandate, mode=Mode.AUTOMATIC, is_paused=False)


def _tonight(
    tenant: Tenant, mandate: Mandate, languages: Languages, on: date
) -> Tonight:
    return Tonight(
        today=on,
        now=datetime.combine(on, AT, tenant.timezone).astimezone(UTC),
        country=tenant.country,
        timezone=tenant.timezone.key,
        mandate=mandate,
        languages=languages,
        home_currency=tenant.home_currency,
    )


def _books(session: Session, tenant: Tenant, tonight: Tonight) -> Books:
    """Return the books as read whole that night, and proved."""
    opened = gathering.open_books(session, tenant, tonight.today)
    read_at = {one.id: tonight.now for one in connections.load_all(session)}
    return replace(opened, read_at=read_at, doubts={})


def _night(
    session: Session,
    tenant: Tenant,
    rules: Rules,
    tonight: Tonight,
    said: _Said,
    debtors: Collection[DebtorId],
    *,
    first_on: date,
) -> SimulatedNight:
    on = tonight.today
    told: list[Told] = []
    held: list[Held] = []
    books = _books(session, tenant, tonight)
    then = Then(on=on, said_before=first_on)
    ordered = list(debtors)
    for begin in range(0, len(ordered), BATCH):
        some = ordered[begin : begin + BATCH]
        for known in gathering.gather(session, books, some, on=on, then=then).facts:
            facts = said.onto(known, on)
            decided = decide_by(rules, facts, tonight)
            for one in decided:
                if one.speech is not None:
                    said.note(one.speech, on)
                    told.append(Told(facts.number, facts.name, one.speech))
                elif not is_nothing(one):
                    held.append(_held(facts, one))
            _look_again(said, facts, decided, on)
    return SimulatedNight(on=on, told=tuple(told), held=tuple(held))


def _held(facts: DebtorFacts, decision: Decision) -> Held:
    return Held(
        debtor_id=facts.debtor_id,
        number=facts.number,
        name=facts.name,
        currency=decision.currency,
        refusals=decision.refusals,
    )


def _look_again(
    said: _Said, facts: DebtorFacts, decided: Collection[Decision], on: date
) -> None:
    of_accounts = [one for one in decided if one.statement]
    if of_accounts and all(one.speech is not None for one in of_accounts):
        month = of_accounts[0].statement
        said.stated.setdefault(month, set()).add(facts.debtor_id)
    days = [day for one in decided for day in one.next_on.values()]
    if any(
        one.speech is None and not one.statement and not is_nothing(one)
        for one in decided
    ):
        days.append(on + ONE_DAY)
    if days:
        said.next_on[facts.debtor_id] = min(days)
    else:
        said.next_on.pop(facts.debtor_id, None)
