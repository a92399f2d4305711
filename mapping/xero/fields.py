"""Dates, currencies and amounts as Xero writes them."""

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Final

from ledger.money import (
    MINOR_MAX,
    Currency,
    UnknownCurrencyError,
    exponent,
    round_half_up,
)
from ledger.money import currency as known_currency
from ledger.records import ProblemReason
from mapping.fields import FieldError

DATE: Final = re.compile(r"/Date\((-?\d+)([+-]\d{4})?\)/")
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
FAR_MS: Final = 253_370_764_800_000
"""The year 9999: what lies beyond is no date."""
FIRST_MS: Final = -62_135_596_800_000
"""The first day of the year 1, which the vendor's programs take for none."""
DAYS_KEPT: Final = 4_096
"""Days recur on every page: ten years of them are read once."""


def instant(text: str | None) -> datetime | None:
    """Return an instant: milliseconds since 1970 in UTC, or None where none is given.

    The zone beside the milliseconds is how the vendor would show it, and moves nothing.

    Raises:
        FieldError: It is something else.
    """
    if not text:
        return None
    match = DATE.fullmatch(text)
    if match is None or not FIRST_MS <= (milliseconds := int(match[1])) <= FAR_MS:
        raise _date_error(text)
    if milliseconds == FIRST_MS:
        return None
    seconds, rest = divmod(milliseconds, 1_000)
    return EPOCH + timedelta(0, seconds, rest * 1_000)


@lru_cache(DAYS_KEPT)
def day(text: str | None) -> date:
    """Return a calendar date; it has no zone and is never shifted.

    Raises:
        FieldError: It is missing, or no date.
    """
    found = optional_day(text)
    if found is None:
        raise FieldError(
            "The date is missing.",
            reason=ProblemReason.MISSING,
            remedy="Open the document in Xero and give it a date.",
        )
    return found


@lru_cache(DAYS_KEPT)
def optional_day(text: str | None) -> date | None:
    """Return a calendar date, or None where none is given."""
    found = instant(text)
    return None if found is None or found == EPOCH else found.date()


def currency(text: str | None, base: Currency) -> Currency:
    """Return a document's currency; without one it is the organisation's.

    Raises:
        FieldError: There is no such currency.
    """
    if not text:
        return base
    try:
        return known_currency(text)
    except UnknownCurrencyError as error:
        raise FieldError(
            f"{text!r} is no currency.",
            reason=ProblemReason.CURRENCY,
            remedy="Correct the document's currency in Xero.",
        ) from error


def minor(amount: Decimal, of: Currency) -> int:
    """Return an amount in minor units.

    Raises:
        FieldError: It is below zero, out of range, or finer than the currency.
    """
    try:
        in_range = 0 <= amount <= MINOR_MAX
    except InvalidOperation:
        in_range = False
    if not in_range:
        raise _amount_error(f"The amount {amount} is below zero or larger than any.")
    scaled = amount.scaleb(exponent(of))
    found = int(scaled)
    if found != scaled:
        raise _amount_error(f"The amount {amount} has more decimals than {of}.")
    if found > MINOR_MAX:
        raise _amount_error(f"The amount {amount} is larger than any invoice.")
    return found


def rate(given: Decimal | None) -> Decimal | None:
    """Return an exchange rate as given, or None where there is none.

    Raises:
        FieldError: It is zero or below.
    """
    if given is None:
        return None
    if not given.is_finite() or given <= 0:
        raise FieldError(
            f"The exchange rate {given} cannot be.",
            reason=ProblemReason.VALUE,
            remedy="Correct the document's exchange rate in Xero.",
        )
    return given


def home_minor(
    amount: Decimal, of: Currency, given: Decimal | None, base: Currency
) -> int | None:
    """Return an amount in the organisation's currency: divided by the booked rate.

    The rate is units of the document's currency for one of the organisation's.
    """
    if of == base:
        return minor(amount, of)
    if given is None:
        return None
    try:
        return minor(round_half_up(amount / given, base), base)
    except ArithmeticError as error:
        raise FieldError(
            f"The exchange rate {given} cannot be.",
            reason=ProblemReason.VALUE,
            remedy="Correct the document's exchange rate in Xero.",
        ) from error


def _amount_error(message: str) -> FieldError:
    return FieldError(
        message,
        reason=ProblemReason.AMOUNT,
        remedy="Open the document in Xero and correct it.",
    )


def _date_error(text: str) -> FieldError:
    return FieldError(
        f"{text!r} is no date.",
        reason=ProblemReason.DATE,
        remedy="Open the document in Xero and correct its date.",
    )
