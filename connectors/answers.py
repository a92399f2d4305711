"""An answer from outside: bounded while it is read, decoded without a float."""

import json
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any, NoReturn, TypeVar

import httpx
import msgspec

from connectors.faults import CutOffError, TooLargeError, WrongAnswerError

T = TypeVar("T")
ENCODINGS = "gzip, deflate"
"""The compressions asked for: those that can be undone piece by piece."""

PIECE_BYTES = 65_536
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
BEGINNING_CHARACTERS = 80


@dataclass(frozen=True, slots=True, repr=False)
class Answer:
    """What came back: the status, the headers, the whole body uncompressed.

    Attributes:
        host: Who answered.
        wire_bytes: How many bytes the body had on its way.
        path: What was asked for, without its parameters.
    """

    status: int
    headers: httpx.Headers
    body: bytes
    host: str
    wire_bytes: int
    path: str

    def __repr__(self) -> str:
        return f"Answer({self.host}, {self.status}, {len(self.body)} bytes)"

    @property
    def media_type(self) -> str:
        """The type the server declares, in lower case and without parameters."""
        declared: str = self.headers.get("content-type", "")
        return declared.partition(";")[0].strip().lower()

    @property
    def server_at(self) -> datetime | None:
        """The server's own instant, which cursors go by, or None if it says none."""
        return http_instant(self.headers.get("date", ""))

    def json(self) -> Any:  # noqa: ANN401 - whatever the server sent
        """Return the body, whole numbers as int and all others as Decimal.

        Raises:
            WrongAnswerError: It is no JSON.
        """
        try:
            return json.loads(
                self.body, parse_float=Decimal, parse_constant=_refuse_constant
            )
        except (ValueError, RecursionError) as error:
            raise WrongAnswerError(self.host, self.found("JSON")) from error

    def decode(self, kind: type[T]) -> T:
        """Return the body as a msgspec type.

        Raises:
            WrongAnswerError: It is no JSON, or of another shape.
        """
        key: Any = kind
        try:
            found: T = _decoder(key).decode(self.body.removeprefix(BYTE_ORDER_MARK))
        except msgspec.ValidationError as error:
            raise WrongAnswerError(
                self.host, f"JSON of another shape: {error}"
            ) from error
        except (ValueError, RecursionError) as error:
            raise WrongAnswerError(self.host, self.found("JSON")) from error
        return found

    def found(self, instead_of: str) -> str:
        """Say in words what the body is."""
        if not self.body:
            return f"nothing instead of {instead_of}"
        if self.is_page:
            return f"a web page instead of {instead_of}"
        return f"{self.media_type or 'something'} that cannot be read as {instead_of}"

    @property
    def is_page(self) -> bool:
        """Whether it is a web page, whatever it is declared to be."""
        if self.media_type in {"text/html", "application/xhtml+xml"}:
            return True
        start = self.body[:BEGINNING_CHARACTERS].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
        return start.startswith((b"<!doctype html", b"<html"))

    @property
    def is_json(self) -> bool:
        """Whether the body is JSON from its first to its last byte."""
        try:
            text = self.body.removeprefix(BYTE_ORDER_MARK)
            msgspec.json.decode(text, type=msgspec.Raw)
        except (ValueError, RecursionError):
            return False
        return True


@dataclass(slots=True)
class Meter:
    """Counts the bytes that came over the wire, of whatever became of them."""

    byte_count: int = 0


def read(
    response: httpx.Response,
    *,
    bytes_max: int,
    host: str,
    meter: Meter,
    check: Callable[[], None],
) -> Answer:
    """Read a streamed response to its end.

    Args:
        response: The response, nothing read of it.
        bytes_max: How large it may be, on the wire and uncompressed.
        host: Who answered.
        meter: Counts what came.
        check: Called with each piece; raises when the time is up.

    Raises:
        TooLargeError: It is larger.
        CutOffError: It ended before its end.
        WrongAnswerError: It is compressed in a way that was not asked for.
    """
    declared = response.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > bytes_max and _has_body(response):
        raise TooLargeError(host, bytes_max)
    # `iter_raw` refuses the responses of fakes, which are read already.
    assert isinstance(response.stream, httpx.SyncByteStream)
    counted = _metered(response.stream, meter, check)
    pieces, size = [], 0
    for piece in _uncompressed(response, counted, host):
        size += len(piece)
        if size > bytes_max or meter.byte_count > bytes_max:
            raise TooLargeError(host, bytes_max)
        pieces.append(piece)
    if declared.isdecimal() and _has_body(response):
        missing = int(declared) - meter.byte_count
        if missing > 0:
            raise CutOffError(host, f"{missing:,} bytes are missing")
    return Answer(
        response.status_code,
        response.headers,
        b"".join(pieces),
        host,
        meter.byte_count,
        response.request.url.path,
    )


def http_instant(text: str) -> datetime | None:
    """Return the instant of an HTTP date in UTC, or None where it is none."""
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)


def _metered(
    pieces: Iterable[bytes], meter: Meter, check: Callable[[], None]
) -> Iterator[bytes]:
    for piece in pieces:
        check()
        meter.byte_count += len(piece)
        yield piece


def _uncompressed(
    response: httpx.Response, pieces: Iterable[bytes], host: str
) -> Iterator[bytes]:
    match response.headers.get("content-encoding", "identity").strip().lower():
        case "identity" | "":
            yield from pieces
        case "gzip" | "x-gzip":
            yield from _inflated(pieces, zlib.MAX_WBITS | 16, host)
        case "deflate":
            yield from _inflated(pieces, zlib.MAX_WBITS, host)
        case other:
            raise WrongAnswerError(host, f"the compression {other!r}, not asked for")


def _inflated(pieces: Iterable[bytes], window: int, host: str) -> Iterator[bytes]:
    # A few kilobytes can stand for gigabytes, so no step makes more than a piece.
    inflater, begun = zlib.decompressobj(window), False
    try:
        for piece in pieces:
            rest = piece
            while rest:
                if inflater.eof:
                    inflater = zlib.decompressobj(window)
                begun, made = True, inflater.decompress(rest, PIECE_BYTES)
                yield made
                while len(made) == PIECE_BYTES:
                    made = inflater.decompress(inflater.unconsumed_tail, PIECE_BYTES)
                    yield made
                rest = inflater.unused_data
    except zlib.error as error:
        raise CutOffError(host, "it cannot be uncompressed") from error
    if begun and not inflater.eof:
        raise CutOffError(host, "its compressed form has no end")


def _has_body(response: httpx.Response) -> bool:
    head = response.request.method == "HEAD"
    return not head and response.status_code not in {204, 304}


@cache
def _decoder(kind: Any) -> msgspec.json.Decoder[Any]:  # noqa: ANN401 - any type
    return msgspec.json.Decoder(kind, float_hook=Decimal)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)
