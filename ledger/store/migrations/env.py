"""How Alembic connects: always with a connection handed in by `ledger.store.schema`."""

from alembic import context
from sqlalchemy import Connection, text

from ledger.store.tables import metadata

LOCK_TIMEOUT_S = 5


def run(connection: Connection) -> None:
    """Run what was asked for inside one transaction."""
    connection.execute(text(f"SET lock_timeout = '{LOCK_TIMEOUT_S}s'"))
    context.configure(
        connection=connection,
        target_metadata=metadata,
        compare_server_default=True,
        transaction_per_migration=True,
    )
    with context.begin_transaction():
        context.run_migrations()


run(context.config.attributes["connection"])
