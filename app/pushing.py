"""Wires what is written to the books: to which, by what, as the client chose."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from app.logs import keep_traceback
from connectors.writing import Writable
from ledger.errors import DuebridgeError, InvariantError
from ledger.store import write_backs, written_back
from ledger.store.connections import StoredConnection
from ledger.store.tenants import Tenant
from sync import allowed
from sync.asking import ask_owner
from sync.push import Push, PushResult

if TYPE_CHECKING:
    from app.bootstrap import Product

FOLDER: Final = "folder"
WRITTEN: Final = "written"
"""Below the home folder: where files go whose client named no other place."""


@dataclass(frozen=True, slots=True)
class Pushed:
    """How writing to a tenant's books went, a result a connection."""

    tenant: str
    results: tuple[PushResult, ...]

    @property
    def summaries(self) -> list[str]:
        """A line a connection, for a log."""
        return [f"{self.tenant}/{one.summary}" for one in self.results]


def push_all(product: "Product", owner: Tenant, name: str | None = None) -> Pushed:
    """Write what is due to each connection that is switched on; one stops no other.

    Args:
        product: The product, wired.
        owner: Whose books.
        name: Only this connection.
    """
    results = []
    for one in product.connections(owner):
        if name in {None, one.name} and _has_work(product, owner, one):
            results.append(_pushed(product, owner, one))
            if product.is_live:
                # A night over thousands of connections keeps none of them open.
                product.live.close()
    return Pushed(owner.slug, tuple(results))


def _has_work(product: "Product", owner: Tenant, one: StoredConnection) -> bool:
    if not allowed.of(one.settings):
        return False
    with product.database.tenant(owner.scope) as session:
        waiting = write_backs.waiting(session, product.clock.now())
        return one.id in waiting or written_back.any_standing(session, one.id)


def _pushed(product: "Product", owner: Tenant, one: StoredConnection) -> PushResult:
    result = PushResult(one.name)
    try:
        connector = product.connector(owner, one)
        if not isinstance(connector, Writable):
            return result
        return Push(
            database=product.database,
            tenant=owner,
            connection=one,
            writer=connector.writer(_options(product, owner, one)),
            clock=product.clock,
            allowed=allowed.parts(one.settings),
            keep=keep_traceback,
        ).run()
    except DuebridgeError as error:
        result.error = error
    except Exception as error:  # noqa: BLE001 - the other connections go on
        result.error = InvariantError(
            f"Something went wrong inside Duebridge ({type(error).__name__}).",
            remedy=f"Please report it. {keep_traceback(error)}",
        )
    ask_owner(product.database, owner, one, product.clock, result.error)
    return result


def _options(
    product: "Product", owner: Tenant, one: StoredConnection
) -> Mapping[str, Any]:
    """Return what the client chose for writing, files with a place to go."""
    place = product.settings.home / WRITTEN / owner.slug / str(one.id)
    return {FOLDER: str(place), **allowed.options(one.settings)}
