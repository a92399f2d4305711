"""The reminders' command line: what a person says is done whole, or not at all."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.command_line import DONE, FAILED, USAGE, Answer, Desk, assert_is_refused

MORNING = "2026-03-10T09:00:00Z"
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
DEBTORS = {
    "D1": ("Alder GmbH", "de", "Europe/Berlin"),
    "D2": ("Birch Ltd", "en", "Europe/London"),
    "D3": ("Cedar KK", "en", "Asia/Tokyo"),
}


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A client with three debtors who owe since January, released for approval."""
    place = tmp_path_factory.mktemp("office")
    rows = ["No,Customer,Name,Date,Due,Open,Currency"]
    rows += [
        f"I-{number}-{one},{number},{name},2026-01-10,2026-02-0{one},100.00,EUR"
        for number, (name, _, _) in DEBTORS.items()
        for one in (1, 2)
    ]
    (place / "open.csv").write_text("\n".join(rows) + "\n")
    (place / "profile.toml").write_text(PROFILE)
    desk = Desk(place / "desk" / "home", today="2026-03-10")
    desk.home.parent.mkdir()
    try:
        desk.expect(DONE, "init")
        desk.add_tenant("acme")
        desk.connect("acme", place / "open.csv", place / "profile.toml")
        desk.run("night", "acme")
        desk.expect(DONE, "identity", "example", "--out", place / "client.toml")
        desk.expect(DONE, "identity", "save", "acme", place / "client.toml")
        for number, (_, language, zone) in DEBTORS.items():
            contact = ("--name", "Someone", "--email", f"{number}@customer.example")
            spoken = ("--phone", "+49 30 5550100", "--language", language)
            desk.expect(DONE, "contact", "save", "acme", number, *contact, *spoken)
            desk.expect(DONE, "note", "acme", number, "--timezone", zone)
        mandate = ("--mode", "approve", "--by", "Mara", "--debtors-are-businesses")
        desk.expect(DONE, "release", "acme", *mandate)
        desk.expect(DONE, "remind", "acme", "--no-send")
        yield desk
    finally:
        desk.dispose()


def said(desk: Desk) -> list[dict[str, object]]:
    """Return the messages there are."""
    found = desk.expect(DONE, "messages", "acme", "--format", "json").json["items"]
    assert isinstance(found, list)
    return found


def note(desk: Desk, *words: str) -> Answer:
    """Say what to mind of the first debtor."""
    return desk.expect(DONE, "note", "acme", "D1", *words)


def test_each_field_of_a_note_can_be_cleared(office: Desk) -> None:
    """What was said of a debtor is forgotten again field by field, the rest stays."""
    note(office, "--language", "fr", "--region", "de-by", "--tag", "old", "--tag", "x")
    shown = note(office, "--exclude-from", "2026-05-01").text
    for words in ("language: fr", "region: DE-BY", "tags: old, x", "2026-05-01"):
        assert words in shown

    shown = note(office, "--clear", "language", "--clear", "exclusion").text
    assert "language" not in shown
    assert "not spoken to" not in shown
    assert "region: DE-BY" in shown
    shown = note(office, "--clear", "region", "--tag", "-", "--tag", "new").text
    assert "tags: new\n" in shown
    assert "region" not in shown
    assert "time zone: Europe/Berlin" in shown
    assert "tags" not in note(office, "--clear", "tags").text


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--timezone", "Europe/Berlim"), "Europe/Berlin"),
        (("--region", "DE-XX"), "BY"),
        (("--region", "Bavaria"), "no region"),
        (("--region", "XX"), "no region"),
    ],
)
def test_a_place_that_does_not_exist_is_refused(
    office: Desk, words: tuple[str, str], told: str
) -> None:
    """A slip in a zone or a region does not move anybody's hours or holidays."""
    before = note(office).text
    assert_is_refused(office.run("note", "acme", "D1", *words), USAGE, told)
    assert note(office).text == before


def test_one_message_is_shown_as_json(office: Desk) -> None:
    """Asked for JSON, a single message is JSON: its words, items and story."""
    number = str(said(office)[0]["id"])
    body = office.expect(DONE, "messages", "acme", number, "--format", "json").json

    [one] = body["items"]
    assert one["id"] == int(number)
    assert one["text"]
    assert [item["open"] for item in one["items"]] == [
        {"amount": "100.00", "currency": "EUR"}
    ] * 2
    assert one["events"][0]["kind"] == "planned"
    assert body["tenant"] == "acme"


def test_a_release_is_whole_or_nothing(office: Desk) -> None:
    """Where one of the messages named does not wait, none of them goes."""
    number = str(said(office)[0]["id"])
    answer = office.run("release", "acme", number, "9999")

    assert_is_refused(answer, USAGE, "9999", "nothing was released")
    assert {one["state"] for one in said(office)} == {"planned"}


def test_a_fallback_can_be_taken_away(office: Desk) -> None:
    """A language named for a country by mistake is named no longer."""

    def fallbacks(*pairs: str) -> Answer:
        words = [word for pair in pairs for word in ("--fallback", pair)]
        return office.run("release", "acme", *words, "--by", "Mara")

    assert fallbacks("GR=en", "CY=en").code == DONE
    assert fallbacks("CY=-").code == DONE
    assert_is_refused(fallbacks("CY=-"), USAGE, "CY")
    assert_is_refused(fallbacks("GR=xx"), USAGE, "xx")
    assert_is_refused(fallbacks("UK=en"), USAGE, "UK", "GB")
    assert fallbacks("GR=-").code == DONE


def test_a_release_while_paused_says_that_nothing_goes(office: Desk) -> None:
    """Whoever releases a paused client's messages is told what they wait for."""
    office.expect(DONE, "pause", "acme", "--by", "Mara")
    try:
        answer = office.expect(
            DONE, "release", "acme", "--by", "Mara", "--mode", "approve"
        )
        assert "paused" in answer.text
        assert "duebridge resume acme" in answer.text
    finally:
        office.expect(DONE, "resume", "acme", "--by", "Mara")
    resumed = office.expect(
        DONE, "release", "acme", "--by", "Mara", "--mode", "approve"
    )
    assert "paused" not in resumed.text


def test_a_night_says_in_json_what_to_do_about_its_reminders(
    office: Desk, tmp_path: Path
) -> None:
    """What kept the reminders from going through is in the JSON, with its remedy."""
    office.add_tenant("mute")
    (tmp_path / "open.csv").write_text(
        "No,Customer,Name,Date,Due,Open,Currency\n"
        "I1,D1,Alder GmbH,2026-01-10,2026-02-01,100.00,EUR\n"
    )
    (tmp_path / "profile.toml").write_text(PROFILE)
    office.connect("mute", tmp_path / "open.csv", tmp_path / "profile.toml")
    mandate = ("--mode", "automatic", "--by", "Mara", "--debtors-are-businesses")
    office.expect(DONE, "release", "mute", *mandate)
    body = office.expect(FAILED, "night", "mute", "--format", "json").json

    [one] = body["reminders"]
    assert (one["tenant"], one["state"]) == ("mute", "failed")
    assert "identity example" in one["remedy"]
    table = office.expect(FAILED, "night", "mute")
    assert "identity example" in table.text


def test_a_withdrawn_message_is_not_planned_again(office: Desk) -> None:
    """A person's no holds for some days, and says who withdrew it."""
    first = next(one for one in said(office) if one["debtor"] == "D2")
    number = str(first["id"])
    assert_is_refused(
        office.run("messages", "acme", number, "--hold-until", "2026-05-01"),
        USAGE,
        "--cancel",
    )
    office.expect(DONE, "messages", "acme", number, "--cancel", "--by", "Mara")
    office.expect(DONE, "remind", "acme", "--no-send", "--everyone")

    again = [one for one in said(office) if one["debtor"] == "D2"]
    assert [one["state"] for one in again] == ["cancelled"]
    assert "withdrawn by Mara" in office.expect(DONE, "explain", "acme", "D2").text


def test_what_a_person_decides_is_kept_whoever_reads_of_it(office: Desk) -> None:
    """A pipe that closes early undoes no withdrawal and no release."""
    waits = next(one for one in said(office) if one["state"] == "planned")
    number = str(waits["id"])
    office.run_unread("messages", "acme", number, "--cancel", "--by", "Mara")
    stands = {one["id"]: one["state"] for one in said(office)}
    assert stands[waits["id"]] == "cancelled"

    office.run_unread("release", "acme", "--by", "Mara", "--mode", "observe")
    refused = office.run("release", "acme", "--by", "Mara")
    assert_is_refused(refused, USAGE, "only observes")
    office.expect(DONE, "release", "acme", "--by", "Mara", "--mode", "approve")
