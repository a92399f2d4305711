"""A look at a whole table before the first of its rows lands.

What only the whole can tell is found here: that day and month are swapped, that a key
stands twice, which debtors are named, what the totals row says. A fault of the whole
stops the table; faults of single rows are left to the mapping.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from ledger.errors import SourceError
from ledger.ids import SourceId
from ledger.records import Debtor
from mapping.dates import DateReader
from mapping.fields import Cell, FieldError, is_blank
from mapping.files.columns import Faults, Header, Row, keys, last_part, texts
from mapping.files.profiles import Format, Table
from mapping.files.rows import Chunk, Sieve, text_of

BITS_PER_ROW: Final = 64
BITS_MIN: Final = 1 << 26
"""Eight megabytes: enough that a million rows collide a few thousand times."""


UNREADABLE_MIN: Final = 3
"""So many different dates that cannot be read, and none that can, are no slip."""


class SwappedDatesError(SourceError):
    """A column's dates cannot all be of the declared format."""

    def __init__(self, place: str, format_: str, text: str) -> None:
        """Show a date that proves it."""
        super().__init__(
            f"{place}: {text!r} is no date written {format_}, but it is one with day "
            "and month swapped, so the others may be swapped as well.",
            remedy="Set `dates` in the profile to the order the file uses, or export "
            "the file with one order throughout.",
        )


class UnreadableColumnError(SourceError):
    """No value of a column can be read: the profile does not fit the file."""

    def __init__(self, place: str, message: str) -> None:
        """Show a value."""
        super().__init__(
            f"{place}: not one value can be read. {message}",
            remedy="Correct the profile; `duebridge profile FILE` proposes one.",
        )


class Repeats:
    """Finds keys that may stand twice, in little memory for any number of rows.

    A bit of a fixed field stands for each key. What hits a set bit is a candidate; the
    mapping compares candidates exactly.
    """

    def __init__(self, row_count: int) -> None:
        """Make the field."""
        bits = max(BITS_MIN, 1 << (row_count * BITS_PER_ROW).bit_length())
        self._mask = bits - 1
        self._field = bytearray(bits // 8)
        self.candidates: set[int] = set()

    def add(self, texts: Sequence[str | None]) -> None:
        """Take in a page's keys."""
        field, mask = self._field, self._mask
        for text in texts:
            if text is None:
                continue
            key = hash(text)
            bit = key & mask
            byte, flag = bit >> 3, 1 << (bit & 7)
            if field[byte] & flag:
                self.candidates.add(key)
            else:
                field[byte] |= flag

    def close(self) -> frozenset[int]:
        """Return the candidates and let go of the field."""
        self._field = bytearray()
        return frozenset(self.candidates)


class Survey:
    """What is known of a table once every row was seen.

    Attributes:
        row_count: How many rows there are below the header.
        total_rows: The totals rows.
        unkeyed_count: How many records have no readable key, so that nothing can be
            concluded from what the table does not name.
        last_row_is_short: Whether the last row has fewer fields than the header.
    """

    def __init__(
        self, table: Table, format_: Format, header: Header, rows: int
    ) -> None:
        """Find the columns to look at.

        Args:
            table: What the profile says of the table.
            format_: How the file is written.
            header: Its header.
            rows: About how many rows to expect.

        Raises:
            MissingColumnError: The table lacks a column that the profile names.
            AmbiguousColumnError: The table has one twice.
        """
        self._header = header
        self._format = format_
        self._sieve = Sieve(table, header)
        self._columns = table.positions(header)
        self._key_positions = table.key_positions(header)
        self._repeats = Repeats(rows)
        self._named: Counter[tuple[str | None, str | None, str | None]] = Counter()
        self._dates: dict[str, set[Cell]] = {
            name: set() for name in self._columns if name.endswith("_on")
        }
        self.row_count = 0
        self.unkeyed_count = 0
        self.last_row_is_short = False
        self.total_rows: list[Row] = []
        self.repeated: frozenset[int] = frozenset()

    def add(self, chunk: Chunk) -> list[str | None]:
        """Look at a page; return the key of each of its records."""
        sifted = self._sieve.sift(chunk)
        rows = sifted.rows
        self.row_count += len(chunk.rows)
        self.last_row_is_short = 0 < len(chunk.rows[-1]) < self._header.width
        self.total_rows += sifted.totals
        self.unkeyed_count += len(sifted.problems)
        for name, seen in self._dates.items():
            position = self._columns[name][0]
            seen.update([row[position] for row in rows])
        if "debtor" in self._columns:
            self._named.update(
                zip(
                    self._keys(rows, self._columns["debtor"]),
                    self._texts(rows, "debtor_name"),
                    self._texts(rows, "unit"),
                    strict=True,
                )
            )
        found = self._keys(rows, self._key_positions)
        self._repeats.add(found)
        self.unkeyed_count += found.count(None)
        return found

    def close(self) -> None:
        """Draw the conclusions.

        Raises:
            SwappedDatesError: A date proves the declared order wrong.
            UnreadableColumnError: A column has no date of the declared format.
        """
        self.repeated = self._repeats.close()
        reader = DateReader(self._format.dates, **self._format.month_names_argument)
        for name, seen in self._dates.items():
            column = self._header.names[self._columns[name][0]]
            _check_dates(f"{self._header.place} column {column!r}", reader, seen)
        self._dates.clear()

    def debtors(self) -> list[Debtor]:
        """Return the debtors that records mention, by their commonest name."""
        by_key: dict[str, tuple[bool, int, str, str]] = {}
        for (key, name, unit), count in self._named.items():
            if key is None:
                continue
            ranked = (not name, -count, name or "", unit or "")
            by_key[key] = min(by_key.get(key, ranked), ranked)
        parts = len(self._columns.get("debtor", ()))
        return [
            Debtor(
                source_id=SourceId(key),
                number=last_part(key, parts),
                name=name or key,
                unit=unit or None,
                own_record=False,
            )
            for key, (_, _, name, unit) in sorted(by_key.items())
        ]

    def _keys(self, rows: Sequence[Row], positions: Sequence[int]) -> list[str | None]:
        return keys(
            rows,
            positions,
            strip_floats=self._format.float_ids == "strip",
            faults=Faults(),
            column="",
        )

    def _texts(self, rows: Sequence[Row], name: str) -> list[str | None]:
        if name not in self._columns:
            return [None] * len(rows)
        position = self._columns[name][0]
        return texts([row[position] for row in rows])


def _check_dates(place: str, reader: DateReader, seen: set[Cell]) -> None:
    strange = [
        cell for cell in seen if not is_blank(cell) and not reader.understands(cell)
    ]
    if not strange:
        return
    strange.sort(key=text_of)
    if reader.is_numeric:
        swapped = reader.swapped()
        for cell in strange:
            if swapped.understands(cell):
                raise SwappedDatesError(place, reader.format, text_of(cell))
    if len(strange) < UNREADABLE_MIN:
        return
    if len(strange) == sum(1 for cell in seen if not is_blank(cell)):
        try:
            reader.read(strange[0])
        except FieldError as error:
            raise UnreadableColumnError(place, error.user_message) from error
