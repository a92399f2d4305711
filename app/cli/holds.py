"""`duebridge hold` and `duebridge insolvency`: nothing is asked for on these days."""

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
    add_list,
    add_show,
    end_stop,
    enter_stop,
)
from ledger.reminders import StopKind


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for kind, words in (
        (StopKind.HOLD, "Days on which nothing is asked for."),
        (StopKind.INSOLVENCY, "Insolvencies: every demand is frozen."),
    ):
        app.add_typer(_group(kind, words), name=str(kind))


def _group(kind: StopKind, words: str) -> typer.Typer:
    group = typer.Typer(no_args_is_help=True, help=words)

    @group.command()
    def add(
        context: typer.Context,
        tenant: TenantSlug,
        debtor: DebtorArgument,
        invoice: InvoiceOption = None,
        begins: Annotated[
            str | None,
            typer.Option("--from", help="Its first day, also a past one."),
        ] = None,
        ends: Annotated[
            str | None, typer.Option("--to", help="Its last day, counting.")
        ] = None,
        reason: Annotated[str, typer.Option(help="A word for it.")] = "",
        note: NoteOption = "",
        by: ByOption = BY,
    ) -> None:
        """Enter it; both ends count, and days that have passed count back."""
        enter_stop(
            context,
            tenant,
            kind,
            debtor,
            invoices=invoice,
            begins=begins,
            ends=ends,
            reason=reason,
            note=note,
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
        """Let it end; one that would end before it began never stood."""
        end_stop(context, tenant, number, kind, last=last, by=by)

    add_list(group, kind, "List them.")
    add_show(group, kind, "Show one, change by change.")
    return group
