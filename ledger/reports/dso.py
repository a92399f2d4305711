"""The DSO report: one method or all, at one date or a row of month ends."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from ledger import dso
from ledger.ageing import DEFAULT_BUCKETS, Basis
from ledger.calendar import Month
from ledger.dso import CountBack, MonthSales, Window
from ledger.figures import Figure
from ledger.fx import convert
from ledger.money import Currency, from_minor
from ledger.reports.question import HomeRates, Question, home_rates
from ledger.store import balances, movements
from ledger.store.movements import MonthMoves


class Method(StrEnum):
    """A way of counting days sales outstanding."""

    SIMPLE = "simple"
    """Receivables ÷ sales of the last three months times their days."""
    COUNT_BACK = "count-back"
    """Months walked back until the receivables are used up."""
    ROLLING = "rolling-12m"
    """Receivables ÷ sales of twelve months times 365 or 366."""
    BEST_POSSIBLE = "best-possible"
    """Receivables not yet due ÷ sales of the last three months times their days."""
    DELINQUENT = "average-days-delinquent"
    """Simple less best-possible."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receivables:
    """What is owed at a date: gross, net of unapplied credits, and not yet due."""

    gross: Decimal
    net: Decimal
    current: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DsoLine:
    """One method's answer in one currency at one date.

    Attributes:
        is_home: All currencies together, converted at the rates of the date.
        net: The figure with unapplied cash and credits taken off the receivables.
        window: The days whose sales count; None for count-back.
        sales: The sales of the window; None for count-back.
        receivables: What the method divides.
    """

    as_of: date
    method: Method
    currency: Currency
    is_home: bool
    value: Figure
    net: Figure | None
    receivables: Decimal
    sales: Decimal | None
    window: Window | None
    count_back: CountBack | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DsoReport:
    """An answered DSO question."""

    question: Question
    lines: list[DsoLine]
    rates: list[HomeRates]


def days_sales_outstanding(
    question: Question, *, methods: Sequence[Method], month_count: int = 1
) -> DsoReport:
    """Answer at the question's date and at the month ends before it, newest first."""
    moved = movements.months(question.session, question.known, question.as_of)
    lines: list[DsoLine] = []
    rates: list[HomeRates] = []
    for back in range(month_count):
        at = question.at(_point(question.as_of, back))
        history = {
            code: [one for one in listed if one.month <= Month.of(at.as_of)]
            for code, listed in moved.items()
        }
        history = {code: listed for code, listed in history.items() if listed}
        owed = _receivables(at, history, with_current=_needs_current(methods))
        for code, listed in history.items():
            sold = [_month_sales(one, code, at.as_of) for one in listed]
            lines += _lines(at.as_of, methods, code, owed[code], sold)
        home = home_rates(at, history)
        rates.append(home)
        if not home.missing and set(history) - {question.home}:
            lines += _home_lines(at, methods, home, owed, history)
    return DsoReport(question=question, lines=lines, rates=rates)


def _point(as_of: date, back: int) -> date:
    return as_of if back == 0 else Month.of(as_of).plus(-back).last_on


def _needs_current(methods: Sequence[Method]) -> bool:
    return bool({Method.BEST_POSSIBLE, Method.DELINQUENT} & set(methods))


def _receivables(
    question: Question,
    history: Mapping[Currency, Sequence[MonthMoves]],
    *,
    with_current: bool,
) -> dict[Currency, Receivables]:
    # An overpaid invoice is not a negative debt: gross leaves the excess out.
    excess = movements.excess(question.session, question.known, question.as_of)
    current: dict[Currency, int] = {}
    if with_current:
        for part in balances.aged_sums(
            question.session,
            question.known,
            as_of=question.as_of,
            basis=Basis.DUE,
            scheme=DEFAULT_BUCKETS,
            by_debtor=False,
        ):
            if part.index == 0 and not part.is_credit:
                current[part.currency] = current.get(part.currency, 0) + part.minor
    result = {}
    for code, listed in history.items():
        owed = sum(one.debit_issued - one.debit_settled for one in listed)
        credit = sum(one.credit_issued - one.credit_applied for one in listed)
        result[code] = Receivables(
            gross=from_minor(owed + excess.get(code, 0), code),
            net=from_minor(owed - credit, code),
            current=from_minor(current.get(code, 0), code) if with_current else None,
        )
    return result


def _month_sales(moves: MonthMoves, code: Currency, as_of: date) -> MonthSales:
    last_on = min(moves.month.last_on, as_of)
    return MonthSales(moves.month, from_minor(moves.sales, code), last_on.day)


def _home_lines(
    question: Question,
    methods: Sequence[Method],
    rates: HomeRates,
    owed: Mapping[Currency, Receivables],
    history: Mapping[Currency, Sequence[MonthMoves]],
) -> list[DsoLine]:
    def home(code: Currency, amount: Decimal) -> Decimal:
        return convert(amount, rates.rates[code])

    receivables = Receivables(
        gross=_sum(home(code, one.gross) for code, one in owed.items()),
        net=_sum(home(code, one.net) for code, one in owed.items()),
        current=_sum(
            home(code, one.current or Decimal(0)) for code, one in owed.items()
        ),
    )
    by_month: dict[Month, Decimal] = {}
    for code, listed in history.items():
        for one in listed:
            sold = home(code, from_minor(one.sales, code))
            by_month[one.month] = by_month.get(one.month, Decimal(0)) + sold
    sales = [
        MonthSales(month, by_month[month], min(month.last_on, question.as_of).day)
        for month in sorted(by_month)
    ]
    return _lines(
        question.as_of, methods, question.home, receivables, sales, is_home=True
    )


def _lines(
    as_of: date,
    methods: Sequence[Method],
    code: Currency,
    owed: Receivables,
    sold: Sequence[MonthSales],
    *,
    is_home: bool = False,
) -> list[DsoLine]:
    return [
        _line(as_of, method, code, owed, sold, is_home=is_home) for method in methods
    ]


def _line(
    as_of: date,
    method: Method,
    code: Currency,
    owed: Receivables,
    sold: Sequence[MonthSales],
    *,
    is_home: bool,
) -> DsoLine:
    if method is Method.COUNT_BACK:
        counted = dso.count_back(owed.gross, reversed(sold))
        return DsoLine(
            as_of=as_of,
            method=method,
            currency=code,
            is_home=is_home,
            value=counted.days,
            net=dso.count_back(owed.net, reversed(sold)).days,
            receivables=owed.gross,
            sales=None,
            window=None,
            count_back=counted,
        )
    window = (
        dso.rolling_window(as_of)
        if method is Method.ROLLING
        else dso.simple_window(as_of)
    )
    sales = _sum(one.sales for one in sold if one.month.first_on >= window.begin_on)
    simple = dso.of_window(owed.gross, sales, window)
    net: Figure | None = dso.of_window(owed.net, sales, window)
    value, receivables = simple, owed.gross
    if method in {Method.BEST_POSSIBLE, Method.DELINQUENT}:
        assert owed.current is not None
        value, receivables, net = (
            dso.of_window(owed.current, sales, window),
            owed.current,
            None,
        )
    if method is Method.DELINQUENT:
        value, receivables = simple.minus(value), owed.gross - receivables
    return DsoLine(
        as_of=as_of,
        method=method,
        currency=code,
        is_home=is_home,
        value=value,
        net=net,
        receivables=receivables,
        sales=sales,
        window=window,
    )


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, Decimal(0))
