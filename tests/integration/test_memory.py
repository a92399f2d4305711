"""A sync takes no more memory for five times the rows."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from app.postgres.server import ServerAddress
from ledger.store.session import Database
from tests.file_books import FileBooks
from tests.integration import child_sync

ROOT = Path(__file__).parents[2]
FEW, MANY = 10_000, 50_000
GROWTH_PERCENT_MAX = 25
DEBTORS = 500

PROFILE = """
[invoices]
[invoices.columns]
number = "No"
debtor = "Customer"
debtor_name = "Name"
issued_on = "Date"
due_on = "Due"
total = "Total"
"""
HEADER = "No,Customer,Name,Date,Due,Total"
BEGIN = date(2021, 1, 1)


def plain(number: int) -> str:
    """Write an invoice dated by its day."""
    issued = BEGIN + timedelta(number % 1_000)
    due = issued + timedelta(30)
    debtor = number % DEBTORS
    return f"I{number},D{debtor},Debtor {debtor},{issued},{due},{number % 9_973}.17"


def stamped(number: int) -> str:
    """Write an invoice dated to the nanosecond, as databases export them."""
    issued = BEGIN + timedelta(number % 1_000)
    debtor = number % DEBTORS
    begun, ended = (
        f"{issued}T{hour:02}:{number % 60:02}:00.{number:09}" for hour in (8, 17)
    )
    return f"I{number},D{debtor},Debtor {debtor},{begun},{ended},5.17"


def anyone(number: int) -> str:
    """Write an invoice to a customer who buys twice, as shops do."""
    debtor = number // 2
    return f"I{number},D{debtor},Debtor {debtor},2024-01-01,2024-01-31,5.17"


def faulty(number: int) -> str:
    """Write an invoice whose amount cannot be read."""
    return plain(number).replace(".17", ".17 or so")


def peak_bytes(
    server: ServerAddress, database: Database, place: Path, rows: Iterator[str]
) -> int:
    """Return the most memory that a sync of rows took in a process of its own."""
    books = FileBooks.open(database, place, PROFILE)
    with (books.folder / "invoices.csv").open("w") as file:
        file.write(f"{HEADER}\n")
        file.writelines(f"{row}\n" for row in rows)
    url = server.worker_url().render_as_string(hide_password=False)
    arguments = {"tenant": books.tenant.slug, "place": str(place), "on": "2024-02-01"}
    done = subprocess.run(
        [sys.executable, child_sync.__file__, "weighed", json.dumps(arguments)],
        check=False,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, child_sync.URL: url, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stderr
    return int(json.loads(done.stdout)["peak_bytes"])


@pytest.mark.parametrize("row", [plain, stamped, anyone, faulty])
def test_five_times_the_rows_take_no_more_memory(
    server: ServerAddress,
    database: Database,
    tmp_path: Path,
    row: Callable[[int], str],
) -> None:
    """The peak grows by a quarter at most, whatever the rows are like."""
    few, many = (
        peak_bytes(server, database, tmp_path / str(count), map(row, range(count)))
        for count in (FEW, MANY)
    )
    growth = many * 100 // few - 100
    assert growth <= GROWTH_PERCENT_MAX, f"{few >> 20} MB became {many >> 20} MB"
