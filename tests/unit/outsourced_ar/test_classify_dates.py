"""Days in fourteen languages, as seen from the day of the mail, and never guessed."""

import re
from datetime import date, timedelta

import pytest

from outsourced_ar.reading.classify_dates import Looking, the_day
from outsourced_ar.reading.classify_phrases import LANGUAGES, fold, phrasebook

TUESDAY = date(2026, 3, 10)
NEXT_FRIDAY = {
    "en": "next Friday", "de": "nächsten Freitag", "fr": "vendredi prochain",
    "nl": "volgende vrijdag", "es": "el próximo viernes", "it": "venerdì prossimo",
    "pt": "na próxima sexta-feira", "pl": "w następny piątek", "cs": "příští pátek",
    "sv": "nästa fredag", "da": "næste fredag", "nb": "neste fredag",
    "fi": "ensi perjantaina", "hu": "jövő pénteken",
}  # fmt: skip
FRIDAY = {
    "en": "by Friday", "de": "bis Freitag", "fr": "vendredi", "nl": "vrijdag",
    "es": "el viernes", "it": "entro venerdì", "pt": "sexta-feira", "pl": "do piątku",
    "cs": "do pátku", "sv": "på fredag", "da": "på fredag", "nb": "på fredag",
    "fi": "perjantaihin mennessä", "hu": "péntekig",
}  # fmt: skip
MONTH_END = {
    "en": "by the end of the month", "de": "bis Monatsende", "fr": "fin du mois",
    "nl": "eind van de maand", "es": "a finales de mes", "it": "entro fine mese",
    "pt": "até ao fim do mês", "pl": "do końca miesiąca", "cs": "do konce měsíce",
    "sv": "i slutet av månaden", "da": "inden udgangen af måneden",
    "nb": "innen utgangen av måneden", "fi": "kuun loppuun mennessä",
    "hu": "a hónap végéig",
}  # fmt: skip
TOMORROW = {
    "en": "tomorrow", "de": "morgen", "fr": "demain", "nl": "morgen", "es": "mañana",
    "it": "domani", "pt": "amanhã", "pl": "jutro", "cs": "zítra", "sv": "i morgon",
    "da": "i morgen", "nb": "i morgen", "fi": "huomenna", "hu": "holnap",
}  # fmt: skip
TEN_DAYS = {
    "en": "within 10 days", "de": "innerhalb von 10 Tagen", "fr": "sous 10 jours",
    "nl": "binnen 10 dagen", "es": "en 10 días", "it": "entro 10 giorni",
    "pt": "dentro de 10 dias", "pl": "w ciągu 10 dni", "cs": "do 10 dnů",
    "sv": "inom 10 dagar", "da": "inden for 10 dage", "nb": "innen 10 dager",
    "fi": "10 päivän kuluessa", "hu": "10 napon belül",
}  # fmt: skip
WRITTEN = {
    "en": "2 April 2026", "de": "2. April 2026", "fr": "2 avril 2026",
    "nl": "2 april 2026", "es": "2 de abril de 2026", "it": "2 aprile 2026",
    "pt": "2 de abril de 2026", "pl": "2 kwietnia 2026", "cs": "2. dubna 2026",
    "sv": "2 april 2026", "da": "2. april 2026", "nb": "2. april 2026",
    "fi": "2. huhtikuuta 2026", "hu": "2026. április 2-án",
}  # fmt: skip


def shortest(phrase: str) -> str:
    """Return a way to say a phrase: the first of each choice."""
    return re.sub(r"\(([^|)]*)[^)]*\)\??", r"\1", phrase)


def day(
    text: str,
    language: str = "en",
    *,
    on: date = TUESDAY,
    looking: Looking = Looking.AHEAD,
    country: str | None = None,
) -> date | None:
    """Return the day that a text names."""
    return the_day(fold(text), language, on=on, looking=looking, country=country)


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_names_days_ahead(language: str) -> None:
    """Dates, weekdays, tomorrow, spans and the end of a month are read in each."""
    assert day(WRITTEN[language], language) == date(2026, 4, 2)
    assert day(FRIDAY[language], language) == date(2026, 3, 13)
    assert day(MONTH_END[language], language) == date(2026, 3, 31)
    assert day(TOMORROW[language], language) == date(2026, 3, 11)
    assert day(TEN_DAYS[language], language) == date(2026, 3, 20)


@pytest.mark.parametrize("language", LANGUAGES)
def test_next_friday_is_that_of_next_week(language: str) -> None:
    """Where it could be this week's or next, the later one is taken."""
    assert day(NEXT_FRIDAY[language], language) == date(2026, 3, 20)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_word_for_days_is_read(language: str) -> None:
    """Each phrase of a phrasebook gives the day it stands for."""
    words = phrasebook(language).dates
    ahead = {
        "tomorrow": 1, "after_tomorrow": 2, "week_end": 5, "next_week": 12,
    }  # fmt: skip
    for name, days in ahead.items():
        for phrase in getattr(words, name):
            assert day(shortest(phrase), language) == TUESDAY + timedelta(days=days), (
                phrase
            )
    for phrase in words.next_month_end:
        assert day(shortest(phrase), language) == date(2026, 4, 30), phrase
    for phrase in words.yesterday:
        found = day(phrase, language, looking=Looking.BACK)
        assert found == TUESDAY - timedelta(days=1), phrase


@pytest.mark.parametrize(
    ("text", "language", "country"),
    [
        ("03/04/2026", "en", None),
        ("03/04/2026", "en", "CA"),
        ("31/02/2026", "en", "GB"),
        ("20 March or 25 March", "en", "GB"),
        ("Tuesday", "en", "GB"),
        ("12 December", "en", "GB"),
        ("in 400 days", "en", "GB"),
        ("no day at all", "en", "GB"),
        ("version 1.2.3", "en", "GB"),
    ],
)
def test_what_could_be_several_days_is_none(
    text: str, language: str, country: str | None
) -> None:
    """Figures that change places, two days, and today's weekday give no day."""
    assert day(text, language, country=country) is None


@pytest.mark.parametrize(
    ("text", "language", "country", "expected"),
    [
        ("03/04/2026", "en", "GB", date(2026, 4, 3)),
        ("04/03/2026", "en", "US", date(2026, 4, 3)),
        ("03/25/2026", "en", None, date(2026, 3, 25)),
        ("25/3/26", "en", None, date(2026, 3, 25)),
        ("25.3.", "de", None, date(2026, 3, 25)),
        ("12.4.2026", "de", None, date(2026, 4, 12)),
        ("2026-04-12", "sv", None, date(2026, 4, 12)),
        ("2026. 04. 12.", "hu", None, date(2026, 4, 12)),
        ("04.12.", "hu", None, date(2026, 4, 12)),
        ("März 25", "de", None, None),
        ("April 2", "en", None, date(2026, 4, 2)),
        ("Friday 13 March", "en", "GB", date(2026, 3, 13)),
        ("Ende April", "de", None, date(2026, 4, 30)),
        ("Friday next week", "en", "GB", date(2026, 3, 20)),
    ],
)
def test_figures_are_read_as_their_language_writes_them(
    text: str, language: str, country: str | None, expected: date | None
) -> None:
    """The order of day and month is the language's, or the debtor's country's."""
    if expected is None:
        expected = date(2026, 3, 25)
    assert day(text, language, country=country) == expected


def test_a_date_without_its_year_is_the_nearest() -> None:
    """In December the second of January is next year's."""
    december = date(2026, 12, 28)

    assert day("2 January", on=december) == date(2027, 1, 2)
    assert day("20 December", on=date(2027, 1, 4), looking=Looking.BACK) == date(
        2026, 12, 20
    )


def test_days_on_the_other_side_are_about_something_else() -> None:
    """The date of the invoice is not the date of the promise, nor of the payment."""
    text = "the invoice of 3 March will be paid on 20 March"

    assert day(text) == date(2026, 3, 20)
    assert day(text, looking=Looking.BACK) == date(2026, 3, 3)


def test_words_inside_other_words_are_no_days() -> None:
    """A month's or weekday's short form in another word is no date."""
    for text in ("monday", "20 marches", "sunshine", "may be"):
        assert day(text, on=date(2026, 3, 9)) is None
