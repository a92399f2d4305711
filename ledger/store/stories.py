"""What the books were told of a debtor or a document, with all that was tried of it."""

from datetime import datetime
from typing import Any

from ledger.ids import DebtorId, DocumentId
from ledger.outbox import WriteBackEvent, WriteState
from ledger.store.session import Session
from ledger.store.write_backs import SHOWN, StoredWriteBack, stored

ABOUT = f"""{SHOWN}
  AND w.debtor_id = :debtor_id
  AND (CAST(:document_id AS uuid) IS NULL OR w.document_id = :document_id
       OR w.document_id IS NULL)
ORDER BY w.id
"""
TRIED = """
SELECT write_back_id, at, state, by, words FROM write_back_event
WHERE tenant_id = :tenant_id AND write_back_id = ANY (:ids)
ORDER BY write_back_id, event
"""


def write_backs(
    session: Session, debtor_id: DebtorId, document_id: DocumentId | None = None
) -> list[tuple[StoredWriteBack, tuple[WriteBackEvent, ...]]]:
    """Return what the books were told, in the order it was entered.

    Args:
        session: A transaction of the tenant.
        debtor_id: Of whom.
        document_id: Only of this document, and of the account as a whole.
    """
    wanted = {"debtor_id": debtor_id, "document_id": document_id}
    found = [stored(row) for row in session.execute(ABOUT, wanted)]
    tried: dict[int, list[WriteBackEvent]] = {}
    ids = [one.id for one in found]
    for row in session.execute(TRIED, {"ids": ids}) if ids else ():
        tried.setdefault(row.write_back_id, []).append(_event(row))
    return [(one, tuple(tried.get(one.id, ()))) for one in found]


def _event(row: Any) -> WriteBackEvent:  # noqa: ANN401 - a row
    at: datetime = row.at
    return WriteBackEvent(
        at=at, state=WriteState(row.state), by=row.by, words=row.words
    )
