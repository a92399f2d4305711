"""Where the details of the product's own faults go: a file, never the screen."""

import traceback
from datetime import UTC
from pathlib import Path

from app.clock import SystemClock
from config.settings import Settings

FOLDER = "logs"
FILE = "faults.log"
BYTES_MAX = 5_000_000


def keep_traceback(error: BaseException) -> str:
    """Append an error's traceback to the log; say where it is.

    Tracebacks hold code and messages, not the values of variables.
    """
    try:
        folder = Settings().home / FOLDER
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = folder / FILE
        _turn_over(path)
        stamp = SystemClock().now().astimezone(UTC).isoformat()
        with path.open("a", encoding="utf-8") as file:
            file.write(f"{stamp}\n{''.join(traceback.format_exception(error))}\n")
    except OSError:
        return "The details could not be written down."
    return f"The details are in {path}."


def _turn_over(path: Path) -> None:
    if path.exists() and path.stat().st_size > BYTES_MAX:
        path.replace(path.with_suffix(".old.log"))
