"""`duebridge connect TENANT tryton|xero`: books that are read over the network."""

import webbrowser
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import typer

from app.bootstrap import Product
from app.cli.private import read_secret
from app.live import PASSWORD, JustGiven
from connectors.consent import CallbackServer, Consent, Consented
from connectors.oauth import ClientGrant, TokenSet
from ledger.credentials import Credential, CredentialState
from ledger.errors import RequestError
from ledger.secret import Secret
from ledger.store import connections
from ledger.store.connections import StoredConnection
from ledger.store.tenants import Tenant

TRYTON_PASSWORD: Final = "DUEBRIDGE_TRYTON_PASSWORD"  # noqa: S105 - a variable's name
XERO_SECRET: Final = "DUEBRIDGE_XERO_CLIENT_SECRET"  # noqa: S105 - a variable's name


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveOptions:
    """What the command line says of a live system."""

    name: str | None
    url: str | None
    allow_plain_http: bool
    database: str | None
    user: str | None
    client_id: str | None
    custom: bool
    public: bool
    organisation: str | None
    browser: bool
    port: int
    secret_file: Path | None


def connect_tryton(
    product: Product, owner: Tenant, options: LiveOptions
) -> tuple[StoredConnection, list[str]]:
    """Connect a company in Tryton; nothing is stored unless it can be read."""
    settings = {
        "url": _needed("--url", options.url),
        "database": _needed("--database", options.database),
        "user": _needed("--user", options.user),
        "allow_plain_http": options.allow_plain_http,
    }
    password = read_secret(
        "Password", file=options.secret_file, variable=TRYTON_PASSWORD
    )
    found = list(product.live.tryton_books(settings, password).check())
    one = _stored(product, owner, "tryton", options.name or "tryton", settings)
    with product.live.vault(owner, one).exclusive() as held:
        held.save(
            Credential(
                secrets={PASSWORD: password},
                state=CredentialState.CONNECTED,
                organisation_id=f"{settings['url']}/{settings['database']}",
                organisation_name=str(settings["database"]),
                refreshed_at=product.clock.now(),
            )
        )
    return one, found


def connect_xero(
    product: Product, owner: Tenant, options: LiveOptions
) -> tuple[StoredConnection, list[str]]:
    """Connect an organisation in Xero by a person's consent, or its own client."""
    settings = {
        "client_id": _needed("--client-id", options.client_id),
        "custom": options.custom,
        "url": options.url,
    }
    secret = None
    if not options.public:
        secret = read_secret(
            "Client secret", file=options.secret_file, variable=XERO_SECRET
        )
    given = _tokens(product, settings, options, secret)
    opened = product.live.xero_organisations(settings, JustGiven(given))
    key, called = _chosen(opened, options.organisation)
    one = _stored(product, owner, "xero", options.name or called, settings)
    product.live.xero_keeper(owner, one, custom=options.custom).adopt(
        given, organisation_id=key, organisation_name=called, client_secret=secret
    )
    return one, list(product.connector(owner, one).check())


def _tokens(
    product: Product,
    settings: dict[str, Any],
    options: LiveOptions,
    secret: Secret | None,
) -> TokenSet:
    app, seam = product.live.xero_app(settings)
    if options.custom:
        secrets = {} if secret is None else {"client_secret": secret}
        return ClientGrant(app, seam)(Credential(secrets=secrets))
    with CallbackServer(options.port) as server:
        consent = Consent.begin(app, server.redirect_url)
        typer.echo("Open this address, and allow Duebridge to read the organisation:")
        typer.echo(f"\n  {consent.address}\n")
        if options.browser and webbrowser.open(consent.address):
            consented = server.wait(consent)
        else:
            consented = _pasted(consent)
    return consent.exchange(seam, consented, secret)


def _pasted(consent: Consent) -> Consented:
    """Take the answer from a browser on another machine."""
    return consent.take(
        typer.prompt("The address your browser was sent to afterwards").strip()
    )


def _chosen(opened: list[tuple[str, str]], wanted: str | None) -> tuple[str, str]:
    """Return the organisation meant.

    Raises:
        RequestError: There is none, or several.
    """
    found = [one for one in opened if wanted is None or wanted in one]
    if len(found) == 1:
        return found[0]
    names = ", ".join(name for _, name in opened) or "none"
    raise RequestError(
        f"The consent opens these organisations: {names}.",
        remedy="Name one of them with --organisation.",
    )


def _stored(
    product: Product, owner: Tenant, connector: str, name: str, settings: dict[str, Any]
) -> StoredConnection:
    """Return the connection of this name, made now or before.

    Raises:
        RequestError: The name is that of another system's connection.
    """
    with product.database.tenant(owner.scope) as session:
        for one in connections.load_all(session):
            if one.name != name:
                continue
            if one.connector != connector:
                raise RequestError(
                    f"{name!r} is a connection to {one.connector}.",
                    remedy="Choose another name with --name.",
                )
            return one
        return connections.add(
            session,
            connector=connector,
            name=name,
            settings=settings,
            created_at=product.clock.now(),
        )


def _needed(option: str, given: str | None) -> str:
    if not given:
        raise RequestError(f"{option} is missing.", remedy="Give it and run again.")
    return given
