"""Decisions are kept with the facts they were made from, to be made again at will.

What is decided again is kept once a day while it stays the same, however often a night
runs.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from ledger.errors import RequestError
from ledger.ids import DebtorId
from ledger.money import Currency
from ledger.store.bulk import Stage
from ledger.store.session import Session

SPEAK: Final = "speak"
SILENT: Final = "silent"

COLUMNS = (
    ("debtor_id", "uuid"),
    ("currency", "text"),
    ("business_on", "date"),
    ("decided_at", "timestamptz"),
    ("outcome", "text"),
    ("reason", "text"),
    ("cadence", "text"),
    ("cadence_version", "int4"),
    ("step", "text"),
    ("facts", "text"),
    ("facts_hash", "text"),
)
STAGE = Stage("stage_decision", (("n", "int4"), *COLUMNS))

# What says the same as the day's last word on the same debtor and currency is no news;
# statements of account are a matter of their own.
SAVE = f"""
WITH compared AS MATERIALIZED (
    SELECT s.*, last.id AS last_id,
           coalesce((last.outcome, last.reason, last.step, last.facts_hash)
                    = (s.outcome, s.reason, s.step, s.facts_hash), false) AS is_old
    FROM stage_decision s
    LEFT JOIN LATERAL (
        SELECT d.* FROM decision d
        WHERE d.tenant_id = :tenant_id AND d.debtor_id = s.debtor_id
          AND d.business_on = s.business_on AND d.currency = s.currency
          AND (d.step LIKE 'statement:%') = (s.step LIKE 'statement:%')
        ORDER BY d.id DESC LIMIT 1
    ) AS last ON true
),
made AS (
    INSERT INTO decision (tenant_id, {", ".join(name for name, _ in COLUMNS)})
    SELECT :tenant_id, {
    ", ".join(
        f"CAST({name} AS jsonb)" if name == "facts" else name for name, _ in COLUMNS
    )
}
    FROM compared WHERE NOT is_old ORDER BY n
    RETURNING id, debtor_id, currency
)
SELECT NULL AS n, id, debtor_id, currency FROM made
UNION ALL
SELECT n, last_id, debtor_id, currency FROM compared WHERE is_old
ORDER BY id
"""

LISTED = """
SELECT d.* FROM decision d
WHERE d.tenant_id = :tenant_id
  AND (CAST(:debtor_id AS uuid) IS NULL OR d.debtor_id = :debtor_id)
  AND (CAST(:from_on AS date) IS NULL OR d.business_on >= :from_on)
  AND (CAST(:to_on AS date) IS NULL OR d.business_on <= :to_on)
  AND (CAST(:outcome AS text) IS NULL OR d.outcome = :outcome)
ORDER BY d.business_on, d.id
"""
ONE = "SELECT * FROM decision WHERE tenant_id = :tenant_id AND id = :id"

COUNTED = """
SELECT outcome, reason, count(*) AS debtors FROM (
    SELECT DISTINCT ON (d.debtor_id, d.currency) d.outcome, d.reason
    FROM decision d WHERE d.tenant_id = :tenant_id AND d.business_on = :on
    ORDER BY d.debtor_id, d.currency, d.id DESC
) AS last GROUP BY outcome, reason ORDER BY count(*) DESC, outcome, reason
"""


class UnknownDecisionError(RequestError):
    """There is no decision of this number."""

    def __init__(self, one: int) -> None:
        """Name it."""
        super().__init__(
            f"There is no decision {one}.",
            remedy="`duebridge explain` shows those about a debtor.",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredDecision:
    """What was decided about a debtor's items of one currency on a business day.

    Attributes:
        outcome: `speak` or `silent`.
        reason: Why it is silent; empty where it speaks.
        facts: All that the decision was made from, as JSON, and what was refused.
        facts_hash: Of what it was made from, instants left out.
    """

    id: int | None = None
    debtor_id: DebtorId
    currency: Currency
    business_on: date
    decided_at: datetime
    outcome: str
    reason: str
    cadence: str
    cadence_version: int
    step: str
    facts: Mapping[str, Any]
    facts_hash: str


@dataclass(frozen=True, slots=True)
class Counted:
    """How many debtors, by currency, a night's last word was the same to."""

    outcome: str
    reason: str
    debtors: int


def save_all(session: Session, decisions: Sequence[StoredDecision]) -> list[int]:
    """Keep decisions; return their numbers, in their order.

    One that says what the day's last on the same debtor and currency said is that one.
    """
    if not decisions:
        return []
    STAGE.create(session)
    session.execute("DELETE FROM stage_decision")
    STAGE.fill(session, (_row(*one) for one in enumerate(decisions)))
    numbers: dict[int, int] = {}
    made: dict[tuple[Any, str], list[int]] = {}
    for row in session.execute(SAVE):
        if row.n is None:
            made.setdefault((row.debtor_id, row.currency), []).append(row.id)
        else:
            numbers[row.n] = row.id
    # Those of one debtor and currency got their numbers in their order.
    return [
        numbers[number]
        if number in numbers
        else made[one.debtor_id, one.currency].pop(0)
        for number, one in enumerate(decisions)
    ]


def _row(number: int, one: StoredDecision) -> tuple[Any, ...]:
    return (
        number,
        one.debtor_id,
        one.currency,
        one.business_on,
        one.decided_at,
        one.outcome,
        one.reason,
        one.cadence,
        one.cadence_version,
        one.step,
        json.dumps(one.facts, ensure_ascii=False, sort_keys=True),
        one.facts_hash,
    )


def load(session: Session, one: int) -> StoredDecision:
    """Return a decision.

    Raises:
        UnknownDecisionError: There is none of this number.
    """
    row = session.execute(ONE, {"id": one}).one_or_none()
    if row is None:
        raise UnknownDecisionError(one)
    return _decision(row)


def listing(
    session: Session,
    *,
    debtor_id: DebtorId | None = None,
    from_on: date | None = None,
    to_on: date | None = None,
    outcome: str | None = None,
) -> list[StoredDecision]:
    """Return decisions by business day, in the order they were made."""
    rows = session.execute(
        LISTED,
        {
            "debtor_id": debtor_id,
            "from_on": from_on,
            "to_on": to_on,
            "outcome": outcome,
        },
    )
    return [_decision(row) for row in rows]


def count(session: Session, on: date) -> list[Counted]:
    """Return the last word of a day to each debtor, counted by outcome and reason."""
    return [
        Counted(row.outcome, row.reason, int(row.debtors))
        for row in session.execute(COUNTED, {"on": on})
    ]


def _decision(row: Any) -> StoredDecision:  # noqa: ANN401 - a row
    return StoredDecision(
        id=row.id,
        debtor_id=DebtorId(row.debtor_id),
        currency=Currency(row.currency),
        business_on=row.business_on,
        decided_at=row.decided_at,
        outcome=row.outcome,
        reason=row.reason,
        cadence=row.cadence,
        cadence_version=row.cadence_version,
        step=row.step,
        facts=row.facts,
        facts_hash=row.facts_hash,
    )
