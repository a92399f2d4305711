"""Cadences: which steps are taken before and after a due date, in which tone and how.

A cadence is TOML in versions. Its steps are a ladder, in the order in which they are
written; their names are kept for ever, for a step that was taken is known by its
cadence's name and its own. A new version changes what is still to come, never what was.
"""

import re
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Annotated, Final, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from ledger.money import Currency
from ledger.reminders import Channel, Tone, Voice
from outsourced_ar.known.days import Offset
from outsourced_ar.rule_files import (
    Amounts,
    Name,
    Part,
    Words,
    packaged,
    packaged_names,
    read,
)

VARIANTS_MIN: Final = 2
WEIGHT_MAX: Final = 1000
OFFSET_DAYS_MAX: Final = 730
"""A step further off than two years is a slip of the pen."""

_OFFSET = re.compile(r"(\d{1,4}) (business )?days?")


@dataclass(frozen=True, slots=True)
class Conditions:
    """What an item and its debtor must be for a step to be taken; empty asks nothing.

    Attributes:
        amount_min: What must be open at least, by currency; one that is not named does
            not meet it. `amount_max` likewise.
        overdue_min: Days overdue; `overdue_max` likewise.
    """

    amount_min: tuple[tuple[Currency, int], ...] = ()
    amount_max: tuple[tuple[Currency, int], ...] = ()
    currencies: frozenset[str] = frozenset()
    overdue_min: int | None = None
    overdue_max: int | None = None
    tags: frozenset[str] = frozenset()
    without_tags: frozenset[str] = frozenset()
    segments: frozenset[str] = frozenset()

    def met_by_item(
        self, currency: Currency, open_minor: int, *, overdue_days: int
    ) -> bool:
        """Say whether an item meets what is asked of items."""
        if self.currencies and currency not in self.currencies:
            return False
        if self.overdue_min is not None and overdue_days < self.overdue_min:
            return False
        if self.overdue_max is not None and overdue_days > self.overdue_max:
            return False
        return amount_within(
            currency, open_minor, minimum=self.amount_min, maximum=self.amount_max
        )

    def met_by_debtor(self, segment: str, tags: frozenset[str]) -> bool:
        """Say whether a debtor meets what is asked of debtors."""
        return (
            (not self.segments or segment in self.segments)
            and self.tags <= tags
            and not self.without_tags & tags
        )


def amount_within(
    currency: Currency,
    minor: int,
    *,
    minimum: tuple[tuple[Currency, int], ...],
    maximum: tuple[tuple[Currency, int], ...],
) -> bool:
    """Compare an amount with bounds in its own currency, never in another."""
    if minimum and minor < dict(minimum).get(currency, minor + 1):
        return False
    return not maximum or minor <= dict(maximum).get(currency, minor - 1)


NO_CONDITIONS: Final = Conditions()


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A step of a cadence.

    Attributes:
        name: Stable for ever; the key of what was taken.
        identity: Key of the sender.
        fallback: Channels to use, in their order, where the own one reaches nobody.
        copy: A second channel by which the same is said, where it reaches somebody.
        minimum_gap_days: Beside the cadence's and the policy's; the longest counts.
        encloses_invoices: Whether the invoices that take it go along, where the books
            have them as PDF.
        variants: Of its text, each with its weight, by name; empty where it has one.
    """

    name: str
    title: str
    offset: Offset
    channel: Channel
    tone: Tone
    template: str
    voice: Voice = Voice.CLIENT
    identity: str = "client"
    when: Conditions = NO_CONDITIONS
    minimum_gap_days: int = 0
    fallback: tuple[Channel, ...] = ()
    copy: Channel | None = None
    encloses_invoices: bool = False
    variants: tuple[tuple[str, int], ...] = ()

    @property
    def phase(self) -> int:
        """Of what it speaks: 0 of what will be due, 1 is due today, 2 is overdue."""
        if self.offset.is_before:
            return 0
        return 2 if self.offset.days > 0 else 1

    @property
    def is_after_due(self) -> bool:
        """Whether it reminds of what is overdue, and is no notice beforehand."""
        return self.offset.days > 0 and not self.offset.is_before

    @property
    def escalates(self) -> bool:
        """Whether it presses: its tone is firm or firmer."""
        return escalates(self.tone)


def escalates(tone: Tone) -> bool:
    """Say whether a tone presses, and so needs a due date that the books gave."""
    return tone.level >= Tone.FIRM.level


@dataclass(frozen=True, slots=True, kw_only=True)
class Cadence:
    """A ladder of steps, in one version.

    Attributes:
        minimum_gap_days: Between two messages to a debtor in a currency.
    """

    name: str
    version: int
    title: str
    steps: tuple[Step, ...]
    minimum_gap_days: int = 0

    @property
    def offsets(self) -> tuple[Offset, ...]:
        """The steps' distances from the due date."""
        return tuple(step.offset for step in self.steps)

    @property
    def tone_top(self) -> int:
        """The level of the firmest tone after the due date, -1 without a reminder."""
        return max(
            (one.tone.level for one in self.steps if one.is_after_due), default=-1
        )

    def position(self, name: str) -> int | None:
        """Return the place of a step on the ladder, None where it is not on it."""
        for place, step in enumerate(self.steps):
            if step.name == name:
                return place
        return None

    def step(self, name: str) -> Step | None:
        """Return a step by its name."""
        place = self.position(name)
        return None if place is None else self.steps[place]

    def gap_days(self, name: str) -> int:
        """Return how long to wait after a message for a step; the longest counts."""
        step = self.step(name)
        return max(self.minimum_gap_days, step.minimum_gap_days if step else 0)


def read_cadence(text: str, place: str = "The cadence") -> Cadence:
    """Read a cadence.

    Args:
        text: Its TOML.
        place: What it is called in errors: `The cadence strict.toml`.

    Raises:
        RuleFileError: It cannot be used; every fault is named with its step.
    """
    return read(text, place, _CadenceFile).made()


@cache
def packaged_cadences() -> dict[str, Cadence]:
    """Return the cadences that come with the product, by name."""
    return {
        name: read_cadence(packaged_text(name), f"The packaged cadence {name}")
        for name in packaged_names("cadences")
    }


def packaged_text(name: str) -> str:
    """Return a packaged cadence as it is written, for a client to copy and change."""
    return packaged("cadences", f"{name}.toml")


def _distance(value: object) -> tuple[int, bool]:
    found = _OFFSET.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError(
            f'{value!r} is no distance; write it as "14 days" or "5 business days", '
            "without a sign"
        )
    days = int(found[1])
    if days > OFFSET_DAYS_MAX:
        raise ValueError(f"{days} days are more than {OFFSET_DAYS_MAX}")
    return days, bool(found[2])


Distance = Annotated[tuple[int, bool], BeforeValidator(_distance)]


class _When(Part):
    amount_min: Amounts = Field(default_factory=dict)
    amount_max: Amounts = Field(default_factory=dict)
    currencies: Words = frozenset()
    overdue_min_days: int | None = None
    overdue_max_days: int | None = None
    tags: Words = frozenset()
    without_tags: Words = frozenset()
    segments: Words = frozenset()

    def made(self) -> Conditions:
        if self == _When():
            return NO_CONDITIONS
        return Conditions(
            amount_min=tuple(sorted(self.amount_min.items())),
            amount_max=tuple(sorted(self.amount_max.items())),
            currencies=self.currencies,
            overdue_min=self.overdue_min_days,
            overdue_max=self.overdue_max_days,
            tags=self.tags,
            without_tags=self.without_tags,
            segments=self.segments,
        )


class _StepFile(Part):
    name: Name
    title: str = Field(min_length=1)
    before_due: Distance | None = None
    after_due: Distance | None = None
    channel: Channel
    tone: Tone
    template: Name
    voice: Voice = Voice.CLIENT
    identity: Name = "client"
    when: _When = Field(default_factory=_When)
    minimum_gap_days: int = Field(default=0, ge=0, le=OFFSET_DAYS_MAX)
    fallback: tuple[Channel, ...] = ()
    copy_by: Channel | None = Field(default=None, alias="copy")
    attach: Literal["invoices"] | None = None
    variants: dict[Name, int] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if (self.before_due is None) == (self.after_due is None):
            raise ValueError("say either before_due or after_due, and only one of them")
        if self.before_due is not None and self.before_due[0] == 0:
            raise ValueError('the due date itself is written after_due = "0 days"')
        if self.channel in self.fallback or self.channel is self.copy_by:
            raise ValueError(f"{self.channel} is its own channel already")
        if self.variants and len(self.variants) < VARIANTS_MIN:
            raise ValueError("one variant alone is none; write { a = 50, b = 50 }")
        if any(not 0 < weight <= WEIGHT_MAX for weight in self.variants.values()):
            raise ValueError(f"a variant's weight is from 1 to {WEIGHT_MAX}")
        return self

    @property
    def offset(self) -> Offset:
        days, in_business_days = self.before_due or self.after_due or (0, False)
        return Offset(days, self.before_due is not None, in_business_days)

    def made(self) -> Step:
        return Step(
            name=self.name,
            title=self.title,
            offset=self.offset,
            channel=self.channel,
            tone=self.tone,
            template=self.template,
            voice=self.voice,
            identity=self.identity,
            when=self.when.made(),
            minimum_gap_days=self.minimum_gap_days,
            fallback=self.fallback,
            copy=self.copy_by,
            encloses_invoices=self.attach is not None,
            variants=tuple(sorted(self.variants.items())),
        )


class _CadenceFile(Part):
    name: Name
    version: int = Field(ge=1)
    title: str = Field(min_length=1)
    minimum_gap_days: int = Field(default=0, ge=0, le=OFFSET_DAYS_MAX)
    step: tuple[_StepFile, ...] = Field(min_length=1, max_length=40)

    @model_validator(mode="after")
    def _a_ladder(self) -> Self:
        names = [step.name for step in self.step]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"more than one step is called {', '.join(twice)}")
        for before, after in zip(self.step, self.step[1:], strict=False):
            if _nominal(after.offset) < _nominal(before.offset):
                raise ValueError(
                    f"step {after.name} lies before step {before.name}; write the "
                    "steps in the order in which they are taken"
                )
            if after.tone.level < before.tone.level:
                raise ValueError(
                    f"step {after.name} is {after.tone} after step {before.name} was "
                    f"{before.tone}; the tone may rise or stay, and never falls"
                )
        return self

    def made(self) -> Cadence:
        return Cadence(
            name=self.name,
            version=self.version,
            title=self.title,
            steps=tuple(step.made() for step in self.step),
            minimum_gap_days=self.minimum_gap_days,
        )


def _nominal(offset: Offset) -> Fraction:
    """Return the place of an offset in calendar days, five of seven being business."""
    days = Fraction(offset.days) * (Fraction(7, 5) if offset.in_business_days else 1)
    return -days if offset.is_before else days
