"""Reads a list record by record; one that cannot be read is a problem.

Also what the readers of Tryton's records share: currencies and amounts.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from decimal import Decimal
from typing import Any, Final, TypeVar

import msgspec
from msgspec import Raw

from ledger.errors import RecordError
from ledger.ids import SourceId
from ledger.money import Currency, currency, exponent
from ledger.records import Batch, Problem
from mapping.amounts import AmountReader
from mapping.pages import Page, fault, loosely, shown
from mapping.tryton.requests import Request
from mapping.tryton.wire import Amount, AnswerError, Coded, records

Shape = TypeVar("Shape")

REMEDY: Final = "Correct it in Tryton; it is read again once it changes."


def map_all(
    request: Request,
    body: bytes,
    shape: type[Shape],
    map_one: Callable[[Page, Shape], None],
) -> Batch:
    """Map an answer's records one by one; what fails becomes a problem.

    Args:
        request: What was asked.
        body: The answer.
        shape: What a record must look like.
        map_one: Adds what a record becomes; a record that raises adds nothing.

    Raises:
        AnswerError: The answer is an error, or no list.
    """
    decoder = msgspec.json.Decoder(shape)
    page = Page()
    found = records(body)
    for row, raw in enumerate(found, 1):
        part = Page()
        try:
            map_one(part, decoder.decode(raw))
        except (RecordError, msgspec.DecodeError, UnicodeDecodeError) as error:
            page.problems.append(_problem(request, row, raw, error))
            continue
        page.take(part)
    return page.batch(len(found))


def code_of(coded: Coded | None, home: Currency) -> Currency:
    """Return a related currency, or the company's where none is named.

    Raises:
        UnknownCurrencyError: It has no ISO 4217 code.
    """
    return home if coded is None else currency(coded.code or "")


def minor_of(amount: Decimal, of: Currency) -> int:
    """Return an amount in minor units, its sign kept.

    Raises:
        FieldError: It is no amount, too large, or finer than the minor unit.
    """
    reader = AmountReader(clear_noise=False, round_to_minor=False)
    return reader.read(amount, of, exponent(of))


def _problem(request: Request, row: int, raw: Raw, error: Exception) -> Problem:
    reason, message, remedy = fault(error, REMEDY)
    loose = loosely(raw)
    key = loose.get("id")
    code, minor = _worth(loose)
    party = loose.get("party.")
    debtor = party.get("id") if isinstance(party, dict) else None
    return Problem(
        reason=reason,
        message=message,
        remedy=remedy,
        place=f"{request.model} {key if isinstance(key, int) else f'row {row}'}",
        row=row,
        source_ref=f"{request.prefix}{key}" if isinstance(key, int) else None,
        raw=shown(loose),
        debtor=SourceId(str(debtor)) if isinstance(debtor, int) else None,
        currency=code,
        amount_minor=minor,
    )


def _worth(loose: dict[str, Any]) -> tuple[Currency | None, int | None]:
    """Return currency and amount of an invoice, as far as they can be read."""
    code = None
    try:
        code = currency(loose["currency."]["code"])
        amount = msgspec.convert(loose["total_amount"], Amount).decimal
        return code, minor_of(amount, code)
    except (KeyError, TypeError, AttributeError, RecordError, msgspec.DecodeError):
        return code, None


def shapes(body: bytes, shape: type[Shape]) -> Sequence[Shape]:
    """Return an answer's records where each must be as expected.

    Raises:
        AnswerError: The answer is an error or no list, or a record has another shape.
    """
    try:
        return [msgspec.json.decode(raw, type=shape) for raw in records(body)]
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise AnswerError("", f"A record has another shape: {error}.") from error


def readable(body: bytes, shape: type[Shape]) -> Iterator[Shape]:
    """Yield an answer's records that are as expected.

    Raises:
        AnswerError: The answer is an error, or no list.
    """
    decoder = msgspec.json.Decoder(shape)
    for raw in records(body):
        with suppress(msgspec.DecodeError, UnicodeDecodeError):
            yield decoder.decode(raw)
