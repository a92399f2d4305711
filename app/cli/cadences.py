"""`duebridge cadence`: the ladders of reminders, who gets which, and by what rule."""

from pathlib import Path
from typing import Annotated, Any, Final

import typer

from app.cli.context import FormatOption, OutOption, TenantSlug, opened
from app.cli.listing import Format, Listing, show, text_column
from app.reminding import TEMPLATE
from ledger.errors import RequestError
from ledger.store import rulebooks
from outsourced_ar import rules_in_force
from outsourced_ar.assignment import read_assignment
from outsourced_ar.cadence import Cadence, Step, read_cadence
from outsourced_ar.drafts import Drafts
from outsourced_ar.policy import read_policy
from outsourced_ar.rule_files import packaged, packaged_names
from outsourced_ar.rules_in_force import ALONE, ASSIGNMENT, CADENCE, OWN, POLICY
from outsourced_ar.segments import read_segments

group = typer.Typer(no_args_is_help=True, help="Cadences: what is said when.")

KINDS: Final = (CADENCE, ASSIGNMENT, "segments", POLICY, TEMPLATE)
KindOption = Annotated[
    str,
    typer.Option(help="What it is: cadence, assignment, segments, policy, template."),
]
FileArgument = Annotated[Path, typer.Argument(help="A TOML file.")]


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
    with opened(context) as product:
        owner = product.tenant(tenant)
        with product.database.tenant(owner.scope) as session:
            rules = rules_in_force.in_force(session)
            own = {
                book.name
                for book in rulebooks.load_latest(session, CADENCE)
                if book.body
            }
    listing = Listing(
        title=f"Cadences of {owner.slug}",
        columns=[
            text_column("Name", "name"),
            text_column("Version", "version"),
            text_column("Whose", "origin"),
            text_column("Title", "title"),
            text_column("Steps", "steps"),
        ],
        items=[
            {
                "name": one.name,
                "version": one.version,
                "origin": "own" if one.name in own else "packaged",
                "title": one.title,
                "steps": [step.name for step in one.steps],
            }
            for one in sorted(rules.cadences.values(), key=lambda found: found.name)
        ],
        meta={"tenant": owner.slug},
        notes=[
            f"Assigned by rule, the first that holds: {_names(rules)}.",
            "`duebridge cadence show` prints a file to copy and change.",
        ],
    )
    show(listing, format_, out)


@group.command("show")
def show_(
    name: Annotated[str, typer.Argument(help="A packaged cadence, or another file.")],
) -> None:
    """Print a packaged file as it is: a cadence, assignment, segments or policy."""
    if name in ALONE:
        typer.echo(packaged(f"{name}.toml"), nl=False)
        return
    if name not in packaged_names("cadences"):
        known = ", ".join([*packaged_names("cadences"), *ALONE])
        raise RequestError(f"There is no {name!r}.", remedy=f"There are: {known}.")
    typer.echo(packaged("cadences", f"{name}.toml"), nl=False)


@group.command()
def check(file: FileArgument, kind: KindOption = CADENCE) -> None:
    """Read a file as it would be used, and show what it says."""
    read = _read(file, kind)
    typer.echo(f"{file} is a sound {kind}.")
    if isinstance(read, Cadence):
        for step in read.steps:
            typer.echo(f"  {_step_words(step)}")


@group.command()
def save(
    context: typer.Context,
    tenant: TenantSlug,
    file: FileArgument,
    kind: KindOption = CADENCE,
    name: Annotated[
        str | None,
        typer.Option(help="Of a template: its key and language, such as first/de."),
    ] = None,
    by: Annotated[str, typer.Option("--by", help="Who says so.")] = "command line",
) -> None:
    """Put a tenant's own file in force; steps already taken stay as they are."""
    read = _read(file, kind, name)
    called = read.name if isinstance(read, Cadence) else name or OWN
    with opened(context) as product:
        owner = product.tenant(tenant)
        with product.database.tenant(owner.scope) as session:
            version = rulebooks.save(
                session,
                kind=kind,
                name=called,
                body=_text(file),
                by=by,
                at=product.clock.now(),
            )
            # The rules must fit each other before they count.
            rules_in_force.in_force(session)
    typer.echo(f"{kind} {called} is version {version}.")


@group.command()
def assign(
    context: typer.Context,
    tenant: TenantSlug,
    file: FileArgument,
    by: Annotated[str, typer.Option("--by", help="Who says so.")] = "command line",
) -> None:
    """Put a tenant's own assignment rules in force: who gets which cadence."""
    save(context, tenant, file, kind=ASSIGNMENT, name=None, by=by)


def _read(file: Path, kind: str, name: str | None = None) -> Any:
    if kind not in KINDS:
        raise RequestError(
            f"There is no kind {kind!r}.", remedy=f"There are: {', '.join(KINDS)}."
        )
    text, place = _text(file), str(file)
    match kind:
        case "cadence":
            return read_cadence(text, place)
        case "assignment":
            return read_assignment(text, place)
        case "segments":
            return read_segments(text, place)
        case "policy":
            return read_policy(text, place)
        case _:
            if name is None:
                raise RequestError(
                    "Which text is it?", remedy="Add --name, such as --name first/de."
                )
            return Drafts({name: text})


def _step_words(step: Step) -> str:
    return f"{step.name}: {step.offset}, by {step.channel}, {step.tone}: {step.title}"


def _names(rules: rules_in_force.Rules) -> str:
    return ", ".join(rules.assignment.cadences)


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RequestError(
            f"{file} cannot be read: {error}.", remedy="Name another file."
        ) from error
