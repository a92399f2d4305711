"""Variants of a text: drawn by chance, ever the same, and said as they are named."""

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from uuid import NAMESPACE_URL, uuid5

import pytest

from ledger.ids import DebtorId
from ledger.reminders import Tone
from outsourced_ar.rule_files import RuleFileError
from outsourced_ar.rules.cadence import Cadence, read_cadence
from outsourced_ar.rules.variants import variant_of
from outsourced_ar.wording.texts import NoTextError, Place
from tests.debtors import DUE, a_debtor, a_step, an_item, rules_for, spoken
from tests.debtors import a_night as a_night_of
from tests.speeches import a_composer, a_night, a_speech, some_facts

CADENCE = """
name = "own"
version = {version}
title = "Own"
[[step]]
name = "R1"
title = "First"
after_due = "5 days"
channel = "email"
tone = "courteous"
template = "first"
variants = {variants}
"""
OWN = 'subject = "{0} {{{{ number }}}}"\nheading = "{0}"\nbody = "We {0}."\n'


def a_ladder(variants: str = "{ a = 50, b = 50 }", version: int = 1) -> Cadence:
    """Read a cadence of one step."""
    return read_cadence(CADENCE.format(version=version, variants=variants))


def drawn(cadence: Cadence, count: int = 2000) -> list[str]:
    """Return what so many debtors get."""
    return [
        variant_of(DebtorId(uuid5(NAMESPACE_URL, str(n))), cadence, cadence.steps[0])
        for n in range(count)
    ]


def test_the_shares_are_as_written() -> None:
    """Of two thousand debtors about as many get a variant as its weight says."""
    halves = Counter(drawn(a_ladder()))
    # Five standard deviations of two thousand throws of a coin are 112.
    assert abs(halves["a"] - 1000) < 112
    assert halves["a"] + halves["b"] == 2000
    thirds = Counter(drawn(a_ladder("{ a = 1, b = 1, c = 2 }")))
    assert abs(thirds["c"] - 1000) < 112
    assert abs(thirds["a"] - 500) < 97


def test_a_debtor_keeps_its_variant() -> None:
    """The same again in any process; another version of the cadence draws anew."""
    again = drawn(a_ladder())
    assert drawn(a_ladder("{ b = 50, a = 50 }")) == again
    assert "".join(again[:12]) == "abbabbbbbaaa"
    moved = sum(a != b for a, b in zip(again, drawn(a_ladder(version=2)), strict=True))
    assert abs(moved - 1000) < 112


def test_a_step_without_variants_has_none() -> None:
    """The packaged cadences try nothing."""
    assert set(drawn(a_ladder("{}"), 9)) == {""}


@pytest.mark.parametrize(
    ("variants", "told"),
    [
        ("{ a = 50 }", "one variant alone"),
        ("{ a = 0, b = 1 }", "weight"),
        ("{ a = -1, b = 1 }", "weight"),
        ("{ a = 1, b = 9999 }", "weight"),
        ('{ "a+b" = 1, b = 1 }', "name"),
    ],
)
def test_variants_that_cannot_be_meant_are_refused(variants: str, told: str) -> None:
    """Shares of nothing, and names that could not be told apart, are refused."""
    with pytest.raises(RuleFileError, match=told):
        a_ladder(variants)


def test_what_is_to_be_said_names_its_variant() -> None:
    """The plan draws it; a text firmer than the step's own is none of its variants."""
    cadence = a_ladder()
    night = a_night_of(DUE + timedelta(days=7))
    rules = {"cadences": {"own": cadence}, "rules": rules_for("own")}
    facts = a_debtor(an_item())
    drawn_for = variant_of(facts.debtor_id, cadence, cadence.steps[0])

    assert spoken(night, facts, **rules).variant == drawn_for != ""
    pressed = an_item(
        "old",
        taken=(a_step("X", DUE + timedelta(days=1), Tone.FIRM, cadence="other"),),
    )
    firm = spoken(night, a_debtor(an_item(), pressed), **rules)
    assert (firm.tone, firm.variant) == (Tone.FIRM, "")


def test_a_variant_is_said_in_its_own_words() -> None:
    """The one that is written has its words, the other the plain text, both named."""
    composer = a_composer({"first/en+b": OWN.format("kindly ask")})

    def said(variant: str, language: str = "en") -> tuple[str, str, bool]:
        speech = replace(a_speech(language=language), variant=variant)
        message = composer.compose(speech, some_facts(), a_night())
        name = message.template.partition("@")[0]
        return name, message.variant, "kindly ask" in message.text

    assert said("b") == ("first/en+b", "b", True)
    assert said("a") == ("first/en+a", "a", False)
    assert said("") == ("first/en", "", False)
    # Nobody has written a variant in German: there is nothing to compare.
    assert said("b", "de") == ("first/de", "", False)


def test_a_place_is_read_as_it_is_written() -> None:
    """A variant's name comes back the same; a mark without a name is refused."""
    assert str(Place.parse("first/en+b")) == "first/en+b"
    assert Place.parse("first/en").variant == ""
    with pytest.raises(NoTextError):
        Place.parse("first/en+")
