"""Sentences and their clauses, and what hangs on what.

A denial or a doubt turns what is said in its own clause and in those that hang on it
(`I do not think, that it was paid`), and no other (`no problem, it was paid`).
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from outsourced_ar.reading.classify_phrases import Phrasebook, compiled, fold

SHORT_LINE: Final = 45
"""A shorter line ends where its writer ended it; a longer one was wrapped."""
_SENTENCE: Final = re.compile(
    r"(?<=[.!?])[\"'“”»)]*\s+(?=[\"'„“«(¿¡]*[A-ZÀ-ÖØ-ÞŁŚŻŠČŘŽÁÉÍÓÖŐÚÜŰ0-9])"
)
_DATED: Final = re.compile(
    r"(?:^|\s)(?:\d{1,2}|\w|kr|stk|nr|no|inv|abs|bzw|ca)\.$", re.IGNORECASE
)
_MARKS: Final = re.compile(r"[\"„“”«»()\[\]*_…]")


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence, folded, with the clauses it falls into.

    Attributes:
        clauses: Each with whether it hangs on the one before it.
    """

    text: str
    is_question: bool
    clauses: tuple[tuple[str, bool], ...]


def sentences_of(text: str, book: Phrasebook) -> list[Sentence]:
    """Return the sentences of a text, folded, in their order."""
    return [
        Sentence(folded, is_question, _clauses(folded, book))
        for paragraph in _paragraphs(text)
        for one in _parted(paragraph)
        if (folded := " ".join(_MARKS.sub(" ", fold(one)).split()))
        for is_question in ("?" in one or "¿" in one,)
    ]


def _paragraphs(text: str) -> list[str]:
    """Join lines that a mail program wrapped; part those that their writer ended."""
    found = [""]
    for line in text.split("\n"):
        plain = line.strip()
        found[-1] = f"{found[-1]} {plain}".strip()
        if len(plain) < SHORT_LINE or plain[-1] in ".!?:":
            found.append("")
    return [one for one in found if one]


def _parted(paragraph: str) -> list[str]:
    """Part a paragraph into sentences; the dot of a day or a short word ends none."""
    found: list[str] = []
    begin = 0
    for match in _SENTENCE.finditer(paragraph):
        if not _DATED.search(paragraph[begin : match.start()]):
            found.append(paragraph[begin : match.start()])
            begin = match.end()
    return [*found, paragraph[begin:]]


def _clauses(folded: str, book: Phrasebook) -> tuple[tuple[str, bool], ...]:
    """Part a sentence at commas and where another thought begins."""
    but, that = compiled(book.words.but), compiled(book.words.that)
    found: list[tuple[str, bool]] = []
    for part in re.split(r"[,;:]\s+|\s+[-\N{EN DASH}\N{EM DASH}]\s+", folded):
        starts = [match.start() for match in but.finditer(part) if match.start()]
        for begin, end in zip([0, *starts], [*starts, len(part)], strict=True):
            clause = part[begin:end].strip()
            if clause:
                found.append((clause, bool(found) and bool(that.match(clause))))
    return tuple(found)


def in_clauses(
    expression: re.Pattern[str], sentence: Sentence
) -> Iterable[tuple[re.Match[str], str]]:
    """Yield each match in a clause, with the clauses it hangs on and itself."""
    before = ""
    for clause, hangs in sentence.clauses:
        before = before if hangs else ""
        scope = f"{before} {clause}" if before else clause
        for match in expression.finditer(scope):
            if match.end() > len(scope) - len(clause):
                yield match, scope
        before = scope


def is_turned(
    match: re.Match[str],
    scope: str,
    *,
    negation: re.Pattern[str] | None,
    others: Iterable[re.Pattern[str]],
) -> bool:
    """Whether a word that turns a phrase stands in the clauses it is said in.

    A negation that is part of the phrase itself (`never delivered`) turns nothing.
    """
    if any(one.search(scope) for one in others):
        return True
    if negation is None:
        return False
    return any(
        not (match.start() <= turn.start() and turn.end() <= match.end())
        for turn in negation.finditer(scope)
    )


def without(expression: re.Pattern[str], sentence: Sentence) -> Sentence:
    """Return a sentence without some words: what it denies stands in what is left."""
    clauses = tuple(
        (" ".join(expression.sub(" ", clause).split()), hangs)
        for clause, hangs in sentence.clauses
    )
    return Sentence(sentence.text, sentence.is_question, clauses)
