"""Columns of a table: found by header, and read a page at a time.

A page is read column by column: one pass over one kind of value is several times
cheaper than going through a row's fields one after the other.
"""

import difflib
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TypeVar

from ledger.errors import SourceError
from ledger.money import UnknownCurrencyError
from ledger.records import ProblemReason
from mapping.fields import (
    IDENTIFIER_MAX,
    Cell,
    FieldError,
    identifier,
    is_blank,
    text_or_none,
)

Row = Sequence[Cell]
T = TypeVar("T")

BOOLS = frozenset({False, True})

UNPLAIN = (".", "E+", "e+", "=", "#")
"""Marks of keys that want a closer look: floats, lost digits, formulas, errors."""


class MissingColumnError(SourceError):
    """A table lacks a column that the profile names."""

    def __init__(self, place: str, column: str, header: Sequence[str]) -> None:
        """Name the column, and what there is instead."""
        near = difflib.get_close_matches(column, header, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        if len(header) == 1:
            hint = " It has one column only: is `delimiter` in the profile right?"
        super().__init__(
            f"{place} has no column {column!r}.{hint}",
            remedy=f"Its columns are: {', '.join(map(repr, header))}. Name one of them "
            "in the profile, or by position such as '#3'.",
        )


class AmbiguousColumnError(SourceError):
    """A header that the profile names stands twice."""

    def __init__(self, place: str, column: str, positions: Sequence[int]) -> None:
        """Name the column and where it stands."""
        listed = " and ".join(f"#{position + 1}" for position in positions)
        super().__init__(
            f"{place} has the column {column!r} more than once, as {listed}.",
            remedy=f"Name the one you mean by position in the profile, such as "
            f"'#{positions[0] + 1}'.",
        )


class Header:
    """The header of one table."""

    def __init__(self, place: str, names: Iterable[str]) -> None:
        """Keep the names as they stand, blanks around them aside."""
        self.place = place
        self.names = tuple(name.strip() for name in names)
        self.width = len(self.names)

    def position(self, column: str) -> int:
        """Return where a column stands, from 0.

        Raises:
            MissingColumnError: No column has that name or position.
            AmbiguousColumnError: Several have the name.
        """
        if column.startswith("#") and column[1:].isdecimal():
            position = int(column[1:]) - 1
            if not 0 <= position < self.width:
                raise MissingColumnError(self.place, column, self.names)
            return position
        found = [index for index, name in enumerate(self.names) if name == column]
        if not found:
            folded = column.casefold()
            found = [
                index
                for index, name in enumerate(self.names)
                if name.casefold() == folded
            ]
        if not found:
            raise MissingColumnError(self.place, column, self.names)
        if len(found) > 1:
            raise AmbiguousColumnError(self.place, column, found)
        return found[0]

    @property
    def repeated(self) -> tuple[str, ...]:
        """Names that stand more than once."""
        counts = Counter(name for name in self.names if name)
        return tuple(name for name, count in counts.items() if count > 1)


class Faults:
    """What was found wrong on a page: the first fault of each row."""

    def __init__(self) -> None:
        """Begin with none."""
        self.by_row: dict[int, FieldError] = {}

    def add(self, row: int, column: str, error: FieldError) -> None:
        """Note a fault of a column, unless the row has one."""
        if row not in self.by_row:
            self.by_row[row] = FieldError(
                f"{column}: {error.message}", reason=error.reason, remedy=error.remedy
            )


def read_column(
    cells: Sequence[Cell],
    read: Callable[[Cell], T],
    faults: Faults,
    column: str,
) -> list[T | None]:
    """Read each cell of a column; a faulty one becomes None and a fault.

    What stands in several cells is read once.
    """
    different = set(cells)
    if not different.isdisjoint(BOOLS):
        # A truth value equals a number in Python and would stand in for it.
        return _read_each(cells, read, faults, column)
    known: dict[Cell, T | None] = {}
    wrong: dict[Cell, FieldError] = {}
    for cell in different:
        known[cell], error = _read_one(cell, read)
        if error is not None:
            wrong[cell] = error
    if wrong:
        for row, cell in enumerate(cells):
            if cell in wrong:
                faults.add(row, column, wrong[cell])
    return [known[cell] for cell in cells]


def _read_each(
    cells: Sequence[Cell],
    read: Callable[[Cell], T],
    faults: Faults,
    column: str,
) -> list[T | None]:
    values: list[T | None] = []
    for row, cell in enumerate(cells):
        value, error = _read_one(cell, read)
        values.append(value)
        if error is not None:
            faults.add(row, column, error)
    return values


def _read_one(
    cell: Cell, read: Callable[[Cell], T]
) -> tuple[T | None, FieldError | None]:
    try:
        return read(cell), None
    except FieldError as error:
        return None, error
    except UnknownCurrencyError as error:
        return None, FieldError(
            error.message, reason=ProblemReason.CURRENCY, remedy=error.remedy
        )


def read_optional(
    cells: Sequence[Cell],
    read: Callable[[Cell], T],
    faults: Faults,
    column: str,
) -> list[T | None]:
    """Read each cell of a column in which an empty one is None."""

    def optional(cell: Cell) -> T | None:
        return None if is_blank(cell) else read(cell)

    return read_column(cells, optional, faults, column)


def keys(
    rows: Sequence[Row],
    positions: Sequence[int],
    *,
    strip_floats: bool,
    faults: Faults,
    column: str,
) -> list[str | None]:
    """Read the key that one or several columns make, its parts joined.

    What stands in a single column is the key as it stands.
    """

    def read(position: int) -> Sequence[str | None]:
        cells = [row[position] for row in rows]
        return plain_keys(cells) or read_column(
            cells, partial(identifier, strip_floats=strip_floats), faults, column
        )

    if len(positions) == 1:
        return list(read(positions[0]))
    *first, last = [read(position) for position in positions]
    return [
        None if None in values else "/".join(value for value in values if value)
        for values in zip(*map(escaped, first), last, strict=True)
    ]


def joined(*parts: str) -> str:
    """Return one key of several parts, joined by a slash.

    Slashes in all parts but the last are escaped: different parts make different keys.
    """
    *first, last = parts
    return "/".join(part for part in (*escaped(first), last) if part)


def escaped(parts: Sequence[str | None]) -> Sequence[str | None]:
    """Escape what would be taken for the end of a part."""
    together = "".join(part for part in parts if part)
    if "/" not in together and "\\" not in together:
        return parts
    return [part and part.replace("\\", "\\\\").replace("/", "\\/") for part in parts]


def last_part(key: str, count: int) -> str:
    """Return the last of the parts that a key was joined of."""
    before = re.match(rf"(?:(?:[^\\/]|\\.)*/){{{count - 1}}}", key, re.DOTALL)
    return key[before.end() :] if before else key


def plain_keys(cells: Sequence[Cell]) -> list[str] | None:
    """Return a column of keys if all are plain text, else None: a short cut."""
    try:
        together = "\n".join(cells)  # type: ignore[arg-type] # that is the question
    except TypeError:
        return None
    if any(mark in together for mark in UNPLAIN):
        return None
    texts = [cell.strip() for cell in cells]  # type: ignore[union-attr]
    lengths = set(map(len, texts))
    return None if 0 in lengths or max(lengths, default=0) > IDENTIFIER_MAX else texts


def texts(cells: Sequence[Cell]) -> list[str | None]:
    """Return a column of texts, trimmed; an empty one is None."""
    try:
        return [cell.strip() or None for cell in cells]  # type: ignore[union-attr]
    except AttributeError:
        return [text_or_none(cell) for cell in cells]
