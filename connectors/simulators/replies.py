"""Requests and responses of a stand-in, without a network."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Break(StrEnum):
    """How a connection ends without an answer."""

    RESET = "reset"  # closed by the far end
    SILENCE = "silence"  # kept open, and nothing comes


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One call; header names are in lower case."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """One answer, or the way in which none comes."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    delay_s: float = 0
    breaks: Break | None = None
