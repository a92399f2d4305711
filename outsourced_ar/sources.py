"""Where a figure of the packaged data was read: at which address, and on which day.

A figure is verified only where somebody read it in a source that is named with its
address and the day. All others may be shown as what they are, and nothing is demanded
by them.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from enum import StrEnum, auto
from typing import Self

from pydantic import BeforeValidator, Field, model_validator

from ledger.calendar import ONE_DAY
from outsourced_ar.rule_files import Part


class SourceKind(StrEnum):
    """How near to the law a source is."""

    OFFICIAL = auto()
    """A gazette, a statute book, an authority."""
    SECONDARY = auto()
    """Whoever reports it: an adviser, a firm, a mirror."""
    SURVEY = auto()
    """Noted in a survey of the field; the original was not read."""
    DERIVED = auto()
    """Worked out from other figures."""
    MEMORY = auto()
    """General knowledge; no source at all."""


class Source(Part):
    """A source; a figure that was read there is verified."""

    name: str = Field(min_length=1)
    address: str = Field(default="", pattern=r"^(https?://\S+)?$")
    read_on: date | None = None
    kind: SourceKind

    @property
    def was_read(self) -> bool:
        """Whether it has an address, and a day on which it was read."""
        return (
            self.kind in {SourceKind.OFFICIAL, SourceKind.SECONDARY}
            and bool(self.address)
            and self.read_on is not None
        )


class Figure(Part):
    """Something that has a source."""

    source: str = Field(min_length=1)
    verified: bool
    note: str = ""


class Sourced(Part):
    """A file whose figures name its sources."""

    source: Mapping[str, Source] = Field(default_factory=dict)

    def figures(self) -> Iterable[tuple[str, Figure]]:
        """Return every figure with its place, for a person."""
        return ()

    @model_validator(mode="after")
    def _of_known_sources(self) -> Self:
        used = set()
        for place, figure in self.figures():
            used.add(figure.source)
            found = self.source.get(figure.source)
            if found is None:
                raise ValueError(f"{place} names a source that is not listed")
            if figure.verified and not found.was_read:
                raise ValueError(
                    f"{place} is called verified, but its source has no address with "
                    "the day it was read"
                )
        if idle := sorted(set(self.source) - used):
            raise ValueError(f"nothing was read in {', '.join(idle)}")
        return self


class Dated(Part):
    """The days on which a figure holds, both included."""

    starts_on: date = Field(alias="from")
    until: date = date.max

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.until < self.starts_on:
            raise ValueError("it ends before it begins")
        return self


def check_chain(spans: Iterable[Dated], *, gaps: bool = False) -> None:
    """Refuse spans that are out of order or overlap, and gaps unless they may be.

    Raises:
        ValueError: Naming the day.
    """
    eve: date | None = None
    for span in spans:
        if eve is not None:
            if span.starts_on <= eve:
                raise ValueError(f"two figures hold on {span.starts_on}")
            if not gaps and span.starts_on > eve + ONE_DAY:
                raise ValueError(
                    f"no figure holds on {eve + ONE_DAY}; write a [[blank]] "
                    "with the reason"
                )
        eve = span.until


def _decimal_text(value: object) -> object:
    if isinstance(value, float):
        raise ValueError('write it in quotes, as "8.5"; no float is exact')  # noqa: TRY004 - pydantic's
    return value


Exact = BeforeValidator(_decimal_text)
"""What is written in quotes, so that no float comes near it."""
