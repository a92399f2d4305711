"""Files read without a ledger: a path and a profile in, rows or records out."""

import hashlib
import io
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl

from connectors.contract import Position, Step
from connectors.file_steps import FilesSource
from connectors.files import FilesConnector
from connectors.tables import TableFile
from ledger.records import Batch, Debtor, Document, Problem
from ledger.testing import EUR
from mapping.fields import Cell
from mapping.files.profiles import Format, parse

A_DAY = date(2024, 2, 1)
SHEET = "xl/worksheets/sheet1.xml"
GONE = "exports"
"""The step that settles what complete exports lack."""

INVOICES = """
[invoices]
file = "inv*"
[invoices.columns]
number = "No"
debtor = "Customer"
issued_on = "Date"
total = "Total"
"""
HEADER = "No,Customer,Date,Total"


def rows_of(path: Path, **settings: Any) -> list[list[Cell]]:  # noqa: ANN401 - a format's
    """Return the rows below the header of a table."""
    table = TableFile(path, Format(**settings))
    return [list(row) for chunk in table.chunks() for row in chunk.rows]


def names_of(path: Path, **settings: Any) -> tuple[str, ...]:  # noqa: ANN401 - as above
    """Return the header of a table."""
    return TableFile(path, Format(**settings)).header().names


def connector_of(path: Path, profile: str, on: date = A_DAY) -> FilesConnector:
    """Return the connector of a file or a folder."""
    return FilesConnector(
        FilesSource(
            path=path,
            profile=parse(profile, "books.toml"),
            profile_digest=hashlib.sha256(profile.encode()).hexdigest(),
            home=EUR,
            business_on=on,
        )
    )


def steps_of(
    path: Path,
    profile: str,
    cursors: Mapping[str, Position] | None = None,
    *,
    full: bool = False,
) -> dict[str, Step]:
    """Return the steps of a sync by label."""
    found = connector_of(path, profile).steps(cursors or {}, full=full)
    return {step.label: step for step in found}


class Reading:
    """All that reading one step gave."""

    def __init__(self, step: Step) -> None:
        """Read to the end."""
        self.pages = list(step.pages())
        self.batches: list[Batch] = [page.decode() for page in self.pages]
        self.cursor = {step.resource: self.pages[-1].position} if self.pages else {}

    @property
    def documents(self) -> list[Document]:
        """The documents."""
        return [one for batch in self.batches for one in batch.documents]

    @property
    def debtors(self) -> list[Debtor]:
        """The debtors."""
        return [one for batch in self.batches for one in batch.debtors]

    @property
    def problems(self) -> list[Problem]:
        """The problems."""
        return [one for batch in self.batches for one in batch.problems]


def read_file(path: Path, profile: str = INVOICES) -> Reading:
    """Read the one file of a folder, or a file."""
    steps = steps_of(path, profile)
    (step,) = (step for step in steps.values() if step.resource != GONE)
    return Reading(step)


def numbers(reading: Reading) -> list[str]:
    """Return the numbers that landed."""
    return [document.number for document in reading.documents]


def workbook(path: Path, *rows: Sequence[object]) -> Path:
    """Write a workbook of one sheet."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(list(row))
    book.save(path)
    return path


def rewritten(path: Path, change: Callable[[str], str], member: str = SHEET) -> Path:
    """Change one part of a workbook as other programs would write it."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    before = parts[member].decode()
    parts[member] = change(before).encode()
    assert parts[member] != before.encode(), before
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    path.write_bytes(buffer.getvalue())
    return path


@contextmanager
def changed_on_the_way(step: Step, change: Callable[[], None]) -> Iterator[list[Batch]]:
    """Read a step's first page, change something, and leave the rest to the block."""
    pages = step.pages()
    batches = [next(pages).decode()]
    change()
    yield batches
    batches += [page.decode() for page in pages]
