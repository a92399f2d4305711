"""The event log, read: listed, verified link by link, and cleared of persons' words."""

from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from ledger.errors import RequestError
from ledger.events import FIRST_LINK, Event, LoggedEvent, digest, link
from ledger.ids import DebtorId, DocumentId
from ledger.store import event_log
from ledger.store.session import Session

ERASED: Final = "audit.erased"
"""The kind of the event that says whose words were erased."""

CHAIN = """
SELECT e.*, w.salt, w.personal, w.seq AS words_seq FROM event e
LEFT JOIN event_words w ON w.tenant_id = :tenant_id AND w.seq = e.seq
WHERE e.tenant_id = :tenant_id
ORDER BY e.seq
"""
LISTED = """
SELECT e.*, w.salt, w.personal, w.seq AS words_seq FROM event e
LEFT JOIN event_words w ON w.tenant_id = :tenant_id AND w.seq = e.seq
WHERE e.tenant_id = :tenant_id
  AND (CAST(:debtor_id AS uuid) IS NULL OR e.debtor_id = :debtor_id)
  AND (CAST(:document_id AS uuid) IS NULL OR :document_id = ANY (e.document_ids))
  AND (CAST(:kind AS text) IS NULL OR e.kind = :kind
       OR starts_with(e.kind, :kind || '.'))
  AND (CAST(:subject AS text) IS NULL OR e.subject = :subject)
ORDER BY e.seq DESC LIMIT :limit
"""
COUNTED = """
SELECT count(*) FROM event e
WHERE e.tenant_id = :tenant_id
  AND (CAST(:debtor_id AS uuid) IS NULL OR e.debtor_id = :debtor_id)
  AND (CAST(:kind AS text) IS NULL OR e.kind = :kind
       OR starts_with(e.kind, :kind || '.'))
  AND (CAST(:subject AS text) IS NULL OR e.subject = :subject)
"""
HEAD = """
SELECT seq, link FROM event WHERE tenant_id = :tenant_id ORDER BY seq DESC LIMIT 1
"""
ERASE = """
DELETE FROM event_words WHERE tenant_id = :tenant_id AND seq = :seq RETURNING seq
"""
ONE = """
SELECT debtor_id, document_ids FROM event
WHERE tenant_id = :tenant_id AND seq = :seq
"""


class NoWordsError(RequestError):
    """An event has no words of persons that could be erased."""

    def __init__(self, seq: int) -> None:
        """Name it."""
        super().__init__(
            f"Event {seq} holds no words of persons, or is not there.",
            remedy="`duebridge audit list` shows which events do.",
        )


@dataclass(frozen=True, slots=True)
class Head:
    """The end of a chain: noted elsewhere, it shows later that nothing was cut off."""

    seq: int
    link: bytes

    def __str__(self) -> str:
        return f"{self.seq}:{self.link.hex()}"

    @classmethod
    def read(cls, text: str) -> "Head":
        """Read a head as it is shown.

        Raises:
            RequestError: It is none.
        """
        seq, _, written = text.partition(":")
        try:
            found = cls(int(seq), bytes.fromhex(written))
        except ValueError as error:
            raise RequestError(
                f"{text!r} is no head of a chain.", remedy="Write it as 12:ab34…"
            ) from error
        if found.seq < 0 or len(found.link) != len(FIRST_LINK):
            raise RequestError(
                f"{text!r} is no head of a chain.", remedy="Write it whole."
            )
        return found


@dataclass(frozen=True, slots=True)
class Fault:
    """Where a chain does not hold, and how that shows."""

    seq: int
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What looking at every link found.

    Attributes:
        count: Events that were looked at.
        erased: Events whose words were erased, each by an event that says so.
        fault: The first place where it does not hold; None where all of it does.
    """

    head: Head
    count: int
    erased: int
    fault: Fault | None


def head(session: Session) -> Head:
    """Return the end of the tenant's chain; of an empty one, what comes first."""
    row = session.execute(HEAD).one_or_none()
    return Head(0, FIRST_LINK) if row is None else Head(row.seq, bytes(row.link))


def verify(session: Session, expected: Head | None = None) -> Verified:
    """Compute every link again, from the first; stop where one does not hold.

    Args:
        session: A transaction of the tenant.
        expected: A head that was noted earlier; the chain must lead through it.
    """
    before, seq = FIRST_LINK, 0
    fault: Fault | None = None
    if _differs(expected, seq, before):
        fault = Fault(seq, "no chain begins with the link that was noted")
        return Verified(head=Head(seq, before), count=0, erased=0, fault=fault)
    missing: set[int] = set()
    explained: set[int] = set()
    with closing(session.stream(CHAIN)) as rows:
        for row in rows:
            fault = _fault(row, seq + 1, before)
            if fault is not None:
                break
            before, seq = bytes(row.link), row.seq
            if bytes(row.personal_digest) and row.words_seq is None:
                missing.add(seq)
            if row.kind == ERASED:
                explained.add(_erased(row.subject))
            if _differs(expected, seq, before):
                fault = Fault(seq, "its link is not the one that was noted")
                break
    if fault is None and missing - explained:
        fault = Fault(min(missing - explained), "its words are gone, and none says why")
    if fault is None and expected is not None and seq < expected.seq:
        fault = Fault(seq + 1, f"it is missing, and all that follow to {expected.seq}")
    return Verified(head=Head(seq, before), count=seq, erased=len(missing), fault=fault)


def listing(
    session: Session,
    *,
    debtor_id: DebtorId | None = None,
    document_id: DocumentId | None = None,
    kind: str | None = None,
    subject: str | None = None,
    limit: int | None = None,
) -> list[LoggedEvent]:
    """Return the events of a kind or about something, in their order.

    Args:
        session: A transaction of the tenant.
        debtor_id: Only about this debtor.
        document_id: Only about this document.
        kind: Only of this kind: `promise.broken`, or `promise` for all of them.
        subject: Only about this subject.
        limit: At most so many, the latest; None wants all.
    """
    wanted = {
        "debtor_id": debtor_id,
        "document_id": document_id,
        "kind": kind,
        "subject": subject,
        "limit": limit,
    }
    return [_logged(row) for row in reversed(session.execute(LISTED, wanted).all())]


def count(
    session: Session,
    *,
    debtor_id: DebtorId | None = None,
    kind: str | None = None,
    subject: str | None = None,
) -> int:
    """Return how many events there are of a kind or about something."""
    wanted = {"debtor_id": debtor_id, "kind": kind, "subject": subject}
    return int(session.execute(COUNTED, wanted).scalar_one())


def erase(session: Session, seq: int, *, by: str, at: datetime) -> None:
    """Erase the words of persons in an event; the chain holds, and says who did it.

    Raises:
        NoWordsError: There are none.
    """
    if session.execute(ERASE, {"seq": seq}).one_or_none() is None:
        raise NoWordsError(seq)
    row = session.execute(ONE, {"seq": seq}).one()
    said = Event(
        kind=ERASED,
        by=by,
        subject=f"event:{seq}",
        debtor_id=row.debtor_id,
        document_ids=tuple(row.document_ids),
    )
    event_log.note(session, at, [said])


def _fault(row: Any, seq: int, before: bytes) -> Fault | None:  # noqa: ANN401 - a row
    if row.seq != seq:
        return Fault(seq, f"it is missing; {row.seq} comes in its place")
    kept = bytes(row.personal_digest)
    if row.words_seq is not None:
        if not kept:
            return Fault(seq, "words were added to it")
        if digest(row.personal, bytes(row.salt)) != kept:
            return Fault(seq, "its words were changed")
    logged = _logged(row)
    again = link(
        before, seq=seq, at=logged.at, event=logged.event, personal_digest=kept
    )
    if again != logged.link:
        return Fault(seq, "it was changed, or follows another than it says")
    return None


def _differs(expected: Head | None, seq: int, link_: bytes) -> bool:
    return expected is not None and expected.seq == seq and expected.link != link_


def _erased(subject: str) -> int:
    return int(subject.removeprefix("event:"))


def _logged(row: Any) -> LoggedEvent:  # noqa: ANN401 - a row
    personal_digest = bytes(row.personal_digest)
    return LoggedEvent(
        seq=row.seq,
        at=row.at,
        event=Event(
            kind=row.kind,
            by=row.by,
            subject=row.subject,
            debtor_id=None if row.debtor_id is None else DebtorId(row.debtor_id),
            document_ids=tuple(DocumentId(one) for one in row.document_ids),
            details=row.details,
            personal=row.personal or {},
        ),
        personal_digest=personal_digest,
        is_erased=bool(personal_digest) and row.words_seq is None,
        link=bytes(row.link),
    )
