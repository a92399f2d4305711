"""The simulator of Xero as the conformance suite's double."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

from app import network
from connectors import xero, xero_app, xero_refusals
from connectors.contract import Connector
from connectors.doubles import ANSWER_BYTES_MAX, IMPATIENT, ServedDouble, Standing
from connectors.grants import RefreshGrant
from connectors.http import Seam
from connectors.limits import Limiter
from connectors.oauth import TokenKeeper, TokenSet
from connectors.simulators.faults import Fault
from connectors.simulators.replies import Request, Response
from connectors.simulators.xero import SCOPES, UNLIMITED, Size, XeroSimulator
from connectors.simulators.xero.model import Document, Kind, Status
from ledger.calendar import Clock
from ledger.calls import CallLimits
from ledger.ids import SourceId
from ledger.money import Currency, from_minor, to_minor
from ledger.records import DocumentKind, DocumentRef
from ledger.secret import Secret
from ledger.store.sealing import Keyring
from ledger.testing import Books

KEYS: Final = Keyring({"test": bytes(32)})
KINDS: Final = {
    Kind.INVOICE: DocumentKind.INVOICE,
    Kind.CREDIT_NOTE: DocumentKind.CREDIT_NOTE,
    Kind.OVERPAYMENT: DocumentKind.OVERPAYMENT,
    Kind.PREPAYMENT: DocumentKind.PREPAYMENT,
}


class XeroDouble(ServedDouble):
    """An organisation with a year behind it."""

    def __init__(self, *, invoices: int = 8) -> None:
        """Found it; its limits are not under test here."""
        self.simulator = XeroSimulator(size=Size(invoices=invoices), limits=UNLIMITED)
        super().__init__(self.simulator.clock)
        self.faults = self.simulator.faults
        self.error_body = json.dumps(
            {"ErrorNumber": 500, "Type": "InternalError", "Message": "Unexpected"}
        ).encode()
        self._books = self.simulator.books
        self._contact = self._books.add_contact("Conforming Ltd")
        self._deleted: dict[str, Document] = {}

    # What the seam sees
    def respond(self, request: Request, sleep: Callable[[float], None]) -> Response:
        """Answer as the simulator does, faults included."""
        return self.simulator.respond(request, sleep)

    def connector(self, books: Books, clock: Clock) -> Connector:
        """Return a connector with tokens, counters and limits in the database."""
        keeper = self.opened.enter_context(keeping(self.url, books, clock))
        if keeper.vault.load() is None:
            self.consent(keeper)
        return self.opened.enter_context(
            connecting(
                self.url,
                self.simulator.tenant_id,
                books,
                keeper,
                sleep=self.pass_time,
            )
        )

    def consent(self, keeper: TokenKeeper) -> None:
        """Give a first set of tokens."""
        authority = self.simulator.authority
        given = {
            "access_token": Secret(authority.access_token(SCOPES)),
            "refresh_token": Secret(authority.refresh_token(SCOPES)),
            "client_secret": Secret("simulator-secret"),
        }
        keeper.adopt(
            TokenSet(secrets=given, lives_s=1_800),
            organisation_id=self.simulator.tenant_id,
            organisation_name="Northwind",
        )

    def is_renewal(self, request: Request) -> bool:
        """The token endpoint."""
        return request.path == "/connect/token"

    def expire(self) -> None:
        """Let every access token die."""
        self.simulator.authority.expire_access()

    def words(self, request: Request) -> str:
        """Return path, parameters and since when."""
        since = request.headers.get("if-modified-since", "")
        return f"{request.path} {sorted(request.query.items())} {since}"

    def misspell(self, body: bytes, invoice: str) -> bytes:
        """Return an answer in which an invoice's total is a word."""
        return _edited(body, lambda found: _misspell(found, invoice))

    def without_end(self, *, fresh: bool) -> Fault:
        """Give the first page for each, or one of contacts that were never seen."""
        serial = iter(range(10**9))

        def ask(request: Request) -> Request:
            return replace(request, query={**request.query, "page": "1"})

        def spoil(answer: Response) -> Response:
            def edit(found: dict[str, Any]) -> None:
                if "pagination" in found:
                    found["pagination"]["pageCount"] = 10**6
                for one in found.get("Contacts", []) if fresh else []:
                    one["ContactID"] = f"never-seen-{next(serial)}"

            return replace(answer, body=_edited(answer.body, edit))

        return Fault(name="no end", spoil=spoil, happens=True, ask=ask)

    # What happens in the books
    def truth(self) -> Mapping[DocumentRef, Standing]:
        """Return what is open, from the books and not their API."""
        return {
            DocumentRef(kind, SourceId(one.id)): Standing(
                Currency(one.currency),
                to_minor(one.open, Currency(one.currency)),
                one.issued_on,
            )
            for theirs, kind in KINDS.items()
            for one in self._books.documents[theirs].values()
            if not one.payable and one.status is Status.AUTHORISED and one.open
        }

    def post(self, minor: int) -> str:
        """Post an invoice."""
        return self._books.post(
            self._contact, from_minor(minor, Currency("GBP")), currency="GBP"
        ).id

    def pay(self, invoice: str, minor: int | None = None) -> str:
        """Pay it."""
        amount = None if minor is None else from_minor(minor, Currency("GBP"))
        return self._books.pay(self._invoices[invoice], amount).id

    def unpay(self, payment: str) -> None:
        """Delete a payment."""
        self._books.delete_payment(self._books.payments[payment])

    def void(self, invoice: str) -> None:
        """Void it."""
        self._books.void(self._invoices[invoice])

    def delete(self, invoice: str) -> None:
        """Let it vanish, as support does."""
        self._deleted[invoice] = one = self._invoices.pop(invoice)
        one.contact.documents.remove(one)
        self._books.revision += 1

    def restore(self, invoice: str) -> None:
        """Bring it back."""
        one = self._deleted.pop(invoice)
        self._invoices[invoice] = one
        one.contact.documents.append(one)
        self._books.revision += 1

    def untold(self) -> AbstractContextManager[None]:
        """Let no date of change move."""
        return self._books.timestamps_frozen()

    @property
    def _invoices(self) -> dict[str, Document]:
        return self._books.documents[Kind.INVOICE]


def _edited(body: bytes, edit: Callable[[dict[str, Any]], None]) -> bytes:
    found = json.loads(body, parse_float=Decimal)
    edit(found)
    return json.dumps(found, default=float).encode()


def _misspell(found: dict[str, Any], invoice: str) -> None:
    for one in found.get("Invoices", []):
        if one["InvoiceID"] == invoice:
            one["Total"] = "a lot"


@contextmanager
def keeping(url: str, books: Books, clock: Clock) -> Iterator[TokenKeeper]:
    """Keep a connection's tokens in the database."""
    addresses = xero_app.Addresses.at(url)
    with Seam(
        base_url=addresses.token, name="Xero", clock=clock, timeouts=IMPATIENT
    ) as seam:
        yield TokenKeeper(
            name="Xero",
            vault=network.vault(
                books.database, books.tenant.scope, books.connection.id, lambda: KEYS
            ),
            renewal=RefreshGrant(xero_app.app("simulator-client", addresses), seam),
            clock=clock,
            idle_days=xero_app.IDLE_DAYS,
        )


@contextmanager
def connecting(
    url: str,
    organisation: str,
    books: Books,
    keeper: TokenKeeper,
    *,
    sleep: Callable[[float], None],
) -> Iterator[xero.XeroConnector]:
    """Read the organisation behind an address, calls counted in the database."""
    calls = network.StoredCalls(
        books.database,
        books.tenant.scope,
        books.connection.id,
        CallLimits(),
        keeper.clock,
    )
    with Seam(
        base_url=xero_app.Addresses.at(url).api,
        name="Xero",
        clock=keeper.clock,
        limiter=Limiter(calls, keeper.clock, xero_app.LIMIT_HEADERS, sleep=sleep),
        authenticator=keeper,
        headers=xero_app.seam_headers(organisation),
        namer=xero_refusals.named,
        timeouts=IMPATIENT,
        answer_bytes_max=ANSWER_BYTES_MAX,
        sleep=sleep,
    ) as seam:
        yield xero.XeroConnector(seam, organisation, keeper.clock.now)
