"""`duebridge connect` and `status`: which books, and how they stand."""

from pathlib import Path
from typing import Annotated, Any, Final

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
from ledger.store import connections, parked, problems, proofs, tenants
from ledger.store.connections import StoredConnection
from ledger.store.tenants import Tenant

CALLBACK_PORT: Final = 8991
"""Registered at Xero as http://localhost:8991/callback."""

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


FILES_PANEL, LIVE_PANEL = "Files", "Live systems"


def connect_command(
    context: typer.Context,
    tenant: TenantSlug,
    connector: Annotated[
        str, typer.Argument(help="The system: files, tryton or xero.")
    ],
    name: Annotated[str | None, typer.Option(help="What to call it.")] = None,
    path: Annotated[
        Path | None,
        typer.Option(
            help="A folder, or one CSV or XLSX file.", rich_help_panel=FILES_PANEL
        ),
    ] = None,
    profile: Annotated[
        Path | None,
        typer.Option(
            help="The TOML that says how to read it.", rich_help_panel=FILES_PANEL
        ),
    ] = None,
    url: Annotated[
        str | None,
        typer.Option(
            help="Tryton's address; for xero, that of a stand-in.",
            rich_help_panel=LIVE_PANEL,
        ),
    ] = None,
    allow_plain_http: Annotated[
        bool,
        typer.Option(
            "--allow-plain-http",
            help="Call another machine without TLS.",
            rich_help_panel=LIVE_PANEL,
        ),
    ] = False,
    database: Annotated[
        str | None,
        typer.Option(help="Tryton's database.", rich_help_panel=LIVE_PANEL),
    ] = None,
    user: Annotated[
        str | None, typer.Option(help="Tryton's user.", rich_help_panel=LIVE_PANEL)
    ] = None,
    client_id: Annotated[
        str | None,
        typer.Option(help="The app's id at Xero.", rich_help_panel=LIVE_PANEL),
    ] = None,
    custom: Annotated[
        bool,
        typer.Option(
            "--custom-connection",
            help="The app is a Custom Connection of one organisation.",
            rich_help_panel=LIVE_PANEL,
        ),
    ] = False,
    public: Annotated[
        bool,
        typer.Option(
            "--no-secret",
            help="The app has no secret (PKCE only).",
            rich_help_panel=LIVE_PANEL,
        ),
    ] = False,
    organisation: Annotated[
        str | None,
        typer.Option(
            help="Which organisation, where a consent opens several.",
            rich_help_panel=LIVE_PANEL,
        ),
    ] = None,
    browser: Annotated[
        bool,
        typer.Option(
            help="Open the consent here, or paste its answer.",
            rich_help_panel=LIVE_PANEL,
        ),
    ] = True,
    port: Annotated[
        int,
        typer.Option(
            help="Where the browser comes back to on this machine; 0 takes a free one.",
            rich_help_panel=LIVE_PANEL,
        ),
    ] = CALLBACK_PORT,
    secret_file: Annotated[
        Path | None,
        typer.Option(
            help="A file whose first line is the password or the client's secret.",
            rich_help_panel=LIVE_PANEL,
        ),
    ] = None,
) -> None:
    """Connect a tenant to its books.

    A password or a secret comes from --secret-file, from DUEBRIDGE_TRYTON_PASSWORD or
    DUEBRIDGE_XERO_CLIENT_SECRET, or is asked for. Connecting again under the same name
    renews a consent.
    """
    with opened(context) as product:
        owner = product.tenant(tenant)
        match connector:
            case "files":
                made, found = _connect_files(product, owner, name, path, profile)
            case "tryton" | "xero":
                # The network's libraries take long to load, and most commands call
                # nobody.
                from app.cli import live  # noqa: PLC0415

                options = live.LiveOptions(
                    name=name,
                    url=url,
                    allow_plain_http=allow_plain_http,
                    database=database,
                    user=user,
                    client_id=client_id,
                    custom=custom,
                    public=public,
                    organisation=organisation,
                    browser=browser,
                    port=port,
                    secret_file=secret_file,
                )
                is_tryton = connector == "tryton"
                connect = live.connect_tryton if is_tryton else live.connect_xero
                made, found = connect(product, owner, options)
            case _:
                raise RequestError(
                    f"There is no connector {connector!r}.",
                    remedy="Use files, tryton or xero.",
                )
    typer.echo(f"Connected {owner.slug} to {made.name}:")
    for line in found:
        typer.echo(f"  {line}")
    typer.echo(f"Next: duebridge sync {owner.slug}")


def _connect_files(
    product: Product,
    owner: Tenant,
    name: str | None,
    path: Path | None,
    profile: Path | None,
) -> tuple[StoredConnection, list[str]]:
    path, profile = _expect_there("--path", path), _expect_there("--profile", profile)
    found = files_connector(
        path, profile, owner, business_on=product.clock.today(owner.timezone)
    ).check()
    with product.database.tenant(owner.scope) as session:
        made = connections.add(
            session,
            connector="files",
            name=name or path.name,
            settings={"path": str(path), "profile": str(profile)},
            created_at=product.clock.now(),
        )
    return made, list(found)


def _expect_there(option: str, given: Path | None) -> Path:
    if given is None:
        raise RequestError(f"{option} is missing.", remedy="Give it and run again.")
    given = given.resolve()
    if not given.exists():
        raise RequestError(f"{given} does not exist.", remedy=f"Check {option}.")
    try:
        str(given).encode()
    except UnicodeEncodeError as error:
        raise RequestError(
            f"{given} has a name that is not UTF-8, so it cannot be kept.",
            remedy=f"Rename what {option} names.",
        ) from error
    return given


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
            status_of(product, owner, one)
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
                text_column("Access", "access"),
                number_column("Calls today", "calls_today"),
                number_column("Bytes today", "bytes_today"),
                text_column("To come", "announcements"),
                text_column("Can", "capabilities"),
            ],
            items=items,
        ),
        format_,
        out,
    )


def status_of(product: Product, owner: Tenant, one: StoredConnection) -> dict[str, Any]:
    """Return how a connection stands, as JSON has it; nobody is called for it."""
    with product.database.tenant(owner.scope) as session:
        runs = connections.load_runs(session, one.id)
        kept = proofs.load_latest(session, one.id)
        problem_count = problems.count_open(session, one.id)
        waiting_count = len(parked.load_waiting(session, one.id))
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
        **_access(product, owner, one),
        "capabilities": _capabilities(product, owner, one),
    }


def _access(product: Product, owner: Tenant, one: StoredConnection) -> dict[str, Any]:
    """Return whether a live system still lets us in, and what was used of it today."""
    if one.connector == "files":
        return {
            "access": None,
            "calls_today": None,
            "bytes_today": None,
            "announcements": [],
        }
    used, credential, said = product.live.usage(owner, one)
    return {
        "access": None if credential is None else str(credential.state),
        "calls_today": used.call_count,
        "bytes_today": used.byte_count,
        "announcements": [f"{each.message} {each.remedy}" for each in said],
    }


def _capabilities(product: Product, owner: Tenant, one: StoredConnection) -> list[str]:
    try:
        return sorted(product.capabilities(owner, one))
    except ConfigurationError:
        # Its profile cannot be read now; how it stood is still to be seen.
        return []
