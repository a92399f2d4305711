"""A mail server as the way out: SMTP by hand, step by step.

`smtplib.sendmail` does it in one, but does not say how far it came. Until the full stop
that ends the mail has been written, the server cannot have taken it; once a part of it
has, only the server's answer says so.
"""

import re
import smtplib
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from connectors.hosts import is_loopback
from ledger.errors import ConfigurationError
from ledger.identities import MailRoute
from ledger.secret import Secret
from outsourced_ar.delivery.contract import Delivery, Mail, Verdict

CONNECT_S: Final = 20
ANSWER_S: Final = 60
"""RFC 5321 lets a server take minutes; a worker that waits so long keeps others."""
END_ANSWER_S: Final = 300
"""After the end of the mail: a lost answer costs a person's time."""
MAILS_A_CONNECTION: Final = 100
"""Some servers close a connection after so many."""
READY = 354
TAKEN = 250
CLOSING = 421
PERMANENT = 500
AUTH_REFUSED = (530, 534, 535, 538)
BAD_ADDRESS: Final = ("5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10")
"""RFC 3463: no such mailbox, no such system, bad syntax, moved, null MX."""
SENDERS_FAULT: Final = ("5.7.0", "5.7.3", "5.7.8", "5.7.9", "5.1.7", "5.1.8", "5.5.1")
"""It is about who sends, and nobody else's mail would go either."""

_LEADING_STOP = re.compile(rb"(?m)^\.")
_NO_SUCH = re.compile(
    r"unknown|no such|not exist|doesn't exist|invalid (recipient|mailbox|user|address)"
    r"|not found|no mailbox",
    re.IGNORECASE,
)
_OTHERWISE = re.compile(
    r"relay|spam|block|policy|denied|reputation|spf|dkim|dmarc", re.IGNORECASE
)

ContextMaker = Callable[[], ssl.SSLContext]
LOST = (smtplib.SMTPException, OSError, ValueError)
"""What a connection that breaks raises; smtplib raises ValueError for odd answers."""


class UnsafeRouteError(ConfigurationError):
    """A mail route would send passwords and figures in clear through a network."""

    def __init__(self, host: str) -> None:
        """Name the server."""
        super().__init__(
            f"Mail to {host} would not be encrypted.",
            remedy="Set the route's security to starttls or tls; `none` is for a "
            "server on this machine only.",
        )


class IncompleteRouteError(ConfigurationError):
    """A mail route lacks what it takes."""

    def __init__(self, what: str) -> None:
        """Say what."""
        super().__init__(
            f"The identity's mail route {what}.",
            remedy="Correct it with `duebridge identity`.",
        )


@dataclass(frozen=True, slots=True)
class _Step:
    """What the server answered, or that it did not.

    Attributes:
        code: 0 where the connection broke.
    """

    code: int
    text: str

    @property
    def enhanced(self) -> str:
        """The code of RFC 3463 that leads the text, if one does."""
        first = self.text.split(" ", 1)[0]
        parts = first.split(".")
        is_code = len(parts) == 3 and all(part.isdigit() for part in parts)  # noqa: PLR2004 - class, subject, detail
        return first if is_code else ""

    @property
    def codes(self) -> str:
        return f"{self.code} {self.enhanced}".strip()

    @property
    def is_good(self) -> bool:
        return 200 <= self.code < 300  # noqa: PLR2004 - RFC 5321, 4.2.1

    @property
    def is_permanent(self) -> bool:
        return self.code >= PERMANENT

    @property
    def shown(self) -> str:
        """The answer in one line that a person can read."""
        return " ".join(f"{self.code} {self.text}".split())[:300]


@dataclass(slots=True)
class SmtpDeliverer:
    """Mail to one server, on one connection as long as it lasts.

    Attributes:
        route: The server; its rate is kept by whoever asks.
        password: Shown to the server over TLS only.
        local_name: How this side names itself: the sender's domain, not the machine.
        make_context: Makes what TLS is checked with; the machine's authorities.
    """

    route: MailRoute
    local_name: str
    password: Secret | None = None
    make_context: ContextMaker = ssl.create_default_context
    _server: smtplib.SMTP | None = field(default=None, repr=False)
    _mail_count: int = 0

    def __post_init__(self) -> None:
        """Refuse a route that must not be used.

        Raises:
            UnsafeRouteError: It is not encrypted and leaves this machine.
            IncompleteRouteError: It names no server, or a user without a password.
        """
        route = self.route
        if not route.host:
            raise IncompleteRouteError("names no server")
        if route.security not in {"starttls", "tls", "none"}:
            raise IncompleteRouteError("has a security that is not known")
        if route.security == "none" and not is_loopback(route.host):
            raise UnsafeRouteError(route.host)
        if route.user and not self.password:
            raise IncompleteRouteError("names a user but has no password")

    def deliver(self, mail: Mail) -> Delivery:
        """Hand a mail to the server."""
        fresh = self._server is None
        trouble = self._ready()
        if trouble is not None:
            return trouble
        first = self._command("mail", f"FROM:<{mail.sender}>{self._size(mail)}")
        if not first.code and not fresh:
            # The server had closed an idle connection: nothing was said on it yet.
            trouble = self._ready()
            if trouble is not None:
                return trouble
            first = self._command("mail", f"FROM:<{mail.sender}>{self._size(mail)}")
        if not first.is_good:
            return self._sender_refused(first)
        second = self._command("rcpt", f"TO:<{mail.recipient}>")
        if not second.is_good:
            return self._refused(second, at_recipient=True)
        third = self._command("data")
        if third.code != READY:
            return self._refused(third)
        return self._content(mail)

    def close(self) -> None:
        """Say goodbye; nothing depends on it."""
        server, self._server = self._server, None
        if server is not None:
            with suppress(*LOST):
                server.quit()
            server.close()

    def _content(self, mail: Mail) -> Delivery:
        assert self._server is not None
        assert mail.content.endswith(b"\r\n")
        # RFC 5321, 4.5.2: a full stop that begins a line is written twice.
        body = _LEADING_STOP.sub(b"..", mail.content)
        try:
            self._server.send(body)
        except LOST as error:
            self._drop()
            return _put_off(f"the connection broke in the mail ({_name(error)})")
        try:
            # From here on the server may have it.
            if self._server.sock is not None:
                self._server.sock.settimeout(END_ANSWER_S)
            self._server.send(b".\r\n")
            code, text = self._server.getreply()
        except LOST as error:
            self._drop()
            return Delivery(
                verdict=Verdict.UNCERTAIN,
                words=f"the server's answer was lost ({_name(error)})",
            )
        answer = _Step(code, text.decode("utf-8", "replace"))
        if answer.is_good:
            self._mail_count += 1
            self._rest()
            return Delivery(
                verdict=Verdict.TAKEN, words=answer.shown, code=answer.codes
            )
        if 400 <= answer.code < 600:  # noqa: PLR2004 - RFC 5321, 4.2.1
            return self._refused(answer)
        self._drop()
        return Delivery(
            verdict=Verdict.UNCERTAIN,
            words=f"the server's answer is none: {answer.shown}",
        )

    def _rest(self) -> None:
        server = self._server
        if server is None:
            return
        if self._mail_count >= MAILS_A_CONNECTION:
            self.close()
        elif server.sock is not None:
            server.sock.settimeout(ANSWER_S)

    def _ready(self) -> Delivery | None:
        """Connect unless it is; return what keeps it from that."""
        if self._server is not None:
            return None
        self._mail_count = 0
        route = self.route
        server: smtplib.SMTP | None = None
        try:
            server = self._connected()
            self._greet(server)
        except smtplib.SMTPAuthenticationError as error:
            _close(server)
            return _unreachable(
                f"{route.host} refuses the login: are user and password right?",
                str(error.smtp_code or ""),
            )
        except ssl.SSLCertVerificationError as error:
            _close(server)
            return _unreachable(
                f"the certificate of {route.host} is not good: {error.verify_message}"
            )
        except LOST as error:
            _close(server)
            return _unreachable(f"{route.host} cannot be reached ({_name(error)})")
        self._server = server
        return None

    def _connected(self) -> smtplib.SMTP:
        route = self.route
        if route.security == "tls":
            return smtplib.SMTP_SSL(
                route.host,
                route.port,
                local_hostname=self.local_name,
                timeout=CONNECT_S,
                context=self.make_context(),
            )
        return smtplib.SMTP(
            route.host, route.port, local_hostname=self.local_name, timeout=CONNECT_S
        )

    def _greet(self, server: smtplib.SMTP) -> None:
        server.ehlo_or_helo_if_needed()
        if self.route.security == "starttls":
            # Where the server does not offer it, this raises: nothing goes in clear.
            server.starttls(context=self.make_context())
            server.ehlo_or_helo_if_needed()
        if self.route.user:
            self._log_in(server)
        if server.sock is not None:
            server.sock.settimeout(ANSWER_S)
            # The end of a mail is written by itself; else it waits 40 ms for an answer
            # to what was written before it.
            server.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def _log_in(self, server: smtplib.SMTP) -> None:
        assert self.password is not None
        user, password = self.route.user, self.password.reveal()
        try:
            if "PLAIN" in server.esmtp_features.get("auth", "").upper().split():
                # Once, and not again by each other way: too many tries lock a user.
                server.auth("PLAIN", lambda _=None: f"\0{user}\0{password}")
            else:
                server.login(user, password)
        except smtplib.SMTPServerDisconnected as error:
            # Some hang up instead of saying no.
            raise smtplib.SMTPAuthenticationError(0, b"") from error

    def _command(self, verb: str, arguments: str = "") -> _Step:
        assert self._server is not None
        try:
            code, text = self._server.docmd(verb, arguments)
        except LOST as error:
            self._drop()
            return _Step(0, _name(error))
        if code == CLOSING or code < 0:
            self._drop()
        return _Step(max(code, 0), text.decode("utf-8", "replace"))

    def _size(self, mail: Mail) -> str:
        known = self._server is not None and self._server.has_extn("size")
        return f" SIZE={len(mail.content)}" if known else ""

    def _sender_refused(self, answer: _Step) -> Delivery:
        self._reset()
        if answer.is_permanent and answer.enhanced.startswith(("5.2.3", "5.3.4")):
            # The mail is too large for it; others may not be.
            return _refusal(answer)
        words = f"the server does not take the sender: {answer.shown}"
        if not answer.code:
            words = f"the connection broke ({answer.text})"
        return _unreachable(words, answer.codes if answer.code else "")

    def _refused(self, answer: _Step, *, at_recipient: bool = False) -> Delivery:
        self._reset()
        if not answer.code:
            return _put_off(f"the connection broke ({answer.text})")
        if answer.code == CLOSING:
            return _unreachable(answer.shown, answer.codes)
        if answer.code in AUTH_REFUSED or answer.enhanced in SENDERS_FAULT:
            return _unreachable(answer.shown, answer.codes)
        if answer.is_permanent:
            bad = at_recipient and (
                answer.enhanced in BAD_ADDRESS
                or (not answer.enhanced and _says_no_such(answer.text))
            )
            return _refusal(answer, is_bad_address=bad)
        return _put_off(answer.shown, answer.codes)

    def _reset(self) -> None:
        """Make the connection ready for the next mail, or give it up."""
        if self._server is None:
            return
        try:
            code, _ = self._server.rset()
        except LOST:
            code = 0
        if code != TAKEN:
            self._drop()
        self._rest()

    def _drop(self) -> None:
        server, self._server = self._server, None
        _close(server)


def _says_no_such(text: str) -> bool:
    """Read an answer without a code of RFC 3463; a refused relay looks much alike."""
    return bool(_NO_SUCH.search(text)) and not _OTHERWISE.search(text)


def _close(server: smtplib.SMTP | None) -> None:
    if server is not None:
        with suppress(*LOST):
            server.close()


def _name(error: Exception) -> str:
    """Say what happened without what the library puts in: addresses, credentials."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return "it does not offer what the route asks for: STARTTLS, or a login"
    return type(error).__name__


def _put_off(words: str, code: str = "") -> Delivery:
    return Delivery(verdict=Verdict.PUT_OFF, words=words, code=code)


def _unreachable(words: str, code: str = "") -> Delivery:
    return Delivery(verdict=Verdict.UNREACHABLE, words=words, code=code)


def _refusal(answer: _Step, *, is_bad_address: bool = False) -> Delivery:
    return Delivery(
        verdict=Verdict.REFUSED,
        words=answer.shown,
        code=answer.codes,
        is_bad_address=is_bad_address,
    )
