"""Names of the books, made fit to stand in a sentence, a header or a heading."""

import re
import unicodedata
from functools import lru_cache
from typing import Final

_BLANKS: Final = re.compile(r"[ \t\r\n\v\f\x85\u2028\u2029]+")
_NOT_SHOWN: Final = frozenset({"Cc", "Cf", "Cs", "Co"})
_JOINERS: Final = frozenset("\u200c\u200d")


@lru_cache(maxsize=65_536)
def plain(text: str) -> str:
    """Return a text on one line, without signs that are not shown.

    A line break in a debtor's name would end a header, and signs that turn the
    direction of writing would show another name than there is.
    """
    line = _BLANKS.sub(" ", text).strip()
    if line.isascii() and line.isprintable():
        return line
    return "".join(
        one
        for one in line
        if one in _JOINERS or unicodedata.category(one) not in _NOT_SHOWN
    )
