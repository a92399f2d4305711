"""Interest for late payment: pure, exact, day by day, and never beyond what is known.

Runs from the day after the due date to a day that is included; a payment's value date
is the last day its money was missing, unless terms say otherwise. A day without a rate
ends the calculation there, and the result says so. Due dates are taken as given.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

from ledger.calendar import ONE_DAY
from ledger.day_counts import year_part
from ledger.interest_terms import (
    Claim,
    Compounding,
    InterestTerms,
    Mode,
    Movement,
    Order,
    Pause,
    Rounding,
    joined,
    rate_on,
)
from ledger.money import Currency


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """The longest run of days with one rate and one principal.

    Attributes:
        days: Calendar days in it, both ends included.
        principal_minor: What bore interest, capitalised interest with it.
        percent: The rate a year.
        exact_minor: Minor units, unrounded.
    """

    first_on: date
    last_on: date
    principal_minor: int
    percent: Decimal
    exact_minor: Fraction
    sources: tuple[str, ...]
    verified: bool

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.last_on - self.first_on).days + 1

    @property
    def rounded_minor(self) -> int:
        """The amount rounded half up, to show beside it; not what is added up."""
        return half_up(self.exact_minor)


@dataclass(frozen=True, slots=True, kw_only=True)
class Interest:
    """What interest came to.

    Attributes:
        to_on: The day it was asked for; `covered_until` is the last day it holds for.
        principal_minor: What is left of the claim itself after the last movement.
        total_minor: All interest, rounded as the terms say.
        paid_minor: What of it payments met already.
        missing: What was not known after `covered_until`, or nothing.
        missing_series: The series that has no value for `missing_on`, where it is that.
        verified: Whether the rule and every rate in it was read in a source.
    """

    currency: Currency
    due_on: date
    to_on: date
    covered_until: date
    segments: tuple[Segment, ...]
    paused: tuple[Pause, ...]
    principal_minor: int
    exact_minor: Fraction
    total_minor: int
    paid_minor: int
    missing: str
    verified: bool
    missing_series: str = ""
    missing_on: date | None = None

    @property
    def is_complete(self) -> bool:
        """Whether it holds for every day it was asked for."""
        return not self.missing

    @property
    def open_minor(self) -> int:
        """What no payment met."""
        return self.total_minor - self.paid_minor


def half_up(exact: Fraction) -> int:
    """Round to a whole number, halves away from zero."""
    whole = (abs(exact) + Fraction(1, 2)).__floor__()
    return whole if exact >= 0 else -whole


def interest(
    claim: Claim,
    terms: InterestTerms,
    *,
    to_on: date,
    paused: Sequence[Pause] = (),
) -> Interest:
    """Return the interest on a claim from the day after it was due to a day, included.

    Args:
        claim: What is owed; its movements may come in any order.
        terms: The rule.
        to_on: The last day that counts.
        paused: Days that are left out, overlapping or not.
    """
    run = _Run(claim, terms, to_on)
    pauses = joined(paused)
    turns = run.turning_days(pauses)
    for first, following in pairwise(turns):
        run.enter(first)
        if not run.go(first, following - ONE_DAY, pauses):
            break
    return run.result(pauses)


class _Run:
    """A calculation under way, from the first day of delay on."""

    def __init__(self, claim: Claim, terms: InterestTerms, to_on: date) -> None:
        self.claim = claim
        self.terms = terms
        self.to_on = to_on
        self.start = claim.due_on + ONE_DAY
        self.waiting = sorted(
            (one for one in claim.movements if one.on <= to_on),
            key=lambda one: (self._tells_on(one), one),
            reverse=True,
        )
        self.anniversaries = self._anniversaries()
        self.principal = claim.principal_minor
        self.capital = 0
        self.costs_met = 0
        self.accrued: list[Segment] = []
        self.segments: list[Segment] = []
        self.posted = 0
        self.paid = 0
        self.missing = ""
        self.missing_on: date | None = None
        self.covered_until = max(to_on, claim.due_on)
        while self._is_waiting(self.start):
            self.principal -= self.waiting.pop().minor

    def turning_days(self, pauses: Sequence[Pause]) -> list[date]:
        """Return the days on which something may change, and the day after the end."""
        moved_on = (self._tells_on(one) for one in self.waiting)
        days = {self.start, *moved_on, *self.anniversaries}
        for one in pauses:
            days |= {one.first_on, min(one.last_on, self.to_on) + ONE_DAY}
        if self.terms.series and self.terms.mode is Mode.FLOATING_HALF_YEAR:
            for rate in self.terms.series.values:
                days |= {rate.from_on, min(rate.until, self.to_on) + ONE_DAY}
        within = {day for day in days if self.start <= day <= self.to_on}
        return [*sorted(within), self.to_on + ONE_DAY] if within else []

    def enter(self, day: date) -> None:
        """Do what happens at the beginning of a day: capitalise, then take payments."""
        if day in self.anniversaries:
            self._post()
            self.capital = self.posted - self.paid
        self._apply_until(day)

    def go(self, first: date, last: date, pauses: Sequence[Pause]) -> bool:
        """Count a run of days in which nothing changes; say whether it could be."""
        if self.principal <= 0 or any(p.first_on <= first <= p.last_on for p in pauses):
            return True
        rate = rate_on(self.terms, first, start=self.start)
        if rate is None:
            self.covered_until = first - ONE_DAY
            self._miss(first)
            return False
        base = self.principal + self.capital
        part = year_part(first, last, self.terms.day_count)
        found = Segment(
            first_on=first,
            last_on=last,
            principal_minor=base,
            percent=rate.percent,
            exact_minor=base * Fraction(rate.percent) / 100 * part,
            sources=(rate.source,) if rate.source else (),
            verified=rate.verified,
        )
        if self.accrued and _continues(self.accrued[-1], found):
            found = _together(self.accrued.pop(), found)
        self.accrued.append(found)
        return True

    def result(self, pauses: Sequence[Pause]) -> Interest:
        """Return what it came to."""
        self._post()
        while self.waiting:
            # Arrived on the last day: counted in full, and paid all the same.
            self._pay(self.waiting.pop())
        last = max(self.covered_until, self.claim.due_on)
        return Interest(
            currency=self.claim.currency,
            due_on=self.claim.due_on,
            to_on=self.to_on,
            covered_until=last,
            segments=tuple(self.segments),
            paused=tuple(
                Pause(max(p.first_on, self.start), min(p.last_on, last))
                for p in pauses
                if max(p.first_on, self.start) <= min(p.last_on, last)
            ),
            principal_minor=max(self.principal, 0),
            exact_minor=sum((s.exact_minor for s in self.segments), Fraction(0)),
            total_minor=self.posted,
            paid_minor=self.paid,
            missing=self.missing,
            verified=self.terms.verified and all(s.verified for s in self.segments),
            missing_series=(
                self.terms.series.name if self.missing_on and self.terms.series else ""
            ),
            missing_on=self.missing_on,
        )

    def _tells_on(self, moved: Movement) -> date:
        """Return the first day that a movement tells on.

        Money was missing on the day it arrived; what is credited was not owed on it.
        """
        if moved.is_payment and self.terms.counts_value_day:
            return moved.on + ONE_DAY
        return moved.on

    def _is_waiting(self, day: date) -> bool:
        return bool(self.waiting) and self._tells_on(self.waiting[-1]) <= day

    def _apply_until(self, day: date) -> None:
        while self._is_waiting(day):
            self._pay(self.waiting.pop())

    def _pay(self, moved: Movement) -> None:
        minor = moved.minor
        costs_first = self.terms.order is Order.COSTS_INTEREST_PRINCIPAL
        if costs_first and moved.is_payment and minor > 0:
            self._post()
            asked = sum(one.minor for one in self.claim.costs if one.on <= moved.on)
            for_costs = min(minor, max(asked - self.costs_met, 0))
            self.costs_met += for_costs
            minor -= for_costs
            for_interest = min(minor, self.posted - self.paid)
            self.paid += for_interest
            self.capital -= min(for_interest, self.capital)
            minor -= for_interest
        self.principal -= minor

    def _post(self) -> None:
        """Round what has accrued since the last posting, and keep it."""
        if self.terms.rounding is Rounding.BY_SEGMENT:
            amount = sum(one.rounded_minor for one in self.accrued)
        else:
            amount = half_up(sum((s.exact_minor for s in self.accrued), Fraction(0)))
        self.segments += self.accrued
        self.accrued = []
        self.posted += amount

    def _anniversaries(self) -> frozenset[date]:
        if self.terms.compounding is Compounding.NONE:
            return frozenset()
        years = range(self.start.year + 1, self.to_on.year + 1)
        return frozenset(_same_day(self.start, year) for year in years)

    def _miss(self, day: date) -> None:
        """Note what is not known from a day on."""
        if self.terms.series is None:
            self.missing = "no rate is agreed or known"
            return
        asked = self.start if self.terms.mode is Mode.FIXED_AT_START else day
        self.missing = f"no value of {self.terms.series.name} is known for {asked}"
        self.missing_on = asked


def _same_day(start: date, year: int) -> date:
    """Return the day a year is over: after 29 February that is 1 March."""
    try:
        return start.replace(year=year)
    except ValueError:
        return date(year, 3, 1)


def _continues(before: Segment, after: Segment) -> bool:
    return (
        before.last_on + ONE_DAY == after.first_on
        and before.principal_minor == after.principal_minor
        and before.percent == after.percent
    )


def _together(before: Segment, after: Segment) -> Segment:
    return Segment(
        first_on=before.first_on,
        last_on=after.last_on,
        principal_minor=before.principal_minor,
        percent=before.percent,
        exact_minor=before.exact_minor + after.exact_minor,
        sources=tuple(dict.fromkeys((*before.sources, *after.sources))),
        verified=before.verified and after.verified,
    )
