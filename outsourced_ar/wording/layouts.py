"""How a message looks: one layout for all languages and both voices."""

import re
from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from jinja2 import Environment, StrictUndefined, Template

from ledger.identities import Identity
from outsourced_ar.wording import texts
from outsourced_ar.wording.phrasing import Said
from outsourced_ar.wording.pictures import content_id, logo_of

_COLOUR: Final = re.compile(r"#[0-9a-fA-F]{6}")
PLAIN_COLOUR: Final = "#1f3a5f"
"""Where an identity's own is none."""


def html(said: Said, identity: Identity) -> str:
    """Return a message as HTML."""
    return _layout("message.html", is_html=True).render(_context(said, identity))


def text(said: Said, identity: Identity) -> str:
    """Return a message as plain text."""
    return _layout("message.txt", is_html=False).render(_context(said, identity))


def colour_of(identity: Identity) -> str:
    """Return an identity's colour, of which only decoration is made."""
    return identity.colour if _COLOUR.fullmatch(identity.colour) else PLAIN_COLOUR


def _context(said: Said, identity: Identity) -> Mapping[str, Any]:
    fields = {name: getattr(said, name) for name in Said.__slots__}
    return {
        **fields,
        "sender": identity,
        "colour": colour_of(identity),
        "logo": _logo(identity),
    }


def _logo(identity: Identity) -> Mapping[str, Any] | None:
    """Return how the mail shows the logo that it brings along."""
    logo = logo_of(identity)
    if logo is None:
        return None
    width, height = logo.fitted()
    return {"id": content_id(logo, identity), "width": width, "height": height}


@cache
def _layout(name: str, *, is_html: bool) -> Template:
    environment = Environment(
        autoescape=is_html,  # noqa: S701 - what is not HTML is plain text
        undefined=StrictUndefined,
        trim_blocks=False,
        keep_trailing_newline=False,
    )
    return environment.from_string(texts.layout(name))
