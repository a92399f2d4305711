"""Days in what people write, as seen from the day of the mail; never guessed.

A figure whose day and month could change places gives no date. A weekday is the next
one after the mail; where a language leaves open which of two it means (`next Friday`),
the later is taken, so that nobody is reminded before the day they had in mind.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum, auto
from functools import cache
from typing import Final

from babel import Locale
from babel.dates import get_day_names, get_month_names

from ledger.calendar import Month
from outsourced_ar.reading.classify_phrases import fold, pattern_of, phrasebook

WEEK: Final = 7
AHEAD_MAX: Final = timedelta(days=366)
BACK_MAX: Final = timedelta(days=731)
YEARLESS_MAX: Final = timedelta(days=183)
"""A date without its year is the nearest one, if it is nearer than half a year."""
DAYS_MAX: Final = 120
SUFFIXED: Final = frozenset({"pl", "cs", "fi", "hu"})
"""Where names are bent: only whole ones count there, with an ending."""
SHORT_NAME, BENT_NAME = 3, 4
"""How long a name, or its short form, is at least."""
MONTH_FIRST: Final = frozenset({"US"})
DAY_FIRST_ENGLISH: Final = frozenset(
    {"GB", "IE", "AU", "NZ", "MT", "IN", "ZA", "NL", "DE"}
)
DOTTED: Final = frozenset({"de", "pl", "cs", "da", "nb", "fi", "hu"})
"""Where `12.3.` is a date."""
SLASHED: Final = frozenset({"en", "fr", "es", "it", "pt", "nl", "sv", "da", "nb"})
"""Where `12/3` is one."""
ORDINAL: Final = r"(?:st|nd|rd|th|er|e|o|a|ste|de|ten)?\.?"


class Looking(Enum):
    """Which way the writer looks from the day of the mail."""

    AHEAD = auto()
    BACK = auto()


@dataclass(frozen=True, slots=True)
class Found:
    """A day that a text names, and where; None where it could be several."""

    day: date | None
    start: int
    end: int


def the_day(
    folded: str,
    language: str,
    *,
    on: date,
    looking: Looking,
    country: str | None = None,
) -> date | None:
    """Return the one day a text names; None where it names none, several or either.

    Args:
        folded: The text.
        language: It is written in.
        on: The day of the mail.
        looking: Days on the other side of it are about something else.
        country: Where the writer is; it decides which figure is the month.
    """
    found = find_days(folded, language, on=on, looking=looking, country=country)
    days = {one.day for one in found}
    return days.pop() if len(days) == 1 else None


def find_days(
    folded: str,
    language: str,
    *,
    on: date,
    looking: Looking,
    country: str | None = None,
) -> list[Found]:
    """Return the days on one side of the mail that a folded text names, in order."""
    grammar = _Grammar.of(language)
    reader = _Reader(grammar, on, looking, country)
    taken: list[tuple[int, int]] = []
    found: list[Found] = []
    for match, day in reader.read(folded):
        if any(match.start() < end and start < match.end() for start, end in taken):
            continue
        taken.append(match.span())
        if day is not _ELSEWHERE:
            assert day is None or isinstance(day, date)
            found.append(Found(day, match.start(), match.end()))
    return sorted(found, key=lambda one: one.start)


_ELSEWHERE: Final = object()
"""A day on the other side of the mail: it is about something else."""


class _Grammar:
    """How a language writes days, compiled once."""

    def __init__(self, language: str) -> None:
        words = phrasebook(language).dates
        self.language = language
        self.locale = Locale.parse(language)
        bends = language in SUFFIXED
        shortest = BENT_NAME if bends else SHORT_NAME
        self.months = _names(
            _cldr(get_month_names, self.locale), words.months, shortest
        )
        self.weekdays = _names(
            _cldr(get_day_names, self.locale), words.weekdays, shortest
        )
        self.numbers = {fold(name): value for name, value in words.numbers.items()}
        month, weekday = _either(self.months), _either(self.weekdays)
        ahead, after = _phrases(words.next), _phrases(words.next_week)
        coming, last = _phrases(words.coming), _phrases(words.last)
        number = "|".join([r"\d{1,3}", *map(re.escape, self.numbers)])
        form = r"\w{0,4}" if bends else ""
        self.full = [
            _expression(r"(?P<y>\d{4})-(?P<m>\d{1,2})-(?P<d>\d{1,2})"),
            _expression(r"(?P<y>\d{4})\.\s?(?P<m>\d{1,2})\.\s?(?P<d>\d{1,2})\.?"),
            _expression(
                rf"(?P<y>\d{{4}})\.?\s+(?P<month>{month}){form}\.?\s+(?P<d>\d{{1,2}})"
                r"(?:[.-]\w+|\.)?"
            ),
            _expression(
                rf"(?P<d>\d{{1,2}}){ORDINAL}\s*(?:of|de|den|do|d')?\s*"
                rf"(?P<month>{month}){form}\.?(?:,?\s*(?:de|del|do)?\s*(?P<y>\d{{4}}))?"
            ),
            _expression(
                rf"(?P<month>{month}){form}\.?\s+(?P<d>\d{{1,2}})(?:st|nd|rd|th|[.-]\w+|\.)?"
                r"(?:,?\s*(?P<y>\d{4}))?(?!\d)"
            ),
        ]
        self.figures = _expression(
            r"(?P<a>\d{1,2})(?P<mark>[./-])\s?(?P<b>\d{1,2})(?P=mark)\s?"
            r"(?P<y>\d{4}|\d{2})(?!\d)"
        )
        self.short = _expression(
            r"(?P<a>\d{1,2})\.\s?(?P<b>\d{1,2})\.(?!\s?\d)"
            if language in DOTTED
            else r"(?P<a>(?!x)x)(?P<b>x)"
        )
        self.slashed = _expression(
            r"(?P<a>\d{1,2})/(?P<b>\d{1,2})(?![/\d])"
            if language in SLASHED
            else r"(?P<a>(?!x)x)(?P<b>x)"
        )
        self.end_of = _expression(
            rf"(?:{_phrases(words.end_of)})\s+(?:(?:of|de|do|d')\s*)?(?P<month>{month}){form}"
            r"(?:\s+(?:de\s+)?(?P<y>\d{4}))?"
        )
        self.weekday_next_week = _expression(
            rf"(?:(?P<w1>{weekday}){form}\s+(?:{after})|(?:{after})\s+(?P<w2>{weekday}){form})"
        )
        self.weekday = _expression(
            rf"(?:(?P<n1>{ahead})\s+|(?P<c1>{coming})\s+|(?P<l1>{last})\s+)?"
            rf"(?P<w>{weekday}){form}"
            rf"(?:\s+(?:(?P<n2>{ahead})|(?P<c2>{coming})|(?P<l2>{last})))?"
        )
        self.in_days = _counted(words.in_days, number)
        self.in_weeks = _counted(words.in_weeks, number)
        self.fixed = {
            name: _expression(_phrases(getattr(words, name)))
            for name in (
                "next_month_end", "month_end", "week_end", "next_week",
                "after_tomorrow", "tomorrow", "today", "yesterday",
            )
        }  # fmt: skip

    @staticmethod
    @cache
    def of(language: str) -> "_Grammar":
        return _Grammar(language)


def _cldr(names: object, locale: Locale) -> list[set[str]]:
    assert callable(names)
    found: dict[int, set[str]] = {}
    for context in ("format", "stand-alone"):
        for width in ("wide", "abbreviated"):
            for key, name in names(width, context, locale).items():
                found.setdefault(key, set()).add(fold(name).rstrip("."))
    return [found[key] for key in sorted(found)]


def _names(
    known: Sequence[set[str]], more: Sequence[Iterable[str]], shortest: int
) -> dict[str, int]:
    """Return each form of a name with its place; a form of two names is of neither."""
    places: dict[str, set[int]] = {}
    for place, forms in enumerate(known):
        extra = more[place] if place < len(more) else ()
        for form in {*forms, *map(fold, extra)}:
            if len(form) >= shortest:
                places.setdefault(form, set()).add(place)
    return {form: held.pop() for form, held in places.items() if len(held) == 1}


def _either(names: Iterable[str]) -> str:
    return "|".join(re.escape(name) for name in sorted(names, key=len)[::-1])


def _phrases(phrases: Sequence[str]) -> str:
    return "|".join(pattern_of(one) for one in sorted(phrases, key=len)[::-1]) or "(?!)"


def _expression(text: str) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w./-])(?:{text})(?!\w)")


def _counted(phrases: Sequence[str], number: str) -> re.Pattern[str]:
    either = "|".join(
        pattern_of(one).replace(re.escape("{n}"), rf"(?P<n{at}>{number})")
        for at, one in enumerate(phrases)
    )
    return _expression(either or "(?!)")


class _Reader:
    """Reads days out of one text."""

    def __init__(
        self, grammar: _Grammar, on: date, looking: Looking, country: str | None
    ) -> None:
        self.grammar, self.on, self.looking = grammar, on, looking
        self.month_first = _is_month_first(grammar.language, country)

    def read(self, text: str) -> Iterator[tuple[re.Match[str], object]]:
        """Yield each match with its day; what is written out in full comes first."""
        yield from self._written_out(text)
        yield from self._relative(text)

    def _written_out(self, text: str) -> Iterator[tuple[re.Match[str], object]]:
        grammar = self.grammar
        for expression in grammar.full:
            for match in expression.finditer(text):
                yield match, self._named(match)
        for match in grammar.figures.finditer(text):
            yield match, self._figures(match["a"], match["b"], match["y"])
        for expression in (grammar.short, grammar.slashed):
            for match in expression.finditer(text):
                yield match, self._figures(match["a"], match["b"], None)

    def _relative(self, text: str) -> Iterator[tuple[re.Match[str], object]]:
        grammar = self.grammar
        for match in grammar.end_of.finditer(text):
            yield match, self._month_end(match)
        for match in grammar.weekday_next_week.finditer(text):
            place = grammar.weekdays[match["w1"] or match["w2"]]
            yield match, self._if_ahead(self._monday() + timedelta(days=WEEK + place))
        yield from self._fixed(text)
        for match in grammar.weekday.finditer(text):
            yield match, self._weekday(match)
        for expression, days in ((grammar.in_days, 1), (grammar.in_weeks, WEEK)):
            for match in expression.finditer(text):
                yield match, self._counted(match, days)

    def _named(self, match: re.Match[str]) -> object:
        groups = match.groupdict()
        month = groups.get("m")
        number = int(month) if month else self.grammar.months[groups["month"]] + 1
        year = groups.get("y")
        return self._placed(int(year) if year else None, number, int(groups["d"]))

    def _figures(self, first: str, second: str, year: str | None) -> object:
        one, two = int(first), int(second)
        whole = None if year is None else int(year) + (2000 if len(year) == 2 else 0)  # noqa: PLR2004 - a year of two figures
        if one > 12 or two > 12 or one == two:  # noqa: PLR2004 - no month
            day, month = (two, one) if two > 12 else (one, two)  # noqa: PLR2004 - no month
            return self._placed(whole, month, day)
        if self.month_first is None:
            return None
        month, day = (one, two) if self.month_first else (two, one)
        return self._placed(whole, month, day)

    def _placed(self, year: int | None, month: int, day: int) -> object:
        """Return the day; None where there is no such; elsewhere on the other side."""
        if year is not None:
            made = _made(year, month, day)
            return None if made is None else self._on_this_side(made)
        years = (self.on.year - 1, self.on.year, self.on.year + 1)
        days = [made for one in years if (made := _made(one, month, day))]
        near = [one for one in days if abs(one - self.on) <= YEARLESS_MAX]
        if not near:
            return None
        return self._on_this_side(min(near, key=lambda one: abs(one - self.on)))

    def _on_this_side(self, day: date) -> object:
        if self.looking is Looking.AHEAD:
            return day if self.on <= day <= self.on + AHEAD_MAX else _ELSEWHERE
        return day if self.on - BACK_MAX <= day <= self.on else _ELSEWHERE

    def _if_ahead(self, day: date) -> object:
        return day if self.looking is Looking.AHEAD else _ELSEWHERE

    def _month_end(self, match: re.Match[str]) -> object:
        month = self.grammar.months[match["month"]] + 1
        year = int(match["y"]) if match["y"] else self.on.year
        if not match["y"] and month < self.on.month and self.looking is Looking.AHEAD:
            year += 1
        return self._on_this_side(Month(year, month).last_on)

    def _monday(self) -> date:
        return self.on - timedelta(days=self.on.weekday())

    def _weekday(self, match: re.Match[str]) -> object:
        place = self.grammar.weekdays[match["w"]]
        groups = match.groupdict()
        after = timedelta(days=(place - self.on.weekday()) % WEEK)
        if self.looking is Looking.BACK:
            before = timedelta(days=(self.on.weekday() - place) % WEEK)
            is_said = groups["l1"] or groups["l2"] or groups["n1"] or groups["n2"]
            return self.on - before if before and not is_said else None
        if groups["l1"] or groups["l2"]:
            return _ELSEWHERE
        if groups["n1"] or groups["n2"]:
            return self._monday() + timedelta(days=WEEK + place)
        return self.on + after if after else None

    def _counted(self, match: re.Match[str], days: int) -> object:
        said = next(text for text in match.groups() if text)
        count = int(said) if said.isdigit() else self.grammar.numbers[said]
        if count * days > DAYS_MAX:
            return None
        return self._if_ahead(self.on + timedelta(days=count * days))

    def _fixed(self, text: str) -> Iterator[tuple[re.Match[str], object]]:
        month = Month.of(self.on)
        sunday = self._monday() + timedelta(days=WEEK - 1)
        ahead = {
            "next_month_end": month.plus(1).last_on,
            "month_end": month.last_on,
            "week_end": sunday,
            "next_week": sunday + timedelta(days=WEEK),
            "after_tomorrow": self.on + timedelta(days=2),
            "tomorrow": self.on + timedelta(days=1),
        }
        for name, expression in self.grammar.fixed.items():
            for match in expression.finditer(text):
                if name == "today":
                    yield match, self.on
                elif name == "yesterday":
                    day = self.on - timedelta(days=1)
                    back = self.looking is Looking.BACK
                    yield match, day if back else _ELSEWHERE
                else:
                    yield match, self._if_ahead(ahead[name])


def _made(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _is_month_first(language: str, country: str | None) -> bool | None:
    """Whether the month stands first; None where that cannot be told."""
    if language == "en":
        if country in MONTH_FIRST:
            return True
        return False if country in DAY_FIRST_ENGLISH else None
    written = Locale.parse(language).date_formats["short"].pattern
    return written.index("M") < written.index("d") if language == "hu" else False
