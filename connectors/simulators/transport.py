"""A stand-in as an httpx transport: no sockets, every host is the vendor's."""

import time
from collections.abc import Iterator
from typing import Final, Protocol

import httpx

from connectors.simulators.clock import Clock
from connectors.simulators.replies import Break, Request, Response
from connectors.simulators.server import Service

CHUNK_BYTES: Final = 16 * 1024


class TimedService(Service, Protocol):
    """A service with a time of its own."""

    @property
    def clock(self) -> Clock:
        """Its time."""
        ...


class SimulatorTransport(httpx.BaseTransport):
    """Hands each request to a simulator; its time passes where a call takes some."""

    def __init__(self, simulator: TimedService) -> None:
        self._simulator = simulator

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a request, or fail as a network does."""
        read_s = request.extensions.get("timeout", {}).get("read")

        def wait(seconds: float) -> None:
            if read_s is not None and seconds > read_s:
                self._pass(read_s)
                raise httpx.ReadTimeout("The simulator is slow", request=request)
            self._pass(seconds)

        answer = self._simulator.respond(
            Request(
                method=request.method,
                path=request.url.path,
                query=dict(request.url.params),
                headers={name.lower(): text for name, text in request.headers.items()},
                body=request.read(),
            ),
            wait,
        )
        self._break(answer, request, read_s)
        headers = {**answer.headers, "content-length": str(len(answer.body))}
        return httpx.Response(
            answer.status, headers=headers, stream=_Chunks(answer.body), request=request
        )

    def _break(
        self, answer: Response, request: httpx.Request, read_s: float | None
    ) -> None:
        match answer.breaks:
            case None:
                return
            case Break.RESET:
                raise httpx.ReadError("Connection reset by peer", request=request)
            case Break.SILENCE:
                self._pass(read_s or 0)
                raise httpx.ReadTimeout("The simulator is silent", request=request)

    def _pass(self, seconds: float) -> None:
        clock = self._simulator.clock
        if clock.stands_still:
            clock.advance(seconds)
        else:
            time.sleep(seconds)


class _Chunks(httpx.SyncByteStream):
    """A body in pieces, so that a reader can stop when it gets too much."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def __iter__(self) -> Iterator[bytes]:
        for start in range(0, len(self._body), CHUNK_BYTES):
            yield self._body[start : start + CHUNK_BYTES]
