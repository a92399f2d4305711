"""Addresses and names as mail may carry them: nothing in them makes a header line."""

import re
from email.header import Header
from functools import lru_cache

from ledger.errors import RecordError

ADDRESS_CHARS_MAX = 254
LOCAL_CHARS_MAX = 64
LINE_CHARS = 76
"""As RFC 2047 has it for lines that hold encoded words."""

WORD_CHARS_MAX = 60
"""What is longer without a space is encoded, as it could not be folded."""

DEVIATING = frozenset("\u00df\u03c2\u200c\u200d")
"""Letters that the older and the newer rules of IDNA write as different domains."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")
_DOT_ATOM = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
)
_LABELS = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)(\.(?!-)[A-Za-z0-9-]{1,63}(?<!-))*")
_PLAIN = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+")


class UnsafeHeaderError(RecordError):
    """A text that goes into a header holds a line break or another control sign."""

    def __init__(self, what: str) -> None:
        """Name the header, not the text: it may be somebody's address."""
        super().__init__(
            f"{what} holds a line break or another control character.",
            remedy="Correct it where it was entered, in the books or as a contact.",
        )


class BadAddressError(RecordError):
    """An e-mail address is none, or one that no mail can be sent to from here."""

    def __init__(self, what: str, reason: str) -> None:
        """Say where it stands and what is wrong, without the address."""
        super().__init__(
            f"{what} is no address mail can be sent to: {reason}.",
            remedy="Correct the address in the books or at the contact.",
        )


def one_line(text: str, what: str) -> str:
    """Return a text that may stand in a header.

    Raises:
        UnsafeHeaderError: It would end the line, or holds control characters.
    """
    if _CONTROL.search(text):
        raise UnsafeHeaderError(what)
    return text


@lru_cache(maxsize=1024)
def address(text: str, what: str) -> str:
    """Return an address in the form that each mail server understands.

    The domain's own letters are put in ASCII; in front of the `@` that cannot be done.

    Raises:
        BadAddressError: It is none.
    """
    one_line(text, what)
    local, at, domain = text.strip().rpartition("@")
    if not at or not local or not domain:
        raise BadAddressError(what, "it has no two parts around an @")
    if not local.isascii():
        raise BadAddressError(what, "letters outside of ASCII stand before its @")
    if not _DOT_ATOM.fullmatch(local) or len(local) > LOCAL_CHARS_MAX:
        raise BadAddressError(what, "what stands before its @ is not allowed there")
    if set(domain.lower()) & DEVIATING:
        raise BadAddressError(what, "give its domain in ASCII (xn--…)")
    try:
        plain = domain.encode("idna").decode("ascii").lower()
    except UnicodeError as error:
        raise BadAddressError(what, "its domain cannot be written") from error
    if not _LABELS.fullmatch(plain) or "." not in plain:
        raise BadAddressError(what, "its domain is none")
    if len(local) + len(plain) + 1 > ADDRESS_CHARS_MAX:
        raise BadAddressError(what, "it is too long")
    return f"{local}@{plain}"


def mailbox(name: str, email: str, what: str) -> str:
    """Write a name with its address, as a header's value in lines that are kept short.

    Raises:
        UnsafeHeaderError: The name holds a line break.
        BadAddressError: The address is none.
    """
    where = f"<{address(email, what)}>"
    shown = one_line(name, f"The name in {what}").strip()
    if not shown:
        return where.strip("<>")
    if not shown.isascii() or "=?" in shown or len(shown) > WORD_CHARS_MAX:
        shown = _words(shown, used=len(what) + 2)
    elif not _PLAIN.fullmatch(shown):
        escaped = shown.replace("\\", "\\\\").replace('"', '\\"')
        shown = f'"{escaped}"'
    last = f"{what}: {shown}".rpartition("\n")[2]
    joint = " " if len(last) + 1 + len(where) <= LINE_CHARS else "\r\n "
    return f"{shown}{joint}{where}"


def encoded(text: str, *, used: int) -> str:
    """Write a text as encoded words on lines of their own; ASCII is folded at spaces.

    Args:
        text: One line.
        used: How much of the first line the header's name takes.
    """
    plain = text.isascii() and "=?" not in text
    if plain and any(len(word) > WORD_CHARS_MAX for word in text.split(" ")):
        # Encoded words can be broken anywhere.
        plain = False
    if plain and len(text) + used <= LINE_CHARS:
        return text
    return _words(text, used=used, charset="us-ascii" if plain else "utf-8")


def _words(text: str, *, used: int, charset: str = "utf-8") -> str:
    # The header adds a colon and a space to its name.
    name = "x" * (used - 2)
    header = Header(text, charset, maxlinelen=LINE_CHARS, header_name=name)
    return header.encode(linesep="\r\n")
