"""Every listing in every form, held against what docs/json.md promises."""

import csv
import io
import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from tests.cli.command_line import DONE, ESCAPE, LEFT_OVER, Answer, Desk

CONTRACT = Path(__file__).parents[2] / "docs" / "json.md"
AS_OF = ("--as-of", "2026-03-31")
PERIOD = (*AS_OF, "--from", "2026-01-01")
COMMANDS: Mapping[str, tuple[str, ...]] = {
    "tenant list": (),
    "status": ("acme",),
    "sync": ("acme",),
    "night": ("acme",),
    "prove": ("acme", "--last"),
    "problems": ("acme",),
    "ageing": ("acme", *AS_OF, "--by", "debtor"),
    "open-items": ("acme", *AS_OF),
    "debtor": ("acme", "1", *AS_OF),
    "invoice": ("acme", "I-1", *AS_OF),
    "dso": ("acme", *AS_OF, "--months", "2"),
    "metrics": ("acme", *AS_OF),
    "restatements": ("acme", *AS_OF, "--known-at", "2026-04-05"),
    "sales": ("acme", *PERIOD),
    "payments": ("acme", *PERIOD),
    "identity list": ("speaker",),
    "contact list": ("speaker", "3"),
    "stop list": ("speaker",),
    "dispute reasons": ("speaker",),
    "audit list": ("speaker",),
    "cadence list": ("speaker",),
    "remind": ("speaker", "--no-send", "--everyone"),
    "messages": ("speaker",),
    "tasks": ("speaker",),
    "simulate": ("speaker", "--from", "2026-04-13", "--to", "2026-05-08"),
    "explain": ("speaker", "3"),
    "interest": ("speaker", "--on", "2026-04-10"),
    "charge list": ("speaker",),
    "replies list": ("speaker",),
    "results": ("speaker", "--to", "2026-04-30"),
    "writebacks": ("speaker",),
    "doctor": (),
}
TOKYO_MORNING = "2026-04-13T01:00:00Z"
LETTER = """\
From: aiko@cedar.example
To: accounts@acme.example
Subject: Re: I-5
Message-ID: <i5@cedar.example>
Date: Mon, 06 Apr 2026 10:00:00 +0900

Which purchase order does I-5 belong to?
"""
LATE = """\
[late_payment]
show = "demand"
law = "creditor"
contract_percent = "8"
"""
WRITERS = {"sync", "night", "prove", "remind"}
LEAVES_SOMETHING = {"sync", "night", "prove", "problems"}
"""Commands of which something is left for a person in these books."""

PLAIN = {
    "tenant list",
    "status",
    "doctor",
    "identity list",
    "contact list",
    "cadence list",
    "dispute reasons",
    "audit list",
    "remind",
    "tasks",
    "explain",
    "replies list",
    "results",
    "writebacks",
}
"""Commands with neither amounts nor days, whose workbooks are not tried, too."""

ASKED_OF_A_DATE = sorted(name for name, words in COMMANDS.items() if "--as-of" in words)
FORMS = ("json", "csv", "xlsx")
DECIMALS = {"EUR": 2, "JPY": 0, "KWD": 3}

# Where the cell of a column stands in the JSON of the same row.
CELLS: Mapping[str, Mapping[str, str]] = {
    "tenant list": {"Slug": "slug", "Time zone": "timezone"},
    "status": {"Connection": "connection", "Problems": "problems", "Proof": "proof"},
    "sync": {"Read": "label", "Rows": "rows", "Same": "same"},
    "night": {"Tenant": "tenant", "Summary": "summary"},
    "prove": {"Debtor": "debtor", "Difference": "difference.amount"},
    "problems": {"Where": "place", "What to do": "remedy", "Amount": "amount.amount"},
    "ageing": {"Name": "debtor.name", "Total": "total.amount"},
    "open-items": {"Due": "due_on", "Open": "open.amount", "Bucket": "bucket"},
    "debtor": {"Due": "due_on", "Open": "open.amount", "Name": "debtor.name"},
    "dso": {"Method": "method", "Days": "days", "Sales": "sales.amount"},
    "metrics": {"Metric": "name", "Value": "value", "Why there is none": "reason"},
    "restatements": {"Number": "number", "Change": "change.amount"},
    "sales": {"Date": "date", "Amount": "amount.amount", "Debtor": "debtor"},
    "payments": {"Paid on": "paid_on", "Days late": "days_late"},
    "identity list": {"Key": "key", "From": "email"},
    "contact list": {"Name": "name", "E-mail": "email"},
    "stop list": {"Kind": "kind", "Due": "due_on", "Amount": "amount.amount"},
    "cadence list": {"Name": "name", "Version": "version"},
    "messages": {"State": "state", "Total": "total.amount", "Subject": "subject"},
    "simulate": {"Night": "on", "Step": "step", "Total": "total.amount"},
    "explain": {"When": "at", "What": "what"},
    "interest": {"From": "from_on", "Amount": "amount.amount", "Percent": "percent"},
    "writebacks": {"Kind": "kind", "State": "state"},
    "charge list": {"To": "to_on", "Open": "open.amount", "State": "state"},
}

Keys = dict[str, "Keys"]
Json = Any  # what JSON holds has no one type


def fields(text: str) -> Keys:
    """Read how the contract writes keys: `a, b{c, d}, e[{f}], g[]`."""
    found: Keys = {}
    rest = text
    while rest:
        name = re.match(r"\w+", rest)
        assert name, rest
        rest = rest[name.end() :]
        inside = ""
        if rest[:1] in {"{", "["}:
            end = depth = 0
            while not end or depth:
                depth += {"{": 1, "[": 1, "}": -1, "]": -1}.get(rest[end], 0)
                end += 1
            inside, rest = rest[:end].strip("[]{}"), rest[end:]
        found[name.group()] = fields(inside)
        rest = rest.lstrip(", ")
    return found


def contract() -> dict[str, Keys]:
    """Return the keys of the items that each command promises."""
    rows = re.findall(r"^\| (`.*?) \| (.*) \|$", CONTRACT.read_text(), re.MULTILINE)
    return {
        command: fields(re.findall(r"`(.*?)`", items)[0])
        for commands, items in rows
        for command in re.findall(r"`(.*?)`", commands)
    }


def missing(wanted: Keys, found: Json, where: str = "item") -> list[str]:
    """Return the promised keys that are not there, at any depth."""
    if isinstance(found, list):
        return [one for item in found for one in missing(wanted, item, f"{where}[]")]
    if not wanted or found is None:
        return []
    lost = [f"{where}.{key}" for key in wanted if key not in found]
    for key in wanted.keys() & found.keys():
        lost += missing(wanted[key], found[key], f"{where}.{key}")
    return lost


def values(found: Json, key: str = "") -> Iterator[tuple[str, Json]]:
    """Yield every value with its key, at any depth."""
    yield key, found
    if isinstance(found, dict):
        for name, value in found.items():
            yield from values(value, name)
    elif isinstance(found, list):
        for value in found:
            yield from values(value, key)


def at(item: Json, path: str) -> str:
    """Return what stands in an item, as text."""
    for step in path.split("."):
        item = None if item is None else item[step]
    return "" if item is None else str(item)


@pytest.fixture(scope="session")
def speaker(acme: Desk, exports: Path) -> Desk:
    """A tenant with the same books that has released its reminders for approval."""
    desk = acme
    desk.add_tenant("speaker")
    desk.connect("speaker", exports / "books", exports / "profile.toml")
    desk.expect(LEFT_OVER, "night", "speaker")
    identity = exports / "client.toml"
    desk.expect(DONE, "identity", "example", "--out", identity)
    desk.expect(DONE, "identity", "save", "speaker", identity)
    contact = ("--name", "Aiko", "--email", "aiko@cedar.example", "--language", "en")
    desk.expect(DONE, "contact", "save", "speaker", "3", *contact)
    what = ("--invoice", "I-4", "--amount", "70.00")
    promise = (*what, "--due", "2026-04-20", "--said-by", "Birch")
    desk.expect(DONE, "stop", "add", "speaker", "promise", "2", *promise)
    mandate = ("--mode", "approve", "--by", "Mara", "--debtors-are-businesses")
    desk.expect(DONE, "release", "speaker", *mandate)
    desk.expect(DONE, "remind", "speaker")
    letter = exports / "letter.eml"
    letter.write_text(LETTER)
    desk.expect(DONE, "replies", "import", "speaker", letter)
    # The one who is written to is in Tokyo, where it is ten in the morning then.
    for words in (("night",), ("release",), ("remind",)):
        desk.run(*words, "speaker", "--today", "2026-04-13", "--now", TOKYO_MORNING)
    late = exports / "late.toml"
    late.write_text(LATE)
    desk.expect(DONE, "cadence", "save", "speaker", late, "--kind", "policy")
    desk.expect(DONE, "charge", "post", "speaker")
    return desk


@pytest.fixture(scope="module")
def shown(acme: Desk, speaker: Desk) -> dict[str, Answer]:
    """Every listing in every form, by `COMMAND as FORM`.

    Those that write take turns, as one lets no other in; the rest is asked at once.
    """
    del speaker
    commands = {
        f"{name} as {form}": (*name.split(), *words, "--format", form)
        for name, words in COMMANDS.items()
        for form in FORMS
        if form != "xlsx" or name not in PLAIN
    }
    written = {key for key, words in commands.items() if words[0] in WRITERS}
    answers = {key: acme.run(*commands[key]) for key in sorted(written)}
    readers = {key: commands[key] for key in commands if key not in written}
    return answers | acme.run_all(readers)


@pytest.fixture(scope="module")
def again(acme: Desk, shown: dict[str, Answer]) -> dict[str, Answer]:
    """The listings of a date, asked again as of the landing that they named."""
    return acme.run_all(
        {
            name: (
                *(name, *COMMANDS[name], "--format", "json"),
                *("--known-at", shown[f"{name} as json"].json["known_at"]),
            )
            for name in ASKED_OF_A_DATE
        }
    )


@pytest.fixture(scope="module")
def tables(acme: Desk) -> dict[str, Answer]:
    """Some listings as people see them in a log file."""
    names = ("sync", "ageing")
    return acme.run_all({name: (name, *COMMANDS[name]) for name in names})


def rows_of(answer: Answer) -> list[list[str]]:
    """Return the rows of CSV."""
    return list(csv.reader(io.StringIO(answer.text, newline="")))


def test_covers_the_contract() -> None:
    """Each command of the document is tried here, and none is made up."""
    assert contract().keys() == COMMANDS.keys()


@pytest.mark.parametrize("name", COMMANDS)
def test_says_nothing_beside_the_answer(name: str, shown: dict[str, Answer]) -> None:
    """A form for machines is on standard output, and nothing else is anywhere."""
    forms = [shown[key] for key in shown if key.startswith(f"{name} as ")]
    assert len(forms) >= 2
    for answer in forms:
        assert answer.code == (LEFT_OVER if name in LEAVES_SOMETHING else DONE)
        assert answer.said == ""
        assert answer.out


@pytest.mark.parametrize("name", COMMANDS)
def test_keeps_its_keys(name: str, shown: dict[str, Answer]) -> None:
    """The frame and every promised key of every item are there."""
    body = shown[f"{name} as json"].json
    assert body["schema_version"] == 1
    assert body["items"]
    assert not missing(contract()[name], body["items"])


@pytest.mark.parametrize(
    ("name", "beside"),
    [
        ("sync", "runs[{connection, state, problems, waiting}]"),
        ("prove", "proofs[{state, statements[], content_hash}]"),
        ("ageing", "basis, credits, by, buckets[], home"),
        ("open-items", "totals[]"),
        ("debtor", "totals[], debtor{number, name}"),
        ("dso", "rates[]"),
        ("metrics", "window{begin_on, end_on, days}"),
        ("restatements", "compared_with"),
        ("sales", "window{begin_on, end_on, days}, totals[]"),
        ("payments", "window{begin_on, end_on, days}, totals[]"),
        ("replies list", "count, waiting"),
        ("audit list", "count"),
        ("messages", "states"),
    ],
)
def test_keeps_what_stands_beside_the_items(
    name: str, beside: str, shown: dict[str, Answer]
) -> None:
    """What the contract puts beside the items is there, too."""
    assert not missing(fields(beside), shown[f"{name} as json"].json)


@pytest.mark.parametrize("name", ASKED_OF_A_DATE)
def test_names_tenant_date_and_landing(name: str, shown: dict[str, Answer]) -> None:
    """An answer of a date says whose, of when, and as known when."""
    body = shown[f"{name} as json"].json
    assert body["tenant"] == "acme"
    assert body["as_of"] == "2026-03-31"
    night = "2026-04-01" if name == "restatements" else "2026-04-10"
    assert body["known_at"].startswith(night)


@pytest.mark.parametrize("name", ASKED_OF_A_DATE)
def test_answers_again_to_the_byte(
    name: str, shown: dict[str, Answer], again: dict[str, Answer]
) -> None:
    """Asked again with the landing it named, it gives the same bytes."""
    assert again[name].out == shown[f"{name} as json"].out


@pytest.mark.parametrize("name", COMMANDS)
def test_writes_amounts_dates_and_instants_one_way(
    name: str, shown: dict[str, Answer]
) -> None:
    """Amounts have their currency's decimals, days are ISO, instants are in UTC."""
    for key, value in values(shown[f"{name} as json"].json):
        if isinstance(value, dict) and value.keys() >= {"amount", "currency"}:
            if isinstance(value["amount"], dict | None):
                continue
            assert value.keys() == {"amount", "currency"}
            places = DECIMALS[value["currency"]]
            decimals = rf"\.\d{{{places}}}" if places else ""
            assert re.fullmatch(rf"-?\d+{decimals}", value["amount"]), value
            assert not re.fullmatch(r"-[0.]+", value["amount"]), "minus nothing"
        if key.endswith("_on") and value is not None:
            assert date.fromisoformat(value).isoformat() == value
        if key.endswith("_at") and value is not None:
            assert re.fullmatch(r".*T.*(Z|\+00:00)", value), f"{key}: {value}"
            datetime.fromisoformat(value)


def test_writes_an_amount_for_each_currency(shown: dict[str, Answer]) -> None:
    """Amounts without decimals and with three come out as such."""
    totals = shown["open-items as json"].json["totals"]
    assert totals == [
        {"amount": "394.50", "currency": "EUR"},
        {"amount": "12000", "currency": "JPY"},
        {"amount": "3.125", "currency": "KWD"},
    ]


def test_shows_credits_as_negative(shown: dict[str, Answer]) -> None:
    """What is in the debtor's favour has a minus, and nothing else has."""
    open_ = {
        (one["number"], one["part"]): (one["kind"], Decimal(one["open"]["amount"]))
        for one in shown["open-items as json"].json["items"]
    }
    assert open_ == {
        ("I-1", 0): ("invoice", Decimal(40)),
        ("I-2", 0): ("invoice", Decimal("200.50")),
        ("I-3", 1): ("invoice", Decimal(50)),
        ("I-3", 2): ("invoice", Decimal(50)),
        ("I-4", 0): ("invoice", Decimal(70)),
        ("I-5", 0): ("invoice", Decimal(12000)),
        ("I-6", 0): ("invoice", Decimal("3.125")),
        ("I-7", 0): ("invoice", Decimal(9)),
        ("C-1", 0): ("credit_note", Decimal(-20)),
        ("P-2", 0): ("payment", Decimal(-5)),
    }


def test_names_what_is_known_otherwise(shown: dict[str, Answer]) -> None:
    """What the second night brought for the first one's date is named, no more."""
    changes = {
        one["number"]: (one["then"]["amount"], one["now"]["amount"])
        for one in shown["restatements as json"].json["items"]
    }
    assert changes == {"I-4": ("75.25", "70.00"), "I-7": ("0.00", "9.00")}


@pytest.mark.parametrize("name", sorted(CELLS))
def test_has_the_same_rows_in_csv(name: str, shown: dict[str, Answer]) -> None:
    """CSV has a row an item, in its order, with its figures."""
    header, *rows = rows_of(shown[f"{name} as csv"])
    items = shown[f"{name} as json"].json["items"]
    assert len(rows) == len(items)
    for row, item in zip(rows, items, strict=True):
        cells = dict(zip(header, row, strict=True))
        for title, path in CELLS[name].items():
            assert cells[title] == at(item, path)


def test_has_the_history_of_a_document_in_csv(shown: dict[str, Answer]) -> None:
    """A document in CSV has a row for each state and each entry."""
    _, *rows = rows_of(shown["invoice as csv"])
    (item,) = shown["invoice as json"].json["items"]
    assert len(rows) == len(item["versions"]) + len(item["entries"])
    assert [row[-1] for row in rows] == ["100.00", "-60.00"]


@pytest.mark.parametrize("name", sorted(COMMANDS.keys() - PLAIN))
def test_has_the_same_rows_in_a_workbook(name: str, shown: dict[str, Answer]) -> None:
    """A workbook has CSV's cells; amounts are numbers in it, and days are dates."""
    book = openpyxl.load_workbook(io.BytesIO(shown[f"{name} as xlsx"].out))
    (sheet,) = book.worksheets
    rows = [list(row) for row in sheet.iter_rows(values_only=True)]
    wanted = rows_of(shown[f"{name} as csv"])
    assert len(rows) == len(wanted)
    for row, texts in zip(rows, wanted, strict=True):
        for cell, text in zip(row, texts, strict=True):
            if isinstance(cell, datetime):
                assert cell.isoformat() == f"{text}T00:00:00"
            elif isinstance(cell, int | float):
                assert Decimal(str(cell)) == Decimal(text)
            else:
                assert (cell or "") == text


def test_looks_at_all_the_product_stands_on(shown: dict[str, Answer]) -> None:
    """The doctor finds everything well, in each form."""
    items = shown["doctor as json"].json["items"]
    own = [one for one in items if one["state"] != "left over"]
    assert own
    assert {one["state"] for one in own} == {"ok"}
    rows = [row[0] for row in rows_of(shown["doctor as csv"])]
    assert rows[1 : len(own) + 1] == [one["name"] for one in own]


def test_shows_tables_without_a_terminal(tables: dict[str, Answer]) -> None:
    """In a log file a table is just text: no bars, colours or carriage returns."""
    for answer in tables.values():
        assert answer.said == ""
        assert ESCAPE not in answer.out
        assert b"\r" not in answer.out
    assert "1 rows are quarantined" in tables["sync"].text
    assert "12,000" in tables["ageing"].text


def test_writes_to_a_file(acme: Desk, shown: dict[str, Answer], tmp_path: Path) -> None:
    """With --out a listing goes into a file and nothing is said."""
    words = ("sales", *COMMANDS["sales"], "--format", "json")
    kept = acme.expect(DONE, *words, "--out", tmp_path / "sales.json")
    assert kept.out == b""
    assert (tmp_path / "sales.json").read_bytes() == shown["sales as json"].out
    assert [one.name for one in tmp_path.iterdir()] == ["sales.json"]


def test_exports_the_same_bytes(acme: Desk, tmp_path: Path) -> None:
    """Everything as files, twice: the same names and the same bytes."""
    folders = [tmp_path / "one", tmp_path / "two"]
    words = ("export", "acme", *AS_OF, "--format", "xlsx", "--to")
    for answer in acme.run_all({one.name: (*words, one) for one in folders}).values():
        assert answer.code == DONE
    one, two = (
        {file.name: file.read_bytes() for file in folder.iterdir()}
        for folder in folders
    )
    assert one
    assert one == two


def test_speaks_utf8_in_any_environment(acme: Desk) -> None:
    """Where the environment knows ASCII only, all comes out whole, in UTF-8."""
    plain = Desk(acme.home, acme.today, {"PYTHONIOENCODING": "ascii"})
    answer = plain.expect(DONE, "ageing", *COMMANDS["ageing"])
    assert "│" in answer.text
