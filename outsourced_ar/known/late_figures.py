"""What of lateness a decision knows: figures of each item, and what a demand adds.

Kept with the facts, so that the same demand is made of them on any later day.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from ledger import compensation
from ledger.compensation import Scale
from ledger.money import Currency
from outsourced_ar.known.demand import Demand
from outsourced_ar.law.countries import sheet_named
from outsourced_ar.law.late_payment import Late
from outsourced_ar.law.late_policy import Show


@dataclass(frozen=True, slots=True, kw_only=True)
class LateFigures:
    """What came of an item's lateness, in minor units of its own currency.

    Attributes:
        to_on: The last day the interest is for.
        interest_minor: What it came to and was not settled, to be shown.
        compensation_minor: The same; 0 where it is in another currency.
        is_verified: Whether all of it was read in a source, and the due date was given
            by the books.
        asked_interest_minor: What is demanded; `asked_compensation_minor` likewise.
        new_compensation_minor: What of it was not charged before.
        blocked: Why nothing may be demanded today, or nothing.
        missing_series: The series whose value for `missing_on` blocks it.
        rule: The sheet by which it was worked out.
    """

    to_on: date
    interest_minor: int = 0
    compensation_minor: int = 0
    is_verified: bool = False
    asked_interest_minor: int = 0
    asked_compensation_minor: int = 0
    new_compensation_minor: int = 0
    blocked: str = ""
    rule: str = ""
    missing_series: str = ""
    missing_on: date | None = None


def figures_of(late: Late) -> LateFigures | None:
    """Return what a decision knows of lateness; None where the client wants silence."""
    if late.show is Show.OFF:
        return None
    owed, beside = late.interest, late.compensation
    return LateFigures(
        to_on=late.due_on if owed is None else owed.covered_until,
        interest_minor=late.told_interest_minor,
        compensation_minor=late.told_compensation_minor,
        is_verified=(
            not late.document.is_inferred
            and beside.verified
            and (owed is None or owed.verified)
        ),
        asked_interest_minor=late.interest_minor,
        asked_compensation_minor=late.compensation_minor,
        new_compensation_minor=late.new_compensation_minor,
        blocked=late.blocked,
        rule=late.rule,
        missing_series=owed.missing_series if owed and late.blocked else "",
        missing_on=owed.missing_on if owed and late.blocked else None,
    )


def added(
    demand: Demand,
    rule: str,
    figures: Sequence[tuple[LateFigures | None, int]],
    currency: Currency,
) -> tuple[Demand, str]:
    """Return a demand with what is demanded for lateness, and by which rules.

    Args:
        demand: Without it.
        rule: By which country's rule it is written.
        figures: Of each item in it, with what is open of the item.
        currency: Of the demand.
    """
    known = [(one, minor) for one, minor in figures if one is not None]
    costs = sum(one.asked_compensation_minor for one, _ in known)
    costs += _scaled(known, currency)
    interest = sum(one.asked_interest_minor for one, _ in known)
    if not interest and not costs:
        return demand, rule
    rules = dict.fromkeys([rule, *(one.rule for one, _ in known)])
    return (
        replace(demand, interest_minor=interest, compensation_minor=costs),
        ", ".join(rules),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Lateness:
    """What lateness of some items came to, to be shown as information.

    Attributes:
        to_on: The last day the interest of all of them is for.
    """

    to_on: date
    interest_minor: int
    compensation_minor: int


def total(figures: Sequence[LateFigures | None]) -> Lateness | None:
    """Return what items came to together; None where one of them was not read.

    A sum that leaves an item out, or ends on another day for it, is no sum.
    """
    known = [one for one in figures if one is not None]
    if not known or len(known) < len(figures):
        return None
    days = {one.to_on for one in known}
    if len(days) > 1 or not all(one.is_verified for one in known):
        return None
    return Lateness(
        to_on=days.pop(),
        interest_minor=sum(one.interest_minor for one in known),
        compensation_minor=sum(one.compensation_minor for one in known),
    )


def _scaled(known: Sequence[tuple[LateFigures, int]], currency: Currency) -> int:
    """Return what a scale over this letter's sum differs from one item by item."""
    new = [(one, minor) for one, minor in known if one.new_compensation_minor]
    if not new:
        return 0
    scale = sheet_named(new[0][0].rule).compensation
    if not isinstance(scale, Scale):
        return 0
    whole = compensation.for_letter(scale, [minor for _, minor in new], currency)
    return (whole.minor or 0) - sum(one.new_compensation_minor for one, _ in new)
