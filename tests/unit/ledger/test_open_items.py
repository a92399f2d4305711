"""What is still owed on a document: the plain definition over its facts."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from ledger.ids import DebtorId, DocumentId
from ledger.money import Currency
from ledger.open_items import (
    Entry,
    OpenItem,
    Settlement,
    Version,
    open_instalments,
    open_minor,
    settlement,
    side_of,
    version_at,
)
from ledger.records import (
    AllocationKind,
    Document,
    DocumentKind,
    DueRule,
    Instalment,
    Side,
)
from ledger.testing import a_document

ISSUED, DUE = date(2026, 1, 1), date(2026, 1, 31)
PAID, LATER = date(2026, 3, 5), date(2026, 6, 30)
FIRST = datetime(2026, 1, 2, tzinfo=UTC)


def an_invoice(amount: str = "1000") -> Document:
    """Make an invoice of January."""
    return a_document("I1", amount, ISSUED, DUE)


def an_entry(
    minor: int,
    on: date = PAID,
    *,
    kind: AllocationKind = AllocationKind.PAYMENT,
    day: int = 0,
) -> Entry:
    """Make an entry that became known so many days after the first instant."""
    return Entry(
        kind=kind, minor=minor, effective_on=on, known_at=FIRST + timedelta(days=day)
    )


def an_item(minor: int) -> OpenItem:
    """Make an open item of an invoice."""
    return OpenItem(
        document_id=DocumentId(UUID(int=1)),
        debtor_id=DebtorId(UUID(int=2)),
        kind=DocumentKind.INVOICE,
        number="I1",
        part=0,
        currency=Currency("EUR"),
        total_minor=abs(minor),
        open_minor=minor,
        disputed_minor=0,
        issued_on=ISSUED,
        due_on=DUE,
        due_rule=DueRule.GIVEN,
        reference=None,
    )


def test_a_payment_counts_from_its_day() -> None:
    """The day before it counts nothing is off; on its day it is."""
    entries = [an_entry(40_000)]
    before = open_minor(an_invoice(), entries, PAID - timedelta(days=1))
    assert before == 100_000
    assert open_minor(an_invoice(), entries, PAID) == 60_000


def test_before_its_date_a_document_is_not_open() -> None:
    """Nothing is owed the day before, all of it from the document's date on."""
    invoice = an_invoice()
    assert open_minor(invoice, [], ISSUED - timedelta(days=1)) == 0
    assert open_minor(invoice, [], ISSUED) == 100_000


def test_what_was_not_known_did_not_count() -> None:
    """As known then, only what had been learnt by then counts."""
    entries = [an_entry(40_000), an_entry(60_000, day=9)]
    then = FIRST + timedelta(days=8)
    assert open_minor(an_invoice(), entries, LATER, then) == 60_000
    assert open_minor(an_invoice(), entries, LATER) == 0


def test_a_reversal_counts_from_its_own_day() -> None:
    """What was taken back in April stays paid in March."""
    entries = [an_entry(100_000), an_entry(-100_000, date(2026, 4, 1))]
    assert open_minor(an_invoice(), entries, date(2026, 3, 31)) == 0
    assert open_minor(an_invoice(), entries, date(2026, 4, 1)) == 100_000


def test_too_much_applied_is_below_zero() -> None:
    """An overpaid invoice is open in the debtor's favour, never clamped."""
    assert open_minor(an_invoice(), [an_entry(110_000)], LATER) == -10_000


@pytest.mark.parametrize(
    ("settled", "left"),
    [
        (0, [15_000, 7_500, 7_500]),
        (15_000, [0, 7_500, 7_500]),
        (23_500, [0, 0, 6_500]),
        (30_000, [0, 0, 0]),
        (31_000, [0, 0, 0]),
        (-500, [15_500, 7_500, 7_500]),
    ],
)
def test_instalments_fill_the_earliest_first(settled: int, left: list[int]) -> None:
    """An advance of 15,000 and 8,500 leave 6,500 of the last term, none below zero."""
    terms = [
        Instalment(date(2026, 2, 1), 15_000),
        Instalment(date(2026, 3, 1), 7_500),
        Instalment(date(2026, 4, 1), 7_500),
    ]
    assert open_instalments(terms, settled) == left


@pytest.mark.parametrize(
    ("kind", "outcome"),
    [
        (AllocationKind.PAYMENT, Settlement.PAID),
        (AllocationKind.CREDIT_NOTE, Settlement.CREDITED),
        (AllocationKind.WRITE_OFF, Settlement.WRITTEN_OFF),
        (AllocationKind.OFFSET, Settlement.OFFSET),
        (AllocationKind.VOID, Settlement.VOID),
        (AllocationKind.BALANCE_CHANGE, Settlement.CLOSED),
        (AllocationKind.CLOSED_IN_BOOKS, Settlement.CLOSED),
    ],
)
def test_a_settled_document_is_named_after_what_settled_it(
    kind: AllocationKind, outcome: Settlement
) -> None:
    """Every kind of entry that settles all has its own outcome."""
    assert settlement(an_invoice(), [an_entry(100_000, kind=kind)], LATER) is outcome


def test_most_of_it_decides() -> None:
    """Paid for the most part and credited for the rest is paid, not credited."""
    entries = [
        an_entry(60_000),
        an_entry(40_000, kind=AllocationKind.CREDIT_NOTE),
    ]
    assert settlement(an_invoice(), entries, LATER) is Settlement.PAID


def test_what_was_taken_back_settles_nothing() -> None:
    """A payment taken back and replaced by a credit note leaves it credited."""
    entries = [
        an_entry(100_000),
        an_entry(-100_000),
        an_entry(100_000, kind=AllocationKind.CREDIT_NOTE),
    ]
    assert settlement(an_invoice(), entries, LATER) is Settlement.CREDITED


def test_a_part_is_part_paid_and_nothing_is_open() -> None:
    """Until all is settled it is open, or part paid once something came in."""
    invoice, part = an_invoice(), [an_entry(1)]
    assert settlement(invoice, [], LATER) is Settlement.OPEN
    assert settlement(invoice, part, PAID - timedelta(days=1)) is Settlement.OPEN
    assert settlement(invoice, part, LATER) is Settlement.PART_PAID
    taken_back = [*part, an_entry(-1)]
    assert settlement(invoice, taken_back, LATER) is Settlement.OPEN


def test_a_document_of_nothing_is_not_void() -> None:
    """An invoice over nothing stands like any other: nobody cancelled it."""
    assert settlement(an_invoice("0"), [], LATER) is not Settlement.VOID


def test_versions_hold_from_when_they_were_known() -> None:
    """At an instant the state known by then holds, and none before the first."""
    second = FIRST + timedelta(days=5)
    old, new = an_invoice("1000"), an_invoice("900")
    versions = [
        Version(document=old, known_at=FIRST, superseded_at=second),
        Version(document=new, known_at=second),
    ]
    tick = timedelta(microseconds=1)
    assert version_at(versions, FIRST - tick) is None
    assert version_at(versions, FIRST) is old
    assert version_at(versions, second - tick) is old
    assert version_at(versions, second) is new
    assert version_at(versions, None) is new


def test_an_item_knows_its_days_and_its_side() -> None:
    """Days count from the due date; what is below zero stands for the debtor."""
    owed, overpaid = an_item(100), an_item(-100)
    assert owed.days_overdue(DUE) == 0
    assert owed.days_overdue(DUE + timedelta(days=28)) == 28
    assert owed.days_overdue(ISSUED) == -30
    assert side_of(owed) is Side.DEBIT
    assert side_of(overpaid) is Side.CREDIT
    assert overpaid.is_credit
