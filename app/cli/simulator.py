"""`duebridge simulator`: serves a stand-in of another system on this machine."""

import time
from datetime import UTC, datetime
from typing import Annotated, Final

import typer

from app.cli.context import Overrides
from app.clock import SystemClock
from ledger.errors import RequestError

XERO_PORT: Final = 8990
DEBITURA_PORT: Final = 8992
INVOICES_MAX: Final = 200_000


def register(app: typer.Typer) -> None:
    """Add the command."""
    simulators = typer.Typer(
        help="Serves a stand-in of another system, to try by hand.",
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    simulators.command("xero")(xero_command)
    simulators.command("debitura")(debitura_command)
    app.add_typer(simulators, name="simulator")


def xero_command(
    context: typer.Context,
    port: Annotated[
        int, typer.Option(min=0, max=65_535, help="0 takes a free one.")
    ] = XERO_PORT,
    seed: Annotated[int, typer.Option(help="The same seed makes the same books.")] = 1,
    invoices: Annotated[
        int, typer.Option(min=1, max=INVOICES_MAX, help="How many to invent.")
    ] = 300,
    limits: Annotated[
        bool, typer.Option(help="Refuse more calls than the vendor answers.")
    ] = True,
) -> None:
    """Serve invented books as Xero would, on the loopback, until interrupted."""
    # Only this command needs it, and every other would wait for it.
    from connectors.simulators.xero import (  # noqa: PLC0415
        SCOPES,
        UNLIMITED,
        Clock,
        Limits,
        SimulatorServer,
        Size,
        XeroSimulator,
    )

    simulator = XeroSimulator(
        size=Size(invoices=invoices),
        seed=seed,
        clock=Clock(_start(context.obj or Overrides()), ticks=time.monotonic),
        limits=Limits() if limits else UNLIMITED,
    )
    server = SimulatorServer(simulator, port=port)
    (client,) = simulator.authority.apps.values()
    headers = simulator.access_headers()
    typer.echo(
        f"{simulator.books.name} at {server.url}\n"
        f"  authorize      {server.url}/identity/connect/authorize\n"
        f"  token          {server.url}/connect/token\n"
        f"  API            {server.url}/api.xro/2.0\n"
        f"  client id      {client.client_id}\n"
        f"  client secret  {client.client_secret}\n"
        f"  refresh token  {simulator.authority.refresh_token(SCOPES)}\n"
        f"  tenant id      {simulator.tenant_id}\n"
        "For 30 minutes this works:\n"
        f"curl -H 'Authorization: {headers['authorization']}' "
        f"-H 'Xero-Tenant-Id: {simulator.tenant_id}' "
        f"'{server.url}/api.xro/2.0/Invoices?page=1&pageSize=1'"
    )
    server.serve()


def debitura_command(
    context: typer.Context,
    port: Annotated[
        int, typer.Option(min=0, max=65_535, help="0 takes a free one.")
    ] = DEBITURA_PORT,
    seed: Annotated[int, typer.Option(help="The same seed makes the same keys.")] = 1,
    contracts: Annotated[
        bool, typer.Option(help="Whether the client's contracts are signed.")
    ] = True,
) -> None:
    """Serve a collection service as Debitura would, on the loopback."""
    # Only this command needs it, and every other would wait for it.
    from connectors.simulators.debitura import (  # noqa: PLC0415
        Clock,
        DebituraSimulator,
        SimulatorServer,
    )

    clock = Clock(_start(context.obj or Overrides()), ticks=time.monotonic)
    simulator = DebituraSimulator(clock=clock, seed=seed)
    simulator.desk.has_contract = simulator.desk.has_poa = contracts
    server = SimulatorServer(simulator, port=port)
    (member,) = simulator.desk.team
    typer.echo(
        f"{simulator.desk.company} at {server.url}\n"
        f"  API key      {simulator.api_key}\n"
        f"  team member  {member['email']}\n"
        f"curl -H 'XApiKey: {simulator.api_key}' '{server.url}/cases'"
    )
    server.serve()


def _start(overrides: Overrides) -> datetime:
    """Return the instant to start at: as told, else the machine's."""
    told = overrides.now or overrides.today
    if told is None:
        return SystemClock().now()
    try:
        instant = datetime.fromisoformat(told)
    except ValueError:
        raise RequestError(
            f"{told} is no instant.", remedy="Write it as 2026-01-15T09:00:00Z."
        ) from None
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)
