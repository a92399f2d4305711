"""Writes elements to the books: all or none of them, or each by itself."""

from collections.abc import Callable, Sequence
from typing import Final

from connectors.simulators.xero.bodies import Element, elements, refused
from connectors.simulators.xero.books import Books
from connectors.simulators.xero.errors import BooksError
from connectors.simulators.xero.replies import (
    RefusedError,
    Request,
    Response,
    invalid,
    raw_json,
)
from connectors.simulators.xero.wire import Fields, encode, envelope

ELEMENTS_MAX: Final = 50

Write = Callable[[Element], bytes]


def write_all(books: Books, request: Request, name: str, write: Write) -> Response:
    """Write all elements or none, or each by itself if asked for."""
    told = elements(request, name)
    if len(told) > ELEMENTS_MAX:
        raise RefusedError(invalid([refused({}, [f"Over {ELEMENTS_MAX} items"])]))
    if request.query.get("summarizeErrors", "true").lower() == "false":
        return sent(books, name, [_one(name, write, one) for one in told])
    with books.all_or_nothing():
        written: list[bytes] = []
        wrong: list[Fields] = []
        for one in told:
            try:
                written.append(write(one))
            except BooksError as error:
                wrong.append(refused(one, error.messages))
        if wrong:
            raise RefusedError(invalid(wrong))
    return sent(books, name, written)


def _one(name: str, write: Write, element: Element) -> bytes:
    """Write an element; what is wrong with it is told inside of it."""
    try:
        written = write(element)
    except BooksError as error:
        flag = {
            "Payments": {"HasValidationErrors": True},
            "Contacts": {"HasValidationErrors": True},
            "Allocations": {},
        }.get(name, {"HasErrors": True})
        fields = {**refused(element, error.messages), **flag}
        return encode({**fields, "StatusAttributeString": "ERROR"})
    return written[:-1] + b',"StatusAttributeString":"OK"}'


def sent(books: Books, name: str, items: Sequence[bytes]) -> Response:
    """Answer with a list."""
    return raw_json(
        envelope(
            name,
            items,
            request_id=books.id,
            now_ms=books.clock.now_ms,
        )
    )
