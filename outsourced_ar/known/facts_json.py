"""Facts as JSON and back, so that a decision can be made again on any later day.

Compact: what is as a new record would have it is left out. Canonical: equal facts give
equal bytes, and so an equal hash, in whatever order a database kept the keys.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from typing import Any

import msgspec

from outsourced_ar.known.facts import DebtorFacts, Tonight


def dump(facts: DebtorFacts, tonight: Tonight) -> dict[str, Any]:
    """Return all that a decision was made from, as plain JSON values."""
    return {"facts": _plain(facts), "tonight": _plain(tonight)}


def load(stored: Mapping[str, Any]) -> tuple[DebtorFacts, Tonight]:
    """Return the facts and the night that were stored.

    Raises:
        msgspec.ValidationError: It is not what `dump` returns.
    """
    return (
        msgspec.convert(stored["facts"], DebtorFacts),
        msgspec.convert(stored["tonight"], Tonight),
    )


def digest(stored: Mapping[str, Any]) -> str:
    """Return the hash of what `dump` returned, or of the same read from a database."""
    written = json.dumps(
        stored, sort_keys=True, separators=(",", ":"), ensure_ascii=False
    )
    return hashlib.sha256(written.encode()).hexdigest()


def _plain(value: Any) -> Any:  # noqa: ANN401 - any field of any record
    if is_dataclass(value):
        return {
            one.name: _plain(getattr(value, one.name))
            for one in fields(value)
            if getattr(value, one.name) != _default(one)
        }
    if isinstance(value, Mapping):
        return {str(key): _plain(held) for key, held in value.items()}
    if isinstance(value, frozenset | set):
        return sorted(_plain(held) for held in value)
    if isinstance(value, tuple | list):
        return [_plain(held) for held in value]
    return msgspec.to_builtins(value)


def _default(field: Any) -> object:  # noqa: ANN401 - of any record
    if field.default_factory is not MISSING:
        return field.default_factory()
    return field.default
