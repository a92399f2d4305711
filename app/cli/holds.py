"""`duebridge hold` and `duebridge insolvency`: nothing is asked for on these days."""

from typing import Annotated

import typer

from app.cli.context import FormatOption, OutOption, TenantSlug
from app.cli.listing import Format
from app.cli.stops import end_stop, enter_stop, list_stops, show_stop
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
        debtor: Annotated[str, typer.Argument(help="The debtor: number, key or name.")],
        invoice: Annotated[
            list[str] | None, typer.Option(help="An invoice; none: the whole account.")
        ] = None,
        begins: Annotated[
            str | None,
            typer.Option("--from", help="Its first day, also a past one."),
        ] = None,
        ends: Annotated[
            str | None, typer.Option("--to", help="Its last day, counting.")
        ] = None,
        reason: Annotated[str, typer.Option(help="A word for it.")] = "",
        note: Annotated[str, typer.Option(help="In words.")] = "",
        by: Annotated[str, typer.Option("--by", help="Who says so.")] = "command line",
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
        number: Annotated[int, typer.Argument(help="Its number.")],
        last: Annotated[
            str | None,
            typer.Option("--on", help="Its last day, counting; default: today."),
        ] = None,
        by: Annotated[str, typer.Option("--by", help="Who says so.")] = "command line",
    ) -> None:
        """Let it end; one that would end before it began never stood."""
        end_stop(context, tenant, number, kind, last=last, by=by)

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
        """List them."""
        list_stops(context, tenant, kind, debtor, ended=ended, format_=format_, out=out)

    @group.command("show")
    def show_(
        context: typer.Context,
        tenant: TenantSlug,
        number: Annotated[int, typer.Argument(help="Its number.")],
        format_: FormatOption = Format.TABLE,
        out: OutOption = None,
    ) -> None:
        """Show one, change by change."""
        show_stop(context, tenant, number, kind, format_=format_, out=out)

    return group
