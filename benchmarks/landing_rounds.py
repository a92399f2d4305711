"""Landing measured in rounds: the product, the floor, the peer, memory and a night.

Each landing is a process of its own over one server of pages, the product and the floor
in turn; each is checked to the cent before its time counts.
"""

import json
import math
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psycopg
from rich.console import Console
from rich.table import Table

from app.postgres.server import ServerAddress
from benchmarks import xero_books, xero_pages
from benchmarks.database import empty
from benchmarks.meter import Cost, Server, median
from benchmarks.xero_server import Running, running

INVOICES: Final = 200_000
SMALL: Final = 20_000
PEER_INVOICES: Final = 50_000
"""The peer takes a minute for more; its cost an invoice hardly falls with them."""
ROUNDS: Final = 3
PEER: Final = ("dlt[postgres]==1.31.0",)
PEER_HOME: Final = Path(".bench/dlt")

CALLS_BESIDE: Final = 11
"""Calls of a night that no count of records explains.

One for the organisation, and a page that is not full for each of six lists of changes
and four of open items.
"""


@dataclass(frozen=True, slots=True)
class Pages:
    """A folder of pages, and what they come to."""

    folder: Path
    invoices: int
    expected: dict[str, Any]

    @classmethod
    def write(cls, folder: Path, invoices: int) -> "Pages":
        """Write an organisation of so many invoices."""
        # In a process of its own, so that nobody inherits the memory it takes.
        subprocess.run(
            [sys.executable, "-m", "benchmarks.xero_pages", str(folder), str(invoices)],
            check=True,
            cwd=Path(__file__).parents[1],
        )
        text = (folder / xero_pages.EXPECTED).read_text(encoding="utf-8")
        return cls(folder, invoices, json.loads(text))


def measure(
    console: Console,
    address: ServerAddress,
    home: Path,
    *,
    invoices: int = INVOICES,
    rounds: int = ROUNDS,
    has_peer: bool = True,
) -> dict[str, Any]:
    """Measure all of it and print the tables."""
    large = Pages.write(home / "large", invoices)
    small = Pages.write(home / "small", min(SMALL, invoices))
    found: dict[str, Any] = {"invoices": invoices, "rounds": rounds}
    ours, floor = [], []
    with running(large.folder) as site:
        for _ in range(rounds):
            ours.append(_land(address, "night", large, site))
            floor.append(_land(address, "floor", large, site))
    with running(small.folder) as site:
        few = _land(address, "ours", small, site)
    found |= _compared(ours, floor, invoices)
    found["peak_mb"] = median([one["peak_kb"] for one in ours]) / 1024
    found["peak_small_mb"] = few["peak_kb"] / 1024
    found["peak_growth"] = found["peak_mb"] / found["peak_small_mb"]
    found["night"] = _night(ours, large)
    if has_peer:
        found["peer"] = _peer(console, address, home, rounds, ours_us=found["ours_us"])
    _print(console, found, small.invoices)
    return found


def _land(
    address: ServerAddress, way: str, pages: Pages, site: Running
) -> dict[str, Any]:
    empty(address)
    url = address.worker_url().render_as_string(hide_password=False)
    expected = pages.folder / xero_pages.EXPECTED
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.landing", way, site.url, str(expected)],
        input=f"{url}\n",
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return {
        name: Cost(**one) if isinstance(one, dict) and "client_s" in one else one
        for name, one in found.items()
    }


def _compared(
    ours: list[dict[str, Any]], floor: list[dict[str, Any]], invoices: int
) -> dict[str, Any]:
    ratios = [
        b["pull"].cpu_s / a["pull"].cpu_s for a, b in zip(ours, floor, strict=True)
    ]

    def us(costs: list[dict[str, Any]], name: str) -> float:
        return median([getattr(one["pull"], name) for one in costs]) / invoices * 1e6

    return {
        "floor_over_ours": sorted(ratios),
        "ours_us": us(ours, "cpu_s"),
        "ours_client_us": us(ours, "client_s"),
        "floor_us": us(floor, "cpu_s"),
        "floor_client_us": us(floor, "client_s"),
        "ours_wall_s": median([one["pull"].wall_s for one in ours]),
        "floor_wall_s": median([one["pull"].wall_s for one in floor]),
    }


def _night(ours: list[dict[str, Any]], pages: Pages) -> dict[str, Any]:
    """Return what the nights cost in parts of the full pull, and their calls."""
    expected = pages.expected["night"]
    return {
        "changed": expected["changed"],
        "open": expected["open"],
        "differing": expected["differing"],
        "calls": max(sum(one["calls"].values()) for one in ours),
        "calls_most": calls_most(expected),
        "share": sorted(one["night_pull"].cpu_s / one["pull"].cpu_s for one in ours),
        "pull_s": median([one["night_pull"].cpu_s for one in ours]),
        "check_s": median([one["night_check"].cpu_s for one in ours]),
        "first_check_s": median([one["check"].cpu_s for one in ours]),
    }


def calls_most(expected: dict[str, Any]) -> int:
    """Return how many calls a night may take: by what changed, stands and differs."""
    changed = math.ceil(expected["changed"] / xero_books.PAGE)
    standing = math.ceil(expected["open"] / xero_books.PAGE)
    differing: int = expected["differing"]
    most: int = changed + standing + differing + CALLS_BESIDE
    return most


def _peer(
    console: Console, address: ServerAddress, home: Path, rounds: int, *, ours_us: float
) -> dict[str, Any] | None:
    """Run the peer in its own environment, made on demand; None where it cannot be."""
    python = _peer_python()
    if python is None:
        console.print(f"The peer ({PEER[0]}) could not be installed and is left out.")
        return None
    pages = Pages.write(home / "peer", PEER_INVOICES)
    found = []
    with running(pages.folder) as site:
        for number in range(rounds):
            work = home / f"peer-{number}"
            work.mkdir()
            found.append(_run_peer(python, address, pages, site, work))
    cpu = [one["client_s"] + one["server_s"] for one in found]
    us = [one / PEER_INVOICES * 1e6 for one in cpu]
    return {
        "invoices": PEER_INVOICES,
        "us": median(us),
        "client_us": median([one["client_s"] for one in found]) / PEER_INVOICES * 1e6,
        "over_ours": sorted(one / ours_us for one in us),
        "peak_mb": median([one["peak_kb"] for one in found]) / 1024,
    }


def _peer_python() -> Path | None:
    python = PEER_HOME.absolute() / "bin" / "python"
    if python.exists():
        return python
    made = [sys.executable, "-m", "venv", str(PEER_HOME)]
    install = [str(python), "-m", "pip", "install", "--quiet", *PEER]
    for command in (made, install):
        if subprocess.run(command, check=False).returncode:
            python.unlink(missing_ok=True)
            return None
    return python


def _run_peer(
    python: Path, address: ServerAddress, pages: Pages, site: Running, work: Path
) -> dict[str, Any]:
    # The peer wants a host by name; the socket's folder in the query is what counts.
    owner = address.owner_url().set(drivername="postgresql", host="localhost")
    url = owner.render_as_string(hide_password=False)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DROP SCHEMA IF EXISTS peer CASCADE")
        connection.execute("DROP SCHEMA IF EXISTS peer_staging CASCADE")
    server = Server.of(address.owner_url())
    before = server.cpu_s()
    done = subprocess.run(
        [str(python), str(Path(__file__).with_name("landing_peer.py")), site.url, work],
        input=f"{url}\n",
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        cwd=work,
        # It would tell its makers of each run, and look for settings at home.
        env={
            **os.environ,
            "RUNTIME__DLTHUB_TELEMETRY": "false",
            "RUNTIME__LOG_LEVEL": "ERROR",
            "HOME": str(work),
        },
    )
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    found["server_s"] = server.cpu_s() - before
    documents = pages.expected["day"]["documents"]
    for code, (count, total, left) in found["invoices"].items():
        if documents[f"invoice {code}"] != [count, total, left]:
            raise PeerSumsError(code)
    return found


class PeerSumsError(Exception):
    """What the peer landed is not what the books hold."""


def _spread(values: list[float]) -> str:
    return f"{values[0]:.2f} / {median(values):.2f} / {values[-1]:.2f}"


def _print(console: Console, found: dict[str, Any], small: int) -> None:
    count, rounds = found["invoices"], found["rounds"]
    table = Table(title=f"Landing {count:,} invoices of Xero's shape, {rounds} rounds")
    for title in ("", "found", "at least", "aim"):
        table.add_column(title)
    night, peer = found["night"], found.get("peer")
    table.add_row(
        "CPU: the floor ÷ ours", _spread(found["floor_over_ours"]), "0.5", "0.85"
    )
    for name, label in (("ours", "ours"), ("floor", "the floor")):
        whole, client = found[f"{name}_us"], found[f"{name}_client_us"]
        text = f"{whole:.0f} µs, {client:.0f} of it outside the server"
        table.add_row(f"CPU an invoice, {label}", text)
    if peer is not None:
        table.add_row(
            f"CPU: dlt ({peer['invoices']:,}) ÷ ours",
            _spread(peer["over_ours"]),
            "3",
            "7.5",
        )
        text = f"{peer['us']:.0f} µs, {peer['client_us']:.0f} of it outside the server"
        table.add_row("CPU an invoice, dlt", text)
    table.add_row(
        f"peak memory, {small:,} to {count:,}",
        f"{found['peak_small_mb']:.0f} to {found['peak_mb']:.0f} MB, "
        f"{found['peak_growth']:.2f} times",
        "at most 1.15",
    )
    table.add_row(
        f"night of {night['changed']:,} changes, {night['open']:,} open: calls",
        str(night["calls"]),
        f"at most {night['calls_most']}",
    )
    table.add_row(
        "night: CPU of the pull, % of a full one",
        _spread([one * 100 for one in night["share"]]),
        "at most 5",
        "2",
    )
    table.add_row(
        "CPU of pull and of comparing what is open",
        f"{night['pull_s']:.2f} s and {night['check_s']:.2f} s",
    )
    console.print(table)
