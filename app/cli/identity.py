"""`duebridge identity`: in whose name messages go, from where, and whether they may."""

import base64
import dataclasses
import tomllib
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from app.cli.context import Exit, FormatOption, OutOption, TenantSlug, opened
from app.cli.listing import Format, Listing, show, text_column
from app.text_files import text_of
from ledger.errors import RequestError
from ledger.identities import AgencyIdentity, ClientIdentity, Health
from ledger.reminders import Voice
from ledger.secret import Secret
from ledger.store import identities
from ledger.store.identities import AnyIdentity
from outsourced_ar.delivery.addresses import address
from outsourced_ar.wording.pictures import BYTES_MAX, SIDE_MAX, picture_of

group = typer.Typer(no_args_is_help=True, help="Identities: in whose name is spoken.")

TYPES: dict[str, type[AnyIdentity]] = {
    Voice.CLIENT: ClientIdentity,
    Voice.AGENCY: AgencyIdentity,
}
KeyArgument = Annotated[str, typer.Argument(help="The identity's key, such as client.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(group, name="identity")


@group.command("list")
def list_(
    context: typer.Context,
    tenant: TenantSlug,
    format_: FormatOption = Format.TABLE,
    out: OutOption = None,
) -> None:
    """List who speaks for a tenant, and whether their mail will be believed."""
    with opened(context) as product:
        owner = product.tenant(tenant)
        with product.database.tenant(owner.scope) as session:
            found = identities.load_all(session)
            health = identities.health(session)
    items = []
    notes = []
    for one in found:
        seen = health.get(one.key)
        items.append(
            {
                "key": one.key,
                "voice": str(one.voice),
                "name": one.name,
                "email": one.email,
                "route": one.route.folder or f"{one.route.host}:{one.route.port}",
                "health": str(seen.health if seen else Health.UNKNOWN),
                "findings": list(seen.findings) if seen else [],
                "checked_at": seen.checked_at.isoformat() if seen else None,
            }
        )
        if seen and seen.health is Health.FAILING:
            notes += [f"{one.key}: {finding}" for finding in seen.findings]
    listing = Listing(
        title=f"Identities of {owner.slug}",
        columns=[
            text_column("Key", "key"),
            text_column("Voice", "voice"),
            text_column("Name", "name"),
            text_column("From", "email"),
            text_column("Goes by", "route"),
            text_column("Domain", "health"),
        ],
        items=items,
        meta={"tenant": owner.slug},
        notes=notes,
    )
    show(listing, format_, out)


@group.command()
def save(
    context: typer.Context,
    tenant: TenantSlug,
    file: Annotated[
        Path, typer.Argument(help="A TOML file; `identity example` writes one.")
    ],
    by: Annotated[str, typer.Option("--by", help="Who says so.")] = "command line",
) -> None:
    """Make an identity, or change it: all of it stands in one file."""
    one = read_identity(file)
    with opened(context) as product:
        owner = product.tenant(tenant)
        with product.database.tenant(owner.scope) as session:
            version = identities.save(session, one, product.clock.now(), by=by)
    typer.echo(f"{one.key} is version {version}: {one.name} <{one.email}>.")


@group.command()
def example(
    out: Annotated[
        Path | None, typer.Option("--out", help="Write to this file instead.")
    ] = None,
) -> None:
    """Show an identity's file with every field, to fill in."""
    if out is None:
        typer.echo(EXAMPLE.strip())
        return
    if out.exists():
        raise RequestError(f"{out} exists.", remedy="Choose another name.")
    out.write_text(EXAMPLE.lstrip(), encoding="utf-8")


@group.command()
def secret(
    context: typer.Context,
    tenant: TenantSlug,
    key: KeyArgument,
    name: Annotated[
        str, typer.Argument(help="`password` or `inbox` of a server, or `dkim` (PEM).")
    ],
    secret_file: Annotated[
        Path | None, typer.Option(help="A file that holds it; else it is asked for.")
    ] = None,
) -> None:
    """Seal the mail server's password or the signing key of an identity."""
    if secret_file is None:
        value = typer.prompt(name, hide_input=True)
    else:
        value = text_of(secret_file).strip()
    with opened(context) as product:
        owner = product.tenant(tenant)
        keys = product.keyring()
        with product.database.tenant(owner.scope) as session:
            identities.load(session, key)
            identities.save_secret(session, key, name, Secret(value), keys)
    typer.echo(f"Sealed {name} of {key}.")


@group.command()
def check(context: typer.Context, tenant: TenantSlug) -> None:
    """Look up the mail domains of all identities; one that fails pauses its mail."""
    # Only this looks names up and reads keys.
    from app.identities import examine  # noqa: PLC0415

    with opened(context) as product:
        owner = product.tenant(tenant)
        found = examine(product, owner, again=True)
    failing = False
    for key, examination in found.items():
        failing = failing or examination.health is Health.FAILING
        typer.echo(f"{key}: {examination.health}")
        for finding in examination.findings:
            typer.echo(f"  {'+' if finding.is_good else '-'} {finding.words}")
    raise typer.Exit(Exit.LEFT_OVER if failing else Exit.DONE)


def read_identity(file: Path) -> AnyIdentity:
    """Read an identity's file.

    Raises:
        RequestError: It cannot be read, or says what cannot be.
    """
    try:
        found: dict[str, Any] = tomllib.loads(text_of(file))
    except tomllib.TOMLDecodeError as error:
        raise RequestError(
            f"{file} is no TOML: {error}.", remedy="Correct the line it names."
        ) from error
    voice = found.pop("voice", Voice.CLIENT)
    if voice not in TYPES:
        raise RequestError(
            f"{file}: voice is {voice!r}.", remedy="Write client or agency."
        )
    logo = found.pop("logo", "")
    if logo:
        found["logo"] = base64.b64encode(_logo(file.parent / logo)).decode()
    try:
        one = msgspec.convert(found, TYPES[voice])
    except msgspec.ValidationError as error:
        raise RequestError(
            f"{file}: {error}.", remedy="`duebridge identity example` shows the fields."
        ) from error
    unknown = found.keys() - {field.name for field in dataclasses.fields(TYPES[voice])}
    if unknown:
        raise RequestError(
            f"{file}: {', '.join(sorted(unknown))} is no field of an identity.",
            remedy="`duebridge identity example` shows the fields.",
        )
    _expect_good(file, one)
    return one


def _logo(file: Path) -> bytes:
    try:
        content = file.read_bytes()
    except OSError as error:
        raise RequestError(
            f"The logo {file} cannot be read: {error}.",
            remedy="Name a PNG or JPEG beside the identity's file.",
        ) from error
    if picture_of(content) is None:
        raise RequestError(
            f"The logo {file} is no whole PNG or JPEG of at most "
            f"{BYTES_MAX // 1000} KB and {SIDE_MAX} pixels a side.",
            remedy="Save it as one; a vector drawing cannot stand in a mail.",
        )
    return content


def _expect_good(file: Path, one: AnyIdentity) -> None:
    # The registry of banks takes a quarter of a second to read.
    from schwifty import IBAN  # noqa: PLC0415
    from schwifty.exceptions import SchwiftyException  # noqa: PLC0415

    for email in one.email, one.reply_to:
        address(email, "An identity")
    for account in one.accounts:
        try:
            IBAN(account.iban)
        except SchwiftyException as error:
            raise RequestError(
                f"{file}: the IBAN {account.iban!r} is none: {error}.",
                remedy="Debtors would pay to it: correct it.",
            ) from error
    has_way_out = one.route.folder or one.route.host
    if not (one.name.strip() and one.address and has_way_out):
        raise RequestError(
            f"{file}: an identity needs a name, an address and a way out.",
            remedy="Give `route.folder`, or `route.host` with its port and security.",
        )


EXAMPLE = """
# In whose name is spoken. All of it stands on messages, so take care.
voice = "client"            # client, or agency: the two are never mixed
key = "client"              # what cadences call it
name = "Acme GmbH"
address = ["Hafenstraße 1", "20457 Hamburg"]
country = "DE"
email = "accounts@acme.example"      # From
reply_to = "accounts@acme.example"   # where answers go
phone = "+49 40 123456"
website = "https://acme.example"
person = "Mara Brandt"      # who signs
role = "Accounts receivable"
colour = "#1f3a5f"
# logo = "logo.png"         # a PNG or JPEG beside this file, at most 200 KB
register = "Amtsgericht Hamburg HRB 12345, USt-IdNr. DE123456789"

[[accounts]]
holder = "Acme GmbH"
iban = "DE89 3704 0044 0532 0130 00"
bic = "COBADEFFXXX"
bank = "Commerzbank"
currencies = []             # empty: takes every currency

[route]
folder = "outbox"           # each message becomes a file there; to send for real:
# host = "mail.acme.example"
# port = 587
# security = "starttls"     # or tls
# user = "accounts@acme.example"
# password_name = "password"        # `duebridge identity secret acme client password`
# return_path = "bounce+{token}@acme.example"
# dkim_selector = "duebridge"       # `duebridge identity secret acme client dkim`
# per_minute = 30

# [inbox]                    # answers, read over IMAP before anything is decided
# host = "mail.acme.example"
# user = "accounts@acme.example"
# password_name = "inbox"    # `duebridge identity secret acme client inbox`
"""
