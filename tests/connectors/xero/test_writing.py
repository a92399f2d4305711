"""Writing to a simulated organisation: what is there afterwards, once each."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

import pytest

from connectors.simulators.faults import meanwhile
from connectors.simulators.xero import faults
from connectors.simulators.xero.model import Document, Kind, Status
from connectors.writing import Part
from connectors.xero_writing import XeroWriter
from ledger.outbox import WriteState
from ledger.store import written_back
from sync.push import PushResult
from tests.connectors.xero.conftest import Opener, Organisation
from tests.writing import ALL, Outgoing

PROMISED = "2026-02-20"


@dataclass(slots=True)
class Office:
    """A synced organisation, and what it is told."""

    organisation: Organisation
    out: Outgoing
    writer: XeroWriter

    def push(self, allowed: frozenset[Part] = ALL) -> PushResult:
        """Write what is due."""
        return self.out.push(self.writer, allowed)

    def invoice(self, number: int = 0) -> Document:
        """Return an invoice in euros of which nothing is settled."""
        books = self.organisation.simulator.books
        found = [
            one
            for one in books.documents[Kind.INVOICE].values()
            if one.status is Status.AUTHORISED
            and not one.is_touched
            and not one.payable
            and one.currency == books.home
        ]
        return found[number]

    def notes(self, invoice: Document, key: str) -> int:
        """Count the notes that carry a key."""
        lines = self.organisation.simulator.books.history.get(invoice.id, [])
        return sum(key in line.details for line in lines)

    def payments(self, invoice: Document, key: str) -> int:
        """Count the payments that carry a key and stand."""
        return sum(
            key in one.reference and not one.is_deleted for one in invoice.payments
        )

    def later(self, **more: float) -> None:
        """Let time pass."""
        self.organisation.simulator.clock.advance(timedelta(**more).total_seconds())


@pytest.fixture
def office(open_organisation: Opener) -> Office:
    """A synced organisation of 40 invoices."""
    organisation = open_organisation(40)
    organisation.sync()
    writer = organisation.connector.writer({"account": "090"})
    assert isinstance(writer, XeroWriter)
    return Office(organisation, Outgoing(organisation.ours, organisation.clock), writer)


def test_a_promise_is_written(office: Office) -> None:
    """A note with our key, and the day in the field, once however often is pushed."""
    invoice = office.invoice()
    one = office.out.promise(invoice.id, PROMISED)
    for _ in range(3):
        office.push()
        office.later(days=1)
    assert office.out.state(one) is WriteState.WRITTEN
    assert invoice.expected_on == date.fromisoformat(PROMISED)
    assert office.notes(invoice, office.out.keys[0]) == 1
    (line,) = [
        one
        for one in office.organisation.simulator.books.history[invoice.id]
        if office.out.keys[0] in one.details
    ]
    assert line.details == f"What happened. [{office.out.keys[0]}]"


def test_a_payment_is_written(office: Office) -> None:
    """The money is in the books under our key, and lands with the next sync."""
    invoice = office.invoice()
    half = (invoice.open / 2).quantize(Decimal("0.01"))
    before = invoice.open
    minor = int(half * 100)
    one = office.out.payment(
        invoice.id, minor, "2026-01-10", office.organisation.simulator.books.home
    )
    office.push()
    assert office.out.state(one) is WriteState.WRITTEN
    assert office.payments(invoice, office.out.keys[0]) == 1
    assert invoice.open == before - half
    (payment,) = invoice.payments
    assert payment.paid_on == date(2026, 1, 10)
    assert office.out.load(one).write_back.remote_id == payment.id
    assert office.organisation.sync().state == "completed"
    assert office.organisation.prover.prove().state.is_good


def test_what_a_person_set_stays(office: Office) -> None:
    """A day that somebody entered is not overwritten; the note still goes."""
    invoice = office.invoice()
    theirs = date(2026, 3, 1)
    office.organisation.simulator.books.edit(invoice, expected_on=theirs)
    one = office.out.promise(invoice.id, PROMISED)
    office.push()
    assert office.out.state(one) is WriteState.CONFLICT
    assert invoice.expected_on == theirs
    assert office.notes(invoice, office.out.keys[0]) == 1
    assert "2026-03-01" in office.out.words(one)
    assert len(office.out.tasks()) == 1


def test_our_own_value_is_no_person_s(office: Office) -> None:
    """A second promise takes the place of the first; one set between does not."""
    invoice = office.invoice()
    office.out.promise(invoice.id, PROMISED)
    second = office.out.promise(invoice.id, "2026-03-05")
    office.push()
    assert office.out.state(second) is WriteState.WRITTEN
    assert invoice.expected_on == date(2026, 3, 5)
    office.organisation.simulator.books.edit(invoice, expected_on=date(2026, 4, 1))
    third = office.out.promise(invoice.id, "2026-05-05")
    office.push()
    assert office.out.state(third) is WriteState.CONFLICT
    assert invoice.expected_on == date(2026, 4, 1)


def test_a_person_may_let_ours_take_the_place(office: Office) -> None:
    """Tried again by a person's word, ours replaces the value that stood in the way."""
    invoice = office.invoice()
    office.organisation.simulator.books.edit(invoice, expected_on=date(2026, 3, 1))
    one = office.out.promise(invoice.id, PROMISED)
    office.push()
    books = office.out.books
    with books.database.tenant(books.tenant.scope) as session:
        written_back.retry(session, one, at=office.organisation.clock.now(), by="Mara")
    office.push()
    assert office.out.state(one) is WriteState.WRITTEN
    assert invoice.expected_on == date.fromisoformat(PROMISED)
    assert office.notes(invoice, office.out.keys[0]) == 1
    assert not office.out.tasks()


def test_a_part_paid_invoice_gets_the_note_alone(office: Office) -> None:
    """Xero lets nobody edit what is settled in part: that is a result, no retry."""
    invoice = office.invoice()
    office.organisation.simulator.books.pay(invoice, Decimal(1))
    one = office.out.promise(invoice.id, PROMISED)
    office.push()
    assert office.out.state(one) is WriteState.NOTE_ONLY
    assert "allocated" in office.out.words(one)
    assert invoice.expected_on is None
    assert office.notes(invoice, office.out.keys[0]) == 1
    calls = office.organisation.calls.count
    office.later(days=1)
    office.push()
    assert office.organisation.calls.count == calls


def test_a_closed_period_refuses_a_payment(office: Office) -> None:
    """The lock date is read before; the note says what happened all the same."""
    invoice = office.invoice()
    books = office.organisation.simulator.books
    books.period_locked_on = date(2026, 1, 12)
    one = office.out.payment(invoice.id, 1_00, "2026-01-12", books.home)
    office.push()
    assert office.out.state(one) is WriteState.REFUSED
    assert "2026-01-12" in office.out.words(one)
    assert not invoice.payments
    assert office.notes(invoice, office.out.keys[0]) == 1
    assert "closed" in office.out.tasks()[0].details["words"]


def test_xero_s_own_words_are_kept(office: Office) -> None:
    """What Xero refuses itself is a result with its reason and words."""
    invoice = office.invoice()
    books = office.organisation.simulator.books
    invoice.issued_on = date(2026, 1, 5)
    books.period_locked_on = date(2026, 1, 12)
    one = office.out.promise(invoice.id, PROMISED)
    office.push()
    stored = office.out.load(one)
    assert stored.write_back.state is WriteState.NOTE_ONLY
    assert "period lock date" in stored.write_back.words
    assert stored.progress["field"]["reason"] == "locked_period"


def test_too_large_a_payment_is_not_written(office: Office) -> None:
    """More than is open is refused: a payment never makes a credit by itself."""
    invoice = office.invoice()
    minor = int(invoice.open * 100) + 1
    home = office.organisation.simulator.books.home
    one = office.out.payment(invoice.id, minor, "2026-01-10", home)
    office.push()
    assert office.out.state(one) is WriteState.REFUSED
    assert not invoice.payments


def test_a_payment_needs_an_account(office: Office) -> None:
    """Where the client named none, a person is told; nothing is guessed."""
    invoice = office.invoice()
    home = office.organisation.simulator.books.home
    one = office.out.payment(invoice.id, 1_00, "2026-01-10", home)
    office.out.push(office.organisation.connector.writer({}))
    assert office.out.state(one) is WriteState.REFUSED
    assert "--account" in office.out.words(one)


def test_a_document_that_is_gone_is_no_retry(office: Office) -> None:
    """A tombstone: nothing is asked of Xero again."""
    invoice = office.invoice()
    one = office.out.promise(invoice.id, PROMISED)
    del office.organisation.simulator.books.documents[Kind.INVOICE][invoice.id]
    office.push()
    assert office.out.state(one) is WriteState.GONE
    calls = office.organisation.calls.count
    for _ in range(3):
        office.later(days=1)
        office.push()
    assert office.organisation.calls.count == calls


def test_a_stage_is_a_group_of_contacts(office: Office) -> None:
    """Each stage word has one group, made once; a debtor is in those of its items."""
    first, books = office.invoice(), office.organisation.simulator.books
    second = next(
        one
        for one in books.documents[Kind.INVOICE].values()
        if one.contact is not first.contact and not one.payable and one.status.counts
    )
    office.out.stage(first.id, "final_demand")
    office.out.stage(second.id, "final_demand")
    office.push()
    (group,) = books.groups.values()
    assert group.name == "Duebridge: final demand"
    assert set(group.contacts) == {first.contact, second.contact}
    office.out.stage(first.id, "third_party")
    office.push()
    names = {one.name: set(one.contacts) for one in books.groups.values()}
    assert names == {
        "Duebridge: final demand": {second.contact},
        "Duebridge: third party": {first.contact},
    }
    last = office.out.stage(first.id, "")
    office.push()
    assert office.out.state(last) is WriteState.WRITTEN
    assert not [one for one in books.groups.values() if first.contact in one.contacts]


def test_a_hundred_groups_leave_the_note_alone(office: Office) -> None:
    """Xero has room for so many; its refusal is a result."""
    books, invoice = office.organisation.simulator.books, office.invoice()
    for number in range(100):
        books.add_group(f"Of others {number}")
    one = office.out.stage(invoice.id, "final_demand")
    office.push()
    assert office.out.state(one) is WriteState.NOTE_ONLY
    assert "100" in office.out.words(one)


def test_a_lost_answer_is_looked_for(office: Office) -> None:
    """The note is there; nobody writes it again, and nobody looks too early."""
    invoice = office.invoice()
    simulator = office.organisation.simulator
    simulator.faults.plan(faults.lost_answer(), method="PUT")
    one = office.out.promise(invoice.id, PROMISED)
    office.push()
    assert office.out.state(one) is WriteState.UNKNOWN
    calls = office.organisation.calls.count
    office.later(minutes=5)
    office.push()
    assert office.organisation.calls.count == calls
    office.later(minutes=30)
    office.push()
    assert office.out.state(one) is WriteState.WRITTEN
    assert office.notes(invoice, office.out.keys[0]) == 1
    assert invoice.expected_on == date.fromisoformat(PROMISED)


def test_a_lost_call_is_written_after_two_looks(office: Office) -> None:
    """Not there when it could have arrived, nor right before: then it is written."""
    invoice = office.invoice()
    simulator = office.organisation.simulator
    simulator.faults.plan(faults.reset(), method="PUT")
    home = simulator.books.home
    one = office.out.payment(invoice.id, 1_00, "2026-01-10", home)
    office.push()
    assert office.out.state(one) is WriteState.UNKNOWN
    assert not invoice.payments
    office.later(hours=1)
    office.push()
    assert office.out.state(one) is WriteState.WRITTEN
    assert office.payments(invoice, office.out.keys[0]) == 1


def test_a_late_call_is_seen_before_it_is_written_again(office: Office) -> None:
    """A payment that shows between both looks is not written a second time."""
    invoice = office.invoice()
    simulator = office.organisation.simulator
    home = simulator.books.home
    simulator.faults.plan(faults.reset(), method="PUT")
    one = office.out.payment(invoice.id, 1_00, "2026-01-10", home)
    office.push()
    office.later(hours=1)
    reference = f"{office.out.keys[0]} RF18 5390"
    # After the first look: the invoice and the list of payments were asked.
    simulator.faults.plan(
        meanwhile(
            lambda: simulator.books.pay(
                invoice,
                Decimal(1),
                paid_on=date(2026, 1, 10),
                reference=reference,
            )
        ),
        method="GET",
        after=1,
    )
    office.push()
    assert office.out.state(one) is WriteState.WRITTEN
    assert office.payments(invoice, office.out.keys[0]) == 1


@pytest.mark.parametrize("kept_s", [0, 10**9])
def test_nothing_rests_on_how_long_a_key_lives(office: Office, kept_s: float) -> None:
    """Whether Xero forgets a key at once or never: one payment, one note."""
    simulator = office.organisation.simulator
    for tenant in simulator._tenants.values():
        tenant.keys.kept_s = kept_s
    invoice = office.invoice()
    for _ in range(2):
        simulator.faults.plan(faults.lost_answer(), method="PUT")
    one = office.out.payment(invoice.id, 1_00, "2026-01-10", simulator.books.home)
    for _ in range(4):
        office.push()
        office.later(hours=2)
    assert office.out.state(one) is WriteState.WRITTEN
    assert office.payments(invoice, office.out.keys[0]) == 1
    assert office.notes(invoice, office.out.keys[0]) == 1


def test_a_limit_ends_the_run_and_says_when_to_come_back(office: Office) -> None:
    """Told to wait for hours, nothing more is asked; then all is written."""
    simulator = office.organisation.simulator
    ones = [
        office.out.promise(office.invoice(number).id, PROMISED) for number in range(3)
    ]
    invoices = [office.invoice(number) for number in range(3)]
    simulator.faults.plan(faults.day_limited(), after=1, method="PUT")
    result = office.push()
    assert result.error is not None
    assert office.out.state(ones[0]) is WriteState.WRITTEN
    assert office.out.state(ones[1]) is WriteState.WAITING
    resume_at = office.out.load(ones[1]).write_back.not_before
    assert resume_at is not None
    assert resume_at - office.organisation.clock.now() > timedelta(hours=10)
    simulator.faults.clear()
    office.later(days=1)
    assert office.push().error is None
    for one, invoice, key in zip(ones, invoices, office.out.keys, strict=True):
        assert office.out.state(one) is WriteState.WRITTEN
        assert office.notes(invoice, key) == 1


def test_a_token_that_ends_in_the_middle_is_renewed(office: Office) -> None:
    """A call that was refused for its token is made anew, and written once."""
    invoice = office.invoice()
    one = office.out.promise(invoice.id, PROMISED)
    office.later(minutes=31)
    office.push()
    assert office.out.state(one) is WriteState.WRITTEN
    assert office.notes(invoice, office.out.keys[0]) == 1


def test_what_is_switched_off_is_not_written(office: Office) -> None:
    """Notes alone: no field is touched; nothing allowed: nothing is asked."""
    first, second = office.invoice(0), office.invoice(1)
    one = office.out.promise(first.id, PROMISED)
    calls = office.organisation.calls.count
    office.push(frozenset())
    assert office.organisation.calls.count == calls
    assert office.out.state(one) is WriteState.WAITING
    home = office.organisation.simulator.books.home
    paid = office.out.payment(second.id, 1_00, "2026-01-10", home)
    office.push(frozenset({Part.NOTE}))
    assert office.out.state(one) is office.out.state(paid) is WriteState.NOTE_ONLY
    assert first.expected_on is None
    assert not second.payments
    assert office.notes(first, office.out.keys[0]) == 1
    assert office.notes(second, office.out.keys[1]) == 1


def test_what_was_changed_there_is_told_once(office: Office) -> None:
    """A day that somebody moved, a payment that somebody deleted."""
    moved, paid = office.invoice(0), office.invoice(1)
    simulator = office.organisation.simulator
    promise = office.out.promise(moved.id, PROMISED)
    payment = office.out.payment(paid.id, 1_00, "2026-01-10", simulator.books.home)
    office.push()
    office.organisation.sync()
    assert office.push().changed_there == 0
    simulator.books.edit(moved, expected_on=date(2026, 4, 1))
    simulator.books.delete_payment(paid.payments[0])
    office.organisation.sync()
    assert office.push().changed_there == 2
    assert office.push().changed_there == 0
    books = office.out.books
    with books.database.tenant(books.tenant.scope) as session:
        found = {one.write_back.id: one for one in written_back.changed_there(session)}
        assert set(found) == {promise, payment}
        assert found[promise].there == {"expected_on": "2026-04-01"}
        assert found[promise].ours == {"expected_on": PROMISED}
        assert found[payment].there is None
        written_back.take_in(session, [promise, payment])
        assert not written_back.changed_there(session)


def test_a_payment_that_a_person_deleted_is_not_written_again(office: Office) -> None:
    """Cut off, and deleted by a person before we could look: it stays deleted."""
    invoice = office.invoice()
    simulator = office.organisation.simulator
    simulator.faults.plan(faults.lost_answer(), method="PUT")
    one = office.out.payment(invoice.id, 1_00, "2026-01-10", simulator.books.home)
    office.push()
    simulator.books.delete_payment(invoice.payments[0])
    office.later(hours=1)
    office.push()
    assert office.out.state(one) is WriteState.CONFLICT
    assert len(invoice.payments) == 1
    assert "took it back" in office.out.words(one)
