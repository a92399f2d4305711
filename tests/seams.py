"""A seam whose network is a function, a clock that sleeping moves, calls in memory."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from urllib.parse import parse_qs
from uuid import uuid4
from zoneinfo import ZoneInfo

import httpx

from connectors.http import Authenticator, Seam, Timeouts
from connectors.limits import Limiter, LimitReader, nothing_told
from connectors.trace import Trace
from ledger.calls import Grant, Refusal, Seen, Usage
from ledger.secret import Secret
from ledger.testing import AN_INSTANT

BASE = "https://books.example/api"
Handler = Callable[[httpx.Request], httpx.Response]


@dataclass(slots=True)
class MovingClock:
    """A clock that only sleeping moves."""

    at: datetime = AN_INSTANT
    slept_s: list[float] = field(default_factory=list)

    def now(self) -> datetime:
        """Return where it stands."""
        return self.at

    def today(self, zone: ZoneInfo) -> date:
        """Return the day it stands at."""
        return self.at.astimezone(zone).date()

    def sleep(self, seconds: float) -> None:
        """Move on."""
        self.slept_s.append(seconds)
        self.at += timedelta(seconds=seconds)


@dataclass(slots=True)
class CallsInMemory:
    """Counts calls, and refuses while it has refusals to give."""

    refusals: list[Refusal] = field(default_factory=list)
    acquired: int = 0
    finished: list[tuple[int, Seen]] = field(default_factory=list)

    def acquire(self, lease_s: int) -> Grant | Refusal:
        """Give the next refusal, else leave."""
        if self.refusals:
            return self.refusals.pop(0)
        self.acquired += 1
        return Grant(uuid4(), AN_INSTANT + timedelta(seconds=lease_s))

    def finish(self, grant: Grant, *, byte_count: int, seen: Seen) -> None:
        """Keep what was said."""
        del grant
        self.finished.append((byte_count, seen))

    def usage(self) -> Usage:
        """Return what was used."""
        return Usage(
            day_on=AN_INSTANT.date(),
            call_count=self.acquired,
            byte_count=sum(count for count, _ in self.finished),
        )


@dataclass(slots=True)
class Tokens:
    """An authenticator that has so many tokens, one after the other."""

    left: list[str]
    renewals: int = 0

    def headers(self) -> dict[str, Secret]:
        """Return the present token."""
        return {"Authorization": Secret(f"Bearer {self.left[0]}")}

    def renew(self, refused: object) -> bool:
        """Go on to the next token."""
        assert refused == self.headers()
        self.renewals += 1
        if len(self.left) == 1:
            return False
        del self.left[0]
        return True


@dataclass(slots=True)
class Server:
    """Answers in the order given, and the last one for ever."""

    answers: Sequence[httpx.Response | Exception | Handler]
    requests: list[httpx.Request] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer the next request."""
        request.read()
        position = min(len(self.requests), len(self.answers) - 1)
        self.requests.append(request)
        found = self.answers[position]
        if isinstance(found, Exception):
            raise found
        return found if isinstance(found, httpx.Response) else found(request)


def a_seam(
    server: Handler,
    *,
    clock: MovingClock | None = None,
    calls: CallsInMemory | None = None,
    read: LimitReader = nothing_told,
    authenticator: Authenticator | None = None,
    trace: Trace | None = None,
    base_url: str = BASE,
    answer_bytes_max: int = 2**20,
) -> Seam:
    """Make a seam whose network is a function."""
    moving = clock or MovingClock()
    limiter = None
    if calls is not None:
        limiter = Limiter(calls, moving, read, sleep=moving.sleep)
    return Seam(
        base_url=base_url,
        name="the books",
        clock=moving,
        limiter=limiter,
        authenticator=authenticator,
        trace=trace,
        timeouts=Timeouts(),
        answer_bytes_max=answer_bytes_max,
        transport=httpx.MockTransport(server),
        sleep=moving.sleep,
    )


def form_of(request: httpx.Request) -> dict[str, str]:
    """Return a form's fields."""
    return {name: one for name, (one,) in parse_qs(request.content.decode()).items()}


def an_answer(
    body: object = None, *, status: int = 200, **headers: str
) -> Callable[[httpx.Request], httpx.Response]:
    """Make an answer of JSON; header names have underscores for hyphens."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}

    def answer(request: httpx.Request) -> httpx.Response:
        del request
        return httpx.Response(status, json=body if body is not None else {})

    def answer_with_headers(request: httpx.Request) -> httpx.Response:
        response = answer(request)
        response.headers.update(named)
        return response

    return answer_with_headers
