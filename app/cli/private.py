"""Secrets of a command: from a file, the environment or a prompt, no argument."""

import os
import sys
from pathlib import Path

import typer

from ledger.errors import RequestError
from ledger.secret import Secret


def read_secret(what: str, *, file: Path | None, variable: str) -> Secret:
    """Return a secret.

    Args:
        what: What to ask a person for.
        file: Whose first line it is, if given.
        variable: Where in the environment it may be.

    Raises:
        RequestError: It is nowhere, and nobody can be asked.
    """
    if file is not None:
        try:
            lines = file.read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise RequestError(
                f"{file} cannot be read.", remedy="Check the path and its rights."
            ) from error
        found = lines[0].strip() if lines else ""
    else:
        found = os.environ.get(variable, "")
        if not found and sys.stdin.isatty():
            found = typer.prompt(what, hide_input=True)
    if not found:
        raise RequestError(
            f"The {what.lower()} is missing.",
            remedy=f"Set {variable}, or name a file that holds it with --secret-file.",
        )
    return Secret(found)
