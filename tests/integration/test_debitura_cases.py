"""A case at Debitura from placement to its end, in the ledger, over the stand-in."""

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest

from connectors.simulators import clock as simulated
from connectors.simulators import faults as any_fault
from connectors.simulators.debitura import model
from connectors.simulators.debitura.model import SimCase
from ledger.cases import CasePayment, CaseState, PaidTo
from ledger.reminders import DebtorNote
from ledger.store import case_payments, cases, debtor_notes
from ledger.store.session import Database
from outsourced_ar.collecting.handing import Hand, Handed
from outsourced_ar.collecting.taking_in import Intake, TakenIn
from outsourced_ar.placements.debitura import DebituraAgency
from tests.connectors.debitura.account import Account
from tests.connectors.debitura.contract import CheckedSimulator
from tests.integration.escalation import DUE, Office
from tests.integration.reminding import debtor_key

RIPE = date(2026, 3, 26)
NEXT = RIPE + timedelta(days=1)


@dataclass
class Placed:
    """A tenant whose one case is ripe, and an account at the service."""

    office: Office
    account: Account = field(
        default_factory=lambda: Account(
            simulator=CheckedSimulator(clock=simulated.Clock())
        )
    )

    def agency(self, day: date) -> DebituraAgency:
        """Return the agency, on a day."""
        self.account.simulator.clock.set(datetime.combine(day, time(12), UTC))
        tenant = self.office.books.tenant
        prefix = cases.reference_prefix(tenant.id)
        return replace(self.account.agency, prefix=prefix)

    def hand(self, day: date) -> Handed:
        """Tell the agency what waits."""
        books = self.office.books
        return Hand(
            database=books.database,
            tenant=books.tenant,
            clock=self.office.clock(day),
            agencies={"strand": self.agency(day)},
        ).hand_over()

    def take_in(self, day: date) -> TakenIn:
        """Take in what the agency says, and what the books show."""
        books = self.office.books
        return Intake(
            database=books.database,
            tenant=books.tenant,
            clock=self.office.clock(day),
            agencies={"strand": self.agency(day)},
        ).take_in()

    def there(self) -> SimCase:
        """Return the one case as the service has it."""
        (found,) = self.account.desk.cases.values()
        return found

    def payments(self) -> tuple[CasePayment, ...]:
        """Return the money of the case."""
        number = self.office.case().id
        assert number is not None
        with self.office.session() as session:
            return case_payments.of_cases(session, [number]).get(number, ())

    def titles(self) -> str:
        """Return what persons are asked, in one text."""
        return "\n".join(task.title for task in self.office.tasks())


def ripened(office: Office, *address: str) -> Placed:
    """Place the case of a debtor whose postal address is this, as far as is known."""
    office.invoice()
    for day in (5, 9, 14, 24, 38):
        office.night(DUE + timedelta(days=day))
    with office.session() as session:
        note = DebtorNote(debtor_id=debtor_key(office.books), address=address)
        debtor_notes.save(session, note, office.books.now)
    assert len(office.night(RIPE).placed) == 1
    return Placed(office)


@pytest.fixture
def placed(database: Database, tmp_path: Path) -> Placed:
    """A case of 1,000.00 EUR that was placed and not handed over yet."""
    office = Office.open(database, tmp_path / "agency")
    return ripened(office, "Hafen 5", "20457 Hamburg")


def test_a_case_is_followed_from_placement_to_payment(placed: Placed) -> None:
    """Handed over, accepted, paid by the debtor to the agency: each step is here."""
    assert len(placed.hand(RIPE).handed) == 1
    there = placed.there()
    case = placed.office.case()
    assert there.asked["creditorReference"] == case.reference
    assert case.agency_reference == there.reference
    assert str(there.amount) == "1000.00"
    assert {"claim.pdf", "packet.json.txt"} <= {one.name for one in there.files}

    placed.account.desk.move(there, model.ACTIVE)
    placed.take_in(NEXT)
    assert placed.office.case().state is CaseState.ACTIVE

    placed.account.desk.pay(there, "400.00", on=NEXT)
    once, again = placed.take_in(NEXT), placed.take_in(NEXT)
    assert (once.applied, again.applied) == (1, 0)
    (paid,) = placed.payments()
    assert (paid.amount_minor, paid.paid_to) == (40_000, PaidTo.AGENCY)
    assert paid.commission_minor == 5_000


def test_handing_over_again_is_the_same_case(placed: Placed) -> None:
    """A lost answer is looked for the next night; there is one case at the service."""
    faults = placed.account.simulator.faults
    faults.plan(any_fault.lost_answer(), method="POST", path="/cases")

    first, second = placed.hand(RIPE), placed.hand(NEXT)

    assert (len(first.waiting), len(second.handed)) == (1, 1)
    assert placed.office.case().agency_reference == placed.there().reference


def test_files_that_were_cut_off_follow_the_next_night(placed: Placed) -> None:
    """A case that is there without all its files is not thought handed over."""
    faults = placed.account.simulator.faults
    faults.plan(any_fault.reset(), method="POST", path="/cases/", after=1)

    first = placed.hand(RIPE)
    before = len(placed.there().files)
    second = placed.hand(NEXT)

    assert "files may be missing" in " ".join(first.waiting.values())
    assert before == 1
    assert len(second.handed) == 1
    assert len(placed.there().files) > before


def test_a_contract_is_signed_before_work_begins(placed: Placed) -> None:
    """The client is asked once, with the link; signed, the case goes on by itself."""
    placed.account.desk.has_contract = False
    placed.hand(RIPE)
    there = placed.there()
    assert f"/sign/{there.reference}" in placed.titles()
    assert placed.office.case().state is CaseState.SUBMITTED

    placed.account.desk.sign()
    placed.account.desk.move(there, model.ACTIVE)
    placed.take_in(NEXT)

    assert placed.office.case().state is CaseState.ACTIVE


def test_what_the_client_received_is_told_to_the_partner(placed: Placed) -> None:
    """A payment in the books lowers the case, and the partner reads of it once."""
    placed.hand(RIPE)
    there = placed.there()
    placed.office.pay("I1", "300.00", NEXT)

    placed.take_in(NEXT)
    told, again = placed.hand(NEXT), placed.hand(NEXT)

    assert (len(told.payments), again.payments) == (1, [])
    (chat,) = there.chats
    assert "300.00 EUR" in chat.message


def test_a_payment_taken_back_leaves_what_is_there(placed: Placed) -> None:
    """Corrected and taken back at the service, the case's money comes to nothing."""
    placed.hand(RIPE)
    there = placed.there()
    desk = placed.account.desk
    desk.move(there, model.ACTIVE)
    paid = desk.pay(there, "400.00", on=RIPE)
    placed.take_in(NEXT)
    desk.correct(there, paid, "450.00")
    placed.take_in(NEXT)
    assert sum(one.amount_minor for one in placed.payments()) == 45_000

    desk.unpay(there, paid)
    placed.take_in(NEXT)

    assert sum(one.amount_minor for one in placed.payments()) == 0
    assert sum(one.commission_minor for one in placed.payments()) == 0


def test_a_service_that_is_away_keeps_the_night_going(placed: Placed) -> None:
    """A wrong key or silence is said; nothing is lost, and the next night goes on."""
    placed.account.api_key = "wrong"
    handed, taken = placed.hand(RIPE), placed.take_in(RIPE)
    placed.account.api_key = ""
    placed.account.simulator.faults.plan(any_fault.timeout(), calls=10)
    silent = placed.hand(RIPE)
    placed.account.simulator.faults.clear()

    assert "API key" in " ".join(handed.waiting.values())
    assert "API key" in taken.failed["strand"]
    assert len(silent.waiting) == 1
    assert len(placed.hand(NEXT).handed) == 1


def test_words_and_what_is_not_known_come_before_a_person(placed: Placed) -> None:
    """A partner's message and a state that is not known become tasks, once each."""
    placed.hand(RIPE)
    there = placed.there()
    desk = placed.account.desk
    desk.move(there, model.ACTIVE)
    desk.say(there, "The debtor offers instalments.", role=1)
    placed.take_in(NEXT)
    desk.move(there, "Sent to the moon")
    placed.take_in(NEXT)
    placed.take_in(NEXT)

    titles = placed.titles()
    assert titles.count("The debtor offers instalments.") == 1
    assert titles.count("Sent to the moon") == 1
    assert placed.office.case().state is CaseState.ACTIVE


def test_a_debtor_without_an_address_is_refused(
    database: Database, tmp_path: Path
) -> None:
    """What the service needs and nobody knows is said; no case is made there."""
    placed = ripened(Office.open(database, tmp_path / "agency"))

    handed = placed.hand(RIPE)

    assert placed.office.case().state is CaseState.REJECTED
    assert "street is not known" in " ".join(handed.refused.values())
    assert "street is not known" in placed.titles()
    assert placed.account.desk.cases == {}
