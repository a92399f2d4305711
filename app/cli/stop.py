"""`duebridge stop`: disputes, promises, plans, holds and insolvencies, dated."""

from typing import Annotated

import typer

from app.cli.context import TenantSlug, opened
from app.cli.stops import (
    BY,
    ByOption,
    DebtorArgument,
    InvoiceOption,
    LastOption,
    NoteOption,
    NumberArgument,
    SaidByOption,
    add_list,
    end_stop,
    enter_stop,
)
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
    debtor: DebtorArgument,
    invoice: InvoiceOption = None,
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
    note: NoteOption = "",
    said_by: SaidByOption = "",
    by: ByOption = BY,
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
    number: NumberArgument,
    last: LastOption = None,
    by: ByOption = BY,
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


add_list(group, None, "List what stops the clock.")
