"""What a page of an accounting system's records becomes, one record at a time."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

import msgspec
from msgspec import Raw

from ledger.errors import RecordError
from ledger.money import Currency, UnknownCurrencyError, from_minor
from ledger.records import (
    Batch,
    Claim,
    Debtor,
    Document,
    Problem,
    ProblemReason,
    Settled,
    Side,
    Spent,
    Totals,
)
from mapping.fields import FieldError

RAW_MAX: Final = 400
"""Characters of one field that are shown with a problem."""

_loose: Final = msgspec.json.Decoder(float_hook=Decimal)
_shown: Final = msgspec.json.Encoder(decimal_format="number")


@dataclass(slots=True)
class Page:
    """What one page has become so far."""

    debtors: list[Debtor] = field(default_factory=list)
    documents: list[Document] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)
    settled: list[Settled] = field(default_factory=list)
    spent: list[Spent] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    ignored: dict[str, int] = field(default_factory=dict)

    def ignore(self, reason: str) -> None:
        """Count a record that is left out on purpose."""
        self.ignored[reason] = self.ignored.get(reason, 0) + 1

    def take(self, part: "Page") -> None:
        """Take in what one record has become."""
        self.debtors += part.debtors
        self.documents += part.documents
        self.claims += part.claims
        self.settled += part.settled
        self.spent += part.spent
        for reason in part.ignored:
            self.ignore(reason)

    def batch(self, row_count: int) -> Batch:
        """Return all of it; of a record that stands twice the last counts."""
        debtors = {one.source_id: one for one in self.debtors}
        documents = {(one.kind, one.source_id): one for one in self.documents}
        claims = {one.source_id: one for one in self.claims}
        landed = row_count - len(self.problems) - sum(self.ignored.values())
        return Batch(
            row_count=row_count,
            landed_count=landed,
            debtors=tuple(debtors.values()),
            documents=tuple(documents.values()),
            claims=tuple(claims.values()),
            settled=tuple(self.settled),
            spent=tuple(self.spent),
            problems=tuple(self.problems),
            ignored=self.ignored,
            totals=totals(documents.values()),
            mends=True,
        )


def totals(documents: Iterable[Document]) -> dict[Currency, Totals]:
    """Return the documents' sums by currency, credits negative."""
    posted: dict[Currency, int] = {}
    for one in documents:
        sign = 1 if one.kind.side is Side.DEBIT else -1
        posted[one.currency] = posted.get(one.currency, 0) + sign * one.total_minor
    return {
        code: Totals(exact=from_minor(minor, code), posted_minor=minor)
        for code, minor in posted.items()
    }


def loosely(raw: Raw) -> dict[str, Any]:
    """Return a record's fields, whatever their shape; numbers with decimals exactly."""
    with suppress(msgspec.DecodeError, UnicodeDecodeError):
        found = _loose.decode(raw)
        if isinstance(found, dict):
            return found
    return {}


def shown(fields: Mapping[str, object]) -> tuple[tuple[str, str], ...]:
    """Return a record as a problem shows it, long fields cut."""
    return tuple((name, _text(value)) for name, value in fields.items())


def fault(error: Exception, remedy: str) -> tuple[ProblemReason, str, str]:
    """Return why a record could not be read: family, words, and what to do.

    Args:
        error: What was raised.
        remedy: What to do where the error does not say.
    """
    if isinstance(error, FieldError):
        return error.reason, error.message, error.remedy or remedy
    if isinstance(error, UnknownCurrencyError):
        return ProblemReason.CURRENCY, error.message, error.remedy or remedy
    if isinstance(error, RecordError):
        return ProblemReason.VALUE, error.message, remedy
    words = f"It has another shape than expected: {error}."
    return ProblemReason.SHAPE, words, remedy


def _text(value: object) -> str:
    text = value if isinstance(value, str) else _shown.encode(value).decode()
    return text if len(text) <= RAW_MAX else f"{text[:RAW_MAX]}…"
