"""The simulator's time, under the name its rooms know it by."""

from connectors.simulators.clock import START, Clock, from_ms, instant_ms

__all__ = ["START", "Clock", "from_ms", "instant_ms"]
