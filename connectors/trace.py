"""A wire log that a person asked for: every call, with what is secret taken out."""

import json
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import Lock
from typing import Any
from urllib.parse import parse_qsl, urlencode

import httpx

from ledger.secret import Secret

REDACTED = "[redacted]"
BODY_CHARACTERS_MAX = 20_000
OWNER_ONLY = 0o600

SECRET_HEADER = re.compile(
    r"authorization|cookie|token|secret|password|signature|session|api[-_]?key"
    r"|credential",
    re.IGNORECASE,
)
SECRET_FIELD = re.compile(
    r"token|secret|passw|authorization|cookie|session|assertion|api_?key|signature"
    r"|credential|verifier|challenge|nonce|^sid$|^pwd$",
    re.IGNORECASE,
)
SECRET_PARAMETER = re.compile(
    rf"{SECRET_FIELD.pattern}|^(?:code|state|key|sig)$", re.IGNORECASE
)
"""In addresses and forms `code` is a grant; in JSON it is an error's."""
MARKED_NUMBER = re.compile(r'"\\u0000([^"\\]*)\\u0000"')
SECRET_CHARACTERS_MIN = 4
SECRET_TEXT = re.compile(
    r"(?P<scheme>\b(?:bearer|basic|zoho-oauthtoken)\s+)[^\s\"'<>,;&]+"
    r"|\beyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*)?"
    r"|(?P<name>[\"'<]?[\w:.-]*(?:token|secret|passw\w*|session_?id|assertion|api_?key)"
    r"[\w.-]*[\"']?\s*(?:[=:>]|%3D)\s*[\"']?)[^\s\"'<>,;&]+",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One attempt of one call, as it went over the wire.

    Attributes:
        waited_ms: Until the limiter let it go.
        took_ms: From sending to the last byte.
        outcome: What went wrong, or an empty string.
    """

    at: datetime
    method: str
    url: httpx.URL
    headers: Mapping[str, str]
    content: bytes
    status: int | None
    answer_headers: Mapping[str, str]
    answer: bytes
    waited_ms: int
    took_ms: int
    outcome: str
    secrets: Sequence[Secret] = ()


class Trace:
    """Writes exchanges to a file, a line of JSON each, readable by its owner only."""

    def __init__(self, path: Path) -> None:
        """Name the file; what it holds already stays."""
        self._path = path
        self._lock = Lock()

    def write(self, one: Exchange) -> None:
        """Add an exchange, redacted."""
        line = json.dumps(_shown(one), ensure_ascii=False)
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT
        with self._lock:
            handle = os.open(self._path, flags, OWNER_ONLY)
            with os.fdopen(handle, "a", encoding="utf-8") as file:
                file.write(f"{line}\n")


def redact(text: str, secrets: Iterable[Secret] = ()) -> str:
    """Return a text without what looks like a secret, and without the ones known."""
    for secret in secrets:
        if len(secret.reveal()) >= SECRET_CHARACTERS_MIN:
            text = text.replace(secret.reveal(), REDACTED)
    return SECRET_TEXT.sub(_keep_name, text)


def redacted_url(url: httpx.URL, secrets: Iterable[Secret] = ()) -> str:
    """Return an address without user, password and secret parameters."""
    query = [
        (name, REDACTED if SECRET_PARAMETER.search(name) else value)
        for name, value in url.params.multi_items()
    ]
    bare = url.copy_with(userinfo=b"", query=None, fragment=None)
    shown = f"{bare}?{urlencode(query, safe='[]$')}" if query else str(bare)
    return redact(shown, secrets)


def _shown(one: Exchange) -> dict[str, Any]:
    return {
        "at": one.at.isoformat(),
        "method": one.method,
        "url": redacted_url(one.url, one.secrets),
        "status": one.status,
        "waited_ms": one.waited_ms,
        "took_ms": one.took_ms,
        "outcome": redact(one.outcome, one.secrets),
        "headers": _headers(one.headers, one.secrets),
        "body": _body(one.headers, one.content, one.secrets),
        "answer_headers": _headers(one.answer_headers, one.secrets),
        "answer_body": _body(one.answer_headers, one.answer, one.secrets),
    }


def _headers(headers: Mapping[str, str], secrets: Sequence[Secret]) -> dict[str, str]:
    return {
        name: REDACTED
        if SECRET_HEADER.search(name)
        else _target(value, secrets)
        if name.lower() == "location"
        else redact(value, secrets)
        for name, value in headers.items()
    }


def _target(value: str, secrets: Sequence[Secret]) -> str:
    try:
        return redacted_url(httpx.URL(value), secrets)
    except httpx.InvalidURL:
        return REDACTED


def _body(headers: Mapping[str, str], body: bytes, secrets: Sequence[Secret]) -> str:
    if not body:
        return ""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return f"[{len(body)} bytes]"
    kind = httpx.Headers(headers).get("content-type", "")
    if "form-urlencoded" in kind:
        text = urlencode(
            [
                (name, REDACTED if SECRET_PARAMETER.search(name) else value)
                for name, value in parse_qsl(text, keep_blank_values=True)
            ],
            safe="[]",
        )
    else:
        text = _redacted_json(text)
    text = redact(text, secrets)
    if len(text) > BODY_CHARACTERS_MAX:
        more = len(text) - BODY_CHARACTERS_MAX
        return f"{text[:BODY_CHARACTERS_MAX]}[{more} more characters]"
    return text


def _redacted_json(text: str) -> str:
    # Numbers pass as they were written: a log must not round an amount.
    try:
        found = json.loads(text, parse_float=_marked, parse_int=_marked)
    except (ValueError, RecursionError):
        return text
    shown = json.dumps(_without_secrets(found), ensure_ascii=False)
    return MARKED_NUMBER.sub(r"\1", shown)


def _marked(number: str) -> str:
    return f"\0{number}\0"


def _without_secrets(value: Any) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, dict):
        return {
            name: REDACTED
            if SECRET_FIELD.search(name) and value[name] not in (None, "")
            else _without_secrets(value[name])
            for name in value
        }
    if isinstance(value, list):
        return [_without_secrets(one) for one in value]
    return value


def _keep_name(match: re.Match[str]) -> str:
    return f"{match['scheme'] or match['name'] or ''}{REDACTED}"
