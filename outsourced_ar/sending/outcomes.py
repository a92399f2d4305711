"""What became of messages in a run: written down at once, and told at its end."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from ledger.calendar import Clock
from ledger.errors import RecordError
from ledger.identities import Identity
from ledger.reminders import Message, MessageId, MessageState, Task, TaskKind
from ledger.store import contacts, messages, outgoing, tasks
from ledger.store.session import Database, Session
from ledger.store.tenants import Tenant
from outsourced_ar.delivery.contract import Delivery, Verdict
from outsourced_ar.known.facts import Refusal
from outsourced_ar.sending import dispatched, interrupted

TRY_AGAIN_S: Final = 900
"""A server that says `later` is asked again after so long at the earliest."""
ALIKE_MAX: Final = 10
"""So many refusals in a row are about the sender, whatever they say."""
BY: Final = "delivery"


@dataclass(slots=True)
class Sent:
    """What a run came to: numbers of messages.

    Attributes:
        seen: Cut off before, and found to have gone.
        parked: Cut off before, or now: a person must say whether they went.
        cancelled: Withdrawn; why, by message.
        held: Still ready, waiting for something to pass; why, by message.
        put_off: Still ready: the server wants it later, or its domain had enough.
        failed: Refused for good; why, by message.
    """

    sent: list[MessageId] = field(default_factory=list)
    seen: list[MessageId] = field(default_factory=list)
    parked: list[MessageId] = field(default_factory=list)
    cancelled: dict[MessageId, Refusal] = field(default_factory=dict)
    held: dict[MessageId, Refusal] = field(default_factory=dict)
    put_off: dict[MessageId, str] = field(default_factory=dict)
    failed: dict[MessageId, str] = field(default_factory=dict)

    @property
    def needs_a_person(self) -> bool:
        """Whether anything is left that does not go on by itself."""
        return bool(self.parked or self.failed)

    @property
    def summary(self) -> str:
        """One line for a log."""
        return (
            f"{len(self.sent)} sent, {len(self.held)} held, {len(self.put_off)} put "
            f"off, {len(self.cancelled)} withdrawn, {len(self.failed)} failed, "
            f"{len(self.parked)} unknown, {len(self.seen)} found sent"
        )


@dataclass(slots=True)
class Outcomes:
    """Writes down what becomes of messages.

    Attributes:
        down: Identities whose way out does not work in this run, and why.
    """

    database: Database
    tenant: Tenant
    clock: Clock
    result: Sent = field(default_factory=Sent)
    down: dict[str, str] = field(default_factory=dict)
    _alike: dict[str, int] = field(default_factory=dict)
    _works: set[str] = field(default_factory=set)

    def held(
        self, one: MessageId, refusal: Refusal, session: Session | None = None
    ) -> None:
        """Note that a message waits for something to pass."""
        if session is None:
            with self.session() as own:
                self.held(one, refusal, own)
            return
        outgoing.note_held(
            session,
            one,
            at=self.clock.now(),
            reason=refusal.reason,
            because=refusal.because,
        )
        self.result.held[one] = refusal

    def withdrawn(
        self, session: Session, one: MessageId, refusals: Sequence[Refusal]
    ) -> None:
        """Note that a message shall not go, the first reason being why."""
        messages.mark(
            session,
            one,
            MessageState.CANCELLED,
            at=self.clock.now(),
            by=BY,
            note=refusals[0].because,
            details={
                "reasons": [
                    {"reason": refusal.reason, "because": refusal.because}
                    for refusal in refusals
                ]
            },
        )
        self.result.cancelled[one] = refusals[0]

    def note(self, message: Message, identity: Identity, delivery: Delivery) -> None:
        """Write down what a deliverer said of a message."""
        alike = self._alike.get(identity.key, 0) + 1
        self._alike[identity.key] = alike if delivery.verdict is Verdict.REFUSED else 0
        match delivery.verdict:
            case Verdict.TAKEN:
                self._taken(message, identity, delivery)
            case Verdict.REFUSED:
                self._refused(message, identity, delivery)
            case Verdict.UNCERTAIN:
                self._uncertain(message, delivery)
            case Verdict.PUT_OFF | Verdict.UNREACHABLE:
                self._put_off(message, identity, delivery)

    def unwritable(self, message: Message, error: RecordError) -> None:
        """Give a message up that can stand in no mail, and ask a person to mend it."""
        one = _id(message)
        delivery = Delivery(verdict=Verdict.REFUSED, words=error.user_message)
        with self.session() as session:
            if messages.begin_sending(session, one, self.clock.now()) is None:
                return
            self._mark(session, one, MessageState.FAILED, delivery)
            task = Task(
                kind=TaskKind.CONTACT,
                key=f"message {one} cannot be written",
                debtor_id=message.debtor_id,
                message_id=one,
                title=error.message,
                details={"remedy": error.remedy},
                due_on=self.clock.today(self.tenant.timezone),
            )
            tasks.ask(session, task, self.clock.now())
        self.result.failed[one] = error.user_message

    def out_of_order(self, identity: Identity, words: str) -> None:
        """Have nothing more sent in a name in this run, and ask a person to look."""
        if identity.key in self.down:
            return
        self.down[identity.key] = words
        with self.session() as session:
            task = Task(
                kind=TaskKind.IDENTITY,
                key=_route_key(identity),
                title=f"Messages of {identity.key!r} do not go out: {words}",
                details={"identity": identity.key, "words": words},
                due_on=self.clock.today(self.tenant.timezone),
            )
            tasks.ask(session, task, self.clock.now())

    def session(self) -> AbstractContextManager[Session]:
        """Open a transaction of the tenant."""
        return self.database.tenant(self.tenant.scope)

    def _taken(self, message: Message, identity: Identity, delivery: Delivery) -> None:
        one = _id(message)
        with self.session() as session:
            self._mark(session, one, MessageState.SENT, delivery)
            dispatched.note(session, message, delivery.words, self.clock.now())
            if identity.key not in self._works:
                self._works_again(session, identity)
        self._works.add(identity.key)
        self.result.sent.append(one)

    def _works_again(self, session: Session, identity: Identity) -> None:
        for task in tasks.open_tasks(session, kinds={TaskKind.IDENTITY}):
            if task.key == _route_key(identity) and task.id is not None:
                now = self.clock.now()
                tasks.done(session, task.id, at=now, by=BY, outcome="works again")

    def _refused(
        self, message: Message, identity: Identity, delivery: Delivery
    ) -> None:
        one = _id(message)
        with self.session() as session:
            self._mark(session, one, MessageState.FAILED, delivery)
            if delivery.is_bad_address:
                contacts.mark_bounced(
                    session,
                    message.debtor_id,
                    message.address,
                    on=self.clock.today(self.tenant.timezone),
                    at=self.clock.now(),
                )
        self.result.failed[one] = delivery.words
        if self._alike[identity.key] >= ALIKE_MAX:
            words = f"{ALIKE_MAX} messages in a row were refused, the last with: "
            self.out_of_order(identity, f"{words}{delivery.words}")

    def _uncertain(self, message: Message, delivery: Delivery) -> None:
        at = self.clock.now()
        with self.session() as session:
            interrupted.park(
                session,
                self.tenant,
                self.clock,
                message,
                words=f"{delivery.words}, at {at:%Y-%m-%d %H:%M:%S} UTC",
                details={"sending_at": at.isoformat()},
            )
        self.result.parked.append(_id(message))

    def _put_off(
        self, message: Message, identity: Identity, delivery: Delivery
    ) -> None:
        one, now = _id(message), self.clock.now()
        is_down = delivery.verdict is Verdict.UNREACHABLE
        # What failed for all is tried by the next run, whenever that is.
        wait = timedelta(seconds=0 if is_down else TRY_AGAIN_S)
        with self.session() as session:
            self._mark(session, one, MessageState.READY, delivery)
            outgoing.note_put_off(
                session,
                one,
                at=now,
                not_before=now + wait,
                words=delivery.words,
                code=delivery.code,
            )
        self.result.put_off[one] = delivery.words
        if is_down:
            self.out_of_order(identity, delivery.words)

    def _mark(
        self, session: Session, one: MessageId, state: MessageState, delivery: Delivery
    ) -> None:
        messages.mark(
            session,
            one,
            state,
            at=self.clock.now(),
            by=BY,
            note=delivery.words,
            details={"words": delivery.words, "code": delivery.code},
        )


def _id(message: Message) -> MessageId:
    assert message.id is not None
    return message.id


def _route_key(identity: Identity) -> str:
    return f"route of {identity.key}"
