"""Over a true socket: what fakes cannot show."""

import datetime as dt
import ipaddress
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from connectors.faults import (
    CutOffError,
    TimedOutError,
    UnreachableError,
    UntrustedServerError,
)
from connectors.http import Seam, Timeouts
from tests.seams import MovingClock

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
QUICK = Timeouts(connect_s=2, read_s=0.3, total_s=1)


@contextmanager
def a_server(
    *pieces: bytes, context: ssl.SSLContext | None = None, pause_s: float = 0
) -> Iterator[int]:
    """Send each caller the same bytes and hang up; yield the port."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.1)
    running = True

    def serve() -> None:
        while running:
            try:
                connection, _ = listener.accept()
            except TimeoutError:
                continue
            try:
                with connection:
                    connection.settimeout(1)
                    stream = connection
                    if context is not None:
                        stream = context.wrap_socket(
                            connection, server_side=True, do_handshake_on_connect=False
                        )
                    with stream:
                        stream.recv(65_536)
                        for piece in pieces:
                            stream.sendall(piece)
                            time.sleep(pause_s)
                        if not pieces:
                            stream.recv(1)
            except OSError:
                continue

    thread = Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        running = False
        thread.join()
        listener.close()


def a_seam(port: int, scheme: str = "http") -> Seam:
    """Make a seam to a port of this machine."""
    return Seam(
        base_url=f"{scheme}://127.0.0.1:{port}",
        name="the books",
        clock=MovingClock(),
        timeouts=QUICK,
        sleep=lambda _: None,
    )


def a_certificate(folder: Path) -> ssl.SSLContext:
    """Make a server's certificate that nobody vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    begun = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(begun)
        .not_valid_after(begun + dt.timedelta(days=36_500))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = folder / "server.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


@pytest.mark.parametrize(
    "answer",
    [
        HEAD + b'Content-Length: 20\r\n\r\n{"due": 1',
        HEAD + b'Transfer-Encoding: chunked\r\n\r\n9\r\n{"due": 1\r\n',
        HEAD + b'Connection: close\r\n\r\n{"due": 1',
        HEAD[:30],
    ],
)
def test_half_an_answer_is_none(answer: bytes) -> None:
    """An answer that breaks off is seen, however its length was given."""
    with (
        a_server(answer) as port,
        a_seam(port) as seam,
        pytest.raises(CutOffError),
    ):
        seam.call("GET", "x", idempotent=True)


def test_a_silent_server_is_left() -> None:
    """A server that never answers holds a call for the time allowed only."""
    with a_server() as port, a_seam(port) as seam, pytest.raises(TimedOutError):
        seam.call("GET", "x", idempotent=False)


def test_a_dripping_server_is_left() -> None:
    """A server that sends a little now and then does not hold a call for ever."""
    pieces = [HEAD + b"Content-Length: 100\r\n\r\n", *[b" "] * 60]
    with (
        a_server(*pieces, pause_s=0.05) as port,
        a_seam(port) as seam,
        pytest.raises(TimedOutError, match="1 seconds"),
    ):
        seam.call("GET", "x", idempotent=False)


def test_nobody_there_is_named() -> None:
    """A port that nobody listens on, and a name nobody has, are no network."""
    with a_server() as port:
        free = port
    with pytest.raises(UnreachableError):
        a_seam(free).call("GET", "x", idempotent=True)
    nowhere = Seam(
        base_url="https://books.invalid",
        name="the books",
        clock=MovingClock(),
        sleep=lambda _: None,
        timeouts=QUICK,
    )
    with pytest.raises((UnreachableError, TimedOutError)):
        nowhere.call("GET", "x", idempotent=True)


def test_an_unknown_certificate_is_refused(tmp_path: Path) -> None:
    """A server whose certificate nobody vouches for gets no request."""
    context = a_certificate(tmp_path)
    with a_server(HEAD + b"\r\n{}", context=context) as port:
        with pytest.raises(UntrustedServerError):
            a_seam(port, "https").call("GET", "x", idempotent=True)
        with Seam(
            base_url=f"https://127.0.0.1:{port}",
            name="the books",
            clock=MovingClock(),
            tls=ssl.create_default_context(cafile=str(tmp_path / "server.pem")),
        ) as trusted:
            assert trusted.call("GET", "x", idempotent=True).json() == {}
