"""A year of the example company, read, proved and reported month by month."""

from collections import Counter
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from app.bootstrap import files_connector
from app.cli.ageing import ageing_listing
from app.cli.dso import dso_listing
from app.cli.listing import as_json
from app.example import PROFILE, ExampleCompany
from app.rates import ecb_rates
from ledger.ageing import DEFAULT_BUCKETS, Basis, CreditPolicy
from ledger.calendar import FixedClock, Month, end_of_day
from ledger.evidence import Cause as ProofCause
from ledger.money import Currency
from ledger.proof import Proof, ProofState
from ledger.reports import restatements as restated
from ledger.reports.ageing import AgeingReport, Grouping, ageing
from ledger.reports.dso import Method, days_sales_outstanding
from ledger.reports.question import Question, ask
from ledger.reports.restatements import Restatement, restatements
from ledger.store import balances, connections, debtors
from ledger.store.connections import RunState, StoredConnection
from ledger.store.session import Database, Session
from ledger.store.tenants import Tenant
from ledger.testing import a_tenant
from sync.proof import Prover
from sync.pull import Sync
from sync.result import RunResult

MONTHS = 12
COMPANY = ExampleCompany(Month(2026, 10))
MONTH_ENDS = COMPANY.month_ends[-MONTHS:]

Balances = dict[tuple[Currency, str], int]


@dataclass(frozen=True)
class Seen:
    """What a month end showed when it was the newest."""

    run: RunResult
    proof: Proof
    balances: Balances
    reports: dict[str, str]


@dataclass(frozen=True)
class Year:
    """The year once it is over, and what was seen on the way."""

    database: Database
    tenant: Tenant
    seen: dict[date, Seen]

    def ask(self, session: Session, as_of: date, known_on: date | None) -> Question:
        """Ask about a date, as known now or at the end of a day."""
        zone = self.tenant.timezone
        return ask(
            session,
            home=self.tenant.home_currency,
            rates=ecb_rates(),
            as_of=as_of,
            known_at=None if known_on is None else end_of_day(known_on, zone),
        )


@pytest.fixture(scope="module")
def year(database: Database, tmp_path_factory: pytest.TempPathFactory) -> Year:
    """Read, prove and report the exports of each month end."""
    folder = tmp_path_factory.mktemp("exports")
    tenant = a_tenant(database)
    with database.tenant(tenant.scope) as session:
        connection = connections.add(
            session,
            connector="files",
            name=COMPANY.slug,
            settings={"path": str(folder), "profile": str(PROFILE)},
            created_at=FixedClock.on(MONTH_ENDS[0]).now(),
        )
    result = Year(database, tenant, {})
    for on in MONTH_ENDS:
        COMPANY.write(folder, on)
        result.seen[on] = _see(result, connection, folder, on)
    return result


Restated = dict[date, list[Restatement]]


@pytest.fixture(scope="module")
def found(year: Year) -> Restated:
    """What each month end would say otherwise at the end of the year."""
    with year.database.question(year.tenant.scope) as session:
        return {
            on: restatements(
                year.ask(session, on, known_on=on), year.ask(session, on, None)
            )
            for on in MONTH_ENDS
        }


def _see(year: Year, connection: StoredConnection, folder: Path, on: date) -> Seen:
    database, tenant, clock = year.database, year.tenant, FixedClock.on(on)
    connector = files_connector(folder, PROFILE, tenant, business_on=on)
    run = Sync(
        database=database,
        tenant=tenant,
        connection=connection,
        connector=connector,
        clock=clock,
        rates=ecb_rates(),
    ).run()
    proof = Prover(
        database=database,
        tenant=tenant,
        connection=connection,
        connector=connector,
        clock=clock,
        rates=ecb_rates(),
    ).prove()
    with database.question(tenant.scope) as session:
        question = year.ask(session, on, None)
        owed = _owed(question, connection)
        printed = _printed(question)
    return Seen(run, proof, owed, printed)


def _owed(question: Question, connection: StoredConnection) -> Balances:
    return {
        (one.currency, str(one.debtor)): one.net_minor
        for one in balances.debtor_balances(
            question.session,
            question.known,
            as_of=question.as_of,
            connection_id=connection.id,
        )
        if one.net_minor
    }


def _aged(question: Question, grouping: Grouping = Grouping.TOTAL) -> AgeingReport:
    return ageing(
        question,
        basis=Basis.DUE,
        policy=CreditPolicy.SEPARATE,
        scheme=DEFAULT_BUCKETS,
        grouping=grouping,
    )


def _printed(question: Question) -> dict[str, str]:
    slug = COMPANY.slug
    by_debtor = _aged(question, Grouping.DEBTOR)
    days = days_sales_outstanding(question, methods=list(Method), month_count=3)
    return {
        "ageing": as_json(ageing_listing(slug, _aged(question))),
        "ageing by debtor": as_json(ageing_listing(slug, by_debtor)),
        "dso": as_json(dso_listing(slug, days)),
    }


def _unreadable(on: date) -> Balances:
    """Return what the bad rows of a day mean for what is owed."""
    sums: Counter[tuple[Currency, str]] = Counter()
    for one in COMPANY.bad_rows(on):
        sums[one.currency, one.debtor] += one.effect_minor
    return {account: minor for account, minor in sums.items() if minor}


@pytest.mark.parametrize("on", MONTH_ENDS, ids=str)
class TestEachMonthEnd:
    """What held at each month end when it was the newest."""

    def test_the_run_completes(self, year: Year, on: date) -> None:
        """Everything is read; exactly the bad rows are left for a person."""
        run = year.seen[on].run
        assert (run.state, run.message) == (RunState.COMPLETED, "")
        bad = [one for one in COMPANY.bad_rows(on) if not one.waits]
        assert run.problems == len(bad)
        assert run.waiting == COMPANY.waiting_count(on)

    def test_the_proof_leaves_nothing_unknown(self, year: Year, on: date) -> None:
        """Balances equal the books' own, or differ by the bad rows and nothing else."""
        proof, bad = year.seen[on].proof, _unreadable(on)
        assert proof.as_of == on
        assert proof.state is (ProofState.EXPLAINED if bad else ProofState.PROVED)
        different = [one for one in proof.comparisons if one.difference_minor]
        found = {(one.currency, str(one.debtor)): one for one in different}
        assert {key: one.difference_minor for key, one in found.items()} == bad
        for one in different:
            assert one.unknown_minor == 0
            assert {part.cause for part in one.explained} == {ProofCause.QUARANTINED}
            assert len(one.explained) == 1

    def test_balances_are_the_books_own(self, year: Year, on: date) -> None:
        """Each debtor owes in each currency what the company's bookkeeping says."""
        owed = Counter(year.seen[on].balances)
        owed.update(_unreadable(on))
        theirs = COMPANY.balances(on)
        assert {key: minor for key, minor in owed.items() if minor} == theirs
        assert theirs

    def test_the_same_question_has_the_same_answer(self, year: Year, on: date) -> None:
        """Asked again as known then, every report is the same to the byte."""
        with year.database.question(year.tenant.scope) as session:
            again = _printed(year.ask(session, on, known_on=on))
        assert again == year.seen[on].reports

    def test_restatements_make_up_the_change(
        self, year: Year, found: Restated, on: date
    ) -> None:
        """What documents changed adds up to what the ageing changed, by currency."""
        with year.database.question(year.tenant.scope) as session:
            then = year.ask(session, on, known_on=on)
            now = year.ask(session, on, None)
            changed: Counter[Currency] = Counter()
            for line in _aged(now).totals:
                changed[line.currency] += line.total_minor
            for line in _aged(then).totals:
                changed[line.currency] -= line.total_minor
        sums: Counter[Currency] = Counter()
        for one in found[on]:
            sums[one.currency] += one.now_minor - one.then_minor
            assert one.causes, one
        assert +sums == +changed
        assert -sums == -changed

    def test_restatements_are_the_books_own(
        self, year: Year, found: Restated, on: date
    ) -> None:
        """What a debtor owed at the date changed as the bookkeeping says it did."""
        left_out = {one.debtor for end in MONTH_ENDS for one in COMPANY.bad_rows(end)}
        left_out |= _debtors_with_deletions()
        with year.database.question(year.tenant.scope) as session:
            known = debtors.load_all(session, year.ask(session, on, None).known)
        changed: Counter[tuple[Currency, str]] = Counter()
        for one in found[on]:
            number = known[one.debtor_id].number
            changed[one.currency, number] += one.now_minor - one.then_minor
        theirs = Counter(COMPANY.balances(on, COMPANY.last_on))
        theirs.subtract(COMPANY.balances(on))
        for account in changed | theirs:
            if account[1] not in left_out:
                assert changed[account] == theirs[account], account


def _debtors_with_deletions() -> set[str]:
    """Return whose documents were deleted: the ledger dates that by the day it saw."""
    credits_ = COMPANY.books.credits
    return {
        credits_.first(key).customer
        for key in credits_.in_order()
        if any(fact is None for _, fact in credits_.states(key))
    }


def test_past_month_ends_look_different_today(year: Year, found: Restated) -> None:
    """Every month end but the newest is restated, and the newest is not."""
    with year.database.question(year.tenant.scope) as session:
        differ = {
            on: _without_instant(_printed(year.ask(session, on, None))["ageing"])
            != _without_instant(year.seen[on].reports["ageing"])
            for on in MONTH_ENDS
        }
    *earlier, newest = MONTH_ENDS
    assert not differ[newest]
    assert not found[newest]
    for on in earlier:
        assert differ[on], on
        assert found[on], on


def _without_instant(text: str) -> str:
    return "\n".join(line for line in text.splitlines() if '"known_at"' not in line)


def test_every_cause_of_a_restatement_occurs(found: Restated) -> None:
    """Back-dated, corrected, applied late, taken back and voided: all are named."""
    causes = Counter(
        cause for listed in found.values() for one in listed for cause in one.causes
    )
    assert set(causes) == set(restated.Cause)


def test_back_dated_invoices_are_named_as_recorded_late(found: Restated) -> None:
    """An invoice of before a month end that was entered after it has that cause.

    So has one that could not be read until its row was mended; one that still can't
    be is not there at all.
    """
    books = COMPANY.books.invoices
    unread = {
        row.key
        for row in COMPANY.bad_rows(COMPANY.last_on)
        if row.file == "invoices.csv"
    }
    late = {
        (on, COMPANY.invoice_number(key))
        for on in MONTH_ENDS[:-1]
        for key, one in books.standing(COMPANY.last_on)
        if one.issued_on <= on < books.entered_on(key) and key not in unread
    }
    late |= {
        (on, COMPANY.invoice_number(row.key))
        for on in MONTH_ENDS[:-1]
        for row in COMPANY.bad_rows(on)
    }
    named = {
        (on, one.number)
        for on, listed in found.items()
        for one in listed
        if restated.Cause.RECORDED_LATE in one.causes and one.kind == "invoice"
    }
    assert named == late
    assert named
