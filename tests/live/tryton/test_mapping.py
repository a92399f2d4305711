"""What a running Tryton says, mapped and landed, is what Tryton itself counts."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from ledger import proof
from ledger.ids import SourceId
from ledger.money import Currency, from_minor
from ledger.records import Batch, DocumentKind
from ledger.store import balances
from ledger.testing import Books
from tests.answers import aged, open_items
from tests.live.tryton.pages import Reader
from tests.live.tryton.server import Tryton

pytestmark = pytest.mark.live

AS_OF = date(2026, 6, 30)
LATE = date(2099, 12, 31)
"""A day after everything that Tryton dates by its own clock."""
USD = Currency("USD")
LINKED_NOTE = "lowering note"
"""Tryton takes a linked credit note off its invoice and still shows it as open."""


class TestTheFirstReading:
    """All lists, read once."""

    def test_every_balance_is_that_of_trytons_lines(
        self, unchanged: Tryton, books: Books
    ) -> None:
        """Each party owes what its receivable lines come to, in each currency."""
        found = Reader(unchanged).land(books)
        said = unchanged.balances(AS_OF)
        assert owed_by(books, found) == decimals(said["lines"])

    def test_every_balance_is_trytons_receivable(
        self, unchanged: Tryton, books: Books
    ) -> None:
        """Where all is in the company's currency, it is the party's `receivable`."""
        found = Reader(unchanged).land(books)
        said = decimals(unchanged.balances(AS_OF)["receivable"])
        euros = {
            key.removesuffix(" EUR"): amount
            for key, amount in owed_by(books, found).items()
            if key.endswith("EUR")
        }
        assert euros == {key: said[key] for key in said if key != "CEDAR"}

    def test_the_control_totals_prove_it(self, unchanged: Tryton, books: Books) -> None:
        """The totals that the connector would give differ nowhere."""
        reader = Reader(unchanged)
        reader.land(books)
        assert differences(books, reader) == []

    def test_the_ageing_is_that_of_the_move_lines(
        self, unchanged: Tryton, books: Books
    ) -> None:
        """Each column equals an ageing computed from Tryton's own move lines."""
        Reader(unchanged).land(books)
        said = unchanged.balances(AS_OF)["ageing"]
        for code in ("EUR", "USD"):
            columns = aged(books, AS_OF, code=Currency(code))
            assert {key: abs(one) for key, one in columns.items()} == decimals(
                said[code]
            )

    def test_every_invoice_is_open_with_its_amount_to_pay(
        self, unchanged: Tryton, books: Books
    ) -> None:
        """So is each credit note, but for one that is linked to an invoice."""
        Reader(unchanged).land(books)
        assert open_invoices(books, unchanged) == to_pay(unchanged)

    def test_no_record_is_a_problem_and_none_waits(
        self, unchanged: Tryton, books: Books
    ) -> None:
        """All that is read lands, and lands the same again."""
        first = Reader(unchanged).land(books)
        again = Reader(unchanged, page_size=100).land(books)
        assert [problem for one in first for problem in one.problems] == []
        assert sum(one.row_count for one in first) == sum(
            one.row_count for one in again
        )
        assert differences(books, Reader(unchanged)) == []


class TestBehindTheProductsBack:
    """What a bookkeeper does between two readings."""

    def test_what_changed_since_is_enough(self, tryton: Tryton, books: Books) -> None:
        """Payments, invoices, and new due dates are seen by their time stamps."""
        reader = Reader(tryton)
        reader.land(books)
        since = datetime.now(UTC) - timedelta(seconds=1)  # noqa: TID251
        tryton.act(
            ("post", "ALDER", "77.70", "2026-06-25", "two halves", "EUR"),
            ("pay", tryton.invoice("part paid"), "60.00", "2026-06-26"),
            ("pay", tryton.invoice("dollars part paid"), "300.00", "2026-06-26"),
            ("reschedule", tryton.invoice("just posted"), "2026-07-15"),
            ("cancel", tryton.invoice("dollars open")),
        )
        changed = reader.land(books, since)
        assert sum(one.row_count for one in changed) < 40
        assert differences(books, reader) == []
        assert open_invoices(books, tryton) == to_pay(tryton)
        parts = [one for one in open_items(books, LATE) if one.number == "18"]
        assert [one.due_on.month for one in parts] == [7, 8, 9]
        assert aged(books, AS_OF, code=USD) == {}

    def test_matching_that_is_undone_opens_the_invoice(
        self, tryton: Tryton, books: Books
    ) -> None:
        """A complete list of claims ends those that the books no longer make."""
        reader = Reader(tryton)
        first = reader.land(books)
        tryton.act(
            *(
                ("unreconcile", tryton.invoice(name))
                for name in ("matched by note", "dollars paid", "cent short")
            )
        )
        second = reader.land(books)
        before = {claim.source_id for one in first for claim in one.claims}
        claims = [claim for one in second for claim in one.claims]
        assert before > {claim.source_id for claim in claims}
        books.unclaim_all_but(*claims)
        assert differences(books, reader) == []


def owed_by(books: Books, batches: Iterable[Batch]) -> dict[str, Decimal]:
    """Return what each party owes, as `code currency`."""
    codes = {one.source_id: one.number for batch in batches for one in batch.debtors}
    with books.ask(LATE) as asked:
        found = balances.debtor_balances(
            asked.session, asked.known, as_of=LATE, connection_id=books.connection.id
        )
    return {
        f"{codes[one.debtor or SourceId('')]} {one.currency}": from_minor(
            one.net_minor, one.currency
        )
        for one in found
        if one.net_minor
    }


def differences(books: Books, reader: Reader) -> list[proof.Comparison]:
    """Return where the ledger and Tryton's control totals differ."""
    with books.ask(LATE) as asked:
        ours = {
            (one.currency, one.debtor): one.net_minor
            for one in balances.debtor_balances(
                asked.session,
                asked.known,
                as_of=LATE,
                connection_id=books.connection.id,
            )
        }
    compared = proof.compare(ours, reader.control(), [])
    assert compared
    return [one for one in compared if one.difference_minor]


def open_invoices(books: Books, tryton: Tryton) -> dict[str, Decimal]:
    """Return what is open of invoices and credit notes, by number."""
    sums: dict[str, Decimal] = {}
    for item in open_items(books, LATE):
        if item.kind in {DocumentKind.INVOICE, DocumentKind.CREDIT_NOTE}:
            amount = from_minor(item.open_minor, item.currency)
            sums[item.number] = sums.get(item.number, Decimal(0)) + amount
    assert tryton.invoice(LINKED_NOTE) not in sums
    return sums


def to_pay(tryton: Tryton) -> dict[str, Decimal]:
    """Return the same as Tryton has it, without the linked credit note."""
    said = decimals(tryton.balances(AS_OF)["to_pay"])
    assert said.pop(tryton.invoice(LINKED_NOTE)) == -50
    return {number: amount for number, amount in said.items() if amount}


def decimals(said: dict[str, str]) -> dict[str, Decimal]:
    """Read amounts."""
    return {key: Decimal(text) for key, text in said.items()}
