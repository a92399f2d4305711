"""The parts of a write-back: which there are, how far each is, what they come to."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from connectors.contract import Capability
from connectors.writing import FIELDS, Order, Part
from ledger.errors import RetryableError
from ledger.outbox import WriteKind, WriteState
from ledger.store import write_backs
from ledger.store.session import Session
from ledger.store.write_backs import StoredWriteBack

WAITS: Final = (
    timedelta(minutes=1),
    timedelta(minutes=10),
    timedelta(hours=1),
    timedelta(hours=6),
    timedelta(hours=22),
)
"""How long after each failed try until the next; the last holds for all that follow."""

BEGUN, WRITTEN, MISSED = "begun", "written", "missed"
"""Handed over; taken by the books, not seen there yet; looked for in vain."""
RETRIED: Final = "retried"
"""A person says that it is to be written."""
DONE, SAME, REFUSED, CONFLICT, OFF, ABSENT = (
    *("done", "same", "refused"),
    *("conflict", "off", "absent"),
)
OVER: Final = frozenset({DONE, SAME, REFUSED, CONFLICT, OFF, ABSENT})
"""States of a part after which nothing more is done about it."""

Parts = dict[str, dict[str, Any]]
"""How far each part is, by its name; what JSON can hold."""


def parts_of(kind: WriteKind) -> tuple[Part, ...]:
    """Return what is written of a kind, in order.

    A note comes first, so that it stands whatever becomes of a field; of money it is
    told once that is there.
    """
    if kind is WriteKind.PAYMENT:
        return (Part.PAYMENT, Part.NOTE)
    return (Part.NOTE, Part.FIELD) if kind in FIELDS else (Part.NOTE,)


def order_of(session: Session, one: StoredWriteBack) -> Order:
    """Return what is to be written, in the terms of the books."""
    kind = one.write_back.kind
    return Order(
        key=one.write_back.key,
        kind=kind,
        document=one.document,
        number=one.number,
        debtor=one.debtor,
        content=one.write_back.content,
        stages=write_backs.stages(session, one) if kind is WriteKind.STAGE else (),
    )


def missing(
    part: Part, kind: WriteKind, can: frozenset[Capability], allowed: frozenset[Part]
) -> tuple[str, str] | None:
    """Return why a part is not for some books, with words; None where it is."""
    needed = {
        Part.NOTE: Capability.WRITE_NOTE,
        Part.PAYMENT: Capability.WRITE_PAYMENT,
    }.get(part) or FIELDS[kind]
    if needed not in can:
        return ABSENT, ""
    if part not in allowed:
        return OFF, f"Writing a {part} is switched off."
    return None


def sum_up(kind: WriteKind, parts: Parts) -> tuple[WriteState, str, str]:
    """Return what all parts came to, in words, and the key the books gave it."""
    mine = {part: parts.get(part, {}) for part in parts_of(kind)}
    states = {part: one.get("state") for part, one in mine.items()}
    words = " ".join(one["words"] for one in mine.values() if one.get("words"))
    state = WriteState.WRITTEN
    if CONFLICT in states.values():
        state = WriteState.CONFLICT
    elif REFUSED in {states.get(Part.NOTE), states.get(Part.PAYMENT)}:
        state = WriteState.REFUSED
    elif {REFUSED, OFF} & set(states.values()):
        state = WriteState.NOTE_ONLY
    remote_id = ""
    for part in (Part.NOTE, Part.PAYMENT):
        remote_id = mine.get(part, {}).get("remote_id") or remote_id
    return state, words, remote_id


def wait_after(error: Exception, tries: int) -> timedelta:
    """Return how long to wait after so many tries, or what the books ask for."""
    asked = error.retry_after_s if isinstance(error, RetryableError) else None
    wait = WAITS[min(tries, len(WAITS)) - 1]
    return max(wait, timedelta(seconds=asked or 0))


def shown(value: Mapping[str, Any]) -> str:
    """Return what a field holds, for a person."""
    return ", ".join(str(one) for one in value.values()) or "nothing"
