"""The agency's texts: what they demand, what the law adds, what they withhold."""

import tomllib
from dataclasses import replace
from datetime import date
from itertools import product
from pathlib import Path

import pytest

from ledger.money import Currency
from ledger.reminders import Channel, Message, Voice
from outsourced_ar.known.demand import BadDemandError, Demand, PayTo
from outsourced_ar.wording import legal, letters, texts
from outsourced_ar.wording.composing import MissingTextError
from outsourced_ar.wording.drafts import save_check
from outsourced_ar.wording.lint import Fault, findings
from outsourced_ar.wording.texts import AGENCY_KEYS
from outsourced_ar.wording.wording import TemplateError
from tests.speeches import (
    A_DEMAND,
    AGENCY,
    CLIENT,
    COUNTRIES,
    PART_PAID,
    THREE,
    a_composer,
    a_night,
    a_speech,
    some_facts,
)

LEGAL = Path(texts.__file__).parents[1] / "templates" / "legal.toml"
LAWS = [
    (key, language)
    for key, one in tomllib.loads(LEGAL.read_text("utf-8")).items()
    for language in one["text"]
    if "lacks" not in one
]


def demanded(
    key: str = "final_demand",
    language: str = "en",
    *,
    demand: Demand | None = A_DEMAND,
    several: bool = False,
    credits_minor: int = 0,
    voice: Voice = Voice.AGENCY,
    channel: Channel = Channel.EMAIL,
) -> Message:
    """Write a text of the agency's."""
    speech = a_speech(
        key,
        language,
        items=THREE if several else (PART_PAID,),
        voice=voice,
        credits_minor=credits_minor,
        channel=channel,
    )
    facts = some_facts(COUNTRIES[language])
    return a_composer().compose(speech, facts, a_night(), demand=demand)


@pytest.mark.parametrize("key", AGENCY_KEYS)
def test_a_demand_says_what_is_owed_and_until_when(key: str) -> None:
    """Original, paid and open of each item, what is demanded besides, a day, a sum."""
    text = demanded(key, several=True, credits_minor=250_00).text
    assert "Amount: €1,190.00\n  Paid or credited: €190.00\n  Open: €1,000.00" in text
    assert "Total open: €13,826.17" in text
    assert "Less payments and credits: -€250.00" in text
    assert "Late-payment interest: €31.05" in text
    assert "Compensation for recovery costs: €40.00" in text
    # 13826.17 - 250.00 + 31.05 + 40.00
    assert "To be paid: €13,647.22" in text
    assert "by 14 April 2026" in text


def test_no_line_where_nothing_is_demanded_besides() -> None:
    """Without interest and compensation there is no line of them, and no subtotal."""
    text = demanded(demand=Demand(pay_by=date(2026, 4, 14))).text
    assert "interest" not in text.lower()
    assert "ompensation" not in text
    assert "Total open" not in text
    assert "To be paid: €1,000.00" in text


def test_a_demand_is_paid_to_the_agency() -> None:
    """Its account, and a reference made of the case's number."""
    text = demanded().text
    assert "IBAN: NL91 ABNA 0417 1643 00" in text
    assert "Account holder: Stichting Derdengelden Amica" in text
    assert "AMI2 0260 042" in text.split("Reference: ")[1]


@pytest.mark.parametrize(
    ("language", "key"), list(product(texts.languages(), AGENCY_KEYS))
)
def test_a_demand_is_paid_to_the_creditor_without_its_account(
    language: str, key: str
) -> None:
    """The invoice's account is named, not repeated: nobody's is shown."""
    demand = replace(A_DEMAND, pay_to=PayTo.CREDITOR)
    message = demanded(key, language, demand=demand)
    for said in (message.text, message.html):
        assert CLIENT.accounts[0].iban[-6:] not in said.replace(" ", "")
        assert AGENCY.accounts[0].iban[-6:] not in said.replace(" ", "")
        assert "IBAN" not in said
    assert "RF94 RE20 2600 117" in message.text


@pytest.mark.parametrize(
    ("language", "key"), list(product(texts.languages(), AGENCY_KEYS))
)
def test_a_demand_names_the_creditor_the_agency_and_the_day(
    language: str, key: str
) -> None:
    """For whom it is written, by whom, until when, and the number of the case."""
    message = demanded(key, language)
    assert CLIENT.name in message.subject
    assert CLIENT.name in message.text
    assert AGENCY.name in message.text
    assert AGENCY.reply_to in message.text
    assert "14" in message.text
    assert "2026" in message.text
    assert len(message.attachments) == 1
    if key == "placement_notice":
        assert "AMI-2026-0042" in message.text


@pytest.mark.parametrize("language", texts.languages())
def test_the_source_of_data_stands_in_the_first_letter_of_a_case(language: str) -> None:
    """Article 14 GDPR: from whom, and where to ask; not in the demand before it."""
    source = texts.words(language).paragraphs.source
    begin = source.split("{{")[0]
    assert len(begin) > 40
    assert begin in demanded("placement_notice", language).text
    assert begin not in demanded("final_demand", language).text
    assert "GDPR" in source or "6" in source


def test_a_letter_of_the_agency_shows_its_own_number() -> None:
    """Beside the address stand creditor and case, not the client's customer number."""
    speech = a_speech(
        "placement_notice", voice=Voice.AGENCY, channel=Channel.LETTER, items=THREE
    )
    page = a_composer().letter(speech, some_facts("GB"), a_night(), demand=A_DEMAND)
    facts = dict(page["facts"])
    assert facts["On behalf of"] == CLIENT.name
    assert facts["Our reference"] == "AMI-2026-0042"
    assert "10023" not in facts.values()
    before = replace(A_DEMAND, case_reference="")
    page = a_composer().letter(speech, some_facts("GB"), a_night(), demand=before)
    assert "Our reference" not in dict(page["facts"])


@pytest.mark.parametrize(("key", "language"), LAWS)
def test_a_paragraph_of_law_stands_in_mail_and_letter(key: str, language: str) -> None:
    """It is said with its figures, in text, HTML and on paper, by PDF/UA."""
    demand = replace(A_DEMAND, legal_paragraphs=(key,))
    message = demanded(language=language, demand=demand)
    first = tomllib.loads(LEGAL.read_text("utf-8"))[key]["text"][language]
    begin = first.strip().split("{{")[0].strip() or AGENCY.name
    assert begin in message.text
    assert begin in message.html
    assert "{{" not in message.text
    speech = a_speech(
        "final_demand", language, voice=Voice.AGENCY, channel=Channel.LETTER
    )
    page = a_composer().letter(speech, some_facts("DK"), a_night(), demand=demand)
    assert any(begin in one for one in page["legal"])
    assert letters.compiled(page, standard="ua-1").startswith(b"%PDF-")


@pytest.mark.parametrize(
    ("key", "language"), [("dk_inkassolov_10", "fi"), ("xx_none", "en")]
)
def test_a_paragraph_that_is_missing_stops_the_message(key: str, language: str) -> None:
    """Nothing goes without what the law wants, nor with it in another language."""
    demand = replace(A_DEMAND, legal_paragraphs=(key,))
    with pytest.raises(MissingTextError, match=key):
        demanded(language=language, demand=demand)


def test_what_the_law_wants_and_no_message_says_stops_it() -> None:
    """France wants the creditor's seat, which the agency is not told: nothing goes."""
    demand = replace(A_DEMAND, legal_paragraphs=("fr_cpce_r124_4",))
    with pytest.raises(MissingTextError, match="the creditor's address"):
        demanded(language="fr", demand=demand)


def test_paragraphs_of_law_have_a_source() -> None:
    """Each was read somewhere on a day, and shouts no more than the law does."""
    found = legal.paragraphs()
    assert {one.country for one in found.values()} == {"DK", "NO", "FR"}
    for one in found.values():
        assert one.source.startswith("https://")
        assert one.law
        for language, text in one.text.items():
            faults = {each.fault for each in findings(text, language=language)}
            assert not faults & {Fault.SHOUTING, Fault.LINK, Fault.URGENCY}


@pytest.mark.parametrize("key", AGENCY_KEYS)
def test_the_client_never_says_what_is_the_agencys(key: str) -> None:
    """In the client's name there is no such text."""
    with pytest.raises(MissingTextError, match="client's name"):
        demanded(key, voice=Voice.CLIENT)


@pytest.mark.parametrize("key", AGENCY_KEYS)
def test_a_client_writes_none_of_the_agencys_texts(key: str) -> None:
    """An own text of the agency's keys is refused when it is saved."""
    own = 'subject = "x"\nheading = "x"\nbody = "x"\n'
    with pytest.raises(TemplateError, match="agency"):
        save_check(f"{key}/en", own)


def test_a_clients_own_text_is_not_said_in_the_agencys_name() -> None:
    """What a client wrote may name its own account, so the agency never says it."""
    own = 'subject = "Own"\nheading = "Own"\nbody = "Pay to DE89 3704."\n'
    composer = a_composer({"first/en": own})
    client = composer.compose(a_speech(), some_facts("GB"), a_night())
    speech = a_speech(voice=Voice.AGENCY)
    agency = composer.compose(speech, some_facts("GB"), a_night())
    assert "Pay to DE89 3704." in client.text
    assert "DE89" not in agency.text
    assert agency.subject != "Own"


@pytest.mark.parametrize(
    ("template", "demand"),
    [
        ("final_demand", None),
        ("first", A_DEMAND),
        ("final_demand", Demand(pay_by=date(2026, 3, 27))),
        ("final_demand", Demand(pay_by=date(2026, 3, 1))),
    ],
)
def test_a_text_and_its_demand_belong_together(
    template: str, demand: Demand | None
) -> None:
    """No demand without a day after today, and none with a text that has no use."""
    with pytest.raises(BadDemandError):
        demanded(template, demand=demand)


@pytest.mark.parametrize("field", ["interest_minor", "compensation_minor"])
def test_nothing_negative_is_demanded(field: str) -> None:
    """Interest and compensation never lower what is owed."""
    with pytest.raises(BadDemandError, match="negative"):
        Demand(pay_by=date(2026, 4, 14), **{field: -1})  # type: ignore[arg-type]


def test_a_demand_in_yen_shows_no_decimals() -> None:
    """What is demanded besides is written in the message's currency."""
    speech = a_speech(
        "final_demand", voice=Voice.AGENCY, currency=Currency("JPY"), credits_minor=0
    )
    demand = replace(A_DEMAND, interest_minor=1_234)
    text = a_composer().compose(speech, some_facts("GB"), a_night(), demand=demand).text
    assert "1,234\n" in text.split("Late-payment interest:")[1]
