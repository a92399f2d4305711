"""What the books are told of disputes, promises, plans and holds, in plain English."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ledger.ids import DocumentId
from ledger.money import Currency, from_minor
from ledger.outbox import WriteKind
from ledger.reminders import Stop, StopItem, StopKind
from ledger.stop_states import is_over
from ledger.store.session import Session
from outsourced_ar.stops import telling

_KINDS: Mapping[StopKind, WriteKind] = {
    StopKind.DISPUTE: WriteKind.DISPUTE,
    StopKind.PROMISE: WriteKind.PROMISE,
    StopKind.PLAN: WriteKind.PLAN,
    StopKind.HOLD: WriteKind.NOTE,
    StopKind.INSOLVENCY: WriteKind.NOTE,
}


def tell(session: Session, stop: Stop, at: datetime, *, version: int) -> None:
    """Tell the books of a stop as it is now: each document it names, or the account.

    Args:
        session: The transaction of the change.
        stop: As it stands now.
        at: When it was changed.
        version: Which change of it this is.
    """
    items: list[StopItem | None] = list(stop.items) or [None]
    documents: dict[DocumentId | None, Mapping[str, Any]] = {}
    for item in items:
        document = None if item is None else item.document_id
        documents[document] = content(stop, item)
    telling.tell(
        session,
        at,
        kind=_KINDS[stop.kind],
        subject=f"stop:{stop.id}",
        version=version,
        debtor_id=stop.debtor_id,
        documents=documents,
    )


def content(stop: Stop, item: StopItem | None) -> dict[str, Any]:
    """Return what is told of one item of a stop, or of the account."""
    amount = stop.amount_minor
    if item is not None and item.amount_minor is not None:
        amount = item.amount_minor
    said: dict[str, Any] = {"text": _text(stop, amount)}
    match stop.kind:
        case StopKind.DISPUTE:
            return said | {
                "is_open": not is_over(stop),
                "status": stop.state,
                "reason": stop.reason,
                **_money(amount, stop.currency),
            }
        case StopKind.PROMISE:
            due_on = stop.due_on
            stands = not is_over(stop) and due_on is not None
            return said | {
                "promised_on": due_on.isoformat() if stands and due_on else None,
                "status": stop.state,
                **_money(stop.amount_minor, stop.currency),
            }
        case StopKind.PLAN:
            return said | {
                "status": stop.state,
                "next_due_on": stop.due_on and stop.due_on.isoformat(),
                **_money(stop.amount_minor, stop.currency),
            }
        case _:
            return said


def _money(minor: int | None, code: Currency | None) -> dict[str, Any]:
    if minor is None or code is None:
        return {"amount_minor": None, "currency": code}
    return {"amount_minor": minor, "currency": code}


def _text(stop: Stop, minor: int | None) -> str:
    words = [f"{str(stop.kind).capitalize()} {stop.id}"]
    if stop.kind is StopKind.DISPUTE and stop.reason:
        words.append(f"({stop.reason})")
    if minor is not None and stop.currency is not None:
        words.append(f"of {from_minor(minor, stop.currency)} {stop.currency}")
    said = f"{' '.join(words)}: {stop.state.replace('_', ' ')}"
    said += f", since {stop.begins_on}"
    if stop.ends_on is not None:
        said += f", until {stop.ends_on}"
    if stop.due_on is not None and not is_over(stop):
        said += f", for {stop.due_on}"
    return said + "."
