"""Full exports: documents and allocations land, go, come back and wait."""

from datetime import date
from pathlib import Path

import pytest

from ledger.store.connections import RunState
from ledger.store.session import Database
from sync.result import StepState
from tests.file_books import FileBooks, step_of

DOCUMENTS = """
[{table}]
file = "{file}"
{settings}
[{table}.columns]
number = "No"
debtor = "Customer"
issued_on = "Date"
total = "Total"
currency = "Currency"
{columns}
"""
ALLOCATIONS = """
[allocations]
file = "alloc*"
kinds = { PAY = "payment", CM = "credit_note" }
complete = true
[allocations.columns]
id = "Id"
credit = "Credit"
credit_kind = "Kind"
invoice = "Invoice"
amount = "Amount"
currency = "Currency"
applied_on = "Date"
"""
COMPLETE = "complete = true\nclosure_limit_percent = 50"
INVOICES = DOCUMENTS.format(
    table="invoices", file="inv*", settings=COMPLETE, columns=""
)
CREDITS = DOCUMENTS.format(
    table="credit_notes", file="cred*", settings=COMPLETE, columns=""
)
PAYMENTS = DOCUMENTS.format(
    table="payments", file="pay*", settings=COMPLETE, columns=""
)
PAYMENTS_WITH_INVOICES = DOCUMENTS.format(
    table="payments", file="pay*", settings=COMPLETE, columns='invoice = "Invoice"'
)
EXPORTS = INVOICES + CREDITS + PAYMENTS + ALLOCATIONS
HEADER = "No,Customer,Date,Total,Currency"
ALLOCATED = "Id,Credit,Kind,Invoice,Amount,Currency,Date"
I1, I2 = "I1,D1,2024-01-01,100.00,", "I2,D1,2024-01-02,200.00,"
P1, C1 = "P1,D1,2024-01-10,130.00,", "C1,D1,2024-01-12,50.00,"
A1, A2 = "A1,P1,PAY,I1,100.00,,2024-01-10", "A2,P1,PAY,I2,30.00,,2024-01-11"
A3 = "A3,C1,CM,I2,50.00,,2024-01-12"
JAN, FEB, MARCH = date(2024, 1, 31), date(2024, 2, 29), date(2024, 3, 31)
OPEN = {"invoice I2": "120.00"}


@pytest.fixture
def books(database: Database, tmp_path: Path) -> FileBooks:
    """Books with two invoices, a payment and a credit note, all applied in January."""
    found = FileBooks.open(database, tmp_path, EXPORTS)
    found.write("inv.csv", HEADER, I1, I2)
    found.write("cred.csv", HEADER, C1)
    found.write("pay.csv", HEADER, P1)
    found.write("alloc.csv", ALLOCATED, A1, A2, A3)
    result = found.sync(JAN)
    assert result.is_clean, result.message
    assert found.open_amounts() == OPEN
    return found


def allocations(books: FileBooks) -> list[tuple[str, int, date]]:
    """Return the allocation entries: credit's number, amount and day."""
    rows = books.rows(
        "SELECT d.number, a.amount_minor, a.effective_on FROM allocation a "
        "JOIN document d ON d.id = a.credit_id AND d.tenant_id = a.tenant_id "
        "WHERE a.tenant_id = :tenant_id AND a.debit_id IS NOT NULL "
        "ORDER BY a.known_at, d.number, a.entry"
    )
    return [(row["number"], row["amount_minor"], row["effective_on"]) for row in rows]


def test_everything_is_open_as_of_its_day(books: FileBooks) -> None:
    """Allocations count from the day they were made."""
    assert books.open_amounts(date(2024, 1, 9)) == {
        "invoice I1": "100.00",
        "invoice I2": "200.00",
    }
    assert books.open_amounts(date(2024, 1, 10)) == {
        "invoice I2": "200.00",
        "payment P1": "-30.00",
    }
    assert books.open_amounts(JAN) == OPEN


def test_case_16_a_payment_deleted_in_the_books_opens_its_invoices(
    books: FileBooks,
) -> None:
    """It never was, as the books see it now; what was known in January stays."""
    books.write("pay.csv", HEADER)
    books.write("alloc.csv", ALLOCATED, A3)
    result = books.sync(FEB)
    assert result.state is RunState.COMPLETED
    step = step_of(result, "exports")
    assert (step.voided, step.closed) == (1, 0)
    left = {"invoice I1": "100.00", "invoice I2": "150.00"}
    assert books.open_amounts(FEB) == books.open_amounts(JAN) == left
    assert books.open_amounts(JAN, known_on=JAN) == OPEN
    payment = books.documents()["payment P1"]
    assert payment["voided_on"] == date(2024, 1, 10)
    assert "absent" in payment["tombstone"]


def test_a_deleted_payment_that_comes_back_is_applied_again(books: FileBooks) -> None:
    """As it was, from its own day; nothing is counted twice."""
    books.write("pay.csv", HEADER)
    books.write("alloc.csv", ALLOCATED, A3)
    books.sync(FEB)
    books.write("pay.csv", HEADER, P1)
    books.write("alloc.csv", ALLOCATED, A1, A2, A3)
    assert books.sync(MARCH).is_clean
    assert books.open_amounts(MARCH) == OPEN
    assert books.documents()["payment P1"]["voided_on"] is None


def test_case_17_only_the_replacement_counts(books: FileBooks) -> None:
    """A payment cancelled and entered anew settles once."""
    books.write("pay.csv", HEADER, P1.replace("P1", "P1-1"))
    books.write(
        "alloc.csv", ALLOCATED, *(row.replace("P1", "P1-1") for row in (A1, A2)), A3
    )
    assert books.sync(FEB).is_clean
    assert books.open_amounts(FEB) == OPEN
    assert {row["open_minor"] for row in books.documents().values()} == {0, 12000}


def test_case_18_an_allocation_taken_back_holds_until_it_was_noticed(
    books: FileBooks,
) -> None:
    """The report of January does not change; the reversal is dated in February."""
    books.write("alloc.csv", ALLOCATED, A1, A3)
    result = books.sync(FEB)
    assert step_of(result, "exports").unclaimed == 1
    assert books.open_amounts(JAN) == OPEN
    assert books.open_amounts(FEB) == {"invoice I2": "150.00", "payment P1": "-30.00"}
    assert allocations(books)[-1] == ("P1", -3000, FEB)


def test_case_19_the_same_exports_again_change_nothing(books: FileBooks) -> None:
    """Read in full a second time, each allocation is there once."""
    before = books.ledger()
    result = books.sync(FEB, full=True)
    assert books.ledger() == before
    assert sum(step.changed for step in result.steps) == 0
    assert len(allocations(books)) == 3


def test_an_allocation_that_changed_was_always_so(books: FileBooks) -> None:
    """The books correct it on its own day."""
    books.write("alloc.csv", ALLOCATED, A1, A2.replace("30.00", "20.00"), A3)
    assert books.sync(FEB).is_clean
    assert books.open_amounts(JAN) == {"invoice I2": "130.00", "payment P1": "-10.00"}


def test_too_much_gone_stops_and_asks(books: FileBooks) -> None:
    """Neither documents nor allocations change, and no file is read."""
    before = books.ledger()
    books.write("inv.csv", HEADER, "I9,D9,2024-01-01,1.00,")
    books.write("cred.csv", HEADER)
    books.write("pay.csv", HEADER)
    books.write("alloc.csv", ALLOCATED)
    result = books.sync(FEB)
    assert result.state is RunState.STOPPED
    assert "4 of 4 documents" in result.message
    assert books.ledger() == before
    assert books.sync(FEB, accept=True).state is RunState.COMPLETED
    assert books.open_amounts(FEB) == {"invoice I9": "1.00"}


def test_allocations_that_are_all_gone_stop_and_ask(books: FileBooks) -> None:
    """A list of allocations without rows would open every invoice again."""
    before = books.ledger()
    books.write("alloc.csv", ALLOCATED)
    assert books.sync(FEB).state is RunState.STOPPED
    assert books.ledger() == before
    assert books.sync(FEB, accept=True).state is RunState.COMPLETED
    assert len(books.open_amounts(FEB)) == 4


@pytest.mark.parametrize(
    "row",
    [
        "A1,P1,PAY,I1,a lot,,2024-01-10",
        "A1,P1,PAY,I1,100.00,,2024-01-40",
        "A1,P1,??,I1,100.00,,2024-01-10",
        "A1,P1,PAY,,100.00,,2024-01-10",
        "A1,,PAY,I1,100.00,,2024-01-10",
        "A1,P1,PAY,I1,100.00,Euros,2024-01-10",
    ],
)
def test_an_allocation_that_cannot_be_read_is_not_gone(
    books: FileBooks, row: str
) -> None:
    """It is listed: it holds as it did until its row can be read."""
    books.write("alloc.csv", ALLOCATED, row, A2, A3)
    result = books.sync(FEB)
    assert step_of(result, "exports").unclaimed == 0
    assert books.open_amounts(FEB) == OPEN
    assert result.problems == 1


@pytest.mark.parametrize(
    "row",
    [
        "P1,D1,2024-01-10,a lot,,I1",
        "P1,D1,2024-01-40,100.00,,I1",
        "P1,,2024-01-10,100.00,,I1",
    ],
)
def test_a_payment_that_cannot_be_read_still_pays(
    database: Database, tmp_path: Path, row: str
) -> None:
    """It holds as it did, and so does what it was applied to."""
    books = FileBooks.open(database, tmp_path, INVOICES + PAYMENTS_WITH_INVOICES)
    books.write("inv.csv", HEADER, I1, I2)
    header = f"{HEADER},Invoice"
    books.write("pay.csv", header, "P1,D1,2024-01-10,100.00,,I1")
    books.sync(JAN)
    assert books.open_amounts() == {"invoice I2": "200.00"}
    books.write("pay.csv", header, row, "P2,D1,2024-01-11,1.00,,I2")
    result = books.sync(FEB)
    assert result.problems == 1
    assert books.open_amounts(FEB) == {"invoice I2": "199.00"}


def test_an_invoice_that_cannot_be_read_is_not_gone(books: FileBooks) -> None:
    """Its row names it, whatever else is wrong with it."""
    books.write("inv.csv", HEADER, I1, I2.replace("200.00", "many"))
    result = books.sync(FEB)
    assert step_of(result, "exports").voided == 0
    assert books.open_amounts(FEB) == OPEN
    assert result.problems == 1


def test_a_key_that_cannot_be_read_blocks_all_deletions(books: FileBooks) -> None:
    """In any complete table, for all of them: it could be what is missing."""
    books.write("cred.csv", HEADER, "=A1,D1,2024-01-12,50.00,")
    books.write("inv.csv", HEADER, I2)
    result = books.sync(FEB)
    step = step_of(result, "exports")
    assert (step.voided, step.unclaimed) == (0, 0)
    assert "cred.csv" in step.note
    assert "nothing that is missing counts as gone" in step.note


@pytest.mark.parametrize("missing", ["inv.csv", "cred.csv", "pay.csv", "alloc.csv"])
def test_a_missing_file_deletes_nothing_and_stops_no_other(
    books: FileBooks, missing: str
) -> None:
    """The run has failed and names the table; what is there is read."""
    (books.folder / missing).unlink()
    others = {"inv.csv": (I1, I2), "cred.csv": (C1,), "pay.csv": (P1,)}
    changed = next(name for name in others if name != missing)
    more = "X9,D1,2024-02-01,1.00,"
    books.write(changed, HEADER, *others[changed], more)
    result = books.sync(FEB)
    assert result.state is RunState.FAILED
    assert missing.partition(".")[0] in result.message
    documents = books.documents()
    assert not [one for one in documents.values() if one["voided_on"] is not None]
    assert len(documents) == 5
    assert len(allocations(books)) == 3


def test_a_file_that_cannot_be_read_deletes_nothing(books: FileBooks) -> None:
    """Half a list is no list."""
    before = books.ledger()
    books.write("inv.csv", HEADER, I1, '"I2')
    result = books.sync(FEB)
    assert result.state is RunState.FAILED
    after = books.ledger()
    assert after["documents"] == before["documents"]
    assert after["allocations"] == before["allocations"]


def test_tables_that_are_not_complete_delete_nothing(books: FileBooks) -> None:
    """What an extract leaves out may stand in the books."""
    books.declare(EXPORTS.replace("complete = true", ""))
    books.write("inv.csv", HEADER, I2)
    books.write("alloc.csv", ALLOCATED, A3)
    result = books.sync(FEB)
    assert result.state is RunState.COMPLETED
    assert books.open_amounts(FEB) == OPEN


def test_only_kinds_of_complete_tables_are_deleted(
    database: Database, tmp_path: Path
) -> None:
    """A credit note among the invoices may also stand in a table that is partial."""
    partial = CREDITS.replace("complete = true", "")
    books = FileBooks.open(database, tmp_path, INVOICES + partial)
    books.write("inv.csv", HEADER, I1, I2, "C9,D1,2024-01-03,-5.00,")
    books.write("cred.csv", HEADER, C1)
    books.sync(JAN)
    books.write("inv.csv", HEADER, I1, I2)
    assert step_of(books.sync(FEB), "exports").voided == 0
    books.write("inv.csv", HEADER, I1)
    assert step_of(books.sync(FEB, accept=True), "exports").voided == 1


def test_allocations_wait_for_their_documents(
    database: Database, tmp_path: Path
) -> None:
    """They are counted, said, and land by themselves when the invoice comes."""
    books = FileBooks.open(database, tmp_path, EXPORTS)
    books.write("inv.csv", HEADER, I1)
    books.write("cred.csv", HEADER, C1)
    books.write("pay.csv", HEADER, P1)
    books.write("alloc.csv", ALLOCATED, A1, A2, A3)
    result = books.sync(JAN)
    assert result.waiting == 2
    assert {one.debit.source_id for one in books.waiting()} == {"I2"}
    assert books.open_amounts() == {"payment P1": "-30.00", "credit_note C1": "-50.00"}
    books.write("inv.csv", HEADER, I1, I2)
    result = books.sync(FEB)
    assert result.waiting == 0
    assert books.open_amounts() == OPEN
    assert books.open_amounts(JAN) == OPEN


def test_a_waiting_allocation_that_is_taken_back_waits_no_longer(
    database: Database, tmp_path: Path
) -> None:
    """It would land later though the books forgot it."""
    books = FileBooks.open(database, tmp_path, EXPORTS)
    books.write("inv.csv", HEADER, I1)
    books.write("cred.csv", HEADER, C1)
    books.write("pay.csv", HEADER, P1)
    books.write("alloc.csv", ALLOCATED, A1, A3)
    assert books.sync(JAN).waiting == 1
    books.write("alloc.csv", ALLOCATED, A1)
    assert books.sync(FEB).waiting == 0
    books.write("inv.csv", HEADER, I1, I2)
    books.sync(MARCH)
    assert books.open_amounts()["invoice I2"] == "200.00"


def test_a_negative_allocation_never_settles_more(books: FileBooks) -> None:
    """Case 18 as some books export it: the way there and the way back."""
    back = "A4,P1,PAY,I1,-100.00,,2024-02-05"
    books.write("alloc.csv", ALLOCATED, A1, A2, A3, back)
    books.sync(FEB)
    open_now = books.open_amounts(FEB)
    assert open_now.get("invoice I1", "0.00") in {"0.00", "100.00"}
    assert not open_now.get("payment P1", "-0").lstrip("-").startswith("-")


def test_allocations_without_keys_land(database: Database, tmp_path: Path) -> None:
    """The key column is optional: who, to what and when make the key."""
    profile = EXPORTS.replace('id = "Id"\n', "")
    books = FileBooks.open(database, tmp_path, profile)
    books.write("inv.csv", HEADER, I1, I2)
    books.write("cred.csv", HEADER, C1)
    books.write("pay.csv", HEADER, P1)
    books.write("alloc.csv", ALLOCATED, A1, A2, A3, A3)
    result = books.sync(JAN)
    assert result.is_clean
    assert books.open_amounts() == OPEN


@pytest.mark.parametrize("key", ["", "A2"])
def test_two_rows_of_one_key_never_land_both(books: FileBooks, key: str) -> None:
    """With the key empty or given twice: one lands, the other is quarantined."""
    twice = f"{key},P1,PAY,I2,5.00,,2024-01-11"
    first = f"{key},P1,PAY,I2,30.00,,2024-01-11"
    books.write("alloc.csv", ALLOCATED, A1, first, twice, A3)
    result = books.sync(FEB)
    step = step_of(result, "alloc.csv")
    assert step.state is StepState.READ
    assert step.tally.landed + step.tally.quarantined == 4
    paid = books.documents()["payment P1"]["open_minor"]
    assert paid in {0, -500, 2500}


def test_case_22_a_foreign_invoice_paid_at_another_rate_is_paid(
    database: Database, tmp_path: Path
) -> None:
    """What the credit used up may be another amount of another currency."""
    profile = EXPORTS.replace(
        'amount = "Amount"', 'amount = "Amount"\ncredit_amount="Used"'
    )
    books = FileBooks.open(database, tmp_path, profile)
    books.write("inv.csv", HEADER, "I1,D1,2024-01-01,100.00,USD")
    books.write("cred.csv", HEADER, "C9,D1,2024-01-01,1.00,")
    books.write("pay.csv", HEADER, "P1,D1,2024-01-10,92.40,EUR")
    header = f"{ALLOCATED},Used"
    books.write("alloc.csv", header, "A1,P1,PAY,I1,100.00,USD,2024-01-10,92.40")
    books.sync(JAN)
    assert books.open_amounts() == {"credit_note C9": "-1.00"}


def test_an_invoice_that_changed_its_debtor_moves(books: FileBooks) -> None:
    """With what was applied to it."""
    books.write("inv.csv", HEADER, I1, I2.replace("D1", "D7"))
    assert books.sync(FEB).is_clean
    rows = books.rows(
        "SELECT b.source_id, d.open_minor FROM document d JOIN debtor b "
        "ON b.id = d.debtor_id AND b.tenant_id = d.tenant_id "
        "WHERE d.tenant_id = :tenant_id AND d.number = 'I2'"
    )
    assert [(row["source_id"], row["open_minor"]) for row in rows] == [("D7", 12000)]
