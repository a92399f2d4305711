"""The ageing report."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from ledger.ageing import (
    AgeingLine,
    Basis,
    BucketScheme,
    CreditPolicy,
    age,
    total_by_currency,
)
from ledger.ids import DebtorId
from ledger.money import Currency, round_half_up
from ledger.reports.question import HomeRates, Question, home_rates
from ledger.store import balances, debtors
from ledger.store.debtors import StoredDebtor


class Grouping(StrEnum):
    """What a line of the report stands for."""

    TOTAL = "total"
    """All debtors, a line each currency."""
    CURRENCY = "currency"
    """The same; kept as a word of its own for those who ask by currency."""
    DEBTOR = "debtor"
    """One debtor in one currency."""
    UNIT = "unit"
    """The debtors of one business unit in one currency."""


@dataclass(frozen=True, slots=True)
class HomeLine:
    """The whole ageing in home currency, converted once and rounded once.

    Attributes:
        rounding: The total less the sum of the rounded columns.
    """

    rates: HomeRates
    buckets: tuple[Decimal, ...]
    credits: Decimal
    total: Decimal
    rounding: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class AgeingReport:
    """An answered ageing question."""

    question: Question
    basis: Basis
    policy: CreditPolicy
    scheme: BucketScheme
    grouping: Grouping
    lines: list[AgeingLine]
    totals: list[AgeingLine]
    home: HomeLine | None
    debtors: Mapping[DebtorId, StoredDebtor] = field(default_factory=dict)
    units: list[str | None] = field(default_factory=list)


def ageing(
    question: Question,
    *,
    basis: Basis,
    policy: CreditPolicy,
    scheme: BucketScheme,
    grouping: Grouping,
) -> AgeingReport:
    """Age what was open at the question's date."""
    by_debtor = (
        grouping in {Grouping.DEBTOR, Grouping.UNIT}
        # Credits meet the debts of their own debtor only.
        or policy is CreditPolicy.OLDEST_FIRST
    )
    sums = balances.aged_sums(
        question.session,
        question.known,
        as_of=question.as_of,
        basis=basis,
        scheme=scheme,
        by_debtor=by_debtor,
    )
    lines = [line for line in age(sums, scheme, policy) if _says_something(line)]
    totals = total_by_currency(lines)
    known: Mapping[DebtorId, StoredDebtor] = {}
    units: list[str | None] = []
    if grouping in {Grouping.DEBTOR, Grouping.UNIT}:
        known = debtors.load_all(question.session, question.known)
        lines = sorted(lines, key=lambda line: _debtor_order(line, known))
        if grouping is Grouping.UNIT:
            lines, units = _by_unit(lines, known)
    else:
        lines = totals
    return AgeingReport(
        question=question,
        basis=basis,
        policy=policy,
        scheme=scheme,
        grouping=grouping,
        lines=lines,
        totals=totals,
        home=_home_line(question, totals, scheme),
        debtors=known,
        units=units,
    )


def _says_something(line: AgeingLine) -> bool:
    return any(line.buckets) or line.credits_minor != 0 or any(line.disputed)


def _debtor_order(
    line: AgeingLine, known: Mapping[DebtorId, StoredDebtor]
) -> tuple[str, str, str, str]:
    assert line.debtor_id is not None
    debtor = known[line.debtor_id]
    return (debtor.unit or "", debtor.number, str(debtor.id), line.currency)


def _by_unit(
    lines: list[AgeingLine], known: Mapping[DebtorId, StoredDebtor]
) -> tuple[list[AgeingLine], list[str | None]]:
    gathered: dict[str | None, list[AgeingLine]] = {}
    for line in lines:
        assert line.debtor_id is not None
        gathered.setdefault(known[line.debtor_id].unit, []).append(line)
    result: list[AgeingLine] = []
    units: list[str | None] = []
    for unit, members in gathered.items():
        totals = total_by_currency(members)
        result += totals
        units += [unit] * len(totals)
    return result, units


def _home_line(
    question: Question, totals: list[AgeingLine], scheme: BucketScheme
) -> HomeLine | None:
    rates = home_rates(question, [line.currency for line in totals])
    if rates.missing or not totals:
        return None
    columns = [
        rates.total({line.currency: line.buckets[index] for line in totals})
        for index in range(len(scheme.names))
    ]
    in_favour = rates.total({line.currency: line.credits_minor for line in totals})
    total = rates.total({line.currency: line.total_minor for line in totals})
    rounded = [_rounded(column, question.home) for column in columns]
    rounded_credits = _rounded(in_favour, question.home)
    rounded_total = _rounded(total, question.home)
    return HomeLine(
        rates=rates,
        buckets=tuple(rounded),
        credits=rounded_credits,
        total=rounded_total,
        rounding=rounded_total - sum(rounded, rounded_credits),
    )


def _rounded(amount: Decimal | None, home: Currency) -> Decimal:
    assert amount is not None
    return round_half_up(amount, home)
