"""The installed command, run as a person runs it: words in, words and a code out."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from app.postgres import system as postgres_system
from app.postgres.cluster import Cluster
from app.postgres.programs import find_programs, shared_programs
from app.postgres.server import orphans, remove_orphan
from app.postgres.system import lock_folder_of
from ledger.errors import ConfigurationError

DONE, FAILED, USAGE, LEFT_OVER = 0, 1, 2, 3
PATIENCE_S = 20
AT_ONCE = 2
COMMAND = Path(sys.executable).with_name("duebridge")
ESCAPE = b"\x1b"
REMEDY = "→ "


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command said, and how it ended."""

    arguments: tuple[str, ...]
    code: int
    out: bytes
    said: str

    @property
    def text(self) -> str:
        """Return standard output as text."""
        return self.out.decode()

    @property
    def json(self) -> dict[str, Any]:
        """Return standard output as JSON; a number with decimals is text in it."""
        found = json.loads(self.out, parse_float=_no_float)
        assert isinstance(found, dict)
        return found


def _no_float(text: str) -> None:
    raise AssertionError(f"a bare number with decimals: {text}")


@dataclass(frozen=True, slots=True)
class Desk:
    """A home folder and somebody who types commands there.

    Attributes:
        today: The business day, where a command does not say.
        settings: Environment variables of the product.
    """

    home: Path
    today: str = "2026-04-10"
    settings: Mapping[str, str] = field(default_factory=dict)

    def run(self, *arguments: str | Path) -> Answer:
        """Run a command, without a terminal."""
        words = tuple(map(str, arguments))
        if "--today" not in words:
            words = ("--today", self.today, *words)
        done = subprocess.run(
            [COMMAND, *words],
            env=self._environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
        return Answer(words, done.returncode, done.stdout, done.stderr.decode())

    def run_unread(self, *arguments: str | Path) -> None:
        """Run a command whose standard output nobody reads to the end."""
        reading, writing = os.pipe()
        os.close(reading)
        try:
            subprocess.run(
                [COMMAND, "--today", self.today, *map(str, arguments)],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=writing,
                stderr=subprocess.DEVNULL,
                check=False,
            )
        finally:
            os.close(writing)

    @property
    def _environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home.parent),
            "LANG": "C.UTF-8",
            "DUEBRIDGE_HOME": str(self.home),
            **self.settings,
        }

    def run_all(
        self, commands: Mapping[str, Sequence[str | Path]]
    ) -> dict[str, Answer]:
        """Run commands that do not depend on each other, some at once."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            answers = pool.map(lambda words: self.run(*words), commands.values())
            return dict(zip(commands, answers, strict=True))

    def expect(self, code: int, *arguments: str | Path) -> Answer:
        """Run a command that must end with a code."""
        answer = self.run(*arguments)
        assert answer.code == code, answer
        return answer

    def add_tenant(self, slug: str) -> None:
        """Add a tenant in Berlin that keeps its books in euros."""
        options = "--currency EUR --country DE --timezone Europe/Berlin --language en"
        name = f"{slug.title()} Ltd"
        self.expect(DONE, "tenant", "add", slug, "--name", name, *options.split())

    def connect(self, slug: str, path: Path, profile: Path, *more: str) -> Answer:
        """Connect a tenant to its files."""
        places = ("--path", path, "--profile", profile)
        return self.expect(DONE, "connect", slug, "files", *places, *more)

    def dispose(self) -> None:
        """Stop the home's server and remove every trace of it."""
        locks = lock_folder_of(self.home)
        if os.geteuid() == 0:
            cluster = postgres_system.existing_cluster(self.home)
            programs = shared_programs() if cluster else None
        else:
            cluster = Cluster(locks) if locks.is_dir() else None
            programs = find_programs() if cluster else None
        if cluster is not None and programs is not None:
            cluster.stop(programs)
        shutil.rmtree(self.home, ignore_errors=True)
        deadline = time.monotonic() + PATIENCE_S
        while left := [one for one in orphans() if one.home == self.home]:
            assert time.monotonic() < deadline, left
            for one in left:
                with suppress(ConfigurationError):
                    remove_orphan(one)
            time.sleep(0.05)


def assert_is_refused(answer: Answer, code: int, *told: str) -> None:
    """Check an error: its code, what it names, what to do, nothing of the inside."""
    assert answer.code == code, answer
    assert "Traceback" not in answer.said
    assert "Something went wrong inside" not in answer.said
    assert answer.out == b""
    for word in told:
        assert word in answer.said, answer
    # What to do: a remedy, or where the words of a command line stand.
    assert re.search(rf"^{REMEDY}\S|--help|--all", answer.said, re.MULTILINE), answer
