"""The command line: `duebridge`, made with Typer and shown with Rich."""

from app.cli.main import main

__all__ = ["main"]
