"""`duebridge promise`: what debtors promise to pay, and what became of it."""

from typing import Annotated

import typer

from app.cli.context import FormatOption, OutOption, TenantSlug
from app.cli.listing import Format
from app.cli.stops import end_stop, enter_stop, list_stops, show_stop
from ledger.reminders import StopKind

group = typer.Typer(no_args_is_help=True, help="Promises to pay.")

NumberArgument = Annotated[int, typer.Argument(help="Its number.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(group, name="promise")


@group.command()
def add(
    context: typer.Context,
    tenant: TenantSlug,
    debtor: Annotated[str, typer.Argument(help="The debtor's number, key or name.")],
    due: Annotated[str, typer.Option(help="The day promised.")],
    invoice: Annotated[
        list[str] | None, typer.Option(help="An invoice; none: the whole account.")
    ] = None,
    sum_: Annotated[
        str | None,
        typer.Option("--amount", help="How much; else all that is open of it."),
    ] = None,
    made: Annotated[
        str | None, typer.Option("--from", help="When it was made; default: today.")
    ] = None,
    note: Annotated[str, typer.Option(help="In words.")] = "",
    said_by: Annotated[str, typer.Option(help="Who said it.")] = "",
    by: Annotated[str, typer.Option("--by", help="Who enters it.")] = "command line",
) -> None:
    """Enter a promise; it takes the place of an earlier one over the same invoices."""
    enter_stop(
        context,
        tenant,
        StopKind.PROMISE,
        debtor,
        invoices=invoice,
        sum_=sum_,
        begins=made,
        due=due,
        note=note,
        said_by=said_by,
        by=by,
    )


@group.command()
def cancel(
    context: typer.Context,
    tenant: TenantSlug,
    number: NumberArgument,
    last: Annotated[
        str | None, typer.Option("--on", help="Its last day; default: today.")
    ] = None,
    by: Annotated[str, typer.Option("--by", help="Who says so.")] = "command line",
) -> None:
    """Cancel a promise: it is waited for no longer."""
    end_stop(context, tenant, number, StopKind.PROMISE, last=last, by=by)


@group.command("list")
def list_(
    context: typer.Context,
    tenant: TenantSlug,
    debtor: Annotated[
        str | None, typer.Option(help="Only this debtor: number, key or name.")
    ] = None,
    ended: Annotated[
        bool, typer.Option("--ended", help="Those that are over.")
    ] = False,
    format_: FormatOption = Format.TABLE,
    out: OutOption = None,
) -> None:
    """List promises."""
    list_stops(
        context,
        tenant,
        StopKind.PROMISE,
        debtor,
        ended=ended,
        format_=format_,
        out=out,
    )


@group.command("show")
def show_(
    context: typer.Context,
    tenant: TenantSlug,
    number: NumberArgument,
    format_: FormatOption = Format.TABLE,
    out: OutOption = None,
) -> None:
    """Show a promise, change by change."""
    show_stop(context, tenant, number, StopKind.PROMISE, format_=format_, out=out)
