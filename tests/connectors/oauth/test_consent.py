"""The browser's consent: one question, one answer, on this machine only."""

import http.client
import socket
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from threading import Thread
from urllib.parse import parse_qsl, urlsplit

import pytest

from connectors import consent as consents
from connectors.consent import CallbackServer, Consent, ConsentError, PortTakenError
from connectors.oauth import OAuthApp
from ledger.secret import Secret
from tests.seams import BASE, Server, a_seam, an_answer, form_of

APP = OAuthApp(
    name="the vendor",
    authorize_url="https://login.example/authorize?x=1",
    token_url=f"{BASE}/token",
    client_id="app",
    scopes=("offline", "invoices"),
)
REDIRECT = "http://localhost:8080/callback"


@pytest.fixture
def consent() -> Consent:
    """A question just begun."""
    return Consent.begin(APP, REDIRECT)


@pytest.fixture
def listening() -> Iterator[CallbackServer]:
    """A server waiting for a browser."""
    with CallbackServer() as server:
        yield server


def asked(consent: Consent) -> dict[str, str]:
    """Return the parameters of the address to open."""
    return dict(parse_qsl(urlsplit(consent.address).query))


def visit(server: CallbackServer, path: str, host: str = "localhost") -> int:
    """Come back as a browser does; return the status."""
    port = urlsplit(server.redirect_url).port
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    client.request("GET", path, headers={"Host": host})
    status = client.getresponse().status
    client.close()
    return status


def fetched(server: CallbackServer, path: str) -> bytes:
    """Come back as a browser does; return the page."""
    port = urlsplit(server.redirect_url).port
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    client.request("GET", path, headers={"Host": "localhost"})
    body = client.getresponse().read()
    client.close()
    return body


def test_the_address_asks_with_pkce(consent: Consent) -> None:
    """The challenge is the verifier's digest, and each question has its own state."""
    parameters = asked(consent)

    assert parameters["x"] == "1"
    assert parameters["response_type"] == "code"
    assert parameters["scope"] == "offline invoices"
    assert parameters["redirect_uri"] == REDIRECT
    assert parameters["code_challenge_method"] == "S256"
    assert asked(Consent.begin(APP, REDIRECT))["state"] != parameters["state"]
    server = Server([an_answer({"access_token": "a"})])
    answer = consent.take(f"{REDIRECT}?code=c&state={parameters['state']}")
    consent.exchange(a_seam(server), answer, Secret("hush"))
    form = form_of(server.requests[0])
    digest = sha256(form["code_verifier"].encode()).digest()
    challenge = urlsafe_b64encode(digest).rstrip(b"=").decode()
    assert challenge == parameters["code_challenge"]
    assert (form["code"], form["redirect_uri"]) == ("c", REDIRECT)


def test_a_pasted_address_is_taken_once(consent: Consent) -> None:
    """The person pastes what their browser was sent to; it counts once."""
    state = asked(consent)["state"]
    pasted = f"  {REDIRECT}?code=c0de&state={state}&realmId=42\n"

    found = consent.take(pasted)

    assert found.code.reveal() == "c0de"
    assert found.parameters == {"realmId": "42"}
    assert "c0de" not in repr(found)
    assert state not in repr(consent)
    with pytest.raises(ConsentError, match="used before"):
        consent.take(pasted)


@pytest.mark.parametrize("tail", ["code=c", "code=c&state=other", "code=c&state=", ""])
def test_an_answer_to_another_question_is_refused(consent: Consent, tail: str) -> None:
    """Without this question's state nothing is taken, and the question stays open."""
    with pytest.raises(ConsentError, match="not the answer"):
        consent.take(f"{REDIRECT}?{tail}")
    consent.take(f"{REDIRECT}?code=c&state={asked(consent)['state']}")


def test_a_refusal_is_told(consent: Consent) -> None:
    """A person who says no is believed."""
    state = asked(consent)["state"]

    with pytest.raises(ConsentError, match="access_denied"):
        consent.take(f"{REDIRECT}?error=access_denied&state={state}")


def test_the_browser_comes_back(listening: CallbackServer) -> None:
    """Strangers are sent away; the one with the state ends the wait, once."""
    consent = Consent.begin(APP, listening.redirect_url)
    state = asked(consent)["state"]
    statuses = []

    def browse() -> None:
        for path, host in (
            ("/favicon.ico", "localhost"),
            ("/callback?code=c&state=wrong", "localhost"),
            (f"/callback?code=c&state={state}", "evil.example"),
            (f"/callback?code=c&state={state}", "localhost"),
        ):
            statuses.append(visit(listening, path, host))

    browser = Thread(target=browse)
    browser.start()
    found = listening.wait(consent, wait_s=10)
    browser.join()

    assert found.code.reveal() == "c"
    assert statuses == [404, 404, 404, 200]
    with pytest.raises(OSError, match="refused"):
        visit(listening, "/callback")


def test_nobody_comes(listening: CallbackServer) -> None:
    """The wait ends by itself, and says what to do without a browser here."""
    consent = Consent.begin(APP, listening.redirect_url)

    with pytest.raises(ConsentError, match="in time") as caught:
        listening.wait(consent, wait_s=0.1)
    assert "--no-browser" in caught.value.remedy


def test_a_refusal_in_the_browser_ends_the_wait(listening: CallbackServer) -> None:
    """Who says no is not asked again, and sees that nothing was given."""
    consent = Consent.begin(APP, listening.redirect_url)
    path = f"/callback?error=access_denied&state={asked(consent)['state']}"
    with ThreadPoolExecutor(1) as pool:
        page = pool.submit(fetched, listening, path)
        with pytest.raises(ConsentError, match="the vendor says: access_denied"):
            listening.wait(consent, wait_s=10)
        assert b"No consent was given" in page.result()


def test_a_browser_that_only_connects_delays_nobody_for_long(
    listening: CallbackServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Browsers open connections in advance and say nothing on them."""
    monkeypatch.setattr(consents._Callback, "timeout", 0.1)
    consent = Consent.begin(APP, listening.redirect_url)
    path = f"/callback?code=c&state={asked(consent)['state']}"
    port = urlsplit(listening.redirect_url).port
    with (
        socket.create_connection(("127.0.0.1", port or 0)),
        ThreadPoolExecutor(1) as pool,
    ):
        page = pool.submit(fetched, listening, path)
        assert listening.wait(consent, wait_s=10).code.reveal() == "c"
        assert b"You may close this window" in page.result()


def test_a_taken_port_is_named(listening: CallbackServer) -> None:
    """Two that connect at once do not take each other's answers."""
    port = urlsplit(listening.redirect_url).port or 0
    with pytest.raises(PortTakenError, match=str(port)) as caught:
        CallbackServer(port)
    assert "--port" in caught.value.remedy
