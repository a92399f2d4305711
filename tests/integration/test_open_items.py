"""The books' list of open items: what the pull could not see is found and mended."""

from collections.abc import Callable
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from ledger.calendar import FixedClock
from ledger.errors import SourceError
from ledger.records import Document, DocumentKind, DocumentRef
from ledger.store import verification
from ledger.store.connections import RunState
from ledger.store.session import Database
from ledger.testing import Books, NoRates, a_claim, a_document
from sync import open_items
from sync.pull import Sync
from sync.result import OpenItems, RunResult
from tests.answers import owed
from tests.integration.profile import examples
from tests.listed_books import ListedBooks

ISSUED, DUE = date(2026, 1, 1), date(2026, 1, 31)
PAID = date(2026, 3, 5)
DAYS = [date(2026, 4, day) for day in range(1, 29)]
AS_OF = date(2026, 6, 30)

INVOICES = tuple(a_document(f"I{n}", "100", ISSUED, DUE) for n in range(1, 11))
PAYMENT = a_document("P1", "100", PAID, kind=DocumentKind.PAYMENT)
CLAIM = a_claim(INVOICES[0], PAYMENT, "100", PAID)
FIRST = DocumentRef(DocumentKind.INVOICE, INVOICES[0].source_id)

Run = Callable[..., RunResult]


@pytest.fixture
def there() -> ListedBooks:
    """Books of ten open invoices, all told of."""
    one = ListedBooks()
    one.put(*INVOICES)
    return one


def syncing(books: Books, there: ListedBooks) -> Run:
    """Return what runs a sync, a day later each time."""
    days = iter(DAYS)

    def run(*, accept: bool = False) -> RunResult:
        return Sync(
            database=books.database,
            tenant=books.tenant,
            connection=books.connection,
            connector=there,
            clock=FixedClock.on(next(days)),
            rates=NoRates(),
            accept_closures=accept,
        ).run()

    return run


@pytest.fixture
def run(books: Books, there: ListedBooks) -> Run:
    """Run a sync of the books, after the first one."""
    found = syncing(books, there)
    assert found().is_clean
    return found


def checked(result: RunResult) -> OpenItems:
    """Return how the open items compared."""
    assert result.state is RunState.COMPLETED
    assert result.open_items is not None
    return result.open_items


def test_what_agrees_is_not_read_again(run: Run, there: ListedBooks) -> None:
    """A list that equals the ledger costs nothing more."""
    found = checked(run())
    assert (found.listed, found.differed, found.reread) == (10, 0, 0)
    assert there.asked == []
    assert "10 open in the books, each as in the ledger" in found.text


def test_a_payment_nobody_told_of_is_found(
    run: Run, there: ListedBooks, books: Books
) -> None:
    """The invoice is read again, and then the payment that it names."""
    there.put(PAYMENT, told=False)
    there.claims.append(CLAIM)
    result = run()
    found = checked(result)
    assert (found.differed, found.reread, found.left) == (1, 2, [])
    assert there.asked == [
        (FIRST,),
        (DocumentRef(PAYMENT.kind, PAYMENT.source_id),),
    ]
    assert result.waiting == 0
    assert owed(books, PAID).keys() == {f"I{n}" for n in range(2, 11)}


def test_a_payment_and_its_invoice_are_read_together(
    run: Run, there: ListedBooks, books: Books
) -> None:
    """A part payment shows on both sides of the list, and both are mended."""
    part = structs.replace(CLAIM, amount_minor=40_00)
    there.put(PAYMENT, told=False)
    there.claims.append(part)
    found = checked(run())
    assert (found.differed, found.reread, found.left) == (2, 2, [])
    assert owed(books, AS_OF)["I1"] == 60
    assert owed(books, AS_OF)["P1"] == -60
    assert checked(run()).differed == 0


def test_what_was_applied_and_no_longer_is(
    run: Run, there: ListedBooks, books: Books
) -> None:
    """Undone in the books without a word, an allocation has ended here as well."""
    there.put(PAYMENT)
    there.claims.append(CLAIM)
    there.put(INVOICES[0])
    assert checked(run()).differed == 0
    assert "I1" not in owed(books, AS_OF)
    there.claims.clear()
    found = checked(run())
    assert (found.differed, found.left) == (2, [])
    assert owed(books, AS_OF)["I1"] == 100
    assert owed(books, AS_OF)["P1"] == -100


def test_a_deleted_document_is_void(run: Run, there: ListedBooks, books: Books) -> None:
    """What the books no longer give when asked is void, and the tombstone says how."""
    del there.documents[FIRST]
    result = run()
    found = checked(result)
    assert (found.gone, found.left) == (1, [])
    assert sum(step.voided for step in result.steps) == 1
    assert "I1" not in owed(books, ISSUED)
    with books.database.tenant(books.tenant.scope) as session:
        tombstone = session.execute(
            "SELECT tombstone FROM document "
            "WHERE tenant_id = :tenant_id AND voided_on IS NOT NULL"
        ).scalar_one()
    assert tombstone == "not found by its key"


def test_what_lands_beside_a_deletion_counts_once(
    run: Run, there: ListedBooks, books: Books
) -> None:
    """A payment found and a deletion found in one reading leave the months right."""
    there.put(PAYMENT, told=False)
    there.claims.append(structs.replace(CLAIM, amount_minor=40_00))
    del there.documents[DocumentRef(DocumentKind.INVOICE, INVOICES[1].source_id)]
    assert checked(run()).left == []
    with books.ask(AS_OF) as asked:
        verification.statements(asked.session)


def test_a_deleted_document_may_come_back(
    run: Run, there: ListedBooks, books: Books
) -> None:
    """Restored in the books it is open again, as if nothing had been."""
    kept = there.documents.pop(FIRST)
    run()
    there.put(kept, told=False)
    assert checked(run()).left == []
    assert owed(books, ISSUED)["I1"] == 100


def test_an_invoice_the_pull_missed_is_read(
    run: Run, there: ListedBooks, books: Books
) -> None:
    """A document the list names and the ledger never saw lands."""
    there.put(a_document("I99", "5", ISSUED, DUE), told=False)
    assert checked(run()).left == []
    assert owed(books, AS_OF)["I99"] == 5


def test_what_cannot_be_mended_stays_visible(run: Run, there: ListedBooks) -> None:
    """A list that contradicts its own documents is named, and the run is not clean."""
    there.listed[FIRST] = 55_00
    result = run()
    found = checked(result)
    assert [one.ref for one in found.left] == [FIRST]
    assert "invoice I1 (EUR: 55.00 in the books, 100.00 here)" in found.text
    assert not result.is_clean
    assert result.as_json()["open_items"]["left"]


def test_a_list_that_leaves_out_too_much_stops_and_asks(
    run: Run, there: ListedBooks, books: Books
) -> None:
    """Three of ten gone looks like a broken filter: nothing is read or voided."""
    there.unlisted.update(ref for ref in list(there.documents)[:3])
    result = run()
    assert result.state is RunState.STOPPED
    assert "3 of 10" in result.message
    assert "--accept-closures" in result.message
    assert there.asked == []
    assert len(owed(books, AS_OF)) == 10


def test_a_person_may_allow_it(run: Run, there: ListedBooks, books: Books) -> None:
    """Allowed, what is really gone is void, and what is only unlisted is not."""
    refs = list(there.documents)[:3]
    there.unlisted.update(refs)
    del there.documents[refs[0]]
    found = checked(run(accept=True))
    assert found.gone == 1
    assert [one.ref for one in found.left] == refs[1:]
    assert len(owed(books, AS_OF)) == 9


def test_no_more_is_read_again_than_a_night_may(
    run: Run, there: ListedBooks, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is over the limit waits for the next night and is named until then."""
    monkeypatch.setattr(open_items, "REREAD_MAX", 2)
    there.put(
        *(a_document(f"I{n}", "7", ISSUED, DUE) for n in range(50, 53)), told=False
    )
    assert len(checked(run()).left) == 1
    assert checked(run()).left == []


def test_a_list_that_cannot_be_read_fails_the_run_only(
    run: Run, there: ListedBooks, books: Books
) -> None:
    """What the pull brought is kept; the run has failed and says why."""
    there.put(a_document("I99", "5", ISSUED, DUE))
    there.fault = SourceError("The list is closed.", remedy="Ask for it.")
    result = run()
    assert result.state is RunState.FAILED
    assert "The list is closed. Ask for it." in result.message
    assert owed(books, AS_OF)["I99"] == 5


def test_one_document_is_read_at_once(there: ListedBooks, books: Books) -> None:
    """Asked for by its key, a document lands with what settles it, and alone."""
    there.put(PAYMENT, told=False)
    there.claims.append(CLAIM)
    sync = Sync(
        database=books.database,
        tenant=books.tenant,
        connection=books.connection,
        connector=there,
        clock=FixedClock.on(DAYS[0]),
        rates=NoRates(),
    )
    result = sync.touch([FIRST])
    assert (result.state, result.waiting) == (RunState.COMPLETED, 0)
    assert [one.kind for asked in there.asked for one in asked] == [
        DocumentKind.INVOICE,
        DocumentKind.PAYMENT,
    ]
    assert owed(books, date(2026, 2, 1)) == {"I1": 100}
    assert owed(books, AS_OF) == {}


AMOUNTS = st.integers(1, 5_000)


@st.composite
def changes(draw: st.DrawFn) -> tuple[list[Document], list[tuple[int, int, int]]]:
    """Draw invoices and payments, and what is applied of which to which."""
    count = draw(st.integers(1, 6))
    invoices = [
        structs.replace(
            a_document(f"I{n}", "1", ISSUED, DUE), total_minor=draw(AMOUNTS)
        )
        for n in range(count)
    ]
    payments = [
        structs.replace(
            a_document(f"P{n}", "1", PAID, kind=DocumentKind.PAYMENT),
            total_minor=draw(AMOUNTS),
        )
        for n in range(draw(st.integers(0, 4)))
    ]
    pairs = [(i, p) for i in range(len(invoices)) for p in range(len(payments))]
    chosen = draw(st.lists(st.sampled_from(pairs), unique=True)) if pairs else []
    return [*invoices, *payments], [(i, p, draw(AMOUNTS)) for i, p in chosen]


@given(states=st.lists(changes(), min_size=1, max_size=3))
@examples(40)
def test_whatever_happened_unseen_is_mended(
    database: Database, states: list[tuple[list[Document], list[tuple[int, int, int]]]]
) -> None:
    """Documents and allocations come and go untold; each night ends with all equal."""
    books, there = Books.open(database), ListedBooks()
    run = syncing(books, there)
    for documents, applied in states:
        there.documents.clear()
        there.put(*documents, told=False)
        invoices = [one for one in documents if one.kind is DocumentKind.INVOICE]
        payments = [one for one in documents if one.kind is DocumentKind.PAYMENT]
        left = {one.source_id: one.total_minor for one in documents}
        there.claims.clear()
        for i, p, amount in applied:
            debit, credit = invoices[i], payments[p]
            minor = min(amount, left[debit.source_id], left[credit.source_id])
            if minor:
                left[debit.source_id] -= minor
                left[credit.source_id] -= minor
                claim = structs.replace(
                    a_claim(debit, credit, "1", PAID), amount_minor=minor
                )
                there.claims.append(claim)
        result = run(accept=True)
        wanted = {
            (ref, there.open_minor(ref))
            for ref in there.documents
            if there.open_minor(ref)
        }
        with books.database.tenant(books.tenant.scope) as session:
            rows = session.execute(
                "SELECT kind, source_id, open_minor FROM document "
                "WHERE tenant_id = :tenant_id AND open_minor <> 0"
            ).all()
        found = {
            (DocumentRef(DocumentKind(row.kind), row.source_id), row.open_minor)
            for row in rows
        }
        assert found == wanted
        assert checked(result).left == []
        with books.ask(AS_OF) as asked:
            verification.statements(asked.session)
