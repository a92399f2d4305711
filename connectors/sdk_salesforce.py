"""Salesforce's well-kept client, simple-salesforce, on our seam.

Needs the extra `vendors`. Its session is kept by the seam's authenticator, its numbers
are decimals, and what goes wrong is an error of `connectors/faults.py`.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

import requests
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict
from simple_salesforce.api import Salesforce

from connectors.http import GET_LIKE, Seam
from connectors.verdicts import JSON_TYPE
from ledger.errors import InvariantError

KEPT_BY_SEAM: Final = "kept-by-the-seam"
"""Stands where the client wants a session; the adapter takes it out again."""

OWN_HEADERS: Final = frozenset(
    {
        "accept-encoding",
        "authorization",
        "connection",
        "content-length",
        "cookie",
        "host",
        "user-agent",
    }
)
"""Headers that are the seam's alone."""
ANYTHING: Final = "*/*"


def salesforce(seam: Seam, *, version: str) -> Salesforce:
    """Return a client of the organisation that the seam leads to.

    Args:
        seam: Its base address is the instance's, without a path.
        version: Of the API, such as `62.0`.
    """
    session = requests.Session()
    session.trust_env = False
    for scheme in ("https://", "http://"):
        session.mount(scheme, SeamAdapter(seam))
    return Salesforce(
        instance_url=seam.base_url,
        session_id=KEPT_BY_SEAM,
        session=session,
        version=version,
        parse_float=Decimal,
    )


class SeamAdapter(BaseAdapter):
    """Sends what `requests` prepared through a seam."""

    def __init__(self, seam: Seam) -> None:
        """Lead to one system."""
        super().__init__()
        self._seam = seam

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,  # noqa: FBT001, FBT002 - as the library calls it
        timeout: object = None,
        verify: object = True,  # noqa: FBT002 - as above
        cert: object = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """Make the call; time limits, TLS and proxies are the seam's own.

        Raises:
            DuebridgeError: As `Seam.call` does.
        """
        del stream, timeout, verify, cert, proxies
        assert request.method is not None
        assert request.url is not None
        body = request.body
        if not isinstance(body, str | bytes | None):
            raise InvariantError("A body is sent whole, not in pieces.")
        answer = self._seam.call(
            request.method,
            request.url,
            headers=_headers(request.headers),
            content=body.encode() if isinstance(body, str) else body,
            idempotent=request.method in GET_LIKE,
        )
        response = requests.Response()
        response.status_code = answer.status
        response.headers = CaseInsensitiveDict(answer.headers.items())
        response._content = answer.body  # noqa: SLF001 - the library has no other way
        response.encoding = answer.headers.encoding
        response.url = request.url
        response.request = request
        return response

    def close(self) -> None:
        """Leave the seam open: it is not the adapter's."""


def _headers(given: Mapping[str, str]) -> dict[str, str]:
    kept = {
        name: value for name, value in given.items() if name.lower() not in OWN_HEADERS
    }
    accept = next((name for name in kept if name.lower() == "accept"), "Accept")
    if kept.get(accept, ANYTHING) == ANYTHING:
        kept[accept] = JSON_TYPE
    return kept
