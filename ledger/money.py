"""Money: an exact amount in one currency."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import cache
from typing import NewType, Self

import iso4217

from ledger.errors import InvariantError, RecordError

Currency = NewType("Currency", str)
"""An ISO 4217 code of a currency that has a minor unit."""

MINOR_MAX = 10**15
"""Largest amount of one document in minor units; nine thousand of them fit BIGINT."""

EXACT = Context(prec=60, rounding=ROUND_HALF_UP)
"""Arithmetic wide enough that only `round_half_up` ever rounds money."""


class UnknownCurrencyError(RecordError):
    """A code is not one of ISO 4217's currencies with a minor unit."""

    def __init__(self, code: str) -> None:
        """Name the code."""
        super().__init__(
            f"{code!r} is not an ISO 4217 currency code.",
            remedy="Use three letters such as EUR or USD.",
        )


class CurrencyMismatchError(InvariantError):
    """Two currencies met in one sum."""

    def __init__(self, *, left: Currency, right: Currency) -> None:
        """Name both currencies."""
        super().__init__(f"{left} and {right} cannot be added or compared.")


@cache
def _exponents() -> dict[str, int]:
    return {
        item.code: item.exponent
        for item in iso4217.Currency
        if item.exponent is not None
    }


def currency(code: str) -> Currency:
    """Return the currency of a code, in any case and with blanks around it.

    Raises:
        UnknownCurrencyError: ISO 4217 has no such currency with a minor unit.
    """
    candidate = code.strip().upper()
    if candidate not in _exponents():
        raise UnknownCurrencyError(code)
    return Currency(candidate)


def exponent(of: Currency) -> int:
    """Return how many decimals a currency has: 2 for EUR, 0 for JPY, 3 for KWD."""
    return _exponents()[of]


def round_half_up(amount: Decimal, to: Currency) -> Decimal:
    """Round to the currency's minor unit, halves away from zero.

    The one rounding of the product: once, at presentation or at posting, never inside
    a sum.
    """
    return amount.quantize(_unit(to), context=EXACT)


@cache
def _unit(of: Currency) -> Decimal:
    return Decimal(1).scaleb(-exponent(of))


def to_minor(amount: Decimal, of: Currency) -> int:
    """Return an amount in minor units, rounded half up to a whole one."""
    return int(round_half_up(amount, of).scaleb(exponent(of), context=EXACT))


def from_minor(minor: int, of: Currency) -> Decimal:
    """Return minor units as a decimal with the currency's number of decimals."""
    return Decimal(minor).scaleb(-exponent(of), context=EXACT)


@dataclass(frozen=True, slots=True)
class Money:
    """An amount of one currency, exact, of any sign and any number of decimals."""

    amount: Decimal
    currency: Currency

    def __post_init__(self) -> None:
        """Refuse anything but a finite Decimal."""
        # A float would pass every annotation at run time and lose a cent later.
        if type(self.amount) is not Decimal or not self.amount.is_finite():
            raise InvariantError(f"{self.amount!r} is not a finite decimal amount.")

    @classmethod
    def from_minor(cls, minor: int, of: Currency) -> Self:
        """Make money from minor units."""
        return cls(from_minor(minor, of), of)

    @property
    def minor(self) -> int:
        """The amount in minor units, rounded half up."""
        return to_minor(self.amount, self.currency)

    def rounded(self) -> Self:
        """Return the amount rounded half up to the minor unit."""
        return type(self)(round_half_up(self.amount, self.currency), self.currency)

    def __add__(self, other: "Money") -> "Money":
        self._check(other)
        return Money(EXACT.add(self.amount, other.amount), self.currency)

    def __sub__(self, other: "Money") -> "Money":
        self._check(other)
        return Money(EXACT.subtract(self.amount, other.amount), self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.amount, self.currency)

    def __lt__(self, other: "Money") -> bool:
        self._check(other)
        return self.amount < other.amount

    def __le__(self, other: "Money") -> bool:
        self._check(other)
        return self.amount <= other.amount

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"

    def _check(self, other: "Money") -> None:
        if other.currency != self.currency:
            raise CurrencyMismatchError(left=self.currency, right=other.currency)


def written(minor: int, code: Currency) -> dict[str, str]:
    """Return an amount as JSON has it: a decimal as text, with its currency."""
    return {"amount": str(from_minor(minor, code)), "currency": code}
