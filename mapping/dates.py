"""Reads dates of a declared format, and tells when that format cannot be right."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final

from ledger.records import ProblemReason
from mapping.fields import BLANKS, Cell, FieldError, is_blank, refuse_formula

YEAR_MIN: Final = 1970
YEAR_MAX: Final = 2100
YEAR_PIVOT: Final = 70
"""Two-digit years from here on belong to the last century."""

SERIAL_ORIGIN: Final = date(1899, 12, 30)
SERIAL_DAYS: Final = range(
    (date(YEAR_MIN, 1, 1) - SERIAL_ORIGIN).days,
    (date(YEAR_MAX, 12, 31) - SERIAL_ORIGIN).days + 1,
)
"""Spreadsheet day numbers taken for dates: those of the years that texts may have."""

MONTH_NAMES: Final = (
    "jan",
    "feb",
    "mar",
    "apr",
    "may",
    "jun",
    "jul",
    "aug",
    "sep",
    "oct",
    "nov",
    "dec",
)
TOKENS: Final = {
    "YYYY": r"(?P<year>\d{4})",
    "YY": r"(?P<year>\d{2})",
    "MMM": r"(?P<name>[^\W\d_]{3,})\.?",
    "MM": r"(?P<month>\d{1,2})",
    "DD": r"(?P<day>\d{1,2})",
}
TIME_OF_DAY: Final = (
    r"(?:[T ]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?: ?[AaPp][Mm])?"
    r"(?:Z|[+-]\d{2}:?\d{2})?)?"
)


@dataclass(slots=True)
class DateReader:
    """Reads dates of one format; a time of day is dropped and nothing is shifted.

    Attributes:
        format: Made of YYYY or YY, MM or MMM, and DD with what stands between them.
        month_names: The twelve months, for MMM; a text may shorten or lengthen them as
            long as it fits one month only.
    """

    format: str = "YYYY-MM-DD"
    month_names: tuple[str, ...] = MONTH_NAMES
    _pattern: re.Pattern[str] = field(init=False)
    _takes_serials: bool = field(init=False)
    _seen: dict[Cell, date] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        """Turn the format into a pattern.

        Raises:
            ValueError: The format lacks a part or has one twice.
        """
        parts = re.split(r"(YYYY|YY|MMM|MM|DD)", self.format)
        tokens = [part for part in parts if part in TOKENS]
        kinds = sorted({token[0] for token in tokens})
        if len(tokens) != 3 or kinds != ["D", "M", "Y"]:  # noqa: PLR2004
            raise ValueError(
                f"{self.format!r} is no date format: write YYYY-MM-DD, DD.MM.YYYY, "
                "MM/DD/YYYY, DD MMM YY or the like"
            )
        pattern = "".join(TOKENS.get(part, re.escape(part)) for part in parts)
        packed = self.is_numeric and "" in parts[2:-1:2]
        if packed:
            # Without a mark between them a missing zero would leave two readings.
            pattern = pattern.replace(r"\d{1,2}", r"\d{2}")
        # Five digits may then be a date of six that lost its zero.
        self._takes_serials = not packed or "YYYY" in tokens
        self._pattern = re.compile(pattern + TIME_OF_DAY)

    def read(self, cell: Cell) -> date:
        """Return a date.

        Raises:
            FieldError: It is empty or no date of this format.
        """
        known = self._seen.get(cell)
        if known is None:
            known = self._read(cell)
            self._seen[cell] = known
        return known

    def understands(self, cell: Cell) -> bool:
        """Say whether a cell can be read."""
        try:
            self.read(cell)
        except FieldError:
            return False
        return True

    @property
    def is_numeric(self) -> bool:
        """Whether day and month are both numbers, so that they could be swapped."""
        return "MMM" not in self.format

    def swapped(self) -> "DateReader":
        """Return the reader that takes the month for the day."""
        format_ = self.format.replace("MM", "\0").replace("DD", "MM")
        return DateReader(format_.replace("\0", "DD"), self.month_names)

    def _read(self, cell: Cell) -> date:
        if isinstance(cell, date):
            day = cell.date() if isinstance(cell, datetime) else cell
            if not YEAR_MIN <= day.year <= YEAR_MAX:
                raise FieldError(
                    f"{day} is not in the years {YEAR_MIN} to {YEAR_MAX}.",
                    reason=ProblemReason.DATE,
                    remedy="Correct the row.",
                )
            return day
        if is_blank(cell):
            raise FieldError(
                "The date is empty.",
                reason=ProblemReason.MISSING,
                remedy="Fill it in and export again.",
            )
        refuse_formula(cell)
        text = str(cell).strip(BLANKS)
        serial = re.fullmatch(r"(\d{5})(?:\.\d+)?", text)
        if serial and self._takes_serials and int(serial[1]) in SERIAL_DAYS:
            return SERIAL_ORIGIN + timedelta(days=int(serial[1]))
        match = self._pattern.fullmatch(text)
        if match is None:
            raise self._unreadable(text)
        found = match.groupdict()
        year = int(found["year"])
        if len(found["year"]) == 2:  # noqa: PLR2004
            year += 1900 if year >= YEAR_PIVOT else 2000
        try:
            result = date(year, self._month(found, text), int(found["day"]))
        except ValueError as error:
            raise self._unreadable(text) from error
        if not YEAR_MIN <= year <= YEAR_MAX:
            raise self._unreadable(text)
        return result

    def _month(self, found: Mapping[str, str], text: str) -> int:
        if "month" in found:
            return int(found["month"])
        written = found["name"].lower()
        fitting = [
            number
            for number, name in enumerate(self.month_names, 1)
            if name.startswith(written) or written.startswith(name)
        ]
        if len(fitting) != 1:
            raise self._unreadable(text)
        return fitting[0]

    def _unreadable(self, text: str) -> FieldError:
        return FieldError(
            f"{text!r} is no date written {self.format}.",
            reason=ProblemReason.DATE,
            remedy="Correct the row, or `dates` in the profile if all rows are so.",
        )
