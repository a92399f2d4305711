"""The network seam: every call to a system outside passes here.

It bounds what a call may take (seconds, bytes, tries), asks the limiter before each
try, sends credentials to the connection's own host only, and turns whatever goes wrong
into an error of `connectors/faults.py` that says what to do.
"""

import logging
import ssl
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any, Protocol, Self

import httpx
import msgspec
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception,
    stop_after_attempt,
    stop_before_delay,
)
from tenacity.wait import wait_random_exponential

from connectors import answers, verdicts
from connectors.answers import Answer
from connectors.faults import (
    CONNECT,
    BadAddressError,
    PlainHttpError,
    RescheduleError,
    TimedOutError,
    WrongAnswerError,
)
from connectors.hosts import is_loopback
from connectors.limits import Limiter
from connectors.trace import Exchange, Trace
from connectors.verdicts import JSON_TYPE, REDIRECTS
from ledger.calendar import Clock
from ledger.errors import DuebridgeError, InvariantError, RetryableError
from ledger.secret import Secret

TRIES_MAX = 5
PATIENCE_S = 300
"""No try begins later than this after the first."""
BACKOFF_S = 0.5
BACKOFF_MAX_S = 30
REDIRECTS_MAX = 5
ANSWER_BYTES_MAX = 64 * 2**20
LEASE_MARGIN_S = 30

USER_AGENT = "Duebridge"
GET_LIKE = frozenset({"GET", "HEAD"})
UNAUTHORIZED = 401
PORTS = {"http": 80, "https": 443}

Params = Mapping[str, str | int | Sequence[str]]
Namer = Callable[[Answer], DuebridgeError | None]
"""Names an answer that means something else at this vendor; None for the usual.

It is asked before a refused token is renewed: what it names no other token mends.
"""

# At finer levels the libraries log addresses with their parameters, and headers.
for _library in ("httpx", "httpcore"):
    logging.getLogger(_library).setLevel(logging.WARNING)

_to_json = msgspec.json.Encoder(decimal_format="number")


class Authenticator(Protocol):
    """Proves to the system outside who calls."""

    def headers(self) -> Mapping[str, Secret]:
        """Return the headers to send, renewed first where they are about to end.

        Raises:
            CredentialError: The tenant must connect again.
        """
        ...

    def renew(self, refused: Mapping[str, Secret]) -> bool:
        """Get newer ones than those refused; return whether there are any.

        Raises:
            CredentialError: The tenant must connect again.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """How long a call may take, in seconds."""

    connect_s: float = 10
    read_s: float = 60
    """Between two pieces of an answer."""
    total_s: float = 300
    """From sending to the last byte."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Call:
    method: str
    url: httpx.URL
    headers: httpx.Headers
    content: bytes
    signed: Mapping[str, Secret] = field(default_factory=dict)


@dataclass(kw_only=True)
class Seam:
    """The way to one system outside, for one connection.

    Attributes:
        base_url: What paths are appended to; credentials go to its host alone.
        name: What to call the system in messages.
        clock: Where instants come from.
        limiter: Asked before each try; None lets all pass.
        authenticator: Signs calls to the base address's host.
        headers: Sent with each call to that host.
        trace: Writes each try down, without secrets.
        transport: In place of the network, for tests.
        tls: What proves a server; the machine's certificates by default.
        allow_plain_http: Whether http without TLS may go to another machine.
        namer: Names this vendor's own ways of saying no.
    """

    base_url: str
    name: str
    clock: Clock
    limiter: Limiter | None = None
    authenticator: Authenticator | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)
    timeouts: Timeouts = field(default_factory=Timeouts)
    answer_bytes_max: int = ANSWER_BYTES_MAX
    trace: Trace | None = None
    transport: httpx.BaseTransport | None = None
    tls: ssl.SSLContext | None = None
    allow_plain_http: bool = False
    namer: Namer | None = None
    sleep: Callable[[float], None] = time.sleep
    _client: httpx.Client = field(init=False, repr=False)
    _base: httpx.URL = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Check the address and what proves a server; nothing is connected yet.

        Raises:
            PlainHttpError: The address is http and on another machine.
        """
        if self.tls is not None and self.tls.verify_mode is not ssl.CERT_REQUIRED:
            raise InvariantError("TLS without verification was asked for.")
        try:
            self._base = httpx.URL(self.base_url.rstrip("/"))
        except httpx.InvalidURL as error:
            raise BadAddressError(self.base_url) from error
        self._refuse_plain(self._base)
        self._client = httpx.Client(
            transport=self.transport,
            verify=self.tls or True,
            trust_env=not is_loopback(self._base.host),
            follow_redirects=False,
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            timeout=httpx.Timeout(
                self.timeouts.read_s, connect=self.timeouts.connect_s
            ),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections kept open."""
        self._client.close()

    def call(
        self,
        method: str,
        path_or_url: str,
        *,
        params: Params | None = None,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        json: Any = None,  # noqa: ANN401 - what JSON can hold
        idempotent: bool,
    ) -> Answer:
        """Make a call and return its answer, whose status is below 400.

        Args:
            method: Such as GET, in capitals.
            path_or_url: A path below the base address, or a whole address; another
                host than the base's gets no credentials.
            params: Added to those the address has.
            headers: Sent beside the connection's own.
            content: The body as bytes; its type goes in `headers`.
            json: The body as a value, decimals as numbers.
            idempotent: Whether making it twice does no harm, so that it may be retried.

        Raises:
            RetryableError: It may work later; a `RescheduleError` says when.
            CredentialError: The tenant must connect again.
            AccessDeniedError: A scope or role is missing.
            SourceError: It was refused, not found, too large or no true answer.
            PlainHttpError: The address is http and on another machine.
        """
        url = self._url(path_or_url, params)
        sent = httpx.Headers({"accept": JSON_TYPE, "user-agent": USER_AGENT})
        sent["accept-encoding"] = answers.ENCODINGS
        if _same_origin(url, self._base):
            sent.update(self.headers)
        if json is not None:
            sent["content-type"] = JSON_TYPE
            content = _to_json.encode(json)
        sent.update(headers or {})
        call = _Call(method=method, url=url, headers=sent, content=content or b"")
        if not idempotent:
            return self._authorized(call)
        retrying = Retrying(
            stop=stop_after_attempt(TRIES_MAX) | stop_before_delay(PATIENCE_S),
            wait=_wait_s,
            retry=retry_if_exception(_may_pass),
            sleep=self.sleep,
            reraise=True,
        )
        return retrying(self._authorized, call)

    def _url(self, path_or_url: str, params: Params | None) -> httpx.URL:
        whole = path_or_url.lower().startswith(("http://", "https://"))
        try:
            url = httpx.URL(
                path_or_url
                if whole
                else f"{self._base}/{path_or_url.lstrip('/')}"
                if path_or_url
                else self._base
            )
        except httpx.InvalidURL as error:
            raise WrongAnswerError(self.name, "an address that is none") from error
        self._refuse_plain(url)
        return url if params is None else url.copy_merge_params(params)

    def _authorized(self, call: _Call) -> Answer:
        signed = self._signed(call)
        answer = self._followed(signed)
        named = self._named(answer)
        if named is None and answer.status == UNAUTHORIZED and signed.signed:
            assert self.authenticator is not None
            if self.authenticator.renew(signed.signed):
                signed = self._signed(call)
                answer = self._followed(signed)
                named = self._named(answer)
        if named is not None:
            raise named
        verdicts.judge(
            answer,
            accept=call.headers.get("accept", ""),
            name=self.name,
            now=self.clock.now(),
            secrets=_bare(signed.signed),
        )
        return answer

    def _named(self, answer: Answer) -> DuebridgeError | None:
        return None if self.namer is None else self.namer(answer)

    def _signed(self, call: _Call) -> _Call:
        if self.authenticator is None or not _same_origin(call.url, self._base):
            return call
        return replace(call, signed=self.authenticator.headers())

    def _followed(self, call: _Call) -> Answer:
        for _ in range(REDIRECTS_MAX + 1):
            answer = self._sent(call)
            target = answer.headers.get("location")
            if answer.status not in REDIRECTS or target is None:
                return answer
            call = self._redirected(call, target)
        raise WrongAnswerError(call.url.host, "more redirects than an answer has")

    def _redirected(self, call: _Call, target: str) -> _Call:
        try:
            url = call.url.join(target)
        except httpx.InvalidURL as error:
            raise WrongAnswerError(call.url.host, "a redirect to nowhere") from error
        if call.method not in GET_LIKE:
            raise WrongAnswerError(
                call.url.host,
                f"a redirect to {url.host}, which a {call.method} must not follow",
                remedy="Correct the address of the books.",
            )
        if url.scheme != "https" and not _same_origin(url, call.url):
            raise WrongAnswerError(call.url.host, f"a redirect to plain {url.scheme}")
        if _same_origin(url, call.url):
            return replace(call, url=url)
        kept = {
            name: call.headers[name]
            for name in ("accept", "user-agent", "accept-encoding")
        }
        return replace(call, url=url, headers=httpx.Headers(kept), signed={})

    def _sent(self, call: _Call) -> Answer:
        lease_s = int(self.timeouts.connect_s + self.timeouts.total_s) + LEASE_MARGIN_S
        asked = time.monotonic()
        grant = None if self.limiter is None else self.limiter.acquire(lease_s)
        begun = time.monotonic()
        answer: Answer | None = None
        meter, outcome = answers.Meter(), ""
        try:
            answer = self._exchange(call, meter)
        except DuebridgeError as error:
            outcome = error.message
            raise
        finally:
            if grant is not None and self.limiter is not None:
                self.limiter.finish(
                    grant,
                    byte_count=meter.byte_count,
                    status=0 if answer is None else answer.status,
                    headers={} if answer is None else answer.headers,
                )
            if self.trace is not None:
                self._write(call, answer, asked, begun, outcome)
        return answer

    def _exchange(self, call: _Call, meter: answers.Meter) -> Answer:
        host = call.url.host
        total_s = self.timeouts.total_s
        deadline = time.monotonic() + total_s

        def check() -> None:
            if time.monotonic() > deadline:
                raise TimedOutError(host, "answer", total_s)

        headers = call.headers.copy()
        headers.update({name: one.reveal() for name, one in call.signed.items()})
        request = self._client.build_request(
            call.method, call.url, headers=headers, content=call.content or None
        )
        try:
            response = self._client.send(request, stream=True)
            try:
                answer = answers.read(
                    response,
                    bytes_max=self.answer_bytes_max,
                    host=host,
                    meter=meter,
                    check=check,
                )
            finally:
                response.close()
        except httpx.TimeoutException as error:
            connecting = isinstance(error, httpx.ConnectTimeout)
            what = CONNECT if connecting else "answer"
            limit_s = self.timeouts.connect_s if connecting else self.timeouts.read_s
            raise TimedOutError(host, what, limit_s) from error
        except (httpx.TransportError, httpx.DecodingError) as error:
            raise verdicts.named(error, host) from error
        verdicts.refuse_half(answer, accept=call.headers.get("accept", ""))
        return answer

    def _write(
        self,
        call: _Call,
        answer: Answer | None,
        asked: float,
        begun: float,
        outcome: str,
    ) -> None:
        assert self.trace is not None
        self.trace.write(
            Exchange(
                at=self.clock.now(),
                method=call.method,
                url=call.url,
                headers={**call.headers, **dict.fromkeys(call.signed, "")},
                content=call.content,
                status=None if answer is None else answer.status,
                answer_headers={} if answer is None else answer.headers,
                answer=b"" if answer is None else answer.body,
                waited_ms=round((begun - asked) * 1000),
                took_ms=round((time.monotonic() - begun) * 1000),
                outcome=outcome,
                secrets=_bare(call.signed),
            )
        )

    def _refuse_plain(self, url: httpx.URL) -> None:
        if url.scheme == "https" or self.allow_plain_http or is_loopback(url.host):
            return
        raise PlainHttpError(url.host or self.name)


def _may_pass(error: BaseException) -> bool:
    return isinstance(error, RetryableError) and not isinstance(error, RescheduleError)


_backoff_s = wait_random_exponential(multiplier=BACKOFF_S, max=BACKOFF_MAX_S)


def _wait_s(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome is not None else None
    asked_s = error.retry_after_s if isinstance(error, RetryableError) else None
    # Many wait for the same second; a little more keeps them from coming at once.
    return _backoff_s(state) + (asked_s or 0)


def _bare(signed: Mapping[str, Secret]) -> list[Secret]:
    """Return the secrets of headers, with and without the scheme before them."""
    whole = list(signed.values())
    return [*whole, *(Secret(one.reveal().rpartition(" ")[2]) for one in whole)]


def _same_origin(one: httpx.URL, other: httpx.URL) -> bool:
    return _origin(one) == _origin(other)


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port or PORTS.get(url.scheme)
