"""The simulated authority: consent, codes, tokens, and how they die.

A refresh token is good for one refresh within 60 days. For 30 minutes after that the
old one works once more, for a client that never saw the answer; the token that such
an answer held is then void. Later, or a third time, the answer is `invalid_grant`.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Final
from urllib.parse import parse_qsl, urlencode

from connectors.simulators.xero.clock import Clock
from connectors.simulators.xero.replies import (
    RefusedError,
    Request,
    Response,
    gateway_error,
    json_response,
)

ACCESS_S: Final = 30 * 60
CODE_S: Final = 5 * 60
GRACE_S: Final = 30 * 60
IDLE_S: Final = 60 * 24 * 60 * 60


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientApp:
    """An app registered with the vendor; without a secret it must use PKCE."""

    client_id: str = "simulator-client"
    client_secret: str | None = "simulator-secret"  # noqa: S105 - guards nothing
    redirect_uris: tuple[str, ...] = ()
    """Where codes may be sent; none means anywhere."""
    is_custom_connection: bool = False
    """Uses client credentials, for one organisation."""


@dataclass(slots=True, eq=False, kw_only=True)
class Grant:
    """What a user consented to for an app."""

    app: ClientApp
    scopes: frozenset[str]
    event_id: str
    is_revoked: bool = False


@dataclass(slots=True, eq=False, kw_only=True)
class _Code:
    grant: Grant
    redirect_uri: str
    challenge: str | None
    expires_s: float


@dataclass(slots=True, eq=False, kw_only=True)
class _Refresh:
    grant: Grant
    issued_s: float
    used_s: float | None = None
    is_retried: bool = False
    is_void: bool = False
    successor: "_Refresh | None" = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What an access token allows, until when."""

    grant: Grant
    expires_s: float


@dataclass(slots=True, kw_only=True)
class Authority:
    """Issues tokens.

    `consents` false stands for a user who says no, `withheld` are scopes that are asked
    for and not granted.
    """

    clock: Clock
    apps: dict[str, ClientApp] = field(default_factory=dict)
    seed: int = 1
    consents: bool = True
    withheld: frozenset[str] = frozenset()
    _codes: dict[str, _Code] = field(default_factory=dict)
    _refreshes: dict[str, _Refresh] = field(default_factory=dict)
    _accesses: dict[str, Access] = field(default_factory=dict)
    _random: Random = field(init=False)

    def __post_init__(self) -> None:
        self._random = Random(f"oauth/{self.seed}")  # noqa: S311 - guards nothing

    def authorize(self, request: Request) -> Response:
        """Consent at once and send the browser back with a code."""
        query = request.query
        app = self.apps.get(query.get("client_id", ""))
        target = query.get("redirect_uri", "")
        if app is None or (app.redirect_uris and target not in app.redirect_uris):
            return _page(400, "unauthorized_client: unknown client or redirect_uri")
        if query.get("response_type") != "code" or not target:
            return _page(400, "unsupported_response_type")
        challenge = query.get("code_challenge")
        answer = {"state": query["state"]} if "state" in query else {}
        if (challenge and query.get("code_challenge_method") != "S256") or (
            app.client_secret is None and not challenge
        ):
            answer |= {"error": "invalid_request"}
        elif not self.consents:
            answer |= {"error": "access_denied"}
        else:
            grant = self._grant(app, query.get("scope", ""))
            code = self._word("code")
            self._codes[code] = _Code(
                grant=grant,
                redirect_uri=target,
                challenge=challenge,
                expires_s=self._now_s() + CODE_S,
            )
            answer = {"code": code, "scope": query.get("scope", ""), **answer}
        joint = "&" if "?" in target else "?"
        headers = {"location": f"{target}{joint}{urlencode(answer)}"}
        return Response(status=302, headers=headers)

    def token(self, request: Request) -> Response:
        """Exchange a code, a refresh token or an app's own credentials for a token."""
        form = dict(parse_qsl(request.body.decode(errors="replace")))
        app = self._client(request.headers, form)
        match form.get("grant_type"):
            case "authorization_code":
                return self._exchange(app, form)
            case "refresh_token":
                return self._refresh(app, form)
            case "client_credentials" if app.is_custom_connection:
                grant = self._grant(app, form.get("scope", ""))
                return self._issue(grant, has_refresh=False)
            case "client_credentials":
                return _oauth_error("unauthorized_client")
            case _:
                return _oauth_error("unsupported_grant_type")

    def revoke(self, grant: Grant | None = None) -> None:
        """Take consent back, of one grant or of all: a user disconnects the app."""
        grants = [one.grant for one in self._refreshes.values()]
        for one in [grant] if grant else grants:
            one.is_revoked = True

    def expire_access(self) -> None:
        """Let every access token die at once."""
        self._accesses.clear()

    def access(self, request: Request) -> Access:
        """Return what a call's token allows, or refuse the call."""
        scheme, _, word = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            raise RefusedError(_unauthorized("AuthenticationUnsuccessful"))
        found = self._accesses.get(word)
        if found is None or found.grant.is_revoked:
            raise RefusedError(_unauthorized("AuthenticationUnsuccessful"))
        if found.expires_s <= self._now_s():
            raise RefusedError(_unauthorized("TokenExpired: token expired"))
        return found

    def access_token(self, scopes: str, app: ClientApp | None = None) -> str:
        """Hand out an access token without the dance, for tests of reading."""
        grant = self._grant(app or next(iter(self.apps.values())), scopes)
        return self._new_access(grant)

    def refresh_token(self, scopes: str, app: ClientApp | None = None) -> str:
        """Hand out a refresh token without the dance."""
        grant = self._grant(app or next(iter(self.apps.values())), scopes)
        return self._new_refresh(grant)[0]

    def _client(self, headers: Mapping[str, str], form: Mapping[str, str]) -> ClientApp:
        name, secret = form.get("client_id", ""), form.get("client_secret")
        scheme, _, word = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "basic":
            try:
                text = base64.b64decode(word, validate=True).decode()
            except ValueError:
                raise RefusedError(_oauth_error("invalid_client")) from None
            name, _, secret = text.partition(":")
        app = self.apps.get(name)
        if app is None or (app.client_secret or None) != (secret or None):
            raise RefusedError(_oauth_error("invalid_client"))
        return app

    def _exchange(self, app: ClientApp, form: Mapping[str, str]) -> Response:
        code = self._codes.pop(form.get("code", ""), None)
        if (
            code is None
            or code.grant.app is not app
            or code.expires_s <= self._now_s()
            or code.redirect_uri != form.get("redirect_uri")
            or not _is_proven(code.challenge, form.get("code_verifier"))
        ):
            return _oauth_error("invalid_grant")
        return self._issue(
            code.grant, has_refresh="offline_access" in code.grant.scopes
        )

    def _refresh(self, app: ClientApp, form: Mapping[str, str]) -> Response:
        token = self._refreshes.get(form.get("refresh_token", ""))
        now_s = self._now_s()
        if token is None or token.grant.app is not app:
            return _oauth_error("invalid_grant")
        if token.grant.is_revoked or token.is_void:
            return _oauth_error("invalid_grant")
        if token.used_s is None:
            if now_s - token.issued_s > IDLE_S:
                return _oauth_error("invalid_grant")
            token.used_s = now_s
        elif token.is_retried or now_s - token.used_s > GRACE_S:
            return _oauth_error("invalid_grant")
        else:
            token.is_retried = True
            if token.successor is not None:
                token.successor.is_void = True
        return self._issue(token.grant, has_refresh=True, after=token)

    def _issue(
        self, grant: Grant, *, has_refresh: bool, after: _Refresh | None = None
    ) -> Response:
        answer: dict[str, object] = {
            "access_token": self._new_access(grant),
            "expires_in": ACCESS_S,
            "token_type": "Bearer",
            "scope": " ".join(sorted(grant.scopes)),
        }
        if has_refresh:
            word, refresh = self._new_refresh(grant)
            answer["refresh_token"] = word
            if after is not None:
                after.successor = refresh
        return json_response(answer)

    def _new_access(self, grant: Grant) -> str:
        """Make a token of the vendor's form: a JWT, here with a mock signature."""
        expires_s = self._now_s() + ACCESS_S
        claims = {
            "exp": int(expires_s),
            "iss": "https://identity.xero.com",
            "client_id": grant.app.client_id,
            "authentication_event_id": grant.event_id,
            "scope": sorted(grant.scopes),
            "jti": self._word("jti"),
        }
        parts = ({"alg": "none", "typ": "JWT"}, claims)
        word = ".".join([*(_base64(json.dumps(one).encode()) for one in parts), "mock"])
        self._accesses[word] = Access(grant=grant, expires_s=expires_s)
        return word

    def _new_refresh(self, grant: Grant) -> tuple[str, _Refresh]:
        word = self._word("refresh")
        self._refreshes[word] = _Refresh(grant=grant, issued_s=self._now_s())
        return word, self._refreshes[word]

    def _grant(self, app: ClientApp, scopes: str) -> Grant:
        words = frozenset(scopes.split()) - self.withheld
        return Grant(app=app, scopes=words, event_id=self._word("event"))

    def _word(self, name: str) -> str:
        return f"{name}-{self._random.getrandbits(160):040x}"

    def _now_s(self) -> float:
        return self.clock.now.timestamp()


def _is_proven(challenge: str | None, verifier: str | None) -> bool:
    """Hold a PKCE verifier against its challenge (RFC 7636, S256)."""
    if challenge is None:
        return True
    digest = hashlib.sha256((verifier or "").encode()).digest()
    return verifier is not None and hmac.compare_digest(_base64(digest), challenge)


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _oauth_error(word: str) -> Response:
    return json_response({"error": word}, 400)


def _unauthorized(detail: str) -> Response:
    return gateway_error(401, "Unauthorized", detail)


def _page(status: int, text: str) -> Response:
    return Response(
        status=status, headers={"content-type": "text/html"}, body=text.encode()
    )
