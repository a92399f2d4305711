"""Late payment of an invoice: what the law lets a creditor add, what of it is asked.

Pure: from a document with everything that moved it, the stops that stand against it and
the client's policy. What nobody read in a source is information at most; a rate that is
missing keeps a demand from going out, for no figure is made up.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Final

from ledger import compensation
from ledger.calendar import ONE_DAY
from ledger.charges import Charge, ChargeKind, ChargeState, LateDocument
from ledger.compensation import Compensation, Scale
from ledger.interest import Interest, interest
from ledger.interest_terms import (
    Claim,
    Cost,
    InterestTerms,
    Mode,
    Order,
    Pause,
    RateSeries,
)
from ledger.reminders import Stop
from outsourced_ar.law.countries import sheet_named, sheet_of
from outsourced_ar.law.country_sheets import CountrySheet
from outsourced_ar.law.late_pauses import (
    LatePart,
    against,
    lost_minor,
    parts_of,
    paused,
)
from outsourced_ar.law.late_policy import Conversion, LatePolicy, OwnRate, Show
from outsourced_ar.law.reference_rates import packaged_rates

CONTRACT: Final = "contract"
"""What a charge names as its rule where the parties agreed the rate."""
FRIDAY: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Parties:
    """Between whom, and by which policy.

    Attributes:
        debtor_country: ISO 3166-1; None where it is not known.
    """

    creditor_country: str
    debtor_country: str | None
    debtor_number: str
    policy: LatePolicy

    def sheet_on(self, on: date) -> CountrySheet:
        """Return the sheet of the law that governs, as it holds on a day."""
        country = self.policy.country(
            creditor=self.creditor_country, debtor=self.debtor_country
        )
        return sheet_of(country, on)


@dataclass(frozen=True, slots=True, kw_only=True)
class Late:
    """What came of an invoice, or an instalment, that was late.

    Attributes:
        part: The instalment, from 1; 0 for a whole document.
        open_minor: What of the invoice itself is still owed on the day.
        basis_minor: On what a compensation is: open when the due date ended, without
            what a dispute took away.
        rule: The country's sheet and version.
        interest: None where neither law nor contract gives any.
        doubts: Why not all of it can be demanded, as sentences without a full stop.
        charges: What was charged on it before.
    """

    document: LateDocument
    part: int
    due_on: date
    open_minor: int
    basis_minor: int
    show: Show
    rule: str
    interest_rule: str
    interest: Interest | None
    compensation: Compensation
    doubts: tuple[str, ...]
    charges: tuple[Charge, ...] = ()

    @property
    def blocked(self) -> str:
        """Why nothing may be demanded today, or nothing: a rate is missing."""
        owed = self.interest
        if self.show is not Show.DEMAND or owed is None or not owed.missing:
            return ""
        return owed.missing if owed.verified else ""

    @property
    def charged_interest_minor(self) -> int | None:
        """All interest that may be charged to the day; None where none may be."""
        owed = self.interest
        if not self.may_demand or owed is None:
            return None
        return owed.total_minor if owed.verified and owed.is_complete else None

    @property
    def interest_minor(self) -> int:
        """The interest that is demanded: verified, whole, less what was settled.

        What payments met of it first is in it again: the invoice is asked for with what
        the books say is open, and there the same money lowered the invoice.
        """
        whole = self.charged_interest_minor
        if whole is None:
            return 0
        return max(whole - self._settled(ChargeKind.INTEREST), 0)

    @property
    def compensation_minor(self) -> int:
        """The compensation and fees that are demanded: what stands open, or is new."""
        if not self.may_demand:
            return 0
        fees = sum(one.open_minor for one in self._of(ChargeKind.FEE))
        return fees + self.demanded_compensation_minor

    @property
    def demanded_compensation_minor(self) -> int:
        """The compensation that is demanded: what stands open, or is new."""
        if self.may_demand and (before := self._of(ChargeKind.COMPENSATION)):
            return sum(one.open_minor for one in before)
        return self.new_compensation_minor

    @property
    def new_compensation_minor(self) -> int:
        """The compensation that was not charged yet and may be demanded."""
        found = self.compensation
        if not self.may_demand or self._of(ChargeKind.COMPENSATION):
            return 0
        if not found.verified or found.currency != self.document.currency:
            return 0
        return found.minor or 0

    @property
    def told_interest_minor(self) -> int:
        """The interest that came of it, less what was paid of it or given up."""
        whole = 0 if self.interest is None else self.interest.total_minor
        return max(whole - self._settled(ChargeKind.INTEREST), 0)

    @property
    def told_compensation_minor(self) -> int:
        """The same of the compensation; 0 where it is in another currency."""
        found = self.compensation
        if found.currency != self.document.currency:
            return 0
        return max((found.minor or 0) - self._settled(ChargeKind.COMPENSATION), 0)

    @property
    def may_demand(self) -> bool:
        """Whether anything of it may be asked for at all."""
        return self.show is Show.DEMAND and not self.document.is_inferred

    @property
    def sheet(self) -> CountrySheet:
        """The sheet it was worked out by."""
        return sheet_named(self.rule)

    @property
    def is_new_on_scale(self) -> bool:
        """Whether a scale gives something for it that was not charged before."""
        return (
            isinstance(self.sheet.compensation, Scale)
            and bool(self.compensation.minor)
            and not self.document.is_inferred
            and not self._of(ChargeKind.COMPENSATION)
        )

    def _of(self, kind: ChargeKind) -> tuple[Charge, ...]:
        return tuple(one for one in self.charges if one.kind is kind)

    def _settled(self, kind: ChargeKind) -> int:
        """Return what was paid of charges of a kind, or given up."""
        return sum(
            one.amount_minor if one.state is ChargeState.WAIVED else one.paid_minor
            for one in self._of(kind)
        )


def late_of(
    document: LateDocument,
    parties: Parties,
    *,
    on: date,
    stops: Sequence[Stop] = (),
    charges: Sequence[Charge] = (),
) -> tuple[Late, ...]:
    """Return what came of each part of a document that was not paid in time.

    Args:
        document: With everything that moved it.
        parties: Between whom, and what the client allows.
        on: The last day that counts.
        stops: The debtor's, ended ones too.
        charges: What was charged on the document before.
    """
    if document.is_void:
        return ()
    found = []
    for part in parts_of(document):
        mine = tuple(one for one in charges if one.part == part.part)
        if part.due_on < on and (part.was_late_by(on) or mine):
            found.append(_late(part, parties, on, stops, mine))
    return tuple(found)


def _late(
    part: LatePart,
    parties: Parties,
    on: date,
    stops: Sequence[Stop],
    charges: tuple[Charge, ...],
) -> Late:
    policy, sheet, document = parties.policy, parties.sheet_on(on), part.document
    taken = against(stops, part)
    pauses, partly = paused(taken, part, on=on)
    besides = [one for one in charges if one.kind is not ChargeKind.INTEREST]
    found = interest_of(
        Claim(
            currency=document.currency,
            principal_minor=part.minor,
            due_on=part.due_on,
            movements=(*part.moved, *partly),
            costs=tuple(Cost(one.posted_on, one.open_minor) for one in besides),
        ),
        parties,
        arisen_on=document.issued_on,
        on=on,
        pauses=pauses,
    )
    basis_minor = part.at_default_minor - lost_minor(taken, part)
    owed = compensation.for_item(
        sheet.compensation,
        open_minor=basis_minor,
        currency=document.currency,
        defaulted_on=part.due_on + ONE_DAY,
        conversion=_conversion(policy.conversion, part),
        reminder_fees_minor=sum(
            one.amount_minor
            for one in besides
            if one.kind is ChargeKind.FEE and one.state is not ChargeState.WAIVED
        ),
    )
    agreed = policy.percent_of(parties.debtor_number) is not None
    return Late(
        document=document,
        part=part.part,
        due_on=part.due_on,
        open_minor=part.open_on(on),
        basis_minor=basis_minor,
        show=policy.show,
        rule=sheet.rule,
        interest_rule=CONTRACT if agreed else sheet.rule,
        interest=found,
        compensation=owed,
        doubts=tuple(_doubts(document, found, owed, sheet, policy)),
        charges=charges,
    )


def interest_of(
    claim: Claim,
    parties: Parties,
    *,
    arisen_on: date,
    on: date,
    pauses: Sequence[Pause] = (),
) -> Interest | None:
    """Return interest by the contract, else by the law; None where there is neither."""
    terms = terms_of(parties, arisen_on, on)
    if terms is None:
        return None
    return interest(claim, terms, to_on=on, paused=pauses)


def terms_of(parties: Parties, arisen_on: date, on: date) -> InterestTerms | None:
    """Return by what rule interest runs, to a day, on what arose on an earlier one."""
    policy = parties.policy
    found: InterestTerms | None
    percent = policy.percent_of(parties.debtor_number)
    if percent is not None:
        found = InterestTerms(
            mode=Mode.CONTRACT,
            percent=percent,
            source="the contract, as the client says",
        )
    else:
        found = parties.sheet_on(on).terms_on(arisen_on, rates(policy.rate))
    if found is None:
        return None
    return replace(found, order=policy.order, counts_value_day=policy.counts_value_day)


@lru_cache(maxsize=32)
def rates(own: tuple[OwnRate, ...]) -> dict[str, RateSeries]:
    """Return the packaged series, the client's own values in the others' place."""
    found = {name: one.series for name, one in packaged_rates().items()}
    for name in {one.series for one in own}:
        mine = [one.made() for one in own if one.series == name]
        kept = [
            value
            for value in found.get(name, RateSeries(name, ())).values
            if not any(
                one.from_on <= value.until and value.from_on <= one.until
                for one in mine
            )
        ]
        values = sorted([*kept, *mine], key=lambda one: one.from_on)
        found[name] = RateSeries(name, tuple(values))
    return found


def _conversion(known: Sequence[Conversion], part: LatePart) -> Decimal | None:
    """Return the rate of the last weekday of the month before a claim fell due.

    No other day's rate stands in for it: where that weekday is a holiday, it is not
    known.
    """
    last_on = part.due_on.replace(day=1) - ONE_DAY
    while last_on.weekday() > FRIDAY:
        last_on -= ONE_DAY
    for one in known:
        if one.debt_currency == part.document.currency and one.on == last_on:
            return one.rate
    return None


def _doubts(
    document: LateDocument,
    found: Interest | None,
    owed: Compensation,
    sheet: CountrySheet,
    policy: LatePolicy,
) -> Iterator[str]:
    """Say why not all of it can be demanded."""
    if policy.show is not Show.DEMAND:
        yield "the client has not switched demanding on"
    if document.is_inferred:
        yield "its due date was not given by the books"
    if found is None:
        yield f"{sheet.summary.partition(':')[0]} ({sheet.name}), and no rate is agreed"
    elif found.missing:
        yield f"{found.missing}; the interest is that to {found.covered_until}"
    elif not found.verified:
        yield "its interest rests on a figure that nobody read in a source"
    if owed.minor is None:
        yield f"the compensation is not known: {owed.reason}"
    elif owed.minor and not owed.verified:
        yield "the compensation was not read in a source"
    elif owed.minor and owed.currency != document.currency:
        yield f"the compensation is in {owed.currency}, and is not converted"
    if policy.order is Order.COSTS_INTEREST_PRINCIPAL and document.movements:
        yield "payments met costs and interest first, other than in the books"
