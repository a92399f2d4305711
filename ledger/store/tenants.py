"""Tenants: whose books these are."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, insert, select
from sqlalchemy.exc import IntegrityError

from ledger.errors import RequestError
from ledger.ids import TenantId
from ledger.money import Currency
from ledger.store.session import TenantScope
from ledger.store.tables import tenant


class UnknownTenantError(RequestError):
    """No tenant has this slug."""

    def __init__(self, slug: str) -> None:
        """Name the slug."""
        super().__init__(
            f"There is no tenant {slug!r}.",
            remedy="`duebridge tenant list` shows all; `duebridge tenant add` makes "
            "one.",
        )


class TenantExistsError(RequestError):
    """The slug is taken."""

    def __init__(self, slug: str) -> None:
        """Name the slug."""
        super().__init__(
            f"There is a tenant {slug!r} already.", remedy="Choose another slug."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    """A client of the agency: the creditor whose ledger this is.

    Attributes:
        home_currency: The currency its books are kept in.
        country: ISO 3166-1 alpha-2.
        timezone: The zone whose calendar day is its business day.
        language: BCP 47.
    """

    id: TenantId
    slug: str
    name: str
    home_currency: Currency
    country: str
    timezone: ZoneInfo
    language: str

    @property
    def scope(self) -> TenantScope:
        """What its sessions may see."""
        return TenantScope(self.id)


def add(
    connection: Connection,
    *,
    slug: str,
    name: str,
    home_currency: Currency,
    country: str,
    timezone: ZoneInfo,
    language: str,
    created_at: datetime,
) -> Tenant:
    """Make a tenant.

    Raises:
        TenantExistsError: The slug is taken.
    """
    try:
        key = connection.execute(
            insert(tenant)
            .values(
                slug=slug,
                name=name,
                home_currency=home_currency,
                country=country,
                timezone=timezone.key,
                language=language,
                created_at=created_at,
            )
            .returning(tenant.c.id)
        ).scalar_one()
    except IntegrityError as error:
        raise TenantExistsError(slug) from error
    return Tenant(
        id=TenantId(key),
        slug=slug,
        name=name,
        home_currency=home_currency,
        country=country,
        timezone=timezone,
        language=language,
    )


def load_all(connection: Connection) -> list[Tenant]:
    """Return all tenants by slug."""
    rows = connection.execute(select(tenant)).mappings()
    tenants = [
        Tenant(
            id=TenantId(row["id"]),
            slug=row["slug"],
            name=row["name"],
            home_currency=Currency(row["home_currency"]),
            country=row["country"],
            timezone=ZoneInfo(row["timezone"]),
            language=row["language"],
        )
        for row in rows
    ]
    return sorted(tenants, key=lambda one: one.slug)


def load(connection: Connection, slug: str) -> Tenant:
    """Return one tenant.

    Raises:
        UnknownTenantError: No tenant has the slug.
    """
    for one in load_all(connection):
        if one.slug == slug:
            return one
    raise UnknownTenantError(slug)
