"""What a mail says itself: without what it quotes, and without its signature.

Phrases of our own reminder, quoted below an answer, must not count as the debtor's.
"""

import re
from collections.abc import Iterable, Sequence
from functools import cache
from html.parser import HTMLParser
from typing import Final

from outsourced_ar.reading.classify_phrases import (
    LANGUAGES,
    fold,
    pattern_of,
    phrasebook,
)

OURS_MIN: Final = 20
"""A line of our own message this long is known wherever it stands."""
CLOSING_MAX: Final = 60
"""A closing stands on a line of its own, which is short."""
LABEL_LINES: Final = 5
"""Within so many lines a quoted header has two labels more."""
WROTE_LINES: Final = 3
"""The line over a quoted mail may be wrapped into so many."""

_ARROW: Final = re.compile(r"^\s*(?:>|\|)")
_SENTENCE_END: Final = re.compile(r"[.!?]$")
_NAMED: Final = re.compile(r"\d|@")
"""The line over a quoted mail has a date or an address."""
_RULE: Final = re.compile(r"^\s*(?:_{10,}|-{10,}|\*{10,})\s*$")
_BREAKS: Final = frozenset(
    {"p", "div", "br", "tr", "li", "h1", "h2", "h3", "table", "ul", "ol", "hr"}
)
_UNREAD: Final = frozenset({"style", "script", "head", "title", "blockquote"})
_QUOTES: Final = ("gmail_quote", "moz-cite-prefix", "yahoo_quoted", "protonmail_quote")


def own_words(text: str, ours: str = "") -> str:
    """Return what a mail's writer wrote.

    Args:
        text: The mail's text.
        ours: The text of the message it answers; its lines are left out wherever
            they stand, marked or not.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    known = _known(ours)
    kept = _above_quote(lines)
    own = [
        line
        for line in kept
        if not _ARROW.match(line) and fold(line).strip() not in known
    ]
    return "\n".join(_without_signature(own)).strip()


def _known(ours: str) -> frozenset[str]:
    lines = (fold(line).strip() for line in ours.splitlines())
    return frozenset(line for line in lines if len(line) >= OURS_MIN)


def _above_quote(lines: Sequence[str]) -> list[str]:
    """Cut at the first mark of a quoted mail; one whose lines carry arrows is left."""
    kept: list[str] = []
    at = 0
    while at < len(lines):
        length = _header_at(lines, at)
        if length:
            rest = lines[at + length :]
            below = next((line for line in rest if line.strip()), "")
            if not _ARROW.match(below):
                break
            at += length
            continue
        kept.append(lines[at])
        at += 1
    return kept


def _header_at(lines: Sequence[str], at: int) -> int:
    """Return over how many lines the head of a quoted mail stands here; 0 if none."""
    line = fold(lines[at]).strip()
    if not line or _ARROW.match(line):
        return 0
    marks = _marks()
    if marks.original.search(line) or _is_ruled_header(lines, at):
        return 1
    if _is_header(lines, at):
        return 1
    return _wrote_at(lines, at)


def _wrote_at(lines: Sequence[str], at: int) -> int:
    """Return over how many lines the line over a quoted mail is wrapped here."""
    for count in range(1, WROTE_LINES + 1):
        folded = [fold(one).strip() for one in lines[at : at + count]]
        last = folded[-1]
        if len(folded) < count or not last:
            return 0
        # A sentence that ends here, or a line that says it all, begins further below.
        if count > 1 and (_SENTENCE_END.search(folded[-2]) or _is_wrote(last)):
            return 0
        if _is_wrote(" ".join(folded)):
            return count
    return 0


def _is_wrote(line: str) -> bool:
    if not line.endswith(":") or line.startswith("<") or not _NAMED.search(line):
        return False
    return bool(_marks().wrote.search(line))


def _is_ruled_header(lines: Sequence[str], at: int) -> bool:
    if not _RULE.match(lines[at]):
        return False
    below = at + 1
    while below < len(lines) and not lines[below].strip():
        below += 1
    return below < len(lines) and _is_header(lines, below)


def _is_header(lines: Sequence[str], at: int) -> bool:
    """Whether three labels of a header stand here, the first on this line."""
    label = _marks().label
    if not label.match(fold(lines[at]).strip(" *\t")):
        return False
    near = (fold(line).strip(" *\t") for line in lines[at : at + LABEL_LINES])
    return sum(bool(label.match(line)) for line in near) >= 3  # noqa: PLR2004 - of four


def _without_signature(lines: Sequence[str]) -> list[str]:
    """Cut at the line that closes the letter; `thanks` at its top may open it."""
    closings = [place for place, line in enumerate(lines) if _closes(line)]
    first = next((place for place, line in enumerate(lines) if line.strip()), 0)
    if first in closings and len(closings) > 1 and lines[first].rstrip() != "--":
        closings.remove(first)
    return list(lines[: closings[0]]) if closings else list(lines)


def _closes(line: str) -> bool:
    plain = fold(line).strip(" \t,.!:-*")
    if line.rstrip() == "--":
        return True
    return 0 < len(plain) <= CLOSING_MAX and bool(_marks().closing.fullmatch(plain))


class _Marks:
    """The marks of all languages: mail programs speak their user's, not the mail's."""

    def __init__(self) -> None:
        books = [phrasebook(language).mail for language in LANGUAGES]
        self.wrote = _any(
            (phrase for book in books for phrase in book.wrote), r"(?:^|\b){}.{{0,80}}$"
        )
        labels = {fold(label) for book in books for label in book.labels}
        either = "|".join(re.escape(one) for one in sorted(labels, key=len)[::-1])
        self.label = re.compile(rf"(?:{either})\s?:\s?\S")
        self.original = _any(
            (phrase for book in books for phrase in book.original),
            r"^[-_\s]*{}[-_\s:]*$",
        )
        self.closing = _any(
            (phrase for book in books for phrase in book.closings), "{}"
        )


def _any(phrases: Iterable[str], around: str) -> re.Pattern[str]:
    either = "|".join(sorted({pattern_of(one) for one in phrases}, key=len)[::-1])
    return re.compile(around.format(f"(?:{either})"))


@cache
def _marks() -> _Marks:
    return _Marks()


class _Text(HTMLParser):
    """Collects the text of a page, without quotes, styles and scripts."""

    VOID: Final = frozenset({"br", "hr", "img", "meta", "link", "input", "col", "wbr"})

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._skipped: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._skipped:
            if tag not in self.VOID:
                self._skipped.append(tag)
            return
        classes = next((value or "" for name, value in attrs if name == "class"), "")
        if tag in _UNREAD or any(one in classes for one in _QUOTES):
            if tag not in self.VOID:
                self._skipped.append(tag)
        elif tag in _BREAKS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in self._skipped:
            while self._skipped.pop() != tag:
                pass
        elif not self._skipped and tag in _BREAKS:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._skipped:
            self.parts.append(re.sub(r"\s+", " ", data))


def text_of_html(html: str) -> str:
    """Return what an HTML mail says, without what it quotes; nothing is loaded."""
    reader = _Text()
    reader.feed(html)
    reader.close()
    lines = (line.strip() for line in "".join(reader.parts).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
