"""A tenant's policy: when nobody is spoken to, whatever a cadence says.

Every knob has a default; overrides set some of them for a span of days, so that a
client can close over a holiday season, leave debtors out, or raise a minimum, with
dates that stay on record.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time
from functools import cache
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from ledger.money import Currency
from ledger.reminders import Channel
from outsourced_ar.law.late_policy import SILENT, LatePolicy
from outsourced_ar.rule_files import Amounts, Part, Span, Words, packaged, read

WEEK_DAYS: Final = 7
"""How far back the limits of a channel look."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statements:
    """When debtors get a statement of account by themselves.

    Attributes:
        every: `never`, or once a `month`.
        day: The day of the month; on a closed day there it goes on the next open one,
            within the month.
        late_days: So long after it one that was missed still goes; then it is left out.
        only_tags: Only debtors that bear one of these; empty means all.
    """

    every: str = "never"
    day: int = 1
    late_days: int = 10
    only_tags: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The knobs as they stand on one day.

    Attributes:
        stale_after_hours: Books not read for longer are not believed.
        promise_grace_business_days: A promise is waited for so long beyond its date.
        minimum_gap_days: Between two messages to a debtor in a currency.
        message_days_max: A message decided longer ago is not sent; it is decided anew.
        opens: Business hours on the debtor's clock; `closes` is no longer within.
        most_in_seven_days: Messages to a debtor by channel, in all currencies.
        minimum_balance: Less is not asked for; minor units by currency.
        closed: Whether the client's own calendar is closed: nothing goes out.
        exclude_debtors: Numbers of debtors that are not spoken to.
        exclude_tags: Nor is whoever bears one of these.
        exclude_documents: Numbers of documents that are not asked for.
        assume_home_language: Whether a debtor of no known country is spoken to in the
            tenant's own language; otherwise it has to be entered first.
        statements: When a statement of account goes without being asked for.
        answer_copy_requests: Whether a debtor that asks for a copy of an invoice gets
            it without a person; otherwise it is a task.
        late_payment: What is said of interest, compensation and fees.
    """

    stale_after_hours: int = 26
    promise_grace_business_days: int = 2
    minimum_gap_days: int = 4
    message_days_max: int = 4
    opens: time = time(9)
    closes: time = time(18)
    most_in_seven_days: Mapping[Channel, int] = field(default_factory=dict)
    minimum_balance: Mapping[Currency, int] = field(default_factory=dict)
    closed: bool = False
    exclude_debtors: frozenset[str] = frozenset()
    exclude_tags: frozenset[str] = frozenset()
    exclude_documents: frozenset[str] = frozenset()
    assume_home_language: bool = False
    statements: Statements = Statements()
    answer_copy_requests: bool = False
    late_payment: LatePolicy = SILENT


def _whole_minute(value: time) -> time:
    if value.tzinfo is not None:
        raise ValueError('write it as "09:00"; the zone is the debtor\'s own')
    return value


Hour = Annotated[time, AfterValidator(_whole_minute)]


class _Statements(Part):
    every: Literal["never", "month"] = "never"
    day: int = Field(default=1, ge=1, le=28)
    late_days: int = Field(default=10, ge=0, le=27)
    only_tags: Words = frozenset()


class _Knobs(Span):
    """What a policy and an override may set; None leaves it as it is."""

    stale_after_hours: int | None = Field(default=None, ge=1, le=24 * 14)
    promise_grace_business_days: int | None = Field(default=None, ge=0, le=30)
    minimum_gap_days: int | None = Field(default=None, ge=1, le=365)
    message_days_max: int | None = Field(default=None, ge=0, le=30)
    opens: Hour | None = None
    closes: Hour | None = None
    most_in_seven_days: dict[Channel, int] = Field(default_factory=dict)
    minimum_balance: Amounts = Field(default_factory=dict)
    closed: bool | None = None
    exclude_debtors: Words = frozenset()
    exclude_tags: Words = frozenset()
    exclude_documents: Words = frozenset()
    assume_home_language: bool | None = None
    statements: _Statements | None = None
    answer_copy_requests: bool | None = None
    late_payment: LatePolicy | None = None

    def onto(self, policy: Policy) -> Policy:
        """Return a policy with what is set here: amounts and lists are added to."""
        simple = {
            name: getattr(self, name)
            for name in _SIMPLE
            if getattr(self, name) is not None
        }
        added: dict[str, Any] = {
            name: {**getattr(policy, name), **getattr(self, name)}
            for name in ("most_in_seven_days", "minimum_balance")
        }
        added |= {
            name: getattr(policy, name) | getattr(self, name)
            for name in ("exclude_debtors", "exclude_tags", "exclude_documents")
        }
        if self.statements is not None:
            added["statements"] = Statements(**dict(self.statements))
        if self.late_payment is not None:
            added["late_payment"] = self.late_payment.onto(policy.late_payment)
        known = {name: getattr(policy, name) for name in Policy.__slots__}
        return Policy(**{**known, **simple, **added})


_SIMPLE: Final = (
    "stale_after_hours",
    "promise_grace_business_days",
    "minimum_gap_days",
    "message_days_max",
    "opens",
    "closes",
    "closed",
    "assume_home_language",
    "answer_copy_requests",
)


class _Override(_Knobs):
    name: str = Field(min_length=1)

    @model_validator(mode="after")
    def _dated(self) -> Self:
        if self.starts_on is None and self.ends_on is None:
            raise ValueError("say from when (starts_on) or until when (ends_on)")
        if self.starts_on and self.ends_on and self.ends_on < self.starts_on:
            raise ValueError("it ends before it starts")
        return self


class Policies(_Knobs):
    """A tenant's policy with its overrides; ask it for a day."""

    version: int = Field(default=1, ge=1)
    override: tuple[_Override, ...] = ()

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if self.starts_on is not None or self.ends_on is not None:
            raise ValueError("the policy itself has no dates; write an override")
        for day in self._turning_days():
            policy = self.on(day)
            if policy.closes <= policy.opens:
                raise ValueError("business hours must open before they close")
            policy.late_payment.check()
        return self

    def _turning_days(self) -> set[date]:
        ends = {one.ends_on for one in self.override}
        starts = {one.starts_on for one in self.override}
        return {date.max, *(day for day in ends | starts if day is not None)}

    def on(self, day: date) -> Policy:
        """Return the knobs of a day: overrides apply in their order.

        What a tenant does not set stays as it is packaged.
        """
        policy = self.onto(_packaged_knobs())
        for one in self.override:
            if one.holds_on(day):
                policy = one.onto(policy)
        return policy


def read_policy(text: str, place: str = "The policy") -> Policies:
    """Read a tenant's policy.

    Raises:
        RuleFileError: It cannot be used; every fault is named.
    """
    return read(text, place, Policies)


class _Packaged(_Knobs):
    """The packaged file, with no other beneath it."""

    version: int = 1


@cache
def _packaged_knobs() -> Policy:
    text = packaged("policy.toml")
    return read(text, "The packaged policy", _Packaged).onto(Policy())


@cache
def packaged_policy() -> Policies:
    """Return the policy that comes with the product."""
    return read_policy(packaged("policy.toml"), "The packaged policy")
