"""The text of a paper that was kept as PDF, as far as it has any.

A scan has none. What is encrypted, broken or endless is not read, and the reason is
said: whoever wrote a file from outside decides nothing here but what it says.
"""

import io
import logging
import time
from dataclasses import dataclass
from typing import Final

BYTES_MAX: Final = 10 << 20
"""A larger file is kept and not read."""
PAGES_MAX: Final = 20
"""A letter says whose it is on its first pages."""
CHARS_MAX: Final = 100_000
SECONDS_MAX: Final = 20
"""So long a paper is read; what was read until then is kept."""
DRAWN_MAX: Final = 2 << 20
"""Bytes of what draws a page, unpacked: more takes minutes, and memory by the byte."""

ENCRYPTED: Final = "it is encrypted"
BROKEN: Final = "it cannot be read as a PDF"
EMPTY: Final = "it has no text: a scan perhaps"
SLOW: Final = "to read it takes too long"
LARGE: Final = "it is too large to be read"

# It warns of each small fault of a file, naming what stands in it.
logging.getLogger("pypdf").setLevel(logging.CRITICAL)


class _TooLongError(Exception):
    """A page is given up in its midst."""


@dataclass(frozen=True, slots=True)
class PaperText:
    """What a paper says.

    Attributes:
        why_not: Why it was not read, or not to its end; empty where it was.
    """

    text: str
    why_not: str = ""


def text_of(content: bytes) -> PaperText:
    """Return the text of a PDF; never raises, whatever it is given."""
    if len(content) > BYTES_MAX:
        return PaperText("", LARGE)
    try:
        return _read(content)
    except (RecursionError, MemoryError):
        return PaperText("", SLOW)
    except Exception:  # noqa: BLE001 - a broken file breaks a parser anywhere
        return PaperText("", BROKEN)


def _read(content: bytes) -> PaperText:
    # It loads slowly, and most runs read no papers.
    from pypdf import PdfReader  # noqa: PLC0415

    reader = PdfReader(io.BytesIO(content), strict=False)
    if reader.is_encrypted:
        return PaperText("", ENCRYPTED)
    begun = time.monotonic()

    def deadline(*_: object) -> None:
        if time.monotonic() - begun > SECONDS_MAX:
            raise _TooLongError

    said: list[str] = []
    size = 0
    for number, page in enumerate(reader.pages):
        if number >= PAGES_MAX or size >= CHARS_MAX:
            break
        if time.monotonic() - begun > SECONDS_MAX:
            return PaperText("\n".join(said), SLOW)
        drawn = page.get_contents()
        if drawn is not None and len(drawn.get_data()) > DRAWN_MAX:
            return PaperText("\n".join(said), SLOW)
        try:
            text = page.extract_text(visitor_operand_before=deadline)
        except _TooLongError:
            return PaperText("\n".join(said), SLOW)
        said.append(text[: CHARS_MAX - size])
        size += len(said[-1])
    whole = "\n".join(said)
    return PaperText(whole) if whole.strip() else PaperText("", EMPTY)
