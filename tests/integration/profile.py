"""How many random examples a property is tried on, the same ones in every run."""

from collections.abc import Callable
from typing import Any, TypeVar

from hypothesis import HealthCheck, Phase, settings

Test = TypeVar("Test", bound=Callable[..., Any])


def examples(count: int) -> Callable[[Test], Test]:
    """Try so many examples, drawn alike in every run, none of them timed.

    A failing example is not made smaller, which takes minutes; add `Phase.shrink` to
    look into one.
    """
    decorate: Callable[[Test], Test] = settings(
        max_examples=count,
        phases=[Phase.generate],
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    return decorate
