"""A real IMAP server on this machine, in a process of its own, for tests."""

import imaplib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ledger.identities import Mailbox

PASSWORD = "demopass"  # noqa: S105 - the test server's own
STARTED_S = 30


@dataclass(frozen=True, slots=True)
class ImapServer:
    """A running server with one user, and what tests do to its mailbox."""

    port: int

    def mailbox(self, folder: str = "INBOX", **changed: Any) -> Mailbox:  # noqa: ANN401 - a mailbox's own
        """Return where it is read."""
        values: dict[str, Any] = {
            "host": "127.0.0.1",
            "port": self.port,
            "security": "none",
            "user": "demouser",
            "folder": folder,
        }
        return Mailbox(**{**values, **changed})

    def put(self, raw: bytes, folder: str = "INBOX") -> None:
        """Put a mail into a folder, as a delivering server does."""
        with self.opened() as client:
            client.create(folder)
            kind, _ = client.append(folder, "", imaplib.Time2Internaldate(NOW), raw)
            assert kind == "OK"

    def flags(self, folder: str = "INBOX") -> list[bytes]:
        """Return the flags of each mail."""
        with self.opened() as client:
            client.select(folder, readonly=True)
            _, found = client.fetch("1:*", "(FLAGS)")
            return [one for one in found if isinstance(one, bytes)]

    @contextmanager
    def opened(self) -> Iterator[imaplib.IMAP4]:
        """Open the mailbox as its owner's own mail program does."""
        client = imaplib.IMAP4("127.0.0.1", self.port, timeout=10)
        try:
            client.login("demouser", PASSWORD)
            yield client
        finally:
            client.logout()


NOW = 1773144000
"""The tenth of March 2026, noon, in seconds."""


@contextmanager
def imap_server(folder: Path, certificate: Path | None = None) -> Iterator[ImapServer]:
    """Run a server until the block ends; with a certificate it speaks STARTTLS."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    program = Path(sys.executable).with_name("pymap")
    with (folder / "pymap.log").open("wb") as log:
        process = subprocess.Popen(
            [
                str(program),
                "--host=127.0.0.1",
                f"--port={port}",
                *(
                    ["--no-tls"]
                    if certificate is None
                    else [f"--cert={certificate}", f"--key={certificate}"]
                ),
                "dict",
                "--demo-data",
            ],
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            _wait(port, process)
            yield ImapServer(port)
        finally:
            process.terminate()
            process.wait(timeout=10)


def _wait(port: int, process: "subprocess.Popen[bytes]") -> None:
    for _ in range(STARTED_S * 10):
        assert process.poll() is None, "the server ended by itself"
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("the server did not start")
