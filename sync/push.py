"""A push: what the books are to be told is written to them, one connection at a time.

One process a connection writes; the lock falls when it dies. One write-back's fault
stops no other, unless it is the books that take no more.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from connectors.faults import RescheduleError, TooManyCallsError, UnreachableError
from connectors.writing import BatchWriter, Field, Part, Writer
from ledger.calendar import Clock
from ledger.errors import (
    AccessDeniedError,
    ConfigurationError,
    CredentialError,
    DuebridgeError,
    InvariantError,
    RecordError,
    RetryableError,
    SourceError,
)
from ledger.outbox import WriteState
from ledger.store import write_backs, written_back
from ledger.store.connections import StoredConnection
from ledger.store.session import Database
from ledger.store.tenants import Tenant
from ledger.store.write_backs import StoredWriteBack, TakenOverError
from sync import asking, batches
from sync.delivery import Delivery, Desk
from sync.parts import order_of

LOCK_CLASS: Final = 0x0DB4
"""Advisory locks of writers share this first key."""
TAKEN_AT_ONCE: Final = 50
LOOKED_AT_ONCE: Final = 40
FAULTS_MAX: Final = 5
"""So many failures in a row, and the books are left in peace until the next push."""

NOT_WRITTEN = (
    SourceError,
    RetryableError,
    CredentialError,
    AccessDeniedError,
    RecordError,
    ConfigurationError,
)
"""What keeps a write-back from being written, and no other from going on."""
NO_MORE = (
    CredentialError,
    AccessDeniedError,
    ConfigurationError,
    RescheduleError,
    TooManyCallsError,
    UnreachableError,
)
"""What keeps all others from being written, too."""


class PushBusyError(RetryableError):
    """Another process is writing to these books."""

    def __init__(self, name: str) -> None:
        """Name the connection."""
        super().__init__(
            f"Another process is writing to {name!r}.",
            remedy="Wait until it has finished.",
        )


@dataclass(slots=True)
class PushResult:
    """What a push came to.

    Attributes:
        states: How many write-backs ended, or wait, in which state.
        changed_there: What was found changed in the books since we wrote it.
        error: What ended it before all was written.
    """

    connection: str
    states: Counter[WriteState] = field(default_factory=Counter)
    changed_there: int = 0
    error: DuebridgeError | None = None

    @property
    def needs_a_person(self) -> bool:
        """Whether something waits for a person's word."""
        return bool(
            self.states[WriteState.PARKED]
            or self.states[WriteState.REFUSED]
            or self.states[WriteState.CONFLICT]
        )

    @property
    def summary(self) -> str:
        """One line for a log."""
        told = ", ".join(f"{count} {state}" for state, count in self.states.items())
        parts = [told or "nothing to write"]
        if self.changed_there:
            parts.append(f"{self.changed_there} changed in the books")
        if self.error is not None:
            parts.append(self.error.message)
        return f"{self.connection}: {'; '.join(parts)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """All that writing to a connection takes.

    Attributes:
        allowed: What the client lets be written.
        keep: Keeps the details of a fault of our own, and says where.
    """

    database: Database
    tenant: Tenant
    connection: StoredConnection
    writer: Writer | BatchWriter
    clock: Clock
    allowed: frozenset[Part]
    keep: Callable[[Exception], str] = lambda _: ""

    def run(self) -> PushResult:
        """Write what is due.

        Raises:
            PushBusyError: Another process writes to the connection.
        """
        result = PushResult(self.connection.name)
        if not self.allowed:
            return result
        with exclusive(self.database, self.connection):
            if isinstance(self.writer, BatchWriter):
                result.states += batches.run(
                    self.database,
                    self.tenant,
                    self.connection,
                    self.writer,
                    self.clock,
                    self.allowed,
                )
                asking.owner_answered(
                    self.database, self.tenant, self.connection, self.clock
                )
            else:
                _Run(self, self.writer, result).run()
        return result


class _Run:
    def __init__(self, push: Push, writer: Writer, result: PushResult) -> None:
        self._push = push
        self._result = result
        self._writer = writer
        self._faults = 0
        self._desk = Desk(
            database=push.database,
            tenant=push.tenant,
            writer=writer,
            clock=push.clock,
            allowed=push.allowed,
        )

    def run(self) -> None:
        # What waited for an earlier one of its document is due in the next round.
        while self._round() and self._result.error is None:
            pass
        if self._result.error is None:
            try:
                self._look_at_standing()
            except NOT_WRITTEN as error:
                self._result.error = error
        push = self._push
        books = (push.database, push.tenant, push.connection, push.clock)
        if self._result.error is None:
            asking.owner_answered(*books)
        else:
            asking.ask_owner(*books, self._result.error)

    def _round(self) -> bool:
        """Deliver what is due, in order; return whether any of it is over."""
        after, is_any_over = 0, False
        while found := self._due(after):
            for one in found:
                after = one.id
                state = self._deliver(one)
                is_any_over |= state is not None and state.is_over
                if self._result.error is not None:
                    return False
        return is_any_over

    def _due(self, after: int) -> list[StoredWriteBack]:
        push = self._push
        with push.database.tenant(push.tenant.scope) as session:
            return write_backs.due(
                session,
                push.connection.id,
                push.clock.now(),
                after=after,
                limit=TAKEN_AT_ONCE,
            )

    def _deliver(self, one: StoredWriteBack) -> WriteState | None:
        """Bring one as far as it goes; None where another process took it over."""
        delivery = Delivery(self._desk, one)
        try:
            try:
                delivery.deliver()
            except NOT_WRITTEN as error:
                if isinstance(error, TakenOverError):
                    raise
                delivery.put_off(error)
                self._faulted(error)
            except Exception as error:  # noqa: BLE001 - the others go on
                # Our own fault in one must not keep the others from being written.
                fault = InvariantError(
                    f"Something went wrong inside Duebridge ({type(error).__name__}).",
                    remedy=f"Please report it. {self._push.keep(error)}",
                )
                delivery.put_off(error)
                self._faulted(fault)
            else:
                self._faults = 0
        except TakenOverError:
            return None
        self._result.states[delivery.state] += 1
        return delivery.state

    def _faulted(self, error: DuebridgeError) -> None:
        self._faults += 1
        if isinstance(error, NO_MORE) or self._faults >= FAULTS_MAX:
            self._result.error = error

    def _look_at_standing(self) -> None:
        """Find what we wrote and somebody changed since, and note it."""
        push, after = self._push, 0
        with push.database.tenant(push.tenant.scope) as session:
            self._result.changed_there += written_back.note_taken_back(
                session, push.connection.id, push.clock.now()
            )
        while Part.FIELD in push.allowed:
            with push.database.tenant(push.tenant.scope) as session:
                found = written_back.standing(
                    session, push.connection.id, after=after, limit=LOOKED_AT_ONCE
                )
                orders = {one.id: order_of(session, one) for one in found}
            if not found:
                return
            after = found[-1].id
            fields = self._writer.fields(list(orders.values()))
            for one in found:
                there = fields[one.write_back.key]
                if isinstance(there, Field) and there.now != _ours(one):
                    self._note_changed(one, there, push.clock.now())

    def _note_changed(self, one: StoredWriteBack, there: Field, at: datetime) -> None:
        with self._push.database.tenant(self._push.tenant.scope) as session:
            written_back.note_changed(
                session, one, there.now, at, is_taken_back=there.now == there.empty
            )
        self._result.changed_there += 1


def _ours(one: StoredWriteBack) -> object:
    return one.progress.get("field", {}).get("value")


@contextmanager
def exclusive(database: Database, one: StoredConnection) -> Iterator[None]:
    """Hold the lock of those who write to a connection; it falls with the process.

    Raises:
        PushBusyError: Another process holds it.
    """
    with database.advisory_lock(LOCK_CLASS, one.id % 2**31) as free:
        if not free:
            raise PushBusyError(one.name)
        yield
