"""The first-party service, as it is sold: in the client's name, by its own strategy."""

import email
import json
from collections.abc import Iterator
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest

from tests.cli.command_line import DONE, LEFT_OVER, Desk

INVOICES = 500
DAY = "2026-03-10"
AGENCY = "Strandgut Inkasso"
PROFILE = """
[open_items]
file = "open.csv"
[open_items.columns]
number = "No"
debtor = "Customer"
debtor_name = "Name"
issued_on = "Date"
due_on = "Due"
open = "Open"
currency = "Currency"
"""
CADENCE = """
name = "standard"
version = 1
title = "Another ladder"

[[step]]
name = "R1"
title = "First reminder"
after_due = "3 days"
channel = "email"
tone = "courteous"
template = "first"
"""


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A client with five hundred open invoices, and an agency it has engaged."""
    place = tmp_path_factory.mktemp("office")
    rows = ["No,Customer,Name,Date,Due,Open,Currency"]
    rows += [
        f"I{number},D{number % 50},Debtor {number % 50} GmbH,2026-01-10,"
        f"2026-02-{number % 28 + 1:02},{100 + number}.00,EUR"
        for number in range(INVOICES)
    ]
    (place / "open.csv").write_text("\n".join(rows) + "\n")
    (place / "profile.toml").write_text(PROFILE)
    desk = Desk(place / "desk" / "home", today=DAY)
    desk.home.parent.mkdir()
    client = place / "client.toml"
    try:
        desk.expect(DONE, "init")
        desk.add_tenant("acme")
        desk.connect("acme", place / "open.csv", place / "profile.toml")
        desk.run("night", "acme")
        desk.expect(DONE, "identity", "example", "--out", client)
        text = client.read_text()
        desk.expect(DONE, "identity", "save", "acme", client)
        agency = place / "agency.toml"
        agency.write_text(
            text.replace('voice = "client"', 'voice = "agency"')
            .replace('key = "client"', 'key = "agency"')
            .replace("Acme GmbH", AGENCY)
            .replace("acme.example", "strandgut.example")
        )
        desk.expect(DONE, "identity", "save", "acme", agency)
        for number in range(10):
            contact = ("--name", "Someone", "--email", f"d{number}@customer.example")
            language = ("--language", "de" if number % 2 else "en")
            desk.expect(
                DONE, "contact", "save", "acme", f"D{number}", *contact, *language
            )
        mandate = ("--mode", "automatic", "--by", "Mara", "--debtors-are-businesses")
        desk.expect(DONE, "release", "acme", *mandate)
        yield desk
    finally:
        desk.dispose()


def mails(desk: Desk) -> list[EmailMessage]:
    """Return what went into the folder."""
    found = []
    for path in sorted((desk.home / "said" / "acme" / "outbox").glob("*.eml")):
        mail = email.message_from_bytes(path.read_bytes(), policy=default)
        assert isinstance(mail, EmailMessage)
        found.append(mail)
    return found


def test_s03_a_strategy_is_tried_before_it_is_used(
    office: Desk, tmp_path: Path
) -> None:
    """The dated plan is shown, nothing is sent; a new version keeps what was said."""
    planned = office.expect(
        DONE, "simulate", "acme", "--to", "2026-04-10", "--format", "json"
    ).json["items"]
    assert {one["debtor"] for one in planned} >= {"D0", "D9"}
    assert not mails(office)
    office.expect(DONE, "remind", "acme")
    said = office.expect(DONE, "messages", "acme", "--format", "json").json["items"]
    assert said
    own = tmp_path / "own.toml"
    own.write_text(CADENCE)
    office.expect(DONE, "cadence", "save", "acme", own)
    listed = office.expect(DONE, "cadence", "list", "acme", "--format", "json").json
    (standard,) = (one for one in listed["items"] if one["name"] == "standard")
    assert (standard["origin"], standard["steps"]) == ("own", ["R1"])
    office.expect(DONE, "remind", "acme")
    again = office.expect(DONE, "messages", "acme", "--format", "json").json["items"]
    assert [(one["id"], one["step"], one["cadence"]) for one in again] == [
        (one["id"], one["step"], one["cadence"]) for one in said
    ]


def test_s01_everything_is_in_the_clients_name(office: Desk) -> None:
    """From, answers and signature are the client's; of the agency there is no trace."""
    office.run("remind", "acme")
    found = mails(office)
    assert len(found) == 10
    for mail in found:
        assert "accounts@acme.example" in mail["From"]
        assert mail["Reply-To"] in {None, "accounts@acme.example"}
        body = mail.get_body(("plain",))
        assert body is not None
        assert "Acme GmbH" in body.get_content()
        whole = mail.as_bytes() + json.dumps(dict(mail.items())).encode()
        decoded = "".join(
            part.get_content()
            for part in mail.walk()
            if part.get_content_maintype() == "text"
        )
        assert AGENCY not in decoded
        assert b"strandgut" not in whole
    unspoken = office.run("remind", "acme", "--everyone")
    assert unspoken.code in {DONE, LEFT_OVER}
    assert len(mails(office)) == 10
