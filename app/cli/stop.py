"""`duebridge stop`: disputes, promises, plans, holds and insolvencies, dated."""

from typing import Annotated

import typer

from app.cli.context import FormatOption, OutOption, TenantSlug, opened
from app.cli.listing import Format
from app.cli.stops import end_stop, enter_stop, list_stops
from ledger.reminders import StopKind

group = typer.Typer(no_args_is_help=True, help="What stops the clock, and until when.")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(group, name="stop")


@group.command()
def add(
    context: typer.Context,
    tenant: TenantSlug,
    kind: Annotated[StopKind, typer.Argument(help="What it is.")],
    debtor: Annotated[str, typer.Argument(help="The debtor's number, key or name.")],
    invoice: Annotated[
        list[str] | None,
        typer.Option(help="An invoice it speaks of; none: the whole account."),
    ] = None,
    sum_: Annotated[
        str | None, typer.Option("--amount", help="How much, such as 1200.00.")
    ] = None,
    begins: Annotated[
        str | None, typer.Option("--from", help="Its first day; default: today.")
    ] = None,
    ends: Annotated[
        str | None, typer.Option("--to", help="Its last day, counting.")
    ] = None,
    due: Annotated[
        str | None, typer.Option(help="The day promised, or to answer by.")
    ] = None,
    reason: Annotated[str, typer.Option(help="A code, such as PRICE.")] = "",
    note: Annotated[str, typer.Option(help="In words.")] = "",
    said_by: Annotated[str, typer.Option(help="Who said it.")] = "",
    by: Annotated[str, typer.Option("--by", help="Who enters it.")] = "command line",
) -> None:
    """Enter what stops the clock; it may have begun before today."""
    enter_stop(
        context,
        tenant,
        kind,
        debtor,
        invoices=invoice,
        sum_=sum_,
        begins=begins,
        ends=ends,
        due=due,
        reason=reason,
        note=note,
        said_by=said_by,
        by=by,
    )


@group.command()
def end(
    context: typer.Context,
    tenant: TenantSlug,
    number: Annotated[int, typer.Argument(help="Its number.")],
    last: Annotated[
        str | None, typer.Option("--on", help="Its last day, counting; default: today.")
    ] = None,
    by: Annotated[str, typer.Option("--by", help="Who says so.")] = "command line",
) -> None:
    """Let a dispute, a promise, a plan or a hold end."""
    end_stop(context, tenant, number, None, last=last, by=by)


@group.command()
def advance(context: typer.Context, tenant: TenantSlug) -> None:
    """Lead on what time or the books have changed, as each night does by itself."""
    from outsourced_ar.stops import judging  # noqa: PLC0415 - it loads calendars

    with opened(context) as product:
        owner = product.tenant(tenant)
        found = judging.advance(product.database, owner, product.clock)
    typer.echo(f"{owner.slug}: {found.summary}.")


@group.command("list")
def list_(
    context: typer.Context,
    tenant: TenantSlug,
    debtor: Annotated[
        str | None, typer.Option(help="Only this debtor: number, key or name.")
    ] = None,
    ended: Annotated[
        bool, typer.Option("--ended", help="Those that have ended, too.")
    ] = False,
    format_: FormatOption = Format.TABLE,
    out: OutOption = None,
) -> None:
    """List what stops the clock."""
    list_stops(context, tenant, None, debtor, ended=ended, format_=format_, out=out)
