"""Messages whose worker was cut off: looked for, else put before a person.

Nobody can know whether such a message went, unless somebody saw it. It is never sent
again by itself: a second reminder is worse than a late one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from ledger.calendar import Clock
from ledger.errors import RequestError
from ledger.reminders import Message, MessageId, MessageState, Task, TaskKind
from ledger.store import identities, messages, tasks
from ledger.store.messages import StoredMessage
from ledger.store.session import Database, Session
from ledger.store.tenants import Tenant
from outsourced_ar.delivery.contract import Witness
from outsourced_ar.sending import dispatched

ANY_TIME: Final = timedelta(days=36_500)
"""Whoever holds the tenant's lock knows that no row in `sending` has a worker."""

FOUND: Final = "found where it was sent to, after a cut"


class NotUnknownError(RequestError):
    """A message is not one of which it is unknown whether it went."""

    def __init__(self, one: MessageId, state: MessageState) -> None:
        """Name it and how it stands."""
        super().__init__(
            f"Message {one} is {state}; it needs nobody's word on whether it went.",
            remedy="`duebridge tasks` lists those that do.",
        )


@dataclass(frozen=True, slots=True)
class Recovered:
    """What became of messages whose worker was cut off."""

    seen: tuple[MessageId, ...]
    parked: tuple[MessageId, ...]


def recover(
    database: Database, tenant: Tenant, clock: Clock, witness: Witness
) -> Recovered:
    """Settle every message that was left in `sending`, with the tenant's lock held."""
    seen, parked = [], []
    with database.tenant(tenant.scope) as session:
        stuck = messages.stuck(session, clock.now() + ANY_TIME)
        known = {one.key: one for one in identities.load_all(session)}
    for one in stuck:
        assert one.message.id is not None
        identity = known.get(one.message.identity)
        went = None
        if identity is not None:
            # No transaction is open: a witness may take long.
            went = witness.saw(identity, one.message.channel, one.message.mail_id)
        with database.tenant(tenant.scope) as session:
            if went:
                messages.mark(
                    session,
                    one.message.id,
                    MessageState.SENT,
                    at=clock.now(),
                    by="witness",
                    note=FOUND,
                )
                dispatched.note(session, one.message, FOUND, clock.now())
                seen.append(one.message.id)
            else:
                _park_stored(session, tenant, clock, one, went=went)
                parked.append(one.message.id)
    return Recovered(tuple(seen), tuple(parked))


def park(
    session: Session,
    tenant: Tenant,
    clock: Clock,
    message: Message,
    *,
    words: str,
    details: Mapping[str, Any],
) -> None:
    """Note that nobody knows whether a message went, and ask a person."""
    assert message.id is not None
    now = clock.now()
    messages.mark(
        session,
        message.id,
        MessageState.UNKNOWN,
        at=now,
        by="delivery",
        note=words,
        details=details,
    )
    task = Task(
        kind=TaskKind.DELIVERY,
        key=key_of(message.id),
        debtor_id=message.debtor_id,
        message_id=message.id,
        title=f"Did message {message.id} go? {words[:1].upper()}{words[1:]}.",
        details={
            "mail_id": message.mail_id,
            "subject": message.subject,
            "items": [item.number for item in message.items],
            **details,
        },
        due_on=clock.today(tenant.timezone),
    )
    tasks.ask(session, task, now)


def resolve(
    session: Session, clock: Clock, one: MessageId, *, went: bool, by: str
) -> None:
    """Take a person's word on whether a message went.

    Where it did not, its steps count as not taken, and are decided about anew.

    Raises:
        NotUnknownError: Nobody needs to say.
        UnknownMessageError: There is no such message.
    """
    message = messages.load(session, one)
    if message.state is not MessageState.UNKNOWN:
        raise NotUnknownError(one, message.state)
    state = MessageState.SENT if went else MessageState.FAILED
    note = f"{by} says that it {'went' if went else 'did not go'}"
    messages.mark(session, one, state, at=clock.now(), by=by, note=note)
    if went:
        dispatched.note(session, message, note, clock.now())
    for task in tasks.open_tasks(session, kinds={TaskKind.DELIVERY}):
        if task.key == key_of(one):
            assert task.id is not None
            tasks.done(session, task.id, at=clock.now(), by=by, outcome=state.value)


def key_of(one: MessageId) -> str:
    """Return the key of the task that asks about a message."""
    return f"message {one}"


def _park_stored(
    session: Session,
    tenant: Tenant,
    clock: Clock,
    one: StoredMessage,
    *,
    went: bool | None,
) -> None:
    assert one.sending_at is not None
    at = f"{one.sending_at:%Y-%m-%d %H:%M:%S} UTC"
    words = f"it was cut off while being sent at {at}"
    if went is False:
        words += ", and no copy of it was found"
    details = {"sending_at": one.sending_at.isoformat(), "copy": went}
    park(session, tenant, clock, one.message, words=words, details=details)
