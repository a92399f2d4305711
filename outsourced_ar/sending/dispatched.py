"""A message that went: its proof where it is a demand, and what the books hear of it.

The same whoever knows that it went: the server that took it over, a copy that was found
after a cut, or a person.
"""

from collections import defaultdict
from datetime import datetime

from ledger.ids import DocumentId
from ledger.money import from_minor
from ledger.outbox import WriteKind
from ledger.reminders import ONCE, Channel, Message, MessageItem, Voice
from ledger.store.session import Session
from outsourced_ar.sending import demanding
from outsourced_ar.stops.telling import tell


def note(session: Session, message: Message, words: str, at: datetime) -> None:
    """Write down that a message went, and tell the books of the steps it took.

    A copy by a second channel takes no step, nor does a statement of account.

    Args:
        session: The transaction in which it is marked as sent.
        message: As it was said.
        words: How it is known that it went.
        at: When that was known.
    """
    demanding.note_sent(session, message, words, at)
    stepping = [one for one in message.items if one.step]
    if message.voice is not Voice.CLIENT or message.step.startswith(ONCE):
        return
    of_documents: dict[DocumentId, list[MessageItem]] = defaultdict(list)
    for one in stepping:
        of_documents[one.document_id].append(one)
    if of_documents:
        tell(
            session,
            at,
            kind=WriteKind.NOTE,
            subject=f"message:{message.id}",
            version="reminder",
            debtor_id=message.debtor_id,
            documents={
                document_id: {"text": _text(message, items)}
                for document_id, items in of_documents.items()
            },
        )


def _text(message: Message, items: list[MessageItem]) -> str:
    first = items[0]
    is_late = first.due_on < message.business_on
    minor = sum(one.open_minor for one in items)
    what = "reminder" if is_late else "notice before it is late"
    by = {Channel.EMAIL: "e-mail", Channel.LETTER: "letter", Channel.CALL: "telephone"}
    return (
        f"{message.business_on}: {what} by {by[message.channel]}, step {first.step}, "
        f"tone {message.tone}; {from_minor(minor, message.currency)} "
        f"{message.currency} of {first.number} were open."
    )
