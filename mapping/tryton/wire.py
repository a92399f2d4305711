"""The shapes in which Tryton answers over JSON-RPC, read strictly.

Tryton writes what JSON lacks as an object that names its class, such as
`{"__class__": "Decimal", "decimal": "10.10"}`; so no amount ever is a float. Fields of
related records come under the relation's name and a dot.

Checked against trytond 8.2 (its own source and a running server), November 2026.
"""

from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal

import msgspec
from msgspec import Raw, Struct, field

from ledger.errors import SourceError
from ledger.records import ProblemReason
from mapping.fields import FieldError


class AnswerError(SourceError):
    """Tryton refused a call, or did not answer as it should.

    Attributes:
        name: What Tryton calls the error, such as `UserError`; empty if it did not
            answer at all as agreed.
    """

    def __init__(self, name: str, text: str) -> None:
        """Say what Tryton said."""
        super().__init__(
            f"Tryton answered: {name}: {text}" if name else text,
            remedy="Check the user's rights and the modules of this database.",
        )
        self.name = name


class Amount(Struct, frozen=True, tag_field="__class__", tag="Decimal"):
    """An exact number."""

    decimal: Decimal


class Day(Struct, frozen=True, tag_field="__class__", tag="date"):
    """A day, in no time zone."""

    year: int
    month: int
    day: int

    @property
    def value(self) -> date:
        """The date.

        Raises:
            FieldError: There is no such day.
        """
        try:
            return date(self.year, self.month, self.day)
        except (ValueError, OverflowError) as error:
            raise _no_day(f"{self.year}-{self.month}-{self.day}") from error


class Instant(Struct, frozen=True, tag_field="__class__", tag="datetime"):
    """An instant; Tryton's server keeps them in UTC and says no zone."""

    year: int
    month: int
    day: int
    hour: int = 0
    minute: int = 0
    second: int = 0
    microsecond: int = 0

    @property
    def value(self) -> datetime:
        """The instant, aware.

        Raises:
            FieldError: There is no such instant.
        """
        try:
            return datetime(
                self.year,
                self.month,
                self.day,
                self.hour,
                self.minute,
                self.second,
                self.microsecond,
                tzinfo=UTC,
            )
        except (ValueError, OverflowError) as error:
            raise _no_day(f"{self.year}-{self.month}-{self.day} …") from error


class Blob(Struct, frozen=True, tag_field="__class__", tag="bytes"):
    """Bytes, in lines of base64."""

    base64: str

    @property
    def value(self) -> bytes:
        """The bytes.

        Raises:
            FieldError: It is no base64.
        """
        try:
            return b64decode("".join(self.base64.split()), validate=True)
        except (Base64Error, ValueError) as error:
            raise FieldError(
                "It is no base64.",
                reason=ProblemReason.VALUE,
                remedy="Correct the record in Tryton.",
            ) from error


class Coded(Struct, frozen=True, kw_only=True):
    """A related record of which the code is asked, such as a currency."""

    code: str | None


class Contact(Struct, frozen=True, kw_only=True):
    """A way to reach a party."""

    type: str
    value: str | None


class Address(Struct, frozen=True, kw_only=True):
    """An address of a party."""

    country: Coded | None = field(name="country.")


class Party(Struct, frozen=True, kw_only=True):
    """A `party.party`."""

    id: int
    name: str | None
    code: str | None
    contacts: list[Contact] = field(name="contact_mechanisms.")
    addresses: list[Address] = field(name="addresses.")
    language: Coded | None = field(name="lang.")
    tax_id: Coded | None = field(name="tax_identifier.")


class Mention(Struct, frozen=True, kw_only=True):
    """A party as other records name it."""

    id: int
    code: str | None
    name: str | None


class Journal(Struct, frozen=True, kw_only=True):
    """An `account.journal`."""

    type: str


class Move(Struct, frozen=True, kw_only=True):
    """An `account.move`: an entry of the journal."""

    id: int
    number: str | None
    origin: str | None
    journal: Journal = field(name="journal.")


class Line(Struct, frozen=True, kw_only=True):
    """An `account.move.line` on a receivable account.

    Attributes:
        debit: In the company's currency, as is `credit`; either may be negative, for
            a cancelled move is written with its signs turned.
        amount_second_currency: In `second_currency`, what is owed positive.
        invoice_payments: The invoices to which it is linked as a payment.
    """

    id: int
    account: int
    debit: Amount
    credit: Amount
    amount_second_currency: Amount | None
    second_currency: Coded | None = field(name="second_currency.")
    maturity_date: Day | None
    date: Day
    party: Mention | None = field(name="party.")
    reconciliation: int | None
    invoice_payments: list[int]
    move: Move = field(name="move.")
    create_date: Instant | None
    write_date: Instant | None


class CancelMove(Struct, frozen=True, kw_only=True):
    """The move that cancels an invoice.

    Attributes:
        origin: The invoice's own move if it was plainly cancelled; a credit note if
            that was made to take the invoice back.
    """

    id: int
    date: Day
    origin: str | None


class Invoice(Struct, frozen=True, kw_only=True):
    """A customer's `account.invoice` that has a move."""

    id: int
    number: str | None
    reference: str | None
    state: str
    invoice_date: Day | None
    party: Mention = field(name="party.")
    currency: Coded = field(name="currency.")
    total_amount: Amount
    lines: list[Line] = field(name="lines_to_pay.")
    payments: list[Line] = field(name="payment_lines.")
    cancel_move: CancelMove | None = field(name="cancel_move.")
    create_date: Instant | None
    write_date: Instant | None


class Owner(Struct, frozen=True, kw_only=True):
    """What tells which move lines are an invoice's own."""

    id: int
    account: int
    state: str
    total_amount: Amount
    move: int | None
    additional_moves: list[int]
    cancel_move: CancelMove | None = field(name="cancel_move.")


class Reconciliation(Struct, frozen=True, kw_only=True):
    """An `account.move.reconciliation`: lines that settle each other in full."""

    id: int
    lines: list[Line] = field(name="lines.")


class Company(Struct, frozen=True, kw_only=True):
    """A `company.company`."""

    id: int
    currency: Coded = field(name="currency.")


class _Answer(Struct):
    result: Raw | msgspec.UnsetType = msgspec.UNSET
    error: Raw | msgspec.UnsetType = msgspec.UNSET


_ANSWER = msgspec.json.Decoder(_Answer)
_RECORDS = msgspec.json.Decoder(list[Raw])


def result(body: bytes) -> Raw:
    """Return what a call returned.

    Raises:
        AnswerError: Tryton answered with an error, which it does with HTTP 200, too.
    """
    try:
        answer = _ANSWER.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise AnswerError("", f"Tryton's answer is no JSON-RPC: {error}.") from error
    if answer.error is not msgspec.UNSET:
        raise _refusal(msgspec.json.decode(answer.error))
    if answer.result is msgspec.UNSET:
        raise AnswerError("", "Tryton's answer holds neither a result nor an error.")
    return answer.result


def records(body: bytes) -> Sequence[Raw]:
    """Return the records of a list, each still to be read.

    Raises:
        AnswerError: Tryton answered with an error, or with no list.
    """
    found = result(body)
    try:
        return _RECORDS.decode(found)
    except msgspec.DecodeError as error:
        raise AnswerError("", f"Tryton's answer is no list: {error}.") from error


def _refusal(said: object) -> AnswerError:
    """Return an error as Tryton names it: a name, then what goes with it."""
    if isinstance(said, list) and said:
        rest = said[1] if len(said) > 1 else ""
        text = rest[0] if isinstance(rest, list) and rest else rest
        return AnswerError(str(said[0]), str(text))
    return AnswerError("error", str(said))


def _no_day(text: str) -> FieldError:
    return FieldError(
        f"{text} is no date.",
        reason=ProblemReason.DATE,
        remedy="Correct the record in Tryton.",
    )
