"""People at debtors', and what is known of whether mail reaches them.

The e-mail address of the books counts as a contact of rank 0 where no contact that was
entered can be reached, unless mail to that very address came back.
"""

from collections.abc import Collection
from datetime import date, datetime
from typing import Any

from ledger.errors import RequestError
from ledger.ids import DebtorId
from ledger.reminders import Contact, ContactId
from ledger.store import agenda
from ledger.store.session import Session

INSERT = """
INSERT INTO contact (tenant_id, debtor_id, name, email, phone, language, rank,
                     bounced_on, is_wrong, written_at)
VALUES (:tenant_id, :debtor_id, :name, :email, :phone, :language, :rank,
        :bounced_on, :is_wrong, :at)
RETURNING id
"""
UPDATE = """
UPDATE contact SET name = :name, email = :email, phone = :phone, language = :language,
                   rank = :rank, bounced_on = :bounced_on, is_wrong = :is_wrong,
                   written_at = :at
WHERE tenant_id = :tenant_id AND id = :id AND debtor_id = :debtor_id
RETURNING id
"""
OF_DEBTORS = """
SELECT * FROM contact WHERE tenant_id = :tenant_id AND debtor_id = ANY (:debtor_ids)
ORDER BY debtor_id, rank, id
"""
IN_BOOKS = """
SELECT b.id, b.name, b.email, b.language FROM debtor b
WHERE b.tenant_id = :tenant_id AND b.id = ANY (:debtor_ids) AND b.email <> ''
"""
MARK = """
UPDATE contact SET bounced_on = coalesce(:bounced_on, bounced_on),
                   is_wrong = is_wrong OR :is_wrong, written_at = :at
WHERE tenant_id = :tenant_id AND debtor_id = :debtor_id
  AND lower(email) = lower(:email)
"""
AT_ADDRESS = """
SELECT c.debtor_id FROM contact c
WHERE c.tenant_id = :tenant_id AND lower(c.email) = lower(:email)
UNION
SELECT b.id FROM debtor b
WHERE b.tenant_id = :tenant_id AND lower(b.email) = lower(:email)
ORDER BY 1
"""


class UnknownContactError(RequestError):
    """There is no such contact of the debtor."""

    def __init__(self, one: ContactId) -> None:
        """Name it."""
        super().__init__(
            f"There is no contact {one} of this debtor.",
            remedy="Enter it without a number.",
        )


def save(session: Session, contact: Contact, at: datetime) -> ContactId:
    """Enter a contact, or change the one of its number; the debtor is looked at again.

    Raises:
        UnknownContactError: It has a number that no contact of the debtor has.
    """
    values = {
        "id": contact.id,
        "debtor_id": contact.debtor_id,
        "name": contact.name,
        "email": contact.email,
        "phone": contact.phone,
        "language": contact.language,
        "rank": contact.rank,
        "bounced_on": contact.bounced_on,
        "is_wrong": contact.is_wrong,
        "at": at,
    }
    if contact.id is None:
        values.pop("id")
    statement = INSERT if contact.id is None else UPDATE
    saved = session.execute(statement, values).scalar_one_or_none()
    if saved is None:
        assert contact.id is not None
        raise UnknownContactError(contact.id)
    agenda.forget_debtors(session, [contact.debtor_id])
    return ContactId(saved)


def load_for(
    session: Session, debtor_ids: Collection[DebtorId]
) -> dict[DebtorId, tuple[Contact, ...]]:
    """Return the contacts of debtors by rank; a debtor without any is not in it."""
    wanted = {"debtor_ids": list(debtor_ids)}
    found: dict[DebtorId, tuple[Contact, ...]] = {}
    for row in session.execute(OF_DEBTORS, wanted):
        one = _contact(row)
        found[one.debtor_id] = (*found.get(one.debtor_id, ()), one)
    for row in session.execute(IN_BOOKS, wanted):
        debtor_id = DebtorId(row.id)
        entered = found.get(debtor_id, ())
        if any(one.is_reachable for one in entered) or any(
            (one.email or "").lower() == row.email.lower() for one in entered
        ):
            continue
        own = Contact(
            debtor_id=debtor_id, name=row.name, email=row.email, language=row.language
        )
        found[debtor_id] = (own, *entered)
    return found


def mark_bounced(
    session: Session, debtor_id: DebtorId, email: str, *, on: date, at: datetime
) -> None:
    """Note that mail to an address of a debtor's came back."""
    _mark(session, debtor_id, email, bounced_on=on, is_wrong=False, at=at)


def mark_wrong(
    session: Session, debtor_id: DebtorId, email: str, *, at: datetime
) -> None:
    """Note that whoever reads an address has nothing to do with the debtor."""
    _mark(session, debtor_id, email, bounced_on=None, is_wrong=True, at=at)


def debtors_at(session: Session, email: str) -> list[DebtorId]:
    """Return the debtors that an address is known of, in the books or entered."""
    return [
        DebtorId(one) for one in session.execute(AT_ADDRESS, {"email": email}).scalars()
    ]


def _mark(
    session: Session,
    debtor_id: DebtorId,
    email: str,
    *,
    bounced_on: date | None,
    is_wrong: bool,
    at: datetime,
) -> None:
    values = {
        "debtor_id": debtor_id,
        "email": email,
        "bounced_on": bounced_on,
        "is_wrong": is_wrong,
        "at": at,
    }
    if not session.execute(MARK, values).rowcount:
        # The address of the books: what is known of it needs a row to stand in.
        session.execute(
            INSERT, {**values, "name": "", "phone": None, "language": None, "rank": 0}
        )
    agenda.forget_debtors(session, [debtor_id])


def _contact(row: Any) -> Contact:  # noqa: ANN401 - a row
    return Contact(
        id=ContactId(row.id),
        debtor_id=DebtorId(row.debtor_id),
        name=row.name,
        email=row.email,
        phone=row.phone,
        language=row.language,
        rank=row.rank,
        bounced_on=row.bounced_on,
        is_wrong=row.is_wrong,
    )
