"""What a client lets be written to its books: nothing, until it says so.

It stands in a connection's settings. Whoever allows fields or payments allows notes.
"""

from collections.abc import Collection, Mapping
from enum import StrEnum, auto
from typing import Any, Final

from connectors.writing import Part
from ledger.errors import RequestError

SETTING: Final = "writes"
ALLOW: Final = "allow"
OFF: Final = "off"


class Allowed(StrEnum):
    """What may be written."""

    NOTES = auto()
    FIELDS = auto()
    PAYMENTS = auto()


PARTS: Final[Mapping[Allowed, Part]] = {
    Allowed.NOTES: Part.NOTE,
    Allowed.FIELDS: Part.FIELD,
    Allowed.PAYMENTS: Part.PAYMENT,
}


class NotAllowableError(RequestError):
    """A word names nothing that could be allowed."""

    def __init__(self, word: str) -> None:
        """Name it."""
        super().__init__(
            f"{word!r} is nothing that can be allowed.",
            remedy=f"Write {', '.join(Allowed)}, with commas between, or {OFF}.",
        )


def read(words: str) -> frozenset[Allowed]:
    """Read what a person allows, such as `notes,payments`.

    Raises:
        NotAllowableError: A word is none of them.
    """
    found: set[Allowed] = set()
    for word in (one.strip().lower() for one in words.split(",")):
        if word == OFF:
            continue
        if word not in set(Allowed):
            raise NotAllowableError(word)
        found.add(Allowed(word))
    return frozenset(found | {Allowed.NOTES}) if found else frozenset()


def of(settings: Mapping[str, Any]) -> frozenset[Allowed]:
    """Return what a connection's settings allow."""
    return frozenset(Allowed(one) for one in options(settings).get(ALLOW, ()))


def parts(settings: Mapping[str, Any]) -> frozenset[Part]:
    """Return which parts of write-backs a connection's settings allow."""
    return frozenset(PARTS[one] for one in of(settings))


def options(settings: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return all that was chosen for writing, as an account for payments."""
    found: Mapping[str, Any] = settings.get(SETTING, {})
    return found


def changed(
    settings: Mapping[str, Any],
    allowed: Collection[Allowed],
    more: Mapping[str, Any],
) -> dict[str, Any]:
    """Return a connection's settings with another choice; what is not named stays."""
    chosen = {**options(settings), **more, ALLOW: sorted(allowed)}
    return {**settings, SETTING: chosen}


def kept(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """Return a connection's new settings with the choice that it had."""
    chosen = {SETTING: before[SETTING]} if SETTING in before else {}
    return {**after, **chosen}
