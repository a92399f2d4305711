"""What can go wrong on the way, switched on for the next calls."""

import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from threading import Lock
from typing import Final

from connectors.simulators.xero.limits import refusal
from connectors.simulators.xero.replies import (
    Break,
    Request,
    Response,
    gateway_error,
    json_response,
)

API: Final = "/api.xro/"
HOURS_18_S: Final = 18 * 60 * 60
BOMB_BYTES: Final = 256 * 2**20

Spoil = Callable[[Response], Response]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A way to go wrong: instead of the answer, or to the answer that was made.

    With `happens` the call takes effect before the answer is spoilt.
    """

    name: str
    spoil: Spoil
    happens: bool = False


def rate_limited(wait_s: int = 5, problem: str = "minute") -> Fault:
    """Answer 429, to come again after so many seconds."""
    return Fault(name="rate limited", spoil=lambda _: refusal(problem, wait_s))


def day_limited() -> Fault:
    """Answer 429, to come again in 18 hours."""
    return rate_limited(HOURS_18_S, "day")


def unauthorized() -> Fault:
    """Answer 401 although the token is good."""
    answer = gateway_error(401, "Unauthorized", "TokenExpired: token expired")
    return Fault(name="unauthorized", spoil=lambda _: answer)


def server_error(status: int = 503) -> Fault:
    """Answer 5xx."""
    answer = gateway_error(status, "An error occurred", "Try again later.")
    return Fault(name=f"server error {status}", spoil=lambda _: answer)


def timeout() -> Fault:
    """Answer nothing, and keep the connection open; nothing happens."""
    return Fault(name="timeout", spoil=lambda _: Response(breaks=Break.SILENCE))


def reset() -> Fault:
    """Close the connection before the answer; nothing happens."""
    return Fault(name="reset", spoil=lambda _: Response(breaks=Break.RESET))


def lost_answer(*, breaks: Break = Break.RESET) -> Fault:
    """Let the call take effect, and lose the answer."""
    return Fault(
        name="lost answer", spoil=lambda _: Response(breaks=breaks), happens=True
    )


def truncated() -> Fault:
    """Send half of the JSON as if it were all."""
    return Fault(
        name="truncated",
        spoil=lambda answer: replace(answer, body=answer.body[: len(answer.body) // 2]),
        happens=True,
    )


def invalid_json() -> Fault:
    """Send JSON with an error of syntax in it."""
    return Fault(
        name="invalid JSON",
        spoil=lambda answer: replace(answer, body=answer.body.replace(b":", b"=", 1)),
        happens=True,
    )


def html(status: int = 200) -> Fault:
    """Send a page for people, as proxies do."""
    answer = Response(
        status=status,
        headers={"content-type": "text/html"},
        body=b"<!DOCTYPE html><html><body><h1>Scheduled maintenance</h1></body></html>",
    )
    return Fault(name="html", spoil=lambda _: answer)


def gzip_bomb(size: int = BOMB_BYTES) -> Fault:
    """Send few bytes that unpack to very many."""

    def spoil(answer: Response) -> Response:
        headers = {**answer.headers, "content-encoding": "gzip"}
        return replace(answer, headers=headers, body=_bomb(size))

    return Fault(name="gzip bomb", spoil=spoil, happens=True)


def error_body() -> Fault:
    """Answer 200 with the body of an error."""
    answer = json_response(
        {
            "ErrorNumber": 500,
            "Type": "InternalError",
            "Message": "An unexpected error occurred",
        }
    )
    return Fault(name="error body", spoil=lambda _: answer)


def slow(seconds: float) -> Fault:
    """Send the right answer late."""
    return Fault(
        name="slow",
        spoil=lambda answer: replace(answer, delay_s=seconds),
        happens=True,
    )


@dataclass(slots=True, kw_only=True)
class _Planned:
    fault: Fault
    calls: int
    after: int
    path: str
    method: str | None


class Faults:
    """The faults to come; the first that fits a call is used up by it."""

    def __init__(self) -> None:
        self._planned: list[_Planned] = []
        self._lock = Lock()

    def plan(
        self,
        fault: Fault,
        *,
        calls: int = 1,
        after: int = 0,
        path: str = API,
        method: str | None = None,
    ) -> None:
        """Let a fault befall the next calls of a path, after so many good ones."""
        with self._lock:
            self._planned.append(
                _Planned(
                    fault=fault, calls=calls, after=after, path=path, method=method
                )
            )

    def clear(self) -> None:
        """Let everything go well from now on."""
        with self._lock:
            self._planned.clear()

    def take(self, request: Request) -> Fault | None:
        """Return the fault that befalls a call, if any."""
        with self._lock:
            for one in self._planned:
                if not request.path.startswith(one.path):
                    continue
                if one.method not in {None, request.method}:
                    continue
                if one.after:
                    one.after -= 1
                    continue
                one.calls -= 1
                if one.calls <= 0:
                    self._planned.remove(one)
                return one.fault
        return None


@cache
def _bomb(size: int) -> bytes:
    """Pack so many spaces; a block is packed once and repeated."""
    block = b" " * 2**20
    packer = zlib.compressobj(9, wbits=-15)
    packed = packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH)
    count = size // len(block)
    check = 0
    for _ in range(count):
        check = zlib.crc32(block, check)
    head = b"\x1f\x8b\x08" + bytes(6) + b"\xff"
    tail = struct.pack("<LL", check, count * len(block) % 2**32)
    return head + packed * count + b"\x03\x00" + tail
