"""`duebridge connect TENANT tryton|xero`: books that are read over the network."""

import os
import sys
import webbrowser
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Thread
from typing import Any, Final

import typer

from app.bootstrap import Product
from app.cli.private import read_secret
from app.live import PASSWORD, JustGiven
from connectors.consent import CallbackServer, Consent, Consented, ConsentError
from connectors.grants import ClientGrant
from connectors.oauth import TokenSet
from ledger.credentials import Credential, CredentialState
from ledger.errors import AccessDeniedError, RequestError
from ledger.secret import Secret
from ledger.store import connections
from ledger.store.connections import StoredConnection
from ledger.store.tenants import Tenant
from sync import allowed

TRYTON_PASSWORD: Final = "DUEBRIDGE_TRYTON_PASSWORD"  # noqa: S105 - a variable's name
XERO_SECRET: Final = "DUEBRIDGE_XERO_CLIENT_SECRET"  # noqa: S105 - a variable's name

SCREENS: Final = ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")
"""Without one of these a Linux machine has no browser but one in the terminal."""
OPENING_S: Final = 2
"""A browser that fails at once has failed by then."""


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
    settings: dict[str, Any] = {
        "url": _needed("--url", options.url).rstrip("/"),
        "database": _needed("--database", options.database),
        "user": _needed("--user", options.user),
        "allow_plain_http": options.allow_plain_http,
    }
    password = read_secret(
        "Password", file=options.secret_file, variable=TRYTON_PASSWORD
    )
    connector = product.live.tryton_books(settings, password)
    found = list(connector.check())
    company = settings["company"] = connector.books.context["company"]
    books = f"{settings['url']}/{settings['database']}/{company}"
    one = _stored(product, owner, "tryton", options.name, "tryton", settings, books)
    with product.live.vault(owner, one).exclusive() as held:
        held.save(
            Credential(
                secrets={PASSWORD: password},
                state=CredentialState.CONNECTED,
                organisation_id=books,
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
    one = _stored(product, owner, "xero", options.name, called, settings, key)
    product.live.xero_keeper(owner, one, custom=options.custom).adopt(
        given, organisation_id=key, organisation_name=called, client_secret=secret
    )
    try:
        return one, list(product.connector(owner, one).check())
    except AccessDeniedError as error:
        # Any other fault leaves the consent as good as it is.
        product.live.refused(owner, one, error)
        raise


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
        if options.browser and _browser_opens(consent.address):
            consented = server.wait(consent)
        else:
            consented = _pasted(consent)
    return consent.exchange(seam, consented, secret)


def _browser_opens(address: str) -> bool:
    """Open a browser on this machine, if there is one that has a screen.

    Some programs come back only when their window is closed, so none is waited for.
    """
    has_screen = sys.platform != "linux" or any(map(os.environ.get, SCREENS))
    opened: list[bool] = []

    def open_it() -> None:
        with suppress(webbrowser.Error, OSError):
            opened.append(webbrowser.open(address))

    if not has_screen:
        return False
    opening = Thread(target=open_it, daemon=True)
    opening.start()
    opening.join(OPENING_S)
    return opening.is_alive() or opened == [True]


def _pasted(consent: Consent) -> Consented:
    """Take the answer from a browser on another machine.

    Raises:
        ConsentError: It is none, or nothing was pasted.
    """
    try:
        given = typer.prompt("The address your browser was sent to afterwards")
    except typer.Abort as error:
        if sys.stdin.isatty():
            raise
        raise ConsentError("no address was pasted") from error
    return consent.take(given.strip())


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
    product: Product,
    owner: Tenant,
    connector: str,
    name: str | None,
    called: str,
    settings: dict[str, Any],
    organisation_id: str,
) -> StoredConnection:
    """Return the connection of an organisation, made now or before.

    Raises:
        RequestError: The name is that of other books, or the books have another name.
    """
    mine = [
        one
        for one in product.connections(owner)
        if one.connector == connector
        and _organisation_of(product, owner, one) == organisation_id
    ]
    if mine and name not in {None, mine[0].name}:
        raise RequestError(
            f"{called} is connected as {mine[0].name!r} already; read twice, it would "
            "count twice.",
            remedy=f"Leave --name out, or give {mine[0].name!r}.",
        )
    with product.database.tenant(owner.scope) as session:
        if mine:
            kept = allowed.kept(mine[0].settings, settings)
            connections.save_settings(session, mine[0], kept)
            return replace(mine[0], settings=kept)
        wanted = name or called
        for one in connections.load_all(session):
            if one.name != wanted:
                continue
            known = _organisation_of(product, owner, one)
            if one.connector != connector or known is not None:
                raise RequestError(
                    f"{wanted!r} is a connection to other books.",
                    remedy="Choose another name with --name.",
                )
            kept = allowed.kept(one.settings, settings)
            connections.save_settings(session, one, kept)
            return replace(one, settings=kept)
        return connections.add(
            session,
            connector=connector,
            name=wanted,
            settings=settings,
            created_at=product.clock.now(),
        )


def _organisation_of(
    product: Product, owner: Tenant, one: StoredConnection
) -> str | None:
    found = product.live.vault(owner, one).load()
    return None if found is None else found.organisation_id


def _needed(option: str, given: str | None) -> str:
    if not given:
        raise RequestError(f"{option} is missing.", remedy="Give it and run again.")
    return given
