"""Answers a repeated write with the first answer, while its key is known."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Final

from connectors.simulators.clock import Clock
from connectors.simulators.debitura.replies import (
    RefusedError,
    business,
    failure,
    invalid,
)
from connectors.simulators.replies import Request, Response

KEY_LENGTH_MAX: Final = 255
KEPT_S: Final = 6 * 60
"""How long keys live is not said by the vendor; here it is short, to be found out."""
INVALID, SERVER_ERROR = 400, 500


@dataclass(slots=True, kw_only=True)
class _Used:
    body_hash: bytes
    at_s: float
    response: Response | None = None


class Keys:
    """The keys of one account; each is forgotten some minutes after its use."""

    def __init__(self, clock: Clock, kept_s: float = KEPT_S) -> None:
        self.kept_s = kept_s
        self._clock = clock
        self._used: dict[str, _Used] = {}
        self._lock = Lock()

    def once(self, request: Request, answer: Callable[[], Response]) -> Response:
        """Carry a write out, unless its key was used within the last minutes."""
        key = request.headers.get("idempotency-key")
        if key is None:
            return answer()
        if len(key) > KEY_LENGTH_MAX:
            return invalid({"Idempotency-Key": [f"Over {KEY_LENGTH_MAX} characters"]})
        claimed = self._claim(key, request)
        if isinstance(claimed, Response):
            return claimed
        try:
            response = answer()
        except RefusedError as refusal:
            response = refusal.response
        with self._lock:
            if response.status == INVALID or response.status >= SERVER_ERROR:
                del self._used[key]
            else:
                claimed.response = response
        return response

    def _claim(self, key: str, request: Request) -> Response | _Used:
        now_s = self._clock.now.timestamp()
        body_hash = hashlib.sha256(request.body).digest()
        with self._lock:
            known = self._used.get(key)
            if known is None or now_s - known.at_s >= self.kept_s:
                self._used[key] = used = _Used(body_hash=body_hash, at_s=now_s)
                return used
        if known.body_hash != body_hash:
            error = {
                "type": "IdempotencyConflict",
                "message": "The key was used with another body.",
                "solutionUrl": None,
            }
            return business([error], signing_url=None)
        if known.response is None:
            return failure(409, "IdempotencyInProgress", "The first call is under way.")
        return known.response
