"""Wires where copies of invoices come from: the connector that read them."""

from dataclasses import dataclass, field

from app.bootstrap import FILES, Product
from connectors.contract import Capability, InvoiceCopies
from ledger.ids import ConnectionId
from ledger.records import DocumentRef
from ledger.store.connections import StoredConnection
from ledger.store.tenants import Tenant


@dataclass(slots=True)
class BooksCopies:
    """Fetches invoices from a tenant's connections, each opened once."""

    product: Product
    owner: Tenant
    _able: dict[ConnectionId, StoredConnection | None] = field(default_factory=dict)
    _opened: dict[ConnectionId, InvoiceCopies | None] = field(default_factory=dict)

    def gives(self, connection_id: ConnectionId) -> bool:
        """Say whether a connection's books give invoices at all."""
        return self._capable(connection_id) is not None

    def fetch(self, connection_id: ConnectionId, ref: DocumentRef) -> bytes | None:
        """Return an invoice as PDF; None where its books give none.

        Raises:
            DuebridgeError: It could not be had.
        """
        if connection_id not in self._opened:
            self._opened[connection_id] = self._open(connection_id)
        source = self._opened[connection_id]
        return None if source is None else source.invoice_pdf(ref)

    def _open(self, connection_id: ConnectionId) -> InvoiceCopies | None:
        one = self._capable(connection_id)
        if one is None:
            return None
        connector = self.product.connector(self.owner, one)
        return connector if isinstance(connector, InvoiceCopies) else None

    def _capable(self, connection_id: ConnectionId) -> StoredConnection | None:
        """Return a connection if its books give invoices; it is not opened for that."""
        if connection_id not in self._able:
            self._able[connection_id] = next(
                (
                    one
                    for one in self.product.connections(self.owner)
                    if one.id == connection_id
                    # What is read from files has no copies, whatever its profile says.
                    and one.connector != FILES
                    and Capability.PDF in self.product.capabilities(self.owner, one)
                ),
                None,
            )
        return self._able[connection_id]
