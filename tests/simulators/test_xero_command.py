"""The command: serves the simulator by hand until it is interrupted."""

import re
import signal
import subprocess
import sys
from typing import Final

import httpx

HEADER: Final = re.compile(r"-H '([^:]+): ([^']+)'")
ADDRESS: Final = re.compile(r"'(http://127\.0\.0\.1:\d+/api[^']+)'")


def _interruptible() -> None:
    """Undo what a shell does to commands in its background."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_the_command_serves_until_interrupted() -> None:
    """It prints a curl command that works at once, on books of the day it is told."""
    script = "import sys; sys.argv[0] = 'duebridge'; from app.cli import main; main()"
    words = ["simulator", "xero", "--port", "0", "--invoices", "25"]
    with subprocess.Popen(
        [sys.executable, "-c", script, *words, "--now", "2026-01-15T09:00:00Z"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=_interruptible,  # noqa: PLW1509 - no thread of ours runs yet
    ) as running:
        assert running.stdout is not None
        try:
            line = ""
            while not line.startswith("curl"):
                line = running.stdout.readline()
                assert line, "it ended before it served"
            (address,) = ADDRESS.findall(line)
            answer = httpx.get(address, headers=dict(HEADER.findall(line)))
        finally:
            running.send_signal(signal.SIGINT)
            code = running.wait(20)

    assert answer.json()["pagination"]["itemCount"] == 25
    assert answer.headers["date"].startswith("Thu, 15 Jan 2026 09:0")
    assert code == 130
