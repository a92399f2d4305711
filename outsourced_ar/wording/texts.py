"""What is said in each language: texts by template key, labels, plurals.

One folder a language under `templates`, in the format of docs/templates.md. A language
is there whole or not at all: a file that lacks a text does not load.
"""

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final, NamedTuple, TypeVar

import msgspec
from msgspec import Struct, structs

from ledger.errors import RequestError
from ledger.reminders import Voice
from outsourced_ar.wording.wording import TemplateError

CLIENT_KEYS: Final = (
    "pre_due_large",
    "pre_due",
    "due_today",
    "first",
    "second",
    "formal",
    "statement",
    "call",
)
"""The texts that a cadence's steps name."""

AGENCY_KEYS: Final = ("final_demand", "placement_notice")
"""What only the agency says, in its own words: see `outsourced_ar.known.demand`."""

KEYS: Final = (*CLIENT_KEYS, *AGENCY_KEYS)
"""Each text there is."""

_AnyTable = TypeVar("_AnyTable", bound=Struct)


class Forms(Struct, frozen=True, forbid_unknown_fields=True):
    """A text for exactly one item, and for several."""

    single: str
    several: str


class Section(Struct, frozen=True, forbid_unknown_fields=True):
    """What a template key says; paragraphs of the body stand apart by a blank line."""

    subject: str | Forms
    heading: str | Forms
    body: str | Forms


class Greeting(Struct, frozen=True, forbid_unknown_fields=True):
    """How a message begins: where a person is known, and where none is."""

    named: str
    unnamed: str


class Paragraphs(Struct, frozen=True, forbid_unknown_fields=True):
    """What every text has in common.

    Attributes:
        agency: For whom the agency writes; only in its voice.
        others: Before a list that holds more than the text is about.
        credits: Where unapplied credits lower what is to be paid.
        favour: Where they cover all of it.
        pay: Before the sender's account.
        pay_elsewhere: Where the sender has no account for the currency.
        reply: How to dispute or promise, by e-mail; `reply_letter` on paper.
        ask: Who to talk to.
        crossed: Of payments that are on their way.
        attached: Of the statement that comes with it.
        lateness: What interest and compensation came to, as information; empty
            where that may not be said.
        source: From whom the agency has a debtor's data, and what the debtor may ask
            (article 14 of the GDPR); in its first letter of a case.
    """

    agency: str
    others: str
    credits: str
    favour: str
    pay: str
    pay_elsewhere: str
    reply: str
    reply_letter: str
    ask: str
    crossed: str
    attached: str
    lateness: str
    source: str


class Labels(Struct, frozen=True, forbid_unknown_fields=True):
    """Words that stand alone: headings of tables, names of fields."""

    items: str
    invoice: str
    instalment: str
    issued: str
    due: str
    amount: str
    settled: str
    open: str
    due_today: str
    not_due: str
    total: str
    credits: str
    balance: str
    in_favour: str
    pay: str
    holder: str
    iban: str
    bic: str
    bank: str
    pay_amount: str
    reference: str
    questions: str
    customer_number: str
    date: str
    page: str
    phone: str
    email: str
    qr: str
    file: str
    script: str
    interest: str
    compensation: str
    creditor: str
    case: str


class Plurals(Struct, frozen=True, forbid_unknown_fields=True):
    """Counted words, by the categories of CLDR that the language has."""

    invoices: dict[str, str]
    overdue: dict[str, str]


class Outcomes(Struct, frozen=True, forbid_unknown_fields=True):
    """How a call ended, as the caller ticks it."""

    promise: str
    dispute: str
    paid: str
    copy_wanted: str
    wrong_contact: str
    call_back: str
    no_answer: str


class Words(Struct, frozen=True, forbid_unknown_fields=True):
    """A language, whole.

    Attributes:
        locale: Whose dates and amounts it has where the debtor's country has none.
    """

    locale: str
    name: str
    greeting: Greeting
    closing: str
    paragraphs: Paragraphs
    labels: Labels
    plurals: Plurals
    outcomes: Outcomes
    pre_due_large: Section
    pre_due: Section
    due_today: Section
    first: Section
    second: Section
    formal: Section
    statement: Section
    call: Section
    final_demand: Section
    placement_notice: Section

    def section(self, key: str) -> Section:
        """Return what a template key says."""
        section = getattr(self, key)
        assert isinstance(section, Section)
        return section


class Override(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A client's own text for one key and language; the rest stays as packaged."""

    subject: str | Forms
    heading: str | Forms
    body: str | Forms
    greeting: Greeting | None = None
    closing: str | None = None
    paragraphs: dict[str, str] = {}


class Forbidden(Struct, frozen=True, forbid_unknown_fields=True):
    """How words begin that no message uses, by why."""

    threats: tuple[str, ...]
    urgency: tuple[str, ...]
    courts: tuple[str, ...]
    claims: tuple[str, ...]


VARIANT_MARK: Final = "+"
"""Between a text's name and that of a variant of it."""


class Place(NamedTuple):
    """Which text: a key in a language, written `key/language`.

    A variant of it, which a client has written itself, is `key/language+variant`.
    """

    key: str
    language: str
    variant: str = ""

    @classmethod
    def parse(cls, name: str) -> "Place":
        """Read a place.

        Raises:
            NoTextError: There is no such key or language.
        """
        key, _, where = name.partition("/")
        language, plus, variant = where.partition(VARIANT_MARK)
        if key not in KEYS or language not in languages() or bool(plus) > bool(variant):
            raise NoTextError(key=key, language=language)
        return cls(key, language, variant)

    @property
    def plain(self) -> "Place":
        """The text it is a variant of."""
        return self._replace(variant="")

    def __str__(self) -> str:
        mark = VARIANT_MARK if self.variant else ""
        return f"{self.key}/{self.language}{mark}{self.variant}"


class NoTextError(RequestError):
    """A text is asked for that does not exist."""

    def __init__(self, *, key: str, language: str) -> None:
        """Name the key and the language, and what there is."""
        super().__init__(
            f"There is no text {key!r} in language {language!r}.",
            remedy=f"Keys are {', '.join(KEYS)}; languages {', '.join(languages())}.",
        )


@cache
def languages() -> tuple[str, ...]:
    """Return the codes of all packaged languages, in order."""
    return tuple(sorted(one.name for one in _folder().iterdir() if one.is_dir()))


def languages_of(voice: Voice) -> frozenset[str]:
    """Return the languages in which a voice may speak.

    Each language has both voices' texts. A paragraph that a debtor's country prescribes
    may lack in one of them: that is found when a message is written, and stops it.
    """
    del voice
    return frozenset(languages())


@cache
def words(language: str) -> Words:
    """Return a language's texts.

    Raises:
        NoTextError: The language is not packaged.
    """
    return _loaded(language, "words.toml", Words)


@cache
def forbidden(language: str) -> Forbidden:
    """Return the words that no message in a language uses."""
    return _loaded(language, "forbidden.toml", Forbidden)


def override(name: str, body: str) -> tuple[Place, Override]:
    """Read a client's own text, written as TOML; what it says is not checked here.

    Raises:
        NoTextError: Its name is of no key and language.
        TemplateError: It is not in the format, or of a text of the agency's.
    """
    place = Place.parse(name)
    if place.key in AGENCY_KEYS:
        raise TemplateError(
            name,
            "the agency says this, in its own words.",
            remedy=f"Own texts are of {', '.join(CLIENT_KEYS)}.",
        )
    return place, _read(body, Override, where=name)


def overridden(base: Words, key: str, own: Override) -> Words:
    """Return a language with a client's own text for one key, and what it brings."""
    paragraphs = base.paragraphs
    if unknown := own.paragraphs.keys() - set(Paragraphs.__struct_fields__):
        raise TemplateError(
            key,
            f"unknown paragraph {', '.join(sorted(unknown))}.",
            remedy=f"Known are {', '.join(Paragraphs.__struct_fields__)}.",
        )
    changes: dict[str, object] = {
        key: Section(subject=own.subject, heading=own.heading, body=own.body),
        "paragraphs": structs.replace(paragraphs, **own.paragraphs),
    }
    if own.greeting is not None:
        changes["greeting"] = own.greeting
    if own.closing is not None:
        changes["closing"] = own.closing
    return structs.replace(base, **changes)


def packaged(place: Place) -> str:
    """Return a packaged text as TOML, for a client to copy and change."""
    data = tomllib.loads(_source(place.language, "words.toml"))
    return "\n".join(_toml_lines(data[place.key])) + "\n"


def version(*sources: str) -> str:
    """Return a short name for exactly these texts."""
    return sha256("\x1f".join(sources).encode()).hexdigest()[:8]


def layout(name: str) -> str:
    """Return a packaged layout: `message.html` or `letter.typ`."""
    return (_folder() / name).read_text("utf-8")


def _folder() -> Traversable:
    return files("outsourced_ar") / "templates"


def _source(language: str, name: str) -> str:
    if language not in languages():
        raise NoTextError(key="words", language=language)
    return (_folder() / language / name).read_text("utf-8")


def _loaded(language: str, name: str, kind: type[_AnyTable]) -> _AnyTable:
    return _read(_source(language, name), kind, where=f"{language}/{name}")


def _read(body: str, kind: type[_AnyTable], *, where: str) -> _AnyTable:
    try:
        return msgspec.convert(tomllib.loads(body), kind)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise TemplateError(
            where, f"{error}.", remedy="docs/templates.md tells the format."
        ) from error


def _toml_lines(section: Mapping[str, object]) -> Iterator[str]:
    for name, value in section.items():
        forms = value if isinstance(value, dict) else {"": value}
        for form, text in forms.items():
            field = f"{name}.{form}" if form else name
            fence = '"""\n' if "\n" in str(text).strip() else '"'
            end = '"""' if fence != '"' else '"'
            yield f"{field} = {fence}{text}{end}"
