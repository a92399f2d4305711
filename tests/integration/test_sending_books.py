"""A payment that reaches the books between the plan and the sending stops the message.

The night plans, the composer writes, and the books are read once more by their own
sync: files whole, where they changed; live books by the documents' keys.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from msgspec import structs

from connectors.contract import Connector
from ledger.calendar import FixedClock
from ledger.errors import RetryableError
from ledger.ids import ConnectionId, SourceId
from ledger.records import DocumentKind, DocumentRef
from ledger.reminders import Contact, MessageState, Mode, Voice
from ledger.store import contacts, debtor_facts, identities, keys, mandates
from ledger.store.connections import RunState, StoredConnection
from ledger.store.session import Database
from ledger.store.tenants import Tenant
from ledger.testing import Books, NoRates, a_claim, a_debtor, a_document
from outsourced_ar.deciding import night
from outsourced_ar.deciding.rechecking import GateRecheck
from outsourced_ar.delivery.routes import Routes
from outsourced_ar.known.facts import Silence
from outsourced_ar.sending.outcomes import Sent
from outsourced_ar.sending.sending import Sender
from outsourced_ar.wording import texts
from outsourced_ar.wording.compose import MessageComposer
from sync.pull import Sync, WholeOnlyError
from sync.result import RunResult
from tests.file_books import FileBooks
from tests.integration.reminding import an_identity
from tests.listed_books import ListedBooks

MONDAY = datetime(2026, 3, 9, 9, tzinfo=UTC)
TUESDAY = datetime(2026, 3, 10, 9, tzinfo=UTC)
ISSUED, DUE = date(2026, 1, 5), date(2026, 2, 4)
PROFILE = """
[open_items]
file = "open*"
complete = true
closure_limit_percent = 100
[open_items.columns]
number = "No"
debtor = "Customer"
debtor_name = "Name"
issued_on = "Date"
due_on = "Due"
open = "Open"
total = "Total"
currency = "Currency"
"""
HEADER = "No,Customer,Name,Date,Due,Open,Total,Currency"


@dataclass(frozen=True, slots=True)
class World:
    """A tenant, and how its books are read on a day."""

    database: Database
    tenant: Tenant
    read: Callable[[datetime, Sequence[DocumentRef] | None], RunResult]
    folder: Path

    def allow(self) -> None:
        """Have somebody speak, of businesses, without asking."""
        with self.database.tenant(self.tenant.scope) as session:
            identities.save(session, an_identity(), MONDAY)
            mandates.give(
                session,
                mode=Mode.AUTOMATIC,
                given_by="the client",
                given_at=MONDAY,
                debtors_are_businesses=True,
            )

    def plan(self, at: datetime) -> int:
        """Decide about every debtor; return how many messages are ready."""
        composer = MessageComposer(
            tenant_id=self.tenant.id,
            creditor=self.tenant.name,
            identities={"client": an_identity()},
            own_texts={},
        )
        night.plan_night(
            self.database,
            self.tenant,
            FixedClock(at),
            composer,
            languages={voice: texts.languages_of(voice) for voice in Voice},
        )
        return len(self.states())

    def send(self, at: datetime) -> Sent:
        """Send what is ready, the books being read once more."""
        ways = Routes(self.folder)
        return Sender(
            database=self.database,
            tenant=self.tenant,
            clock=FixedClock(at),
            deliverers=ways,
            books=_Rereading(self, at),
            recheck=GateRecheck(self.tenant, FixedClock(at)),
            witness=ways,
        ).send_ready()

    def states(self) -> list[str]:
        """Return how the messages stand."""
        with self.database.tenant(self.tenant.scope) as session:
            sql = "SELECT state FROM message WHERE tenant_id = :tenant_id ORDER BY id"
            return list(session.execute(sql).scalars())

    def mails(self) -> list[Path]:
        """Return the mails that went."""
        return sorted(self.folder.rglob("*.eml"))


@dataclass(frozen=True, slots=True)
class _Rereading:
    """Reads a tenant's one connection."""

    world: World
    at: datetime

    def refresh(self, connection_id: ConnectionId, refs: Sequence[DocumentRef]) -> None:
        """Read what a message speaks of."""
        del connection_id
        result = self.world.read(self.at, refs)
        if result.state is not RunState.COMPLETED:
            raise RetryableError(result.message)


def reading(
    database: Database,
    tenant: Tenant,
    connection: StoredConnection,
    connector: Callable[[datetime], Connector],
) -> Callable[[datetime, Sequence[DocumentRef] | None], RunResult]:
    """Return what reads books whole, or some of their documents."""

    def read(at: datetime, refs: Sequence[DocumentRef] | None = None) -> RunResult:
        sync = Sync(
            database=database,
            tenant=tenant,
            connection=connection,
            connector=connector(at),
            clock=FixedClock(at),
            rates=NoRates(),
        )
        if refs is None:
            return sync.run()
        try:
            return sync.touch(refs)
        except WholeOnlyError:
            return sync.run()

    return read


def in_files(database: Database, place: Path) -> tuple[World, FileBooks]:
    """Return a tenant whose books are files, with two invoices overdue."""
    books = FileBooks.open(database, place, PROFILE)
    books.write(
        "open.csv",
        HEADER,
        f"I1,D1,One GmbH,{ISSUED},{DUE},119.00,119.00,EUR",
        f"I2,D2,Two GmbH,{ISSUED},{DUE},238.00,238.00,EUR",
    )
    read = reading(
        database,
        books.tenant,
        books.connection,
        lambda at: books._connector(at.date()),
    )
    world = World(database, books.tenant, read, place / "out")
    world.allow()
    assert read(MONDAY, None).state is RunState.COMPLETED
    with database.tenant(books.tenant.scope) as session:
        for name in ("D1", "D2"):
            contact = Contact(
                debtor_id=keys.debtor_id(books.connection.id, SourceId(name)),
                name="Ada",
                email=f"ar@{name.lower()}.example",
                language="de",
            )
            contacts.save(session, contact, MONDAY)
    return world, books


def test_a_payment_in_the_files_stops_the_message(
    database: Database, tmp_path: Path
) -> None:
    """The list of open items is exported anew without the invoice; the other goes."""
    world, books = in_files(database, tmp_path)
    assert world.plan(MONDAY) == 2
    books.write("open.csv", HEADER, f"I2,D2,Two GmbH,{ISSUED},{DUE},238.00,238.00,EUR")
    result = world.send(TUESDAY)
    assert [one.reason for one in result.cancelled.values()] == [Silence.PAID]
    (mail,) = world.mails()
    assert b"I2" in mail.read_bytes()
    assert sorted(world.states()) == [MessageState.CANCELLED, MessageState.SENT]


def test_a_part_payment_in_the_files_has_it_decided_anew(
    database: Database, tmp_path: Path
) -> None:
    """The message with the old amount never goes; the next night's has the new one."""
    world, books = in_files(database, tmp_path)
    world.plan(MONDAY)
    books.write(
        "open.csv",
        HEADER,
        f"I1,D1,One GmbH,{ISSUED},{DUE},19.00,119.00,EUR",
        f"I2,D2,Two GmbH,{ISSUED},{DUE},238.00,238.00,EUR",
    )
    result = world.send(TUESDAY)
    assert [one.reason for one in result.cancelled.values()] == [Silence.CHANGED]
    assert len(world.mails()) == 1
    world.plan(TUESDAY)
    assert len(world.send(TUESDAY).sent) == 1
    both = b"".join(path.read_bytes() for path in world.mails())
    assert b"19,00" in both
    assert len(world.mails()) == 2


def test_files_out_of_reach_hold_everything(database: Database, tmp_path: Path) -> None:
    """Without the books nobody knows what is owed."""
    world, books = in_files(database, tmp_path)
    world.plan(MONDAY)
    books.write("open.csv", "No,Other", "I1,x")
    result = world.send(TUESDAY)
    assert len(result.held) == 2
    assert {one.reason for one in result.held.values()} == {Silence.STALE}
    assert world.mails() == []


def in_live_books(books: Books, folder: Path) -> tuple[World, ListedBooks]:
    """Return a tenant whose books can be asked by key, with two invoices overdue."""
    there = ListedBooks()
    for name in ("D1", "D2"):
        there.put(a_document(f"I-{name}", "119", ISSUED, DUE, debtor=name))
    read = reading(books.database, books.tenant, books.connection, lambda _: there)
    world = World(books.database, books.tenant, read, folder)
    world.allow()
    assert read(MONDAY, None).state is RunState.COMPLETED
    named = [
        structs.replace(a_debtor(name, f"{name} GmbH"), country="DE", email=mail)
        for name, mail in (("D1", "ar@one.example"), ("D2", "ar@two.example"))
    ]
    books.now = MONDAY
    books.land(debtors=named)
    return world, there


def pay(there: ListedBooks, number: str) -> None:
    """Post a payment that no change of the invoice tells of."""
    invoice = there.documents[DocumentRef(DocumentKind.INVOICE, SourceId(number))]
    payment = a_document(
        f"P-{number}",
        "119",
        TUESDAY.date(),
        kind=DocumentKind.PAYMENT,
        debtor=invoice.debtor,
    )
    there.put(payment, told=False)
    there.claims.append(a_claim(invoice, payment, "119", TUESDAY.date()))


def test_a_payment_in_live_books_stops_the_message(
    books: Books, tmp_path: Path
) -> None:
    """The books are asked once, by the keys of what the messages speak of."""
    world, there = in_live_books(books, tmp_path)
    assert world.plan(MONDAY) == 2
    pay(there, "I-D1")
    there.asked.clear()
    result = world.send(TUESDAY)
    assert [one.reason for one in result.cancelled.values()] == [Silence.PAID]
    assert len(result.sent) == len(world.mails()) == 1
    # Whatever else is asked for is what those were paid with.
    assert {ref.source_id for ref in there.asked[0]} == {"I-D1", "I-D2"}
    assert {ref.kind for more in there.asked[1:] for ref in more} <= {
        DocumentKind.PAYMENT
    }


def test_reading_a_few_documents_reads_no_books_whole(
    books: Books, tmp_path: Path
) -> None:
    """What was read whole is as old as it was: the gate does not take it for fresh."""
    world, _ = in_live_books(books, tmp_path)

    def read_at() -> dict[ConnectionId, datetime]:
        with books.database.tenant(books.tenant.scope) as session:
            return debtor_facts.read_at(session)

    before = read_at()
    ref = DocumentRef(DocumentKind.INVOICE, SourceId("I-D1"))
    assert world.read(TUESDAY, [ref]).state is RunState.COMPLETED
    assert read_at() == before == {books.connection.id: MONDAY}
    assert world.read(TUESDAY, None).state is RunState.COMPLETED
    assert read_at() == {books.connection.id: TUESDAY}
