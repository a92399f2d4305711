"""`duebridge template` and `statement`: the words, and an account in words."""

from pathlib import Path
from typing import Annotated

import typer

from app.cli.context import TenantSlug, opened, parse_currency
from app.cli.listing import write_whole
from app.cli.stops import the_debtor
from ledger.errors import RequestError
from ledger.reminders import Message

group = typer.Typer(no_args_is_help=True, help="Templates: in which words is spoken.")

NameArgument = Annotated[
    str, typer.Argument(help="Key and language, such as first/de.")
]
FileArgument = Annotated[Path, typer.Argument(help="A TOML file.")]
DebtorArgument = Annotated[
    str, typer.Argument(help="The debtor's number, key or name.")
]


class UnfitTextError(RequestError):
    """An own text says what no reminder may say."""

    def __init__(self, file: Path, findings: list[str]) -> None:
        """Name each fault."""
        super().__init__(
            f"{file} cannot be saved: {'; '.join(findings)}.",
            remedy="Say it otherwise: no threat, no false urgency, no court.",
        )


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(group, name="template")
    app.command("statement")(statement_command)


@group.command("show")
def show_(name: NameArgument) -> None:
    """Print a packaged text as a file to copy and change."""
    # Templates load slowly, and few commands need them.
    from app.previews import packaged_text  # noqa: PLC0415

    typer.echo(packaged_text(name), nl=False)


@group.command()
def check(file: FileArgument, name: NameArgument) -> None:
    """Read an own text as it would be used: its variables, its tone."""
    _expect_fit(file, name)
    typer.echo(f"{file} can be saved as {name}.")


@group.command()
def save(
    context: typer.Context,
    tenant: TenantSlug,
    file: FileArgument,
    name: NameArgument,
    by: Annotated[str, typer.Option("--by", help="Who says so.")] = "command line",
) -> None:
    """Put a tenant's own text in force; what was said stays as it was said."""
    from app.rule_texts import put_in_force  # noqa: PLC0415

    _expect_fit(file, name)
    with opened(context) as product:
        owner = product.tenant(tenant)
        _, version = put_in_force(product, owner, file, "template", name=name, by=by)
    typer.echo(f"template {name} is version {version}.")


@group.command()
def preview(
    context: typer.Context,
    tenant: TenantSlug,
    name: NameArgument,
    debtor: DebtorArgument,
    file: Annotated[Path | None, typer.Option(help="Try this own text.")] = None,
    html: Annotated[
        Path | None, typer.Option(help="Write the message as HTML here.")
    ] = None,
) -> None:
    """Show a message in a text, over a debtor's account as it is; nothing is sent."""
    from app.previews import preview as previewed  # noqa: PLC0415

    with opened(context) as product:
        owner = product.tenant(tenant)
        with product.database.tenant(owner.scope) as session:
            one = the_debtor(session, debtor)
        message = previewed(product, owner, one.id, name, file)
    if html is not None:
        write_whole(html, message.html.encode())
    _show(message)


def statement_command(
    context: typer.Context,
    tenant: TenantSlug,
    debtor: DebtorArgument,
    currency_: Annotated[
        str | None, typer.Option("--currency", help="Of an account in several.")
    ] = None,
    pdf: Annotated[Path | None, typer.Option(help="Write it as a PDF here.")] = None,
) -> None:
    """Show a debtor's statement of account in its own language; nothing is sent."""
    from app.previews import statement_pdf  # noqa: PLC0415

    code = None if currency_ is None else parse_currency(currency_)
    with opened(context) as product:
        owner = product.tenant(tenant)
        with product.database.tenant(owner.scope) as session:
            one = the_debtor(session, debtor)
        message, content = statement_pdf(product, owner, one.id, code)
    if pdf is not None:
        write_whole(pdf, content)
    _show(message)


def _expect_fit(file: Path, name: str) -> None:
    from app.previews import checked  # noqa: PLC0415

    findings = checked(file, name)
    if findings:
        raise UnfitTextError(file, findings)


def _show(message: Message) -> None:
    typer.echo(f"To: {message.recipient} <{message.address}>")
    typer.echo(f"Subject: {message.subject}\n")
    typer.echo(message.text)
