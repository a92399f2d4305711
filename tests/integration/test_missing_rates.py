"""A rate that is not known keeps a final demand back, and a person is asked for it."""

import tomllib
from datetime import date, timedelta
from pathlib import Path

import pytest

from ledger.reminders import Task, TaskKind, Voice
from ledger.store.session import Database
from tests.integration.escalation import Office
from tests.integration.reminding import a_customer

DUE = date(2026, 6, 1)
"""A Monday; the base rate from July on is not in the packaged data."""
DEMANDED = DUE + timedelta(days=38)
POLICY = """
[late_payment]
show = "{show}"
law = "{law}"
"""
READ = """
[[late_payment.rate]]
series = "de_base"
from = 2026-07-01
until = 2026-12-31
percent = "1.27"
source = "the bank's own page"
"""


@pytest.fixture
def office(database: Database, tmp_path: Path) -> Office:
    """A tenant whose agency may demand interest by German law, of two customers."""
    made = Office.open(database, tmp_path / "agency")
    made.save("policy", POLICY.format(show="demand", law="DE"))
    for number in ("10001", "10002"):
        made.invoice(f"I{number}", debtor=a_customer(number), due_on=DUE)
    return made


def notified(office: Office) -> None:
    """Bring every invoice to its formal notice."""
    for day in (5, 9, 14, 24):
        office.night(DUE + timedelta(days=day))


def asked(office: Office) -> list[Task]:
    """Return the tasks about rates."""
    return [one for one in office.tasks() if one.key.startswith("rate ")]


def demands(office: Office) -> list[date]:
    """Return the days on which the agency spoke."""
    return [one.business_on for one in office.messages() if one.voice is Voice.AGENCY]


def test_a_person_is_asked_once_for_the_rate(office: Office) -> None:
    """However many debtors wait and nights pass: the series, its day, how to enter."""
    notified(office)
    for day in range(3):
        office.night(DEMANDED + timedelta(days=day))

    assert demands(office) == []
    (task,) = asked(office)
    assert task.kind is TaskKind.REVIEW
    assert task.title == (
        "Enter de_base from 2026-07-01 as [[late_payment.rate]] of the policy"
    )
    assert task.details["series"] == "de_base"
    assert task.details["from"] == "2026-07-01"
    assert "[[late_payment.rate]]" in task.details["how"]
    # The keys it names are those that the policy reads.
    (value,) = tomllib.loads(READ)["late_payment"]["rate"]
    assert all(key in task.details["how"] for key in value)


def test_what_the_person_enters_lets_the_demand_go(office: Office) -> None:
    """On the night after the rate was entered both debtors are asked, with interest."""
    notified(office)
    office.night(DEMANDED)
    office.save("policy", POLICY.format(show="demand", law="DE") + READ)
    office.night(DEMANDED + timedelta(days=1))

    assert demands(office) == [DEMANDED + timedelta(days=1)] * 2


def test_nobody_is_asked_before_a_demand_waits(office: Office) -> None:
    """The client's own texts need no rate, and so does who only informs."""
    notified(office)
    assert asked(office) == []

    office.save("policy", POLICY.format(show="information", law="DE"))
    office.night(DEMANDED)

    assert demands(office) == [DEMANDED] * 2
    assert asked(office) == []
