"""The event log: appended to under a lock, one chain a tenant, never changed."""

import json
import secrets
from collections.abc import Collection
from datetime import datetime

from ledger.events import FIRST_LINK, Event, digest, link
from ledger.store.session import Session

LOCK_CLASS = 0x0DB5
"""Advisory locks of tenants' chains share this first key."""

LOCK = "SELECT pg_advisory_xact_lock(:group, CAST(:tenant_id % 2147483648 AS integer))"
LAST = """
SELECT seq, link FROM event WHERE tenant_id = :tenant_id ORDER BY seq DESC LIMIT 1
"""
APPEND = """
INSERT INTO event (tenant_id, seq, at, kind, by, subject, debtor_id, document_ids,
                   details, personal_digest, link)
VALUES (:tenant_id, :seq, :at, :kind, :by, :subject, :debtor_id,
        CAST(:document_ids AS uuid[]), CAST(:details AS jsonb), :personal_digest, :link)
"""
KEEP_WORDS = """
INSERT INTO event_words (tenant_id, seq, salt, personal)
VALUES (:tenant_id, :seq, :salt, CAST(:personal AS jsonb))
"""
SALT_BYTES = 16


def append(session: Session, at: datetime, happened: Collection[Event]) -> None:
    """Append what happened, in its order; it stands or falls with the transaction.

    The tenant's chain is locked until the transaction ends, so that no number is given
    twice and none is left out: append last.
    """
    if not happened:
        return
    session.execute(LOCK, {"group": LOCK_CLASS})
    row = session.execute(LAST).one_or_none()
    seq, before = (0, FIRST_LINK) if row is None else (row.seq, bytes(row.link))
    for event in happened:
        seq += 1
        salt = secrets.token_bytes(SALT_BYTES) if event.personal else b""
        personal_digest = digest(event.personal, salt) if event.personal else b""
        before = link(
            before, seq=seq, at=at, event=event, personal_digest=personal_digest
        )
        session.execute(
            APPEND,
            {
                "seq": seq,
                "at": at,
                "kind": event.kind,
                "by": event.by,
                "subject": event.subject,
                "debtor_id": event.debtor_id,
                "document_ids": list(event.document_ids),
                "details": json.dumps(dict(event.details)),
                "personal_digest": personal_digest,
                "link": before,
            },
        )
        if event.personal:
            words = json.dumps(dict(event.personal))
            session.execute(KEEP_WORDS, {"seq": seq, "salt": salt, "personal": words})
