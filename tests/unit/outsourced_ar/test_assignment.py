"""Assignment: the first rule that holds wins, and says so."""

from datetime import date
from typing import Any

import pytest

from ledger.money import Currency
from outsourced_ar.rule_files import RuleFileError
from outsourced_ar.rules.assignment import Subject, packaged_assignment, read_assignment
from outsourced_ar.rules.cadence import packaged_cadences
from outsourced_ar.rules.segments import packaged_segments

ON = date(2026, 7, 6)
RULES = """
[[rule]]
name = "one"
debtors = ["D7"]
cadence = "gentle"

[[rule]]
name = "large"
amount_min = { EUR = "1000", JPY = "150000" }
countries = ["DE", "AT"]
cadence = "strict"

[[rule]]
name = "season"
tags = ["retail", "fashion"]
starts_on = 2026-12-01
ends_on = 2026-12-31
cadence = "gentle"

[[rule]]
name = "rest"
cadence = "standard"
"""


def a_subject(**changed: Any) -> Subject:  # noqa: ANN401
    """Make somebody whom no special rule is about."""
    plain: dict[str, Any] = {
        "number": "D1",
        "country": "DE",
        "segment": "default",
        "tags": frozenset(),
        "currency": Currency("EUR"),
        "amount_minor": 50_000,
    }
    return Subject(**{**plain, **changed})


def chosen(on: date = ON, **changed: Any) -> tuple[str, str]:  # noqa: ANN401
    """Return the cadence and the rule that won."""
    won = read_assignment(RULES).choose(a_subject(**changed), on)
    return won.cadence, won.chosen_by


def test_the_rule_that_won_is_shown() -> None:
    """The first rule that holds wins, whatever those after it say, and is worded."""
    assert chosen(number="D7", amount_minor=200_000) == (
        "gentle",
        "rule one: debtor D7",
    )
    assert chosen(amount_minor=200_000) == (
        "strict",
        "rule large: country AT or DE, at least 1000.00 EUR open",
    )
    assert chosen() == ("standard", "rule rest: all others")


@pytest.mark.parametrize(
    ("changed", "cadence"),
    [
        ({"amount_minor": 100_000}, "strict"),
        ({"amount_minor": 99_999}, "standard"),
        ({"amount_minor": 100_000, "country": "FR"}, "standard"),
        ({"amount_minor": 100_000, "country": None}, "standard"),
        ({"amount_minor": 100_000, "currency": Currency("JPY")}, "standard"),
        ({"amount_minor": 150_000, "currency": Currency("JPY")}, "strict"),
        ({"amount_minor": 10**9, "currency": Currency("USD")}, "standard"),
    ],
)
def test_amounts_are_compared_in_their_own_currency(
    changed: dict[str, Any], cadence: str
) -> None:
    """A bound is for its own currency, and another one does not meet it."""
    assert chosen(**changed)[0] == cadence


@pytest.mark.parametrize(
    ("on", "cadence"),
    [
        (date(2026, 11, 30), "standard"),
        (date(2026, 12, 1), "gentle"),
        (date(2026, 12, 31), "gentle"),
        (date(2027, 1, 1), "standard"),
    ],
)
def test_a_rule_holds_on_its_days(on: date, cadence: str) -> None:
    """A dated rule holds from its first to its last day, both counting."""
    assert chosen(on, tags=frozenset({"retail"}))[0] == cadence


def test_the_packaged_rules_name_what_exists() -> None:
    """The packaged rules fit the packaged cadences and segments."""
    packaged_assignment().check(packaged_cadences(), packaged_segments().names)


def test_a_rule_that_names_nothing_is_refused() -> None:
    """A cadence or a segment that does not exist is named with its rule."""
    rules = read_assignment(
        '[[rule]]\nname = "a"\nsegments = ["rich"]\ncadence = "standard"\n'
        '[[rule]]\nname = "b"\ncadence = "harsh"\n'
    )

    with pytest.raises(RuleFileError) as caught:
        rules.check(packaged_cadences(), packaged_segments().names)
    assert caught.value.faults == (
        "rule b: there is no cadence harsh",
        "rule a: there is no segment rich",
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "rule"),
        (
            '[[rule]]\nname = "a"\ntags = ["x"]\ncadence = "standard"',
            "must ask nothing",
        ),
        ('[[rule]]\nname = "a"\ncadence = "standard"\n' * 2, "the same name"),
        (
            '[[rule]]\nname = "a"\ncadence = "x"\n[[rule]]\nname = "b"\ncadence = "y"',
            "rule a asks nothing, so that the rules after it never win",
        ),
        ('[[rule]]\nname = "a"\ncountries = ["Germany"]\ncadence = "x"', "such as DE"),
    ],
)
def test_rules_that_cannot_be_meant(text: str, said: str) -> None:
    """Rules that leave debtors out, or that can never win, are refused."""
    with pytest.raises(RuleFileError, match=said):
        read_assignment(text)
