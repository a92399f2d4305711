"""Edge cases 11 to 20: payments, credit notes and what is applied to what."""

from datetime import date

import pytest
from msgspec import structs

from ledger.ageing import CreditPolicy
from ledger.dso import Window
from ledger.open_items import Settlement
from ledger.records import Document, DocumentKind
from ledger.reports.dso import Method
from ledger.testing import Books, a_claim, a_debtor, a_document
from tests.answers import (
    aged,
    dso,
    entries,
    moves,
    open_items,
    outcome,
    owed,
    paid,
    sold,
    total,
)

AS_OF = date(2026, 6, 30)
ISSUED, DUE = date(2026, 1, 1), date(2026, 1, 31)
PAID = date(2026, 3, 5)
HALF_YEAR = Window(date(2026, 1, 1), AS_OF, 181)


def an_invoice(number: str = "I1", amount: str = "1000") -> Document:
    """Make an invoice due at the end of January."""
    return a_document(number, amount, ISSUED, DUE)


def a_payment(number: str = "P1", amount: str = "1000") -> Document:
    """Make a payment of the fifth of March."""
    return a_document(number, amount, PAID, kind=DocumentKind.PAYMENT)


def a_credit_note(number: str = "C1", amount: str = "1000") -> Document:
    """Make a credit note of the fifth of March."""
    return a_document(number, amount, PAID, kind=DocumentKind.CREDIT_NOTE)


def test_case_11_a_credit_note_alone_pays_nothing(books: Books) -> None:
    """Unmatched, invoice and credit note are both open and come to nothing."""
    books.land(
        an_invoice("I1", "100"), a_credit_note("C1", "100"), debtors=[a_debtor()]
    )
    assert owed(books, AS_OF) == {"I1": 100, "C1": -100}
    assert aged(books, AS_OF) == {"121+": 100, "credits": -100}
    assert total(books, AS_OF) == 0
    assert outcome(books, an_invoice("I1", "100"), AS_OF) is Settlement.OPEN


def test_case_12_a_credited_invoice_is_closed_without_a_payment(books: Books) -> None:
    """Credited in full, an invoice is closed as credited and nothing was paid."""
    invoice, note = an_invoice(), a_credit_note()
    books.land(invoice, debtors=[a_debtor()])
    assert outcome(books, invoice, AS_OF) is Settlement.OPEN
    books.land(note, claims=[a_claim(invoice, note, "1000", PAID)])
    assert owed(books, AS_OF) == {}
    assert outcome(books, invoice, AS_OF) is Settlement.CREDITED
    assert paid(books, HALF_YEAR) == []


def test_case_13_a_credit_moves_on_to_another_invoice(books: Books) -> None:
    """Paid and credited, an invoice's credit settles a second one and is used up."""
    first, second = an_invoice("I1"), an_invoice("I2")
    payment, note = a_payment(), a_credit_note()
    books.land(
        first,
        second,
        payment,
        note,
        claims=[
            a_claim(first, payment, "1000", PAID),
            a_claim(second, note, "1000", PAID),
        ],
        debtors=[a_debtor()],
    )
    assert owed(books, AS_OF) == {}
    assert outcome(books, first, AS_OF) is Settlement.PAID
    assert outcome(books, second, AS_OF) is Settlement.CREDITED


def test_case_13_a_payment_moves_from_a_credited_invoice(books: Books) -> None:
    """A payment freed by a credit note settles another invoice and leaves nothing."""
    first, second = an_invoice("I1"), an_invoice("I2")
    payment, note = a_payment(), a_credit_note()
    paying_first = a_claim(first, payment, "1000", PAID)
    books.land(first, second, payment, claims=[paying_first], debtors=[a_debtor()])
    crediting = a_claim(first, note, "1000", PAID)
    paying_second = a_claim(second, payment, "1000", PAID)
    books.unclaim_all_but(on=date(2026, 4, 1))
    books.land(note, claims=[crediting, paying_second])
    assert owed(books, AS_OF) == {}


@pytest.mark.parametrize("applied", ["1000", "1100"])
def test_case_14_too_much_paid_is_visible(books: Books, applied: str) -> None:
    """Of 1,100 paid on 1,000 a credit of 100 is left, however the books applied it."""
    invoice, payment = an_invoice(), a_payment("P1", "1100")
    books.land(
        invoice,
        payment,
        claims=[a_claim(invoice, payment, applied, PAID)],
        debtors=[a_debtor()],
    )
    assert aged(books, AS_OF) == {"credits": -100}
    assert sum(owed(books, AS_OF).values()) == -100
    assert outcome(books, invoice, AS_OF) is Settlement.PAID


def test_case_15_cash_that_covers_what_is_overdue_is_visible(books: Books) -> None:
    """Unmatched cash stands beside the overdue sum, and covers it by date."""
    books.land(
        an_invoice(),
        a_document("I2", "500", ISSUED, date(2026, 7, 31)),
        a_payment("P1", "1000"),
        debtors=[a_debtor()],
    )
    assert aged(books, AS_OF) == {"current": 500, "121+": 1000, "credits": -1000}
    covered = aged(books, AS_OF, policy=CreditPolicy.OLDEST_FIRST)
    assert covered == {"current": 500}
    credits_ = [one.number for one in open_items(books, AS_OF) if one.is_credit]
    assert credits_ == ["P1"]


def test_case_16_a_payment_deleted_at_source_opens_its_invoice(books: Books) -> None:
    """A dated entry takes it back and all that was reported before stays as known."""
    invoice, payment = an_invoice(), a_payment()
    claim = a_claim(invoice, payment, "1000", PAID)
    books.land(invoice, payment, claims=[claim], debtors=[a_debtor()])
    before = books.landed_at[-1]
    noticed_on = date(2026, 4, 1)
    books.void_all_but(invoice, on=noticed_on)
    posted, taken_back = entries(books, invoice)
    assert (posted.minor, posted.known_at) == (1000_00, before)
    assert (taken_back.minor, taken_back.known_at) == (-1000_00, books.landed_at[-1])
    assert owed(books, noticed_on) == {"I1": 1000}
    assert owed(books, noticed_on, before) == {}
    (item,) = open_items(books, noticed_on)
    assert item.days_overdue(noticed_on) == 60


def test_case_16_a_deleted_payment_never_was_as_books_see_it_now(books: Books) -> None:
    """Between its day and the day it was missed the invoice was open after all."""
    invoice, payment = an_invoice(), a_payment()
    claim = a_claim(invoice, payment, "1000", PAID)
    books.land(invoice, payment, claims=[claim], debtors=[a_debtor()])
    before = books.landed_at[-1]
    books.void_all_but(invoice, on=date(2026, 4, 1))
    assert owed(books, date(2026, 3, 20)) == {"I1": 1000}
    assert owed(books, date(2026, 3, 20), before) == {}


def test_case_17_of_an_amended_payment_only_the_new_one_counts(books: Books) -> None:
    """Cancelled and issued again, a payment counts once, from its own day on."""
    invoice, first = an_invoice(), a_payment("P1")
    books.land(
        invoice,
        first,
        claims=[a_claim(invoice, first, "1000", PAID)],
        debtors=[a_debtor()],
    )
    amended_on = date(2026, 3, 9)
    second = structs.replace(a_payment("P1-1", "900"), issued_on=amended_on)
    books.land(
        structs.replace(first, voided_on=amended_on),
        second,
        claims=[a_claim(invoice, second, "900", amended_on)],
    )
    assert owed(books, AS_OF) == {"I1": 100}
    assert paid(books, HALF_YEAR) == [("I1", amended_on, 900, 67, 37)]


def test_case_18_taking_back_in_november_leaves_september(books: Books) -> None:
    """Unmatched in November, what was matched in September stays matched until then."""
    invoice = a_document("I1", "1000", date(2026, 8, 1), date(2026, 8, 31))
    payment = a_document("P1", "1000", date(2026, 9, 10), kind=DocumentKind.PAYMENT)
    claim = a_claim(invoice, payment, "1000", date(2026, 9, 10))
    books.land(invoice, payment, claims=[claim], debtors=[a_debtor()])
    matched = books.landed_at[-1]
    books.unclaim_all_but(on=date(2026, 11, 12))
    september, november = date(2026, 9, 30), date(2026, 11, 30)
    assert owed(books, september) == owed(books, september, matched) == {}
    assert owed(books, november) == {"I1": 1000, "P1": -1000}
    assert owed(books, november, matched) == {}
    assert moves(books, invoice)[-1] == ("payment", date(2026, 11, 12), -1000)


def test_case_18_matching_again_counts_once(books: Books) -> None:
    """Unmatched and matched again as before, nothing counts twice at any date."""
    invoice, payment = an_invoice(), a_payment()
    claim = a_claim(invoice, payment, "1000", PAID)
    books.land(invoice, payment, claims=[claim], debtors=[a_debtor()])
    books.unclaim_all_but(on=date(2026, 4, 1))
    books.land(claims=[claim], on=date(2026, 5, 1))
    assert owed(books, date(2026, 3, 20)) == {}
    assert owed(books, AS_OF) == {}


def test_case_19_a_page_landed_twice_leaves_one_allocation(books: Books) -> None:
    """The same page again changes nothing and says so."""
    invoice, payment = an_invoice(), a_payment()
    claim = a_claim(invoice, payment, "400", PAID)
    books.land(invoice, payment, claims=[claim], debtors=[a_debtor()])
    again = books.land(invoice, payment, claims=[claim], debtors=[a_debtor()])
    assert (again.documents.same, again.claims.same, again.debtors.same) == (2, 1, 1)
    assert moves(books, invoice) == [("payment", PAID, 400)]
    assert owed(books, AS_OF) == {"I1": 600, "P1": -600}


def test_case_19_a_changed_allocation_replaces_itself(books: Books) -> None:
    """Changed from 400 to 600, an allocation settles 600, as it does in the books."""
    invoice, payment = an_invoice(), a_payment()
    claim = a_claim(invoice, payment, "400", PAID)
    books.land(invoice, payment, claims=[claim], debtors=[a_debtor()])
    before = books.landed_at[-1]
    books.land(claims=[structs.replace(claim, amount_minor=600_00)])
    assert owed(books, PAID) == {"I1": 400, "P1": -400}
    assert owed(books, PAID, before) == {"I1": 600, "P1": -600}
    assert sum(amount for _, _, amount in moves(books, invoice)) == 600


def test_case_20_a_cancelled_credit_note_is_ignored(books: Books) -> None:
    """Cancelled when it is first seen, a credit note lowers neither debt nor sales."""
    note = structs.replace(a_credit_note("C1", "100"), voided_on=PAID)
    books.land(an_invoice(), note, debtors=[a_debtor()])
    assert owed(books, AS_OF) == {"I1": 1000}
    assert sum(amount for _, _, amount in sold(books, HALF_YEAR)) == 1000
    assert dso(books, date(2026, 3, 31), Method.SIMPLE).sales == 1000


def test_case_20_a_payment_of_nothing_changes_nothing(books: Books) -> None:
    """A payment of zero leaves an invoice as it was, however often it comes."""
    invoice, nothing = an_invoice(), a_payment("P0", "0")
    books.land(invoice, debtors=[a_debtor()])
    for _ in range(3):
        books.land(nothing, claims=[a_claim(invoice, nothing, "0", PAID)])
    assert owed(books, AS_OF) == {"I1": 1000}
    assert outcome(books, invoice, AS_OF) is Settlement.OPEN
    assert paid(books, HALF_YEAR) == []
    assert len(moves(books, invoice)) <= 1


def test_case_20_a_refund_uses_the_credit_up(books: Books) -> None:
    """A credit paid back in cash is gone, and so is the refund."""
    note = a_credit_note("C1", "100")
    refund = a_document("R1", "100", date(2026, 3, 20), kind=DocumentKind.REFUND)
    books.land(
        note,
        refund,
        claims=[a_claim(refund, note, "100", date(2026, 3, 20))],
        debtors=[a_debtor()],
    )
    assert owed(books, date(2026, 3, 19)) == {"C1": -100}
    assert owed(books, AS_OF) == {}
    assert total(books, AS_OF) == 0


def test_case_20_a_refund_not_matched_comes_to_nothing(books: Books) -> None:
    """Credit and refund that the books did not match still add up to nothing."""
    refund = a_document("R1", "100", PAID, kind=DocumentKind.REFUND)
    books.land(a_credit_note("C1", "100"), refund, debtors=[a_debtor()])
    assert total(books, AS_OF) == 0
