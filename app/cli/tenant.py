"""`duebridge tenant`: whose books these are."""

import re
from typing import Annotated

import typer

from app.bootstrap import zone
from app.cli.context import FormatOption, OutOption, opened, parse_currency
from app.cli.listing import Format, Listing, show, text_column
from ledger.errors import RequestError
from ledger.store import tenants
from ledger.store.tenants import Tenant

group = typer.Typer(no_args_is_help=True, help="Tenants: whose books these are.")

SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
NAME = re.compile(r"(?=.*\w)[^\0]*")
COUNTRY = re.compile(r"[A-Z]{2}")
LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})*")


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(group, name="tenant")


@group.command()
def add(
    context: typer.Context,
    slug: Annotated[str, typer.Argument(help="A short name: letters, digits, dashes.")],
    name: Annotated[str, typer.Option(help="The company's name.")],
    currency_: Annotated[
        str, typer.Option("--currency", help="Its home currency, such as EUR.")
    ],
    country: Annotated[str, typer.Option(help="Its country, such as DE.")],
    timezone: Annotated[str, typer.Option(help="Its time zone, e.g. Europe/Berlin.")],
    language: Annotated[str, typer.Option(help="Its language, such as de.")],
) -> None:
    """Add a tenant."""
    _expect(SLUG, slug, "slug", "acme-gmbh")
    _expect(NAME, name, "name", "Acme GmbH")
    _expect(COUNTRY, country.upper(), "country", "DE")
    _expect(LANGUAGE, language, "language", "de")
    with opened(context) as product, product.database.shared() as connection:
        made = tenants.add(
            connection,
            slug=slug,
            name=name,
            home_currency=parse_currency(currency_),
            country=country.upper(),
            timezone=zone(timezone),
            language=language,
            created_at=product.clock.now(),
        )
    typer.echo(f"Added {made.slug}.")


@group.command("list")
def list_(
    context: typer.Context, format_: FormatOption = Format.TABLE, out: OutOption = None
) -> None:
    """List the tenants."""
    with opened(context) as product, product.database.shared() as connection:
        found = tenants.load_all(connection)
    listing = Listing(
        title="Tenants",
        columns=[
            text_column("Slug", "slug"),
            text_column("Name", "name"),
            text_column("Currency", "currency"),
            text_column("Country", "country"),
            text_column("Time zone", "timezone"),
            text_column("Language", "language"),
        ],
        items=[_item(one) for one in found],
    )
    show(listing, format_, out)


def _item(one: Tenant) -> dict[str, str]:
    return {
        "slug": one.slug,
        "name": one.name,
        "currency": one.home_currency,
        "country": one.country,
        "timezone": one.timezone.key,
        "language": one.language,
    }


def _expect(pattern: re.Pattern[str], value: str, what: str, example: str) -> None:
    if not pattern.fullmatch(value):
        raise RequestError(
            f"{value!r} is no {what}.", remedy=f"Write it like {example!r}."
        )
