"""A person with a browser elsewhere, who gives a consent and pastes its answer."""

import os
import subprocess
from pathlib import Path

import httpx

from tests.cli.command_line import COMMAND, Desk


def consent(desk: Desk, slug: str, *options: str | Path) -> tuple[int, str]:
    """Connect with a browser elsewhere: open the address there, paste what it got."""
    with subprocess.Popen(
        [
            *(COMMAND, "--today", desk.today, "connect", slug, "xero"),
            *("--no-browser", "--port", "0", *map(str, options)),
        ],
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(desk.home.parent),
            "LANG": "C.UTF-8",
            "DUEBRIDGE_HOME": str(desk.home),
        },
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        said = ""
        for line in process.stdout:
            said += line
            if line.strip().startswith("http"):
                answer = httpx.get(line.strip(), follow_redirects=False)
                process.stdin.write(f"{answer.headers['location']}\n")
                process.stdin.flush()
                break
        said += process.stdout.read()
        return process.wait(), said
