"""Whatever the books say, ageing is what a naive second model makes of the facts."""

from datetime import date, datetime
from decimal import Decimal

from hypothesis import given

from ledger.ageing import DEFAULT_BUCKETS, Basis, CreditPolicy
from ledger.money import Currency
from ledger.reports.ageing import Grouping, ageing
from ledger.reports.question import Question
from ledger.store.session import Database
from tests.integration import facts
from tests.integration.facts import Facts
from tests.integration.profile import examples
from tests.integration.stories import Story, dates_asked, stories, told
from tests.oracle import books as oracle

Lines = dict[tuple[str, str], oracle.Ageing]


def by_the_product(asked: Question, basis: Basis, policy: CreditPolicy) -> Lines:
    """Age by debtor with the product, leaving out what shows nothing."""
    found = ageing(
        asked,
        basis=basis,
        policy=policy,
        scheme=DEFAULT_BUCKETS,
        grouping=Grouping.DEBTOR,
    )
    return {
        (str(line.debtor_id), line.currency): oracle.Ageing(
            current=Decimal(line.buckets[0]),
            buckets=tuple(Decimal(minor) for minor in line.buckets[1:]),
            credits=Decimal(line.credits_minor),
        )
        for line in found.lines
    }


def by_the_facts(
    stored: Facts,
    as_of: date,
    known_at: datetime | None,
    basis: Basis,
    policy: CreditPolicy,
) -> Lines:
    """Age by debtor with the second model, leaving out what shows nothing."""
    lines = oracle.ageing(
        stored.versions,
        stored.entries,
        as_of,
        known_at=known_at,
        basis="due" if basis is Basis.DUE else "document",
        policy=policy.value,
    )
    return {
        key: line
        for key, line in lines.items()
        if line.current or any(line.buckets) or line.credits
    }


@given(story=stories(), as_of=dates_asked())
@examples(40)
def test_ageing_equals_the_second_model(
    database: Database, story: Story, as_of: date
) -> None:
    """By every basis and policy, known now and at each landing, both models agree."""
    books = told(story, database)
    stored = facts.read(books)
    for known_at in (None, *books.landed_at):
        with books.ask(as_of, known_at) as asked:
            for basis in Basis:
                for policy in CreditPolicy:
                    found = by_the_product(asked, basis, policy)
                    assert found == by_the_facts(
                        stored, as_of, known_at, basis, policy
                    ), (basis, policy, known_at)


@given(story=stories(), as_of=dates_asked())
@examples(25)
def test_columns_add_up_to_the_facts(
    database: Database, story: Story, as_of: date
) -> None:
    """Buckets and credits are what all documents less all entries come to."""
    books = told(story, database)
    stored = facts.read(books)
    for known_at in (None, *books.landed_at):
        wanted = sum_of_facts(stored, as_of, known_at)
        with books.ask(as_of, known_at) as asked:
            for policy in CreditPolicy:
                found = ageing(
                    asked,
                    basis=Basis.DUE,
                    policy=policy,
                    scheme=DEFAULT_BUCKETS,
                    grouping=Grouping.TOTAL,
                )
                totals = {
                    line.currency: line.total_minor
                    for line in found.totals
                    if line.total_minor
                }
                assert totals == wanted


def sum_of_facts(
    stored: Facts, as_of: date, known_at: datetime | None
) -> dict[Currency, int]:
    """Add up what is open by currency, credits negative, zeros left out."""
    docs = oracle.holding(stored.versions, known_at)
    totals: dict[Currency, int] = {}
    for key, left in oracle.open_amounts(
        stored.versions, stored.entries, as_of, known_at
    ).items():
        code = Currency(docs[key].currency)
        signed = left if docs[key].is_debit else -left
        totals[code] = totals.get(code, 0) + int(signed)
    return {code: minor for code, minor in totals.items() if minor}
