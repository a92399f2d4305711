"""Final demand, placement and withdrawal, as they are sold: by command, unattended."""

import email
import json
from collections.abc import Iterator
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command_line import DONE, LEFT_OVER, USAGE, Desk

AGENCY = "Strandgut Inkasso"
NIGHTS = ("2026-02-09", "2026-02-16", "2026-02-26", "2026-03-12")
"""First and second reminder, formal notice, final demand."""
RIPE = "2026-03-26"
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
HEAD = "No,Customer,Name,Date,Due,Open,Currency"
ROWS = (
    "I1,D1,Nordlicht GmbH,2026-01-05,2026-02-02,1000.00,EUR",
    "I2,D2,Sandbanke ApS,2026-01-05,2026-02-02,2500.00,EUR",
)
ASSIGNMENT = 'version = 1\n[[rule]]\nname = "all"\ncadence = "full"\n'


CASE_KEYS = {
    "id", "reference", "agency", "agency_reference", "debtor", "name", "state",
    "reason", "opened_on", "placed_at", "ended_on", "items", "placed", "paid",
    "held_by_agency", "outstanding", "commission", "waits_for",
}  # fmt: skip


def an_office(place: Path, *, contracted: bool) -> Desk:
    """Set up a client with two customers, an agency's identity and its folder."""
    (place / "open.csv").write_text("\n".join((HEAD, *ROWS)) + "\n")
    (place / "profile.toml").write_text(PROFILE)
    (place / "assignment.toml").write_text(ASSIGNMENT)
    desk = Desk(place / "desk" / "home", today=NIGHTS[0])
    desk.home.parent.mkdir()
    desk.expect(DONE, "init")
    desk.add_tenant("acme")
    desk.connect("acme", place / "open.csv", place / "profile.toml")
    desk.run("sync", "acme")
    client = place / "client.toml"
    desk.expect(DONE, "identity", "example", "--out", client)
    text = client.read_text()
    desk.expect(DONE, "identity", "save", "acme", client)
    agency = place / "agency.toml"
    agency.write_text(
        text.replace('voice = "client"', 'voice = "agency"')
        .replace('key = "client"', 'key = "agency"')
        .replace("Acme GmbH", AGENCY)
        .replace("acme.example", "strandgut.example")
        .replace("Hafenstraße 1", "Kaiweg 9")
        .replace("Mara Brandt", "Sanne Petersen")
        .replace("DE89 3704 0044 0532 0130 00", "DE02 1203 0000 0000 2020 51")
    )
    desk.expect(DONE, "identity", "save", "acme", agency)
    for number, region in (("1", "DE-HH"), ("2", "DK")):
        who = ("--name", "Someone", "--email", f"d{number}@customer.example")
        desk.expect(DONE, "contact", "save", "acme", f"D{number}", *who)
        note = ("--region", region, "--language", "de" if number == "1" else "da")
        desk.expect(DONE, "note", "acme", f"D{number}", *note)
    desk.expect(
        DONE, "release", "acme", "--mode", "automatic", "--by", "Mara",
        "--debtors-are-businesses",
    )  # fmt: skip
    desk.expect(DONE, "cadence", "assign", "acme", place / "assignment.toml")
    if contracted:
        desk.expect(
            DONE, "agency", "set", "acme", "--folder", place / "agency",
            "--name", "strand", "--title", AGENCY, "--commission", "10",
            "--approval", "never",
        )  # fmt: skip
        desk.expect(DONE, "agency", "check", "acme")
    return desk


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the office is."""
    return tmp_path_factory.mktemp("escalation")


@pytest.fixture(scope="module")
def office(place: Path) -> Iterator[Desk]:
    """An office that lived up to its final demands."""
    desk = an_office(place, contracted=True)
    try:
        for night in NIGHTS:
            desk.run("night", "acme", "--today", night)
        yield desk
    finally:
        desk.dispose()


def said(desk: Desk) -> list[dict[str, Any]]:
    """Return every message."""
    listed = desk.expect(DONE, "messages", "acme", "--format", "json")
    found: list[dict[str, Any]] = listed.json["items"]
    return found


def mails(desk: Desk) -> list[EmailMessage]:
    """Return what went into the folder in anybody's name."""
    found = []
    for path in sorted((desk.home / "said" / "acme").rglob("*.eml")):
        mail = email.message_from_bytes(path.read_bytes(), policy=default)
        assert isinstance(mail, EmailMessage)
        found.append(mail)
    return found


def body_of(mail: EmailMessage) -> str:
    """Return a mail's words."""
    body = mail.get_body(("plain",))
    assert body is not None
    content: str = body.get_content()
    return content


def test_s12_the_final_demand_is_the_agencys_with_a_day_certain(office: Desk) -> None:
    """It names the client and a day by the debtor's country; its delivery is proved."""
    demands = [one for one in mails(office) if AGENCY in str(one["From"])]
    assert len(demands) == 2
    by_debtor = {str(one["To"]): body_of(one) for one in demands}
    german = next(text for to, text in by_debtor.items() if "d1@" in to)
    danish = next(text for to, text in by_debtor.items() if "d2@" in to)
    # Ten days from the twelfth is a Sunday, so that it is the Monday after.
    assert "23. März 2026" in german
    assert "23. marts 2026" in danish
    assert "inkassolovens § 10" in danish
    for text in by_debtor.values():
        assert "Acme" in text
        assert "accounts@acme.example" not in text
        assert "Hafenstraße" not in text
    sent = [one for one in said(office) if one["step"] == "F1"]
    assert {one["state"] for one in sent} == {"sent"}
    office.expect(DONE, "audit", "verify", "acme")


def test_s13_what_stays_unpaid_is_handed_over_whole(office: Desk, place: Path) -> None:
    """After the day certain a packet is there, and first-party contact has ended."""
    office.run("sync", "acme", "--today", RIPE)
    tried = office.expect(DONE, "place", "acme", "I1", "--dry-run", "--today", RIPE)
    assert "would be placed" in tried.text
    assert not (place / "agency" / "cases").exists()
    office.run("night", "acme", "--today", RIPE)
    listed = office.expect(DONE, "cases", "list", "acme", "--format", "json").json
    assert {(one["debtor"], one["state"]) for one in listed["items"]} == {
        ("D1", "submitted"),
        ("D2", "submitted"),
    }
    folders = sorted((place / "agency" / "cases").iterdir())
    assert len(folders) == 2
    for folder in folders:
        packet = json.loads((folder / "packet.json").read_text())
        assert packet["missing"] == []
        assert (folder / "claim.pdf").read_bytes().startswith(b"%PDF-")
    before = len(said(office))
    for night in ("2026-03-27", "2026-04-02", "2026-04-13"):
        office.run("night", "acme", "--today", night)
    assert len(said(office)) == before
    again = office.run("place", "acme", "D1", "--today", "2026-04-13")
    assert again.code == USAGE
    assert "is with the agency" in again.said


def test_s51_a_withdrawal_ends_contact_and_costs_what_was_agreed(
    office: Desk, place: Path
) -> None:
    """The agency is told at once; the fee is said; the case is over."""
    listed = office.expect(DONE, "cases", "list", "acme", "--format", "json").json
    (case,) = (one for one in listed["items"] if one["debtor"] == "D1")
    answer = office.expect(
        DONE, "cases", "withdraw", "acme", case["reference"],
        "--reason", "we keep the customer", "--by", "Mara", "--today", "2026-04-14",
    )  # fmt: skip
    assert "the agency's fee is 0.00 EUR" in answer.text
    told = json.loads(
        (place / "agency" / "recalls" / f"{case['reference']}.json").read_text()
    )
    assert told["recall"] is True
    shown = office.expect(
        DONE, "cases", "show", "acme", case["reference"], "--format", "json"
    ).json
    assert shown["case"]["state"] == "withdrawn"
    assert [one["kind"] for one in shown["items"]][-1] == "recalled"
    before = len(said(office))
    office.run("night", "acme", "--today", "2026-04-15")
    assert len(said(office)) == before


def test_what_the_agency_says_comes_back_by_command(office: Desk, place: Path) -> None:
    """A state, a payment and its settlement close the case; the listings keep keys."""
    listed = office.expect(DONE, "cases", "list", "acme", "--format", "json").json
    (case,) = listed["items"]
    assert set(case) == CASE_KEYS
    common = {"reference": case["reference"], "currency": "EUR", "amount": "2500.00"}
    lines = (
        {**common, "key": "s1", "kind": "state", "on": "2026-04-15", "state": "active"},
        {**common, "key": "p1", "kind": "payment", "on": "2026-04-16"},
        {
            **common,
            "key": "l1",
            "kind": "settlement",
            "on": "2026-04-17",
            "settlement": "S-1",
            "payment_key": "p1",
            "commission": "250.00",
        },
    )
    inbox = place / "agency" / "inbox"
    inbox.mkdir(exist_ok=True)
    (inbox / "status.jsonl").write_text("\n".join(map(json.dumps, lines)) + "\n")
    office.expect(DONE, "cases", "take-in", "acme", "--today", "2026-04-17")
    settled = office.expect(DONE, "settlements", "acme", "--format", "json").json
    (one,) = settled["items"]
    assert set(one) == {
        "agency", "reference", "settled_on", "state", "amount", "commission",
        "paid_out", "lines", "differences",
    }  # fmt: skip
    assert (one["state"], one["paid_out"]["amount"]) == ("agreed", "2250.00")
    shown = office.expect(
        DONE, "cases", "show", "acme", case["reference"], "--format", "json"
    ).json
    assert (shown["case"]["state"], shown["case"]["reason"]) == ("closed", "paid")
    assert set(shown["items"][0]) == {
        "effective_on", "known_at", "kind", "state", "by", "details",
    }  # fmt: skip
    agencies = office.expect(DONE, "agency", "list", "acme", "--format", "json").json
    assert agencies["escalation"] is True
    assert [one["name"] for one in agencies["items"]] == ["strand"]


def test_s14_with_reminders_only_a_handover_is_impossible(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Until the contract changes nothing is demanded, and a person is refused too."""
    place = tmp_path_factory.mktemp("reminders")
    desk = an_office(place, contracted=False)
    try:
        for night in (*NIGHTS, RIPE):
            desk.run("night", "acme", "--today", night)
        assert {one["step"] for one in said(desk)} & {"R1", "R2", "R3"}
        assert "F1" not in {one["step"] for one in said(desk)}
        assert not [one for one in mails(desk) if AGENCY in str(one["From"])]
        refused = desk.run("place", "acme", "D1", "--today", RIPE)
        assert refused.code == USAGE
        assert "reminders only" in refused.said
        listed = desk.expect(DONE, "cases", "list", "acme", "--format", "json").json
        assert listed["items"] == []
        desk.expect(
            DONE, "agency", "set", "acme", "--folder", place / "agency",
            "--approval", "never",
        )  # fmt: skip
        lacking = desk.run("place", "acme", "D1", "--today", RIPE)
        assert lacking.code == LEFT_OVER
        assert "final demand: none was delivered for I1" in lacking.text
    finally:
        desk.dispose()
