"""From the final demand to placement: what must hold on the way."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from ledger.cases import CaseState
from ledger.records import DocumentKind
from ledger.reminders import (
    MessageState,
    Stop,
    StopItem,
    StopKind,
    TaskKind,
    Voice,
)
from ledger.store import messages, stops
from ledger.store.session import Database
from ledger.testing import a_document
from outsourced_ar.collecting import by_hand
from outsourced_ar.known.facts import Silence
from tests.integration.escalation import CONTRACT, DUE, Office
from tests.integration.reminding import a_customer, debtor_key, document_key

DEMANDED = DUE + timedelta(days=38)
"""A Thursday."""


@pytest.fixture
def office(database: Database, tmp_path: Path) -> Office:
    """A tenant that lets its agency place without asking."""
    return Office.open(database, tmp_path / "agency")


def first_of(office: Office, voice: Voice) -> list[date]:
    """Return the days on which a voice spoke."""
    return sorted({one.business_on for one in office.messages() if one.voice is voice})


def test_a_debtor_that_says_nothing_is_demanded_then_placed(office: Office) -> None:
    """After the formal notice the agency demands; after its day the case is placed."""
    office.invoice()
    office.live(DUE + timedelta(days=4), DEMANDED + timedelta(days=16))

    assert first_of(office, Voice.AGENCY) == [DEMANDED]
    (demand,) = [one for one in office.messages() if one.voice is Voice.AGENCY]
    assert demand.certain_on == date(2026, 3, 23)
    assert demand.rule == "DE@2026.1"
    case = office.case()
    assert case.state is CaseState.SUBMITTED
    assert case.placed_at is not None
    assert case.placed_at.date() == date(2026, 3, 26)
    assert [one.placed_minor for one in case.items] == [100_000]
    assert first_of(office, Voice.CLIENT)[-1] < DEMANDED


# What keeps an item from being placed


def demanded(office: Office) -> None:
    """Bring the office's invoices to their final demand."""
    for day in (5, 9, 14, 24, 38):
        office.night(DUE + timedelta(days=day))
    assert first_of(office, Voice.AGENCY) == [DEMANDED]


RIPE = date(2026, 3, 26)
"""Three days after the day certain."""


def test_nothing_is_placed_before_the_day_certain_and_some_days_have_passed(
    office: Office,
) -> None:
    """The last day of waiting is waited for; the next one places."""
    office.invoice()
    demanded(office)
    for day in (DEMANDED + timedelta(days=1), date(2026, 3, 23), date(2026, 3, 25)):
        assert office.night(day).placed == []
    assert len(office.night(RIPE).placed) == 1


def test_a_payment_of_all_leaves_nothing_to_place(office: Office) -> None:
    """Who pays within the day certain is not placed."""
    office.invoice()
    demanded(office)
    office.pay("I1", "1000.00", date(2026, 3, 20))
    assert office.night(RIPE).placed == []
    assert office.cases() == []


def test_a_part_that_came_in_is_put_before_a_person(office: Office) -> None:
    """Somebody who begins to pay is not placed by a machine."""
    office.invoice()
    demanded(office)
    office.pay("I1", "400.00", date(2026, 3, 20))
    office.night(RIPE)
    assert office.cases() == []
    assert any("something came in" in task.title for task in office.tasks())


@pytest.mark.parametrize(
    ("kind", "more", "reason"),
    [
        (StopKind.DISPUTE, {"reason": "PRICE"}, Silence.DISPUTED),
        (StopKind.PROMISE, {"due_on": date(2026, 4, 10)}, Silence.PROMISED),
        (StopKind.HOLD, {}, Silence.ON_HOLD),
        (StopKind.INSOLVENCY, {}, Silence.INSOLVENT),
    ],
)
def test_what_stops_the_clock_keeps_an_item_from_being_placed(
    office: Office, kind: StopKind, more: dict[str, Any], reason: Silence
) -> None:
    """A dispute, a promise, a hold or an insolvency is no case."""
    office.invoice()
    demanded(office)
    with office.session() as session:
        stops.add(
            session,
            Stop(
                kind=kind,
                debtor_id=debtor_key(office.books),
                items=(StopItem(document_id=document_key(office.books, "I1")),),
                begins_on=date(2026, 3, 20),
                recorded_by="test",
                **more,
            ),
            office.books.now,
        )
    result = office.night(RIPE)
    assert result.placed == []
    assert set(result.silent) == {reason}
    assert office.cases() == []


def test_an_unapplied_payment_keeps_everything_from_being_placed(
    office: Office,
) -> None:
    """Money on account that covers the claim is applied first."""
    office.invoice()
    demanded(office)
    office.books.land(
        a_document("ONACC", "1000.00", date(2026, 3, 20), kind=DocumentKind.PAYMENT)
    )
    result = office.night(RIPE)
    assert result.placed == []
    assert set(result.silent) == {Silence.COVERED_BY_CREDITS}


def test_old_books_place_nothing(office: Office) -> None:
    """What was not read since yesterday is not believed."""
    office.invoice()
    demanded(office)
    result = office.escalate(RIPE)
    assert result.placed == []
    assert set(result.silent) == {Silence.STALE}


def test_a_demand_that_came_back_is_none(office: Office) -> None:
    """A bounced final demand counts as not said: nothing is placed on it."""
    office.invoice()
    demanded(office)
    with office.session() as session:
        for one in messages.listing(session):
            if one.message.voice is Voice.AGENCY and one.message.id is not None:
                messages.mark(
                    session,
                    one.message.id,
                    MessageState.BOUNCED,
                    at=office.books.now,
                    by="test",
                )
    assert office.escalate(RIPE).placed == []
    assert office.cases() == []


def test_whoever_may_be_a_person_is_neither_demanded_nor_placed(
    office: Office,
) -> None:
    """A client's declaration is enough for reminders, and not for an agency."""
    unknown = structs.replace(a_customer(), name="Erika Muster")
    office.invoice(debtor=unknown)
    for day in (5, 9, 14, 24, 38, 45):
        office.night(DUE + timedelta(days=day))
    voices = {one.voice for one in office.messages()}
    assert voices == {Voice.CLIENT}
    assert office.cases() == []


def test_reminders_only_makes_a_handover_impossible(
    database: Database, tmp_path: Path
) -> None:
    """Without the contract nothing is demanded or placed, whatever the cadence says."""
    office = Office.open(database, tmp_path, contract=False)
    office.invoice()
    for day in (5, 9, 14, 24, 38, 55):
        office.night(DUE + timedelta(days=day))
    assert {one.voice for one in office.messages()} == {Voice.CLIENT}
    assert office.cases() == []


# Approval, and what a packet lacks


def test_a_final_demand_waits_for_the_client_where_it_wants_that(
    database: Database, tmp_path: Path
) -> None:
    """With approval the demand is planned, though all else is automatic."""
    office = Office.open(database, tmp_path, approval="always")
    office.invoice()
    for day in (5, 9, 14, 24, 38):
        office.night(DUE + timedelta(days=day))
    (demand,) = [one for one in office.messages() if one.voice is Voice.AGENCY]
    assert demand.state is MessageState.PLANNED


@pytest.mark.parametrize("is_released", [True, False])
def test_a_final_demand_that_waits_is_a_task_of_its_own(
    database: Database, tmp_path: Path, *, is_released: bool
) -> None:
    """It names message, sum and day, and ends with the wait, whichever way."""
    office = Office.open(database, tmp_path, approval="always")
    office.invoice()
    for day in (5, 9, 14, 24, 38):
        office.night(DUE + timedelta(days=day))
    demand = office.messages()[-1]
    assert demand.id is not None
    (task,) = [one for one in office.tasks() if one.message_id == demand.id]
    assert "1000.00 EUR" in task.title
    assert task.details["pay_by"] == "2026-03-23"

    with office.session() as session:
        if is_released:
            messages.release(session, [demand.id], by="Mara", at=office.books.now)
        else:
            messages.mark(
                session,
                demand.id,
                MessageState.CANCELLED,
                at=office.books.now,
                by="Mara",
            )
    assert not [one for one in office.tasks() if one.message_id == demand.id]


def test_a_case_waits_for_the_client_where_it_wants_that(
    database: Database, tmp_path: Path
) -> None:
    """A draft is kept and asked about, once; a yes places it."""
    office = Office.open(database, tmp_path)
    office.invoice()
    demanded(office)
    office.contract(approval="always")
    office.night(RIPE)
    office.night(RIPE + timedelta(days=1))
    case = office.case()
    assert case.state is CaseState.DRAFT
    asked = [one for one in office.tasks() if one.kind is TaskKind.REVIEW]
    assert len(asked) == 1
    with office.session() as session:
        found = by_hand.approve(
            session,
            office.run(RIPE + timedelta(days=1)),
            case,
            by="the client",
            limitation_checked=False,
            court=False,
            copies={},
        )
    assert found.case.state is CaseState.SUBMITTED
    assert [one for one in office.tasks() if one.kind is TaskKind.REVIEW] == []


def test_a_yes_places_nothing_once_the_contract_is_gone(
    database: Database, tmp_path: Path
) -> None:
    """Reminders only means that no draft of before goes over either."""
    office = Office.open(database, tmp_path)
    office.invoice()
    demanded(office)
    office.contract(approval="always")
    office.night(RIPE)
    office.save("contract", "version = 2\n")
    with office.session() as session:
        found = by_hand.approve(
            session,
            office.run(RIPE),
            office.case(),
            by="the client",
            limitation_checked=False,
            court=False,
            copies={},
        )
    assert found.case.state is CaseState.DRAFT
    assert found.lacking == ("strand is not contracted any more",)


def test_a_packet_that_lacks_something_is_listed_and_not_placed(
    database: Database, tmp_path: Path
) -> None:
    """Copies that the contract requires and nobody has are named, one by one."""
    office = Office.open(database, tmp_path)
    office.invoice()
    office.invoice("I2", "50.00")
    demanded(office)
    text = CONTRACT.format(approval="never", more="", folder=tmp_path).replace(
        '"mandate"]', '"mandate", "invoice_copies"]'
    )
    office.save("contract", text)
    result = office.night(RIPE)
    assert result.placed == []
    (said,) = result.drafts.values()
    assert said == ("Its packet lacks: invoice copy: I1; invoice copy: I2",)
    assert office.case().state is CaseState.DRAFT


def test_a_draft_is_dropped_once_its_debtor_has_paid(
    database: Database, tmp_path: Path
) -> None:
    """Nobody can say yes to a claim that is paid."""
    office = Office.open(database, tmp_path)
    office.invoice()
    demanded(office)
    office.contract(approval="always")
    office.night(RIPE)
    office.pay("I1", "1000.00", RIPE)
    result = office.night(RIPE + timedelta(days=1))
    assert len(result.dropped) == 1
    assert office.case().state is CaseState.WITHDRAWN
    assert [one for one in office.tasks() if one.kind is TaskKind.REVIEW] == []
