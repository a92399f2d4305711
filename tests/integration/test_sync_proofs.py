"""Proofs by the files' own totals: equal, explained record by record, or not at all."""

from datetime import date
from pathlib import Path

import pytest

from ledger.evidence import Cause
from ledger.proof import Comparison, Proof, ProofState, as_json, content_hash
from ledger.store import proofs
from ledger.store.session import Database
from tests.file_books import FileBooks

LIST = """
[open_items]
file = "open*"
complete = true
closure_limit_percent = 100
totals_row = {{ column = "No", values = ["Total*"] }}
{settings}
[open_items.columns]
number = "No"
debtor = "Customer"
issued_on = "Date"
open = "Open"
currency = "Currency"
{columns}
"""
PLAIN = LIST.format(settings="", columns="")
KINDS = LIST.format(
    settings='kinds = { INV = "invoice", CM = "credit_note" }', columns='kind = "Kind"'
)
CONTROL_FREE = PLAIN.replace("totals_row", "# totals_row")
AGED = f"""{CONTROL_FREE}
[control.aged_list]
file = "aged*"
credits = "included"
[control.aged_list.columns]
debtor = "Customer"
currency = "Currency"
balance = "Balance"
"""
TRIAL = f"""{CONTROL_FREE}
[control.trial_balance]
file = "trial*"
accounts = ["1200"]
[control.trial_balance.columns]
account = "Account"
debit = "Debit"
credit = "Credit"
"""
HEADER = "No,Customer,Date,Open,Currency,Kind"
ROWS = (
    "I1,D1,2024-01-01,100.00,EUR,INV",
    "I2,D1,2024-01-02,50.00,EUR,INV",
    "C1,D2,2024-01-03,-20.00,EUR,CM",
    "I3,D2,2024-01-04,70.00,USD,INV",
)
DAY = date(2024, 2, 1)


def proved(books: FileBooks, *rows: str, on: date = DAY) -> Proof:
    """Read a list and prove it."""
    books.write("open.csv", HEADER, *rows)
    books.sync(on)
    return books.prove(on)


def opened(database: Database, place: Path, profile: str = PLAIN) -> FileBooks:
    """Open books of a profile."""
    return FileBooks.open(database, place, profile)


def only_difference(proof: Proof) -> Comparison:
    """Return the one balance that differs."""
    (found,) = (one for one in proof.comparisons if one.difference_minor)
    return found


def causes(proof: Proof) -> list[tuple[Cause, int | None]]:
    """Return what explains the one difference."""
    return [(one.cause, one.minor) for one in only_difference(proof).explained]


def test_a_totals_row_proves_the_list(database: Database, tmp_path: Path) -> None:
    """Each currency to the cent, credits taken off."""
    books = opened(database, tmp_path)
    proof = proved(books, *ROWS, "Total EUR,,,130.00,EUR,", "Total USD,,,70.00,USD,")
    assert proof.state is ProofState.PROVED
    assert {one.currency: one.theirs_minor for one in proof.comparisons} == {
        "EUR": 13000,
        "USD": 7000,
    }
    assert proof.state.is_good


def test_a_proof_says_what_was_read(database: Database, tmp_path: Path) -> None:
    """Rows, what became of them, and the amounts before and after rounding."""
    books = opened(database, tmp_path)
    rows = ["I1,D1,2024-01-01,10.005,EUR,", "I2,D1,2024-01-01,x,EUR,"]
    statements = " ".join(proved(books, *rows, "Total,,,10.01,EUR,").statements)
    assert "3 rows read: 1 landed, 1 quarantined, 1 totals rows" in statements
    assert "10.005 EUR as read, 10.01 EUR as posted" in statements


def test_a_quarantined_row_explains_what_is_missing(
    database: Database, tmp_path: Path
) -> None:
    """The row is named."""
    books = opened(database, tmp_path)
    bad = "I9,D1,2024-02-31,44.00,EUR,"
    proof = proved(books, *ROWS[:3], bad, "Total,,,174.00,EUR,")
    assert proof.state is ProofState.EXPLAINED
    assert causes(proof) == [(Cause.QUARANTINED, 4400)]
    assert only_difference(proof).explained[0].record == "open.csv row 5"
    assert not proof.state.is_good


@pytest.mark.parametrize("amount", ["44.00", "-44.00"])
def test_a_quarantined_credit_explains_with_its_own_sign(
    database: Database, tmp_path: Path, amount: str
) -> None:
    """Written positive or negative, it would have lowered the balance."""
    books = opened(database, tmp_path, KINDS)
    bad = f"C9,D1,2024-02-31,{amount},EUR,CM"
    proof = proved(books, *ROWS[:3], bad, "Total,,,86.00,EUR,")
    assert proof.state is ProofState.EXPLAINED
    assert causes(proof) == [(Cause.QUARANTINED, -4400)]


def test_a_future_document_explains_what_is_missing(
    database: Database, tmp_path: Path
) -> None:
    """The list counts it already; the ledger does on its day."""
    books = opened(database, tmp_path)
    rows = [*ROWS[:3], "I9,D1,2024-02-09,44.00,EUR,", "Total,,,174.00,EUR,"]
    proof = proved(books, *rows)
    assert proof.state is ProofState.EXPLAINED
    assert causes(proof) == [(Cause.FUTURE_DATED, 4400)]
    assert books.prove(date(2024, 2, 9)).state is ProofState.PROVED


def test_rounding_explains_a_cent(database: Database, tmp_path: Path) -> None:
    """Three amounts that each lost less than half a cent lost one together."""
    books = opened(database, tmp_path)
    rows = [f"I{number},D1,2024-01-01,10.004,EUR," for number in range(3)]
    proof = proved(books, *rows, "Total,,,30.01,EUR,")
    assert proof.state is ProofState.EXPLAINED
    assert causes(proof) == [(Cause.ROUNDING, 1)]


def test_rounding_that_cancels_out_needs_no_explanation(
    database: Database, tmp_path: Path
) -> None:
    """Up and down together is nothing."""
    books = opened(database, tmp_path)
    rows = ["I1,D1,2024-01-01,10.004,EUR,", "I2,D1,2024-01-01,10.006,EUR,"]
    assert proved(books, *rows, "Total,,,20.01,EUR,").state is ProofState.PROVED


def test_several_causes_explain_together(database: Database, tmp_path: Path) -> None:
    """Only if they add up exactly."""
    books = opened(database, tmp_path)
    rows = [
        *ROWS[:3],
        "I9,D1,2024-02-31,44.00,EUR,",
        "I8,D1,2024-02-09,5.00,EUR,",
        "Total,,,179.00,EUR,",
    ]
    proof = proved(books, *rows)
    assert proof.state is ProofState.EXPLAINED
    assert {cause for cause, _ in causes(proof)} == {
        Cause.QUARANTINED,
        Cause.FUTURE_DATED,
    }


@pytest.mark.parametrize("total", ["130.01", "129.99", "137.77", "-130.00", "0.00"])
def test_what_nothing_explains_stays_unknown(
    database: Database, tmp_path: Path, total: str
) -> None:
    """Nothing is ever balanced away."""
    books = opened(database, tmp_path)
    proof = proved(books, *ROWS[:3], f"Total,,,{total},EUR,")
    assert proof.state is ProofState.DIFFERENT
    found = only_difference(proof)
    assert found.unknown_minor == found.difference_minor
    assert not found.explained


def test_a_cause_of_another_size_is_a_candidate_only(
    database: Database, tmp_path: Path
) -> None:
    """It is shown, but explains nothing."""
    books = opened(database, tmp_path)
    bad = "I9,D1,2024-02-31,44.00,EUR,"
    proof = proved(books, *ROWS[:3], bad, "Total,,,175.00,EUR,")
    assert proof.state is ProofState.DIFFERENT
    assert only_difference(proof).unknown_minor == 4500
    assert [one.record for one in only_difference(proof).candidates] == [
        "open.csv row 5"
    ]


def test_a_currency_without_a_total_is_not_proved(
    database: Database, tmp_path: Path
) -> None:
    """The proof says that dollars were not compared, or counts them as different."""
    books = opened(database, tmp_path)
    proof = proved(books, *ROWS, "Total EUR,,,130.00,EUR,")
    said = any("USD" in one and "not" in one for one in proof.statements)
    assert said or proof.state is not ProofState.PROVED


def test_an_aged_list_proves_each_debtor(database: Database, tmp_path: Path) -> None:
    """By debtor and currency; a debtor on one side only counts as well."""
    books = opened(database, tmp_path, AGED)
    books.write(
        "aged.csv",
        "Customer,Currency,Balance",
        "D1,EUR,150.00",
        "D2,EUR,-20.00",
        "D2,USD,70.00",
    )
    assert proved(books, *ROWS).state is ProofState.PROVED
    books.write(
        "aged.csv", "Customer,Currency,Balance", "D1,EUR,150.00", "D3,EUR,-20.00",
        "D2,USD,70.00",
    )  # fmt: skip
    proof = books.prove(DAY)
    assert proof.state is ProofState.DIFFERENT
    assert {one.debtor for one in proof.comparisons if one.difference_minor} == {
        "D2",
        "D3",
    }


def test_an_aged_list_may_leave_credits_out(database: Database, tmp_path: Path) -> None:
    """Then only what is owed is compared."""
    books = opened(database, tmp_path, AGED.replace("included", "left out"))
    books.write(
        "aged.csv", "Customer,Currency,Balance", "D1,EUR,150.00", "D2,USD,70.00"
    )
    assert proved(books, *ROWS).state is ProofState.PROVED


def test_a_trial_balance_proves_the_whole(database: Database, tmp_path: Path) -> None:
    """Debit less credit of the receivables accounts."""
    books = opened(database, tmp_path, TRIAL)
    books.write("trial.csv", "Account,Debit,Credit", "1200,500.00,370.00", "8400,,9.00")
    assert proved(books, *ROWS[:3]).state is ProofState.PROVED


@pytest.mark.parametrize("content", [None, "Customer,Currency,Balance\nD1,EUR,?\n"])
def test_a_declared_control_that_cannot_be_read_is_not_good(
    database: Database, tmp_path: Path, content: str | None
) -> None:
    """A night must not end well because the aged list was forgotten."""
    books = opened(database, tmp_path, AGED)
    if content is not None:
        (books.folder / "aged.csv").write_text(content)
    proof = proved(books, *ROWS)
    assert any("aged" in statement for statement in proof.statements)
    assert proof.state is ProofState.UNREADABLE
    assert not proof.state.is_good


def test_books_without_totals_are_unproved_and_say_so(
    database: Database, tmp_path: Path
) -> None:
    """That is no fault, and no proof."""
    proof = proved(opened(database, tmp_path, CONTROL_FREE), *ROWS)
    assert proof.state is ProofState.UNPROVED
    assert not proof.comparisons
    assert any("gave no totals" in statement for statement in proof.statements)


def test_the_same_proof_has_the_same_hash(database: Database, tmp_path: Path) -> None:
    """Made again, on the screen or in the store, it is word for word the same."""
    books = opened(database, tmp_path)
    first = proved(books, *ROWS, "Total EUR,,,130.00,EUR,", "Total USD,,,70.00,USD,")
    books.sync(DAY)
    second = books.prove(DAY)
    assert content_hash(as_json(first)) == content_hash(as_json(second))
    with database.tenant(books.tenant.scope) as session:
        kept = proofs.load_latest(session, books.connection.id)
    assert kept is not None
    assert kept.content_hash == content_hash(as_json(second))
    assert kept.content_hash == content_hash(kept.body)
    assert kept.state is ProofState.PROVED


def test_another_total_has_another_hash(database: Database, tmp_path: Path) -> None:
    """The hash is of what was compared."""
    books = opened(database, tmp_path)
    first = proved(books, *ROWS[:3], "Total,,,130.00,EUR,")
    second = proved(books, *ROWS[:3], "Total,,,131.00,EUR,")
    assert content_hash(as_json(first)) != content_hash(as_json(second))


def test_an_item_closed_by_the_list_is_proved_away(
    database: Database, tmp_path: Path
) -> None:
    """What the complete list no longer names is in neither total."""
    books = opened(database, tmp_path)
    proved(books, *ROWS[:3], "Total,,,130.00,EUR,")
    proof = proved(books, ROWS[0], ROWS[2], "Total,,,80.00,EUR,", on=date(2024, 2, 5))
    assert proof.state is ProofState.PROVED
