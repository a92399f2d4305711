"""Country by step: by which sheet's version each message is written, or why it is not.

The sheets and the paragraphs of law are read here as plain TOML, and business days are
those of the library of holidays: what the product believes of either is not asked.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import holidays
import pytest

import config
from ledger.reminders import Channel, Message, Voice
from outsourced_ar.known.escalation import Approval, Escalation
from outsourced_ar.known.facts import DebtorFacts, Speech
from outsourced_ar.wording import texts
from outsourced_ar.wording.composing import MissingTextError
from tests.debtors import a_contact, a_debtor, a_night, a_note, an_item, rules_for
from tests.lived_days import each_day, live
from tests.speeches import a_composer

SHEETS = {
    path.stem: tomllib.loads(path.read_text("utf-8"))
    for path in sorted((Path(config.__file__).parent / "countries").glob("*.toml"))
}
PARAGRAPHS: Mapping[str, Mapping[str, Any]] = tomllib.loads(
    (Path(texts.__file__).parents[1] / "templates" / "legal.toml").read_text("utf-8")
)
OF_CONTRACT = 10
"""What the contract gives at least, in days."""
DUE = date(2026, 9, 15)
"""A Tuesday, and a public holiday in none of the countries."""
LANGUAGE = {
    "AT": "de",
    "BE": "nl",
    "CH": "de",
    "CZ": "cs",
    "DE": "de",
    "DK": "da",
    "ES": "es",
    "FI": "fi",
    "FR": "fr",
    "HU": "hu",
    "IT": "it",
    "LU": "fr",
    "NL": "nl",
    "NO": "nb",
    "PL": "pl",
    "PT": "pt",
    "SE": "sv",
}
"""What is spoken to a debtor of a country; English where its own is not shipped."""
STEPS = ("P2", "D0", "R1", "C1", "R2", "R3", "F1")
"""The packaged ladder with the final demand, of an invoice that is not large."""
NIGHT: Mapping[str, Any] = {
    "languages": dict.fromkeys(Voice, texts.languages()),
    "escalation": Escalation(
        is_contracted=True,
        approval=Approval.NEVER,
        demand_days=OF_CONTRACT,
        identities=frozenset({"agency"}),
    ),
}


@dataclass(frozen=True)
class Cell:
    """A step towards a debtor of a country.

    Attributes:
        message: None where it could not be written, and `why`.
    """

    on: date
    speech: Speech
    message: Message | None
    why: str = ""


def a_business(country: str, language: str | None = None) -> DebtorFacts:
    """Make a company of a country, which can be reached in every way."""
    return a_debtor(
        an_item(due_on=DUE),
        country=country,
        language=language or LANGUAGE.get(country, "en"),
        tax_id=f"{country}123456789",
        contacts=(a_contact(phone="+49 30 901820"),),
        note=a_note(address=("1 Street", "12345 Town")),
    )


def written(country: str, language: str | None = None) -> dict[str, Cell]:
    """Live through the ladder with a debtor that says nothing; return each step."""
    debtor = a_business(country, language)
    days = each_day(DUE - timedelta(days=14), 120)
    said, _ = live(debtor, days, night=NIGHT, rules=rules_for("full"))
    found: dict[str, Cell] = {}
    for one in said:
        if one.speech.step in found:
            continue
        try:
            message = a_composer().compose(
                one.speech, debtor, a_night(one.on, **NIGHT), demand=one.speech.demand
            )
        except MissingTextError as error:
            found[one.speech.step] = Cell(one.on, one.speech, None, error.message)
            continue
        kept = replace(message, rule=one.speech.rule)
        found[one.speech.step] = Cell(one.on, one.speech, kept)
    return found


@cache
def matrix() -> Mapping[str, Mapping[str, Cell]]:
    """Return every country by step."""
    return {country: written(country) for country in SHEETS}


def before(country: str) -> Mapping[str, Any]:
    """Return what a sheet wants before a placement, as it stands in its file."""
    found: Mapping[str, Any] = SHEETS[country].get("before_placement", {})
    return found


def lacking(country: str) -> list[str]:
    """Return what a country's paragraphs want and no message says."""
    keys = before(country).get("paragraphs", ())
    return [PARAGRAPHS[key]["lacks"] for key in keys if "lacks" in PARAGRAPHS[key]]


def test_there_is_a_sheet_for_each_country() -> None:
    """The 27 of the European Union, and six more."""
    assert len(SHEETS) == 27 + len({"GB", "NO", "CH", "US", "CA", "AU"})


def test_s56_each_message_names_the_version_of_the_sheet_it_satisfies() -> None:
    """S56: country by step, every message has the rule of the debtor's own country."""
    shown = {
        country: {
            step: cell.message.rule if cell.message else f"refused: {cell.why}"
            for step, cell in steps.items()
        }
        for country, steps in matrix().items()
    }
    wanted = {
        country: dict.fromkeys(STEPS, f"{country}@{sheet['version']}")
        for country, sheet in SHEETS.items()
    }
    for country in SHEETS:
        if lacking(country):
            wanted[country]["F1"] = shown[country]["F1"]
            assert shown[country]["F1"].startswith("refused: ")
    assert shown == wanted


@pytest.mark.parametrize("country", sorted(SHEETS))
def test_s12_a_final_demand_gives_the_days_the_country_wants(country: str) -> None:
    """Its day is far enough, a business day there, and stands in its text and date."""
    cell = matrix()[country]["F1"]
    assert cell.speech.voice is Voice.AGENCY
    assert cell.speech.demand is not None
    pay_by = cell.speech.demand.pay_by
    wanted = max(before(country).get("minimum_days", 0), OF_CONTRACT)
    assert (pay_by - cell.on).days >= wanted
    known = holidays.country_holidays(country)
    assert pay_by not in known
    assert pay_by.weekday() not in known.weekend
    between = each_day(cell.on + timedelta(days=wanted), (pay_by - cell.on).days)
    earlier = [day for day in between if day < pay_by]
    assert all(day in known or day.weekday() in known.weekend for day in earlier)


@pytest.mark.parametrize("country", sorted(SHEETS))
def test_a_prescribed_paragraph_stands_in_the_message(country: str) -> None:
    """What the law wants said is said, with the day; where it lacks, nothing goes."""
    cell = matrix()[country]["F1"]
    if lacking(country):
        assert cell.message is None
        assert all(one in cell.why for one in lacking(country))
        return
    assert cell.message is not None
    words = " ".join(cell.message.text.split())
    for key in before(country).get("paragraphs", ()):
        source = PARAGRAPHS[key]["text"][cell.message.language]
        parts = [one.strip() for one in source.split("{{ deadline }}")]
        assert len(parts) > 1, "it names the day"
        assert all(part in words for part in parts)


def test_of_no_country_is_a_paragraph_of_anothers() -> None:
    """A debtor in Germany reads nothing of the Danish law."""
    for country, steps in matrix().items():
        own = set(before(country).get("paragraphs", ()))
        for cell in steps.values():
            if cell.message is None:
                continue
            for key, one in PARAGRAPHS.items():
                if key not in own:
                    assert one["law"] not in cell.message.text, (country, key)


@pytest.mark.parametrize(
    ("country", "language"), [("DK", "de"), ("NO", "fr"), ("FR", "en")]
)
def test_no_final_demand_goes_without_what_the_law_wants_in_its_language(
    country: str, language: str
) -> None:
    """No paragraph is translated here: the demand is refused, reminders are not."""
    steps = written(country, language)
    assert steps["F1"].message is None
    assert steps["F1"].why
    assert steps["R3"].message is not None


@pytest.mark.parametrize("country", sorted(SHEETS))
def test_the_formal_steps_are_what_they_say(country: str) -> None:
    """The formal notice is the client's, on paper; the demand is the agency's."""
    steps = matrix()[country]
    notice, demand = steps["R3"], steps["F1"]
    assert notice.message is not None
    assert notice.speech.voice is Voice.CLIENT
    assert {notice.message.channel, demand.speech.channel} == {Channel.LETTER}
    assert notice.message.attachments[0].content.startswith(b"%PDF")
    assert "Hafen Werkzeuge GmbH" in notice.message.text
    if demand.message is not None:
        assert "Amica Incasso B.V." in demand.message.text
        assert demand.message.attachments[0].content.startswith(b"%PDF")
    assert demand.on > notice.on
