"""Money that came in on cases, wherever it arrived, and what agencies settled."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from ledger.cases import CaseId, CasePayment, PaidTo
from ledger.ids import DocumentId
from ledger.money import Currency
from ledger.records import AllocationKind
from ledger.store.session import Session

ADD = """
INSERT INTO case_payment (tenant_id, case_id, key, paid_on, paid_to, amount_minor,
                          commission_minor, known_at, details)
VALUES (:tenant_id, :case_id, :key, :paid_on, :paid_to, :amount_minor,
        :commission_minor, :at, CAST(:details AS jsonb))
ON CONFLICT (tenant_id, case_id, key) DO NOTHING
RETURNING key
"""
OF_CASES = """
SELECT * FROM case_payment WHERE tenant_id = :tenant_id AND case_id = ANY (:ids)
ORDER BY case_id, paid_on, key COLLATE "C"
"""
UNTOLD = """
SELECT * FROM case_payment
WHERE tenant_id = :tenant_id AND paid_to = 'client' AND told_at IS NULL
  AND amount_minor <> 0
ORDER BY case_id, paid_on, key COLLATE "C"
"""
NOTE_TOLD = """
UPDATE case_payment SET told_at = :at
WHERE tenant_id = :tenant_id AND case_id = :case_id AND key = :key AND told_at IS NULL
"""
SETTLE = """
UPDATE case_payment SET settlement = :settlement
WHERE tenant_id = :tenant_id AND case_id = :case_id AND key = :key AND settlement = ''
"""
# What is open now of documents, whole or by instalments, and what changed it since.
OPEN_NOW = """
SELECT d.id, d.open_minor, d.total_minor, d.instalment_minor, d.closed_on,
       d.last_effective_on
FROM document d WHERE d.tenant_id = :tenant_id AND d.id = ANY (:ids)
"""
MOVED = """
SELECT a.debit_id, a.amount_minor, a.effective_on, a.kind
FROM allocation a
WHERE a.tenant_id = :tenant_id AND a.debit_id = ANY (:ids) AND a.known_at > :since
ORDER BY a.debit_id, a.known_at, a.effective_on
"""
SAVE_SETTLEMENT = """
INSERT INTO settlement (tenant_id, agency, reference, settled_on, currency, state,
                        lines, differences, known_at)
VALUES (:tenant_id, :agency, :reference, :settled_on, :currency, :state,
        CAST(:lines AS jsonb), CAST(:differences AS jsonb), :at)
ON CONFLICT (tenant_id, agency, reference) DO NOTHING
RETURNING reference
"""
ACCEPT = """
UPDATE settlement SET state = 'accepted'
WHERE tenant_id = :tenant_id AND agency = :agency AND reference = :reference
  AND state = 'differs'
"""
SETTLEMENTS = """
SELECT * FROM settlement WHERE tenant_id = :tenant_id
ORDER BY settled_on, agency, reference
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """What was applied to a document since an instant."""

    amount_minor: int
    effective_on: date
    kind: AllocationKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What is open of a document, and what was applied to it since an instant.

    Attributes:
        open_minor: By part; 0 stands for the whole document.
    """

    open_minor: Mapping[int, int]
    is_closed: bool
    moved: tuple[Movement, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """What an agency settled.

    Attributes:
        state: `agreed`, or `differs` where a line is not what was expected.
        lines: As the agency wrote them, with what was expected.
        differences: What a person must look at, in words.
    """

    agency: str
    reference: str
    settled_on: date
    currency: Currency
    state: str
    lines: tuple[Mapping[str, Any], ...]
    differences: tuple[str, ...]


def add(
    session: Session,
    one: CaseId,
    payment: CasePayment,
    at: datetime,
    details: Mapping[str, Any] | None = None,
) -> bool:
    """Note money that came in; say whether its key is new."""
    values = {
        "case_id": one,
        "key": payment.key,
        "paid_on": payment.paid_on,
        "paid_to": payment.paid_to,
        "amount_minor": payment.amount_minor,
        "commission_minor": payment.commission_minor,
        "at": at,
        "details": json.dumps(dict(details or {})),
    }
    return session.execute(ADD, values).first() is not None


def of_cases(
    session: Session, which: Collection[CaseId]
) -> dict[CaseId, tuple[CasePayment, ...]]:
    """Return the money that came in on cases, by case."""
    found: dict[CaseId, list[CasePayment]] = {}
    for row in session.execute(OF_CASES, {"ids": list(which)}) if which else ():
        found.setdefault(CaseId(row.case_id), []).append(_payment(row))
    return {one: tuple(payments) for one, payments in found.items()}


def details_of(
    session: Session, which: Collection[CaseId]
) -> dict[tuple[CaseId, str], Mapping[str, Any]]:
    """Return what else is known of payments, by case and key."""
    rows = session.execute(OF_CASES, {"ids": list(which)}) if which else ()
    return {(CaseId(row.case_id), row.key): row.details for row in rows}


def untold(session: Session) -> list[tuple[CaseId, CasePayment]]:
    """Return what the client received and no agency was told of yet."""
    return [(CaseId(row.case_id), _payment(row)) for row in session.execute(UNTOLD)]


def note_told(session: Session, one: CaseId, key: str, at: datetime) -> None:
    """Note that the agency was told of a payment."""
    session.execute(NOTE_TOLD, {"case_id": one, "key": key, "at": at})


def settle(session: Session, one: CaseId, key: str, settlement: str) -> bool:
    """Note which settlement listed a payment; say whether none had before."""
    values = {"case_id": one, "key": key, "settlement": settlement}
    return session.execute(SETTLE, values).rowcount > 0


def standing(
    session: Session, documents: Collection[DocumentId], since: datetime
) -> dict[DocumentId, Standing]:
    """Return what is open of documents, and what was applied since an instant."""
    ids = list(documents)
    moved: dict[Any, list[Movement]] = {}
    for row in session.execute(MOVED, {"ids": ids, "since": since}) if ids else ():
        moved.setdefault(row.debit_id, []).append(
            Movement(
                amount_minor=row.amount_minor,
                effective_on=row.effective_on,
                kind=AllocationKind(row.kind),
            )
        )
    rows = session.execute(OPEN_NOW, {"ids": ids}) if ids else ()
    return {
        DocumentId(row.id): Standing(
            open_minor=_by_part(row),
            is_closed=row.closed_on is not None,
            moved=tuple(moved.get(row.id, ())),
        )
        for row in rows
    }


def save_settlement(session: Session, one: Settlement, at: datetime) -> bool:
    """Keep a settlement with its differences; say whether its reference is new."""
    values = {
        "agency": one.agency,
        "reference": one.reference,
        "settled_on": one.settled_on,
        "currency": one.currency,
        "state": one.state,
        "lines": json.dumps([dict(line) for line in one.lines]),
        "differences": json.dumps(list(one.differences)),
        "at": at,
    }
    return session.execute(SAVE_SETTLEMENT, values).first() is not None


def accept(session: Session, one: Settlement) -> bool:
    """Note that a person let a settlement stand; say whether it still differed."""
    values = {"agency": one.agency, "reference": one.reference}
    return session.execute(ACCEPT, values).rowcount > 0


def settlements(session: Session) -> list[Settlement]:
    """Return what agencies settled, by day."""
    return [
        Settlement(
            agency=row.agency,
            reference=row.reference,
            settled_on=row.settled_on,
            currency=Currency(row.currency),
            state=row.state,
            lines=tuple(row.lines),
            differences=tuple(row.differences),
        )
        for row in session.execute(SETTLEMENTS)
    ]


def _by_part(row: Any) -> dict[int, int]:  # noqa: ANN401 - a row
    """Return what is open by part: payments meet the instalment that is due first."""
    found = {0: int(row.open_minor)}
    parts: Sequence[int] = row.instalment_minor or ()
    settled = row.total_minor - row.open_minor
    for part, minor in enumerate(parts, 1):
        met = min(max(settled, 0), minor)
        found[part] = minor - met
        settled -= met
    return found


def _payment(row: Any) -> CasePayment:  # noqa: ANN401 - a row
    return CasePayment(
        key=row.key,
        paid_on=row.paid_on,
        paid_to=PaidTo(row.paid_to),
        amount_minor=row.amount_minor,
        commission_minor=row.commission_minor,
        told_at=row.told_at,
        settlement=row.settlement,
    )
