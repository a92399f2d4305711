"""A machine answers who asks for a copy and says nothing besides, and nobody else."""

from datetime import UTC, datetime

import pytest

from ledger.reminders import Letter, LetterOrigin, ReplyKind
from outsourced_ar.reading.bare_requests import is_bare
from outsourced_ar.reading.classify_phrases import LANGUAGES
from tests.mail_corpus import load

NUMBERS = ["I-D1", "2026-0417", "2026-0431"]


def a_letter(text: str, language: str) -> Letter:
    """Make a letter of which its own words were read."""
    return Letter(
        origin=LetterOrigin.MAILBOX,
        mail_id="<1@debtor.example>",
        received_at=datetime(2026, 3, 10, tzinfo=UTC),
        sender="ada@debtor.example",
        recipient="accounts@client.example",
        subject="Re: Reminder",
        text=text,
        found={"said": text, "language": language, "numbers": NUMBERS},
    )


BARE = [
    ("en", "Please send us a copy of the invoice."),
    ("en", "Dear Ms Lovelace,\nCould you send me a copy of invoice I-D1? Thank you!"),
    ("en", "Hello, please send invoice I-D1 again, I cannot find it."),
    (
        "de",
        "Guten Tag Frau Muster,\n\nbitte senden Sie uns die Rechnung I-D1 erneut zu.",
    ),
    ("fr", "Bonjour, pourriez-vous nous renvoyer une copie de la facture I-D1 ? Merci"),
    ("nl", "Graag ontvangen wij een kopie van factuur I-D1."),
    ("sv", "Hej! Kan ni skicka en kopia av fakturan I-D1?"),
]
MORE = [
    ("en", "Please send us a copy of the delivery note for invoice I-D1."),
    ("en", "Please send a copy of the signed contract."),
    ("en", "Please send us a copy of the invoice, and correct the billing address."),
    ("en", "Please send us a copy of the invoice with our order number on it."),
    ("en", "Please send us a copy of the invoice in XML format."),
    ("en", "Could you send the invoice again? By the way, we returned half the goods."),
    ("en", "Could you send us the invoice to new.person@d1.example?"),
    ("en", "Please send us a copy of all open invoices."),
    ("en", "Please send us a copy of invoice I-D1 and I-999."),
    ("en", "Please send the invoice to our new accounting department by post."),
    ("en", "Please do not send us this invoice again."),
    ("en", "We returned the goods. Please send a copy of the credit note."),
    ("de", "Bitte senden Sie uns eine Kopie des Lieferscheins zur Rechnung I-D1."),
    ("de", "Bitte eine Kopie der Rechnung. Haben Sie die Gutschrift schon gebucht?"),
    ("de", "Bitte senden Sie uns diese Rechnung nicht noch einmal."),
    ("fr", "Merci de nous envoyer une copie du bon de livraison de la facture I-D1."),
    ("xx", "Please send us a copy of the invoice."),
    ("en", ""),
]


@pytest.mark.parametrize(("language", "text"), BARE)
def test_a_bare_request_is_seen_as_one(language: str, text: str) -> None:
    """Whoever is greeted, thanked or cannot find it, it is no more than that."""
    assert is_bare(a_letter(text, language))


@pytest.mark.parametrize(("language", "text"), MORE)
def test_whatever_is_said_besides_wants_a_person(language: str, text: str) -> None:
    """Another paper, another address, a complaint, a number nobody knows, a refusal."""
    assert not is_bare(a_letter(text, language))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_knows_a_request_and_no_other_mail(language: str) -> None:
    """Of the corpus some request is bare, and nothing that is no request ever is."""
    bare = {one.kind for one in load(language) if is_bare(a_letter(one.says, language))}
    assert bare == {ReplyKind.COPY_REQUEST}
