"""Sends the pages of `xero_books` over HTTP, in a process of its own, and counts calls.

It does nothing else, so that what is measured is the reader: no login, no limits, no
page is made while anybody waits. Its clock shows the day of the books until it is told
that night has come.
"""

import asyncio
import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit
from urllib.request import urlopen

from benchmarks import xero_books

API = "/api.xro/2.0/"
HEAD_END = b"\r\n\r\n"


@dataclass(slots=True)
class Site:
    """What is sent, and how often what was asked for."""

    folder: Path
    is_night: bool = False
    calls: Counter[str] = field(default_factory=Counter)

    def answer(self, target: str, since: str | None) -> bytes:
        """Return the body for a request."""
        url = urlsplit(target)
        if url.path == "/control/night":
            self.is_night = True
            return b"{}"
        if url.path == "/control/day":
            self.is_night = False
            return b"{}"
        if url.path == "/control/calls":
            found, self.calls = json.dumps(self.calls).encode(), Counter()
            return found
        name = url.path.removeprefix(API)
        asked = {key: one[0] for key, one in parse_qs(url.query).items()}
        if name == "Organisation":
            self.calls[name] += 1
            return (self.folder / "organisation.json").read_bytes()
        sort, body = self._list(name, asked, since)
        self.calls[f"{sort} {name}"] += 1
        return body

    def _list(
        self, name: str, asked: dict[str, str], since: str | None
    ) -> tuple[str, bytes]:
        name, _, key = name.partition("/")
        if key:
            return "single", self._singles(name, [key])
        page = f"{name}-{asked['page']}.json"
        time_ = "night" if self.is_night else "day"
        if "IDs" in asked:
            return "single", self._singles(name, asked["IDs"].split(","))
        if "AUTHORISED" in asked.get("where", "") + asked.get("Statuses", ""):
            return "open", (self.folder / time_ / "open" / page).read_bytes()
        if "PaymentType!=" in asked.get("where", ""):
            # No payment of these books is of a credit.
            return "all", json.dumps({name: []}).encode()
        if since is None:
            return "all", (self.folder / "day" / "all" / page).read_bytes()
        moved = datetime.fromisoformat(since) <= xero_books.CHANGED_AT
        if self.is_night and moved:
            return "changed", (self.folder / "night" / "changed" / page).read_bytes()
        return "changed", json.dumps({name: []}).encode()

    def _singles(self, name: str, keys: list[str]) -> bytes:
        path = self.folder / "night" / "single.json"
        there = json.loads(path.read_text(encoding="utf-8"))
        found = [there[key] for key in keys if key in there]
        return json.dumps({name: found}).encode()

    @property
    def now(self) -> datetime:
        """What its clock shows."""
        return xero_books.NIGHT_AT if self.is_night else xero_books.DAY_AT


class Talk(asyncio.Protocol):
    """One connection, kept open."""

    def __init__(self, site: Site) -> None:
        """Speak for a site."""
        self._site = site
        self._heard = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer each request whose head is whole; none has a body."""
        self._heard += data
        while HEAD_END in self._heard:
            head, _, self._heard = self._heard.partition(HEAD_END)
            lines = head.decode("latin-1").split("\r\n")
            named = dict(line.split(": ", 1) for line in lines[1:])
            headers = {name.lower(): value for name, value in named.items()}
            target = lines[0].split(" ")[1]
            try:
                status = "200 OK"
                body = self._site.answer(target, headers.get("if-modified-since"))
            except (OSError, KeyError):
                status, body = "404 Not Found", b"{}"
            assert self._transport is not None
            self._transport.write(
                f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\n"
                f"Content-Length: {len(body)}\r\n"
                f"Date: {format_datetime(self._site.now, usegmt=True)}\r\n\r\n"
                "".encode()
            )
            self._transport.write(body)


async def _serve(folder: Path) -> None:
    site = Site(folder)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Talk(site), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


@dataclass(frozen=True, slots=True)
class Running:
    """A server that runs."""

    url: str

    def tell(self, word: str) -> None:
        """Say that it is `day` or `night` now."""
        self._control(word)

    def calls(self) -> dict[str, int]:
        """Return how often what was asked for since the last time."""
        found: dict[str, int] = self._control("calls")
        return found

    def _control(self, word: str) -> Any:  # noqa: ANN401 - what JSON holds
        with urlopen(f"{self.url}/control/{word}") as answer:  # noqa: S310 - our own
            return json.load(answer)


@contextmanager
def running(folder: Path) -> Iterator[Running]:
    """Run a server over a folder of pages."""
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.xero_server", str(folder)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[1],
    ) as process:
        assert process.stdout is not None
        try:
            port = int(process.stdout.readline())
            yield Running(f"http://127.0.0.1:{port}")
        finally:
            process.terminate()


if __name__ == "__main__":
    asyncio.run(_serve(Path(sys.argv[1])))
