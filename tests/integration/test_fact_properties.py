"""Whatever the books say, facts keep their promises and what is derived follows."""

from collections import defaultdict
from datetime import date, datetime
from itertools import pairwise
from uuid import UUID

from hypothesis import given

from ledger.ids import SourceId
from ledger.money import Currency
from ledger.open_items import Entry, OpenItem, open_minor
from ledger.records import (
    CASH_KINDS,
    DEBIT_KINDS,
    AllocationKind,
    Document,
    DocumentKind,
)
from ledger.store import verification
from ledger.store.session import Database
from tests.answers import open_items
from tests.integration import facts
from tests.integration.facts import Allocation, Facts, Kept, MonthTotal
from tests.integration.profile import examples
from tests.integration.stories import (
    Page,
    Setting,
    Story,
    dates_asked,
    stories,
    told,
)
from tests.oracle import books as oracle

FAR = date(2029, 12, 31)
EXPORTS = Setting(lists=False)
"""Books that are exported whole: what is open follows from documents and claims."""


def legs(stored: Facts) -> dict[str, list[tuple[int, date]]]:
    """Return amount and date of every entry on each document's balance."""
    found: dict[str, list[tuple[int, date]]] = defaultdict(list)
    for one in stored.allocations:
        if one.debit_id is not None:
            found[str(one.debit_id)].append((one.amount_minor, one.effective_on))
        if one.credit_id is not None:
            found[str(one.credit_id)].append((one.credit_minor, one.effective_on))
    return found


@given(story=stories())
@examples(40)
def test_kept_balances_equal_their_facts(database: Database, story: Story) -> None:
    """What is kept beside each document is what its entries give."""
    stored = facts.read(told(story, database))
    entries = legs(stored)
    for key, doc in oracle.holding(stored.versions).items():
        own = entries[key]
        left = int(doc.total) - sum(minor for minor, _ in own)
        last_on = max((on for _, on in own), default=None)
        closed_on = None if left else max(last_on or doc.issued_on, doc.issued_on)
        kept = stored.kept[key]
        assert kept == Kept(left, closed_on, last_on, kept.overapplied)
        most = max(
            (sum(minor for minor, on in own if on <= day) for _, day in own), default=0
        )
        assert kept.overapplied or most <= doc.total


@given(story=stories())
@examples(40)
def test_month_totals_equal_their_facts(database: Database, story: Story) -> None:
    """What is kept of each month is what documents and entries of the month give."""
    stored = facts.read(told(story, database))
    moved: dict[tuple[str, date], dict[str, int]] = defaultdict(
        lambda: defaultdict(int)
    )
    docs = oracle.holding(stored.versions)
    for doc in docs.values():
        _add_document(moved[doc.currency, doc.issued_on.replace(day=1)], doc)
    for one in stored.allocations:
        for key, minor in (
            (one.debit_id, one.amount_minor),
            (one.credit_id, one.credit_minor),
        ):
            if key is not None:
                doc = docs[str(key)]
                month = moved[doc.currency, one.effective_on.replace(day=1)]
                _add_entry(month, doc, one, minor)
    nothing = MonthTotal()
    wanted = {key: MonthTotal(**month) for key, month in moved.items()}
    for place in stored.months.keys() | wanted.keys():
        assert stored.months.get(place, nothing) == wanted.get(place, nothing)


def _add_document(month: dict[str, int], doc: oracle.Doc) -> None:
    total, kind = int(doc.total), DocumentKind(doc.kind)
    month["debit_issued" if kind in DEBIT_KINDS else "credit_issued"] += total
    month["sales"] += _sale(kind) * total
    month["receipts"] += total if kind in CASH_KINDS else 0


def _add_entry(
    month: dict[str, int], doc: oracle.Doc, entry: Allocation, minor: int
) -> None:
    kind = DocumentKind(doc.kind)
    month["debit_settled" if kind in DEBIT_KINDS else "credit_applied"] += minor
    if entry.kind == AllocationKind.VOID:
        month["sales"] -= _sale(kind) * minor
        month["receipts"] -= minor if kind in CASH_KINDS else 0


def _sale(kind: DocumentKind) -> int:
    return {DocumentKind.INVOICE: 1, DocumentKind.CREDIT_NOTE: -1}.get(kind, 0)


@given(story=stories())
@examples(25)
def test_the_ledger_verifies_itself(database: Database, story: Story) -> None:
    """After any landings each currency's balances equal its facts, and it says so."""
    books = told(story, database)
    with books.ask(FAR) as asked:
        said = verification.statements(asked.session)
    codes = sorted({one.doc.currency for one in facts.read(books).versions})
    assert [line.split(":")[0] for line in said] == codes


@given(story=stories(), as_of=dates_asked())
@examples(25)
def test_balances_follow_the_plain_definition(
    database: Database, story: Story, as_of: date
) -> None:
    """The ledger's queries and the definition over single documents say the same."""
    books = told(story, database)
    stored = facts.read(books)
    for known_at in (None, *books.landed_at):
        wanted = {
            key: minor
            for key, minor in _by_definition(stored, as_of, known_at).items()
            if minor
        }
        found: dict[str, int] = defaultdict(int)
        for item in open_items(books, as_of, known_at):
            found[str(item.document_id)] += item.open_minor
        assert found == wanted


def _by_definition(
    stored: Facts, as_of: date, known_at: datetime | None
) -> dict[str, int]:
    found = {}
    for key, doc in oracle.holding(stored.versions, known_at).items():
        kind = DocumentKind(doc.kind)
        document = Document(
            kind=kind,
            source_id=SourceId(doc.number),
            number=doc.number,
            debtor=SourceId(doc.debtor),
            currency=Currency(doc.currency),
            total_minor=int(doc.total),
            issued_on=doc.issued_on,
        )
        sign = 1 if kind in DEBIT_KINDS else -1
        entries = _entries(stored, UUID(key))
        found[key] = sign * open_minor(document, entries, as_of, known_at)
    return found


def _entries(stored: Facts, key: UUID) -> list[Entry]:
    return [
        Entry(
            kind=AllocationKind(one.kind),
            minor=one.amount_minor if one.debit_id == key else one.credit_minor,
            effective_on=one.effective_on,
            known_at=one.known_at,
        )
        for one in stored.allocations
        if key in {one.debit_id, one.credit_id}
    ]


@given(story=stories(EXPORTS))
@examples(100)
def test_a_claim_settles_what_it_says_or_nothing(
    database: Database, story: Story
) -> None:
    """At every date and landing a claim settles one amount the books gave, or none."""
    books = told(story, database)
    by_claim: dict[UUID, list[Allocation]] = defaultdict(list)
    for one in facts.read(books).allocations:
        if one.debit_id is not None and one.credit_id is not None:
            by_claim[one.claim_id].append(one)
    for entries in by_claim.values():
        for known_at in books.landed_at:
            known = [one for one in entries if one.known_at <= known_at]
            allowed = {0} | {one.amount_minor for one in known if one.amount_minor > 0}
            for day in {one.effective_on for one in known}:
                settled = sum(o.amount_minor for o in known if o.effective_on <= day)
                assert settled in allowed


@given(story=stories(EXPORTS))
@examples(100)
def test_a_void_takes_the_total_back_once(database: Database, story: Story) -> None:
    """At every date and landing a void takes back a document's total or nothing."""
    books = told(story, database)
    stored = facts.read(books)
    totals: dict[str, set[int]] = defaultdict(lambda: {0})
    for version in stored.versions:
        totals[version.doc.key].add(int(version.doc.total))
    by_document: dict[str, list[Allocation]] = defaultdict(list)
    for one in stored.allocations:
        if one.kind == AllocationKind.VOID:
            by_document[str(one.debit_id or one.credit_id)].append(one)
    for key, entries in by_document.items():
        for known_at in books.landed_at:
            known = [one for one in entries if one.known_at <= known_at]
            for day in {one.effective_on for one in known}:
                taken = sum(o.amount_minor for o in known if o.effective_on <= day)
                assert taken in totals[key]


@given(story=stories())
@examples(40)
def test_entries_count_from_when_both_documents_are_dated(
    database: Database, story: Story
) -> None:
    """As known now nothing on a balance counts before its documents are dated."""
    stored = facts.read(told(story, database))
    docs = oracle.holding(stored.versions)
    moved: dict[tuple[UUID, date], int] = defaultdict(int)
    for one in stored.allocations:
        moved[one.claim_id, one.effective_on] += one.amount_minor
    for one in stored.allocations:
        if moved[one.claim_id, one.effective_on]:
            for key in (one.debit_id, one.credit_id):
                assert key is None or one.effective_on >= docs[str(key)].issued_on


@given(story=stories())
@examples(20)
def test_versions_follow_each_other_without_a_gap(
    database: Database, story: Story
) -> None:
    """A document's states become known at different instants, in the order stored."""
    stored = facts.read(told(story, database))
    by_document: dict[str, list[datetime]] = defaultdict(list)
    for version in stored.versions:
        by_document[version.doc.key].append(version.known_at)
    for instants in by_document.values():
        ordered = sorted(instants)
        assert all(one < following for one, following in pairwise(ordered))


@given(story=stories(EXPORTS))
@examples(40)
def test_in_the_end_only_the_last_word_counts(database: Database, story: Story) -> None:
    """However the books got there, in the end the same is open as if told at once."""
    books = told(story, database)
    on = story.events[-1].on
    first = story.events[0]
    assert isinstance(first, Page)
    at_once = Page(
        on=on, documents=story.documents, claims=story.claims, debtors=first.debtors
    )
    fresh = told(Story((at_once,)), database)
    found = {_named(one): one.open_minor for one in open_items(books, FAR)}
    wanted = {_named(one): one.open_minor for one in open_items(fresh, FAR)}
    assert found == wanted


def _named(item: OpenItem) -> tuple[DocumentKind, str, int]:
    return item.kind, item.number, item.part
