"""Sends what is ready: each message at most once, and none to someone who has paid.

A message's items are read in the books again, the gate is asked once more under a lock,
the row is written down as being sent, and only then it is handed over. Whatever process
dies at whatever instant, the row says how far it came:

    ready    nobody has begun; it may be sent
    sending  it may have gone; nobody but a witness or a person says whether it did
    sent     the mail server, the folder or the printer has said that it has it

One worker of a tenant sends at a time, so that rates hold, and a row found in `sending`
is one whose worker is gone. Two would still send nothing twice: the row lets one begin.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from ledger.calendar import Clock
from ledger.errors import ConfigurationError, RecordError, RetryableError
from ledger.identities import Identity
from ledger.reminders import Channel, Message, MessageId, MessageState
from ledger.store import identities, messages, outgoing
from ledger.store.messages import MessageFilter
from ledger.store.outgoing import Source
from ledger.store.session import Database
from ledger.store.tenants import Tenant
from outsourced_ar.deciding import charging
from outsourced_ar.deciding.enclosing import Enclosing
from outsourced_ar.deciding.rechecking import Recheck, is_held
from outsourced_ar.delivery.contract import (
    Deliverers,
    Delivery,
    Mail,
    NoWitness,
    Verdict,
    Witness,
)
from outsourced_ar.delivery.pace import Pace
from outsourced_ar.delivery.signing import SigningKey
from outsourced_ar.delivery.writing import signing_key, written
from outsourced_ar.known.facts import Refusal, Silence
from outsourced_ar.sending import interrupted
from outsourced_ar.sending.outcomes import BY, Outcomes, Sent
from outsourced_ar.sending.refreshing import VALID_S, Freshness, Refresh

LOCK_CLASS: Final = 0x0DB2
"""Advisory locks of tenants that are being sent for share this first key."""

READY_MAX: Final = 100_000
BATCH: Final = 200
"""So many messages are read in the books together."""
WAIT_S_MAX: Final = 1_800
"""So long a run waits in all for domains that had enough; the rest goes next time."""

HAD_ENOUGH: Final = "its domain had enough for now"


class SendingBusyError(RetryableError):
    """Another process sends for this tenant."""

    def __init__(self, slug: str) -> None:
        """Name the tenant."""
        super().__init__(
            f"Another process is sending the messages of {slug!r}.",
            remedy="Wait until it has finished.",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """All that sending a tenant's messages needs.

    Attributes:
        books: Reads what a message speaks of once more.
        recheck: The gate.
        witness: Is asked about messages whose worker was cut off.
        enclosing: Puts invoices to messages that they are to go with.
        valid_s: How long what was read of the books holds.
        wait_s_max: How long a run waits in all for domains that had enough.
        sleep: Waits so many seconds.
    """

    database: Database
    tenant: Tenant
    clock: Clock
    deliverers: Deliverers
    books: Refresh
    recheck: Recheck
    witness: Witness = field(default_factory=NoWitness)
    enclosing: Enclosing | None = None
    pace: Pace = field(default_factory=Pace)
    valid_s: int = VALID_S
    wait_s_max: float = WAIT_S_MAX
    sleep: Callable[[float], None] = time.sleep

    def send_ready(self) -> Sent:
        """Settle what was cut off before, then send what is ready.

        Raises:
            SendingBusyError: Another process is at it.
        """
        key = self.tenant.id % 2**31
        with self.database.advisory_lock(LOCK_CLASS, key) as free:
            if not free:
                raise SendingBusyError(self.tenant.slug)
            found = interrupted.recover(
                self.database, self.tenant, self.clock, self.witness
            )
            run = _Run(self)
            result = run.outcomes.result
            result.seen += found.seen
            result.parked += found.parked
            try:
                run.send_all()
            finally:
                self.deliverers.close()
            self._charge()
        return result

    def _charge(self) -> None:
        """Keep what the demands that went asked for beside the invoices."""
        with self.database.tenant(self.tenant.scope) as session:
            charging.post_demanded(
                session,
                creditor_country=self.tenant.country,
                today=self.clock.today(self.tenant.timezone),
                at=self.clock.now(),
            )


@dataclass(frozen=True, slots=True)
class _Batch:
    """Messages that were ready, with all that is the same while they are sent.

    Attributes:
        messages: Without their files: those of a batch are too much to hold at once.
    """

    messages: Mapping[MessageId, Message]
    identities: Mapping[str, Identity]
    sources: Mapping[MessageId, tuple[Source, ...]]


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A message with all it takes to hand it over."""

    message: Message
    identity: Identity
    mail: Mail


class _Run:
    def __init__(self, sender: Sender) -> None:
        self._of = sender
        self._fresh = Freshness(sender.books, sender.clock, sender.valid_s)
        self._keys: dict[str, SigningKey | None] = {}
        self._wait_left_s = sender.wait_s_max
        self.outcomes = Outcomes(sender.database, sender.tenant, sender.clock)

    def send_all(self) -> None:
        """Send all that is ready now, a batch at a time."""
        with self.outcomes.session() as session:
            ready = messages.take_ready(session, READY_MAX)
            later = outgoing.put_off(session, ready, self._of.clock.now())
        for one in later:
            self.outcomes.result.put_off[one] = "it is not time for another try yet"
        waiting = [one for one in ready if one not in later]
        for begin in range(0, len(waiting), BATCH):
            self._send_batch(waiting[begin : begin + BATCH])

    def _send_batch(self, wanted: Sequence[MessageId]) -> None:
        left = list(wanted)
        while left:
            batch = self._load(left)
            again: list[MessageId] = []
            wait_s = float("inf")
            for one in left:
                of_one = batch.sources.get(one, ())
                self._enclose(one, batch)
                if self._fresh.doubt(of_one) and not self._fresh.has_failed(of_one):
                    # Sending the others took longer than what was read holds.
                    again.append(one)
                    wait_s = 0
                    continue
                delay_s = self._send(one, batch)
                if delay_s:
                    again.append(one)
                    wait_s = min(wait_s, delay_s)
            is_stuck = again == left and not wait_s
            left = again
            if left and (is_stuck or not self._wait(wait_s)):
                why = "reading its books takes too long" if is_stuck else HAD_ENOUGH
                self.outcomes.result.put_off.update(dict.fromkeys(left, why))
                return

    def _wait(self, seconds: float) -> bool:
        """Wait until a domain may be written to again; say no if that is too long."""
        if seconds > self._wait_left_s:
            return False
        self._wait_left_s -= seconds
        if seconds:
            self._of.sleep(seconds)
        return True

    def _load(self, wanted: Sequence[MessageId]) -> _Batch:
        """Load messages, and read in the books what they speak of."""
        sources: dict[MessageId, list[Source]] = {}
        with self.outcomes.session() as session:
            self._of.recheck.prepare(session)
            found = messages.listing(
                session,
                MessageFilter(ids=tuple(wanted), states=(MessageState.READY,)),
                limit=len(wanted),
            )
            known = identities.load_all(session)
            for one in outgoing.sources(session, wanted):
                sources.setdefault(one.message_id, []).append(one)
        self._fresh.bring(source for of_one in sources.values() for source in of_one)
        return _Batch(
            {one.message.id: one.message for one in found if one.message.id},
            {one.key: one for one in known},
            {one: tuple(of_one) for one, of_one in sources.items()},
        )

    def _enclose(self, one: MessageId, batch: _Batch) -> None:
        """Put to a message the invoices that go with it; no transaction is open."""
        message, enclosing = batch.messages.get(one), self._of.enclosing
        if message is None or enclosing is None or not enclosing.wants(message):
            return
        if self._fresh.doubt(batch.sources.get(one, ())):
            return
        with self.outcomes.session() as session:
            # What is held or withdrawn fetches nothing; it is asked again in any case.
            is_refused = bool(self._of.recheck.refusals(session, message))
        if not is_refused:
            enclosing.enclose(message)

    def _send(self, one: MessageId, batch: _Batch) -> float:
        """Send one message, or say why not; return how long its domain is to rest."""
        message = batch.messages.get(one)
        if message is None:
            return 0
        doubt = self._fresh.doubt(batch.sources.get(one, ()))
        if doubt is not None:
            self.outcomes.held(one, Refusal(Silence.STALE, doubt))
            return 0
        prepared = self._prepare(one, message, batch.identities.get(message.identity))
        if prepared is None:
            return 0
        identity = prepared.identity
        domain = prepared.mail.domain
        is_paced = message.channel is Channel.EMAIL and bool(identity.route.host)
        if is_paced:
            rate = identity.route.per_minute
            delay_s = self._of.pace.delay_s(identity.key, domain, rate)
            if delay_s:
                return delay_s
        if self._begin(one, message):
            if is_paced:
                self._of.pace.note(identity.key, domain)
            self.outcomes.note(message, identity, self._deliver(prepared))
        return 0

    def _prepare(
        self, one: MessageId, message: Message, identity: Identity | None
    ) -> _Prepared | None:
        """Write a message as it will go; None where it does not."""
        if identity is None:
            because = f"there is no identity {message.identity!r}"
            self.outcomes.held(one, Refusal(Silence.SICK_IDENTITY, because))
            return None
        if identity.key in self.outcomes.down:
            because = self.outcomes.down[identity.key]
            self.outcomes.held(one, Refusal(Silence.SICK_IDENTITY, because))
            return None
        with self.outcomes.session() as session:
            files = messages.attachments(session, one)
        message = replace(message, attachments=files)
        try:
            # Whatever is wrong with it shows before anything says that it goes.
            self._of.deliverers.way(identity, message.channel)
            mail = written(
                message,
                identity,
                self._key(identity),
                at=self._of.clock.now(),
                zone=self._of.tenant.timezone,
            )
        except ConfigurationError as error:
            self.outcomes.out_of_order(identity, error.user_message)
            because = error.user_message
            self.outcomes.held(one, Refusal(Silence.SICK_IDENTITY, because))
            return None
        except RecordError as error:
            self.outcomes.unwritable(message, error)
            return None
        return _Prepared(message, identity, mail)

    def _begin(self, one: MessageId, message: Message) -> bool:
        """Ask the gate under the debtor's lock, and let the message go or not."""
        with self.outcomes.session() as session:
            if not outgoing.hold(session, one):
                return False
            refusals = self._of.recheck.refusals(session, message)
            if not refusals:
                now = self._of.clock.now()
                messages.mark(session, one, MessageState.SENDING, at=now, by=BY)
                return True
            if is_held(refusals):
                self.outcomes.held(one, refusals[0], session)
                return False
            lasting = [refusal for refusal in refusals if not is_held((refusal,))]
            passing = [refusal for refusal in refusals if is_held((refusal,))]
            self.outcomes.withdrawn(session, one, [*lasting, *passing])
        return False

    def _deliver(self, prepared: _Prepared) -> Delivery:
        way = self._of.deliverers.way(prepared.identity, prepared.message.channel)
        try:
            return way.deliver(prepared.mail)
        except Exception as error:  # noqa: BLE001 - our own fault must not send it twice
            name = type(error).__name__
            return Delivery(
                verdict=Verdict.UNCERTAIN,
                words=f"something went wrong inside Duebridge ({name})",
            )

    def _key(self, identity: Identity) -> SigningKey | None:
        if identity.key not in self._keys:
            self._keys[identity.key] = signing_key(identity, self._of.deliverers)
        return self._keys[identity.key]
