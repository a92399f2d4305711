"""`duebridge connect` and `status`: which books, and how they stand."""

from pathlib import Path
from typing import Annotated, Any

import typer

from app.bootstrap import Product, files_connector
from app.cli.context import FormatOption, OutOption, TenantSlug, opened
from app.cli.listing import (
    Format,
    Listing,
    number_column,
    show,
    text_column,
)
from ledger.errors import ConfigurationError, RequestError
from ledger.store import allocations, connections, problems, proofs, tenants
from ledger.store.connections import StoredConnection
from ledger.store.tenants import Tenant

ConnectionOption = Annotated[
    str | None, typer.Option("--connection", help="Only this connection.")
]


class NoConnectionError(RequestError):
    """The tenant has no such connection."""

    def __init__(self, tenant: str, name: str | None) -> None:
        """Name both."""
        what = f"no connection {name!r}" if name else "no connection yet"
        super().__init__(
            f"{tenant} has {what}.",
            remedy="`duebridge connect TENANT files --path … --profile …` makes one.",
        )


def chosen(
    product: Product, tenant: Tenant, name: str | None
) -> list[StoredConnection]:
    """Return the tenant's connections, or the one of a name.

    Raises:
        NoConnectionError: There is none.
    """
    found = [
        one for one in product.connections(tenant) if name is None or one.name == name
    ]
    if not found:
        raise NoConnectionError(tenant.slug, name)
    return found


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("connect")(connect_command)
    app.command("status")(status_command)


def connect_command(
    context: typer.Context,
    tenant: TenantSlug,
    connector: Annotated[str, typer.Argument(help="The system: files.")],
    path: Annotated[Path, typer.Option(help="A folder, or one CSV or XLSX file.")],
    profile: Annotated[Path, typer.Option(help="The TOML that says how to read it.")],
    name: Annotated[str | None, typer.Option(help="What to call it.")] = None,
) -> None:
    """Connect a tenant to its books."""
    if connector != "files":
        raise RequestError(
            f"There is no connector {connector!r}.", remedy="Use `files`."
        )
    path, profile = path.resolve(), profile.resolve()
    for option, given in (("--path", path), ("--profile", profile)):
        _expect_there(option, given)
    with opened(context) as product:
        owner = product.tenant(tenant)
        found = files_connector(
            path, profile, owner, business_on=product.clock.today(owner.timezone)
        ).check()
        with product.database.tenant(owner.scope) as session:
            made = connections.add(
                session,
                connector=connector,
                name=name or path.name,
                settings={"path": str(path), "profile": str(profile)},
                created_at=product.clock.now(),
            )
    typer.echo(f"Connected {owner.slug} to {made.name}:")
    for line in found:
        typer.echo(f"  {line}")
    typer.echo(f"Next: duebridge sync {owner.slug}")


def _expect_there(option: str, given: Path) -> None:
    if not given.exists():
        raise RequestError(f"{given} does not exist.", remedy=f"Check {option}.")
    try:
        str(given).encode()
    except UnicodeEncodeError as error:
        raise RequestError(
            f"{given} has a name that is not UTF-8, so it cannot be kept.",
            remedy=f"Rename what {option} names.",
        ) from error


def status_command(
    context: typer.Context,
    tenant: Annotated[str | None, typer.Argument(help="The tenant's slug.")] = None,
    format_: FormatOption = Format.TABLE,
    out: OutOption = None,
) -> None:
    """Show each connection: when it was read, how that went, whether it is proved."""
    with opened(context) as product:
        if tenant is None:
            with product.database.shared() as connection:
                owners = tenants.load_all(connection)
        else:
            owners = [product.tenant(tenant)]
        items = [
            _status(product, owner, one)
            for owner in owners
            for one in product.connections(owner)
        ]
    show(
        Listing(
            title="Connections",
            columns=[
                text_column("Tenant", "tenant"),
                text_column("Connection", "connection"),
                text_column("Connector", "connector"),
                text_column("Last run", "completed_at"),
                text_column("State", "state"),
                number_column("Problems", "problems"),
                number_column("Waiting", "waiting"),
                text_column("Proof", "proof"),
                text_column("Proved as of", "proved_as_of"),
                text_column("Can", "capabilities"),
            ],
            items=items,
        ),
        format_,
        out,
    )


def _status(product: Product, owner: Tenant, one: StoredConnection) -> dict[str, Any]:
    with product.database.tenant(owner.scope) as session:
        runs = connections.load_runs(session, one.id)
        kept = proofs.load_latest(session, one.id)
        problem_count = problems.count_open(session, one.id)
        waiting_count = len(allocations.load_waiting(session, one.id))
    run = runs[0] if runs else None
    state = "never run" if run is None else str(run.state)
    if run is not None and run.completed_at is None:
        state = "under way, or cut off"
    return {
        "tenant": owner.slug,
        "connection": one.name,
        "connector": one.connector,
        "state": state,
        "started_at": None if run is None else run.started_at.isoformat(),
        "completed_at": None
        if run is None or run.completed_at is None
        else run.completed_at.isoformat(),
        "message": None if run is None else run.message,
        "problems": problem_count,
        "waiting": waiting_count,
        "proof": None if kept is None else str(kept.state),
        "proved_as_of": None if kept is None else kept.as_of.isoformat(),
        "capabilities": _capabilities(product, owner, one),
    }


def _capabilities(product: Product, owner: Tenant, one: StoredConnection) -> list[str]:
    try:
        return sorted(product.connector(owner, one).capabilities)
    except ConfigurationError:
        # Its profile cannot be used now; how it stood is still to be seen.
        return []
