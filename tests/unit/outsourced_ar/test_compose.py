"""A message in words: its figures, its names, and that it is always the same."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from ledger.ids import TenantId
from ledger.money import Currency
from ledger.reminders import Channel, Contact, Message, MessageState, Voice
from outsourced_ar.known.days import calendar_of
from outsourced_ar.known.facts import DebtorFacts, Speech
from outsourced_ar.wording.compose import (
    OUTCOMES,
    NoAddressError,
    WrongVoiceError,
    message_id,
)
from outsourced_ar.wording.composing import Composer, MissingTextError
from outsourced_ar.wording.statement import NothingOwedError, WrongTotalError, deadline
from tests.speeches import (
    A_CONTACT,
    CLIENT,
    DEBTOR,
    EUR,
    LARGE,
    PART_PAID,
    TENANT,
    THREE,
    TODAY,
    a_composer,
    a_night,
    a_speech,
    an_item,
    some_facts,
)


def compose(speech: Speech | None = None, facts: DebtorFacts | None = None) -> Message:
    """Compose with both identities at hand."""
    composer: Composer = a_composer()
    return composer.compose(speech or a_speech(), facts or some_facts("GB"), a_night())


def test_what_is_owed_is_said_item_by_item() -> None:
    """Each item has its own amount, what was paid of it, and how late it is."""
    text = compose(a_speech(items=THREE)).text
    assert "RE-2026-00117 (28 Jan 2026)\n  Due: 27 Feb 2026, 28 days overdue" in text
    assert "Amount: €1,190.00\n  Paid or credited: €190.00\n  Open: €1,000.00" in text
    assert "Open: €12,345.67" in text
    assert "RE-2026-00150, instalment 2" in text
    assert "26 Mar 2026, 1 day overdue" in text
    assert "To be paid: €13,826.17" in text


def test_the_text_speaks_of_the_items_that_take_a_step() -> None:
    """Others are listed, announced, and counted into what is to be paid only."""
    message = compose(a_speech(items=THREE))
    assert message.subject == (
        "Payment reminder: invoices RE-2026-00117, RE-2026-00131"
    )
    assert "a total of €13,345.67 is still outstanding" in message.text
    assert "the list also shows the other open items" in message.text
    assert "the list also shows" not in compose(a_speech(items=THREE[:2])).text


def test_many_numbers_are_counted() -> None:
    """A subject names three invoices and counts the rest."""
    items = [an_item(f"A{n}", due_on=date(2026, 2, n)) for n in range(1, 7)]
    message = compose(a_speech(items=items))
    assert message.subject == "Payment reminder: invoices A1, A2, A3 (+3)"


def test_credits_are_shown_and_deducted() -> None:
    """What settles no invoice yet lowers what is to be paid, and is said."""
    message = compose(a_speech(credits_minor=250_00))
    assert "Total open: €1,000.00" in message.text
    assert "Less payments and credits: -€250.00" in message.text
    assert "To be paid: €750.00" in message.text
    assert "Please transfer €750.00" in message.text
    assert "€250.00 on your account do not belong to an invoice" in message.text
    assert message.credits_minor == 250_00
    assert message.total_minor == 1_000_00


@pytest.mark.parametrize("credits_minor", [1_000_00, 1_000_01])
def test_nobody_is_reminded_of_nothing(credits_minor: int) -> None:
    """Where credits cover what is open, no reminder can be written."""
    with pytest.raises(NothingOwedError):
        compose(a_speech(credits_minor=credits_minor))


def test_no_item_is_owed_nothing() -> None:
    """An item of which nothing is open cannot be listed."""
    with pytest.raises(NothingOwedError):
        compose(a_speech(items=(PART_PAID, an_item("X", open_minor=0))))


def test_a_statement_may_be_in_the_debtors_favour() -> None:
    """A statement of account is written then too, and asks for nothing."""
    message = compose(a_speech("statement", credits_minor=1_000_50))
    assert "In your favour: €0.50" in message.text
    assert "There is nothing for you to pay" in message.text
    assert "How to pay" not in message.text
    assert "To be paid" not in message.text


def test_a_settled_statement_asks_for_no_zero() -> None:
    """Where credits equal what is open, no amount to be paid is named."""
    message = compose(a_speech("statement", credits_minor=1_000_00))
    assert "€0.00" not in message.text
    assert "To be paid" not in message.text


def test_a_statement_without_items() -> None:
    """A statement of an account with a credit alone names the credit, and no list."""
    message = compose(a_speech("statement", items=(), credits_minor=40_00))
    assert "Payments or credits of €40.00" in message.text
    assert "Open items" not in message.text


def test_a_total_that_is_not_its_items_is_refused() -> None:
    """A speech whose total is another than its items' stops here."""
    with pytest.raises(WrongTotalError):
        compose(replace(a_speech(), total_minor=1_000_01))


def test_how_to_pay_names_account_amount_and_reference() -> None:
    """The account of the currency, and a creditor reference that banks check."""
    text = compose().text
    assert "Account holder: Hafen Werkzeuge GmbH" in text
    assert "IBAN: DE89 3704 0044 0532 0130 00" in text
    assert "Reference: RF94 RE20 2600 117" in text


def test_without_an_account_for_the_currency() -> None:
    """Where the sender has no such account, the one on the invoice is named."""
    accounts = (replace(CLIENT.accounts[0], currencies=("EUR",)),)
    composer = a_composer(client=replace(CLIENT, accounts=accounts))
    speech = a_speech(currency=Currency("USD"))
    text = composer.compose(speech, some_facts("GB"), a_night()).text
    assert "IBAN" not in text
    assert "to the account named on the invoice" in text


@pytest.mark.parametrize(
    ("code", "minor", "written"),
    [("JPY", 500, "500"), ("KWD", 1_234_567, "1,234.567"), ("HUF", 1_250, "12.50")],
)
def test_each_currency_has_its_decimals(code: str, minor: int, written: str) -> None:
    """An amount shows every minor unit that ISO 4217 gives its currency."""
    speech = a_speech(
        items=(an_item(total_minor=minor),), currency=Currency(code), credits_minor=0
    )
    assert f"{written}\n" in compose(speech).text


def test_whom_to_ask_and_how_to_answer() -> None:
    """A person, an address and words to dispute or promise with; no link."""
    message = compose()
    assert "Jana Petersen by e-mail at antwort@hafen.example" in message.text
    assert "just reply to this message" in message.text
    assert "the day and the amount we can count on" in message.text
    assert "http" not in message.text


def test_the_same_speech_makes_the_same_message() -> None:
    """Message-ID, texts and attachments are equal, however often it is made."""
    for channel in Channel:
        speech = a_speech("formal", channel=channel)
        assert compose(speech) == compose(speech)


@pytest.mark.parametrize("step", ["statement:2026-07", "copy:17"])
def test_what_is_said_once_has_one_message_id(step: str) -> None:
    """Made on another day it is the same message, which the outbox holds but once."""
    speech, facts = replace(a_speech("statement"), step=step), some_facts("GB")
    nights = [replace(a_night(), today=TODAY + timedelta(days=one)) for one in (0, 1)]
    ids = {a_composer().compose(speech, facts, one).mail_id for one in nights}
    other = compose(replace(a_speech("statement"), step=f"{step}1"))
    assert len(ids) == 1
    assert other.mail_id not in ids


def test_an_answer_with_copies_only_names_them() -> None:
    """It greets, lists what was asked for, asks for no payment, and has no list."""
    said = compose(replace(a_speech("statement"), step="copy:17"))
    account = compose(a_speech("statement"))
    assert said.attachments == ()
    assert said.template.startswith("copy/")
    assert said.items[0].number in said.subject
    assert "IBAN" in account.text
    assert "IBAN" not in said.text
    assert said.items[0].number in said.text


def test_a_message_id_is_of_one_day_debtor_and_sender() -> None:
    """Whatever differs in what makes a message unique gives another Message-ID."""
    first = message_id(
        TENANT, DEBTOR, identity=CLIENT, channel=Channel.EMAIL, currency=EUR, on=TODAY
    )
    others = {
        message_id(
            TenantId(8),
            DEBTOR,
            identity=CLIENT,
            channel=Channel.EMAIL,
            currency=EUR,
            on=TODAY,
        ),
        message_id(
            TENANT,
            DEBTOR,
            identity=CLIENT,
            channel=Channel.EMAIL,
            currency=Currency("USD"),
            on=TODAY,
        ),
        message_id(
            TENANT,
            DEBTOR,
            identity=CLIENT,
            channel=Channel.EMAIL,
            currency=EUR,
            on=date(2026, 3, 28),
        ),
    }
    assert len({first, *others}) == 4
    assert first == compose().mail_id
    assert first.startswith("<")
    assert first.endswith("@hafen.example>")


def test_a_message_waits_to_be_queued() -> None:
    """It is planned, names its text and version, and goes to the contact."""
    message = compose()
    assert message.state is MessageState.PLANNED
    assert message.template.startswith("first/en@")
    assert (message.recipient, message.address) == (
        "Erika Muster",
        "erika@kunde.example",
    )


def test_a_name_breaks_neither_header_nor_page() -> None:
    """Line breaks and signs that are not shown go; markup is written as text."""
    facts = some_facts(name="Evil\r\nBcc: x@y <b>&\u202eLtd")
    contact = replace(A_CONTACT, name="Eve\n<script>")
    message = compose(a_speech("call", channel=Channel.CALL, contact=contact), facts)
    assert message.subject == "Call Evil Bcc: x@y <b>&Ltd about invoice RE-2026-00117"
    html = compose(a_speech(contact=contact), facts).html
    assert "Eve &lt;script&gt;" in html
    assert "<script>" not in html


def test_a_call_is_a_script() -> None:
    """A call step gives what to say, the number to dial, and no HTML."""
    message = compose(a_speech("call", channel=Channel.CALL))
    assert message.address == "+49 30 901820"
    assert "Ask for Erika Muster" in message.text
    assert "(28 days overdue)" in message.text
    assert "Kind regards" not in message.text
    assert message.html == ""
    assert tuple(a_composer().outcomes("de")) == OUTCOMES


@pytest.mark.parametrize("language", ["xx", "en_GB"])
def test_a_language_that_is_missing_is_never_english(language: str) -> None:
    """Without texts in the language nothing is said."""
    with pytest.raises(MissingTextError, match=language):
        compose(a_speech(language=language))


def test_a_text_that_is_missing() -> None:
    """An unknown template key is a missing text."""
    with pytest.raises(MissingTextError, match="threaten"):
        compose(a_speech("threaten"))


def test_a_voice_speaks_with_its_own_identity() -> None:
    """A speech in one voice under the other's identity is refused."""
    with pytest.raises(WrongVoiceError):
        compose(replace(a_speech(), identity="agency"))
    with pytest.raises(WrongVoiceError):
        compose(replace(a_speech(), identity="nobody"))


def test_a_mail_needs_an_address() -> None:
    """Nobody to write to is an error, not a message to nowhere."""
    nobody = Contact(debtor_id=DEBTOR, name="Erika")
    with pytest.raises(NoAddressError):
        compose(a_speech(contact=nobody))
    homeless = replace(some_facts(), note=replace(some_facts().note, address=()))
    with pytest.raises(NoAddressError):
        compose(a_speech(channel=Channel.LETTER), homeless)


def test_the_agency_names_for_whom_it_writes() -> None:
    """The agency's message names the creditor, and goes on in upper case."""
    message = compose(a_speech(language="de", voice=Voice.AGENCY))
    assert "im Auftrag von Hafen Werkzeuge GmbH" in message.text
    assert "\n\nNach unseren Unterlagen" in message.text
    own = compose(a_speech(language="de"))
    assert "Guten Tag Erika Muster,\n\nnach unseren Unterlagen" in own.text
    assert "im Auftrag" not in own.text


def test_a_figure_is_written_as_its_country_does() -> None:
    """German in Switzerland has Swiss figures and no sharp s."""
    text = compose(
        a_speech(language="de", items=(LARGE,)), some_facts("CH", name="Groß AG")
    ).text
    assert "EUR 12’345.67".replace(" ", "\xa0") in text  # noqa: RUF001
    assert "Mit freundlichen Grüssen" in text


@pytest.mark.parametrize(
    ("key", "today", "day"),
    [
        ("formal", date(2026, 3, 26), date(2026, 4, 7)),
        ("formal", date(2026, 3, 30), date(2026, 4, 9)),
        ("second", date(2026, 4, 6), date(2026, 4, 13)),
        ("second", date(2026, 4, 11), date(2026, 4, 20)),
    ],
)
def test_a_deadline_is_a_business_day_of_the_debtors(
    key: str, today: date, day: date
) -> None:
    """A deadline on a weekend or on Easter Monday is the next business day."""
    assert deadline(key, on=today, calendar=calendar_of("DE", None)) == day
