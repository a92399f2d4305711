"""The documents that make a figure: sales of a window, payments applied in it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from ledger.dso import Window
from ledger.ids import DebtorId, DocumentId
from ledger.money import Currency
from ledger.records import DocumentKind
from ledger.store.known import KnownAt
from ledger.store.movements import paid_sql, state_sql
from ledger.store.session import Session

SALES = """
SELECT id, debtor_id, number, kind, currency, issued_on AS moved_on,
       CASE kind WHEN 'invoice' THEN total_minor ELSE -total_minor END AS minor
FROM ({documents}) AS d
WHERE kind IN ('invoice', 'credit_note') AND issued_on BETWEEN :begin_on AND :as_of
UNION ALL
SELECT d.id, d.debtor_id, d.number, d.kind, d.currency, a.effective_on,
       CASE d.kind WHEN 'invoice' THEN -a.amount_minor ELSE a.credit_minor END
FROM allocation a
JOIN ({documents}) AS d ON d.id = coalesce(a.debit_id, a.credit_id)
WHERE a.tenant_id = :tenant_id AND a.kind = 'void'
  AND d.kind IN ('invoice', 'credit_note')
  AND a.effective_on BETWEEN :begin_on AND :as_of {known}
ORDER BY moved_on, number, id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sale:
    """What one document adds to the sales of a window; a void takes it back."""

    document_id: DocumentId
    debtor_id: DebtorId
    number: str
    kind: DocumentKind
    currency: Currency
    moved_on: date
    minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Paid:
    """What one payment settled of one document, or of one of its instalments.

    Attributes:
        days: From the document's date to the value date.
        days_late: From the due date to the value date; negative when early.
    """

    document_id: DocumentId
    debtor_id: DebtorId
    number: str
    currency: Currency
    paid_on: date
    minor: int
    days: int
    days_late: int


def sales(session: Session, known: KnownAt, window: Window) -> Iterator[Sale]:
    """Yield the documents that make the sales of a window."""
    sql = SALES.format(
        documents=state_sql(known),
        known="" if known.is_latest else "AND a.known_at <= :known_at",
    )
    for row in session.stream(sql, _parameters(known, window)):
        yield Sale(
            document_id=DocumentId(row.id),
            debtor_id=DebtorId(row.debtor_id),
            number=row.number,
            kind=DocumentKind(row.kind),
            currency=Currency(row.currency),
            moved_on=row.moved_on,
            minor=row.minor,
        )


def payments(session: Session, known: KnownAt, window: Window) -> Iterator[Paid]:
    """Yield the payments applied in a window and not taken back by its end."""
    sql = f"{paid_sql(known)} SELECT * FROM paid ORDER BY paid_on, number, id"
    for row in session.stream(sql, _parameters(known, window)):
        yield Paid(
            document_id=DocumentId(row.id),
            debtor_id=DebtorId(row.debtor_id),
            number=row.number,
            currency=Currency(row.currency),
            paid_on=row.paid_on,
            minor=int(row.minor),
            days=row.days,
            days_late=row.late,
        )


def _parameters(known: KnownAt, window: Window) -> dict[str, object]:
    return {"begin_on": window.begin_on, "as_of": window.end_on, **known.parameters}
