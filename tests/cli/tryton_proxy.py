"""A proxy behind which a recorded Tryton answers, and what else a proxy may do."""

import json
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum, auto
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, Final
from urllib.parse import urlsplit

PAYLOADS: Final = Path(__file__).parents[1] / "payloads" / "tryton"
ADDRESS: Final = "http://tryton.example:8000"
"""What only the proxy knows the way to."""
DATABASE, USER = "books", "reader"
PASSWORD: Final = "quite-secret"  # noqa: S105
LISTS: Final = {
    "company.company": ("company",),
    "party.party": ("customers",),
    "account.invoice": ("invoices",),
    "account.move.line": ("entries",),
    "account.move.reconciliation": ("allocations",),
}
OWNERS: Final = ("invoices_owners", "entries_owners", "allocations_owners")
PAGE: Final = b"<!DOCTYPE html><html><body>Please sign in to the network</body></html>"


class Mood(Enum):
    """What comes through the proxy."""

    BOOKS = auto()
    """The company's books."""
    PAGE = auto()
    """The proxy's own page instead of an answer."""
    OTHER_COMPANY = auto()
    """The books of another company: the user works there now."""
    OTHER_PASSWORD = auto()
    """The books refuse the password."""
    NO_RIGHT = auto()
    """The user may not read the lists any more."""
    NO_DATABASE = auto()
    """There is no such database."""


@dataclass(slots=True)
class TrytonProxy:
    """Where it listens, and what comes through it now."""

    url: str = ""
    mood: Mood = Mood.BOOKS

    def answer(
        self, path: str, asked: dict[str, Any], signed: str
    ) -> tuple[int, bytes]:
        """Return status and body."""
        if self.mood is Mood.PAGE:
            return 200, PAGE
        if self.mood is Mood.NO_DATABASE or path != f"/{DATABASE}/rpc/":
            return 404, PAGE
        if asked["method"] == "common.db.login":
            if self.mood is Mood.OTHER_PASSWORD:
                return 401, b""
            assert asked["params"] == [USER, {"password": PASSWORD}]
            return 200, _said([1, "a-session", None])
        if b64decode(signed).decode() != f"{USER}:1:a-session":
            return 401, b""
        if asked["method"] == "model.res.user.get_preferences":
            company, name = 1, "Nordlicht Handel"
            if self.mood is Mood.OTHER_COMPANY:
                company, name = 2, "Südlicht Handel"
            return 200, _said({"company": company, "company.rec_name": name})
        if self.mood is Mood.NO_RIGHT:
            words = ["You are not allowed to access it.", ""]
            return 200, json.dumps({"id": 1, "error": ["AccessError", words]}).encode()
        return 200, _said(_found(asked))


@contextmanager
def listening() -> Iterator[TrytonProxy]:
    """Serve from a thread for the length of a block."""
    proxy = TrytonProxy()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
            signed = self.headers.get("authorization", "").removeprefix("Session ")
            path = urlsplit(self.path).path
            status, body = proxy.answer(path, asked, signed)
            self.send_response(status)
            kind = "text/html" if body == PAGE else "application/json"
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    proxy.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _found(asked: dict[str, Any]) -> list[dict[str, Any]]:
    model = asked["method"].removeprefix("model.").removesuffix(".search_read")
    domain, _, limit, _, fields, _ = asked["params"]
    names = OWNERS if "additional_moves" in fields else LISTS[model]
    records = {
        one["id"]: one
        for name in names
        for one in json.loads((PAYLOADS / f"{name}.json").read_bytes())["result"]
    }
    after = next((clause[2] for clause in domain if clause[:2] == ["id", ">"]), 0)
    among = next(
        (clause[2] for clause in domain if clause[:2] == ["id", "in"]), records
    )
    return [records[key] for key in sorted(records) if key > after and key in among][
        :limit
    ]


def _said(result: object) -> bytes:
    return json.dumps({"id": 1, "result": result}).encode()
