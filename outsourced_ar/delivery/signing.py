"""Signs mail with an identity's own key (DKIM, RFC 6376)."""

import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import dkim
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from ledger.errors import ConfigurationError

KEY_BITS: Final = 2048
"""Of new keys; RFC 8301 asks for at least 1024 and advises 2048."""
KEY_BITS_MIN: Final = 1024
SIGNED: Final = (
    "from", "from", "reply-to", "reply-to", "to", "to", "subject", "subject", "date",
    "date", "message-id", "message-id", "in-reply-to", "references", "mime-version",
    "content-type", "content-transfer-encoding", "content-language", "auto-submitted",
)  # fmt: skip
"""Headers twice that nobody shall add another of, present or not."""


class BadKeyError(ConfigurationError):
    """A signing key cannot be used."""

    def __init__(self, reason: str) -> None:
        """Say why; never show the key."""
        super().__init__(
            f"The key that an identity signs with cannot be used: {reason}.",
            remedy=f"Give an RSA key of {KEY_BITS} bits as PEM, or leave mail unsigned "
            "by taking the selector out of the identity's route.",
        )


class _Signer(dkim.DKIM):  # type: ignore[misc] # the library has no types
    """Dates a signature with the instant given, not the machine's."""

    def __init__(self, content: bytes, at: datetime) -> None:
        super().__init__(content)
        self._at = str(int(at.timestamp())).encode()

    def gen_header(self, fields: Any, *rest: Any, **more: Any) -> Any:  # noqa: ANN401 - the library has no types
        dated = [(tag, self._at if tag == b"t" else value) for tag, value in fields]
        return super().gen_header(dated, *rest, **more)


@dataclass(frozen=True, slots=True)
class SigningKey:
    """An RSA key with the name under which its public half stands in the DNS."""

    selector: str
    domain: str
    _key: rsa.RSAPrivateKey = field(repr=False)

    @classmethod
    def load(cls, *, selector: str, domain: str, pem: bytes) -> "SigningKey":
        """Read a key.

        Raises:
            BadKeyError: It is none, of another kind, or too short.
        """
        if not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?", selector):
            raise BadKeyError("its selector is no name")
        try:
            key = load_pem_private_key(pem, password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise BadKeyError("it cannot be read") from error
        if not isinstance(key, rsa.RSAPrivateKey):
            raise BadKeyError("it is not an RSA key")
        if key.key_size < KEY_BITS_MIN:
            raise BadKeyError(f"it has {key.key_size} bits")
        return cls(selector, domain, key)

    @property
    def record(self) -> str:
        """What the record must say."""
        return f"v=DKIM1; k=rsa; p={self.public}"

    @property
    def public(self) -> str:
        """The public half, as the record has it."""
        pem = self._key.public_key().public_bytes(
            Encoding.PEM, PublicFormat.SubjectPublicKeyInfo
        )
        return "".join(pem.decode().splitlines()[1:-1])

    def signed(self, content: bytes, at: datetime) -> bytes:
        """Return a mail with its signature in front."""
        pem = self._key.private_bytes(
            Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()
        )
        present = {line.partition(b":")[0].strip().lower() for line in _lines(content)}
        names = [
            name
            for name in SIGNED
            if SIGNED.count(name) > 1 or name.encode() in present
        ]
        header: bytes = _Signer(content, at).sign(
            self.selector.encode(),
            self.domain.encode(),
            pem,
            canonicalize=(b"relaxed", b"relaxed"),
            include_headers=[name.encode() for name in names],
        )
        return header + content


def new_key() -> bytes:
    """Make a signing key, as PEM."""
    key = rsa.generate_private_key(public_exponent=65_537, key_size=KEY_BITS)
    return key.private_bytes(
        Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()
    )


def _lines(content: bytes) -> list[bytes]:
    return content.partition(b"\r\n\r\n")[0].split(b"\r\n")
