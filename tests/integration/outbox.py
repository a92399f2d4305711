"""A tenant whose reminders are ready to go, and ways out that do as they are told."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import structs

from ledger.identities import ClientIdentity, Identity, MailRoute
from ledger.ids import ConnectionId
from ledger.records import Document, DocumentKind, DocumentRef
from ledger.reminders import (
    Channel,
    Message,
    MessageId,
    MessageState,
    Task,
)
from ledger.store import connections, identities, messages, tasks
from ledger.store.connections import RunState
from ledger.store.messages import Order
from ledger.testing import Books, a_claim, a_debtor, a_document
from outsourced_ar.deciding.rechecking import GateRecheck
from outsourced_ar.delivery.contract import Delivery, Mail, Verdict
from outsourced_ar.delivery.routes import Routes
from outsourced_ar.sending.outcomes import Sent
from outsourced_ar.sending.sending import Sender
from tests.integration.reminding import (
    a_message,
    an_identity,
    an_item,
    document_key,
    released,
)

MORNING = datetime(2026, 3, 10, 9, tzinfo=UTC)
"""A Tuesday, ten o'clock in Berlin."""
ISSUED, DUE = date(2026, 1, 1), date(2026, 1, 31)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
TAKEN = Delivery(verdict=Verdict.TAKEN, words="250 OK", code="250")


@dataclass(slots=True)
class Hands:
    """A clock that is moved by hand."""

    at: datetime = MORNING

    def now(self) -> datetime:
        """Return where the hands stand."""
        return self.at

    def today(self, zone: ZoneInfo) -> date:
        """Return the day there."""
        return self.at.astimezone(zone).date()


@dataclass(slots=True)
class Reader:
    """Books that are read again: who asked for what, and what happens meanwhile."""

    asked: list[tuple[ConnectionId, list[DocumentRef]]] = field(default_factory=list)
    happens: Callable[[ConnectionId], None] = lambda _: None

    def refresh(self, connection_id: ConnectionId, refs: Sequence[DocumentRef]) -> None:
        """Note what was asked for."""
        self.asked.append((connection_id, list(refs)))
        self.happens(connection_id)


@dataclass(slots=True)
class Way:
    """A way out that answers as it is told, for all identities."""

    answer: Callable[[Mail], Delivery] = lambda _: TAKEN
    mails: list[Mail] = field(default_factory=list)
    closed: int = 0

    def deliver(self, mail: Mail) -> Delivery:
        """Keep a mail, and answer."""
        self.mails.append(mail)
        return self.answer(mail)

    def way(self, identity: Identity, channel: Channel) -> "Way":
        """Be the way out for everybody."""
        del identity, channel
        return self

    def signing_key(self, identity: Identity) -> bytes | None:
        """Sign nothing."""
        del identity
        return None

    def close(self) -> None:
        """Note that it was closed."""
        self.closed += 1


@dataclass(slots=True)
class Outbox:
    """A tenant with invoices, and a message about each that is ready."""

    books: Books
    folder: Path
    clock: Hands = field(default_factory=Hands)
    reader: Reader = field(default_factory=Reader)
    invoices: dict[str, Document] = field(default_factory=dict)

    @classmethod
    def open(
        cls, books: Books, folder: Path, *, debtors: Sequence[str] = ("D1",)
    ) -> "Outbox":
        """Open the outbox of a tenant that has released its messages."""
        box = cls(books, folder)
        box.add_identity(an_identity())
        released(books)
        box.read_whole(MORNING - HOUR)
        box.queue(*debtors)
        return box

    def add_identity(self, identity: ClientIdentity) -> None:
        """Keep an identity."""
        with self.books.database.tenant(self.books.tenant.scope) as session:
            identities.save(session, identity, MORNING)

    def route(self, **values: Any) -> None:  # noqa: ANN401 - a route's own
        """Give the client's mail a route."""
        self.add_identity(replace(an_identity(), route=MailRoute(**values)))

    def read_whole(
        self, at: datetime, books: Books | None = None, label: str = "invoices"
    ) -> None:
        """Note a run that read all books, or one of another label."""
        one = books or self.books
        with one.database.tenant(one.tenant.scope) as session:
            run = connections.begin_run(
                session, one.connection.id, started_at=at, business_on=at.date()
            )
            connections.end_run(
                session,
                run,
                state=RunState.COMPLETED,
                completed_at=at,
                summary={"steps": [{"label": label}]},
            )

    def queue(
        self,
        *debtors: str,
        books: Books | None = None,
        **changed: Any,  # noqa: ANN401 - a message's own
    ) -> list[MessageId]:
        """Land an invoice of 100.00 for each debtor, with a message that is ready."""
        one = books or self.books
        made = {
            name: a_document(f"I-{name}", "100", ISSUED, DUE, debtor=name)
            for name in debtors
        }
        self.invoices |= made
        one.land(
            *made.values(),
            debtors=[
                structs.replace(
                    a_debtor(name), email=f"ar@{name.lower()}.example", country="DE"
                )
                for name in debtors
            ],
        )
        made_messages = [self._message(one, name, changed) for name in debtors]
        mandate = released(self.books)
        with one.database.tenant(one.tenant.scope) as session:
            found = messages.queue_all(
                session,
                [
                    Order(
                        message=message,
                        mandate_id=mandate.id,
                        decision_id=None,
                        decided_at=MORNING - HOUR,
                    )
                    for message in made_messages
                ],
            )
            # They were looked at: only what happens from now on changes that.
            session.execute(
                "UPDATE document SET next_action_on = :on WHERE tenant_id = :tenant_id",
                {"on": MORNING.date() + timedelta(days=9)},
            )
        assert None not in found
        return [one for one in found if one is not None]

    def _message(self, books: Books, name: str, changed: dict[str, Any]) -> Message:
        item = an_item(books, f"I-{name}")
        message = a_message(books, item, debtor=name, on=MORNING.date())
        address = f"ar@{name.lower()}.example"
        return replace(
            message, **{"address": address, "subject": f"Reminder {name}", **changed}
        )

    def pay(self, name: str, amount: str = "100", kind: str = "payment") -> None:
        """Post a payment, or a credit note, of an invoice in the books."""
        paid = a_document(
            f"P-{name}", amount, MORNING.date(), kind=DocumentKind(kind), debtor=name
        )
        claim = a_claim(self.invoices[name], paid, amount, MORNING.date())
        self.books.land(paid, claims=[claim])

    def sender(self, way: Way | Routes | None = None, **more: Any) -> Sender:  # noqa: ANN401 - a sender's own
        """Return what sends, into the folder unless a way is given."""
        ways = way or Routes(self.folder)
        values: dict[str, Any] = {
            "database": self.books.database,
            "tenant": self.books.tenant,
            "clock": self.clock,
            "deliverers": ways,
            "books": self.reader,
            "recheck": GateRecheck(self.books.tenant, self.clock),
        }
        if isinstance(ways, Routes):
            values["witness"] = ways
        return Sender(**{**values, **more})

    def send(self, way: Way | Routes | None = None, **more: Any) -> Sent:  # noqa: ANN401 - as above
        """Send what is ready."""
        return self.sender(way, **more).send_ready()

    def files(self) -> list[Path]:
        """Return the files that were written."""
        return sorted(path for path in self.folder.rglob("*") if path.is_file())

    def states(self) -> dict[str, MessageState]:
        """Return how each message stands, by its subject."""
        with self.books.database.tenant(self.books.tenant.scope) as session:
            found = messages.listing(session)
        return {one.message.subject: one.message.state for one in found}

    def events(self, one: MessageId) -> list[tuple[str, dict[str, Any]]]:
        """Return what became of a message."""
        with self.books.database.tenant(self.books.tenant.scope) as session:
            return [
                (event.kind, dict(event.details))
                for event in messages.events(session, one)
            ]

    def tasks(self) -> list[Task]:
        """Return what persons are asked to do."""
        with self.books.database.tenant(self.books.tenant.scope) as session:
            return tasks.open_tasks(session)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Ask the database itself."""
        with self.books.database.tenant(self.books.tenant.scope) as session:
            return [tuple(row) for row in session.execute(sql)]

    def looked_at_again(self, names: Iterable[str]) -> bool:
        """Say whether debtors' invoices will be decided about on the next night."""
        keys = {str(document_key(self.books, f"I-{name}")) for name in names}
        open_again = self.rows(
            "SELECT id FROM document WHERE tenant_id = :tenant_id "
            "AND next_action_on IS NULL"
        )
        return keys <= {str(row[0]) for row in open_again}
