"""The text of a PDF: what it says, or why it is not read; nothing breaks the reader."""

import io
import time
import zlib

import pytest
from pypdf import PdfWriter

from connectors.simulators.xero.pdf import one_page
from outsourced_ar.reading import paper_text
from outsourced_ar.reading.paper_text import text_of


def written(*, is_encrypted: bool = False) -> bytes:
    """Write a PDF of one empty page."""
    writer = PdfWriter()
    writer.add_blank_page(width=595, height=842)
    if is_encrypted:
        writer.encrypt("a word", algorithm="RC4-128")
    held = io.BytesIO()
    writer.write(held)
    return held.getvalue()


def test_what_is_written_is_read() -> None:
    """A paper with a text layer says what it says, and nothing is left out."""
    found = text_of(one_page("Invoice RE-2026-17 of 3 March"))
    assert (found.text.strip(), found.why_not) == ("Invoice RE-2026-17 of 3 March", "")


def a_bomb() -> bytes:
    """Make a PDF of a tenth of a megabyte whose page is a thousand times that."""
    return a_page(zlib.compress(bytes(100 << 20), 9))


def a_page(packed: bytes) -> bytes:
    """Make a PDF of one page that is drawn by what is packed."""
    page = one_page("")
    begin, end = page.index(b"<< /Length"), page.index(b"endstream")
    stream = b"<< /Length %d /Filter /FlateDecode >>\nstream\n%s\n" % (
        len(packed),
        packed,
    )
    return page[:begin] + stream + page[end:]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", paper_text.BROKEN),
        (b"%PDF-1.4 one", paper_text.BROKEN),
        (b"<html>no PDF</html>", paper_text.BROKEN),
        (one_page("I-1")[:200], paper_text.BROKEN),
        (written(is_encrypted=True), paper_text.ENCRYPTED),
        (written(), paper_text.EMPTY),
        (bytes(paper_text.BYTES_MAX + 1), paper_text.LARGE),
    ],
)
def test_what_cannot_be_read_is_said(content: bytes, reason: str) -> None:
    """Broken, encrypted, a scan or too large: no text, and the reason."""
    found = text_of(content)
    assert (found.text, found.why_not) == ("", reason)


def test_a_page_that_unpacks_without_end_is_given_up() -> None:
    """What little unpacks to much is not held in memory."""
    found = text_of(a_bomb())
    assert found.text == ""
    assert found.why_not


def a_page_that_draws(times: int) -> bytes:
    """Make a PDF of a few kilobytes whose page writes a letter so many times."""
    drawn = b"BT /F1 12 Tf 10 10 Td " + b"(a) Tj " * times + b"ET"
    return a_page(zlib.compress(drawn, 9))


def test_a_page_that_draws_without_end_is_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Ten megabytes of letters are not begun, and a slow page is left in its midst."""
    begun = time.monotonic()
    assert text_of(a_page_that_draws(1_500_000)).why_not == paper_text.SLOW
    assert time.monotonic() - begun < 5
    assert text_of(a_page_that_draws(1_000)).why_not == ""
    monkeypatch.setattr(paper_text, "SECONDS_MAX", 0.05)
    assert text_of(a_page_that_draws(100_000)).why_not == paper_text.SLOW


def test_only_the_first_pages_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """And no page is begun once it took too long."""
    writer = PdfWriter()
    for number in range(30):
        writer.append(io.BytesIO(one_page(f"page{number}")))
    held = io.BytesIO()
    writer.write(held)
    found = text_of(held.getvalue()).text.split()
    assert found == [f"page{number}" for number in range(paper_text.PAGES_MAX)]
    monkeypatch.setattr(paper_text, "SECONDS_MAX", -1)
    assert text_of(held.getvalue()).why_not == paper_text.SLOW
