"""Segments: how a debtor paid before, and what that makes of it.

The bounds are data. The first segment whose bounds all hold is the debtor's; where
there is too little history to say, it is `default`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Final, Self

from pydantic import Field, model_validator

from ledger.money import Currency, from_minor
from outsourced_ar.known.facts import Behaviour
from outsourced_ar.rule_files import Amounts, Name, Part, packaged, read

DEFAULT: Final = "default"


@dataclass(frozen=True, slots=True)
class Placed:
    """A debtor's segment, and why."""

    segment: str
    because: str


class _Segment(Part):
    name: Name
    title: str = Field(min_length=1)
    days_late_min: int | None = None
    days_late_max: int | None = None
    trend_min: int | None = None
    trend_max: int | None = None
    broken_promises_min: int | None = None
    broken_promises_max: int | None = None
    sales_min: Amounts = Field(default_factory=dict)
    sales_max: Amounts = Field(default_factory=dict)

    @model_validator(mode="after")
    def _asks_something(self) -> Self:
        if self.name == DEFAULT:
            raise ValueError(f"{DEFAULT} is whoever is in no other segment")
        if self.model_fields_set <= {"name", "title"}:
            raise ValueError("it has no bounds, so that everybody would be in it")
        return self

    def grounds(self, behaviour: Behaviour, home: Currency | None) -> str | None:
        """Return why a debtor is in it, None where it is not."""
        said = [*self._of_payments(behaviour), *self._of_sales(behaviour, home)]
        return None if None in said else "; ".join(word for word in said if word)

    def _of_payments(self, behaviour: Behaviour) -> Iterator[str | None]:
        late, trend = behaviour.days_late, behaviour.trend
        broken = behaviour.broken_promises
        yield _between(
            late,
            self.days_late_min,
            self.days_late_max,
            f"paid {_late(late)} on average over {behaviour.payments} payments",
        )
        turn = "later" if trend > 0 else "earlier"
        yield _between(
            trend,
            self.trend_min,
            self.trend_max,
            f"the last quarter {_days(abs(trend))} {turn} than the year",
        )
        yield _between(
            broken,
            self.broken_promises_min,
            self.broken_promises_max,
            f"{broken} broken promise{'s' * (broken != 1)}",
        )

    def _of_sales(
        self, behaviour: Behaviour, home: Currency | None
    ) -> Iterator[str | None]:
        for bounds, is_least in ((self.sales_min, True), (self.sales_max, False)):
            if not bounds:
                continue
            if home is None or home not in bounds:
                yield None
                continue
            yield _between(
                behaviour.sales_minor,
                bounds[home] if is_least else None,
                None if is_least else bounds[home],
                f"sales of {from_minor(behaviour.sales_minor, home)} {home} in a year",
                of=f"{from_minor(bounds[home], home)}",
            )


class Segments(Part):
    """The segments of a tenant, in the order in which they are tried.

    Attributes:
        payments_min: With fewer payments than these there is no history.
    """

    version: int = Field(default=1, ge=1)
    payments_min: int = Field(default=3, ge=1)
    segment: tuple[_Segment, ...] = ()

    @model_validator(mode="after")
    def _named_once(self) -> Self:
        names = [one.name for one in self.segment]
        if len(set(names)) < len(names):
            raise ValueError("two segments have the same name")
        return self

    @property
    def names(self) -> frozenset[str]:
        """Every segment that a debtor can be in."""
        return frozenset({DEFAULT, *(one.name for one in self.segment)})

    def place(self, behaviour: Behaviour, home: Currency | None = None) -> Placed:
        """Return a debtor's segment and the reason in words.

        Args:
            behaviour: How it paid.
            home: The currency of its sales; bounds of other currencies do not hold.
        """
        if behaviour.payments < self.payments_min:
            known = behaviour.payments
            return Placed(
                DEFAULT,
                f"{known or 'no'} payment{'s' * (known != 1)} in the last year; "
                f"{self.payments_min} are needed to say how it pays",
            )
        for one in self.segment:
            because = one.grounds(behaviour, home)
            if because is not None:
                return Placed(one.name, f"{one.title.lower()}: {because}")
        return Placed(
            DEFAULT,
            f"paid {_late(behaviour.days_late)} on average over "
            f"{behaviour.payments} payments: no other segment's bounds hold",
        )


def read_segments(text: str, place: str = "The segments") -> Segments:
    """Read a tenant's segments.

    Raises:
        RuleFileError: They cannot be used; every fault is named.
    """
    return read(text, place, Segments)


@cache
def packaged_segments() -> Segments:
    """Return the segments that come with the product."""
    return read_segments(packaged("segments.toml"), "The packaged segments")


def _between(
    value: int, least: int | None, most: int | None, said: str, of: str | None = None
) -> str | None:
    """Return what is said of a value within bounds, "" where nothing is asked."""
    if least is None and most is None:
        return ""
    if (least is not None and value < least) or (most is not None and value > most):
        return None
    bounds = [
        f"{word} {of or bound}"
        for word, bound in (("at least", least), ("at most", most))
        if bound is not None
    ]
    return f"{said} ({', '.join(bounds)})"


def _days(count: int) -> str:
    return f"{count} day{'s' * (count != 1)}"


def _late(days: int) -> str:
    return "on time" if days == 0 else f"{_days(abs(days))} {_turn(days)}"


def _turn(days: int) -> str:
    return "late" if days > 0 else "early"
