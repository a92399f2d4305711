"""Mail is read in whatever state it is, within limits, and nothing of it is opened."""

from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outsourced_ar.reading import replies_mail
from outsourced_ar.reading.classify_phrases import LANGUAGES
from outsourced_ar.reading.quoting import own_words, text_of_html
from outsourced_ar.reading.replies_mail import Author, harmless_name, read_mail
from tests import mail_corpus


def a_mail(**headers: str) -> EmailMessage:
    """Make a mail with some headers; `_` stands for `-`."""
    mail = EmailMessage()
    mail["From"] = "Ada <Ada@Debtor.example>"
    mail["To"] = "accounts@client.example"
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content("Hello")
    return mail


@given(st.binary(max_size=2_000))
def test_any_bytes_are_read(raw: bytes) -> None:
    """No mail is so broken that reading it fails, and each has an id."""
    assert read_mail(raw).mail_id


def test_mails_nested_without_end_are_read() -> None:
    """A mail of thousands of parts in parts is read as far as it goes."""
    lines = ["From: a@b.example", "Message-ID: <x@b.example>"]
    for level in range(3_000):
        lines += [
            f'Content-Type: multipart/mixed; boundary="b{level}"',
            "",
            f"--b{level}",
        ]
    mail = read_mail("\n".join([*lines, "", "end"]).encode())

    assert mail.mail_id == "<x@b.example>"


def test_a_mail_without_an_id_has_the_same_one_every_time() -> None:
    """Its digest stands for the Message-ID it lacks, and another's is another."""
    raw = a_mail().as_bytes()

    assert read_mail(raw).mail_id == read_mail(raw).mail_id
    assert read_mail(raw).mail_id != read_mail(raw + b"!").mail_id


def test_the_nearest_reference_comes_first() -> None:
    """What it answers precedes what that one followed."""
    mail = a_mail(In_Reply_To="<c@x>", References="<a@x> <b@x> <c@x>")

    assert read_mail(mail.as_bytes()).references == ("<c@x>", "<b@x>", "<a@x>")


@pytest.mark.parametrize(
    ("headers", "author"),
    [
        ({}, Author.PERSON),
        ({"Auto_Submitted": "no"}, Author.PERSON),
        ({"Auto_Submitted": "auto-replied"}, Author.ANSWERING),
        ({"Auto_Submitted": "auto-replied (vacation)"}, Author.ANSWERING),
        ({"X_Autoreply": "yes"}, Author.ANSWERING),
        ({"Precedence": "auto_reply"}, Author.ANSWERING),
        (
            {
                "X_Auto_Response_Suppress": "All",
                "In_Reply_To": "<a@x>",
                "Subject": "Automatic reply: Reminder",
            },
            Author.ANSWERING,
        ),
        ({"X_Auto_Response_Suppress": "OOF", "Subject": "Re: x"}, Author.PERSON),
        ({"Auto_Submitted": "auto-generated"}, Author.GENERATED),
        ({"Precedence": "bulk"}, Author.GENERATED),
        ({"List_Id": "news"}, Author.GENERATED),
    ],
)
def test_programs_are_told_from_people(headers: dict[str, str], author: Author) -> None:
    """By RFC 3834 and by what else programs write; Exchange marks people's mail too."""
    assert read_mail(a_mail(**headers).as_bytes()).author is author


def test_attachments_are_kept_within_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is too large is noted by name and size, and the rest is kept."""
    monkeypatch.setattr(replies_mail, "ATTACHMENT_MAX", 100)
    mail = a_mail()
    for name, size in (("a.pdf", 100), ("a.pdf", 5), ("b.pdf", 101)):
        mail.add_attachment(
            b"x" * size, maintype="application", subtype="pdf", filename=name
        )
    read = read_mail(mail.as_bytes())

    kept = [(one.name, len(one.content)) for one in read.attachments]
    assert kept == [("a.pdf", 100), ("a (2).pdf", 5)]
    assert read.left_out == ("b.pdf (101 bytes)",)


def test_the_attachments_of_a_mail_have_a_limit_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Many small ones are not kept beyond the limit of a mail."""
    monkeypatch.setattr(replies_mail, "MAIL_MAX", 100)
    mail = a_mail()
    for place in range(3):
        mail.add_attachment(
            b"x" * 60, maintype="image", subtype="png", filename=f"{place}.png"
        )
    read = read_mail(mail.as_bytes())

    assert [one.name for one in read.attachments] == ["0.png"]
    assert len(read.left_out) == 2


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\x\\evil.exe", "evil.exe"),
        (".bashrc", "bashrc"),
        ("a\x00b\n.pdf", "a b .pdf"),
        ("invoice\u202efdp.exe", "invoice fdp.exe"),
        ("", "attachment"),
        ("..", "attachment"),
        ("/", "attachment"),
    ],
)
def test_names_are_made_harmless(name: str, expected: str) -> None:
    """No path, control character or leading dot is left of a name."""
    assert harmless_name(name) == expected


def test_a_forwarded_mail_is_kept_closed() -> None:
    """A mail inside a mail is an attachment; its words are not the writer's."""
    inner = EmailMessage()
    inner.set_content("We have already paid.")
    mail = a_mail()
    mail.add_attachment(inner)
    read = read_mail(mail.as_bytes())

    assert "paid" not in read.text
    assert [one.media_type for one in read.attachments] == ["message/rfc822"]


def test_html_is_read_where_there_is_no_text() -> None:
    """Quotes, styles and scripts of a page are not read."""
    html = (
        "<style>p{}</style><p>We paid<br>on 3 March.</p><script>x()</script>"
        "<blockquote>If you have paid already</blockquote>"
        '<div class="gmail_quote">dispute<div>more</div></div><p>Ada</p>'
    )

    assert text_of_html(html) == "We paid\non 3 March.\n\nAda"


@pytest.mark.parametrize("language", LANGUAGES)
def test_quotes_and_signatures_are_left_out(language: str) -> None:
    """Of each mail of the corpus only what its writer said is left."""
    for sample in mail_corpus.load(language):
        assert own_words(sample.text) == sample.says, sample.name


def test_answers_below_the_quote_are_kept() -> None:
    """Who writes under or between the quoted lines is heard."""
    text = "On 9 March 2026 you wrote:\n> When will you pay?\nOn 20 March.\n> Thanks"

    assert own_words(text) == "On 20 March."


def test_lines_of_our_message_are_known_without_a_mark() -> None:
    """A mail program that marks nothing cannot put our words in the debtor's mouth."""
    ours = "If you have paid already, thank you."

    assert own_words(f"Hello\n{ours}\nBye", ours) == "Hello\nBye"


def test_a_letter_that_opens_with_thanks_is_read_on() -> None:
    """A closing at the very top closes nothing."""
    assert own_words("Many thanks\nWe paid it.\nKind regards\nAda") == (
        "Many thanks\nWe paid it."
    )


def test_a_sentence_with_a_colon_is_no_quote() -> None:
    """Words such as `wrote:` without a date or an address cut nothing off."""
    text = "As my colleague wrote:\nthe goods were defective."

    assert own_words(text) == text


@pytest.mark.parametrize(
    "head",
    [
        "On 10 March 2026 Client & Sons wrote:",
        "On Tue, 10 Mar 2026 at 08:15, Client & Sons\n<accounts@client.example> wrote:",
        "Am 10.03.2026 um 08:15 schrieb Client & Sons:",
    ],
)
@pytest.mark.parametrize("between", ["\n", "\n\n"])
def test_the_line_over_a_quote_takes_nothing_with_it(head: str, between: str) -> None:
    """What stands right above the quoted mail is kept, wrapped head or not."""
    text = f"We will pay on 20 March 2026.{between}{head}\n> When?"

    assert own_words(text) == "We will pay on 20 March 2026."
