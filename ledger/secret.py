"""Text that must not be seen: tokens, passwords, client secrets."""

import hmac
from typing import NoReturn

HIDDEN = "Secret(hidden)"


class Secret:
    """A text that shows itself only when it is asked to.

    Its repr, its text form and every format of it are the same placeholder, and it
    cannot be pickled, so that logs, errors and test reports cannot hold it.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        """Hide a text."""
        self._text = text

    def reveal(self) -> str:
        """Return the text, to be sent or sealed and not to be kept."""
        return self._text

    def __repr__(self) -> str:
        return HIDDEN

    def __format__(self, spec: str) -> str:
        return format(HIDDEN, spec)

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._text.encode(), other._text.encode())

    def __hash__(self) -> int:
        return hash((Secret, self._text))

    def __reduce__(self) -> NoReturn:
        raise TypeError(HIDDEN)
