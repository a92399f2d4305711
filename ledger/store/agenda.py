"""The agenda: which debtors have anything to look at on a day.

A document's `next_action_on` is when its next step is due. It is null while nobody has
looked at it, or since something changed that a step hangs on, so that whoever forgets
to write it makes work and never silence.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date

from ledger.ids import DebtorId, DocumentId
from ledger.store.bulk import Stage
from ledger.store.session import Session

OWED = "d.closed_on IS NULL AND d.kind IN ('invoice', 'debit_journal')"
"""What reminders are about; the words of the index `ix_document_next_action`."""

# One question for the nulls and one for the dates: each reads its part of the index
# alone, and the table not at all.
DUE = f"""
SELECT debtor_id FROM (
    SELECT d.debtor_id FROM document d
    WHERE d.tenant_id = :tenant_id AND {OWED} AND d.next_action_on IS NULL
    UNION ALL
    SELECT d.debtor_id FROM document d
    WHERE d.tenant_id = :tenant_id AND {OWED} AND d.next_action_on <= :on
) AS due GROUP BY debtor_id ORDER BY debtor_id
"""

ANY_OWED = f"""
SELECT d.debtor_id FROM document d
WHERE d.tenant_id = :tenant_id AND {OWED} GROUP BY d.debtor_id ORDER BY d.debtor_id
"""

WITHOUT_STATEMENT = f"""
SELECT d.debtor_id FROM document d
WHERE d.tenant_id = :tenant_id AND {OWED}
  AND NOT EXISTS (
      SELECT FROM message m
      WHERE m.tenant_id = :tenant_id AND m.debtor_id = d.debtor_id
        AND m.currency = d.currency AND m.step = :step AND m.business_on >= :since
        AND m.state NOT IN ('failed', 'bounced', 'cancelled'))
GROUP BY d.debtor_id ORDER BY d.debtor_id
"""

STAGE = Stage("stage_next_action", (("id", "uuid"), ("next_on", "date")))

# A date that stands already is not written again, nor is one day that has come instead
# of another: a row has seven index entries. The keys lead to the rows: joined freely,
# the planner may read all of a tenant's documents for each batch.
SET_NEXT = """
UPDATE document d SET next_action_on = s.next_on FROM stage_next_action s
WHERE d.tenant_id = :tenant_id AND d.id = s.id
  AND d.id = ANY (ARRAY(SELECT id FROM stage_next_action))
  AND d.next_action_on IS DISTINCT FROM s.next_on
  AND NOT coalesce(d.next_action_on <= :today AND s.next_on <= :today, false)
"""

FORGET_DOCUMENTS = """
UPDATE document d SET next_action_on = NULL
WHERE d.tenant_id = :tenant_id AND d.id = ANY (:ids) AND d.next_action_on IS NOT NULL
"""
FORGET_DEBTORS = f"""
UPDATE document d SET next_action_on = NULL
WHERE d.tenant_id = :tenant_id AND d.debtor_id = ANY (:ids)
  AND {OWED} AND d.next_action_on IS NOT NULL
"""
FORGET_ALL = f"""
UPDATE document d SET next_action_on = NULL
WHERE d.tenant_id = :tenant_id AND {OWED} AND d.next_action_on IS NOT NULL
"""


def due(session: Session, on: date) -> list[DebtorId]:
    """Return the debtors with anything to look at on a day, in a fixed order."""
    return [DebtorId(one) for one in session.execute(DUE, {"on": on}).scalars()]


def all_owing(session: Session) -> list[DebtorId]:
    """Return every debtor that owes anything, whatever the agenda says."""
    return [DebtorId(one) for one in session.execute(ANY_OWED).scalars()]


def without_statement(session: Session, step: str, since: date) -> list[DebtorId]:
    """Return who owes in a currency of which it got no statement of account.

    Args:
        session: A transaction of the tenant.
        step: That of the statement.
        since: The first day it can be of.
    """
    wanted = {"step": step, "since": since}
    found = session.execute(WITHOUT_STATEMENT, wanted).scalars()
    return [DebtorId(one) for one in found]


def set_next(session: Session, next_on: Mapping[DocumentId, date], today: date) -> int:
    """Write when documents are to be looked at next; return how many changed."""
    if not next_on:
        return 0
    STAGE.create(session)
    session.execute("DELETE FROM stage_next_action")
    STAGE.fill(session, next_on.items())
    return session.execute(SET_NEXT, {"today": today}).rowcount


def forget_documents(session: Session, documents: Collection[DocumentId]) -> int:
    """Have documents looked at again on the next night."""
    if not documents:
        return 0
    return session.execute(FORGET_DOCUMENTS, {"ids": list(documents)}).rowcount


def forget_debtors(session: Session, debtors: Collection[DebtorId]) -> int:
    """Have debtors looked at again on the next night, whatever they owe."""
    if not debtors:
        return 0
    return session.execute(FORGET_DEBTORS, {"ids": list(debtors)}).rowcount


def forget_all(session: Session) -> int:
    """Have every debtor looked at again: a rule changed that is over all of them."""
    return session.execute(FORGET_ALL).rowcount


def in_batches(
    debtors: Sequence[DebtorId], size: int
) -> Iterator[tuple[DebtorId, ...]]:
    """Yield debtors a batch at a time."""
    for begin in range(0, len(debtors), size):
        yield tuple(debtors[begin : begin + size])
