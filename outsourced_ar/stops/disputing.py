"""Disputes beyond a rule: a part of one is accepted, a file of evidence is added."""

from datetime import datetime
from hashlib import sha256
from typing import Final

from ledger.errors import RequestError
from ledger.reminders import (
    Attachment,
    Letter,
    LetterId,
    LetterOrigin,
    Stop,
    StopId,
    StopItem,
    StopKind,
)
from ledger.store import letters, stops
from ledger.store.session import Session
from outsourced_ar.stops import disputes
from outsourced_ar.stops.stop_wholes import amounts_of
from outsourced_ar.stops.stopping import Change, follow, place

EVIDENCE_MAX: Final = 10 * 1024 * 1024
"""No file of evidence is larger, in bytes."""


def accept_part(
    session: Session, one: StopId, minor: int, *, at: datetime, by: str, words: str = ""
) -> Stop:
    """Note that part of a dispute is right; the other part is asked for again.

    Raises:
        RequestError: It is not a part of what is disputed, or it is of several items.
        IllegalRuleError: It cannot be accepted any more.
    """
    stop = _dispute(session, one)
    meant = stop.details.get("meant_minor") or amounts_of(session, stop).meant(stop)
    if not 0 < minor < meant:
        raise RequestError(
            "It is no part of what is disputed.",
            remedy="Give less than is disputed, or accept all of it.",
        )
    if len(stop.items) != 1:
        raise RequestError(
            "The dispute is of several invoices; of which is which part accepted?",
            remedy="Withdraw it, and enter a dispute for each invoice.",
        )
    (item,) = stop.items
    part = StopItem(document_id=item.document_id, part=item.part, amount_minor=minor)
    change = Change(
        rule=disputes.ACCEPT_PART,
        on=place(session, stop.debtor_id, at).today,
        values={"items": (part,), "amount_minor": minor},
        details={"meant_minor": minor, "disputed_minor": meant},
        facts={"disputed_minor": meant, "accepted_minor": minor},
        words=words,
    )
    return follow(session, one, change, at=at, by=by)


def add_evidence(
    session: Session, one: StopId, file: Attachment, *, at: datetime, by: str
) -> LetterId:
    """Keep a file of evidence with a dispute; return the letter that holds it.

    Raises:
        RequestError: It is empty or too large, or is kept with it already.
        IllegalRuleError: The dispute is over.
    """
    if not 0 < len(file.content) <= EVIDENCE_MAX:
        raise RequestError(
            f"{file.name} is empty, or larger than {EVIDENCE_MAX // 1024**2} MiB.",
            remedy="Give another file.",
        )
    stop = _dispute(session, one)
    digest = sha256(file.content).hexdigest()
    named = tuple(dict.fromkeys(item.document_id for item in stop.items))
    made = letters.add(
        session,
        Letter(
            origin=LetterOrigin.ENTERED,
            mail_id=f"<evidence.{one}.{digest[:32]}@duebridge>",
            received_at=at,
            sender=by,
            recipient="",
            subject=f"Evidence of dispute {one}",
            text="",
            debtor_id=stop.debtor_id,
            document_ids=named,
            attachments=(file,),
        ),
        at,
    )
    if made is None:
        raise RequestError(f"{file.name} is kept with it already.")
    kept = list(stop.details.get("evidence", ()))
    kept.append({"letter": made, "name": file.name, "sha256": digest})
    change = Change(
        rule=disputes.ADD_EVIDENCE,
        on=place(session, stop.debtor_id, at).today,
        details={"evidence": kept},
        facts={"letter": made, "sha256": digest},
    )
    follow(session, one, change, at=at, by=by)
    return made


def _dispute(session: Session, one: StopId) -> Stop:
    stop = stops.lock(session, one)
    if stop.kind is not StopKind.DISPUTE:
        raise RequestError(
            f"{one} is no dispute.", remedy="`duebridge dispute list` shows them."
        )
    return stop
