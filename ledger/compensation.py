"""Compensation for recovery costs: what the law lets a creditor add, once an invoice.

It is owed at the first default, on what was open when the due date ended, and never on
what a dispute took away. Amounts are in the rule's own currency; none is converted
unless the rule says by which rate, and then only where that rate is given.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from ledger.interest import half_up
from ledger.money import Currency, exponent


@dataclass(frozen=True, slots=True, kw_only=True)
class DatedAmount:
    """An amount that the law names, for defaults on certain days, both included."""

    from_on: date
    until: date
    minor: int
    source: str = ""
    verified: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Fixed:
    """One amount, whatever is owed.

    Attributes:
        values: By the day of default, in order.
        less_reminder_fees: Whether reminder fees asked for before are taken off.
    """

    currency: Currency
    values: tuple[DatedAmount, ...]
    less_reminder_fees: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """An amount up to a size of debt; without a bound it is for all that is larger.

    Attributes:
        to_minor: The bound in minor units of the debt's currency.
        with_bound: Whether a debt of exactly that size belongs to it.
    """

    to_minor: int | None
    with_bound: bool
    pays_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Banded:
    """An amount by the size of the debt.

    Attributes:
        debt_currency: What the bounds are in; a debt in another has no band.
        currency: What is paid; where it differs from `debt_currency`, it is converted
            to that by a rate that the rule names.
        from_on: The first day of default that it holds for.
        rate_named: Which rate that is, for a person.
    """

    debt_currency: Currency
    currency: Currency
    bands: tuple[Band, ...]
    from_on: date = date.min
    rate_named: str = ""
    source: str = ""
    verified: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A part of a scale: so much per cent of the next so many minor units."""

    width_minor: int | None
    percent: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """A scale over the sum of all that one letter asks for."""

    currency: Currency
    steps: tuple[Step, ...]
    least_minor: int
    most_minor: int
    source: str = ""
    verified: bool = True


Rule = Fixed | Banded | Scale


@dataclass(frozen=True, slots=True, kw_only=True)
class Compensation:
    """What a creditor may add, or why that cannot be said.

    Attributes:
        minor: None where it is not known; 0 where there is nothing to add.
        reason: Why it is not known, or nothing.
    """

    minor: int | None
    currency: Currency | None
    reason: str = ""
    source: str = ""
    verified: bool = False


NOTHING = Compensation(minor=0, currency=None, verified=True)
"""Nothing is owed beside the interest."""


def for_item(
    rule: Rule | None,
    *,
    open_minor: int,
    currency: Currency,
    defaulted_on: date,
    conversion: Decimal | None = None,
    reminder_fees_minor: int = 0,
) -> Compensation:
    """Return what is added for one invoice, or one of its instalments.

    A scale is over a whole letter; of one item it gives what a letter with nothing else
    in it would.

    Args:
        rule: The country's; None where it has none.
        open_minor: What was open when the due date ended, without what was disputed
            with success.
        currency: What the item is in.
        defaulted_on: The first day of delay.
        conversion: Units of the debt's currency for one of the amount's.
        reminder_fees_minor: What was asked for reminders before.
    """
    if rule is None or open_minor <= 0:
        return NOTHING
    match rule:
        case Fixed():
            return _fixed(rule, defaulted_on, reminder_fees_minor)
        case Banded():
            if defaulted_on < rule.from_on:
                return _unknown(
                    f"no amount is known for a default on {defaulted_on}", rule
                )
            return _banded(rule, open_minor, currency, conversion)
        case Scale():
            return for_letter(rule, [open_minor], currency)


def for_letter(
    rule: Scale, principals: Sequence[int], currency: Currency
) -> Compensation:
    """Return what a scale gives on the sum of one letter's principals."""
    if currency != rule.currency:
        return _unknown(
            f"the scale is in {rule.currency}, the debt in {currency}", rule
        )
    rest = sum(principals)
    if rest <= 0:
        return NOTHING
    found = Fraction(0)
    for step in rule.steps:
        part = rest if step.width_minor is None else min(rest, step.width_minor)
        found += part * Fraction(step.percent) / 100
        rest -= part
    minor = min(max(half_up(found), rule.least_minor), rule.most_minor)
    return Compensation(
        minor=minor,
        currency=rule.currency,
        source=rule.source,
        verified=rule.verified,
    )


def shared_out(minor: int, principals: Sequence[int]) -> tuple[int, ...]:
    """Share an amount out over principals, the last taking the rest, to the unit."""
    whole = sum(principals)
    if whole <= 0:
        return (0,) * len(principals)
    shares = [minor * one // whole for one in principals[:-1]]
    return (*shares, minor - sum(shares))


def _fixed(rule: Fixed, defaulted_on: date, fees_minor: int) -> Compensation:
    for value in rule.values:
        if value.from_on <= defaulted_on <= value.until:
            off = fees_minor if rule.less_reminder_fees else 0
            return Compensation(
                minor=max(value.minor - off, 0),
                currency=rule.currency,
                source=value.source,
                verified=value.verified,
            )
    return Compensation(
        minor=None,
        currency=rule.currency,
        reason=f"no amount is known for a default on {defaulted_on}",
    )


def _banded(
    rule: Banded, open_minor: int, currency: Currency, conversion: Decimal | None
) -> Compensation:
    if currency != rule.debt_currency:
        return _unknown(
            f"the bands are in {rule.debt_currency}, the debt in {currency}", rule
        )
    for band in rule.bands:
        if (
            band.to_minor is None
            or open_minor < band.to_minor
            or (band.with_bound and open_minor == band.to_minor)
        ):
            return _paid(rule, band.pays_minor, conversion)
    return _unknown(f"no band is known for {open_minor} minor units", rule)


def _paid(rule: Banded, minor: int, conversion: Decimal | None) -> Compensation:
    if rule.currency == rule.debt_currency:
        return Compensation(
            minor=minor,
            currency=rule.currency,
            source=rule.source,
            verified=rule.verified,
        )
    if conversion is None:
        return _unknown(f"{rule.rate_named} is not given", rule)
    scale = Fraction(10) ** (exponent(rule.debt_currency) - exponent(rule.currency))
    return Compensation(
        minor=half_up(minor * Fraction(conversion) * scale),
        currency=rule.debt_currency,
        source=rule.source,
        verified=rule.verified,
    )


def _unknown(reason: str, rule: Banded | Scale) -> Compensation:
    return Compensation(
        minor=None, currency=rule.currency, reason=reason, source=rule.source
    )
