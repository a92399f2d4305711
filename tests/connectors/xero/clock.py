"""The product's clock, told by the simulator's."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from connectors.simulators.xero import Clock


class SimulatedClock:
    """Says what the simulator's clock says."""

    def __init__(self, simulated: Clock) -> None:
        """Follow a simulator's time."""
        self._simulated = simulated

    def now(self) -> datetime:
        """Return the simulator's instant."""
        return self._simulated.now

    def today(self, zone: ZoneInfo) -> date:
        """Return its day in a zone."""
        return self._simulated.now.astimezone(zone).date()
