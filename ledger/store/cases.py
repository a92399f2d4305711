"""Cases: what was handed to agencies, how it stands, and all that was said of it.

A case's row says how it stands now; each change is appended to its events under a key
of whoever said it, so that what is said twice changes it once. An item is in one case
at a time: an index of the database holds that, whoever places.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import Any

from ledger.cases import Case, CaseEvent, CaseId, CaseItem, CaseState
from ledger.errors import RequestError
from ledger.ids import DebtorId, DocumentId, TenantId
from ledger.money import Currency
from ledger.reminders import Attachment
from ledger.store import agenda
from ledger.store.session import Session

LOCK_DEBTOR = """
SELECT FROM debtor b WHERE b.tenant_id = :tenant_id AND b.id = :debtor_id FOR UPDATE
"""
OPEN = """
INSERT INTO collection_case (tenant_id, reference, agency, debtor_id, currency, state,
                             opened_on, mandate_id, details, changed_at)
VALUES (:tenant_id, CAST(gen_random_uuid() AS text), :agency, :debtor_id, :currency,
        'draft', :opened_on, :mandate_id, CAST(:details AS jsonb), :at)
RETURNING id
"""
# The number makes the reference short enough to be said. The rest keeps a database that
# was made anew from naming a case as an agency knows an older one: such a case would be
# taken for placed.
NAME = """
UPDATE collection_case
SET reference = :prefix || :id || '-' || upper(substr(reference, 1, 6))
WHERE tenant_id = :tenant_id AND id = :id
"""
ADD_ITEM = """
INSERT INTO case_item (tenant_id, case_id, document_id, part, number, placed_minor)
VALUES (:tenant_id, :case_id, :document_id, :part, :number, :placed_minor)
ON CONFLICT DO NOTHING
RETURNING document_id
"""
RESET_ITEM = """
UPDATE case_item SET placed_minor = :placed_minor
WHERE tenant_id = :tenant_id AND case_id = :case_id AND document_id = :document_id
  AND part = :part
"""
REMOVE_ITEMS = """
UPDATE case_item SET removed_on = :on
WHERE tenant_id = :tenant_id AND case_id = :case_id AND removed_on IS NULL
RETURNING document_id
"""
LOCK = """
SELECT id FROM collection_case WHERE tenant_id = :tenant_id AND id = :id FOR UPDATE
"""
LISTED = """
SELECT c.* FROM collection_case c
WHERE c.tenant_id = :tenant_id
  AND (CAST(:ids AS bigint[]) IS NULL OR c.id = ANY (:ids))
  AND (CAST(:reference AS text) IS NULL OR c.reference = :reference)
  AND (CAST(:debtor_id AS uuid) IS NULL OR c.debtor_id = :debtor_id)
  AND (CAST(:states AS text[]) IS NULL OR c.state = ANY (:states))
  AND (CAST(:agency AS text) IS NULL OR c.agency = :agency)
  AND (CAST(:document_id AS uuid) IS NULL
       OR EXISTS (SELECT FROM case_item i
                  WHERE i.tenant_id = :tenant_id AND i.case_id = c.id
                    AND i.document_id = :document_id))
ORDER BY c.id
"""
ITEMS = """
SELECT * FROM case_item WHERE tenant_id = :tenant_id AND case_id = ANY (:ids)
ORDER BY case_id, number COLLATE "C", document_id, part
"""
CHANGE = """
UPDATE collection_case
SET state = :state, reason = :reason, changed_at = :at,
    agency_reference = coalesce(CAST(:agency_reference AS text), agency_reference),
    placed_at = coalesce(CAST(:placed_at AS timestamptz), placed_at),
    ended_on = CAST(:ended_on AS date), details = details || CAST(:details AS jsonb)
WHERE tenant_id = :tenant_id AND id = :id
"""
APPEND_EVENT = """
INSERT INTO case_event (tenant_id, case_id, event, known_at, effective_on, kind, state,
                        by, key, details)
SELECT :tenant_id, :id,
       (SELECT count(*) FROM case_event e
        WHERE e.tenant_id = :tenant_id AND e.case_id = :id),
       :at, :effective_on, :kind, :state, :by, :key, CAST(:details AS jsonb)
ON CONFLICT (tenant_id, case_id, key) DO NOTHING
RETURNING event
"""
HAS_EVENT = """
SELECT FROM case_event
WHERE tenant_id = :tenant_id AND case_id = :id AND key = :key
"""
EVENTS = """
SELECT * FROM case_event WHERE tenant_id = :tenant_id AND case_id = :id ORDER BY event
"""
KEEP_FILE = """
INSERT INTO case_file (tenant_id, case_id, name, media_type, content, content_hash,
                       made_at)
VALUES (:tenant_id, :case_id, :name, :media_type, :content, :content_hash, :at)
"""
FILES = """
SELECT name, media_type, content FROM case_file
WHERE tenant_id = :tenant_id AND case_id = :id ORDER BY name COLLATE "C"
"""
POSITION = """
SELECT position FROM agency_position
WHERE tenant_id = :tenant_id AND agency = :agency
"""
SAVE_POSITION = """
INSERT INTO agency_position (tenant_id, agency, position, changed_at)
VALUES (:tenant_id, :agency, CAST(:position AS jsonb), :at)
ON CONFLICT (tenant_id, agency)
DO UPDATE SET position = excluded.position, changed_at = excluded.changed_at
"""


class UnknownCaseError(RequestError):
    """There is no such case."""

    def __init__(self, which: object) -> None:
        """Name it."""
        super().__init__(
            f"There is no case {which}.", remedy="`duebridge cases list` shows them."
        )


class ItemTakenError(RequestError):
    """An item is in another case already."""

    def __init__(self, number: str) -> None:
        """Name the item."""
        super().__init__(
            f"{number} is in another case already.",
            remedy="`duebridge cases list` shows which.",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseFilter:
    """Which cases are wanted; None wants all."""

    ids: tuple[CaseId, ...] | None = None
    reference: str | None = None
    debtor_id: DebtorId | None = None
    document_id: DocumentId | None = None
    states: tuple[CaseState, ...] | None = None
    agency: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseChange:
    """What a case becomes.

    Attributes:
        event: What is appended; its key makes that it counts once.
        agency_reference: None leaves it as it is; `placed_at` likewise.
        details: Added to what the case's details say.
    """

    event: CaseEvent
    reason: str = ""
    agency_reference: str | None = None
    placed_at: datetime | None = None
    ended_on: date | None = None
    details: Mapping[str, Any] | None = None


def lock_debtor(session: Session, debtor_id: DebtorId) -> None:
    """Hold a debtor until the transaction ends, as whoever sends to it does."""
    session.execute(LOCK_DEBTOR, {"debtor_id": debtor_id})


def reference_prefix(tenant_id: TenantId) -> str:
    """Return how the references of a tenant's cases begin."""
    return f"DB-{tenant_id}-"


def propose(
    session: Session, case: Case, at: datetime, *, mandate_id: int | None, by: str
) -> Case:
    """Enter a case as a draft, with its items; return it with number and reference.

    Raises:
        ItemTakenError: One of its items is in another case.
    """
    number = session.execute(
        OPEN,
        {
            "agency": case.agency,
            "debtor_id": case.debtor_id,
            "currency": case.currency,
            "opened_on": case.opened_on,
            "mandate_id": mandate_id,
            "details": json.dumps(dict(case.details)),
            "at": at,
        },
    ).scalar_one()
    prefix = reference_prefix(session.scope.tenant_id)
    session.execute(NAME, {"id": number, "prefix": prefix})
    for item in case.items:
        values = {
            "case_id": number,
            "document_id": item.document_id,
            "part": item.part,
            "number": item.number,
            "placed_minor": item.placed_minor,
        }
        if session.execute(ADD_ITEM, values).first() is None:
            raise ItemTakenError(item.number)
    event = CaseEvent(
        known_at=at,
        effective_on=case.opened_on,
        kind="proposed",
        state=CaseState.DRAFT,
        by=by,
        key="proposed",
    )
    append(session, CaseId(number), event)
    return load(session, CaseId(number))


def reset_amounts(session: Session, case: Case, items: Collection[CaseItem]) -> None:
    """Note what is open of a draft's items now."""
    for item in items:
        session.execute(
            RESET_ITEM,
            {
                "case_id": case.id,
                "document_id": item.document_id,
                "part": item.part,
                "placed_minor": item.placed_minor,
            },
        )


def load(session: Session, one: CaseId, *, locked: bool = False) -> Case:
    """Return a case, locked until the transaction ends if asked for.

    Raises:
        UnknownCaseError: There is no such case.
    """
    if locked:
        session.execute(LOCK, {"id": one})
    found = listing(session, CaseFilter(ids=(one,)))
    if not found:
        raise UnknownCaseError(one)
    return found[0]


def by_reference(session: Session, reference: str) -> Case | None:
    """Return the case of a reference of ours; None where there is none."""
    found = listing(session, CaseFilter(reference=reference))
    return found[0] if found else None


def listing(session: Session, wanted: CaseFilter | None = None) -> list[Case]:
    """Return cases with their items, in the order they were proposed."""
    wanted = wanted or CaseFilter()
    rows = session.execute(
        LISTED,
        {
            "ids": None if wanted.ids is None else list(wanted.ids),
            "reference": wanted.reference,
            "debtor_id": wanted.debtor_id,
            "document_id": wanted.document_id,
            "states": None if wanted.states is None else list(wanted.states),
            "agency": wanted.agency,
        },
    ).all()
    items: dict[int, list[CaseItem]] = {}
    ids = [row.id for row in rows]
    for row in session.execute(ITEMS, {"ids": ids}) if ids else ():
        items.setdefault(row.case_id, []).append(_item(row))
    return [_case(row, tuple(items.get(row.id, ()))) for row in rows]


def change(session: Session, one: CaseId, wanted: CaseChange) -> bool:
    """Let a case become what an event says; say whether that was new.

    One whose key is known changes nothing.
    """
    if not append(session, one, wanted.event):
        return False
    event = wanted.event
    session.execute(
        CHANGE,
        {
            "id": one,
            "state": event.state,
            "reason": wanted.reason,
            "at": event.known_at,
            "agency_reference": wanted.agency_reference,
            "placed_at": wanted.placed_at,
            "ended_on": wanted.ended_on,
            "details": json.dumps(dict(wanted.details or {})),
        },
    )
    return True


def append(session: Session, one: CaseId, event: CaseEvent) -> bool:
    """Append an event that changes nothing; say whether its key is new."""
    return (
        session.execute(
            APPEND_EVENT,
            {
                "id": one,
                "at": event.known_at,
                "effective_on": event.effective_on,
                "kind": event.kind,
                "state": event.state,
                "by": event.by,
                "key": event.key,
                "details": json.dumps(dict(event.details)),
            },
        ).first()
        is not None
    )


def has_event(session: Session, one: CaseId, key: str) -> bool:
    """Say whether an event of a key was taken in."""
    return session.execute(HAS_EVENT, {"id": one, "key": key}).first() is not None


def events(session: Session, one: CaseId) -> list[CaseEvent]:
    """Return what became of a case, in its order."""
    return [
        CaseEvent(
            known_at=row.known_at,
            effective_on=row.effective_on,
            kind=row.kind,
            state=CaseState(row.state),
            by=row.by,
            key=row.key,
            details=row.details,
        )
        for row in session.execute(EVENTS, {"id": one})
    ]


def remove_items(session: Session, one: CaseId, on: date) -> list[DocumentId]:
    """Take a case's items out of it: they may be spoken of, or placed, again."""
    rows = session.execute(REMOVE_ITEMS, {"case_id": one, "on": on})
    documents = sorted({DocumentId(row.document_id) for row in rows})
    agenda.forget_documents(session, documents)
    return documents


def keep_files(
    session: Session, one: CaseId, kept: Sequence[Attachment], at: datetime
) -> None:
    """Keep a packet exactly as it is handed over."""
    for file in kept:
        session.execute(
            KEEP_FILE,
            {
                "case_id": one,
                "name": file.name,
                "media_type": file.media_type,
                "content": file.content,
                "content_hash": sha256(file.content).hexdigest(),
                "at": at,
            },
        )


def files(session: Session, one: CaseId) -> tuple[Attachment, ...]:
    """Return a packet as it is handed over."""
    return tuple(
        Attachment(row.name, row.media_type, bytes(row.content))
        for row in session.execute(FILES, {"id": one})
    )


def position(session: Session, agency: str) -> Mapping[str, Any]:
    """Return how far what an agency says was taken in; empty before the first."""
    found = session.execute(POSITION, {"agency": agency}).scalar_one_or_none()
    return dict(found) if found else {}


def save_position(
    session: Session, agency: str, reached: Mapping[str, Any], at: datetime
) -> None:
    """Keep how far what an agency says was taken in."""
    values = {"agency": agency, "position": json.dumps(dict(reached)), "at": at}
    session.execute(SAVE_POSITION, values)


def _item(row: Any) -> CaseItem:  # noqa: ANN401 - a row
    return CaseItem(
        document_id=DocumentId(row.document_id),
        part=row.part,
        number=row.number,
        placed_minor=row.placed_minor,
        removed_on=row.removed_on,
    )


def _case(row: Any, items: tuple[CaseItem, ...]) -> Case:  # noqa: ANN401 - a row
    return Case(
        id=CaseId(row.id),
        reference=row.reference,
        agency=row.agency,
        agency_reference=row.agency_reference,
        debtor_id=DebtorId(row.debtor_id),
        currency=Currency(row.currency),
        items=items,
        state=CaseState(row.state),
        reason=row.reason,
        opened_on=row.opened_on,
        placed_at=row.placed_at,
        ended_on=row.ended_on,
        details=row.details,
    )
