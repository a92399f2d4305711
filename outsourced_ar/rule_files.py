"""The TOML in which cadences, rules and policies are written down, read and checked.

What is packaged lies in the room `config`; a client copies it and changes it. Whoever
reads one gets frozen values, or an error that names every fault, where, and what to do.
"""

import re
import tomllib
from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from importlib.resources import files
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from ledger.errors import ConfigurationError
from ledger.money import Currency, UnknownCurrencyError, currency, exponent

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}", re.IGNORECASE)


class RuleFileError(ConfigurationError):
    """A cadence, a rule or a policy cannot be used as it is written."""

    def __init__(self, place: str, faults: list[str], *, remedy: str = "") -> None:
        """List what is wrong, one line a fault."""
        listed = "\n".join(f"  - {fault}" for fault in faults)
        super().__init__(
            f"{place} cannot be used:\n{listed}",
            remedy=remedy
            or "Compare it with the packaged one, which `cadence show` "
            "prints, and mend what is named.",
        )
        self.faults = tuple(faults)


class Part(BaseModel):
    """A part of such a file: nothing in it that is not known."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=False)


def _amounts(value: object) -> dict[Currency, int]:
    if not isinstance(value, Mapping):
        raise ValueError('write amounts by currency, as { EUR = "1000.00" }')  # noqa: TRY004 - pydantic's
    return dict(_amount(code, amount) for code, amount in value.items())


def _amount(code: str, amount: object) -> tuple[Currency, int]:
    try:
        known = currency(code)
    except UnknownCurrencyError as unknown:
        raise ValueError(unknown.user_message) from unknown
    if isinstance(amount, bool) or not isinstance(amount, str | int):
        raise ValueError(  # noqa: TRY004 - pydantic's
            f'write the amount of {known} in quotes, as "1000.00"'
        )
    try:
        minor = Decimal(amount).scaleb(exponent(known))
    except InvalidOperation:
        raise ValueError(f"{amount!r} is not an amount of {known}") from None
    if not minor.is_finite() or minor != minor.to_integral_value() or minor < 0:
        raise ValueError(f"{amount!r} is not an amount that {known} can have")
    return known, int(minor)


Amounts = Annotated[dict[Currency, int], BeforeValidator(_amounts)]
"""Minor units by currency, written as decimals in quotes or whole numbers."""


def _countries(value: object) -> frozenset[str]:
    codes = _listed(value)
    for code in codes:
        if not re.fullmatch(r"[A-Z]{2}", code):
            raise ValueError(f"{code!r} is not a country code such as DE")
    return codes


def _listed(value: object) -> frozenset[str]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise ValueError('write a list of words, as ["one", "two"]')
    return frozenset(value)


def _name(value: object) -> str:
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise ValueError("a name is letters, digits, - and _, beginning with a letter")
    return value


Words = Annotated[frozenset[str], BeforeValidator(_listed)]
Countries = Annotated[frozenset[str], BeforeValidator(_countries)]
Name = Annotated[str, BeforeValidator(_name)]
"""A name that may be stored for ever, and so never depends on its place in a file."""

ModelT = TypeVar("ModelT", bound=Part)


def read(text: str, place: str, model: type[ModelT]) -> ModelT:
    """Read a text of TOML into a model.

    Args:
        text: What was written.
        place: What it is called, for a person: `the cadence strict.toml`.
        model: What it must look like.

    Raises:
        RuleFileError: It is no TOML, or not of that form.
    """
    try:
        raw: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as broken:
        raise RuleFileError(place, [f"it is not valid TOML: {broken}"]) from broken
    try:
        return model.model_validate(raw)
    except ValidationError as refused:
        raise RuleFileError(
            place, [_fault(raw, error) for error in refused.errors()]
        ) from None


def _fault(raw: Mapping[str, Any], error: Any) -> str:  # noqa: ANN401 - pydantic's own
    """Say where and what, with the name of a step or a rule instead of its place."""
    spot: list[str] = []
    value: Any = raw
    for key in error["loc"]:
        try:
            value = value[key]
        except (KeyError, IndexError, TypeError):
            value = None
        named = value.get("name") if isinstance(value, Mapping) else None
        if isinstance(key, int):
            spot[-1] += f" {named or key + 1}"
        else:
            spot.append(str(key))
    said = str(error["msg"]).removeprefix("Value error, ")
    if error["type"] == "extra_forbidden":
        said = "is not a setting that is known"
    return f"{', '.join(spot)}: {said}" if spot else said


def packaged(*path: str) -> str:
    """Return the text of a packaged file."""
    return files("config").joinpath(*path).read_text(encoding="utf-8")


def packaged_names(folder: str) -> tuple[str, ...]:
    """Return the names of the TOML files in a packaged folder, sorted."""
    found = (item.name for item in files("config").joinpath(folder).iterdir())
    return tuple(
        sorted(name.removesuffix(".toml") for name in found if name.endswith(".toml"))
    )


def in_words(names: frozenset[str] | tuple[str, ...]) -> str:
    """Join names for a person: `a, b or c`."""
    *first, last = sorted(names)
    return f"{', '.join(first)} or {last}" if first else last


class Span(Part):
    """The days on which a rule holds; both ends count.

    Attributes:
        starts_on: `from` in the file; empty means since ever.
        ends_on: `until` in the file; empty means for good.
    """

    starts_on: date | None = None
    ends_on: date | None = None

    def holds_on(self, day: date) -> bool:
        """Say whether it holds on a day."""
        return (self.starts_on is None or self.starts_on <= day) and (
            self.ends_on is None or day <= self.ends_on
        )
