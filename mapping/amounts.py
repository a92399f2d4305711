"""Reads amounts as people and systems write them, into whole minor units."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from typing import Final

from ledger.money import MINOR_MAX, Currency
from ledger.records import ProblemReason
from mapping.fields import BLANKS, Cell, FieldError, is_blank, refuse_formula

SIGNIFICANT_DIGITS: Final = 15
"""What a binary float can carry of a decimal number without noise."""

NOISE: Final = Context(prec=SIGNIFICANT_DIGITS, rounding=ROUND_HALF_UP)
MINUS_SIGNS: Final = "-\u2212\u2013"
SIGNS: Final = MINUS_SIGNS + "+"
DOLLARS_AND_PESOS: Final = frozenset({
    "ARS", "AUD", "BBD", "BMD", "BND", "BRL", "BSD", "BZD", "CAD", "CLP", "COP", "CUP",
    "CVE", "DOP", "FJD", "GYD", "HKD", "JMD", "KYD", "LRD", "MXN", "NAD", "NIO", "NZD",
    "SBD", "SGD", "SRD", "TOP", "TTD", "TWD", "USD", "UYU", "WST", "XCD", "ZWL",
})  # fmt: skip
SYMBOLS: Final[Mapping[str, frozenset[str]]] = {
    "€": frozenset({"EUR"}),
    "£": frozenset({"GBP"}),
    "¥": frozenset({"JPY", "CNY"}),
    "$": DOLLARS_AND_PESOS,
}
"""Symbols, each with the currencies that are written with it."""
TRIMMED: Final = BLANKS + "".join(SYMBOLS)
CODE: Final = re.compile(r"^[A-Z]{3}(?=[\s\d+(\-\u2212])|(?<=[\s\d)])[A-Z]{3}$")
SIDE: Final = re.compile(r"(.*?)\s*(CR|DR)\.?", re.IGNORECASE)
GROUPS: Final = re.compile(r"(?!0,)\d{1,3}(,\d{3})+")
"""Digits in groups of three; `0,500` is rather a half with another decimal mark."""
ADJUSTED_MAX: Final = 18
"""The power of ten of a first digit that no amount has, in any currency."""


@dataclass(slots=True)
class AmountReader:
    """Reads amounts into whole minor units, and counts what that cost.

    Attributes:
        decimal: The decimal mark.
        thousands: Marks allowed between groups of three digits.
        clear_noise: Whether more than 15 significant digits are taken for the noise of
            binary floats and rounded away first; otherwise they are refused.
        round_to_minor: Whether what is left below the minor unit is rounded half up;
            otherwise it is refused.
        cleared_count: How many amounts were cleared of noise.
        lost: What rounding took from the last amount read the long way; the caller
            takes it and sets it back to zero.
    """

    decimal: str = "."
    thousands: str = ","
    clear_noise: bool = True
    round_to_minor: bool = True
    cleared_count: int = 0
    lost: Decimal = Decimal(0)

    def read(self, cell: Cell, of: Currency, places: int) -> int:
        """Return an amount in minor units.

        Args:
            cell: What the cell holds.
            of: The currency.
            places: The currency's decimals, looked up once by the caller.

        Raises:
            FieldError: It is empty, not a number or out of range.
        """
        if type(cell) is str:
            # Nearly every amount is plain digits with the right number of decimals.
            whole, mark, fraction = cell.partition(self.decimal)
            if (
                len(fraction) == places
                and whole.isdecimal()
                and len(whole) <= SIGNIFICANT_DIGITS - places
                and (fraction.isdecimal() if mark else places == 0)
            ):
                return int(whole + fraction)
        return self._post(self._number(cell, of), of, places)

    def _post(self, number: Decimal, of: Currency, places: int) -> int:
        if not number.is_finite():
            raise _amount_error(f"{number} is no amount", "Correct the row.")
        if number and number.adjusted() > ADJUSTED_MAX:
            raise _too_large(number)
        if len(number.as_tuple().digits) > SIGNIFICANT_DIGITS:
            cleared = NOISE.plus(number)
            if cleared != number:
                if not self.clear_noise:
                    raise _amount_error(
                        f"{number} has more than {SIGNIFICANT_DIGITS} digits",
                        'Set noise = "clear" in the profile to read them as the '
                        "nearest decimal.",
                    )
                self.cleared_count += 1
            number = cleared
        scaled = number.scaleb(places)
        minor = scaled.quantize(Decimal(1), rounding=ROUND_HALF_UP)
        if minor != scaled:
            if not self.round_to_minor:
                raise _amount_error(
                    f"{number} has more decimals than {of}",
                    'Set fractions = "round" in the profile to round it half up.',
                )
            self.lost = (scaled - minor).scaleb(-places)
        if abs(minor) > MINOR_MAX:
            raise _too_large(number)
        return int(minor)

    def _number(self, cell: Cell, of: Currency) -> Decimal:
        if isinstance(cell, Decimal):
            return cell
        if is_blank(cell):
            raise FieldError(
                "The amount is empty.",
                reason=ProblemReason.MISSING,
                remedy="Fill it in and export again.",
            )
        if not isinstance(cell, str):
            raise _amount_error(f"{cell} is no amount", "Check the column.")
        refuse_formula(cell)
        text, negative = self._unsigned(_without_currency(cell, of), cell)
        scientific = re.fullmatch(r"\d(?:\.\d+)?[eE](-?)\+?\d{1,3}", text)
        if scientific and self.decimal == ".":
            if not scientific[1]:
                raise _amount_error(
                    f"{cell.strip()!r} is in scientific notation and may have lost "
                    "digits",
                    "Format the column as a plain number in the spreadsheet and "
                    "export again.",
                )
        else:
            text = self._plain(text, cell)
        try:
            number = Decimal(text)
        except InvalidOperation as error:
            raise self._unreadable(cell) from error
        return number.copy_negate() if negative else number

    def _unsigned(self, text: str, cell: str) -> tuple[str, bool]:
        """Return an amount without its sign, and whether it is negative.

        Raises:
            FieldError: Its sign is given twice, so that it is not sure what is meant.
        """
        signs: list[bool] = []
        if text.startswith("(") and text.endswith(")"):
            text = text[1:-1].strip(BLANKS)
            signs.append(True)
        side = SIDE.fullmatch(text)
        if side:
            text = side[1]
            signs.append(side[2].upper() == "CR")
        if text[:1] and text[0] in SIGNS:
            signs.append(text[0] != "+")
            text = text[1:]
        if text[-1:] and text[-1] in MINUS_SIGNS:
            signs.append(True)
            text = text[:-1]
        if len(signs) > 1:
            raise _amount_error(
                f"{cell.strip()!r} has two signs",
                "Correct the row: one minus, parentheses, CR or DR says it all.",
            )
        return text.strip(TRIMMED), signs == [True]

    def _plain(self, text: str, cell: str) -> str:
        whole, _, fraction = text.partition(self.decimal)
        for mark in self.thousands + BLANKS:
            if mark in whole:
                if not GROUPS.fullmatch(whole.replace(mark, ",")):
                    raise self._unreadable(cell)
                whole = whole.replace(mark, "")
        if not (whole or fraction) or not (whole + fraction).isdecimal():
            raise self._unreadable(cell)
        return f"{whole or 0}.{fraction or 0}"

    def _unreadable(self, cell: str) -> FieldError:
        return _amount_error(
            f"{cell.strip()!r} is no amount with the decimal mark {self.decimal!r} and "
            f"the thousands mark {self.thousands or 'none'!r}",
            "Correct the row, or the marks in the profile if all rows are so.",
        )


def _amount_error(message: str, remedy: str) -> FieldError:
    return FieldError(f"{message}.", reason=ProblemReason.AMOUNT, remedy=remedy)


def _too_large(number: Decimal) -> FieldError:
    return _amount_error(
        f"{number} is larger than any invoice",
        "Check the decimal and thousands marks in the profile.",
    )


def _without_currency(cell: str, of: Currency) -> str:
    """Return an amount without the codes and symbols around it.

    Raises:
        FieldError: One of them says another currency than the row.
    """
    text = cell.strip(BLANKS)
    codes = CODE.findall(text)
    said = [code for code in codes if code != of]
    said += [mark for mark, fits in SYMBOLS.items() if mark in text and of not in fits]
    if said:
        raise FieldError(
            f"The amount {text!r} says {said[0]} where the currency is {of}.",
            reason=ProblemReason.CURRENCY,
            remedy="Name the column that holds the currency in the profile.",
        )
    return (CODE.sub("", text) if codes else text).strip(TRIMMED)
