"""The embedded server's tables between two measurements."""

import psycopg

from app.postgres.server import ServerAddress
from ledger.store.tables import metadata


def empty(address: ServerAddress) -> None:
    """Empty every table."""
    owner = address.owner_url().set(drivername="postgresql")
    with psycopg.connect(owner.render_as_string(hide_password=False)) as connection:
        names = ", ".join(table.name for table in metadata.sorted_tables)
        connection.execute(f"TRUNCATE {names} RESTART IDENTITY CASCADE")


def settle(address: ServerAddress) -> None:
    """Do what autovacuum does within minutes of a load."""
    owner = address.owner_url().set(drivername="postgresql")
    with psycopg.connect(
        owner.render_as_string(hide_password=False), autocommit=True
    ) as connection:
        connection.execute("VACUUM ANALYZE")
