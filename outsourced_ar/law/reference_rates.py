"""Reference rates over time, as packaged: each value with its days and its source.

What nobody read is not here: a day without a value ends a calculation there. Days
between values that are known to be unknown are written down as blanks.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Annotated, Self

from pydantic import Field, model_validator

from ledger.interest_terms import Rate, RateSeries
from outsourced_ar.rule_files import Name, packaged, packaged_names, read
from outsourced_ar.sources import Dated, Exact, Figure, Source, Sourced, check_chain

FOLDER = "rates"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceRate:
    """A series with what it is called, and the sources its values name."""

    title: str
    series: RateSeries
    sources: Mapping[str, Source]


class _Value(Dated, Figure):
    percent: Annotated[Decimal, Exact] = Field(ge=-5, le=100, decimal_places=4)


class _Blank(Dated):
    why: str = Field(min_length=1)


class _RatesFile(Sourced):
    name: Name
    title: str = Field(min_length=1)
    value: tuple[_Value, ...] = Field(min_length=1)
    blank: tuple[_Blank, ...] = ()

    def figures(self) -> Iterable[tuple[str, Figure]]:
        """Return the values."""
        return ((f"the value from {one.starts_on}", one) for one in self.value)

    @model_validator(mode="after")
    def _a_chain(self) -> Self:
        spans: list[Dated] = [*self.value, *self.blank]
        check_chain(sorted(spans, key=lambda one: one.starts_on))
        return self

    def made(self) -> ReferenceRate:
        values = sorted(self.value, key=lambda one: one.starts_on)
        return ReferenceRate(
            title=self.title,
            sources=dict(self.source),
            series=RateSeries(
                self.name,
                tuple(
                    Rate(
                        from_on=one.starts_on,
                        until=one.until,
                        percent=one.percent,
                        source=self.source[one.source].name,
                        verified=one.verified,
                    )
                    for one in values
                ),
            ),
        )


def read_rates(text: str, place: str = "The rates") -> ReferenceRate:
    """Read a series.

    Raises:
        RuleFileError: It cannot be used; every fault is named.
    """
    return read(text, place, _RatesFile).made()


@cache
def packaged_rates() -> Mapping[str, ReferenceRate]:
    """Return the series that come with the product, by name."""
    found = (
        read_rates(packaged(FOLDER, f"{name}.toml"), f"The packaged rates {name}")
        for name in packaged_names(FOLDER)
    )
    return {one.series.name: one for one in found}
