"""Reports of mail servers, of many makes, say what became of a message."""

from pathlib import Path

import pytest

from outsourced_ar.reading.bounces import BounceKind
from outsourced_ar.reading.replies_mail import read_mail

FOLDER = Path(__file__).parents[2] / "payloads" / "mail" / "bounces"
OURS = "<reminder.1@client.example>"
KINDS = {
    "postfix-unknown-user": (BounceKind.HARD, "5.1.1", True),
    "exchange-full": (BounceKind.REFUSED, "5.2.2", True),
    "sendmail-delayed": (BounceKind.SOFT, "4.4.1", True),
    "exchange-generic-status": (BounceKind.HARD, "5.1.10", True),
    "delivered": (BounceKind.DELIVERED, "2.0.0", True),
    "qmail": (BounceKind.HARD, "5.1.1", False),
    "exim-failed-recipients": (BounceKind.HARD, "", False),
    "exim-spam": (BounceKind.REFUSED, "5.7.1", False),
    "exim-delayed": (BounceKind.SOFT, "", False),
}


@pytest.mark.parametrize("name", KINDS)
def test_a_report_says_what_became_of_which_message(name: str) -> None:
    """Kind, status, recipient and the message are read out of each."""
    kind, status, is_standard = KINDS[name]
    bounce = read_mail((FOLDER / f"{name}.eml").read_bytes()).bounce

    assert bounce is not None
    assert (bounce.kind, bounce.status) == (kind, status)
    assert bounce.recipient == "ada@debtor.example"
    assert bounce.original_id == OURS
    assert bounce.is_standard is is_standard


def test_every_report_of_the_corpus_is_tried() -> None:
    """No file lies there that no test reads."""
    names = {path.stem for path in FOLDER.glob("*.eml")}

    assert names == {*KINDS, "a-person-writing-about-bounces"}


def test_a_person_who_writes_of_bounces_is_no_report() -> None:
    """The words of a report in a person's mail make none of it."""
    raw = (FOLDER / "a-person-writing-about-bounces.eml").read_bytes()

    assert read_mail(raw).bounce is None


def test_the_worst_of_several_recipients_counts() -> None:
    """A report that delivered to one and failed for another is a failure."""
    raw = (FOLDER / "postfix-unknown-user.eml").read_text(encoding="ascii")
    other = "Final-Recipient: rfc822; b@debtor.example\nAction: delivered\n\n"
    both = raw.replace(
        "Final-Recipient: rfc822; ada", f"{other}Final-Recipient: rfc822; ada"
    )
    bounce = read_mail(both.encode()).bounce

    assert bounce is not None
    assert bounce.kind is BounceKind.HARD
