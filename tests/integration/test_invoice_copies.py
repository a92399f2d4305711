"""Where copies of invoices come from: the connection that has them, opened once."""

from dataclasses import dataclass, field, replace
from typing import Any, cast

from app.bootstrap import Product
from app.invoice_copies import BooksCopies
from connectors.contract import Capability
from ledger.ids import ConnectionId, SourceId
from ledger.records import DocumentKind, DocumentRef
from ledger.store.connections import StoredConnection
from ledger.store.tenants import Tenant
from ledger.testing import Books

REF = DocumentRef(DocumentKind.INVOICE, SourceId("I1"))


@dataclass(slots=True)
class Printing:
    """A connector that prints."""

    capabilities: frozenset[Capability] = frozenset({Capability.PDF})

    def invoice_pdf(self, ref: DocumentRef) -> bytes | None:
        """Print a key."""
        return ref.source_id.encode()


@dataclass(slots=True)
class Wired:
    """A product whose connections can what they are told."""

    known: list[StoredConnection]
    able: frozenset[Capability]
    opened: list[ConnectionId] = field(default_factory=list)

    def connections(self, owner: Tenant) -> list[StoredConnection]:
        """Return them."""
        del owner
        return self.known

    def capabilities(self, owner: Tenant, one: StoredConnection) -> frozenset[Any]:
        """Say what each can."""
        del owner, one
        return self.able

    def connector(self, owner: Tenant, one: StoredConnection) -> Printing:
        """Open one."""
        del owner
        self.opened.append(one.id)
        return Printing()


def copies(books: Books, wired: Wired) -> BooksCopies:
    """Return what fetches copies."""
    return BooksCopies(cast(Product, wired), books.tenant)


def test_a_connection_that_prints_is_opened_once(books: Books) -> None:
    """However many invoices are fetched; asking whether it can opens nothing."""
    wired = Wired(
        [replace(books.connection, connector="xero")], frozenset({Capability.PDF})
    )
    found = copies(books, wired)
    assert found.gives(books.connection.id)
    assert wired.opened == []
    assert [found.fetch(books.connection.id, REF) for _ in range(3)] == [b"I1"] * 3
    assert wired.opened == [books.connection.id]


def test_what_cannot_print_is_never_opened(books: Books) -> None:
    """Neither books without the capability nor files are asked."""
    for wired in (
        Wired([replace(books.connection, connector="tryton")], frozenset()),
        Wired(
            [replace(books.connection, connector="files")],
            frozenset({Capability.PDF}),
        ),
        Wired([], frozenset({Capability.PDF})),
    ):
        found = copies(books, wired)
        assert not found.gives(books.connection.id)
        assert found.fetch(books.connection.id, REF) is None
        assert wired.opened == []
