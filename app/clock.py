"""The machine's clock, read here and nowhere else."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo


class SystemClock:
    """The time of the machine."""

    def now(self) -> datetime:
        """Return the present instant, aware, in UTC."""
        return datetime.now(UTC)  # noqa: TID251 - this is the clock that is injected

    def today(self, zone: ZoneInfo) -> date:
        """Return the present day in a time zone."""
        return self.now().astimezone(zone).date()
