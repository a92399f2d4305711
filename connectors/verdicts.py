"""What an answer means: judged by its status, its kind and its own words."""

import ssl
from collections.abc import Sequence
from datetime import datetime, timedelta

import httpx

from connectors.answers import Answer
from connectors.faults import (
    CutOffError,
    NotFoundError,
    PermissionRefusedError,
    ReconnectError,
    RefusedError,
    RescheduleError,
    ServerFailedError,
    TooManyCallsError,
    UnreachableError,
    UntrustedServerError,
    WrongAnswerError,
)
from connectors.limits import WAIT_MAX_S, retry_after_s
from connectors.trace import redact
from ledger.errors import DuebridgeError, RetryableError
from ledger.secret import Secret

JSON_TYPE = "application/json"
REDIRECTS = frozenset({301, 302, 303, 307, 308})
REDIRECTED, REFUSED, FAILED = 300, 400, 500
UNAUTHORIZED, FORBIDDEN, SLOW_REQUEST, TOO_MANY = 401, 403, 408, 429
ABSENT = frozenset({404, 410})

WORDS_MAX = 300
WORDS_DEPTH_MAX = 6
WORD_FIELDS = (
    "message",
    "detail",
    "details",
    "error_description",
    "errormessage",
    "title",
    "error",
    "fault",
    "errors",
    "elements",
    "validationerrors",
    "o:errordetails",
    "innererror",
)
"""Where accounting systems write what went wrong, in lower case."""


def judge(
    answer: Answer,
    *,
    accept: str,
    name: str,
    now: datetime,
    secrets: Sequence[Secret] = (),
) -> None:
    """Raise unless an answer is a good one.

    Args:
        answer: The answer.
        accept: The kind that was asked for.
        name: What to call the system.
        now: The instant it came at.
        secrets: What was sent and must not be shown.

    Raises:
        DuebridgeError: It is none; the class says what to do.
    """
    if answer.status < REDIRECTED:
        _refuse_other(answer, accept)
    elif answer.status >= REFUSED or answer.status in REDIRECTS:
        raise _failure(answer, redact(own_words(answer), secrets), name, now)


def refuse_half(answer: Answer, *, accept: str) -> None:
    """Raise where JSON was asked for and half of it came.

    Some servers close the connection in the middle and call that the end.

    Raises:
        CutOffError: The JSON has no end.
    """
    if not answer.body or JSON_TYPE not in accept or "json" not in answer.media_type:
        return
    if not answer.is_json:
        raise CutOffError(answer.host, "its JSON has no end or cannot be read")


def own_words(answer: Answer) -> str:
    """Return what an answer says itself went wrong, or an empty string."""
    if answer.is_page or not answer.body:
        return ""
    try:
        found = answer.json()
    except WrongAnswerError:
        return _short(answer.body.decode(errors="replace"))
    return _short("; ".join(dict.fromkeys(_words(found, depth=0))))


def named(error: httpx.HTTPError, host: str) -> DuebridgeError:
    """Return what to call a failure of the network."""
    if isinstance(error, httpx.UnsupportedProtocol):
        return WrongAnswerError(host, "an address that is none")
    if isinstance(error, httpx.RemoteProtocolError | httpx.ReadError):
        return CutOffError(host, str(error) or "the connection closed")
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return UntrustedServerError(host, str(cause))
        cause = cause.__cause__ or cause.__context__
    was_sent = not isinstance(error, httpx.ConnectError)
    return UnreachableError(host, str(error) or type(error).__name__, was_sent=was_sent)


def _failure(answer: Answer, words: str, name: str, now: datetime) -> DuebridgeError:
    if answer.status in {SLOW_REQUEST, TOO_MANY} or answer.status >= FAILED:
        return _retryable(answer, words, now)
    if answer.status == UNAUTHORIZED:
        return ReconnectError(name, words or "it refuses the credentials")
    if answer.is_page or answer.status in REDIRECTS:
        found = f"a web page and status {answer.status}"
        return WrongAnswerError(answer.host, found)
    if answer.status == FORBIDDEN:
        return PermissionRefusedError(answer, words)
    if answer.status in ABSENT:
        return NotFoundError(answer, words)
    return RefusedError(answer, words)


def _retryable(answer: Answer, words: str, now: datetime) -> RetryableError:
    wait_s = retry_after_s(answer.headers, now)
    if wait_s is not None and wait_s > WAIT_MAX_S:
        until = now + timedelta(seconds=wait_s)
        what = f"{answer.host} takes no more calls for {wait_s:,} seconds"
        was_sent = answer.status != TOO_MANY
        return RescheduleError(what, until, wait_s, was_sent=was_sent)
    if answer.status == TOO_MANY:
        return TooManyCallsError(answer.host, retry_after_s=wait_s)
    return ServerFailedError(answer, words, retry_after_s=wait_s)


def _refuse_other(answer: Answer, accept: str) -> None:
    if not answer.body:
        return
    if answer.is_page and "html" not in accept:
        raise WrongAnswerError(answer.host, answer.found("an answer"))
    if accept == JSON_TYPE and "json" not in answer.media_type and not answer.is_json:
        raise WrongAnswerError(answer.host, answer.found("JSON"))


def _words(value: object, depth: int) -> list[str]:
    if depth > WORDS_DEPTH_MAX:
        return []
    if isinstance(value, str):
        return [value.strip()] if value.strip() else []
    if isinstance(value, list):
        return [word for one in value for word in _words(one, depth + 1)]
    if isinstance(value, dict):
        lower = {str(name).lower(): one for name, one in value.items()}
        if depth and "value" in lower and isinstance(lower["value"], str):
            return _words(lower["value"], depth + 1)
        return [
            word
            for name in WORD_FIELDS
            if name in lower
            for word in _words(lower[name], depth + 1)
        ]
    return []


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= WORDS_MAX else f"{flat[: WORDS_MAX - 1]}…"
