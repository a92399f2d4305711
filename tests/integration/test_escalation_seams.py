"""Where parts of escalation meet: what happens between one step and the next."""

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest

from ledger.calendar import FixedClock
from ledger.cases import CaseState
from ledger.reminders import MessageState, Stop, StopItem, StopKind, Voice
from ledger.store import audit, cases
from ledger.store.session import Database
from ledger.testing import EUR
from outsourced_ar.collecting import by_hand
from outsourced_ar.collecting.packing import Run
from outsourced_ar.collecting.placing import HANDOVER
from outsourced_ar.deciding.rechecking import GateRecheck
from outsourced_ar.rules import rules_in_force
from outsourced_ar.sending.sending import Sender
from outsourced_ar.stops import stopping
from tests.integration.escalation import DUE, Office
from tests.integration.outbox import Reader, Way
from tests.integration.reminding import a_night, debtor_key, document_key

DEMANDED = DUE + timedelta(days=38)
PLACED = date(2026, 3, 26)
BY = "Mara"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The agency's folder."""
    return tmp_path / "agency"


def approve(office: Office, day: date) -> None:
    """Say yes to the one draft, as a person does."""
    books = office.books
    with office.session() as session:
        run = Run.begin(session, books.tenant, office.clock(day))
        (case,) = cases.listing(session)
        cases.lock_debtor(session, case.debtor_id)
        assert case.id is not None
        by_hand.approve(
            session,
            run,
            cases.load(session, case.id, locked=True),
            by=BY,
            limitation_checked=False,
            court=False,
            copies={},
        )


def send(office: Office, day: date) -> Way:
    """Send what is ready, by the gate, in the debtor's office hours."""
    clock = FixedClock(datetime.combine(day, time(10), UTC))
    with office.session() as session:
        rules = rules_in_force.in_force(session)
    way = Way()
    Sender(
        database=office.books.database,
        tenant=office.books.tenant,
        clock=clock,
        deliverers=way,
        books=Reader(),
        recheck=GateRecheck(office.books.tenant, clock, rules.policies, rules.cadences),
    ).send_ready()
    return way


def references(folder: Path, what: str) -> list[str]:
    """Return what lies in a folder of the agency's."""
    place = folder / what
    return sorted(one.name for one in place.iterdir()) if place.is_dir() else []


def test_who_pays_between_approval_and_handover_is_never_handed_over(
    database: Database, folder: Path
) -> None:
    """Placed and not told of, paid meanwhile: closed, and the agency hears nothing."""
    office = Office.open(database, folder, approval="always")
    office.invoice()
    office.live(DUE, DEMANDED)
    release_all(office)
    office.deliver(DEMANDED)
    office.live(DEMANDED + timedelta(days=1), PLACED)
    assert office.case().state is CaseState.DRAFT
    approve(office, PLACED)
    assert office.case().state is CaseState.SUBMITTED
    office.pay("I1", "1000.00", PLACED + timedelta(days=1))
    office.take_in(PLACED + timedelta(days=2))
    handed = office.hand(PLACED + timedelta(days=2))

    case = office.case()
    assert (case.state, case.reason) == (CaseState.CLOSED, "paid")
    assert (handed.handed, handed.recalled, handed.waiting) == ([], [], {})
    for what in ("cases", "recalls", "payments"):
        assert references(folder, what) == [], what
    assert case.details[HANDOVER] == "needless"


def release_all(office: Office) -> None:
    """Let a person release what waits for a word."""
    with office.session() as session:
        session.execute(
            "UPDATE message SET state = 'ready', released_at = decided_at "
            "WHERE tenant_id = :tenant_id AND state = 'planned'"
        )


def test_who_pays_a_part_between_approval_and_handover_owes_the_rest(
    database: Database, folder: Path
) -> None:
    """The case is handed over, and the agency is told of what came in."""
    office = Office.open(database, folder)
    office.invoice()
    office.live(DUE, PLACED)
    office.pay("I1", "400.00", PLACED + timedelta(days=1))
    office.take_in(PLACED + timedelta(days=2))
    handed = office.hand(PLACED + timedelta(days=2))

    case = office.case()
    assert handed.handed == [case.reference]
    assert len(references(folder, "cases")) == 1
    assert len(references(folder, "payments")) == 1


def test_who_pays_before_the_approval_is_never_placed(
    database: Database, folder: Path
) -> None:
    """A draft of which nothing is open any more is dropped, whatever a person says."""
    office = Office.open(database, folder, approval="always")
    office.invoice()
    office.live(DUE, DEMANDED)
    release_all(office)
    office.deliver(DEMANDED)
    office.live(DEMANDED + timedelta(days=1), PLACED)
    office.pay("I1", "1000.00", PLACED + timedelta(days=1))
    approve(office, PLACED + timedelta(days=2))
    office.escalate(PLACED + timedelta(days=2))

    assert office.case().state is not CaseState.SUBMITTED
    assert office.case().placed_at is None
    assert office.hand(PLACED + timedelta(days=2)).handed == []


def test_a_promise_while_the_final_demand_is_ready_keeps_it_from_going(
    database: Database, folder: Path
) -> None:
    """Decided at night, promised in the morning: the demand is not sent, nor placed."""
    office = Office.open(database, folder)
    office.invoice()
    office.live(DUE, DEMANDED - timedelta(days=1))
    a_night(office.books, DEMANDED)
    (demand,) = [one for one in office.messages() if one.voice is Voice.AGENCY]
    assert demand.state is MessageState.READY
    promise = Stop(
        kind=StopKind.PROMISE,
        debtor_id=debtor_key(office.books),
        items=(StopItem(document_id=document_key(office.books, "I1")),),
        currency=EUR,
        begins_on=DEMANDED,
        due_on=DEMANDED + timedelta(days=7),
        recorded_by=BY,
    )
    with office.session() as session:
        stopping.enter(session, promise, office.clock(DEMANDED).now())
    way = send(office, DEMANDED)

    assert way.mails == []
    (demand,) = [one for one in office.messages() if one.voice is Voice.AGENCY]
    assert demand.state is not MessageState.SENT
    assert office.cases() == []
    office.live(DEMANDED + timedelta(days=1), DEMANDED + timedelta(days=6))
    assert office.cases() == []


@pytest.mark.parametrize("is_placed", [False, True])
def test_a_task_says_where_only_the_agency_may_ask(
    database: Database, folder: Path, *, is_placed: bool
) -> None:
    """A dispute asks its owner; of a placed item it warns off asking the debtor."""
    office = Office.open(database, folder)
    office.invoice()
    office.live(DUE, PLACED if is_placed else DEMANDED - timedelta(days=1))
    assert len(office.cases()) == is_placed
    dispute = Stop(
        kind=StopKind.DISPUTE,
        debtor_id=debtor_key(office.books),
        items=(StopItem(document_id=document_key(office.books, "I1")),),
        currency=EUR,
        begins_on=PLACED,
        reason="QUALITY",
        recorded_by=BY,
    )
    with office.session() as session:
        stopping.enter(session, dispute, office.clock(PLACED).now())
    (title,) = [task.title for task in office.tasks() if task.key.startswith("stop:")]
    assert ("only the agency may ask" in title) is is_placed


def test_a_case_that_was_recalled_can_be_placed_again(
    database: Database, folder: Path
) -> None:
    """Not by itself: a person says so; then there are two cases, one of them live."""
    office = Office.open(database, folder)
    office.invoice()
    office.live(DUE, PLACED)
    office.hand(PLACED)
    recalled_on = PLACED + timedelta(days=1)
    with office.session() as session:
        case = office.case()
        assert case.id is not None
        cases.lock_debtor(session, case.debtor_id)
        by_hand.withdraw(
            session,
            cases.load(session, case.id, locked=True),
            Run.begin(session, office.books.tenant, office.clock(recalled_on)).contract,
            at=office.clock(recalled_on).now(),
            on=recalled_on,
            by=BY,
            reason="recalled",
            to_reminders=True,
        )
    office.hand(recalled_on)
    again_on = recalled_on + timedelta(days=7)
    office.live(recalled_on + timedelta(days=1), again_on)
    assert len(office.cases()) == 1, "its demand is of before the recall"
    with office.session() as session:
        run = Run.begin(session, office.books.tenant, office.clock(again_on))
        (placed,) = by_hand.place(
            session,
            run,
            debtor_key(office.books),
            numbers=["I1"],
            by=BY,
            copies={},
        )
    assert placed.is_placed, placed.lacking
    for _ in range(2):
        office.hand(again_on)

    first, second = office.cases()
    assert (first.state, second.state) == (CaseState.WITHDRAWN, CaseState.SUBMITTED)
    assert all(item.removed_on == recalled_on for item in first.items)
    assert [item.removed_on for item in second.items] == [None]
    assert references(folder, "cases") == sorted([first.reference, second.reference])
    assert references(folder, "recalls") == [f"{first.reference}.json"]
    with office.session() as session:
        assert audit.verify(session).fault is None
