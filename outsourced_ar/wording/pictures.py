"""Logos: a PNG or a JPEG that is whole, its size, and how it is named in a mail.

A picture that mail programs or the letter's compiler could not draw is none: a broken
file must not stop the messages of a night.
"""

import struct
import zlib
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import Final

from ledger.identities import Identity

BYTES_MAX: Final = 200_000
SIDE_MAX: Final = 2_000
"""Pixels; a larger picture costs more to draw than a letterhead is worth."""
MAIL_WIDTH_MAX: Final = 200
MAIL_HEIGHT_MAX: Final = 48

PNG: Final = "image/png"
JPEG: Final = "image/jpeg"
_PNG_BEGIN: Final = b"\x89PNG\r\n\x1a\n"
_PNG_CHUNK_MIN: Final = 12
_DEEPEST: Final = 9
"""Bytes a pixel unpacks to at most: four of 16 bits, and the line's filter."""
_JPEG_BEGIN: Final = b"\xff\xd8\xff"
_JPEG_END: Final = b"\xff\xd9"
_SOF: Final = frozenset({0xC0, 0xC1, 0xC2})
"""Frames that everybody draws: baseline, extended and progressive."""
_SOS: Final = 0xDA
_RGB: Final = frozenset({1, 3})
"""Grey and colour; four components would be inks for print."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture, and how large it is in pixels."""

    media_type: str
    width: int
    height: int
    content: bytes

    @property
    def name(self) -> str:
        """A file's name that is of exactly this picture."""
        ending = "png" if self.media_type == PNG else "jpg"
        return f"logo-{sha256(self.content).hexdigest()[:16]}.{ending}"

    def fitted(self) -> tuple[int, int]:
        """Return width and height in a mail: its shape is kept, and never enlarged."""
        scale = min(1, MAIL_WIDTH_MAX / self.width, MAIL_HEIGHT_MAX / self.height)
        return max(1, round(self.width * scale)), max(1, round(self.height * scale))


@lru_cache(maxsize=64)
def picture_of(content: bytes) -> Picture | None:
    """Return a picture; None where it is no whole PNG or JPEG, or too large."""
    if len(content) > BYTES_MAX:
        return None
    try:
        found = _png(content) or _jpeg(content)
    except (struct.error, zlib.error, IndexError):
        return None
    if found is None or min(found.width, found.height) < 1:
        return None
    return None if max(found.width, found.height) > SIDE_MAX else found


def logo_of(identity: Identity) -> Picture | None:
    """Return an identity's logo, if it can be drawn."""
    return picture_of(identity.logo) if identity.logo else None


def is_logo_sent(name: str, content: bytes) -> bool:
    """Say whether a file is a logo that a mail brought along: its name is of itself."""
    found = picture_of(content) if name.startswith("logo-") else None
    return found is not None and found.name == name


def content_id(picture: Picture, identity: Identity) -> str:
    """Return how a mail of a sender names a picture it brings along (RFC 2392)."""
    return f"{picture.name}@{identity.domain}"


def _png(content: bytes) -> Picture | None:
    """Read a PNG: every chunk's check sum holds, and what is drawn unpacks."""
    if not content.startswith(_PNG_BEGIN):
        return None
    at, packed, size = len(_PNG_BEGIN), bytearray(), (0, 0)
    while at + _PNG_CHUNK_MIN <= len(content):
        length, kind = struct.unpack_from(">I4s", content, at)
        body = content[at + 8 : at + 8 + length]
        (check,) = struct.unpack_from(">I", content, at + 8 + length)
        if check != zlib.crc32(kind + body):
            return None
        if kind == b"IHDR":
            size = struct.unpack_from(">II", body)
        elif kind == b"IDAT":
            packed += body
        elif kind == b"IEND":
            unpacker = zlib.decompressobj()
            unpacker.decompress(bytes(packed), SIDE_MAX * SIDE_MAX * _DEEPEST)
            return Picture(PNG, *size, content) if unpacker.eof else None
        at += _PNG_CHUNK_MIN + length
    return None


def _jpeg(content: bytes) -> Picture | None:
    """Read a JPEG's frame; it goes on to its end."""
    if not content.startswith(_JPEG_BEGIN):
        return None
    if not content.rstrip(b"\0").endswith(_JPEG_END):
        return None
    at, size = 2, (0, 0)
    while content[at] == 0xFF:  # noqa: PLR2004 - how a marker begins
        marker, (length,) = content[at + 1], struct.unpack_from(">H", content, at + 2)
        if marker in _SOF:
            _, height, width, inks = struct.unpack_from(">BHHB", content, at + 4)
            size = (width, height) if inks in _RGB else (0, 0)
        if marker == _SOS:
            return Picture(JPEG, *size, content)
        at += 2 + length
    return None
