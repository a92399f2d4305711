"""Leave to call: asked for before each call, waited for a short time only.

What was called is counted where all processes see it (`CallStore`); this module waits,
gives up in time, and reads what an answer's headers say of the vendor's limits.
"""

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from connectors.answers import http_instant
from connectors.faults import RescheduleError
from ledger.calendar import Clock
from ledger.calls import Grant, Refusal, Seen, Usage
from ledger.errors import InvariantError

WAIT_MAX_S = 120
"""A longer wait ends the run, so that other connections get their turn."""
POLL_S = 0.2
"""How soon to ask again where another call's end would be enough."""
ASKS_MAX = 10_000

TOO_MANY = 429
UNAVAILABLE = 503
LimitReader = Callable[[int, Mapping[str, str]], Seen]
"""Reads status and headers of an answer."""


class CallStore(Protocol):
    """Counts one connection's calls, for all processes alike."""

    def acquire(self, lease_s: int) -> Grant | Refusal:
        """Count a call and lease its place, or say until when there is none."""
        ...

    def finish(self, grant: Grant, *, byte_count: int, seen: Seen) -> None:
        """Give the place back, count the bytes, and keep what the vendor said."""
        ...

    def usage(self) -> Usage:
        """Return what was used today."""
        ...


@dataclass(slots=True)
class Limiter:
    """Waits for leave to call, up to two minutes.

    Attributes:
        sleep: Waits for so many seconds.
    """

    store: CallStore
    clock: Clock
    read: LimitReader
    sleep: Callable[[float], None] = time.sleep

    def acquire(self, lease_s: int) -> Grant:
        """Return leave for one call.

        Raises:
            RescheduleError: It would take more than two minutes.
        """
        waited_s = 0.0
        for _ in range(ASKS_MAX):
            found = self.store.acquire(lease_s)
            if isinstance(found, Grant):
                return found
            left_s = max((found.until - self.clock.now()).total_seconds(), 0.0)
            pause_s = min(left_s, POLL_S) if found.brief else left_s
            waited_s += max(pause_s, POLL_S)
            if waited_s > WAIT_MAX_S:
                raise RescheduleError(found.reason, found.until, int(left_s) + 1)
            self.sleep(max(pause_s, POLL_S))
        raise InvariantError("Leave to call was asked for without end.")

    def finish(
        self, grant: Grant, *, byte_count: int, status: int, headers: Mapping[str, str]
    ) -> None:
        """Count what came back; a status of 0 says that nothing did."""
        seen = self.read(status, headers) if status else Seen()
        if status in {TOO_MANY, UNAVAILABLE}:
            blocked_s = retry_after_s(headers, self.clock.now())
            seen = Seen(
                day_left=seen.day_left,
                minute_left=seen.minute_left,
                app_minute_left=seen.app_minute_left,
                blocked_s=blocked_s if blocked_s is not None else seen.blocked_s,
                app_wide=seen.app_wide,
            )
        self.store.finish(grant, byte_count=byte_count, seen=seen)


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderNames:
    """Reads limits from headers that hold a whole number each.

    Attributes:
        problem: The header that names the limit reached, and `app_problems` its words
            for a limit of the whole app.
    """

    day_left: str = ""
    minute_left: str = ""
    app_minute_left: str = ""
    problem: str = ""
    app_problems: frozenset[str] = frozenset()

    def __call__(self, status: int, headers: Mapping[str, str]) -> Seen:
        """Return what the headers say."""
        del status
        lower = {name.lower(): value for name, value in headers.items()}
        return Seen(
            day_left=_count(lower.get(self.day_left.lower())),
            minute_left=_count(lower.get(self.minute_left.lower())),
            app_minute_left=_count(lower.get(self.app_minute_left.lower())),
            app_wide=lower.get(self.problem.lower(), "").lower() in self.app_problems,
        )


@dataclass(frozen=True, slots=True)
class UsedOfAll:
    """Reads a header that holds what was used of all, such as `api-usage=18/5000`."""

    header: str
    pattern: re.Pattern[str] = re.compile(r"(\d+)\s*/\s*(\d+)")

    def __call__(self, status: int, headers: Mapping[str, str]) -> Seen:
        """Return what is left of the day."""
        del status
        lower = {name.lower(): value for name, value in headers.items()}
        match = self.pattern.search(lower.get(self.header.lower(), ""))
        if match is None:
            return Seen()
        return Seen(day_left=max(int(match[2]) - int(match[1]), 0))


def nothing_told(status: int, headers: Mapping[str, str]) -> Seen:
    """Read nothing: the vendor says nothing of its limits in headers."""
    del status, headers
    return Seen()


def retry_after_s(headers: Mapping[str, str], now: datetime) -> int | None:
    """Return the seconds that `Retry-After` asks for, whichever way it is written.

    A date is compared with the server's own clock where the answer has one.
    """
    lower = {name.lower(): value.strip() for name, value in headers.items()}
    text = lower.get("retry-after", "")
    if re.fullmatch(r"\d{1,9}(\.\d*)?", text):
        whole, _, part = text.partition(".")
        return int(whole) + bool(part.strip("0"))
    until = http_instant(text)
    if until is None:
        return None
    server_at = http_instant(lower.get("date", "")) or now.astimezone(UTC)
    return max(round((until - server_at).total_seconds()), 0)


def _count(text: str | None) -> int | None:
    return int(text) if text is not None and re.fullmatch(r"\d{1,9}", text) else None
