"""Reads what is written to the simulator: bodies, dates, amounts."""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from connectors.simulators.xero.clock import from_ms
from connectors.simulators.xero.errors import BooksError
from connectors.simulators.xero.model import AMOUNT_END, Line, Status, rounded
from connectors.simulators.xero.replies import (
    RefusedError,
    Request,
    bad_body,
    validation_errors,
)
from connectors.simulators.xero.wire import Fields

Element = Mapping[str, Any]

_MS_DATE: Final = re.compile(r"/Date\((-?\d+)(?:[+-]\d{4})?\)/")


def elements(request: Request, name: str) -> list[Element]:
    """Read a body: a list under its name, a bare list, or one thing alone."""
    try:
        read = json.loads(request.body, parse_float=Decimal)
    except ValueError:
        raise RefusedError(bad_body("The body is no JSON")) from None
    if isinstance(read, dict):
        read = read.get(name, [read])
    if not isinstance(read, list) or not all(isinstance(one, dict) for one in read):
        raise RefusedError(bad_body(f"The body holds no {name}"))
    if not read:
        raise RefusedError(bad_body(f"{name} is empty"))
    return read


def day(element: Element, field: str) -> date | None:
    """Read a date: `YYYY-MM-DD`, with or without a time, or the vendor's own form."""
    value = element.get(field)
    if value in {None, ""}:
        return None
    text = str(value)
    ticks = _MS_DATE.fullmatch(text)
    if ticks is not None:
        return from_ms(int(ticks[1])).date()
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        raise BooksError(f"{field} is not a valid date") from None


def amount(element: Element, field: str) -> Decimal | None:
    """Read an amount, a number or a text."""
    value = element.get(field)
    if value is None:
        return None
    try:
        read = Decimal(str(value))
    except InvalidOperation:
        raise BooksError(f"{field} is not a valid number") from None
    if not read.is_finite() or abs(read) >= AMOUNT_END:
        raise BooksError(f"{field} is not a valid number")
    return read


def inner(element: Element, field: str) -> Element:
    """Read an object inside of an element; without one, an empty one."""
    value = element.get(field)
    return value if isinstance(value, dict) else {}


def status(element: Element) -> Status | None:
    """Read the status wanted of a document."""
    value = element.get("Status")
    if value is None:
        return None
    if value not in list(Status):
        raise BooksError(f"{value} is no status")
    return Status(value)


def lines(element: Element, currency: str) -> list[Line]:
    """Read the lines of a document; amounts without tax, tax as told or none."""
    read = []
    for one in element.get("LineItems") or []:
        quantity = amount(one, "Quantity") or Decimal(1)
        unit = amount(one, "UnitAmount") or Decimal(0)
        told = amount(one, "LineAmount")
        read.append(
            Line(
                description=str(one.get("Description") or ""),
                quantity=quantity,
                unit_amount=unit,
                amount=rounded(quantity * unit, currency) if told is None else told,
                tax=amount(one, "TaxAmount") or Decimal(0),
                account_code=str(one.get("AccountCode") or "200"),
            )
        )
    return read


_ECHOED: Final = ("InvoiceID", "CreditNoteID", "ContactID", "BatchPaymentID")


def refused(element: Element, messages: Sequence[str]) -> Fields:
    """Write an element that the books refuse, with what is wrong."""
    echoed = {name: element[name] for name in _ECHOED if name in element}
    return {**echoed, "ValidationErrors": validation_errors(messages)}
