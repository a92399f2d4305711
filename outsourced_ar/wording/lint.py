"""Every message stays amicable, whatever its tone: what no text says.

Threats, false urgency, imitations of courts, and claims that nothing backs: words by
language, in `templates/<language>/forbidden.toml`, looked for where words begin.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum, auto
from functools import cache
from itertools import groupby
from typing import Final

from outsourced_ar.wording import texts

SHOUTED_MIN: Final = 2
"""So many words in capitals in a row are shouted."""

_WORD: Final = re.compile(r"[^\W\d_]{3,}")
_MARKS: Final = re.compile(r"!\s*!|\?\s*!|!\s*\?")
_LINK: Final = re.compile(r"https?://|www\.", re.IGNORECASE)


class Fault(StrEnum):
    """Why a text must not be said so."""

    THREAT = auto()
    URGENCY = auto()
    """Haste that the matter does not have."""
    COURT = auto()
    """It sounds like a court, or like somebody with its powers."""
    CLAIM = auto()
    """Interest, fees or accusations that nothing backs."""
    SHOUTING = auto()
    LINK = auto()
    """A reminder with links is what frauds look like."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What to mend in a text."""

    fault: Fault
    words: str

    def __str__(self) -> str:
        return f"{self.fault}: {self.words}"


def findings(text: str, *, language: str) -> tuple[Finding, ...]:
    """Return what must not be said so, in the order of the faults."""
    found = [
        Finding(fault, match.group(0).strip())
        for fault, pattern in _patterns(language)
        for match in pattern.finditer(text)
    ]
    found += [Finding(Fault.SHOUTING, one) for one in _shouted(text)]
    found += [Finding(Fault.SHOUTING, one.group(0)) for one in _MARKS.finditer(text)]
    found += [Finding(Fault.LINK, one.group(0)) for one in _LINK.finditer(text)]
    return tuple(found)


def _shouted(text: str) -> Iterator[str]:
    for is_loud, words in groupby(_WORD.findall(text), key=str.isupper):
        if is_loud and len(loud := list(words)) >= SHOUTED_MIN:
            yield " ".join(loud)


@cache
def _patterns(language: str) -> tuple[tuple[Fault, re.Pattern[str]], ...]:
    lists = texts.forbidden(language)
    by_fault = (
        (Fault.THREAT, lists.threats),
        (Fault.URGENCY, lists.urgency),
        (Fault.COURT, lists.courts),
        (Fault.CLAIM, lists.claims),
    )
    return tuple((fault, _pattern(stems)) for fault, stems in by_fault)


def _pattern(stems: tuple[str, ...]) -> re.Pattern[str]:
    any_of = "|".join(
        rf"{re.escape(stem[:-1])}\b" if stem.endswith(".") else rf"{re.escape(stem)}\w*"
        for stem in stems
    )
    return re.compile(rf"\b(?:{any_of})", re.IGNORECASE)
