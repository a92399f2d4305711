"""A payment entered in a running Tryton stops the message that was planned for it."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from outsourced_ar.known.days import Calendar
from tests.cli.command_line import DONE, Desk
from tests.live.tryton import server
from tests.live.tryton.server import Tryton

pytestmark = pytest.mark.live

TOMORROW = date.today() + timedelta(days=1)  # noqa: DTZ011, TID251
DAY = Calendar("DE").first_from(TOMORROW)
"""A business day after the books' last, as nobody is written to on others."""


@pytest.fixture
def office(tmp_path: Path, tryton: Tryton) -> Iterator[Desk]:
    """A desk whose tenant has read the books and released its reminders."""
    made = Desk(tmp_path / "desk" / "home", today=DAY.isoformat())
    made.home.parent.mkdir()
    secret = tmp_path / "password"
    secret.write_text(f"{server.PASSWORD}\n")
    identity = tmp_path / "client.toml"
    try:
        made.expect(DONE, "init")
        made.add_tenant("acme")
        made.expect(
            DONE,
            *("connect", "acme", "tryton", "--url", f"http://127.0.0.1:{tryton.port}"),
            *("--database", "books", "--user", server.USER, "--secret-file", secret),
        )
        made.expect(DONE, "night", "acme")
        made.expect(DONE, "identity", "example", "--out", identity)
        made.expect(DONE, "identity", "save", "acme", identity)
        mandate = ("--mode", "approve", "--by", "Mara", "--debtors-are-businesses")
        made.expect(DONE, "release", "acme", *mandate)
        yield made
    finally:
        made.dispose()


def test_a_payment_between_plan_and_send_stops_the_message(
    office: Desk, tryton: Tryton
) -> None:
    """Planned and released, and paid in the books meanwhile: only the others leave."""
    paid, unpaid = tryton.invoice("part paid"), tryton.invoice("open halves")
    debtors = {}
    for invoice in (paid, unpaid):
        (found,) = office.expect(
            DONE, "invoice", "acme", invoice, "--format", "json"
        ).json["items"]
        debtors[invoice] = found["debtor"]["number"]
        contact = ("--name", "Someone", "--email", f"{invoice}@customer.example")
        office.expect(
            DONE,
            "contact",
            "save",
            "acme",
            debtors[invoice],
            *contact,
            "--language",
            "en",
        )
    office.expect(DONE, "remind", "acme", "--no-send")
    planned = office.expect(DONE, "messages", "acme", "--format", "json").json["items"]
    assert {one["debtor"] for one in planned} >= set(debtors.values())

    tryton.act(("pay", paid, "60.00", DAY.isoformat()))
    office.expect(DONE, "release", "acme")
    office.expect(DONE, "remind", "acme")
    after = office.expect(DONE, "messages", "acme", "--format", "json").json["items"]
    states = {one["debtor"]: one["state"] for one in after}
    assert states[debtors[paid]] == "cancelled"
    assert states[debtors[unpaid]] == "sent"
    folder = office.home / "said" / "acme" / "outbox"
    files = [path.read_text() for path in folder.glob("*.eml")]
    assert any(f"{unpaid}@customer.example" in text for text in files)
    assert not any(f"{paid}@customer.example" in text for text in files)
