"""Starts mail servers on this machine, and reads what reached them."""

import email
import email.policy
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from ledger.identities import MailRoute
from tests.child_mail_server import MAIL_ENDING

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class Arrived:
    """A mail that a server took, with its envelope."""

    content: bytes
    envelope: dict[str, Any]

    @property
    def mail(self) -> EmailMessage:
        """The mail as it is read."""
        return email.message_from_bytes(self.content, policy=email.policy.default)

    @property
    def mail_id(self) -> str:
        """Its Message-ID."""
        head = self.content.partition(b"\r\n\r\n")[0]
        return str(email.message_from_bytes(head)["Message-ID"])


@dataclass(frozen=True, slots=True)
class MailServer:
    """A server that runs."""

    port: int
    folder: Path
    security: str

    def route(self, **changed: Any) -> MailRoute:  # noqa: ANN401 - a route's own
        """Return the route to it."""
        values: dict[str, Any] = {
            "host": "127.0.0.1",
            "port": self.port,
            "security": self.security,
            "per_minute": 1_000_000,
        }
        return MailRoute(**{**values, **changed})

    def arrived(self) -> list[Arrived]:
        """Return what it took."""
        return [
            Arrived(
                path.read_bytes(),
                json.loads((path.parent / f"{path.name}.json").read_text("utf-8")),
            )
            for path in sorted(self.folder.glob(f"*{MAIL_ENDING}"))
        ]


@contextmanager
def mail_server(
    folder: Path,
    *,
    security: str = "none",
    **settings: Any,  # noqa: ANN401 - JSON
) -> Iterator[MailServer]:
    """Run a server as long as the block lasts."""
    folder.mkdir(parents=True, exist_ok=True)
    whole = {"folder": str(folder), "security": security, **settings}
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.child_mail_server", json.dumps(whole)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    try:
        assert child.stdout is not None
        port = int(child.stdout.readline())
        yield MailServer(port, folder, security)
    finally:
        assert child.stdin is not None
        child.stdin.close()
        child.wait(timeout=20)
        assert child.stdout is not None
        child.stdout.close()


def make_certificate(path: Path, *, host: str = "127.0.0.1") -> Path:
    """Write a key and a certificate that vouches for a host by itself."""
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a test")])
    place = (
        x509.IPAddress(IPv4Address(host)) if host[0].isdigit() else x509.DNSName(host)
    )
    begins = datetime(2020, 1, 1, tzinfo=UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(begins)
        .not_valid_after(begins + timedelta(days=365 * 80))
        .add_extension(x509.SubjectAlternativeName([place]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return path
