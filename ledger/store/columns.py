"""What every table is made of: the metadata, rights, keys and common columns."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    ForeignKeyConstraint,
    MetaData,
    PrimaryKeyConstraint,
    Table,
)
from sqlalchemy.schema import SchemaItem

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
metadata = MetaData(naming_convention=NAMING)

APPEND = "SELECT, INSERT"
CHANGE = "SELECT, INSERT, UPDATE"
REPLACE = "SELECT, INSERT, UPDATE, DELETE"


def tenant_table(
    name: str, *items: SchemaItem, key: tuple[str, ...], grants: str
) -> Table:
    """Declare a table of a tenant: `tenant_id` first in its key, and its rights."""
    return Table(
        name,
        metadata,
        Column("tenant_id", BigInteger, nullable=False),
        *items,
        PrimaryKeyConstraint("tenant_id", *key),
        info={"tenant": True, "grants": grants},
    )


def of_tenant() -> ForeignKeyConstraint:
    """Refer to the tenant. Only small tables do: in bulk the check costs too much."""
    return ForeignKeyConstraint(["tenant_id"], ["tenant.id"])


def of_connection() -> ForeignKeyConstraint:
    """Refer to the connection."""
    return ForeignKeyConstraint(
        ["tenant_id", "connection_id"], ["connection.tenant_id", "connection.id"]
    )


def instant(name: str, *, nullable: bool = False) -> Column[Any]:
    """Declare an instant, kept in UTC."""
    return Column(name, DateTime(timezone=True), nullable=nullable)
