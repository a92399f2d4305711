"""Void, closed, and back again: what complete lists and cancellations do."""

from datetime import date

import pytest
from msgspec import structs

from ledger.dso import Window
from ledger.records import Document, DocumentKind, DocumentRef
from ledger.store import absence, verification
from ledger.testing import Books, a_claim, a_debtor, a_document
from tests.answers import moves, owed, sold

ISSUED, DUE = date(2026, 1, 1), date(2026, 1, 31)
PAID, VOIDED = date(2026, 3, 5), date(2026, 4, 1)
AS_OF = date(2026, 6, 30)
HALF_YEAR = Window(ISSUED, AS_OF, 181)

INVOICE = a_document("I1", "1000", ISSUED, DUE)
PAYMENT = a_document("P1", "1000", PAID, kind=DocumentKind.PAYMENT)
CLAIM = a_claim(INVOICE, PAYMENT, "1000", PAID)


def voided(document: Document, on: date = VOIDED) -> Document:
    """Cancel a document as of a day."""
    return structs.replace(document, voided_on=on)


def listed(document: Document, open_minor: int) -> Document:
    """Let a list say what is open of a document."""
    return structs.replace(document, open_minor=open_minor)


def verify(books: Books) -> None:
    """Recompute every balance."""
    with books.ask(AS_OF) as asked:
        verification.statements(asked.session)


def test_a_void_counts_from_its_day(books: Books) -> None:
    """Open until the day it was cancelled, then not; its sale is taken back."""
    books.land(INVOICE, debtors=[a_debtor()])
    books.land(voided(INVOICE))
    assert owed(books, date(2026, 3, 31)) == {"I1": 1000}
    assert owed(books, VOIDED) == {}
    assert sold(books, HALF_YEAR) == [("I1", ISSUED, 1000), ("I1", VOIDED, -1000)]


def test_a_void_before_the_document_s_date_counts_from_that(books: Books) -> None:
    """Cancelled before it is dated, a document is never open."""
    books.land(voided(INVOICE, date(2025, 12, 1)), debtors=[a_debtor()])
    assert owed(books, ISSUED) == {}
    verify(books)


@pytest.mark.parametrize(
    ("moved_to", "open_between"), [(date(2026, 4, 20), 1000), (date(2026, 3, 20), 0)]
)
def test_a_void_moves_with_its_day(
    books: Books, moved_to: date, open_between: int
) -> None:
    """When the books give a void another day it counts from that one."""
    books.land(voided(INVOICE), debtors=[a_debtor()])
    books.land(voided(INVOICE, moved_to))
    between = min(moved_to, VOIDED)
    assert sum(owed(books, between).values()) == open_between
    assert owed(books, max(moved_to, VOIDED)) == {}
    assert owed(books, date(2026, 3, 19)) == {"I1": 1000}


def test_a_void_that_is_undone_never_was(books: Books) -> None:
    """Cancelled and standing again, a document is open at every date, and once."""
    books.land(voided(INVOICE), debtors=[a_debtor()])
    books.land(INVOICE, on=date(2026, 5, 1))
    for as_of in (ISSUED, VOIDED, date(2026, 4, 15), AS_OF):
        assert owed(books, as_of) == {"I1": 1000}


def test_a_void_of_the_future_may_be_undone_before_its_day(books: Books) -> None:
    """A cancellation to come that is called off leaves nothing doubled."""
    books.land(INVOICE, debtors=[a_debtor()])
    books.land(voided(INVOICE), on=date(2026, 3, 1))
    books.land(INVOICE, on=date(2026, 3, 10))
    for as_of in (date(2026, 3, 5), date(2026, 3, 20), AS_OF):
        assert owed(books, as_of) == {"I1": 1000}


def test_another_total_of_a_void_document_stays_void(books: Books) -> None:
    """A void document is not open, whatever its total turns out to have been."""
    books.land(voided(INVOICE), debtors=[a_debtor()])
    books.land(structs.replace(voided(INVOICE), total_minor=800_00))
    assert owed(books, AS_OF) == {}
    assert owed(books, date(2026, 3, 31)) == {"I1": 800}
    verify(books)


def test_what_was_applied_to_a_void_document_is_free_again(books: Books) -> None:
    """When an invoice is cancelled its payment is unapplied from that day on."""
    books.land(INVOICE, PAYMENT, claims=[CLAIM], debtors=[a_debtor()])
    books.land(voided(INVOICE))
    assert owed(books, date(2026, 3, 31)) == {}
    assert owed(books, VOIDED) == {"P1": -1000}


@pytest.mark.parametrize("moved_to", [date(2026, 3, 20), date(2026, 4, 20)])
def test_what_was_applied_is_free_from_the_void_s_own_day(
    books: Books, moved_to: date
) -> None:
    """When the books give a void another day, what was applied follows it."""
    books.land(INVOICE, PAYMENT, claims=[CLAIM], debtors=[a_debtor()])
    books.land(voided(INVOICE))
    books.land(voided(INVOICE, moved_to))
    assert owed(books, date(2026, 3, 19)) == {}
    assert owed(books, moved_to) == {"P1": -1000}
    between = date(2026, 4, 10)
    freed = {"P1": -1000} if moved_to < between else {}
    assert owed(books, between) == freed


def test_a_claim_on_a_void_document_waits(books: Books) -> None:
    """Listed again while the document is void, a claim is not posted."""
    books.land(INVOICE, PAYMENT, claims=[CLAIM], debtors=[a_debtor()])
    books.land(voided(INVOICE))
    books.land(claims=[CLAIM])
    assert books.retry_parked() == 0
    assert owed(books, AS_OF) == {"P1": -1000}


@pytest.mark.parametrize("void", [INVOICE, PAYMENT])
@pytest.mark.parametrize("as_of", [PAID, date(2026, 3, 20), date(2026, 4, 15), AS_OF])
def test_what_was_applied_returns_when_a_void_is_undone(
    books: Books, void: Document, as_of: date
) -> None:
    """As if nothing had happened, the payment settles the invoice once."""
    books.land(INVOICE, PAYMENT, claims=[CLAIM], debtors=[a_debtor()])
    books.land(voided(void))
    books.land(void, on=date(2026, 5, 1))
    books.retry_parked()
    assert owed(books, as_of) == {}


def test_what_was_applied_returns_when_an_absent_document_does(books: Books) -> None:
    """Missing from one complete export and back in the next, all is as before."""
    books.land(INVOICE, PAYMENT, claims=[CLAIM], debtors=[a_debtor()])
    assert books.void_all_but(INVOICE, on=VOIDED) == 1
    assert owed(books, AS_OF) == {"I1": 1000}
    books.land(PAYMENT, claims=[CLAIM], on=date(2026, 5, 1))
    for as_of in (PAID, date(2026, 3, 20), date(2026, 4, 15), AS_OF):
        assert owed(books, as_of) == {}


def test_an_absent_document_never_was_but_was_known(books: Books) -> None:
    """As known now it was not open even before it was missed; as known then it was."""
    books.land(INVOICE, debtors=[a_debtor()])
    before = books.landed_at[-1]
    books.void_all_but(on=VOIDED)
    assert owed(books, PAID) == {}
    assert owed(books, PAID, before) == {"I1": 1000}
    assert books.void_all_but(on=AS_OF) == 0


def test_an_item_no_longer_listed_was_open_until_then(books: Books) -> None:
    """Missing from a complete list, an item is closed on the list's day."""
    other = a_document("I2", "5", ISSUED, DUE)
    books.land(INVOICE, other, debtors=[a_debtor()])
    assert books.close_all_but(other, on=VOIDED) == 1
    assert owed(books, date(2026, 3, 31)) == {"I1": 1000, "I2": 5}
    assert owed(books, VOIDED) == {"I2": 5}
    assert moves(books, INVOICE) == [("closed_in_books", VOIDED, 1000)]
    assert books.close_all_but(other, on=AS_OF) == 0


def test_an_item_listed_again_is_open_again_from_then(books: Books) -> None:
    """Closed and back on a later list, an item was closed in between only."""
    books.land(listed(INVOICE, 1000_00), debtors=[a_debtor()], on=PAID)
    books.close_all_but(on=VOIDED)
    back_on = date(2026, 5, 1)
    books.land(listed(INVOICE, 600_00), on=back_on)
    assert owed(books, date(2026, 3, 31)) == {"I1": 1000}
    assert owed(books, date(2026, 4, 30)) == {}
    assert owed(books, back_on) == {"I1": 600}


def test_credits_no_longer_listed_are_closed_too(books: Books) -> None:
    """An unapplied payment that a complete list leaves out is used up."""
    books.land(INVOICE, PAYMENT, debtors=[a_debtor()])
    books.close_all_but(INVOICE, on=VOIDED)
    assert owed(books, AS_OF) == {"I1": 1000}


def test_a_document_of_the_future_is_closed_on_its_date(books: Books) -> None:
    """What is closed before its own date is never open, and the ledger verifies."""
    books.land(a_document("I9", "10", AS_OF), debtors=[a_debtor()])
    books.close_all_but(on=VOIDED)
    assert owed(books, AS_OF) == {}
    verify(books)


def test_an_item_closed_by_a_list_and_then_void_is_not_a_credit(books: Books) -> None:
    """First missing from the list and then cancelled in the books, nothing is open."""
    books.land(INVOICE, debtors=[a_debtor()])
    books.close_all_but(on=VOIDED)
    books.land(voided(INVOICE))
    assert owed(books, AS_OF) == {}
    verify(books)


def test_a_void_row_of_a_list_is_not_open(books: Books) -> None:
    """A list's row marked as cancelled is not open when it is first seen."""
    books.land(voided(listed(INVOICE, 0)), debtors=[a_debtor()])
    assert owed(books, AS_OF) == {}
    verify(books)


def test_a_row_that_a_list_marks_as_void_is_not_open(books: Books) -> None:
    """Open on one list and marked as cancelled on the next, it is no credit either."""
    books.land(listed(INVOICE, 400_00), debtors=[a_debtor()], on=PAID)
    books.land(voided(listed(INVOICE, 0)), on=VOIDED)
    assert owed(books, AS_OF) == {}
    verify(books)


def test_a_void_item_on_a_list_again_is_open_as_listed(books: Books) -> None:
    """Cancelled and then listed with 400 open, 400 are open and no more."""
    books.land(listed(INVOICE, 1000_00), debtors=[a_debtor()], on=PAID)
    books.void_all_but(on=VOIDED)
    books.land(listed(INVOICE, 400_00), on=date(2026, 5, 1))
    assert owed(books, AS_OF) == {"I1": 400}
    verify(books)


def test_how_much_is_missing_is_told_by_currency(books: Books) -> None:
    """Before anything is closed the ledger can say how much a list leaves out."""
    other = a_document("I2", "250", ISSUED, DUE)
    books.land(INVOICE, other, PAYMENT, debtors=[a_debtor()])
    with books.landing() as begun:
        absence.name_documents(begun, refs(INVOICE, PAYMENT))
        (items,) = absence.open_shares(begun, list(DocumentKind))
        (invoices,) = absence.standing_shares(begun, [DocumentKind.INVOICE])
    assert (items.standing, items.missing) == (3, 1)
    assert (items.open_minor, items.missing_minor) == (2250_00, 250_00)
    assert (invoices.standing, invoices.missing) == (2, 1)
    assert owed(books, AS_OF) == {"I1": 1000, "I2": 250, "P1": -1000}


def refs(*documents: Document) -> list[DocumentRef]:
    """Return how the books name documents."""
    return [DocumentRef(one.kind, one.source_id) for one in documents]
