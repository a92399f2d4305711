"""Starts processes that share a connection, and reads what they answer."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from app.postgres.server import ServerAddress
from ledger.testing import Books
from tests.integration import child_network

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "tests" / "integration" / "child_network.py"
WAIT_S = 200

Child = subprocess.Popen[str]


def start(
    server: ServerAddress, books: Books, task: str, arguments: Mapping[str, Any]
) -> Child:
    """Start a process on a connection's limits or tokens."""
    whole = {
        "tenant": books.tenant.id,
        "connection": books.connection.id,
        **arguments,
    }
    address = server.worker_url().render_as_string(hide_password=False)
    return subprocess.Popen(
        [sys.executable, str(SCRIPT), task, json.dumps(whole)],
        env={**os.environ, child_network.URL: address, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def answer(child: Child) -> Any:  # noqa: ANN401 - JSON
    """Wait for a process and return what it says."""
    out, error = child.communicate(timeout=WAIT_S)
    assert child.returncode == 0, error
    return json.loads(out)


def killed(child: Child) -> bool:
    """Wait for a process and return whether it was killed."""
    child.communicate(timeout=WAIT_S)
    return child.returncode < 0
