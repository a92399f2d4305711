"""Pages of a table read by a profile, without a file: rows in, records out."""

import csv
import tomllib
from collections.abc import Iterable, Sequence

from ledger.money import Currency
from ledger.records import Batch, Problem
from ledger.testing import EUR
from mapping.fields import Cell
from mapping.files.allocations import AllocationMapper
from mapping.files.columns import Header
from mapping.files.customers import CustomerMapper
from mapping.files.documents import DocumentMapper
from mapping.files.profiles import (
    Allocations,
    Customers,
    Documents,
    Profile,
    Table,
    parse,
)
from mapping.files.rows import Chunk
from mapping.files.survey import Survey
from mapping.files.table import Setting

PLACE = "book.csv"

Line = str | Sequence[Cell]
"""A row: cells, or a line with commas between them."""

Mapper = DocumentMapper | CustomerMapper | AllocationMapper


def cells(lines: Iterable[Line]) -> list[list[Cell]]:
    """Split lines at their commas as CSV does; cells stay as they are."""
    return [
        list(next(csv.reader([line]), [])) if isinstance(line, str) else list(line)
        for line in lines
    ]


def header_of(line: Line) -> Header:
    """Return a header."""
    (names,) = cells([line])
    return Header(PLACE, ["" if name is None else str(name) for name in names])


def declared(profile: str) -> tuple[Profile, Table]:
    """Read a profile; return it and the table it declares last."""
    found = parse(profile, "books.toml")
    written = list(tomllib.loads(profile))
    tables = sorted(found.tables(), key=lambda one: written.index(one.kind_name))
    return found, tables[-1]


def mapper_of(
    profile: str,
    header: Line,
    *,
    home: Currency = EUR,
    repeated: frozenset[int] = frozenset(),
) -> Mapper:
    """Return the mapper of the table that a profile declares last."""
    found, table = declared(profile)
    setting = Setting(profile=found, home=home, repeated=repeated)
    match table:
        case Documents():
            return DocumentMapper(table, header_of(header), setting)
        case Customers():
            return CustomerMapper(table, header_of(header), setting)
        case Allocations():
            return AllocationMapper(table, header_of(header), setting)
    raise AssertionError(table)


def survey_of(profile: str, header: Line, chunks: Iterable[Chunk]) -> Survey:
    """Look at all pages of the table that a profile declares last."""
    found, table = declared(profile)
    survey = Survey(table, found.format_of(table), header_of(header), 10)
    for chunk in chunks:
        survey.add(chunk)
    survey.close()
    return survey


def read_pages(
    profile: str,
    header: Line,
    *pages: Sequence[Line],
    home: Currency = EUR,
) -> list[Batch]:
    """Read pages; all are looked at before the first is read, as a sync does."""
    chunks, begin = [], 2
    for page in pages:
        chunks.append(Chunk(PLACE, begin, cells(page)))
        begin += len(page)
    mapper = mapper_of(
        profile,
        header,
        home=home,
        repeated=survey_of(profile, header, chunks).repeated,
    )
    return [mapper.batch(chunk) for chunk in chunks]


def read_page(
    profile: str,
    header: Line,
    *lines: Line,
    home: Currency = EUR,
) -> Batch:
    """Read one page."""
    (batch,) = read_pages(profile, header, lines, home=home)
    return batch


def only_problem(batch: Batch) -> Problem:
    """Return the one problem of a page on which nothing landed."""
    (problem,) = batch.problems
    assert not batch.documents
    assert not batch.claims
    assert not batch.debtors
    return problem


def accounted(batch: Batch) -> int:
    """Count the rows that became records, problems, or were left out on purpose."""
    records = batch.documents or batch.claims or batch.debtors
    return len(records) + len(batch.problems) + sum(batch.ignored.values())
