"""Whether two shares differ by more than chance: Fisher's exact test, two-sided.

Of all ways in which the same successes could have fallen on the same two groups, the
share of those that are no likelier than what was seen (R. A. Fisher, *The Design of
Experiments*, 1935, chapter 2; two-sided by likelihood, as R's `fisher.test` does it).
Reckoned in whole numbers throughout: nothing is approximated, however small the groups.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from math import comb
from typing import Final

from ledger.figures import quotient

FEW: Final = 30
"""Groups smaller than that are not compared: chance alone moves them by too much."""
LEVEL: Final = Decimal("0.05")
"""Below it a difference is called one."""


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many."""

    part: int
    whole: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """What can be said of two shares.

    Attributes:
        p_value: How likely so great a difference is by chance alone; None: too few.
    """

    p_value: Decimal | None

    @property
    def words(self) -> str:
        """Say it."""
        if self.p_value is None:
            return "too few"
        return "differs" if self.p_value < LEVEL else "may be chance"


def compare(one: Share, other: Share) -> Verdict:
    """Compare two shares, unless a group is too small to tell."""
    if min(one.whole, other.whole) < FEW:
        return Verdict(None)
    return Verdict(exact_p_value(one, other))


def exact_p_value(one: Share, other: Share) -> Decimal:
    """Return how likely a difference is that is no likelier than the one seen.

    Raises:
        ValueError: A part is more than its whole, or less than nothing.
    """
    for share in (one, other):
        if not 0 <= share.part <= share.whole:
            raise ValueError(f"{share.part} of {share.whole} is no share")
    parts = one.part + other.part
    seen = comb(one.whole, one.part) * comb(other.whole, other.part)
    as_unlikely = sum(
        weight for weight in _ways(one.whole, other.whole, parts) if weight <= seen
    )
    return quotient(as_unlikely, comb(one.whole + other.whole, parts))


def _ways(one: int, other: int, parts: int) -> Iterator[int]:
    """Yield in how many ways each part of the first group occurs.

    Each follows from the one before: C(n, k+1) = C(n, k)(n-k)/(k+1), without a rest.
    They are long numbers, and are not held together.
    """
    least, most = max(0, parts - other), min(one, parts)
    weight = comb(one, least) * comb(other, parts - least)
    for part in range(least, most + 1):
        yield weight
        up = (one - part) * (parts - part)
        down = (part + 1) * (other - parts + part + 1)
        weight = weight * up // down if part < most else weight
