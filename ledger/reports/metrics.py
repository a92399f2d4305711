"""The metrics report: how the receivables of a period turned into money."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from ledger import effectiveness
from ledger.ageing import AgedSum, Basis, BucketScheme
from ledger.calendar import ONE_DAY, Month
from ledger.dso import Window, simple_window
from ledger.effectiveness import AppliedPayments, Period
from ledger.figures import Figure, NoFigure
from ledger.money import Currency, from_minor
from ledger.reports.dso import DsoReport, Method, days_sales_outstanding
from ledger.reports.question import Question
from ledger.store import balances, movements
from ledger.store.movements import MonthMoves, Rolled


class Unit(StrEnum):
    """What a metric counts."""

    DAYS = "days"
    PERCENT = "percent"
    TIMES = "times"


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One figure of the period in one currency."""

    name: str
    currency: Currency
    figure: Figure
    unit: Unit


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricsReport:
    """An answered question for all metrics of a period."""

    question: Question
    window: Window
    metrics: list[Metric]


def metrics(
    question: Question, scheme: BucketScheme, begin_on: date | None = None
) -> MetricsReport:
    """Answer all metrics at the question's date, for three months or from a day on."""
    window = _window(question.as_of, begin_on)
    moved = movements.months(question.session, question.known, question.as_of)
    sums = balances.aged_sums(
        question.session,
        question.known,
        as_of=question.as_of,
        basis=Basis.DUE,
        scheme=scheme,
        by_debtor=False,
    )
    periods = _periods(question, window, list(moved), sums)
    paid = movements.payments(question.session, question.known, window)
    rolled = movements.rolled(
        question.session, question.known, as_of=question.as_of, scheme=scheme
    )
    dso = days_sales_outstanding(question, methods=list(Method))
    found: list[Metric] = []
    for code in moved:
        found += _dso(dso, code)
        found += _effectiveness(code, periods[code])
        found += _days_to_pay(code, paid.get(code))
        found += _shares(code, scheme, sums)
        found += _roll_rates(code, scheme, rolled)
    return MetricsReport(question=question, window=window, metrics=found)


def _window(as_of: date, begin_on: date | None) -> Window:
    if begin_on is None:
        return simple_window(as_of)
    return Window(begin_on, as_of, (as_of - begin_on + ONE_DAY).days)


def _periods(
    question: Question,
    window: Window,
    currencies: Sequence[Currency],
    sums: Sequence[AgedSum],
) -> dict[Currency, Period]:
    opening = question.at(window.begin_on - ONE_DAY)
    before = _gross(opening)
    after = _gross(question)
    sold = movements.sales(question.session, question.known, window)
    first, last = Month.of(window.begin_on), Month.of(window.end_on)
    month_count = (last.year - first.year) * 12 + last.number - first.number + 1
    return {
        code: Period(
            begin=from_minor(before.get(code, 0), code),
            sales=from_minor(sold.get(code, 0), code),
            end=from_minor(after.get(code, 0), code),
            end_current=from_minor(_bucket(sums, code, 0), code),
            month_count=month_count,
        )
        for code in currencies
    }


def _gross(question: Question) -> dict[Currency, int]:
    moved = movements.months(question.session, question.known, question.as_of)
    excess = movements.excess(question.session, question.known, question.as_of)
    return {code: _owed(listed) + excess.get(code, 0) for code, listed in moved.items()}


def _owed(listed: Sequence[MonthMoves]) -> int:
    return sum(one.debit_issued - one.debit_settled for one in listed)


def _bucket(sums: Sequence[AgedSum], code: Currency, index: int) -> int:
    return sum(
        part.minor
        for part in sums
        if part.currency == code and part.index == index and not part.is_credit
    )


def _dso(report: DsoReport, code: Currency) -> Iterator[Metric]:
    for line in report.lines:
        if line.currency == code and not line.is_home:
            name = f"dso-{line.method}"
            if line.method is Method.DELINQUENT:
                name = str(line.method)
            yield Metric(name=name, currency=code, figure=line.value, unit=Unit.DAYS)


def _effectiveness(code: Currency, period: Period) -> Iterator[Metric]:
    turned = effectiveness.turnover(period)
    for name, figure, unit in (
        ("cei", effectiveness.collection_effectiveness(period), Unit.PERCENT),
        (
            "cei-monthly-average",
            effectiveness.collection_effectiveness_monthly(period),
            Unit.PERCENT,
        ),
        ("turnover", turned, Unit.TIMES),
        ("collection-period", effectiveness.collection_period(turned), Unit.DAYS),
    ):
        yield Metric(name=name, currency=code, figure=figure, unit=unit)


def _days_to_pay(code: Currency, paid: AppliedPayments | None) -> Iterator[Metric]:
    none = Figure.none(NoFigure.NO_PAYMENTS)
    result = (
        effectiveness.DaysToPay(none, none, none, none, none)
        if paid is None
        else effectiveness.days_to_pay(paid)
    )
    for name, figure in (
        ("days-to-pay", result.weighted),
        ("days-to-pay-unweighted", result.unweighted),
        ("days-late", result.weighted_late),
        ("days-late-floored", result.weighted_late_floored),
        ("days-late-unweighted", result.unweighted_late),
    ):
        yield Metric(name=name, currency=code, figure=figure, unit=Unit.DAYS)


def _shares(
    code: Currency, scheme: BucketScheme, sums: Sequence[AgedSum]
) -> Iterator[Metric]:
    whole = Decimal(
        sum(_bucket(sums, code, index) for index in range(len(scheme.names)))
    )
    for index, name in enumerate(scheme.names):
        part = Decimal(_bucket(sums, code, index))
        yield Metric(
            name=f"percent-{name}",
            currency=code,
            figure=effectiveness.percent(part, whole),
            unit=Unit.PERCENT,
        )


def _roll_rates(
    code: Currency, scheme: BucketScheme, rolled: Sequence[Rolled]
) -> Iterator[Metric]:
    names = scheme.names
    by_index = {part.index: part for part in rolled if part.currency == code}
    for index in range(len(names) - 1):
        part = by_index.get(index)
        figure = (
            Figure.none(NoFigure.EMPTY_BUCKET)
            if part is None
            else effectiveness.roll_rate(
                Decimal(part.was_minor), Decimal(part.rolled_minor)
            )
        )
        yield Metric(
            name=f"roll-rate-{names[index]}-to-{names[index + 1]}",
            currency=code,
            figure=figure,
            unit=Unit.PERCENT,
        )
