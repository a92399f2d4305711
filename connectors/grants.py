"""Asks a token endpoint: by a refresh token, the client's own secret, or a sign-in."""

from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final
from urllib.parse import quote, urlencode

from connectors.answers import Answer
from connectors.faults import ReconnectError, RefusedError, WrongAnswerError
from connectors.http import Seam, Timeouts
from connectors.oauth import (
    ACCESS,
    CLIENT_SECRET,
    LOST,
    REFRESH,
    DeniedError,
    OAuthApp,
    TokenSet,
)
from connectors.trace import SECRET_FIELD
from ledger.credentials import Credential
from ledger.errors import DuebridgeError
from ledger.secret import Secret

SENDINGS_MAX: Final = 2
"""How often one renewal sends the same refresh token when the answer is lost."""
TOKEN_TIMEOUTS: Final = Timeouts(connect_s=5, read_s=15, total_s=20)
"""Short, as others wait for the lock meanwhile."""

REFRESH_LIVES = ("refresh_token_expires_in", "x_refresh_token_expires_in")
FORM = {"content-type": "application/x-www-form-urlencoded"}
DENIALS: Final = {
    "invalid_grant": "the consent was withdrawn, has ended or was used elsewhere",
    "invalid_client": "the app's id or secret is not accepted",
    "unauthorized_client": "the app is not allowed to do this",
    "invalid_scope": "the app may not ask for all the scopes that reading takes",
}
"""Answers of a token endpoint that only connecting again can mend."""


@dataclass(frozen=True, slots=True)
class RefreshGrant:
    """Renews with the refresh token, which the answer may replace."""

    app: OAuthApp
    seam: Seam = field(repr=False)

    def __call__(self, credential: Credential) -> TokenSet:
        """Return a fresh token set.

        Raises:
            DeniedError: The refresh token is not accepted any more.
        """
        token = credential.secrets.get(REFRESH)
        if not token:
            raise DeniedError(self.app.name, "there is no refresh token")
        form = {"grant_type": "refresh_token", REFRESH: token.reveal()}
        secret = credential.secrets.get(CLIENT_SECRET)
        lost: DuebridgeError | None = None
        for _ in range(SENDINGS_MAX):
            try:
                return ask(self.seam, self.app, form, secret)
            except LOST as error:
                lost = error
            except DeniedError as error:
                if lost is None:
                    raise
                reason = f"{error.reason}, after an answer was lost"
                raise DeniedError(self.app.name, reason) from error
        assert lost is not None
        raise lost


@dataclass(frozen=True, slots=True)
class ClientGrant:
    """Renews with the client's own secret: no person's consent, one organisation."""

    app: OAuthApp
    seam: Seam = field(repr=False)

    def __call__(self, credential: Credential) -> TokenSet:
        """Return a fresh token set.

        Raises:
            DeniedError: The client is not accepted any more.
        """
        form = {"grant_type": "client_credentials"}
        if self.app.scopes:
            form["scope"] = " ".join(self.app.scopes)
        return ask(self.seam, self.app, form, credential.secrets.get(CLIENT_SECRET))


@dataclass(frozen=True, slots=True)
class SignIn:
    """Renews a session by signing in with the secrets kept.

    Attributes:
        sign_in: Takes the secrets and returns the session's token and, in seconds, its
            life if that is known.
    """

    name: str
    sign_in: Callable[[Mapping[str, Secret]], tuple[Secret, int | None]]

    def __call__(self, credential: Credential) -> TokenSet:
        """Return a fresh session.

        Raises:
            DeniedError: The user or the password is not accepted any more.
        """
        try:
            token, lives_s = self.sign_in(credential.secrets)
        except ReconnectError as error:
            raise DeniedError(self.name, error.reason) from error
        return TokenSet(secrets={ACCESS: token}, lives_s=lives_s)


def ask(
    seam: Seam, app: OAuthApp, form: Mapping[str, str], client_secret: Secret | None
) -> TokenSet:
    """Ask a token endpoint, once.

    Raises:
        DeniedError: It will never give a token for this.
        RetryableError: It may later.
    """
    headers, sent = dict(FORM), dict(form)
    if client_secret is not None and app.basic:
        headers.update(_basic(app.client_id, client_secret))
    else:
        sent["client_id"] = app.client_id
        if client_secret is not None:
            sent[CLIENT_SECRET] = client_secret.reveal()
    try:
        answer = seam.call(
            "POST",
            app.token_url,
            headers=headers,
            content=urlencode(sent).encode(),
            idempotent=False,
        )
    except RefusedError as error:
        code = _error_code(error.answer)
        if code in DENIALS:
            raise DeniedError(app.name, DENIALS[code]) from error
        raise
    except ReconnectError as error:
        raise DeniedError(app.name, DENIALS["invalid_client"]) from error
    return _token_set(answer)


def _basic(client_id: str, secret: Secret) -> dict[str, str]:
    pair = f"{quote(client_id, safe='')}:{quote(secret.reveal(), safe='')}"
    return {"authorization": f"Basic {b64encode(pair.encode()).decode()}"}


def _error_code(answer: Answer) -> str:
    try:
        found = answer.json()
    except WrongAnswerError:
        return ""
    return str(found.get("error", "")) if isinstance(found, dict) else ""


def _token_set(answer: Answer) -> TokenSet:
    found = answer.json()
    if not isinstance(found, dict) or not isinstance(found.get(ACCESS), str):
        raise WrongAnswerError(answer.host, "no access token")
    secrets = {
        name: Secret(found[name])
        for name in (ACCESS, REFRESH)
        if isinstance(found.get(name), str) and found[name]
    }
    lives = [_seconds(found.get(name)) for name in REFRESH_LIVES]
    return TokenSet(
        secrets=secrets,
        lives_s=_seconds(found.get("expires_in")),
        refresh_lives_s=next((one for one in lives if one is not None), None),
        told={
            name: value
            for name, value in found.items()
            if not SECRET_FIELD.search(name)
        },
    )


def _seconds(value: object) -> int | None:
    match value:
        case bool() | None:
            return None
        case int() | Decimal():
            return int(value)
        case str() if value.isdecimal():
            return int(value)
        case _:
            return None
