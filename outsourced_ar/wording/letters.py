"""A message on paper: one page layout for all languages, as a PDF.

The same letter is the same bytes whenever it is made: fonts are the compiler's own, and
its date is the message's.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import cache
from typing import Any, Final, Literal

from babel import Locale
from babel.languages import get_official_languages

from ledger.identities import Identity
from outsourced_ar.plain_text import plain
from outsourced_ar.wording import texts
from outsourced_ar.wording.figures import Figures
from outsourced_ar.wording.layouts import colour_of
from outsourced_ar.wording.phrasing import Said
from outsourced_ar.wording.pictures import PNG, logo_of
from outsourced_ar.wording.remittance import payment_code

WINDOW_RIGHT: Final = frozenset({"BE", "CH", "ES", "FR", "IT", "PT"})
"""Countries whose envelopes have their window on the right."""

US_LETTER: Final = frozenset({"CA", "US"})
"""Countries that do not write on A4."""

PICTURE_PPI: Final = 110

_LONG_WORD: Final = re.compile(r"\S{24}(?=\S{4})")
"""Of a name or a number; the window takes about forty signs, the facts fewer."""

Standard = Literal["ua-1"]
"""PDF/UA: for everybody to read, and every sign in its fonts."""


def pdf(said: Said, told: Figures, *, recipient: Sequence[str]) -> bytes:
    """Return a letter as a PDF."""
    return compiled(content(said, told, recipient=recipient))


def content(said: Said, told: Figures, *, recipient: Sequence[str]) -> dict[str, Any]:
    """Return all that stands on a letter, in JSON's types."""
    identity, figures, labels = told.identity, told.statement, said.labels
    return {
        "tag": said.tag,
        "on": figures.on.isoformat(),
        "paper": "us-letter" if identity.country in US_LETTER else "a4",
        "window": "right" if identity.country in WINDOW_RIGHT else "left",
        "sender": _sender(identity),
        "recipient": [
            _breakable(one) for one in (*recipient, _abroad(told, recipient)) if one
        ],
        "facts": _facts(said, told),
        "labels": {
            name: getattr(labels, name) for name in type(labels).__struct_fields__
        },
        "heading": said.subject,
        "opening": said.opening,
        "rows": [asdict(row) for row in said.rows],
        "sums": [asdict(one) for one in said.sums],
        "after": said.after,
        "payment": asdict(said.payment) if said.payment else None,
        "code": _code(said, told),
        "questions": said.questions,
        "legal": said.legal,
        "closing": said.closing,
    }


def compiled(letter: Mapping[str, Any], *, standard: Standard | None = None) -> bytes:
    """Return what stands on a letter as a PDF, held to a standard if one is named."""
    return _set(letter, "pdf", standards=[standard] if standard else [])[0]


def compiled_from(layout: str, content: Mapping[str, Any]) -> bytes:
    """Return what a layout of its own makes of a content, as a PDF."""
    return _set(content, "pdf", layout=layout)[0]


def pictures(letter: Mapping[str, Any]) -> tuple[bytes, ...]:
    """Return the pages of a letter as PNG, to look at."""
    return _set(letter, "png")


def window(name: str, address: Sequence[str]) -> tuple[str, ...]:
    """Return the lines of an address: the name first, said once."""
    lines = tuple(line for line in map(plain, address) if line)
    named = lines[:1] == (plain(name),)
    return lines if named else (plain(name), *lines)


def _set(
    letter: Mapping[str, Any],
    form: Literal["pdf", "png"],
    *,
    standards: Sequence[Standard] = (),
    layout: str = "",
) -> tuple[bytes, ...]:
    # The compiler costs every command a tenth of a second; only letters need it.
    import typst  # noqa: PLC0415

    made: bytes | list[bytes] | None = typst.compile(
        (layout or texts.layout("letter.typ")).encode(),
        sys_inputs={"letter": json.dumps(letter)},
        font_paths=_fonts(),
        format=form,
        ppi=PICTURE_PPI,
        ignore_system_fonts=True,
        pdf_standards=list(standards),
    )
    assert made is not None
    return (made,) if isinstance(made, bytes) else tuple(made)


@cache
def _fonts() -> Any:  # noqa: ANN401 - the compiler has no types
    import typst  # noqa: PLC0415

    return typst.Fonts(include_system_fonts=False)


def _sender(identity: Identity) -> dict[str, Any]:
    logo = logo_of(identity)
    return {
        "name": _breakable(identity.name),
        "address": identity.address,
        "phone": identity.phone,
        "email": identity.reply_to,
        "website": identity.website,
        "person": identity.person,
        "role": identity.role,
        "register": identity.register,
        "colour": colour_of(identity),
        "logo": list(logo.content) if logo else None,
        "logo_format": "png" if logo and logo.media_type == PNG else "jpg",
    }


def _breakable(text: str) -> str:
    """Let a word break that would run out of the window, or over what is beside it."""
    return _LONG_WORD.sub(lambda word: f"{word[0]}\u200b", plain(text))


def _facts(said: Said, told: Figures) -> list[list[str]]:
    """Return what stands beside the address; the agency's own, where it demands."""
    labels = said.labels
    facts = [[labels.date, told.writer.day(told.statement.on)]]
    if told.demand is None:
        return [*facts, [labels.customer_number, plain(told.facts.number)]]
    facts.append([labels.creditor, _breakable(told.creditor)])
    if told.demand.case_reference:
        facts.append([labels.case, _breakable(told.demand.case_reference)])
    return facts


def _abroad(told: Figures, recipient: Sequence[str]) -> str:
    """Return the country's name for the sender's post, if the letter goes abroad."""
    country, home = told.facts.country, told.identity.country
    if not country or country == home or not recipient:
        return ""
    spoken = get_official_languages(home)
    names = Locale.parse(spoken[0] if spoken else "en").territories
    name = str(names.get(country, "")).upper()
    last = recipient[-1].upper()
    return "" if last in {name, country} else name


def _code(said: Said, told: Figures) -> str | None:
    account = told.account
    if said.payment is None or account is None:
        return None
    return payment_code(
        account,
        minor=told.statement.balance_minor,
        currency=told.statement.currency,
        reference=told.reference,
    )
