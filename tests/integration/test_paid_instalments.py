"""Days to pay of documents in instalments: a payment is as late as what it fills."""

from datetime import date

from msgspec import structs

from ledger.dso import Window
from ledger.records import Document, DocumentKind
from ledger.testing import Books, a_claim, a_debtor, a_document, in_instalments
from tests.answers import paid

ISSUED = date(2026, 1, 1)
END = date(2026, 6, 30)
HALF_YEAR = Window(ISSUED, END, 181)
INVOICE = in_instalments(
    a_document("I1", "900", ISSUED),
    (date(2026, 1, 31), "300"),
    (date(2026, 3, 2), "300"),
    (date(2026, 3, 31), "300"),
)


def credit(
    number: str, amount: str, on: date, kind: DocumentKind = DocumentKind.PAYMENT
) -> Document:
    """Make a credit."""
    return a_document(number, amount, on, kind=kind)


def land(books: Books, *credits_: Document) -> None:
    """Land the invoice and credits that are applied to it in full."""
    books.land(
        INVOICE,
        *credits_,
        claims=[
            structs.replace(
                a_claim(INVOICE, one, "0", one.issued_on), amount_minor=one.total_minor
            )
            for one in credits_
        ],
        debtors=[a_debtor()],
    )


def test_a_payment_that_fills_two_instalments_counts_with_each(books: Books) -> None:
    """450 on 10 February are 300 paid ten days late and 150 twenty days early."""
    first_on, last_on = date(2026, 2, 10), date(2026, 4, 10)
    land(books, credit("P1", "450", first_on), credit("P2", "450", last_on))
    assert sorted(paid(books, HALF_YEAR)) == [
        ("I1", first_on, 150, 40, -20),
        ("I1", first_on, 300, 40, 10),
        ("I1", last_on, 150, 99, 39),
        ("I1", last_on, 300, 99, 10),
    ]


def test_a_credit_note_fills_an_instalment_and_is_no_payment(books: Books) -> None:
    """After a credit note of the first part a payment settles the second."""
    noted_on, paid_on = date(2026, 1, 15), date(2026, 2, 10)
    note = credit("C1", "300", noted_on, DocumentKind.CREDIT_NOTE)
    land(books, note, credit("P1", "300", paid_on))
    assert paid(books, HALF_YEAR) == [("I1", paid_on, 300, 40, -20)]


def test_payments_before_the_window_fill_and_do_not_count(books: Books) -> None:
    """Only what came in within the window is listed, after what came before it."""
    land(
        books,
        credit("P1", "300", date(2026, 2, 10)),
        credit("P2", "300", date(2026, 4, 10)),
    )
    april = Window(date(2026, 4, 1), date(2026, 4, 30), 30)
    assert paid(books, april) == [("I1", date(2026, 4, 10), 300, 99, 39)]


def test_too_much_paid_is_as_late_as_the_last_instalment(books: Books) -> None:
    """What goes beyond the total counts with the last part."""
    paid_on = date(2026, 4, 10)
    land(books, credit("P1", "1000", paid_on))
    assert sorted(paid(books, HALF_YEAR)) == [
        ("I1", paid_on, 300, 99, 39),
        ("I1", paid_on, 300, 99, 69),
        ("I1", paid_on, 400, 99, 10),
    ]


def test_a_payment_taken_back_neither_fills_nor_counts(books: Books) -> None:
    """Once the first payment is void the second fills the first instalment."""
    first, second = (
        credit("P1", "300", date(2026, 2, 10)),
        credit("P2", "300", date(2026, 4, 10)),
    )
    land(books, first, second)
    books.land(structs.replace(first, voided_on=date(2026, 2, 10)))
    assert paid(books, HALF_YEAR) == [("I1", date(2026, 4, 10), 300, 99, 69)]


def test_a_payment_counts_until_it_is_taken_back(books: Books) -> None:
    """Before the day it was taken back a payment is listed as it was."""
    first = credit("P1", "300", date(2026, 2, 10))
    land(books, first)
    books.unclaim_all_but(on=date(2026, 5, 1))
    to_april = Window(ISSUED, date(2026, 4, 30), 120)
    assert paid(books, to_april) == [("I1", date(2026, 2, 10), 300, 40, 10)]
    assert paid(books, HALF_YEAR) == []
