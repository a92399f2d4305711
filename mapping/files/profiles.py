"""File profiles: what a person declares about files so that they can be read for sure.

A profile is TOML. `docs/connectors/files.md` documents each setting; the models here
are what it is checked against, and their errors are for the person who wrote it.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from datetime import date
from enum import StrEnum
from pathlib import PurePath
from typing import Annotated, Any, ClassVar, Final, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from ledger.calendar import Terms
from ledger.errors import ConfigurationError
from ledger.money import Currency, UnknownCurrencyError, currency
from ledger.records import DocumentKind, Side
from mapping import fields
from mapping.amounts import SIGNS, SYMBOLS
from mapping.dates import DateReader
from mapping.files.columns import Header


class ProfileError(ConfigurationError):
    """A profile cannot be used."""

    def __init__(self, place: str, faults: list[str]) -> None:
        """List what is wrong, one line a fault."""
        listed = "\n".join(f"  - {fault}" for fault in faults)
        super().__init__(
            f"The profile {place} cannot be used:\n{listed}",
            remedy="docs/connectors/files.md explains each setting; "
            "`duebridge profile FILE` proposes a profile.",
        )


def _date_format(value: str) -> str:
    DateReader(value)
    return value


def _file_date(value: str) -> str:
    date_in_name(value, "")
    return value


def _currency(value: str) -> Currency:
    try:
        return currency(value)
    except UnknownCurrencyError as error:
        raise ValueError(error.message) from error


def _columns(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _terms(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueError(  # noqa: TRY004 - the kind that pydantic collects
            'payment terms are days, such as 30 or "30 days end of month"'
        )
    try:
        found = fields.terms(str(value), {})
    except fields.FieldError as error:
        raise ValueError(error.message) from error
    if found is None:
        raise ValueError("payment terms cannot be empty")
    return found


def _file_pattern(value: str) -> str:
    if not PurePath(value).parts:
        raise ValueError(f"{value!r} can match no file")
    return value


DateFormat = Annotated[str, AfterValidator(_date_format)]
CurrencyCode = Annotated[str, AfterValidator(_currency)]
Column = str
"""A column by its header, or `#3` by its position."""
FilePattern = Annotated[str, AfterValidator(_file_pattern)]
"""A file's name, with stars and question marks."""
KeyColumns = Annotated[
    tuple[Column, ...], BeforeValidator(_columns), Field(min_length=1)
]
"""One column, or several that make a key together."""
FileDate = Annotated[str, AfterValidator(_file_date)]
"""How the file's name writes its date: YYYYMMDD or YYYY-MM-DD or the like."""
NamedTerms = Annotated[Any, BeforeValidator(_terms)]


IN_NAME: Final = {
    "YYYY": r"\d{4}",
    "YY": r"\d{2}",
    "MMM": r"[^\W\d_]{3,}",
    "MM": r"\d{2}",
    "DD": r"\d{2}",
}
"""What the parts of a date look like in a file's name."""


def date_in_name(format_: str, name: str) -> date | None:
    """Return the date that a file's name carries, or None if it carries none.

    Raises:
        ValueError: The format is none.
    """
    reader = DateReader(format_)
    pattern = re.escape(format_)
    for token, looks in IN_NAME.items():
        pattern = pattern.replace(token, looks, 1)
    for found in re.findall(rf"(?<!\d){pattern}(?!\d)", name):
        if reader.understands(found):
            return reader.read(found)
    return None


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


NO_THOUSANDS: Final = SIGNS + '()"' + "".join(SYMBOLS)
LINE_ENDS: Final = "\r\n"


class Format(_Strict):
    """How a file is written."""

    encoding: str = "utf-8"
    delimiter: str = Field(default=",", min_length=1, max_length=1)
    quote: str = Field(default='"', min_length=1, max_length=1)
    header_row: int = Field(default=1, ge=1, le=1_000)
    sheet: str | None = None
    decimal: Literal[".", ","] = "."
    thousands: str | None = None
    dates: DateFormat = "YYYY-MM-DD"
    month_names: tuple[str, ...] | None = Field(
        default=None, min_length=12, max_length=12
    )
    noise: Literal["clear", "refuse"] = "clear"
    fractions: Literal["round", "refuse"] = "round"
    float_ids: Literal["strip", "keep"] = "strip"

    @model_validator(mode="after")
    def _check(self) -> Self:
        try:
            "".encode(self.encoding)
        except LookupError as error:
            raise ValueError(f"there is no encoding {self.encoding!r}") from error
        if self.decimal in self.thousands_marks:
            raise ValueError("decimal and thousands are the same mark")
        for mark in self.thousands_marks:
            if mark.isalnum() or mark in NO_THOUSANDS:
                raise ValueError(f"{mark!r} cannot stand between thousands")
        for name, mark in (("delimiter", self.delimiter), ("quote", self.quote)):
            if mark in LINE_ENDS:
                raise ValueError(f"{name} cannot be the end of a line")
        if self.delimiter == self.quote:
            raise ValueError("delimiter and quote are the same mark")
        self._check_months()
        return self

    def _check_months(self) -> None:
        names = self.month_names_argument.get("month_names", ())
        for name in names:
            if sum(other.startswith(name) for other in names) > 1:
                raise ValueError(f"{name!r} in month_names begins several months")

    @property
    def month_names_argument(self) -> dict[str, Any]:
        """The months' names for a date reader, if the profile names them."""
        if self.month_names is None:
            return {}
        names = tuple(name.strip(" .").lower() for name in self.month_names)
        return {"month_names": names}

    @property
    def thousands_marks(self) -> str:
        """The marks allowed between groups of three digits."""
        if self.thousands is not None:
            return self.thousands
        return {".": ",'\u2019", ",": ".'\u2019"}[self.decimal]


class Sign(StrEnum):
    """How a normal row of a table writes its amount."""

    POSITIVE = "positive"
    NEGATIVE = "negative"
    EITHER = "either"


class RowMatch(_Strict):
    """Rows in which a column holds one of some texts, whatever their case."""

    column: Column
    values: tuple[str, ...] = Field(min_length=1)


class Table(_Strict):
    """What every table has: where it is and which rows are no records."""

    kind_name: ClassVar[str]

    file: FilePattern | None = None
    format: dict[str, Any] = {}
    ignore: tuple[RowMatch, ...] = ()
    totals_row: RowMatch | None = None
    columns: _Strict

    key_names: ClassVar[tuple[str, ...]] = ("number",)

    def key_positions(self, header: Header) -> tuple[int, ...]:
        """Return where the columns stand that tell one record from another.

        Raises:
            MissingColumnError: The table lacks one.
            AmbiguousColumnError: The table has one twice.
        """
        found = self.positions(header)
        names = ("id",) if "id" in found else self.key_names
        return tuple(position for name in names for position in found[name])

    def positions(self, header: Header) -> dict[str, tuple[int, ...]]:
        """Return where each column that the profile names stands.

        Raises:
            MissingColumnError: The table lacks one.
            AmbiguousColumnError: The table has one twice.
        """
        found: dict[str, tuple[int, ...]] = {}
        for name in type(self.columns).model_fields:
            value = getattr(self.columns, name)
            if value is None:
                continue
            parts = (value,) if isinstance(value, str) else value
            found[name] = tuple(header.position(part) for part in parts)
        return found


class Documents(Table):
    """What tables of documents have in common."""

    sign: Sign = Sign.POSITIVE
    complete: bool = False
    closure_limit_percent: int = Field(default=20, ge=0, le=100)
    kinds: dict[str, DocumentKind] = {}
    void: RowMatch | None = None


class OpenItemColumns(_Strict):
    """Columns of an open-item list."""

    number: KeyColumns
    id: KeyColumns | None = None
    debtor: KeyColumns
    debtor_name: Column | None = None
    unit: Column | None = None
    issued_on: Column
    due_on: Column | None = None
    terms: Column | None = None
    open: Column
    total: Column | None = None
    currency: Column | None = None
    kind: Column | None = None
    reference: Column | None = None
    disputed: Column | None = None


class OpenItems(Documents):
    """A list with one row an open item."""

    kind_name = "open_items"

    columns: OpenItemColumns
    sign: Sign = Sign.EITHER
    dated_on: FileDate | None = None


class CustomerColumns(_Strict):
    """Columns of a customer list."""

    number: KeyColumns
    id: KeyColumns | None = None
    name: Column
    unit: Column | None = None
    parent: KeyColumns | None = None
    country: Column | None = None
    language: Column | None = None
    email: Column | None = None
    tax_id: Column | None = None
    terms: Column | None = None


class Customers(Table):
    """A list with one row a debtor."""

    kind_name = "customers"

    columns: CustomerColumns


class InvoiceColumns(_Strict):
    """Columns of an export of invoices."""

    number: KeyColumns
    id: KeyColumns | None = None
    debtor: KeyColumns
    debtor_name: Column | None = None
    unit: Column | None = None
    issued_on: Column
    due_on: Column | None = None
    terms: Column | None = None
    total: Column
    currency: Column | None = None
    kind: Column | None = None
    reference: Column | None = None
    home_total: Column | None = None
    rate: Column | None = None
    voided_on: Column | None = None
    disputed: Column | None = None


class Invoices(Documents):
    """An export with one row an invoice, or one row an instalment of one."""

    kind_name = "invoices"

    columns: InvoiceColumns
    rows: Literal["documents", "instalments"] = "documents"


class CreditColumns(_Strict):
    """Columns of an export of credit notes or payments."""

    number: KeyColumns
    id: KeyColumns | None = None
    debtor: KeyColumns
    debtor_name: Column | None = None
    unit: Column | None = None
    issued_on: Column
    total: Column
    currency: Column | None = None
    kind: Column | None = None
    reference: Column | None = None
    home_total: Column | None = None
    rate: Column | None = None
    voided_on: Column | None = None
    invoice: KeyColumns | None = None
    applied_on: Column | None = None


class CreditNotes(Documents):
    """An export with one row a credit note."""

    kind_name = "credit_notes"

    columns: CreditColumns


class Payments(Documents):
    """An export with one row a payment."""

    kind_name = "payments"

    columns: CreditColumns


class AllocationColumns(_Strict):
    """Columns of an export of allocations."""

    id: KeyColumns | None = None
    credit: KeyColumns
    credit_kind: Column | None = None
    invoice: KeyColumns
    invoice_kind: Column | None = None
    amount: Column
    credit_amount: Column | None = None
    currency: Column | None = None
    applied_on: Column


class Allocations(Table):
    """An export with one row an amount of a credit applied to an invoice."""

    kind_name = "allocations"
    key_names = ("credit", "invoice")

    columns: AllocationColumns
    complete: bool = False
    sign: Literal["positive", "negative"] = "positive"
    credit_kind: DocumentKind = DocumentKind.PAYMENT
    kinds: dict[str, DocumentKind] = {}

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.credit_kind.side is not Side.CREDIT:
            raise ValueError(f"credit_kind: a {self.credit_kind} settles nothing")
        return self


class AgedListColumns(_Strict):
    """Columns of a list of balances."""

    debtor: KeyColumns | None = None
    currency: Column | None = None
    balance: Column


class AgedList(Table):
    """Balances as the books print them: by debtor and currency, or by currency."""

    kind_name = "aged_list"

    columns: AgedListColumns
    dated_on: FileDate | None = None
    credits: Literal["included", "left out"] = "included"


class TrialBalanceColumns(_Strict):
    """Columns of a trial balance: a balance, or a debit and a credit."""

    account: Column
    currency: Column | None = None
    balance: Column | None = None
    debit: Column | None = None
    credit: Column | None = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.balance is None) == (self.debit is None or self.credit is None):
            raise ValueError("name either balance, or debit and credit")
        return self


class TrialBalance(Table):
    """A trial balance, of which the receivables accounts are read."""

    kind_name = "trial_balance"

    columns: TrialBalanceColumns
    accounts: tuple[str, ...] = Field(min_length=1)
    dated_on: FileDate | None = None


class Control(_Strict):
    """The books' own totals, to prove the ledger against."""

    aged_list: AgedList | None = None
    trial_balance: TrialBalance | None = None


class Profile(_Strict):
    """One folder's or file's profile."""

    name: str = ""
    currency: CurrencyCode | None = None
    format: Format = Format()
    terms: dict[str, NamedTerms] = {}
    open_items: OpenItems | None = None
    customers: Customers | None = None
    invoices: Invoices | None = None
    credit_notes: CreditNotes | None = None
    payments: Payments | None = None
    allocations: Allocations | None = None
    control: Control = Control()

    @model_validator(mode="after")
    def _check(self) -> Self:
        exports = [table for table in self.tables() if table is not self.open_items]
        if self.open_items is not None and exports:
            raise ValueError(
                "open_items stands alone: a folder holds an open-item list or exports"
            )
        if self.open_items is None and self.invoices is None:
            raise ValueError("name the table [open_items] or [invoices]")
        for table in (*self.tables(), *self.controls()):
            try:
                self.format_of(table)
            except ValidationError as error:
                faults = [
                    _fault(one, table.kind_name, "format") for one in error.errors()
                ]
                raise ValueError("; ".join(faults)) from error
        return self

    def tables(self) -> Iterator[Table]:
        """Yield the tables declared, in the order they are read."""
        for table in (
            self.open_items,
            self.customers,
            self.invoices,
            self.credit_notes,
            self.payments,
            self.allocations,
        ):
            if table is not None:
                yield table

    def controls(self) -> Iterator[Table]:
        """Yield the control tables declared."""
        for table in (self.control.aged_list, self.control.trial_balance):
            if table is not None:
                yield table

    def format_of(self, table: Table) -> Format:
        """Return the format of a table: the profile's, with the table's own on top."""
        return Format.model_validate({**self.format.model_dump(), **table.format})

    def named_terms(self) -> Mapping[str, Terms]:
        """Return the payment terms by code."""
        return self.terms


def parse(text: str, place: str) -> Profile:
    """Read a profile.

    Args:
        text: The TOML.
        place: What to call it in errors.

    Raises:
        ProfileError: It is no TOML, or a setting is wrong; all faults are listed.
    """
    try:
        return Profile.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise ProfileError(place, [f"it is no valid TOML: {error}"]) from error
    except ValidationError as error:
        raise ProfileError(place, [_fault(one) for one in error.errors()]) from error


def _fault(error: Mapping[str, Any], *inside: str) -> str:
    path = ".".join(str(part) for part in (*inside, *error["loc"]))
    message = str(error["msg"]).removeprefix("Value error, ")
    if error["type"] == "extra_forbidden":
        message = "there is no such setting"
    return f"{path}: {message}" if path else message


def matches(pattern: str | None, name: str) -> bool:
    """Say whether a file belongs to a table; no pattern takes any file."""
    return pattern is None or PurePath(name.lower()).match(pattern.lower())
