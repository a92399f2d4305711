"""The event log: appended to under a lock, one chain a tenant, never changed."""

import json
import secrets
from collections.abc import Collection, Mapping
from datetime import datetime
from decimal import Decimal
from math import isfinite
from typing import Any

import psycopg
from sqlalchemy.exc import IntegrityError

from ledger.events import FIRST_LINK, Event, digest, link
from ledger.store.session import OvertakenError, Session

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
CHAIN_KEY = "pk_event"
"""The constraint by which no number is given twice."""
SALT_BYTES = 16


def note(session: Session, at: datetime, happened: Collection[Event]) -> None:
    """Have events appended when the transaction commits.

    The chain is locked only then: nothing waits for it while a transaction still looks
    at the books, and no two transactions wait for each other.
    """
    if happened:
        session.at_end(lambda ending: append(ending, at, happened))


def append(session: Session, at: datetime, happened: Collection[Event]) -> None:
    """Append what happened, in its order; it stands or falls with the transaction.

    The tenant's chain is locked until the transaction ends, so that no number is given
    twice and none is left out: append last, or `note` it.

    Raises:
        OvertakenError: The transaction reads an instant before the last event.
        IntegrityError: What is appended refers to what is not there.
    """
    if not happened:
        return
    session.execute(LOCK, {"group": LOCK_CLASS})
    row = session.execute(LAST).one_or_none()
    seq, before = (0, FIRST_LINK) if row is None else (row.seq, bytes(row.link))
    try:
        for event in happened:
            seq += 1
            before = _append(session, _as_kept(event), seq=seq, at=at, before=before)
    except IntegrityError as error:
        if _is_taken(error):
            raise OvertakenError from error
        raise


def _is_taken(error: IntegrityError) -> bool:
    """Say whether another gave the number first; whatever else is a fault of ours."""
    found = error.orig
    return (
        isinstance(found, psycopg.errors.UniqueViolation)
        and found.diag.constraint_name == CHAIN_KEY
    )


def _append(
    session: Session, event: Event, *, seq: int, at: datetime, before: bytes
) -> bytes:
    salt = secrets.token_bytes(SALT_BYTES) if event.personal else b""
    personal_digest = digest(event.personal, salt) if event.personal else b""
    after = link(before, seq=seq, at=at, event=event, personal_digest=personal_digest)
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
            "details": json.dumps(event.details),
            "personal_digest": personal_digest,
            "link": after,
        },
    )
    if event.personal:
        words = json.dumps(event.personal)
        session.execute(KEEP_WORDS, {"seq": seq, "salt": salt, "personal": words})
    return after


def _as_kept(event: Event) -> Event:
    """Return an event as it is read back: the digest must be over what is kept."""
    return Event(
        kind=event.kind,
        by=_text(event.by),
        subject=_text(event.subject),
        debtor_id=event.debtor_id,
        document_ids=event.document_ids,
        details=_plain(event.details),
        personal=_plain(event.personal),
    )


def _plain(content: Mapping[str, Any]) -> dict[str, Any]:
    plain: dict[str, Any] = _value(json.loads(json.dumps(dict(content))))
    return plain


def _value(value: Any) -> Any:  # noqa: ANN401 - whatever JSON holds
    match value:
        case str():
            return _text(value)
        case float():
            return _number(value)
        case list():
            return [_value(one) for one in value]
        case dict():
            return {_text(name): _value(one) for name, one in value.items()}
        case _:
            return value


def _text(text: str) -> str:
    """Return a text as the database keeps it: without NUL and halves of a pair."""
    whole = text.replace("\0", "\N{REPLACEMENT CHARACTER}")
    return whole.encode(errors="replace").decode()


def _number(number: float) -> float | int | str:
    """Return a number as the database writes it: without exponent or negative zero."""
    if not isfinite(number):
        return str(number)
    if "e+" in repr(number):
        return int(Decimal(repr(number)))
    return number or 0.0
