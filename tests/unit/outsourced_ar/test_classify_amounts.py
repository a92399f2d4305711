"""Amounts in what people write, exact or not at all."""

import pytest

from ledger.money import Currency
from outsourced_ar.reading.classify_amounts import find_amounts
from outsourced_ar.reading.classify_phrases import fold

EUR = Currency("EUR")


@pytest.mark.parametrize(
    ("text", "language", "hint", "minor", "currency"),
    [
        ("1.890,00 €", "de", "EUR", 189000, "EUR"),
        ("€ 1.890,-", "nl", "EUR", 189000, "EUR"),
        ("1 890,00 EUR", "fr", "EUR", 189000, "EUR"),
        ("1\u202f890,00 €", "fr", "EUR", 189000, "EUR"),
        ("£1,890.00", "en", "GBP", 189000, "GBP"),
        ("EUR 1,890.5", "en", "EUR", 189050, "EUR"),
        ("1.890,00 EUR", "en", "EUR", 189000, "EUR"),
        ("1'890.00 CHF", "de", "CHF", 189000, "CHF"),
        ("1.890 EUR", "de", "EUR", 189000, "EUR"),
        ("18 900,00 kr", "sv", None, 1890000, "SEK"),
        ("18.900,00 kr.", "da", "DKK", 1890000, "DKK"),
        ("500 kr", "nb", None, 50000, "NOK"),
        ("1 890,00 zł", "pl", "PLN", 189000, "PLN"),
        ("18 900,00 Kč", "cs", "CZK", 1890000, "CZK"),
        ("189 000 Ft-ot", "hu", "HUF", 18900000, "HUF"),
        ("$50.00", "en", "USD", 5000, "USD"),
    ],
)
def test_amounts_are_read_as_their_language_writes_them(
    text: str, language: str, hint: str | None, minor: int, currency: str
) -> None:
    """Every language's grouping and signs give the exact minor units."""
    known = None if hint is None else Currency(hint)
    found = find_amounts(fold(text), language, known)

    assert [(one.minor, one.currency) for one in found] == [(minor, currency)]


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("1.890 EUR", "en"),
        ("1,890 EUR", "de"),
        ("1,2,3 EUR", "en"),
        ("$50.00", "de"),
        ("50.00 kr", "en"),
        ("2026-0417", "en"),
        ("1890", "en"),
        ("0.00 EUR", "en"),
        ("9999999999999999 EUR", "en"),
    ],
)
def test_what_could_be_two_amounts_is_none(text: str, language: str) -> None:
    """A separator or sign that could be either, and a bare figure, give no amount."""
    assert find_amounts(fold(text), language) == []
