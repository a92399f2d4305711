"""Mail is written as the standards have it, and read back as it was meant."""

import email
import email.policy
import re
from dataclasses import replace
from datetime import UTC, date, datetime
from email.message import EmailMessage
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import RecordError
from ledger.identities import ClientIdentity, MailRoute
from ledger.ids import DebtorId
from ledger.money import Currency
from ledger.reminders import (
    Attachment,
    Channel,
    ContactId,
    Message,
    MessageId,
    MessageState,
    Tone,
    Voice,
)
from outsourced_ar.delivery import addresses, mime

AT = datetime(2026, 3, 12, 9, 30, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")
IDENTITY = ClientIdentity(
    key="client",
    name="Müller & Söhne GmbH",
    address=("Hauptstraße 1", "20095 Hamburg"),
    country="DE",
    email="buchhaltung@mueller.example",
    reply_to="forderungen@mueller.example",
    route=MailRoute(return_path="rueck+{token}@post.mueller.example"),
)
MESSAGE = Message(
    id=MessageId(7),
    debtor_id=DebtorId(UUID(int=1)),
    voice=Voice.CLIENT,
    identity="client",
    channel=Channel.EMAIL,
    currency=Currency("EUR"),
    business_on=date(2026, 3, 12),
    state=MessageState.READY,
    cadence="standard",
    cadence_version=1,
    step="first",
    tone=Tone.COURTEOUS,
    template="first/1",
    language="de-DE",
    contact_id=ContactId(3),
    recipient="Frau Åsa Ström, Buchhaltung",
    address="a.stroem@kunde.example",
    subject="Zahlungserinnerung: Rechnung 2026-0001 und zwei mehr, fällig seit März",
    text="Sehr geehrte Frau Ström,\n\n.nur ein Punkt\n.\nFrom hier an überfällig.\n",
    html="<html lang='de'><p>1.190,00 € sind überfällig.</p></html>",
    mail_id="<5f0c@mueller.example>",
    thread="<4a11@mueller.example>",
    total_minor=119_000,
)

names = st.text(
    st.characters(exclude_categories=["C", "Zl", "Zp"]), min_size=1, max_size=120
)
subjects = st.text(
    st.characters(exclude_categories=["C", "Zl", "Zp"]), min_size=1, max_size=300
)
bodies = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=2_000)


def written(message: Message = MESSAGE, identity: ClientIdentity = IDENTITY) -> bytes:
    """Return a mail's bytes."""
    return mime.write(message, identity, at=AT, zone=BERLIN).content


def read(content: bytes) -> EmailMessage:
    """Read a mail as any receiver does."""
    return email.message_from_bytes(content, policy=email.policy.default)


def body(mail: EmailMessage, kind: str) -> str:
    """Return a body of a mail."""
    part = mail.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def test_headers_say_who_writes_to_whom() -> None:
    """Names with letters and signs of every kind are read back as they were."""
    mail = read(written())
    assert mail["From"].addresses[0].display_name == "Müller & Söhne GmbH"
    assert mail["From"].addresses[0].addr_spec == "buchhaltung@mueller.example"
    assert mail["Reply-To"].addresses[0].addr_spec == "forderungen@mueller.example"
    assert mail["To"].addresses[0].display_name == "Frau Åsa Ström, Buchhaltung"
    assert mail["To"].addresses[0].addr_spec == "a.stroem@kunde.example"
    assert mail["Subject"] == MESSAGE.subject
    assert mail["Date"].datetime == AT
    assert "10:30:00 +0100" in mail["Date"]
    assert mail["Content-Language"] == "de-DE"
    assert not mail.defects


def test_it_is_threaded_and_marked_as_written_by_a_machine() -> None:
    """No machine answers it, and the debtor's program shows it under the last one."""
    mail = read(written())
    assert mail["Message-ID"] == "<5f0c@mueller.example>"
    assert mail["In-Reply-To"] == mail["References"] == "<4a11@mueller.example>"
    assert mail["Auto-Submitted"] == "auto-generated"
    first = read(written(replace(MESSAGE, thread=None)))
    assert "References" not in first
    assert "In-Reply-To" not in first


def test_each_message_comes_back_to_an_address_of_its_own() -> None:
    """The envelope's sender names the message; without a route it is the sender."""
    mail = mime.write(MESSAGE, IDENTITY, at=AT, zone=BERLIN)
    assert mail.sender == "rueck+5f0c@post.mueller.example"
    assert mail.recipient == "a.stroem@kunde.example"
    plain = replace(IDENTITY, route=MailRoute())
    assert mime.return_path(plain, MESSAGE.mail_id) == "buchhaltung@mueller.example"


def test_the_same_message_makes_the_same_bytes() -> None:
    """What was said can be shown again, byte for byte."""
    attached = replace(
        MESSAGE, attachments=(Attachment("a.pdf", "application/pdf", b"%"),)
    )
    assert written(attached) == written(attached)
    assert written(attached) != written(replace(attached, mail_id="<other@x.example>"))


def test_nothing_tells_of_the_product_or_the_machine() -> None:
    """There is no X-Mailer, no name of the product, and no name of the host."""
    content = written().lower()
    mail = read(content)
    assert "x-mailer" not in mail
    assert "user-agent" not in mail
    assert b"duebridge" not in content
    assert b"python" not in content
    allowed = {
        "date", "from", "reply-to", "to", "subject", "message-id", "in-reply-to",
        "references", "auto-submitted", "content-language", "mime-version",
        "content-type",
    }  # fmt: skip
    assert {name.lower() for name in mail} == allowed


def test_text_html_and_attachments_are_where_programs_look() -> None:
    """The HTML is an alternative of the text; files stand beside both."""
    pdf = bytes(range(256)) * 40
    files = (
        Attachment("Kontoübersicht März.pdf", "application/pdf", pdf),
        Attachment('a "b".txt', "text/plain", b"x\n"),
    )
    mail = read(written(replace(MESSAGE, attachments=files)))
    assert body(mail, "plain") == MESSAGE.text
    assert "1.190,00 € sind überfällig" in body(mail, "html")
    first, second = mail.iter_attachments()
    assert first.get_filename() == "Kontoübersicht März.pdf"
    assert first.get_content() == pdf
    assert second.get_filename() == 'a "b".txt'
    assert mail.get_content_type() == "multipart/mixed"


@pytest.mark.parametrize(
    "broken",
    [
        replace(MESSAGE, recipient="Frau Ström\r\nBcc: all@evil.example"),
        replace(MESSAGE, recipient="Frau Ström\nX: y"),
        replace(MESSAGE, subject="Rechnung\r\n\r\nKein Text"),
        replace(MESSAGE, subject="Rechnung\u2028mehr"),
        replace(MESSAGE, address="a@kunde.example\r\nBcc: b@evil.example"),
        replace(MESSAGE, address="a@kunde.example>\r\nRCPT TO:<b@evil.example"),
        replace(MESSAGE, address="a@kunde.example, b@evil.example"),
        replace(MESSAGE, address="<a@kunde.example>"),
        replace(MESSAGE, address="kunde.example"),
        replace(MESSAGE, address="kündin@kunde.example"),
        replace(MESSAGE, address="a@straße.example"),
        replace(MESSAGE, address="a@" + "x" * 64 + ".example"),
        replace(MESSAGE, address="a" * 65 + "@kunde.example"),
        replace(MESSAGE, mail_id="<5f0c@mueller.example>\r\nBcc: b@evil.example"),
        replace(MESSAGE, mail_id="5f0c"),
        replace(MESSAGE, thread="<4a11@mueller.example>\r\n"),
        replace(MESSAGE, language="de\r\nBcc: b@evil.example"),
        replace(
            MESSAGE, attachments=(Attachment("a\r\nX: y.pdf", "application/pdf", b""),)
        ),
    ],
)  # fmt: skip
def test_nothing_in_a_message_adds_a_header(broken: Message) -> None:
    """A line break in a name, or an address that is none, is refused without it."""
    with pytest.raises(RecordError) as caught:
        written(broken)
    assert "evil" not in caught.value.user_message


def test_a_sender_cannot_add_a_header_either() -> None:
    """What a tenant enters as its own name is looked at as well."""
    with pytest.raises(RecordError):
        written(identity=replace(IDENTITY, name="Müller\r\nBcc: b@evil.example"))


@given(name=names, subject=subjects, text=bodies)
def test_whatever_is_written_is_read_back(name: str, subject: str, text: str) -> None:
    """No letter is lost, no line is longer than allowed, and nothing is 8 bits wide."""
    message = replace(MESSAGE, recipient=name, subject=subject, text=text)
    content = written(message)
    mail = read(content)
    assert mail["To"].addresses[0].addr_spec == MESSAGE.address
    shown = str(mail["To"].addresses[0].display_name)
    assert "".join(shown.split()) == "".join(name.split())
    assert "".join(str(mail["Subject"]).split()) == "".join(subject.split())
    ended = re.sub("\r\n?", "\n", text)
    ended = ended if ended.endswith("\n") else f"{ended}\n"
    assert body(mail, "plain") == ended
    lines = content.split(b"\r\n")
    assert max(map(len, lines)) <= 998
    assert all(b"\n" not in line and b"\r" not in line for line in lines)
    assert content.isascii()


@given(name=names)
def test_lines_of_headers_are_short(name: str) -> None:
    """Each line with encoded words has at most 76 signs, as RFC 2047 has it."""
    value = addresses.mailbox(name, "a.stroem@kunde.example", "To")
    lines = f"To: {value}".split("\r\n")
    for line in lines:
        assert "=?" not in line or len(line) <= 76


@given(text=st.text(max_size=60))
def test_an_address_is_one_or_is_refused(text: str) -> None:
    """Whatever is entered, the envelope gets one plain address or none at all."""
    for entered in (text, f"{text}@kunde.example", f"a@{text}.example"):
        try:
            found = addresses.address(entered, "To")
        except RecordError:
            continue
        assert re.fullmatch(r"[!-=?-~]+@[a-z0-9.-]+", found)
        assert found.count("@") == 1


def test_a_domain_of_other_letters_is_put_in_ascii() -> None:
    """Every server can look it up; a letter with two readings is not guessed."""
    found = addresses.address("rechnung@Müller.example", "To")
    assert found == "rechnung@xn--mller-kva.example"


def test_what_no_server_takes_is_not_sent() -> None:
    """A mail of more than 20 MB is refused here, where a person can see why."""
    large = Attachment("a.pdf", "application/pdf", b"x" * (16 << 20))
    with pytest.raises(mime.TooLargeError, match="20 MB"):
        written(replace(MESSAGE, attachments=(large,)))
