"""The agenda: whatever a step hangs on has its document looked at again."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from msgspec import structs

from ledger.calendar import Terms
from ledger.ids import DocumentId
from ledger.records import DocumentKind
from ledger.reminders import (
    Contact,
    DebtorNote,
    MessageState,
    Mode,
    Stop,
    StopKind,
)
from ledger.store import (
    agenda,
    contacts,
    debtor_notes,
    mandates,
    messages,
    rulebooks,
)
from ledger.store.session import Session
from ledger.testing import AN_INSTANT, Books, a_claim, a_debtor, a_document
from outsourced_ar.stops import stopping
from tests.integration.reminding import (
    A_DAY,
    AN_HOUR,
    a_message,
    debtor_key,
    document_key,
)

ISSUED = date(2026, 1, 1)
DUE = date(2026, 1, 31)
LATER = date(2026, 6, 1)
INVOICE = a_document("I1", "100", ISSUED, DUE)
OTHER = a_document("I2", "50", ISSUED, DUE, debtor="D2")
PAYMENT = a_document("P1", "100", DUE, kind=DocumentKind.PAYMENT)


@pytest.fixture
def looked_at(books: Books) -> Books:
    """Books whose two invoices of two debtors were looked at, for months ahead."""
    books.land(INVOICE, OTHER, PAYMENT, debtors=[a_debtor("D1"), a_debtor("D2")])
    look_at(books, "I1", "I2")
    return books


def look_at(books: Books, *numbers: str) -> None:
    """Write that invoices are next to be looked at much later."""
    with books.database.tenant(books.tenant.scope) as session:
        dates = {document_key(books, one): LATER for one in numbers}
        agenda.set_next(session, dates, A_DAY)


def waiting(books: Books, on: date = A_DAY) -> list[str]:
    """Return the numbers of the debtors there is anything to look at."""
    numbers = {debtor_key(books, one): one for one in ("D1", "D2")}
    with books.database.question(books.tenant.scope) as session:
        return sorted(numbers[one] for one in agenda.due(session, on))


def test_what_nobody_looked_at_is_waiting(books: Books) -> None:
    """A new invoice is looked at on the next night; a payment has no reminders."""
    books.land(INVOICE, a_document("P2", "1", DUE, kind=DocumentKind.PAYMENT))
    assert waiting(books) == ["D1"]


def test_a_date_is_waited_for(looked_at: Books) -> None:
    """Nothing is looked at before its date, and all from that date on."""
    assert waiting(looked_at, LATER - timedelta(days=1)) == []
    assert waiting(looked_at, LATER) == ["D1", "D2"]
    assert waiting(looked_at, LATER + timedelta(days=9)) == ["D1", "D2"]


@pytest.mark.parametrize(
    "changed",
    [
        structs.replace(INVOICE, due_on=date(2026, 2, 15)),
        structs.replace(INVOICE, total_minor=120_00),
        structs.replace(INVOICE, reference="PO 7"),
        structs.replace(INVOICE, open_minor=40_00),
    ],
    ids=["due date", "total", "reference", "open amount"],
)
def test_a_changed_invoice_is_waiting(looked_at: Books, changed: object) -> None:
    """Whatever changes of an invoice has its debtor looked at again."""
    looked_at.land(changed)  # type: ignore[arg-type]  # a document
    assert waiting(looked_at) == ["D1"]


def test_the_same_again_is_not_waiting(looked_at: Books) -> None:
    """An invoice that lands again unchanged is no news."""
    looked_at.land(INVOICE, OTHER)
    assert waiting(looked_at) == []


def test_a_part_payment_is_waiting_and_a_whole_one_is_not(looked_at: Books) -> None:
    """What is left is looked at again; what is paid never."""
    looked_at.land(claims=[a_claim(INVOICE, PAYMENT, "60", DUE)])
    assert waiting(looked_at) == ["D1"]
    looked_at.land(claims=[a_claim(INVOICE, PAYMENT, "100", DUE)])
    assert waiting(looked_at) == []
    assert waiting(looked_at, LATER) == ["D2"]


def test_a_reopened_invoice_is_waiting(looked_at: Books) -> None:
    """An invoice whose payment bounced is looked at again."""
    claim = a_claim(INVOICE, PAYMENT, "100", DUE)
    looked_at.land(claims=[claim])
    look_at(looked_at, "I1")
    looked_at.unclaim_all_but()
    assert waiting(looked_at) == ["D1"]


def test_new_terms_of_a_debtor_are_waiting(books: Books) -> None:
    """A due date that follows the debtor's terms is looked at when they change."""
    invoice = a_document("I1", "100", ISSUED)
    books.land(invoice, debtors=[a_debtor("D1")])
    look_at(books, "I1")
    books.land(debtors=[structs.replace(a_debtor("D1"), terms=Terms(30))])
    assert waiting(books) == ["D1"]


def _enter_contact(session: Session, books: Books) -> None:
    one = Contact(debtor_id=debtor_key(books), name="Ada", email="a@b.example")
    contacts.save(session, one, AN_HOUR)


def _write_note(session: Session, books: Books) -> None:
    debtor_notes.save(session, DebtorNote(debtor_id=debtor_key(books)), AN_HOUR)


def _end_a_hold(session: Session, books: Books) -> None:
    hold = Stop(
        kind=StopKind.HOLD,
        debtor_id=debtor_key(books),
        begins_on=ISSUED,
        recorded_by="Ada",
    )
    one = stopping.enter(session, hold, AN_HOUR)
    stopping.end(session, one, last_on=A_DAY, at=AN_HOUR, by="Ada")


def _bounce(session: Session, books: Books) -> None:
    one = messages.queue(
        session, a_message(books), mandate_id=1, decision_id=None, decided_at=AN_HOUR
    )
    assert one is not None
    for state in (MessageState.SENDING, MessageState.SENT, MessageState.BOUNCED):
        messages.mark(session, one, state, at=AN_HOUR, by="test")


@pytest.mark.parametrize("happens", [_enter_contact, _write_note, _end_a_hold, _bounce])
def test_what_happens_to_a_debtor_is_waiting(
    looked_at: Books, happens: Callable[[Session, Books], None]
) -> None:
    """A contact, a note, the end of a hold, a bounce: the one debtor is looked at."""
    with looked_at.database.tenant(looked_at.tenant.scope) as session:
        happens(session, looked_at)
    assert waiting(looked_at) == ["D1"]


def _release(session: Session) -> None:
    mandates.give(session, mode=Mode.AUTOMATIC, given_by="Ada", given_at=AN_INSTANT)


def _change_a_rule(session: Session) -> None:
    rulebooks.save(
        session, kind="policy", name="own", body="x = 1", by="Ada", at=AN_HOUR
    )


@pytest.mark.parametrize("happens", [_release, _change_a_rule])
def test_what_is_over_all_has_all_looked_at(
    looked_at: Books, happens: Callable[[Session], None]
) -> None:
    """A mandate or a rule may change every decision."""
    with looked_at.database.tenant(looked_at.tenant.scope) as session:
        happens(session)
    assert waiting(looked_at) == ["D1", "D2"]


def test_all_owing_asks_no_agenda(looked_at: Books) -> None:
    """A full scan finds every debtor that owes, looked at or not."""
    with looked_at.database.question(looked_at.tenant.scope) as session:
        found = agenda.all_owing(session)
    assert sorted(found) == sorted(debtor_key(looked_at, one) for one in ("D1", "D2"))


def test_dates_that_stand_are_not_written_again(looked_at: Books) -> None:
    """Writing the same dates twice changes no row, nor does another day that came."""
    dates: dict[DocumentId, date] = {document_key(looked_at, "I1"): LATER}
    with looked_at.database.tenant(looked_at.tenant.scope) as session:
        assert agenda.set_next(session, dates, A_DAY) == 0
        dates[document_key(looked_at, "I2")] = A_DAY
        assert agenda.set_next(session, dates, A_DAY) == 1
        dates[document_key(looked_at, "I2")] = A_DAY - timedelta(days=1)
        assert agenda.set_next(session, dates, A_DAY) == 0
