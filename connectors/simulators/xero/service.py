"""The simulated vendor: organisations, authority, limits and faults in one place."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from email.utils import format_datetime
from typing import Final
from urllib.parse import unquote

from connectors.simulators.xero.books import Books
from connectors.simulators.xero.clock import Clock, from_ms
from connectors.simulators.xero.errors import BooksError
from connectors.simulators.xero.faults import API, Faults
from connectors.simulators.xero.generator import Expected, Size, generate
from connectors.simulators.xero.idempotency import IdempotencyKeys
from connectors.simulators.xero.limits import AppGate, Gate, Limits
from connectors.simulators.xero.oauth import Access, Authority, ClientApp
from connectors.simulators.xero.reading import Reader
from connectors.simulators.xero.replies import (
    RefusedError,
    Request,
    Response,
    bad_body,
    gateway_error,
    invalid,
    json_response,
    not_found,
    validation_errors,
)
from connectors.simulators.xero.shapes import document_json, payment_json
from connectors.simulators.xero.writing import Writer

SCOPES: Final = (
    "offline_access accounting.invoices accounting.payments accounting.contacts "
    "accounting.settings.read accounting.reports.trialbalance.read"
)
"""What a connector asks for."""

_NEEDED: Final = {
    "Organisation": ("accounting.settings",),
    "Accounts": ("accounting.settings",),
    "Contacts": ("accounting.contacts",),
    "ContactGroups": ("accounting.contacts",),
    "Invoices": ("accounting.invoices", "accounting.transactions"),
    "CreditNotes": ("accounting.invoices", "accounting.transactions"),
    "Payments": ("accounting.payments", "accounting.transactions"),
    "BatchPayments": ("accounting.payments", "accounting.transactions"),
    "Overpayments": ("accounting.payments", "accounting.transactions"),
    "Prepayments": ("accounting.payments", "accounting.transactions"),
    "Reports": ("accounting.reports.trialbalance", "accounting.reports"),
}
"""Any of these scopes opens an endpoint; with `.read`, for reading only."""

_VERSION: Final = ["api.xro", "2.0"]


@dataclass(slots=True, eq=False, kw_only=True)
class _Tenant:
    books: Books
    reader: Reader
    writer: Writer
    gate: Gate
    keys: IdempotencyKeys
    connection_id: str


def no_sleep(seconds: float) -> None:
    """Take no time."""
    del seconds


class XeroSimulator:
    """A stand-in for the vendor's service, without a network.

    `books` are those of the first organisation and may be changed at any time.
    `expected` holds the sums that the generator counted when it made them.
    """

    def __init__(
        self,
        *,
        size: Size | None = None,
        seed: int = 1,
        clock: Clock | None = None,
        limits: Limits | None = None,
        revalues: bool = True,
        apps: Iterable[ClientApp] = (),
    ) -> None:
        self.clock = clock or Clock()
        self.faults = Faults(API)
        registered = tuple(apps) or (ClientApp(),)
        self.authority = Authority(
            clock=self.clock,
            apps={one.client_id: one for one in registered},
            seed=seed,
        )
        self._limits = limits or Limits()
        self._app_gate = AppGate()
        self._tenants: dict[str, _Tenant] = {}
        self.books = Books(self.clock, seed=seed)
        self.books.revalues = revalues
        self.expected: Expected = generate(self.books, size or Size(), seed=seed)
        self.add_organisation(self.books)

    @property
    def tenant_id(self) -> str:
        """The id of the first organisation, for the header `xero-tenant-id`."""
        return self.books.id

    def add_organisation(self, books: Books) -> None:
        """Connect one more organisation."""
        self._tenants[books.id] = _Tenant(
            books=books,
            reader=Reader(books),
            writer=Writer(books),
            gate=Gate(self.clock, self._limits, self._app_gate),
            keys=IdempotencyKeys(self.clock),
            connection_id=books.new_id(),
        )

    def set_limits(self, limits: Limits) -> None:
        """Change how many calls are answered, for all organisations."""
        self._limits = limits
        for one in self._tenants.values():
            one.gate.limits = limits

    def warm(self) -> None:
        """Write every document and payment once, so that pages come at full speed."""
        with self.books.lock:
            for shelf in self.books.documents.values():
                for document in shelf.values():
                    document_json(document, has_lines=True)
            for payment in self.books.payments.values():
                payment_json(payment)

    def access_headers(self, scopes: str = SCOPES) -> dict[str, str]:
        """Return headers that open the API for 30 minutes, without the dance."""
        word = self.authority.access_token(scopes)
        return {
            "authorization": f"Bearer {word}",
            "xero-tenant-id": self.tenant_id,
            "accept": "application/json",
        }

    def respond(
        self, request: Request, sleep: Callable[[float], None] = no_sleep
    ) -> Response:
        """Answer one call; `sleep` is how a slow answer takes its time."""
        fault = self.faults.take(request)
        if fault is not None and not fault.happens:
            return self._dated(fault.spoil(Response()))

        def spoil(answer: Response) -> Response:
            spoilt = answer if fault is None else fault.spoil(answer)
            if spoilt.delay_s:
                sleep(spoilt.delay_s)
            return spoilt

        try:
            asked = request if fault is None else fault.ask(request)
            return self._dated(self._route(asked, spoil))
        except RefusedError as refusal:
            return self._dated(spoil(refusal.response))

    def _dated(self, response: Response) -> Response:
        """Say what time it is here, which is what a cursor must be taken from."""
        headers = {
            "date": format_datetime(self.clock.now, usegmt=True),
            "xero-correlation-id": "00000000-0000-4000-8000-000000000001",
            **response.headers,
        }
        return replace(response, headers=headers)

    def _route(
        self, request: Request, spoil: Callable[[Response], Response]
    ) -> Response:
        parts = [unquote(one) for one in request.path.strip("/").split("/")]
        match [request.method, *parts]:
            case ["GET", "identity", "connect", "authorize"]:
                return spoil(self.authority.authorize(request))
            case ["POST", "connect", "token"]:
                return spoil(self.authority.token(request))
            case ["GET", "connections" | "Connections"]:
                self.authority.access(request)
                return spoil(json_response(self._connections()))
            case ["DELETE", "connections" | "Connections", key]:
                self.authority.access(request)
                return spoil(self._disconnect(key))
            case [_, "api.xro", "2.0", _, *_]:
                return self._api(request, parts[len(_VERSION) :], spoil)
            case _:
                return spoil(not_found())

    def _api(
        self, request: Request, parts: list[str], spoil: Callable[[Response], Response]
    ) -> Response:
        access = self.authority.access(request)
        _need_scope(access, request.method, parts[0])
        tenant = self._tenant(request, access)
        with tenant.gate.passing() as left:
            try:
                with tenant.books.lock:
                    answer = self._carry_out(tenant, request, parts)
            except RefusedError as refusal:
                answer = refusal.response
            answer = replace(answer, headers={**left, **answer.headers})
            return spoil(answer)

    @staticmethod
    def _carry_out(tenant: _Tenant, request: Request, parts: list[str]) -> Response:
        if request.method == "GET":
            return tenant.reader.answer(request, parts)
        if request.method not in {"PUT", "POST", "DELETE"}:
            return Response(status=405)

        def write() -> Response:
            try:
                return tenant.writer.answer(request, parts)
            except RefusedError as refusal:
                return refusal.response
            except BooksError as error:
                return invalid(
                    [{"ValidationErrors": validation_errors(error.messages)}]
                )
            except (TypeError, ValueError, AttributeError, ArithmeticError) as error:
                return bad_body(f"The body has an unexpected form: {error}")

        return tenant.keys.once(request, write)

    def _tenant(self, request: Request, access: Access) -> _Tenant:
        wanted = request.headers.get("xero-tenant-id", "")
        if access.grant.app.is_custom_connection and not wanted:
            wanted = self.tenant_id
        tenant = self._tenants.get(wanted)
        if tenant is None:
            raise RefusedError(
                gateway_error(403, "Forbidden", "AuthenticationUnsuccessful")
            )
        return tenant

    def _connections(self) -> list[dict[str, str]]:
        return [
            {
                "id": one.connection_id,
                "tenantId": one.books.id,
                "tenantType": "ORGANISATION",
                "tenantName": one.books.name,
                "createdDateUtc": _stamp(one.books.created_ms),
                "updatedDateUtc": _stamp(one.books.created_ms),
            }
            for one in self._tenants.values()
        ]

    def _disconnect(self, key: str) -> Response:
        for tenant_id, one in list(self._tenants.items()):
            if one.connection_id == key:
                del self._tenants[tenant_id]
                return Response(status=204)
        return not_found()


def _need_scope(access: Access, method: str, endpoint: str) -> None:
    """Refuse a call that the user did not consent to."""
    needed = _NEEDED.get(endpoint, ())
    held = access.grant.scopes
    is_allowed = any(
        one in held or (method == "GET" and f"{one}.read" in held) for one in needed
    )
    if needed and not is_allowed:
        raise RefusedError(
            gateway_error(401, "Unauthorized", "AuthorizationUnsuccessful")
        )


def _stamp(milliseconds: int) -> str:
    return from_ms(milliseconds).strftime("%Y-%m-%dT%H:%M:%S.%f0")
