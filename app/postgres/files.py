"""Files of the private database: private to their owner, written whole, locked."""

import fcntl
import os
import pwd
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import IntEnum
from pathlib import Path
from typing import Final, Self

from app.postgres.failures import BusyError
from ledger.errors import ConfigurationError

LOCK_POLL_S: Final = 0.02


class LockMode(IntEnum):
    """How a file is locked."""

    SHARED = fcntl.LOCK_SH  # together with others
    EXCLUSIVE = fcntl.LOCK_EX  # alone


class ForeignFolderError(ConfigurationError):
    """A folder of the private database belongs to somebody else."""

    def __init__(self, folder: Path, *, owner: int) -> None:
        """Name the folder and both users."""
        super().__init__(
            f"{folder} belongs to {_user_name(owner)}, but the product runs as "
            f"{_user_name(os.geteuid())}.",
            remedy="Run it as the same user every time, or set DUEBRIDGE_HOME to "
            "another folder.",
        )


class FileLock:
    """A lock on a file that ends with its holder, however that dies."""

    def __init__(self, path: Path) -> None:
        """Name the file; it is made when it is first needed."""
        self.path = path
        self.held = False
        self._file: int | None = None

    @classmethod
    def inherit(cls, path: Path, file: int) -> Self:
        """Take over a lock that the parent process took for us."""
        lock = cls(path)
        lock.held = True
        lock._file = file
        return lock

    @property
    def file(self) -> int:
        """The open file that carries the lock."""
        assert self._file is not None
        return self._file

    def open(self) -> None:
        """Keep the file open until `release`, even if its folder is removed."""
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW
        self._file = os.open(self.path, flags, 0o600)

    def acquire(self, mode: LockMode, *, wait_s: float = 0) -> bool:
        """Take the lock, or say that others did not let go of it in time."""
        assert not self.held
        kept_open = self._file is not None
        if not kept_open:
            self.open()
        try:
            self.held = _lock(self.file, mode, wait_s=wait_s)
        finally:
            if not self.held and not kept_open:
                self.release()
        return self.held

    def pause(self) -> None:
        """Let go of the lock, but keep its file open."""
        fcntl.flock(self.file, fcntl.LOCK_UN)
        self.held = False

    def release(self) -> None:
        """Let go of the lock; a child process that inherited it keeps it."""
        # Unlocking would take it away from the child, closing does not.
        self.held = False
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def touch(self) -> None:
        """Leave a trace in the file's time, so that short uses are seen too."""
        os.utime(self.file)

    def touched_ns(self) -> int:
        """Return when somebody last left a trace."""
        return os.fstat(self.file).st_mtime_ns


@contextmanager
def locked(path: Path, *, wait_s: float, busy: str) -> Iterator[None]:
    """Hold a file's lock alone, or raise an error that says who is busy."""
    lock = FileLock(path)
    if not lock.acquire(LockMode.EXCLUSIVE, wait_s=wait_s):
        raise BusyError(busy, waited_s=wait_s)
    try:
        yield
    finally:
        lock.release()


def make_folder(folder: Path) -> None:
    """Make a folder and the missing ones above it, all for their owner only."""
    if not folder.is_dir():
        make_folder(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)


def make_own_folder(folder: Path) -> None:
    """Make a folder, or refuse one that another user made."""
    make_folder(folder)
    owner = folder.stat().st_uid
    if owner != os.geteuid():
        raise ForeignFolderError(folder, owner=owner)


def make_hidden_folder(folder: Path) -> bool:
    """Make a folder where everybody may write; say whether it is safely ours."""
    # A link or a folder that somebody else put there first would lead us to them.
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    found = folder.lstat()
    return (
        stat.S_ISDIR(found.st_mode)
        and found.st_uid == os.geteuid()
        and not found.st_mode & 0o077
    )


def write_file(path: Path, text: str, *, mode: int = 0o600) -> None:
    """Replace a file so that it is whole whenever we or the machine stop."""
    with tempfile.NamedTemporaryFile(
        "w",
        prefix=f".{path.name}-",
        dir=path.parent,
        encoding="utf-8",
        errors="surrogateescape",
        delete=False,
    ) as new:
        try:
            new.write(text)
            new.flush()
            os.fchmod(new.fileno(), mode)
            os.fsync(new.fileno())
            Path(new.name).replace(path)
        except OSError:
            Path(new.name).unlink(missing_ok=True)
            raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder outlive a power cut."""
    file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def _lock(file: int, mode: LockMode, *, wait_s: float) -> bool:
    deadline = time.monotonic() + wait_s
    while True:
        try:
            fcntl.flock(file, mode | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                return False
            time.sleep(LOCK_POLL_S)
        else:
            return True


def _user_name(user_id: int) -> str:
    try:
        return f"user {pwd.getpwuid(user_id).pw_name}"
    except KeyError:
        return f"user number {user_id}"
