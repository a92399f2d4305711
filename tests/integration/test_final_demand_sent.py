"""A final demand that goes: its proof, its event, and what the books are told."""

from datetime import timedelta
from pathlib import Path

from ledger.calendar import FixedClock
from ledger.reminders import MessageState, Voice
from ledger.store.session import Database
from outsourced_ar.deciding.rechecking import GateRecheck
from outsourced_ar.rules.rules_in_force import in_force
from outsourced_ar.sending.sending import Sender
from tests.integration.escalation import DUE, Office
from tests.integration.outbox import Reader, Way
from tests.integration.reminding import a_night

DEMANDED = DUE + timedelta(days=38)


def test_its_delivery_is_proved_and_the_books_are_told(
    database: Database, tmp_path: Path
) -> None:
    """One event with what the server said apart, one row with the day certain."""
    office = Office.open(database, tmp_path)
    office.invoice()
    for day in (5, 9, 14, 24):
        office.night(DUE + timedelta(days=day))
    a_night(office.books, DEMANDED)
    clock = office.clock(DEMANDED)
    with office.session() as session:
        rules = in_force(session)
    way = Way()
    later = FixedClock(clock.now() + timedelta(hours=6))
    Sender(
        database=office.books.database,
        tenant=office.books.tenant,
        clock=later,
        deliverers=way,
        books=Reader(),
        recheck=GateRecheck(office.books.tenant, later, rules.policies, rules.cadences),
    ).send_ready()

    assert len(way.mails) == 1
    (demand,) = [one for one in office.messages() if one.voice is Voice.AGENCY]
    assert demand.state is MessageState.SENT
    with office.session() as session:
        (event,) = session.execute(
            "SELECT e.details, w.personal FROM event e JOIN event_words w "
            "ON w.tenant_id = :tenant_id AND w.seq = e.seq "
            "WHERE e.tenant_id = :tenant_id AND e.kind = 'final_demand.sent'"
        ).all()
    assert event.details["pay_by"] == "2026-03-23"
    assert event.details["total_minor"] == 100_000
    assert event.personal["proof"] == "250 OK"
    (told,) = [
        content
        for _, content in office.told()
        if content.get("stage") == "final_demand"
    ]
    assert told["pay_by"] == "2026-03-23"
    assert "1000.00 EUR" in told["text"]
