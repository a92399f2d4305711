"""The watcher: stops the private PostgreSQL when nobody has used it for a while.

Every user of the server holds a shared lock on one file, which ends with the user
however that dies. The watcher is a process of its own that takes the same lock alone
from time to time: where it succeeds, there are no users. It is told apart by a second
lock that it holds as long as it lives.
"""

import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from app.postgres.cluster import Cluster
from app.postgres.files import FileLock, LockMode
from app.postgres.programs import Programs, launch, system_account
from ledger.errors import DuebridgeError

WATCH_PERIOD_S: Final = 0.25
"""How often the watcher looks; a look costs one system call."""

# What a Python interpreter may need to start; nothing else of the caller's environment
# is to stay in a process that outlives it.
_ENVIRONMENT_KEPT: Final = (
    *("PATH", "HOME", "LANG", "LC_ALL", "PYTHONHOME"),
    *("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"),
)


def users_lock(folder: Path) -> FileLock:
    """Return the lock that users of the server share."""
    return FileLock(folder / "users.lock")


def watcher_lock(folder: Path) -> FileLock:
    """Return the lock that the watcher holds."""
    return FileLock(folder / "watcher.lock")


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """What a watcher watches over.

    Attributes:
        lock_folder: The folder of the locks.
        cluster: The cluster whose server it stops.
        programs: What stops it.
        idle_stop_s: How long nobody may have used it.
    """

    lock_folder: Path
    cluster: Cluster
    programs: Programs
    idle_stop_s: float

    def ensure(self) -> None:
        """Start the watcher unless one lives."""
        lock = watcher_lock(self.lock_folder)
        if not lock.acquire(LockMode.EXCLUSIVE):
            return
        # The watcher inherits the lock and so has it from its first moment: whoever
        # looks next sees that it lives, however long its start takes.
        try:
            with self.cluster.open_log() as log:
                launch(
                    [
                        *(sys.executable, "-P", "-m", __name__),
                        *(self.lock_folder, self.cluster.folder, self.programs.folder),
                        *(str(self.idle_stop_s), str(lock.file)),
                    ],
                    environment=_environment(),
                    log=log,
                    inherited=[lock.file],
                )
        finally:
            lock.release()

    def run(self, lock: FileLock) -> None:
        """Wait until the server has been idle long enough, stop it and return."""
        users = users_lock(self.lock_folder)
        # Once and for all: somebody may remove the home, but its users still hold this.
        users.open()
        last_use_ns, idle_since = 0, time.monotonic()
        while True:
            self.cluster.rotate_log()
            if not users.acquire(LockMode.EXCLUSIVE):
                last_use_ns = 0
            elif self.cluster.server() is None:
                break
            elif users.touched_ns() != last_use_ns:
                last_use_ns, idle_since = users.touched_ns(), time.monotonic()
            elif time.monotonic() - idle_since >= self.idle_stop_s and self._stop():
                break
            if users.held:
                users.pause()
            time.sleep(WATCH_PERIOD_S)
        # In this order: whoever waits for the server must find that nobody watches.
        lock.release()
        users.release()

    def _stop(self) -> bool:
        # While it stops we hold the users' lock, so that newcomers wait.
        try:
            self.cluster.stop(self.programs)
        except DuebridgeError as error:
            os.write(sys.stderr.fileno(), f"{error.user_message}\n".encode())
            return False
        return True


def main(arguments: list[str]) -> None:
    """Watch over one server, as `Watch.ensure` starts it."""
    lock_folder, cluster, programs, idle_stop_s, lock = arguments
    account = system_account(commands=()) if os.geteuid() == 0 else None
    watch = Watch(
        lock_folder=Path(lock_folder),
        cluster=Cluster(Path(cluster)),
        programs=Programs(Path(programs), account),
        idle_stop_s=float(idle_stop_s),
    )
    watch.run(FileLock.inherit(watcher_lock(watch.lock_folder).path, int(lock)))


def _environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in _ENVIRONMENT_KEPT if name in os.environ}
    # The watcher finds the product where this process found it.
    found = [os.path.abspath(folder) for folder in sys.path]  # noqa: PTH100
    return kept | {"PYTHONPATH": os.pathsep.join(found)}


if __name__ == "__main__":
    main(sys.argv[1:])
