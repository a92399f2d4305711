"""What follows from a letter that was read: stops, tasks, a contact marked wrong."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final

from ledger.errors import RequestError
from ledger.ids import DebtorId
from ledger.money import Currency
from ledger.reminders import (
    Letter,
    LetterId,
    Message,
    ReplyKind,
    Stop,
    StopId,
    StopItem,
    StopKind,
    Task,
    TaskKind,
)
from ledger.store import contacts, stops, tasks
from ledger.store.session import Session
from outsourced_ar.reading.classify import Reading
from outsourced_ar.reading.replies_mail import IncomingMail
from outsourced_ar.replies.replies_thread import Thread
from outsourced_ar.stops.stopping import TRACE_DAYS, enter

UNCLEAR: Final = "PROMISE_UNCLEAR"
"""Why something is held of which a debtor promised nobody knows how much."""
BY: Final = "reply"
"""Who enters what follows from a letter."""


class Effects:
    """What follows from a letter that was taken in."""

    def __init__(
        self,
        session: Session,
        mail: IncomingMail,
        found: Thread,
        reading: Reading,
        letter: Letter,
        letter_id: LetterId,
        *,
        at: datetime,
        today: date,
    ) -> None:
        """Hold what was found; nothing is entered yet."""
        self.session, self.mail, self.found = session, mail, found
        self.reading, self.letter, self.letter_id = reading, letter, letter_id
        self.at, self.today = at, today

    def take(self) -> None:
        """Enter stops and tasks, each once with the letter."""
        if self.found.debtor_id is None:
            if self.letter.is_open:
                self._ask("Whose is this mail?")
            return
        follow = {
            ReplyKind.PROMISE: self._promise,
            ReplyKind.DISPUTE: self._dispute,
            ReplyKind.ALREADY_PAID: self._paid,
            ReplyKind.WRONG_CONTACT: self._wrong_contact,
        }.get(self.reading.kind)
        if follow is not None:
            follow(self.found.debtor_id)
        elif self.letter.is_open:
            is_copy = self.reading.kind is ReplyKind.COPY_REQUEST
            self._ask(
                "Send a copy of the invoice" if is_copy else "Answer a debtor's mail"
            )

    def _promise(self, debtor_id: DebtorId) -> None:
        amount, day = self.reading.amount, self.reading.day
        try:
            self._stop(
                debtor_id,
                StopKind.PROMISE,
                due_on=day,
                amount_minor=None if amount is None else amount.minor,
            )
        except RequestError:
            # Nobody can tell how much it was: it is left alone, and a person asks.
            held = day if day is not None and day >= self.today else self.today
            self._stop(debtor_id, StopKind.HOLD, ends_on=held, reason=UNCLEAR)
            self._ask("Ask a debtor what it promises")
            return
        if self.letter.is_open:
            self._ask("Answer a debtor's promise")

    def _dispute(self, debtor_id: DebtorId) -> None:
        amount = self.reading.amount
        made = self._stop(
            debtor_id,
            StopKind.DISPUTE,
            reason=self.reading.reason,
            amount_minor=None if amount is None else amount.minor,
        )
        stop = stops.load(self.session, made)
        self._ask(
            f"Answer a dispute: {self.reading.reason}",
            due_on=stop.due_on,
            more={"stop": made, "owner": stop.details.get("owner", "")},
        )

    def _paid(self, debtor_id: DebtorId) -> None:
        """Hold what is said to be paid until a payment may have been seen."""
        self._stop(
            debtor_id,
            StopKind.HOLD,
            ends_on=self.today + timedelta(days=TRACE_DAYS),
            reason=ReplyKind.ALREADY_PAID.upper(),
        )
        self._ask("Trace a payment", kind=TaskKind.REVIEW)

    def _wrong_contact(self, debtor_id: DebtorId) -> None:
        """Mark the address our message went to, if it is that one that answers."""
        message = self.found.message
        known = contacts.load_for(self.session, [debtor_id]).get(debtor_id, ())
        own = {one.email.lower() for one in known if one.email}
        if message is not None:
            own.add(message.address.lower())
        if self.mail.sender in own:
            contacts.mark_wrong(self.session, debtor_id, self.mail.sender, at=self.at)
        self._ask("Find the right contact", kind=TaskKind.CONTACT)

    def _items(self) -> tuple[StopItem, ...]:
        """Which items it is about: those named with it, in the mail, in our message."""
        beside = set(self.reading.numbers)
        named = [d.id for d in self.found.documents if d.number in beside]
        about = tuple(dict.fromkeys(named)) or self.found.document_ids
        amount = self.reading.amount
        is_part = self.reading.kind is ReplyKind.DISPUTE and len(about) == 1
        minor = amount.minor if is_part and amount is not None else None
        return tuple(StopItem(document_id=one, amount_minor=minor) for one in about)

    def _stop(
        self,
        debtor_id: DebtorId,
        kind: StopKind,
        *,
        due_on: date | None = None,
        ends_on: date | None = None,
        amount_minor: int | None = None,
        reason: str = "",
    ) -> StopId:
        stop = Stop(
            kind=kind,
            debtor_id=debtor_id,
            items=self._items(),
            currency=_currency(self.found.message, self.reading),
            amount_minor=amount_minor,
            begins_on=self.today,
            ends_on=ends_on,
            due_on=due_on,
            reason=reason,
            note=str(self.letter.found.get("said", "")),
            said_by=self.mail.sender,
            recorded_by=BY,
            letter_id=self.letter_id,
            details={"confidence_percent": self.reading.confidence_percent},
        )
        return enter(self.session, stop, self.at)

    def _ask(
        self,
        title: str,
        *,
        kind: TaskKind = TaskKind.REPLY,
        due_on: date | None = None,
        more: Mapping[str, Any] | None = None,
    ) -> None:
        message = self.found.message
        task = Task(
            kind=kind,
            key=f"letter:{self.letter_id}",
            debtor_id=self.found.debtor_id,
            message_id=None if message is None else message.id,
            letter_id=self.letter_id,
            title=title,
            details={
                "from": self.mail.sender,
                "subject": self.mail.subject,
                "read_as": self.reading.guess,
                "confidence_percent": self.reading.confidence_percent,
                "doubts": list(self.found.doubts),
                "addresses": list(self.reading.addresses),
                **(more or {}),
            },
            due_on=due_on or self.today,
        )
        tasks.ask(self.session, task, self.at)


def _currency(message: Message | None, reading: Reading) -> Currency | None:
    if message is not None:
        return message.currency
    return None if reading.amount is None else reading.amount.currency
