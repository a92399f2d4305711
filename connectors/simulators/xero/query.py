"""The few filters and orders a connector needs of the vendor's query dialect.

`where` is a chain of comparisons joined by AND or `&&`: a field, an operator and a
text, number, `DateTime(y,m,d)` or `Guid("...")`. Anything else, OR included, is
refused: the vendor advises against it, and a connector must not need it.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any, Final

from connectors.simulators.xero.clock import from_ms, instant_ms
from connectors.simulators.xero.replies import RefusedError, bad_query
from connectors.simulators.xero.shapes import document_type, payment_type

PAGE_SIZE: Final = 100
PAGE_SIZE_MAX: Final = 1000

_TERM: Final = re.compile(
    r"""\s*(?P<field>[A-Za-z.]+)\s*(?P<operator>==|!=|>=|<=|>|<|=)\s*
    (?:"(?P<text>[^"]*)"
      |(?P<number>-?\d+(?:\.\d+)?)
      |DateTime\s*\(\s*(?P<date>\d+\s*,\s*\d+\s*,\s*\d+(?:\s*,\s*\d+){0,3})\s*\)
      |[Gg]uid\s*\(\s*"(?P<guid>[0-9A-Fa-f-]+)"\s*\)
      |(?P<flag>true|false))\s*""",
    re.VERBOSE,
)
_JOINT: Final = re.compile(r"(?:AND\b|and\b|&&)\s*")

_OPERATORS: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "==": lambda left, right: bool(left == right),
    "=": lambda left, right: bool(left == right),
    "!=": lambda left, right: bool(left != right),
    ">=": lambda left, right: bool(left >= right),
    "<=": lambda left, right: bool(left <= right),
    ">": lambda left, right: bool(left > right),
    "<": lambda left, right: bool(left < right),
}

Field = Callable[[Any], Any]
Test = Callable[[Any], bool]

_COMMON: Final[dict[str, Field]] = {
    "UpdatedDateUTC": lambda one: from_ms(one.updated_ms),
}
_DOCUMENT: Final[dict[str, Field]] = _COMMON | {
    "Type": document_type,
    "Status": lambda one: str(one.status),
    "Date": lambda one: _midnight(one.issued_on),
    "DueDate": lambda one: _midnight(one.due_on or one.issued_on),
    "InvoiceNumber": lambda one: one.number,
    "CreditNoteNumber": lambda one: one.number,
    "Reference": lambda one: one.reference,
    "CurrencyCode": lambda one: one.currency,
    "Total": lambda one: one.total,
    "AmountDue": lambda one: one.due,
    "AmountPaid": lambda one: one.paid,
    "AmountCredited": lambda one: one.applied,
    "RemainingCredit": lambda one: one.due,
    "InvoiceID": lambda one: one.id,
    "CreditNoteID": lambda one: one.id,
    "OverpaymentID": lambda one: one.id,
    "PrepaymentID": lambda one: one.id,
    "Contact.ContactID": lambda one: one.contact.id,
    "Contact.Name": lambda one: one.contact.name,
}
_PAYMENT: Final[dict[str, Field]] = _COMMON | {
    "PaymentType": payment_type,
    "Status": lambda one: "DELETED" if one.is_deleted else "AUTHORISED",
    "Date": lambda one: _midnight(one.paid_on),
    "Amount": lambda one: one.amount,
    "Reference": lambda one: one.reference,
    "PaymentID": lambda one: one.id,
    "Invoice.InvoiceID": lambda one: one.document.id,
    "Invoice.Contact.ContactID": lambda one: one.document.contact.id,
}
_CONTACT: Final[dict[str, Field]] = _COMMON | {
    "ContactID": lambda one: one.id,
    "Name": lambda one: one.name,
    "EmailAddress": lambda one: one.email,
    "ContactNumber": lambda one: one.number,
    "ContactStatus": lambda one: str(one.status),
    "IsCustomer": lambda one: any(not doc.payable for doc in one.documents),
    "IsSupplier": lambda one: any(doc.payable for doc in one.documents),
}
_ACCOUNT: Final[dict[str, Field]] = _COMMON | {
    "Code": lambda one: one.code,
    "Type": lambda one: one.type,
    "Class": lambda one: one.account_class,
    "Status": lambda _: "ACTIVE",
    "SystemAccount": lambda one: one.system,
}
FIELDS: Final[dict[str, dict[str, Field]]] = {
    "Document": _DOCUMENT,
    "Payment": _PAYMENT,
    "Contact": _CONTACT,
    "Account": _ACCOUNT,
    "BatchPayment": _COMMON,
}
"""What can be asked for, by the class of what is listed."""


def where(text: str, known: Mapping[str, Field]) -> list[Test]:
    """Read a filter as tests that must all hold."""
    tests: list[Test] = []
    position = 0
    while position < len(text):
        if tests:
            joint = _JOINT.match(text, position)
            if joint is None:
                raise RefusedError(bad_query(f"Not understood: {text[position:]}"))
            position = joint.end()
        term = _TERM.match(text, position)
        if term is None or term["field"] not in known:
            raise RefusedError(bad_query(f"No field or value: {text[position:]}"))
        tests.append(_test(term, known[term["field"]]))
        position = term.end()
    return tests


def _test(term: "re.Match[str]", read: Field) -> Test:
    compare = _OPERATORS[term["operator"]]
    value: Any
    if term["number"] is not None:
        value = Decimal(term["number"])
    elif term["date"] is not None:
        value = _instant(term["date"])
    elif term["flag"] is not None:
        value = term["flag"] == "true"
    else:
        value = term["guid"].lower() if term["guid"] else term["text"]

    def holds(one: object) -> bool:
        try:
            return compare(read(one), value)
        except TypeError:
            raise RefusedError(
                bad_query(f"{term['field']} cannot be compared with {value}")
            ) from None

    return holds


def _instant(text: str) -> datetime:
    """Read the inside of `DateTime(2025,1,31)`, with or without a time."""
    parts = [int(one) for one in text.split(",")]
    try:
        return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type,misc] # three to six
    except (TypeError, ValueError, OverflowError):
        raise RefusedError(bad_query(f"DateTime({text}) is no date")) from None


def sort(items: list[Any], text: str, known: Mapping[str, Field]) -> None:
    """Put a list in the order asked for; else by date of change, oldest first."""
    items.sort(key=lambda one: (one.updated_ms, one.serial))
    for part in reversed([one for one in text.split(",") if one.strip()]):
        name, *rest = part.split()
        way = " ".join(rest).upper()
        if name not in known or way not in {"", "ASC", "DESC"}:
            raise RefusedError(bad_query(f"Cannot order by {part}"))
        items.sort(key=known[name], reverse=way == "DESC")


def modified_since(text: str) -> int:
    """Read `If-Modified-Since`: an ISO instant in UTC, or an HTTP date."""
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        try:
            instant = parsedate_to_datetime(text)
        except ValueError:
            raise RefusedError(bad_query(f"No date: {text}")) from None
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=UTC)
    return instant_ms(instant.replace(microsecond=0))


def whole_number(query: Mapping[str, str], name: str, default: int, most: int) -> int:
    """Read a page number or size."""
    text = query.get(name, str(default))
    if not text.isdecimal() or not 1 <= int(text) <= most:
        raise RefusedError(bad_query(f"{name} must be between 1 and {most}"))
    return int(text)


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
