"""Migrations: they lead from nothing to the tables declared, and lose nothing."""

from pathlib import Path

from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import URL, create_engine, inspect, text

from app.postgres.server import ServerAddress
from ledger.store import schema
from ledger.store.session import Database
from ledger.store.tables import metadata


def test_the_migrations_make_the_declared_tables(server: ServerAddress) -> None:
    """After all migrations the database is what the metadata says, column by column."""
    schema.check(server.owner_url(), worker_role=server.worker)


def test_the_newest_file_is_the_head() -> None:
    """Files are named by their revisions, in order, as the product relies on."""
    folder = Path(schema.__file__).parent / "migrations"
    config = Config()
    config.set_main_option("script_location", str(folder))
    scripts = ScriptDirectory.from_config(config)
    assert schema.head() == scripts.get_current_head()
    for script in scripts.walk_revisions():
        assert Path(script.path).stem == script.revision


def test_no_table_is_undeclared(owner_url: URL) -> None:
    """The database holds the declared tables and Alembic's own, and no others."""
    engine = create_engine(owner_url)
    found = set(inspect(engine).get_table_names())
    engine.dispose()

    assert found == set(metadata.tables) | {"alembic_version"}


def test_migrating_again_changes_nothing(
    server: ServerAddress, database: Database
) -> None:
    """The newest schema is left alone."""
    schema.upgrade(server.owner_url(), worker_role=server.worker)

    assert database.revision() == schema.head()


def test_an_unknown_revision_is_refused_with_words(server: ServerAddress) -> None:
    """A database that a newer product made is not touched."""
    engine = create_engine(server.owner_url())
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'future'"))
    try:
        schema.upgrade(server.owner_url(), worker_role=server.worker)
    except schema.SchemaVersionError as error:
        message = error.user_message
    finally:
        with engine.begin() as connection:
            connection.execute(
                text("UPDATE alembic_version SET version_num = :head"),
                {"head": schema.head()},
            )
        engine.dispose()

    assert "future" in message
    assert "duebridge init" in message
