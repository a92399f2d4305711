"""What was decided and done, by whom: events in one chain a tenant.

Each event's link is a digest of the link before it and of the event; so nobody can
change, add or take out an event without every later link being wrong. What is personal
in it stands apart: the chain holds its salted digest alone, and it can be erased
without breaking the chain.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from ledger.ids import DebtorId, DocumentId

FIRST_LINK: Final = bytes(32)
"""What the first event of a tenant follows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A decision, or what a person or the product did.

    Attributes:
        kind: What happened, as `promise.broken` or `case.placed`.
        by: Who did it: a person's name, or a part of the product as `night`.
        subject: What it is about, as `stop:12` or `case:3`.
        debtor_id: The debtor it concerns, if one.
        document_ids: The documents it concerns.
        details: Amounts, dates and states; nothing personal.
        personal: Words of or about persons; these can be erased.
    """

    kind: str
    by: str
    subject: str
    debtor_id: DebtorId | None = None
    document_ids: tuple[DocumentId, ...] = ()
    details: Mapping[str, Any] = field(default_factory=dict)
    personal: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedEvent:
    """An event in its place in the chain.

    Attributes:
        seq: Its number, from 1 without a gap.
        at: When it was written.
        personal_digest: Of its personal words and their salt; empty without any.
        is_erased: Whether its personal words were erased.
        link: What the next event follows.
    """

    seq: int
    at: datetime
    event: Event
    personal_digest: bytes
    is_erased: bool
    link: bytes


def digest(content: Mapping[str, Any], salt: bytes = b"") -> bytes:
    """Return the digest of what JSON can hold, whatever the order of its keys."""
    text = json.dumps(
        dict(content), sort_keys=True, separators=(",", ":"), ensure_ascii=False
    )
    return hashlib.sha256(salt + text.encode()).digest()


def link(
    before: bytes, *, seq: int, at: datetime, event: Event, personal_digest: bytes
) -> bytes:
    """Return an event's link: over the one before it and all that it says."""
    said = {
        "seq": seq,
        "at": at.astimezone(UTC).isoformat(),
        "kind": event.kind,
        "by": event.by,
        "subject": event.subject,
        "debtor": str(event.debtor_id or ""),
        "documents": [str(one) for one in event.document_ids],
        "details": digest(event.details).hex(),
        "personal": personal_digest.hex(),
    }
    return hashlib.sha256(before + digest(said)).digest()
