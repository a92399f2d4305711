"""A stand-in as a real HTTP server on the loopback."""

import socket
import struct
import sys
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from types import TracebackType
from typing import Final, Protocol, Self
from urllib.parse import parse_qsl, urlsplit

from connectors.simulators.replies import Break, Request, Response

HOST: Final = "127.0.0.1"
SILENCE_S: Final = 60
BODY_BYTES_MAX: Final = 3_500_000


class Service(Protocol):
    """What answers calls, without a network."""

    def respond(self, request: Request, sleep: Callable[[float], None]) -> Response:
        """Answer one call; `sleep` is how a slow answer takes its time."""
        ...


class SimulatorServer:
    """Serves a stand-in from a thread until it is closed."""

    def __init__(self, simulator: Service, *, port: int = 0) -> None:
        closing = Event()
        self._closing = closing
        self._server = _Server((HOST, port), _handler(simulator, closing))
        self._thread = Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        """Where it listens; all of the vendor's hosts are this one."""
        return f"http://{HOST}:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        """Start to serve."""
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop, and let go of calls that wait in silence."""
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def serve(self) -> None:
        """Serve in this thread until interrupted."""
        try:
            self._server.serve_forever()
        finally:
            self._closing.set()
            self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of clients that hang up."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type] # as got


def _handler(simulator: Service, closing: Event) -> type[BaseHTTPRequestHandler]:
    """Make the class that http.server wants, bound to a stand-in."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def _answer(self) -> None:
            told = self.headers.get("content-length") or "0"
            length = int(told) if told.isdecimal() else BODY_BYTES_MAX + 1
            if length > BODY_BYTES_MAX:
                self.close_connection = True
                self._send(Response(status=413))
                return
            target = urlsplit(self.path)
            request = Request(
                method=self.command,
                path=target.path,
                query=dict(parse_qsl(target.query, keep_blank_values=True)),
                headers={name.lower(): text for name, text in self.headers.items()},
                body=self.rfile.read(length),
            )
            self._send(simulator.respond(request, time.sleep))

        do_GET = do_PUT = do_POST = do_DELETE = _answer  # noqa: N815 - http.server's

        def _send(self, answer: Response) -> None:
            if answer.breaks is not None:
                if answer.breaks is Break.SILENCE:
                    closing.wait(SILENCE_S)
                self._reset()
                return
            self.send_response_only(answer.status)
            for name, text in answer.headers.items():
                self.send_header(name, text)
            if answer.status != 204:  # noqa: PLR2004 - no content
                self.send_header("content-length", str(len(answer.body)))
            self.end_headers()
            self.wfile.write(answer.body)

        def _reset(self) -> None:
            """Close so that the far end sees a reset, not an end of file."""
            self.close_connection = True
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.connection.close()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Say nothing."""

    return Handler
