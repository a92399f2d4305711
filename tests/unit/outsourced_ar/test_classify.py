"""What debtors write is read for what it says, and never for more."""

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from ledger.money import Currency
from ledger.reminders import ReplyKind
from outsourced_ar.reading.classify import LIMIT_PERCENT, Context, Reading, classify
from outsourced_ar.reading.classify_phrases import LANGUAGES
from outsourced_ar.reading.replies_mail import read_mail
from tests import mail_corpus
from tests.mail_corpus import ACTED_ON, Sample

CORPUS = mail_corpus.load_all()
TUNED = [one for one in CORPUS if not one.is_held_out]
HELD_OUT = [one for one in CORPUS if one.is_held_out]
LATE = mail_corpus.load_late()
MAILS_MIN = 12
ROOT = Path(__file__).parents[3]


def read(text: str, **more: Any) -> Reading:  # noqa: ANN401 - fields of the context
    """Read an English mail of the tenth of March 2026, a Tuesday."""
    known = Context(
        on=date(2026, 3, 10), language="en", country="GB", currency=Currency("EUR")
    )
    return classify(text, replace(known, **more))


def test_the_corpus_has_every_language_and_every_kind() -> None:
    """Each language has at least twelve mails, of every kind, a quarter held out."""
    for language in LANGUAGES:
        own = [one for one in CORPUS if one.language == language]
        held_out = [one for one in own if one.is_held_out]
        assert len(own) >= MAILS_MIN
        assert {one.kind for one in own} == set(ReplyKind)
        assert len(held_out) * 4 >= len(own)


@pytest.mark.parametrize("mails", [TUNED, HELD_OUT, LATE])
def test_the_page_on_replies_shows_what_is_read(mails: list[Sample]) -> None:
    """The tables in the documents are those that the corpus gives today."""
    page = (ROOT / "docs" / "replies.md").read_text(encoding="utf-8")

    assert mail_corpus.table(mails) in page


@pytest.mark.parametrize("kind", ACTED_ON)
def test_what_is_said_to_be_paid_or_disputed_is_nearly_always_so(
    kind: ReplyKind,
) -> None:
    """Of what is read as paid or disputed, 95 in 100 are: on the whole corpus."""
    whole = [*CORPUS, *LATE]

    assert mail_corpus.precision(mail_corpus.matrix(whole), kind) >= 0.95


@pytest.mark.parametrize("kind", ACTED_ON)
def test_it_holds_for_mails_nothing_was_tuned_on(kind: ReplyKind) -> None:
    """The precision holds on the part that was held out, too."""
    assert mail_corpus.precision(mail_corpus.matrix(HELD_OUT), kind) >= 0.95


@pytest.mark.parametrize("kind", [k for k in ReplyKind if k is not ReplyKind.OTHER])
def test_most_of_each_kind_is_recognised(kind: ReplyKind) -> None:
    """A person needs to look at fewer than two in ten of each kind."""
    assert mail_corpus.recall(mail_corpus.matrix(CORPUS), kind) >= 0.8


@pytest.mark.parametrize("sample", CORPUS, ids=lambda one: one.name)
def test_dates_amounts_and_reasons_are_right_wherever_they_are_given(
    sample: Sample,
) -> None:
    """A mail recognised has the date and amount that stand in it, or none at all."""
    reading = sample.read()

    if reading.kind is sample.kind is not ReplyKind.OTHER:
        assert reading.day == sample.day
        amount = None if reading.amount is None else reading.amount.minor
        assert amount == sample.minor
        assert reading.reason == sample.reason


@pytest.mark.parametrize("sample", CORPUS, ids=lambda one: one.name)
def test_below_the_limit_everything_is_other(sample: Sample) -> None:
    """What is not sure enough has no kind but other, and the other way round."""
    reading = sample.read()

    assert (reading.kind is ReplyKind.OTHER) == (
        reading.confidence_percent < LIMIT_PERCENT
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_our_own_reminder_says_nothing_for_the_debtor(language: str) -> None:
    """A mail that only quotes our reminder, whatever its style, is other."""
    for sample in mail_corpus.load(language)[:3]:
        said = sample.text.partition("\n\n")[2]
        assert "0417" in said
        mail = read_mail(b"Subject: Re\n\n" + said.encode())
        assert mail_corpus.read(mail, sample).kind is ReplyKind.OTHER


@pytest.mark.parametrize(
    "text",
    [
        "We have not paid yet.",
        "We haven't paid the invoice.",
        "Has the invoice been paid?",
        "Could you check whether the invoice has been paid?",
        "I think it was paid.",
        "It should have been paid by now.",
        "The invoice will have been paid by next week.",
        "We paid half of it.",
        "We paid all other invoices.",
        "If it has been paid, our bank will tell us.",
        "I do not believe, that this was paid.",
        "We will not have paid before summer.",
    ],
)
def test_what_is_denied_asked_or_doubted_was_not_paid(text: str) -> None:
    """A payment that is denied, asked for, doubted, due or partial is none."""
    assert read(text).kind is ReplyKind.OTHER


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "We have settled the matter with our insurer, thank you."),
        ("en", "We have transferred your mail to our sales department."),
        ("en", "The payment was sent but it came back."),
        ("de", "Wir haben das Problem intern ausgeglichen und melden uns."),
        ("de", "Die Überweisung wurde ausgeführt, ist aber zurückgekommen."),
        ("fr", "Nous avons réglé le problème avec notre transporteur."),
        ("fr", "Le virement a été effectué mais il a été rejeté par la banque."),
        ("sv", "Vi har reglerat frågan med vår speditör."),
        ("nb", "Vi har overført saken til en annen avdeling."),
        ("da", "Jeg undersøger, om regningen er betalt."),
        ("fi", "Olemme hoitaneet asian eteenpäin, onko se maksettu, en tiedä."),
        ("hu", "Az ügyet rendeztük a szállítóval."),
    ],
)
def test_words_for_paying_are_used_of_other_things(language: str, text: str) -> None:
    """A matter settled, a mail passed on and money that came back are no payment."""
    assert read(text, language=language).kind is ReplyKind.OTHER


@pytest.mark.parametrize(
    "text",
    [
        "We do not dispute the invoice.",
        "Do you dispute our delivery note?",
        "There is nothing defective.",
        "Had they been defective, if at all, we would have said so.",
        "None of the goods were damaged.",
    ],
)
def test_what_is_not_disputed_is_no_dispute(text: str) -> None:
    """A dispute that is denied, asked about or supposed is none."""
    assert read(text).kind is ReplyKind.OTHER


@pytest.mark.parametrize(
    "text",
    [
        "We will pay.",
        "We will pay on 20 March 2026 if our customer pays us.",
        "We will not pay on 20 March 2026.",
        "We will pay once the credit note is here.",
        "We will pay on 03/04/2026.",
        "We will pay on 20 March or 25 March.",
        "We will try to pay on 20 March.",
        "Will we pay on 20 March?",
        "We will pay part of it on 20 March.",
    ],
)
def test_a_promise_needs_one_date_and_no_condition(text: str) -> None:
    """No date, two, one that could be either, a condition or a part make none."""
    assert read(text, country=None).kind is ReplyKind.OTHER


def test_a_part_that_is_named_in_money_is_promised() -> None:
    """A part with its amount and date is a promise of that amount."""
    reading = read("We will pay a part, 500.00 EUR, on 20 March.")

    assert reading.kind is ReplyKind.PROMISE
    assert reading.amount is not None
    assert (reading.day, reading.amount.minor) == (date(2026, 3, 20), 500_00)


def test_two_things_at_once_are_for_a_person() -> None:
    """A mail that promises one and disputes another is other, with its best guess."""
    reading = read("We will pay on 20 March. The pumps were defective.")

    assert reading.kind is ReplyKind.OTHER
    assert reading.guess is not None
    assert reading.confidence_percent < LIMIT_PERCENT


def test_saying_it_and_denying_it_is_for_a_person() -> None:
    """A payment that one sentence states and another denies is not believed."""
    reading = read("The invoice was paid. No, the invoice was not paid.")

    assert reading.kind is ReplyKind.OTHER


def test_who_asks_for_a_copy_does_not_dispute() -> None:
    """An invoice never received, with a request for it, asks for a copy."""
    reading = read("We never received this invoice. Please send us a copy.")

    assert reading.kind is ReplyKind.COPY_REQUEST


def test_an_invoice_never_received_is_a_dispute_of_its_own() -> None:
    """Without a request it is a dispute with its own reason."""
    reading = read("We have never received this invoice.")

    assert (reading.kind, reading.reason) == (
        ReplyKind.DISPUTE,
        "INVOICE_NOT_RECEIVED",
    )


def test_a_program_promises_nothing() -> None:
    """An automatic answer says who is away, and nothing else is taken from it."""
    reading = read("We will pay on 20 March 2026.", is_automatic=True)

    assert reading.kind is ReplyKind.OTHER


def test_an_address_that_is_named_is_kept() -> None:
    """Who is responsible instead is there for the person who looks."""
    reading = read("I no longer work here, please contact ap@debtor.example.")

    assert reading.kind is ReplyKind.WRONG_CONTACT
    assert reading.addresses == ("ap@debtor.example",)


def test_a_question_beside_it_is_noted() -> None:
    """A promise that also asks something wants an answer."""
    reading = read("We will pay on 20 March. Is your bank account still the same?")

    assert (reading.kind, reading.asks) == (ReplyKind.PROMISE, True)


def test_a_document_number_is_no_date() -> None:
    """A number that looks like a date gives none."""
    reading = read("We will pay 2026-04-17.", numbers=("2026-04-17",))

    assert reading.kind is ReplyKind.OTHER


def test_the_documents_named_beside_it_are_known() -> None:
    """Only the numbers in the sentence that says it belong to it."""
    numbers = ("INV-1", "INV-2")
    reading = read(
        "About INV-2 I will ask. INV-1 was paid on 3 March.", numbers=numbers
    )

    assert (reading.kind, reading.numbers) == (ReplyKind.ALREADY_PAID, ("INV-1",))


def test_no_text_is_other() -> None:
    """An empty mail says nothing."""
    assert read("").kind is ReplyKind.OTHER
