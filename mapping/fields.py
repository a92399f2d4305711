"""Readers of identifiers, currencies and payment terms, and what all readers share.

A reader takes what a cell holds: text, or from a spreadsheet a decimal number, a date
or a truth value. What it cannot read raises a `FieldError` whose message says what is
wrong and whose remedy says what to do; nothing is guessed.
"""

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Final

from ledger.calendar import Terms
from ledger.errors import RecordError
from ledger.money import Currency, currency
from ledger.records import ProblemReason

Cell = str | Decimal | date | bool | None
"""What a cell can hold once its file is decoded; empty text and None are the same."""

BLANKS: Final = " \t\u00a0\u2007\u202f"


class FieldError(RecordError):
    """A value cannot be read.

    Attributes:
        reason: The family the problem is listed under.
    """

    def __init__(
        self, message: str, *, reason: ProblemReason, remedy: str = ""
    ) -> None:
        """Keep what is wrong and what to do."""
        super().__init__(message, remedy=remedy)
        self.reason = reason


SPREADSHEET_ERROR: Final = re.compile(
    r"#[\xa1\xbf]?[^\W\d_][\w/.]*[!?]|#N/A|#NV|#N/D|#N/B|#GETTING_DATA|#{3,}"
)
"""Errors in any language, such as #REF! or #WERT!, and columns too narrow to show."""

IDENTIFIER_MAX: Final = 200
"""Characters of a number or key: more are a text that ran in."""

LOST_DIGITS: Final = re.compile(r"-?\d(?:[.,]\d+)?[eE]\+\d+")
"""A long number as spreadsheets shorten it."""


def refuse_formula(cell: Cell) -> None:
    """Refuse what a spreadsheet shows or keeps instead of a value.

    Raises:
        FieldError: The cell is a formula without a result, or an error.
    """
    if not isinstance(cell, str):
        return
    text = cell.strip(BLANKS)
    if text.startswith("="):
        raise FieldError(
            "The cell holds a formula whose result is not stored.",
            reason=ProblemReason.VALUE,
            remedy="Open the file in a spreadsheet program, save it and copy it again.",
        )
    if text.startswith("#") and SPREADSHEET_ERROR.fullmatch(text):
        raise FieldError(
            f"The cell shows the spreadsheet error {text}.",
            reason=ProblemReason.VALUE,
            remedy="Correct the formula or widen the column in the spreadsheet.",
        )


def is_blank(cell: Cell) -> bool:
    """Say whether a cell holds nothing."""
    return cell is None or (isinstance(cell, str) and not cell.strip(BLANKS))


def identifier(cell: Cell, *, strip_floats: bool) -> str:
    """Return a number, key or name by which something is known.

    Args:
        cell: What the cell holds.
        strip_floats: Whether a whole number written `123.0` is 123, as spreadsheets
            and data tools write it.

    Raises:
        FieldError: It is empty, too long, a date or a truth value, or lost its digits
            to scientific notation.
    """
    if type(cell) is str:
        text = cell.strip()
    elif isinstance(cell, Decimal):
        text = f"{cell:f}"
        strip_floats = True
    elif cell is None:
        text = ""
    else:
        raise FieldError(
            f"{cell} is a date or a truth value where a number or name should be.",
            reason=ProblemReason.VALUE,
            remedy="Format the column as text in the spreadsheet and enter it again.",
        )
    if not text:
        raise FieldError(
            "It is empty.",
            reason=ProblemReason.MISSING,
            remedy="Fill it in and export again, or let the profile ignore such rows.",
        )
    if len(text) > IDENTIFIER_MAX:
        raise FieldError(
            f"It has {len(text)} characters; no number or key has more than "
            f"{IDENTIFIER_MAX}.",
            reason=ProblemReason.VALUE,
            remedy="Look for a quote that is not closed, or for the wrong column.",
        )
    if text[0] in "=#":
        refuse_formula(text)
    if strip_floats and text.endswith("0") and "." in text:
        whole, _, fraction = text.partition(".")
        if whole.isdecimal() and not fraction.strip("0"):
            return whole
    if "+" in text and LOST_DIGITS.fullmatch(text):
        raise FieldError(
            f"{text!r} is a number in scientific notation that lost its digits.",
            reason=ProblemReason.VALUE,
            remedy="Format the column as text in the spreadsheet and export again.",
        )
    return text


def text_or_none(cell: Cell) -> str | None:
    """Return trimmed text, or None for nothing."""
    if cell is None:
        return None
    return str(cell).strip() or None


def currency_code(cell: Cell) -> Currency:
    """Return a currency by its code or its unmistakable symbol.

    Raises:
        UnknownCurrencyError: There is no such currency.
        FieldError: It is empty.
    """
    text = text_or_none(cell)
    if text is None:
        raise FieldError(
            "The currency is empty.",
            reason=ProblemReason.MISSING,
            remedy="Fill it in, or leave the column out of the profile.",
        )
    return currency({"€": "EUR", "£": "GBP"}.get(text, text))


AFTER_MONTH_END: Final = re.compile(r"\bafter\W+(?:the\W+)?(?:end|month|eom)\b")


def terms(cell: Cell, named: Mapping[str, Terms]) -> Terms | None:
    """Return payment terms: by a code of the profile, or written as days.

    Understands `30`, `Net 30`, `30 days`, `30 days end of month`, `EOM 30`. Days that
    are counted from the month's end are no such terms.

    Raises:
        FieldError: The text is neither.
    """
    text = text_or_none(cell)
    if text is None:
        return None
    if text in named:
        return named[text]
    plain = re.sub(r"[.,]?0+$", "", text) if re.fullmatch(r"\d+\.0+", text) else text
    words = re.sub(r"\b(net|days?|d|after|of|the|n)\b|[/,]", " ", plain.lower())
    to_month_end = bool(re.search(r"\b(eom|end\s+month|month\s+end)\b", words))
    rest = re.sub(r"\b(eom|end\s+month|month\s+end)\b", " ", words).strip()
    rest = re.sub(r"^n(?=\d)", "", rest)
    from_month_end = AFTER_MONTH_END.search(plain.lower())
    if not from_month_end and (
        re.fullmatch(r"\d{1,3}", rest) or (to_month_end and not rest)
    ):
        return Terms(int(rest or 0), to_month_end)
    raise FieldError(
        f"The payment terms {text!r} are not known.",
        reason=ProblemReason.VALUE,
        remedy=f'Add them to the profile: [terms] "{text}" = "30 days".',
    )
