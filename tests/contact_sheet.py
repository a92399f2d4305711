"""Draws every message at the width of a telephone, and a letter of each language.

`python -m tests.contact_sheet FOLDER` needs Chromium on the path. It writes `mails.png`
with all languages and keys, `mails-dark.png`, `mails-extremes.png` with what is longest
and shortest, `letters.png`, one picture a language in full size, and says which page is
wider than the telephone.
"""

import json
import re
import shutil
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date
from html import escape
from itertools import product
from pathlib import Path
from typing import Final

from ledger.money import Currency
from ledger.reminders import Channel, Contact
from outsourced_ar.wording import letters, texts
from outsourced_ar.wording.pictures import content_id, logo_of
from tests.speeches import (
    A_CONTACT,
    CLIENT,
    COUNTRIES,
    DEBTOR,
    PART_PAID,
    THREE,
    TODAY,
    a_composer,
    a_night,
    a_speech,
    an_item,
    demand_for,
    some_facts,
    voices_of,
)
from tests.unit.outsourced_ar.test_pictures import a_png

WIDTH: Final = 360
MAIL_KEYS: Final = [key for key in texts.KEYS if key != "call"]
NOBODY: Final = Contact(debtor_id=DEBTOR, name="", email="rechnung@kunde.example")
DAYS: Final = {
    "pre_due_large": date(2026, 2, 13),
    "pre_due": date(2026, 2, 20),
    "due_today": date(2026, 2, 27),
}
"""When a text is drawn that speaks before the due date."""

FIT: Final = """
let wide = [], heights = {};
for (const one of document.querySelectorAll("iframe")) {
  const page = one.contentDocument.documentElement;
  one.style.height = page.scrollHeight + "px";
  heights[one.title] = page.scrollHeight;
  if (page.scrollWidth > one.clientWidth) {
    wide.push(one.title); one.style.outline = "4px solid red";
  }
}
document.title = JSON.stringify({wide, heights,
  size: [document.documentElement.scrollWidth, document.documentElement.scrollHeight]});
"""


def mails(languages: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield each message with its place: several items and credits, then one item."""
    for language, key in product(languages, MAIL_KEYS):
        facts, night = some_facts(COUNTRIES[language]), a_night(DAYS.get(key, TODAY))
        voice = voices_of(key)[0]
        several = a_speech(
            key, language, items=THREE, credits_minor=250_00, voice=voice
        )
        single = a_speech(key, language, items=(PART_PAID,), voice=voice)
        for name, speech in (("several", several), ("single", single)):
            message = a_composer().compose(speech, facts, night, demand=demand_for(key))
            yield f"{key}/{language} {name}", message.html


def extremes() -> Iterator[tuple[str, str]]:
    """Yield what is longest and what is shortest."""
    many = [an_item(f"RE-2026-{n:05}", total_minor=n * 111_11) for n in range(1, 26)]
    large = [an_item("RE-2026-00999", total_minor=99_999_999_99)]
    long_name = (
        "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamten"
        "gesellschaft Süd mit beschränkter Haftung & Co. Kommanditgesellschaft"
    )
    rtl = replace(A_CONTACT, name="\u0645\u062d\u0645\u062f \u0639\u0644\u064a")
    plain = replace(
        CLIENT, person="", role="", phone="", website="", register="", accounts=()
    )
    logo = replace(CLIENT, logo=a_png())
    facts = some_facts("DE", name=long_name)
    for name, speech, client in (
        ("25 invoices", a_speech("formal", "de", items=many), CLIENT),
        ("large", a_speech("formal", "hu", items=large), CLIENT),
        ("yen", a_speech("first", "en", items=large, currency=Currency("JPY")), CLIENT),
        (
            "dinar",
            a_speech("first", "fr", items=large, currency=Currency("KWD")),
            CLIENT,
        ),
        ("from right to left", a_speech("first", "en", contact=rtl), CLIENT),
        ("no contact, nothing but a name", a_speech(contact=None), plain),
        ("logo", a_speech("due_today", "it"), logo),
        ("long name", a_speech("statement", "de"), replace(CLIENT, name=long_name)),
    ):
        with_contact = speech if speech.contact else replace(speech, contact=NOBODY)
        composer = a_composer(client=client)
        html = composer.compose(with_contact, facts, a_night()).html
        if picture := logo_of(client):
            shown = f"cid:{content_id(picture, client)}"
            data = b64encode(picture.content).decode()
            html = html.replace(shown, f"data:{picture.media_type};base64,{data}")
        yield name, html


def sheet(pages: Iterable[tuple[str, str]], columns: int) -> str:
    """Return a page that holds others side by side."""
    frames = "".join(
        f'<div><b>{title}</b><iframe title="{title}" srcdoc="{escape(html)}">'
        "</iframe></div>"
        for title, html in pages
    )
    return (
        '<!DOCTYPE html><meta charset="utf-8"><style>body{margin:8px;background:#888;'
        f"display:grid;grid-template-columns:repeat({columns},max-content);gap:8px;"
        "width:max-content;align-items:start;font:14px sans-serif}"
        f"iframe{{width:{WIDTH}px;height:100px;border:0;display:block;background:#fff}}"
        f"</style>{frames}<script>onload=()=>{{{FIT}}}</script>"
    )


def browse(page: Path, *options: str) -> str:
    """Run the browser on a page and return what it wrote."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        sys.exit("Chromium is not on the path.")
    command = [browser, "--headless", "--no-sandbox", "--disable-gpu"]
    done = subprocess.run(
        [*command, "--hide-scrollbars", *options, page.as_uri()],
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout


def draw(html: str, picture: Path, *, scale: float, dark: bool = False) -> list[str]:
    """Write a page's picture, and return the titles of what is too wide."""
    page = picture.with_suffix(".html")
    page.write_text(html, "utf-8")
    looks = ["--blink-settings=preferredColorScheme=0"] if dark else []
    written = browse(page, "--dump-dom", *looks)
    found = re.search(r"<title>(.*?)</title>", written, re.DOTALL)
    measured = json.loads(found[1].replace("&quot;", '"')) if found else {}
    width, height = measured["size"]
    browse(
        page,
        f"--window-size={width},{height + 8}",
        f"--force-device-scale-factor={scale}",
        f"--screenshot={picture}",
        *looks,
    )
    page.unlink()
    return list(measured["wide"])


def write_letters(folder: Path) -> str:
    """Write each language's letter, and return a page with the first pages of all."""
    tags = []
    for language, key in product(texts.languages(), ("formal", "placement_notice")):
        speech = a_speech(
            key,
            language,
            items=THREE,
            credits_minor=250_00,
            channel=Channel.LETTER,
            voice=voices_of(key)[0],
        )
        facts = some_facts(COUNTRIES[language])
        letter = a_composer().letter(speech, facts, a_night(), demand=demand_for(key))
        for number, page in enumerate(letters.pictures(letter), start=1):
            (folder / f"letter-{language}-{key}-{number}.png").write_bytes(page)
        tags.append(f'<img src="letter-{language}-{key}-1.png" width="600" alt="">')
    return (
        "<!DOCTYPE html><style>body{margin:8px;background:#888;display:grid;gap:8px;"
        "grid-template-columns:repeat(6,max-content);width:max-content}</style>"
        f"{''.join(tags)}<script>onload=()=>{{{FIT}}}</script>"
    )


def main(folder: Path) -> None:
    """Draw everything into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    languages = texts.languages()
    pages = sheet(mails(languages), 2 * len(MAIL_KEYS))
    wide = draw(pages, folder / "mails.png", scale=0.25)
    draw(pages, folder / "mails-dark.png", scale=0.25, dark=True)
    wide += draw(sheet(extremes(), 8), folder / "mails-extremes.png", scale=1)
    for language in languages:
        own = sheet(mails([language]), 2 * len(MAIL_KEYS))
        draw(own, folder / f"mails-{language}.png", scale=1)
    draw(write_letters(folder), folder / "letters.png", scale=1)
    sys.stdout.write(f"Wider than {WIDTH} pixels: {', '.join(wide) or 'nothing'}.\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
