"""The corpus of debtors' answers: what they wrote, as mails with our reminder below."""

import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from email.message import EmailMessage
from functools import cache
from pathlib import Path
from typing import Any

from ledger.money import Currency, to_minor
from ledger.reminders import ReplyKind
from outsourced_ar.reading.classify import Context, Reading, classify
from outsourced_ar.reading.classify_phrases import LANGUAGES
from outsourced_ar.reading.quoting import own_words
from outsourced_ar.reading.replies_mail import Author, IncomingMail, read_mail

FOLDER = Path(__file__).parent / "payloads" / "mail"
WRITTEN_ON = date(2026, 3, 10)
"""A Tuesday."""
NUMBERS = ("2026-0417", "2026-0431")
STYLES = ("arrows", "outlook", "bare")
TUNED_HARD = 2
"""So many of each language's misleading mails are tuned on."""
LATE_FROM = 90
"""From this place on late mails are named."""
ACTED_ON = (ReplyKind.ALREADY_PAID, ReplyKind.DISPUTE)
"""Kinds whose precision matters most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A mail of the corpus, and what it says."""

    name: str
    language: str
    country: str
    currency: Currency
    kind: ReplyKind
    is_held_out: bool
    is_automatic: bool
    subject: str
    says: str
    text: str
    day: date | None
    minor: int | None
    reason: str

    def raw(self) -> bytes:
        """Return it as it comes in."""
        mail = EmailMessage()
        mail["From"] = "Jo Miller <jo@debtor.example>"
        mail["To"] = "accounts@client.example"
        mail["Subject"] = self.subject
        mail["Date"] = "Tue, 10 Mar 2026 09:30:00 +0000"
        mail["Message-ID"] = f"<{self.name}@debtor.example>"
        if self.is_automatic:
            mail["Auto-Submitted"] = "auto-replied"
        mail.set_content(self.text)
        return mail.as_bytes()

    def read(self) -> Reading:
        """Read it as it would be read when it came in."""
        return _reading(self)


@cache
def _reading(sample: Sample) -> Reading:
    return read(read_mail(sample.raw()), sample)


def read(mail: IncomingMail, sample: Sample) -> Reading:
    """Classify a mail; what it answers is known in part only, as in life."""
    return classify(
        own_words(mail.text),
        Context(
            on=WRITTEN_ON,
            language=sample.language,
            country=sample.country,
            currency=sample.currency,
            numbers=NUMBERS,
            is_automatic=mail.author is Author.ANSWERING,
        ),
    )


def load(language: str) -> list[Sample]:
    """Return the samples of a language."""
    path = FOLDER / "replies" / f"{language}.toml"
    page = tomllib.loads(path.read_text(encoding="utf-8"))
    hard = tomllib.loads((FOLDER / "hard.toml").read_text(encoding="utf-8"))
    misleading = [
        {"kind": "other", "says": says, "held_out": place >= TUNED_HARD}
        for place, says in enumerate(hard[language]["says"])
    ]
    mails = [*page["mail"], *misleading]
    return [_sample(page, one, place) for place, one in enumerate(mails)]


def load_late() -> list[Sample]:
    """Return the mails that were written after the rules were done."""
    pages = tomllib.loads((FOLDER / "late.toml").read_text(encoding="utf-8"))
    return [
        _sample(
            tomllib.loads(
                (FOLDER / "replies" / f"{language}.toml").read_text(encoding="utf-8")
            ),
            {"kind": kind, "says": says},
            LATE_FROM + place,
        )
        for language in LANGUAGES
        for place, (kind, says) in enumerate(pages[language]["mails"])
    ]


def load_all() -> list[Sample]:
    """Return the samples of all languages."""
    return [one for language in LANGUAGES for one in load(language)]


def _sample(page: Mapping[str, Any], one: Mapping[str, Any], place: int) -> Sample:
    currency = Currency(page["currency"])
    amount = one.get("amount")
    return Sample(
        name=f"{page['language']}-{place + 1:02}",
        language=page["language"],
        country=page["country"],
        currency=currency,
        kind=ReplyKind(one["kind"]),
        is_held_out=one.get("held_out", False),
        is_automatic=one.get("automatic", False),
        subject=one.get("subject", "Re: 2026-0417, 2026-0431"),
        says=one["says"],
        text=_with_quote(page, one["says"], STYLES[place % len(STYLES)]),
        day=one.get("date"),
        minor=None if amount is None else to_minor(Decimal(amount), currency),
        reason=one.get("reason", ""),
    )


def _with_quote(page: Mapping[str, Any], says: str, style: str) -> str:
    letter = f"{says}\n\n{page['signature']}\n\n"
    quote = page["quote"]
    match style:
        case "arrows":
            lines = "\n".join(f"> {line}" for line in quote.splitlines())
            return f"{letter}{page['wrote']}\n{lines}\n"
        case "outlook":
            return f"{letter}{page['outlook']}\n\n{quote}\n"
        case _:
            return f"{letter}-----Original Message-----\n{quote}\n"


def matrix(samples: Iterable[Sample]) -> Counter[tuple[ReplyKind, ReplyKind]]:
    """Count what samples say against what was read of them."""
    return Counter((one.kind, one.read().kind) for one in samples)


def precision(
    counts: Mapping[tuple[ReplyKind, ReplyKind], int], kind: ReplyKind
) -> float:
    """Return how much of what was read as a kind is of it; 1 where nothing was."""
    read_as = sum(count for (_, found), count in counts.items() if found is kind)
    return counts.get((kind, kind), 0) / read_as if read_as else 1.0


def recall(counts: Mapping[tuple[ReplyKind, ReplyKind], int], kind: ReplyKind) -> float:
    """Return how much of a kind was read as it."""
    there = sum(count for (said, _), count in counts.items() if said is kind)
    return counts.get((kind, kind), 0) / there if there else 1.0


def table(samples: Sequence[Sample]) -> str:
    """Write the confusion matrix of some samples, as the page on replies shows it."""
    counts = matrix(samples)
    kinds = list(ReplyKind)
    head = "| said ↓ read → | " + " | ".join(kinds) + " | recall | precision |"
    lines = [head, "|---" * (len(kinds) + 3) + "|"]
    for said in kinds:
        cells = " | ".join(str(counts.get((said, found), 0)) for found in kinds)
        lines.append(
            f"| **{said}** | {cells} | {recall(counts, said):.0%} "
            f"| {precision(counts, said):.0%} |"
        )
    return "\n".join(lines)
