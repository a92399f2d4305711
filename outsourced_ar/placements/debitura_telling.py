"""What is said to a partner in a case's chat: once, whatever answers are lost."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import msgspec

from connectors.debitura import DebituraClient, read
from connectors.faults import RefusedError
from ledger.errors import SourceError
from mapping.debitura import wire
from outsourced_ar.placements import debitura_answers as answers
from outsourced_ar.placements.contract import Answer, Receipt


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """Something to be said of a case.

    Attributes:
        key: With our reference, the mark by which it is known again.
        done: What its receipt says.
    """

    reference: str
    agency_reference: str
    key: str
    words: str
    done: str

    @property
    def mark(self) -> str:
        """What stands below its words."""
        return f"[duebridge {self.reference} {self.key}]"


def tell(
    client: DebituraClient,
    find: Callable[[str], wire.Case | None],
    one: Telling,
    *,
    sender: str,
) -> Receipt:
    """Say something once: what carries its mark was said already."""
    try:
        case = find(one.reference)
        if case is None:
            return answers.not_there(one.reference, one.agency_reference)
        is_told = any(one.mark in _message(raw) for raw in client.chats(case.id))
    except answers.UNREACHED as error:
        return Receipt(answer=Answer.LATER, words=error.user_message)
    receipt = Receipt(
        answer=Answer.TAKEN,
        agency_reference=case.reference or case.id,
        words=one.done,
    )
    if is_told:
        return receipt
    try:
        client.say(case.id, f"{one.words}\n{one.mark}", sender=sender)
    except RefusedError as error:
        # Whoever must be told is not told by a refusal: it stays to be done.
        said = answers.refusal(error)[1]
        return replace(receipt, answer=Answer.LATER, words=said)
    except answers.LOST as error:
        return replace(receipt, answer=Answer.UNKNOWN, words=error.message)
    except answers.UNREACHED as error:
        return replace(receipt, answer=Answer.LATER, words=error.user_message)
    return receipt


def _message(raw: msgspec.Raw) -> str:
    """Return what a message says; of one that cannot be read all of it."""
    try:
        return read(raw, wire.Chat).message or ""
    except SourceError:
        return bytes(raw).decode(errors="replace")
