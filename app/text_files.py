"""Files that a person wrote: read as UTF-8, or refused in words."""

from pathlib import Path

from ledger.errors import RequestError


def text_of(file: Path) -> str:
    """Return a file's text.

    Raises:
        RequestError: It cannot be read.
    """
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RequestError(
            f"{file} cannot be read: {error}.", remedy="Name another file."
        ) from error
