"""Reads Tryton's lists as a connector does, and lands them in books."""

from collections.abc import Callable, Iterator
from datetime import datetime

import msgspec

from ledger.money import Currency, currency
from ledger.proof import ControlTotals
from ledger.records import Batch
from ledger.store import pages
from ledger.testing import Books
from mapping.tryton import (
    controls,
    entries,
    invoices,
    parties,
    reconciliations,
    requests,
)
from mapping.tryton.lines import Owners
from mapping.tryton.reading import shapes
from mapping.tryton.requests import Request
from mapping.tryton.wire import Company, records
from tests.live.tryton.server import Tryton

Moves = Callable[[bytes], frozenset[int]]
Mapped = Callable[[bytes, Owners, Currency], Batch]


class Reader:
    """A session with one server."""

    def __init__(self, tryton: Tryton, *, page_size: int = 5) -> None:
        """Log in and ask for the company's currency."""
        self._tryton = tryton
        self._page_size = page_size
        self._context = tryton.log_in()
        ((company,),) = (
            shapes(body, Company) for body in self.bodies(requests.COMPANY)
        )
        self.home = currency(company.currency.code or "")

    def bodies(
        self, request: Request, where: requests.Domain | None = None
    ) -> Iterator[bytes]:
        """Yield all pages of a list as they came."""
        after = 0
        while True:
            body = self._tryton.post(
                request.method,
                *request.params(
                    self._context, limit=self._page_size, after=after, where=where
                ),
            )
            found = records(body)
            if found:
                yield body
            if len(found) < self._page_size:
                return
            after = msgspec.json.decode(found[-1])["id"]

    def batches(self, since: datetime | None = None) -> Iterator[Batch]:
        """Yield all pages of all lists, mapped."""
        where = None if since is None else requests.changed(since)
        for body in self.bodies(requests.CUSTOMERS, where):
            yield parties.batch(body)
        lists: list[tuple[Request, Moves, Mapped]] = [
            (requests.INVOICES, invoices.moves, invoices.batch),
            (requests.ENTRIES, entries.moves, entries.batch),
            (
                requests.RECONCILIATIONS,
                reconciliations.moves,
                reconciliations.batch,
            ),
        ]
        for request, moves, mapped in lists:
            for body in self.bodies(request, where):
                yield mapped(body, self._owners(moves(body)), self.home)

    def control(self) -> ControlTotals:
        """Return Tryton's own balances."""
        return controls.control_totals(self.bodies(requests.ENTRIES), self.home)

    def land(self, books: Books, since: datetime | None = None) -> list[Batch]:
        """Land all pages in books; return them."""
        found = []
        for batch in self.batches(since):
            with books.landing() as begun:
                pages.land(begun, "books", batch)
            found.append(batch)
        books.retry_parked()
        return found

    def _owners(self, moves: frozenset[int]) -> Owners:
        if not moves:
            return Owners([])
        return Owners.read(*self.bodies(requests.OWNERS, requests.owning(moves)))
