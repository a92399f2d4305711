"""What a client lets be said of late-payment interest, compensation and fees.

Off until the client says otherwise; shown as information until it switches demanding
on, and to demand it has to say whose law governs its contracts.
"""

from datetime import date
from decimal import Decimal
from enum import StrEnum, auto
from typing import Annotated, Self

from pydantic import Field, model_validator

from ledger.interest_terms import Order, Rate
from ledger.money import Currency
from outsourced_ar.rule_files import Amounts, Part
from outsourced_ar.sources import Dated, Exact, check_chain

CREDITOR = "creditor"
DEBTOR = "debtor"


AgreedPercent = Annotated[Decimal, Exact, Field(ge=0, le=100)]
"""A rate a year that parties agreed."""


class Show(StrEnum):
    """How far late-payment amounts are spoken of."""

    OFF = auto()
    INFORMATION = auto()
    """They may be shown; nobody is asked for them."""
    DEMAND = auto()
    """What is verified is asked for in formal steps."""


class OwnRate(Dated):
    """A value of a reference series that the client itself read, and where."""

    series: str = Field(min_length=1)
    percent: Annotated[Decimal, Exact] = Field(ge=-5, le=100)
    source: str = Field(min_length=1)

    @model_validator(mode="after")
    def _ends(self) -> Self:
        if self.until == date.max:
            raise ValueError("say until when it holds; no rate holds for ever")
        return self

    def made(self) -> Rate:
        """Return it as a value among the packaged ones."""
        return Rate(
            from_on=self.starts_on,
            until=self.until,
            percent=self.percent,
            source=f"the client: {self.source}",
            verified=True,
        )


class Conversion(Part):
    """A rate of a day at which the law converts a compensation."""

    on: date
    debt_currency: str = Field(alias="to")
    currency: str = Field(alias="from")
    rate: Annotated[Decimal, Exact] = Field(gt=0)
    source: str = Field(min_length=1)


class LatePolicy(Part):
    """The section `late_payment` of a policy.

    Attributes:
        law: Whose law governs: `creditor`, `debtor`, or a country.
        contract_percent: The rate a year that was agreed, instead of the statute's.
        contract_by_debtor: The same with single debtors, by number.
        fees: What the contract lets be asked for a reminder, by currency.
        order: What a part payment meets first.
        counts_value_day: Whether the day a payment arrives still counts.
        rate: Reference rates the client read itself.
        conversion: Rates of single days for a compensation that is converted.
    """

    show: Show = Show.OFF
    law: str = Field(default="", pattern="^(|creditor|debtor|[A-Z]{2})$")
    contract_percent: AgreedPercent | None = None
    contract_by_debtor: dict[str, AgreedPercent] = Field(default_factory=dict)
    fees: Amounts = Field(default_factory=dict)
    order: Order = Order.PRINCIPAL_FIRST
    counts_value_day: bool = True
    rate: tuple[OwnRate, ...] = ()
    conversion: tuple[Conversion, ...] = ()

    @model_validator(mode="after")
    def _sound(self) -> Self:
        for series in {one.series for one in self.rate}:
            check_chain(
                sorted(
                    (one for one in self.rate if one.series == series),
                    key=lambda one: one.starts_on,
                ),
                gaps=True,
            )
        return self

    def onto(self, below: "LatePolicy") -> "LatePolicy":
        """Return what was said before, with what is said here in its place."""
        said = {name: getattr(self, name) for name in self.model_fields_set}
        return below.model_copy(update=said)

    def check(self) -> None:
        """Refuse to demand by nobody's law.

        Raises:
            ValueError: It is not said whose law governs.
        """
        if self.show is Show.DEMAND and not self.law:
            raise ValueError(
                'say whose law governs, as law = "creditor", before you demand'
            )

    def country(self, *, creditor: str, debtor: str | None) -> str | None:
        """Return the country whose law governs between a creditor and a debtor."""
        if self.law == DEBTOR:
            return debtor
        return self.law if self.law not in {"", CREDITOR} else creditor

    def percent_of(self, debtor_number: str) -> Decimal | None:
        """Return the rate that was agreed with a debtor, if one was."""
        return self.contract_by_debtor.get(debtor_number, self.contract_percent)

    def fee_in(self, currency: Currency) -> int:
        """Return what the contract lets be asked for a reminder in a currency."""
        return self.fees.get(currency, 0)


SILENT = LatePolicy()
"""Nothing is said."""
