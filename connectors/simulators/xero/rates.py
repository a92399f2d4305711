"""Rates of exchange of the simulated world: units of a currency for one at home."""

from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Final

from connectors.simulators.xero.model import HOME_RATE

FIRST_DAY: Final = date(2015, 1, 1)
LAST_DAY: Final = date(2040, 12, 31)

_MICRO: Final = Decimal("0.000001")
_LEVELS: Final = {"EUR": 1_160_000, "USD": 1_270_000, "JPY": 188_000_000}
_LEVEL: Final = 1_500_000
_STEP_MAX_PPM: Final = 4_000


class Rates:
    """A seeded walk a currency, with days that can be set."""

    def __init__(self, home: str, seed: int) -> None:
        self.home = home
        self._seed = seed
        self._walks: dict[str, list[int]] = {}
        self._set: dict[tuple[str, date], Decimal] = {}

    def at(self, currency: str, day: date) -> Decimal:
        """Return how many units of a currency one unit at home is on a day."""
        if currency == self.home:
            return HOME_RATE
        known = self._set.get((currency, day))
        if known is not None:
            return known
        walk = self._walks.get(currency) or self._walk(currency)
        position = (min(max(day, FIRST_DAY), LAST_DAY) - FIRST_DAY).days
        return walk[position] * _MICRO

    def set(self, currency: str, day: date, rate: Decimal) -> None:
        """Fix the rate of one day."""
        self._set[currency, day] = rate

    def _walk(self, currency: str) -> list[int]:
        """Draw one rate a day that wanders around the currency's usual level."""
        random = Random(f"{self._seed}/{currency}")  # noqa: S311 - no secret
        level = _LEVELS.get(currency, _LEVEL)
        rate = level
        walk = []
        for _ in range((LAST_DAY - FIRST_DAY) // timedelta(days=1) + 1):
            pull = (level - rate) // 100
            rate += rate * random.randint(-_STEP_MAX_PPM, _STEP_MAX_PPM) // 10**6
            rate += pull
            walk.append(rate)
        self._walks[currency] = walk
        return walk
