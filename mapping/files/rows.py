"""Rows of a page, sifted: records apart from what is no record."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from ledger.records import Problem, ProblemReason
from mapping.fields import Cell, is_blank
from mapping.files.columns import Header, Row
from mapping.files.profiles import RowMatch, Table

BLANK = "blank rows"
IGNORED = "rows the profile ignores"
TOTALS = "totals rows"
REPEATED = "repeated rows"


@dataclass(frozen=True, slots=True)
class Chunk:
    """A page of undecoded rows of one table.

    Attributes:
        place: What to call the file in messages.
        first_row: The number of the first row as a spreadsheet counts, header included.
    """

    place: str
    first_row: int
    rows: Sequence[Row]


@dataclass(slots=True)
class Sifted:
    """The records of a page with their row numbers, and what was left out."""

    rows: list[Row] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    totals: list[Row] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    ignored: dict[str, int] = field(default_factory=dict)

    def problems_by_row(self) -> tuple[Problem, ...]:
        """Return the problems from top to bottom."""
        return tuple(sorted(self.problems, key=lambda problem: problem.row))

    def ignore(self, reason: str, rows: int = 1) -> None:
        """Count rows that are left out on purpose."""
        self.ignored[reason] = self.ignored.get(reason, 0) + rows


class Sieve:
    """Tells records from blank rows, totals, ignored rows and rows out of shape."""

    def __init__(self, table: Table, header: Header) -> None:
        """Find the columns that decide.

        Raises:
            MissingColumnError: The table lacks one.
            AmbiguousColumnError: The table has one twice.
        """
        self._header = header
        self._totals = matcher(table.totals_row, header)
        self._ignored = [matcher(one, header) for one in table.ignore]

    def sift(self, chunk: Chunk) -> Sifted:
        """Sort a page's rows."""
        result = Sifted()
        width = self._header.width
        plain = self._totals is None and not self._ignored and width > 0
        for number, row in enumerate(chunk.rows, chunk.first_row):
            # A row whose first cell is blank may be so altogether: a closer look.
            if len(row) == width and plain and not is_blank(row[0]):
                result.rows.append(row)
                result.numbers.append(number)
            else:
                self._sift_one(row, number, chunk.place, result)
        return result

    def _sift_one(self, row: Row, number: int, place: str, result: Sifted) -> None:
        if all(map(is_blank, row)):
            result.ignore(BLANK)
            return
        width = self._header.width
        if len(row) > width and all(map(is_blank, row[width:])):
            row = row[:width]
        if len(row) != width:
            result.problems.append(self._out_of_shape(row, number, place))
        elif self._totals is not None and self._totals(row):
            result.totals.append(row)
            result.ignore(TOTALS)
        elif any(match is not None and match(row) for match in self._ignored):
            result.ignore(IGNORED)
        else:
            result.rows.append(row)
            result.numbers.append(number)

    def _out_of_shape(self, row: Row, number: int, place: str) -> Problem:
        return Problem(
            reason=ProblemReason.SHAPE,
            message=f"The row has {len(row)} fields, the header {self._header.width}.",
            remedy="Look for a delimiter or a quote inside a text that is not quoted.",
            place=f"{place} row {number}",
            row=number,
            raw=raw(self._header, row),
        )


def matcher(match: RowMatch | None, header: Header) -> Callable[[Row], bool] | None:
    """Return a test for rows in which a column holds one of some texts."""
    if match is None:
        return None
    position = header.position(match.column)
    patterns = tuple(value.strip().casefold() for value in match.values)

    def test(row: Row) -> bool:
        text = text_of(row[position]).strip().casefold()
        return any(fnmatchcase(text, pattern) for pattern in patterns)

    return test


def text_of(cell: Cell) -> str:
    """Return what a cell looks like to a person."""
    return "" if cell is None else str(cell)


def raw(header: Header, row: Row) -> tuple[tuple[str, str], ...]:
    """Return a row as pairs of column and text, to be shown with a problem."""
    names = [name or f"#{position}" for position, name in enumerate(header.names, 1)]
    names += [f"#{position}" for position in range(len(names) + 1, len(row) + 1)]
    return tuple((name, text_of(cell)) for name, cell in zip(names, row, strict=False))
