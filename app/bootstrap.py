"""Wiring: from settings to a database, a clock, rates and connectors."""

import gc
import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from sqlalchemy import URL

from app import keys, own_server
from app.clock import SystemClock
from app.logs import keep_traceback
from app.postgres.server import EmbeddedServer
from app.rates import ecb_rates
from config.settings import Settings
from connectors.contract import Capability, Connector
from connectors.file_steps import FilesSource
from connectors.files import FilesConnector
from ledger.calendar import Clock, FixedClock
from ledger.errors import ConfigurationError, RequestError
from ledger.fx import RateSource
from ledger.store import connections, schema, tenants
from ledger.store.connections import StoredConnection
from ledger.store.sealing import Keyring
from ledger.store.session import Database, TenantScope
from ledger.store.tenants import Tenant
from mapping.files import profiles
from sync.night import Maker, Night, Work, run_night
from sync.proof import Prover
from sync.pull import WATCH, Sync

if TYPE_CHECKING:
    # The network's libraries take long to load, and most commands call nobody; they
    # are imported where they are needed.
    from app.live import LiveSystems
    from app.network import Rotation

UTF8 = "utf-8"
FILES = "files"
"""The connector that reads files; the others read live systems."""


class NotInitializedError(ConfigurationError):
    """The operator's own database is not set up."""

    def __init__(self) -> None:
        """Say what to run."""
        super().__init__(
            "The database that DUEBRIDGE_DATABASE_URL names is not set up yet.",
            remedy="Run `duebridge init`.",
        )


class UnreadableProfileError(ConfigurationError):
    """A profile's file cannot be read."""

    def __init__(self, path: Path, reason: str) -> None:
        """Name the file."""
        super().__init__(
            f"The profile {path} cannot be read: {reason}.",
            remedy="Check the path that `duebridge connect --profile` was given.",
        )


@dataclass(slots=True)
class Product:
    """The product, wired; the database opens when it is first needed.

    Attributes:
        clock: Where every date and instant comes from.
        trace: A file to which calls to live systems are written, without secrets.
        is_trial: Whether nobody is written to: messages go into a folder, whatever the
            settings and the senders say.
    """

    settings: Settings
    clock: Clock
    rates: RateSource = field(default_factory=ecb_rates)
    trace: Path | None = None
    is_trial: bool = False
    _database: Database | None = None
    _live: "LiveSystems | None" = None
    _server: EmbeddedServer | None = None

    @property
    def database(self) -> Database:
        """The working role's database, at this version's schema.

        Raises:
            ConfigurationError: It cannot be opened, or must not be.
        """
        if self._database is None:
            self._database = self._open()
        return self._database

    def initialize(self) -> str:
        """Set the database up, or bring it to this version; return where it is."""
        if self.settings.database_url is None:
            _ = self.database
            return f"embedded PostgreSQL in {self.settings.home}"
        server = self._own_server()
        if server.worker is None:
            server = own_server.make_worker(server, self.settings.home)
        schema.upgrade(server.owner, worker_role=server.worker_role)
        _ = self.database
        return server.owner.render_as_string(hide_password=True)

    def owner(self) -> tuple[URL, str]:
        """Return the owning role's address and the working role's name."""
        if self.settings.database_url is None:
            address = self._embedded().open()
            return address.owner_url(), address.worker
        server = self._own_server()
        return server.owner, server.worker_role

    def rotate_key(self, *, forget_old: bool = False) -> "Rotation":
        """Seal every tenant's secrets with a new key.

        Where the keys come from the environment, with the first of them.

        Raises:
            ConfigurationError: They do, and the first seals everything already.
        """
        from app import network  # noqa: PLC0415

        if self.settings.secret_keys is not None:
            ring = keys.load(self.settings)
            count = network.reseal(self.database, self._scopes(), ring)
            if not count:
                keys.add(self.settings)
            return network.Rotation(count, 0)
        with keys.changing(self.settings) as file:
            return network.rotate(
                self.database, self._scopes, file, forget_old=forget_old
            )

    def keyring(self) -> Keyring:
        """Return the keys that secrets are sealed with; the first is made if need be.

        Raises:
            ConfigurationError: They cannot be read.
        """
        return keys.load(self.settings)

    def _scopes(self) -> list[TenantScope]:
        with self.database.shared() as connection:
            return [owner.scope for owner in tenants.load_all(connection)]

    def close(self) -> None:
        """Give back what was opened."""
        if self._live is not None:
            self._live.close()
            self._live = None
        if self._database is not None:
            self._database.close()
            self._database = None
        if self._server is not None:
            self._server.close()
            self._server = None

    @property
    def live(self) -> "LiveSystems":
        """What connectors of live systems are made of."""
        from app.live import LiveSystems  # noqa: PLC0415

        if self._live is None:
            self._live = LiveSystems(
                database=self.database,
                settings=self.settings,
                clock=SystemClock(),
                trace=self.trace,
            )
        return self._live

    @property
    def is_live(self) -> bool:
        """Whether a live system was opened."""
        return self._live is not None

    def tenant(self, slug: str) -> Tenant:
        """Return a tenant by its slug.

        Raises:
            UnknownTenantError: There is none.
        """
        with self.database.shared() as connection:
            return tenants.load(connection, slug)

    def connections(self, tenant: Tenant) -> list[StoredConnection]:
        """Return a tenant's connections."""
        with self.database.tenant(tenant.scope) as session:
            return connections.load_all(session)

    def connector(self, tenant: Tenant, one: StoredConnection) -> Connector:
        """Return the connector of a connection, ready to read.

        Raises:
            ConfigurationError: Its profile cannot be used.
            CredentialError: It must be connected first, or again.
        """
        if one.connector != FILES:
            return self.live.open(tenant, one)
        return files_connector(
            Path(one.settings["path"]),
            Path(one.settings["profile"]),
            tenant,
            business_on=self.clock.today(tenant.timezone),
        )

    def capabilities(
        self, tenant: Tenant, one: StoredConnection
    ) -> frozenset[Capability]:
        """Return what a connection can do, without opening it.

        Raises:
            ConfigurationError: The profile that says it cannot be used.
        """
        if one.connector == FILES:
            return self.connector(tenant, one).capabilities
        from app.live import CAPABILITIES  # noqa: PLC0415

        return CAPABILITIES[one.connector]

    def work(
        self,
        tenant: Tenant,
        one: StoredConnection,
        *,
        watch: WATCH,
        full: bool = False,
        accept_closures: bool = False,
    ) -> Work:
        """Return what reading and proving a connection takes."""
        connector = self.connector(tenant, one)
        return Work(
            Sync(
                database=self.database,
                tenant=tenant,
                connection=one,
                connector=connector,
                clock=self.clock,
                rates=self.rates,
                full=full,
                accept_closures=accept_closures,
                watch=watch,
            ),
            Prover(
                database=self.database,
                tenant=tenant,
                connection=one,
                connector=connector,
                clock=self.clock,
                rates=self.rates,
            ),
        )

    def night(self, tenant: Tenant, *, watch: WATCH) -> Iterator[Night]:
        """Read and prove each connection of a tenant; one failure stops none."""
        work: list[tuple[str, Maker]] = [
            (one.name, partial(self.work, tenant, one, watch=watch))
            for one in self.connections(tenant)
        ]
        named = {one.name: one for one in self.connections(tenant)}
        for night in run_night(tenant.slug, work, keep_traceback):
            if night.never_began:
                self._note_failure(tenant, named[night.connection], night)
            if self._live is not None:
                # A night over thousands of connections keeps none of them open.
                self._live.close()
            yield night

    def _note_failure(
        self, tenant: Tenant, one: StoredConnection, night: Night
    ) -> None:
        """Let the status show that a run could not even begin."""
        assert night.error is not None
        with self.database.tenant(tenant.scope) as session:
            connections.note_failure(
                session,
                one.id,
                at=self.clock.now(),
                business_on=self.clock.today(tenant.timezone),
                message=night.error.user_message,
            )

    def _open(self) -> Database:
        if self.settings.database_url is None:
            address = self._embedded().open()
            database = Database(address.worker_url())
            if database.revision() != schema.head():
                schema.upgrade(address.owner_url(), worker_role=address.worker)
            database.refuse_unsafe_role()
            return database
        server = self._own_server()
        database = Database(server.worker or server.owner)
        database.refuse_unsafe_role()
        found = database.revision()
        if found is None:
            raise NotInitializedError
        if found != schema.head():
            raise schema.SchemaVersionError(found=found, wanted=schema.head())
        return database

    def _embedded(self) -> EmbeddedServer:
        if self._server is None:
            self._server = EmbeddedServer(self.settings.home)
        return self._server

    def _own_server(self) -> own_server.OwnServer:
        assert self.settings.database_url is not None
        return own_server.read(
            self.settings.database_url,
            self.settings.owner_database_url,
            self.settings.home,
        )


@contextmanager
def product(settings: Settings) -> Iterator[Product]:
    """Wire the product for the length of a block."""
    wired = Product(settings, clock_of(settings))
    try:
        yield wired
    finally:
        wired.close()


def clock_of(settings: Settings) -> Clock:
    """Return the machine's clock, or the one that the settings set.

    Raises:
        RequestError: `today` or `now` is no date or instant.
    """
    today = None if settings.today is None else _date(settings.today)
    if settings.now is not None:
        return FixedClock(_instant(settings.now), today)
    if today is not None:
        return FixedClock.on(today)
    return SystemClock()


def files_connector(
    path: Path, profile: Path, tenant: Tenant, *, business_on: date
) -> FilesConnector:
    """Return the connector of a folder or file.

    Raises:
        ProfileError: The profile cannot be used.
        UnreadableProfileError: It cannot be read.
    """
    try:
        text = profile.read_text(encoding=UTF8)
    except OSError as error:
        raise UnreadableProfileError(profile, error.strerror or "") from error
    except UnicodeDecodeError as error:
        raise UnreadableProfileError(profile, "it is not UTF-8") from error
    return FilesConnector(
        FilesSource(
            path=path,
            profile=profiles.parse(text, str(profile)),
            profile_digest=hashlib.sha256(text.encode()).hexdigest(),
            home=tenant.home_currency,
            business_on=business_on,
        )
    )


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise RequestError(
            f"{text!r} is no date.", remedy="Write it as 2026-01-31."
        ) from error


def _instant(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise RequestError(
            f"{text!r} is no instant.", remedy="Write it as 2026-01-31T18:00:00Z."
        ) from error
    if found.tzinfo is None:
        raise RequestError(
            f"{text!r} has no time zone.", remedy="Write it as 2026-01-31T18:00:00Z."
        )
    return found


def spare_the_collector() -> None:
    """Let the garbage collector look less often: bulk reading makes no cycles.

    Measured on a million rows, looking as often as by default costs a fifth of the
    processor time of reading them.
    """
    gc.freeze()
    gc.set_threshold(100_000, 20, 100)


def zone(name: str) -> ZoneInfo:
    """Return a time zone by its name.

    Raises:
        RequestError: There is none.
    """
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise RequestError(
            f"There is no time zone {name!r}.", remedy="Use one such as Europe/Berlin."
        ) from error


def settings_with(overrides: Mapping[str, str | None]) -> Settings:
    """Return the settings of the environment with some set by hand."""
    given = {name: value for name, value in overrides.items() if value is not None}
    return Settings(**given)  # type: ignore[arg-type] # pydantic checks what it gets
