"""What a client contracted beyond reminders, and with which agencies, as data.

Without it a tenant has reminders only: nothing is demanded in an agency's name, and
nothing can be handed over. Amounts are compared in their own currency.
"""

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum, auto
from functools import cache, lru_cache
from typing import Annotated, Final, Self

from pydantic import AfterValidator, Field, model_validator

from ledger.errors import RequestError
from ledger.money import Currency
from ledger.reminders import Voice
from ledger.store import identities, rulebooks
from ledger.store.session import Session
from outsourced_ar.known.demand import PayTo
from outsourced_ar.known.escalation import Approval, Escalation
from outsourced_ar.rule_files import Amounts, Countries, Name, Part, packaged, read
from outsourced_ar.rules.cadence import amount_within

CONTRACT: Final = "contract"
"""The kind of rulebook that holds it."""
PERCENT_MAX: Final = Decimal(100)


class Document(StrEnum):
    """What a packet may be required to hold."""

    INVOICES = auto()
    """The list of the invoices, with their dates and amounts."""
    INVOICE_COPIES = auto()
    FINAL_DEMAND = auto()
    CORRESPONDENCE = auto()
    CONTACT = auto()
    """Somebody at the debtor's who can be reached, or its address."""
    MANDATE = auto()
    CLAIM_BASIS = auto()
    """A proof of delivery, an order or a contract."""


class NotContractedError(RequestError):
    """A tenant has reminders only, or no agency for what is to be placed."""

    def __init__(self, slug: str, what: str) -> None:
        """Say what is not contracted."""
        super().__init__(
            f"{slug}: {what}.",
            remedy="`duebridge agency check` shows the contract; `duebridge agency "
            "set` puts another in force.",
        )


def _percent(value: Decimal) -> Decimal:
    if not 0 <= value <= PERCENT_MAX:
        raise ValueError(f"{value} is no percentage from 0 to 100")
    return value


Percent = Annotated[Decimal, AfterValidator(_percent)]


class Rung(Part):
    """A rung of a commission ladder: up to an age at placement, a share.

    Attributes:
        overdue_days_max: Of the oldest item; None on the last rung.
    """

    overdue_days_max: int | None = Field(default=None, ge=0)
    percent: Percent


class AgencyTerms(Part):
    """An agency, what it takes, and what it costs.

    Attributes:
        name: Its key, for ever: cases name it.
        kind: What stands behind it: `local` is a folder or an address, others are
            services.
        identity: Whose name stands on final demands before it has the case.
        amount_min: It takes no case below; a currency not named is not taken.
        settings: What its kind needs: of `local` a `folder`, or `mail` to write to.
    """

    name: Name
    kind: Name = "local"
    title: str = Field(min_length=1)
    identity: Name = "agency"
    countries: Countries = frozenset()
    currencies: frozenset[str] = frozenset()
    amount_min: Amounts = Field(default_factory=dict)
    amount_max: Amounts = Field(default_factory=dict)
    commission: tuple[Rung, ...] = Field(min_length=1)
    instructions: str = ""
    settings: dict[str, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _a_ladder(self) -> Self:
        ages = [one.overdue_days_max for one in self.commission]
        if ages[-1] is not None or None in ages[:-1]:
            raise ValueError(
                "the last rung of the commission, and only the last, has no "
                "overdue_days_max"
            )
        known = [age for age in ages if age is not None]
        if known != sorted(set(known)):
            raise ValueError("the rungs of the commission must rise in age")
        return self

    def takes(self, *, country: str | None, currency: Currency, minor: int) -> bool:
        """Say whether it takes a debtor's items of a currency."""
        return (
            (not self.countries or country in self.countries)
            and (not self.currencies or currency in self.currencies)
            and amount_within(
                currency,
                minor,
                minimum=tuple(self.amount_min.items()),
                maximum=tuple(self.amount_max.items()),
            )
        )

    def percent(self, overdue_days: int) -> Decimal:
        """Return the share it gets of what comes in on a case of an age."""
        for rung in self.commission:
            if rung.overdue_days_max is None or overdue_days <= rung.overdue_days_max:
                return rung.percent
        raise AssertionError(self.commission)


class Withdrawal(Part):
    """What taking a case back costs.

    Attributes:
        percent: Of what is outstanding.
        free_days: Nothing within so many days of the placement.
    """

    percent: Percent = Decimal(0)
    free_days: int = Field(default=0, ge=0)

    def fee_minor(self, outstanding_minor: int, *, placed_on: date, on: date) -> int:
        """Return the fee, half units up; nothing where nothing is outstanding."""
        if (on - placed_on).days <= self.free_days:
            return 0
        return share(max(outstanding_minor, 0), self.percent)


class Contract(Part):
    """What a client contracted.

    Attributes:
        escalation: Whether anything beyond reminders is.
        approval_above: With approval `above`: a person is asked from these amounts on;
            of a currency not named always.
        sanctioned: Numbers of debtors on which a sanctions list had a hit.
    """

    version: int = Field(default=1, ge=1)
    escalation: bool = False
    approval: Approval = Approval.ALWAYS
    approval_above: Amounts = Field(default_factory=dict)
    final_demand_days: int = Field(default=10, ge=1, le=90)
    placement_after_days: int = Field(default=2, ge=0, le=90)
    pay_to: PayTo = PayTo.AGENCY
    requires: frozenset[Document] = frozenset()
    withdrawal: Withdrawal = Withdrawal()
    sanctioned: frozenset[str] = frozenset()
    agency: tuple[AgencyTerms, ...] = ()

    @model_validator(mode="after")
    def _sound(self) -> Self:
        names = [one.name for one in self.agency]
        if len(names) != len(set(names)):
            raise ValueError("two agencies have one name")
        if self.escalation and not self.agency:
            raise ValueError("escalation is on and no agency is named")
        return self

    def needs_approval(self, currency: Currency, minor: int) -> bool:
        """Say whether a person says yes first."""
        return self.as_escalation(frozenset()).needs_approval(currency, minor)

    def as_escalation(self, speakers: frozenset[str]) -> Escalation:
        """Return what of it the gate asks about.

        Args:
            speakers: Keys of the agencies' identities that there are.
        """
        if not self.escalation:
            return Escalation()
        return Escalation(
            is_contracted=True,
            approval=self.approval,
            approval_above=dict(self.approval_above),
            demand_days=self.final_demand_days,
            pay_to=self.pay_to,
            identities=speakers,
        )

    def choose(
        self, *, country: str | None, currency: Currency, minor: int
    ) -> AgencyTerms | None:
        """Return the first agency that takes it; None where none does."""
        for one in self.agency if self.escalation else ():
            if one.takes(country=country, currency=currency, minor=minor):
                return one
        return None

    def terms(self, name: str) -> AgencyTerms | None:
        """Return an agency's terms by its name."""
        return next((one for one in self.agency if one.name == name), None)


def share(minor: int, percent: Decimal) -> int:
    """Return a share of an amount in minor units, half units up."""
    exact = Decimal(minor) * percent / 100
    return int(exact.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def read_contract(text: str, place: str = "The contract") -> Contract:
    """Read a contract.

    Raises:
        RuleFileError: It cannot be used; every fault is named.
    """
    return read(text, place, Contract)


@cache
def packaged_contract() -> Contract:
    """Return what counts where a client contracted nothing: reminders only."""
    return read_contract(packaged(f"{CONTRACT}.toml"), "The packaged contract")


@lru_cache(maxsize=64)
def _read_before(text: str) -> Contract:
    # It is asked for with each message that is sent.
    return read_contract(text)


def in_force(session: Session) -> Contract:
    """Return a tenant's contract.

    Raises:
        RuleFileError: Its own cannot be used.
    """
    own = rulebooks.load_latest(session, CONTRACT)
    return _read_before(own[0].body) if own else packaged_contract()


def escalation(session: Session) -> Escalation:
    """Return what of the contract the gate asks about."""
    contract = in_force(session)
    if not contract.escalation:
        return Escalation()
    known = identities.load_all(session)
    speakers = frozenset(one.key for one in known if one.voice is Voice.AGENCY)
    return contract.as_escalation(speakers)
