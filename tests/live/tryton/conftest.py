"""A Tryton whose books a test may change, and one that all tests only read."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.live.tryton import server
from tests.live.tryton.server import Founded, Tryton


@pytest.fixture(scope="session")
def founded() -> Founded:
    """The installed Tryton and the invented company's database."""
    return server.founded()


@pytest.fixture
def tryton(founded: Founded, tmp_path: Path) -> Iterator[Tryton]:
    """A server on a copy of the database of the test's own."""
    with server.running(founded, tmp_path / "tryton") as one:
        yield one


@pytest.fixture(scope="session")
def unchanged(
    founded: Founded, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Tryton]:
    """A server whose books no test changes."""
    with server.running(founded, tmp_path_factory.mktemp("tryton")) as one:
        yield one
