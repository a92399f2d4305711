"""How many calls the vendor answers: a minute, a day, at once, and of one app."""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import ceil
from threading import Lock
from typing import Final

from connectors.simulators.xero.clock import Clock
from connectors.simulators.xero.replies import RefusedError, Response

MINUTE_S: Final = 60
DAY_S: Final = 24 * 60 * 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Calls an organisation may get, and an app over all its organisations."""

    minute_max: int = 60
    day_max: int = 5_000
    concurrent_max: int = 5
    app_minute_max: int = 10_000


UNLIMITED: Final = Limits(
    minute_max=10**9, day_max=10**9, concurrent_max=10**9, app_minute_max=10**9
)


@dataclass(slots=True, kw_only=True)
class _Window:
    """The calls of the last so many seconds."""

    length_s: int
    calls: deque[float] = field(default_factory=deque)

    def room(self, most: int, now_s: float) -> int:
        while self.calls and self.calls[0] <= now_s - self.length_s:
            self.calls.popleft()
        return most - len(self.calls)

    def wait_s(self, now_s: float) -> int:
        return max(1, ceil(self.calls[0] + self.length_s - now_s))


class Gate:
    """Counts the calls to one organisation and refuses those beyond the limits."""

    def __init__(self, clock: Clock, limits: Limits, app: "AppGate") -> None:
        self.limits = limits
        self._clock = clock
        self._app = app
        self._minute = _Window(length_s=MINUTE_S)
        self._day = _Window(length_s=DAY_S)
        self._inside = 0
        self._lock = Lock()

    @contextmanager
    def passing(self) -> Iterator[dict[str, str]]:
        """Let a call through and count it; yield the headers that tell what is left."""
        with self._lock:
            headers = self._count()
            self._inside += 1
        try:
            yield headers
        finally:
            with self._lock:
                self._inside -= 1

    def _count(self) -> dict[str, str]:
        now_s = self._clock.now.timestamp()
        windows = (
            ("day", self._day, self.limits.day_max),
            ("minute", self._minute, self.limits.minute_max),
            ("appminute", self._app.minute, self.limits.app_minute_max),
        )
        left = {name: window.room(most, now_s) for name, window, most in windows}
        for name, window, _ in windows:
            if left[name] <= 0:
                raise RefusedError(
                    refusal(name, window.wait_s(now_s), left=_headers(left))
                )
        if self._inside >= self.limits.concurrent_max:
            raise RefusedError(refusal("concurrent", 1, left=_headers(left)))
        for name, window, _ in windows:
            window.calls.append(now_s)
            left[name] -= 1
        return _headers(left)


@dataclass(slots=True, kw_only=True)
class AppGate:
    """The calls of the app, over all organisations."""

    minute: _Window = field(default_factory=lambda: _Window(length_s=MINUTE_S))


def refusal(
    problem: str, wait_s: int, *, left: dict[str, str] | None = None
) -> Response:
    """Answer that there were too many calls, and how long to wait."""
    headers = {
        **(left or {}),
        "retry-after": str(wait_s),
        "x-rate-limit-problem": problem,
        "content-type": "text/html",
    }
    return Response(status=429, headers=headers, body=b"Rate limit exceeded")


def _headers(left: dict[str, int]) -> dict[str, str]:
    return {
        "x-daylimit-remaining": str(max(0, left["day"])),
        "x-minlimit-remaining": str(max(0, left["minute"])),
        "x-appminlimit-remaining": str(max(0, left["appminute"])),
    }
