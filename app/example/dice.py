"""Chance that falls the same way on every machine."""

from collections.abc import Mapping, Sequence
from random import Random
from typing import TypeVar

T = TypeVar("T")


class Dice:
    """Rolls that follow from one seed.

    Python promises the same sequence in every version for `Random.random` alone, so
    everything is made of that.
    """

    def __init__(self, seed: int) -> None:
        """Begin the sequence of a seed."""
        self._random = Random(seed)  # noqa: S311 - it has no secrets to keep

    def below(self, count: int) -> int:
        """Return a number from 0, less than a count."""
        return int(self._random.random() * count)

    def between(self, least: int, most: int) -> int:
        """Return a number between two, both included."""
        return least + self.below(most - least + 1)

    def chance(self, per_mille: int) -> bool:
        """Say yes so many times in a thousand."""
        return self.below(1000) < per_mille

    def pick(self, options: Sequence[T]) -> T:
        """Return one of several, each as likely."""
        return options[self.below(len(options))]

    def weighted(self, weights: Mapping[T, int]) -> T:
        """Return one of several, each as likely as its weight."""
        left = self.below(sum(weights.values()))
        for option, weight in weights.items():
            if left < weight:
                return option
            left -= weight
        raise AssertionError(weights)

    def shuffled(self, items: Sequence[T]) -> list[T]:
        """Return the items in another order."""
        result = list(items)
        for index in range(len(result) - 1, 0, -1):
            other = self.below(index + 1)
            result[index], result[other] = result[other], result[index]
        return result
