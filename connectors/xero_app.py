"""Xero as an app meets it: addresses, consent, limits, and what may be written."""

from dataclasses import dataclass
from typing import Final

from connectors.contract import Capability
from connectors.http import Seam
from connectors.limits import HeaderNames
from connectors.oauth import OAuthApp
from ledger.calls import CallLimits
from mapping.xero import organisation

API_URL: Final = "https://api.xero.com/api.xro/2.0"
SCOPES: Final = (
    "offline_access",
    "accounting.invoices",
    "accounting.payments",
    "accounting.contacts",
    "accounting.settings.read",
    "accounting.reports.trialbalance.read",
)
IDLE_DAYS: Final = 60
"""A token set that nobody used for so long is dead."""
GRACE_S: Final = 30 * 60
"""So long an old refresh token is taken once more, meant for a lost answer."""
TENANT_HEADER: Final = "xero-tenant-id"


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """Where Xero is: its consent page, tokens, organisations and API."""

    authorize: str = "https://login.xero.com/identity/connect/authorize"
    token: str = "https://identity.xero.com/connect/token"  # noqa: S105 - an address
    connections: str = "https://api.xero.com/connections"
    api: str = API_URL

    @classmethod
    def at(cls, url: str | None) -> "Addresses":
        """Return the vendor's own, or those of a stand-in at an address."""
        if url is None:
            return cls()
        base = url.rstrip("/")
        return cls(
            authorize=f"{base}/identity/connect/authorize",
            token=f"{base}/connect/token",
            connections=f"{base}/connections",
            api=f"{base}/api.xro/2.0",
        )


def app(client_id: str, addresses: Addresses) -> OAuthApp:
    """Return the app that a client registered at Xero."""
    return OAuthApp(
        name="Xero",
        authorize_url=addresses.authorize,
        token_url=addresses.token,
        client_id=client_id,
        scopes=SCOPES,
        idle_days=IDLE_DAYS,
        grace_s=GRACE_S,
    )


def organisations(seam: Seam, addresses: Addresses) -> list[tuple[str, str]]:
    """Return key and name of each organisation that a consent opens.

    Raises:
        DuebridgeError: They cannot be read; the class says what to do.
    """
    answer = seam.call("GET", addresses.connections, idempotent=True)
    return [
        (one.tenant_id, one.tenant_name)
        for one in answer.decode(list[organisation.Opened])
        if one.tenant_type == "ORGANISATION"
    ]


IDS_MAX: Final = 40
"""So many keys fit into one address."""

PER_MINUTE, PER_DAY, AT_ONCE, APP_PER_MINUTE = 60, 5_000, 5, 10_000
LIMIT_HEADERS: Final = HeaderNames(
    day_left="X-DayLimit-Remaining",
    minute_left="X-MinLimit-Remaining",
    app_minute_left="X-AppMinLimit-Remaining",
    problem="X-Rate-Limit-Problem",
    app_problems=frozenset({"appminute"}),
)

WRITES: Final = frozenset(
    {
        Capability.WRITE_NOTE,
        Capability.WRITE_PROMISE_DATE,
        Capability.WRITE_STATUS_FIELD,
        Capability.WRITE_PAYMENT,
        Capability.WRITE_IDEMPOTENT,
        Capability.REPORTS_LOCK_DATE,
    }
)
"""What can be written; see `connectors/xero_writing.py`."""


def limits(client_id: str) -> CallLimits:
    """Return what Xero allows a connection, and the app over all connections."""
    return CallLimits(
        per_minute=PER_MINUTE,
        per_day=PER_DAY,
        concurrent=AT_ONCE,
        app=f"xero:{client_id}",
        app_per_minute=APP_PER_MINUTE,
    )


def seam_headers(organisation_id: str) -> dict[str, str]:
    """Return what each call carries beside its signature."""
    return {TENANT_HEADER: organisation_id}
