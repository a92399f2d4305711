"""Tokens: consent, PKCE, rotation with its grace, death by idleness and by user."""

import base64
import hashlib
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from connectors.simulators.xero import SCOPES, ClientApp, Size, XeroSimulator
from connectors.simulators.xero.transport import SimulatorTransport

AUTHORIZE = "https://login.xero.com/identity/connect/authorize"
TOKEN = "https://identity.xero.com/connect/token"  # noqa: S105 - an address
ORGANISATION = "https://api.xero.com/api.xro/2.0/Organisation"
TARGET = "http://localhost:8400/callback"
VERIFIER = "a-verifier-of-more-than-forty-three-characters-0123"
CHALLENGE = (
    base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest())
    .rstrip(b"=")
    .decode()
)
PUBLIC = ClientApp(client_id="public", client_secret=None, redirect_uris=(TARGET,))
CUSTOM = ClientApp(client_id="custom", is_custom_connection=True)
SECRET = ClientApp()


@pytest.fixture
def simulator() -> XeroSimulator:
    """A vendor that knows three apps."""
    return XeroSimulator(size=Size(invoices=10), apps=(SECRET, PUBLIC, CUSTOM))


@pytest.fixture
def caller(simulator: XeroSimulator) -> httpx.Client:
    """Somebody without a token."""
    return httpx.Client(transport=SimulatorTransport(simulator))


def consent(caller: httpx.Client, app: ClientApp, **more: str) -> dict[str, str]:
    """Send a user to the authority; return what comes back with them."""
    query = {
        "response_type": "code",
        "client_id": app.client_id,
        "redirect_uri": TARGET,
        "scope": SCOPES,
        "state": "s-1",
        **more,
    }
    answer = caller.get(AUTHORIZE, params=query)
    assert answer.status_code == 302
    assert answer.headers["location"].startswith(TARGET)
    return dict(parse_qsl(urlsplit(answer.headers["location"]).query))


def token(caller: httpx.Client, app: ClientApp, **form: str) -> Any:  # noqa: ANN401
    """Ask for a token; return the answer's JSON."""
    told = {"client_id": app.client_id, **form}
    if app.client_secret:
        told["client_secret"] = app.client_secret
    return caller.post(TOKEN, data=told).json()


def refreshed(caller: httpx.Client, word: str) -> Any:  # noqa: ANN401
    """Refresh a token."""
    return token(caller, SECRET, grant_type="refresh_token", refresh_token=word)


def is_let_in(simulator: XeroSimulator, caller: httpx.Client, word: str) -> bool:
    """Say whether an access token opens the API."""
    headers = {"Authorization": f"Bearer {word}", "Xero-Tenant-Id": simulator.tenant_id}
    return caller.get(ORGANISATION, headers=headers).status_code == 200


def test_the_way_of_a_public_app(
    simulator: XeroSimulator, caller: httpx.Client
) -> None:
    """Consent, proof by PKCE, tokens, organisations, and the API opens."""
    proof = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}
    back = consent(caller, PUBLIC, **proof)
    answer = token(
        caller,
        PUBLIC,
        grant_type="authorization_code",
        code=back["code"],
        redirect_uri=TARGET,
        code_verifier=VERIFIER,
    )
    bearer = {"Authorization": f"Bearer {answer['access_token']}"}
    (connection,) = caller.get(
        "https://api.xero.com/connections", headers=bearer
    ).json()

    assert back["state"] == "s-1"
    assert answer["expires_in"] == 1800
    assert connection["tenantId"] == simulator.tenant_id
    assert is_let_in(simulator, caller, answer["access_token"])


@pytest.mark.parametrize("change", ["verifier", "target", "late", "twice", "app"])
def test_a_code_is_good_once_for_whom_it_was_made(
    simulator: XeroSimulator, caller: httpx.Client, change: str
) -> None:
    """A wrong proof, another address, five minutes, or a second use: invalid_grant."""
    proof = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}
    form = {
        "grant_type": "authorization_code",
        "code": consent(caller, PUBLIC, **proof)["code"],
        "redirect_uri": TARGET if change != "target" else f"{TARGET}/2",
        "code_verifier": VERIFIER if change != "verifier" else "guessed",
    }
    if change == "late":
        simulator.clock.advance(301)
    if change == "twice":
        assert "access_token" in token(caller, PUBLIC, **form)
    app = SECRET if change == "app" else PUBLIC

    assert token(caller, app, **form) == {"error": "invalid_grant"}


def test_a_user_may_say_no(simulator: XeroSimulator, caller: httpx.Client) -> None:
    """Without consent the user comes back with an error and the state."""
    simulator.authority.consents = False

    assert consent(caller, SECRET) == {"error": "access_denied", "state": "s-1"}


def test_a_public_app_needs_pkce(caller: httpx.Client) -> None:
    """Without a secret and without a challenge there is no code."""
    assert consent(caller, PUBLIC)["error"] == "invalid_request"


@pytest.mark.parametrize("query", [{"client_id": "nobody"}, {"redirect_uri": "x:/"}])
def test_strangers_are_not_sent_anywhere(
    caller: httpx.Client, query: dict[str, str]
) -> None:
    """An unknown app or address gets a page, no redirect."""
    told = {"response_type": "code", "client_id": "public", "redirect_uri": TARGET}

    assert caller.get(AUTHORIZE, params=told | query).status_code == 400


class TestRotation:
    """A refresh token and its successors."""

    def test_a_refresh_gives_another_token(
        self, simulator: XeroSimulator, caller: httpx.Client
    ) -> None:
        """The new refresh token differs, and the new access token works."""
        first = simulator.authority.refresh_token(SCOPES)
        answer = refreshed(caller, first)

        assert answer["refresh_token"] != first
        assert is_let_in(simulator, caller, answer["access_token"])

    def test_the_old_token_works_once_more_within_half_an_hour(
        self, simulator: XeroSimulator, caller: httpx.Client
    ) -> None:
        """For a lost answer; what that held is void, and a third time fails."""
        first = simulator.authority.refresh_token(SCOPES)
        lost = refreshed(caller, first)
        simulator.clock.advance(29 * 60)
        second = refreshed(caller, first)

        assert "access_token" in second
        assert refreshed(caller, first) == {"error": "invalid_grant"}
        assert refreshed(caller, lost["refresh_token"]) == {"error": "invalid_grant"}
        assert "access_token" in refreshed(caller, second["refresh_token"])

    def test_the_grace_ends(
        self, simulator: XeroSimulator, caller: httpx.Client
    ) -> None:
        """After 31 minutes the old token is dead."""
        first = simulator.authority.refresh_token(SCOPES)
        refreshed(caller, first)
        simulator.clock.advance(31 * 60)

        assert refreshed(caller, first) == {"error": "invalid_grant"}

    @pytest.mark.parametrize(("days", "lives"), [(59, True), (61, False)])
    def test_an_idle_token_dies_after_60_days(
        self, simulator: XeroSimulator, caller: httpx.Client, *, days: int, lives: bool
    ) -> None:
        """59 days of rest are survived, 61 are not."""
        word = simulator.authority.refresh_token(SCOPES)
        simulator.clock.advance(days=days)

        assert ("access_token" in refreshed(caller, word)) is lives

    def test_a_user_can_take_consent_back(
        self, simulator: XeroSimulator, caller: httpx.Client
    ) -> None:
        """Neither token works after that."""
        answer = refreshed(caller, simulator.authority.refresh_token(SCOPES))
        simulator.authority.revoke()

        assert refreshed(caller, answer["refresh_token"]) == {"error": "invalid_grant"}
        assert not is_let_in(simulator, caller, answer["access_token"])


def test_an_access_token_lives_30_minutes(
    simulator: XeroSimulator, caller: httpx.Client
) -> None:
    """At 29 minutes it opens the API, at 30 it does not."""
    word = simulator.authority.access_token(SCOPES)
    simulator.clock.advance(29 * 60)
    assert is_let_in(simulator, caller, word)
    simulator.clock.advance(60)
    headers = {"Authorization": f"Bearer {word}", "Xero-Tenant-Id": simulator.tenant_id}
    answer = caller.get(ORGANISATION, headers=headers)

    assert answer.status_code == 401
    assert "TokenExpired" in answer.json()["Detail"]


def test_a_custom_connection_has_one_organisation_and_no_refresh(
    simulator: XeroSimulator, caller: httpx.Client
) -> None:
    """Client credentials open the API without naming the organisation."""
    answer = token(caller, CUSTOM, grant_type="client_credentials", scope=SCOPES)
    bearer = {"Authorization": f"Bearer {answer['access_token']}"}
    organisation = caller.get(ORGANISATION, headers=bearer).json()["Organisations"][0]

    assert "refresh_token" not in answer
    assert organisation["OrganisationID"] == simulator.tenant_id


def test_apps_must_prove_themselves(caller: httpx.Client) -> None:
    """A wrong secret is invalid_client, in the form and in the header alike."""
    wrong = ClientApp(client_secret="guess")  # noqa: S106 - a wrong one
    form = {"grant_type": "client_credentials"}

    assert token(caller, wrong, **form) == {"error": "invalid_client"}
    answer = caller.post(TOKEN, data=form, auth=("simulator-client", "guess"))
    assert answer.json() == {"error": "invalid_client"}
    answer = caller.post(TOKEN, data=form, auth=("custom", "simulator-secret"))
    assert "access_token" in answer.json()


def test_a_scope_opens_only_what_it_names(
    simulator: XeroSimulator, caller: httpx.Client
) -> None:
    """Reading needs the scope, writing the scope that is not only for reading."""

    def status(method: str, name: str) -> int:
        headers = simulator.access_headers("accounting.contacts.read")
        url = f"https://api.xero.com/api.xro/2.0/{name}"
        return caller.request(method, url, headers=headers, json={}).status_code

    assert status("GET", "Contacts") == 200
    assert status("PUT", "Contacts") == 401
    assert status("GET", "Invoices") == 401


def test_an_organisation_must_be_named_and_connected(
    simulator: XeroSimulator, caller: httpx.Client
) -> None:
    """Without the header, or after disconnecting, the API is closed."""
    headers = simulator.access_headers()
    nameless = {name: text for name, text in headers.items() if "tenant" not in name}

    assert caller.get(ORGANISATION, headers=nameless).status_code == 403
    where = "https://api.xero.com/connections"
    (connection,) = caller.get(where, headers=headers).json()
    gone = caller.delete(f"{where}/{connection['id']}", headers=headers)
    assert gone.status_code == 204
    assert caller.get(ORGANISATION, headers=headers).status_code == 403
