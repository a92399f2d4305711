"""Charges: posted once, however often and by however many that is tried.

Interest posted today is what it came to until today less what was posted before; the
document is locked for that, so that no two postings take the same days.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from ledger.calendar import ONE_DAY
from ledger.charges import (
    Charge,
    ChargeId,
    ChargeKind,
    ChargeState,
    LateDocument,
    LateMovement,
)
from ledger.errors import RequestError
from ledger.ids import DebtorId, DocumentId
from ledger.money import Currency, from_minor
from ledger.records import AllocationKind, DueRule
from ledger.reminders import MessageId
from ledger.store.session import Session

LOCK = """
SELECT id FROM document WHERE tenant_id = :tenant_id AND id = :document_id
FOR NO KEY UPDATE
"""
POSTED = """
SELECT coalesce(sum(amount_minor), 0)::bigint AS minor, max(to_on) AS to_on
FROM charge
WHERE tenant_id = :tenant_id AND document_id = :document_id AND part = :part
  AND kind = 'interest' AND round = :round
"""
POST = """
INSERT INTO charge (tenant_id, document_id, part, kind, level, round, amount_minor,
                    currency, from_on, to_on, posted_on, rule, state, note, known_at,
                    changed_at)
VALUES (:tenant_id, :document_id, :part, :kind, :level, :round, :amount_minor,
        :currency, :from_on, :to_on, :posted_on, :rule, 'open', :note, :at, :at)
ON CONFLICT DO NOTHING
RETURNING id
"""
ONE = """
SELECT * FROM charge WHERE tenant_id = :tenant_id AND id = :id FOR UPDATE
"""
SETTLE = """
UPDATE charge SET state = :state, paid_minor = :paid_minor, note = :note,
                  changed_at = :at
WHERE tenant_id = :tenant_id AND id = :id
"""
LEFT = """
SELECT coalesce(sum(amount_minor - paid_minor), 0)::bigint FROM charge
WHERE tenant_id = :tenant_id AND document_id = :document_id AND part = :part
  AND kind = :kind AND state = 'open'
"""
OF_DOCUMENTS = """
SELECT c.* FROM charge c
WHERE c.tenant_id = :tenant_id AND c.document_id = ANY (:ids)
ORDER BY c.document_id, c.part, c.from_on, c.id
"""
LISTED = """
SELECT c.*, d.number, d.debtor_id, b.number AS debtor_number, b.name AS debtor_name
FROM charge c
JOIN document d ON d.tenant_id = :tenant_id AND d.id = c.document_id
JOIN debtor b ON b.tenant_id = :tenant_id AND b.id = d.debtor_id
WHERE c.tenant_id = :tenant_id
  AND (CAST(:debtor_id AS uuid) IS NULL OR d.debtor_id = :debtor_id)
  AND (:all OR c.state = 'open')
ORDER BY b.number COLLATE "C", d.number COLLATE "C", c.part, c.from_on, c.id
"""
# A document that is paid is late no more, but what was charged on it may stand open.
# Debtor by debtor, as indexes of what is open have it; instalments have their own.
LATE = """
WITH wanted AS MATERIALIZED (
    SELECT open.id
    FROM unnest(CAST(:debtor_ids AS uuid[])) AS debtor (id)
    CROSS JOIN LATERAL (
        SELECT looked_up.id FROM document looked_up
        WHERE looked_up.tenant_id = :tenant_id AND looked_up.debtor_id = debtor.id
          AND looked_up.closed_on IS NULL AND looked_up.instalment_due_on IS NULL
        OFFSET 0
    ) AS open
    UNION
    SELECT d.id FROM document d
    WHERE d.tenant_id = :tenant_id AND d.debtor_id = ANY (:debtor_ids)
      AND d.closed_on IS NULL AND d.instalment_due_on IS NOT NULL
    UNION
    SELECT c.document_id FROM charge c
    WHERE c.tenant_id = :tenant_id AND c.state = 'open'
    UNION
    SELECT unnest(CAST(:ids AS uuid[]))
)
SELECT d.id, d.debtor_id, d.number, d.currency, d.issued_on, d.due_on, d.due_rule,
       d.total_minor, d.instalment_due_on, d.instalment_minor
FROM wanted
JOIN document d ON d.tenant_id = :tenant_id AND d.id = wanted.id
WHERE d.kind IN ('invoice', 'debit_journal') AND d.debtor_id = ANY (:debtor_ids)
ORDER BY d.debtor_id, d.due_on, d.number COLLATE "C", d.id
"""
MOVED = """
SELECT a.debit_id AS id, a.effective_on, a.kind, sum(a.amount_minor)::bigint AS minor
FROM allocation a
WHERE a.tenant_id = :tenant_id AND a.debit_id = ANY (:ids)
GROUP BY a.debit_id, a.effective_on, a.kind
HAVING sum(a.amount_minor) <> 0
ORDER BY a.debit_id, a.effective_on, a.kind
"""

# What a message asked for stands in the facts of its decision; a charge names it.
DEMANDED = """
SELECT m.id, m.debtor_id, m.business_on, b.number, b.country,
       (SELECT jsonb_agg(jsonb_build_array(i.document_id, i.part, i.open_minor))
        FROM message_item i
        WHERE i.tenant_id = :tenant_id AND i.message_id = m.id) AS asked
FROM message m
JOIN decision d ON d.tenant_id = :tenant_id AND d.id = m.decision_id
JOIN debtor b ON b.tenant_id = :tenant_id AND b.id = m.debtor_id
WHERE m.tenant_id = :tenant_id AND m.certain_on IS NOT NULL
  AND m.certain_on >= :since AND m.voice = 'agency' AND m.state = 'sent'
  AND (jsonb_path_exists(d.facts, '$.facts.items[*].late.asked_interest_minor')
       OR jsonb_path_exists(
           d.facts, '$.facts.items[*].late.asked_compensation_minor'))
  AND NOT EXISTS (
      SELECT FROM message_item i
      JOIN charge c ON c.tenant_id = :tenant_id AND c.document_id = i.document_id
      WHERE i.tenant_id = :tenant_id AND i.message_id = m.id
        AND c.note = 'message ' || m.id)
ORDER BY m.id
"""


class UnknownChargeError(RequestError):
    """There is no such charge that stands open."""

    def __init__(self, one: ChargeId) -> None:
        """Name it."""
        super().__init__(
            f"There is no open charge {one}.",
            remedy="`duebridge charge list` shows what was charged.",
        )


class OverpaidChargeError(RequestError):
    """More was said to be paid than stands open."""

    def __init__(self, one: ChargeId) -> None:
        """Name it."""
        super().__init__(
            f"Less than that stands open of charge {one}, or it is below nothing.",
            remedy="`duebridge charge list` shows what is left of it.",
        )


class CorrectedChargeError(RequestError):
    """More was said to be paid than is left since some of it was taken back."""

    def __init__(self, charge: Charge, left_minor: int) -> None:
        """Say how much is left."""
        left = from_minor(max(left_minor, 0), charge.currency)
        super().__init__(
            f"Of charge {charge.id} and what takes some of it back, {left} "
            f"{charge.currency} is left to be paid.",
            remedy="Enter no more than that; the rest is the debtor's own money.",
        )


class NothingToWaiveError(RequestError):
    """A charge takes back what was too much; to waive it would ask for that again."""

    def __init__(self, one: ChargeId) -> None:
        """Name it."""
        super().__init__(
            f"Charge {one} is in the debtor's favour, so there is nothing to waive.",
            remedy="Waive the charge of interest that it corrects.",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Demanded:
    """A message that asked for interest or compensation, and went.

    Attributes:
        on: The business day its figures are for.
        asked: What it asked for of each item, by document and part.
    """

    message_id: MessageId
    debtor_id: DebtorId
    number: str
    country: str | None
    on: date
    asked: Mapping[tuple[DocumentId, int], int]


def post(session: Session, charge: Charge, at: datetime) -> ChargeId | None:
    """Post a compensation or a fee; return its number, or None where it stands already.

    Once a document, kind, level and round: whoever comes second posts nothing.
    """
    made = session.execute(POST, {**_values(charge), "at": at}).scalar_one_or_none()
    return None if made is None else ChargeId(made)


def post_interest(session: Session, charge: Charge, at: datetime) -> Charge | None:
    """Post interest up to a day, less what was posted before; return what was posted.

    Args:
        session: A transaction of the tenant; the document is locked to its end.
        charge: All interest from the first day of delay to `to_on`.
        at: The instant.

    Returns:
        The difference as a charge of its own, from the day after the last posting; None
        where there is none, or one was posted to that day or a later one already.
    """
    values = _values(charge)
    session.execute(LOCK, {"document_id": charge.document_id})
    before = session.execute(
        POSTED, {key: values[key] for key in ("document_id", "part", "round")}
    ).one()
    left = charge.amount_minor - before.minor
    if left == 0 or (before.to_on is not None and before.to_on >= charge.to_on):
        return None
    posted = replace(
        charge,
        amount_minor=left,
        from_on=(charge.from_on if before.to_on is None else before.to_on + ONE_DAY),
    )
    made = session.execute(POST, {**_values(posted), "at": at}).scalar_one_or_none()
    return None if made is None else replace(posted, id=ChargeId(made))


def waive(session: Session, one: ChargeId, *, at: datetime, note: str) -> Charge:
    """Ask no longer for what is left of a charge; what was paid of it stays paid.

    Raises:
        UnknownChargeError: None of that number stands open.
        NothingToWaiveError: It takes earlier interest back.
    """
    found = _open(session, one)
    if found.amount_minor < 0:
        raise NothingToWaiveError(one)
    return _settle(session, replace(found, state=ChargeState.WAIVED, note=note), at)


def pay(session: Session, one: ChargeId, *, minor: int, at: datetime) -> Charge:
    """Enter a payment on a charge; once nothing is left it is paid.

    Raises:
        UnknownChargeError: None of that number stands open.
        OverpaidChargeError: It is more than stands open, or nothing.
        CorrectedChargeError: It is more than is open of the kind on the item.
    """
    found = _open(session, one)
    if not 0 < minor <= found.open_minor:
        raise OverpaidChargeError(one)
    if minor > (left := _left(session, found)):
        raise CorrectedChargeError(found, left)
    paid = replace(found, paid_minor=found.paid_minor + minor)
    if paid.open_minor == 0:
        paid = replace(paid, state=ChargeState.PAID)
    return _settle(session, paid, at)


def payable(session: Session, charge: Charge) -> int:
    """Return what can be paid of an open charge, with what takes some of it back.

    Raises:
        CorrectedChargeError: Nothing is left.
    """
    left = min(charge.open_minor, _left(session, charge))
    if left <= 0 < charge.open_minor:
        raise CorrectedChargeError(charge, left)
    return left


def _left(session: Session, charge: Charge) -> int:
    """Return what is open over all charges of a kind on an item.

    The document is locked first: no other payment, and no correction, comes between.
    """
    session.execute(LOCK, {"document_id": charge.document_id})
    wanted = {
        "document_id": charge.document_id,
        "part": charge.part,
        "kind": charge.kind,
    }
    return int(session.execute(LEFT, wanted).scalar_one())


def load(session: Session, one: ChargeId) -> Charge:
    """Return a charge that stands open; nobody else changes it meanwhile.

    Raises:
        UnknownChargeError: None of that number stands open.
    """
    return _open(session, one)


def of_documents(
    session: Session, document_ids: Collection[DocumentId]
) -> dict[DocumentId, tuple[Charge, ...]]:
    """Return all charges on documents, paid and waived ones too."""
    found: dict[DocumentId, tuple[Charge, ...]] = {}
    for row in session.execute(OF_DOCUMENTS, {"ids": list(document_ids)}):
        charge = _charge(row)
        found[charge.document_id] = (*found.get(charge.document_id, ()), charge)
    return found


def listed(
    session: Session, *, debtor_id: DebtorId | None = None, everything: bool = False
) -> list[tuple[Charge, str, str, str]]:
    """Return charges with the numbers of document and debtor, and the debtor's name."""
    rows = session.execute(LISTED, {"debtor_id": debtor_id, "all": everything})
    return [
        (_charge(row), row.number, row.debtor_number, row.debtor_name) for row in rows
    ]


def load_late(
    session: Session,
    debtor_ids: Collection[DebtorId],
    also: Collection[DocumentId] = (),
) -> list[LateDocument]:
    """Return what debtors owe, or have charges on, with everything that moved it.

    Args:
        session: A transaction of the tenant.
        debtor_ids: Whose.
        also: Documents that are wanted though they are closed.
    """
    rows = session.execute(
        LATE, {"debtor_ids": list(debtor_ids), "ids": list(also)}
    ).all()
    moved: dict[Any, list[Any]] = {}
    for row in session.execute(MOVED, {"ids": [row.id for row in rows]}):
        moved.setdefault(row.id, []).append(row)
    return [_late(row, moved.get(row.id, [])) for row in rows]


def demanded(session: Session, *, since: date) -> list[Demanded]:
    """Return the demands that went and of which nothing was charged yet.

    Args:
        session: A transaction of the tenant.
        since: Only those whose day certain is not before this.
    """
    return [
        Demanded(
            message_id=MessageId(row.id),
            debtor_id=DebtorId(row.debtor_id),
            number=row.number,
            country=row.country,
            on=row.business_on,
            asked={
                (DocumentId(UUID(document)), part): minor
                for document, part, minor in row.asked or ()
            },
        )
        for row in session.execute(DEMANDED, {"since": since})
    ]


def _late(row: Any, moved: list[Any]) -> LateDocument:  # noqa: ANN401 - a row
    return LateDocument(
        document_id=DocumentId(row.id),
        debtor_id=DebtorId(row.debtor_id),
        number=row.number,
        currency=Currency(row.currency),
        issued_on=row.issued_on,
        due_on=row.due_on,
        is_inferred=DueRule(row.due_rule) is not DueRule.GIVEN,
        total_minor=row.total_minor,
        instalments=tuple(
            zip(row.instalment_due_on or (), row.instalment_minor or (), strict=True)
        ),
        movements=tuple(
            LateMovement(
                on=one.effective_on,
                minor=one.minor,
                is_payment=one.kind == AllocationKind.PAYMENT,
            )
            for one in moved
        ),
        is_void=sum(one.minor for one in moved if one.kind == AllocationKind.VOID) > 0,
    )


def _open(session: Session, one: ChargeId) -> Charge:
    row = session.execute(ONE, {"id": one}).one_or_none()
    if row is None or row.state != ChargeState.OPEN:
        raise UnknownChargeError(one)
    return _charge(row)


def _settle(session: Session, charge: Charge, at: datetime) -> Charge:
    session.execute(
        SETTLE,
        {
            "id": charge.id,
            "state": charge.state,
            "paid_minor": charge.paid_minor,
            "note": charge.note,
            "at": at,
        },
    )
    return charge


def _values(charge: Charge) -> dict[str, Any]:
    return {
        "document_id": charge.document_id,
        "part": charge.part,
        "kind": charge.kind,
        "level": charge.level,
        "round": charge.round,
        "amount_minor": charge.amount_minor,
        "currency": charge.currency,
        "from_on": charge.from_on,
        "to_on": charge.to_on,
        "posted_on": charge.posted_on,
        "rule": charge.rule,
        "note": charge.note,
    }


def _charge(row: Any) -> Charge:  # noqa: ANN401 - a row
    return Charge(
        id=ChargeId(row.id),
        document_id=DocumentId(row.document_id),
        part=row.part,
        kind=ChargeKind(row.kind),
        level=row.level,
        round=row.round,
        amount_minor=row.amount_minor,
        paid_minor=row.paid_minor,
        currency=Currency(row.currency),
        from_on=row.from_on,
        to_on=row.to_on,
        posted_on=row.posted_on,
        rule=row.rule,
        state=ChargeState(row.state),
        note=row.note,
    )
