"""Whatever the books say, each metric is what a second model makes of the facts."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from ledger.ageing import DEFAULT_BUCKETS
from ledger.calendar import ONE_DAY, Month
from ledger.dso import Window, simple_window
from ledger.figures import Figure, NoFigure
from ledger.ids import DocumentId
from ledger.reports.dso import DsoLine, Method, days_sales_outstanding
from ledger.reports.metrics import metrics
from ledger.reports.question import Question
from ledger.store import drill
from ledger.store.session import Database
from tests.integration import facts
from tests.integration.facts import Facts
from tests.integration.profile import examples
from tests.integration.stories import Setting, Story, dates_asked, days, stories, told
from tests.oracle import books as oracle

WITHOUT_OVERUSE = Setting(overused=False)
"""What an overused credit is aged as has a test of its own."""
WHOLE_DOCUMENTS = Setting(overused=False, instalments=False)
"""The second model takes a payment of an instalment to be one of the whole document."""

PLACES = Decimal("1e-15")
Words = str | None

REASONS = {
    NoFigure.NO_SALES: oracle.NO_SALES,
    NoFigure.NEGATIVE_SALES: oracle.NEGATIVE_SALES,
    NoFigure.NO_HISTORY: oracle.NO_HISTORY,
    NoFigure.NOTHING_OPEN: oracle.NO_AR,
    NoFigure.NOTHING_TO_COLLECT: oracle.NOTHING_TO_COLLECT,
    NoFigure.NO_PAYMENTS: oracle.NO_PAYMENTS,
    NoFigure.NO_AVERAGE_BALANCE: oracle.NO_AVERAGE_AR,
    NoFigure.EMPTY_BUCKET: oracle.EMPTY_BUCKET,
}


@dataclass(frozen=True, slots=True)
class Told:
    """A figure to many digits, or the reason why there is none."""

    value: Decimal | None
    reason: Words = None


def ours(figure: Figure) -> Told:
    """Return a figure of the product."""
    if figure.value is None:
        assert figure.reason is not None
        return Told(None, REASONS[figure.reason])
    return Told(figure.value.quantize(PLACES))


def theirs(value: Decimal | None, reason: Words = None, *, times: int = 1) -> Told:
    """Return a figure of the second model."""
    if value is None:
        return Told(None, reason)
    return Told((value * times).quantize(PLACES))


def dso_by_the_facts(
    stored: Facts, as_of: date, known_at: datetime | None
) -> dict[tuple[str, Method], Told]:
    """Return all forms of DSO but count-back with the second model."""
    book = (stored.versions, stored.entries, as_of)
    by_method = {
        Method.SIMPLE: oracle.dso_simple(*book, known_at=known_at),
        Method.ROLLING: oracle.dso_rolling(*book, known_at=known_at),
        Method.BEST_POSSIBLE: oracle.best_possible(*book, known_at=known_at),
        Method.DELINQUENT: oracle.average_days_delinquent(*book, known_at=known_at),
    }
    return {
        (code, method): theirs(metric.value, metric.reason)
        for method, found in by_method.items()
        for code, metric in found.items()
    }


def dso_lines(asked: Question) -> dict[tuple[str, Method], DsoLine]:
    """Return the product's DSO by currency and method."""
    found = days_sales_outstanding(asked, methods=list(Method)).lines
    return {(one.currency, one.method): one for one in found if not one.is_home}


@given(story=stories(WITHOUT_OVERUSE), as_of=dates_asked())
@examples(30)
def test_dso_equals_the_second_model(
    database: Database, story: Story, as_of: date
) -> None:
    """All forms but count-back agree, gross and net, known now and at each landing."""
    books = told(story, database)
    stored = facts.read(books)
    for known_at in (None, *books.landed_at):
        with books.ask(as_of, known_at) as asked:
            lines = dso_lines(asked)
        wanted = dso_by_the_facts(stored, as_of, known_at)
        found = {
            key: ours(line.value)
            for key, line in lines.items()
            if key[1] is not Method.COUNT_BACK
        }
        assert found == wanted
        book = (stored.versions, stored.entries, as_of)
        for method, net in (
            (Method.SIMPLE, oracle.dso_simple(*book, known_at=known_at, net=True)),
            (Method.ROLLING, oracle.dso_rolling(*book, known_at=known_at, net=True)),
        ):
            for code, metric in net.items():
                figure = lines[code, method].net
                assert figure is not None
                assert ours(figure) == theirs(metric.value, metric.reason)


@given(story=stories(WITHOUT_OVERUSE), as_of=dates_asked())
@examples(30)
def test_count_back_equals_the_second_model(
    database: Database, story: Story, as_of: date
) -> None:
    """Days, lower bounds, rests and negative months agree, gross and net."""
    books = told(story, database)
    stored = facts.read(books)
    for known_at in (None, *books.landed_at):
        with books.ask(as_of, known_at) as asked:
            lines = dso_lines(asked)
        book = (stored.versions, stored.entries, as_of)
        gross = oracle.dso_count_back(*book, known_at=known_at)
        net = oracle.dso_count_back(*book, known_at=known_at, net=True)
        assert {key[0] for key in lines} == gross.keys()
        for code, wanted in gross.items():
            line = lines[code, Method.COUNT_BACK]
            counted, without = line.count_back, line.net
            assert counted is not None
            assert without is not None
            assert ours(counted.days) == theirs(wanted.days, wanted.reason)
            assert counted.is_lower_bound == wanted.lower_bound
            scale = Decimal(1) if code == "JPY" else Decimal(100)
            assert counted.unexplained * scale == wanted.unexplained
            months = tuple(one.first_on for one in counted.negative_months)
            assert months == wanted.negative_months
            assert ours(without) == theirs(net[code].days, net[code].reason)


@given(story=stories(), as_of=dates_asked())
@examples(15)
def test_a_row_of_month_ends_is_each_of_them_asked_alone(
    database: Database, story: Story, as_of: date
) -> None:
    """The DSO of several month ends in one answer is that of each, asked by itself."""
    books = told(story, database)
    for known_at in (None, books.landed_at[0]):
        with books.ask(as_of, known_at) as asked:
            row = days_sales_outstanding(asked, methods=list(Method), month_count=4)
            days_in_row = [
                as_of,
                *(Month.of(as_of).plus(-back).last_on for back in range(1, 4)),
            ]
            alone = [
                line
                for day in days_in_row
                for line in days_sales_outstanding(
                    asked.at(day), methods=list(Method)
                ).lines
            ]
        assert row.lines == alone


def metrics_by_the_product(
    asked: Question, begin_on: date
) -> dict[tuple[str, str], Told]:
    """Return every metric by currency and name."""
    found = metrics(asked, DEFAULT_BUCKETS, begin_on).metrics
    return {(one.currency, one.name): ours(one.figure) for one in found}


def metrics_by_the_facts(
    stored: Facts, begin_on: date, as_of: date, known_at: datetime | None
) -> dict[tuple[str, str], Told]:
    """Return the metrics of a period with the second model."""
    book = (stored.versions, stored.entries)
    period = (*book, begin_on, as_of)
    found: dict[tuple[str, str], Told] = {}
    for name, by_code in (
        ("cei", oracle.cei(*period, known_at=known_at)),
        ("cei-monthly-average", oracle.cei_monthly_average(*period, known_at=known_at)),
        ("percent-current", oracle.percent_current(*book, as_of, known_at=known_at)),
        ("percent-121+", oracle.percent_over(*book, as_of, 120, known_at=known_at)),
    ):
        for code, metric in by_code.items():
            found[code, name] = theirs(metric.value, metric.reason)
    for code, turned in oracle.turnover(*period, known_at=known_at).items():
        found[code, "turnover"] = theirs(turned.turnover, turned.reason)
        days_of_turn = theirs(turned.collection_period, turned.reason)
        found[code, "collection-period"] = days_of_turn
    names = DEFAULT_BUCKETS.names
    rolled = oracle.roll_rates(*book, as_of, known_at=known_at)
    for code, rates in rolled.items():
        for index, rate in enumerate(rates):
            name = f"roll-rate-{names[index]}-to-{names[index + 1]}"
            found[code, name] = theirs(rate.value, rate.reason, times=100)
    return found


@given(story=stories(WITHOUT_OVERUSE), as_of=dates_asked(), begin=st.none() | days())
@examples(30)
def test_metrics_equal_the_second_model(
    database: Database, story: Story, as_of: date, begin: date | None
) -> None:
    """CEI, turnover, shares and roll rates agree, for a quarter or from any day on."""
    begin_on = simple_window(as_of).begin_on if begin is None else min(begin, as_of)
    books = told(story, database)
    stored = facts.read(books)
    for known_at in (None, *books.landed_at):
        with books.ask(as_of, known_at) as asked:
            found = metrics_by_the_product(asked, begin_on)
        wanted = metrics_by_the_facts(stored, begin_on, as_of, known_at)
        assert {key: found.get(key) for key in wanted} == wanted
        assert {code for code, _ in found} == {code for code, _ in wanted}


@given(story=stories(WHOLE_DOCUMENTS), as_of=dates_asked(), begin=days())
@examples(30)
def test_days_to_pay_equal_the_second_model(
    database: Database, story: Story, as_of: date, begin: date
) -> None:
    """Over payments of whole documents the averages agree, by amount and plain."""
    begin_on = min(begin, as_of)
    books = told(story, database)
    stored = facts.read(books)
    for known_at in (None, *books.landed_at):
        with books.ask(as_of, known_at) as asked:
            found = metrics_by_the_product(asked, begin_on)
        applied = facts.payments(stored, known_at)
        held = facts.held(stored, known_at)
        for code, paid in oracle.days_to_pay(held, applied, begin_on, as_of).items():
            for name, value in (
                ("days-to-pay", paid.weighted),
                ("days-to-pay-unweighted", paid.unweighted),
                ("days-late", paid.weighted_late),
                ("days-late-floored", paid.weighted_late_floored),
                ("days-late-unweighted", paid.unweighted_late),
            ):
                assert found[code, name] == theirs(value, paid.reason)


@given(story=stories(), as_of=dates_asked(), begin=days())
@examples(20)
def test_the_documents_behind_sales_add_up(
    database: Database, story: Story, as_of: date, begin: date
) -> None:
    """What is listed behind the sales of a window comes to those sales."""
    window = Window(min(begin, as_of), as_of, (as_of - min(begin, as_of)).days + 1)
    books = told(story, database)
    stored = facts.read(books)
    for known_at in (None, *books.landed_at):
        wanted = oracle.sales(
            stored.versions, stored.entries, window.begin_on, as_of, known_at
        )
        sums: dict[str, int] = {}
        with books.ask(as_of, known_at) as asked:
            for one in drill.sales(asked.session, asked.known, window):
                sums[one.currency] = sums.get(one.currency, 0) + one.minor
        assert {code: minor for code, minor in sums.items() if minor} == {
            code: int(minor) for code, minor in wanted.items() if minor
        }


@given(story=stories(), as_of=dates_asked(), begin=days())
@examples(20)
def test_the_payments_behind_days_to_pay_are_all_that_was_paid(
    database: Database, story: Story, as_of: date, begin: date
) -> None:
    """A document's payments are listed to the minor unit, in instalments or not."""
    begin_on = min(begin, as_of)
    books = told(story, database)
    stored = facts.read(books)
    for known_at in (None, *books.landed_at):
        wanted = paid_by_the_facts(stored, begin_on, as_of, known_at)
        window = Window(begin_on, as_of, (as_of - begin_on + ONE_DAY).days)
        sums: dict[DocumentId, int] = {}
        with books.ask(as_of, known_at) as asked:
            for one in drill.payments(asked.session, asked.known, window):
                sums[one.document_id] = sums.get(one.document_id, 0) + one.minor
        assert {str(key): minor for key, minor in sums.items()} == wanted


def paid_by_the_facts(
    stored: Facts, begin_on: date, as_of: date, known_at: datetime | None
) -> dict[str, int]:
    """Add up what was paid of each invoice in a window and not taken back."""
    docs = oracle.holding(stored.versions, known_at)
    applied = facts.payments(stored, known_at)
    sums: dict[str, int] = {}
    for entry, amount in oracle.not_reversed(applied, as_of):
        doc = docs.get(entry.debit or "")
        if doc is None or doc.kind != "invoice" or doc.issued_on > as_of:
            continue
        if begin_on <= entry.effective_on <= as_of:
            sums[doc.key] = sums.get(doc.key, 0) + int(amount)
    return sums
