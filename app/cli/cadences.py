"""`duebridge cadence`: the ladders of reminders, who gets which, and by what rule.

What reads them loads calendars and templates, so each command loads it by itself.
"""

from pathlib import Path
from typing import Annotated

import typer

from app.cli.context import FormatOption, OutOption, TenantSlug, opened
from app.cli.listing import Format, Listing, show, text_column

group = typer.Typer(no_args_is_help=True, help="Cadences: what is said when.")

KindOption = Annotated[
    str,
    typer.Option(help="What it is: cadence, assignment, segments, policy, template."),
]
FileArgument = Annotated[Path, typer.Argument(help="A TOML file.")]
ByOption = Annotated[str, typer.Option("--by", help="Who says so.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(group, name="cadence")


@group.command("list")
def list_(
    context: typer.Context,
    tenant: TenantSlug,
    format_: FormatOption = Format.TABLE,
    out: OutOption = None,
) -> None:
    """List the cadences in force for a tenant, and the rules that choose."""
    from app.rule_texts import cadence_items  # noqa: PLC0415

    with opened(context) as product:
        owner = product.tenant(tenant)
        items, chosen = cadence_items(product, owner)
    listing = Listing(
        title=f"Cadences of {owner.slug}",
        columns=[
            text_column("Name", "name"),
            text_column("Version", "version"),
            text_column("Whose", "origin"),
            text_column("Title", "title"),
            text_column("Steps", "steps"),
        ],
        items=items,
        meta={"tenant": owner.slug},
        notes=[
            f"Assigned by rule, the first that holds: {chosen}.",
            "`duebridge cadence show NAME` prints a file to copy and change.",
        ],
    )
    show(listing, format_, out)


@group.command("show")
def show_(
    name: Annotated[
        str,
        typer.Argument(help="A packaged cadence, or assignment, segments, policy."),
    ],
) -> None:
    """Print a packaged file as it is."""
    from app.rule_texts import packaged_file  # noqa: PLC0415

    typer.echo(packaged_file(name), nl=False)


@group.command()
def check(file: FileArgument, kind: KindOption = "cadence") -> None:
    """Read a file as it would be used, and show what it says."""
    from app.rule_texts import steps_of  # noqa: PLC0415

    steps = steps_of(file, kind)
    typer.echo(f"{file} is a sound {kind}.")
    for step in steps:
        typer.echo(f"  {step}")


@group.command()
def save(
    context: typer.Context,
    tenant: TenantSlug,
    file: FileArgument,
    kind: KindOption = "cadence",
    name: Annotated[
        str | None,
        typer.Option(help="Of a template: its key and language, such as first/de."),
    ] = None,
    by: ByOption = "command line",
) -> None:
    """Put a tenant's own file in force; steps already taken stay as they are."""
    from app.rule_texts import put_in_force  # noqa: PLC0415

    with opened(context) as product:
        owner = product.tenant(tenant)
        called, version = put_in_force(product, owner, file, kind, name=name, by=by)
    typer.echo(f"{kind} {called} is version {version}.")


@group.command()
def assign(
    context: typer.Context,
    tenant: TenantSlug,
    file: FileArgument,
    by: ByOption = "command line",
) -> None:
    """Put a tenant's own assignment rules in force: who gets which cadence."""
    save(context, tenant, file, kind="assignment", name=None, by=by)
