"""Write-backs for tests: entered as decisions enter them, and looked at afterwards."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from connectors.writing import Part
from ledger.calendar import Clock
from ledger.ids import DebtorId, DocumentId
from ledger.outbox import WriteBack, WriteBackId, WriteKind, WriteState
from ledger.records import DocumentKind
from ledger.reminders import Task
from ledger.store import tasks, write_backs, written_back
from ledger.store.write_backs import StoredWriteBack
from ledger.testing import Books
from sync.push import Push, PushResult

ALL = frozenset(Part)

DOCUMENT = """
SELECT id, debtor_id FROM document
WHERE tenant_id = :tenant_id AND kind = :kind AND source_id = :source_id
"""

_numbers = count(1)


@dataclass(slots=True)
class Outgoing:
    """A connection's write-backs."""

    books: Books
    clock: Clock
    keys: list[str] = field(default_factory=list)

    def tell(
        self,
        kind: WriteKind,
        source_id: str,
        content: Mapping[str, Any],
        *,
        expected: Mapping[str, Any] | None = None,
        document_kind: DocumentKind = DocumentKind.INVOICE,
        of_debtor: bool = False,
    ) -> WriteBackId:
        """Enter that the books are to be told something of a document."""
        key = f"db-test{next(_numbers):08}"
        with self.books.database.tenant(self.books.tenant.scope) as session:
            row = session.execute(
                DOCUMENT, {"kind": document_kind, "source_id": source_id}
            ).one()
            (made,) = write_backs.enqueue(
                session,
                [
                    WriteBack(
                        kind=kind,
                        key=key,
                        connection_id=self.books.connection.id,
                        debtor_id=DebtorId(row.debtor_id),
                        document_id=None if of_debtor else DocumentId(row.id),
                        subject="stop:1",
                        content={"text": "What happened.", **content},
                        expected=expected or {},
                    )
                ],
                self.clock.now(),
            )
        self.keys.append(key)
        return made

    def promise(self, source_id: str, on: str | None) -> WriteBackId:
        """Enter that payment of an invoice was promised for a day."""
        content = {"promised_on": on, "amount_minor": 10_00, "currency": "EUR"}
        return self.tell(WriteKind.PROMISE, source_id, content)

    def dispute(self, source_id: str, *, is_open: bool = True) -> WriteBackId:
        """Enter that an invoice is disputed, or no longer."""
        content = {"is_open": is_open, "status": "open", "reason": "PRICE"}
        return self.tell(WriteKind.DISPUTE, source_id, content)

    def payment(
        self, source_id: str, minor: int, on: str, currency: str = "EUR"
    ) -> WriteBackId:
        """Enter that an invoice was paid."""
        content = {
            "paid_on": on,
            "amount_minor": minor,
            "currency": currency,
            "reference": "RF18 5390",
        }
        return self.tell(WriteKind.PAYMENT, source_id, content)

    def stage(self, source_id: str, stage: str) -> WriteBackId:
        """Enter where an invoice stands."""
        return self.tell(WriteKind.STAGE, source_id, {"stage": stage})

    def push(self, writer: Any, allowed: frozenset[Part] = ALL) -> PushResult:  # noqa: ANN401 - either kind
        """Write what is due."""
        return Push(
            database=self.books.database,
            tenant=self.books.tenant,
            connection=self.books.connection,
            writer=writer,
            clock=self.clock,
            allowed=allowed,
        ).run()

    def load(self, one: WriteBackId) -> StoredWriteBack:
        """Return a write-back as it is stored."""
        with self.books.database.tenant(self.books.tenant.scope) as session:
            return written_back.load(session, one)

    def state(self, one: WriteBackId) -> WriteState:
        """Return how far a write-back is."""
        return self.load(one).write_back.state

    def words(self, one: WriteBackId) -> str:
        """Return what became of a write-back, in words."""
        return self.load(one).write_back.words

    def states(self, one: WriteBackId) -> list[WriteState]:
        """Return all states that were noted of a write-back."""
        with self.books.database.tenant(self.books.tenant.scope) as session:
            return [event.state for event in written_back.events(session, one)]

    def tasks(self) -> list[Task]:
        """Return what persons are asked."""
        with self.books.database.tenant(self.books.tenant.scope) as session:
            return tasks.open_tasks(session)
