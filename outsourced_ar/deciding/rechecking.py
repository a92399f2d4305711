"""The gate is asked again right before a message goes, over facts read at that instant.

What it refuses for something that passes by itself is held; anything else is withdrawn,
and its items are decided about anew.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from ledger.calendar import Clock
from ledger.reminders import COPY, Message, Mode
from ledger.store import messages
from ledger.store.session import Session
from ledger.store.tenants import Tenant
from outsourced_ar.deciding import copy_requests, gate, gathering, statements
from outsourced_ar.deciding.gate import Moment
from outsourced_ar.deciding.gathering import Books
from outsourced_ar.deciding.wishes import wish_of
from outsourced_ar.known.facts import Refusal, Silence, Tonight
from outsourced_ar.rules.cadence import Cadence, packaged_cadences
from outsourced_ar.rules.policy import Policies, Policy, packaged_policy

HOLDING: Final = frozenset(
    {
        Silence.NOT_RELEASED,
        Silence.PAUSED,
        Silence.STALE,
        Silence.DIFFERS,
        Silence.SICK_IDENTITY,
        Silence.QUIET_HOURS,
        Silence.WEEKEND,
        Silence.HOLIDAY,
    }
)
"""What says nothing against the message, only against this hour."""


class Recheck(Protocol):
    """Whether a message may still be sent."""

    def prepare(self, session: Session) -> None:
        """Look at what is the same for many messages, before their books are read."""
        ...

    def refusals(self, session: Session, message: Message) -> tuple[Refusal, ...]:
        """Return every reason against it, the weightiest first; none means it may go.

        It is asked with the debtor's row locked, in the transaction that then lets the
        message go.
        """
        ...


@dataclass(slots=True)
class GateRecheck:
    """Asks the gate that let the message be planned.

    Attributes:
        policies: The tenant's, by day.
        cadences: The tenant's, by name; how long must lie between two messages.
    """

    tenant: Tenant
    clock: Clock
    policies: Policies = field(default_factory=packaged_policy)
    cadences: Mapping[str, Cadence] = field(default_factory=packaged_cadences)
    _books: Books | None = None

    def prepare(self, session: Session) -> None:
        """Note when the books were read whole, and what their proof left in doubt.

        Reading a few documents again does not make the others fresh.
        """
        today = self.clock.today(self.tenant.timezone)
        self._books = gathering.open_books(
            session, self.tenant, today, with_payments=False
        )

    def refusals(self, session: Session, message: Message) -> tuple[Refusal, ...]:
        """Return every reason against a message, over the facts as they stand now."""
        assert self._books is not None
        tonight = gathering.tonight(session, self.tenant, self.clock, {})
        gathered = gathering.gather(
            session, self._books, [message.debtor_id], on=tonight.today
        )
        (facts,) = gathered.facts
        policy = self.policies.on(tonight.today)
        if message.step.startswith(COPY):
            return copy_requests.refusals(session, message, facts, tonight, policy)
        wish = wish_of(message, facts, gap_days=self._gap_days(message, policy))
        found = gate.ask(wish, facts, tonight, policy, Moment.SEND)
        return gate.in_order([*found, *_of_release(session, message, tonight)])

    def _gap_days(self, message: Message, policy: Policy) -> int:
        if message.is_statement:
            return statements.GAP_DAYS
        cadence = self.cadences.get(message.cadence)
        of_cadence = cadence.gap_days(message.step) if cadence else 0
        return max(policy.minimum_gap_days, of_cadence)


def _of_release(
    session: Session, message: Message, tonight: Tonight
) -> Iterator[Refusal]:
    """Refuse what no person released, where the client has wanted that since.

    A night may have been under way when the client said so, by its word before.
    """
    mandate = tonight.mandate
    if mandate is None or mandate.mode is not Mode.APPROVE or message.id is None:
        return
    if messages.is_unasked(session, message.id):
        said = "the client wants to release messages itself"
        yield Refusal(Silence.CHANGED, said)


def is_held(refusals: tuple[Refusal, ...]) -> bool:
    """Say whether each reason passes by itself, so that the message waits for it."""
    return all(one.reason in HOLDING for one in refusals)
