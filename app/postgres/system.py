"""Clusters of root's: outside the home folder, under a system user.

PostgreSQL refuses to run as root, and its user may not reach root's home folders. So
the home keeps only an id, and `/var/lib/duebridge/<id>` keeps the cluster and a note
that names the home.
"""

import os
import secrets
import shutil
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from app.postgres.cluster import Cluster
from app.postgres.failures import SYSTEM_FOLDER, explained
from app.postgres.files import locked, write_file
from app.postgres.programs import Programs, shared_programs
from ledger.errors import ConfigurationError

SYSTEM_LOCK_WAIT_S: Final = 60
CLUSTER_ID_BYTES: Final = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Orphan:
    """A cluster whose home is gone.

    Attributes:
        folder: The cluster's folder.
        home: The home folder that it belonged to.
        size_bytes: What it takes on the disk.
    """

    folder: Path
    home: Path
    size_bytes: int


class CopiedHomeError(ConfigurationError):
    """Two home folders claim one cluster."""

    def __init__(self, home: Path, *, original: Path) -> None:
        """Name both."""
        super().__init__(
            f"{home} is a copy of {original}, whose database is not inside the folder.",
            remedy=f"Use {original}, or remove {lock_folder_of(home)} to begin with an "
            "empty database.",
        )


def lock_folder_of(home: Path) -> Path:
    """Return the folder of the database's files inside a home."""
    return home.resolve() / "postgres"


def existing_cluster(home: Path) -> Cluster | None:
    """Return the cluster that a home of root's names, or None before its first use."""
    identity = _identity(home)
    return Cluster(SYSTEM_FOLDER / identity) if identity else None


def ensure_cluster(home: Path) -> tuple[Cluster, Programs]:
    """Return the cluster of a home of root's and the programs that can reach it.

    Two processes may not do this at once for one home.
    """
    identity = _identity(home)
    if identity is None:
        # First in the home, then in the system: what nobody names is never left over.
        identity = secrets.token_hex(CLUSTER_ID_BYTES)
        write_file(_identity_file(home), identity)
    with explained(SYSTEM_FOLDER):
        _make_open_folder(SYSTEM_FOLDER, 0o755)
        with _system_lock():
            folder = SYSTEM_FOLDER / identity
            _make_open_folder(folder, 0o711)
            _note_home(folder, home.resolve())
            return Cluster(folder), shared_programs()


def orphans() -> list[Orphan]:
    """Find clusters of root's whose home is gone; nobody but root sees any."""
    if os.geteuid() != 0 or not SYSTEM_FOLDER.is_dir():
        return []
    with explained(SYSTEM_FOLDER), _system_lock():
        found = []
        for note in sorted(SYSTEM_FOLDER.glob("*/home")):
            folder, home = note.parent, _home_of(note.parent)
            if _identity(home) != folder.name:
                size = Cluster(folder).size_bytes()
                found.append(Orphan(folder=folder, home=home, size_bytes=size))
        return found


def remove_orphan(orphan: Orphan) -> None:
    """Stop an orphan's server and remove its data for good.

    With the last cluster the copies of PostgreSQL's programs go too.
    """
    folder = orphan.folder
    with explained(folder), _system_lock():
        if _identity(_home_of(folder)) == folder.name:
            raise ConfigurationError(
                f"{folder} is no orphan: {orphan.home} is there again.",
                remedy="Nothing was removed.",
            )
        cluster = Cluster(folder)
        cluster.stop(shared_programs())
        # The note goes last: cut half-way, it is still an orphan.
        for part in folder.iterdir():
            if part.is_dir():
                shutil.rmtree(part)
        shutil.rmtree(folder)
        if not any(SYSTEM_FOLDER.glob("*/home")):
            for copy in SYSTEM_FOLDER.glob("postgresql-*"):
                shutil.rmtree(copy)


def _system_lock() -> AbstractContextManager[None]:
    return locked(
        SYSTEM_FOLDER / "lock",
        wait_s=SYSTEM_LOCK_WAIT_S,
        busy=f"another process has been working in {SYSTEM_FOLDER}",
    )


def _identity_file(home: Path) -> Path:
    return lock_folder_of(home) / "cluster"


def _identity(home: Path) -> str | None:
    try:
        identity = _identity_file(home).read_text("ascii")
    except (FileNotFoundError, NotADirectoryError):
        return None
    if len(identity) != 2 * CLUSTER_ID_BYTES or not identity.isalnum():
        raise ConfigurationError(
            f"{_identity_file(home)} is damaged: it names the cluster of this home.",
            remedy=f"Write the name of its folder in {SYSTEM_FOLDER} into it.",
        )
    return identity


def _home_of(folder: Path) -> Path:
    return Path((folder / "home").read_text("utf-8", "surrogateescape"))


def _note_home(folder: Path, home: Path) -> None:
    with suppress(FileNotFoundError):
        noted = _home_of(folder)
        if noted == home:
            return
        # Another name: either the home was moved or it was copied.
        if _identity(noted) == folder.name and not noted.samefile(home):
            raise CopiedHomeError(home, original=noted)
    write_file(folder / "home", str(home))


def _make_open_folder(folder: Path, mode: int) -> None:
    folder.mkdir(mode=mode, parents=True, exist_ok=True)
    # The umask, or a kill just here, may have left it closed.
    if folder.stat().st_mode & mode != mode:
        folder.chmod(mode)
