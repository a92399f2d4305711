"""`make bench`: measures in one run and prints tables; `--json FILE` keeps figures.

`--only landing` measures a part alone, `--no-peer` leaves out the peer, which is
installed into `.bench` when it is first needed. An embedded server is started in a
temporary home, so nothing of yours is touched.
"""

import argparse
import json
import platform
import subprocess
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

import psutil
from rich.console import Console
from rich.table import Table

from app.postgres.server import EmbeddedServer, ServerAddress
from benchmarks import imports, landing_rounds, ledger, mailing, planning, questions
from benchmarks.database import empty, settle
from benchmarks.meter import Server, median
from ledger.store import schema
from ledger.store.session import Database
from ledger.testing import Books

INVOICES = 1_000_000
SMALL = 100_000
ROUNDS = 5
IMPORT_ROUNDS = 3
PARTS = ("imports", "landing", "questions", "planning", "mailing")

console = Console(width=120)


def main() -> None:
    """Measure everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=PARTS)
    parser.add_argument("--invoices", type=int, default=INVOICES)
    parser.add_argument("--landed", type=int, default=landing_rounds.INVOICES)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--no-peer", action="store_true")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    console.print(_machine())
    found: dict[str, object] = {"machine": _machine()}
    with tempfile.TemporaryDirectory(prefix="duebridge-bench-") as folder:
        home = Path(folder)
        with EmbeddedServer(home / "home", idle_stop_s=1) as address:
            schema.upgrade(address.owner_url(), worker_role=address.worker)
            for part in [arguments.only] if arguments.only else PARTS:
                found[part] = _measure(part, address, home, arguments)
    if arguments.json:
        arguments.json.write_text(json.dumps(found, indent=2), encoding="utf-8")


def _measure(
    part: str, address: ServerAddress, home: Path, arguments: argparse.Namespace
) -> object:
    if part == "imports":
        return _imports(address, home, arguments.invoices)
    if part == "landing":
        return landing_rounds.measure(
            console,
            address,
            home,
            invoices=arguments.landed,
            has_peer=not arguments.no_peer,
        )
    if part == "mailing":
        return mailing.measure(console, address)
    if part == "planning":
        return planning.measure(
            console, address, invoices=arguments.invoices, rounds=arguments.rounds
        )
    return _questions(address, arguments.invoices, rounds=arguments.rounds)


def _machine() -> str:
    memory = psutil.virtual_memory().total >> 30
    return (
        f"{psutil.cpu_count()} processors, {memory} GiB, {platform.platform()}, "
        f"Python {platform.python_version()}"
    )


def _imports(address: ServerAddress, home: Path, count: int) -> dict[str, object]:
    large, small = home / "large.csv", home / "small.csv"
    imports.write_csv(large, count)
    imports.write_csv(small, min(SMALL, count))
    rounds = [
        (_import(address, "ours", large), _import(address, "floor", large))
        for _ in range(IMPORT_ROUNDS)
    ]
    small_peak = _import(address, "ours", small)["peak_kb"]
    ours = [one for one, _ in rounds]
    floor = [one for _, one in rounds]
    cpu_of = [one["client_s"] + one["server_s"] for one in ours]
    cpu_floor = [one["client_s"] + one["server_s"] for one in floor]
    found: dict[str, object] = {
        "rows": count,
        "floor_over_ours": median(
            [a / b for a, b in zip(cpu_floor, cpu_of, strict=True)]
        ),
        "ours_us_per_row": median(cpu_of) / count * 1e6,
        "ours_client_us_per_row": median([one["client_s"] for one in ours])
        / count
        * 1e6,
        "floor_us_per_row": median(cpu_floor) / count * 1e6,
        "floor_client_us_per_row": median([one["client_s"] for one in floor])
        / count
        * 1e6,
        "peak_mb": median([one["peak_kb"] for one in ours]) / 1024,
        "peak_small_mb": small_peak / 1024,
    }
    table = Table(title=f"Importing {count:,} CSV rows (at least 0.4, aim 0.6)")
    for name in found:
        table.add_column(name.replace("_", " "))
    table.add_row(*(f"{float(str(value)):.2f}" for value in found.values()))
    console.print(table)
    return found


def _import(address: ServerAddress, way: str, path: Path) -> dict[str, float]:
    empty(address)
    server = Server.of(address.worker_url())
    before = server.cpu_s()
    url = address.worker_url().render_as_string(hide_password=False)
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.imports", way, str(path)],
        input=f"{url}\n",
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    found["server_s"] = server.cpu_s() - before
    return found


def _questions(
    address: ServerAddress, count: int, *, rounds: int
) -> list[dict[str, object]]:
    empty(address)
    database = Database(address.worker_url())
    books = Books.open(database)
    ledger.fill(books, count)
    settle(address)
    table = Table(title=f"Questions over {count:,} invoices: plain way ÷ ours")
    for title in ("question", "CPU", "wall", "at least", "aim", "ours", "plain"):
        table.add_column(title, justify="left" if title == "question" else "right")
    found = questions.compare(Server.of(address.worker_url()), books, rounds=rounds)
    for one in found:
        table.add_row(
            one.name,
            f"{one.cpu:.2f}",
            f"{one.wall:.2f}",
            f"{one.at_least:g}",
            f"{one.aim:g}",
            f"{one.ours_cpu_s:.3f} s CPU, {one.ours_wall_s:.3f} s",
            f"{one.plain_cpu_s:.3f} s CPU, {one.plain_wall_s:.3f} s",
        )
    console.print(table)
    database.close()
    return [asdict(one) for one in found]


if __name__ == "__main__":
    main()
