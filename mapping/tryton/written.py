"""What is asked of Tryton, and read, when something is written there or looked for."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final

import msgspec
from msgspec import Raw, Struct, field

from mapping.tryton.wire import Amount, AnswerError, Coded, Day

INVOICE: Final = "account.invoice"
PARTY: Final = "party.party"
NOTE: Final = "ir.note"
MODEL: Final = "ir.model"
DUNNING: Final = "account.dunning"
LINE: Final = "account.move.line"
METHOD: Final = "account.invoice.payment.method"
PAYING: Final = "account.invoice.pay"

USER_ERRORS: Final = frozenset({"UserError", "UserWarning"})
"""What Tryton calls its refusals; a warning waits for a person's yes."""
OVERTAKEN: Final = "ConcurrencyException"


class Key(Struct, frozen=True):
    """A record of which only the key is asked."""

    id: int


class Invoice(Struct, frozen=True, kw_only=True):
    """An invoice, as far as it decides what may be written."""

    id: int
    state: str
    currency: Coded = field(name="currency.")
    amount_to_pay: Amount | None
    lines_to_pay: list[int]

    @property
    def due(self) -> Decimal:
        """What is open."""
        return Decimal(0) if self.amount_to_pay is None else self.amount_to_pay.decimal


class Dunning(Struct, frozen=True, kw_only=True):
    """Tryton's own reminder of a line."""

    id: int
    line: int
    blocked: bool | int
    timestamp: str | None = field(name="_timestamp")


class Paid(Struct, frozen=True, kw_only=True):
    """The receivable line of a payment."""

    id: int
    date: Day
    debit: Amount
    credit: Amount
    amount_second_currency: Amount | None

    @property
    def amount(self) -> Decimal:
        """How much was paid, in the invoice's currency."""
        if self.amount_second_currency is not None:
            return abs(self.amount_second_currency.decimal)
        return self.credit.decimal - self.debit.decimal


class Method(Struct, frozen=True, kw_only=True):
    """A way to be paid."""

    id: int
    name: str


class _View(Struct, frozen=True):
    defaults: dict[str, Any]


class _Step(Struct, frozen=True):
    view: _View | None = None


def of(model: str, name: str) -> str:
    """Return a model's remote method."""
    return f"model.{model}.{name}"


def searched(
    domain: list[Any], fields: list[str], context: Mapping[str, Any], most: int = 1_000
) -> list[Any]:
    """Return the parameters of a search, oldest first."""
    return [domain, 0, most, [["id", "ASC"]], fields, context]


def asked(result: Raw) -> dict[str, Any] | None:
    """Return what a step of a wizard asks, as it would be filled in; None at its end.

    Raises:
        AnswerError: It is no step.
    """
    try:
        step = msgspec.json.decode(result, type=_Step)
    except msgspec.DecodeError as error:
        raise AnswerError(
            "", f"Tryton's wizard answered otherwise: {error}."
        ) from error
    if step.view is None:
        return None
    # What is shown of related records is no value of a field.
    return {
        name: value
        for name, value in step.view.defaults.items()
        if not name.endswith(".")
    }


def amount(value: Decimal) -> dict[str, str]:
    """Return an exact number as Tryton writes one."""
    return {"__class__": "Decimal", "decimal": str(value)}


def day(value: date) -> dict[str, Any]:
    """Return a day as Tryton writes one."""
    return {
        "__class__": "date",
        "year": value.year,
        "month": value.month,
        "day": value.day,
    }
