"""The vendor's shapes of answers and refusals."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from connectors.simulators.replies import Response

JSON: Final = "application/json; charset=utf-8"

Fields = dict[str, Any]
"""One JSON object on its way out; amounts in it are decimals."""

_encoder: Final = msgspec.json.Encoder(decimal_format="number")


class RefusedError(Exception):
    """A call ends here with this response."""

    def __init__(self, response: Response) -> None:
        self.response = response
        super().__init__(f"{response.status} {response.body[:200]!r}")


def encode(value: object) -> bytes:
    """Write JSON; decimals become numbers with the digits they have."""
    return _encoder.encode(value)


def ok(value: object, status: int = 200) -> Response:
    """Answer with JSON."""
    return Response(status=status, headers={"content-type": JSON}, body=encode(value))


def failure(status: int, kind: str, message: str) -> Response:
    """Answer with an error in the vendor's words."""
    error = {"type": kind, "message": message, "solutionUrl": None}
    return ok({"error": message, "message": message, "businessErrors": [error]}, status)


def not_found(what: str) -> Response:
    """Answer that there is no such thing."""
    return failure(404, "NotFound", f"{what} not found")


def invalid(errors: Mapping[str, Sequence[str]]) -> Response:
    """Answer that fields are wrong, by their names."""
    return ok({name: list(words) for name, words in errors.items()}, 400)


def business(errors: Sequence[Fields], *, signing_url: str | None) -> Response:
    """Answer that rules are not met."""
    handoff = {"combinedSigningUrl": signing_url} if signing_url else None
    return ok({"businessErrors": list(errors), "signingHandoff": handoff}, 422)
