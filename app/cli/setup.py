"""`duebridge init`, `doctor`, `demo`: set up, look after, try out."""

import platform
import shutil
import sys
from collections.abc import Callable, Iterator
from typing import Annotated

import typer

from app.bootstrap import Product
from app.cli.context import Exit, FormatOption, OutOption, opened
from app.cli.listing import Format, Listing, show, text_column
from app.postgres import server as postgres
from ledger.errors import DuebridgeError
from ledger.store import schema

FREE_BYTES_LOW = 1 << 30


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("init")(init_command)
    app.command("doctor")(doctor_command)
    app.command("rotate-key")(rotate_key_command)


def init_command(context: typer.Context) -> None:
    """Set up the database, or bring it to this version; safe to run again."""
    with opened(context) as product:
        where = product.initialize()
    typer.echo(f"Ready: {where}, schema {schema.head()}.")


def doctor_command(
    context: typer.Context,
    format_: FormatOption = Format.TABLE,
    out: OutOption = None,
    remove_orphans: Annotated[
        bool,
        typer.Option(
            "--remove-orphans",
            help="Delete databases whose home folder is gone (as root only).",
        ),
    ] = False,
) -> None:
    """Look at what the product stands on, and say what to mend."""
    with opened(context) as product:
        checks: list[tuple[str, Callable[[Product], str]]] = [
            ("Python", _python),
            ("Home folder", _home),
            ("Disk", _disk),
            ("Server", _server),
            ("Database", _database),
            ("Roles", _roles),
            ("Clock", _clock),
        ]
        items = [_checked(name, check, product) for name, check in checks]
        items += list(_orphans(remove=remove_orphans))
    show(
        Listing(
            title="Doctor",
            columns=[
                text_column("What", "name"),
                text_column("State", "state"),
                text_column("Found", "found"),
                text_column("What to do", "remedy"),
            ],
            items=items,
        ),
        format_,
        out,
    )
    failed = any(item["state"] == "failed" for item in items)
    raise typer.Exit(Exit.FAILED if failed else Exit.DONE)


def _checked(
    name: str, check: Callable[[Product], str], product: Product
) -> dict[str, str]:
    try:
        found = check(product)
    except DuebridgeError as error:
        return {
            "name": name,
            "state": "failed",
            "found": error.message,
            "remedy": error.remedy,
        }
    return {"name": name, "state": "ok", "found": found, "remedy": ""}


def _python(product: Product) -> str:
    del product
    return f"{platform.python_version()} at {sys.executable}"


def _home(product: Product) -> str:
    return str(product.settings.home)


def _disk(product: Product) -> str:
    folder = product.settings.home
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    if free < FREE_BYTES_LOW:
        raise DuebridgeError(
            f"only {free >> 20} MB free in {folder}", remedy="Free some space."
        )
    return f"{free >> 30} GB free in {folder}"


def _server(product: Product) -> str:
    if product.settings.database_url is not None:
        return "a server of your own (DUEBRIDGE_DATABASE_URL)"
    return str(postgres.describe(product.settings.home))


def _database(product: Product) -> str:
    return f"schema {product.database.revision()}"


def _roles(product: Product) -> str:
    product.database.refuse_unsafe_role()
    return "the working role owns nothing and passes no policy"


def _clock(product: Product) -> str:
    return product.clock.now().isoformat()


def _orphans(*, remove: bool) -> Iterator[dict[str, str]]:
    for orphan in postgres.orphans():
        found = f"{orphan.folder}, of {orphan.home}"
        if remove:
            postgres.remove_orphan(orphan)
            yield _orphan("removed", found, "")
        else:
            yield _orphan("left over", found, "duebridge doctor --remove-orphans")


def _orphan(state: str, found: str, remedy: str) -> dict[str, str]:
    return {
        "name": "Database without a home",
        "state": state,
        "found": found,
        "remedy": remedy,
    }


def rotate_key_command(
    context: typer.Context,
    forget_old: Annotated[
        bool,
        typer.Option(
            "--forget-old",
            help="Keep no key for older backups of the database, not even the last.",
        ),
    ] = False,
) -> None:
    """Seal all secrets of connections with a new key.

    The key before stays, so that a backup made until now can be opened; older ones go.
    """
    with opened(context) as product:
        done = product.rotate_key(forget_old=forget_old)
    typer.echo(
        f"A new key seals the secrets of {done.resealed} connections; "
        f"{done.forgotten} older keys were forgotten."
    )
