"""What can go wrong on the way to any stand-in, switched on for the next calls."""

import struct
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from threading import Lock
from typing import Final

from connectors.simulators.replies import Break, Request, Response

BOMB_BYTES: Final = 256 * 2**20

Spoil = Callable[[Response], Response]
Ask = Callable[[Request], Request]
When = Callable[[Request], bool]
Respond = Callable[[Request], Response]


def _as_it_is(request: Request) -> Request:
    return request


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A way to go wrong: instead of the answer, or to the answer that was made.

    With `happens` the call takes effect before the answer is spoilt.

    Attributes:
        ask: What is answered in place of what was asked.
    """

    name: str
    spoil: Spoil
    happens: bool = False
    ask: Ask = _as_it_is


def answered(
    status: int, headers: Mapping[str, str] | None = None, body: bytes = b""
) -> Fault:
    """Answer so, whatever was asked; nothing happens."""
    answer = Response(status=status, headers=headers or {}, body=body)
    return Fault(name=f"status {status}", spoil=lambda _: answer)


def headed(headers: Callable[[], Mapping[str, str]]) -> Fault:
    """Send the right answer with other headers."""
    return Fault(
        name="headers",
        spoil=lambda answer: replace(answer, headers={**answer.headers, **headers()}),
        happens=True,
    )


def meanwhile(act: Callable[[], object]) -> Fault:
    """Let something else happen right after the answer was made."""

    def spoil(answer: Response) -> Response:
        act()
        return answer

    return Fault(name="meanwhile", spoil=spoil, happens=True)


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
    when: When

    def fits(self, request: Request) -> bool:
        """Say whether it may befall a call."""
        return (
            request.path.startswith(self.path)
            and self.method in {None, request.method}
            and self.when(request)
        )


def _always(request: Request) -> bool:
    del request
    return True


class Faults:
    """The faults to come; the first that fits a call is used up by it."""

    def __init__(self, path: str = "/") -> None:
        """Begin without any; they befall the calls of a path unless told otherwise."""
        self._path = path
        self._planned: list[_Planned] = []
        self._lock = Lock()

    def plan(
        self,
        fault: Fault,
        *,
        calls: int = 1,
        after: int = 0,
        path: str | None = None,
        method: str | None = None,
        when: When = _always,
    ) -> None:
        """Let a fault befall the next calls of a path, after so many good ones."""
        planned = _Planned(
            fault=fault,
            calls=calls,
            after=after,
            path=self._path if path is None else path,
            method=method,
            when=when,
        )
        with self._lock:
            self._planned.append(planned)

    @property
    def left(self) -> int:
        """How many were planned and did not come to their end."""
        with self._lock:
            return len(self._planned)

    def clear(self) -> None:
        """Let everything go well from now on."""
        with self._lock:
            self._planned.clear()

    def take(self, request: Request) -> Fault | None:
        """Return the fault that befalls a call, if any."""
        with self._lock:
            for one in self._planned:
                if not one.fits(request):
                    continue
                if one.after:
                    one.after -= 1
                    continue
                one.calls -= 1
                if one.calls <= 0:
                    self._planned.remove(one)
                return one.fault
        return None

    def befall(
        self, request: Request, respond: Respond, sleep: Callable[[float], None]
    ) -> Response:
        """Answer a call, or let its fault do so."""
        fault = self.take(request)
        if fault is None:
            return respond(request)
        answer = respond(fault.ask(request)) if fault.happens else Response()
        spoilt = fault.spoil(answer)
        if spoilt.delay_s:
            sleep(spoilt.delay_s)
        return spoilt


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
