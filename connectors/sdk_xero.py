"""Xero's official client, xero-python, on our seam.

Needs the extra `vendors`. Its REST client is replaced: tokens, limits, retries and time
limits are the seam's, and what goes wrong is an error of `connectors/faults.py`.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final
from urllib.parse import urlencode

import httpx
from xero_python.accounting import AccountingApi
from xero_python.api_client import ApiClient
from xero_python.api_client.configuration import Configuration

from connectors.answers import Answer
from connectors.http import GET_LIKE, Seam
from connectors.verdicts import JSON_TYPE
from ledger.errors import InvariantError

OWN_HEADERS: Final = frozenset({"accept-encoding", "authorization", "cookie"})
FORM_TYPE: Final = "application/x-www-form-urlencoded"
IDEMPOTENCY_KEY: Final = "idempotency-key"
EXACT_DIGITS: Final = 15
"""So many digits of a decimal survive being a binary float."""

Pairs = Mapping[str, object] | Sequence[tuple[str, object]]


def accounting(seam: Seam, *, trusts_keys: bool = True) -> AccountingApi:
    """Return a client of the accounting API that the seam leads to.

    Args:
        seam: The way to Xero.
        trusts_keys: Whether a write with an idempotency key is tried again by itself,
            as long as a call may take. How long a key lives nobody says.
    """
    client = ApiClient(Configuration(oauth2_token=_KeptBySeam()))
    client.rest_client = SeamRestClient(seam, trusts_keys=trusts_keys)
    api = AccountingApi(client)
    api.base_url = seam.base_url
    return api


class SeamResponse:
    """An answer in the shape the client reads."""

    def __init__(self, answer: Answer) -> None:
        """Wrap an answer."""
        self.status = answer.status
        self.reason = ""
        self.data = answer.body
        self._headers = answer.headers

    @property
    def text(self) -> str:
        """The body as text."""
        return self.data.decode()

    def getheaders(self) -> httpx.Headers:
        """Return the headers."""
        return self._headers

    def getheader(self, name: str, default: str | None = None) -> str | None:
        """Return one header."""
        found: str | None = self._headers.get(name, default)
        return found


class SeamRestClient:
    """Takes the place of the client's own REST client."""

    def __init__(self, seam: Seam, *, trusts_keys: bool = True) -> None:
        """Lead to one system."""
        self._seam = seam
        self._trusts_keys = trusts_keys

    def request(
        self,
        method: str,
        url: str,
        *,
        query_params: Pairs | None = None,
        headers: Mapping[str, str] | None = None,
        body: Any = None,  # noqa: ANN401 - what JSON can hold
        post_params: Pairs | None = None,
        **_: object,
    ) -> SeamResponse:
        """Make a call.

        Raises:
            DuebridgeError: As `Seam.call` does.
        """
        sent = {
            name: value
            for name, value in (headers or {}).items()
            if name.lower() not in OWN_HEADERS
        }
        lower = {name.lower() for name in sent}
        json, content = None, None
        if method not in GET_LIKE:
            json, content = _body(sent, body, post_params)
        answer = self._seam.call(
            method,
            f"{url}?{urlencode(query_params)}" if query_params else url,
            headers=sent,
            json=json,
            content=content,
            idempotent=method in GET_LIKE
            or (self._trusts_keys and IDEMPOTENCY_KEY in lower),
        )
        return SeamResponse(answer)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - GET, POST …
        """Return a method's call: the client asks for `GET`, `POST` and so on."""
        if not name.isupper():
            raise AttributeError(name)

        def call(url: str, **arguments: Any) -> SeamResponse:  # noqa: ANN401
            return self.request(name, url, **arguments)

        return call


class _KeptBySeam:
    """Stands where the client wants a token."""

    def get_auth_settings(self) -> None:
        """Return nothing to add: the seam signs."""


def _body(
    headers: dict[str, str],
    body: Any,  # noqa: ANN401 - what JSON can hold
    form: Pairs | None,
) -> tuple[Any, bytes | None]:
    kind = next(
        (value for name, value in headers.items() if name.lower() == "content-type"),
        JSON_TYPE,
    )
    if kind == FORM_TYPE:
        return None, urlencode(form or {}).encode()
    if isinstance(body, str | bytes):
        return None, body.encode() if isinstance(body, str) else body
    return _exact(body), None


def _exact(value: Any) -> Any:  # noqa: ANN401 - what JSON can hold
    """Return a body without floats: the client made some of our decimals."""
    match value:
        case float():
            exact = Decimal(repr(value))
            if len(exact.normalize().as_tuple().digits) > EXACT_DIGITS:
                raise InvariantError("An amount has more digits than Xero's client.")
            return exact
        case dict():
            return {name: _exact(one) for name, one in value.items()}
        case list() | tuple():
            return [_exact(one) for one in value]
        case _:
            return value
