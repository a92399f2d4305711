"""Claims: what the books say was applied, posted once and never rewritten."""

from datetime import date

import pytest
from msgspec import structs

from ledger.ageing import CreditPolicy
from ledger.dso import Window
from ledger.ids import SourceId
from ledger.money import Currency
from ledger.records import Claim, Document, DocumentKind
from ledger.reports.dso import Method
from ledger.store import parked, verification
from ledger.testing import Books, a_claim, a_debtor, a_document
from tests.answers import aged, dso, moves, owed, paid, total

USD = Currency("USD")
ISSUED, DUE = date(2026, 1, 1), date(2026, 1, 31)
PAID, WITHDRAWN_ON = date(2026, 3, 5), date(2026, 4, 1)
BETWEEN = date(2026, 3, 20)
AS_OF = date(2026, 6, 30)
HALF_YEAR = Window(ISSUED, AS_OF, 181)

INVOICE = a_document("I1", "1000", ISSUED, DUE)
PAYMENT = a_document("P1", "1000", PAID, kind=DocumentKind.PAYMENT)
CLAIM = a_claim(INVOICE, PAYMENT, "1000", PAID)


def land(books: Books, *claims: Claim) -> None:
    """Land the invoice, the payment and what is applied."""
    books.land(INVOICE, PAYMENT, claims=claims, debtors=[a_debtor()])


def waiting(books: Books) -> list[tuple[bool, bool]]:
    """Return of each claim that waits whether debit and credit are there."""
    with books.database.question(books.tenant.scope) as session:
        found = parked.load_waiting(session, books.connection.id)
        return [(one.has_debit, one.has_credit) for one in found]


def test_a_claim_waits_for_its_documents(books: Books) -> None:
    """A claim that comes first is posted when both documents are there, on its date."""
    books.land(claims=[CLAIM], debtors=[a_debtor()])
    assert waiting(books) == [(False, False)]
    books.land(PAYMENT)
    assert books.retry_parked() == 0
    assert waiting(books) == [(False, True)]
    books.land(INVOICE)
    assert owed(books, AS_OF) == {"I1": 1000, "P1": -1000}
    assert books.retry_parked() == 1
    assert waiting(books) == []
    assert owed(books, AS_OF) == {}
    assert moves(books, INVOICE) == [("payment", PAID, 1000)]


def test_a_waiting_claim_may_change_before_it_lands(books: Books) -> None:
    """The books' last word on a waiting claim is what is posted."""
    books.land(claims=[CLAIM])
    books.land(claims=[structs.replace(CLAIM, amount_minor=300_00)])
    land(books)
    books.retry_parked()
    assert owed(books, AS_OF) == {"I1": 700, "P1": -700}


def test_a_claim_in_another_currency_waits(books: Books) -> None:
    """A claim in dollars between documents in euros is kept and not posted."""
    land(books, structs.replace(CLAIM, currency=USD))
    assert waiting(books) == [(True, True)]
    assert owed(books, AS_OF) == {"I1": 1000, "P1": -1000}


def test_a_claim_across_currencies_needs_both_amounts(books: Books) -> None:
    """Without what it uses up a claim across currencies waits; with it, it lands."""
    dollars = a_document("P2", "1100", PAID, kind=DocumentKind.PAYMENT, currency=USD)
    claim = a_claim(INVOICE, dollars, "1000", PAID)
    books.land(INVOICE, dollars, claims=[claim], debtors=[a_debtor()])
    assert owed(books, AS_OF) == {"I1": 1000, "P2": -1100}
    books.land(claims=[structs.replace(claim, credit_minor=1100_00)])
    assert owed(books, AS_OF) == {}
    assert waiting(books) == []


def test_a_claim_counts_when_both_documents_are_dated(books: Books) -> None:
    """Applied in the books before the payment's date, it counts from that date."""
    land(books, structs.replace(CLAIM, effective_on=ISSUED))
    assert owed(books, date(2026, 3, 4)) == {"I1": 1000}
    assert owed(books, PAID) == {}


def test_a_changed_claim_was_always_so(books: Books) -> None:
    """Another amount, date or document replaces the old from its own date on."""
    other = a_document("I2", "1000", ISSUED, DUE)
    land(books, CLAIM)
    books.land(other)
    moved = structs.replace(CLAIM, debit=a_claim(other, PAYMENT, "1", PAID).debit)
    books.land(claims=[moved])
    assert owed(books, PAID) == {"I1": 1000}
    books.land(claims=[structs.replace(moved, effective_on=BETWEEN)])
    assert owed(books, PAID) == {"I1": 1000, "I2": 1000, "P1": -1000}
    assert owed(books, BETWEEN) == {"I1": 1000}


def test_a_withdrawn_claim_held_until_it_was_missed(books: Books) -> None:
    """What the books no longer apply is taken back on the day that was noticed."""
    land(books, CLAIM)
    assert books.unclaim_all_but(on=WITHDRAWN_ON) == 1
    assert owed(books, date(2026, 3, 31)) == {}
    assert owed(books, WITHDRAWN_ON) == {"I1": 1000, "P1": -1000}
    assert books.unclaim_all_but(on=date(2026, 5, 1)) == 0


def test_a_withdrawn_claim_that_waits_is_forgotten(books: Books) -> None:
    """A claim that never landed and is no longer made will not land later."""
    books.land(claims=[CLAIM])
    books.unclaim_all_but(on=WITHDRAWN_ON)
    land(books)
    books.retry_parked()
    assert owed(books, AS_OF) == {"I1": 1000, "P1": -1000}


@pytest.mark.parametrize("as_of", [PAID, BETWEEN, WITHDRAWN_ON, AS_OF])
def test_a_claim_that_comes_back_counts_once(books: Books, as_of: date) -> None:
    """Made, withdrawn and made again as before, it was always so and counts once."""
    land(books, CLAIM)
    books.unclaim_all_but(on=WITHDRAWN_ON)
    books.land(claims=[CLAIM], on=date(2026, 5, 1))
    assert owed(books, as_of) == {}


def test_a_claim_that_comes_back_changed_counts_as_changed(books: Books) -> None:
    """Made again for less, it settles the lesser amount and never both."""
    land(books, CLAIM)
    books.unclaim_all_but(on=WITHDRAWN_ON)
    less = structs.replace(CLAIM, amount_minor=400_00)
    books.land(claims=[less], on=date(2026, 5, 1))
    for as_of in (BETWEEN, AS_OF):
        assert owed(books, as_of) == {"I1": 600, "P1": -600}


def test_a_claim_that_comes_back_is_one_payment(books: Books) -> None:
    """A payment unmatched and matched again is counted once among payments."""
    land(books, CLAIM)
    books.unclaim_all_but(on=WITHDRAWN_ON)
    books.land(claims=[CLAIM], on=date(2026, 5, 1))
    for end_on in (BETWEEN, AS_OF):
        window = Window(ISSUED, end_on, (end_on - ISSUED).days + 1)
        assert paid(books, window) == [("I1", PAID, 1000, 63, 33)]


def test_too_much_applied_is_the_debtor_s(books: Books) -> None:
    """Two payments applied beyond the total leave the excess in the debtor's favour."""
    second = a_document("P2", "500", PAID, kind=DocumentKind.PAYMENT)
    land(books, CLAIM)
    books.land(second, claims=[a_claim(INVOICE, second, "300", PAID)])
    assert owed(books, AS_OF) == {"I1": -300, "P2": -200}


def test_a_credit_applied_beyond_its_amount_is_no_debt(books: Books) -> None:
    """120 applied of a payment of 100 age in no bucket and are no receivables."""
    invoice = a_document("I1", "120", ISSUED, DUE)
    payment = a_document("P1", "100", PAID, kind=DocumentKind.PAYMENT)
    claim = a_claim(invoice, payment, "120", PAID)
    books.land(invoice, payment, claims=[claim], debtors=[a_debtor()])
    assert dso(books, AS_OF, Method.SIMPLE).receivables == 0
    for policy in CreditPolicy:
        assert total(books, AS_OF) == 20
        assert sum(aged(books, AS_OF, policy=policy).values()) == 20
    assert aged(books, AS_OF) == {"credits": 20}


def test_a_claim_of_nothing_is_not_posted_again(books: Books) -> None:
    """A claim over zero leaves as much after three landings as after one."""
    nothing = structs.replace(CLAIM, amount_minor=0)
    land(books, nothing)
    after_one = moves(books, INVOICE)
    again = books.land(claims=[nothing])
    books.land(claims=[nothing])
    assert moves(books, INVOICE) == after_one
    assert again.claims.same == 1


def many(count: int = 12) -> tuple[list[Document], list[Document], list[Claim]]:
    """Make so many invoices, each paid by a payment of its own."""
    invoices = [
        structs.replace(INVOICE, source_id=SourceId(f"I{n}"), number=f"I{n}")
        for n in range(count)
    ]
    payments = [
        structs.replace(PAYMENT, source_id=SourceId(f"P{n}"), number=f"P{n}")
        for n in range(count)
    ]
    claims = [
        a_claim(invoice, payment, "1000", PAID)
        for invoice, payment in zip(invoices, payments, strict=True)
    ]
    return invoices, payments, claims


def test_void_payments_leave_invoices_that_change_on_the_same_page(
    books: Books,
) -> None:
    """Every claim of a void payment is taken back, whatever else a page changes."""
    invoices, payments, claims = many()
    books.land(*invoices, *payments, claims=claims, debtors=[a_debtor()])
    books.land(
        *(structs.replace(one, issued_on=date(2026, 1, 2)) for one in invoices),
        *(structs.replace(one, voided_on=PAID) for one in payments),
    )
    assert owed(books, AS_OF) == {one.number: 1000 for one in invoices}


@pytest.mark.parametrize(
    ("invoice", "claim", "left"),
    [
        (INVOICE, CLAIM, {}),
        (INVOICE, structs.replace(CLAIM, amount_minor=400_00), {"I1": 600, "P1": -600}),
        (None, CLAIM, {"P1": -1000}),
        (structs.replace(INVOICE, currency=USD), CLAIM, {"I1": 1000, "P1": -1000}),
        (structs.replace(INVOICE, voided_on=ISSUED), CLAIM, {"P1": -1000}),
        (structs.replace(INVOICE, issued_on=date(2026, 4, 1)), CLAIM, {}),
        (
            INVOICE,
            structs.replace(CLAIM, amount_minor=1_200_00),
            {"P1": 200, "I1": -200},
        ),
    ],
)
def test_a_payment_s_page_keeps_the_balance_its_claims_leave(
    books: Books, invoice: Document | None, claim: Claim, left: dict[str, int]
) -> None:
    """Whether the claims of a new credit's page count or not, its balance is right."""
    if invoice is not None:
        books.land(invoice, debtors=[a_debtor()])
    books.land(PAYMENT, claims=[claim])
    with books.ask(AS_OF) as asked:
        verification.statements(asked.session)
        rows = asked.session.execute(
            "SELECT number, currency, kind, open_minor FROM document "
            "WHERE tenant_id = :tenant_id AND open_minor <> 0"
        ).all()
    found = {
        row.number: row.open_minor // (100 if row.kind == "invoice" else -100)
        for row in rows
    }
    assert found == left
