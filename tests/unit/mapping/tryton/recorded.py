"""Answers recorded from a running Tryton 8.2, and a way to change them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from mapping.tryton.lines import Owners

PAYLOADS = Path(__file__).parents[3] / "payloads" / "tryton"
Change = Callable[[dict[str, Any]], None]


def body(name: str) -> bytes:
    """Return an answer as it came."""
    return (PAYLOADS / f"{name}.json").read_bytes()


def owners(name: str) -> Owners:
    """Return whose the lines of a recorded list are."""
    return Owners.read(body(f"{name}_owners"))


def changed(name: str, key: int, change: Change) -> bytes:
    """Return an answer in which one record was changed."""
    answer = msgspec.json.decode(body(name))
    (record,) = [one for one in answer["result"] if one["id"] == key]
    change(record)
    return msgspec.json.encode(answer)


def setting(**values: object) -> Change:
    """Return a change that sets fields."""

    def change(record: dict[str, Any]) -> None:
        record.update(values)

    return change
