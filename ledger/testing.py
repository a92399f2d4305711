"""For tests of this product and of what is built on it: builders, and books to fill."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count
from uuid import uuid4
from zoneinfo import ZoneInfo

from msgspec import structs

from ledger.fx import NoRateError, Rate
from ledger.ids import RunId, SourceId
from ledger.money import Currency, to_minor
from ledger.records import (
    Batch,
    Claim,
    Debtor,
    Document,
    DocumentKind,
    DocumentRef,
    Instalment,
)
from ledger.reports.question import Question, ask
from ledger.store import (
    absence,
    allocations,
    connections,
    derived,
    landing,
    pages,
    withdrawals,
)
from ledger.store import tenants as tenant_store
from ledger.store.connections import StoredConnection
from ledger.store.landing import Landing
from ledger.store.pages import PageLanded
from ledger.store.session import Database
from ledger.store.tenants import Tenant

EUR = Currency("EUR")
AN_INSTANT = datetime(2026, 1, 1, 12, tzinfo=UTC)

_numbers = count(1)


def a_debtor(number: str = "D1", name: str | None = None) -> Debtor:
    """Make a debtor; `msgspec.structs.replace` changes the rest."""
    return Debtor(
        source_id=SourceId(number), number=number, name=name or f"Debtor {number}"
    )


def a_document(
    number: str,
    amount: str,
    issued_on: date,
    due_on: date | None = None,
    *,
    kind: DocumentKind = DocumentKind.INVOICE,
    debtor: str = "D1",
    currency: Currency = EUR,
) -> Document:
    """Make a document whose key is its number; the amount is written out."""
    return Document(
        kind=kind,
        source_id=SourceId(number),
        number=number,
        debtor=SourceId(debtor),
        currency=currency,
        total_minor=to_minor(Decimal(amount), currency),
        issued_on=issued_on,
        due_on=due_on,
    )


def in_instalments(document: Document, *parts: tuple[date, str]) -> Document:
    """Split a document into instalments, in the order they fall due."""
    instalments = tuple(
        Instalment(due_on, to_minor(Decimal(amount), document.currency))
        for due_on, amount in parts
    )
    return structs.replace(
        document,
        instalments=instalments,
        due_on=instalments[0].due_on,
        total_minor=sum(part.amount_minor for part in instalments),
    )


def a_claim(
    debit: Document, credit: Document, amount: str, effective_on: date
) -> Claim:
    """Claim that part of a credit settles part of a debit."""
    return Claim(
        source_id=SourceId(f"{credit.source_id}>{debit.source_id}"),
        debit=DocumentRef(debit.kind, debit.source_id),
        credit=DocumentRef(credit.kind, credit.source_id),
        currency=debit.currency,
        amount_minor=to_minor(Decimal(amount), debit.currency),
        effective_on=effective_on,
    )


def a_tenant(database: Database, *, home: Currency = EUR) -> Tenant:
    """Make a tenant for one test: the walls between tenants keep tests apart."""
    with database.shared() as connection:
        return tenant_store.add(
            connection,
            slug=f"tenant-{uuid4().hex[:12]}",
            name="A tenant",
            home_currency=home,
            country="DE",
            timezone=ZoneInfo("Europe/Berlin"),
            language="de",
            created_at=AN_INSTANT,
        )


class NoRates:
    """A source of rates that has none."""

    def rate(self, *, home: Currency, currency: Currency, on: date) -> Rate:
        """Refuse.

        Raises:
            NoRateError: Always.
        """
        del home
        raise NoRateError(currency, on)


@dataclass(slots=True)
class Books:
    """A tenant's ledger that a test fills by hand, an hour later with each page."""

    database: Database
    tenant: Tenant
    connection: StoredConnection
    run_id: RunId
    now: datetime = AN_INSTANT
    landed_at: list[datetime] = field(default_factory=list)

    @classmethod
    def open(cls, database: Database, tenant: Tenant | None = None) -> "Books":
        """Open empty books, of a new tenant unless one is given."""
        owner = tenant or a_tenant(database)
        with database.tenant(owner.scope) as session:
            connection = connections.add(
                session,
                connector="files",
                name=f"books {next(_numbers)}",
                settings={},
                created_at=AN_INSTANT,
            )
            run_id = connections.begin_run(
                session,
                connection.id,
                started_at=AN_INSTANT,
                business_on=AN_INSTANT.date(),
            )
        return cls(database, owner, connection, run_id)

    @contextmanager
    def landing(self, on: date | None = None) -> Iterator[Landing]:
        """Open a landing, an hour after the last; its business day is today's."""
        self.now += timedelta(hours=1)
        with self.database.tenant(self.tenant.scope) as session:
            begun = landing.begin(
                session,
                connection_id=self.connection.id,
                run_id=self.run_id,
                resource="books",
                clock_at=self.now,
                business_on=on or self.now.date(),
            )
            derived.prepare(begun)
            yield begun
        self.landed_at.append(begun.known_at)

    def land(
        self,
        *documents: Document,
        claims: Sequence[Claim] = (),
        debtors: Sequence[Debtor] = (),
        on: date | None = None,
    ) -> PageLanded:
        """Land a page."""
        batch = Batch(
            row_count=len(documents),
            documents=documents,
            claims=tuple(claims),
            debtors=tuple(debtors),
        )
        with self.landing(on) as begun:
            return pages.land(begun, "books", batch)

    def retry_parked(self) -> int:
        """Land the claims whose documents are there now."""
        with self.landing() as begun:
            posted = allocations.retry_parked(begun)
            derived.refresh(begun)
        return posted

    def close_all_but(self, *named: Document, on: date | None = None) -> int:
        """Close the open items that a complete list does not name."""
        with self.landing(on) as begun:
            absence.name_documents(begun, _refs(named))
            closed = absence.close_missing(begun, list(DocumentKind))
            derived.refresh(begun)
        return closed

    def void_all_but(self, *named: Document, on: date | None = None) -> int:
        """Void the documents that complete exports do not name."""
        with self.landing(on) as begun:
            absence.name_documents(begun, _refs(named))
            voided = absence.void_missing(begun, list(DocumentKind))
            derived.refresh(begun)
        return voided

    def unclaim_all_but(self, *named: Claim, on: date | None = None) -> int:
        """Reverse the allocations that complete exports do not make."""
        with self.landing(on) as begun:
            withdrawals.name_claims(begun, (claim.source_id for claim in named))
            unclaimed = withdrawals.withdraw_unnamed(begun)
            derived.refresh(begun)
        return unclaimed

    @contextmanager
    def ask(self, as_of: date, known_at: datetime | None = None) -> Iterator[Question]:
        """Open a question."""
        with self.database.question(self.tenant.scope) as session:
            yield ask(
                session,
                home=self.tenant.home_currency,
                rates=NoRates(),
                as_of=as_of,
                known_at=known_at,
            )


def _refs(documents: Iterable[Document]) -> list[DocumentRef]:
    return [DocumentRef(one.kind, one.source_id) for one in documents]
