"""Phrasebooks: what debtors say in each language, as data, and how it is matched.

A phrase is written as people write it, and matched without case and accents. `word~`
stands for every word that begins so, `*` for up to six words, `(a|b)` for either, and
a `?` after a word or a choice makes it optional.
"""

import re
import tomllib
import unicodedata
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Final

import msgspec

from ledger.errors import ConfigurationError

LANGUAGES: Final = (
    "en", "de", "fr", "nl", "es", "it", "pt", "pl", "cs", "sv", "da", "nb", "fi", "hu",
)  # fmt: skip
GAP_WORDS: Final = 6
LETTERS: Final = str.maketrans(
    {
        "ł": "l",
        "ø": "o",
        "đ": "d",
        "æ": "ae",
        "œ": "oe",
        "ð": "d",
        "\N{RIGHT SINGLE QUOTATION MARK}": "'",
        "`": "'",
    }
)
"""Letters and marks that do not come apart into a plain one and an accent."""
TOKEN: Final = re.compile(r"\([^)]*\)\??|\S+")


class PhrasebookError(ConfigurationError):
    """A phrasebook cannot be read."""

    def __init__(self, language: str, reason: str) -> None:
        """Name the language and what is wrong."""
        super().__init__(
            f"The phrases of {language!r} cannot be read: {reason}",
            remedy="Install the product anew.",
        )


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Words that tell a language, and words that turn what a sentence says.

    Attributes:
        common: By these the language is known.
        negations: `not`, `never`: what is denied is not said.
        conditionals: `if`, `as soon as`: it is not so yet.
        doubts: `should`, `I think`, `try`: nobody stands by it.
        futures: What is to be paid is not paid.
        partial: Not all of it.
        others: It is about something else.
        but: Here another thought begins.
        that: A clause so begun hangs on the one before it.
    """

    common: list[str]
    negations: list[str]
    conditionals: list[str]
    doubts: list[str]
    futures: list[str]
    partial: list[str]
    others: list[str]
    but: list[str]
    that: list[str]


class MailMarks(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How mail programs mark what they quote, and how people close a letter.

    Attributes:
        wrote: The line over a quoted mail.
        labels: The names of the header lines From, Sent, To and Subject.
        original: Lines that part a mail from the one it answers.
        closings: Lines after which only the signature comes.
    """

    wrote: list[str]
    labels: list[str]
    original: list[str]
    closings: list[str]


class DateWords(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Words for days, as seen from the day of the mail.

    Attributes:
        next: Beside a weekday; `coming` leaves no doubt which one, `next` does.
        end_of: Before the name of a month: its last day.
        in_days: With `{n}` for the number; `in_weeks` likewise.
        numbers: Words for small numbers.
        weekdays: Forms beside the plain name, Monday first.
        months: Forms beside CLDR's, January first.
    """

    today: list[str]
    tomorrow: list[str]
    after_tomorrow: list[str]
    yesterday: list[str]
    coming: list[str]
    next: list[str]
    last: list[str]
    week_end: list[str]
    next_week: list[str]
    month_end: list[str]
    next_month_end: list[str]
    end_of: list[str]
    in_days: list[str]
    in_weeks: list[str]
    numbers: dict[str, int]
    weekdays: list[list[str]] = []
    months: list[list[str]] = []


class Said(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Phrases of one kind: of the sure ones one is enough, of the others two are.

    Attributes:
        bare: Words that a letter of this kind is made of where it says nothing else.
    """

    sure: list[str]
    likely: list[str] = []
    bare: str = ""


class Phrasebook(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """All that is known of one language; disputes by their reason."""

    words: Words
    mail: MailMarks
    dates: DateWords
    promise: Said
    already_paid: Said
    dispute: dict[str, Said]
    copy_request: Said
    wrong_contact: Said
    out_of_office: Said


@cache
def phrasebook(language: str) -> Phrasebook:
    """Return the phrases of a language.

    Raises:
        PhrasebookError: They cannot be read.
    """
    place = resources.files("outsourced_ar") / "phrases" / f"{language}.toml"
    try:
        raw = tomllib.loads(place.read_text(encoding="utf-8"))
        return msgspec.convert(raw, Phrasebook)
    except (OSError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise PhrasebookError(language, str(error)) from error


def fold(text: str) -> str:
    """Return a text without case and accents, each blank a plain one."""
    plain = unicodedata.normalize("NFKD", text.casefold().translate(LETTERS))
    return "".join(c for c in plain if not unicodedata.combining(c))


def pattern_of(phrase: str, negations: str = "") -> str:
    """Return the expression that a phrase stands for.

    Args:
        phrase: As it is written in a phrasebook.
        negations: An expression of what may not stand where a phrase leaves room:
            `we have * paid` is not said where a `not` stands there.
    """
    room = rf"(?:\s+{negations}\S+){{0,{GAP_WORDS}}}?"
    found, is_begun = "", False
    for token in TOKEN.findall(fold(phrase)):
        if token == "*":  # noqa: S105 - a part of a phrase
            found += room
            continue
        is_optional = token.endswith("?")
        one = _token(token.removesuffix("?"))
        if is_optional:
            found += rf"(?:\s+{one})?" if is_begun else rf"(?:{one}\s+)?"
            continue
        found += rf"\s+{one}" if is_begun else one
        is_begun = True
    return found


def _token(token: str) -> str:
    if token.startswith("("):
        choices = token.removeprefix("(").removesuffix(")").split("|")
        return f"(?:{'|'.join(_words(choice) for choice in choices)})"
    return _words(token)


def _words(text: str) -> str:
    written = [
        re.escape(word.removesuffix("~")) + (r"\w*" if word.endswith("~") else "")
        for word in text.split()
    ]
    return r"\s+".join(written)


def compiled(phrases: Sequence[str], negations: Sequence[str] = ()) -> re.Pattern[str]:
    """Return one expression for any of some phrases, as whole words.

    Args:
        phrases: As they are written in a phrasebook.
        negations: Words that may not stand where a phrase leaves room.
    """
    return _compiled(tuple(phrases), tuple(negations))


@cache
def _compiled(phrases: tuple[str, ...], negations: tuple[str, ...]) -> re.Pattern[str]:
    if not phrases:
        return re.compile(r"(?!)")
    barred = "|".join(pattern_of(one) for one in negations)
    no_negation = rf"(?!(?:{barred})(?!\w))" if barred else ""
    # Longer phrases first: they carry their own negations.
    ordered = sorted(phrases, key=len, reverse=True)
    denied = re.compile(rf"(?<!\w)(?:{barred})(?!\w)" if barred else r"(?!)")
    either = "|".join(
        # Languages that say no twice (`ne … jamais`) do so inside the phrase.
        pattern_of(phrase, "" if denied.search(_bare(phrase)) else no_negation)
        for phrase in ordered
    )
    return re.compile(rf"(?<![\w@])(?:{either})(?![\w@])")


def _bare(phrase: str) -> str:
    return re.sub(r"[()|?~*]", " ", fold(phrase))


def language_of(text: str, hint: str | None = None) -> str:
    """Return the language a text is most likely written in.

    The hinted one, of the message answered, wins where the text does not say otherwise
    clearly: a short text says little.
    """
    counts = _counts(fold(text))
    best = max(counts, key=lambda one: counts[one])
    if hint is not None and hint in counts:
        if counts[hint] * 4 >= counts[best] * 3:
            return hint
    elif not counts[best]:
        return "en"
    return best


def _counts(folded: str) -> Mapping[str, int]:
    words = re.findall(r"\w+", folded)
    return {
        language: sum(word in common for word in words)
        for language, common in _common().items()
    }


@cache
def _common() -> dict[str, frozenset[str]]:
    return {
        language: frozenset(fold(word) for word in phrasebook(language).words.common)
        for language in LANGUAGES
    }
