"""Landing documents and debtors: new, changed or the same, in any order."""

from datetime import UTC, date, datetime

import pytest
from msgspec import structs

from ledger.calendar import Terms
from ledger.money import Currency
from ledger.records import Document, DocumentKind, DueRule
from ledger.reports.ageing import Grouping
from ledger.reports.dso import Method, days_sales_outstanding
from ledger.store import debtors, verification
from ledger.store.landing import TICK, ClockBehindError
from ledger.testing import Books, a_claim, a_debtor, a_document, in_instalments
from tests.answers import aged, dso, entries, moves, open_items, owed, report

ISSUED, DUE = date(2026, 1, 1), date(2026, 1, 31)
PAID = date(2026, 3, 5)
AS_OF = date(2026, 6, 30)


def an_invoice(amount: str = "1000", *, version: int | None = None) -> Document:
    """Make an invoice, changed at source on a day of January if one is given."""
    changed_at = None if version is None else datetime(2026, 1, version, tzinfo=UTC)
    one = a_document("I1", amount, ISSUED, DUE)
    return structs.replace(one, source_version_at=changed_at)


def a_payment(amount: str = "1000") -> Document:
    """Make a payment of the fifth of March."""
    return a_document("P1", amount, PAID, kind=DocumentKind.PAYMENT)


def test_a_page_says_what_became_of_it(books: Books) -> None:
    """Records are new, then changed or the same."""
    first = books.land(an_invoice(), a_payment(), debtors=[a_debtor()])
    again = books.land(an_invoice("900"), a_payment(), debtors=[a_debtor()])
    assert (first.documents.new, first.debtors.new) == (2, 1)
    assert (again.documents.changed, again.documents.same) == (1, 1)
    assert again.debtors.same == 1
    assert owed(books, AS_OF) == {"I1": 900, "P1": -1000}


def test_a_changed_document_keeps_what_it_was(books: Books) -> None:
    """As known before a change the old total, dates and debtor answer."""
    books.land(an_invoice(), debtors=[a_debtor("D1"), a_debtor("D2")])
    before = books.landed_at[-1]
    changed = a_document("I1", "700", date(2026, 2, 1), AS_OF, debtor="D2")
    books.land(changed)
    assert owed(books, ISSUED) == {}
    assert owed(books, ISSUED, before) == {"I1": 1000}
    (now,), (then,) = open_items(books, AS_OF), open_items(books, AS_OF, before)
    assert (now.due_on, now.total_minor) == (AS_OF, 700_00)
    assert (then.due_on, then.total_minor) == (DUE, 1000_00)
    assert now.debtor_id != then.debtor_id


def test_an_older_version_never_replaces_a_newer_one(books: Books) -> None:
    """A page that was read before but lands after changes nothing."""
    books.land(an_invoice("900", version=5), debtors=[a_debtor()])
    books.land(an_invoice("1000", version=4))
    assert owed(books, AS_OF) == {"I1": 900}
    books.land(an_invoice("800", version=5))
    assert owed(books, AS_OF) == {"I1": 800}


def test_a_newer_version_that_changed_nothing_still_counts_as_seen(
    books: Books,
) -> None:
    """What came between two equal versions is older than the second of them."""
    for amount, version in (("1000", 1), ("1000", 3), ("900", 2)):
        books.land(an_invoice(amount, version=version), debtors=[a_debtor()])
    assert owed(books, AS_OF) == {"I1": 1000}


def test_a_document_dated_later_is_not_open_before(books: Books) -> None:
    """A document of the future is known and stands in no report until its date."""
    books.land(a_document("I1", "10", AS_OF), debtors=[a_debtor()])
    assert owed(books, date(2026, 6, 29)) == {}
    assert owed(books, AS_OF) == {"I1": 10}


def test_what_was_applied_moves_with_a_document_s_date(books: Books) -> None:
    """Nothing is applied before both documents are dated, wherever dates move."""
    invoice, payment = an_invoice(), a_payment()
    claim = a_claim(invoice, payment, "1000", PAID)
    books.land(invoice, payment, claims=[claim], debtors=[a_debtor()])
    later = date(2026, 4, 10)
    books.land(structs.replace(invoice, issued_on=later))
    assert owed(books, date(2026, 4, 9)) == {"P1": -1000}
    assert owed(books, later) == {}
    books.land(invoice)
    assert owed(books, date(2026, 3, 4)) == {"I1": 1000}
    assert owed(books, PAID) == {}


def test_a_withdrawn_claim_leaves_no_trace_when_its_document_moves(
    books: Books,
) -> None:
    """Receivables never fall below zero because a document is dated later now."""
    invoice = an_invoice()
    payment = structs.replace(a_payment(), issued_on=ISSUED)
    claim = a_claim(invoice, payment, "1000", PAID)
    books.land(invoice, payment, claims=[claim], debtors=[a_debtor()])
    books.unclaim_all_but(on=date(2026, 4, 1))
    books.land(structs.replace(invoice, issued_on=date(2026, 3, 20)))
    between = date(2026, 3, 10)
    assert dso(books, between, Method.SIMPLE).receivables == 0
    assert owed(books, between) == {"P1": -1000}
    assert owed(books, date(2026, 3, 25)) == {}


def test_history_begins_with_the_first_document_that_stands_there(
    books: Books,
) -> None:
    """A document moved to March leaves no January behind to count back to."""
    invoice = a_document("I1", "100", date(2026, 1, 10))
    entry = a_document("J1", "500", date(2026, 3, 10), kind=DocumentKind.DEBIT_JOURNAL)
    books.land(invoice, entry, debtors=[a_debtor()])
    books.land(structs.replace(invoice, issued_on=date(2026, 3, 10)))
    counted = dso(books, date(2026, 3, 31), Method.COUNT_BACK).count_back
    assert counted is not None
    assert counted.days.value == 31
    assert counted.unexplained == 500


def test_a_currency_without_documents_has_no_figures(books: Books) -> None:
    """An invoice that turns out to be in dollars leaves no line in euros."""
    invoice = an_invoice()
    books.land(invoice, debtors=[a_debtor()])
    books.land(structs.replace(invoice, currency=Currency("USD")))
    assert aged(books, AS_OF) == {}
    assert aged(books, AS_OF, code=Currency("USD")) == {"121+": 1000}
    with books.ask(AS_OF) as asked:
        found = days_sales_outstanding(asked, methods=[Method.SIMPLE]).lines
    assert [line.currency for line in found] == ["USD"]


def test_a_document_may_land_before_its_debtor(books: Books) -> None:
    """Until its debtor is there a document is owed all the same, debtor by debtor."""
    books.land(an_invoice())
    assert aged(books, AS_OF) == {"121+": 1000}
    with report(books, AS_OF, grouping=Grouping.DEBTOR) as found:
        assert [line.total_minor for line in found.lines] == [1000_00]


def test_a_mention_never_replaces_a_debtor_s_own_record(books: Books) -> None:
    """A name found on a document gives way to the debtor's record for good."""
    mention = structs.replace(a_debtor("D1", "On a document"), own_record=False)
    books.land(debtors=[mention])
    books.land(debtors=[a_debtor("D1", "In the books")])
    books.land(debtors=[mention])
    with books.ask(AS_OF) as asked:
        (stored,) = debtors.load_all(asked.session, asked.known).values()
    assert stored.name == "In the books"


def test_a_debtor_is_shown_as_it_was_known(books: Books) -> None:
    """As known before a change of name and unit the old ones are shown."""
    books.land(debtors=[a_debtor("D1", "Old")])
    before = books.landed_at[-1]
    books.land(debtors=[structs.replace(a_debtor("D1", "New"), unit="North")])
    with books.ask(AS_OF, before) as asked:
        (then,) = debtors.load_all(asked.session, asked.known).values()
    with books.ask(AS_OF) as asked:
        (now,) = debtors.load_all(asked.session, asked.known).values()
    assert (then.name, then.unit) == ("Old", None)
    assert (now.name, now.unit) == ("New", "North")


def test_a_document_s_own_terms_are_not_the_debtor_s(books: Books) -> None:
    """A due date by the document's own terms stays when the debtor's terms change."""
    own = structs.replace(an_invoice(), due_rule=DueRule.TERMS)
    books.land(own, debtors=[a_debtor()])
    books.land(debtors=[structs.replace(a_debtor(), terms=Terms(60))])
    (item,) = open_items(books, AS_OF)
    assert (item.due_on, item.due_rule) == (DUE, DueRule.TERMS)


def test_a_document_that_changes_hands_takes_the_new_debtor_s_terms(
    books: Books,
) -> None:
    """An inferred due date follows the terms of the debtor the document has now."""
    with_terms = [
        structs.replace(a_debtor(number), terms=Terms(days))
        for number, days in (("D1", 10), ("D2", 60))
    ]
    books.land(a_document("I1", "10", ISSUED), debtors=with_terms)
    books.land(a_document("I1", "10", ISSUED, debtor="D2"))
    (item,) = open_items(books, AS_OF)
    assert item.due_on == date(2026, 3, 2)


def test_a_balance_from_a_list_counts_from_the_list_s_day(books: Books) -> None:
    """What is open by a list was so on the list's day, not when it was issued."""
    listed = structs.replace(an_invoice(), open_minor=400_00)
    books.land(listed, debtors=[a_debtor()], on=PAID)
    assert owed(books, date(2026, 3, 4)) == {"I1": 1000}
    assert owed(books, PAID) == {"I1": 400}
    april = date(2026, 4, 1)
    books.land(structs.replace(listed, open_minor=700_00), on=april)
    assert owed(books, date(2026, 3, 31)) == {"I1": 400}
    assert owed(books, april) == {"I1": 700}
    assert moves(books, listed) == [
        ("balance_change", PAID, 600),
        ("balance_change", april, -300),
    ]


def test_a_list_without_totals_never_lowers_one(books: Books) -> None:
    """Open 1,000 and then 400, an item of unknown total was one of 1,000."""
    listed = structs.replace(an_invoice(), open_minor=1000_00, total_known=False)
    books.land(listed, debtors=[a_debtor()], on=PAID)
    less = structs.replace(listed, total_minor=400_00, open_minor=400_00)
    books.land(less, on=date(2026, 4, 1))
    (item,) = open_items(books, AS_OF)
    assert (item.total_minor, item.open_minor) == (1000_00, 400_00)


def test_disputes_are_dated_and_never_more_than_the_total(books: Books) -> None:
    """A dispute counts from the day it was learnt until the books take it back."""
    invoice = an_invoice()
    disputed = structs.replace(invoice, disputed_minor=1200_00)
    books.land(disputed, debtors=[a_debtor()], on=PAID)
    before = books.landed_at[-1]
    books.land(structs.replace(invoice, disputed_minor=0), on=date(2026, 4, 1))
    assert aged(books, date(2026, 3, 4)) == {"31-60": 1000}
    assert aged(books, PAID) == {"31-60": 1000, "disputed": 1000}
    assert aged(books, AS_OF) == {"121+": 1000}
    assert aged(books, AS_OF, before) == {"121+": 1000, "disputed": 1000}


def test_a_dispute_stands_against_the_oldest_open_instalment(books: Books) -> None:
    """What is disputed shows in the buckets of the parts that are open first."""
    invoice = in_instalments(
        an_invoice(), (date(2026, 5, 1), "300"), (date(2026, 6, 15), "300")
    )
    disputed = structs.replace(invoice, disputed_minor=400_00)
    payment = a_payment("100")
    claim = a_claim(invoice, payment, "100", PAID)
    books.land(disputed, payment, claims=[claim], debtors=[a_debtor()])
    found = {
        one.part: (one.open_minor, one.disputed_minor)
        for one in open_items(books, AS_OF)
    }
    assert found == {1: (200_00, 200_00), 2: (300_00, 200_00)}


def test_each_landing_has_an_instant_of_its_own(books: Books) -> None:
    """With the clock standing still instants still rise, and a page is one of them."""
    books.land(an_invoice(), debtors=[a_debtor()])
    first = books.landed_at[-1]
    books.now = first.replace(hour=first.hour - 1)
    books.land(a_payment())
    assert books.landed_at[-1] == first + TICK
    assert owed(books, AS_OF, first) == {"I1": 1000}


def test_a_clock_behind_the_last_landing_is_refused(books: Books) -> None:
    """What was known by an instant can't change afterwards."""
    books.land(an_invoice(), debtors=[a_debtor()])
    books.now = books.now.replace(year=2020)
    with pytest.raises(ClockBehindError):
        books.land(a_payment())
    assert owed(books, AS_OF) == {"I1": 1000}


def test_a_document_of_nothing_is_closed_on_its_date(books: Books) -> None:
    """An invoice over nothing is not open and the ledger verifies."""
    books.land(an_invoice("0"), debtors=[a_debtor()])
    assert open_items(books, AS_OF) == []
    assert entries(books, an_invoice("0")) == []
    with books.ask(AS_OF) as asked:
        assert len(verification.statements(asked.session)) == 1
