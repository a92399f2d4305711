"""Country sheets: what a country's law lets a creditor add, and wants first.

A sheet is TOML with versions; each figure names where it was read. By what nobody read
nothing is demanded, and a country without a sheet has a contract at most.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum, auto

from ledger import compensation
from ledger.errors import ConfigurationError
from ledger.interest_terms import InterestTerms, RateSeries
from outsourced_ar.sources import Source


class AmbiguousSheetsError(ConfigurationError):
    """Nobody can say which version of a country's sheet holds."""

    def __init__(self, one: "CountrySheet", other: "CountrySheet") -> None:
        """Name both."""
        super().__init__(
            f"The sheets {other.rule} from {other.valid_from} and {one.rule} from "
            f"{one.valid_from} cannot both hold.",
            remedy="Give each version of a country a name and a first day of its own.",
        )


class Basis(StrEnum):
    """What a country's sheet rests on."""

    STATUTE = auto()
    CONTRACT_ONLY = auto()
    """No statute, or none that was read: what was agreed, and no fees."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InterestRule:
    """A statute's interest, for obligations that arose on certain days."""

    arisen_from: date
    arisen_until: date
    terms: InterestTerms
    series: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """What must precede a placement.

    Attributes:
        minimum_days: Between the dispatch, or the receipt, of a demand and the day.
        written: Whether it has to be in writing.
        paragraphs: Keys of the texts that it has to hold.
    """

    minimum_days: int
    counts_from: str
    written: bool
    paragraphs: tuple[str, ...]
    note: str
    source: str
    verified: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Limitation:
    """When a claim may be too old: an alarm to ask counsel, never a decision."""

    years: int
    starts: str
    note: str
    source: str
    verified: bool

    def alarms_on(self, due_on: date) -> date:
        """Return the first day on which a claim due on a day may be too old."""
        if self.starts == "end_of_year":
            return date(due_on.year + self.years + 1, 1, 1)
        try:
            return due_on.replace(year=due_on.year + self.years)
        except ValueError:
            return date(due_on.year + self.years, 3, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class CountrySheet:
    """A country's sheet in one version.

    Attributes:
        valid_from: The first day on which this version is asked, not an earlier one.
        sources: By the key the figures name.
    """

    country: str
    name: str
    version: str
    valid_from: date
    basis: Basis
    summary: str
    interest: tuple[InterestRule, ...]
    compensation: compensation.Rule | None
    before_placement: Before | None
    limitation: Limitation | None
    collectors: str
    natural_persons: str
    dispute_window_days: int | None
    sources: Mapping[str, Source]

    @property
    def rule(self) -> str:
        """How a message names the sheet it satisfied: `DK@2026.1`."""
        return f"{self.country}@{self.version}"

    def interest_on(self, arisen_on: date) -> InterestRule | None:
        """Return the statute's rule for an obligation that arose on a day."""
        for one in self.interest:
            if one.arisen_from <= arisen_on <= one.arisen_until:
                return one
        return None

    def terms_on(
        self, arisen_on: date, rates: Mapping[str, RateSeries]
    ) -> InterestTerms | None:
        """Return the terms for an obligation, with its series of rates in them."""
        found = self.interest_on(arisen_on)
        if found is None:
            return None
        return replace(found.terms, series=rates.get(found.series))


def by_country(
    sheets: Iterable[CountrySheet],
) -> dict[str, tuple[CountrySheet, ...]]:
    """Return each country's versions, the earliest first.

    Raises:
        AmbiguousSheetsError: Two of a country begin on one day, or are called the same.
    """
    found: dict[str, tuple[CountrySheet, ...]] = {}
    for one in sorted(sheets, key=lambda one: (one.country, one.valid_from)):
        before = found.get(one.country, ())
        for other in before:
            if one.valid_from == other.valid_from or one.version == other.version:
                raise AmbiguousSheetsError(one, other)
        found[one.country] = (*before, one)
    return found


def valid_on(versions: Sequence[CountrySheet], on: date) -> CountrySheet:
    """Return the version that holds on a day; before the first, the first does.

    A version says what is asked from a day on. What held for obligations of other days
    stands in it by its own days, so that the first answers for what was before it.
    """
    begun = [one for one in versions if one.valid_from <= on]
    return begun[-1] if begun else versions[0]


UNKNOWN = CountrySheet(
    country="",
    name="Any other country",
    version="2026.1",
    valid_from=date(2026, 11, 22),
    basis=Basis.CONTRACT_ONLY,
    summary="Contract only, no fees: there is no sheet of this country.",
    interest=(),
    compensation=None,
    before_placement=None,
    limitation=None,
    collectors="",
    natural_persons="",
    dispute_window_days=None,
    sources={},
)
"""What holds where there is no sheet."""
