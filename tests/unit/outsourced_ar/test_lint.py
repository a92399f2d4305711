"""Every packaged text is amicable; what is not is found, in each language."""

import re

import pytest

from outsourced_ar.wording import texts
from outsourced_ar.wording.drafts import save_check
from outsourced_ar.wording.lint import Fault, findings
from tests.speeches import labels, sources

LANGUAGES = texts.languages()
BACKED = {"interest", "compensation", "paragraphs.lateness"}
"""What stands in a message only beside amounts that were read in a source."""


@pytest.mark.parametrize("language", LANGUAGES)
def test_packaged_texts_are_amicable(language: str) -> None:
    """No text, at whatever tone, holds a word that no message uses.

    What interest and compensation are called stands beside an amount that is known.
    """
    for where, text in [*sources(language), *labels(language)]:
        plain = re.sub(r"{[{%].*?[%}]}", " ", text)
        allowed = {Fault.CLAIM} if where in BACKED else set()
        found = {one.fault for one in findings(plain, language=language)}
        assert found <= allowed, where


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_list_finds_its_words(language: str) -> None:
    """Each listed beginning is found in a sentence, in capitals too, as its fault."""
    lists = texts.forbidden(language)
    for fault, stems in (
        (Fault.THREAT, lists.threats),
        (Fault.URGENCY, lists.urgency),
        (Fault.COURT, lists.courts),
        (Fault.CLAIM, lists.claims),
    ):
        assert len(stems) >= 5
        for stem in stems:
            for word in (stem.rstrip("."), stem.rstrip(".").capitalize()):
                found = findings(f"Abc, {word} xyz.", language=language)
                assert fault in {one.fault for one in found}, stem


@pytest.mark.parametrize(
    ("language", "text", "fault"),
    [
        ("en", "Otherwise we will take legal action.", Fault.COURT),
        ("en", "Pay immediately.", Fault.URGENCY),
        ("en", "There will be consequences.", Fault.THREAT),
        ("en", "We charge interest and a late fee.", Fault.CLAIM),
        ("en", "PAY THIS NOW please", Fault.SHOUTING),
        ("en", "Please pay!!", Fault.SHOUTING),
        ("en", "Pay at https://pay.example", Fault.LINK),
        ("de", "Wir übergeben den Fall an ein Inkassobüro.", Fault.THREAT),
        ("de", "Zahlen Sie sofort.", Fault.URGENCY),
        ("de", "Wir leiten ein gerichtliches Mahnverfahren ein.", Fault.COURT),
        ("de", "Es fallen Mahngebühren an.", Fault.CLAIM),
    ],
)
def test_what_is_found(language: str, text: str, fault: Fault) -> None:
    """A threat, haste, a court, a claim, shouting and a link are each found."""
    assert fault in {one.fault for one in findings(text, language=language)}


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "It is a matter of courtesy to pay the suede courteously."),
        ("de", "Das Schreiben ist an Sie gerichtet."),
        ("en", "The IBAN is of a German bank."),
    ],
)
def test_what_is_not(language: str, text: str) -> None:
    """Words that only resemble forbidden ones may stand."""
    assert findings(text, language=language) == ()


def test_an_own_text_is_looked_at_before_it_is_saved() -> None:
    """Each part of a client's own text is looked at, not its variables."""
    own = (
        'subject = "Final warning: {{ number }}"\nheading = "Court"\n'
        'body.single = "Pay."\nbody.several = "We will sue."\nclosing = "Or else"\n'
        '[greeting]\nnamed = "You fraud {{ contact }}"\nunnamed = "Hello"\n'
        '[paragraphs]\ncrossed = "ASAP"\n'
    )
    found = {one.fault for one in save_check("first/en", own)}
    assert found == {Fault.URGENCY, Fault.COURT, Fault.THREAT, Fault.CLAIM}


def own(body: str, language: str = "en") -> set[Fault]:
    """Return the faults of a client's own formal notice."""
    text = f"subject = 'x'\nheading = 'x'\nbody = '''{body}'''\n"
    return {one.fault for one in save_check(f"formal/{language}", text)}


BACKED_SENTENCE = "{% if late_interest %}Interest: {{ late_interest }}.{% endif %}"


@pytest.mark.parametrize(
    ("body", "faults"),
    [
        (f"Pay. {BACKED_SENTENCE}", set()),
        (f"{BACKED_SENTENCE} We charge interest.", {Fault.CLAIM}),
        ("{{ late_interest }} of interest.", {Fault.CLAIM}),
        ("{% if late_interest %}Interest of 500 EUR.{% endif %}", {Fault.CLAIM}),
        ("{% if contact %}Interest: {{ late_interest }}{% endif %}", {Fault.CLAIM}),
        (
            "{% if late_interest %}{{ late_interest }}{% else %}Interest{% endif %}",
            {Fault.CLAIM},
        ),
        (
            "{% if late_interest %}Pay {{ late_interest }} ASAP!!{% endif %}",
            {Fault.URGENCY, Fault.SHOUTING},
        ),
    ],
)
def test_interest_is_named_only_beside_a_known_figure(
    body: str, faults: set[Fault]
) -> None:
    """A sentence that stands and falls with the figure in it may; no other may."""
    assert own(body) == faults


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_packaged_sentence_may_be_copied(language: str) -> None:
    """What the packaged texts tell of lateness is allowed in a client's own."""
    assert own(texts.words(language).paragraphs.lateness, language) == set()
