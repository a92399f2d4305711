"""Answers that are not what they should be: named, and bounded while they are read."""

import gzip
import ssl
import zlib
from collections.abc import Iterator
from decimal import Decimal

import httpx
import pytest

from connectors.answers import ENCODINGS
from connectors.faults import (
    CutOffError,
    NotFoundError,
    PermissionRefusedError,
    ReconnectError,
    RefusedError,
    TooLargeError,
    UntrustedServerError,
    WrongAnswerError,
)
from connectors.http import TRIES_MAX
from ledger.errors import DuebridgeError
from tests.seams import CallsInMemory, Server, a_seam, an_answer

HTML = {"content-type": "text/html; charset=utf-8"}
JSON = {"content-type": "application/json"}
PAGE = b"<!DOCTYPE html><title>Sign in to the guest network</title>"
MEGABYTE = 2**20


def asked(answer: httpx.Response | Exception) -> DuebridgeError:
    """Return what a call is told that gets an answer each time."""
    with pytest.raises(DuebridgeError) as raised:
        a_seam(Server([answer])).call("GET", "x", idempotent=True)
    return raised.value


@pytest.mark.parametrize("status", [200, 302, 400, 403, 404])
def test_a_page_is_no_answer(status: int) -> None:
    """A proxy's or portal's page is named as one, whatever status it comes with."""
    error = asked(httpx.Response(status, content=PAGE, headers=HTML))

    assert isinstance(error, WrongAnswerError)
    assert "a web page" in error.message
    assert "proxy" in error.remedy


def test_a_page_that_calls_itself_json_is_seen_through() -> None:
    """It counts what the body is."""
    server = Server([httpx.Response(200, content=PAGE, headers=JSON)])

    with pytest.raises((WrongAnswerError, CutOffError)):
        a_seam(server).call("GET", "x", idempotent=False)


@pytest.mark.parametrize(
    ("status", "named"),
    [
        (400, RefusedError),
        (401, ReconnectError),
        (403, PermissionRefusedError),
        (404, NotFoundError),
        (409, RefusedError),
        (410, NotFoundError),
        (422, RefusedError),
    ],
)
def test_each_refusal_says_what_to_do(status: int, named: type[DuebridgeError]) -> None:
    """Each status has its error, with the system's words and a remedy."""
    server = Server([an_answer({"error": {"message": "No such thing"}}, status=status)])

    with pytest.raises(named, match="No such thing") as raised:
        a_seam(server).call("GET", "x", idempotent=True)

    assert raised.value.remedy
    assert len(server.requests) == 1


def test_not_modified_is_an_answer() -> None:
    """A status that says nothing changed is no failure."""
    answer = a_seam(Server([httpx.Response(304)])).call("GET", "x", idempotent=True)

    assert answer.status == 304


def test_a_server_that_does_not_prove_itself_is_left_at_once() -> None:
    """A failure of TLS is named, and tried once only."""
    failure = httpx.ConnectError("failed")
    failure.__cause__ = ssl.SSLCertVerificationError(1, "certificate has expired")
    server = Server([failure])

    with pytest.raises(UntrustedServerError) as raised:
        a_seam(server).call("GET", "x", idempotent=True)

    assert "SSL_CERT_FILE" in raised.value.remedy
    assert len(server.requests) == 1


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_a_bomb_is_stopped(encoding: str) -> None:
    """A small body that grows past the bound is refused as it grows."""
    zeros = bytes(300 * MEGABYTE)
    body = gzip.compress(zeros, mtime=0) if encoding == "gzip" else zlib.compress(zeros)
    assert len(body) < MEGABYTE
    bomb = _Unread(200, body, {"content-encoding": encoding})

    assert isinstance(asked(bomb), TooLargeError)


@pytest.mark.parametrize("declared", [True, False])
def test_a_large_answer_is_stopped(*, declared: bool) -> None:
    """A body past the bound is refused, whether or not it says how large it is."""
    body = bytes(2 * MEGABYTE)
    size = {"content-length": str(len(body))} if declared else {}

    assert isinstance(asked(_Unread(200, body, size)), TooLargeError)


def test_a_compressed_answer_is_read() -> None:
    """Members of a compressed body follow each other, each is read."""
    body = gzip.compress(b'{"due": ', mtime=0) + gzip.compress(b"1.10}", mtime=0)
    server = Server([_Unread(200, body, {**JSON, "content-encoding": "gzip"})])

    answer = a_seam(server).call("GET", "x", idempotent=True)

    assert answer.json() == {"due": Decimal("1.10")}
    assert answer.wire_bytes == len(body)
    assert server.requests[0].headers["accept-encoding"] == ENCODINGS


@pytest.mark.parametrize(
    "body", [gzip.compress(b"{}", mtime=0)[:-5], b"plain", b"\x1f\x8b"]
)
def test_a_broken_compressed_answer_is_cut_off(body: bytes) -> None:
    """Half a compressed body is tried again, and never taken for the whole."""
    server = Server([_Unread(200, body, {**JSON, "content-encoding": "gzip"})])

    with pytest.raises(CutOffError):
        a_seam(server).call("GET", "x", idempotent=True)

    assert len(server.requests) == TRIES_MAX


def test_a_byte_order_mark_is_no_fault() -> None:
    """Some servers begin JSON with a mark; it is read all the same."""
    body = b'\xef\xbb\xbf{"due": 1.10}'
    server = Server([httpx.Response(200, content=body, headers=JSON)])

    answer = a_seam(server).call("GET", "x", idempotent=True)

    assert answer.json() == {"due": Decimal("1.10")}
    assert answer.decode(dict[str, Decimal]) == {"due": Decimal("1.10")}


def test_what_was_read_in_vain_counts() -> None:
    """The bytes of an answer that is refused are used all the same."""
    calls = CallsInMemory()
    large = _Unread(200, bytes(2 * MEGABYTE), {})

    with pytest.raises(TooLargeError):
        a_seam(Server([large]), calls=calls).call("GET", "x", idempotent=True)

    assert calls.finished[0][0] > MEGABYTE


def test_a_compression_not_asked_for_is_refused() -> None:
    """What cannot be undone within bounds is not undone."""
    assert isinstance(
        asked(_Unread(200, b"x", {"content-encoding": "gzip, gzip"})),
        WrongAnswerError,
    )


@pytest.mark.parametrize("body", [b"NaN", b"[1e", b"", b"[" * 100_000])
def test_what_is_no_json_is_said_to_be_none(body: bytes) -> None:
    """Decoding fails with words and never with a float that is no number."""
    server = Server([httpx.Response(200, content=body)])
    seam = a_seam(server)
    accept = {"accept": "text/plain"}

    answer = seam.call("GET", "x", headers=accept, idempotent=True)

    with pytest.raises(WrongAnswerError):
        answer.json()
    with pytest.raises(WrongAnswerError):
        answer.decode(dict[str, Decimal])


def test_another_shape_is_named() -> None:
    """JSON of another shape says what was expected where."""
    seam = a_seam(Server([an_answer({"due": "soon"})]))
    answer = seam.call("GET", "x", idempotent=True)

    with pytest.raises(WrongAnswerError, match=r"another shape.*\$\[\.\.\.\]"):
        answer.decode(dict[str, int])


class _Unread(httpx.Response):
    """A response as it comes from the network: its body is not read yet."""

    def __init__(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self._pieces = _Pieces(body)
        super().__init__(status, headers=headers, stream=self._pieces)


class _Pieces(httpx.SyncByteStream):
    def __init__(self, body: bytes) -> None:
        self._body = body

    def __iter__(self) -> Iterator[bytes]:
        for start in range(0, len(self._body), 16_384):
            yield self._body[start : start + 16_384]
