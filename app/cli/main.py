"""The program: global options, exit codes, and errors in words."""

import sys
from collections.abc import Sequence
from importlib.metadata import version
from io import TextIOWrapper
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.text import Text
from typer.exceptions import TyperException

from app import logs
from app.bootstrap import spare_the_collector
from app.cli import (
    ageing,
    agency,
    audit,
    books,
    cadences,
    case_files,
    cases,
    connect,
    demo,
    disputes,
    dso,
    export,
    holds,
    identity,
    interest,
    mandate,
    messages,
    movements,
    people,
    plans,
    problems,
    profile,
    promises,
    prove,
    remind,
    replies,
    results,
    setup,
    simulate,
    simulator,
    stop,
    sync,
    tasks,
    tenant,
    texts,
    writebacks,
)
from app.cli.context import Exit, Overrides
from ledger.errors import DuebridgeError, RequestError

CLOCK_OPTIONS: Final = ("--today", "--now")
"""Options that may stand anywhere on the command line."""

INTERRUPTED: Final = 130


app = typer.Typer(
    name="duebridge",
    help="Keeps a true, provable copy of a company's receivables.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for room in (
    setup,
    demo,
    tenant,
    profile,
    connect,
    sync,
    prove,
    problems,
    ageing,
    dso,
    books,
    movements,
    export,
    identity,
    people,
    stop,
    disputes,
    promises,
    plans,
    holds,
    audit,
    mandate,
    messages,
    tasks,
    results,
    cadences,
    texts,
    agency,
    case_files,
    cases,
    remind,
    replies,
    simulate,
    interest,
    writebacks,
    simulator,
):
    room.register(app)


def _version(wanted: bool) -> None:  # noqa: FBT001 - Typer's own shape of a callback
    if wanted:
        typer.echo(version("duebridge"))
        raise typer.Exit


@app.callback()
def options(
    context: typer.Context,
    today: Annotated[
        str | None,
        typer.Option(help="The business day, YYYY-MM-DD; may stand after any command."),
    ] = None,
    now: Annotated[
        str | None,
        typer.Option(help="The instant, ISO 8601; may stand after any command."),
    ] = None,
    _version: Annotated[
        bool | None,
        typer.Option("--version", callback=_version, is_eager=True, help="Say which."),
    ] = None,
) -> None:
    """Keep what holds for every command."""
    context.obj = Overrides(today=today, now=now)


def main() -> None:
    """Run the program and exit with a code that says how it went."""
    spare_the_collector()
    _speak_utf8()
    sys.exit(run(sys.argv[1:]))


def _speak_utf8() -> None:
    """Let no word be lost to what a terminal or a pipe takes for its encoding."""
    for stream in (sys.stdout, sys.stderr):
        if not isinstance(stream, TextIOWrapper):
            continue
        if stream.isatty():
            stream.reconfigure(errors="replace")
        else:
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def run(arguments: Sequence[str]) -> int:
    """Run one command line; return the exit code."""
    try:
        found = app(args=clock_first(arguments), standalone_mode=False)
    except RequestError as error:
        return _tell(error, Exit.USAGE)
    except DuebridgeError as error:
        return _tell(error, Exit.FAILED)
    except TyperException as error:
        said = error.format_message()
        is_help = said.startswith("Usage:")
        _say(said if is_help else f"{said} (`duebridge --help` lists what there is)")
        return error.exit_code
    except (typer.Abort, KeyboardInterrupt):
        _say("Stopped. What has landed stays; run again to go on.")
        return INTERRUPTED
    except BrokenPipeError:
        sys.stderr.close()
        return Exit.DONE
    except Exception as error:  # noqa: BLE001 - no traceback reaches a person
        where = logs.keep_traceback(error)
        _say(
            f"Something went wrong inside Duebridge ({type(error).__name__}). "
            f"{where} Please report it."
        )
        return Exit.FAILED
    return int(found or Exit.DONE)


def clock_first(arguments: Sequence[str]) -> list[str]:
    """Return the arguments with the clock's options before the command."""
    moved: list[str] = []
    rest: list[str] = []
    words = iter(arguments)
    for word in words:
        if word == "--":
            rest += [word, *words]
        elif word in CLOCK_OPTIONS:
            moved += [word, *(value for value in [next(words, None)] if value)]
        elif word.startswith(tuple(f"{name}=" for name in CLOCK_OPTIONS)):
            moved.append(word)
        else:
            rest.append(word)
    return [*moved, *rest]


def _tell(error: DuebridgeError, code: Exit) -> int:
    _say(error.message)
    if error.remedy:
        _say(f"→ {error.remedy}")
    return code


def _say(text: str) -> None:
    Console(stderr=True, highlight=False, soft_wrap=True).print(Text(text))
