"""Foreign programs: installed once into environments of their own, run beside us.

They are run as separate processes and never imported here, whatever their licence.
"""

import fcntl
import hashlib
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

CACHE: Final = Path(__file__).parents[2] / ".live"
"""Where they are installed; it may be deleted at any time."""
RUN_MAX_S: Final = 240
START_MAX_S: Final = 60
STOP_MAX_S: Final = 10

Command = Sequence[str | Path]


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Let no other run of the tests make anything in a folder meanwhile."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def once(place: Path, make: Callable[[Path], None]) -> None:
    """Make a folder, unless it was made whole before."""
    mark = place / "done"
    if not mark.exists():
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        make(place)
        mark.touch()


def environment(folder: Path, distributions: Sequence[str]) -> Path:
    """Return an environment in which distributions are installed.

    Where they cannot be, as without a network, the tests that need them are skipped.
    """
    place = folder / f"env-{digest(*distributions)}"

    def install(empty: Path) -> None:
        run([sys.executable, "-m", "venv", str(empty)])
        pip: list[str | Path] = [
            empty / "bin" / "python",
            "-m",
            "pip",
            "install",
            "--quiet",
        ]
        done = _done([*pip, "--disable-pip-version-check", *distributions])
        if done.returncode:
            why = done.stderr.strip().rpartition("\n")[2]
            pytest.skip(f"{distributions[0]} cannot be installed: {why}")

    once(place, install)
    return place


def run(command: Command, **variables: str) -> str:
    """Run a program to its end; return what it printed."""
    done = _done(command, **variables)
    assert done.returncode == 0, f"{command}: {done.stderr[-3000:]}"
    return done.stdout


@contextmanager
def serving(command: Command, port: int, log: Path, **variables: str) -> Iterator[None]:
    """Run a server on this machine until the block ends."""
    with log.open("wb") as out:
        server = subprocess.Popen(
            command,
            stdout=out,
            stderr=subprocess.STDOUT,
            env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", **variables},
        )
        try:
            _await(server, port, log)
            yield
        finally:
            server.terminate()
            try:
                server.wait(STOP_MAX_S)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait(STOP_MAX_S)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def digest(*texts: str) -> str:
    """Return a short name for what something is made of."""
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:12]


def _done(command: Command, **variables: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=RUN_MAX_S,
        check=False,
        env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", **variables},
    )


def _await(server: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    deadline = time.monotonic() + START_MAX_S
    while time.monotonic() < deadline:
        assert server.poll() is None, log.read_text(errors="replace")[-3000:]
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise AssertionError(log.read_text(errors="replace")[-3000:])
