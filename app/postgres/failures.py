"""Why the private database does not start, in words for the person at the screen."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from errno import EDQUOT, ENOSPC
from pathlib import Path
from typing import Final

from ledger.errors import ConfigurationError, RetryableError

OWN_SERVER_REMEDY: Final = (
    "set DUEBRIDGE_DATABASE_URL to a PostgreSQL server of your own"
)
SYSTEM_FOLDER: Final = Path("/var/lib/duebridge")
"""Where programs and clusters lie when root starts the server."""
LINES_SHOWN_MAX: Final = 10

_FULL: Final = ("No space left on device", "Disk quota exceeded")
# Linux says "no space" also when /dev/shm is too small, as in containers.
_SHARED_MEMORY: Final = "shared memory segment"


class UnusableProgramsError(ConfigurationError):
    """The PostgreSQL that comes with the product does not run here."""

    def __init__(self, message: str) -> None:
        """Say what is wrong and name the way without it."""
        super().__init__(
            message,
            remedy="Install the product again on a platform that its PostgreSQL "
            f"supports (Linux or macOS, 64 bits), or {OWN_SERVER_REMEDY}.",
        )


class IdentityError(ConfigurationError):
    """Root may not run a program as the system user."""

    def __init__(self, reason: str) -> None:
        """Pass on the reason of the operating system."""
        super().__init__(
            "PostgreSQL refuses to run as root, and here root may not run it as "
            f"another user: {reason}.",
            remedy="Give the container the capabilities SETUID and SETGID, run the "
            f"product as an ordinary user, or {OWN_SERVER_REMEDY}.",
        )


class DiskFullError(ConfigurationError):
    """The private database does not fit on its disk."""

    def __init__(self, folder: Path) -> None:
        """Name the folder and what is free there."""
        nearest = next(path for path in (folder, *folder.parents) if path.exists())
        free_mb = shutil.disk_usage(nearest).free // 1_000_000
        super().__init__(
            f"The disk of {folder} has too little space for the private database "
            f"({free_mb} MB free).",
            remedy="Free some space (a new database takes about 100 MB), "
            f"{_elsewhere(folder)}, or {OWN_SERVER_REMEDY}.",
        )


class ForeignVersionError(ConfigurationError):
    """The data folder was written by another version of PostgreSQL."""

    def __init__(self, folder: Path, *, found: str, ours: str) -> None:
        """Name both versions."""
        super().__init__(
            f"The private database in {folder} was written by PostgreSQL {found}, "
            f"but this version of the product runs PostgreSQL {ours}.",
            remedy=f"Dump it with pg_dumpall of PostgreSQL {found}, move the folder "
            f"away and load the dump into the new one, or {OWN_SERVER_REMEDY}.",
        )


class BusyError(RetryableError):
    """Another process holds the private database longer than we wait."""

    def __init__(self, what: str, *, waited_s: float) -> None:
        """Say what was waited for."""
        super().__init__(
            f"The private database is not ready: {what} for {waited_s:.0f} seconds.",
            remedy="Wait a minute and try again.",
        )


def explain_failure(said: str, folder: Path) -> ConfigurationError:
    """Turn what PostgreSQL said before it gave up into an error.

    Args:
        said: The output of the program, or the end of the server's log.
        folder: The folder of the cluster.
    """
    lines = [line.rstrip() for line in said.splitlines() if line.strip()]
    if any(
        full in line and _SHARED_MEMORY not in line for line in lines for full in _FULL
    ):
        return DiskFullError(folder)
    shown = "\n".join(lines[-LINES_SHOWN_MAX:]) or "(it said nothing)"
    return ConfigurationError(
        f"The private PostgreSQL in {folder} gave up. Its last words:\n{shown}\n",
        remedy=f"Mend what they name and try again, or {OWN_SERVER_REMEDY}.",
    )


@contextmanager
def explained(folder: Path) -> Iterator[None]:
    """Turn a refusal of the operating system into an error that says what to do."""
    try:
        yield
    except shutil.Error as error:
        # A copy of many files keeps its causes as texts.
        reasons = "\n".join(str(reason) for *_, reason in error.args[0])
        raise explain_failure(reasons, folder) from error
    except OSError as error:
        if error.errno in {ENOSPC, EDQUOT}:
            raise DiskFullError(folder) from error
        where = f" ({error.filename})" if error.filename else ""
        raise ConfigurationError(
            f"The private database in {folder} cannot be used: "
            f"{error.strerror or error}{where}.",
            remedy="Let the user that runs the product write there and, if it is root, "
            f"change owners, {_elsewhere(folder)}, or {OWN_SERVER_REMEDY}.",
        ) from error


def _elsewhere(folder: Path) -> str:
    if folder.is_relative_to(SYSTEM_FOLDER):
        return "run the product as an ordinary user"
    return "set DUEBRIDGE_HOME to another folder"
