"""Events as Debitura delivers them: proved to be its own, then read.

Nothing of an event is taken at its word but the case it is about: what happened is read
from the case, so that an event that comes twice, late or out of order does no harm.
"""

import hashlib
import hmac
from base64 import b64decode, b64encode
from binascii import Error as NoBase64Error
from collections.abc import Mapping
from datetime import datetime
from typing import Final

import msgspec

from ledger.errors import SourceError
from ledger.secret import Secret
from mapping.debitura import wire

SIGNATURE: Final = "x-debitura-signature"
REPLAY: Final = "x-debitura-replay"
AGE_S_MAX: Final = 300
BODY_BYTES_MAX: Final = 2**20
KINDS: Final = frozenset(
    {
        "case.created",
        "case.updated",
        "case.closed",
        "payment.created",
        "payment.deleted",
        "chat.created",
    }
)


class ForgedEventError(SourceError):
    """An event is not proved to be Debitura's."""

    def __init__(self, why: str) -> None:
        """Say why."""
        super().__init__(
            f"An event is not proved to come from Debitura: {why}.",
            remedy="Nothing was done. If it stays, compare the subscription's secret.",
        )


class UnreadableEventError(SourceError):
    """An event is proved, but cannot be read."""

    def __init__(self, why: str) -> None:
        """Say why."""
        super().__init__(
            f"An event of Debitura cannot be read: {why}.",
            remedy="The cases themselves are read every night; report it to Debitura.",
        )


def verified(
    headers: Mapping[str, str], body: bytes, *, secret: Secret, now: datetime
) -> wire.Heard:
    """Return an event that is proved to be the vendor's own, and fresh.

    Args:
        headers: As they came, in any case.
        body: As it came, not decoded.
        secret: Of the subscription, in base64 as it was given.
        now: The instant it came at.

    Raises:
        ForgedEventError: Its signature is missing, wrong or too old.
        UnreadableEventError: It is no event.
    """
    lower = {name.lower(): value for name, value in headers.items()}
    parts = dict(
        part.strip().partition("=")[::2] for part in lower.get(SIGNATURE, "").split(",")
    )
    stamp, told = parts.get("t", ""), parts.get("v1", "")
    if not (stamp.isdecimal() and told):
        raise ForgedEventError("it has no signature")
    if abs(now.timestamp() - int(stamp)) > AGE_S_MAX:
        raise ForgedEventError("its signature is too old, or the clocks differ")
    if len(body) > BODY_BYTES_MAX:
        raise ForgedEventError("it is too large")
    if not _fits(signature(stamp, body, secret), told):
        raise ForgedEventError("its signature is wrong")
    return read(body)


def signature(stamp: str, body: bytes, secret: Secret) -> bytes:
    """Return the signature of a body at an instant in seconds.

    Raises:
        ForgedEventError: The secret is not as the vendor gives them.
    """
    try:
        key = b64decode(secret.reveal(), validate=True)
    except (NoBase64Error, ValueError):
        raise ForgedEventError("the secret kept for it is no base64") from None
    return hmac.new(key, stamp.encode() + b"." + body, hashlib.sha256).digest()


def is_replay(headers: Mapping[str, str]) -> bool:
    """Say whether a delivery was asked for again."""
    return any(
        name.lower() == REPLAY and value.strip().lower() == "true"
        for name, value in headers.items()
    )


def read(body: bytes | str) -> wire.Heard:
    """Return an event, as it is delivered or as the log keeps it.

    Raises:
        UnreadableEventError: It is none.
    """
    try:
        found = msgspec.json.decode(body, type=wire.Heard)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UnreadableEventError(str(error)) from error
    if found.event not in KINDS:
        raise UnreadableEventError(f"{found.event!r} is not known here")
    if not case_of(found):
        raise UnreadableEventError("it names no case")
    return found


def case_of(event: wire.Heard) -> str:
    """Return the key of the case that an event is about, or an empty string."""
    found = event.data.get("caseId")
    return found if isinstance(found, str) else ""


def _fits(right: bytes, told: str) -> bool:
    """Compare in constant time; the vendor does not say how it writes the bytes."""
    written = (right.hex(), b64encode(right).decode())
    fits = [hmac.compare_digest(one.encode(), told.encode()) for one in written]
    return any(fits)
