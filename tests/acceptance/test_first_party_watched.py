"""The first-party service as a client watches it: hours, stories, and what works."""

from collections.abc import Iterator, Mapping
from datetime import datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.cli.command_line import DONE, LEFT_OVER, USAGE, Desk

PROFILE = """
[customers]
file = "customers.csv"
[customers.columns]
number = "No"
name = "Name"
email = "Mail"
language = "Language"
[invoices]
file = "invoices.csv"
[invoices.columns]
number = "No"
debtor = "Customer"
issued_on = "Date"
due_on = "Due"
total = "Total"
currency = "Currency"
[payments]
file = "payments.csv"
[payments.columns]
number = "Payment"
debtor = "Customer"
issued_on = "Value date"
total = "Amount"
currency = "Currency"
invoice = "Invoice"
"""
PAYMENTS = "Payment,Customer,Value date,Amount,Currency,Invoice\n"
HEAD = "No,Customer,Date,Due,Total,Currency\n"
PEOPLE = "No,Name,Mail,Language\n"
ZONES: Mapping[str, tuple[str, str]] = {
    "D1": ("Europe/Berlin", "de"),
    "D2": ("America/New_York", "en"),
    "D3": ("America/Sao_Paulo", "pt"),
    "D4": ("Asia/Tokyo", "en"),
    "D5": ("Pacific/Auckland", "en"),
}
CALLED = "D6"
DISPUTING = "D7"
CADENCE = """
name = "standard"
version = 1
title = "Two texts"
[[step]]
name = "R1"
title = "First reminder"
after_due = "5 days"
channel = "email"
tone = "courteous"
template = "first"
variants = { a = 50, b = 50 }
"""
TEXT_B = """
subject = "Invoice {{ number }}: a word from us"
heading = "A word from us"
body = "Perhaps {{ numbers }} was overlooked."
"""


def a_row(invoice: str, debtor: str) -> str:
    """Write an invoice that has been due for six weeks."""
    return f"{invoice},{debtor},2026-01-10,2026-02-02,100.00,EUR\n"


def released(
    desk: Desk, slug: str, place: Path, rows: list[str], people: Mapping[str, str]
) -> None:
    """Let a tenant speak by itself to debtors, by number with their language."""
    place.mkdir()
    listed = [
        f"{number},Debtor {number} GmbH,{number.lower()}@customer.example,{language}\n"
        for number, language in people.items()
        if number != CALLED
    ]
    listed += [f"{CALLED},Debtor {CALLED} GmbH,,en\n"] * (CALLED in people)
    (place / "customers.csv").write_text(PEOPLE + "".join(listed))
    (place / "invoices.csv").write_text(HEAD + "".join(rows))
    (place / "payments.csv").write_text(PAYMENTS)
    (place / "profile.toml").write_text(PROFILE)
    desk.add_tenant(slug)
    desk.connect(slug, place, place / "profile.toml")
    desk.run("night", slug)
    desk.expect(DONE, "identity", "example", "--out", place / "client.toml")
    desk.expect(DONE, "identity", "save", slug, place / "client.toml")
    mandate = ("--mode", "automatic", "--by", "Mara", "--debtors-are-businesses")
    desk.expect(DONE, "release", slug, *mandate)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A machine with the product on it."""
    made = Desk(tmp_path_factory.mktemp("watched") / "home", today="2026-03-17")
    try:
        made.expect(DONE, "init")
        yield made
    finally:
        made.dispose()


@pytest.fixture(scope="module")
def around_the_clock(desk: Desk, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """Debtors in five zones, and one to be called; a run every second hour of a day."""
    place = tmp_path_factory.mktemp("books") / "zoned"
    people = {number: language for number, (_, language) in ZONES.items()}
    rows = [a_row(f"I-{number}", number) for number in (*ZONES, CALLED, DISPUTING)]
    released(desk, "zoned", place, rows, {**people, CALLED: "en", DISPUTING: "de"})
    phone = ("--name", "Someone", "--phone", "+81 3 5550100", "--language", "en")
    desk.expect(DONE, "contact", "save", "zoned", CALLED, *phone)
    for number, (zone, _) in {**ZONES, CALLED: ("Asia/Tokyo", "en")}.items():
        desk.expect(DONE, "note", "zoned", number, "--timezone", zone)
    entered = ("--invoice", f"I-{DISPUTING}", "--reason", "PRICE")
    desk.expect(DONE, "stop", "add", "zoned", "dispute", DISPUTING, *entered)
    for hour in range(0, 24, 2):
        desk.run("remind", "zoned", "--now", f"2026-03-17T{hour:02}:00:00Z")
    return desk


def messages_of(desk: Desk, slug: str) -> list[dict[str, object]]:
    """Return every message of a tenant."""
    found = desk.expect(DONE, "messages", slug, "--format", "json").json["items"]
    assert isinstance(found, list)
    return found


def test_s09_each_hears_from_us_in_its_own_office_hours(around_the_clock: Desk) -> None:
    """S09: in five zones each mail leaves between nine and six where the debtor is."""
    left: dict[str, time] = {}
    for one in messages_of(around_the_clock, "zoned"):
        if one["channel"] != "email":
            continue
        whole = ("messages", "zoned", str(one["id"]), "--format", "json")
        [told] = around_the_clock.expect(DONE, *whole).json["items"]
        [sent] = [event for event in told["events"] if event["kind"] == "sent"]
        zone = ZONES[str(one["debtor"])][0]
        at = datetime.fromisoformat(sent["at"]).astimezone(ZoneInfo(zone))
        left[str(one["debtor"])] = at.time()

    assert left.keys() == ZONES.keys()
    assert all(time(9) <= at <= time(18) for at in left.values()), left


def test_s09_the_callers_queue_is_by_language_and_zone(around_the_clock: Desk) -> None:
    """S09: who speaks English and works in Tokyo's hours sees those calls alone."""

    def queue(*words: str) -> list[str]:
        found = around_the_clock.expect(
            DONE, "tasks", "zoned", *words, "--format", "json"
        ).json["items"]
        return [one["debtor"] for one in found]

    assert queue("--timezone", "Asia/Tokyo", "--language", "en") == [CALLED]
    assert queue("--language", "en") == [CALLED]
    assert queue("--timezone", "Europe/Berlin") == []
    assert queue("--timezone", "Asia/Tokyo", "--language", "de") == []


def test_s10_each_invoice_tells_what_was_said_and_why_not(
    around_the_clock: Desk,
) -> None:
    """S10: planned, sent, held back with its reason, and what the debtor said since."""
    desk = around_the_clock

    def story(invoice: str) -> list[str]:
        body = desk.expect(DONE, "explain", "zoned", invoice, "--format", "json").json
        return [f"{one['what']} {one['words']}" for one in body["items"]]

    told = "\n".join(story("I-D2"))
    for words in ("decided: speak", ": ready", ": sent"):
        assert words in told, told
    # New York was asleep first: that is told too, and why.
    assert "held" in told
    told = "\n".join(story(f"I-{DISPUTING}"))
    for words in ("dispute: ", "decided: disputed", "PRICE"):
        assert words in told, told
    assert ": sent" not in told
    assert "PRICE" not in "\n".join(story("I-D1"))


OF_A_TENANT: Mapping[str, tuple[str, ...]] = {
    "open-items": (),
    "ageing": ("--by", "debtor"),
    "problems": (),
    "prove": ("--last",),
    "status": (),
    "dso": (),
    "metrics": (),
    "sales": (),
    "payments": (),
    "identity list": (),
    "stop list": (),
    "messages": (),
    "tasks": (),
    "results": (),
    "replies list": (),
    "simulate": (),
    "remind": ("--no-send",),
}
OF_A_THING: Mapping[str, tuple[str, ...]] = {
    "explain": ("I-D1",),
    "invoice": ("I-D1",),
    "debtor": ("D1",),
    "contact list": ("D1",),
    "note": ("D1",),
    "stop add hold": ("D1",),
    "stop end": ("1",),
    "messages": ("1",),
    "messages --cancel": ("1",),
    "tasks --done": ("1",),
    "release": ("1",),
    "replies show": ("1",),
    "replies answer": ("1",),
    "statement": ("D1",),
}


def words_for(name: str, slug: str, more: tuple[str, ...]) -> tuple[str, ...]:
    """Return the words of a command on a tenant; options stand after the rest."""
    command = name.split()
    if command[:2] == ["stop", "add"]:
        return ("stop", "add", slug, command[2], *more)
    options = [word for word in command if word.startswith("--")]
    named = [word for word in command if word not in options]
    if options == ["--done"]:
        return (*named, slug, "--done", *more)
    return (*named, slug, *more, *options)


@pytest.fixture(scope="module")
def foreign(around_the_clock: Desk, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """Another client of the same agency, whose books are its own."""
    place = tmp_path_factory.mktemp("books") / "other"
    released(around_the_clock, "other", place, [a_row("Z-9", "Z9")], {"Z9": "en"})
    return around_the_clock


@pytest.mark.parametrize("name", OF_A_TENANT)
def test_s10_nobody_sees_another_clients(name: str, foreign: Desk) -> None:
    """S10: no command shows one client anything of another one's debtors."""
    answer = foreign.run(*words_for(name, "other", (*OF_A_TENANT[name],)))

    assert answer.code in {DONE, LEFT_OVER}, answer
    for number in ZONES:
        assert f"Debtor {number}" not in answer.text
        assert f"I-{number}" not in answer.text
    assert "customer.example" not in answer.text


@pytest.mark.parametrize("name", OF_A_THING)
def test_s10_nobody_reaches_another_clients(name: str, foreign: Desk) -> None:
    """S10: by its number, too, nothing of another client is shown or changed."""
    before = messages_of(foreign, "zoned")
    answer = foreign.run(*words_for(name, "other", OF_A_THING[name]))

    assert answer.code not in {DONE, LEFT_OVER}, answer
    assert answer.out == b""
    assert "Debtor D1 GmbH" not in answer.said
    assert messages_of(foreign, "zoned") == before


def test_s17_rates_by_step_and_text_and_which_of_two_works(
    desk: Desk, tmp_path: Path
) -> None:
    """S17: what each variant came to, too early at first, then whether they differ."""
    numbers = [f"P{one}" for one in range(90)]
    rows = {one: a_row(f"I-{one}", one) for one in numbers}
    place = tmp_path / "tested"
    released(desk, "tested", place, list(rows.values()), dict.fromkeys(numbers, "en"))
    (place / "own.toml").write_text(CADENCE)
    desk.expect(DONE, "cadence", "save", "tested", place / "own.toml")
    (place / "b.toml").write_text(TEXT_B)
    desk.expect(DONE, "template", "save", "tested", place / "b.toml", "first/en+b")
    desk.run("remind", "tested", "--now", "2026-03-17T10:00:00Z")
    said = messages_of(desk, "tested")
    variant = {str(one["debtor"]): str(one["variant"]) for one in said}
    assert variant.keys() == set(numbers)
    assert min(list(variant.values()).count(one) for one in "ab") >= 30
    for one in said:
        assert ("a word from us" in str(one["subject"])) is (one["variant"] == "b")

    def results(on: str) -> list[dict[str, object]]:
        found = desk.expect(
            DONE, "results", "tested", "--variants", "--today", on, "--format", "json"
        ).json["items"]
        assert isinstance(found, list)
        return found

    early = results("2026-03-20")
    assert [one["too_early"] for one in early] == [one["sent"] for one in early]
    assert {one["paid_percent"] for one in early} == {None}
    assert early[1]["verdict"] == "too few"
    # Whoever heard the second text pays on the third day, the others do not.
    paid = [
        f"P-{one},{one},2026-03-20,100.00,EUR,I-{one}\n"
        for one in numbers
        if variant[one] == "b"
    ]
    (place / "payments.csv").write_text(PAYMENTS + "".join(paid))
    desk.expect(DONE, "sync", "tested", "--today", "2026-03-20")
    first, second = results("2026-03-31")
    counts = {one: list(variant.values()).count(one) for one in "ab"}
    assert (first["variant"], first["sent"], first["paid"]) == ("a", counts["a"], 0)
    assert (second["variant"], second["paid"]) == ("b", counts["b"])
    assert (first["paid_percent"], second["paid_percent"]) == ("0.0", "100.0")
    assert (first["verdict"], second["verdict"]) == (None, "differs")
    assert second["p_value"] == "0.0000"
    merged = desk.expect(
        DONE, "results", "tested", "--today", "2026-03-31", "--format", "json"
    ).json["items"]
    assert [(one["sent"], one["paid"]) for one in merged] == [(90, counts["b"])]


def test_s17_a_command_line_that_is_wrong_compares_nothing(desk: Desk) -> None:
    """S17: of a client that does not exist nothing is reckoned."""
    assert desk.run("results", "nobody", "--variants").code == USAGE
