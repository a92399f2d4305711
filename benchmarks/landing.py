"""Landing an organisation: the product against the same rows written by hand.

Each landing runs in a process of its own, which reads the address of the database from
its input and prints its own figures; the server's are taken by who started it. What is
compared is the pull. The list of open items that follows it writes nothing new, so it
is run and reported apart.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import make_url

from app.bootstrap import spare_the_collector
from benchmarks import landing_floor, xero_books
from benchmarks.meter import Server, measured, peak_kb
from benchmarks.xero_server import Running
from connectors.contract import Position, Snapshot, Step
from connectors.http import Seam
from connectors.xero import XeroConnector
from connectors.xero_app import Addresses
from ledger.calendar import FixedClock
from ledger.money import Currency
from ledger.store.session import Database
from ledger.testing import Books, NoRates, a_tenant
from sync.pull import Sync
from sync.result import RunResult

DEBTORS = "SELECT count(*) FROM debtor WHERE tenant_id = :tenant_id"
DOCUMENTS = """
SELECT kind || ' ' || currency, count(*), sum(total_minor)::bigint,
       sum(open_minor)::bigint
FROM document WHERE tenant_id = :tenant_id GROUP BY 1 ORDER BY 1
"""
ENTRIES = """
SELECT kind, count(*), sum(amount_minor)::bigint FROM allocation
WHERE tenant_id = :tenant_id GROUP BY 1 ORDER BY 1
"""


class WrongSumsError(Exception):
    """What landed is not what the books hold; a time would mean nothing."""


class FailedRunError(Exception):
    """A sync did not go through."""


@dataclass(frozen=True, slots=True)
class Half:
    """A connector of which only one half of a sync is asked."""

    inner: XeroConnector
    pulls: bool

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever it has
        """Return what the connector has."""
        return getattr(self.inner, name)

    def steps(self, cursors: Mapping[str, Position], *, full: bool) -> Iterator[Step]:
        """Yield all steps, or none."""
        if self.pulls:
            yield from self.inner.steps(cursors, full=full)

    def snapshot(self) -> Snapshot | None:
        """Return none, or the list of open items."""
        return None if self.pulls else self.inner.snapshot()


@dataclass(frozen=True, slots=True)
class Ours:
    """The product: the real sync, connector and seam, without limits or a login."""

    books: Books
    clock: FixedClock
    connector: XeroConnector

    def pull(self) -> RunResult:
        """Read what is new."""
        return self._half(pulls=True)

    def check(self) -> RunResult:
        """Compare the open items, and read again what differs."""
        return self._half(pulls=False)

    def _half(self, *, pulls: bool) -> RunResult:
        result = Sync(
            database=self.books.database,
            tenant=self.books.tenant,
            connection=self.books.connection,
            connector=Half(self.connector, pulls),
            clock=self.clock,
            rates=NoRates(),
        ).run()
        if not result.is_clean:
            raise FailedRunError(result.message or str(result))
        return result


@contextmanager
def ours_at(at: datetime, books: Books, url: str) -> Iterator[Ours]:
    """Open the product over a server of pages, at an instant."""
    clock = FixedClock(at)
    base = Addresses.at(url).api
    with Seam(base_url=base, name="Xero", clock=clock) as seam:
        connector = XeroConnector(seam, xero_books.ORGANISATION, clock.now)
        yield Ours(books, clock, connector)


def check_sums(books: Books, expected: Mapping[str, Any]) -> None:
    """Compare what landed with what the books hold, to the cent.

    Raises:
        WrongSumsError: It is something else.
    """
    with books.database.tenant(books.tenant.scope) as session:
        debtors = session.execute(DEBTORS).scalar_one()
        found: dict[str, Any] = {
            "debtors": debtors,
            "documents": {row[0]: [*row[1:]] for row in session.execute(DOCUMENTS)},
            "entries": {row[0]: [*row[1:]] for row in session.execute(ENTRIES)},
        }
    for name, sums in found.items():
        if sums != expected[name]:
            raise WrongSumsError(f"{name}: {sums} instead of {expected[name]}")


def main() -> None:
    """Land once, and live through a night if told to; print what it took as JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("way", choices=["ours", "floor", "night"])
    parser.add_argument("url")
    parser.add_argument("expected", type=Path)
    arguments = parser.parse_args()
    database_url = make_url(sys.stdin.readline().strip())
    database = Database(database_url)
    books = Books.open(database, a_tenant(database, home=Currency(xero_books.BASE)))
    server = Server.of(database_url)
    spare_the_collector()
    expected = json.loads(arguments.expected.read_text(encoding="utf-8"))
    costs: dict[str, Any] = {}
    if arguments.way == "floor":
        plain = database_url.set(drivername="postgresql")
        text = plain.render_as_string(hide_password=False)
        land = partial(landing_floor.land, books, arguments.url, text)
        costs["pull"] = measured(server, land)
    else:
        with ours_at(xero_books.DAY_AT, books, arguments.url) as ours:
            costs["pull"] = measured(server, ours.pull)
            costs["peak_kb"] = peak_kb()
            if arguments.way == "night":
                costs["check"] = measured(server, ours.check)
    check_sums(books, expected["day"])
    if arguments.way == "night":
        costs |= night(server, books, arguments.url)
        check_sums(books, expected["night"])
    print(json.dumps({"peak_kb": peak_kb()} | costs, default=asdict))


def night(server: Server, books: Books, url: str) -> dict[str, Any]:
    """Let a day pass, read what changed and compare what is open; return the costs."""
    site = Running(url)
    site.tell("night")
    site.calls()
    with ours_at(xero_books.NIGHT_AT, books, url) as ours:
        found: dict[str, Any] = {
            "night_pull": measured(server, ours.pull),
            "night_check": measured(server, ours.check),
        }
    found["calls"] = site.calls()
    site.tell("day")
    return found


if __name__ == "__main__":
    main()
