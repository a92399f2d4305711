"""Where words come from: what the night asks of whoever writes its messages."""

from collections.abc import Mapping
from typing import Protocol

from ledger.errors import ConfigurationError
from ledger.reminders import Message
from outsourced_ar.known.demand import Demand
from outsourced_ar.known.facts import DebtorFacts, Speech, Tonight


class MissingTextError(ConfigurationError):
    """What is to be said has no words in the debtor's language.

    Attributes:
        language: The language that is missing something.
        what: The text that is missing, as its authors call it.
    """

    def __init__(self, *, language: str, what: str) -> None:
        """Name both."""
        super().__init__(
            f"There is no {what} in the language {language!r}.",
            remedy="Write it, or name a fallback language for the debtor's country.",
        )
        self.language = language
        self.what = what


class Composer(Protocol):
    """Puts what is to be said into words."""

    def compose(
        self,
        speech: Speech,
        facts: DebtorFacts,
        tonight: Tonight,
        *,
        demand: Demand | None = None,
    ) -> Message:
        """Return the message, planned and without a number.

        The same speech over the same facts makes the same message, its Message-ID
        included. The night adds which earlier message it follows.

        Raises:
            MissingTextError: A text is missing; nothing is said in another language.
        """
        ...

    def outcomes(self, language: str) -> Mapping[str, str]:
        """Return the codes of how a call may end, with what the caller reads."""
        ...
