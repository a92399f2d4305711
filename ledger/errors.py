"""The errors of the product, sorted by what the caller does next.

    DuebridgeError
    ├── RetryableError        try again later, unchanged
    ├── CredentialError       the tenant must connect again
    ├── AccessDeniedError     a scope or role is missing
    ├── RecordError           quarantine this record, go on
    ├── SourceError           this resource fails, others go on
    │   └── ApprovalError     a person must look and allow it
    ├── RequestError          the question or the option is wrong; ask another way
    ├── ConfigurationError    refuse to start
    └── InvariantError        our own bug; stop the run

Each class of each room derives from one of these, ends in `Error`, and builds its own
message. No message carries a secret.
"""


class DuebridgeError(Exception):
    """Something went wrong that the product can name.

    Attributes:
        remedy: What a person can do about it, as a sentence, or an empty string.
    """

    def __init__(self, message: str, *, remedy: str = "") -> None:
        """Keep the message and what to do about it."""
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    @property
    def user_message(self) -> str:
        """The message and its remedy, for the person at the screen."""
        return f"{self.message} {self.remedy}".strip()


class RetryableError(DuebridgeError):
    """It may work later without anyone changing anything.

    Attributes:
        retry_after_s: Seconds to wait before another try, if known.
    """

    def __init__(
        self, message: str, *, remedy: str = "", retry_after_s: int | None = None
    ) -> None:
        """Keep the message and how long to wait."""
        super().__init__(message, remedy=remedy)
        self.retry_after_s = retry_after_s


class CredentialError(DuebridgeError):
    """The tenant must connect its accounting system again."""


class AccessDeniedError(DuebridgeError):
    """A scope or a role is missing."""


class RecordError(DuebridgeError):
    """One record cannot be read; it is quarantined and the rest goes on."""


class SourceError(DuebridgeError):
    """One resource of a source cannot be read; the others go on."""


class ApprovalError(SourceError):
    """What was read would do something a person must allow first."""


class RequestError(DuebridgeError):
    """The question cannot be answered as it was put."""


class ConfigurationError(DuebridgeError):
    """The product is not set up so that it may start."""


class InvariantError(DuebridgeError):
    """The product's own code broke a promise; the run stops."""
