"""A folder holds each message once, whole or not at all."""

from dataclasses import replace
from pathlib import Path

import pytest

from ledger.reminders import Attachment, Channel
from outsourced_ar.delivery import folder, mime
from outsourced_ar.delivery.contract import Mail, Verdict
from outsourced_ar.delivery.folder import FolderDeliverer
from tests.unit.outsourced_ar.test_delivery_mime import AT, BERLIN, IDENTITY, MESSAGE

MAIL = mime.write(MESSAGE, IDENTITY, at=AT, zone=BERLIN)


def test_a_mail_is_one_file_of_its_own_name(tmp_path: Path) -> None:
    """The file holds the mail to the byte, and nothing else is left in the folder."""
    sink = FolderDeliverer(tmp_path / "out")
    assert sink.deliver(MAIL).verdict is Verdict.TAKEN
    (file,) = (tmp_path / "out").iterdir()
    assert file.name == "5f0c@mueller.example.eml"
    assert file.read_bytes() == MAIL.content


def test_what_is_there_is_never_written_again(tmp_path: Path) -> None:
    """A second try leaves the first file as it is and says so."""
    sink = FolderDeliverer(tmp_path)
    sink.deliver(MAIL)
    again = sink.deliver(replace(MAIL, content=b"another\r\n"))
    assert again.verdict is Verdict.TAKEN
    assert "already" in again.words
    (file,) = tmp_path.iterdir()
    assert file.read_bytes() == MAIL.content


def test_it_bears_witness_to_what_it_holds(tmp_path: Path) -> None:
    """A file that is there went; one that is not may have been taken away."""
    sink = FolderDeliverer(tmp_path)
    assert sink.saw(IDENTITY, Channel.EMAIL, MAIL.mail_id) is None
    sink.deliver(MAIL)
    assert sink.saw(IDENTITY, Channel.EMAIL, MAIL.mail_id) is True
    assert sink.saw(IDENTITY, Channel.LETTER, MAIL.mail_id) is None


def test_a_cut_off_write_leaves_nothing_under_the_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the disk fails in the middle, it did not go, and may be tried again."""

    def fail(handle: int) -> None:
        del handle
        raise OSError(28, "No space left on device")

    sink = FolderDeliverer(tmp_path)
    monkeypatch.setattr("os.fsync", fail)
    found = sink.deliver(MAIL)
    assert found.verdict is Verdict.UNREACHABLE
    assert "no space left" in found.words
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_said_to_be_so(tmp_path: Path) -> None:
    """Nothing went, and the reason names the folder."""
    (tmp_path / "file").write_text("")
    found = FolderDeliverer(tmp_path / "file" / "out").deliver(MAIL)
    assert found.verdict is Verdict.UNREACHABLE
    assert "cannot be written to" in found.words


@pytest.mark.parametrize(
    "mail_id",
    ["<../../etc/passwd@x>", "<a/b@x.example>", "<.hidden@x>", "<" + "x" * 300 + "@y>"],
)
def test_no_id_leaves_the_folder(mail_id: str, tmp_path: Path) -> None:
    """An id that is no file name becomes one that is."""
    sink = FolderDeliverer(tmp_path / "out")
    sink.deliver(replace(MAIL, mail_id=mail_id))
    (file,) = tmp_path.rglob("*.eml")
    assert file.parent == tmp_path / "out"
    assert file.stem == folder.file_name(mail_id)


def test_a_letter_on_paper_is_its_sheets(tmp_path: Path) -> None:
    """Each sheet is a file, the first of the message's name."""
    sheets = (
        Attachment("Brief.pdf", "application/pdf", b"%PDF 1"),
        Attachment("Kontoauszug.PDF", "application/pdf", b"%PDF 2"),
    )
    letter = replace(MESSAGE, channel=Channel.LETTER, attachments=sheets)
    sink = FolderDeliverer(tmp_path)
    assert sink.deliver(mime.on_paper(letter)).verdict is Verdict.TAKEN
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == {
        "5f0c@mueller.example.pdf": b"%PDF 1",
        "5f0c@mueller.example-2.pdf": b"%PDF 2",
    }
    assert sink.saw(IDENTITY, Channel.LETTER, letter.mail_id) is True


def test_a_letter_without_a_sheet_is_refused(tmp_path: Path) -> None:
    """An empty envelope is not posted."""
    nothing = Mail(mail_id="<a@b.example>", sender="", recipient="x", content=b"")
    assert FolderDeliverer(tmp_path).deliver(nothing).verdict is Verdict.REFUSED
    assert list(tmp_path.iterdir()) == []
