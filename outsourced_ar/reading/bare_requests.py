"""Whether a letter asks for copies of invoices and for nothing else.

Whoever asks for a delivery note, has goods returned or wants another address on the
invoice is answered by a person, whatever copy is asked for in the same mail. Nobody
can list all that may be said besides; so every word must be one that such a request
is made of, in its language, and every number one of an invoice that it is about.
"""

import re
from functools import cache
from typing import Final

from ledger.reminders import Letter
from outsourced_ar.reading.classify_phrases import LANGUAGES, compiled, fold, phrasebook
from outsourced_ar.reading.classify_sentences import in_clauses, is_turned, sentences_of

GREETING_WORDS_MAX: Final = 6
_WORD: Final = re.compile(r"[^\W\d_]+")
_FOREIGN: Final = re.compile(r"[\d@%/\\€$£#&+]")
"""Signs of figures, addresses and references that are none of the invoices' numbers."""


def is_bare(letter: Letter) -> bool:
    """Say whether a letter asks for copies and says nothing else."""
    language = str(letter.found.get("language") or "")
    text = str(letter.found.get("said") or "")
    if language not in LANGUAGES or not text.strip() or _is_denied(text, language):
        return False
    said = fold(text)
    numbers = [fold(str(one)) for one in letter.found.get("numbers") or ()]
    for number in sorted(numbers, key=len, reverse=True):
        said = said.replace(number, " ")
    said = _without_greeting(said)
    if _FOREIGN.search(said):
        return False
    return set(_WORD.findall(said)) <= _words(language)


def _is_denied(text: str, language: str) -> bool:
    """Say whether it is not wanted: do not send the invoice again."""
    book = phrasebook(language)
    asked, denied = compiled(book.copy_request.sure), compiled(book.words.negations)
    return any(
        is_turned(match, scope, negation=denied, others=())
        for sentence in sentences_of(text, book)
        for match, scope in in_clauses(asked, sentence)
    )


def _without_greeting(said: str) -> str:
    """Return a text without a first line that only names whom it is for."""
    first, parting, rest = said.strip().partition("\n")
    if not parting or not first.rstrip().endswith((",", "!")):
        return said
    return rest if len(first.split()) <= GREETING_WORDS_MAX else said


@cache
def _words(language: str) -> frozenset[str]:
    return frozenset(_WORD.findall(fold(phrasebook(language).copy_request.bare)))
