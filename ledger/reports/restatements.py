"""What is known differently now about a past date, by document, with causes."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from ledger.ids import DebtorId, DocumentId
from ledger.money import Currency
from ledger.records import AllocationKind, DocumentKind
from ledger.reports.question import Question
from ledger.store import histories, restated
from ledger.store.histories import StoredEntry, StoredVersion


class Cause(StrEnum):
    """Why a past balance is another one now."""

    RECORDED_LATE = "recorded late"
    """The document is dated before the date and became known after the report."""
    CHANGED = "changed in the books"
    """The document's amount, date, due date or debtor was changed."""
    APPLIED_LATE = "applied late"
    """A payment or credit of before the date became known after the report."""
    TAKEN_BACK = "taken back"
    """What had been applied by the date was taken back later."""
    VOIDED = "voided"
    """The document was cancelled with effect on or before the date."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Restatement:
    """One document whose open balance at the date is another one now."""

    document_id: DocumentId
    debtor_id: DebtorId
    kind: DocumentKind
    number: str
    currency: Currency
    then_minor: int
    now_minor: int
    causes: tuple[Cause, ...]
    learnt_at: datetime


def restatements(then: Question, now: Question) -> list[Restatement]:
    """Compare what was open at one date as known at two instants."""
    result = []
    for row in restated.compare(then.session, then.known, now.known, as_of=then.as_of):
        versions = histories.versions(then.session, row.document_id, now.known)
        entries = histories.entries(then.session, row.document_id, now.known)
        learnt = _learnt_since(then, versions, entries)
        latest = versions[-1]
        result.append(
            Restatement(
                document_id=row.document_id,
                debtor_id=latest.debtor_id,
                kind=latest.kind,
                number=latest.number,
                currency=latest.currency,
                then_minor=row.then_minor,
                now_minor=row.now_minor,
                causes=_causes(then, versions, entries),
                learnt_at=max(learnt),
            )
        )
    return sorted(result, key=lambda one: (one.number, str(one.document_id)))


def _learnt_since(
    then: Question, versions: list[StoredVersion], entries: list[StoredEntry]
) -> list[datetime]:
    instants = [version.known_at for version in versions]
    instants += [entry.known_at for entry in entries]
    before = then.known.instant
    return [instant for instant in instants if before is None or instant > before]


def _causes(
    then: Question, versions: list[StoredVersion], entries: list[StoredEntry]
) -> tuple[Cause, ...]:
    before = then.known.instant
    causes: list[Cause] = []
    if before is None or versions[0].known_at > before:
        causes.append(Cause.RECORDED_LATE)
    elif any(version.known_at > before for version in versions):
        causes.append(Cause.CHANGED)
    for entry in entries:
        if before is not None and entry.known_at <= before:
            continue
        if entry.effective_on > then.as_of:
            continue
        if entry.kind is AllocationKind.VOID:
            causes.append(Cause.VOIDED)
        elif entry.minor > 0:
            causes.append(Cause.APPLIED_LATE)
        else:
            causes.append(Cause.TAKEN_BACK)
    return tuple(dict.fromkeys(causes))
