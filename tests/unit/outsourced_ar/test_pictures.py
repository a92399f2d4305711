"""Logos: which are drawn, how large, and that a mail brings its own along."""

import base64
import email
import email.policy
import struct
import zlib
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage
from zoneinfo import ZoneInfo

import pytest

from ledger.identities import ClientIdentity
from ledger.reminders import Channel, Message, Voice
from outsourced_ar.delivery import mime
from outsourced_ar.reading.replies_mail import read_mail
from outsourced_ar.wording import letters
from outsourced_ar.wording.pictures import BYTES_MAX, JPEG, PNG, picture_of
from tests.speeches import AGENCY, CLIENT, a_composer, a_night, a_speech, some_facts
from tests.unit.outsourced_ar.test_templates import Page

AT = datetime(2026, 3, 27, 9, 30, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
A_JPEG = base64.b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDACgcHiMeGSgjISMtKygwPGRBPDc3PHtYXUlkkYCZlo+A"
    "jIqgtObDoKrarYqMyP/L2u71////m8H////6/+b9//j/wAALCAAEAAgBAREA/8QAFAABAAAAAAAA"
    "AAAAAAAAAAAABP/EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEAAD8Ac//Z"
)
"""Eight by four pixels, grey."""


def a_png(width: int = 400, height: int = 60) -> bytes:
    """Draw a white picture."""
    lines = zlib.compress((b"\0" + b"\xff" * width) * height)
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", lines), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body))
        + kind
        + body
        + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )


def with_logo(logo: bytes) -> ClientIdentity:
    """Return the client with a logo."""
    return replace(CLIENT, logo=logo)


def composed(client: ClientIdentity) -> Message:
    """Write a reminder in the client's name."""
    return a_composer(client=client).compose(a_speech(), some_facts("GB"), a_night())


def sent(message: Message, client: ClientIdentity) -> EmailMessage:
    """Write a message as a mail, and read it as a mail program does."""
    return message_of(mime.write(message, client, at=AT, zone=BERLIN).content)


def message_of(content: bytes) -> EmailMessage:
    """Read a mail's bytes."""
    return email.message_from_bytes(content, policy=email.policy.default)


def broken() -> bytes:
    """Return a PNG of which one byte was turned."""
    whole = bytearray(a_png())
    whole[len(whole) // 2] ^= 1
    return bytes(whole)


@pytest.mark.parametrize(
    ("content", "media_type", "size"),
    [(a_png(), PNG, (400, 60)), (A_JPEG, JPEG, (8, 4))],
)
def test_a_picture_is_read(
    content: bytes, media_type: str, size: tuple[int, int]
) -> None:
    """A PNG and a JPEG are known by what is in them, with their size."""
    found = picture_of(content)
    assert found is not None
    assert found.media_type == media_type
    assert (found.width, found.height) == size


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"GIF89a",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        broken(),
        a_png()[:-20],
        a_png()[:30],
        a_png(width=2_001, height=1),
        a_png(width=0),
        A_JPEG[:-2],
        A_JPEG[:20],
        a_png() + bytes(BYTES_MAX),
    ],
)
def test_what_is_no_picture(content: bytes) -> None:
    """A drawing in vectors, a broken file, one cut off and one too large are none."""
    assert picture_of(content) is None


@pytest.mark.parametrize(
    ("size", "fitted"),
    [((400, 60), (200, 30)), ((100, 96), (50, 48)), ((80, 20), (80, 20))],
)
def test_a_logo_keeps_its_shape(size: tuple[int, int], fitted: tuple[int, int]) -> None:
    """It is fitted into 200 by 48 pixels, and never enlarged."""
    found = picture_of(a_png(*size))
    assert found is not None
    assert found.fitted() == fitted


@pytest.mark.parametrize("logo", [a_png(), A_JPEG])
def test_a_mail_brings_its_logo_along(logo: bytes) -> None:
    """The page shows the picture by the name the mail gives it; nothing is fetched."""
    client = with_logo(logo)
    message = composed(client)
    page = Page(message.html)
    (image,) = page.all("img")
    assert image["alt"] == CLIENT.name
    assert int(image["width"] or 0) <= 200
    assert int(image["height"] or 0) <= 48
    mail = sent(message, client)
    assert mail.get_content_type() == "multipart/alternative"
    text, related = mail.iter_parts()
    assert text.get_content_type() == "text/plain"
    assert related.get_content_type() == "multipart/related"
    html, picture = related.iter_parts()
    assert html.get_content_type() == "text/html"
    assert picture.get_content_disposition() == "inline"
    assert picture["Content-ID"] == f"<{str(image['src']).removeprefix('cid:')}>"
    assert picture.get_payload(decode=True) == logo
    assert "http" not in message.html


@pytest.mark.parametrize("logo", [b"", broken(), b"GIF89a"])
def test_a_mail_without_a_logo_says_the_name(logo: bytes) -> None:
    """Where there is none, or none that can be drawn, the name stands in its place."""
    client = with_logo(logo)
    message = composed(client)
    assert "<img" not in message.html
    assert f'<p class="from">{CLIENT.name}</p>' in message.html
    kinds = [part.get_content_type() for part in sent(message, client).walk()]
    assert kinds == ["multipart/alternative", "text/plain", "text/html"]


def test_another_logo_is_not_sent_with_what_was_written_before() -> None:
    """A message that waited shows the logo it was written with, or its alt text."""
    message = composed(with_logo(a_png()))
    kinds = [
        part.get_content_type() for part in sent(message, with_logo(A_JPEG)).walk()
    ]
    assert kinds == ["multipart/alternative", "text/plain", "text/html"]


def test_an_answer_that_quotes_the_logo_attaches_nothing() -> None:
    """Our own picture that comes back is not kept; a picture of the debtor's is."""
    client = with_logo(a_png())
    answer = sent(composed(client), client)
    theirs = a_png(30, 30)
    answer.add_attachment(theirs, "image", "png", filename="logo-of-ours.png")
    read = read_mail(answer.as_bytes())
    assert [one.content for one in read.attachments] == [theirs]
    assert read.left_out == ()


def test_the_same_mail_is_the_same_bytes() -> None:
    """A logo changes nothing in that."""
    client = with_logo(a_png())
    one, other = (
        mime.write(composed(client), client, at=AT, zone=BERLIN).content
        for _ in range(2)
    )
    assert one == other


def test_each_voice_brings_its_own_logo() -> None:
    """The agency's mail holds the agency's picture, the client's the client's."""
    client = with_logo(a_png(100, 40))
    agency = replace(AGENCY, logo=a_png(90, 45))
    composer = a_composer(client=client, agency=agency)
    for voice, own in ((Voice.CLIENT, client), (Voice.AGENCY, agency)):
        message = composer.compose(a_speech(voice=voice), some_facts("GB"), a_night())
        mail = message_of(mime.write(message, own, at=AT, zone=BERLIN).content)
        pictures = [
            part.get_payload(decode=True)
            for part in mail.walk()
            if part.get_content_maintype() == "image"
        ]
        assert pictures == [own.logo]


def test_the_logo_is_the_senders() -> None:
    """What it is called names the sender's own domain and no other's."""
    html = composed(with_logo(a_png())).html
    assert "@hafen.example" in html.split('src="cid:')[1].split('"')[0]


@pytest.mark.parametrize("logo", [a_png(), a_png(2_000, 20), A_JPEG, broken()])
def test_a_letter_is_drawn_with_any_logo(logo: bytes) -> None:
    """A wide one is fitted, and a broken one left out instead of failing at night."""
    speech = a_speech(channel=Channel.LETTER)
    composer = a_composer(client=with_logo(logo))
    page = composer.letter(speech, some_facts("GB"), a_night())
    assert (page["sender"]["logo"] is None) == (picture_of(logo) is None)
    assert letters.compiled(page, standard="ua-1").startswith(b"%PDF-")
