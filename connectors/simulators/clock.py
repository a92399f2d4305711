"""The simulator's own time: stands still until told, or runs from a start."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Final

START: Final = datetime(2026, 1, 15, 9, 0, tzinfo=UTC)
"""Where a simulator's time starts unless told otherwise."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Clock:
    """A settable clock.

    It stands still unless `ticks` is given, a function of seconds that only rises
    (`time.monotonic`): then it runs along with that.
    """

    def __init__(
        self, start: datetime = START, *, ticks: Callable[[], float] | None = None
    ) -> None:
        self._ticks = ticks
        self.set(start)

    @property
    def stands_still(self) -> bool:
        """Say whether time passes only when it is told to."""
        return self._ticks is None

    @property
    def now(self) -> datetime:
        """The instant, aware, in UTC."""
        if self._ticks is None:
            return self._start
        return self._start + timedelta(seconds=self._ticks() - self._origin)

    @property
    def today(self) -> date:
        """The calendar day in UTC."""
        return self.now.date()

    @property
    def now_ms(self) -> int:
        """The instant in milliseconds, as the vendor's dates are written."""
        return instant_ms(self.now)

    def set(self, instant: datetime) -> None:
        """Go to an instant, forth or back."""
        self._start = instant.astimezone(UTC)
        self._origin = 0.0 if self._ticks is None else self._ticks()

    def advance(self, seconds: float = 0, *, days: float = 0) -> None:
        """Let time pass."""
        self.set(self.now + timedelta(seconds=seconds, days=days))


def instant_ms(instant: datetime) -> int:
    """Return an instant as whole milliseconds since 1970."""
    return (instant - _EPOCH) // timedelta(milliseconds=1)


def from_ms(milliseconds: int) -> datetime:
    """Return the instant of so many milliseconds since 1970."""
    return _EPOCH + timedelta(milliseconds=milliseconds)
