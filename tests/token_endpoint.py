"""A vendor's token endpoint on this machine, which rotates what it gives."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from threading import Lock, Thread
from urllib.parse import parse_qs


@dataclass(slots=True)
class TokenEndpoint:
    """Gives a new refresh token each time; a used one is taken again within a grace.

    Attributes:
        grace_s: How long a used one is taken again.
        lose: How many of the next answers get lost after they took effect.
    """

    grace_s: float = 0
    lives_s: int | None = 1_800
    lose: int = 0
    valid: str = "refresh-0"
    used: dict[str, float] = field(default_factory=dict)
    given: int = 0
    refused: int = 0
    reused: int = 0
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))
    _lock: Lock = field(default_factory=Lock)

    def renew(self, token: str) -> tuple[int, dict[str, object]] | None:
        """Return status and answer for a refresh token, or None for no answer."""
        with self._lock:
            now = time.monotonic()
            fresh = token == self.valid
            if not fresh and now - self.used.get(token, -1e9) > self.grace_s:
                self.refused += 1
                return 400, {"error": "invalid_grant"}
            self.reused += not fresh
            self.used.setdefault(token, now)
            number = next(self._numbers)
            self.valid = f"refresh-{number}"
            self.given += 1
            if self.lose:
                self.lose -= 1
                return None
            answer: dict[str, object] = {
                "access_token": f"access-{number}",
                "refresh_token": self.valid,
                "token_type": "Bearer",
            }
            if self.lives_s is not None:
                answer["expires_in"] = self.lives_s
            return 200, answer

    @contextmanager
    def served(self) -> Iterator[str]:
        """Listen on this machine for a block; yield the address."""
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers["Content-Length"])
                form = parse_qs(self.rfile.read(length).decode())
                found = endpoint.renew(form["refresh_token"][0])
                if found is None:
                    self.close_connection = True
                    return
                body = json.dumps(found[1]).encode()
                self.send_response(found[0])
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        thread = Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/token"
        finally:
            server.shutdown()
            thread.join()
            server.server_close()
