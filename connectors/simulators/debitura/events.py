"""How the service tells of events: their payloads and the headers that prove them.

Written from the vendor's words, apart from the reader of `mapping`, so that both can
be held against each other.
"""

import hashlib
import hmac
from datetime import datetime
from typing import Final

from connectors.simulators.debitura.model import SimCase
from connectors.simulators.debitura.replies import encode

KINDS: Final = (
    "case.created",
    "case.updated",
    "case.closed",
    "payment.created",
    "payment.deleted",
    "chat.created",
)


def payload(key: str, kind: str, case: SimCase, at: datetime) -> bytes:
    """Write an event."""
    return encode(
        {
            "id": key,
            "specVersion": "1.0",
            "event": kind,
            "timestamp": at.isoformat().replace("+00:00", "Z"),
            "data": {
                "caseId": case.id,
                "reference": case.reference,
                "creditorReference": case.asked.get("creditorReference"),
                "status": case.lifecycle,
                "amount": case.amount,
                "currency": case.asked["currencyCode"],
                "debtorName": case.asked["debtor"]["name"],
            },
            "links": {"self": f"/cases/{case.id}"},
        }
    )


def headers(
    kind: str, body: bytes, secret: bytes, at: datetime, *, is_replay: bool
) -> dict[str, str]:
    """Return the headers of a delivery."""
    stamp = str(int(at.timestamp()))
    signed = hmac.new(secret, f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    told = {
        "X-Debitura-Signature": f"t={stamp},v1={signed}",
        "X-Debitura-Timestamp": stamp,
        "X-Debitura-Event": kind,
    }
    return {**told, "X-Debitura-Replay": "true"} if is_replay else told
