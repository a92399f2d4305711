"""Importing a CSV: the product against the same rows written by hand.

The floor writes to the same tables, indexes and policies, as the same role: csv, COPY
to a temporary table, one INSERT … ON CONFLICT a page and table. It checks nothing,
looks at nothing first and keeps no history, problems, month totals or cursor.

Each import runs in a process of its own, which reports its own figures.
"""

import argparse
import csv
import json
import random
import resource
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from pathlib import Path

import psycopg
from sqlalchemy import make_url

from app.bootstrap import files_connector, spare_the_collector
from app.rates import ecb_rates
from benchmarks.meter import client_cpu_s
from ledger.calendar import FixedClock
from ledger.store.session import Database
from ledger.testing import Books
from sync.pull import Sync

SEED = 7
DEBTORS = 20_000
PAGE = 5_000
HEADER = [
    "Invoice",
    "Customer",
    "Name",
    "Date",
    "Due",
    "Amount",
    "Currency",
    "Reference",
]
BUSINESS_ON = date(2026, 1, 1)

Row = tuple[str, str, str, date, date, int, str, str]

PROFILE = """
[open_items.columns]
number = "Invoice"
debtor = "Customer"
debtor_name = "Name"
issued_on = "Date"
due_on = "Due"
open = "Amount"
currency = "Currency"
reference = "Reference"
"""

STAGE = """
CREATE TEMPORARY TABLE by_hand (
    number text, debtor text, name text, issued_on date, due_on date, minor bigint,
    currency text, reference text
) ON COMMIT DELETE ROWS
"""
DEBTORS_IN = """
INSERT INTO debtor (tenant_id, id, connection_id, known_at, own_record, source_id,
                    number, name)
SELECT DISTINCT ON (debtor) %(tenant)s,
       md5(%(connection)s || '/debtor/' || debtor)::uuid,
       %(connection)s::bigint, %(now)s, false, debtor, debtor, name
FROM by_hand ON CONFLICT (tenant_id, id) DO NOTHING
"""
DOCUMENTS_IN = """
INSERT INTO document (tenant_id, id, debtor_id, connection_id, total_minor, known_at,
                      issued_on, due_on, kind, currency, source_id, number, due_rule,
                      reference, open_minor)
SELECT %(tenant)s, md5(%(connection)s || '/invoice/' || number)::uuid,
       md5(%(connection)s || '/debtor/' || debtor)::uuid, %(connection)s::bigint, minor,
       %(now)s, issued_on, due_on, 'invoice', currency, number, number, 'given',
       reference, minor
FROM by_hand
ON CONFLICT (tenant_id, id) DO UPDATE SET
    total_minor = excluded.total_minor, open_minor = excluded.open_minor,
    due_on = excluded.due_on, known_at = excluded.known_at
"""


def write_csv(path: Path, count: int) -> None:
    """Write open items in the order of their dates."""
    chance = random.Random(SEED)  # noqa: S311 - repeatable, not secret
    first_on = date(2021, 1, 1)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        for number in range(count):
            customer = int(DEBTORS * chance.random() ** 2)
            issued_on = first_on + timedelta(days=number * 1_800 // count)
            minor = chance.randint(10_00, 20_000_00)
            writer.writerow(
                [
                    f"INV{number:08}",
                    f"C{customer:05}",
                    f"Customer {customer} Ltd",
                    issued_on.isoformat(),
                    (issued_on + timedelta(days=30)).isoformat(),
                    f"{minor // 100}.{minor % 100:02}",
                    chance.choice(("EUR", "EUR", "EUR", "USD", "GBP")),
                    f"PO-{chance.randint(1, 10**6)}",
                ]
            )


def ours(database: Database, path: Path) -> None:
    """Import with the product, everything it does included."""
    books = Books.open(database)
    profile = path.with_suffix(".toml")
    profile.write_text(PROFILE, encoding="utf-8")
    Sync(
        database=database,
        tenant=books.tenant,
        connection=books.connection,
        connector=files_connector(path, profile, books.tenant, business_on=BUSINESS_ON),
        clock=FixedClock.on(BUSINESS_ON),
        rates=ecb_rates(),
    ).run()


def floor(database: Database, path: Path, url: str) -> None:
    """Import by hand."""
    books = Books.open(database)
    values = {
        "tenant": books.tenant.id,
        "connection": str(books.connection.id),
        "now": datetime(2026, 1, 1, tzinfo=UTC),
    }
    with psycopg.connect(url) as connection:
        connection.execute(STAGE)
        connection.commit()
        for page in _pages(path):
            connection.execute(
                "SELECT set_config('app.tenant_id', %s, true)", [str(books.tenant.id)]
            )
            with connection.cursor().copy(
                "COPY by_hand FROM STDIN (FORMAT BINARY)"
            ) as copy:
                copy.set_types(
                    ["text", "text", "text", "date", "date", "int8", "text", "text"]
                )
                for row in page:
                    copy.write_row(row)
            connection.execute(DEBTORS_IN, values)
            connection.execute(DOCUMENTS_IN, values)
            connection.commit()


def _pages(
    path: Path,
) -> Iterator[list[tuple[str, str, str, date, date, int, str, str]]]:
    with path.open(newline="", encoding="utf-8") as file:
        reader = csv.reader(file)
        next(reader)
        while page := [
            (
                row[0],
                row[1],
                row[2],
                date.fromisoformat(row[3]),
                date.fromisoformat(row[4]),
                int(row[5].replace(".", "")),
                row[6],
                row[7],
            )
            for row in islice(reader, PAGE)
        ]:
            yield page


def main() -> None:
    """Run one import; print its CPU and peak memory as JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("way", choices=["ours", "floor"])
    parser.add_argument("path", type=Path)
    arguments = parser.parse_args()
    url = make_url(sys.stdin.readline().strip())
    database = Database(url)
    spare_the_collector()
    begin = client_cpu_s()
    if arguments.way == "ours":
        ours(database, arguments.path)
    else:
        plain = url.set(drivername="postgresql")
        floor(database, arguments.path, plain.render_as_string(hide_password=False))
    usage = resource.getrusage(resource.RUSAGE_SELF)
    result = {"client_s": client_cpu_s() - begin, "peak_kb": usage.ru_maxrss}
    sys.stdout.write(json.dumps(result) + "\n")


if __name__ == "__main__":
    main()
