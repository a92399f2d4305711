"""How a language writes amounts, dates and counted words, by CLDR."""

from collections.abc import Mapping
from copy import copy
from datetime import date
from functools import cached_property, lru_cache
from typing import Final

from babel import Locale, localedata
from babel.dates import format_date
from babel.numbers import NumberPattern

from ledger.money import Currency, exponent, from_minor

_NARROW_SPACE: Final = "\u202f"
_HARD_SPACE: Final = "\xa0"
"""Not every mail program and font has the narrow one."""


class Writer:
    """Writes figures as one locale does."""

    def __init__(self, locale: Locale) -> None:
        """Write as a locale does."""
        self.locale = locale

    @cached_property
    def tag(self) -> str:
        """The locale as in `lang` attributes: `de-CH`."""
        return str(self.locale).replace("_", "-")

    @cached_property
    def colon(self) -> str:
        """A colon after a word, with the space that the language puts before it."""
        return f"{_HARD_SPACE}:" if self.locale.language == "fr" else ":"

    def amount(self, minor: int, currency: Currency) -> str:
        """Write an amount with its currency, every minor unit shown."""
        return _amount(self.locale, minor, currency)

    def day(self, day: date) -> str:
        """Write a date for a sentence: 5 March 2026."""
        return _day(self.locale, day, "long")

    def short_day(self, day: date) -> str:
        """Write a date for a table: 05.03.2026, 5 Mar 2026."""
        return _day(self.locale, day, "medium")

    def counted(self, n: int, forms: Mapping[str, str]) -> str:
        """Write a counted word in the form the number asks for."""
        form = forms.get(self.locale.plural_form(n)) or forms["other"]
        return form.replace("{n}", str(n))


@lru_cache(maxsize=512)
def writer(language: str, country: str | None, default: str) -> Writer:
    """Return who writes a language as it is written in a country.

    Args:
        language: ISO 639.
        country: ISO 3166-1 of the debtor, if known.
        default: The locale for countries where the language is not at home.
    """
    wanted = f"{language}_{(country or '').upper()}"
    name = wanted if country and localedata.exists(wanted) else default
    return Writer(Locale.parse(name))


@lru_cache(maxsize=65_536)
def _amount(locale: Locale, minor: int, currency: Currency) -> str:
    written = _pattern(locale, exponent(currency)).apply(
        from_minor(minor, currency),
        locale,
        currency=str(currency),
        currency_digits=False,
    )
    return str(written).replace(_NARROW_SPACE, _HARD_SPACE)


@lru_cache(maxsize=512)
def _pattern(locale: Locale, digits: int) -> NumberPattern:
    # CLDR's digits are of daily use and hide minor units of some currencies, so those
    # of ISO 4217 are put in their place.
    pattern: NumberPattern = copy(locale.currency_formats["standard"])
    pattern.frac_prec = (digits, digits)
    return pattern


@lru_cache(maxsize=65_536)
def _day(locale: Locale, day: date, form: str) -> str:
    written = str(format_date(day, form, locale=locale))
    if locale.language == "fr" and day.day == 1:
        # CLDR has the bare figure, which nobody writes: le 1er avril.
        written = f"1er{written.removeprefix('1')}"
    return written.replace(_NARROW_SPACE, _HARD_SPACE)
