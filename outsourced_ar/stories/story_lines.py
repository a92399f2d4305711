"""A line of a story: when, what, about what, and how a person would say it."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import IntEnum, auto

from ledger.money import Currency, from_minor


class Rank(IntEnum):
    """What leads to what, of things of one instant."""

    BOOKS = auto()
    LETTER = auto()
    STOP = auto()
    DECISION = auto()
    MESSAGE = auto()
    CASE = auto()
    LOG = auto()
    TASK = auto()
    WRITE_BACK = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Something that happened.

    Attributes:
        kind: What it is, as `document.landed`, `message.sent` or `case.submitted`.
        about: Its subject, as `message:12` or `case:3`; empty for the books' word.
        what: The same for persons, in short.
        words: How it was, in a sentence.
        again: How many nights in a row said the same once more; `until` the last.
    """

    at: datetime
    rank: int
    kind: str
    about: str = ""
    what: str
    words: str
    again: int = 0
    until: date | None = None


def money(minor: int, code: Currency) -> str:
    """Write an amount with its currency."""
    return f"{from_minor(minor, code):,} {code}"
