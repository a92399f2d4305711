"""Wires a tenant's reminders: its words, its gate, its books and its ways out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from app.identities import examine
from app.invoice_copies import BooksCopies
from app.ways import ways_out
from ledger.errors import ConfigurationError, RetryableError
from ledger.ids import ConnectionId
from ledger.records import DocumentRef
from ledger.reminders import Voice
from ledger.store import identities, mandates, rulebooks
from ledger.store.connections import RunState
from ledger.store.tenants import Tenant
from outsourced_ar.deciding import calls, night
from outsourced_ar.deciding.copy_requests import CopyRequests
from outsourced_ar.deciding.enclosing import Enclosing, Library
from outsourced_ar.deciding.night import NightResult
from outsourced_ar.deciding.rechecking import GateRecheck
from outsourced_ar.rules import rules_in_force
from outsourced_ar.sending.outcomes import Sent
from outsourced_ar.sending.sending import Sender
from outsourced_ar.stops import judging
from outsourced_ar.wording import texts
from outsourced_ar.wording.compose import MessageComposer
from sync.pull import WholeOnlyError, unwatched

if TYPE_CHECKING:
    from app.bootstrap import Product


class NoIdentityError(ConfigurationError):
    """Nobody is there to speak for a tenant."""

    def __init__(self, slug: str) -> None:
        """Name the tenant."""
        super().__init__(
            f"Nobody speaks for {slug} yet.",
            remedy="`duebridge identity example --out client.toml`, fill it in, then "
            f"`duebridge identity save {slug} client.toml`.",
        )


@dataclass(frozen=True, slots=True)
class Reminders:
    """A tenant's reminders: decided, and sent."""

    product: "Product"
    owner: Tenant

    def plan(self, *, everyone: bool = False) -> NightResult:
        """Decide about the debtors on tonight's agenda; nothing is sent.

        What stops the clock is led on first, by what time and the books say of it.

        Raises:
            NoIdentityError: Something would be said and nobody is there to say it.
        """
        judging.advance(self.product.database, self.owner, self.product.clock)
        return night.plan_night(
            self.product.database,
            self.owner,
            self.product.clock,
            self.composer(),
            languages=languages(),
            everyone=everyone,
        )

    def send(self) -> Sent:
        """Send what is ready, after one more look at the books."""
        with self.product.database.tenant(self.owner.scope) as session:
            rules = rules_in_force.in_force(session)
        ways = ways_out(self.product, self.owner)
        examine(self.product, self.owner)
        recheck = GateRecheck(
            self.owner, self.product.clock, rules.policies, rules.cadences
        )
        calls.hand_over_released(
            self.product.database,
            self.owner,
            self.product.clock,
            self.composer(),
            recheck,
        )
        library = Library(
            self.product.database, self.owner, BooksCopies(self.product, self.owner)
        )
        requests = CopyRequests(
            database=self.product.database,
            tenant=self.owner,
            clock=self.product.clock,
            policies=rules.policies,
            composer=self.composer(),
            library=library,
            languages=languages(),
        )
        requests.queue()
        sender = Sender(
            database=self.product.database,
            tenant=self.owner,
            clock=self.product.clock,
            deliverers=ways,
            books=Rereading(self.product, self.owner),
            recheck=recheck,
            witness=ways,
            enclosing=Enclosing(library, self.product.clock, rules.cadences),
        )
        try:
            return sender.send_ready()
        finally:
            requests.settle()

    def composer(
        self, tried: Mapping[str, str] | None = None, *, speaks: bool = False
    ) -> MessageComposer:
        """Return what writes in the tenant's identities.

        Args:
            tried: Own texts to try in place of those in force.
            speaks: Whether something is to be written, whatever the client allows.

        Raises:
            NoIdentityError: It is to speak, or the client lets it, and nobody can.
        """
        with self.product.database.tenant(self.owner.scope) as session:
            found = {one.key: one for one in identities.load_all(session)}
            own = rulebooks.load_latest(session, rules_in_force.TEMPLATE)
            mandate = mandates.load_last(session)
        speaks = speaks or (mandate is not None and mandate.lets_send)
        if speaks and not any(one.voice is Voice.CLIENT for one in found.values()):
            raise NoIdentityError(self.owner.slug)
        return MessageComposer(
            tenant_id=self.owner.id,
            creditor=self.owner.name,
            identities=found,
            own_texts={
                **{one.name: one.body for one in own if one.body},
                **(tried or {}),
            },
        )


def languages() -> night.Languages:
    """Return the languages in which each voice's texts are complete."""
    return {voice: texts.languages_of(voice) for voice in Voice}


class NotReadError(RetryableError):
    """What a message speaks of could not be read once more."""

    def __init__(self, connection: str, message: str) -> None:
        """Say why."""
        super().__init__(
            f"{connection} could not be read again: {message}", remedy="Run again."
        )


@dataclass(frozen=True, slots=True)
class Rereading:
    """Reads documents once more by their connection's own sync."""

    product: "Product"
    owner: Tenant

    def refresh(self, connection_id: ConnectionId, refs: Sequence[DocumentRef]) -> None:
        """Read documents of one connection; files are read whole, where they changed.

        Raises:
            DuebridgeError: They could not be read, not all of them.
        """
        (one,) = (
            found
            for found in self.product.connections(self.owner)
            if found.id == connection_id
        )
        sync = self.product.work(self.owner, one, watch=unwatched).sync
        try:
            result = sync.touch(refs)
        except WholeOnlyError:
            result = sync.run()
        if result.state is not RunState.COMPLETED:
            raise NotReadError(one.name, result.message)
