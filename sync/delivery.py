"""One write-back on its way to the books: looked for, written, read again.

Of each part it is first noted, and committed, that it is handed over; then it is
written; then it is looked for in the books. Cut off anywhere in between, the next one
who comes looks for it before doing anything else, and once more right before it would
be written again.
"""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from connectors.writing import (
    Field,
    Found,
    Gone,
    NoField,
    Outcome,
    Part,
    Refusal,
    Unsearchable,
    Writer,
    Written,
    may_have_happened,
)
from ledger.calendar import Clock
from ledger.errors import DuebridgeError, RetryableError
from ledger.outbox import WriteState
from ledger.store import write_backs, written_back
from ledger.store.session import Database, Session
from ledger.store.tenants import Tenant
from ledger.store.write_backs import StoredWriteBack
from sync import asking
from sync.parts import (
    ABSENT,
    BEGUN,
    CONFLICT,
    DONE,
    MISSED,
    OVER,
    REFUSED,
    RETRIED,
    SAME,
    WRITTEN,
    Parts,
    missing,
    order_of,
    parts_of,
    shown,
    sum_up,
    wait_after,
)

MARGIN: Final = timedelta(minutes=1)
"""How much longer than a call may take we wait before we conclude from absence."""
TRIES_MAX: Final = 12
WORDS_MAX: Final = 500

CUT_OFF: Final = "It was cut off while"
THERE, MISSING = "it is there", "it is not there"

TRIES: Final = "tries"


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What delivering to a connection takes.

    Attributes:
        allowed: What the client lets be written.
    """

    database: Database
    tenant: Tenant
    writer: Writer
    clock: Clock
    allowed: frozenset[Part]


class NotShownError(RetryableError):
    """The books took something, and do not show it."""

    def __init__(self, part: Part) -> None:
        """Name it."""
        super().__init__(
            f"The books took the {part}, and do not show it.",
            remedy="It is looked for once more, and then written again.",
        )


class _EndedError(Exception):
    """The write-back is over, or waits; nothing more is done about it now."""


class Delivery:
    """One write-back on its way."""

    def __init__(self, desk: Desk, one: StoredWriteBack) -> None:
        """Take it as it was found."""
        self.one = one
        self._desk = desk
        self._writer = desk.writer
        self._parts: Parts = {name: dict(part) for name, part in one.progress.items()}
        self._begun: Part | None = None
        with desk.database.tenant(desk.tenant.scope) as session:
            self._order = order_of(session, one)

    @property
    def state(self) -> WriteState:
        """How far it is."""
        return self.one.write_back.state

    def deliver(self) -> None:
        """Bring it as far as it goes.

        Raises:
            DuebridgeError: The books could not be asked, or did not answer; what that
                leaves is for `put_off` to note.
            TakenOverError: Another process went on with it.
        """
        try:
            if self.state is not WriteState.WAITING:
                self._take_up()
            for part in parts_of(self.one.write_back.kind):
                if self._state(part) in OVER:
                    continue
                self._deliver(part)
            self._end()
        except _EndedError:
            return

    def put_off(self, error: Exception) -> None:
        """Note a try that failed: whether it may have happened, and when to go on."""
        now = self._desk.clock.now()
        words = error.message if isinstance(error, DuebridgeError) else _named(error)
        tries = int(self._parts.get(TRIES, {}).get("count", 0)) + 1
        self._parts[TRIES] = {"count": tries}
        not_before = now + wait_after(error, tries)
        is_open = self.state in {WriteState.WRITING, WriteState.UNKNOWN}
        if is_open and (self._begun is None or may_have_happened(error)):
            # When it can be known was noted before it was handed over.
            until = self.one.write_back.not_before or not_before
            until = max(until, not_before)
            self._mark(WriteState.UNKNOWN, words=words, not_before=until)
            return
        if self._begun is not None and self._state(self._begun) == BEGUN:
            self._note(self._begun, state=MISSED)
        if tries >= TRIES_MAX:
            self._park(f"It failed {tries} times, at last so: {words}")
            return
        self._mark(WriteState.WAITING, words=words, not_before=not_before)

    def _take_up(self) -> None:
        """Look for what was cut off, before anything else."""
        words = ""
        for part in Part:
            if self._state(part) != BEGUN:
                continue
            if part is Part.FIELD:
                # To read it is to look for it.
                self._note(part, state=MISSED)
                words = f"{CUT_OFF} a {part} was set."
                continue
            found = self._find(part)
            if isinstance(found, Unsearchable):
                self._park(self._cut_off(part))
                raise _EndedError
            is_there = found is not None
            words = f"{CUT_OFF} a {part} was written: {THERE if is_there else MISSING}."
            if found is None:
                self._note(part, state=MISSED)
            else:
                self._note(part, state=WRITTEN, remote_id=found.remote_id)
        self._mark(WriteState.WAITING, words=words)

    def _deliver(self, part: Part) -> None:
        can, allowed = self._writer.capabilities, self._desk.allowed
        why = missing(part, self._order.kind, can, allowed)
        if why is not None:
            self._note(part, state=why[0], words=why[1])
        elif part is Part.FIELD:
            self._set()
        else:
            self._append(part)

    def _append(self, part: Part) -> None:
        state = self._state(part)
        found: Found | Unsearchable | None = None
        if state != WRITTEN:
            if state in {MISSED, RETRIED} or part is Part.PAYMENT:
                # Once more right before it is written; money is looked for always.
                found = self._find(part)
            if isinstance(found, Unsearchable) and state == MISSED:
                self._park(self._cut_off(part))
                raise _EndedError
            if not isinstance(found, Found):
                self._begin(part)
                outcome = self._writer.append(self._order, part)
                if not self._accepted(part, outcome):
                    return
                found = None
        if not isinstance(found, Found):
            found = self._find(part)
        self._verify(part, found)

    def _find(self, part: Part) -> Found | Unsearchable | None:
        """Look for what was appended; end where its document is gone."""
        found = self._writer.find(self._order, part)
        if isinstance(found, Gone):
            self._mark(WriteState.GONE, words=found.words)
            raise _EndedError
        return found

    def _verify(self, part: Part, found: Found | Unsearchable | None) -> None:
        """Note what was found where something was written."""
        if isinstance(found, Unsearchable):
            self._note(part, state=DONE)
        elif found is None:
            # The answer came, so nothing is on its way any more.
            self._note(part, state=MISSED)
            raise NotShownError(part)
        elif found.taken_back:
            words = f"The {part} was there, and somebody took it back."
            self._note(part, state=CONFLICT, remote_id=found.remote_id, words=words)
        elif found.differs:
            self._park(f"The {part} in the books is not as meant: {found.differs}")
            raise _EndedError
        else:
            self._note(part, state=DONE, remote_id=found.remote_id)

    def _set(self) -> None:
        state = self._state(Part.FIELD)
        field = self._read_field()
        if field is None:
            return
        if field.now == field.wanted:
            # What was handed over, or is only ours to set, is ours.
            is_ours = field.is_ours or state in {MISSED, WRITTEN}
            self._hold(DONE if is_ours else SAME, field)
            return
        if not field.is_ours and field.now not in self._expected(field):
            self._leave(field)
            return
        self._begin(Part.FIELD)
        if not self._accepted(Part.FIELD, self._writer.put(self._order, field)):
            return
        after = self._read_field()
        if after is None:
            return
        if after.now == field.wanted:
            self._hold(DONE, field)
        else:
            self._leave(after)

    def _read_field(self) -> Field | None:
        """Return the field as it stands; note why there is none."""
        found = self._writer.fields([self._order])[self._order.key]
        match found:
            case Gone():
                self._mark(WriteState.GONE, words=found.words)
                raise _EndedError
            case NoField():
                self._note(Part.FIELD, state=ABSENT, words=found.words)
                return None
            case Field():
                return found

    def _expected(self, field: Field) -> list[Mapping[str, Any]]:
        """Return what the field may hold, so that it is not a person's."""
        if self.one.write_back.expected:
            return [self.one.write_back.expected]
        with self._session() as session:
            last = write_backs.last_field(session, self.one)
        return [field.empty if last is None else last]

    def _hold(self, state: str, field: Field) -> None:
        value = dict(field.wanted)
        self._note(Part.FIELD, state=state, name=field.name, value=value)
        self._parts[Part.FIELD]["is_empty"] = field.wanted == field.empty

    def _leave(self, field: Field) -> None:
        words = f"{field.name} was set to {shown(field.now)} in the books; it stays."
        there = dict(field.now)
        self._note(
            Part.FIELD, state=CONFLICT, name=field.name, there=there, words=words
        )

    def _begin(self, part: Part) -> None:
        """Note that a part is handed over, before it is."""
        before = dict(self._parts.get(part, {}))
        self._note(part, state=BEGUN)
        now = self._desk.clock.now()
        until = now + timedelta(seconds=self._writer.time_limit_s) + MARGIN
        try:
            with self._session() as session:
                self.one = write_backs.begin(
                    session, self.one, at=now, until=until, progress=self._parts
                )
        except DuebridgeError:
            self._parts[part] = before
            raise
        self._begun = part

    def _accepted(self, part: Part, outcome: Outcome) -> bool:
        """Note the books' answer; return whether they took it."""
        match outcome:
            case Written():
                self._note(part, state=WRITTEN, remote_id=outcome.remote_id)
                self._mark(WriteState.WAITING)
                return True
            case Refusal():
                words = outcome.words or str(outcome.reason)
                self._note(part, state=REFUSED, words=words, reason=outcome.reason)
                self._mark(WriteState.WAITING)
                return False
            case Gone():
                self._mark(WriteState.GONE, words=outcome.words)
                raise _EndedError

    def _end(self) -> None:
        """Say what all parts came to."""
        state, words, remote_id = sum_up(self._order.kind, self._parts)
        with self._session() as session:
            self._mark_in(session, state, words=words, remote_id=remote_id)
            self._stand(session)
            if state in {WriteState.REFUSED, WriteState.CONFLICT}:
                self._ask(session, words)
            else:
                asking.answered(session, self.one, self._desk.clock)

    def _stand(self, session: Session) -> None:
        """Note what stands in the books now: of a field what was decided last."""
        if Part.FIELD in parts_of(self._order.kind):
            is_empty = self._parts[Part.FIELD].get("is_empty")
            stands = self._state(Part.FIELD) == DONE and not is_empty
            written_back.stand(session, self.one, stands=stands)
        if self._state(Part.PAYMENT) == DONE:
            written_back.stand(session, self.one, stands=True, alone=True)

    def _park(self, words: str) -> None:
        """Leave it to a person: nobody can know what to do."""
        with self._session() as session:
            self._mark_in(session, WriteState.PARKED, words=words)
            self._ask(session, words)

    def _ask(self, session: Session, words: str) -> None:
        asking.ask(session, self.one, self._desk.tenant, self._desk.clock, words)

    def _cut_off(self, part: Part) -> str:
        since = self.one.writing_at
        when = "" if since is None else f" at {since:%Y-%m-%d %H:%M:%S} UTC"
        return (
            f"A {part} was being written{when}, and these books cannot be asked "
            "whether it got there."
        )

    def _state(self, part: Part) -> str:
        return str(self._parts.get(part, {}).get("state", ""))

    def _note(self, part: Part, *, state: str, **more: Any) -> None:  # noqa: ANN401 - what JSON holds
        kept = {name: one for name, one in more.items() if one not in ("", None)}
        self._parts[part] = {"state": state, **kept}

    def _mark(
        self,
        state: WriteState,
        *,
        words: str = "",
        not_before: datetime | None = None,
    ) -> None:
        with self._session() as session:
            self._mark_in(session, state, words=words, not_before=not_before)

    def _mark_in(
        self,
        session: Session,
        state: WriteState,
        *,
        words: str = "",
        remote_id: str | None = None,
        not_before: datetime | None = None,
    ) -> None:
        self.one = write_backs.mark(
            session,
            replace(self.one, progress=self._parts),
            state,
            at=self._desk.clock.now(),
            words=words[:WORDS_MAX],
            progress=self._parts,
            remote_id=remote_id,
            not_before=not_before,
        )

    def _session(self) -> AbstractContextManager[Session]:
        return self._desk.database.tenant(self._desk.tenant.scope)


def _named(error: Exception) -> str:
    return f"Something went wrong inside Duebridge ({type(error).__name__})."
