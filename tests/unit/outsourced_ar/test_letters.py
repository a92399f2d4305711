"""Letters: the same bytes, the window, the payment code, the creditor reference."""

import io
import re
from dataclasses import replace

import pytest
import segno

from ledger.identities import BankAccount
from ledger.money import Currency
from ledger.reminders import Channel
from outsourced_ar.wording import letters
from outsourced_ar.wording.remittance import (
    creditor_reference,
    is_creditor_reference,
    payment_code,
    spaced,
)
from tests.speeches import (
    CLIENT,
    EUR,
    THREE,
    a_composer,
    a_night,
    a_speech,
    an_item,
    some_facts,
)

ACCOUNT = CLIENT.accounts[0]
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c63606060f80f00010401005fe5c34b0000000049454e44ae426082"
)


def test_a_letter_is_one_pdf() -> None:
    """A letter goes to its address by lines and brings one PDF, named by its day."""
    message = a_composer().compose(
        a_speech("formal", "de", items=THREE, channel=Channel.LETTER),
        some_facts(),
        a_night(),
    )
    (pdf,) = message.attachments
    assert pdf.name == "kontoauszug-2026-03-27.pdf"
    assert pdf.content.startswith(b"%PDF-")
    assert message.html == ""
    assert message.address.split("\n") == [
        "Kunde & Söhne Maschinenbau GmbH",
        "Industriestraße 12",
        "76133 Karlsruhe",
    ]


@pytest.mark.parametrize(
    ("key", "count"), [("formal", 1), ("statement", 1), ("first", 0)]
)
def test_which_mails_bring_their_list(key: str, count: int) -> None:
    """A notice and a statement bring a PDF and say so; a reminder has it in words."""
    message = a_composer().compose(a_speech(key), some_facts(), a_night())
    assert len(message.attachments) == count
    assert ("attached as a PDF" in message.text) == bool(count)


def test_a_list_of_many_pages_is_a_letter_too() -> None:
    """A hundred items make further pages, not an error."""
    items = [an_item(f"RE-{n:05}") for n in range(100)]
    message = a_composer().compose(
        a_speech(items=items, channel=Channel.LETTER), some_facts(), a_night()
    )
    assert message.attachments[0].content.count(b"/Type /Page\n") != 1


def test_a_logo_is_on_the_letter() -> None:
    """A PNG is drawn; what is none is left out instead of failing at night."""
    for logo in (PIXEL, b"GIF89a", b""):
        composer = a_composer(client=replace(CLIENT, logo=logo))
        speech = a_speech(channel=Channel.LETTER)
        assert composer.compose(speech, some_facts(), a_night()).attachments


def test_the_window_names_the_debtor_once() -> None:
    """An address that begins with the name does not get it twice."""
    assert letters.window("Kunde GmbH", ("Kunde GmbH", " Weg 1 ", "")) == (
        "Kunde GmbH",
        "Weg 1",
    )
    assert letters.window("Kunde GmbH", ("Weg 1",)) == ("Kunde GmbH", "Weg 1")


@pytest.mark.parametrize(
    ("number", "reference"),
    [
        ("539007547034", "RF18539007547034"),
        ("2348231", "RF712348231"),
        ("RE-2026/0012", "RF34RE20260012"),
        ("10023", "RF1310023"),
        ("Größe1", None),
        ("", None),
        ("1" * 22, None),
    ],
)
def test_a_creditor_reference(number: str, reference: str | None) -> None:
    """Check digits are ISO 11649's; what a reference cannot carry whole has none."""
    assert creditor_reference(number) == reference
    assert reference is None or is_creditor_reference(reference)


def test_a_wrong_digit_is_seen() -> None:
    """A reference with two digits swapped does not hold."""
    assert not is_creditor_reference("RF18 5390 0754 7043")
    assert spaced("RF18539007547034") == "RF18 5390 0754 7034"


def test_the_payment_code_is_the_guidelines() -> None:
    """The code holds, line by line, what EPC069-12 asks for."""
    payload = (
        "BCD\n002\n1\nSCT\nCOBADEFFXXX\nHafen Werkzeuge GmbH\n"
        "DE89370400440532013000\nEUR1000.5\n\nRF18539007547034"
    )
    code = payment_code(
        ACCOUNT, minor=1_000_50, currency=EUR, reference="RF18 5390 0754 7034"
    )
    expected = segno.make_qr(payload.encode(), error="m", boost_error=False)
    drawn = io.BytesIO()
    expected.save(drawn, kind="svg", border=4, xmldecl=False)
    assert code == drawn.getvalue().decode()


@pytest.mark.parametrize(
    ("currency", "minor"), [("CHF", 100), ("EUR", 0), ("EUR", 100_000_000_000)]
)
def test_what_sepa_does_not_take_has_no_code(currency: str, minor: int) -> None:
    """Other currencies, nothing, and more than SEPA moves have no payment code."""
    assert (
        payment_code(
            ACCOUNT, minor=minor, currency=Currency(currency), reference="RE 1"
        )
        is None
    )


def test_a_reference_in_words_stays_whole() -> None:
    """A number that is no creditor reference stands in the code as text."""
    account = BankAccount(holder="Ł" * 80, iban=ACCOUNT.iban)
    assert payment_code(account, minor=1, currency=EUR, reference="Größe 1, Größe 2")
    too_much = "Ö" * 140
    assert payment_code(account, minor=1, currency=EUR, reference=too_much) is None


LONG_WORD = (
    "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
)


def test_a_long_word_may_break_in_the_window() -> None:
    """In the window and at the head a long word breaks; a common name does not."""
    page = a_composer(client=replace(CLIENT, name=f"{LONG_WORD} mbH")).letter(
        a_speech(channel=Channel.LETTER), some_facts(name=LONG_WORD), a_night()
    )
    for shown in (page["recipient"][0], page["sender"]["name"]):
        assert max(map(len, re.split("[\u200b ]", shown))) < 30
    assert page["recipient"][0].replace("\u200b", "") == LONG_WORD
    plain = a_composer().letter(
        a_speech(channel=Channel.LETTER), some_facts(), a_night()
    )
    assert "\u200b" not in str(plain["recipient"])
    assert letters.compiled(page, standard="ua-1").startswith(b"%PDF-")
