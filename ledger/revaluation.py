"""The receivables account in home currency, beside the documents at booked rates.

Books that keep foreign receivables show them at the rate of the day. What that makes of
the documents' booked values is recomputed here; only where the books' balance agrees
with it is the rest called a difference of exchange. IAS 21 (23) and ASC 830-20-35 ask
for the closing rate of monetary items.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from itertools import combinations
from typing import Final

from ledger.evidence import Cause, Evidence, total
from ledger.figures import quotient
from ledger.fx import Rate, posted
from ledger.money import EXACT, Currency, Money, from_minor, round_half_up, to_minor

TOLERANCES: Final = (
    (7, Decimal("0.01")),
    (31, Decimal("0.05")),
    (366, Decimal("0.15")),
)
"""How far rates may lead apart, as a share of what is open, by a rate's age in days.

Published rates of one day lie within a percent of each other; a currency moves by some
percent in a month, and by more in a year. An older rate says nothing.
"""
RATE_DAYS_MAX: Final = TOLERANCES[-1][0]
TELLING: Final = Decimal("1.1")
"""A rate nearer to one than this looks the same as its reciprocal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeControl:
    """The balance of the books' receivables account, in home currency only.

    Attributes:
        source: Where it was read.
        as_of: Its date.
    """

    source: str
    as_of: date
    currency: Currency
    balance_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BookedOpen:
    """What is open in one currency, credits taken off, and at what it is booked.

    Attributes:
        open_minor: In the currency itself.
        booked_minor: In home currency, each document at its own rate.
        gross_minor: The same as `open_minor`, credits added instead.
        gross_booked_minor: That at its booked rates.
        documents: How many documents that is.
        unbooked: How many of them the books gave no home amount of; those count in
            `open_minor` alone.
    """

    currency: Currency
    open_minor: int
    booked_minor: int
    gross_minor: int
    gross_booked_minor: int
    documents: int
    unbooked: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Revaluation:
    """One currency's open balance at its booked rates and at a rate of the day.

    Attributes:
        rate: None where no rate near the day is known.
        shown_minor: The open balance at that rate, in home currency.
        tolerance_minor: How far the books' own rate may lead from it.
        is_upside_down: Whether the documents look booked with the rate's reciprocal.
    """

    booked: BookedOpen
    rate: Rate | None
    shown_minor: int | None
    tolerance_minor: int
    is_upside_down: bool = False

    @property
    def difference_minor(self) -> int | None:
        """What showing it at the rate of the day adds to the booked value."""
        if self.shown_minor is None:
            return None
        return self.shown_minor - self.booked.booked_minor


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeComparison:
    """The ledger at booked rates beside the books' receivables account.

    Attributes:
        ours_minor: All open documents at their booked rates.
        revaluations: Each foreign currency's part.
        fx_minor: What is named a difference of exchange.
        explained: The records that add up to what is left, if any do.
    """

    control: HomeControl
    ours_minor: int
    revaluations: tuple[Revaluation, ...]
    fx_minor: int = 0
    explained: tuple[Evidence, ...] = ()

    @property
    def difference_minor(self) -> int:
        """The books' balance less ours at booked rates."""
        return self.control.balance_minor - self.ours_minor

    @property
    def rounding_minor(self) -> int:
        """What rounding each foreign document by itself can add up to."""
        return sum(one.booked.documents for one in self.revaluations)

    @property
    def tolerance_minor(self) -> int:
        """How far the rest may lie from the recomputed difference."""
        of_rates = sum(one.tolerance_minor for one in self.revaluations)
        return self.rounding_minor + of_rates

    @property
    def recomputed_minor(self) -> int | None:
        """What the rates of the day make of the booked values; None if one lacks."""
        found = [one.difference_minor for one in self.revaluations]
        known = [one for one in found if one is not None]
        return sum(known) if len(known) == len(found) else None

    @property
    def unknown_minor(self) -> int:
        """What neither rates nor records explain."""
        rest = self.difference_minor - self.fx_minor
        return rest - total(self.explained)

    @property
    def is_upside_down(self) -> bool:
        """Whether a currency looks booked with the reciprocal of its rates."""
        return any(one.is_upside_down for one in self.revaluations)

    @property
    def is_good(self) -> bool:
        """Whether nothing is left but a difference of exchange."""
        return not (self.unknown_minor or self.explained or self.is_upside_down)


def revalue(
    booked: BookedOpen, *, home: Currency, as_of: date, rates: Iterable[Rate]
) -> Revaluation:
    """Show a currency's open balance at the rate nearest to a date.

    Args:
        booked: The open balance.
        home: The currency of the books.
        as_of: The date of the books' balance.
        rates: Rates on or before it; of two equally old the first is taken.
    """
    usable = [one for one in rates if 0 <= _age(one, as_of) <= RATE_DAYS_MAX]
    rate = min(usable, key=lambda one: _age(one, as_of), default=None)
    if rate is None or booked.unbooked:
        return Revaluation(
            booked=booked, rate=rate, shown_minor=None, tolerance_minor=0
        )
    amount = Money.from_minor(booked.open_minor, booked.currency)
    shown = posted(amount, rate).minor
    share = next(part for days, part in TOLERANCES if _age(rate, as_of) <= days)
    allowed = EXACT.multiply(from_minor(abs(shown), home), share)
    return Revaluation(
        booked=booked,
        rate=rate,
        shown_minor=shown,
        tolerance_minor=to_minor(round_half_up(allowed, home), home),
        is_upside_down=all(_is_upside_down(booked, home, one) for one in usable),
    )


def compare_home(
    control: HomeControl,
    booked: Sequence[BookedOpen],
    rates: Mapping[Currency, Sequence[Rate]],
    evidence: Sequence[Evidence],
) -> HomeComparison:
    """Compare the receivables account with all open documents at booked rates.

    Args:
        control: The account's balance.
        booked: The ledger's open balances, one a currency.
        rates: Known rates of each foreign currency.
        evidence: Records that may explain a difference, in any currency.
    """
    home = control.currency
    revaluations = tuple(
        revalue(one, home=home, as_of=control.as_of, rates=rates.get(one.currency, ()))
        for one in booked
        if one.currency != home and one.documents
    )
    found = HomeComparison(
        control=control,
        ours_minor=sum(one.booked_minor for one in booked),
        revaluations=revaluations,
    )
    for records in (), *_together(_at_home(evidence, home, revaluations)):
        rest = found.difference_minor - total(records)
        if _is_exchange(found, rest):
            return replace(found, fx_minor=rest, explained=records)
    return found


def statements(found: HomeComparison) -> list[str]:
    """Return in words what was compared, and with which rates and tolerance."""
    home = found.control.currency
    theirs, ours = found.control.balance_minor, found.ours_minor
    first = (
        f"{found.control.source}: {_text(theirs, home)}; all open documents at their "
        f"booked rates: {_text(ours, home)}."
    )
    lines = [first]
    if abs(found.fx_minor) > found.rounding_minor:
        lines.append(
            f"Difference of exchange: {_text(found.fx_minor, home)}; recomputed: "
            f"{_text(found.recomputed_minor or 0, home)}, within "
            f"{_text(found.tolerance_minor, home)}."
        )
    elif found.fx_minor:
        lines.append(
            f"Rounding of foreign documents: {_text(found.fx_minor, home)}, within "
            f"{_text(found.rounding_minor, home)}."
        )
    if found.unknown_minor:
        recomputed = found.recomputed_minor
        rates = "" if recomputed is None else f"; rates make {_text(recomputed, home)}"
        lines.append(
            f"Not explained in the receivables account: "
            f"{_text(found.unknown_minor, home)}{rates}."
        )
    for one in found.revaluations:
        code = one.booked.currency
        if one.booked.unbooked:
            lines.append(
                f"{code}: the books gave no home amount of {one.booked.unbooked} open "
                "documents, so a difference of exchange cannot be recomputed."
            )
        elif one.rate is None:
            lines.append(
                f"{code}: no rate near {found.control.as_of.isoformat()} is known, so "
                "a difference of exchange cannot be recomputed."
            )
        else:
            lines.append(_rate_line(one, one.rate, home))
        if one.is_upside_down:
            lines.append(
                f"{code}: the documents look booked with the reciprocal of the rate. "
                "Please report it; until then trust no home amount of this currency."
            )
    return lines


def _rate_line(one: Revaluation, rate: Rate, home: Currency) -> str:
    code = one.booked.currency
    per = rate.per.quantize(Decimal("0.000001")).normalize()
    return (
        f"{code}: {_text(one.booked.open_minor, code)} open, booked at "
        f"{_text(one.booked.booked_minor, home)}, worth "
        f"{_text(one.shown_minor or 0, home)} at {per:f} a {home} "
        f"({rate.source}, {rate.quoted_on.isoformat()})."
    )


def _is_exchange(found: HomeComparison, rest: int) -> bool:
    """Say whether a rest is rounding, or what the rates of the day make of it.

    Books that never revalue leave no more than rounding.
    """
    if abs(rest) <= found.rounding_minor:
        return True
    recomputed = found.recomputed_minor
    return recomputed is not None and abs(rest - recomputed) <= found.tolerance_minor


def _together(evidence: Sequence[Evidence]) -> Iterable[tuple[Evidence, ...]]:
    """Yield all records of one cause, then of two, and so on."""
    causes: list[Cause] = list(dict.fromkeys(one.cause for one in evidence))
    for count in range(1, len(causes) + 1):
        for chosen in combinations(causes, count):
            yield tuple(one for one in evidence if one.cause in chosen)


def _at_home(
    evidence: Iterable[Evidence], home: Currency, revaluations: Iterable[Revaluation]
) -> list[Evidence]:
    """Return records in home currency, those at least that can be converted."""
    rates = {one.booked.currency: one.rate for one in revaluations}
    found = []
    for one in evidence:
        minor = one.minor
        if minor is None or one.currency is None:
            continue
        if one.currency != home:
            rate = rates.get(one.currency)
            if rate is None:
                continue
            minor = posted(Money.from_minor(minor, one.currency), rate).minor
        found.append(
            Evidence(
                cause=one.cause,
                record=one.record,
                currency=home,
                debtor=one.debtor,
                minor=minor,
            )
        )
    return found


def _is_upside_down(booked: BookedOpen, home: Currency, rate: Rate) -> bool:
    """Say whether a booked value is nearer to the reciprocal of a rate than to it."""
    if not booked.gross_booked_minor:
        return False
    gross = from_minor(booked.gross_minor, booked.currency)
    per = quotient(gross, from_minor(booked.gross_booked_minor, home))
    reciprocal = quotient(1, rate.per)
    if _apart(rate.per, reciprocal) < TELLING:
        return False
    return _apart(per, reciprocal) < _apart(per, rate.per)


def _apart(one: Decimal, other: Decimal) -> Decimal:
    return quotient(max(one, other), min(one, other))


def _age(rate: Rate, as_of: date) -> int:
    return (as_of - rate.quoted_on).days


def _text(minor: int, code: Currency) -> str:
    return f"{from_minor(minor, code):,} {code}"
