"""A final demand that went: its proof of delivery, and what the books hear of it."""

from datetime import datetime

from ledger.events import Event
from ledger.money import from_minor
from ledger.outbox import WriteKind
from ledger.reminders import Message, Voice
from ledger.store import event_log
from ledger.store.session import Session
from outsourced_ar.stops.telling import tell


def note_sent(session: Session, message: Message, words: str, at: datetime) -> None:
    """Write down that a final demand was taken over, by whom, and tell the books.

    A copy by a second channel takes no step: it is written down and told by none.
    """
    stepping = [one for one in message.items if one.step]
    if message.voice is not Voice.AGENCY or message.certain_on is None or not stepping:
        return
    code = message.currency
    happened = Event(
        kind="final_demand.sent",
        by="delivery",
        subject=f"message:{message.id}",
        debtor_id=message.debtor_id,
        document_ids=tuple(one.document_id for one in stepping),
        details={
            "identity": message.identity,
            "channel": message.channel,
            "currency": code,
            "total_minor": message.total_minor,
            "pay_by": message.certain_on.isoformat(),
            "rule": message.rule,
        },
        personal={"address": message.address, "proof": words},
    )
    event_log.note(session, at, [happened])
    tell(
        session,
        at,
        kind=WriteKind.STAGE,
        subject=f"message:{message.id}",
        version="final_demand",
        debtor_id=message.debtor_id,
        documents={
            one.document_id: {
                "stage": "final_demand",
                "pay_by": message.certain_on.isoformat(),
                "text": f"{message.business_on}: final demand in the agency's name for "
                f"{one.number}, {from_minor(one.open_minor, code)} {code}, to be paid "
                f"by {message.certain_on}.",
            }
            for one in stepping
        },
    )
