"""Write-backs: what the books are to be told, entered once each."""

import json
from collections.abc import Collection
from datetime import datetime

from ledger.outbox import WriteBack, WriteBackId
from ledger.store.session import Session

ENQUEUE = """
INSERT INTO write_back (tenant_id, connection_id, kind, key, debtor_id, document_id,
                        subject, content, expected, state, not_before, made_at,
                        changed_at)
VALUES (:tenant_id, :connection_id, :kind, :key, :debtor_id, :document_id, :subject,
        CAST(:content AS jsonb), CAST(:expected AS jsonb), 'waiting', :not_before, :at,
        :at)
ON CONFLICT (tenant_id, key) DO NOTHING
RETURNING id
"""


def enqueue(
    session: Session, wanted: Collection[WriteBack], at: datetime
) -> list[WriteBackId]:
    """Enter what the books are to be told; what was entered before is left alone."""
    entered = []
    for one in wanted:
        made = session.execute(
            ENQUEUE,
            {
                "connection_id": one.connection_id,
                "kind": one.kind,
                "key": one.key,
                "debtor_id": one.debtor_id,
                "document_id": one.document_id,
                "subject": one.subject,
                "content": json.dumps(dict(one.content)),
                "expected": json.dumps(dict(one.expected)),
                "not_before": one.not_before or at,
                "at": at,
            },
        ).scalar_one_or_none()
        if made is not None:
            entered.append(WriteBackId(made))
    return entered
