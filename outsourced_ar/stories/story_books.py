"""What the books said of a document: first read, changed, moved, closed."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from ledger.money import Currency
from ledger.records import DueRule
from ledger.store.histories import StoredEntry, StoredVersion
from outsourced_ar.stories.explain import Booked
from outsourced_ar.stories.story_lines import Line, Rank, money


def of_books(booked: Booked) -> Iterator[Line]:
    """Yield what the books said of a document: first read, changed, moved, closed."""
    before: StoredVersion | None = None
    for one in booked.versions:
        if before is None:
            yield _book_line(one.known_at, "document.landed", "first read", _read(one))
        elif changes := list(_changes(before, one)):
            words = "; ".join(changes)
            yield _book_line(one.known_at, "document.changed", "changed", words)
        before = one
    settled = 0
    entries = booked.entries
    for index, entry in enumerate(entries):
        version = _version_at(booked.versions, entry.known_at)
        if version is None:
            continue
        was_open = version.total_minor - settled
        settled += entry.minor
        left = version.total_minor - settled
        yield _book_line(
            entry.known_at,
            f"balance.{entry.kind}",
            "balance",
            _moved(entry, version.currency, left),
        )
        is_last = entries[index + 1 : index + 2] == () or (
            entries[index + 1].known_at != entry.known_at
        )
        if is_last and left <= 0:
            words = f"nothing of {version.number} is open"
            yield _book_line(entry.known_at, "document.closed", "closed", words)
        elif was_open <= 0 < left:
            words = f"{money(left, version.currency)} of {version.number} are open"
            yield _book_line(entry.known_at, "document.reopened", "open again", words)


def _book_line(at: datetime, kind: str, what: str, words: str) -> Line:
    return Line(at=at, rank=Rank.BOOKS, kind=kind, what=what, words=words)


def _read(one: StoredVersion) -> str:
    due = f"due on {one.due_on}"
    if one.due_rule is not DueRule.GIVEN:
        due += f" (inferred: {str(one.due_rule).replace('_', ' ')})"
    return (
        f"{str(one.kind).replace('_', ' ')} {one.number} of "
        f"{money(one.total_minor, one.currency)}, issued on {one.issued_on}, {due}"
    )


def _changes(before: StoredVersion, now: StoredVersion) -> Iterator[str]:
    if now.total_minor != before.total_minor:
        was = money(before.total_minor, before.currency)
        yield f"its amount is {money(now.total_minor, now.currency)}, was {was}"
    for name, said in (
        ("due_on", "it is due on"),
        ("issued_on", "it was issued on"),
        ("number", "its number is"),
        ("reference", "its reference is"),
        ("voided_on", "it is void from"),
        ("tombstone", "it counts as gone:"),
    ):
        then, value = getattr(before, name), getattr(now, name)
        if then != value:
            yield f"{said} {value}" + (f", was {then}" if then else "")
    if now.debtor_id != before.debtor_id:
        yield "it is another debtor's"
    if now.instalments != before.instalments:
        yield f"it is due in {len(now.instalments) or 1} instalments"


def _version_at(
    versions: Sequence[StoredVersion], at: datetime
) -> StoredVersion | None:
    known = [one for one in versions if one.known_at <= at]
    return known[-1] if known else next(iter(versions), None)


def _moved(entry: StoredEntry, code: Currency, left: int) -> str:
    what = str(entry.kind).replace("_", " ")
    if entry.other_number:
        what += f" {entry.other_number}"
    verb = "" if entry.minor >= 0 else " taken back"
    return (
        f"{what}{verb}: {money(abs(entry.minor), code)} on {entry.effective_on}, "
        f"{money(left, code)} left"
    )
