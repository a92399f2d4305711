"""`duebridge promise`: what debtors promise to pay, and what became of it."""

from typing import Annotated

import typer

from app.cli.context import TenantSlug
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
    add_show,
    end_stop,
    enter_stop,
)
from ledger.reminders import StopKind

group = typer.Typer(no_args_is_help=True, help="Promises to pay.")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(group, name="promise")


@group.command()
def add(
    context: typer.Context,
    tenant: TenantSlug,
    debtor: DebtorArgument,
    due: Annotated[str, typer.Option(help="The day promised.")],
    invoice: InvoiceOption = None,
    sum_: Annotated[
        str | None,
        typer.Option("--amount", help="How much; else all that is open of it."),
    ] = None,
    made: Annotated[
        str | None, typer.Option("--from", help="When it was made; default: today.")
    ] = None,
    note: NoteOption = "",
    said_by: SaidByOption = "",
    by: ByOption = BY,
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
    last: LastOption = None,
    by: ByOption = BY,
) -> None:
    """Cancel a promise: it is waited for no longer."""
    end_stop(context, tenant, number, StopKind.PROMISE, last=last, by=by)


add_list(group, StopKind.PROMISE, "List promises.")
add_show(group, StopKind.PROMISE, "Show a promise, change by change.")
