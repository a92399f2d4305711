"""Requests and responses without a network, and the vendor's shapes of errors."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from connectors.simulators.xero.wire import Fields, encode

JSON: Final = "application/json; charset=utf-8"


class Break(StrEnum):
    """How a connection ends without an answer."""

    RESET = "reset"  # closed by the far end
    SILENCE = "silence"  # kept open, and nothing comes


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One call; header names are in lower case."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """One answer, or the way in which none comes."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    delay_s: float = 0
    breaks: Break | None = None


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
