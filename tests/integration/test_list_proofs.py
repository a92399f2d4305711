"""A night's proof by the list of open items: mended, a matter of timing, or visible."""

from datetime import date
from itertools import count

import pytest
from msgspec import structs

from ledger.calendar import FixedClock
from ledger.errors import RetryableError
from ledger.evidence import Cause
from ledger.money import Currency
from ledger.proof import ControlLine, ControlTotals, Proof, ProofState
from ledger.records import DocumentKind, DocumentRef
from ledger.revaluation import HomeControl
from ledger.store import proofs
from ledger.store.connections import RunState
from ledger.testing import EUR, Books, NoRates, a_claim, a_document
from sync.night import Night, Work, run_night
from sync.proof import Prover
from sync.pull import Sync
from sync.result import RunResult
from tests.listed_books import ListedBooks

USD = Currency("USD")
ISSUED, DUE, PAID = date(2026, 1, 1), date(2026, 1, 31), date(2026, 3, 5)
DAY = date(2026, 4, 1)
INVOICES = tuple(a_document(f"I{n}", "100", ISSUED, DUE) for n in range(1, 6))
PAYMENT = a_document("P1", "100", PAID, kind=DocumentKind.PAYMENT)
CLAIM = a_claim(INVOICES[0], PAYMENT, "100", PAID)
FIRST = DocumentRef(DocumentKind.INVOICE, INVOICES[0].source_id)
SECOND = DocumentRef(DocumentKind.INVOICE, INVOICES[1].source_id)


@pytest.fixture
def there() -> ListedBooks:
    """Books of five open invoices."""
    one = ListedBooks()
    one.put(*INVOICES)
    return one


def standing_at(minor: int) -> HomeControl:
    """Return a receivables account of so much."""
    return HomeControl(
        source="the account", as_of=DAY, currency=EUR, balance_minor=minor
    )


def nothing() -> None:
    """Let a reading pass."""


def working(books: Books, there: ListedBooks) -> Work:
    """Return what reads and proves the books."""
    clock = FixedClock.on(DAY)
    return Work(
        Sync(
            database=books.database,
            tenant=books.tenant,
            connection=books.connection,
            connector=there,
            clock=clock,
            rates=NoRates(),
        ),
        Prover(
            database=books.database,
            tenant=books.tenant,
            connection=books.connection,
            connector=there,
            clock=clock,
            rates=NoRates(),
        ),
    )


def night(books: Books, there: ListedBooks) -> Night:
    """Run one night."""
    work = working(books, there)
    (found,) = run_night(
        books.tenant.slug, [(books.connection.name, lambda: work)], keep=str
    )
    return found


def proved(books: Books, there: ListedBooks) -> Proof:
    """Pull, and prove by a list that is read for the proof."""
    work = working(books, there)
    assert work.sync.run().state is RunState.COMPLETED
    return work.prover.prove(again=work.sync.run)


def causes(proof: Proof) -> list[tuple[Cause, str, int | None]]:
    """Return what is said of each record that differs."""
    return [
        (one.cause, one.record, one.minor)
        for comparison in proof.comparisons
        for one in (*comparison.explained, *comparison.candidates)
    ]


def pay(there: ListedBooks) -> None:
    """Pay the first invoice."""
    there.put(PAYMENT)
    there.claims.append(CLAIM)
    there.told.append(FIRST)


def test_a_quiet_night_reads_the_list_once(books: Books, there: ListedBooks) -> None:
    """The proof goes by the list read after the pull; nothing is asked twice."""
    there.acts = [nothing, nothing]
    found = night(books, there)
    assert found.is_clean
    assert found.deltas == ()
    assert len(there.acts) == 1
    assert found.proof is not None
    assert found.proof.state is ProofState.PROVED


def test_a_night_reads_on_where_the_account_differs(
    books: Books, there: ListedBooks
) -> None:
    """A payment between list and account is pulled, and both differ no longer."""
    there.home = standing_at(400_00)
    there.acts = [nothing, lambda: pay(there)]
    found = night(books, there)
    assert found.proof is not None
    assert found.proof.state is ProofState.PROVED
    assert len(found.deltas) == 1
    assert found.is_clean


def test_a_payment_before_the_proof_is_read_and_proved(
    books: Books, there: ListedBooks
) -> None:
    """What came between the pull and the proof is pulled, and differs no longer."""
    there.acts = [nothing, lambda: pay(there)]
    proof = proved(books, there)
    assert proof.state is ProofState.PROVED
    assert any(
        "equal once the books were read again" in line for line in proof.statements
    )


def test_books_that_never_rest_are_a_matter_of_timing(
    books: Books, there: ListedBooks
) -> None:
    """An item that moves with each reading is named, with both balances, as timing."""
    totals = iter(range(99, 0, -1))

    def shrink() -> None:
        there.put(structs.replace(INVOICES[0], total_minor=next(totals) * 100))

    # The first list is that of the pull; each proof finds the item lower once more.
    there.acts = [nothing, shrink, nothing, shrink, nothing, shrink]
    proof = proved(books, there)
    assert proof.state is ProofState.EXPLAINED
    (one,) = causes(proof)
    assert one == (
        Cause.TIMING,
        "invoice I1, 97.00 in the books and 98.00 here",
        -1_00,
    )


def test_what_no_reading_mends_stays_visible(books: Books, there: ListedBooks) -> None:
    """A list that says otherwise than the documents is named by record, and unknown."""
    there.listed[SECOND] = 70_00
    proof = proved(books, there)
    assert proof.state is ProofState.DIFFERENT
    assert causes(proof) == [
        (Cause.UNKNOWN, "invoice I2, 70.00 in the books and 100.00 here", -30_00)
    ]
    (comparison,) = proof.comparisons
    assert comparison.unknown_minor == -30_00
    (candidate,) = comparison.candidates
    assert candidate.debtor == INVOICES[1].debtor


def test_two_wrongs_do_not_make_a_proof(books: Books, there: ListedBooks) -> None:
    """Sums that are equal because two items differ by as much are no proof."""
    there.listed[FIRST], there.listed[SECOND] = 110_00, 90_00
    proof = proved(books, there)
    (comparison,) = proof.comparisons
    assert comparison.difference_minor == 0
    assert proof.state is ProofState.DIFFERENT
    assert len(comparison.candidates) == 2


def test_a_credit_that_waits_is_called_unapplied(
    books: Books, there: ListedBooks
) -> None:
    """An invoice whose payment names a document that is not there is named so."""
    assert night(books, there).is_clean
    lost = a_document("P9", "40", PAID, kind=DocumentKind.PAYMENT)
    there.claims.append(a_claim(INVOICES[2], lost, "40", PAID))
    there.told.append(DocumentRef(DocumentKind.INVOICE, INVOICES[2].source_id))
    third = DocumentRef(DocumentKind.INVOICE, INVOICES[2].source_id)
    there.listed[third] = 60_00
    proof = proved(books, there)
    assert proof.state is ProofState.EXPLAINED
    assert [(cause, minor) for cause, _, minor in causes(proof)] == [
        (Cause.UNAPPLIED, -40_00)
    ]


def test_a_credit_that_waits_explains_no_more_than_it_is(
    books: Books, there: ListedBooks
) -> None:
    """Forty that wait do not explain an invoice that is seventy lower in the books."""
    assert night(books, there).is_clean
    lost = a_document("P9", "40", PAID, kind=DocumentKind.PAYMENT)
    there.claims.append(a_claim(INVOICES[2], lost, "40", PAID))
    third = DocumentRef(DocumentKind.INVOICE, INVOICES[2].source_id)
    there.told.append(third)
    there.listed[third] = 30_00
    proof = proved(books, there)
    assert proof.state is ProofState.DIFFERENT
    assert [(cause, minor) for cause, _, minor in causes(proof)] == [
        (Cause.UNKNOWN, -70_00)
    ]


def test_books_with_totals_and_a_list_count_nothing_twice(
    books: Books, there: ListedBooks
) -> None:
    """A total that moved is timing, though the item that moved is in the list too."""

    def stand(minor: int) -> None:
        line = ControlLine(currency=EUR, debtor=INVOICES[0].debtor, balance_minor=minor)
        there.totals = ControlTotals(source="the ledger there", lines=(line,))

    numbers = count(1)
    totals = count(502_00, 1_00)

    def sell() -> None:
        there.put(a_document(f"N{next(numbers)}", "1", ISSUED, DUE))

    stand(500_00)
    work = working(books, there)
    work.sync.run()
    stand(501_00)
    sell()

    def again() -> RunResult:
        found = work.sync.run()
        stand(next(totals))
        sell()
        return found

    proof = work.prover.prove(again=again)
    assert proof.state is ProofState.EXPLAINED
    (comparison,) = proof.comparisons
    assert [one.cause for one in comparison.explained] == [Cause.TIMING]


def test_books_out_of_reach_are_no_proof(books: Books, there: ListedBooks) -> None:
    """Totals that cannot be read leave the connection unproved by name."""

    def break_off() -> None:
        raise RetryableError("The list broke off.", remedy="Run again.")

    there.acts = [nothing, break_off]
    proof = proved(books, there)
    assert proof.state is ProofState.UNREADABLE
    assert any("The list broke off." in line for line in proof.statements)


def test_the_receivables_account_is_proved_too(
    books: Books, there: ListedBooks
) -> None:
    """Items that agree do not hide an account that does not."""
    there.home = standing_at(500_00)
    assert proved(books, there).state is ProofState.PROVED
    there.home = standing_at(501_00)
    proof = proved(books, there)
    assert proof.state is ProofState.DIFFERENT
    assert proof.home is not None
    assert proof.home.unknown_minor == 1_00


def test_an_account_that_moves_is_a_matter_of_timing(
    books: Books, there: ListedBooks
) -> None:
    """What moved between two readings of the account is no unknown difference."""
    numbers = count(1)
    there.home = standing_at(500_00)

    def sell() -> None:
        assert there.home is not None
        there.put(a_document(f"N{next(numbers)}", "1", ISSUED, DUE))
        there.home = standing_at(there.home.balance_minor + 1_00)

    # Each reading of the list comes before one of the account.
    there.acts = [nothing, sell, nothing, sell, nothing, sell]
    proof = proved(books, there)
    assert proof.home is not None
    assert proof.home.control.balance_minor == 503_00
    assert proof.home.ours_minor == 502_00
    assert [one.cause for one in proof.home.explained] == [Cause.TIMING]
    assert proof.state is ProofState.EXPLAINED


def test_foreign_documents_count_at_their_own_rates(
    books: Books, there: ListedBooks
) -> None:
    """A part that is open is booked at that part of the home amount."""
    foreign = structs.replace(
        a_document("F1", "120", ISSUED, DUE, currency=USD), home_minor=100_00
    )
    paid = a_document("P2", "30", PAID, kind=DocumentKind.PAYMENT, currency=USD)
    there.put(foreign, paid)
    there.claims.append(a_claim(foreign, paid, "30", PAID))
    there.home = standing_at(575_00)
    proof = proved(books, there)
    assert proof.home is not None
    assert proof.home.ours_minor == 575_00
    assert proof.state is ProofState.PROVED


def test_a_kept_proof_shows_the_account(books: Books, there: ListedBooks) -> None:
    """Amounts, rates and the tolerance are kept with the proof."""
    there.home = standing_at(500_00)
    night(books, there)
    with books.database.tenant(books.tenant.scope) as session:
        kept = proofs.load_latest(session, books.connection.id)
    assert kept is not None
    home = kept.body["home"]
    assert home["books"] == {"amount": "500.00", "currency": "EUR"}
    assert home["unknown"]["amount"] == "0.00"
    assert home["currencies"] == []
