"""`duebridge agency`: what is contracted beyond reminders, and with whom."""

from pathlib import Path
from typing import Annotated

import typer

from app.cli.context import Exit, FormatOption, OutOption, TenantSlug, opened
from app.cli.listing import Format, Listing, show, text_column
from app.cli.private import read_secret
from app.text_files import text_of
from ledger.errors import RequestError
from ledger.store import identities, rulebooks

group = typer.Typer(
    no_args_is_help=True, help="Agencies: who collects, and on what terms."
)
KEY_VARIABLE = "DUEBRIDGE_AGENCY_KEY"
ByOption = Annotated[str, typer.Option("--by", help="Who says so.")]

SHORT = """
# What is contracted beyond reminders; `duebridge agency example` explains it.
version = 1
escalation = true
approval = "{approval}"
requires = ["contact", "final_demand", "invoices", "mandate"]

[[agency]]
name = "{name}"
kind = "{kind}"
title = {title}
identity = "{identity}"
commission = [{{ percent = "{commission}" }}]
[agency.settings]
{settings}
"""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(group, name="agency")


@group.command()
def example() -> None:
    """Print the packaged contract, to copy and change."""
    from outsourced_ar.rule_files import packaged  # noqa: PLC0415

    typer.echo(packaged("contract.toml"), nl=False)


@group.command("set")
def set_(
    context: typer.Context,
    tenant: TenantSlug,
    file: Annotated[
        Path | None,
        typer.Argument(help="A contract as TOML; or say --folder or --debitura."),
    ] = None,
    folder: Annotated[
        Path | None, typer.Option(help="An agency behind this folder.")
    ] = None,
    mail: Annotated[
        str | None,
        typer.Option(help="An agency that is written to here; a folder may be beside."),
    ] = None,
    debitura: Annotated[
        str | None,
        typer.Option(
            metavar="MAIL",
            help="Debitura; messages go in the name of this member of your team there.",
        ),
    ] = None,
    url: Annotated[
        str | None, typer.Option(help="Where Debitura is, if it is a stand-in.")
    ] = None,
    name: Annotated[
        str | None, typer.Option(help="What it is called in cases; else as its kind.")
    ] = None,
    title: Annotated[str, typer.Option(help="The agency's name.")] = "",
    identity: Annotated[
        str, typer.Option(help="In whose name it demands: an identity's key.")
    ] = "agency",
    commission: Annotated[
        str, typer.Option(help="Its share of what comes in, in percent.")
    ] = "0",
    approval: Annotated[
        str, typer.Option(help="Who says yes first: always, never.")
    ] = "always",
    none: Annotated[
        bool, typer.Option("--none", help="Reminders only: nothing is placed.")
    ] = False,
    by: ByOption = "command line",
) -> None:
    """Put a contract in force; cases that are placed keep the terms they have."""
    from outsourced_ar.rules.agencies import CONTRACT, read_contract  # noqa: PLC0415
    from outsourced_ar.rules.rules_in_force import OWN  # noqa: PLC0415

    given = (file is not None, bool(folder or mail), debitura is not None, none)
    if sum(given) != 1:
        raise RequestError(
            "Which contract is it?",
            remedy="Name a TOML file, or --folder or --mail of an agency, or "
            "--debitura, or --none.",
        )
    kind, settings = _named(folder, mail, debitura, url)
    if kind:
        text = SHORT.format(
            approval=approval,
            name=name or kind,
            kind=kind,
            title=_quoted(title or name or kind),
            identity=identity,
            commission=commission,
            settings="\n".join(f"{key} = {_quoted(settings[key])}" for key in settings),
        )
    else:
        text = "" if file is None else text_of(file)
    if text:
        read_contract(text, str(file or "The contract"))
    with opened(context) as product:
        owner = product.tenant(tenant)
        with product.database.tenant(owner.scope) as session:
            version = rulebooks.save(
                session,
                kind=CONTRACT,
                name=OWN,
                body=text,
                by=by,
                at=product.clock.now(),
            )
    typer.echo(f"The contract of {tenant} is version {version}.")


@group.command("list")
def list_(
    context: typer.Context,
    tenant: TenantSlug,
    format_: FormatOption = Format.TABLE,
    out: OutOption = None,
) -> None:
    """List a tenant's agencies, and whether anything may be placed."""
    from app.collecting import Collecting  # noqa: PLC0415

    with opened(context) as product:
        owner = product.tenant(tenant)
        contract = Collecting(product, owner).contract
    items = [
        {
            "name": one.name,
            "kind": one.kind,
            "title": one.title,
            "identity": one.identity,
            "commission": [
                {
                    "overdue_days_max": rung.overdue_days_max,
                    "percent": str(rung.percent),
                }
                for rung in one.commission
            ],
            "countries": sorted(one.countries),
            "currencies": sorted(one.currencies),
        }
        for one in contract.agency
    ]
    said = (
        f"More than reminders is contracted; approval: {contract.approval}."
        if contract.escalation
        else "Reminders only: nothing is demanded in an agency's name, nothing placed."
    )
    listing = Listing(
        title=f"Agencies of {owner.slug}",
        columns=[
            text_column("Name", "name"),
            text_column("Kind", "kind"),
            text_column("Title", "title"),
            text_column("Identity", "identity"),
            text_column("Commission", "commission"),
        ],
        items=items,
        meta={
            "tenant": owner.slug,
            "escalation": contract.escalation,
            "approval": str(contract.approval),
            "pay_to": str(contract.pay_to),
        },
        notes=[said],
    )
    show(listing, format_, out)


@group.command()
def check(
    context: typer.Context,
    tenant: TenantSlug,
    call: Annotated[
        bool, typer.Option("--call", help="Ask services whose account it is, too.")
    ] = False,
) -> None:
    """Look whether each agency could be used, without telling it anything."""
    from app.collecting import Collecting  # noqa: PLC0415

    with opened(context) as product:
        owner = product.tenant(tenant)
        collecting = Collecting(product, owner)
        contract = collecting.contract
        found = {one.name: collecting.check(one) for one in contract.agency}
        called = {
            one.name: collecting.call(one)
            for one in contract.agency
            if call and not found[one.name]
        }
    if not contract.escalation:
        typer.echo(f"{tenant} has reminders only; nothing can be placed.")
    for name, said in found.items():
        typer.echo(f"{name}: {'; '.join(said or called.get(name, ())) or 'ready'}")
    if any(found.values()):
        raise typer.Exit(Exit.LEFT_OVER)


@group.command()
def mails(
    context: typer.Context,
    tenant: TenantSlug,
    name: Annotated[str, typer.Argument(help="The agency's name in the contract.")],
    went: Annotated[str | None, typer.Option(help="This mail went.")] = None,
    not_sent: Annotated[
        str | None, typer.Option(help="This mail did not go; it is sent again.")
    ] = None,
    by: ByOption = "command line",
) -> None:
    """List mails to an agency of which nobody knows whether they went, and say so."""
    from app.collecting import AgencySetUpError, Collecting  # noqa: PLC0415

    with opened(context) as product:
        collecting = Collecting(product, product.tenant(tenant))
        terms = collecting.contract.terms(name)
        if terms is None:
            raise AgencySetUpError(name, "the contract does not name it")
        notes = collecting.notes(terms)
        for one, is_there in ((went, True), (not_sent, False)):
            if one is not None:
                notes.settle(one, went=is_there, by=by)
        left = notes.doubtful()
    for one in left:
        typer.echo(one)
    if left:
        raise typer.Exit(Exit.LEFT_OVER)


@group.command()
def key(
    context: typer.Context,
    tenant: TenantSlug,
    name: Annotated[str, typer.Argument(help="The agency's name in the contract.")],
    secret_file: Annotated[
        Path | None,
        typer.Option(help=f"A file that holds it; else {KEY_VARIABLE} does."),
    ] = None,
) -> None:
    """Seal the API key of an agency that is a service."""
    from outsourced_ar.placements.debitura_settings import (  # noqa: PLC0415
        SECRET_NAME,
    )

    value = read_secret("API key", file=secret_file, variable=KEY_VARIABLE)
    with opened(context) as product:
        owner = product.tenant(tenant)
        keys = product.keyring()
        with product.database.tenant(owner.scope) as session:
            identities.save_secret(session, name, SECRET_NAME, value, keys)
    typer.echo(f"The key of {name} is sealed.")


def _named(
    folder: Path | None, mail: str | None, debitura: str | None, url: str | None
) -> tuple[str, dict[str, str]]:
    """Return the kind and the settings of an agency that options name, or nothing.

    Raises:
        SettingsError: They have no meaning.
    """
    from outsourced_ar.delivery.addresses import address  # noqa: PLC0415
    from outsourced_ar.placements import debitura_settings, local  # noqa: PLC0415

    named = {} if folder is None else {"folder": str(folder.absolute())}
    if mail is not None:
        named["mail"] = address(mail, "The agency's mail")
    if named:
        return local.KIND, named
    if debitura is None:
        return "", {}
    settings = {"sender": debitura, **({} if url is None else {"url": url})}
    debitura_settings.Settings.of(settings)
    return debitura_settings.KIND, settings


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
