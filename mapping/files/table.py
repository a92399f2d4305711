"""What the mappers of tables share: columns found once, rows sifted, values read."""

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from ledger.calendar import Terms
from ledger.money import Currency, exponent
from ledger.records import (
    ProblemReason,
)
from mapping import fields
from mapping.amounts import AmountReader
from mapping.dates import DateReader
from mapping.fields import FieldError
from mapping.files.columns import (
    Faults,
    Header,
    Row,
    keys,
    read_column,
    read_optional,
    texts,
)
from mapping.files.profiles import (
    Format,
    Profile,
    Table,
)
from mapping.files.rows import REPEATED, Chunk, Sieve, Sifted


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What a mapper knows besides its table.

    Attributes:
        home: The currency of rows that name none.
        repeated: Digests of keys that may stand twice in the table.
    """

    profile: Profile
    home: Currency
    repeated: frozenset[int] = frozenset()


class TableMapper:
    """What the mappers share: columns found once, rows sifted, values read."""

    def __init__(self, table: Table, header: Header, setting: Setting) -> None:
        """Find the columns.

        Raises:
            MissingColumnError: The table lacks one that the profile names.
            AmbiguousColumnError: The table has one twice.
        """
        self.header = header
        self.setting = setting
        self.format: Format = setting.profile.format_of(table)
        self.columns = table.positions(header)
        self._table_read = table
        self.default_currency = Currency(setting.profile.currency or setting.home)
        self.dates = DateReader(self.format.dates, **self.format.month_names_argument)
        self.amounts = AmountReader(
            decimal=self.format.decimal,
            thousands=self.format.thousands_marks,
            clear_noise=self.format.noise == "clear",
            round_to_minor=self.format.fractions == "round",
        )
        self._sieve = Sieve(table, header)
        self._cleared: Counter[Currency] = Counter()
        self._first_seen: dict[Hashable, tuple[int, Any]] = {}

    def sift(self, chunk: Chunk) -> Sifted:
        """Set apart what is no record."""
        return self._sieve.sift(chunk)

    def keys(self, rows: Sequence[Row], name: str, faults: Faults) -> list[str | None]:
        """Read the key in the columns of a name."""
        return keys(
            rows,
            self.columns[name],
            strip_floats=self.format.float_ids == "strip",
            faults=faults,
            column=self.title(name),
        )

    def row_keys(self, rows: Sequence[Row]) -> list[str | None]:
        """Read the keys by which the survey told records apart."""
        return keys(
            rows,
            self._table_read.key_positions(self.header),
            strip_floats=self.format.float_ids == "strip",
            faults=Faults(),
            column="",
        )

    def optional_keys(
        self, rows: Sequence[Row], name: str, faults: Faults
    ) -> list[str | None]:
        """Read a key that may be empty or have no column."""
        if name not in self.columns:
            return [None] * len(rows)
        found = Faults()
        values = self.keys(rows, name, found)
        for row, error in found.by_row.items():
            if error.reason is not ProblemReason.MISSING:
                faults.by_row.setdefault(row, error)
        return values

    def texts(self, rows: Sequence[Row], name: str) -> list[str | None]:
        """Read a text column, or nothing where the profile names none."""
        if name not in self.columns:
            return [None] * len(rows)
        position = self.columns[name][0]
        return texts([row[position] for row in rows])

    def words(self, rows: Sequence[Row], name: str, faults: Faults) -> list[str | None]:
        """Read a text column in which a formula or an error is a fault."""
        values = self.texts(rows, name)
        for index, text in enumerate(values):
            if text is not None and text[0] in "=#":
                try:
                    fields.refuse_formula(text)
                except FieldError as error:
                    faults.add(index, self.title(name), error)
        return values

    def on_dates(
        self, rows: Sequence[Row], name: str, faults: Faults, *, needed: bool = False
    ) -> list[date | None]:
        """Read a date column."""
        if name not in self.columns:
            return [None] * len(rows)
        position = self.columns[name][0]
        read = read_column if needed else read_optional
        return read(
            [row[position] for row in rows], self.dates.read, faults, self.title(name)
        )

    def currencies(
        self, rows: Sequence[Row], faults: Faults
    ) -> Sequence[Currency | None]:
        """Read the currency column; a row that names none is in the default."""
        if "currency" not in self.columns:
            return [self.default_currency] * len(rows)
        position = self.columns["currency"][0]
        found = read_optional(
            [row[position] for row in rows],
            fields.currency_code,
            faults,
            self.title("currency"),
        )
        default = self.default_currency
        return [
            default if code is None and index not in faults.by_row else code
            for index, code in enumerate(found)
        ]

    def money(
        self,
        rows: Sequence[Row],
        name: str,
        currencies: Sequence[Currency | None],
        faults: Faults,
        *,
        lost: dict[int, Decimal] | None = None,
    ) -> list[int | None]:
        """Read an amount column into minor units of each row's currency.

        Args:
            rows: The rows.
            name: The column; a blank cell is a fault only where `lost` is given.
            currencies: The currency of each row.
            faults: Where faults go.
            lost: Takes what rounding took, by row.
        """
        if name not in self.columns:
            return [None] * len(rows)
        position = self.columns[name][0]
        title = self.title(name)
        reader = self.amounts
        read, places = reader.read, 0
        values: list[int | None] = []
        append = values.append
        code: Currency | None = None
        for index, (row, currency) in enumerate(zip(rows, currencies, strict=True)):
            cell = row[position]
            if currency is None or (lost is None and fields.is_blank(cell)):
                append(None)
                continue
            if currency is not code:
                self._count_cleared(code)
                code, places = currency, exponent(currency)
            try:
                append(read(cell, currency, places))
            except FieldError as error:
                append(None)
                faults.add(index, title, error)
            if reader.lost:
                if lost is not None:
                    lost[index] = reader.lost
                reader.lost = Decimal(0)
        self._count_cleared(code)
        return values

    def take_cleared(self) -> Mapping[Currency, int]:
        """Return how many amounts were cleared of noise since this was last asked."""
        cleared, self._cleared = self._cleared, Counter()
        return cleared

    def _count_cleared(self, code: Currency | None) -> None:
        if code is not None and self.amounts.cleared_count:
            self._cleared[code] += self.amounts.cleared_count
            self.amounts.cleared_count = 0

    def read_terms(self, row: Row) -> Terms | None:
        """Read a row's payment terms.

        Raises:
            FieldError: They are not known.
        """
        if "terms" not in self.columns:
            return None
        cell = row[self.columns["terms"][0]]
        return fields.terms(cell, self.setting.profile.named_terms())

    def is_repeated(
        self,
        key: Hashable,
        number: int,
        content: Any,
        sifted: Sifted,
        *,
        shown: str,
        rows: int = 1,
    ) -> bool:
        """Tell whether a row says again what an earlier one said, and count it.

        To be asked for rows only whose key the survey found may stand twice.

        Args:
            key: What tells one record from another.
            number: The row's number.
            content: What the row says.
            sifted: Where it is counted.
            shown: The key as a person knows it.
            rows: How many rows say it.

        Raises:
            FieldError: An earlier row has the key with other content.
        """
        first_number, first = self._first_seen.setdefault(key, (number, content))
        if first_number == number:
            return False
        if first != content:
            raise FieldError(
                f"{shown!r} stands in row {first_number} already, with other content.",
                reason=ProblemReason.DUPLICATE,
                remedy="If both are meant, name more columns as the key with `id` in "
                "the profile; else correct the file.",
            )
        sifted.ignore(REPEATED, rows)
        return True

    def title(self, name: str) -> str:
        """Return what the columns of a name are called in the table."""
        return " + ".join(
            self.header.names[position] or f"#{position + 1}"
            for position in self.columns[name]
        )
