"""What can go wrong with a call, named by what the caller must do.

    RetryableError
    ├── UnreachableError       no network, or nobody there: look at the network
    ├── TimedOutError          wait
    ├── CutOffError            wait: the answer broke off
    ├── ServerFailedError      wait: the books' server failed
    ├── TooManyCallsError      wait so many seconds
    └── RescheduleError        end the run, come back at `resume_at`
    CredentialError
    └── ReconnectError         the tenant connects again
    AccessDeniedError
    └── PermissionRefusedError a scope, a role or a plan is missing
    SourceError
    ├── WrongAnswerError       not what the books answer: a wrong address, a proxy
    ├── NotFoundError          what was asked for is not there
    ├── RefusedError           the books say no, in their own words
    ├── TooLargeError          ask for less at once
    └── UntrustedServerError   TLS failed: nothing was sent
    ConfigurationError
    └── PlainHttpError         the address must begin with https

The host is named, never the whole address: its parameters may hold secrets.
"""

from datetime import datetime
from typing import TYPE_CHECKING

from ledger.errors import (
    AccessDeniedError,
    ConfigurationError,
    CredentialError,
    RetryableError,
    SourceError,
)

if TYPE_CHECKING:
    from connectors.answers import Answer


CONNECT = "connect"
"""What took too long where nothing was sent yet."""


class UnreachableError(RetryableError):
    """No connection came about, or it broke while it was written to.

    Attributes:
        was_sent: Whether a part of the call may have got there.
    """

    def __init__(self, host: str, reason: str, *, was_sent: bool = False) -> None:
        """Name the host."""
        super().__init__(
            f"{host} could not be reached: {reason}.",
            remedy="Check the network, the proxy and the address; then run again.",
        )
        self.was_sent = was_sent


class TimedOutError(RetryableError):
    """The answer took too long.

    Attributes:
        was_sent: Whether the call may have got there.
    """

    def __init__(self, host: str, what: str, seconds: float) -> None:
        """Say what took too long."""
        super().__init__(
            f"{host} took more than {seconds:g} seconds to {what}.",
            remedy="Run again later.",
        )
        self.was_sent = what != CONNECT


class CutOffError(RetryableError):
    """The answer broke off."""

    def __init__(self, host: str, reason: str) -> None:
        """Say how that shows."""
        super().__init__(
            f"The answer of {host} broke off: {reason}.", remedy="Run again."
        )


class ServerFailedError(RetryableError):
    """The server answered that it failed."""

    def __init__(
        self, answer: "Answer", words: str, *, retry_after_s: int | None = None
    ) -> None:
        """Keep the status and the words."""
        super().__init__(
            f"{answer.host} failed with status {answer.status}{_said(words)}.",
            remedy="Run again later; the vendor's status page may say more.",
            retry_after_s=retry_after_s,
        )
        self.answer = answer


class TooManyCallsError(RetryableError):
    """The vendor's limit of calls is reached, for a short time."""

    def __init__(self, host: str, *, retry_after_s: int | None) -> None:
        """Say for how long."""
        wait = "a while" if retry_after_s is None else f"{retry_after_s} seconds"
        super().__init__(
            f"{host} takes no more calls for {wait}.",
            remedy="Wait that long and run again.",
            retry_after_s=retry_after_s,
        )


class RescheduleError(RetryableError):
    """The wait is longer than a run may last.

    Attributes:
        resume_at: When to come back, in UTC.
        was_sent: Whether the call got as far as a server that failed.
    """

    def __init__(
        self,
        what: str,
        resume_at: datetime,
        retry_after_s: int,
        *,
        was_sent: bool = False,
    ) -> None:
        """Say when to come back."""
        super().__init__(
            f"{what}; the run ends here.",
            remedy=f"Run again from {resume_at:%Y-%m-%d %H:%M} UTC on.",
            retry_after_s=retry_after_s,
        )
        self.resume_at = resume_at
        self.was_sent = was_sent


class ReconnectError(CredentialError):
    """The accounting system no longer accepts the connection.

    Attributes:
        reason: What it said.
    """

    def __init__(self, name: str, reason: str) -> None:
        """Say what it said."""
        super().__init__(
            f"{name} no longer accepts this connection: {reason}.",
            remedy="Connect the organisation again.",
        )
        self.reason = reason


class PermissionRefusedError(AccessDeniedError):
    """A scope, a role or a plan is missing."""

    def __init__(self, answer: "Answer", words: str) -> None:
        """Say what it said."""
        super().__init__(
            f"{answer.host} does not allow this{_said(words)}.",
            remedy="Check the scopes granted and the role of the user who connected.",
        )
        self.answer = answer


class WrongAnswerError(SourceError):
    """Not what an accounting system answers."""

    def __init__(self, host: str, found: str, *, remedy: str = "") -> None:
        """Say what came instead."""
        super().__init__(
            f"{host} answered with {found}.",
            remedy=remedy
            or "Check the address of the books, and whether a proxy, a firewall or a "
            "sign-in page stands between.",
        )


class NotFoundError(SourceError):
    """What was asked for is not there."""

    def __init__(self, answer: "Answer", words: str) -> None:
        """Say what it said."""
        super().__init__(
            f"{answer.host} does not have what was asked for{_said(words)}.",
            remedy="It may have been deleted; else check the address of the books and "
            "the organisation.",
        )
        self.answer = answer


class RefusedError(SourceError):
    """The books say no.

    Attributes:
        words: What the books said themselves, without secrets.
        answer: The whole answer, for the connector to read.
    """

    def __init__(self, answer: "Answer", words: str) -> None:
        """Keep the answer."""
        super().__init__(
            f"{answer.host} refused the call with status {answer.status}"
            f"{_said(words)}.",
            remedy="Correct what the books object to.",
        )
        self.words = words
        self.answer = answer


class TooLargeError(SourceError):
    """The answer is larger than one may be."""

    def __init__(self, host: str, bytes_max: int) -> None:
        """Name the bound."""
        super().__init__(
            f"The answer of {host} is larger than {bytes_max:,} bytes.",
            remedy="Ask for fewer records a page.",
        )


class UntrustedServerError(SourceError):
    """TLS did not prove who the server is; nothing was sent."""

    def __init__(self, host: str, reason: str) -> None:
        """Say why."""
        super().__init__(
            f"{host} did not prove who it is: {reason}.",
            remedy="Check the address and the machine's clock. Behind a proxy that "
            "opens TLS, set SSL_CERT_FILE to its certificate.",
        )


class BadAddressError(ConfigurationError):
    """An address is none."""

    def __init__(self, address: str) -> None:
        """Show it."""
        super().__init__(
            f"{address!r} is no address.", remedy="Write it as https://HOST:PORT/PATH."
        )


class PlainHttpError(ConfigurationError):
    """Plain http would show secrets to everyone on the way."""

    def __init__(self, host: str) -> None:
        """Name the host."""
        super().__init__(
            f"The address of {host} is plain http.",
            remedy="Use https, or allow plain http for this connection explicitly.",
        )


def _said(words: str) -> str:
    return f": {words.rstrip('.')}" if words else ""
