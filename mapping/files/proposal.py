"""Proposes a profile for a table from its header and a sample of its rows.

What a column is called comes first; what it holds refuses nonsense and settles formats.
Nothing proposed is used before a person has seen it.
"""

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ledger.errors import RecordError, SourceError
from ledger.money import Currency
from mapping.amounts import AmountReader
from mapping.dates import DateReader
from mapping.fields import Cell, currency_code, is_blank
from mapping.files.columns import Row

DATE_FORMATS: Final = (
    "YYYY-MM-DD", "DD.MM.YYYY", "DD/MM/YYYY", "MM/DD/YYYY", "DD-MM-YYYY", "YYYY/MM/DD",
    "YYYYMMDD", "DD.MM.YY", "DD/MM/YY", "MM/DD/YY", "DD MMM YYYY", "DD-MMM-YYYY",
    "MMM DD YYYY", "DD-MMM-YY", "YYYY.MM.DD",
)  # fmt: skip
"""Formats tried, the commoner first."""

FITS_SHARE: Final = 0.9
"""A column is of a kind when this part of its values can be read so."""

CENTS_SHARE: Final = 0.3
"""A column without a telling name is of amounts when so many have cents."""

WORDS: Final[Mapping[str, str]] = {
    "due_on": r"due|fallig|echeance|vencimiento|scadenza|verval|forfall|termin platn",
    "issued_on": r"(invoice|document|doc|posting|issue|bill|beleg|rechnungs|buchungs"
    r"|factuur|payment|paid).*(date|datum|on$)|^date|^datum|^fecha|^data\b|date fact",
    "debtor_name": r"(customer|debtor|client|kunden|debitor|klant|cliente).*(name|nom\b"
    r"|naam)|name (customer|debtor)|^name\b|^company$|^firma|^nom\b|^nombre|ragione",
    "debtor": r"cust|debtor|debitor|kunde|klant|client|cliente|account",
    "open": r"open|outstanding|balance|amount due|offen|rest|saldo|solde|pendiente",
    "total": r"total|amount|gross|value|betrag|brutto|montant|importe|importo|bedrag",
    "currency": r"curr|\bccy\b|wahrung|devise|moneda|valuta",
    "terms": r"terms|zahlungsbed|conditions|condiciones|termini",
    "number": r"invoice|doc|voucher|beleg|rechnung|factu|fattura|bill|payment (no|id)"
    r"|^number$|^no\b|^nr\b|numero",
    "kind": r"type|belegart|\bart\b|kind",
    "reference": r"reference|referenz|\bpo\b|purchase order|bestell",
    "unit": r"(company|business) code|buchungskreis|bukrs|branch|unit",
}
"""What headers are called, without accents, in the languages of many systems.

The order matters: `Customer name` is no key, `Due date` is no date of the document.
"""

DATES: Final = frozenset({"due_on", "issued_on"})
AMOUNTS: Final = frozenset({"open", "total"})
NEEDED: Final = ("number", "debtor", "issued_on")


class NoProposalError(SourceError):
    """A file's columns do not say enough."""

    def __init__(
        self, place: str, missing: Sequence[str], header: Sequence[str]
    ) -> None:
        """Name what was not found, and what there is."""
        super().__init__(
            f"No profile can be proposed for {place}: no column was recognised as "
            f"{', '.join(missing)}.",
            remedy=f"Its columns are: {', '.join(map(repr, header))}. Write the "
            "profile by hand; docs/connectors/files.md shows how.",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What was seen of a file.

    Attributes:
        place: What to call it.
        file: Its name.
        header: Its header.
        rows: Rows below that.
        encoding: How its bytes read; None for a workbook.
        delimiter: What stands between its fields; None for a workbook.
        header_row: Where the header stands, from 1.
    """

    place: str
    file: str
    header: Sequence[str]
    rows: Sequence[Row]
    encoding: str | None
    delimiter: str | None
    header_row: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A profile to look at.

    Attributes:
        toml: The profile.
        columns: Which column was taken for what.
        doubts: What a person should check.
    """

    toml: str
    columns: Mapping[str, str]
    doubts: tuple[str, ...]


def propose(sample: Sample) -> Proposal:
    """Return a profile for a table of open items or invoices.

    Raises:
        NoProposalError: A column that is needed was not recognised.
    """
    decimal = _decimal(sample)
    roles = _roles(sample, decimal)
    missing = [name for name in NEEDED if name not in roles]
    if "open" not in roles and "total" in roles:
        roles["open"] = roles.pop("total")
    if "open" not in roles and (found := _fractional(sample, roles, decimal)):
        roles["open"] = found
    if "open" not in roles:
        missing.append("amount")
    if missing:
        raise NoProposalError(sample.place, missing, sample.header)
    doubts: list[str] = []
    dates = _date_format(sample, roles, doubts)
    if "currency" not in roles:
        doubts.append(
            "No column names the currency: all amounts are taken for the tenant's home "
            "currency. Set `currency` if they are of another."
        )
    if not re.search(WORDS["open"], _plain(sample.header[roles["open"]])):
        doubts.append(
            f"{sample.header[roles['open']]!r} is taken for what is still open. If it "
            "is the invoices' total, declare [invoices] and export payments as well."
        )
    doubts.append(
        "`complete = true` closes what a later list no longer names; set it only if "
        "the list always holds every open item."
    )
    columns = {role: _name(sample.header, roles[role]) for role in sorted(roles)}
    return Proposal(
        toml="\n".join(_toml(sample, decimal, dates, columns)) + "\n",
        columns=columns,
        doubts=tuple(doubts),
    )


def _plain(text: str) -> str:
    folded = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(mark for mark in folded if not unicodedata.combining(mark))
    return re.sub(r"[\s_.\-/#]+", " ", bare).strip()


def _roles(sample: Sample, decimal: str) -> dict[str, int]:
    roles: dict[str, int] = {}
    taken: set[int] = set()
    for role, words in WORDS.items():
        for position, name in enumerate(sample.header):
            if position in taken or not re.search(words, _plain(name)):
                continue
            if _holds(role, _values(sample, position), decimal):
                roles[role] = position
                taken.add(position)
                break
    return roles


def _fractional(sample: Sample, roles: Mapping[str, int], decimal: str) -> int | None:
    """Return the one column of amounts with cents, whatever it is called."""
    found = [
        position
        for position in range(1, len(sample.header))
        if position not in roles.values()
        and _holds("open", _values(sample, position), decimal)
        and _has_cents(_values(sample, position), decimal)
    ]
    return found[0] if len(found) == 1 else None


def _has_cents(values: Sequence[Cell], decimal: str) -> bool:
    with_cents = (
        bool(str(value).partition(decimal)[2].strip("0 ")) for value in values
    )
    return _share(with_cents) >= CENTS_SHARE


def _values(sample: Sample, position: int) -> list[Cell]:
    return [
        row[position]
        for row in sample.rows
        if position < len(row) and not is_blank(row[position])
    ]


def _holds(role: str, values: Sequence[Cell], decimal: str) -> bool:
    if role in DATES:
        return any(_fits(DateReader(one), values) for one in DATE_FORMATS)
    if role in AMOUNTS:
        return bool(values) and _share(_amount_reads(values, decimal)) >= FITS_SHARE
    if role == "currency":
        return bool(values) and all(_reads_currency(value) for value in values)
    return bool(values) or role not in NEEDED


def _fits(reader: DateReader, values: Sequence[Cell]) -> bool:
    return bool(values) and (
        _share(reader.understands(value) for value in values) >= FITS_SHARE
    )


def _share(found: Iterator[bool]) -> float:
    listed = list(found)
    return sum(listed) / len(listed) if listed else 0


def _amount_reads(values: Sequence[Cell], decimal: str) -> Iterator[bool]:
    reader = AmountReader(decimal=decimal, thousands="." if decimal == "," else ",")
    for value in values:
        try:
            reader.read(value, Currency("EUR"), 2)
        except RecordError:
            yield False
        else:
            yield True


def _reads_currency(value: Cell) -> bool:
    try:
        currency_code(value)
    except RecordError:
        return False
    return True


def _decimal(sample: Sample) -> str:
    """Return the decimal mark: the last mark of most amounts that show one."""
    commas = points = 0
    for row in sample.rows:
        for cell in row:
            if isinstance(cell, str) and re.fullmatch(r"[(\-]?[\d.,\s]*\d[)\-]?", cell):
                commas += bool(re.search(r",\d{1,2}\D*$", cell))
                points += bool(re.search(r"\.\d{1,2}\D*$|\.\d{4,}$", cell))
    return "," if commas > points else "."


def _date_format(sample: Sample, roles: Mapping[str, int], doubts: list[str]) -> str:
    values = [
        value
        for role in sorted(DATES & roles.keys())
        for value in _values(sample, roles[role])
    ]
    fitting = [one for one in DATE_FORMATS if _fits(DateReader(one), values)]
    best = fitting[0] if fitting else DATE_FORMATS[0]
    swapped = DateReader(best).swapped().format
    if swapped in fitting and best[:2] != "YY":
        doubts.append(
            f"Every date can be read as {best} and as {swapped}; {best} is proposed. "
            "Check one date you know."
        )
    return best


def _name(header: Sequence[str], position: int) -> str:
    name = header[position].strip()
    unique = [one.strip().casefold() for one in header].count(name.casefold()) == 1
    return name if name and unique else f"#{position + 1}"


def _toml(
    sample: Sample, decimal: str, dates: str, columns: Mapping[str, str]
) -> Iterator[str]:
    yield f"name = {_quoted('open items from ' + sample.file)}"
    yield ""
    yield "[format]"
    if sample.encoding is not None:
        yield f"encoding = {_quoted(sample.encoding)}"
    if sample.delimiter is not None:
        yield f"delimiter = {_quoted(sample.delimiter)}"
    if sample.header_row > 1:
        yield f"header_row = {sample.header_row}"
    yield f"decimal = {_quoted(decimal)}"
    yield f"dates = {_quoted(dates)}"
    yield ""
    yield "[open_items]"
    yield f"file = {_quoted(sample.file)}"
    yield "complete = false"
    yield ""
    yield "[open_items.columns]"
    for role, name in columns.items():
        if role == "kind":
            yield f"# kind = {_quoted(name)}  # needs [open_items.kinds] as well"
        else:
            yield f"{role} = {_quoted(name)}"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)
