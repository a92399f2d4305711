"""The vendor's shapes of answers and errors."""

from collections.abc import Sequence
from typing import Final

from connectors.simulators.replies import Break, Request, Response
from connectors.simulators.xero.wire import Fields, encode

__all__ = [
    "Break",
    "RefusedError",
    "Request",
    "Response",
    "bad_body",
    "bad_query",
    "gateway_error",
    "invalid",
    "json_response",
    "not_found",
    "raw_json",
    "validation_errors",
]

JSON: Final = "application/json; charset=utf-8"


class RefusedError(Exception):
    """A call ends here with this response."""

    def __init__(self, response: Response) -> None:
        self.response = response
        super().__init__(f"{response.status} {response.body[:200]!r}")


def json_response(value: object, status: int = 200) -> Response:
    """Answer with JSON."""
    return raw_json(encode(value), status)


def raw_json(body: bytes, status: int = 200) -> Response:
    """Answer with JSON that is written already."""
    return Response(status=status, headers={"content-type": JSON}, body=body)


def gateway_error(status: int, title: str, detail: str) -> Response:
    """Answer as the gateway before the API does."""
    return json_response(
        {
            "Type": None,
            "Title": title,
            "Status": status,
            "Detail": detail,
            "Instance": "00000000-0000-4000-8000-000000000000",
            "Extensions": {},
        },
        status,
    )


def not_found() -> Response:
    """Answer that there is nothing under this address; the vendor does so in text."""
    return Response(
        status=404,
        headers={"content-type": "text/html; charset=utf-8"},
        body=b"The resource you're looking for cannot be found",
    )


def bad_query(message: str) -> Response:
    """Answer that a parameter cannot be understood."""
    return json_response(
        {"ErrorNumber": 16, "Type": "QueryParseException", "Message": message}, 400
    )


def bad_body(message: str) -> Response:
    """Answer that a body cannot be understood."""
    return json_response(
        {"ErrorNumber": 14, "Type": "PostDataInvalidException", "Message": message},
        400,
    )


def invalid(elements: Sequence[Fields]) -> Response:
    """Answer that the books refuse one or more elements."""
    return json_response(
        {
            "ErrorNumber": 10,
            "Type": "ValidationException",
            "Message": "A validation exception occurred",
            "Elements": list(elements),
        },
        400,
    )


def validation_errors(messages: Sequence[str]) -> list[Fields]:
    """Write messages as the vendor lists them."""
    return [{"Message": message} for message in messages]
