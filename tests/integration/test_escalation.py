"""From the final demand to placement: what must hold on the way."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from ledger.cases import CaseState
from ledger.reminders import Voice
from ledger.store.session import Database
from tests.integration.escalation import DUE, Office

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
    office.live(DUE, DEMANDED + timedelta(days=20))

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
