"""All texts of all languages, rendered: whole, in their own words, easy to read."""

import re
from collections.abc import Sequence
from datetime import date
from html.parser import HTMLParser
from itertools import product
from pathlib import Path
from typing import Final

import pytest

from ledger.identities import Identity
from ledger.reminders import Channel, Message, MessageItem, Voice
from outsourced_ar.known.days import place_of
from outsourced_ar.wording import letters, texts
from outsourced_ar.wording.drafts import Drafts, save_check
from outsourced_ar.wording.locales import writer
from outsourced_ar.wording.texts import (
    CLIENT_KEYS,
    KEYS,
    NoTextError,
    Place,
)
from outsourced_ar.wording.wording import VARIABLES, TemplateError, check
from tests.speeches import (
    AGENCY,
    CLIENT,
    COUNTRIES,
    PART_PAID,
    THREE,
    a_composer,
    a_night,
    a_speech,
    demand_for,
    labels,
    some_facts,
    sources,
    voices_of,
)

LANGUAGES: Final = texts.languages()
ONE: Final = (PART_PAID,)
EVERY_FORM: Final = list(product(LANGUAGES, KEYS, (ONE, THREE)))

ENGLISH: Final = re.compile(
    r"\b(the|please|your|invoice|invoices|payment|and|with|which|reminder|overdue|"
    r"is open|to be paid|account holder|reference|dear|kind regards|telephone)\b",
    re.IGNORECASE,
)
SAME_IN_MANY: Final = {
    "IBAN",
    "BIC",
    "Bank",
    "Date",
    "Total",
    "Questions?",
    "Script",
    "Amount",
    "E-mail",
}
"""Labels that another language may spell as English does."""


def rendered(
    language: str,
    key: str,
    items: Sequence[MessageItem],
    *,
    voice: Voice | None = None,
    channel: Channel | None = None,
    credits_minor: int = 250_00,
) -> Message:
    """Render a text as its language's home gets it."""
    speech = a_speech(
        key,
        language,
        items=items,
        credits_minor=credits_minor,
        voice=voice or voices_of(key)[0],
        channel=channel or (Channel.CALL if key == "call" else Channel.EMAIL),
    )
    facts = some_facts(COUNTRIES[language])
    return a_composer().compose(speech, facts, a_night(), demand=demand_for(key))


def test_the_languages() -> None:
    """The fourteen languages that the product speaks are packaged."""
    assert set(LANGUAGES) == COUNTRIES.keys()
    assert texts.languages_of(Voice.CLIENT) == frozenset(LANGUAGES)


def test_the_agency_speaks_the_same_languages() -> None:
    """Its texts are there in each; what a country prescribes is found when written."""
    assert texts.languages_of(Voice.AGENCY) == frozenset(LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_translation_names_what_the_english_text_names(language: str) -> None:
    """No text loses a figure, a date or a number on the way into a language."""
    own = {where: check(text, where=where) for where, text in sources(language)}
    english = {where: check(text, where=where) for where, text in sources("en")}
    assert own == english


@pytest.mark.parametrize("language", LANGUAGES)
def test_placeholders_of_labels_stay(language: str) -> None:
    """A page, an instalment and a count keep the places of their numbers."""
    words = texts.words(language)
    assert "{page}" in words.labels.page
    assert "{pages}" in words.labels.page
    assert "{n}" in words.labels.instalment
    for forms in (words.plurals.invoices, words.plurals.overdue):
        assert all("{n}" in form for form in forms.values())


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_has_the_plurals_it_needs(language: str) -> None:
    """Every number up to a thousand finds the form that CLDR asks for."""
    words = texts.words(language)
    locale = writer(language, COUNTRIES[language], words.locale).locale
    needed = {locale.plural_form(n) for n in range(1, 1000)}
    for forms in (words.plurals.invoices, words.plurals.overdue):
        assert needed <= forms.keys()


COUNTED: Final = {
    "en": ("1 invoice", "2 invoices", "5 invoices", "22 invoices"),
    "de": ("1 Rechnung", "2 Rechnungen", "5 Rechnungen", "22 Rechnungen"),
    "pl": ("1 faktura", "2 faktury", "5 faktur", "22 faktury"),
    "cs": ("1 faktura", "2 faktury", "5 faktur", "22 faktur"),
    "fr": ("1 facture", "2 factures", "5 factures", "22 factures"),
    "hu": ("1 számla", "2 számla", "5 számla", "22 számla"),
    "fi": ("1 lasku", "2 laskua", "5 laskua", "22 laskua"),
    "da": ("1 faktura", "2 fakturaer", "5 fakturaer", "22 fakturaer"),
}


@pytest.mark.parametrize("language", sorted(COUNTED.keys() & set(LANGUAGES)))
def test_counted_words(language: str) -> None:
    """One, two, five and twenty-two have the forms that grammar books give them."""
    words = texts.words(language)
    says = writer(language, None, words.locale)
    counted = tuple(says.counted(n, words.plurals.invoices) for n in (1, 2, 5, 22))
    assert counted == COUNTED[language]


@pytest.mark.parametrize("language", [one for one in LANGUAGES if one != "en"])
def test_no_english_is_left(language: str) -> None:
    """No text is the English one, and no English word stands in what is rendered."""
    english = {*(text for _, text in sources("en")), *(one for _, one in labels("en"))}
    own = [*sources(language), *labels(language)]
    same = {text for _, text in own if text in english} - SAME_IN_MANY
    assert not {text for text in same if "{{" not in text or len(text) > 40}
    for key, items in product(KEYS, (ONE, THREE)):
        text = rendered(language, key, items).text
        assert not ENGLISH.findall(_without_data(text)), text


@pytest.mark.parametrize(
    ("language", "key", "items", "voice"),
    [(*form, voice) for form in EVERY_FORM for voice in voices_of(form[1])],
)
def test_every_text_is_rendered(
    language: str, key: str, items: Sequence[MessageItem], voice: Voice
) -> None:
    """Subject, text and HTML are whole: no open bracket, no gap, each number there."""
    message = rendered(language, key, items, voice=voice)
    for text in (message.subject, message.text, message.html):
        assert not re.search(r"{{|}}|{%|\bNone\b|{n}|\(\)| ,|  \S", _unindented(text))
    assert "\n" not in message.subject
    numbers = message.text + message.subject
    assert all(item.number in numbers for item in items)
    if key not in {"statement", "call"}:
        assert items[0].number in message.subject
        assert "RF" in message.text
    assert message.language == language


@pytest.mark.parametrize("language", LANGUAGES)
def test_figures_are_written_in_the_language(language: str) -> None:
    """Amounts and dates in sentences and lists are those of the language's home."""
    message = rendered(language, "second", ONE)
    words = texts.words(language)
    says = writer(language, COUNTRIES[language], words.locale)
    home = {"home_country": "DE", "home_zone": "Europe/Berlin"}
    where = place_of(COUNTRIES[language], None, None, **home)
    for figure in (
        says.amount(750_00, a_speech().currency),
        says.day(date(2026, 2, 27)),
        says.day(where.calendar.first_from(date(2026, 4, 3))),
    ):
        assert figure in message.text
        assert figure in message.html
    assert says.short_day(date(2026, 2, 27)) in message.text


@pytest.mark.parametrize(("language", "key"), list(product(LANGUAGES, KEYS)))
def test_no_message_holds_anything_of_the_other_identity(
    language: str, key: str
) -> None:
    """Nothing of the agency is in the client's message, nor the other way round.

    The agency names its client, the creditor, and that is all it was told.
    """
    others: dict[Voice, Identity] = {Voice.CLIENT: AGENCY, Voice.AGENCY: CLIENT}
    for voice in voices_of(key):
        other = others[voice]
        for channel in (Channel.EMAIL, Channel.CALL):
            message = rendered(language, key, THREE, voice=voice, channel=channel)
            said = f"{message.subject} {message.text} {message.html} {message.mail_id}"
            for trace in _traces(other):
                if voice is Voice.AGENCY and trace == CLIENT.name:
                    continue
                assert trace.lower() not in said.lower()


@pytest.mark.parametrize("voice", Voice)
def test_a_letter_holds_nothing_of_the_other_identity(voice: Voice) -> None:
    """What is handed to the page's layout is of one identity."""
    other: Identity = AGENCY if voice is Voice.CLIENT else CLIENT
    for language, key in product(LANGUAGES, KEYS):
        if voice not in voices_of(key):
            continue
        speech = a_speech(
            key, language, items=THREE, voice=voice, channel=Channel.LETTER
        )
        page = a_composer().letter(
            speech,
            some_facts(COUNTRIES[language]),
            a_night(),
            demand=demand_for(key),
        )
        for trace in _traces(other):
            if voice is Voice.AGENCY and trace == CLIENT.name:
                continue
            assert trace.lower() not in str(page).lower()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_letter_in_every_language(language: str) -> None:
    """A letter is accessible by PDF/UA, which also wants every sign in its fonts."""
    speech = a_speech("formal", language, items=THREE, channel=Channel.LETTER)
    letter = a_composer().letter(speech, some_facts(name=ALL_SIGNS), a_night())
    pdf = letters.compiled(letter, standard="ua-1")
    assert pdf.startswith(b"%PDF-")


ALL_SIGNS: Final = (
    "ÁÄÅÆĄĆČĎĐÉĚĘÍŁŃŇÑÓÖŐØŒŘŚŠŤÚŮÜŰÝŹŻŽß áäåæąćčďđéěęíłńňñóöőøœřśšťúůüűýźżž"
)


class Page(HTMLParser):
    """Collects what a page is made of."""

    def __init__(self, html: str) -> None:
        """Read a page."""
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag."""
        self.tags.append((tag, dict(attrs)))
        if tag not in {"meta", "br", "img"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Close the tag that is open."""
        assert self.open.pop() == tag

    def all(self, tag: str) -> list[dict[str, str | None]]:
        """Return the attributes of each tag of a name."""
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.mark.parametrize(
    ("language", "key", "items"), [one for one in EVERY_FORM if one[1] != "call"]
)
def test_every_page_is_accessible(
    language: str, key: str, items: Sequence[MessageItem]
) -> None:
    """Language, title, one heading of the first rank, headed tables, no image."""
    page = Page(rendered(language, key, items).html)
    assert page.open == []
    (html,) = page.all("html")
    assert (html["lang"] or "").split("-")[0] == language
    assert len(page.all("title")) == len(page.all("h1")) == 1
    assert len(page.all("h2")) == 2
    assert page.all("img") == []
    assert any(meta.get("name") == "viewport" for meta in page.all("meta"))
    assert all("scope" in cell for cell in page.all("th"))
    named = len(page.all("caption")) + sum("aria-label" in t for t in page.all("table"))
    assert named == len(page.all("table")) == 2


def test_the_contrast_of_each_colour() -> None:
    """Every text is readable on its ground by WCAG's AA, by day and in the dark."""
    light = [("#1a1d21", "#ffffff"), ("#4a5360", "#ffffff"), ("#0b4f9e", "#ffffff")]
    dark = [("#eceef1", "#1a1d21"), ("#b4bcc8", "#1a1d21"), ("#8fbcff", "#1a1d21")]
    layout = texts.layout("message.html")
    for ink, ground in [*light, *dark]:
        assert ink in layout
        assert ground in layout
        assert _contrast(ink, ground) >= 4.5
    inks = set(re.findall(r"[^-]color: (#[0-9a-f]{6})", layout))
    assert inks == {ink for ink, _ in [*light, *dark]}
    assert re.findall(r"[^-]color: {{", layout) == []


def test_nothing_is_wider_than_a_small_screen() -> None:
    """No width in pixels but the page's upper bound; long words break."""
    layout = texts.layout("message.html")
    assert re.findall(r"[^-]width: ?\d+px", layout) == []
    assert "max-width: 600px" in layout
    assert "overflow-wrap: break-word" in layout


OWN: Final = """
subject = "A note from {{ sender }} on {{ number }}"
heading = "A note"
body.single = "{% if contact %}For {{ contact }}: {% endif %}{{ open }} is open."
body.several = "{{ open }} is open."
[paragraphs]
crossed = "Already paid? Then never mind."
"""


def test_a_client_edits_a_text_and_sees_it_on_real_data() -> None:
    """S07: an own text takes the packaged one's place, shared words included."""
    composer = a_composer({"first/en": OWN})
    speech = a_speech()
    message = composer.compose(speech, some_facts("GB"), a_night())
    packaged = a_composer().compose(speech, some_facts("GB"), a_night())
    assert message.subject == "A note from Hafen Werkzeuge GmbH on RE-2026-00117"
    assert "For Erika Muster: €1,000.00 is open." in message.text
    assert "Already paid? Then never mind." in message.text
    assert "IBAN" in message.text
    assert message.template != packaged.template
    assert message.mail_id == packaged.mail_id
    other = composer.compose(a_speech("second"), some_facts("GB"), a_night())
    assert "Already paid?" not in other.text


def test_unknown_variables_are_refused_at_save() -> None:
    """S07: a variable that does not exist is named, in a branch not taken too."""
    for body in (
        "{{ ammount }}",
        "{% if contact %}x{% else %}{{ ammount }}{% endif %}",
        "{% if ammount %}x{% endif %}",
    ):
        own = f'subject = "x"\nheading = "x"\nbody = "{body}"'
        with pytest.raises(TemplateError, match="ammount") as caught:
            save_check("first/en", own)
        assert "balance" in caught.value.remedy
        with pytest.raises(TemplateError, match="ammount"):
            Drafts({"first/en": own}).draft(
                Place("first", "en"), country=None, is_single=True
            )


@pytest.mark.parametrize(
    "body",
    [
        "{{ number.__class__ }}",
        "{{ ''.__class__.__mro__ }}",
        "{{ number|attr('x') }}",
        "{% for i in range(99999999) %}x{% endfor %}",
        "{% set number = 1 %}",
        "{{ cycler() }}",
        "{{ number[0] }}",
        "{% include 'letter.typ' %}",
        "{% macro x() %}{% endmacro %}",
        "{{ 9 ** 999999999 }}",
        "{{ 'x' * 999999999 }}",
        "{{ number",
        "{% if %}",
        "x" * 20_001,
        "\x1e",
    ],
)
def test_a_template_can_do_no_more_than_name_and_ask(body: str) -> None:
    """Loops, calls, attributes, arithmetic and what is no template are refused."""
    with pytest.raises(TemplateError):
        check(body, where="first/en")


def test_every_variable_can_be_named() -> None:
    """Each documented variable has a value, and the packaged texts use most."""
    every = " ".join(f"{{{{ {name} }}}}" for name in VARIABLES)
    own = f'subject = "x"\nheading = "x"\nbody = "{every}"'
    assert save_check("second/en", own) == ()
    composer = a_composer({"second/en": own})
    text = composer.compose(a_speech("second"), some_facts("GB"), a_night()).text
    assert "28 days overdue" in text
    named = {name for where, text in sources("en") for name in check(text, where=where)}
    unused = {name for name in VARIABLES.keys() - named if name[:5] != "late_"}
    assert unused == {"count", "role", "sender", "total"}


def test_the_variables_are_documented() -> None:
    """The page on templates lists every variable with what it stands for."""
    page = (Path(__file__).parents[3] / "docs" / "templates.md").read_text("utf-8")
    for name, meaning in VARIABLES.items():
        assert f"| `{name}` | {meaning} |" in page


@pytest.mark.parametrize(
    ("name", "error"),
    [("third/en", NoTextError), ("first/xx", NoTextError), ("first", NoTextError)],
)
def test_an_own_text_has_a_place(name: str, error: type[Exception]) -> None:
    """An own text of no key or language is refused."""
    with pytest.raises(error, match="text"):
        save_check(name, OWN)


@pytest.mark.parametrize(
    "body",
    [
        "subject =",
        'subject = "x"\nheading = "x"',
        'subject = "x"\nheading = "x"\nbody = "x"\nextra = "x"',
        'subject = "x"\nheading = "x"\nbody.single = "x"',
        'subject = "x"\nheading = "x"\nbody = "x"\n[paragraphs]\nbye = "x"',
    ],
)
def test_an_own_text_has_a_format(body: str) -> None:
    """What is missing, unknown or no TOML is refused with the place."""
    with pytest.raises(TemplateError, match="first"):
        save_check("first/en", body)


def test_a_packaged_text_can_be_copied_and_changed() -> None:
    """What is shown to be copied is an own text that says the same."""
    for language, key in product(LANGUAGES, CLIENT_KEYS):
        place = Place(key, language)
        own = texts.packaged(place)
        assert save_check(str(place), own) == ()
        drafts = Drafts({str(place): own})
        for is_single in (True, False):
            mine = drafts.draft(place, country=None, is_single=is_single)
            theirs = Drafts().draft(place, country=None, is_single=is_single)
            assert mine.version == theirs.version


def test_french_leaves_a_space_before_a_colon() -> None:
    """A French label and its figure stand apart as French typography has it."""
    message = rendered("fr", "first", ONE)
    assert "Échéance\xa0: 27 févr. 2026" in message.text
    assert not re.search(r"\w: ", message.text)


def test_french_numbers_the_first_of_a_month() -> None:
    """The first is written 1er, in sentences and tables, and no other day is."""
    says = writer("fr", "FR", "fr_FR")
    assert says.day(date(2026, 4, 1)) == "1er avril 2026"
    assert says.short_day(date(2026, 4, 1)).startswith("1er avr")
    assert says.day(date(2026, 4, 11)) == "11 avril 2026"
    assert writer("it", "IT", "it_IT").day(date(2026, 4, 1)) == "1 aprile 2026"


def test_a_polish_debtor_is_written_to_in_polish() -> None:
    """S08: subject, body, amounts and dates are Polish."""
    message = rendered("pl", "first", ONE, credits_minor=0)
    assert message.subject == "Przypomnienie o płatności: faktura RE-2026-00117"
    assert "28 stycznia 2026" in message.text
    assert "1 000,00 €".replace(" ", "\xa0") in message.text
    assert "28 dni po terminie" in message.text
    assert 'lang="pl-PL"' in message.html


def _traces(identity: Identity) -> list[str]:
    account = identity.accounts[0]
    return [
        identity.name,
        *identity.address,
        identity.domain,
        identity.reply_to,
        identity.phone,
        identity.person,
        identity.colour,
        identity.register,
        account.iban[4:12],
        account.bic,
        account.bank,
    ]


def _unindented(text: str) -> str:
    return re.sub(r"(?m)^ +", "", text)


def _without_data(text: str) -> str:
    for name in (CLIENT.name, CLIENT.role, "Erika Muster", *CLIENT.address):
        text = text.replace(name, "")
    return text


def _contrast(one: str, other: str) -> float:
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    """Return the relative luminance of WCAG 2."""
    shares = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4
        for share in shares
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
