"""Answers a repeated write with the first answer, as long as its key is known."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from connectors.simulators.xero.bodies import refused
from connectors.simulators.xero.clock import Clock
from connectors.simulators.xero.replies import Request, Response, invalid

KEY_LENGTH_MAX: Final = 128
KEPT_S: Final = 6 * 60
SERVER_ERROR: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answered:
    request_hash: bytes
    response: Response
    at_s: float


class IdempotencyKeys:
    """The keys of one organisation; each is forgotten some minutes after its use."""

    def __init__(self, clock: Clock, kept_s: float = KEPT_S) -> None:
        self.kept_s = kept_s
        self._clock = clock
        self._answered: dict[str, _Answered] = {}

    def once(self, request: Request, answer: Callable[[], Response]) -> Response:
        """Carry a write out, unless its key was used within the last minutes."""
        key = request.headers.get("idempotency-key")
        if key is None:
            return answer()
        if len(key) > KEY_LENGTH_MAX:
            return _invalid(f"Idempotency-Key is over {KEY_LENGTH_MAX} characters")
        now_s = self._clock.now.timestamp()
        known = self._answered.get(key)
        told = hashlib.sha256(
            f"{request.method} {request.path}\n".encode() + request.body
        ).digest()
        if known is not None and now_s - known.at_s < self.kept_s:
            if known.request_hash != told:
                return _invalid("Idempotency-Key was used with another request")
            return known.response
        response = answer()
        if response.status < SERVER_ERROR:
            self._answered[key] = _Answered(
                request_hash=told, response=response, at_s=now_s
            )
        return response


def _invalid(message: str) -> Response:
    return invalid([refused({}, [message])])
