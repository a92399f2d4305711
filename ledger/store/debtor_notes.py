"""What the tenant says of debtors beside the books."""

from collections.abc import Collection
from datetime import datetime

from ledger.ids import DebtorId
from ledger.reminders import DebtorNote, Person
from ledger.store import agenda
from ledger.store.session import Session

SAVE = """
INSERT INTO debtor_note (tenant_id, debtor_id, person, tags, language, region, timezone,
                         address, excluded_from, excluded_until, written_at)
VALUES (:tenant_id, :debtor_id, :person, :tags, :language, :region, :timezone,
        :address, :excluded_from, :excluded_until, :at)
ON CONFLICT (tenant_id, debtor_id) DO UPDATE SET
    person = excluded.person, tags = excluded.tags, language = excluded.language,
    region = excluded.region, timezone = excluded.timezone, address = excluded.address,
    excluded_from = excluded.excluded_from, excluded_until = excluded.excluded_until,
    written_at = excluded.written_at
"""
OF_DEBTORS = """
SELECT * FROM debtor_note
WHERE tenant_id = :tenant_id AND debtor_id = ANY (:debtor_ids)
"""


def save(session: Session, note: DebtorNote, at: datetime) -> None:
    """Keep what is said of a debtor, in place of what was; it is looked at again."""
    session.execute(
        SAVE,
        {
            "debtor_id": note.debtor_id,
            "person": note.person,
            "tags": sorted(note.tags),
            "language": note.language,
            "region": note.region,
            "timezone": note.timezone,
            "address": list(note.address),
            "excluded_from": note.excluded_from,
            "excluded_until": note.excluded_until,
            "at": at,
        },
    )
    agenda.forget_debtors(session, [note.debtor_id])


def load_for(
    session: Session, debtor_ids: Collection[DebtorId]
) -> dict[DebtorId, DebtorNote]:
    """Return what is said of debtors; one of whom nothing is said is not in it."""
    rows = session.execute(OF_DEBTORS, {"debtor_ids": list(debtor_ids)})
    return {
        DebtorId(row.debtor_id): DebtorNote(
            debtor_id=DebtorId(row.debtor_id),
            person=Person(row.person),
            tags=frozenset(row.tags),
            language=row.language,
            region=row.region,
            timezone=row.timezone,
            address=tuple(row.address),
            excluded_from=row.excluded_from,
            excluded_until=row.excluded_until,
        )
        for row in rows
    }
