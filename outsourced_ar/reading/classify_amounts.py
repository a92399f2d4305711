"""Amounts in what people write, in each language's way; never guessed."""

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from babel import Locale
from babel.numbers import get_decimal_symbol, get_group_symbol

from ledger.money import MINOR_MAX, Currency, exponent, to_minor

NAMES: Final[dict[str, tuple[str, ...]]] = {
    "€": ("EUR",), "eur": ("EUR",), "euro": ("EUR",), "euros": ("EUR",),
    "euroa": ("EUR",), "eura": ("EUR",), "eurot": ("EUR",), "eurót": ("EUR",),
    "£": ("GBP",), "gbp": ("GBP",), "pounds": ("GBP",),
    "$": ("USD", "CAD", "AUD"), "usd": ("USD",), "us$": ("USD",), "dollars": ("USD",),
    "chf": ("CHF",), "zl": ("PLN",), "pln": ("PLN",), "zlotych": ("PLN",),
    "kc": ("CZK",), "czk": ("CZK",), "korun": ("CZK",),
    "kr": ("SEK", "DKK", "NOK"), "sek": ("SEK",), "dkk": ("DKK",), "nok": ("NOK",),
    "kronor": ("SEK",), "kroner": ("DKK", "NOK"),
    "ft": ("HUF",), "huf": ("HUF",), "forint": ("HUF",), "forintot": ("HUF",),
}  # fmt: skip
"""How currencies are written, without accents; several where the sign is shared."""
KRONE: Final = {"sv": "SEK", "da": "DKK", "nb": "NOK"}

_SIGN: Final = "|".join(
    re.escape(name) for name in sorted(NAMES, key=len, reverse=True)
)
_NUMBER: Final = r"\d{1,3}(?:[ .,']\d{3})+(?:[.,]\d{1,2})?|\d+(?:[.,]\d{1,3})?"
_AMOUNT: Final = re.compile(
    rf"(?<![\w.,])(?:(?P<before>{_SIGN})\.?\s?(?P<first>{_NUMBER})(?![\w])"
    rf"|(?P<second>{_NUMBER})(?:,-)?\s?(?P<after>{_SIGN})(?![a-z€£$])(?:-\w+)?)"
)
_DECIMALS_MAX: Final = 2


@dataclass(frozen=True, slots=True)
class Amount:
    """An amount that a text names, and where."""

    minor: int
    currency: Currency
    start: int
    end: int


def find_amounts(
    folded: str, language: str, currency: Currency | None = None
) -> list[Amount]:
    """Return the amounts of a folded text whose currency and value are beyond doubt.

    Args:
        folded: The text.
        language: In whose way figures are grouped.
        currency: Of the message answered; it decides what a shared sign means.
    """
    found = []
    for match in _AMOUNT.finditer(folded):
        sign = match["before"] or match["after"]
        of = _currency(sign, language, currency)
        value = _value(match["first"] or match["second"], language)
        if of is None or value is None:
            continue
        if -int(value.as_tuple().exponent) > exponent(of) and value % 1:
            continue
        minor = to_minor(value, of)
        if 0 < minor <= MINOR_MAX:
            found.append(Amount(minor, of, match.start(), match.end()))
    return found


def _currency(sign: str, language: str, hint: Currency | None) -> Currency | None:
    candidates = NAMES[sign]
    if len(candidates) == 1:
        return Currency(candidates[0])
    if hint in candidates:
        return hint
    native = KRONE.get(language)
    return Currency(native) if native in candidates else None


def _value(written: str, language: str) -> Decimal | None:
    """Read a number; None where a separator could be either."""
    marks = [c for c in written if not c.isdigit()]
    if not marks:
        return Decimal(written)
    last = marks[-1]
    whole, _, rest = written.rpartition(last)
    if len(rest) <= _DECIMALS_MAX:
        if last in marks[:-1]:
            return None
        digits = re.sub(r"\D", "", whole)
        return Decimal(f"{digits}.{rest}")
    # Three digits follow: a thousand, unless the language parts decimals so.
    if len(marks) == 1 and last in ".," and not _groups_by(last, language):
        return None
    if len(set(marks)) > 1:
        return None
    return Decimal(re.sub(r"\D", "", written))


def _groups_by(mark: str, language: str) -> bool:
    locale = Locale.parse(language)
    return mark == get_group_symbol(locale) or mark != get_decimal_symbol(locale)
