"""Real open invoices through a profile of column names, against independent sums."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from app.bootstrap import files_connector
from app.rates import ecb_rates
from ledger.ageing import DEFAULT_BUCKETS, Basis, CreditPolicy
from ledger.calendar import FixedClock
from ledger.money import Currency, from_minor
from ledger.reports.ageing import AgeingReport, Grouping, ageing
from ledger.store.connections import RunState
from ledger.store.session import Database
from ledger.testing import Books, a_tenant
from sync.pull import Sync
from sync.result import RunResult, StepState
from tests.conftest import SHARED
from tests.oracle import open_items_file as oracle

USD = Currency("USD")
AS_OF = date(2020, 6, 30)
FILE = SHARED / "data" / "open_invoices_9681.csv"
PROFILE = Path(__file__).parent / "profiles" / "open_invoices_by_business_code.toml"

pytestmark = [
    pytest.mark.peers,
    pytest.mark.skipif(
        not FILE.exists(), reason="the open invoices lie beside some checkouts only"
    ),
]


@pytest.fixture(scope="module")
def read(database: Database) -> tuple[Books, RunResult]:
    """The file, read once."""
    books = Books.open(database, a_tenant(database, home=USD))
    result = Sync(
        database=database,
        tenant=books.tenant,
        connection=books.connection,
        connector=files_connector(FILE, PROFILE, books.tenant, business_on=AS_OF),
        clock=FixedClock.on(AS_OF),
        rates=ecb_rates(),
    ).run()
    return books, result


def aged(books: Books, as_of: date) -> AgeingReport:
    """Age the books by debtor."""
    with books.ask(as_of) as question:
        return ageing(
            question,
            basis=Basis.DUE,
            policy=CreditPolicy.SEPARATE,
            scheme=DEFAULT_BUCKETS,
            grouping=Grouping.DEBTOR,
        )


def test_every_row_lands_or_is_quarantined(read: tuple[Books, RunResult]) -> None:
    """Rows read = landed + quarantined + ignored, and here all land."""
    _, result = read
    (step,) = [one for one in result.steps if one.state is StepState.READ]

    assert result.state is RunState.COMPLETED
    assert step.tally.rows == len(oracle.read(FILE))
    assert step.tally.rows == (
        step.tally.landed + step.tally.quarantined + sum(step.tally.ignored.values())
    )
    assert step.tally.quarantined == 0


def test_totals_before_and_after_rounding_are_the_independent_ones(
    read: tuple[Books, RunResult],
) -> None:
    """Both sums equal those computed from the file by other means."""
    _, result = read
    exact, rounded = oracle.totals(oracle.read(FILE))
    (sums,) = [one.tally.sums[USD] for one in result.steps if one.tally.sums]

    assert sums.exact == exact
    assert from_minor(sums.posted_minor, USD) == rounded
    assert sums.rounded_count == 576


@pytest.mark.parametrize(
    "as_of", [date(2020, 3, 15), date(2020, 4, 30), date(2020, 5, 31), AS_OF]
)
def test_ageing_by_business_code_and_debtor_is_the_independent_one(
    read: tuple[Books, RunResult], as_of: date
) -> None:
    """Every bucket of every debtor of every business code is equal to the cent."""
    books, _ = read
    report = aged(books, as_of)
    expected = oracle.ageing(oracle.read(FILE), as_of)

    found: dict[tuple[str, str], dict[str, Decimal]] = {}
    for line in report.lines:
        assert line.debtor_id is not None
        debtor = report.debtors[line.debtor_id]
        assert debtor.unit is not None
        found[debtor.unit, debtor.number] = {
            name: from_minor(minor, USD)
            for name, minor in zip(report.scheme.names, line.buckets, strict=True)
        }

    assert found == expected
    assert sum(line.total_minor for line in report.totals) == sum(
        line.total_minor for line in report.lines
    )
