"""Country sheets as they are packaged and written down: TOML, read and checked.

Nothing in a sheet goes unread: an unknown key, a figure without a source, two figures
for one day or a gap between them is refused.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from functools import cache
from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from ledger import compensation
from ledger.compensation import Band, Banded, DatedAmount, Fixed, Scale, Step
from ledger.day_counts import DayCount
from ledger.interest_terms import (
    Compounding,
    InterestTerms,
    Mode,
    RateRounding,
    Rounding,
)
from ledger.money import Currency, UnknownCurrencyError, currency, exponent
from outsourced_ar.law.country_sheets import (
    UNKNOWN,
    Basis,
    Before,
    CountrySheet,
    InterestRule,
    Limitation,
    by_country,
    valid_on,
)
from outsourced_ar.rule_files import Part, packaged, packaged_names, read
from outsourced_ar.sources import Dated, Exact, Figure, Source, Sourced, check_chain

FOLDER = "countries"

Percent = Annotated[Decimal, Exact]
Amount = Annotated[Decimal, Exact]


def sheet_of(country: str | None, on: date | None = None) -> CountrySheet:
    """Return a country's packaged sheet as it holds on a day; without one, the newest.

    An unknown country has a contract at most.
    """
    versions = packaged_versions().get(country or "")
    if not versions:
        return UNKNOWN
    return versions[-1] if on is None else valid_on(versions, on)


def sheet_named(rule: str) -> CountrySheet:
    """Return the sheet by which something was worked out: `DK@2026.1`."""
    country = rule.partition("@")[0]
    for one in packaged_versions().get(country, ()):
        if one.rule == rule:
            return one
    return sheet_of(country)


def packaged_sheets() -> Mapping[str, CountrySheet]:
    """Return the newest sheet of each country that comes with the product."""
    return {country: found[-1] for country, found in packaged_versions().items()}


@cache
def packaged_versions() -> Mapping[str, tuple[CountrySheet, ...]]:
    """Return every version of the sheets that come with the product, by country."""
    return by_country(
        read_sheet(packaged(FOLDER, f"{name}.toml"), f"The packaged sheet {name}")
        for name in packaged_names(FOLDER)
    )


def read_sheet(text: str, place: str = "The sheet") -> CountrySheet:
    """Read a sheet.

    Raises:
        RuleFileError: It cannot be used; every fault is named.
    """
    return read(text, place, _SheetFile).made()


class _Interest(Figure):
    mode: Mode
    series: str = ""
    percent: Percent | None = Field(default=None, ge=0, le=100)
    margin: Percent = Field(default=Decimal(0), ge=0, le=50)
    rate_rounding: RateRounding = RateRounding.NONE
    day_count: DayCount = DayCount.ACT_365F
    compounding: Compounding = Compounding.NONE
    rounding: Rounding = Rounding.ONCE_AT_END
    arisen_from: date = date.min
    arisen_until: date = date.max

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if self.mode is Mode.CONTRACT:
            raise ValueError('write basis = "contract_only" instead')
        if (self.mode is Mode.FLAT) == bool(self.series):
            raise ValueError("a series belongs to a rate that follows one, and only it")
        if (self.mode is Mode.FLAT) != (self.percent is not None):
            raise ValueError("a percent belongs to a flat rate, and only to it")
        return self

    def made(self, sources: Mapping[str, Source]) -> InterestRule:
        return InterestRule(
            arisen_from=self.arisen_from,
            arisen_until=self.arisen_until,
            series=self.series,
            note=self.note,
            terms=InterestTerms(
                mode=self.mode,
                percent=self.percent,
                margin=self.margin,
                rate_rounding=self.rate_rounding,
                day_count=self.day_count,
                compounding=self.compounding,
                rounding=self.rounding,
                verified=self.verified,
                source=sources[self.source].name,
            ),
        )


class _Value(Dated, Figure):
    amount: Amount = Field(ge=0)


class _Fixed(Part):
    kind: Literal["fixed"]
    currency: str
    value: tuple[_Value, ...] = Field(min_length=1)
    less_reminder_fees: bool = False
    with_gaps: bool = False
    source: str = ""
    verified: bool = False
    note: str = ""

    @model_validator(mode="after")
    def _sound(self) -> Self:
        check_chain(self.value, gaps=self.with_gaps)
        for one in self.value:
            _minor(one.amount, self.currency)
        return self

    def made(self, sources: Mapping[str, Source]) -> compensation.Rule:
        return Fixed(
            currency=currency(self.currency),
            less_reminder_fees=self.less_reminder_fees,
            values=tuple(
                DatedAmount(
                    from_on=one.starts_on,
                    until=one.until,
                    minor=_minor(one.amount, self.currency),
                    source=sources[one.source].name,
                    verified=one.verified,
                )
                for one in self.value
            ),
        )


class _Band(Part):
    """A band: `below` leaves its bound out, `up_to` has it in."""

    below: Amount | None = None
    up_to: Amount | None = None
    pays: Amount = Field(ge=0)

    @property
    def bound(self) -> Decimal | None:
        return self.up_to if self.below is None else self.below


class _Bands(Figure):
    kind: Literal["bands"]
    debt_currency: str
    currency: str
    starts_on: date = Field(alias="from", default=date.min)
    rate_named: str = ""
    band: tuple[_Band, ...] = Field(min_length=2)

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if any(one.below is not None and one.up_to is not None for one in self.band):
            raise ValueError("a band has either below or up_to")
        _check_rising([one.bound for one in self.band])
        if (self.currency != self.debt_currency) != bool(self.rate_named):
            raise ValueError("name the rate that converts it, where one does")
        for one in self.band:
            _minor(one.pays, self.currency)
            _minor(one.bound or Decimal(0), self.debt_currency)
        return self

    def made(self, sources: Mapping[str, Source]) -> compensation.Rule:
        return Banded(
            debt_currency=currency(self.debt_currency),
            currency=currency(self.currency),
            from_on=self.starts_on,
            rate_named=self.rate_named,
            source=sources[self.source].name,
            verified=self.verified,
            bands=tuple(
                Band(
                    to_minor=(
                        None
                        if one.bound is None
                        else _minor(one.bound, self.debt_currency)
                    ),
                    with_bound=one.below is None,
                    pays_minor=_minor(one.pays, self.currency),
                )
                for one in self.band
            ),
        )


class _Step(Part):
    width: Amount | None = Field(default=None, gt=0)
    percent: Percent = Field(ge=0, le=100)


class _Scale(Figure):
    kind: Literal["scale"]
    currency: str
    least: Amount = Field(ge=0)
    most: Amount = Field(ge=0)
    step: tuple[_Step, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _sound(self) -> Self:
        widths = [one.width for one in self.step]
        if widths[-1] is not None or None in widths[:-1]:
            raise ValueError("the last step, and only that, has no width")
        if self.most < self.least:
            raise ValueError("it is at most less than it is at least")
        for amount in (self.least, self.most, *(one or Decimal(0) for one in widths)):
            _minor(amount, self.currency)
        return self

    def made(self, sources: Mapping[str, Source]) -> compensation.Rule:
        return Scale(
            currency=currency(self.currency),
            least_minor=_minor(self.least, self.currency),
            most_minor=_minor(self.most, self.currency),
            source=sources[self.source].name,
            verified=self.verified,
            steps=tuple(
                Step(
                    width_minor=(
                        None if one.width is None else _minor(one.width, self.currency)
                    ),
                    percent=one.percent,
                )
                for one in self.step
            ),
        )


class _Before(Figure):
    minimum_days: int = Field(ge=0, le=90)
    counts_from: Literal["dispatch", "receipt"]
    written: bool
    paragraphs: tuple[str, ...]

    def made(self, sources: Mapping[str, Source]) -> Before:
        return Before(
            minimum_days=self.minimum_days,
            counts_from=self.counts_from,
            written=self.written,
            paragraphs=self.paragraphs,
            note=self.note,
            source=sources[self.source].name,
            verified=self.verified,
        )


class _Limitation(Figure):
    years: int = Field(ge=1, le=40)
    starts: Literal["due", "end_of_year"]

    def made(self, sources: Mapping[str, Source]) -> Limitation:
        return Limitation(
            years=self.years,
            starts=self.starts,
            note=self.note,
            source=sources[self.source].name,
            verified=self.verified,
        )


class _Note(Figure):
    note: str = Field(min_length=1)


class _SheetFile(Sourced):
    country: str = Field(pattern="^[A-Z]{2}$")
    name: str = Field(min_length=1)
    version: str = Field(pattern=r"^\d{4}\.\d{1,3}$")
    valid_from: date
    basis: Basis
    summary: str = Field(min_length=1)
    dispute_window_days: int | None = Field(default=None, ge=1, le=365)
    interest: tuple[_Interest, ...] = ()
    compensation: _Fixed | _Bands | _Scale | None = Field(
        default=None, discriminator="kind"
    )
    before_placement: _Before | None = None
    limitation: _Limitation | None = None
    collectors: _Note | None = None
    natural_persons: _Note | None = None

    def figures(self) -> Iterable[tuple[str, Figure]]:
        """Return every figure of the sheet."""
        for number, one in enumerate(self.interest, 1):
            yield f"interest {number}", one
        match self.compensation:
            case _Fixed():
                for value in self.compensation.value:
                    yield f"the compensation from {value.starts_on}", value
                if self.compensation.source:
                    yield (
                        "the compensation",
                        Figure(
                            source=self.compensation.source,
                            verified=self.compensation.verified,
                        ),
                    )
            case _Bands() | _Scale():
                yield "the compensation", self.compensation
        for place in ("before_placement", "limitation", "collectors"):
            if (figure := getattr(self, place)) is not None:
                yield place, figure
        if self.natural_persons is not None:
            yield "natural_persons", self.natural_persons

    @model_validator(mode="after")
    def _whole(self) -> Self:
        has_statute = bool(self.interest) or self.compensation is not None
        if has_statute != (self.basis is Basis.STATUTE):
            raise ValueError(
                "a sheet has a statute's figures, or it is contract_only and has none"
            )
        check_chain(
            Dated.model_validate({"from": one.arisen_from, "until": one.arisen_until})
            for one in self.interest
        )
        return self

    def made(self) -> CountrySheet:
        sources = dict(self.source)
        return CountrySheet(
            country=self.country,
            name=self.name,
            version=self.version,
            valid_from=self.valid_from,
            basis=self.basis,
            summary=self.summary,
            interest=tuple(one.made(sources) for one in self.interest),
            compensation=(
                None if self.compensation is None else self.compensation.made(sources)
            ),
            before_placement=(
                None
                if self.before_placement is None
                else self.before_placement.made(sources)
            ),
            limitation=(
                None if self.limitation is None else self.limitation.made(sources)
            ),
            collectors=self.collectors.note if self.collectors else "",
            natural_persons=self.natural_persons.note if self.natural_persons else "",
            dispute_window_days=self.dispute_window_days,
            sources=sources,
        )


def _check_rising(bounds: list[Decimal | None]) -> None:
    known = [one for one in bounds if one is not None]
    if bounds[-1] is not None or len(known) != len(bounds) - 1:
        raise ValueError("the last band, and only that, has no bound")
    if any(after <= before for before, after in pairwise(known)):
        raise ValueError("the bounds of bands must rise")


def _minor(amount: Decimal, code: str) -> int:
    try:
        of: Currency = currency(code)
    except UnknownCurrencyError as unknown:
        raise ValueError(unknown.user_message) from unknown
    minor = amount.scaleb(exponent(of))
    if minor != minor.to_integral_value():
        raise ValueError(f"{amount} is not an amount of {of}")
    return int(minor)
