"""Past correspondence is read onto the debtors' timelines, once."""

import mailbox
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from msgspec import structs

from connectors.simulators.xero.pdf import one_page
from ledger.reminders import LetterOrigin
from ledger.testing import Books, a_debtor, a_document
from outsourced_ar.reading.paper_text import BROKEN
from outsourced_ar.replies.past import NoFolderError, PastRead, read_past
from tests.integration.answering import NOON, Answers, a_mail
from tests.integration.outbox import Outbox
from tests.integration.reminding import debtor_key, document_key

OWN = frozenset({"@client.example"})


@pytest.fixture
def answers(books: Books, tmp_path: Path) -> Answers:
    """Books with two debtors and an invoice each."""
    return Answers.to(Outbox.open(books, tmp_path / "out", debtors=("D1", "D2")))


@pytest.fixture
def past(answers: Answers, tmp_path: Path) -> Callable[[], PastRead]:
    """Read the folder of the test."""
    folder = tmp_path / "past"
    folder.mkdir()

    def read() -> PastRead:
        return read_past(
            answers.books.database,
            answers.books.tenant.scope,
            folder,
            own=OWN,
            zone=answers.books.tenant.timezone,
            now=NOON,
        )

    return read


def fill(folder: Path) -> None:
    """Put mails both ways, a mailbox and papers into a folder."""
    below = folder / "2025"
    below.mkdir()
    came = a_mail(
        "We miss a pump of I-D1.", sender="x@else.example", Message_ID="<1@x>"
    )
    (folder / "a.eml").write_bytes(came.as_bytes())
    went = a_mail("Dear debtor", sender="eve@client.example", Message_ID="<2@x>")
    del went["To"]
    went["To"] = "ar@d2.example"
    (below / "b.EML").write_bytes(went.as_bytes())
    stranger = a_mail("Buy now", sender="spam@else.example", Message_ID="<3@x>")
    (below / "c.eml").write_bytes(stranger.as_bytes())
    box = mailbox.mbox(below / "old.mbox")
    for number in range(2):
        old = a_mail("Hello", sender="ar@d1.example", Message_ID=f"<old{number}@x>")
        box.add(old.as_bytes())
    box.close()
    (folder / "2025-11-03 Mahnung I-D2.pdf").write_bytes(b"%PDF-1.4 one")
    (folder / "scan0001.pdf").write_bytes(b"%PDF-1.4 two")
    (folder / "notes.txt").write_text("not read", encoding="utf-8")


def test_s02_a_folder_of_correspondence_becomes_a_timeline(
    answers: Answers, past: Callable[[], PastRead], tmp_path: Path
) -> None:
    """S02: mails and papers stand with their debtors, and a second time brings none."""
    fill(tmp_path / "past")
    first = past()
    second = past()

    assert (len(first.taken), first.known) == (5, 0)
    assert [one.place for one in first.unmatched] == ["2025/c.eml", "scan0001.pdf"]
    assert (len(second.taken), second.known) == (0, 5)
    assert second.unmatched == first.unmatched
    books = answers.books
    of_first = answers.letters(debtor_id=debtor_key(books, "D1"))
    of_second = answers.letters(debtor_id=debtor_key(books, "D2"))
    assert {one.mail_id for one in of_first} == {"<1@x>", "<old0@x>", "<old1@x>"}
    assert {one.is_outgoing for one in of_first} == {False}
    mail, paper = sorted(of_second, key=lambda one: one.sender == "")
    assert (mail.mail_id, mail.is_outgoing) == ("<2@x>", True)
    assert paper.received_at.date() == date(2025, 11, 3)
    assert paper.document_ids == (document_key(books, "I-D2"),)
    letters = [*of_first, *of_second]
    assert {one.origin for one in letters} == {LetterOrigin.IMPORT}


def test_the_past_holds_nothing_back(
    answers: Answers, past: Callable[[], PastRead], tmp_path: Path
) -> None:
    """What was written long ago waits for no answer and stops nothing."""
    fill(tmp_path / "past")
    past()

    assert answers.letters(is_open=True) == []
    assert (answers.stops(), answers.tasks()) == ([], [])


def test_a_paper_is_kept_as_it_is(
    answers: Answers, past: Callable[[], PastRead], tmp_path: Path
) -> None:
    """The file lies with its letter; its date is that in its name."""
    (tmp_path / "past" / "I-D1_20251104.pdf").write_bytes(b"%PDF-1.4")
    past()

    letter = answers.letter()
    assert [(one.name, one.content) for one in letter.attachments] == [
        ("I-D1_20251104.pdf", b"%PDF-1.4")
    ]
    assert letter.received_at == datetime(2025, 11, 4, 11, tzinfo=UTC)


def test_a_paper_is_put_to_its_debtor_by_its_text(
    answers: Answers, past: Callable[[], PastRead], tmp_path: Path
) -> None:
    """Where its name says nothing the numbers in it do; its text is kept."""
    (tmp_path / "past" / "scan0007.pdf").write_bytes(one_page("Mahnung zu I-D2"))
    result = past()

    (letter,) = answers.letters(debtor_id=debtor_key(answers.books, "D2"))
    assert letter.text == "Mahnung zu I-D2"
    assert letter.document_ids == (document_key(answers.books, "I-D2"),)
    assert (len(result.taken), result.unmatched, result.unread) == (1, [], [])
    assert past().known == 1


def test_a_paper_s_name_goes_before_its_text(
    answers: Answers, past: Callable[[], PastRead], tmp_path: Path
) -> None:
    """Somebody named the file; what else is in it is no doubt."""
    (tmp_path / "past" / "I-D1.pdf").write_bytes(one_page("as with I-D2"))
    past()

    letter = answers.letter()
    assert letter.debtor_id == debtor_key(answers.books, "D1")
    assert letter.document_ids == (document_key(answers.books, "I-D1"),)


def test_a_paper_that_cannot_be_read_is_listed(
    answers: Answers, past: Callable[[], PastRead], tmp_path: Path
) -> None:
    """Kept where its name says whose it is, else not; with the reason each time."""
    (tmp_path / "past" / "I-D1.pdf").write_bytes(b"%PDF-1.4 one")
    (tmp_path / "past" / "scan.pdf").write_bytes(b"%PDF-1.4 two")
    result = past()

    assert [(one.place, one.reason) for one in result.unread] == [("I-D1.pdf", BROKEN)]
    (unmatched,) = result.unmatched
    assert unmatched.place == "scan.pdf"
    assert BROKEN in unmatched.reason
    assert answers.letter().found["unread"] == BROKEN
    assert past().unread == []


def test_a_text_that_names_two_debtors_is_listed(
    answers: Answers, past: Callable[[], PastRead], tmp_path: Path
) -> None:
    """Nothing is guessed."""
    (tmp_path / "past" / "scan.pdf").write_bytes(one_page("I-D1 and I-D2"))
    (unmatched,) = past().unmatched

    assert unmatched.reason == "it could be of several debtors"
    assert answers.letters() == []


def test_what_could_be_of_two_is_listed(
    answers: Answers, past: Callable[[], PastRead], tmp_path: Path
) -> None:
    """Numbers of two debtors, or an address of two, match neither."""
    answers.books.land(
        a_document("I-D3", "5", date(2026, 1, 1), debtor="D3"),
        debtors=[structs.replace(a_debtor("D3"), email="ar@d1.example")],
    )
    both = a_mail("I-D1 and I-D2", sender="x@else.example", Message_ID="<4@x>")
    shared = a_mail("Hello", sender="ar@d1.example", Message_ID="<5@x>")
    (tmp_path / "past" / "a.eml").write_bytes(both.as_bytes())
    (tmp_path / "past" / "b.eml").write_bytes(shared.as_bytes())
    result = past()

    assert [one.reason for one in result.unmatched] == [
        "it could be of several debtors",
        "it could be of several debtors",
    ]
    assert answers.letters() == []


def test_a_link_out_of_the_folder_is_not_followed(
    answers: Answers, past: Callable[[], PastRead], tmp_path: Path
) -> None:
    """Only what lies in the folder is read."""
    outside = tmp_path / "outside I-D1.pdf"
    outside.write_bytes(b"%PDF-1.4")
    (tmp_path / "past" / "I-D1.pdf").symlink_to(outside)

    assert past().taken == []
    assert answers.letters() == []


def test_nothing_to_read_is_an_error(answers: Answers, tmp_path: Path) -> None:
    """A path that is no folder of correspondence is named."""
    with pytest.raises(NoFolderError, match="no folder"):
        read_past(
            answers.books.database,
            answers.books.tenant.scope,
            tmp_path / "nowhere",
            own=OWN,
            zone=answers.books.tenant.timezone,
            now=NOON,
        )
