"""Seals secrets with a key that is not in the database."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ledger.errors import ConfigurationError
from ledger.secret import Secret

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12


class UnknownKeyError(ConfigurationError):
    """The key that sealed a credential is not among those given."""

    def __init__(self, key_id: str) -> None:
        """Name the key."""
        super().__init__(
            f"The credential was sealed with the key {key_id!r}, which is not here.",
            remedy="Give that key too in DUEBRIDGE_SECRET_KEYS or secrets.key, or "
            "connect again.",
        )


class BrokenSealError(ConfigurationError):
    """What was sealed is not what is stored, or not with this key or for this row."""

    def __init__(self, key_id: str) -> None:
        """Name the key."""
        super().__init__(
            f"The credential does not open with the key {key_id!r}.",
            remedy="Restore the key that sealed it, or connect again.",
        )


@dataclass(frozen=True, slots=True)
class Sealed:
    """Secrets as they are stored."""

    key_id: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Keyring:
    """The keys by their ids; the first seals, each opens what it sealed."""

    keys: Mapping[str, bytes] = field(repr=False)

    def __post_init__(self) -> None:
        """Check the keys.

        Raises:
            ConfigurationError: There is none, or one of a wrong length.
        """
        if not self.keys or {len(key) for key in self.keys.values()} != {KEY_BYTES}:
            raise ConfigurationError(
                f"A key that seals credentials has {KEY_BYTES} bytes.",
                remedy="Look at DUEBRIDGE_SECRET_KEYS or secrets.key.",
            )

    @property
    def current(self) -> str:
        """The id of the key that seals."""
        return next(iter(self.keys))

    def seal(self, secrets: Mapping[str, Secret], place: str) -> Sealed:
        """Seal secrets for one place: a row elsewhere holding them does not open."""
        shown = {name: secret.reveal() for name, secret in secrets.items()}
        nonce = os.urandom(NONCE_BYTES)
        key_id = self.current
        sealed = AESGCM(self.keys[key_id]).encrypt(
            nonce, msgspec.json.encode(shown), _bound_to(place, key_id)
        )
        return Sealed(key_id, nonce + sealed)

    def open(self, sealed: Sealed, place: str) -> dict[str, Secret]:
        """Return secrets that were sealed for this place.

        Raises:
            UnknownKeyError: Its key is not here.
            BrokenSealError: It was changed, moved or sealed with another key.
        """
        key = self.keys.get(sealed.key_id)
        if key is None:
            raise UnknownKeyError(sealed.key_id)
        nonce, content = sealed.content[:NONCE_BYTES], sealed.content[NONCE_BYTES:]
        try:
            shown = AESGCM(key).decrypt(nonce, content, _bound_to(place, sealed.key_id))
        except (InvalidTag, ValueError) as error:
            raise BrokenSealError(sealed.key_id) from error
        found = msgspec.json.decode(shown, type=dict[str, str])
        return {name: Secret(text) for name, text in found.items()}


def _bound_to(place: str, key_id: str) -> bytes:
    return f"duebridge credential\0{place}\0{key_id}".encode()
