"""What carries a message out, and what it says about it afterwards.

The one question that matters is whether it went. A deliverer answers it only where it
is certain; where it is not, nobody may try again but a person.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum, auto
from typing import Protocol

from ledger.identities import Identity
from ledger.reminders import Attachment, Channel


class Verdict(StrEnum):
    """What became of a try to deliver."""

    TAKEN = auto()
    """The mail server, the folder or the printer has it."""
    PUT_OFF = auto()
    """It certainly did not go; the same may be tried later."""
    REFUSED = auto()
    """It certainly did not go, and the same would be refused again."""
    UNREACHABLE = auto()
    """It certainly did not go, and nothing else would go this way now."""
    UNCERTAIN = auto()
    """It may have gone: the answer was lost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What became of a try, in words for a person.

    Attributes:
        code: The server's codes, as `550 5.1.1`; empty without a server.
        is_bad_address: Whether the address itself is refused for good.
    """

    verdict: Verdict
    words: str
    code: str = ""
    is_bad_address: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """A message in the form in which it goes out.

    Attributes:
        mail_id: Its Message-ID, with angle brackets.
        sender: The envelope's sender, to which it comes back.
        recipient: The one address it goes to; of a letter, where it is posted to.
        content: The whole mail, as RFC 5322 has it; empty for a letter on paper.
        sheets: What is printed of a letter on paper.
    """

    mail_id: str
    sender: str
    recipient: str
    content: bytes
    sheets: Sequence[Attachment] = ()

    @property
    def domain(self) -> str:
        """The domain it goes to."""
        return self.recipient.rpartition("@")[2].lower()


class Deliverer(Protocol):
    """One way out; used by one worker at a time."""

    def deliver(self, mail: Mail) -> Delivery:
        """Hand a mail over; never raises for what may happen on the way."""
        ...

    def close(self) -> None:
        """Give back what was opened."""
        ...


class Deliverers(Protocol):
    """Knows the way out for each sender and channel."""

    def way(self, identity: Identity, channel: Channel) -> Deliverer:
        """Return the way out, the same one as long as it lasts.

        Raises:
            ConfigurationError: There is none, or it must not be used.
        """
        ...

    def signing_key(self, identity: Identity) -> bytes | None:
        """Return the private key that the identity signs with, as PEM."""
        ...

    def close(self) -> None:
        """Give back what was opened."""
        ...


class Witness(Protocol):
    """Knows of a message whether it went, after its sender was cut off."""

    def saw(self, identity: Identity, channel: Channel, mail_id: str) -> bool | None:
        """Say whether it went; None where that cannot be known.

        False says that no trace was found. It does not let anybody send it again.
        """
        ...


class NoWitness:
    """Where nobody can be asked."""

    def saw(self, identity: Identity, channel: Channel, mail_id: str) -> bool | None:
        """Know nothing."""
        del identity, channel, mail_id
        return None
