"""Ageing: what is owed, by how long it has been due.

Definitions: `docs/metrics.md`. Days are the as-of date less the basis date; an item of
zero days or fewer is current. Each item stands in exactly one bucket.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Self

from msgspec import Struct

from ledger.errors import RequestError
from ledger.ids import DebtorId
from ledger.money import Currency

CURRENT = "current"


class Basis(StrEnum):
    """The date an item's age is counted from."""

    DUE = "due"
    """The due date, an instalment's own."""
    DOCUMENT = "document"
    """The document's date."""


class CreditPolicy(StrEnum):
    """Where unapplied cash and credits stand; the total is the same in all."""

    SEPARATE = "separate"
    """In a column of their own: no debt is hidden."""
    OWN_DATE = "own-date"
    """In the bucket of their own document date, as negatives."""
    OLDEST_FIRST = "oldest-first"
    """Taken off the oldest debts of the same debtor and currency; the rest stays."""


class BucketError(RequestError):
    """Buckets are not written as such, leave a gap or overlap."""

    def __init__(self, text: str, reason: str) -> None:
        """Name the buckets and what is wrong."""
        super().__init__(
            f"{text!r} are not ageing buckets: {reason}.",
            remedy="Write them as 1-30,31-60,61-90,91+ : each starts the day after the "
            "one before, the last is open; what is not due is in `current`.",
        )


@dataclass(frozen=True, slots=True)
class BucketScheme:
    """Buckets that cover every number of days once.

    Attributes:
        first_days: The first day overdue of each bucket after `current`, rising from 1.
    """

    first_days: tuple[int, ...]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `1-30,31-60,61+`, or the name of a preset.

        Raises:
            BucketError: There is a gap, an overlap, or another fault.
        """
        if text in PRESETS:
            return cls(PRESETS[text])
        first_days: list[int] = []
        expected = 1
        parts = [part.strip() for part in text.split(",")]
        for part in parts[:-1]:
            match = re.fullmatch(r"(\d{1,5})-(\d{1,5})", part)
            if match is None:
                raise BucketError(text, f"{part!r} is no range of days")
            first, last = int(match[1]), int(match[2])
            if last < first:
                raise BucketError(text, f"{part!r} ends before it starts")
            _check_start(text, part, first, expected)
            first_days.append(first)
            expected = last + 1
        match = re.fullmatch(r"(\d{1,5})\+", parts[-1])
        if match is None:
            raise BucketError(text, f"the last, {parts[-1]!r}, has an end")
        _check_start(text, parts[-1], int(match[1]), expected)
        return cls((*first_days, int(match[1])))

    @property
    def names(self) -> tuple[str, ...]:
        """The buckets' names from `current` on."""
        ranges = [
            f"{first}-{following - 1}"
            for first, following in zip(
                self.first_days, self.first_days[1:], strict=False
            )
        ]
        return (CURRENT, *ranges, f"{self.first_days[-1]}+")

    def index(self, days: int) -> int:
        """Return the position of the one bucket that holds a number of days."""
        return sum(1 for first in self.first_days if days >= first)

    def span(self, index: int) -> tuple[int | None, int | None]:
        """Return a bucket's first and last number of days; None where it is open."""
        first = None if index == 0 else self.first_days[index - 1]
        last = None if index == len(self.first_days) else self.first_days[index] - 1
        return first, last

    def position(self, name: str) -> int:
        """Return the position of a bucket by name.

        Raises:
            RequestError: No bucket has the name.
        """
        if name not in self.names:
            raise RequestError(
                f"There is no bucket {name!r}.",
                remedy=f"The buckets are {', '.join(self.names)}.",
            )
        return self.names.index(name)


def _check_start(text: str, part: str, first: int, expected: int) -> None:
    if first > expected:
        missing = f"{expected}" if first == expected + 1 else f"{expected}-{first - 1}"
        raise BucketError(text, f"day {missing} before {part!r} is in no bucket")
    if first < expected:
        raise BucketError(text, f"{part!r} overlaps the bucket before it")


PRESETS = {
    "default": (1, 31, 61, 91, 121),
    "classic": (1, 31, 61, 91),
}
DEFAULT_BUCKETS = BucketScheme(PRESETS["default"])


class AgedSum(Struct, frozen=True, gc=False):
    """The open items of one debtor, currency and bucket, debts and credits apart.

    Attributes:
        index: The bucket's position; for credits that of their own date.
        minor: Owed, or negative for credits.
    """

    debtor_id: DebtorId | None
    currency: Currency
    index: int
    is_credit: bool
    minor: int
    disputed_minor: int = 0


@dataclass(slots=True)
class AgeingLine:
    """The ageing of one debtor in one currency, or of all debtors of a currency.

    Attributes:
        debtor_id: None where the line stands for all debtors.
        buckets: What is owed by bucket, in minor units.
        credits_minor: Unapplied cash and credits that stand by themselves; not
            positive unless a credit was applied beyond its amount.
        disputed: How much of each bucket is disputed.
    """

    debtor_id: DebtorId | None
    currency: Currency
    buckets: list[int]
    credits_minor: int = 0
    disputed: list[int] = field(default_factory=list)

    @property
    def owed_minor(self) -> int:
        """The sum of the buckets."""
        return sum(self.buckets)

    @property
    def total_minor(self) -> int:
        """What the debtor owes after all: buckets and credits."""
        return self.owed_minor + self.credits_minor

    @property
    def disputed_minor(self) -> int:
        """How much of it is disputed."""
        return sum(self.disputed)


def bucket_index(scheme: BucketScheme, basis_on: date, as_of: date) -> int:
    """Return the bucket of an item by its basis date."""
    return scheme.index((as_of - basis_on).days)


def age(
    sums: Iterable[AgedSum], scheme: BucketScheme, policy: CreditPolicy
) -> list[AgeingLine]:
    """Gather sums into lines, one a debtor and currency, and place the credits."""
    size = len(scheme.names)
    lines: dict[tuple[DebtorId | None, Currency], AgeingLine] = {}
    for part in sums:
        key = (part.debtor_id, part.currency)
        line = lines.get(key)
        if line is None:
            line = AgeingLine(part.debtor_id, part.currency, [0] * size, 0, [0] * size)
            lines[key] = line
        if part.is_credit and policy is not CreditPolicy.OWN_DATE:
            line.credits_minor += part.minor
        else:
            line.buckets[part.index] += part.minor
        line.disputed[part.index] += part.disputed_minor
    if policy is CreditPolicy.OLDEST_FIRST:
        for line in lines.values():
            _net_oldest_first(line)
    return list(lines.values())


def _net_oldest_first(line: AgeingLine) -> None:
    # Buckets follow the basis date, so taking the oldest bucket first is taking the
    # oldest item first.
    if line.credits_minor >= 0:
        return
    credit = -line.credits_minor
    for index in reversed(range(len(line.buckets))):
        used = min(credit, line.buckets[index])
        line.buckets[index] -= used
        credit -= used
    line.credits_minor = -credit


def total_by_currency(lines: Sequence[AgeingLine]) -> list[AgeingLine]:
    """Add lines up, one a currency, in the currencies' order."""
    totals: dict[Currency, AgeingLine] = {}
    for line in lines:
        total = totals.get(line.currency)
        if total is None:
            size = len(line.buckets)
            total = AgeingLine(None, line.currency, [0] * size, 0, [0] * size)
            totals[line.currency] = total
        for index, minor in enumerate(line.buckets):
            total.buckets[index] += minor
            total.disputed[index] += line.disputed[index]
        total.credits_minor += line.credits_minor
    return [totals[code] for code in sorted(totals)]
