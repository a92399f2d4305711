"""Assignment: which cadence a debtor's items of a currency get, and by which rule."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Self

from pydantic import Field, model_validator

from ledger.money import Currency, from_minor
from outsourced_ar.rule_files import (
    Amounts,
    Countries,
    Name,
    RuleFileError,
    Span,
    Words,
    in_words,
    packaged,
    read,
)
from outsourced_ar.rules.cadence import Cadence


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Who is assigned a cadence.

    Attributes:
        amount_minor: All that is open in the currency.
    """

    number: str
    country: str | None
    segment: str
    tags: frozenset[str]
    currency: Currency
    amount_minor: int


@dataclass(frozen=True, slots=True)
class Assigned:
    """The cadence, and the rule that won, in words."""

    cadence: str
    chosen_by: str


class _Rule(Span):
    name: Name
    cadence: Name
    segments: Words = frozenset()
    countries: Countries = frozenset()
    tags: Words = frozenset()
    debtors: Words = frozenset()
    amount_min: Amounts = Field(default_factory=dict)
    amount_max: Amounts = Field(default_factory=dict)

    @property
    def asks_nothing(self) -> bool:
        return self.model_fields_set <= {"name", "cadence"}

    def holds_for(self, subject: Subject) -> bool:
        amount, currency = subject.amount_minor, subject.currency
        least = self.amount_min.get(currency) if self.amount_min else 0
        most = self.amount_max.get(currency) if self.amount_max else amount
        return (
            (not self.segments or subject.segment in self.segments)
            and (not self.countries or subject.country in self.countries)
            and (not self.tags or bool(self.tags & subject.tags))
            and (not self.debtors or subject.number in self.debtors)
            and (least is not None and amount >= least)
            and (most is not None and amount <= most)
        )

    def words_for(self, subject: Subject) -> str:
        currency = subject.currency
        amounts = (
            f"{word} {from_minor(bounds[currency], currency)} {currency} open"
            for word, bounds in (
                ("at least", self.amount_min),
                ("at most", self.amount_max),
            )
            if bounds
        )
        named = (
            f"{what} {in_words(choice)}"
            for what, choice in (
                ("debtor", self.debtors),
                ("segment", self.segments),
                ("country", self.countries),
                ("tag", self.tags),
            )
            if choice
        )
        grounds = ", ".join((*named, *amounts)) or "all others"
        return f"rule {self.name}: {grounds}"


class Assignment(Span):
    """A tenant's rules, in their order; the last one asks nothing."""

    version: int = Field(default=1, ge=1)
    rule: tuple[_Rule, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _ends(self) -> Self:
        names = [rule.name for rule in self.rule]
        if len(set(names)) < len(names):
            raise ValueError("two rules have the same name")
        *first, last = self.rule
        if not last.asks_nothing:
            raise ValueError(
                f"the last rule, {last.name}, must ask nothing, so that every debtor "
                "gets a cadence"
            )
        hidden = [rule.name for rule in first if rule.asks_nothing]
        if hidden:
            raise ValueError(
                f"rule {hidden[0]} asks nothing, so that the rules after it never win"
            )
        return self

    @property
    def cadences(self) -> tuple[str, ...]:
        """The names of the cadences that can be chosen, each once."""
        return tuple(dict.fromkeys(rule.cadence for rule in self.rule))

    def choose(self, subject: Subject, on: date) -> Assigned:
        """Return the cadence of the first rule that holds on a day."""
        for rule in self.rule:
            if rule.holds_on(on) and rule.holds_for(subject):
                return Assigned(rule.cadence, rule.words_for(subject))
        last = self.rule[-1]
        return Assigned(last.cadence, last.words_for(subject))

    def check(self, cadences: Mapping[str, Cadence], segments: frozenset[str]) -> None:
        """Refuse rules that name a cadence or a segment that does not exist.

        Raises:
            RuleFileError: One does, named with its rule.
        """
        faults = [
            f"rule {rule.name}: there is no cadence {rule.cadence}"
            for rule in self.rule
            if rule.cadence not in cadences
        ]
        faults += [
            f"rule {rule.name}: there is no segment {name}"
            for rule in self.rule
            for name in sorted(rule.segments - segments)
        ]
        if faults:
            raise RuleFileError(
                "The assignment rules",
                faults,
                remedy=f"There are the cadences {', '.join(sorted(cadences))}, and "
                f"the segments {', '.join(sorted(segments))}.",
            )


def read_assignment(text: str, place: str = "The assignment rules") -> Assignment:
    """Read a tenant's assignment rules.

    Raises:
        RuleFileError: They cannot be used; every fault is named.
    """
    return read(text, place, Assignment)


@cache
def packaged_assignment() -> Assignment:
    """Return the assignment rules that come with the product."""
    return read_assignment(packaged("assignment.toml"), "The packaged assignment rules")
