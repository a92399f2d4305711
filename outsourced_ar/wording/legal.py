"""Paragraphs that a country's law wants in an agency's message, as data with sources.

They stand in `templates/legal.toml`. Whoever demands names the keys; a paragraph that
is not there in the message's language stops the message, and none is translated here;
so does one beside which the law wants what no message says.
"""

import tomllib
from collections.abc import Mapping
from datetime import date
from functools import cache

import msgspec
from jinja2 import Template
from msgspec import Struct

from outsourced_ar.wording import texts
from outsourced_ar.wording.composing import MissingTextError
from outsourced_ar.wording.wording import ENVIRONMENT, TemplateError, check

FILE = "legal.toml"


class Paragraph(Struct, frozen=True, forbid_unknown_fields=True):
    """A prescribed paragraph.

    Attributes:
        country: Whose law wants it.
        law: Which article or section.
        source: Where it was read, and `read_on` when.
        lacks: What the law wants besides and no message says; it stops the message.
        text: In words, by language, with the variables of templates.
    """

    country: str
    law: str
    source: str
    read_on: date
    text: dict[str, str]
    lacks: str = ""


@cache
def paragraphs() -> Mapping[str, Paragraph]:
    """Return every packaged paragraph by key.

    Raises:
        TemplateError: One is not in the format, or names an unknown variable.
    """
    try:
        found = msgspec.convert(tomllib.loads(texts.layout(FILE)), dict[str, Paragraph])
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise TemplateError(
            FILE, f"{error}.", remedy="docs/templates.md tells the format."
        ) from error
    for key, one in found.items():
        for language, text in one.text.items():
            check(text, where=f"{FILE}, {key}/{language}")
    return found


def names(key: str, language: str) -> frozenset[str]:
    """Return the variables that a paragraph names.

    Raises:
        MissingTextError: There is no such paragraph in the language.
    """
    return check(_source(key, language), where=f"{FILE}, {key}/{language}")


def said(key: str, language: str, values: Mapping[str, object]) -> tuple[str, ...]:
    """Return a paragraph in words, by blank lines.

    Raises:
        MissingTextError: There is no such paragraph in the language.
    """
    whole = _compiled(_source(key, language)).render(values)
    return tuple(one.strip() for one in whole.split("\n\n") if one.strip())


def _source(key: str, language: str) -> str:
    found = paragraphs().get(key)
    if found is None or language not in found.text:
        raise MissingTextError(language=language, what=f"legal paragraph {key!r}")
    if found.lacks:
        what = f"message with {key!r} that says, as the law wants, {found.lacks}"
        raise MissingTextError(language=language, what=what)
    return found.text[language]


@cache
def _compiled(source: str) -> Template:
    return ENVIRONMENT.from_string(source)
