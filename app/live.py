"""Opens connectors of live systems: seam, shared limits, sealed secrets.

What is not secret is in the connection's settings; the rest is sealed beside it.
"""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, Final

from app import keys, network
from config.settings import Settings
from connectors import tryton, tryton_books, xero, xero_app, xero_refusals
from connectors.answers import Answer
from connectors.contract import Capability, Connector
from connectors.faults import ReconnectError
from connectors.grants import TOKEN_TIMEOUTS, ClientGrant, RefreshGrant
from connectors.http import Authenticator, Seam
from connectors.oauth import (
    Announcement,
    OAuthApp,
    Renewal,
    TokenKeeper,
    TokenSet,
    Vault,
    announcements,
)
from connectors.trace import Trace
from ledger.calendar import Clock
from ledger.calls import CallLimits, Usage
from ledger.credentials import Credential, CredentialState
from ledger.errors import DuebridgeError
from ledger.secret import Secret
from ledger.store.connections import StoredConnection
from ledger.store.session import Database
from ledger.store.tenants import Tenant

PASSWORD = "password"  # noqa: S105 - what it is kept under
NEVER_CONNECTED = "it was never connected"
CAPABILITIES: Final[Mapping[str, frozenset[Capability]]] = {
    "tryton": tryton.CAPABILITIES,
    "xero": xero.CAPABILITIES,
}
"""What each live system can do, connected or not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveSystems:
    """All that a connector of a live system is made of.

    Attributes:
        clock: The machine's: limits and tokens end by the time of day, whatever day the
            books are read for.
        trace: A file to which each call is written down, without secrets.
    """

    database: Database
    settings: Settings
    clock: Clock
    trace: Path | None = None
    _opened: ExitStack = field(default_factory=ExitStack, repr=False)

    def close(self) -> None:
        """Close the network clients opened so far."""
        self._opened.close()

    def open(self, tenant: Tenant, one: StoredConnection) -> Connector:
        """Return the connector of a connection.

        Raises:
            CredentialError: It must be connected first, or again.
        """
        if one.connector == "tryton":
            return self._tryton(tenant, one)
        return self._xero(tenant, one)

    def vault(self, tenant: Tenant, one: StoredConnection) -> Vault:
        """Return where a connection's secrets are sealed."""
        return network.vault(
            self.database, tenant.scope, one.id, partial(keys.load, self.settings)
        )

    def usage(
        self, tenant: Tenant, one: StoredConnection
    ) -> tuple[Usage, Credential | None, list[Announcement]]:
        """Return what a connection used today, its credential, and what is to come."""
        calls = network.StoredCalls(
            self.database, tenant.scope, one.id, CallLimits(), self.clock
        )
        credential = self.vault(tenant, one).load()
        said = []
        if credential is not None:
            grace_s = xero_app.GRACE_S if one.connector == "xero" else 0
            said = announcements(
                credential, name=one.name, now=self.clock.now(), grace_s=grace_s
            )
        return calls.usage(), credential, said

    def tryton_books(
        self, settings: Mapping[str, Any], password: Secret
    ) -> tryton.TrytonConnector:
        """Return a connector that nothing is stored of yet, to try it."""
        return self._tryton_of(self._plain_seam("Tryton", settings), settings, password)

    def xero_keeper(
        self, tenant: Tenant, one: StoredConnection, *, custom: bool
    ) -> TokenKeeper:
        """Return who keeps a Xero connection's tokens."""
        app, token_seam = self.xero_app(one.settings)
        renewal: Renewal = (
            ClientGrant(app, token_seam) if custom else RefreshGrant(app, token_seam)
        )
        return TokenKeeper(
            name="Xero",
            vault=self.vault(tenant, one),
            renewal=renewal,
            clock=self.clock,
            idle_days=None if custom else xero_app.IDLE_DAYS,
        )

    def xero_app(self, settings: Mapping[str, Any]) -> tuple[OAuthApp, Seam]:
        """Return the app, and the seam to its token endpoint."""
        addresses = xero_app.Addresses.at(settings.get("url"))
        app = xero_app.app(settings["client_id"], addresses)
        seam = Seam(
            base_url=addresses.token,
            name="Xero",
            clock=self.clock,
            timeouts=TOKEN_TIMEOUTS,
        )
        return app, self._opened.enter_context(seam)

    def xero_organisations(
        self, settings: Mapping[str, Any], signed: Authenticator
    ) -> list[tuple[str, str]]:
        """Return key and name of the organisations that tokens open."""
        addresses = xero_app.Addresses.at(settings.get("url"))
        with Seam(
            base_url=addresses.api,
            name="Xero",
            clock=self.clock,
            authenticator=signed,
            trace=self._trace(),
        ) as seam:
            return xero_app.organisations(seam, addresses)

    def _tryton(self, tenant: Tenant, one: StoredConnection) -> Connector:
        credential = self._credential(tenant, one, "Tryton")
        seam = self._seam(tenant, one, "Tryton", one.settings["url"], CallLimits())
        return self._tryton_of(seam, one.settings, credential.secrets[PASSWORD])

    def _tryton_of(
        self, seam: Seam, settings: Mapping[str, Any], password: Secret
    ) -> tryton.TrytonConnector:
        seam.authenticator = tryton_books.Session(
            # The login's body holds the password, which no trace may see.
            self._plain_seam("Tryton", settings),
            database=settings["database"],
            user=settings["user"],
            password=password,
        )
        return tryton.TrytonConnector(
            tryton_books.Books(
                seam, settings["database"], company=settings.get("company")
            )
        )

    def _xero(self, tenant: Tenant, one: StoredConnection) -> Connector:
        credential = self._credential(tenant, one, "Xero")
        if credential.organisation_id is None:
            raise ReconnectError("Xero", NEVER_CONNECTED)
        custom = bool(one.settings["custom"])
        keeper = self.xero_keeper(tenant, one, custom=custom)
        # A stand-in keeps its own count; the vendor's limits are the vendor's.
        is_vendor = one.settings.get("url") is None
        limits = (
            xero_app.limits(one.settings["client_id"]) if is_vendor else CallLimits()
        )
        seam = self._seam(
            tenant,
            one,
            "Xero",
            xero_app.Addresses.at(one.settings.get("url")).api,
            limits,
        )
        seam.authenticator = keeper
        seam.headers = xero_app.seam_headers(credential.organisation_id)
        seam.namer = partial(self._named_by_xero, tenant, one)
        if credential.state is CredentialState.CLOSED:
            self._expect_open(tenant, one, keeper, credential.organisation_id)
        return xero.XeroConnector(seam, credential.organisation_id, self.clock.now)

    def _named_by_xero(
        self, tenant: Tenant, one: StoredConnection, answer: Answer
    ) -> DuebridgeError | None:
        """Name what an answer means, and keep it where it closes the organisation."""
        error = xero_refusals.named(answer)
        if isinstance(error, xero_refusals.ClosedOrganisationError):
            self._note(tenant, one, CredentialState.CLOSED, error.reason)
        return error

    def _expect_open(
        self,
        tenant: Tenant,
        one: StoredConnection,
        signed: Authenticator,
        organisation_id: str,
    ) -> None:
        """Ask whether an organisation that was closed is open again.

        Raises:
            ClosedOrganisationError: It is not.
        """
        opened = self.xero_organisations(one.settings, signed)
        if organisation_id not in {key for key, _ in opened}:
            raise xero_refusals.ClosedOrganisationError
        self._note(tenant, one, CredentialState.CONNECTED, "")

    def refused(
        self, tenant: Tenant, one: StoredConnection, error: DuebridgeError
    ) -> None:
        """Let the status show that what was just connected cannot be read."""
        self._note(
            tenant, one, CredentialState.RECONNECT_REQUIRED, error.message.rstrip(".")
        )

    def _note(
        self,
        tenant: Tenant,
        one: StoredConnection,
        state: CredentialState,
        reason: str,
    ) -> None:
        with self.vault(tenant, one).exclusive() as held:
            held.save(replace(held.credential, state=state, reason=reason))

    def _credential(
        self, tenant: Tenant, one: StoredConnection, name: str
    ) -> Credential:
        found = self.vault(tenant, one).load()
        if found is None:
            raise ReconnectError(name, NEVER_CONNECTED)
        return found

    def _seam(
        self,
        tenant: Tenant,
        one: StoredConnection,
        name: str,
        url: str,
        limits: CallLimits,
    ) -> Seam:
        seam = Seam(
            base_url=url,
            name=name,
            clock=self.clock,
            limiter=network.limiter(
                self.database,
                tenant.scope,
                one.id,
                limits,
                clock=self.clock,
                read=xero_app.LIMIT_HEADERS,
            ),
            trace=self._trace(),
            allow_plain_http=bool(one.settings.get("allow_plain_http")),
        )
        return self._opened.enter_context(seam)

    def _plain_seam(self, name: str, settings: Mapping[str, Any]) -> Seam:
        seam = Seam(
            base_url=settings["url"],
            name=name,
            clock=self.clock,
            allow_plain_http=bool(settings.get("allow_plain_http")),
        )
        return self._opened.enter_context(seam)

    def _trace(self) -> Trace | None:
        return None if self.trace is None else Trace(self.trace)


@dataclass(frozen=True, slots=True)
class JustGiven:
    """Signs with tokens that are not stored yet; an `Authenticator`."""

    given: TokenSet = field(repr=False)

    def headers(self) -> Mapping[str, Secret]:
        """Return the header to send."""
        token = self.given.secrets["access_token"].reveal()
        return {"Authorization": Secret(f"Bearer {token}")}

    def renew(self, refused: Mapping[str, Secret]) -> bool:
        """Say that there are no others."""
        del refused
        return False
