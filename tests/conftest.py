"""What all tests share: one embedded server a run, books of its own a test."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from sqlalchemy import URL

from app.postgres import failures, system
from app.postgres.server import EmbeddedServer, ServerAddress
from ledger.store import schema
from ledger.store.session import Database
from ledger.testing import Books

# What the suite refuses is shown as in a test.
pytest.register_assert_rewrite("sync.conformance")

# Examples are drawn alike in every run, so that a change is judged by itself alone;
# `--hypothesis-profile=default` draws others.
settings.register_profile("alike", derandomize=True, deadline=None)
settings.load_profile("alike")

SHARED = Path(__file__).parents[2] / "shared"
"""Reference data that lies beside some checkouts."""


@pytest.fixture(scope="session", autouse=True)
def nothing_left_over(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Remove the databases of the run's homes, which root keeps elsewhere."""
    yield
    if os.geteuid() != 0:
        return
    place = tmp_path_factory.getbasetemp()
    for note in failures.SYSTEM_FOLDER.glob("*/home"):
        home = Path(note.read_text(encoding="utf-8").strip())
        if home.is_relative_to(place):
            shutil.rmtree(home, ignore_errors=True)
    for orphan in system.orphans():
        if orphan.home.is_relative_to(place):
            system.remove_orphan(orphan)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerAddress]:
    """The address of an embedded server with the newest schema."""
    home = tmp_path_factory.mktemp("home")
    with EmbeddedServer(home, idle_stop_s=1) as address:
        schema.upgrade(address.owner_url(), worker_role=address.worker)
        yield address


@pytest.fixture(scope="session")
def owner_url(server: ServerAddress) -> URL:
    """The owning role's address."""
    return server.owner_url()


@pytest.fixture(scope="session")
def database(server: ServerAddress) -> Iterator[Database]:
    """The database as the working role."""
    opened = Database(server.worker_url())
    yield opened
    opened.close()


@pytest.fixture
def books(database: Database) -> Books:
    """Empty books of a tenant of the test's own."""
    return Books.open(database)
