"""A person's consent, given in a browser: asked for with PKCE, answered once.

The browser comes back to a server on this machine, or, where there is no browser here,
the person pastes the address that theirs was sent to.
"""

import hmac
import secrets
import time
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Final, Self
from urllib.parse import parse_qsl, urlencode, urlsplit

from connectors.grants import ask
from connectors.http import Seam
from connectors.oauth import OAuthApp, TokenSet
from ledger.errors import RequestError
from ledger.secret import Secret

LOOPBACK: Final = "127.0.0.1"
CALLBACK_PATH: Final = "/callback"
WAIT_S: Final = 300
PATIENCE_S: Final = 5
"""How long a caller of the local server may take to say what it wants."""
STATE_BYTES, VERIFIER_BYTES = 32, 64
HOSTS: Final = frozenset({"localhost", LOOPBACK})

THANKS: Final = "Done. You may close this window and go back to Duebridge."
NO_CONSENT: Final = "No consent was given. Duebridge says more."
NOT_THIS: Final = "This is not the answer Duebridge waits for."


class ConsentError(RequestError):
    """No consent came about."""

    def __init__(self, reason: str, *, remedy: str = "") -> None:
        """Say why."""
        super().__init__(
            f"The consent cannot be used: {reason}.",
            remedy=remedy or "Start connecting again.",
        )


class PortTakenError(RequestError):
    """Nobody can listen where the browser is to come back to."""

    def __init__(self, port: int, reason: str) -> None:
        """Name the port."""
        super().__init__(
            f"The browser cannot come back to port {port} of this machine: {reason}.",
            remedy="End what listens there, or give another --port, whose address is "
            "registered at the vendor too.",
        )


@dataclass(frozen=True, slots=True)
class Consented:
    """What the browser brought back.

    Attributes:
        code: To be exchanged for tokens, once.
        parameters: What else came, such as the organisation's id.
    """

    code: Secret
    parameters: Mapping[str, str]


@dataclass(slots=True)
class Consent:
    """One question to a person; its answer is taken once."""

    app: OAuthApp
    redirect_url: str
    _state: Secret = field(repr=False)
    _verifier: Secret = field(repr=False)
    _used: bool = False

    @classmethod
    def begin(cls, app: OAuthApp, redirect_url: str) -> Self:
        """Begin to ask; the redirect address must be registered at the vendor."""
        return cls(
            app,
            redirect_url,
            Secret(secrets.token_urlsafe(STATE_BYTES)),
            Secret(secrets.token_urlsafe(VERIFIER_BYTES)),
        )

    @property
    def address(self) -> str:
        """The address to open in a browser."""
        digest = sha256(self._verifier.reveal().encode()).digest()
        parameters = {
            **self.app.extra,
            "response_type": "code",
            "client_id": self.app.client_id,
            "redirect_uri": self.redirect_url,
            "scope": " ".join(self.app.scopes),
            "state": self._state.reveal(),
            "code_challenge": urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        joint = "&" if "?" in self.app.authorize_url else "?"
        return f"{self.app.authorize_url}{joint}{urlencode(parameters)}"

    def answers(self, redirected: str) -> bool:
        """Return whether an address is the answer to this very question."""
        given = _parameters(redirected).get("state", "")
        return hmac.compare_digest(given.encode(), self._state.reveal().encode())

    def take(self, redirected: str) -> Consented:
        """Take the answer from the address the browser was sent to.

        Raises:
            ConsentError: It is another question's, was taken before, or is a refusal.
        """
        if self._used:
            raise ConsentError("it was used before")
        if not self.answers(redirected):
            raise ConsentError("it is not the answer to this question")
        self._used = True
        found = _parameters(redirected)
        if "error" in found:
            said = found.get("error_description") or found["error"]
            raise ConsentError(f"{self.app.name} says: {said}")
        if not found.get("code"):
            raise ConsentError("it holds no code")
        rest = {
            name: value
            for name, value in found.items()
            if name not in {"code", "state"}
        }
        return Consented(Secret(found["code"]), rest)

    def exchange(
        self, seam: Seam, consented: Consented, client_secret: Secret | None
    ) -> TokenSet:
        """Exchange the code for tokens.

        Raises:
            CredentialError: The vendor does not take the code.
        """
        form = {
            "grant_type": "authorization_code",
            "code": consented.code.reveal(),
            "redirect_uri": self.redirect_url,
            "code_verifier": self._verifier.reveal(),
        }
        return ask(seam, self.app, form, client_secret)


class CallbackServer:
    """A server on this machine that waits for one browser to come back."""

    def __init__(self, port: int = 0) -> None:
        """Listen on this machine only; 0 takes a free port.

        Raises:
            PortTakenError: Somebody else listens there, or nobody may.
        """
        try:
            self._server = _Listener((LOOPBACK, port), _Callback)
        except OSError as error:
            raise PortTakenError(port, error.strerror or str(error)) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.server_close()

    @property
    def redirect_url(self) -> str:
        """Where the vendor must send the browser."""
        return f"http://localhost:{self._server.server_port}{CALLBACK_PATH}"

    def wait(self, consent: Consent, *, wait_s: float = WAIT_S) -> Consented:
        """Return what the browser brought; other callers are sent away.

        Raises:
            ConsentError: Nobody came in time, or with a refusal.
        """
        self._server.consent = consent
        deadline = time.monotonic() + wait_s
        while self._server.redirected is None:
            left_s = deadline - time.monotonic()
            if left_s <= 0:
                raise ConsentError(
                    "nobody answered in time",
                    remedy="Start connecting again; if the browser is on another "
                    "machine, with --no-browser.",
                )
            self._server.timeout = left_s
            self._server.handle_request()
        self._server.server_close()
        return consent.take(self._server.redirected)


class _Listener(HTTPServer):
    consent: Consent | None = None
    redirected: str | None = None

    def handle_error(self, request: object, client_address: object) -> None:
        """Leave a caller who hangs up or sends nonsense."""


class _Callback(BaseHTTPRequestHandler):
    server: _Listener
    timeout = PATIENCE_S

    def do_GET(self) -> None:
        """Take the answer, or send the caller away."""
        host = (urlsplit(f"//{self.headers.get('Host', '')}").hostname or "").lower()
        path, consent = urlsplit(self.path).path, self.server.consent
        mine = host in HOSTS and path == CALLBACK_PATH
        if mine and consent is not None and consent.answers(self.path):
            self.server.redirected = self.path
            refused = "error" in _parameters(self.path)
            self._say(200, NO_CONSENT if refused else THANKS)
        else:
            self._say(404, NOT_THIS)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library names it
        """Log nothing: the address holds the code."""

    def _say(self, status: int, words: str) -> None:
        body = f"<!doctype html><title>Duebridge</title><p>{words}".encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("Referrer-Policy", "no-referrer")
        self.end_headers()
        self.wfile.write(body)


def _parameters(redirected: str) -> dict[str, str]:
    text = redirected.strip()
    query = urlsplit(text).query if "?" in text else text
    return dict(parse_qsl(query, keep_blank_values=True))
