"""Thirty days of the example company, unattended: read, proved, reminded, delivered.

What may not happen is judged by the company's own books and by the public holidays as
the library has them, not by what the product believes of either.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path

import holidays
import pytest

from app.bootstrap import files_connector
from app.example import PROFILE, ExampleCompany
from app.rates import ecb_rates
from connectors.files import FilesConnector
from ledger.calendar import FixedClock, Month
from ledger.identities import ClientIdentity
from ledger.ids import DebtorId
from ledger.reminders import Channel, Message, MessageState, Mode, TaskKind, Voice
from ledger.store import connections, debtors, decisions, mandates, messages, tasks
from ledger.store.connections import StoredConnection
from ledger.store.debtors import StoredDebtor
from ledger.store.decisions import SILENT, StoredDecision
from ledger.store.known import known_at
from ledger.store.session import Database
from ledger.store.tenants import Tenant
from ledger.testing import a_tenant
from outsourced_ar.deciding import decision_records, gathering
from outsourced_ar.deciding.night import NightResult, plan_night
from outsourced_ar.deciding.rechecking import GateRecheck, is_held
from outsourced_ar.rules import rules_in_force
from outsourced_ar.rules.policy import packaged_policy
from outsourced_ar.wording import texts
from outsourced_ar.wording.compose import MessageComposer
from sync.proof import Prover
from sync.pull import Sync

COMPANY = ExampleCompany(Month(2026, 6), months=12)
FIRST = date(2026, 4, 27)
DAYS = tuple(FIRST + timedelta(days=index) for index in range(30))
"""Among them three German holidays that are no weekend."""
SENDING_HOURS = (time(8), time(12), time(16))
"""In UTC; each debtor's office is open at one of them."""
LANGUAGES = {voice: texts.languages_of(voice) for voice in Voice}
GAP_DAYS = packaged_policy().on(FIRST).minimum_gap_days
HOME = {"GB": ("GB", "ENG")}


@dataclass(frozen=True)
class Run:
    """What thirty days came to."""

    tenant: Tenant
    nights: list[NightResult]
    said: list[Message]
    decided: list[StoredDecision]
    debtors: dict[DebtorId, StoredDebtor]

    @property
    def went(self) -> list[Message]:
        """What debtors have heard."""
        return [one for one in self.said if one.state is MessageState.SENT]

    def number(self, one: DebtorId) -> str:
        """Return a debtor's number in the books."""
        return self.debtors[one].number


class ThirtyDays:
    """A tenant that lives through thirty days with nobody at the screen."""

    def __init__(self, database: Database, folder: Path) -> None:
        """Connect the company's exports, and let everything go."""
        self.database = database
        self.folder = folder
        self.tenant = a_tenant(database)
        at = datetime.combine(FIRST, time(1), UTC)
        with database.tenant(self.tenant.scope) as session:
            self.connection: StoredConnection = connections.add(
                session,
                connector="files",
                name=COMPANY.slug,
                settings={},
                created_at=at,
            )
            mandates.give(
                session,
                mode=Mode.AUTOMATIC,
                given_by="the client",
                given_at=at,
                debtors_are_businesses=True,
            )
        identity = ClientIdentity(
            key="client",
            name=COMPANY.name,
            address=("Radweg 1", "12345 Speichenfels"),
            country="DE",
            email="buchhaltung@speichenfels.example",
            reply_to="buchhaltung@speichenfels.example",
        )
        self.composer = MessageComposer(
            tenant_id=self.tenant.id,
            creditor=COMPANY.name,
            identities={identity.key: identity},
        )

    def live(self) -> Run:
        """Live through all days."""
        nights = []
        for on in DAYS:
            self.read(on)
            # A night that runs twice is the same night.
            results = [self.plan(on) for _ in range(2)]
            assert results[1].ready == results[1].calls == 0
            nights.append(results[0])
            for hour in SENDING_HOURS:
                self.send(on, hour)
        with self.database.question(self.tenant.scope) as session:
            known = debtors.load_all(session, known_at(session))
            return Run(
                self.tenant,
                nights,
                [one.message for one in messages.listing(session)],
                decisions.listing(session),
                dict(known),
            )

    def read(self, on: date) -> None:
        """Read and prove the exports of a day, at two in the morning."""
        COMPANY.write(self.folder, on)
        clock = FixedClock(datetime.combine(on, time(2), UTC))
        Sync(
            database=self.database,
            tenant=self.tenant,
            connection=self.connection,
            connector=(connector := self.connector(on)),
            clock=clock,
            rates=ecb_rates(),
        ).run()
        Prover(
            database=self.database,
            tenant=self.tenant,
            connection=self.connection,
            connector=connector,
            clock=clock,
            rates=ecb_rates(),
        ).prove()

    def connector(self, on: date) -> FilesConnector:
        """Return the connector of a day's exports."""
        return files_connector(self.folder, PROFILE, self.tenant, business_on=on)

    def plan(self, on: date) -> NightResult:
        """Plan a night, at three."""
        clock = FixedClock(datetime.combine(on, time(3), UTC))
        return plan_night(
            self.database, self.tenant, clock, self.composer, languages=LANGUAGES
        )

    def send(self, on: date, hour: time) -> None:
        """Take over what the gate lets go at some hour, as a mail server would."""
        clock = FixedClock(datetime.combine(on, hour, UTC))
        gate = GateRecheck(self.tenant, clock)
        with self.database.tenant(self.tenant.scope) as session:
            gate.prepare(session)
            for one in messages.take_ready(session, 999):
                message = messages.load(session, one)
                refusals = gate.refusals(session, message)
                if refusals and is_held(refusals):
                    continue
                ways = [MessageState.SENDING, MessageState.SENT]
                for state in [MessageState.CANCELLED] if refusals else ways:
                    messages.mark(session, one, state, at=clock.now(), by="test")


@pytest.fixture(scope="module")
def run(database: Database, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The thirty days."""
    return ThirtyDays(database, tmp_path_factory.mktemp("exports")).live()


def heard(run: Run) -> Iterator[tuple[str, list[Message]]]:
    """Yield what each debtor heard in each currency, in its order."""
    found: dict[tuple[str, str], list[Message]] = defaultdict(list)
    for one in run.went:
        found[run.number(one.debtor_id), one.currency].append(one)
    for (number, _), heard_by in sorted(found.items()):
        yield number, heard_by


def still_open(on: date) -> dict[str, int]:
    """Return what is open of each invoice by the company's own books of a day."""
    found = {
        key: invoice.minor
        for key, invoice in COMPANY.books.invoices.standing(on)
        if invoice.voided_on is None
    }
    for _, allocation in COMPANY.books.allocations.standing(on):
        if allocation.invoice in found:
            found[allocation.invoice] -= allocation.minor
    return {COMPANY.invoice_number(key): minor for key, minor in found.items()}


def test_there_is_something_to_judge(run: Run) -> None:
    """Debtors heard several tones by several channels, and others nothing."""
    assert len(run.went) > 40
    assert len({one.debtor_id for one in run.went}) > 10
    assert len({one.tone for one in run.went}) >= 3
    assert {one.channel for one in run.went} >= {Channel.EMAIL, Channel.CALL}
    assert {one.outcome for one in run.decided} == {decisions.SPEAK, SILENT}


def test_nobody_is_contacted_twice_within_the_gap(run: Run) -> None:
    """Between two messages to a debtor in a currency lie the days that must."""
    for number, of_one in heard(run):
        days = sorted({one.business_on for one in of_one})
        for before, after in pairwise(days):
            assert (after - before).days >= GAP_DAYS, (number, before, after)


def test_nobody_is_contacted_after_paying(run: Run) -> None:
    """Each item a debtor was written to about was open by the company's own books."""
    for one in run.went:
        owed = still_open(one.business_on)
        for item in one.items:
            number = item.number
            assert owed.get(number, 0) > 0, (one.business_on, number)
            assert item.open_minor <= owed[number], (one.business_on, number)


def test_nobody_is_contacted_on_a_day_off(run: Run) -> None:
    """No message goes on a weekend or a public holiday of the debtor's country."""
    for one in run.went:
        country = run.debtors[one.debtor_id].country or "DE"
        code, region = HOME.get(country, (country, None))
        known = holidays.country_holidays(code, subdiv=region)
        assert one.business_on not in known, (country, one.business_on)
        assert one.business_on.weekday() not in known.weekend
    on_holidays = [one for one in run.decided if one.reason == "holiday"]
    assert date(2026, 5, 14) in {one.business_on for one in on_holidays}


def test_the_tone_never_falls(run: Run) -> None:
    """No message is softer than an earlier one of which anything is open still.

    Of the debtor, in the currency, by the company's own books; an invoice that was
    paid and is open again begins anew.
    """
    compared = 0
    for _, of_one in heard(run):
        rounds = {item.number: item.round for one in of_one for item in one.items}
        for index, message in enumerate(of_one):
            owed = still_open(message.business_on)
            for earlier in of_one[:index]:
                if any(
                    owed.get(item.number, 0) > 0 and item.round == rounds[item.number]
                    for item in earlier.items
                ):
                    compared += 1
                    assert message.tone.level >= earlier.tone.level, message.step
    assert compared > 20


def test_every_silence_has_a_reason(database: Database, run: Run) -> None:
    """Whoever owes something overdue was written to, or it is said why not."""
    for one in run.decided:
        if one.outcome == SILENT:
            refusals = decision_records.refusals_of(one)
            assert refusals, one
            assert all(refusal.because for refusal in refusals)
    clock = FixedClock(datetime.combine(DAYS[-1], time(3), UTC))
    with database.question(run.tenant.scope) as session:
        tonight = gathering.tonight(session, run.tenant, clock, LANGUAGES)
        books = gathering.open_books(session, run.tenant, tonight.today)
        rules = rules_in_force.in_force(session)
        gathered = gathering.gather(session, books, list(run.debtors), on=tonight.today)
        overdue = 0
        for facts in gathered.facts:
            late = {one.currency for one in facts.items if one.due_on < tonight.today}
            overdue += len(late)
            answered = {
                one.currency: one.refusals
                for one in decision_records.decide_by(rules, facts, tonight)
                if one.speech is None
            }
            for currency in late:
                assert answered[currency], (facts.number, currency)
        assert overdue > 10


def test_exceptions_are_tasks(database: Database, run: Run) -> None:
    """What only a person can clear is asked for once, and calls are handed over."""
    with database.question(run.tenant.scope) as session:
        found = tasks.open_tasks(session)
    assert len({(one.kind, one.key) for one in found}) == len(found)
    made = sum(night.calls for night in run.nights)
    assert made == sum(one.channel is Channel.CALL for one in run.went) > 0


NEEDS_A_PERSON = {"no_contact", "bounced", "no_text", "sick_identity"}


def test_s15_the_whole_process_runs_unattended(database: Database, run: Run) -> None:
    """S15: thirty days with nobody at the screen; only exceptions wait for a person.

    Nothing waits for a release or a word; whoever could be written to was, and the
    list of tasks names those who could not, each for a reason, and nobody else.
    """
    ended = {MessageState.SENT, MessageState.CANCELLED}
    waiting = [one for one in run.said if one.state not in ended]
    assert {one.state for one in waiting} <= {MessageState.READY}
    assert all(one.business_on >= DAYS[-1] - timedelta(days=4) for one in waiting)
    with database.question(run.tenant.scope) as session:
        for one in run.went:
            assert one.id is not None
            by = {event.by for event in messages.events(session, one.id)}
            assert by <= {"night", "delivery", "test"}, "somebody had to act"
        found = tasks.open_tasks(session)

    exceptions = [one for one in found if one.kind is not TaskKind.CALL]
    assert len(exceptions) < len(found), "calls are for people"
    unreached = {
        one.debtor_id
        for one in run.decided
        if any(
            refusal.reason in NEEDS_A_PERSON
            for refusal in decision_records.refusals_of(one)
        )
    }
    assert {one.debtor_id for one in exceptions} == unreached
    reached = {one.debtor_id for one in run.went if one.channel is Channel.EMAIL}
    assert len(reached) > 5 * len(unreached)


def test_thirty_days_are_the_same_twice(
    database: Database, run: Run, tmp_path: Path
) -> None:
    """Another tenant with the same books hears the same, word for word."""
    other = ThirtyDays(database, tmp_path).live()

    def told(one: Run) -> list[tuple[object, ...]]:
        spoken = [
            (
                said.business_on,
                one.number(said.debtor_id),
                said.channel,
                said.currency,
                said.step,
                said.state,
                said.subject,
                said.text,
                tuple((item.number, item.step, item.open_minor) for item in said.items),
            )
            for said in one.said
        ]
        silent = {
            (made.business_on, one.number(made.debtor_id), made.currency, made.reason)
            for made in one.decided
            if made.outcome == SILENT
        }
        return sorted([*spoken, *silent], key=repr)

    assert told(run) == told(other)
