"""Texts made ready: the templates of a key, compiled once, rendered for each debtor."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from jinja2 import Template

from outsourced_ar.wording import lint, texts
from outsourced_ar.wording.texts import Forms, Override, Place, Words
from outsourced_ar.wording.wording import ENVIRONMENT, check

_PARAGRAPHS: Final = texts.Paragraphs.__struct_fields__
_PARTS: Final = ("subject", "heading", "greeting", "closing", *_PARAGRAPHS, "body")
_SEPARATOR: Final = "\n\x1e\n"
_BACKED: Final = re.compile(
    r"{%-?\s*if\s+(late_interest|late_compensation)\s*-?%}"
    r"(?:(?!{%).)*{{-?\s*\1\s*-?}}(?:(?!{%).)*{%-?\s*endif\s*-?%}",
    re.DOTALL,
)
"""A sentence on condition of a figure of lateness, with that figure in it."""
_WITHOUT_SHARP_S: Final = frozenset({"CH", "LI"})


@dataclass(frozen=True, slots=True)
class Draft:
    """The texts of a key in a language, for one item or for several.

    Attributes:
        names: The variables they name.
        version: A short name for exactly these words.
    """

    words: Words
    names: frozenset[str]
    version: str
    template: Template

    def render(self, values: Mapping[str, object]) -> Mapping[str, str]:
        """Return each part in words; the body's paragraphs by blank lines."""
        whole = self.template.render(values)
        return dict(zip(_PARTS, whole.split("\x1e"), strict=True))


class Drafts:
    """All texts of a tenant: the packaged ones, and its own in their place."""

    def __init__(self, own: Mapping[str, str] | None = None) -> None:
        """Take a tenant's own texts: TOML by `key/language`.

        Raises:
            TemplateError: One is not in the format, or names an unknown variable.
            NoTextError: One is of no key or language.
        """
        pairs = (texts.override(name, body) for name, body in (own or {}).items())
        self._own = dict(pairs)
        self._made: dict[tuple[Place, bool, bool], Draft] = {}

    def told_apart(self, place: Place) -> Place:
        """Return a variant's place, or the plain one where it has no variants.

        Where the client has written one variant, the others are its plain text: that
        is what the variant is compared with.
        """
        has_variants = any(
            one.variant and one.plain == place.plain for one in self._own
        )
        return place if has_variants else place.plain

    def draft(self, place: Place, *, country: str | None, is_single: bool) -> Draft:
        """Return the texts of a place, as they are written in a country."""
        is_swiss = place.language == "de" and country in _WITHOUT_SHARP_S
        asked = (place, is_single, is_swiss)
        if asked not in self._made:
            own = self._own.get(place) or self._own.get(place.plain)
            self._made[asked] = (
                _draft(place, own, is_single=is_single, is_swiss=is_swiss)
                if own
                else _packaged(place, is_single=is_single, is_swiss=is_swiss)
            )
        return self._made[asked]


def save_check(name: str, body: str) -> tuple[lint.Finding, ...]:
    """Check a client's own text before it is saved, and return what to mend in it.

    Raises:
        TemplateError: It is not in the format, or names an unknown variable.
        NoTextError: Its name is of no key and language.
    """
    place, own = texts.override(name, body)
    for is_single in (True, False):
        _draft(place, own, is_single=is_single, is_swiss=False)
    found: list[lint.Finding] = []
    for text in _own_texts(own):
        said, unbacked = _plain(text), _plain(_without_backed(text))
        claims = lint.findings(unbacked, language=place.language)
        found += (one for one in claims if one.fault is lint.Fault.CLAIM)
        others = lint.findings(said, language=place.language)
        found += (one for one in others if one.fault is not lint.Fault.CLAIM)
    return tuple(found)


@lru_cache(maxsize=1024)
def _packaged(place: Place, *, is_single: bool, is_swiss: bool) -> Draft:
    return _draft(place, None, is_single=is_single, is_swiss=is_swiss)


def _draft(
    place: Place, own: Override | None, *, is_single: bool, is_swiss: bool
) -> Draft:
    words = texts.words(place.language)
    if own is not None:
        words = texts.overridden(words, place.key, own)
    section = words.section(place.key)
    sources = {
        "subject": _form(section.subject, is_single=is_single),
        "heading": _form(section.heading, is_single=is_single),
        "body": _form(section.body, is_single=is_single),
        "closing": words.closing,
        "greeting": f"{{% if contact %}}{words.greeting.named}"
        f"{{% else %}}{words.greeting.unnamed}{{% endif %}}",
        **{name: getattr(words.paragraphs, name) for name in _PARAGRAPHS},
    }
    if is_swiss:
        sources = {name: text.replace("ß", "ss") for name, text in sources.items()}
    named = (
        check(source, where=f"{place}, {name}") for name, source in sources.items()
    )
    names = frozenset[str]().union(*named)
    whole = _SEPARATOR.join(sources[name].strip() for name in _PARTS)
    return Draft(words, names, texts.version(whole), ENVIRONMENT.from_string(whole))


def _form(text: str | Forms, *, is_single: bool) -> str:
    if isinstance(text, str):
        return text
    return text.single if is_single else text.several


def _own_texts(own: Override) -> tuple[str, ...]:
    said = [own.subject, own.heading, own.body, own.closing or ""]
    greeting = [own.greeting.named, own.greeting.unnamed] if own.greeting else []
    flat = [
        form
        for text in [*said, *greeting, *own.paragraphs.values()]
        for form in (
            (text.single, text.several) if isinstance(text, Forms) else (text,)
        )
    ]
    return tuple(text for text in flat if text)


def _plain(text: str) -> str:
    return re.sub(r"{[{%].*?[%}]}", " ", text)


def _without_backed(text: str) -> str:
    """Leave out sentences that are said only where the figure they name is known.

    A condition in such a sentence ends what is left out: it is looked at from there on.
    """
    return _BACKED.sub(" ", text)
