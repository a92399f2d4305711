"""The facts as stored, read as they lie and put into the second model's words."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from uuid import UUID

from ledger.testing import Books
from tests.oracle import books as oracle

FIRST = datetime(2020, 1, 1, tzinfo=UTC)
COLUMNS = """id, kind, debtor_id, currency, total_minor, issued_on, due_on, number,
    voided_on, instalment_due_on, instalment_minor, known_at"""
DOCUMENTS = f"""
SELECT {COLUMNS}, NULL::timestamptz AS superseded_at FROM document
WHERE tenant_id = :tenant_id
UNION ALL
SELECT {COLUMNS}, superseded_at FROM document_history WHERE tenant_id = :tenant_id
"""
ALLOCATIONS = """
SELECT * FROM allocation WHERE tenant_id = :tenant_id ORDER BY claim_id, entry
"""
KEPT = "SELECT * FROM document WHERE tenant_id = :tenant_id"
MONTHS = "SELECT * FROM month_total WHERE tenant_id = :tenant_id"


@dataclass(frozen=True, slots=True)
class Allocation:
    """A row of the allocation table."""

    claim_id: UUID
    entry: int
    kind: str
    debit_id: UUID | None
    credit_id: UUID | None
    amount_minor: int
    credit_minor: int
    effective_on: date
    claimed_on: date
    known_at: datetime


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept beside one document."""

    open_minor: int
    closed_on: date | None
    last_effective_on: date | None
    overapplied: bool


@dataclass(frozen=True, slots=True)
class MonthTotal:
    """What is kept of one month and currency."""

    debit_issued: int = 0
    debit_settled: int = 0
    credit_issued: int = 0
    credit_applied: int = 0
    sales: int = 0
    receipts: int = 0


@dataclass(frozen=True, slots=True)
class Facts:
    """All versions and entries of a tenant, and what is kept beside them."""

    versions: list[oracle.Version]
    allocations: list[Allocation]
    kept: dict[str, Kept]
    months: dict[tuple[str, date], MonthTotal]

    @property
    def entries(self) -> list[oracle.Entry]:
        """The allocations in the second model's words."""
        return [
            oracle.Entry(
                debit=None if one.debit_id is None else str(one.debit_id),
                credit=None if one.credit_id is None else str(one.credit_id),
                kind=one.kind,
                amount=Decimal(one.amount_minor),
                credit_amount=Decimal(one.credit_minor),
                effective_on=one.effective_on,
                known_at=one.known_at,
                ref=str(one.claim_id),
            )
            for one in self.allocations
        ]


def held(stored: Facts, known_at: datetime | None) -> list[oracle.Version]:
    """Return the one state of each document that held at an instant."""
    docs = oracle.holding(stored.versions, known_at)
    return [oracle.Version(doc, FIRST) for doc in docs.values()]


def payments(stored: Facts, known_at: datetime | None) -> list[oracle.Entry]:
    """Return the payments applied, as known at an instant: one a claim and value date.

    What a claim put on a date and took off the same date again, as when it was changed
    or came back, is left out; what was taken back on a later date is an entry below
    zero.
    """
    sums: dict[tuple[UUID, UUID | None, UUID | None, date], tuple[int, int]] = {}
    for one in stored.allocations:
        if one.kind != "payment" or (known_at and one.known_at > known_at):
            continue
        place = (one.claim_id, one.debit_id, one.credit_id, one.effective_on)
        amount, credit = sums.get(place, (0, 0))
        sums[place] = (amount + one.amount_minor, credit + one.credit_minor)
    return [
        oracle.Entry(
            debit=None if debit is None else str(debit),
            credit=None if credit is None else str(credit),
            kind="payment",
            amount=Decimal(amount),
            credit_amount=Decimal(used),
            effective_on=on,
            known_at=datetime.combine(on, time(), UTC),
            ref=str(claim),
        )
        for (claim, debit, credit, on), (amount, used) in sums.items()
        if amount
    ]


def read(books: Books) -> Facts:
    """Read everything."""
    with books.database.question(books.tenant.scope) as session:
        documents = session.execute(DOCUMENTS).all()
        allocations = session.execute(ALLOCATIONS).all()
        kept = session.execute(KEPT).all()
        months = session.execute(MONTHS).all()
    versions = [
        oracle.Version(
            oracle.Doc(
                key=str(row.id),
                kind=row.kind,
                debtor=str(row.debtor_id),
                currency=row.currency,
                total=Decimal(row.total_minor),
                issued_on=row.issued_on,
                due_on=row.due_on,
                number=row.number,
                instalments=tuple(
                    (due_on, Decimal(minor))
                    for due_on, minor in zip(
                        row.instalment_due_on or (),
                        row.instalment_minor or (),
                        strict=True,
                    )
                ),
            ),
            row.known_at,
        )
        for row in documents
    ]
    return Facts(
        versions=versions,
        allocations=[
            Allocation(
                claim_id=row.claim_id,
                entry=row.entry,
                kind=row.kind,
                debit_id=row.debit_id,
                credit_id=row.credit_id,
                amount_minor=row.amount_minor,
                credit_minor=row.credit_minor,
                effective_on=row.effective_on,
                claimed_on=row.claimed_on,
                known_at=row.known_at,
            )
            for row in allocations
        ],
        kept={
            str(row.id): Kept(
                row.open_minor, row.closed_on, row.last_effective_on, row.overapplied
            )
            for row in kept
        },
        months={
            (row.currency, row.month_on): MonthTotal(
                debit_issued=row.debit_issued_minor,
                debit_settled=row.debit_settled_minor,
                credit_issued=row.credit_issued_minor,
                credit_applied=row.credit_applied_minor,
                sales=row.sales_minor,
                receipts=row.receipts_minor,
            )
            for row in months
        },
    )
