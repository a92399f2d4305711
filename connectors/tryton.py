"""Tryton 8.2 over JSON-RPC: one company's receivables.

- Calls: `POST /DATABASE/rpc/`; business errors come with status 200 and an `error`.
- Session: `common.db.login`, then `Authorization: Session …`; a lost one is a 401.
- Context: the user's preferences, which hold the company, go with every call.
- Changes: `write_date` or `create_date`, to the microsecond, of the server's clock;
  read with an overlap, since a transaction shows only once it ends. A deleted
  reconciliation tells nothing: the list of open items shows it.
- Lists are read in the order of keys, each page after the last key.

Checked against a running trytond 8.2.1, November 2026.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from itertools import islice
from typing import Any, Final

from connectors import tryton_writing
from connectors.contract import (
    Capability,
    Page,
    Position,
    Progress,
    Reread,
    Snapshot,
)
from connectors.tryton_books import WRITES, Books, last_key
from connectors.tryton_writing import TrytonWriter
from ledger.proof import ControlTotals
from ledger.records import Batch, DocumentKind, DocumentRef, ListedItem
from mapping.tryton import (
    controls,
    entries,
    invoices,
    parties,
    reconciliations,
    requests,
    rereading,
    snapshots,
)
from mapping.tryton.lines import KINDS
from mapping.tryton.requests import Request
from mapping.tryton.wire import records

REREAD_SIZE: Final = 100
"""Documents read again in one go."""
OVERLAP: Final = timedelta(minutes=10)
"""How long a transaction may have been open before its records show."""

CAPABILITIES: Final = WRITES | frozenset(
    {
        Capability.INCREMENTAL,
        Capability.SEES_DELETES,
        Capability.HOME_AMOUNTS,
        Capability.OPEN_ITEM_SNAPSHOT,
        Capability.AR_CONTROL_BALANCE,
    }
)


Mapped = Callable[[Books, bytes], Batch]


def _customers(books: Books, body: bytes) -> Batch:
    del books
    return parties.batch(body)


def _invoices(books: Books, body: bytes) -> Batch:
    return invoices.batch(body, books.owners(invoices.moves(body)), books.home)


def _entries(books: Books, body: bytes) -> Batch:
    return entries.batch(body, books.owners(entries.moves(body)), books.home)


def _reconciliations(books: Books, body: bytes) -> Batch:
    owners = books.owners(reconciliations.moves(body))
    return reconciliations.batch(body, owners, books.home)


LISTS: Final[tuple[tuple[Request, Mapped], ...]] = (
    (requests.CUSTOMERS, _customers),
    (requests.INVOICES, _invoices),
    (requests.ENTRIES, _entries),
    (requests.RECONCILIATIONS, _reconciliations),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListStep:
    """One list, as far as it is not read yet.

    A cursor holds the instant from which the next reading begins (`window`), the one
    from which this reading began (`begin`; None reads all), and the last key.
    """

    books: Books
    request: Request
    mapped: Mapped
    cursor: Position | None
    full: bool

    dated_on: date | None = None
    skipped: str = ""

    @property
    def resource(self) -> str:
        """The key of its cursor."""
        return self.request.resource

    @property
    def label(self) -> str:
        """What to call it."""
        return self.request.resource

    @property
    def resumes(self) -> bool:
        """Whether an earlier reading was cut off."""
        return self.cursor is not None and not self.cursor["done"]

    def named(self) -> None:
        """Name nothing: the list of open items shows what is gone."""

    def pages(self) -> Iterator[Page]:
        """Yield the pages that are new or changed.

        Raises:
            DuebridgeError: A page could not be read; the class says what to do.
        """
        window = self.books.server_at().isoformat()
        begin, after, done = None, 0, 0
        if self.cursor is not None and self.resumes:
            begin, window = self.cursor["begin"], self.cursor["window"]
            after, done = self.cursor["after"], self.cursor["count"]
        elif self.cursor is not None and not self.full:
            begin = self.cursor["window"]
        where = None
        if begin is not None:
            where = requests.changed(datetime.fromisoformat(begin) - OVERLAP)
        held: bytes | None = None
        for body in self.books.bodies(self.request, where, after):
            if held is not None:
                after, done = last_key(held) or after, done + len(records(held))
                yield self._page(held, begin, window, after, done)
            held = body
        assert held is not None
        done += len(records(held))
        yield self._page(held, begin, window, 0, done, is_last=True)

    def _page(
        self,
        body: bytes,
        begin: str | None,
        window: str,
        after: int,
        done: int,
        *,
        is_last: bool = False,
    ) -> Page:
        position = {
            "begin": begin,
            "window": window,
            "after": after,
            "count": done,
            "done": is_last,
        }
        return Page(
            position,
            Progress(done, None),
            partial(self.mapped, self.books, body),
            # What is not among the changes is not solved by that.
            is_last=is_last and begin is None,
        )


@dataclass(frozen=True, slots=True)
class TrytonConnector:
    """Reads one company in one Tryton database."""

    books: Books

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What it can do."""
        return CAPABILITIES

    def check(self) -> Sequence[str]:
        """Return what was found, a line each.

        Raises:
            DuebridgeError: Nothing can be read; the class says what to do.
        """
        name = self.books.context.get("company.rec_name", "a company")
        found = [f"{name}, which keeps its books in {self.books.home}"]
        for request, _ in LISTS:
            params = request.params(self.books.context, limit=1)
            readable = records(self.books.call(request.method, params).body)
            found.append(f"{request.resource}: {'found' if readable else 'none'}")
        return found

    def steps(
        self, cursors: Mapping[str, Position], *, full: bool
    ) -> Iterator[ListStep]:
        """Yield the lists, debtors first."""
        for request, mapped in LISTS:
            yield ListStep(
                books=self.books,
                request=request,
                mapped=mapped,
                cursor=cursors.get(request.resource),
                full=full,
            )

    def snapshot(self) -> Snapshot:
        """Return how to list and reread open items."""
        return Snapshot(
            kinds=frozenset[DocumentKind]().union(*KINDS.values()),
            items=self._open_items,
            reread=self._reread,
        )

    def writer(self, settings: Mapping[str, Any]) -> TrytonWriter:
        """Return what writes to the company's books."""
        return tryton_writing.writer(self.books, settings)

    def control_totals(self) -> ControlTotals:
        """Return the receivable balance of each party and currency.

        Raises:
            DuebridgeError: It cannot be read; the class says what to do.
        """
        return controls.control_totals(
            self.books.bodies(requests.ENTRIES), self.books.home
        )

    def home_control(self, on: date) -> None:
        """Return nothing: move lines keep their own currency."""
        del on

    def _open_items(self) -> Iterator[ListedItem]:
        pages = (
            (body, self.books.owners(entries.moves(body)))
            for body in self.books.bodies(requests.ENTRIES)
        )
        return snapshots.open_items(pages, self.books.home)

    def _reread(self, refs: Sequence[DocumentRef]) -> Iterator[Reread]:
        waiting = iter(refs)
        while some := list(islice(waiting, REREAD_SIZE)):
            yield from self._reread_some(some)

    def _reread_some(self, refs: Sequence[DocumentRef]) -> Iterator[Reread]:
        of_invoices = self._single(
            requests.INVOICES, (one for one in refs if one.kind in KINDS["invoices"])
        )
        of_lines = self._single(
            requests.LINES, (one for one in refs if one.kind in KINDS["entries"])
        )
        sets = rereading.reconciliations_of(of_invoices, of_lines)
        of_sets: Iterable[bytes] = ()
        if sets:
            where = requests.among(sets)
            of_sets = self.books.bodies(requests.RECONCILIATIONS, where)
        # What a reconciliation says of a line counts, so it comes last.
        parts = rereading.parted(
            {
                requests.INVOICES.resource: [
                    _invoices(self.books, body) for body in of_invoices
                ],
                requests.LINES.resource: [
                    _entries(self.books, body) for body in of_lines
                ],
                requests.RECONCILIATIONS.resource: [
                    _reconciliations(self.books, body) for body in of_sets
                ],
            },
            refs,
        )
        found = {
            DocumentRef(one.kind, one.source_id)
            for batch in parts.values()
            for one in batch.documents
        }
        gone: tuple[DocumentRef, ...] = ()
        if not any(batch.problems for batch in parts.values()):
            gone = tuple(one for one in refs if one not in found)
        for name, batch in parts.items():
            is_last = name == requests.RECONCILIATIONS.resource
            yield Reread(partial(_same, batch), gone if is_last else (), name)

    def _single(self, request: Request, refs: Iterable[DocumentRef]) -> list[bytes]:
        # A key that is no number names nothing that is there.
        keys = [int(one.source_id) for one in refs if one.source_id.isdecimal()]
        if not keys:
            return []
        return list(self.books.bodies(request, requests.among(keys)))


def _same(batch: Batch) -> Batch:
    return batch
